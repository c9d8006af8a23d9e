//! What comes to the answer pages and is no answer, by mistake or with intent: it is told of in the respondent's language, nothing
//! that was there is lost, and nothing of it is counted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::respondent::{fill_in, hidden, page, press, press_in, questions};
use blackbox::{Instance, Server, day, promises, until};
use reqwest::Method;
use serde_json::{Value, json};

const SURVEY: &str = "urn:larka:dator";
const REGISTRATION: &str = "00000000-0000-4000-8000-000000000021";

fn definition() -> Value {
    json!({ "title": { "sv": "Dator", "en": "Computer" }, "elements": [
        { "type": "radiogroup", "name": "dator", "title": { "sv": "Har du dator?", "en": "Do you have a computer?" }, "isRequired": true,
          "choices": ["ja", "nej"] },
        { "type": "comment", "name": "hur", "visibleIf": "{dator} = 'ja'" },
        { "type": "text", "name": "kod", "validators": [{ "type": "regex", "regex": "^(a+)+$" }] },
        { "type": "comment", "name": "mer" },
    ] })
}

async fn store(server: &Server, resource: &str, body: &Value) -> Value {
    let answer = server.api(Method::POST, resource).json(body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{resource}");
    answer.json().await.unwrap()
}

fn round(id: &str, registration: &str) -> Value {
    json!({
        "id": id, "survey": SURVEY, "version": "1", "title": { "sv": "Hösten", "en": "Autumn" }, "mode": "named", "registration": registration,
        "opens": day(-2), "closes": day(2), "audience": { "unit": "L", "roles": [] },
    })
}

/// A server with two open rounds; the first one's code, and its personal codes.
async fn begun(instance: &Instance, flags: &[&str]) -> (Server, [String; 2], Vec<String>) {
    let server = instance.start_with(flags).await.unwrap();
    let person = |number: usize| {
        json!({
            "agents": [{ "mbox": format!("mailto:p{number}@larkby.example") }], "name": { "given": "Någon", "family": format!("Ek{number}") },
            "duties": [{ "unit": "L", "role": "Lärare", "from": "2020-08-01" }],
        })
    };
    let units = json!([{ "code": "L", "name": "Lärkby kommun", "kind": "huvudman" }]);
    store(
        &server,
        "organisation",
        &json!({ "units": units, "persons": (0..6).map(person).collect::<Vec<_>>() }),
    )
    .await;
    store(
        &server,
        "surveys",
        &json!({ "surveys": [{ "id": SURVEY, "version": "1", "definition": definition() }] }),
    )
    .await;
    let other = REGISTRATION.replace("21", "22");
    store(&server, "rounds", &json!({ "rounds": [round("ht", REGISTRATION), round("vt", &other)] })).await;
    let (code, tokens) = invited(&server, "ht").await;
    let other = invited(&server, "vt").await.0;
    (server, [code, other], tokens)
}

async fn invited(server: &Server, round: &str) -> (String, Vec<String>) {
    let answer = server.api(Method::GET, &format!("rounds/{round}/invitations")).send().await.unwrap();
    let invited: Value = answer.json().await.unwrap();
    let typed = |code: &Value| code.as_str().unwrap().replace('-', "");
    (
        typed(&invited["codes"][0]["code"]),
        invited["people"].as_array().unwrap().iter().map(|one| typed(&one["code"])).collect(),
    )
}

/// What was answered in the round, one text after the other.
async fn said(server: &Server) -> Vec<String> {
    let found = server
        .list(&[("registration", REGISTRATION), ("verb", "http://adlnet.gov/expapi/verbs/answered")])
        .await
        .unwrap();
    let mut said: Vec<_> =
        found.iter().map(|one| one["result"]["response"].as_str().unwrap().to_owned()).collect();
    said.sort();
    said
}

promises! {
    async fn what_is_no_answer_is_told_of_or_dropped_and_nothing_of_it_counts(instance) {
        let (server, [code, other], tokens) = begun(&instance, &[]).await;
        let form = questions(&server, &code, &tokens[0]).await;
        let (_, chosen) = fill_in(&server, &code, &form, "send", &[("dator", "kanske"), ("mer", "ord")]).await;
        assert!(chosen.contains("Något behöver rättas") && chosen.contains("\nord</textarea>"), "{chosen}");
        // A pattern that others try for ever is answered at once.
        let long = format!("{}!", "a".repeat(900));
        let (_, pattern) = fill_in(&server, &code, &form, "send", &[("dator", "ja"), ("kod", &long)]).await;
        assert!(pattern.contains("Något behöver rättas") && pattern.contains(&long), "{pattern}");
        // Too much of a text, of a form, and of both.
        let (_, text) = fill_in(&server, &code, &form, "send", &[("dator", "ja"), ("mer", &"x".repeat(50_000))]).await;
        assert!(text.contains("Något behöver rättas"), "{text}");
        let state = hidden(&form, "#state").remove(0);
        for (language, words) in [("sv", "Svaren är för långa"), ("en", "The answers are too long")] {
            let much = "x".repeat(10 << 20);
            let fields = [("#state", state.as_str()), ("#go", "send"), ("#shown", "mer"), ("mer", &much)];
            let (status, told) = press_in(&server, language, &code, &fields).await;
            assert!(status == 413 && told.contains(words), "{status} {told}");
        }
        // A state that was changed, that is another round's, or none.
        let mut forged = state.clone();
        let changed = forged.len() - 9..forged.len() - 8;
        let letter = if &forged[changed.clone()] == "A" { "B" } else { "A" };
        forged.replace_range(changed, letter);
        for (address, state) in [(&code, forged.as_str()), (&other, &state), (&code, "x")] {
            for (language, words) in [("sv", "gick inte att läsa"), ("en", "could not be read")] {
                let fields = [("#state", state), ("#go", "send"), ("#shown", "dator"), ("dator", "ja")];
                let (status, told) = press_in(&server, language, address, &fields).await;
                assert!(status == 400 && told.contains(words) && told.contains("name=\"dator\" value=\"ja\""), "{status} {told}");
            }
        }
        assert_eq!(said(&server).await, [""; 0]);
        // What was not asked is dropped, by whatever name it comes.
        let smuggled = [("dator", "nej"), ("hur", "hemligt"), ("#shown", "hur"), ("respondent_group", "x"), ("finns inte", "y"), ("mer", "bra")];
        for _ in 0..3 {
            let (_, thanks) = fill_in(&server, &code, &form, "send", &smuggled).await;
            assert!(thanks.contains("Tack"), "{thanks}");
        }
        assert_eq!(said(&server).await, ["bra", "nej"]);
        assert!(!instance.said().contains("hemligt") && !instance.said().contains(&tokens[0]));
    }

    async fn two_tabs_a_language_changed_and_a_close_in_the_middle_count_once_or_say_why_not(instance) {
        let (server, [code, _], tokens) = begun(&instance, &[]).await;
        let (one, two) = (questions(&server, &code, &tokens[0]).await, questions(&server, &code, &tokens[0]).await);
        // The second tab goes on in English, and keeps what was filled in.
        let state = hidden(&two, "#state").remove(0);
        let fields = [("#state", state.as_str()), ("#lang", "en"), ("#shown", "dator"), ("dator", "ja"), ("#shown", "mer"), ("mer", "two")];
        let (_, english) = press(&server, &code, &fields).await;
        assert!(english.contains("<html lang=\"en\"") && english.contains("\ntwo</textarea>"), "{english}");
        assert!(fill_in(&server, &code, &one, "send", &[("dator", "nej"), ("mer", "one")]).await.1.contains("Tack"));
        let (_, late) = fill_in(&server, &code, &english, "send", &[("dator", "ja"), ("mer", "two")]).await;
        assert!(late.contains("You have answered already"), "{late}");
        // The first one's thanks are there for who presses again, after a lost connection or the other tab.
        assert!(fill_in(&server, &code, &one, "send", &[("dator", "nej"), ("mer", "one")]).await.1.contains("Tack"));
        assert_eq!(said(&server).await, ["nej", "one"]);

        // Somebody is erased while they answer; and the round closes while two others do.
        let erased = questions(&server, &code, &tokens[1]).await;
        let agent = json!({ "mbox": "mailto:p1@larkby.example" }).to_string();
        instance.run_json_with(&["erase", "--agent", "-"], Some(&agent)).unwrap();
        let open: Vec<String> = [questions(&server, &code, &tokens[2]).await, questions(&server, &code, &tokens[3]).await].into();
        let told = until("who was erased is not on the roll", || async {
            let (_, told) = fill_in(&server, &code, &erased, "send", &[("dator", "ja")]).await;
            told.contains("Koden gäller inte").then_some(told)
        }).await;
        assert!(told.contains("Inget är inskickat"), "{told}");
        let before = said(&server).await;
        store(&server, "rounds/ht/close", &json!({})).await;
        until("it is closed", || async { page(&server, &code).await.contains("Enkäten är stängd").then_some(()) }).await;
        for form in &open {
            let (_, told) = fill_in(&server, &code, form, "send", &[("dator", "ja"), ("mer", "sent")]).await;
            assert!(told.contains("Enkäten har stängt") && told.contains("inget av dem är sparat"), "{told}");
        }
        assert_eq!(said(&server).await, before);
    }

    async fn codes_are_not_guessed_and_who_is_inside_goes_on(instance) {
        // Behind a proxy, as an address of this machine is everybody's.
        let flags = ["--code-guesses", "6", "--trusted-proxies", "127.0.0.1"];
        let (server, [code, _], tokens) = begun(&instance, &flags).await;
        let of = |request: reqwest::RequestBuilder| request.header("x-forwarded-for", "192.0.2.7").header("accept-language", "en");
        let get = async |code: &str| of(server.http.get(format!("{}/s/{code}", server.address))).send().await.unwrap();
        let form = questions(&server, &code, &tokens[0]).await;
        for number in 2..5 {
            let none = get(&format!("2222222{number}")).await;
            assert_eq!(none.status(), 404);
            assert!(none.text().await.unwrap().contains("There is no survey with that code"));
            let guess = [("#go", "start".to_owned()), ("#token", format!("222222222222222{number}"))];
            let wrong = of(server.http.post(format!("{}/s/{code}", server.address))).form(&guess).send().await.unwrap();
            assert!(wrong.text().await.unwrap().contains("The personal code is not for this survey"));
        }
        for address in [code.as_str(), "22222222"] {
            let waits = get(address).await;
            assert!(waits.status() == 429 && waits.headers().contains_key("retry-after"), "{}", waits.status());
            let told = waits.text().await.unwrap();
            assert!(told.contains("Vänta") && told.contains("Wait"), "{told}");
        }
        let state = hidden(&form, "#state").remove(0);
        let fields = [("#state", state.as_str()), ("#go", "send"), ("#shown", "dator"), ("dator", "nej")];
        let inside = of(server.http.post(format!("{}/s/{code}", server.address))).form(&fields).send().await.unwrap();
        let page = inside.text().await.unwrap();
        assert!(page.contains("value=\"nej\" checked"), "{page}");
        assert!(!instance.said().contains("2222222"), "what was guessed is in the server's log");
    }

    async fn definitions_that_cannot_be_are_refused_in_both_languages_by_place_and_nothing_is_stored(instance) {
        let server = instance.start().await.unwrap();
        let text = |more: &str| format!(r#"{{"title": "T", "elements": [{{"type": "text", "name": "a"{more}}}, {{"type": "text", "name": "b", "visibleIf": "{{a}} = 1"}}]}}"#);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let many = format!(r#"{{"title": "T", "elements": [{}]}}"#, vec![r#"{"type": "text", "name": "q"}"#; 3_000].join(","));
        for (definition, sv, en) in [
            (text(r#", "visibleIf": "{b} = 1""#), "beror på varandra", "depend on each other"),
            (text(r#", "visibleIf": "{a} = 1""#), "beror på sig själv", "depends on itself"),
            (text(r#", "visibleIf": "{b = ""#), "", ""),
            (text(r#", "validators": [{"type": "regex", "regex": "(?=a)"}]"#), "", ""),
            (text(&format!(r#", "validators": [{{"type": "regex", "regex": "{}"}}]"#, "(a{1,900}){1,900}")), "", ""),
            (format!(r#"{{"title": "T", "elements": {deep}}}"#), "", ""),
            (many, "", ""),
        ] {
            let survey = format!(r#"{{"id": "urn:x", "version": "1", "definition": {definition}}}"#);
            let check = server.api(Method::POST, "surveys/check").header("content-type", "application/json").body(survey.clone());
            let answer = check.send().await.unwrap();
            let status = answer.status();
            let told: Value = answer.json().await.unwrap();
            if status == 200 {
                let refused = told["refused"].as_array().unwrap();
                let said = |lang: &str, words: &str| refused.iter().any(|one| one["what"][lang].as_str().is_some_and(|text| !text.is_empty() && text.contains(words)));
                assert!(said("sv", sv) && said("en", en), "{told}");
            } else {
                assert!(status == 400 && told["at"].is_string(), "{status} {told}");
            }
            let body = format!(r#"{{"surveys": [{survey}]}}"#);
            let stored = server.api(Method::POST, "surveys").header("content-type", "application/json").body(body).send().await.unwrap();
            assert_eq!(stored.status(), 400, "{told}");
        }
        let all: Value = server.api(Method::GET, "surveys").send().await.unwrap().json().await.unwrap();
        assert_eq!(all, json!({ "surveys": [] }));
    }
}
