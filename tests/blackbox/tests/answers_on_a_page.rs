//! Files of answers on a round's page, in a real browser (`tests/clients/importing.mjs`): what is told of each kind before and
//! after it is taken, and of what cannot be. What becomes of the answers is the business of `answers_in_files.rs`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use blackbox::{Server, promises};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::node;

/// Whom the files are of: numbers at LimeSurvey, and addresses.
const PEOPLE: usize = 8;

fn samples() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/forms/tests/limesurvey")
}

/// People, the survey of the files, and a round for each kind of file.
async fn describe(server: &Server, rounds: &[String]) {
    let person = |number: usize| {
        let account = json!({ "homePage": "https://lime.example", "name": number.to_string() });
        json!({
            "agents": [{ "mbox": format!("mailto:p{number}@larkby.example") }, { "account": account }],
            "name": { "given": "Någon", "family": format!("Ek{number}") },
            "duties": [{ "unit": "K", "role": "Lärare", "from": "2020-08-01" }],
        })
    };
    let units = json!([{ "code": "K", "name": "Lärkby kommun", "kind": "huvudman" }]);
    let persons: Vec<Value> = (0..PEOPLE).map(person).collect();
    let definition: Value =
        serde_json::from_slice(&std::fs::read(samples().join("definition.json")).unwrap()).unwrap();
    let survey = json!({ "id": "urn:oppen", "version": "1", "definition": definition });
    let round = |id: &String| {
        json!({
            "id": id, "survey": "urn:oppen", "version": "1", "title": { "sv": "Omgången" }, "mode": "named",
            "opens": "2026-11-01", "closes": "2026-11-30", "audience": { "unit": "K", "roles": [] },
        })
    };
    for (resource, body) in [
        ("organisation", json!({ "units": units, "persons": persons })),
        ("surveys", json!({ "surveys": [survey] })),
        ("rounds", json!({ "rounds": rounds.iter().map(round).collect::<Vec<_>>() })),
    ] {
        let answer = server.api(Method::POST, resource).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
    }
}

/// A kind of file, how it is sent, what is said of it, and how many are in it, taken, and not.
fn kind(file: &str, fields: Value, says: (&[&str], &[&str]), numbers: [u64; 3]) -> Value {
    let round = file.replace('.', "-");
    json!({ "round": round, "file": file, "fields": fields, "says": { "sv": says.0, "en": says.1 }, "numbers": numbers })
}

/// Fields of a file of LimeSurvey's, whose respondents are numbers there.
fn lime() -> Value {
    json!({ "respondent": "id", "home_page": "https://lime.example" })
}

fn with(fields: Value, name: &str, value: &str) -> Value {
    let mut fields = fields;
    fields[name] = json!(value);
    fields
}

/// What is told of every one that LimeSurvey wrote: columns that are no answers, and why.
const BESIDE: (&[&str], &[&str]) = (
    &[
        "seed ordning",
        "ipaddr pekar ut eller spårar människor",
        "submitdate när",
        "fil uppladdade filer",
        "ekv räknas ut här",
        "Har börjat men inte skickat in 2",
        "veta om en tom cell hoppades över eller aldrig visades: ",
    ],
    &[
        "seed order",
        "ipaddr names or traces people",
        "submitdate when",
        "fil uploaded files",
        "ekv computed here",
        "Began and did not send in 2",
        "tell whether an empty cell was skipped or never shown: ",
    ],
);

/// The kinds that are taken; those that are made here are written into a folder with the samples.
fn taken(folder: &Path) -> Vec<Value> {
    let surveyjs = json!([
        { "mejl": "p1@larkby.example", "roll": "other", "roll-Comment": "Vaktmästare", "trivsel": 4 },
        { "mejl": "okand@larkby.example", "trivsel": 4 },
        { "mejl": "p2@larkby.example", "trivsel": 9 },
    ]);
    std::fs::write(folder.join("surveyjs.json"), surveyjs.to_string()).unwrap();
    let long = "respondent,question,answer,time\np1@larkby.example,trivsel,4,2026-11-10 08:30:15\np2@larkby.example,trivsel,4,2026-10-10 08:30:15\n";
    std::fs::write(folder.join("long.csv"), long).unwrap();
    let both = (
        &["är inte bland dem som omgången frågar", "trivsel"][..],
        &["is not among those whom the round asks", "trivsel"][..],
    );
    let late = (
        &["svaret gavs när omgången inte var öppen"][..],
        &["the answer was given when the round was not open"][..],
    );
    let excel = (
        &[
            "I Excel blir tal och formler något annat än svaren",
            "svaret är en formel eller ett fel i arbetsboken; exportera till CSV",
        ][..],
        &[
            "Excel makes something else of numbers and formulas",
            "the answer is a formula or an error in the workbook; export to CSV",
        ][..],
    );
    vec![
        kind("named-rc-code-short.csv", lime(), BESIDE, [7, 5, 0]),
        kind("named-web-code-short.csv", lime(), BESIDE, [7, 5, 0]),
        kind("named-rc-code-short.json", lime(), BESIDE, [7, 5, 0]),
        kind("named-vv1.txt", with(lime(), "structure", "named-structure-trimmed.lss"), BESIDE, [7, 5, 0]),
        kind("named-vv2.csv", lime(), BESIDE, [7, 5, 0]),
        kind("named-rc-code-short.xlsx", lime(), excel, [7, 4, 1]),
        kind("surveyjs.json", json!({ "respondent": "mejl" }), both, [3, 1, 2]),
        kind("long.csv", json!({ "respondent": "respondent" }), late, [2, 1, 1]),
    ]
}

/// Files that are not taken, as they may come by mistake.
fn refused(folder: &Path) -> Vec<Value> {
    let whole = std::fs::read(folder.join("named-rc-code-short.csv")).unwrap();
    std::fs::write(folder.join("cut.csv"), &whole[..whole.len() - 30]).unwrap();
    let windows: Vec<u8> = String::from_utf8(whole.clone())
        .unwrap()
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?'))
        .collect();
    std::fs::write(folder.join("windows.csv"), windows).unwrap();
    let text = String::from_utf8(whole).unwrap();
    let (heading, rows) = text.split_once("\r\n").unwrap_or_else(|| text.split_once('\n').unwrap());
    let other = rows.replace("\";\"", "\",\"");
    std::fs::write(folder.join("separators.csv"), format!("{heading}\n{other}")).unwrap();
    let semicolons = heading.replace('"', "");
    std::fs::write(
        folder.join("extra.csv"),
        format!(
            "{semicolons};klass\n1;2026-11-29 17:32:30{};x\n",
            ";".repeat(semicolons.matches(';').count() - 1)
        ),
    )
    .unwrap();
    std::fs::write(folder.join("texts.csv"), "id,submitdate,dator\n1,2026-11-29 17:32:30,Ja\n").unwrap();
    std::fs::write(folder.join("picture.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    let texts = (
        &["svaren är utskrivna som texter", "CSV med frågekod som rubrik"][..],
        &["the answers are written out as texts", "CSV with question codes as headings"][..],
    );
    let heading = (&["rubrikerna är texter eller okända"][..], &["the headings are texts or unknown"][..]);
    let cut = (&["avbruten"][..], &["cut off"][..]);
    let one = |file: &str, fields: Value, says: (&[&str], &[&str])| kind(file, fields, says, [0; 3]);
    let mut vv1 = one(
        "named-vv1.txt",
        lime(),
        (
            &["VV version 1", "lägg enkätens struktur till."][..],
            &["VV version 1", "add the survey's structure."][..],
        ),
    );
    vv1["then"] = json!({ "structure": "named-structure-trimmed.lss" });
    let mut extra = one(
        "extra.csv",
        lime(),
        (
            &["klass: kolumnen har svar, och ingen fråga heter så"][..],
            &["klass: the column has answers, and no question is called so"][..],
        ),
    );
    extra["then"] = json!({ "leave_out": "klass" });
    let mut column = one(
        "named-rc-code-short.json",
        with(lime(), "respondent", "nummer"),
        (&["nummer: filen har ingen sådan kolumn"][..], &["nummer: the file has no such column"][..]),
    );
    column["then"] = json!({ "respondent": "id" });
    vec![
        one("cut.csv", lime(), cut),
        one(
            "windows.csv",
            lime(),
            (&["texten är inte UTF-8", "CSV UTF-8"], &["the text is not UTF-8", "CSV UTF-8"]),
        ),
        one("separators.csv", lime(), (&["har fel skiljetecken"], &["another separator"])),
        one("picture.png", lime(), (&["Ingenting i filen"], &["Nothing of the file"])),
        one("named-web-default.csv", lime(), heading),
        one("named-web-default.xlsx", lime(), heading),
        one("named-rc-full-long.json", lime(), heading),
        one("texts.csv", lime(), texts),
        one(
            "named-web-code-short-y1-n2.csv",
            lime(),
            (&["Y och N är omvandlade till 1 och 2"], &["Y and N are converted to 1 and 2"]),
        ),
        vv1,
        extra,
        column,
        one(
            "named-vv1.txt",
            with(lime(), "structure", "named-vv2.csv"),
            (&["structure: är ingen struktur av LimeSurvey"], &["structure: is no structure of LimeSurvey"]),
        ),
    ]
}

promises! {
    async fn each_kind_of_file_is_shown_with_its_traps_then_taken_once_and_what_cannot_be_is_told_of(instance) {
        let server = instance.start().await.unwrap();
        let folder = instance.beside("files");
        std::fs::create_dir(&folder).unwrap();
        for sample in std::fs::read_dir(samples()).unwrap() {
            let sample = sample.unwrap();
            std::fs::copy(sample.path(), folder.join(sample.file_name())).unwrap();
        }
        let (taken, mut refused) = (taken(&folder), refused(&folder));
        refused.iter_mut().for_each(|one| one["round"] = json!("inget"));
        let rounds: Vec<String> = taken.iter().chain(&refused[..1]).map(|one| one["round"].as_str().unwrap().to_owned()).collect();
        describe(&server, &rounds).await;
        let (login, password) = &server.administrator;
        let [taken, refused] = [json!(taken), json!(refused)].map(|list| list.to_string());
        let told = [
            ("LARKA_LOGIN", &**login), ("LARKA_PASSWORD", password), ("LARKA_FILES", folder.to_str().unwrap()),
            ("LARKA_TAKEN", &taken), ("LARKA_REFUSED", &refused),
        ];
        node::walk("importing.mjs", &server.address, &told);
        // Nothing of what was refused or only shown is there: 5 times five answers, four, one and one, each with what they said.
        let whole = "SELECT count(*) FROM event WHERE kind = 'statement'";
        let sent = server.list(&[("verb", "http://adlnet.gov/expapi/verbs/completed")]).await.unwrap();
        assert_eq!(sent.len(), 5 * 5 + 4 + 1 + 1);
        assert!(instance.number(whole).await.unwrap() > 31);
        assert!(sent.iter().all(|one| one["context"]["registration"].is_string()));
    }

    async fn vv_of_version_1_comes_by_the_api_with_the_surveys_structure_beside(instance) {
        let server = instance.start().await.unwrap();
        describe(&server, &["ht".to_owned()]).await;
        let (user, password) = &server.administrator;
        let address = format!("{}/api/v1/rounds/ht/answers?respondent=id&home_page=https%3A%2F%2Flime.example", server.address);
        let send = async |parts: &[(&str, &str)]| {
            let mut body = Vec::new();
            for (name, file) in parts {
                let head = format!("--grans\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: application/octet-stream\r\n\r\n");
                body.extend(head.into_bytes());
                body.extend(std::fs::read(samples().join(file)).unwrap());
                body.extend(b"\r\n");
            }
            body.extend(b"--grans--\r\n");
            let request = server.http.post(&address).header("content-type", "multipart/form-data; boundary=grans").body(body);
            let answer = request.basic_auth(user, Some(password)).send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        };
        let (file, structure) = (("file", "named-vv1.txt"), ("structure", "named-structure-trimmed.lss"));
        let (status, alone) = send(&[file]).await;
        assert!(status == 400 && alone["refused"][0]["what"]["en"].as_str().unwrap().contains("VV version 1"), "{alone}");
        let (status, none) = send(&[structure]).await;
        assert!(status == 400 && none["detail"].as_str().unwrap().contains("`file`"), "{none}");
        let (status, wrong) = send(&[file, ("structure", "named-vv2.csv")]).await;
        assert_eq!((status, &wrong["refused"][0]["place"]), (400, &json!("structure")), "{wrong}");
        for (new, before) in [(5, 0), (0, 5)] {
            let (status, told) = send(&[structure, file]).await;
            assert_eq!((status, &told["answers"]), (200, &json!({ "new": new, "replaced": 0, "before": before })), "{told}");
        }
        // The same answers in another kind of file are in already.
        let bytes = std::fs::read(samples().join("named-vv2.csv")).unwrap();
        let request = server.api(Method::POST, "rounds/ht/answers?respondent=id&home_page=https%3A%2F%2Flime.example");
        let told: Value = request.header("content-type", "application/octet-stream").body(bytes).send().await.unwrap().json().await.unwrap();
        assert_eq!(told["answers"]["before"], 5, "{told}");
    }
}
