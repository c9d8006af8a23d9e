//! What somebody answered in a round, as xAPI statements: the same for pages and files.

use std::collections::BTreeMap;

use forms::Definition;
use forms::question::code;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// What the statements of a round have alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    /// The round's id.
    pub(crate) round: &'a str,
    /// Its registration.
    pub(crate) registration: [u8; 16],
    /// The survey's IRI.
    pub(crate) survey: &'a str,
    /// The activities of items by name; the others have `survey/name`.
    pub(crate) activities: &'a BTreeMap<String, String>,
}

impl Said<'_> {
    /// The statements of one respondent: one for each question with an answer (of a matrix one a row), and one for each text
    /// beside an answer. `actor` is an agent as statements have it, `at` microseconds since 1970. Statements of the same
    /// respondent and `submission` have the same ids. Each with its id.
    pub(crate) fn statements(
        &self,
        definition: &Definition,
        actor: &Json,
        answers: &Map<String, Json>,
        at: Option<i64>,
        submission: &[u8],
    ) -> Vec<(Uuid, String)> {
        let registration = Uuid::from_bytes(self.registration).to_string();
        let timestamp = at.map(xapi::time::format_timestamp);
        let agent = actor.to_string();
        let one = |(name, response): (String, String)| {
            let id = self.id(&agent, &name, submission);
            let mut statement = json!({
                "id": id.to_string(),
                "actor": actor,
                "verb": { "id": "http://adlnet.gov/expapi/verbs/answered", "display": { "sv": "besvarade", "en": "answered" } },
                "object": { "id": self.activity(&name) },
                "result": { "response": response },
                "context": { "registration": registration },
            });
            if let Some(timestamp) = &timestamp {
                statement["timestamp"] = timestamp.as_str().into();
            }
            (id, statement.to_string())
        };
        responses(definition, answers).into_iter().map(one).collect()
    }

    fn activity(&self, name: &str) -> String {
        self.activities.get(name).cloned().unwrap_or_else(|| format!("{}/{}", self.survey, part(name)))
    }

    /// An id that follows from who answered what.
    fn id(&self, agent: &str, name: &str, submission: &[u8]) -> Uuid {
        let mut hash = Sha256::new();
        hash.update(b"larka/answer/1");
        for piece in [self.round.as_bytes(), agent.as_bytes(), name.as_bytes(), submission] {
            hash.update((piece.len() as u64).to_be_bytes());
            hash.update(piece);
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hash.finalize()[..16]);
        // RFC 9562, version 8.
        id[6] = id[6] & 0x0f | 0x80;
        id[8] = id[8] & 0x3f | 0x80;
        Uuid::from_bytes(id)
    }
}

/// Items with their responses, in the order of the questions.
fn responses(definition: &Definition, answers: &Map<String, Json>) -> Vec<(String, String)> {
    let mut said = Vec::new();
    for question in definition.questions.iter().filter(|question| question.is_asked()) {
        match answers.get(&question.name) {
            None | Some(Json::Null) => {}
            Some(Json::Object(rows)) => {
                said.extend(
                    rows.iter().map(|(row, value)| (format!("{}.{row}", question.name), code(value))),
                );
            }
            Some(Json::Array(items)) => {
                let codes: Vec<String> = items.iter().map(code).collect();
                said.push((question.name.clone(), codes.join("[,]")));
            }
            Some(value) => said.push((question.name.clone(), code(value))),
        }
        if let Some(Json::String(text)) = answers.get(&question.comment_key()) {
            said.push((question.comment_key(), text.clone()));
        }
    }
    said.retain(|(_, response)| !response.is_empty());
    said
}

/// A name as part of an IRI.
fn part(name: &str) -> String {
    let mut part = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_whitespace() || "%/?#<>\"\\^`|".contains(c) {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| part.push_str(&format!("%{byte:02X}")));
        } else {
            part.push(c);
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_a_statement_with_an_id_that_follows_from_it() {
        let source = json!({"elements": [
            {"type": "checkbox", "name": "c", "choices": ["a", "b"], "showOtherItem": true},
            {"type": "matrix", "name": "m", "rows": ["r1", "r2"], "columns": [1, 2]},
            {"type": "boolean", "name": "b"}, {"type": "comment", "name": "fri text"}]});
        let definition = forms::register(source.to_string().as_bytes(), None).unwrap();
        let activities = BTreeMap::from([("m.r1".to_owned(), "https://x.example/own".to_owned())]);
        let said = Said {
            round: "r",
            registration: [7; 16],
            survey: "https://x.example/s",
            activities: &activities,
        };
        let actor = json!({ "mbox": "mailto:a@example.com" });
        let answers = json!({"c": ["a", "other"], "c-Comment": "x", "m": {"r1": 2}, "b": true, "fri text": "hej", "computed": 3});
        let answers = answers.as_object().unwrap();
        let all = said.statements(&definition, &actor, answers, Some(0), b"");
        let seen: Vec<(String, String)> = all
            .iter()
            .map(|(_, text)| {
                let statement: Json = serde_json::from_str(text).unwrap();
                assert!(
                    xapi::parse::statement(text.as_bytes(), xapi::Version::V2_0_0, &xapi::Limits::default())
                        .is_ok()
                );
                let field = |at: &Json| at.as_str().unwrap().to_owned();
                (field(&statement["object"]["id"]), field(&statement["result"]["response"]))
            })
            .collect();
        let wanted = [
            ("https://x.example/s/c", "a[,]other"),
            ("https://x.example/s/c-Comment", "x"),
            ("https://x.example/own", "2"),
            ("https://x.example/s/b", "true"),
            ("https://x.example/s/fri%20text", "hej"),
        ];
        assert_eq!(seen, wanted.map(|(activity, response)| (activity.to_owned(), response.to_owned())));
        let ids = |submission: &[u8]| -> Vec<Uuid> {
            said.statements(&definition, &actor, answers, None, submission)
                .into_iter()
                .map(|(id, _)| id)
                .collect()
        };
        assert_eq!(ids(b""), all.iter().map(|(id, _)| *id).collect::<Vec<_>>());
        assert!(ids(b"").iter().zip(ids(b"1")).all(|(one, other)| *one != other));
    }
}
