//! Definitions and answers from a seed, within what Lärka takes.

use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value as Json, json};

/// Answers to each definition.
pub(crate) const ANSWERS: usize = 10;

/// A definition and answers to it.
pub(crate) struct Case {
    pub(crate) definition: Json,
    pub(crate) answers: Vec<Map<String, Json>>,
    /// Whether codes differ only by case or by a leading nought, so that survey-core takes them for the same.
    pub(crate) tricky: bool,
}

/// The case of a seed.
pub(crate) fn case(seed: u64) -> Case {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let tricky = dice.random_ratio(1, 30);
    let count = dice.random_range(4..9);
    let questions: Vec<Asked> = (0..count).map(|at| Asked::new(at, tricky, &mut dice)).collect();
    let mut ranks: Vec<usize> = (3..count).collect();
    for at in (1..ranks.len()).rev() {
        ranks.swap(at, dice.random_range(0..=at));
    }
    let mut built: Vec<Json> = questions.iter().map(|asked| asked.json.clone()).collect();
    let free: Vec<&Asked> = questions[..3].iter().collect();
    for (rank, at) in ranks.iter().enumerate() {
        let below: Vec<&Asked> =
            free.iter().copied().chain(ranks[..rank].iter().map(|at| &questions[*at])).collect();
        let conditions = [("visibleIf", 2), ("requiredIf", 5), ("enableIf", 12)];
        for (name, one_of) in conditions {
            if dice.random_ratio(1, one_of) {
                built[*at][name] = condition(&below, 0, &mut dice).into();
            }
        }
        for list in ["choices", "rows"] {
            let Some(items) = built[*at].get_mut(list).and_then(Json::as_array_mut) else { continue };
            for (place, name) in [(1, "visibleIf"), (2, "enableIf")] {
                if dice.random_ratio(1, 8) {
                    let value = items[place].clone();
                    items[place] =
                        json!({"value": value, "text": "sometimes", name: condition(&below, 1, &mut dice)});
                }
            }
        }
    }
    let all: Vec<&Asked> = questions.iter().collect();
    let mut definition = json!({"pages": pages(built, &free, &mut dice)});
    if dice.random_ratio(1, 3) {
        let expression = number(&all, &mut dice);
        definition["calculatedValues"] =
            json!([{"name": "calc", "expression": expression, "includeIntoResult": true}]);
    }
    if dice.random_ratio(1, 10) {
        definition["clearInvisibleValues"] =
            ["none", "onHidden", "onHiddenContainer"].choose(&mut dice).map(|name| json!(name)).unwrap();
    }
    let mut answered = || {
        let mut answers = Map::new();
        for asked in &questions {
            if dice.random_ratio(3, 4) {
                asked.answer(&mut answers, &mut dice);
            }
        }
        answers
    };
    let answers = (0..ANSWERS).map(|_| answered()).collect();
    Case { definition, answers, tricky }
}

/// Everything on one to three pages, some of it in panels.
fn pages(questions: Vec<Json>, free: &[&Asked], dice: &mut ChaCha8Rng) -> Vec<Json> {
    let mut pages: Vec<Json> = vec![json!({"name": "p0", "elements": []})];
    let mut in_panel = 0;
    for (at, question) in questions.into_iter().enumerate() {
        if at > 3 && dice.random_ratio(1, 6) && pages.len() < 3 {
            let mut page = json!({"name": format!("p{}", pages.len()), "elements": []});
            contained(&mut page, 3, free, dice);
            pages.push(page);
            in_panel = 0;
        }
        if at > 2 && in_panel == 0 && dice.random_ratio(1, 6) {
            let mut panel = json!({"type": "panel", "name": format!("g{at}"), "elements": []});
            contained(&mut panel, 2, free, dice);
            pages.last_mut().unwrap()["elements"].as_array_mut().unwrap().push(panel);
            in_panel = dice.random_range(1..4);
        }
        let elements = pages.last_mut().unwrap()["elements"].as_array_mut().unwrap();
        if in_panel > 0 {
            in_panel -= 1;
            elements.last_mut().unwrap()["elements"].as_array_mut().unwrap().push(question);
        } else {
            elements.push(question);
        }
    }
    pages
}

/// When a page or panel is shown, may be answered, must be.
fn contained(container: &mut Json, shown_one_of: u32, free: &[&Asked], dice: &mut ChaCha8Rng) {
    for (name, one_of) in [("visibleIf", shown_one_of), ("enableIf", 10), ("requiredIf", 6)] {
        if dice.random_ratio(1, one_of) {
            container[name] = condition(free, 0, dice).into();
        }
    }
    if dice.random_ratio(1, 4) {
        container["isRequired"] = true.into();
    }
}

/// A question that is asked.
pub(crate) struct Asked {
    name: String,
    kind: &'static str,
    json: Json,
    codes: Vec<Json>,
}

const KINDS: &[&str] = &[
    "radiogroup",
    "dropdown",
    "checkbox",
    "tagbox",
    "rating",
    "boolean",
    "text",
    "number",
    "comment",
    "matrix",
    "ranking",
];

impl Asked {
    fn new(at: usize, tricky: bool, dice: &mut ChaCha8Rng) -> Asked {
        let kind = *KINDS.choose(dice).unwrap();
        let name = if dice.random_ratio(1, 4) { format!("Fråga_{at}") } else { format!("q{at}") };
        let codes: Vec<Json> = match dice.random_range(0..3) {
            _ if tricky => vec![json!("01"), json!("1"), json!("A"), json!("a"), json!("10")],
            0 => (1..=5).map(|n| json!(n)).collect(),
            1 => ["1", "2", "3", "4"].iter().map(|code| json!(code)).collect(),
            _ => ["a", "b", "banan", "å", "item 5"].iter().map(|code| json!(code)).collect(),
        };
        let mut json = json!({"type": kind, "name": name});
        match kind {
            "radiogroup" | "dropdown" | "checkbox" | "tagbox" => {
                json["choices"] = codes.clone().into();
                for special in ["showNoneItem", "showOtherItem", "showDontKnowItem", "showRefuseItem"] {
                    if dice.random_ratio(1, 6) {
                        json[special] = true.into();
                    }
                }
            }
            "ranking" => {
                json["choices"] = codes.clone().into();
                if dice.random_ratio(1, 2) {
                    json["selectToRankEnabled"] = true.into();
                }
            }
            "matrix" => {
                json["rows"] = json!(["r1", "r2", "r3"]);
                json["columns"] = codes.clone().into();
            }
            "rating" if dice.random_ratio(1, 2) => json["rateMax"] = 7.into(),
            "boolean" if dice.random_ratio(1, 3) => {
                json["valueTrue"] = "ja".into();
                json["valueFalse"] = "nej".into();
            }
            "number" => {
                json["type"] = "text".into();
                json["inputType"] = "number".into();
            }
            _ => {}
        }
        if dice.random_ratio(1, 4) {
            json["isRequired"] = true.into();
        }
        Asked { name, kind, json, codes }
    }

    fn special(&self, name: &str) -> bool {
        self.json.get(name).is_some()
    }

    fn answer(&self, answers: &mut Map<String, Json>, dice: &mut ChaCha8Rng) {
        let name = self.name.clone();
        let subset = |dice: &mut ChaCha8Rng| -> Vec<Json> {
            self.codes.iter().filter(|_| dice.random_ratio(1, 2)).cloned().collect()
        };
        let answer = match self.kind {
            "radiogroup" | "dropdown" => {
                let specials = [
                    ("showNoneItem", "none"),
                    ("showDontKnowItem", "dontknow"),
                    ("showRefuseItem", "refused"),
                ];
                let special =
                    specials.iter().find(|(switch, _)| self.special(switch) && dice.random_ratio(1, 4));
                if self.special("showOtherItem") && dice.random_ratio(1, 3) {
                    answers.insert(format!("{name}-Comment"), json!("något annat"));
                    json!("other")
                } else if let Some((_, value)) = special {
                    json!(value)
                } else if dice.random_ratio(1, 30) {
                    json!("finns inte")
                } else {
                    self.codes.choose(dice).unwrap().clone()
                }
            }
            "checkbox" | "tagbox" => {
                let mut chosen = subset(dice);
                if self.special("showNoneItem") && dice.random_ratio(1, 4) {
                    chosen = vec![json!("none")];
                } else if self.special("showOtherItem") && dice.random_ratio(1, 3) {
                    answers.insert(format!("{name}-Comment"), json!("något annat"));
                    chosen.push(json!("other"));
                } else if dice.random_ratio(1, 30) {
                    chosen.push(json!("finns inte"));
                }
                chosen.into()
            }
            "rating" => json!(dice.random_range(1..=5)),
            "boolean" => {
                let yes = dice.random_bool(0.5);
                if self.special("valueTrue") { json!(if yes { "ja" } else { "nej" }) } else { json!(yes) }
            }
            "number" => match dice.random_range(0..4) {
                0 => json!(f64::from(dice.random_range(-20..200)) / 4.0),
                1 => json!("12,5"),
                _ => json!(dice.random_range(-3..30)),
            },
            "matrix" => {
                let rows = ["r1", "r2", "r3"].iter().filter(|_| dice.random_ratio(2, 3));
                let rows: Vec<&str> = rows.copied().collect();
                let row = |row: &str, dice: &mut ChaCha8Rng| {
                    (row.to_owned(), self.codes.choose(dice).unwrap().clone())
                };
                Json::Object(rows.into_iter().map(|name| row(name, dice)).collect())
            }
            "ranking" => {
                let mut order =
                    if self.special("selectToRankEnabled") { subset(dice) } else { self.codes.clone() };
                for at in (1..order.len()).rev() {
                    order.swap(at, dice.random_range(0..=at));
                }
                order.into()
            }
            _ => json!(
                ["text", "Text ", "5", "05", "1,5", "0x10", "", "ja", "true", "2026-01-05"]
                    .choose(dice)
                    .unwrap()
            ),
        };
        answers.insert(name, answer);
    }

    fn literal(&self, dice: &mut ChaCha8Rng) -> String {
        match self.kind {
            "rating" => dice.random_range(1..=5).to_string(),
            "number" => dice.random_range(0..8).to_string(),
            "boolean" if self.special("valueTrue") => "'ja'".to_owned(),
            "boolean" => ["true", "false"].choose(dice).unwrap().to_string(),
            "text" | "comment" => {
                ["'text'", "'TEXT'", "5", "'5'", "1.5", "''", "16"].choose(dice).unwrap().to_string()
            }
            _ => match self.codes.choose(dice).unwrap() {
                Json::String(code) => format!("'{code}'"),
                other => other.to_string(),
            },
        }
    }

    fn named(&self, dice: &mut ChaCha8Rng) -> String {
        let name = if dice.random_ratio(1, 5) { self.name.to_uppercase() } else { self.name.clone() };
        format!("{{{name}}}")
    }
}

/// A condition over some questions.
fn condition(below: &[&Asked], depth: usize, dice: &mut ChaCha8Rng) -> String {
    if depth < 2 && dice.random_ratio(1, 3) {
        let word = ["and", "or", "&&", "||"].choose(dice).unwrap();
        return format!("{} {word} {}", condition(below, depth + 1, dice), condition(below, depth + 1, dice));
    }
    if depth < 2 && dice.random_ratio(1, 8) {
        return format!("!({})", condition(below, depth + 1, dice));
    }
    let asked = below.choose(dice).unwrap();
    let (name, literal) = (asked.named(dice), asked.literal(dice));
    match asked.kind {
        "matrix" if dice.random_ratio(3, 4) => {
            let row = ["r1", "r2", "r3"].choose(dice).unwrap();
            let operator = ["=", "<>", "!="].choose(dice).unwrap();
            format!("{{{}.{row}}} {operator} {literal}", asked.name)
        }
        "checkbox" | "tagbox" | "ranking" => match dice.random_range(0..7) {
            0 => format!("{name} empty"),
            1 => format!(
                "{{{}.length}} {} {}",
                asked.name,
                [">", ">=", "<", "="].choose(dice).unwrap(),
                dice.random_range(0..4)
            ),
            2 => format!("{name} anyof [{literal}, {}]", asked.literal(dice)),
            3 => format!("{name} allof [{literal}, {}]", asked.literal(dice)),
            4 => format!("{name} notcontains {literal}"),
            5 => format!("{{{}[0]}} = {literal}", asked.name),
            _ => format!("{name} contains {literal}"),
        },
        "matrix" => format!("{name} {}", ["empty", "notempty"].choose(dice).unwrap()),
        _ => match dice.random_range(0..9) {
            0 => format!("{name} empty"),
            1 => format!("{name} notempty"),
            2 => format!("{name} anyof [{literal}, {}]", asked.literal(dice)),
            3 | 4 => format!("{name} {} {literal}", [">", ">=", "<", "<=", "=>"].choose(dice).unwrap()),
            5 => format!("{} > {}", number(below, dice), dice.random_range(0..12)),
            6 if numeric(asked) => {
                let others: Vec<&&Asked> = below.iter().filter(|other| numeric(other)).collect();
                format!("{name} = {}", others.choose(dice).unwrap().named(dice))
            }
            _ => format!(
                "{name} {} {literal}",
                ["=", "==", "<>", "!=", "equal", "notequal"].choose(dice).unwrap()
            ),
        },
    }
}

fn numeric(asked: &Asked) -> bool {
    matches!(asked.kind, "number" | "rating")
}

/// Something that computes. survey-core adds up numbers only.
fn number(below: &[&Asked], dice: &mut ChaCha8Rng) -> String {
    let numeric = below.iter().filter(|asked| numeric(asked));
    let numeric: Vec<&Asked> = numeric.copied().collect();
    let mut one = || match numeric.choose(dice) {
        Some(asked) => asked.named(dice),
        None => "4".to_owned(),
    };
    let (one, other) = (one(), one());
    match dice.random_range(0..8) {
        0 => format!("sum({one}, {other})"),
        1 => format!("{one} + {other}"),
        2 => format!("{one} - 2 * {other}"),
        3 => format!("iif({one} notempty, {one}, 3)"),
        4 => format!("avg({one}, 4)"),
        5 => format!("max({one}, {other}, 2)"),
        6 => format!("round({one} / 3, 1)"),
        _ => format!("{one} * 2"),
    }
}
