//! What all readers of parts share: properties by type, expressions, texts in languages.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::advice;
use crate::expression::parse;
use crate::question::{Condition, Conditions};
use crate::refusal::Refusals;
use crate::text::{Localised, in_braces};

/// Longest text of an author in one language, in bytes.
const LONGEST_TEXT: usize = 20_000;

/// What is gathered while a definition is read.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Whether it was taken before, perhaps by rules that were fewer.
    pub(super) registered: bool,
    pub(super) refusals: Refusals,
    pub(super) languages: BTreeSet<String>,
    /// The language of texts that name none.
    pub(super) language: String,
    /// What stands in braces in texts, with the text's place and whether it is `${…}`.
    pub(super) braces: BTreeSet<(String, bool, String)>,
}

/// An object of the definition with its place.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) map: &'a Map<String, Json>,
    pub(super) place: &'a str,
}

impl<'a> Object<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a Json> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn at(&self, name: &str) -> String {
        format!("{}/{}", self.place, name.replace('~', "~0").replace('/', "~1"))
    }
}

impl Reader {
    /// The object at a place, or a refusal.
    pub(super) fn object<'a>(&mut self, json: &'a Json, place: &'a str) -> Option<Object<'a>> {
        match json {
            Json::Object(map) => Some(Object { map, place }),
            _ => {
                self.refusals.add(place, "ska vara ett objekt", "has to be an object");
                None
            }
        }
    }

    /// Refuses every property that is not among the known ones.
    pub(super) fn only(&mut self, object: Object<'_>, known: &[&[&str]]) {
        for name in object.map.keys() {
            if known.iter().any(|names| names.contains(&name.as_str())) {
                continue;
            }
            let place = object.at(name);
            let alike =
                known.iter().flat_map(|names| names.iter()).find(|known| known.eq_ignore_ascii_case(name));
            let what = (format!("{name} tas inte emot"), format!("{name} is not taken"));
            match alike {
                Some(known) => {
                    let (sv, en) = (format!("skriv {known}"), format!("write {known}"));
                    self.refusals.instead(&place, what, (&sv, &en));
                }
                None => self.refusals.instead(&place, what, advice::of_property(name)),
            }
        }
    }

    /// The items of a list; none where it is missing.
    pub(super) fn list<'a>(&mut self, object: Object<'a>, name: &str) -> &'a [Json] {
        match object.get(name) {
            None => &[],
            Some(Json::Array(items)) => items,
            Some(_) => {
                self.refusals.add(&object.at(name), "ska vara en lista", "has to be a list");
                &[]
            }
        }
    }

    pub(super) fn bool(&mut self, object: Object<'_>, name: &str) -> Option<bool> {
        match object.get(name)? {
            Json::Bool(value) => Some(*value),
            _ => {
                self.refusals.add(&object.at(name), "ska vara true eller false", "has to be true or false");
                None
            }
        }
    }

    pub(super) fn text<'a>(&mut self, object: Object<'a>, name: &str) -> Option<&'a str> {
        match object.get(name)? {
            Json::String(text) => Some(text),
            _ => {
                self.refusals.add(&object.at(name), "ska vara en text", "has to be a text");
                None
            }
        }
    }

    pub(super) fn number(&mut self, object: Object<'_>, name: &str) -> Option<f64> {
        match object.get(name)? {
            Json::Number(number) => number.as_f64(),
            _ => {
                self.refusals.add(&object.at(name), "ska vara ett tal", "has to be a number");
                None
            }
        }
    }

    /// A whole number that is not negative; SurveyJS's -1 and 0 for "no limit" are none.
    pub(super) fn count(&mut self, object: Object<'_>, name: &str) -> Option<usize> {
        let number = self.number(object, name)?;
        if number.fract() != 0.0 || !(-1.0..=1e9).contains(&number) {
            self.refusals.add(&object.at(name), "ska vara ett heltal", "has to be a whole number");
            return None;
        }
        (number > 0.0).then_some(number as usize)
    }

    /// A text in languages.
    pub(super) fn localised(&mut self, object: Object<'_>, name: &str) -> Option<Localised> {
        let place = object.at(name);
        let mut text = Localised::default();
        match object.get(name)? {
            Json::String(plain) => text.default.clone_from(plain),
            Json::Number(number) => text.default = number.to_string(),
            Json::Object(languages) => {
                for (language, value) in languages {
                    let Json::String(value) = value else {
                        self.refusals.add(
                            &place,
                            "ska vara text på varje språk",
                            "has to be a text in each language",
                        );
                        continue;
                    };
                    if language == "default" {
                        text.default.clone_from(value);
                    } else if is_language(language) {
                        text.by_language.insert(language.clone(), value.clone());
                        self.languages.insert(language.clone());
                    } else {
                        self.refusals.add(
                            &place,
                            format!("{language} är inget språk"),
                            format!("{language} is not a language"),
                        );
                    }
                }
            }
            _ => {
                self.refusals.add(&place, "ska vara en text", "has to be a text");
                return None;
            }
        }
        for (_, written) in text.all() {
            let braces = in_braces(written).map(|(sheets, name)| (place.clone(), sheets, name.to_owned()));
            self.braces.extend(braces);
        }
        if text.default.is_empty() {
            text.default = text.by_language.get(&self.language).cloned().unwrap_or_default();
        }
        if text.all().any(|(_, text)| text.len() > LONGEST_TEXT) {
            self.refusals.add(&place, "texten är för lång", "the text is too long");
        }
        Some(text)
    }

    pub(super) fn condition(&mut self, object: Object<'_>, name: &str) -> Option<Condition> {
        let text = self.text(object, name)?;
        if text.trim().is_empty() {
            return None;
        }
        let place = object.at(name);
        match parse(text) {
            Ok(parsed) => Some(Condition { parsed, refs: Vec::new(), place }),
            Err(words) => {
                self.refusals.push(&place, words, None);
                None
            }
        }
    }

    pub(super) fn conditions(&mut self, object: Object<'_>) -> Conditions {
        Conditions {
            hidden: self.bool(object, "visible") == Some(false),
            read_only: self.bool(object, "readOnly") == Some(true),
            required: self.bool(object, "isRequired") == Some(true),
            visible_if: self.condition(object, "visibleIf"),
            enable_if: self.condition(object, "enableIf"),
            required_if: self.condition(object, "requiredIf"),
            required_text: self.localised(object, "requiredErrorText"),
        }
    }
}

/// Whether a text is shaped as a language tag: `sv`, `en`, `ckb`, `zh-TW`.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}
