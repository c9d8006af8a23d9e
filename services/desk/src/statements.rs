//! The statements that somebody's answers are.
//!
//! An answer is one statement a question, and before them one of the survey as a whole, which says which submission they are
//! from: of two submissions at once one gets its id, so that an answer is in once whoever takes it. Ids follow from the
//! round, the respondent, how often they have answered, and the question.

use domain::AgentId;
use domain::events::{RoundFacts, SurveyFacts};
use domain::verbs;
use eventlog::clock::Micros;
use forms::Definition;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use crate::answers::{activity, given};
use crate::asked::Answers;
use crate::codes::Codes;

/// Under what a statement of a whole survey says which submission it is.
const SUBMISSION: &str = "https://larka.example/xapi/submission";
const SURVEY_TYPE: &str = "http://id.tincanapi.com/activitytype/survey";
const INTERACTION_TYPE: &str = "http://adlnet.gov/expapi/activities/cmi.interaction";

/// Whose answers they are, to what.
pub(crate) struct Sheet<'a> {
    pub(crate) codes: &'a Codes,
    pub(crate) round: &'a RoundFacts,
    pub(crate) registration: [u8; 16],
    pub(crate) survey: &'a SurveyFacts,
    pub(crate) definition: &'a Definition,
    /// The agent, as it stands in statements.
    pub(crate) actor: Json,
    /// What tells them apart in the round.
    pub(crate) respondent: [u8; 16],
    /// By which agents tools may have said what they answer.
    pub(crate) agents: Vec<AgentId>,
}

impl Sheet<'_> {
    /// The id of the answer to a question, or of the survey as a whole, of the respondent's nth answer.
    pub(crate) fn id(&self, nth: u32, name: Option<&str>) -> Uuid {
        let name = name.map_or(&b"*"[..], str::as_bytes);
        self.codes.id(&[self.round.id.as_bytes(), &self.respondent, &nth.to_le_bytes(), name])
    }

    /// All statements of an answer. They say when it was given, or was taken where that is not known: what is stored in the
    /// minute after a round has closed was handed in before.
    pub(crate) fn all(&self, nth: u32, answers: &Answers, taken: Micros) -> Vec<String> {
        let answers = Answers { at: answers.at.or(Some(taken)), ..answers.clone() };
        let mut statements = vec![self.whole(nth, &answers)];
        statements.extend(self.each(nth, &answers));
        statements
    }

    /// That the survey was answered.
    pub(crate) fn whole(&self, nth: u32, answers: &Answers) -> String {
        let submission = json!({ SUBMISSION: hex::encode(answers.submission) });
        self.statement(
            self.id(nth, None),
            verbs::COMPLETED,
            json!({ "id": self.survey.id, "definition": { "type": SURVEY_TYPE } }),
            json!({ "completion": answers.complete }),
            json!({ "extensions": submission }),
            answers.at,
        )
    }

    /// The answers, each by itself.
    fn each(&self, nth: u32, answers: &Answers) -> Vec<String> {
        let one = |given: &crate::answers::Given| {
            let definition = json!({ "type": INTERACTION_TYPE, "interactionType": given.interaction });
            self.statement(
                self.id(nth, Some(&given.name)),
                verbs::ANSWERED,
                json!({ "id": activity(self.survey, &given.name), "definition": definition }),
                json!({ "response": given.response.join("[,]") }),
                json!({ "contextActivities": { "parent": [{ "id": self.survey.id }] } }),
                answers.at,
            )
        };
        given(self.definition, &answers.kept).iter().map(one).collect()
    }

    /// That a statement does not count any more.
    pub(crate) fn void(&self, gone: Uuid) -> String {
        let id = self.codes.id(&[b"void", gone.as_bytes()]);
        json!({
            "id": id.to_string(),
            "actor": self.actor,
            "verb": { "id": verbs::VOIDED },
            "object": { "objectType": "StatementRef", "id": gone.to_string() },
        })
        .to_string()
    }

    fn statement(
        &self,
        id: Uuid,
        verb: &str,
        object: Json,
        result: Json,
        mut context: Json,
        at: Option<Micros>,
    ) -> String {
        context["registration"] = Uuid::from_bytes(self.registration).to_string().into();
        let mut statement = json!({
            "id": id.to_string(),
            "actor": self.actor,
            "verb": { "id": verb },
            "object": object,
            "result": result,
            "context": context,
        });
        if let Some(at) = at {
            statement["timestamp"] = xapi::time::format_timestamp(at.0).into();
        }
        statement.to_string()
    }
}
