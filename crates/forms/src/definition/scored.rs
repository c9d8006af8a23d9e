//! Reading the sidecar and holding it against the questions.

use serde_json::Value as Json;

use super::model::Definition;
use crate::question::{Choice, Special};
use crate::refusal::Refusals;
use crate::sidecar::{Scale, Sidecar};

/// Reads a sidecar; `place` is where it stands.
pub(super) fn read(definition: &Definition, json: &Json, place: &str, refusals: &mut Refusals) -> Sidecar {
    let sidecar: Sidecar = match serde_json::from_value(json.clone()) {
        Ok(sidecar) => sidecar,
        Err(error) => {
            let why = error.to_string();
            refusals.add(place, format!("kan inte läsas: {why}"), format!("cannot be read: {why}"));
            return Sidecar::default();
        }
    };
    let mut add = |at: String, sv: String, en: String| {
        refusals.add(&format!("{place}{at}"), sv, en);
    };
    for (at, scale) in sidecar.scales.iter().enumerate() {
        if sidecar.scales[..at].iter().any(|other| other.id == scale.id) {
            add(
                format!("/scales/{at}"),
                format!("skalan {} står två gånger", scale.id),
                format!("the scale {} is there twice", scale.id),
            );
        }
        for (index, code) in scale.codes.iter().enumerate() {
            let wrong = code.score.is_some_and(|score| score.fraction().1 == 0);
            let twice = scale.codes[..index].iter().any(|other| other.code == code.code);
            if wrong || twice || (code.dont_know && code.score.is_some()) {
                add(
                    format!("/scales/{at}/codes/{index}"),
                    format!("{}: två gånger, poäng delad med noll, eller \"vet inte\" med poäng", code.code),
                    format!("{}: twice, a score over nought, or \"don't know\" with a score", code.code),
                );
            }
        }
    }
    for (name, item) in &sidecar.items {
        let at = format!("/items/{}", name.replace('~', "~0").replace('/', "~1"));
        let Some(choices) = choices(definition, name) else {
            add(at, format!("ingen fråga heter {name}"), format!("no question is called {name}"));
            continue;
        };
        let Some(scale) = sidecar.scales.iter().find(|scale| scale.id == item.scale) else {
            add(at, format!("skalan {} finns inte", item.scale), format!("there is no scale {}", item.scale));
            continue;
        };
        for choice in unscored(choices, scale) {
            add(
                at.clone(),
                format!("svaret {choice} finns inte i skalan {}", scale.id),
                format!("the answer {choice} is not in the scale {}", scale.id),
            );
        }
        for code in item.feeds.iter().flat_map(|feed| feed.levels.keys()) {
            if scale.codes.iter().all(|known| known.code != *code) {
                add(
                    at.clone(),
                    format!("nivå för {code}, som inte finns"),
                    format!("a level for {code}, which there is not"),
                );
            }
        }
    }
    for (at, index) in sidecar.indexes.iter().enumerate() {
        let before = &sidecar.indexes[..at];
        let unknown = index.items.iter().find(|item| !sidecar.items.contains_key(*item));
        let unknown =
            unknown.or_else(|| index.parts.iter().find(|part| before.iter().all(|index| index.id != **part)));
        if let Some(name) = unknown {
            add(
                format!("/indexes/{at}"),
                format!("{name} finns inte före detta index"),
                format!("there is no {name} before this index"),
            );
        }
        if index.items.is_empty() == index.parts.is_empty() || before.iter().any(|other| other.id == index.id)
        {
            add(
                format!("/indexes/{at}"),
                "ett index är av frågor eller av andra index, och har ett eget id".to_owned(),
                "an index is of items or of other indexes, and has an id of its own".to_owned(),
            );
        }
        if index.ends.is_some_and(|(low, high)| low == high) {
            add(
                format!("/indexes/{at}/ends"),
                "skalans ändar är lika".to_owned(),
                "the ends of the scale are alike".to_owned(),
            );
        }
    }
    sidecar
}

/// The choices that answer an item: a question's, or those of a row of a matrix.
fn choices<'a>(definition: &'a Definition, item: &str) -> Option<&'a [Choice]> {
    if let Some(question) = definition.question(item).filter(|question| question.rows().is_empty()) {
        return Some(question.choices());
    }
    let mut matrices = definition.questions.iter().filter(|question| !question.rows().is_empty());
    let matrix = matrices.find(|question| {
        let row = item.strip_prefix(&question.name).and_then(|rest| rest.strip_prefix('.'));
        row.is_some_and(|row| question.rows().iter().any(|known| known.code() == row))
    });
    matrix.map(|question| question.choices())
}

fn unscored(choices: &[Choice], scale: &Scale) -> Vec<String> {
    let known = |code: &String| scale.codes.iter().any(|known| known.code == *code);
    let asked = choices.iter().filter(|choice| choice.special != Some(Special::Other));
    asked.map(Choice::code).filter(|code| !known(code)).collect()
}
