//! What is seen of a statement without reading all of it.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::imports::extended;

/// What is seen of a statement without reading all of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Glance {
    pub(super) id: Option<Uuid>,
    pub(super) verb: Option<String>,
    pub(super) stored: Option<i64>,
    pub(super) timestamp: Option<i64>,
    /// The statement that it voids.
    pub(super) voids: Option<Uuid>,
}

impl Glance {
    pub(super) fn of(text: &str) -> Self {
        let Ok(seen) = serde_json::from_str::<Seen>(text) else { return Self::default() };
        let verb = seen.verb.as_ref().and_then(|verb| verb["id"].as_str());
        let object = seen.object.as_ref();
        let refers = object.filter(|object| object.object_type.as_deref() == Some("StatementRef"));
        let instant = |at: Option<&Value>| at.and_then(Value::as_str).and_then(extended::timestamp);
        let id = |id: Option<&str>| id.and_then(|id| Uuid::parse_str(id).ok());
        Self {
            id: id(seen.id.as_ref().and_then(Value::as_str)),
            voids: refers.filter(|_| verb == Some(xapi::VOIDED)).and_then(|object| id(object.id.as_deref())),
            stored: instant(seen.stored.as_ref()),
            timestamp: instant(seen.timestamp.as_ref()),
            verb: verb.map(str::to_owned),
        }
    }
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    verb: Option<Value>,
    #[serde(default)]
    stored: Option<Value>,
    #[serde(default)]
    timestamp: Option<Value>,
    #[serde(default)]
    object: Option<SeenObject>,
}

#[derive(Deserialize)]
struct SeenObject {
    #[serde(rename = "objectType", default)]
    object_type: Option<String>,
    #[serde(default)]
    id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_sees_what_is_compared_and_nothing_in_what_is_no_statement() {
        let id = "e05aa883-acaf-40ad-bf54-02c8ce485fb0";
        let text = format!(
            r#"{{"id":"{id}","verb":{{"id":"{}"}},"stored":"1970-01-01T00:00:01.000000999Z","object":{{"objectType":"StatementRef","id":"{id}"}}}}"#,
            xapi::VOIDED
        );
        let id = Uuid::parse_str(id).ok();
        let verb = Some(xapi::VOIDED.to_owned());
        assert_eq!(
            Glance::of(&text),
            Glance { id, verb, stored: Some(1_000_000), timestamp: None, voids: id }
        );
        let other = Glance::of(r#"{"id":7,"verb":{"id":"x"},"object":{"objectType":"Activity","id":"x"}}"#);
        assert_eq!(other, Glance { verb: Some("x".to_owned()), ..Glance::default() });
        assert_eq!(Glance::of("not json"), Glance::default());
    }
}
