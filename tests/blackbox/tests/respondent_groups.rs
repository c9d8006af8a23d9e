//! One survey with questions of their own for pupils, teachers and leaders: asked through `/s/…`, side by side in its report.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use blackbox::samples::ordinary;
use blackbox::{Instance, Server, day, promises, until};
use reqwest::Method;
use serde_json::{Value, json};

const DEFINITION: &str = include_str!("../../../schemas/surveys/school-digital-day.json");
const SURVEY: &str = "https://larkby.example/enkater/skoldagen";
/// Each group with a role, how many there are, and what it alone is asked.
const GROUPS: [(&str, &str, usize, &[&str]); 3] = [
    ("elever", "Elev", 15, &["forstar", "snalla"]),
    ("larare", "Lärare", 12, &["planerar", "fortbildning", "plan"]),
    ("ledare", "Rektor", 13, &["foljer", "plan"]),
];
const SHARED: [&str; 3] = ["fungerar", "arbetsro", "hjalp"];

fn organisation() -> Value {
    let mut persons = Vec::new();
    for (_, role, many, _) in GROUPS {
        for number in 0..many {
            let mut person = json!({
                "agents": [{ "account": { "homePage": "https://login.larkby.example", "name": format!("{role}-{number:02}") } }],
                "name": { "given": format!("Förnamn{number:02}"), "family": "Ek" },
            });
            match role {
                "Elev" => {
                    person["enrolments"] = json!([{ "unit": "L1", "school_year": 5, "from": "2025-08-01" }])
                }
                _ => person["duties"] = json!([{ "unit": "L1", "role": role, "from": "2025-08-01" }]),
            }
            persons.push(person);
        }
    }
    // The first leader teaches too, and is asked as a leader.
    let first = GROUPS[0].2 + GROUPS[1].2;
    let teaches = json!({ "unit": "L1", "role": "Lärare", "from": "2025-08-01" });
    persons[first]["duties"].as_array_mut().unwrap().push(teaches);
    json!({
        "units": [
            { "code": "L", "name": "Lärkby kommun", "kind": "huvudman" },
            { "code": "L1", "name": "Björkskolan", "kind": "skola", "parent": "L" },
        ],
        "persons": persons,
    })
}

async fn store(server: &Server, resource: &str, body: &Value) {
    let answer = server.api(Method::POST, resource).json(body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
}

fn round(mode: &str) -> Value {
    // Leaders first, so that who is a teacher as well is one of them.
    let groups = ["ledare", "elever", "larare"].map(|id| {
        let (_, role, ..) = GROUPS.into_iter().find(|(group, ..)| *group == id).unwrap();
        json!({ "id": id, "roles": [role] })
    });
    json!({ "rounds": [{
        "id": mode, "survey": SURVEY, "version": "1", "title": { "sv": "Skoldagen" }, "mode": mode,
        "opens": day(-2), "closes": day(2), "audience": { "unit": "L" }, "groups": groups,
    }] })
}

/// The values of hidden fields of a name.
fn hidden(html: &str, name: &str) -> Vec<String> {
    let begin = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let found = html.split(&begin).skip(1);
    found.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

async fn press(server: &Server, code: &str, fields: &[(&str, &str)]) -> String {
    let request = server.http.post(format!("{}/s/{code}", server.address)).header("accept-language", "sv");
    request.form(fields).send().await.unwrap().text().await.unwrap()
}

/// Whether the one with a number among those of their group uses a computer.
fn uses_computers(number: usize) -> bool {
    number % 4 != 1
}

/// Answers everything that somebody is asked, page by page; gives the names of what that was.
async fn answer(server: &Server, code: &str, token: &str, number: usize) -> BTreeSet<String> {
    let mut page = press(server, code, &[("#go", "start"), ("#lang", "sv"), ("#token", token)]).await;
    let mut asked = BTreeSet::new();
    for _ in 0..9 {
        let Some(state) = hidden(&page, "#state").into_iter().next().filter(|_| !page.contains("data-sent"))
        else {
            break;
        };
        let shown = hidden(&page, "#shown");
        let often = if number.is_multiple_of(3) { "ibland" } else { "alltid" };
        let go = if page.contains("value=\"send\"") { "send" } else { "next" };
        let mut fields: Vec<(String, String)> = vec![("#state".into(), state), ("#go".into(), go.into())];
        for name in &shown {
            let values: &[(&str, &str)] = match name.as_str() {
                "anvander" if !uses_computers(number) => &[("anvander", "mobil")],
                "anvander" if number.is_multiple_of(2) => &[("anvander", "dator"), ("anvander", "bok")],
                "anvander" => &[("anvander", "dator")],
                "viktigast" | "onskar" => &[],
                name => &[(name, often)],
            };
            fields.push(("#shown".into(), name.clone()));
            fields.extend(values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        }
        asked.extend(shown);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        page = press(server, code, &fields).await;
    }
    assert!(page.contains("Tack"), "{page}");
    asked
}

async fn report(server: &Server, mode: &str, language: &str, format: &str) -> String {
    let path = format!("reports/survey?round={mode}&lang={language}&format={format}");
    server.api(Method::GET, &path).send().await.unwrap().text().await.unwrap()
}

/// The figure of the whole municipality of an item.
fn figure<'r>(report: &'r Value, section: &str, item: &str) -> &'r Value {
    let sections = report["sections"].as_array().unwrap();
    let section =
        sections.iter().find(|one| one["id"] == section).unwrap_or_else(|| panic!("{section}: {report}"));
    let mut figures = section["figures"].as_array().unwrap().iter();
    figures
        .find(|one| one["item"] == item && one["population"] == "L")
        .unwrap_or_else(|| panic!("{item}: {section}"))
}

async fn asked_side_by_side(instance: Instance, mode: &str) {
    let server = instance.start().await.unwrap();
    store(&server, "organisation", &organisation()).await;
    assert_eq!(server.post(&ordinary(1)).await.unwrap().status(), 200);
    let definition: Value = serde_json::from_str(DEFINITION).unwrap();
    let survey = json!({ "id": SURVEY, "version": "1", "definition": definition });
    store(&server, "surveys", &json!({ "surveys": [survey] })).await;
    store(&server, "rounds", &round(mode)).await;
    let path = format!("rounds/{mode}/invitations");
    let invited: Value = server.api(Method::GET, &path).send().await.unwrap().json().await.unwrap();
    let typed = |code: &Value| code.as_str().unwrap().replace('-', "");
    let code = typed(&invited["codes"][0]["code"]);
    until("the round is open", || async {
        let page = server.http.get(format!("{}/s/{code}", server.address)).send().await.unwrap();
        (!page.text().await.unwrap().contains("öppnar")).then_some(())
    })
    .await;
    let mut answered = [0; 3];
    for one in invited["people"].as_array().unwrap() {
        let place = GROUPS.iter().position(|(_, role, ..)| one["role"] == *role).unwrap();
        let (.., many, own) = GROUPS[place];
        // Two of each group do not answer.
        if answered[place] == many - 2 {
            continue;
        }
        let asked = answer(&server, &code, &typed(&one["code"]), answered[place]).await;
        let expected = SHARED.iter().chain(own).chain(&["anvander", "viktigast", "onskar"]);
        assert_eq!(asked, expected.map(|name| (*name).to_owned()).collect(), "{}", one["role"]);
        answered[place] += 1;
    }
    assert_eq!(answered, GROUPS.map(|(_, _, many, _)| many - 2));
    // While the others are open their reports have rates alone.
    if mode == "unlinkable" {
        store(&server, &format!("rounds/{mode}/close"), &json!({})).await;
    }
    let read = until("the report has everybody's answers", || async {
        let report: Value = serde_json::from_str(&report(&server, mode, "sv", "json").await).unwrap();
        let rates = report["sections"][0]["figures"].as_array()?;
        let of = |group: &str| rates.iter().find(|one| one["item"] == group && one["population"] == "L");
        let all = GROUPS
            .iter()
            .zip(answered)
            .all(|((group, ..), answered)| of(group).is_some_and(|rate| rate["answered"] == answered));
        all.then_some(report)
    })
    .await;
    for ((group, _, many, _), answered) in GROUPS.iter().zip(answered) {
        let rate = figure(&read, "response-rate", group);
        assert_eq!((&rate["answered"], &rate["base"]), (&json!(answered), &json!(many)), "{group}");
    }
    if mode != "unlinkable" {
        return;
    }
    for ((group, _, many, own), answered) in GROUPS.iter().zip(answered) {
        // Numbers 0, 3, 6 … said "sometimes".
        let few = answered.div_ceil(3);
        for name in SHARED.iter().chain(*own) {
            let found = figure(&read, "answers-1", &format!("{name}/{group}"));
            assert_eq!(
                (&found["answered"], &found["base"]),
                (&json!(answered), &json!(many)),
                "{name}/{group}"
            );
            assert_eq!(found["positive"]["part"], json!(answered - few), "{found}");
        }
        let index = figure(&read, "indexes", &format!("vardag/{group}"));
        assert_eq!(index["answered"], json!(answered));
        let computers = (0..answered).filter(|number| uses_computers(*number)).count();
        for (choice, chosen) in [("dator", computers), ("mobil", answered - computers), ("none", 0)] {
            let found = figure(&read, "choices", &format!("anvander/{choice}/{group}"));
            assert_eq!(found["counts"], json!([chosen, answered - chosen]), "{found}");
        }
    }
    for (format, language, words) in [
        ("html", "sv", ["Datorer och nät fungerar när de behövs", "Skolledare", "Grupperna av svarande"]),
        (
            "html",
            "en",
            [
                "Computers and the network work when they are needed",
                "School leaders",
                "The groups of respondents",
            ],
        ),
        (
            "csv",
            "sv",
            ["Datorer och nät fungerar när de behövs – Skolledare", "fungerar/elever", "response-rate"],
        ),
    ] {
        let text = report(&server, mode, language, format).await;
        for words in words {
            assert!(text.contains(words), "{format} {language}: no {words}");
        }
    }
    for format in ["xlsx", "parquet"] {
        let path = format!("reports/survey?round={mode}&format={format}");
        assert_eq!(server.api(Method::GET, &path).send().await.unwrap().status(), 200, "{format}");
    }
}

/// Guardians with a question of their own, beside the others.
const GUARDIANS: &str = "vardnadshavare";
/// More guardians than pupils answer.
const ANSWERS: usize = 12;
const PUPILS: usize = 10;

/// The definition with them, and a round that asks them too.
fn with_guardians(mode: &str) -> (Value, Value) {
    let mut definition: Value = serde_json::from_str(DEFINITION).unwrap();
    let condition = format!("{{respondent_group}} = '{GUARDIANS}'");
    let asked = json!({ "type": "radiogroup", "name": "hemma", "title": { "default": "Jag vet vad barnet gör", "en": "I know" },
        "isRequired": true, "choices": ["aldrig", "ibland", "ofta", "alltid", "vet_inte"] });
    let page = json!({ "name": "hem", "visibleIf": condition, "elements": [asked] });
    definition["pages"].as_array_mut().unwrap().push(page);
    let group = json!({ "id": GUARDIANS, "title": { "sv": "Vårdnadshavare", "en": "Guardians" } });
    definition["larka"]["groups"].as_array_mut().unwrap().push(group);
    let scale = definition["larka"]["items"]["fungerar"]["scale"].clone();
    definition["larka"]["items"]["hemma"] = json!({ "scale": scale });
    let mut round = round(mode);
    let one = &mut round["rounds"][0];
    one["groups"].as_array_mut().unwrap().push(json!({ "id": GUARDIANS }));
    one["guardians"] =
        json!({ "source": { "sv": "elevregistret" }, "links": [{ "unit": "L1", "pupils": PUPILS }] });
    (definition, round)
}

async fn guardians_beside(instance: Instance, mode: &str) {
    let server = instance.start().await.unwrap();
    store(&server, "organisation", &organisation()).await;
    assert_eq!(server.post(&ordinary(1)).await.unwrap().status(), 200);
    let (definition, asked) = with_guardians(mode);
    let survey = json!({ "id": SURVEY, "version": "1", "definition": definition });
    store(&server, "surveys", &json!({ "surveys": [survey] })).await;
    store(&server, "rounds", &asked).await;
    let path = format!("rounds/{mode}/invitations");
    let invited: Value = server.api(Method::GET, &path).send().await.unwrap().json().await.unwrap();
    let typed = |code: &Value| code.as_str().unwrap().replace('-', "");
    let codes = invited["codes"].as_array().unwrap();
    let door = |unit: Value, guardians: bool| {
        let is_it = |one: &&Value| one["unit"] == unit && one["guardians"] == guardians;
        typed(&codes.iter().find(is_it).unwrap_or_else(|| panic!("{unit}: {invited}"))["code"])
    };
    let (own, of_unit) = (door(json!("L1"), true), door(json!("L1"), false));
    assert_ne!(own, of_unit, "pupils of a school and their guardians come in by different codes");
    assert!(invited["guardians_email"]["sv"]["text"].as_str().unwrap().contains("densamma för alla"));
    let begins = async |code: &str| {
        let page = server.http.get(format!("{}/s/{code}?lang=sv", server.address)).send().await.unwrap();
        page.text().await.unwrap()
    };
    until("the round is open", || async { (!begins(&of_unit).await.contains("öppnar")).then_some(()) }).await;
    assert!(begins(&own).await.contains("ingen frågar vem du är"));
    assert!(!begins(&of_unit).await.contains("ingen frågar vem du är"));

    let expected = |own: &[&str]| {
        let all = SHARED.iter().chain(own).chain(&["anvander", "viktigast", "onskar"]);
        all.map(|name| (*name).to_owned()).collect::<BTreeSet<_>>()
    };
    for number in 0..ANSWERS {
        assert_eq!(answer(&server, &own, "", number).await, expected(&["hemma"]), "a guardian");
    }
    let mut answered = [0; 3];
    for one in invited["people"].as_array().unwrap() {
        let place = GROUPS.iter().position(|(_, role, ..)| one["role"] == *role).unwrap();
        let (.., many, alone) = GROUPS[place];
        if answered[place] < many - 2 {
            let asked = answer(&server, &of_unit, &typed(&one["code"]), answered[place]).await;
            assert_eq!(asked, expected(alone), "{}", one["role"]);
            answered[place] += 1;
        }
    }
    store(&server, &format!("rounds/{mode}/close"), &json!({})).await;
    let read = until("the report has everybody's answers", || async {
        let report: Value = serde_json::from_str(&report(&server, mode, "sv", "json").await).unwrap();
        let sections = report["sections"].as_array()?;
        sections.iter().find(|section| section["id"] == "answers-1")?;
        Some(report)
    })
    .await;
    let rate = figure(&read, "response-rate", GUARDIANS);
    assert_eq!((&rate["answered"], &rate["base"]), (&json!(ANSWERS), &json!(ANSWERS)));
    assert_eq!(rate["values"][0]["number"], json!({ "num": 6, "den": 5 }), "12 answers of 10 pupils");
    for ((group, _, many, own), answered) in GROUPS.iter().zip(answered) {
        let rate = figure(&read, "response-rate", group);
        assert_eq!((&rate["answered"], &rate["base"]), (&json!(answered), &json!(many)), "{group}");
        assert_eq!(rate["values"], json!([]), "{group} is known");
        for name in SHARED.iter().chain(*own) {
            let found = figure(&read, "answers-1", &format!("{name}/{group}"));
            assert_eq!(
                (&found["answered"], &found["base"]),
                (&json!(answered), &json!(many)),
                "{name}/{group}"
            );
        }
    }
    for name in SHARED.iter().chain(&["hemma"]) {
        let found = figure(&read, "answers-1", &format!("{name}/{GUARDIANS}"));
        // Numbers 0, 3, 6 and 9 said "sometimes". All of them answered, and there may have been more: 8 of 12, uncorrected.
        assert_eq!(
            (&found["answered"], &found["positive"]["part"]),
            (&json!(ANSWERS), &json!(ANSWERS - 4)),
            "{found}"
        );
        let low = &found["interval"]["low"];
        let low = low["num"].as_f64().unwrap() / low["den"].as_f64().unwrap();
        assert!((low - 0.390_6).abs() < 1e-3, "{found}");
    }
    for (format, language, words) in [
        (
            "html",
            "sv",
            ["Vårdnadshavare (uppskattad)", "elevregistret", "där vårdnadshavarna är uppskattade"],
        ),
        ("html", "en", ["Guardians (estimated)", "elevregistret", "of which the guardians are estimated"]),
        ("csv", "sv", ["Vårdnadshavare (uppskattad)", "hemma/vardnadshavare", "answers_per_pupil"]),
    ] {
        let text = report(&server, mode, language, format).await;
        for words in words {
            assert!(text.contains(words), "{format} {language}: no {words}");
        }
    }
}

promises! {
    async fn guardians_answer_beside_others_who_are_named(instance) {
        guardians_beside(instance, "named").await;
    }

    async fn guardians_answer_beside_others_whom_nobody_can_link(instance) {
        guardians_beside(instance, "unlinkable").await;
    }

    async fn each_group_is_asked_its_own_and_reported_beside_the_others_where_nobody_can_be_linked(instance) {
        asked_side_by_side(instance, "unlinkable").await;
    }

    async fn each_group_is_asked_its_own_where_answers_have_pseudonyms(instance) {
        asked_side_by_side(instance, "pseudonymous").await;
    }

    async fn a_round_says_which_groups_it_asks_and_is_refused_where_that_does_not_go(instance) {
        let server = instance.start().await.unwrap();
        store(&server, "organisation", &organisation()).await;
        let definition: Value = serde_json::from_str(DEFINITION).unwrap();
        let survey = json!({ "id": SURVEY, "version": "1", "definition": definition });
        store(&server, "surveys", &json!({ "surveys": [survey] })).await;
        let refused = async |change: fn(&mut Value)| {
            let mut body = round("named");
            change(&mut body["rounds"][0]);
            let answer = server.api(Method::POST, "rounds").json(&body).send().await.unwrap();
            assert_eq!(answer.status(), 400);
            answer.text().await.unwrap()
        };
        let told = refused(|round| round["groups"] = json!([])).await;
        assert!(told.contains("/rounds/0/groups"), "{told}");
        let told = refused(|round| round["groups"][0]["id"] = "vaktmästare".into()).await;
        assert!(told.contains("/rounds/0/groups/0/id"), "{told}");
        let told = refused(|round| round["groups"][0]["roles"] = json!(["Elev"])).await;
        assert!(told.contains("/rounds/0/groups/1/roles"), "{told}");
        let told = refused(|round| round["groups"][0]["roles"] = json!([])).await;
        assert!(told.contains("/rounds/0/groups/0/roles"), "{told}");
        let told = refused(|round| round["guardians"] = json!({ "links": [{ "unit": "L1" }] })).await;
        assert!(told.contains("/rounds/0/guardians"), "{told}");
        let told = refused(|round| round["audience"]["roles"] = json!(["Elev"])).await;
        assert!(told.contains("/rounds/0/audience/roles"), "{told}");
        store(&server, "rounds", &round("named")).await;
        let known: Value = server.api(Method::GET, "rounds/named").send().await.unwrap().json().await.unwrap();
        assert_eq!(known["round"]["groups"], round("named")["rounds"][0]["groups"]);
    }
}
