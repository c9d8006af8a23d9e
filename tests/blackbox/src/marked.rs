//! A made-up municipality in which every group that the gate hides has numbers of its own, and its twin, which differs in
//! nothing but what is hidden: within an area, people of hidden schools have given each other's answers.

use serde_json::{Value, json};

use crate::samples::id;

/// Where its accounts live.
const HOME: &str = "https://larkby.example";
const SURVEY: &str = "https://larkby.example/enkater/arbete";
const QUIZ: &str = "https://larkby.example/kurser/losenord/prov";
/// The questions and the scale of each.
const ITEMS: [(&str, &str); 3] = [("trivs", "agree"), ("stod", "agree"), ("losenord", "levels")];
/// The rounds: id, registration, first and last day, the day of the answers. The second is open.
const ROUNDS: [(&str, &str, &str, &str, &str); 2] = [
    ("vinter", "00000000-0000-4000-9000-000000000001", "2025-02-03", "2025-02-21", "2025-02-10"),
    ("var", "00000000-0000-4000-9000-000000000002", "2025-04-01", "2035-06-30", "2025-05-05"),
];

/// Units: code, name, kind, the one above.
const UNITS: [(&str, &str, &str, Option<&str>); 15] = [
    ("L", "Lärkby kommun", "huvudman", None),
    ("N", "Norra området", "rektorsomrade", Some("L")),
    ("N1", "Asklundaskolan", "skola", Some("N")),
    ("N2", "Björkdalsskolan", "skola", Some("N")),
    ("N3", "Cedervallsskolan", "skola", Some("N")),
    ("N4", "Dalängsskolan", "skola", Some("N")),
    ("N5", "Ekhagsskolan", "skola", Some("N")),
    ("S", "Södra området", "rektorsomrade", Some("L")),
    ("S1", "Furulidsskolan", "skola", Some("S")),
    ("S2", "Granbacksskolan", "skola", Some("S")),
    ("S3", "Hasselskolan", "skola", Some("S")),
    ("V", "Västra området", "rektorsomrade", Some("L")),
    ("V1", "Idegransskolan", "skola", Some("V")),
    ("Ö", "Östra området", "rektorsomrade", Some("L")),
    ("Ö1", "Jolsterskolan", "skola", Some("Ö")),
];

/// Where people are: how many, how many of them answer the first round and the second, and pass the course.
const PEOPLE: [(&str, usize, [usize; 3]); 11] = [
    ("N1", 640, [431, 402, 377]),
    ("N2", 409, [131, 119, 103]),
    ("N3", 389, [113, 107, 101]),
    ("N4", 7, [7, 6, 5]),
    ("N5", 307, [251, 239, 197]),
    ("S1", 520, [371, 347, 313]),
    ("S2", 443, [139, 137, 109]),
    ("S3", 353, [281, 263, 223]),
    ("V1", 211, [61, 59, 53]),
    // The principal, and nobody else, is of the area and of no school.
    ("V", 1, [1, 1, 1]),
    ("Ö1", 331, [241, 233, 227]),
];

/// The groups of which nothing is shown, by rate, by size, and to protect others.
pub const HIDDEN: [&str; 10] = ["N2", "N3", "N4", "N5", "S2", "S3", "V", "V1", "Ö", "Ö1"];

/// Who has changed places in the twin: so many people of one group, from one on, with those of another, from another on.
const CHANGED: [(&str, usize, &str, usize, usize); 6] = [
    ("N2", 40, "N3", 300, 5),
    ("N4", 0, "N5", 20, 7),
    ("N5", 60, "N2", 200, 4),
    ("S2", 30, "S3", 300, 4),
    ("S2", 0, "S3", 11, 25),
    ("V1", 0, "Ö1", 303, 6),
];

/// What one person has said and done.
#[derive(Debug, Clone, Copy)]
struct Sheet {
    /// The number of an answer to each question, in each round.
    answers: [Option<[usize; 3]>; 2],
    passed: bool,
}

/// The municipality.
#[derive(Debug, Clone)]
pub struct Marked {
    /// The unit of everybody.
    units: Vec<&'static str>,
    sheets: Vec<Sheet>,
    /// Whose a sheet is.
    owners: Vec<usize>,
}

impl Marked {
    /// The municipality.
    pub fn new() -> Self {
        let (mut units, mut sheets) = (Vec::new(), Vec::new());
        for (unit, people, [first, second, passed]) in PEOPLE {
            for person in 0..people {
                // As many of each answer as nobody else has: groups are of other sizes, and so are parts of them.
                let answered = |round: usize| {
                    let seed = person + 3 * round;
                    let agree = |of: usize| [3, 3, 2, 3, 0, 3, 1, 3, 4, 3, 2][of % 11];
                    let level = [2, 2, 3, 2, 1, 2, 4, 2, 8, 2, 0, 2, 6][(seed / 2) % 13];
                    [agree(seed), agree(seed / 3), level]
                };
                let answers = [first, second].map(|count| person < count);
                let answers = [0, 1].map(|round: usize| answers[round].then(|| answered(round)));
                units.push(unit);
                sheets.push(Sheet { answers, passed: person < passed });
            }
        }
        let owners = (0..units.len()).collect();
        Self { units, sheets, owners }
    }

    /// The same where other people of hidden groups have said it.
    pub fn twin(&self) -> Self {
        let mut owners = self.owners.clone();
        let first = |unit: &str| self.units.iter().position(|of| *of == unit).unwrap_or_default();
        for (one, from, other, other_from, count) in CHANGED {
            for place in 0..count {
                owners.swap(first(one) + from + place, first(other) + other_from + place);
            }
        }
        Self { owners, ..self.clone() }
    }

    /// The bodies of the ways in, by the last part of their addresses, in their order.
    pub fn bodies(&self) -> [(&'static str, Value); 4] {
        let text = |sv: &str| json!({ "sv": sv, "en": sv });
        let units = UNITS.map(|(code, name, kind, parent)| {
            json!({ "code": code, "name": name, "kind": kind, "parent": parent })
        });
        let duty = |unit: &str| json!({ "unit": unit, "role": "Lärare", "from": "2024-08-01" });
        let persons = self.units.iter().enumerate().map(|(person, unit)| {
            json!({ "agents": [agent(person)], "name": { "given": "Kim", "family": "Lärka" }, "duties": [duty(unit)] })
        });
        let organisation = json!({ "units": units, "persons": persons.collect::<Vec<_>>() });

        let part = json!({ "id": QUIZ, "title": text("Prov"), "kind": "quiz" });
        let course = json!({
            "id": "https://larkby.example/kurser/losenord", "title": text("Lösenord"), "origin": { "central": true },
            "activities": [part],
        });
        let rule = json!({
            "framework": "digcomp-3.0", "activity": QUIZ, "competence": "4.1", "level": [3, 4], "weight": 1000,
            "types": ["knowledge"],
        });
        let targets = json!([{ "framework": "digcomp-3.0", "levels": { "4.1": 3 } }]);
        let courses = json!({ "courses": [course], "rules": [rule], "targets": targets });

        let codes =
            |scale: &str, count: usize| (0..count).map(|code| code_of(scale, code)).collect::<Vec<_>>();
        let agree =
            (0..4).map(|code| json!({ "code": code_of("agree", code), "score": code, "positive": code > 1 }));
        let levels = (0..8).map(|level| json!({ "code": code_of("levels", level) }));
        let know_not = |scale: &str, code| json!({ "code": code_of(scale, code), "dont_know": true });
        let claims: serde_json::Map<String, Value> =
            (0..8).map(|level| (code_of("levels", level), json!(level + 1))).collect();
        let questions = ITEMS.map(|(name, scale)| {
            let (word, count) = if scale == "agree" { ("Svar", 5) } else { ("Nivå", 9) };
            let label = |number: usize| {
                if number + 1 == count { "Vet ej".to_owned() } else { format!("{word} {number}") }
            };
            let choices = (0..).zip(codes(scale, count));
            let choices =
                choices.map(|(number, code)| json!({ "value": code, "text": text(&label(number)) }));
            json!({
                "type": "radiogroup", "name": name, "title": text(name), "isRequired": true,
                "choices": choices.collect::<Vec<_>>(),
            })
        });
        let items = ITEMS.map(|(name, scale)| {
            let mut item = json!({ "scale": scale });
            if scale == "levels" {
                item["feeds"] = json!({ "framework": "digcomp-3.0", "competence": "4.1", "levels": claims });
            }
            (name, item)
        });
        let scoring = json!({
            "scales": [
                { "id": "agree", "codes": agree.chain([know_not("agree", 4)]).collect::<Vec<_>>() },
                { "id": "levels", "codes": levels.chain([know_not("levels", 8)]).collect::<Vec<_>>() },
            ],
            "items": serde_json::Map::from_iter(items.map(|(name, item)| (name.to_owned(), item))),
            "indexes": [{ "id": "helhet", "title": text("Helheten"), "items": ["trivs", "stod"] }],
        });
        let surveys = json!({ "surveys": [{
            "id": SURVEY, "version": "1", "definition": { "title": text("Arbetet"), "elements": questions },
            "scoring": scoring,
        }] });
        let rounds = ROUNDS.map(|(id, registration, opens, closes, _)| {
            json!({
                "id": id, "survey": SURVEY, "version": "1", "title": text(&format!("Arbetet, {id}")), "mode": "pseudonymous",
                "registration": registration, "opens": opens, "closes": closes, "audience": { "unit": "L", "roles": [] },
            })
        });
        [
            ("organisation", organisation),
            ("courses", courses),
            ("surveys", surveys),
            ("rounds", json!({ "rounds": rounds })),
        ]
    }

    /// Everything that people have said and done, in its order.
    pub fn statements(&self) -> Vec<Value> {
        let mut all = Vec::new();
        for (round, (_, registration, _, _, day)) in ROUNDS.into_iter().enumerate() {
            for (sheet, owner) in self.sheets.iter().zip(&self.owners) {
                let Some(answers) = sheet.answers[round] else { continue };
                for ((name, scale), code) in ITEMS.into_iter().zip(answers) {
                    all.push(json!({
                        "actor": agent(*owner), "verb": { "id": "http://adlnet.gov/expapi/verbs/answered" },
                        "object": { "id": item(name) }, "result": { "response": code_of(scale, code) },
                        "context": { "registration": registration }, "timestamp": format!("{day}T08:00:00Z"),
                    }));
                }
            }
        }
        for (_, owner) in self.sheets.iter().zip(&self.owners).filter(|(sheet, _)| sheet.passed) {
            all.push(json!({
                "actor": agent(*owner), "verb": { "id": "http://adlnet.gov/expapi/verbs/passed" }, "object": { "id": QUIZ },
                "result": { "success": true }, "timestamp": "2025-03-10T08:00:00Z",
            }));
        }
        for (number, statement) in (1..).zip(&mut all) {
            statement["id"] = id(number).into();
        }
        all
    }

    /// What is true of everybody: unit, answers of each round, whether they have passed; and the groups that are hidden.
    pub fn truth(&self) -> Value {
        let mut people: Vec<Value> = self.units.iter().map(|unit| json!({ "unit": unit })).collect();
        for (sheet, owner) in self.sheets.iter().zip(&self.owners) {
            for ((id, ..), answers) in ROUNDS.into_iter().zip(sheet.answers) {
                people[*owner][id] = answers.map_or(Value::Null, |answers| {
                    let named = ITEMS.into_iter().zip(answers);
                    named
                        .map(|((name, scale), code)| (name.to_owned(), json!(code_of(scale, code))))
                        .collect()
                });
            }
            people[*owner]["passed"] = sheet.passed.into();
        }
        let parents: serde_json::Map<String, Value> =
            UNITS.into_iter().map(|(code, _, _, parent)| (code.to_owned(), json!(parent))).collect();
        json!({ "people": people, "parents": parents, "hidden": HIDDEN, "rounds": ROUNDS.map(|(id, ..)| id) })
    }
}

impl Default for Marked {
    fn default() -> Self {
        Self::new()
    }
}

fn agent(person: usize) -> Value {
    json!({ "account": { "homePage": HOME, "name": format!("p{person}") } })
}

fn item(name: &str) -> String {
    format!("{SURVEY}/{name}")
}

fn code_of(scale: &str, number: usize) -> String {
    format!("{}{number}", &scale[..1])
}
