//! Answers to surveys that come in files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::Stdio;

use blackbox::{Instance, Server, promises};
use reqwest::Method;
use serde_json::{Value, json};

const SURVEY: &str = "https://larkby.example/enkat/oppen";

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/forms/tests/limesurvey").join(name)
}

fn registration(round: &str) -> String {
    let number = round.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(131) + u64::from(byte));
    format!("00000000-0000-4000-8000-{:012x}", number & 0xffff_ffff_ffff)
}

/// A municipality, a survey, and rounds of it, open in November 2026.
async fn describe(server: &Server, definition: &Value, rounds: &[(&str, &str)]) {
    let person = |(number, name): (usize, String)| {
        let account = json!({ "homePage": "https://lime.example", "name": number.to_string() });
        json!({
            "agents": [{ "mbox": format!("mailto:{name}@larkby.example") }, { "account": account }],
            "name": { "given": "Någon", "family": name },
            "duties": [{ "unit": "K", "role": "Lärare", "from": "2020-08-01" }],
        })
    };
    let names =
        ["a", "b", "c"].map(str::to_owned).into_iter().chain((3..PEOPLE).map(|number| format!("p{number}")));
    let persons: Vec<Value> = (0..).zip(names).map(person).collect();
    let organisation = json!({
        "units": [{ "code": "K", "name": "Lärkby kommun", "kind": "huvudman" }],
        "persons": persons,
    });
    let survey =
        json!({ "id": SURVEY, "version": "1", "title": { "sv": "Öppen enkät" }, "definition": definition });
    let round = |(id, mode): &(&str, &str)| {
        // Only what nobody can link has to be open now.
        let closes = if *mode == "unlinkable" { "2099-12-31" } else { "2026-11-30" };
        json!({
            "id": id, "survey": SURVEY, "version": "1", "title": { "sv": "Omgång" }, "mode": mode,
            "registration": registration(id), "opens": "2026-11-01", "closes": closes,
            "audience": { "unit": "K", "roles": [] },
        })
    };
    let rounds: Vec<Value> = rounds.iter().map(round).collect();
    for (resource, body) in [
        ("organisation", organisation),
        ("surveys", json!({ "surveys": [survey] })),
        ("rounds", json!({ "rounds": rounds })),
    ] {
        let answer = server.api(Method::POST, resource).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
    }
}

fn definition() -> Value {
    serde_json::from_slice(&std::fs::read(sample("definition.json")).unwrap()).unwrap()
}

/// What `larka import survey` says, and its exit code.
fn import(instance: &Instance, file: &Path, round: &str, more: &[&str]) -> (Value, i32) {
    let file = file.to_str().unwrap();
    let mut arguments = vec!["import", "survey", file, "--round", round, "--json"];
    arguments.extend(more);
    let output = instance.run(&arguments).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| json!({ "error": said }));
    (answer, output.status.code().unwrap())
}

/// A file of its own, so that what is kept beside it lies in the test's folder.
fn copied(instance: &Instance, name: &str) -> PathBuf {
    let own = instance.beside(name);
    std::fs::copy(sample(name), &own).unwrap();
    own
}

/// What was said in a round, by whom: activity, response and time. In named rounds people answer by their accounts.
async fn said(server: &Server, round: &str, person: usize) -> Vec<[String; 3]> {
    let account = json!({ "homePage": "https://lime.example", "name": person.to_string() });
    let agent = json!({ "account": account }).to_string();
    let found = server.list(&[("registration", &registration(round)), ("agent", &agent)]).await.unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut all: Vec<_> = found
        .iter()
        .filter(|one| one["verb"]["id"] == "http://adlnet.gov/expapi/verbs/answered")
        .map(|one| [text(&one["object"]["id"]), text(&one["result"]["response"]), text(&one["timestamp"])])
        .collect();
    all.sort();
    all
}

async fn stored(instance: &Instance) -> i64 {
    instance.number("SELECT count(*) FROM event WHERE kind = 'statement'").await.unwrap()
}

/// As many as it takes for something to be told of them.
const PEOPLE: usize = 40;
const WAYS: [&str; 3] = ["limesurvey", "surveyjs", "lang-tabell"];

promises! {
    async fn one_respondents_answers_are_the_same_by_each_kind_of_file(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let server = instance.start().await.unwrap();
        let survey = json!({ "elements": [
            { "type": "radiogroup", "name": "roll", "choices": ["A1", "A2"], "showOtherItem": true },
            { "type": "checkbox", "name": "amnen", "choices": ["SV", "MA"], "showOtherItem": true },
            { "type": "matrix", "name": "komp", "rows": ["SQ001", "SQ002"], "columns": ["A1", "A2"] },
            { "type": "ranking", "name": "rang", "choices": ["R1", "R2"] },
            { "type": "boolean", "name": "dator" }, { "type": "text", "name": "antal", "inputType": "number" },
            { "type": "comment", "name": "fritext" },
        ] });
        describe(&server, &survey, &WAYS.map(|way| (way, "named"))).await;
        let limesurvey = "\u{feff}\"id\";\"submitdate\";\"token\";\"email\";\"roll\";\"roll[other]\";\"amnen[SV]\";\"amnen[MA]\";\"amnen[other]\";\"komp[SQ001]\";\"komp[SQ002]\";\"rang[1]\";\"rang[2]\";\"dator\";\"antal\";\"fritext\"\r\n\
            \"1\";\"2026-11-10 08:30:15\";\"x\";\"a@larkby.example\";\"-oth-\";\"Vaktmästare\";\"\";\"Y\";\"Bild; form\";\"A2\";\"A1\";\"R2\";\"R1\";\"N\";\"12.5\";\"Rad ett\nrad \"\"två\"\"\"\r\n\r\n";
        let surveyjs = json!([{ "mejl": "a@larkby.example", "roll": "other", "roll-Comment": "Vaktmästare", "amnen": ["MA", "other"],
            "amnen-Comment": "Bild; form", "komp": { "SQ001": "A2", "SQ002": "A1" }, "rang": ["R2", "R1"], "dator": false, "antal": 12.5,
            "fritext": "Rad ett\nrad \"två\"" }]).to_string();
        let long = "respondent,question,answer,time\na@larkby.example,roll,other,2026-11-10 08:30:15\na@larkby.example,roll-Comment,Vaktmästare,\n\
            a@larkby.example,amnen,MA,\na@larkby.example,amnen,other,\na@larkby.example,amnen-Comment,Bild; form,\na@larkby.example,komp.SQ001,A2,\n\
            a@larkby.example,komp.SQ002,A1,\na@larkby.example,rang[1],R2,\na@larkby.example,rang[2],R1,\na@larkby.example,dator,false,\n\
            a@larkby.example,antal,12.5,\na@larkby.example,fritext,\"Rad ett\nrad \"\"två\"\"\",\n";
        let texts = [limesurvey, &surveyjs, long];
        let mut all = Vec::new();
        for ((way, text), column) in WAYS.iter().zip(texts).zip(["email", "mejl", "respondent"]) {
            let file = instance.beside(way);
            std::fs::write(&file, text).unwrap();
            let (answer, code) = import(&instance, &file, way, &["--respondent", column, "--credential", &key]);
            assert_eq!((code, &answer["taken"], &answer["answers"]["new"]), (0, &json!(1), &json!(1)), "{way}: {answer}");
            all.push(said(&server, way, 0).await);
        }
        assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 10]);
        let without_times = |all: &[[String; 3]]| all.iter().map(|[what, answer, _]| (what.clone(), answer.clone())).collect::<Vec<_>>();
        assert_eq!(without_times(&all[0]), without_times(&all[1]));
        assert_eq!(all[0], all[2]);
        // By Swedish clocks; what has no time was answered when the round opened.
        assert!(all[0].iter().all(|[.., at]| at.starts_with("2026-11-10T07:30:15")), "{:?}", all[0]);
        assert!(all[1].iter().all(|[.., at]| at.starts_with("2026-10-31T23:00:00")), "{:?}", all[1]);
    }

    async fn a_dry_run_says_what_would_be_taken_and_takes_nothing_and_twice_takes_it_once(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let server = instance.start().await.unwrap();
        describe(&server, &definition(), &[("r1", "pseudonymous"), ("r2", "named")]).await;
        let file = copied(&instance, "named-rc-code-short.csv");
        let who = ["--respondent", "id", "--home-page", "https://lime.example"];
        let dry: Vec<&str> = who.into_iter().chain(["--dry-run"]).collect();
        let (answer, code) = import(&instance, &file, "r1", &dry);
        let counted = ["rows", "complete", "incomplete", "empty", "taken", "not_taken"].map(|name| answer[name].as_u64().unwrap());
        assert_eq!((code, counted), (0, [7, 5, 2, 0, 5, 0]), "{answer}");
        assert_eq!((&answer["format"], &answer["separator"]), (&json!("limesurvey-csv"), &json!(";")));
        let dropped: Vec<_> = answer["dropped"].as_array().unwrap().iter().map(|one| (one["column"].as_str().unwrap(), one["why"].as_str().unwrap())).collect();
        for wanted in [("seed", "order"), ("ipaddr", "identity"), ("submitdate", "time"), ("fil", "upload"), ("ekv", "computed")] {
            assert!(dropped.contains(&wanted), "{answer}");
        }
        let blind: Vec<_> = answer["cannot_tell_shown_from_skipped"].as_array().unwrap().iter().map(|one| one["column"].as_str().unwrap()).collect();
        assert_eq!(blind, ["antal", "heltal", "sakerhet[SQ001]", "datum", "lartal"]);
        assert_eq!(stored(&instance).await, 0);

        let take: Vec<&str> = who.into_iter().chain(["--credential", &key]).collect();
        let (first, code) = import(&instance, &file, "r1", &take);
        assert_eq!((code, &first["answers"]), (0, &json!({ "new": 5, "replaced": 0, "before": 0 })), "{first}");
        let number = stored(&instance).await;
        let (again, code) = import(&instance, &file, "r1", &take);
        assert_eq!((code, &again["answers"]), (0, &json!({ "new": 0, "replaced": 0, "before": 5 })), "{again}");
        assert_eq!(stored(&instance).await, number);
        // Under the round's pseudonyms alone.
        let all = server.list(&[("registration", &registration("r1"))]).await.unwrap();
        let pseudonyms = all.iter().all(|one| one["actor"]["account"]["homePage"].as_str().unwrap().ends_with("/rounds/r1"));
        assert!(pseudonyms && i64::try_from(all.len()).unwrap() == number, "{all:?}");
        // Without a server too, and for another round it is another answer.
        drop(server);
        let (other, code) = import(&instance, &file, "r2", &take);
        assert_eq!((code, &other["answers"]["new"]), (0, &json!(5)), "{other}");
    }

    async fn who_may_answer_again_stands_in_a_file_as_often_as_they_answered_and_the_last_counts(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let server = instance.start().await.unwrap();
        let survey = json!({ "elements": [{ "type": "rating", "name": "trivsel" }] });
        describe(&server, &survey, &[]).await;
        let rounds: Vec<Value> = ["named", "pseudonymous"].map(|mode| json!({
            "id": mode, "survey": SURVEY, "version": "1", "title": { "sv": "Omgång" }, "mode": mode, "again": true,
            "registration": registration(mode), "opens": "2026-11-01", "closes": "2099-12-31", "audience": { "unit": "K", "roles": [] },
        })).to_vec();
        let answer = server.api(Method::POST, "rounds").json(&json!({ "rounds": rounds })).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        let file = instance.beside("svar.csv");
        let row = |number: usize, time: &str, who: &str, answer: usize| format!("\"{number}\",\"2026-11-{time}\",\"{who}@larkby.example\",\"{answer}\"\r\n");
        let head = "\"id\",\"submitdate\",\"email\",\"trivsel\"\r\n";
        let rows = [row(1, "02 10:00:00", "a", 4), row(2, "02 11:00:00", "b", 1), row(3, "03 10:00:00", "a", 2), row(4, "04 10:00:00", "a", 5)];
        std::fs::write(&file, format!("{head}{}", rows.concat())).unwrap();
        let take = ["--respondent", "email", "--credential", &key];
        for mode in ["named", "pseudonymous"] {
            for more in [&["--dry-run"][..], &[]] {
                let (first, code) = import(&instance, &file, mode, &[&take[..], more].concat());
                assert_eq!((code, &first["answers"]), (0, &json!({ "new": 2, "replaced": 2, "before": 0 })), "{mode}: {first}");
            }
            let number = stored(&instance).await;
            for more in [&["--dry-run"][..], &[]] {
                let (again, code) = import(&instance, &file, mode, &[&take[..], more].concat());
                assert_eq!((code, &again["answers"]), (0, &json!({ "new": 0, "replaced": 0, "before": 4 })), "{mode}: {again}");
                assert_eq!(stored(&instance).await, number);
            }
        }
        let counts = |said: Vec<[String; 3]>| said.into_iter().map(|[_, answer, _]| answer).collect::<Vec<_>>();
        assert_eq!(counts(said(&server, "named", 0).await), ["5"], "what was replaced does not count");
        // What was answered otherwise meanwhile, and is newer, stays; what is dated after today is nobody's answer yet.
        let rows = [row(1, "03 12:00:00", "a", 1), row(2, "05 10:00:00", "b", 3)].concat();
        std::fs::write(&file, format!("{head}{rows}{}", row(3, "06 10:00:00", "c", 3).replace("2026", "2098"))).unwrap();
        let (later, code) = import(&instance, &file, "named", &take);
        assert_eq!((code, &later["answers"]), (2, &json!({ "new": 0, "replaced": 1, "before": 0 })), "{later}");
        let why: Vec<_> = later["why_not"].as_array().unwrap().iter().map(|one| (one["row"].as_u64().unwrap(), one["at"].as_str().unwrap(), one["why"]["sv"].as_str().unwrap())).collect();
        assert_eq!(why, [(2, "respondent", "har svarat senare än så"), (4, "time", "svaret gavs i framtiden")]);
    }

    async fn what_cannot_be_taken_is_said_by_row_and_column_and_the_rest_is_taken(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let server = instance.start().await.unwrap();
        let survey = json!({ "elements": [
            { "type": "rating", "name": "trivsel", "isRequired": true }, { "type": "comment", "name": "fritext", "maxLength": 5 } ] });
        describe(&server, &survey, &[("r1", "named"), ("fritt", "unlinkable")]).await;
        let file = instance.beside("svar.csv");
        let rows = "\"id\",\"submitdate\",\"email\",\"trivsel\",\"fritext\"\r\n\"1\",\"2026-11-02 10:00:00\",\"a@larkby.example\",\"4\",\"bra\"\r\n\
            \"2\",\"2026-11-02 10:00:00\",\"hemligt\",\"4\",\"\"\r\n\"3\",\"2026-11-02 10:00:00\",\"\",\"4\",\"\"\r\n\
            \"4\",\"2026-11-02 10:00:00\",\"b@larkby.example\",\"9\",\"förtroligt\"\r\n\"5\",\"2026-10-02 10:00:00\",\"b@larkby.example\",\"3\",\"\"\r\n\
            \"6\",\"2026-11-02 10:00:00\",\"a@larkby.example\",\"1\",\"\"\r\n\"7\",\"\",\"c@larkby.example\",\"1\",\"\"\r\n\"8\",\"2026-11-02 10:00:00\",\"okand@larkby.example\",\"1\",\"\"\r\n";
        std::fs::write(&file, rows).unwrap();
        let (answer, code) = import(&instance, &file, "r1", &["--respondent", "email", "--credential", &key]);
        let why: Vec<_> = answer["why_not"].as_array().unwrap().iter().map(|one| (one["row"].as_u64().unwrap(), one["at"].as_str().unwrap())).collect();
        let wanted = [(3, "respondent"), (4, "respondent"), (5, "trivsel"), (5, "fritext"), (6, "time"), (7, "respondent"), (9, "respondent")];
        assert_eq!((code, why.as_slice()), (2, &wanted[..]), "{answer}");
        let text = answer.to_string();
        assert!(["hemligt", "förtroligt", "larkby"].iter().all(|word| !text.contains(word)), "{text}");
        assert_eq!((&answer["taken"], &answer["incomplete"], &answer["answers"]["new"]), (&json!(1), &json!(1), &json!(1)));
        assert_eq!(said(&server, "r1", 0).await.len(), 2);
        // Somebody who has answered already does not answer otherwise.
        std::fs::write(&file, rows.replace("\"4\",\"bra\"", "\"2\",\"bra\"")).unwrap();
        let (answer, code) = import(&instance, &file, "r1", &["--respondent", "email", "--credential", &key]);
        assert_eq!((code, &answer["taken"]), (2, &json!(0)), "{answer}");
        assert_eq!((&answer["why_not"][0]["row"], &answer["why_not"][0]["at"]), (&json!(2), &json!("respondent")), "{answer}");
        assert_eq!(said(&server, "r1", 0).await.len(), 2);
    }

    async fn a_file_that_cannot_be_taken_leaves_nothing_behind(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let server = instance.start().await.unwrap();
        describe(&server, &definition(), &[("r1", "named")]).await;
        let take = ["--respondent", "id", "--home-page", "https://lime.example", "--credential", &key];
        let whole = std::fs::read(sample("named-rc-code-short.csv")).unwrap();
        let cut = instance.beside("cut.csv");
        std::fs::write(&cut, &whole[..whole.len() - 30]).unwrap();
        let extra = instance.beside("extra.csv");
        std::fs::write(&extra, "\"id\",\"kon\",\"nope\"\r\n\"1\",\"F\",\"x\"\r\n").unwrap();
        let files = ["named-web-default.csv", "named-rc-full-long.json", "named-web-code-short-y1-n2.csv", "named-vv1.txt", "named-web-default.xlsx"]
            .map(|name| copied(&instance, name));
        for file in files.iter().chain([&cut, &extra]) {
            let (answer, code) = import(&instance, file, "r1", &take);
            assert_eq!(code, 2, "{file:?}: {answer}");
            let first = &answer["refused"][0];
            assert!(first["place"].is_string() && first["what"]["sv"].is_string() && first["what"]["en"].is_string(), "{answer}");
        }
        assert_eq!(stored(&instance).await, 0);
        let left: Vec<&str> = take.into_iter().chain(["--leave-out", "nope"]).collect();
        let (answer, code) = import(&instance, &extra, "r1", &left);
        assert_eq!((code, &answer["answers"]["new"]), (0, &json!(1)), "{answer}");
        let other = [&take[..4], &["--credential", "none"]].concat();
        for (round, more, expected) in [
            ("r9", &take[..], "there is no round r9"),
            ("r1", &take[4..], "--respondent COLUMN"),
            ("r1", &other[..], "no credential with that key"),
        ] {
            let (answer, code) = import(&instance, &extra, round, &[more, &["--leave-out", "nope"]].concat());
            assert!(code == 1 && answer["error"].as_str().unwrap().contains(expected), "{answer}");
        }
    }

    async fn an_import_that_was_cut_off_goes_on_and_takes_nothing_twice(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let mut server = instance.start().await.unwrap();
        let questions: Vec<Value> = (0..200).map(|number| json!({ "type": "rating", "name": format!("q{number}") })).collect();
        describe(&server, &json!({ "elements": questions }), &[("r1", "named")]).await;
        let mut text = format!("\"id\",\"submitdate\",{}\r\n", (0..200).map(|n| format!("\"q{n}\"")).collect::<Vec<_>>().join(","));
        for number in 0..PEOPLE {
            text.push_str(&format!("\"{number}\",\"2026-11-02 10:00:00\"{}\r\n", ",\"3\"".repeat(200)));
        }
        let file = instance.beside("stor.csv");
        std::fs::write(&file, text).unwrap();
        let take = ["--respondent", "id", "--home-page", "https://lime.example", "--credential", &key];
        let path = file.to_str().unwrap();
        let mut arguments = vec!["import", "survey", path, "--round", "r1", "--json"];
        arguments.extend(take);
        let mut first = instance.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        blackbox::until("some of the answers", || async { (stored(&instance).await > 0).then_some(()) }).await;
        server.kill().unwrap();
        assert!(!first.wait().unwrap().success());
        let server = instance.restart(&server).await.unwrap();
        let there = stored(&instance).await;
        let (answer, code) = import(&instance, &file, "r1", &take);
        assert_eq!((code, &answer["taken"]), (0, &json!(PEOPLE)), "{answer}");
        // One beside each respondent's answers says that they have answered.
        let whole = i64::try_from(PEOPLE * 201).unwrap();
        assert_eq!(stored(&instance).await, whole, "{there} before: {answer}");
        drop(server);
    }

    async fn what_nobody_can_link_goes_into_the_box_without_who_when_and_in_which_order(instance) {
        let server = instance.start().await.unwrap();
        let survey = json!({ "elements": [{ "type": "rating", "name": "trivsel" }, { "type": "comment", "name": "fritext" }] });
        describe(&server, &survey, &[("fritt", "unlinkable")]).await;
        let opened = "SELECT count(*) FROM event WHERE kind = 'round_opened'";
        blackbox::until("the box", || async { (instance.number(opened).await.unwrap() == 1).then_some(()) }).await;
        let mut text = "\"id\";\"submitdate\";\"lastpage\";\"startlanguage\";\"seed\";\"token\";\"startdate\";\"datestamp\";\"ipaddr\";\"refurl\";\"attribute_1\";\"attribute_2\";\"trivsel\";\"fritext\"\r\n".to_owned();
        let marks = ["98765432101", "hemligttoken", "203.0.113.77", "13:37:", "portal.larkby.example/hemlig"];
        for row in 0..12 {
            text.push_str(&format!(
                "\"{row}\";\"2026-11-12 13:37:{row:02}\";\"1\";\"sv\";\"98765432101{row}\";\"hemligttoken{row}\";\"2026-11-12 13:37:{row:02}\";\"2026-11-12 13:37:{row:02}\";\"203.0.113.77\";\"https://portal.larkby.example/hemlig\";\"K\";\"Lärare\";\"{}\";\"svar\"\r\n",
                1 + row % 5
            ));
        }
        let file = instance.beside("fritt.csv");
        std::fs::write(&file, text).unwrap();
        let place = ["--unit", "attribute_1", "--role", "attribute_2"];
        let known: Vec<&str> = place.into_iter().chain(["--drop-identities"]).collect();
        for (more, expected) in [(&[][..], "--unit COLUMN"), (&["--respondent", "token"][..], "leave respondent out")] {
            let (answer, code) = import(&instance, &file, "fritt", more);
            assert!(code == 1 && answer["error"].as_str().unwrap().contains(expected), "{answer}");
        }
        let (answer, code) = import(&instance, &file, "fritt", &place);
        let places: Vec<_> = answer["refused"].as_array().unwrap().iter().map(|one| one["place"].as_str().unwrap()).collect();
        assert_eq!((code, places.as_slice()), (2, &["1, token", "1, ipaddr", "1, refurl"][..]), "{answer}");
        let (answer, code) = import(&instance, &file, "fritt", &[&known[..], &["--dry-run"]].concat());
        assert_eq!((code, &answer["taken"], &answer["times_kept"]), (0, &json!(12), &json!(false)), "{answer}");
        for (name, other) in [("new", "before"), ("before", "new")] {
            let (answer, code) = import(&instance, &file, "fritt", &known);
            let ballots = &answer["answers"];
            assert_eq!((code, &ballots[name], &ballots[other]), (0, &json!(12), &json!(0)), "{answer}");
        }
        assert_eq!(stored(&instance).await, 0);
        let kept: Vec<_> = std::fs::read_dir(file.parent().unwrap()).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert!(kept.iter().all(|name| !name.to_string_lossy().contains("fritt.csv.")), "{kept:?}");
        std::fs::remove_file(&file).unwrap();
        let written = instance.written().unwrap();
        assert!(written.len() > 3);
        for (name, bytes) in written {
            for mark in marks {
                let found = bytes.windows(mark.len()).any(|window| window.eq_ignore_ascii_case(mark.as_bytes()));
                assert!(!found, "{mark} is in {name}");
            }
        }
    }
}
