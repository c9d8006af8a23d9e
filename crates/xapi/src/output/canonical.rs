//! `format=canonical`, and the choice of a language.

use std::cmp::Reverse;
use std::fmt;

use super::edits::{Edits, edited};
use super::parts::sub_statement;
use crate::json::{Kind, Value};

/// What the server holds to be canonical, and who reads it.
pub struct Canonical<'a> {
    /// The canonical definition, as JSON, of the activity with this id; None leaves the statement's own.
    pub definition: &'a dyn Fn(&str) -> Option<String>,
    /// The canonical display, a language map as JSON, of the verb with this id; None leaves the statement's own.
    pub display: &'a dyn Fn(&str) -> Option<String>,
    /// The reader's languages.
    pub languages: &'a Languages,
}

impl fmt::Debug for Canonical<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canonical").field("languages", self.languages).finish_non_exhaustive()
    }
}

/// The languages of an `Accept-Language` header, the most wanted first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Languages {
    /// Ranges in lower case.
    wanted: Vec<String>,
    refused: Vec<String>,
}

impl Languages {
    /// Reads a header (RFC 9110, 12.5.4). What has not its form is passed over.
    pub fn parse(header: &str) -> Self {
        let mut weighted = Vec::new();
        for part in header.split(',') {
            let (range, parameters) = part.split_once(';').unwrap_or((part, ""));
            let range = range.trim().to_ascii_lowercase();
            let weight = match parameters.trim().strip_prefix("q=").map(str::parse::<f32>) {
                Some(Ok(weight)) => (weight.clamp(0.0, 1.0) * 1000.0) as u32,
                _ => 1000,
            };
            if !range.is_empty() {
                weighted.push((range, weight));
            }
        }
        weighted.sort_by_key(|(_, weight)| Reverse(*weight));
        let (wanted, refused): (Vec<_>, Vec<_>) = weighted.into_iter().partition(|(_, weight)| *weight > 0);
        let ranges = |list: Vec<(String, u32)>| list.into_iter().map(|(range, _)| range).collect();
        Self { wanted: ranges(wanted), refused: ranges(refused) }
    }

    /// Which of these tags suits best: for each range in turn a tag that it is or begins (RFC 4647, 3.3.1), or
    /// one that its own beginning is (3.4); else the first that is not refused, else the first.
    fn choose(&self, tags: &[String]) -> usize {
        let begins = |range: &str, tag: &str| {
            tag.strip_prefix(range).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let allowed = |tag: &str| !self.refused.iter().any(|range| begins(range, tag));
        let first_allowed = || tags.iter().position(|tag| allowed(tag));
        for range in &self.wanted {
            if range == "*" {
                return first_allowed().unwrap_or(0);
            }
            let exact = tags.iter().position(|tag| tag == range);
            let longer = || tags.iter().position(|tag| begins(range, tag) && allowed(tag));
            let shorter = || {
                let found = tags.iter().enumerate().filter(|(_, tag)| begins(tag, range) && allowed(tag));
                found.max_by_key(|(_, tag)| tag.len()).map(|(n, _)| n)
            };
            if let Some(n) = exact.or_else(longer).or_else(shorter) {
                return n;
            }
        }
        first_allowed().unwrap_or(0)
    }
}

pub(super) fn apply(text: &str, canonical: &Canonical<'_>) -> String {
    edited(text, |statement, edits| {
        event(statement, edits, canonical);
        if let Some(sub) = sub_statement(statement) {
            event(sub, edits, canonical);
        }
    })
}

pub(super) fn definition_in_one_language(json: &str, languages: &Languages) -> String {
    edited(json, |value, edits| definition(value, edits, languages))
}

pub(super) fn map_in_one_language(json: &str, languages: &Languages) -> String {
    edited(json, |value, edits| one_language(value, edits, languages))
}

fn event(event: Value<'_>, edits: &mut Edits, canonical: &Canonical<'_>) {
    if let Some(verb) = event.get("verb") {
        part(verb, "display", canonical.display, edits, canonical.languages, one_language);
    }
    let mut activities: Vec<Value<'_>> = Vec::new();
    let is_activity = |o: &Value<'_>| o.get("objectType").is_none_or(|t| t.is("Activity"));
    activities.extend(event.get("object").filter(is_activity));
    for (_, list) in
        event.get("context").and_then(|c| c.get("contextActivities")).into_iter().flat_map(Value::entries)
    {
        match list.kind() {
            Kind::Array => activities.extend(list.items()),
            _ => activities.push(list),
        }
    }
    for activity in activities {
        part(activity, "definition", canonical.definition, edits, canonical.languages, definition);
    }
}

/// Puts the canonical form of `owner`'s property `name` in its place, or cuts down the one that is there.
fn part(
    owner: Value<'_>,
    name: &str,
    known: &dyn Fn(&str) -> Option<String>,
    edits: &mut Edits,
    languages: &Languages,
    cut: fn(Value<'_>, &mut Edits, &Languages),
) {
    let own = owner.get(name);
    let Some(json) = owner.get("id").and_then(|id| known(&id.string())) else {
        own.into_iter().for_each(|own| cut(own, edits, languages));
        return;
    };
    let json = edited(&json, |value, edits| cut(value, edits, languages));
    match own {
        Some(own) => edits.replace(own, &json),
        None => edits.append(owner, name, &json),
    }
}

fn definition(value: Value<'_>, edits: &mut Edits, languages: &Languages) {
    for name in ["name", "description"] {
        value.get(name).into_iter().for_each(|map| one_language(map, edits, languages));
    }
    for list in ["choices", "scale", "source", "target", "steps"] {
        for component in value.get(list).into_iter().flat_map(Value::items) {
            component.get("description").into_iter().for_each(|map| one_language(map, edits, languages));
        }
    }
}

fn one_language(map: Value<'_>, edits: &mut Edits, languages: &Languages) {
    let tags: Vec<_> = map.entries().map(|(key, _)| key.string().to_ascii_lowercase()).collect();
    if tags.len() > 1
        && let Some((key, text)) = map.entries().nth(languages.choose(&tags))
    {
        edits.replace(map, &format!("{{{}:{}}}", key.raw(), text.raw()));
    }
}
