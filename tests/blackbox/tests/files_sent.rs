//! Answers in files by the API and on the page of a round: looked at, taken, and the same as by all other ways.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::respondent::{fill_in, questions};
use blackbox::{Browser, Instance, Server, day, promises, until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// As many as it takes for something to be told of them, and those of them who answer.
const PEOPLE: usize = 14;
const ANSWERING: usize = 12;
const SURVEY: &str = "https://larkby.example/enkater/trivsel";

async fn store(server: &Server, resource: &str, body: &Value) {
    let answer = server.api(Method::POST, resource).json(body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
}

/// People, a survey, and rounds that are open today.
async fn begun(instance: &Instance, rounds: &[(&str, &str)]) -> Server {
    let server = instance.start().await.unwrap();
    let person = |number: usize| {
        json!({
            "agents": [{ "mbox": format!("mailto:p{number}@larkby.example") }],
            "name": { "given": "Någon", "family": "Ek" },
            "duties": [{ "unit": "L", "role": "Lärare", "from": "2020-08-01" }],
        })
    };
    let people: Vec<Value> = (0..PEOPLE).map(person).collect();
    let units = json!([{ "code": "L", "name": "Lärkby kommun", "kind": "huvudman" }]);
    store(&server, "organisation", &json!({ "units": units, "persons": people })).await;
    store(
        &server,
        "surveys",
        &json!({ "surveys": [{
        "id": SURVEY, "version": "1", "title": { "sv": "Trivsel" },
        "definition": { "elements": [
            { "type": "rating", "name": "trivs", "isRequired": true },
            { "type": "comment", "name": "fritt", "maxLength": 200 },
        ] },
    }] }),
    )
    .await;
    let round = |(id, mode): &(&str, &str)| {
        json!({
            "id": id, "survey": SURVEY, "version": "1", "title": { "sv": "Hösten" }, "mode": mode,
            "opens": day(-2), "closes": "2099-12-31", "audience": { "unit": "L", "roles": [] },
        })
    };
    store(&server, "rounds", &json!({ "rounds": rounds.iter().map(round).collect::<Vec<_>>() })).await;
    server
}

/// A table of everybody's answers; the first few alone where fewer are wanted.
fn table(people: usize) -> String {
    let rows = (0..people).map(|number| format!("p{number}@larkby.example,trivs,{}\n", 1 + number % 5));
    format!("respondent,question,answer\n{}", rows.collect::<String>())
}

async fn send(
    server: &Server,
    address: &str,
    kind: &str,
    body: impl Into<reqwest::Body>,
) -> (StatusCode, Value) {
    let (user, password) = &server.administrator;
    let request =
        server.http.post(format!("{}/api/v1/{address}", server.address)).header("content-type", kind);
    let answer = request.basic_auth(user, Some(password)).body(body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

const BYTES: &str = "application/octet-stream";

/// A form with a file, as browsers send it.
fn form(fields: &[(&str, &str)], file: Option<&str>) -> (String, String) {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!(
            "--grans\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    if let Some(file) = file {
        body.push_str(&format!("--grans\r\nContent-Disposition: form-data; name=\"file\"; filename=\"svar.csv\"\r\nContent-Type: text/csv\r\n\r\n{file}\r\n"));
    }
    body.push_str("--grans--\r\n");
    ("multipart/form-data; boundary=grans".to_owned(), body)
}

async fn press(
    browser: &Browser,
    path: &str,
    fields: &[(&str, &str)],
    file: Option<&str>,
) -> (StatusCode, String) {
    let (kind, body) = form(fields, file);
    let request =
        browser.http.post(format!("{}{path}", browser.address)).header("content-type", kind).body(body);
    browser.sent(request).await
}

async fn stored(instance: &Instance) -> i64 {
    instance.number("SELECT count(*) FROM event WHERE kind = 'statement'").await.unwrap()
}

/// A round's figures, once all have answered.
async fn figures(server: &Server, round: &str) -> Value {
    until("the report counts all answers", || async {
        let path = format!("reports/survey?round={round}&lang=sv&format=json");
        let report: Value = server.api(Method::GET, &path).send().await.unwrap().json().await.unwrap();
        let all = report["sections"][0]["figures"][0]["answered"] == ANSWERING;
        let mut sections = report["sections"].clone();
        sections.as_array_mut()?.iter_mut().for_each(|section| section["title"] = Value::Null);
        all.then_some(sections)
    })
    .await
}

promises! {
    async fn a_file_is_looked_at_then_taken_by_the_api_and_changes_nothing_when_it_comes_again(instance) {
        let server = begun(&instance, &[("ht", "named"), ("box", "unlinkable")]).await;
        let file = format!("{}okand@larkby.example,trivs,1\np0@larkby.example,fritt,hemligt\n", table(3));
        let at = "rounds/ht/answers?respondent=respondent";
        // Of one respondent the rows stand together.
        let (status, refused) = send(&server, at, BYTES, file.clone()).await;
        assert_eq!((status.as_u16(), &refused["refused"][0]["place"]), (400, &json!("6")), "{refused}");
        assert!(refused["refused"][0]["what"]["sv"].is_string() && !refused.to_string().contains("hemligt"), "{refused}");
        let file = file.replace("p0@larkby.example,fritt,hemligt\n", "");
        let (status, dry) = send(&server, &format!("{at}&dry_run=true"), "text/csv", file.clone()).await;
        assert_eq!((status.as_u16(), &dry["taken"], &dry["not_taken"]), (200, &json!(3), &json!(1)), "{dry}");
        assert_eq!((&dry["why_not"][0]["row"], &dry["why_not"][0]["at"]), (&json!(5), &json!("respondent")), "{dry}");
        assert_eq!(stored(&instance).await, 0);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, file.as_bytes()).unwrap();
        let (status, first) = send(&server, at, BYTES, packed.finish().unwrap()).await;
        assert_eq!((status.as_u16(), &first["answers"]), (200, &json!({ "new": 3, "replaced": 0, "before": 0 })), "{first}");
        let there = stored(&instance).await;
        assert_eq!(there, 6);
        let (_, again) = send(&server, at, BYTES, file.clone()).await;
        assert_eq!((&again["answers"]["before"], stored(&instance).await), (&json!(3), there), "{again}");
        // The command and another table say the same of the same answers.
        let path = instance.beside("svar.csv");
        std::fs::write(&path, &file).unwrap();
        let said = instance.run(&["import", "survey", path.to_str().unwrap(), "--round", "ht", "--respondent", "respondent", "--json"]).unwrap();
        let said: Value = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!(said, again);

        for (address, kind, expected, word) in [
            ("rounds/none/answers?respondent=respondent", BYTES, 404, "round"),
            ("rounds/ht/answers", BYTES, 400, "respondent"),
            ("rounds/box/answers?unit=u", BYTES, 400, "role"),
            ("rounds/ht/answers?respondent=respondent&what=1", BYTES, 400, "parameters"),
            (at, "text/plain", 415, "application/octet-stream"),
        ] {
            let (status, problem) = send(&server, address, kind, file.clone()).await;
            assert!(status == expected && problem["detail"].as_str().unwrap().contains(word), "{address}: {problem}");
        }
        let open = server.http.post(format!("{}/api/v1/{at}", server.address)).body(file).send().await.unwrap();
        assert_eq!(open.status(), 401);
        assert_eq!(stored(&instance).await, there);
    }

    async fn a_file_that_is_too_large_or_cut_off_is_told_so_and_nothing_of_it_is_taken(instance) {
        let server = begun(&instance, &[("ht", "named")]).await;
        drop(server);
        let server = instance.start_with(&["--answer-file-limit", "4096"]).await.unwrap();
        let at = "rounds/ht/answers?respondent=respondent";
        let (status, problem) = send(&server, at, BYTES, table(ANSWERING) + &"x".repeat(4096)).await;
        assert!(status == 413 && problem["detail"].as_str().unwrap().contains("4096"), "{problem}");
        // Small as it comes, and large when it is unpacked.
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut packed, (table(ANSWERING) + &"\n".repeat(1 << 20)).as_bytes()).unwrap();
        let (status, problem) = send(&server, at, BYTES, packed.finish().unwrap()).await;
        assert!(status == 400 && problem["refused"][0]["what"]["en"].as_str().unwrap().contains("too large"), "{problem}");
        let gone = std::io::Error::other("gone");
        let pieces = futures_util::stream::iter([Ok(table(ANSWERING)), Err(gone)]);
        let cut = server.api(Method::POST, at).header("content-type", BYTES).body(reqwest::Body::wrap_stream(pieces));
        assert!(cut.send().await.map_or(true, |answer| answer.status() == 400));
        let whole = server.api(Method::POST, at).header("content-type", BYTES).body(table(ANSWERING)).send().await.unwrap();
        assert_eq!((whole.status().as_u16(), stored(&instance).await), (200, 2 * ANSWERING as i64));
    }

    async fn on_the_page_a_file_is_shown_before_it_is_taken_without_a_script(instance) {
        let server = begun(&instance, &[("ht", "named")]).await;
        let browser = Browser::enter(&server).await;
        let (_, round) = browser.get("/surveys/rounds/ht?lang=sv").await;
        assert!(round.contains("href=\"/surveys/rounds/ht/answers?lang=sv\""), "{round}");
        let at = "/surveys/rounds/ht/answers?lang=sv";
        let (status, empty) = browser.get(at).await;
        assert!(status == 200 && empty.contains("enctype=\"multipart/form-data\"") && !empty.contains("<script"), "{empty}");
        let (status, none) = press(&browser, at, &[("respondent", "respondent"), ("action", "look")], Some("")).await;
        assert!(status == 400 && none.contains("Välj en fil"), "{none}");
        let (_, wrong) = press(&browser, at, &[("respondent", "mejl"), ("action", "look")], Some(&table(4))).await;
        assert!(wrong.contains("filen har ingen sådan kolumn") && wrong.contains("name=\"kept\"") && !wrong.contains("value=\"take\""), "{wrong}");
        let file = format!("{}okand@larkby.example,trivs,1\n", table(4));
        let (status, shown) = press(&browser, at, &[("respondent", "respondent"), ("action", "look")], Some(&file)).await;
        assert!(status == 200 && shown.contains("Ingenting är taget ännu") && shown.contains("är inte bland dem"), "{shown}");
        assert!(shown.contains("value=\"take\"") && !shown.contains("okand@"), "{shown}");
        assert_eq!(stored(&instance).await, 0);
        let kept = shown.split("name=\"kept\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let fields = [("kept", kept.as_str()), ("respondent", "respondent"), ("action", "take")];
        let (status, done) = press(&browser, at, &fields, None).await;
        assert!(status == 200 && done.contains("Filen är intagen") && !done.contains("name=\"kept\""), "{done}");
        assert_eq!(stored(&instance).await, 8);
        let (status, gone) = press(&browser, at, &fields, None).await;
        assert!(status == 400 && gone.contains("Filen finns inte kvar"), "{gone}");
        let foreign = browser.http.post(format!("{}{at}", browser.address)).header("sec-fetch-site", "cross-site");
        let (kind, body) = form(&fields, None);
        let foreign = foreign.header("cookie", &browser.cookie).header("content-type", kind).body(body).send().await.unwrap();
        assert_eq!(foreign.status(), 403);
    }

    async fn a_file_for_a_box_leaves_neither_who_nor_when_by_the_api_and_by_the_page(instance) {
        let server = begun(&instance, &[("box", "unlinkable")]).await;
        let opened = "SELECT count(*) FROM event WHERE kind = 'round_opened'";
        until("the box", || async { (instance.number(opened).await.unwrap() == 1).then_some(()) }).await;
        let marks = ["98765432101", "hemligttoken", "203.0.113.77", "13:37:"];
        let row = |row: usize| format!(
            "\"{row}\";\"{} 13:37:{row:02}\";\"98765432101{row}\";\"hemligttoken{row}\";\"203.0.113.77\";\"L\";\"Lärare\";\"{}\";\"svar\"\r\n", day(-1), 1 + row % 5);
        let heading = "\"id\";\"submitdate\";\"seed\";\"token\";\"ipaddr\";\"enhet\";\"roll\";\"trivs\";\"fritt\"\r\n";
        let file = format!("{heading}{}", (0..ANSWERING).map(row).collect::<String>());
        let at = "rounds/box/answers?unit=enhet&role=roll";
        let (status, refused) = send(&server, at, BYTES, file.clone()).await;
        assert_eq!((status.as_u16(), &refused["refused"][0]["place"]), (400, &json!("1, token")), "{refused}");
        let browser = Browser::enter(&server).await;
        let page = "/surveys/rounds/box/answers?lang=en";
        let fields = [("unit", "enhet"), ("role", "roll"), ("drop_identities", "on"), ("action", "look")];
        let (_, shown) = press(&browser, page, &fields, Some(&file)).await;
        assert!(shown.contains("Nothing is taken yet") && shown.contains("names or traces people"), "{shown}");
        let known = format!("{at}&drop_identities=true");
        let (status, told) = send(&server, &known, BYTES, file.clone()).await;
        assert_eq!((status.as_u16(), &told["answers"]["new"], &told["times_kept"]), (200, &json!(ANSWERING), &json!(false)), "{told}");
        let kept = shown.split("name=\"kept\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let fields = [("kept", &*kept), ("unit", "enhet"), ("role", "roll"), ("drop_identities", "on"), ("action", "take")];
        let (_, done) = press(&browser, page, &fields, None).await;
        assert!(done.contains("of which were in already"), "{done}");
        assert_eq!(stored(&instance).await, 0);
        for (name, bytes) in instance.written().unwrap() {
            for mark in marks {
                assert!(!bytes.windows(mark.len()).any(|part| part == mark.as_bytes()), "{mark} is in {name}");
            }
        }
    }

    async fn the_same_answers_by_a_file_by_tools_and_by_the_page_give_the_same_figures(instance) {
        let server = begun(&instance, &[("fil", "named"), ("verktyg", "named"), ("sidan", "named")]).await;
        let (status, told) = send(&server, "rounds/fil/answers?respondent=respondent", BYTES, table(ANSWERING)).await;
        assert_eq!((status.as_u16(), &told["taken"]), (200, &json!(ANSWERING)), "{told}");
        let all: Value = server.api(Method::GET, "rounds/verktyg").send().await.unwrap().json().await.unwrap();
        let statement = |number: usize| json!({
            "actor": { "mbox": format!("mailto:p{number}@larkby.example") },
            "verb": { "id": "http://adlnet.gov/expapi/verbs/answered" },
            "object": { "id": format!("{SURVEY}/trivs") },
            "result": { "response": (1 + number % 5).to_string() },
            "context": { "registration": all["round"]["registration"] },
        });
        let statements: Vec<Value> = (0..ANSWERING).map(statement).collect();
        assert_eq!(server.post(&json!(statements)).await.unwrap().status(), 200);
        let invited: Value = server.api(Method::GET, "rounds/sidan/invitations").send().await.unwrap().json().await.unwrap();
        let code = invited["codes"][0]["code"].as_str().unwrap().replace('-', "");
        for one in invited["people"].as_array().unwrap() {
            let number: usize = one["address"].as_str().unwrap().trim_start_matches('p').split('@').next().unwrap().parse().unwrap();
            if number >= ANSWERING {
                continue;
            }
            let form = questions(&server, &code, &one["code"].as_str().unwrap().replace('-', "")).await;
            let choice = (1 + number % 5).to_string();
            assert!(fill_in(&server, &code, &form, "send", &[("trivs", &choice)]).await.1.contains("Tack"));
        }
        let by_file = figures(&server, "fil").await;
        assert_eq!(by_file, figures(&server, "verktyg").await);
        assert_eq!(by_file, figures(&server, "sidan").await);
    }
}
