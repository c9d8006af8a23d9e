//! Rules of a credential: what its statements may be about, how they are taken in, and where its states are kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::events::RuleKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vault::{Credential, CredentialId};
use xapi::{ContextRole, Iris, Object, Statement, Version};

/// The longest text of rules, in bytes.
const LONGEST: usize = 64 << 10;
/// The most entries of one list.
const MOST: usize = 1_000;

/// What a credential may send. A list that is empty says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rules {
    /// Ids of verbs, of a SubStatement's too.
    #[serde(skip_serializing_if = "List::is_empty")]
    verbs: List,
    /// Beginnings of the ids of activities, where the object (of a SubStatement too) is one.
    #[serde(skip_serializing_if = "List::is_empty")]
    activities: List,
    /// Ids of profiles: `context.contextActivities.category`.
    #[serde(skip_serializing_if = "List::is_empty")]
    profiles: List,
    /// Whether what they refuse is kept, to be replayed once they are mended.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) keep: bool,
    /// Whether its states are kept apart from those of others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) own_states: bool,
    /// Whether what is no statement by the standard is kept, and the rest of its request stored.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) keep_invalid: bool,
    /// Whether anything that can be read stands for an IRI.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    lenient_iris: bool,
    /// Whether a conflict leaves the rest of its request alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) pass_conflicts: bool,
    /// The version that serves requests which name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    default_version: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct List {
    /// Nothing but these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allow: Vec<String>,
    /// None of these, also where they are allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refuse: Vec<String>,
}

/// Where a statement breaks the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// What kind of rule.
    pub(crate) rule: RuleKind,
    /// A JSON pointer into the statement.
    pub(crate) path: &'static str,
    /// What the rules expect there.
    pub(crate) expected: &'static str,
}

/// Rules that were read, by credential: reading them for each request would take longer than keeping to them.
#[derive(Debug, Default)]
pub(crate) struct Known {
    rules: Mutex<HashMap<CredentialId, Read>>,
}

/// Rules, and the text they were read from.
#[derive(Debug)]
struct Read {
    text: Arc<str>,
    rules: Arc<Rules>,
}

impl Known {
    /// The rules of a credential, if it has some.
    ///
    /// # Errors
    /// What the vault keeps cannot be read.
    pub(crate) fn of(&self, credential: &Credential) -> Result<Option<Arc<Rules>>, serde_json::Error> {
        let Some(text) = &credential.rules else { return Ok(None) };
        let mut known = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = known.get(&credential.id).filter(|read| read.text == *text) {
            return Ok(Some(Arc::clone(&read.rules)));
        }
        let rules: Arc<Rules> = Arc::new(serde_json::from_str(text)?);
        known.insert(credential.id, Read { text: Arc::clone(text), rules: Arc::clone(&rules) });
        Ok(Some(rules))
    }
}

impl Rules {
    /// Rules from JSON; none where they say nothing.
    ///
    /// # Errors
    /// What was expected instead.
    pub(crate) fn read(value: &Value) -> Result<Option<Self>, String> {
        let expected = "an object with verbs, activities and profiles, each with lists of IRIs to allow and to refuse; with keep, \
             keep_invalid, lenient_iris, pass_conflicts and own_states, which are true or false; and with default_version";
        let rules: Self = match value {
            Value::Null => return Ok(None),
            // An array would pass for an object's values in their order.
            Value::Object(parts) if !parts.values().any(Value::is_array) => {
                Self::deserialize(value).map_err(|_| expected.to_owned())?
            }
            _ => return Err(expected.to_owned()),
        };
        if rules.default_version.is_some() && rules.default_version().is_none() {
            return Err("a default_version of 1.0.3 or 2.0.0".to_owned());
        }
        let lists = [&rules.verbs, &rules.activities, &rules.profiles];
        for list in lists.iter().flat_map(|list| [&list.allow, &list.refuse]) {
            if list.len() > MOST || list.iter().any(|entry| !entry.contains(':')) {
                return Err(format!("lists of at most {MOST} IRIs"));
            }
        }
        if rules.to_string().len() > LONGEST {
            return Err(format!("at most {LONGEST} bytes"));
        }
        Ok((rules != Self::default()).then_some(rules))
    }

    /// The version that serves requests which name none.
    pub(crate) fn default_version(&self) -> Option<Version> {
        self.default_version.as_deref().and_then(Version::of_number)
    }

    /// How IRIs are read.
    pub(crate) fn iris(&self) -> Iris {
        if self.lenient_iris { Iris::Lenient } else { Iris::Strict }
    }

    /// The first rule that a statement breaks.
    pub(crate) fn broken(&self, statement: &Statement) -> Option<Broken> {
        self.verb(statement).or_else(|| self.activity(statement)).or_else(|| self.profile(statement))
    }

    fn verb(&self, statement: &Statement) -> Option<Broken> {
        let sub = match &statement.object {
            Object::SubStatement(sub) => Some(("/object/verb/id", sub.verb.as_str())),
            _ => None,
        };
        let verbs = [("/verb/id", statement.verb.as_str())].into_iter().chain(sub);
        let path = self.verbs.first_outside(verbs, |verb, entry| verb == entry)?;
        Some(Broken { rule: RuleKind::Verb, path, expected: "a verb that this credential may send" })
    }

    fn activity(&self, statement: &Statement) -> Option<Broken> {
        let activity = match &statement.object {
            Object::Activity(activity) => ("/object/id", activity.id.as_str()),
            Object::SubStatement(sub) => ("/object/object/id", sub.object.activity()?.id.as_str()),
            _ => return None,
        };
        let path =
            self.activities.first_outside([activity].into_iter(), |id, prefix| id.starts_with(prefix))?;
        Some(Broken {
            rule: RuleKind::Activity,
            path,
            expected: "an activity that this credential may send about",
        })
    }

    /// One of the allowed profiles has to be named, and others may; none of the refused ones may.
    fn profile(&self, statement: &Statement) -> Option<Broken> {
        let List { allow, refuse } = &self.profiles;
        let named = |list: &[String]| {
            let categories =
                statement.context_activities.iter().filter(|(role, _)| *role == ContextRole::Category);
            categories.into_iter().any(|(_, id)| list.contains(id))
        };
        let path = "/context/contextActivities/category";
        if !allow.is_empty() && !named(allow) {
            return Some(Broken {
                rule: RuleKind::Profile,
                path,
                expected: "a profile that this credential has to name",
            });
        }
        let expected = "no profile that this credential may not name";
        named(refuse).then_some(Broken { rule: RuleKind::Profile, path, expected })
    }
}

/// A kind of rule as clients and operators read it.
pub(crate) fn name(rule: RuleKind) -> &'static str {
    match rule {
        RuleKind::Verb => "verb",
        RuleKind::Activity => "activity",
        RuleKind::Profile => "profile",
    }
}

impl std::fmt::Display for Rules {
    /// As JSON, without what says nothing.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

impl List {
    fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.refuse.is_empty()
    }

    /// The place of the first value that is refused, or not allowed.
    fn first_outside<'a>(
        &self,
        mut values: impl Iterator<Item = (&'static str, &'a str)>,
        is: impl Fn(&str, &str) -> bool,
    ) -> Option<&'static str> {
        let among = |list: &[String], value: &str| list.iter().any(|entry| is(value, entry));
        let outside =
            |value: &str| among(&self.refuse, value) || !self.allow.is_empty() && !among(&self.allow, value);
        values.find(|(_, value)| outside(value)).map(|(path, _)| path)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use xapi::{Limits, parse};

    use super::*;

    fn broken(rules: &Value, change: impl Fn(&mut Value)) -> Option<&'static str> {
        let mut statement = json!({
            "actor": { "mbox": "mailto:a@larkby.example" },
            "verb": { "id": "http://v.example/done" },
            "object": { "id": "https://larkby.example/kurser/1/quiz" },
            "context": { "contextActivities": { "category": [{ "id": "https://p.example/one" }], "parent": [{ "id": "https://p.example/two" }] } },
        });
        change(&mut statement);
        let bytes = statement.to_string().into_bytes();
        let statement = parse::statement(&bytes, Version::V2_0_0, &Limits::default()).unwrap();
        Rules::read(rules).unwrap().unwrap().broken(&statement).map(|broken| broken.path)
    }

    #[test]
    fn what_is_not_allowed_and_what_is_refused_is_found_with_its_place() {
        let same = |_: &mut Value| {};
        let list = |what: &str, how: &str, entry: &str| json!({ what: { how: [entry] } });
        for (what, path, inside, outside) in [
            ("verbs", "/verb/id", "http://v.example/done", "http://v.example/do"),
            (
                "activities",
                "/object/id",
                "https://larkby.example/kurser/1/",
                "https://larkby.example/kurser/2/",
            ),
            (
                "profiles",
                "/context/contextActivities/category",
                "https://p.example/one",
                "https://p.example/two",
            ),
        ] {
            assert_eq!(broken(&list(what, "allow", inside), same), None, "{what}");
            assert_eq!(broken(&list(what, "allow", outside), same), Some(path), "{what}");
            assert_eq!(broken(&list(what, "refuse", inside), same), Some(path), "{what}");
            assert_eq!(broken(&list(what, "refuse", outside), same), None, "{what}");
            let both = json!({ what: { "allow": [inside], "refuse": [inside] } });
            assert_eq!(broken(&both, same), Some(path), "{what}: refusing goes before allowing");
        }
        let bare = |statement: &mut Value| drop(statement.as_object_mut().unwrap().remove("context"));
        let named = list("profiles", "allow", "https://p.example/one");
        assert_eq!(broken(&named, bare), Some("/context/contextActivities/category"));
        assert_eq!(broken(&list("profiles", "refuse", "https://p.example/one"), bare), None);
    }

    #[test]
    fn a_substatement_is_looked_into_and_objects_that_are_no_activity_are_let_through() {
        let sub = |statement: &mut Value| {
            statement["object"] = json!({
                "objectType": "SubStatement",
                "actor": { "mbox": "mailto:a@larkby.example" },
                "verb": { "id": "http://v.example/planned" },
                "object": { "id": "https://elsewhere.example/1" },
            });
        };
        assert_eq!(
            broken(&json!({ "verbs": { "allow": ["http://v.example/done"] } }), sub),
            Some("/object/verb/id")
        );
        let here = json!({ "activities": { "allow": ["https://larkby.example/"] } });
        assert_eq!(broken(&here, sub), Some("/object/object/id"));
        let agent = |statement: &mut Value| {
            statement["object"] = json!({ "objectType": "Agent", "mbox": "mailto:b@larkby.example" })
        };
        assert_eq!(broken(&here, agent), None);
    }

    #[test]
    fn rules_are_read_whole_or_not_at_all() {
        assert_eq!(Rules::read(&Value::Null), Ok(None));
        assert_eq!(Rules::read(&json!({ "verbs": { "allow": [] } })), Ok(None));
        let rules = json!({ "verbs": { "refuse": ["http://v.example/done"] } });
        let read = Rules::read(&rules).unwrap().unwrap();
        assert!(!read.keep, "what is refused on purpose is not kept unasked");
        assert_eq!(read.to_string(), rules.to_string());
        assert!(Rules::read(&json!({ "keep": true })).unwrap().unwrap().keep);
        let all = json!({ "keep_invalid": true, "lenient_iris": true, "pass_conflicts": true, "default_version": "1.0.3" });
        let read = Rules::read(&all).unwrap().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&read.to_string()).unwrap(), all);
        assert_eq!((read.default_version(), read.iris()), (Some(Version::V1_0_3), Iris::Lenient));
        for wrong in [
            json!([]),
            json!("x"),
            json!({ "verb": {} }),
            json!({ "verbs": [] }),
            json!({ "verbs": { "deny": [] } }),
            json!({ "verbs": { "allow": ["done"] } }),
            json!({ "verbs": { "allow": [1] } }),
            json!({ "keep": "yes" }),
            json!({ "keep": {} }),
            json!({ "keep_invalid": 1 }),
            json!({ "lenient_iris": "true" }),
            json!({ "pass_conflicts": null }),
            json!({ "default_version": "0.95" }),
            json!({ "default_version": 1 }),
            json!({ "verbs": { "allow": {} } }),
            json!({ "verbs": { "allow": vec!["a:b"; 1_001] } }),
        ] {
            assert!(Rules::read(&wrong).is_err(), "{wrong}");
        }
    }
}
