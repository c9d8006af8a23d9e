//! Answers, question by question.

use domain::events::SurveyFacts;
use domain::iris;
use forms::Definition;
use forms::question::{Input, Kind, Question, code};
use serde_json::{Map, Value as Json};

/// The answer to one question, or in one row of a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// What answers it: the question, `question.row`, or `question-Comment` for the text beside its answer.
    pub(crate) name: String,
    /// What xAPI calls such questions (1.0.3 Data 2.4.4.1).
    pub(crate) interaction: &'static str,
    /// The codes that were chosen, or the text as the only one.
    pub(crate) response: Vec<String>,
}

/// The answers in the order of the questions.
pub(crate) fn given(definition: &Definition, kept: &Map<String, Json>) -> Vec<Given> {
    let mut all = Vec::new();
    let mut add = |name: String, interaction: &'static str, answer: &Json| {
        let response: Vec<String> = match answer {
            Json::Null => Vec::new(),
            Json::Array(items) => items.iter().map(code).collect(),
            answer => vec![code(answer)],
        };
        if response.iter().any(|piece| !piece.trim().is_empty()) {
            all.push(Given { name, interaction, response });
        }
    };
    for question in &definition.questions {
        match (kept.get(&question.name), &question.kind) {
            (Some(Json::Object(rows)), Kind::Matrix(_)) => {
                for row in question.rows().iter().map(forms::question::Choice::code) {
                    let answer = rows.get(&row).unwrap_or(&Json::Null);
                    add(format!("{}.{row}", question.name), "likert", answer);
                }
            }
            (Some(answer), _) => add(question.name.clone(), interaction(question), answer),
            (None, _) => {}
        }
        if let Some(text) = kept.get(&question.comment_key()) {
            add(question.comment_key(), "long-fill-in", text);
        }
    }
    for calculated in definition.calculated.iter().filter(|calculated| calculated.kept) {
        if let Some(value) = kept.get(&calculated.name) {
            add(calculated.name.clone(), "other", value);
        }
    }
    all
}

/// Everything that may be answered, by name.
pub(crate) fn names(definition: &Definition) -> Vec<String> {
    let of = |question: &Question| {
        let mut names: Vec<String> =
            question.rows().iter().map(|row| format!("{}.{}", question.name, row.code())).collect();
        names.extend([question.name.clone(), question.comment_key()]);
        names
    };
    let calculated = definition.calculated.iter().map(|calculated| calculated.name.clone());
    definition.questions.iter().flat_map(of).chain(calculated).collect()
}

/// The IRI of what is answered: the item's, or one below the survey's.
pub(crate) fn activity(survey: &SurveyFacts, name: &str) -> String {
    match survey.items.iter().find(|item| item.name == name) {
        Some(item) => item.activity.clone(),
        None => format!("{}/{}", survey.id.trim_end_matches('/'), iris::part(name)),
    }
}

fn interaction(question: &Question) -> &'static str {
    match &question.kind {
        Kind::Choice(_) => "choice",
        Kind::Rating(_) | Kind::Matrix(_) => "likert",
        Kind::Ranking(_) => "sequencing",
        Kind::Boolean(boolean) if boolean.yes == Json::Bool(true) && boolean.no == Json::Bool(false) => {
            "true-false"
        }
        Kind::Boolean(_) => "choice",
        Kind::Text(field) if field.input == Input::Number => "numeric",
        Kind::Text(_) => "fill-in",
        Kind::Comment(_) => "long-fill-in",
        Kind::Html(_) | Kind::Expression(_) => "other",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    /// One question of each kind.
    pub(crate) fn definition() -> Definition {
        let definition = json!({
            "title": "Trivsel",
            "pages": [{ "name": "p", "elements": [
                { "type": "radiogroup", "name": "trivs", "choices": ["1", "2", "3", "4"], "hasOther": true },
                { "type": "checkbox", "name": "hjälp av", "choices": ["chef", "kollega", "it"] },
                { "type": "rating", "name": "råd" },
                { "type": "boolean", "name": "ny" },
                { "type": "text", "name": "år", "inputType": "number" },
                { "type": "comment", "name": "fritt" },
                { "type": "ranking", "name": "ordning", "choices": ["a", "b"] },
                { "type": "matrix", "name": "delar", "rows": ["ledning", "miljö"], "columns": ["1", "2"] },
            ] }],
            "calculatedValues": [{ "name": "dubbelt", "expression": "{år} * 2", "includeIntoResult": true }],
        });
        forms::register(definition.to_string().as_bytes(), None).unwrap()
    }

    pub(crate) fn kept() -> Map<String, Json> {
        let kept = json!({
            "trivs": "other", "trivs-Comment": "så där", "hjälp av": ["it", "chef"], "råd": 4, "ny": false,
            "år": 12.5, "fritt": " ", "ordning": ["b", "a"], "delar": { "miljö": "2" }, "dubbelt": 25,
        });
        kept.as_object().unwrap().clone()
    }

    #[test]
    fn an_answer_is_told_question_by_question() {
        let all = given(&definition(), &kept());
        let all: Vec<_> =
            all.iter().map(|one| (one.name.as_str(), one.interaction, one.response.join("[,]"))).collect();
        let expected = [
            ("trivs", "choice", "other"),
            ("trivs-Comment", "long-fill-in", "så där"),
            ("hjälp av", "choice", "it[,]chef"),
            ("råd", "likert", "4"),
            ("ny", "true-false", "false"),
            ("år", "numeric", "12.5"),
            ("ordning", "sequencing", "b[,]a"),
            ("delar.miljö", "likert", "2"),
            ("dubbelt", "other", "25"),
        ];
        assert_eq!(all, expected.map(|(name, kind, response)| (name, kind, response.to_owned())));
        let names = names(&definition());
        assert!(given(&definition(), &kept()).iter().all(|one| names.contains(&one.name)));
    }
}
