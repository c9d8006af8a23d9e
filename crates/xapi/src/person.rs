//! The agents resource: a Person made of what is known of an agent (1.0.3 Communication 2.4, IEEE 4.1.6.3).

use crate::documents::agent_parameter;
use crate::json::write_string;
use crate::parse::LoneAgent;
use crate::{Identifier, QueryError};

/// Reads the parameters of `GET /agents`: `agent`, and no other.
///
/// # Errors
/// A parameter is unknown, there twice, missing, or no agent.
pub fn parameters<N: AsRef<str>, V: AsRef<str>>(
    pairs: impl IntoIterator<Item = (N, V)>,
) -> Result<LoneAgent, QueryError> {
    let mut agent = None;
    for (name, value) in pairs {
        if name.as_ref() != "agent" {
            return Err(QueryError::Unknown);
        }
        if agent.is_some() {
            return Err(QueryError::Repeated("agent"));
        }
        agent = Some(agent_parameter("agent", value.as_ref())?);
    }
    agent.ok_or(QueryError::Missing("agent"))
}

/// A Person, as JSON: each property of the agent as a list.
pub fn person(agent: &LoneAgent) -> String {
    let mut json = String::from(r#"{"objectType":"Person""#);
    let mut list = |property: &str, write: &dyn Fn(&mut String)| {
        json.push_str(",\"");
        json.push_str(property);
        json.push_str("\":[");
        write(&mut json);
        json.push(']');
    };
    if let Some(name) = &agent.name {
        list("name", &|json| write_string(json, name));
    }
    match &agent.identifier {
        Identifier::Mbox(mbox) => list("mbox", &|json| write_string(json, mbox)),
        Identifier::MboxSha1sum(hash) => list("mbox_sha1sum", &|json| write_string(json, hash)),
        Identifier::OpenId(id) => list("openid", &|json| write_string(json, id)),
        Identifier::Account { home_page, name } => list("account", &|json| {
            json.push_str("{\"homePage\":");
            write_string(json, home_page);
            json.push_str(",\"name\":");
            write_string(json, name);
            json.push('}');
        }),
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(agent: &Value) -> Value {
        let agent = parameters([("agent", agent.to_string())]).unwrap();
        serde_json::from_str(&person(&agent)).unwrap()
    }

    #[test]
    fn a_person_has_everything_that_was_said_of_the_agent_in_lists() {
        let account = json!({ "homePage": "https://e.org/å", "name": "7 \"a\"\n" });
        assert_eq!(
            of(&json!({ "objectType": "Agent", "name": "Anna \\ B", "account": account })),
            json!({ "objectType": "Person", "name": ["Anna \\ B"], "account": [account] })
        );
        let hash = "0123456789abcdef0123456789abcdef01234567";
        for (property, value) in
            [("mbox", "mailto:a@b.se"), ("mbox_sha1sum", hash), ("openid", "https://e.org/a")]
        {
            assert_eq!(of(&json!({ property: value })), json!({ "objectType": "Person", property: [value] }));
        }
    }

    #[test]
    fn one_agent_is_asked_for_and_nothing_else() {
        let agent = ("agent", r#"{"mbox":"mailto:a@b.se"}"#);
        assert_eq!(parameters::<&str, &str>([]), Err(QueryError::Missing("agent")));
        assert_eq!(parameters([agent, agent]), Err(QueryError::Repeated("agent")));
        assert_eq!(parameters([agent, ("x", "")]), Err(QueryError::Unknown));
        for none in [
            "",
            "{}",
            r#"{"name":"Anna"}"#,
            r#"{"objectType":"Person","mbox":"mailto:a@b.se"}"#,
            r#"{"objectType":"Group","mbox":"mailto:a@b.se"}"#,
            r#"{"mbox":["mailto:a@b.se"]}"#,
            r#"{"mbox":"mailto:a@b.se"}x"#,
        ] {
            assert!(matches!(parameters([("agent", none)]), Err(QueryError::Malformed { .. })), "{none}");
        }
    }
}
