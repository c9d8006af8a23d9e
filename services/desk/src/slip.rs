//! What goes into a ballot box, and what comes out of it.

use std::collections::{BTreeMap, HashMap};

use domain::events::{Answered, Ballot, SurveyFacts};
use forms::Definition;
use forms::answers::LONGEST_ANSWER;
use forms::question::{Choice, Kind, Question};
use serde_json::{Map, Value as Json};

use crate::answers::given;

/// A slip with the longest texts is as long as this at most, in bytes.
const LONGEST: usize = 64 << 10;
/// Bytes around a slip's answers.
const AROUND: usize = 64;
/// Where the author set no limit, a text has room for so many bytes: every slip is as long as the longest one.
const ROOM_FOR_TEXT: usize = 4_000;

/// The bytes of an answer: the same for the same answers, in whichever order they were given.
pub(crate) fn write(stratum: u32, kept: &Map<String, Json>) -> Vec<u8> {
    let mut bytes = format!("{{\"stratum\":{stratum},\"answers\":").into_bytes();
    bytes.extend_from_slice(canonical(&Json::Object(kept.clone())).to_string().as_bytes());
    bytes.push(b'}');
    bytes
}

/// With all keys in the order of their bytes.
fn canonical(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let sorted: BTreeMap<&String, Json> =
                fields.iter().map(|(key, value)| (key, canonical(value))).collect();
            sorted.into_iter().map(|(key, value)| (key.clone(), value)).collect()
        }
        Json::Array(items) => items.iter().map(canonical).collect(),
        value => value.clone(),
    }
}

/// What came out of a ballot box.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Counted {
    /// One for each slip, in the order of their bytes.
    pub(crate) answers: Vec<Ballot>,
    /// What was written in words, and answers to what has no scale, by question; each question's by themselves, in the
    /// order of their bytes.
    pub(crate) texts: BTreeMap<String, Vec<String>>,
    /// Slips that are none.
    pub(crate) unread: usize,
}

/// Takes slips apart.
pub(crate) fn count(slips: &[Vec<u8>], survey: &SurveyFacts, definition: &Definition) -> Counted {
    let items: HashMap<&str, u16> =
        survey.items.iter().zip(0..).map(|(item, at)| (item.name.as_str(), at)).collect();
    let mut counted = Counted::default();
    for slip in slips {
        let read: Option<(u32, Map<String, Json>)> =
            serde_json::from_slice(slip).ok().and_then(|slip: Json| {
                let stratum = u32::try_from(slip.get("stratum")?.as_u64()?).ok()?;
                Some((stratum, slip.get("answers")?.as_object()?.clone()))
            });
        let Some((stratum, kept)) = read else {
            counted.unread += 1;
            continue;
        };
        let mut codes = Vec::new();
        for one in given(definition, &kept) {
            match items.get(one.name.as_str()) {
                Some(&item) => codes.push(Answered { item, codes: one.response }),
                None => counted.texts.entry(one.name).or_default().push(one.response.join(", ")),
            }
        }
        codes.sort_unstable();
        counted.answers.push(Ballot { stratum, codes });
    }
    counted.answers.sort_unstable();
    counted.texts.values_mut().for_each(|texts| texts.sort_unstable());
    counted
}

/// The most bytes that a slip of a survey may have.
pub(crate) fn longest(definition: &Definition) -> u32 {
    let calculated = definition.calculated.iter().map(|calculated| calculated.name.len() + AROUND);
    let all: usize = definition.questions.iter().map(room).chain(calculated).sum();
    u32::try_from((AROUND + all).min(LONGEST)).unwrap_or(u32::MAX)
}

/// How much the answer to a question takes at most.
fn room(question: &Question) -> usize {
    let quoted = |choice: &Choice| 2 * choice.code().len() + 3;
    let choices = || question.choices().iter().map(quoted);
    let text = |most: Option<usize>| most.map_or(ROOM_FOR_TEXT, |most| 4 * most.min(LONGEST_ANSWER));
    let answer = match &question.kind {
        Kind::Choice(choice) if !choice.several => choices().max().unwrap_or(0),
        Kind::Choice(_) | Kind::Ranking(_) => choices().sum(),
        Kind::Rating(_) | Kind::Boolean(_) => choices().max().unwrap_or(0) + AROUND,
        Kind::Matrix(_) => {
            let column = choices().max().unwrap_or(0);
            question.rows().iter().map(|row| quoted(row) + column + 1).sum()
        }
        Kind::Text(field) => text(field.max_length.or(Some(250))),
        Kind::Comment(field) => text(field.max_length),
        Kind::Html(_) => return 0,
        Kind::Expression(_) => ROOM_FOR_TEXT,
    };
    let beside = if question.takes_comment() { ROOM_FOR_TEXT + question.comment_key().len() } else { 0 };
    2 * question.name.len() + 8 + answer + beside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::tests::{definition, kept};
    use domain::Text;
    use domain::events::SurveyItem;
    use serde_json::json;

    fn survey(names: &[&str]) -> SurveyFacts {
        let item = |name: &&str| SurveyItem {
            name: (*name).to_owned(),
            activity: format!("https://larkby.example/enkat/{name}"),
            text: Text::default(),
            scale: "s".into(),
            reverse: false,
            several: false,
            ranked: false,
            groups: Vec::new(),
            required: true,
            feeds: None,
        };
        SurveyFacts {
            id: "https://larkby.example/enkat".into(),
            version: "1".into(),
            title: Text::default(),
            definition_sha256: [0; 32],
            scales: Vec::new(),
            items: names.iter().map(item).collect(),
            indexes: Vec::new(),
            instrument: None,
            question_set: None,
            groups: Vec::new(),
        }
    }

    #[test]
    fn the_same_answers_are_the_same_bytes_in_whichever_order_they_were_given() {
        let mut turned: Map<String, Json> = kept().into_iter().rev().collect();
        let rows = json!({ "miljö": "2" });
        turned.insert("delar".into(), rows);
        assert_eq!(write(3, &kept()), write(3, &turned));
        assert_ne!(write(2, &kept()), write(3, &kept()));
        assert!(write(3, &kept()).len() < longest(&definition()) as usize);
    }

    #[test]
    fn slips_are_told_by_item_and_what_has_no_scale_by_question_alone() {
        let survey = survey(&["delar.miljö", "trivs", "hjälp av"]);
        let other = json!({ "trivs": "1", "fritt": "bra" }).as_object().unwrap().clone();
        let slips = [write(1, &kept()), write(0, &other), b"{}".to_vec()];
        let counted = count(&slips, &survey, &definition());
        let answered = |item, codes: &[&str]| Answered {
            item,
            codes: codes.iter().map(|code| (*code).to_owned()).collect(),
        };
        assert_eq!(counted.unread, 1);
        assert_eq!(
            counted.answers,
            [
                Ballot { stratum: 0, codes: vec![answered(1, &["1"])] },
                Ballot {
                    stratum: 1,
                    codes: vec![answered(0, &["2"]), answered(1, &["other"]), answered(2, &["it", "chef"])],
                },
            ]
        );
        assert_eq!(counted.texts["trivs-Comment"], ["så där"]);
        assert_eq!(counted.texts["fritt"], ["bra"]);
        assert_eq!(counted.texts["råd"], ["4"]);
        let turned: Vec<_> = slips.iter().rev().cloned().collect();
        assert_eq!(count(&turned, &survey, &definition()), counted, "no order is left");
    }

    #[test]
    fn a_slip_has_room_for_every_answer_that_its_survey_takes() {
        let choices: Vec<String> = (0..20).map(|at| format!("val \"{at}\" med å")).collect();
        let asked = json!({ "pages": [{ "name": "p", "elements": [
            { "type": "checkbox", "name": "c", "choices": choices },
            { "type": "matrix", "name": "m", "rows": choices, "columns": choices },
            { "type": "comment", "name": "t", "maxLength": 500 },
        ] }] });
        let definition = forms::register(asked.to_string().as_bytes(), None).unwrap();
        let rows: Map<String, Json> =
            choices.iter().map(|row| (row.clone(), choices[19].clone().into())).collect();
        let kept = json!({ "c": choices, "m": rows, "t": "😀".repeat(500) });
        let slip = write(1_000_000, kept.as_object().unwrap());
        let longest = longest(&definition) as usize;
        assert!(slip.len() <= longest && longest < 2 * slip.len(), "{} {longest}", slip.len());
    }
}
