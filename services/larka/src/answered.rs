//! What somebody answered in a round in another tool, as xAPI statements. What is answered, and what it is called, is the
//! desk's.

use std::collections::BTreeMap;

use desk::{Given, given};
use forms::Definition;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

const INTERACTION_TYPE: &str = "http://adlnet.gov/expapi/activities/cmi.interaction";

/// What the statements of a round have alike.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said<'a> {
    /// The round's id.
    pub(crate) round: &'a str,
    /// Its registration.
    pub(crate) registration: [u8; 16],
    /// The survey's IRI.
    pub(crate) survey: &'a str,
    /// The activities of everything that may be answered, by name.
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
        let one = |Given { name, interaction, response }: Given| {
            let id = self.id(&agent, &name, submission);
            let activity = self.activities.get(&name).map_or(self.survey, String::as_str);
            let definition = json!({ "type": INTERACTION_TYPE, "interactionType": interaction });
            let mut statement = json!({
                "id": id.to_string(),
                "actor": actor,
                "verb": { "id": "http://adlnet.gov/expapi/verbs/answered", "display": { "sv": "besvarade", "en": "answered" } },
                "object": { "id": activity, "definition": definition },
                "result": { "response": response.join("[,]") },
                "context": { "registration": registration, "contextActivities": { "parent": [{ "id": self.survey }] } },
            });
            if let Some(timestamp) = &timestamp {
                statement["timestamp"] = timestamp.as_str().into();
            }
            (id, statement.to_string())
        };
        given(definition, answers).into_iter().map(one).collect()
    }

    /// An id that follows from who answered what.
    fn id(&self, agent: &str, name: &str, submission: &[u8]) -> Uuid {
        let mut hash = Sha256::new();
        hash.update(b"larka/answer/1");
        for piece in [self.round.as_bytes(), agent.as_bytes(), name.as_bytes(), submission] {
            hash.update((piece.len() as u64).to_be_bytes());
            hash.update(piece);
        }
        let digest = hash.finalize();
        Builder::from_custom_bytes(std::array::from_fn(|at| digest[at])).into_uuid()
    }
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
        let activities = ["c", "c-Comment", "m.r1", "b", "fri text"]
            .map(|name| (name.to_owned(), format!("https://x.example/{}", name.replace(' ', "%20"))));
        let activities = BTreeMap::from(activities);
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
            ("https://x.example/c", "a[,]other"),
            ("https://x.example/c-Comment", "x"),
            ("https://x.example/m.r1", "2"),
            ("https://x.example/b", "true"),
            ("https://x.example/fri%20text", "hej"),
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
