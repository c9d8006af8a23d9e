//! Statements as they are given back (1.0.3 Communication 2.1.3, IEEE 4.1.6.1 and 4.2.4.2).
//!
//! Every form is the text that came with edits made to it: what no edit touches keeps its bytes. A text that is
//! no JSON object comes back as it is.

mod anonymous;
mod canonical;
mod edits;
mod ids;
mod parts;

use uuid::Uuid;

use crate::json::{Kind, Value};
use crate::{Version, time};

pub use anonymous::{Account, Anonymous, AnonymousObject};
pub use canonical::{Canonical, Languages};

use edits::Edits;
use parts::{json_string, sub_statement};

/// What the server adds to a statement's text.
#[derive(Debug, Clone, Copy)]
pub struct Additions<'a> {
    /// The statement's id, added where the text has none.
    pub id: Uuid,
    /// When it was stored, in microseconds since 1970; replaces what the sender wrote. Also the `timestamp`
    /// where the text has none.
    pub stored: i64,
    /// The authority as JSON; replaces what the sender wrote. None leaves that as it is.
    pub authority: Option<&'a str>,
    /// The version of the request that brought the statement; says the `version` where the text has none.
    pub received: Version,
    /// The version of the answer: in 2.0 timestamps are given in UTC, in 1.0.3 as they came, but with a zone.
    pub answer: Version,
}

/// The statement's text with what the server adds, and otherwise as it came (`format=exact`). Context
/// activities are given as arrays.
pub fn exact(text: &str, additions: &Additions<'_>) -> String {
    edits::edited(text, |statement, edits| {
        let stored = json_string(&time::format_timestamp(additions.stored));
        set(statement, edits, "id", &json_string(&additions.id.to_string()), false);
        set(statement, edits, "timestamp", &stored, false);
        set(statement, edits, "stored", &stored, true);
        if let Some(authority) = additions.authority {
            set(statement, edits, "authority", authority, true);
        }
        set(statement, edits, "version", &json_string(additions.received.statement_default()), false);
        event(statement, edits, additions.answer);
        if let Some(sub) = sub_statement(statement) {
            event(sub, edits, additions.answer);
        }
    })
}

/// A statement, such as [`exact`] gives, cut down to what identifies its agents, groups, activities and verbs
/// (`format=ids`).
pub fn ids(text: &str) -> String {
    ids::ids(text)
}

/// A statement, such as [`exact`] gives, with canonical definitions and displays, each map of languages cut to
/// the one that suits the reader best (`format=canonical`).
pub fn canonical(text: &str, canonical: &Canonical<'_>) -> String {
    canonical::apply(text, canonical)
}

/// An activity's definition as JSON, each of its language maps cut to one language. A text that is no JSON object
/// comes back as it is.
pub fn definition_in_one_language(definition: &str, languages: &Languages) -> String {
    canonical::definition_in_one_language(definition, languages)
}

/// A language map as JSON, such as a verb's display, cut to one language. A text that is no JSON object comes back
/// as it is.
pub fn map_in_one_language(map: &str, languages: &Languages) -> String {
    canonical::map_in_one_language(map, languages)
}

/// A minimal valid statement made from what is known of one whose text is gone.
pub fn anonymous(facts: &Anonymous<'_>) -> String {
    anonymous::anonymous(facts)
}

/// Adds the property, or replaces its value if `overwrite`.
fn set(object: Value<'_>, edits: &mut Edits, name: &str, json: &str, overwrite: bool) {
    match object.get(name) {
        Some(value) if overwrite => edits.replace(value, json),
        Some(_) => {}
        None => edits.append(object, name, json),
    }
}

/// What changes in statements and SubStatements alike.
fn event(event: Value<'_>, edits: &mut Edits, answer: Version) {
    if let Some(timestamp) = event.get("timestamp") {
        let text = timestamp.string();
        let given = match answer {
            Version::V1_0_3 => time::with_zone(&text),
            Version::V2_0_0 => time::to_utc(&text),
        };
        if let Some(given) = given {
            edits.replace(timestamp, &json_string(&given));
        }
    }
    let activities = event.get("context").and_then(|context| context.get("contextActivities"));
    for (_, activity) in activities.into_iter().flat_map(Value::entries) {
        if activity.kind() == Kind::Object {
            edits.insert(activity.range().start, "[");
            edits.insert(activity.range().end, "]");
        }
    }
}

#[cfg(test)]
#[path = "output/tests.rs"]
mod tests;
