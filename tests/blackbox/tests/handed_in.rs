//! Rounds of every mode, answered by their codes through `/s/…`, and what comes of that: figures, and nothing that ties an
//! answer to somebody where that was promised.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::respondent::{fill_in, hidden, page, questions};
use blackbox::samples::ordinary;
use blackbox::{Instance, Server, day, promises, until};
use reqwest::Method;
use serde_json::{Value, json};

/// People on the roll.
const PEOPLE: usize = 14;
/// Those of them who answer.
const ANSWERING: usize = 12;
const SURVEY: &str = "https://larkby.example/enkater/trivsel";

fn organisation() -> Value {
    let person = |number: usize| {
        json!({
            "agents": [{ "account": { "homePage": "https://login.larkby.example", "name": format!("konto-{number:02}") } }],
            "name": { "given": if number == 3 { "=Anna".to_owned() } else { format!("Förnamn{number:02}") }, "family": "Ek" },
            "protected": number == 4,
            "duties": [{ "unit": "L1", "role": "Lärare", "from": "2025-08-01" }],
        })
    };
    json!({
        "units": [
            { "code": "L", "name": "Lärkby kommun", "kind": "huvudman" },
            { "code": "L1", "name": "Björkskolan", "kind": "skola", "parent": "L" },
        ],
        "persons": (0..PEOPLE).map(person).collect::<Vec<_>>(),
    })
}

fn survey() -> Value {
    json!({ "surveys": [{
        "id": SURVEY, "version": "1", "title": { "sv": "Trivsel" },
        "definition": { "elements": [
            { "type": "radiogroup", "name": "trivs", "title": "Trivs du?", "isRequired": true, "choices": ["1", "2"] },
            { "type": "comment", "name": "fritt", "title": "Vad mer?", "maxLength": 200 },
        ] },
        "scoring": {
            "scales": [{ "id": "s", "codes": [{ "code": "1", "score": 1 }, { "code": "2", "score": 2, "positive": true }] }],
            "items": { "trivs": { "scale": "s" } },
        },
    }] })
}

fn round(mode: &str, closes: &str) -> Value {
    let number = mode.len();
    let mut round = json!({
        "id": mode, "survey": SURVEY, "version": "1", "title": { "sv": "Hösten" }, "mode": mode,
        "registration": format!("00000000-0000-4000-8000-0000000000{number:02}"), "opens": day(-2), "closes": closes,
        "audience": { "unit": "L", "roles": if mode == "guardians" { json!([]) } else { json!(["Lärare"]) } },
    });
    if mode == "guardians" {
        let link =
            json!({ "unit": "L1", "registration": "00000000-0000-4000-8000-000000000099", "pupils": PEOPLE });
        round["guardians"] = json!({ "links": [link], "source": { "sv": "Skolans register" } });
    }
    round
}

async fn store(server: &Server, resource: &str, body: &Value) {
    let answer = server.api(Method::POST, resource).json(body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
}

/// A server with people, a survey and an open round.
async fn begun(instance: &Instance, mode: &str) -> (Server, String, Vec<String>) {
    let server = instance.start().await.unwrap();
    store(&server, "organisation", &organisation()).await;
    // A report takes its day from what tools send.
    assert_eq!(server.post(&ordinary(1)).await.unwrap().status(), 200);
    store(&server, "surveys", &survey()).await;
    store(&server, "rounds", &json!({ "rounds": [round(mode, &day(2))] })).await;
    let answer = server.api(Method::GET, &format!("rounds/{mode}/invitations")).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let invited: Value = answer.json().await.unwrap();
    let typed = |code: &Value| code.as_str().unwrap().replace('-', "");
    let tokens = invited["people"].as_array().unwrap().iter().map(|one| typed(&one["code"])).collect();
    let code = typed(&invited["codes"][0]["code"]);
    until("the round is open", || async {
        let page = page(&server, &code).await;
        (!page.contains("öppnar")).then_some(())
    })
    .await;
    (server, code, tokens)
}

/// Fills in the page with the questions, and hands it in.
async fn hand_in(server: &Server, code: &str, questions: &str, choice: &str, words: &str) -> String {
    fill_in(server, code, questions, "send", &[("trivs", choice), ("fritt", words)]).await.1
}

/// Waits until a round's report counts so many answers.
async fn counted(server: &Server, round: &str, wanted: usize) {
    until("the report counts all answers", || async {
        let path = format!("reports/survey?round={round}&lang=sv&format=json");
        let report: Value = server.api(Method::GET, &path).send().await.unwrap().json().await.unwrap();
        let rate = &report["sections"][0]["figures"][0];
        (rate["answered"] == wanted && rate["base"] == PEOPLE).then_some(())
    })
    .await;
}

fn holds(all: &[u8], wanted: &[u8]) -> bool {
    all.windows(wanted.len()).any(|part| part == wanted)
}

/// Whether it is written anywhere, as it is or in hexadecimal digits.
fn is_written(instance: &Instance, wanted: &str) -> Option<String> {
    let digits: String = wanted.bytes().map(|byte| format!("{byte:02x}")).collect();
    let written = instance.written().unwrap();
    let found = written
        .into_iter()
        .find(|(_, bytes)| holds(bytes, wanted.as_bytes()) || holds(bytes, digits.as_bytes()));
    found.map(|(place, _)| place)
}

async fn answered_once(instance: Instance, mode: &str) {
    let (server, code, tokens) = begun(&instance, mode).await;
    assert_eq!(tokens.len(), if mode == "guardians" { 0 } else { PEOPLE });
    for number in 0..ANSWERING {
        let token = tokens.get(number).map_or("", String::as_str);
        let form = questions(&server, &code, token).await;
        let choice = if number < 9 { "2" } else { "1" };
        for _ in 0..2 {
            let thanks = hand_in(&server, &code, &form, choice, "").await;
            assert!(thanks.contains("Tack"), "{thanks}");
        }
    }
    if let Some(token) = tokens.first() {
        let again = questions(&server, &code, token).await;
        assert!(hidden(&again, "#state").is_empty() && again.contains("redan"), "{again}");
        let stranger = questions(&server, &code, "2222222222222222").await;
        assert!(hidden(&stranger, "#state").is_empty(), "{stranger}");
    }
    counted(&server, mode, ANSWERING).await;
    // Closed: nothing is taken any more.
    let form = questions(&server, &code, tokens.last().map_or("", String::as_str)).await;
    store(&server, &format!("rounds/{mode}/close"), &json!({})).await;
    let closed = until("the round is closed", || async {
        let closed = page(&server, &code).await;
        closed.contains("stängd").then_some(closed)
    })
    .await;
    assert!(hidden(&closed, "#state").is_empty());
    let late = hand_in(&server, &code, &form, "1", "").await;
    assert!(!late.contains("Tack"), "{late}");
    assert!(!instance.said().contains(&code), "a code is in the server's log");
}

/// The school is closed and everybody works at another while the round is open and forms are half filled in.
async fn answered_though_the_school_is_closed(instance: Instance, mode: &str) {
    let (server, code, tokens) = begun(&instance, mode).await;
    let mut forms = Vec::new();
    for token in tokens.iter().take(ANSWERING / 2) {
        forms.push(questions(&server, &code, token).await);
    }
    let mut after = organisation();
    after["units"][1] = json!({ "code": "L2", "name": "Granskolan", "kind": "skola", "parent": "L" });
    for person in after["persons"].as_array_mut().unwrap() {
        person["duties"] = json!([
            { "unit": "L1", "role": "Lärare", "from": "2025-08-01", "to": day(-1) },
            { "unit": "L2", "role": "Lärare", "from": day(0) },
        ]);
    }
    store(&server, "organisation", &after).await;
    for token in tokens.iter().take(ANSWERING).skip(ANSWERING / 2) {
        forms.push(questions(&server, &code, token).await);
    }
    for form in forms {
        let thanks = hand_in(&server, &code, &form, "2", "").await;
        assert!(thanks.contains("Tack"), "{thanks}");
    }
    store(&server, &format!("rounds/{mode}/close"), &json!({})).await;
    // Whoever was on the roll on the opening day is the base.
    counted(&server, mode, ANSWERING).await;
}

promises! {
    async fn a_named_round_is_answered_though_the_school_is_closed_meanwhile(instance) {
        answered_though_the_school_is_closed(instance, "named").await;
    }

    async fn a_round_that_nobody_can_link_is_answered_though_the_school_is_closed_meanwhile(instance) {
        answered_though_the_school_is_closed(instance, "unlinkable").await;
    }

    async fn a_named_round_is_answered_and_counted(instance) {
        answered_once(instance, "named").await;
    }

    async fn a_pseudonymous_round_is_answered_and_counted(instance) {
        answered_once(instance, "pseudonymous").await;
    }

    async fn a_round_of_guardians_is_answered_and_counted(instance) {
        answered_once(instance, "guardians").await;
    }

    async fn a_round_that_nobody_can_link_is_counted_once_though_it_is_killed_while_open_and_at_its_close(instance) {
        let (mut server, code, tokens) = begun(&instance, "unlinkable").await;
        let words = |number: usize| format!("alldeles-eget-ord-{number}");
        for (number, token) in tokens.iter().enumerate().take(ANSWERING) {
            let form = questions(&server, &code, token).await;
            for _ in 0..2 {
                let choice = if number < 9 { "2" } else { "1" };
                let thanks = hand_in(&server, &code, &form, choice, &words(number)).await;
                assert!(thanks.contains("Tack"), "{thanks}");
            }
            if number == 5 {
                server.kill().unwrap();
                server = instance.restart(&server).await.unwrap();
            }
        }
        for (number, token) in tokens.iter().enumerate().take(ANSWERING) {
            assert_eq!(is_written(&instance, &words(number)), None, "an answer can be read while the round is open");
            assert_eq!(is_written(&instance, token), None, "a personal code is written down");
        }
        let statements = "SELECT count(*) FROM event WHERE kind = 'statement'";
        assert_eq!(instance.number(statements).await.unwrap(), 1);
        store(&server, "rounds/unlinkable/close", &json!({})).await;
        server.kill().unwrap();
        let server = instance.restart(&server).await.unwrap();
        let emptied = "SELECT count(*) FROM event WHERE kind = 'round_ballots'";
        until("the box is emptied", || async { (instance.number(emptied).await.unwrap() == 1).then_some(()) }).await;
        counted(&server, "unlinkable", ANSWERING).await;
        let keys = instance.folder().join("ballot-keys");
        until("the key is gone", || async { (std::fs::read_dir(&keys).unwrap().count() == 0).then_some(()) }).await;
        for (number, token) in tokens.iter().enumerate().take(ANSWERING) {
            assert_eq!(is_written(&instance, token), None, "a personal code is written down");
            assert!(!instance.said().contains(&words(number)), "an answer is in the server's log");
        }
        assert_eq!(instance.number(emptied).await.unwrap(), 1);
        assert!(page(&server, &code).await.contains("stängd"));
        instance.sound().await.unwrap();
    }

    async fn administrators_alone_get_links_and_what_a_spreadsheet_would_run_is_text(instance) {
        let (server, code, tokens) = begun(&instance, "named").await;
        let address = format!("{}/api/v1/rounds/named/invitations", server.address);
        assert_eq!(server.http.get(&address).send().await.unwrap().status(), 401);
        let all: Value = server.api(Method::GET, "rounds/named/invitations").send().await.unwrap().json().await.unwrap();
        assert!(all["codes"][0]["qr"].as_str().unwrap().contains("<svg"));
        // It leads to where the server listens, which no setting has named.
        let port = server.address.rsplit(':').next().unwrap();
        assert_eq!(all["codes"][0]["link"], format!("http://localhost:{port}/s/{code}"));
        assert!(all["email"]["sv"]["text"].as_str().unwrap().contains("{länk}"));
        let people = all["people"].as_array().unwrap();
        let without = |field: &str| people.iter().filter(|one| one[field] == "").count();
        assert_eq!((without("name"), without("address"), without("link")), (1, 1, 0), "a protected identity");
        assert!(!all.to_string().contains("konto-04"), "{all}");
        let csv = server.api(Method::GET, "rounds/named/invitations?format=csv").send().await.unwrap().text().await.unwrap();
        assert_eq!(csv.lines().count(), PEOPLE + 1);
        assert!(csv.contains("\"'=Anna Ek\"") && csv.contains(&format!("#{}", tokens[0])), "{csv}");
        let unknown = server.api(Method::GET, "rounds/annan/invitations").send().await.unwrap();
        assert_eq!(unknown.status(), 404);
    }
}
