//! A survey with groups of respondents and questions of several choices, asked of the demo's people and answered by statements.

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::Server;

/// The survey's id.
pub const SURVEY: &str = "https://larkby.example/enkater/grupper";
/// The id of the first round.
pub const ROUND: &str = "grupper-2026-02";
/// The id of the one after it, which is compared with it.
pub const LATER: &str = "grupper-2026-03";
/// Each round with its registration and the month that it is in.
const ROUNDS: [(&str, &str, u8); 2] =
    [(ROUND, "9f2c1d9e-4f55-4c11-8d91-0000000000aa", 2), (LATER, "9f2c1d9e-4f55-4c11-8d91-0000000000bb", 3)];
const GROUPS: [(&str, &[&str]); 3] = [
    ("stod", &["Specialpedagog", "Elevassistent"]),
    ("larare", &["Lärare"]),
    ("forskola", &["Förskollärare"]),
];

/// The body that registers it.
pub fn surveys() -> Value {
    let often = ["aldrig", "ibland", "ofta", "alltid", "vet_inte"];
    let radio = |name: &str| json!({ "type": "radiogroup", "name": name, "title": { "sv": name, "en": name }, "isRequired": true, "choices": often });
    let definition = json!({
        "title": { "sv": "Grupper", "en": "Groups" },
        "pages": [
            { "name": "alla", "elements": [
                radio("fungerar"), radio("hjalp"),
                { "type": "checkbox", "name": "anvander", "choices": ["dator", "platta", "mobil", "bok"], "showNoneItem": true },
                { "type": "ranking", "name": "viktigast", "choices": ["kallor", "trygghet", "skapa"], "selectToRankEnabled": true },
            ] },
            { "name": "larare", "visibleIf": "{respondent_group} = 'larare'", "elements": [radio("planerar")] },
            { "name": "skola", "visibleIf": "{respondent_group} anyof ['larare', 'stod']", "elements": [radio("plan")] },
        ],
    });
    let code = |code: &str, score: u32, positive: bool| json!({ "code": code, "score": [score, 1], "positive": positive });
    let scoring = json!({
        "groups": GROUPS.map(|(id, _)| json!({ "id": id, "title": { "sv": id, "en": id } })),
        "scales": [{ "id": "ofta", "codes": [
            code("aldrig", 1, false), code("ibland", 2, false), code("ofta", 3, true), code("alltid", 4, true),
            { "code": "vet_inte", "dont_know": true },
        ] }],
        "items": { "fungerar": { "scale": "ofta" }, "hjalp": { "scale": "ofta" }, "planerar": { "scale": "ofta" }, "plan": { "scale": "ofta" } },
        "indexes": [
            { "id": "vardag", "title": { "sv": "Vardag", "en": "Everyday" }, "items": ["fungerar", "hjalp"] },
            { "id": "skolan", "title": { "sv": "Skolan", "en": "School" }, "items": ["hjalp", "plan"] },
        ],
    });
    json!({ "surveys": [{ "id": SURVEY, "version": "1", "title": { "sv": "Grupper", "en": "Groups" }, "definition": definition, "scoring": scoring }] })
}

/// The body that registers its rounds.
pub fn rounds(unit: &str) -> Value {
    let round = |(id, registration, month): (&str, &str, u8)| {
        let groups = GROUPS.map(|(id, roles)| json!({ "id": id, "roles": roles }));
        json!({
            "id": id, "survey": SURVEY, "version": "1", "title": { "sv": "Grupper", "en": "Groups" }, "mode": "named",
            "registration": registration, "opens": format!("2026-{month:02}-02"), "closes": format!("2026-{month:02}-20"),
            "audience": { "unit": unit }, "groups": groups,
        })
    };
    json!({ "rounds": ROUNDS.map(round) })
}

/// What four in five of those asked answer, made up from a seed: what they are asked, and some of what they are not.
pub fn statements(organisation: &Value, seed: u64) -> Vec<Value> {
    let mut dice = seed.wrapping_mul(2_654_435_769) + 7;
    let mut throw = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let mut all = Vec::new();
    let persons = || organisation["persons"].as_array().into_iter().flatten();
    let asked = ROUNDS.into_iter().flat_map(|round| persons().map(move |person| (round, person)));
    for ((_, registration, month), person) in asked {
        let roles: Vec<&str> = person["duties"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|duty| duty["role"].as_str())
            .collect();
        let asked = GROUPS.iter().any(|(_, own)| own.iter().any(|role| roles.contains(role)));
        if !asked || throw(5) == 0 {
            continue;
        }
        let mut said = |name: &str, response: String| {
            let number = all.len() as u128;
            all.push(json!({
                "id": uuid::Uuid::from_u128((0x6f << 112) + (u128::from(seed) << 64) + number).to_string(),
                "actor": person["agents"][0],
                "verb": { "id": "http://adlnet.gov/expapi/verbs/answered" },
                "object": { "id": format!("{SURVEY}/{name}") },
                "result": { "response": response },
                "context": { "registration": registration },
                "timestamp": format!("2026-{month:02}-{:02}T09:00:00Z", 3 + number % 15),
            }));
        };
        for name in ["fungerar", "hjalp", "planerar", "plan"] {
            let place = throw(5).min(throw(5)) as usize;
            if throw(10) > 0 {
                said(name, ["alltid", "ofta", "ibland", "aldrig", "vet_inte"][place].into());
            }
        }
        let some = |choices: &[&str], throw: &mut dyn FnMut(u64) -> u64| {
            let mut chosen: Vec<&str> = choices.to_vec();
            let first = throw(chosen.len() as u64) as usize;
            chosen.rotate_left(first);
            chosen.truncate(1 + throw(choices.len() as u64) as usize);
            chosen.join("[,]")
        };
        if throw(8) > 0 {
            let chosen = match throw(6) {
                0 => "none".to_owned(),
                _ => some(&["dator", "platta", "mobil", "bok"], &mut throw),
            };
            said("anvander", chosen);
        }
        if throw(4) > 0 {
            let order = some(&["kallor", "trygghet", "skapa"], &mut throw);
            said("viktigast", order);
        }
    }
    all
}

/// Registers the survey and its round, and posts the statements.
pub async fn answered(server: &Server, rounds: &Value, statements: &[Value]) -> Result<()> {
    for (resource, body) in [("surveys", &surveys()), ("rounds", rounds)] {
        let answer = server.api(Method::POST, resource).json(body).send().await?;
        ensure!(answer.status() == 200, "{resource}: {}", answer.text().await?);
    }
    for some in statements.chunks(200) {
        let answer = server.post(&some.into()).await?;
        ensure!(answer.status() == 200, "{}", answer.text().await?);
    }
    server.settled().await
}
