//! Documents: the parameters of the three resources that keep them, and how two documents are merged
//! (1.0.3 Communication 2.2, 2.3, 2.6 and 2.7; IEEE 4.1.6.2, 4.1.6.5 and 4.1.6.6).

use uuid::Uuid;

use crate::json::{Kind, Reader};
use crate::parse::Invalid;
use crate::{Identifier, Iris, QueryError, lexical, parse, time};

/// Which resource documents belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentResource {
    /// `/activities/state`
    State,
    /// `/activities/profile`
    ActivityProfile,
    /// `/agents/profile`
    AgentProfile,
}

/// What is to be done with documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentAction {
    /// GET and HEAD: one document, or the ids of all.
    Read,
    /// PUT and POST of one document.
    Write,
    /// DELETE of one document; of states also of all.
    Delete,
}

/// What a client asks of a document resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentQuery {
    /// The resource.
    pub resource: DocumentResource,
    /// `activityId`: there, but for agents' profiles.
    pub activity: Option<String>,
    /// `agent`: there, but for activities' profiles.
    pub agent: Option<Identifier>,
    /// `registration`, of states.
    pub registration: Option<Uuid>,
    /// `stateId` or `profileId`: one document. None: all that belong to the rest.
    pub id: Option<String>,
    /// `since`, exclusive, on when a document was stored: microseconds since 1970 in UTC.
    pub since: Option<i64>,
}

impl DocumentResource {
    /// The parameter that names a document.
    pub fn id_name(self) -> &'static str {
        match self {
            Self::State => "stateId",
            Self::ActivityProfile | Self::AgentProfile => "profileId",
        }
    }

    /// The parameters that the resource defines for an action.
    pub fn names(self, action: DocumentAction) -> &'static [&'static str] {
        match (self, action) {
            (Self::State, DocumentAction::Read) => {
                &["stateId", "activityId", "agent", "registration", "since"]
            }
            (Self::State, _) => &["stateId", "activityId", "agent", "registration"],
            (Self::ActivityProfile, DocumentAction::Read) => &["profileId", "activityId", "since"],
            (Self::ActivityProfile, _) => &["profileId", "activityId"],
            (Self::AgentProfile, DocumentAction::Read) => &["profileId", "agent", "since"],
            (Self::AgentProfile, _) => &["profileId", "agent"],
        }
    }
}

impl DocumentQuery {
    /// Reads decoded names and values. The rules are the same in both versions.
    ///
    /// # Errors
    /// A parameter is unknown, there twice, missing or not of its form.
    pub fn parse<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
        resource: DocumentResource,
        action: DocumentAction,
        iris: Iris,
    ) -> Result<Self, QueryError> {
        let names = resource.names(action);
        let mut query =
            Self { resource, activity: None, agent: None, registration: None, id: None, since: None };
        let mut seen = Vec::new();
        for (name, value) in pairs {
            let name = *names.iter().find(|n| **n == name.as_ref()).ok_or(QueryError::Unknown)?;
            if seen.contains(&name) {
                return Err(QueryError::Repeated(name));
            }
            seen.push(name);
            query.set(name, value.as_ref(), iris)?;
        }
        for required in ["activityId", "agent"] {
            if names.contains(&required) && !seen.contains(&required) {
                return Err(QueryError::Missing(required));
            }
        }
        let alone = match (resource, action) {
            (_, DocumentAction::Write) => true,
            (DocumentResource::State, DocumentAction::Delete) | (_, DocumentAction::Read) => false,
            (_, DocumentAction::Delete) => true,
        };
        if alone && query.id.is_none() {
            return Err(QueryError::Missing(resource.id_name()));
        }
        if query.id.is_some() && query.since.is_some() {
            return Err(QueryError::Excluded("since", resource.id_name()));
        }
        Ok(query)
    }

    fn set(&mut self, name: &'static str, value: &str, iris: Iris) -> Result<(), QueryError> {
        let malformed = |expected: &str| QueryError::Malformed { name, expected: expected.to_owned() };
        match name {
            "activityId" => {
                if !iris.take(value) {
                    return Err(malformed("an absolute IRI"));
                }
                self.activity = Some(value.to_owned());
            }
            "agent" => self.agent = Some(agent_parameter(name, value)?.identifier),
            "registration" => {
                let id = lexical::uuid(value).ok_or_else(|| malformed("a UUID in its standard form"))?;
                self.registration = Some(id);
            }
            "since" => {
                let at = time::parse_parameter(value)
                    .ok_or_else(|| malformed("a date and time of ISO 8601 whose zone, if any, is known"))?;
                self.since = Some(at.micros);
            }
            _ => self.id = Some(value.to_owned()),
        }
        Ok(())
    }
}

/// Reads a parameter that is an agent, and no group.
pub(crate) fn agent_parameter(name: &'static str, value: &str) -> Result<parse::LoneAgent, QueryError> {
    parse::lone_agent(value).map_err(|Invalid { path, expected, .. }| QueryError::Malformed {
        name,
        expected: format!("an agent as JSON; at \"{path}\": {expected}"),
    })
}

/// Which of two documents cannot be merged, because it is no JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnObject {
    /// The one that is stored.
    #[error("the stored document is not a JSON object")]
    Stored,
    /// The one that came.
    #[error("the document that came is not a JSON object")]
    Posted,
}

/// How deep documents may be nested that are merged.
const DEPTH: usize = 512;

/// The stored document with every property of the posted one set in it, at the top level alone. Values stay as they
/// are written; where a name stands twice in a document its last value counts. Without a stored document it is the
/// posted one.
///
/// # Errors
/// One of them is no JSON object.
pub fn merge(stored: Option<&[u8]>, posted: &[u8]) -> Result<Vec<u8>, NotAnObject> {
    let new = properties(posted).ok_or(NotAnObject::Posted)?;
    let Some(stored) = stored else { return Ok(posted.to_vec()) };
    let mut properties = properties(stored).ok_or(NotAnObject::Stored)?;
    let mut places = places(&properties);
    for (name, raw_name, value) in new {
        match places.get(&name) {
            Some(place) => properties[*place].2 = value,
            None => {
                places.insert(name.clone(), properties.len());
                properties.push((name, raw_name, value));
            }
        }
    }
    let last = |(place, (name, ..)): &(usize, &Property<'_>)| places.get(name) == Some(place);
    let mut merged = Vec::with_capacity(stored.len() + posted.len());
    merged.push(b'{');
    for (_, (_, raw_name, value)) in properties.iter().enumerate().filter(last) {
        if merged.len() > 1 {
            merged.push(b',');
        }
        merged.extend_from_slice(raw_name.as_bytes());
        merged.push(b':');
        merged.extend_from_slice(value.as_bytes());
    }
    merged.push(b'}');
    Ok(merged)
}

/// A property: its name decoded, its name as written, its value as written.
type Property<'t> = (String, &'t str, &'t str);

/// Where each name stands last.
fn places(properties: &[Property<'_>]) -> std::collections::HashMap<String, usize> {
    properties.iter().enumerate().map(|(place, (name, ..))| (name.clone(), place)).collect()
}

/// The properties of an object; none where it is none.
fn properties(document: &[u8]) -> Option<Vec<Property<'_>>> {
    let text = std::str::from_utf8(document).ok()?;
    let mut reader = Reader::new(text, DEPTH).ok()?;
    let value = reader.value().ok()?;
    if value.kind() != Kind::Object {
        return None;
    }
    let slice = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    let properties = value
        .entries()
        .map(|(name, value)| (name.string().into_owned(), slice(name.range()), slice(value.range())))
        .collect();
    reader.finish().ok()?;
    Some(properties)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::*;

    const ACTIVITY: (&str, &str) = ("activityId", "https://e.org/a");
    const AGENT: (&str, &str) = ("agent", r#"{"mbox":"mailto:a@b.se"}"#);
    const REGISTRATION: (&str, &str) = ("registration", "8f87ccde-bb56-4c2e-ab83-44982ef22df0");
    const SINCE: (&str, &str) = ("since", "2026-03-01T09:30:00Z");
    use DocumentAction::{Delete, Read, Write};
    use DocumentResource::{ActivityProfile, AgentProfile, State};

    fn parse(
        pairs: &[(&str, &str)],
        resource: DocumentResource,
        action: DocumentAction,
    ) -> Result<DocumentQuery, QueryError> {
        DocumentQuery::parse(pairs.iter().copied(), resource, action, Iris::Strict)
    }

    #[test]
    fn every_parameter_is_read_and_each_resource_has_its_own() {
        let one = [ACTIVITY, AGENT, REGISTRATION, ("stateId", "s")];
        for action in [Read, Write, Delete] {
            let query = parse(&one, State, action).unwrap();
            assert_eq!(query.activity.as_deref(), Some("https://e.org/a"));
            assert_eq!(query.agent, Some(Identifier::Mbox("mailto:a@b.se".into())));
            assert!(query.registration.is_some());
            assert_eq!(query.id.as_deref(), Some("s"));
        }
        assert_eq!(parse(&[ACTIVITY, AGENT, SINCE], State, Read).unwrap().since, Some(1_772_357_400_000_000));
        assert!(parse(&[ACTIVITY, ("profileId", "")], ActivityProfile, Write).is_ok());
        assert!(parse(&[AGENT, ("profileId", "p")], AgentProfile, Write).is_ok());

        for (pairs, resource) in [
            (&[ACTIVITY, AGENT, ("profileId", "p")][..], State),
            (&[ACTIVITY, AGENT, ("profileId", "p")], ActivityProfile),
            (&[ACTIVITY, AGENT, ("profileId", "p")], AgentProfile),
            (&[ACTIVITY, REGISTRATION, ("profileId", "p")], ActivityProfile),
            (&[ACTIVITY, ("profileid", "p")], ActivityProfile),
            (&[ACTIVITY, ("stateId", "p")], ActivityProfile),
        ] {
            assert_eq!(parse(pairs, resource, Read), Err(QueryError::Unknown), "{pairs:?}");
        }
    }

    #[test]
    fn what_is_required_is_missed_and_what_comes_twice_is_refused() {
        let missing = |name| Err(QueryError::Missing(name));
        for action in [Read, Write, Delete] {
            assert_eq!(parse(&[AGENT, ("stateId", "s")], State, action), missing("activityId"));
            assert_eq!(parse(&[ACTIVITY, ("stateId", "s")], State, action), missing("agent"));
            assert_eq!(parse(&[("profileId", "s")], ActivityProfile, action), missing("activityId"));
            assert_eq!(parse(&[("profileId", "s")], AgentProfile, action), missing("agent"));
        }
        assert_eq!(parse(&[ACTIVITY, AGENT], State, Write), missing("stateId"));
        assert!(parse(&[ACTIVITY, AGENT], State, Read).is_ok());
        assert!(parse(&[ACTIVITY, AGENT], State, Delete).is_ok());
        for (pair, resource) in [(ACTIVITY, ActivityProfile), (AGENT, AgentProfile)] {
            assert!(parse(&[pair], resource, Read).is_ok());
            for action in [Write, Delete] {
                assert_eq!(parse(&[pair], resource, action), missing("profileId"));
            }
        }
        assert_eq!(parse(&[ACTIVITY, AGENT, AGENT], State, Read), Err(QueryError::Repeated("agent")));
        assert_eq!(
            parse(&[ACTIVITY, AGENT, SINCE, ("stateId", "s")], State, Read),
            Err(QueryError::Excluded("since", "stateId"))
        );
        assert_eq!(parse(&[ACTIVITY, AGENT, SINCE], State, Delete), Err(QueryError::Unknown));
    }

    #[test]
    fn what_has_not_its_form_is_refused_without_repeating_it() {
        for (name, value) in [
            ("activityId", "kalle"),
            ("agent", "true"),
            ("agent", "kalle"),
            ("agent", r#"{"mbox":"mailto:kalle"}"#),
            ("agent", r#"{"objectType":"Group","mbox":"mailto:kalle@b.se"}"#),
            ("registration", "true"),
            ("since", "kalle"),
        ] {
            let others = [ACTIVITY, AGENT].into_iter().filter(|(n, _)| *n != name);
            let pairs: Vec<_> = others.chain([(name, value)]).collect();
            let error = parse(&pairs, State, Read).unwrap_err();
            assert!(matches!(&error, QueryError::Malformed { name: n, .. } if *n == name), "{name} {value}");
            assert!(!error.to_string().contains("kalle"), "{error}");
        }
    }

    #[test]
    fn a_merge_sets_whole_properties_and_leaves_everything_else_as_it_was_written() {
        let merged = |stored: &str, posted: &str| {
            merge(Some(stored.as_bytes()), posted.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
        };
        assert_eq!(
            merged(
                r#" {"x" : 1.50, "\u0079": {"a": 1, "b": 2}, "long": 12345678901234567890} "#,
                r#"{ "y":{"c" : "\u0000"}, "z":[1 , 2]}"#
            ),
            Ok(r#"{"x":1.50,"\u0079":{"c" : "\u0000"},"long":12345678901234567890,"z":[1 , 2]}"#.into())
        );
        assert_eq!(merged("{}", "{}"), Ok("{}".into()));
        assert_eq!(merged(r#"{"a":1}"#, "{}"), Ok(r#"{"a":1}"#.into()));
        assert_eq!(merged("{}", r#"{"a":null}"#), Ok(r#"{"a":null}"#.into()));
        assert_eq!(merged(r#"{"a":1,"a":2}"#, r#"{"b":1,"b":2}"#), Ok(r#"{"a":2,"b":2}"#.into()));
        for broken in ["", "[]", "1", "null", "{", "{}{", "{'a':1}", "\u{feff}{}"] {
            assert_eq!(merged("{}", broken), Err(NotAnObject::Posted), "{broken}");
            assert_eq!(merge(None, broken.as_bytes()), Err(NotAnObject::Posted), "{broken}");
            assert_eq!(merged(broken, "{}"), Err(NotAnObject::Stored), "{broken}");
        }
        assert_eq!(merge(None, br#" {"a": 1} "#).unwrap(), br#" {"a": 1} "#);
        assert_eq!(merge(Some(b"{}"), b"\xff"), Err(NotAnObject::Posted));
    }

    fn object() -> impl Strategy<Value = Map<String, Value>> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(2, 8, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        });
        prop::collection::btree_map(".{0,2}", value, 0..5).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_merge_is_what_setting_each_property_gives(stored in object(), posted in object()) {
            let text = |map: &Map<String, Value>| serde_json::to_vec(map).unwrap();
            let merged = merge(Some(&text(&stored)), &text(&posted)).unwrap();
            let mut expected = stored;
            expected.extend(posted);
            prop_assert_eq!(serde_json::from_slice::<Map<String, Value>>(&merged).unwrap(), expected);
        }

        #[test]
        fn merging_never_panics(stored in prop::collection::vec(any::<u8>(), 0..40), posted in r#"[{}":,a\\u0 -]{0,30}"#) {
            let _ = merge(Some(&stored), posted.as_bytes());
            let _ = merge(Some(posted.as_bytes()), &stored);
        }
    }
}
