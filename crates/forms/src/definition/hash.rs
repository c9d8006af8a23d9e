//! What makes the answers of two versions comparable.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::model::Definition;
use crate::question::{Choice, Input, Kind, Question, code};

/// SHA-256 of a text.
pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 over what is asked, by name: types, values, rows and scores, in an order of their own. No wording, no order
/// on the page, no conditions.
pub(super) fn question_set(definition: &Definition) -> [u8; 32] {
    let mut questions: Vec<&Question> =
        definition.questions.iter().filter(|question| question.is_asked()).collect();
    questions.sort_by(|a, b| a.name.cmp(&b.name));
    let asked: Vec<Json> = questions.into_iter().map(asked).collect();
    let sidecar = &definition.sidecar;
    let mut scales: Vec<Json> = sidecar
        .scales
        .iter()
        .map(|scale| {
            let codes = scale.codes.iter().map(|code| {
                json!([code.code, code.score.map(|score| score.fraction()), code.positive, code.dont_know])
            });
            json!([scale.id, sorted(codes.collect())])
        })
        .collect();
    scales = sorted(scales);
    let items: Vec<Json> =
        sidecar.items.iter().map(|(name, item)| json!([name, item.scale, item.reverse])).collect();
    sha256(json!([asked, scales, items]).to_string().as_bytes())
}

fn asked(question: &Question) -> Json {
    let particular = match &question.kind {
        Kind::Boolean(boolean) => json!([code(&boolean.yes), code(&boolean.no)]),
        Kind::Text(text) => json!(match text.input {
            Input::Number => "number",
            Input::Date => "date",
            Input::Month => "month",
            _ => "text",
        }),
        Kind::Ranking(ranking) => json!(ranking.selected),
        Kind::Choice(choice) => json!(choice.several),
        _ => Json::Null,
    };
    // A menu and a list ask the same.
    let kind = match question.kind.name() {
        "dropdown" => "radiogroup",
        "tagbox" => "checkbox",
        other => other,
    };
    json!([question.name, kind, particular, codes(question.choices()), codes(question.rows())])
}

fn codes(choices: &[Choice]) -> Vec<Json> {
    sorted(choices.iter().map(|choice| Json::String(choice.code())).collect())
}

fn sorted(mut values: Vec<Json>) -> Vec<Json> {
    values.sort_by_key(Json::to_string);
    values
}
