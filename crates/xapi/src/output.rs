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
use parts::{is_sub_statement, json_string};

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
    // In the statement its object, where that is a SubStatement its context, and in that its activities by their relation.
    edits::edited_down_to(4, text, |statement, edits| {
        let stored = json_string(&time::format_timestamp(additions.stored));
        let mut sent = Sent::default();
        let mut is_empty = true;
        for (key, value) in statement.entries() {
            is_empty = false;
            match &*key.string() {
                "id" => sent.id = true,
                "version" => sent.version = true,
                "timestamp" => {
                    sent.timestamp = true;
                    timestamp(value, edits, additions.answer);
                }
                "stored" => {
                    sent.stored = true;
                    edits.replace(value, &stored);
                }
                "authority" => {
                    sent.authority = true;
                    if let Some(authority) = additions.authority {
                        edits.replace(value, authority);
                    }
                }
                "context" => context(value, edits),
                "object" if is_sub_statement(value) => event(value, edits, additions.answer),
                _ => {}
            }
        }
        let mut added = String::new();
        let mut add = |name: &str, json: &str| {
            added.push_str(if is_empty { "\"" } else { ",\"" });
            is_empty = false;
            added.extend([name, "\":", json]);
        };
        if !sent.id {
            add("id", &json_string(&additions.id.to_string()));
        }
        if !sent.timestamp {
            add("timestamp", &stored);
        }
        if !sent.stored {
            add("stored", &stored);
        }
        if let Some(authority) = additions.authority.filter(|_| !sent.authority) {
            add("authority", authority);
        }
        if !sent.version {
            add("version", &json_string(additions.received.statement_default()));
        }
        edits.insert(statement.range().end - 1, &added);
    })
}

/// What a statement's text has of what is added where it is missing.
#[derive(Default)]
struct Sent {
    id: bool,
    timestamp: bool,
    stored: bool,
    authority: bool,
    version: bool,
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

/// What changes in a SubStatement.
fn event(event: Value<'_>, edits: &mut Edits, answer: Version) {
    event.get("timestamp").into_iter().for_each(|value| timestamp(value, edits, answer));
    event.get("context").into_iter().for_each(|value| context(value, edits));
}

fn timestamp(timestamp: Value<'_>, edits: &mut Edits, answer: Version) {
    let text = timestamp.string();
    let given = match answer {
        Version::V1_0_3 => time::with_zone(&text),
        Version::V2_0_0 => time::to_utc(&text),
    };
    if let Some(given) = given {
        edits.replace(timestamp, &json_string(&given));
    }
}

fn context(context: Value<'_>, edits: &mut Edits) {
    for (_, activity) in context.get("contextActivities").into_iter().flat_map(Value::entries) {
        if activity.kind() == Kind::Object {
            edits.insert(activity.range().start, "[");
            edits.insert(activity.range().end, "]");
        }
    }
}

#[cfg(test)]
#[path = "output/tests.rs"]
mod tests;
