//! From a statement to its clear facts.

use std::borrow::Cow;

use eventlog::event::Key;
use serde::Deserialize;
use xapi::{Activity, AgentRole, Identifier, InteractionType, Object, Score, Statement, Version};

use super::{ObjectFacts, StatementFacts, StatementFactsOf, SubFacts};
use crate::AgentId;

/// What the facts of a statement depend on besides its text.
pub trait Surroundings {
    /// The agent id of an identifier.
    fn agent(&self, identifier: &Identifier) -> Option<AgentId>;

    /// Whether an identifier is nobody's, so that no figure counts anybody for it.
    fn is_nobody(&self, _identifier: &Identifier) -> bool {
        false
    }

    /// The id to show for an activity: its own, or an opaque one where the IRI itself names a person.
    fn activity_id<'a>(&self, iri: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(iri)
    }

    /// Whether the activity is an item of a registered survey.
    fn is_survey_item(&self, _activity: &str) -> bool {
        false
    }

    /// Whether a registered survey defines `code` as an answer to this item.
    fn is_survey_code(&self, _activity: &str, _code: &str) -> bool {
        false
    }
}

/// An agent of a statement was not resolved before its facts were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the agent in the role {role:?} has no agent id")]
pub struct UnknownAgent {
    /// Where the agent stands.
    pub role: AgentRole,
}

/// The facts of a statement that came under `version` and has, or was given, this id. That attachments came with
/// it is for whoever seals them to add.
///
/// # Errors
/// [`UnknownAgent`] where the surroundings know no id for one of its agents.
pub fn from_statement(
    statement: &Statement,
    id: Key,
    version: Version,
    surroundings: &impl Surroundings,
) -> Result<StatementFacts, UnknownAgent> {
    let agents = statement
        .agents
        .iter()
        .map(|span| match surroundings.agent(&span.identifier) {
            Some(agent) => Ok((span.role, agent)),
            None => Err(UnknownAgent { role: span.role }),
        })
        .collect::<Result<_, _>>()?;
    let result = statement.result.as_ref();
    Ok(StatementFactsOf {
        id,
        agents,
        actor_is_group: statement.actor_is_group,
        verb: statement.verb.clone(),
        object: object(&statement.object, surroundings),
        registration: statement.registration.map(|id| *id.as_bytes()),
        timestamp: statement.timestamp.map(|timestamp| timestamp.micros),
        success: result.and_then(|result| result.success),
        completion: result.and_then(|result| result.completion),
        score: result.map_or_else(Score::default, |result| result.score),
        duration_cs: result.and_then(|result| result.duration.as_ref()?.centiseconds),
        response: response(statement, surroundings),
        activities: statement
            .context_activities
            .iter()
            .map(|(role, iri)| (*role, surroundings.activity_id(iri).into_owned()))
            .collect(),
        xapi_version: version,
        attachments_from: None,
        origin: None,
        untracked: statement.actor().is_some_and(|actor| surroundings.is_nobody(&actor.identifier)),
        voids_own: false,
    })
}

fn object(object_: &Object, surroundings: &impl Surroundings) -> ObjectFacts<String> {
    match object_ {
        Object::Activity(activity) => {
            ObjectFacts::Activity(surroundings.activity_id(&activity.id).into_owned())
        }
        Object::Agent => ObjectFacts::Agent,
        Object::Group => ObjectFacts::Group,
        Object::StatementRef(id) => ObjectFacts::StatementRef(*id.as_bytes()),
        Object::SubStatement(sub) => ObjectFacts::SubStatement(Box::new(SubFacts {
            verb: sub.verb.clone(),
            object: object(&sub.object, surroundings),
        })),
    }
}

/// The codes of a closed response, or nothing. A piece is a code only if the statement's own definition or a
/// registered survey lists it; one piece that is not makes the whole response free text.
fn response(statement: &Statement, surroundings: &impl Surroundings) -> Vec<String> {
    let (Some(response), Object::Activity(activity)) =
        (statement.result.as_ref().and_then(|result| result.response.as_deref()), &statement.object)
    else {
        return Vec::new();
    };
    let surveyed = surroundings.is_survey_item(&activity.id);
    let coded = |codes: Vec<&str>| -> Vec<String> {
        let definition = components(statement, activity);
        let known = |code: &str| definition.lists(code) || surroundings.is_survey_code(&activity.id, code);
        if codes.iter().all(|piece| piece.split("[.]").all(known)) {
            codes.into_iter().map(str::to_owned).collect()
        } else {
            Vec::new()
        }
    };
    match activity.interaction_type {
        Some(InteractionType::TrueFalse) if matches!(response, "true" | "false") => vec![response.to_owned()],
        Some(InteractionType::Likert) => coded(vec![response]),
        Some(InteractionType::Choice) => coded(response.split("[,]").collect()),
        Some(InteractionType::Matching | InteractionType::Sequencing) if surveyed => {
            coded(response.split("[,]").collect())
        }
        Some(InteractionType::Numeric) if surveyed && is_numeric(response) => vec![response.to_owned()],
        None if surveyed && is_numeric(response) => vec![response.to_owned()],
        None if surveyed => coded(response.split("[,]").collect()),
        _ => Vec::new(),
    }
}

/// A number, or `min[:]max` where either may be missing (1.0.3 Data appendix C).
fn is_numeric(response: &str) -> bool {
    let number = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        digits.len() <= 20
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && digits.parse::<f64>().is_ok()
    };
    match response.split_once("[:]") {
        None => number(response),
        Some((min, max)) => {
            (number(min) || min.is_empty()) && (number(max) || max.is_empty()) && min.len() + max.len() > 0
        }
    }
}

/// The ids that an interaction's definition lists.
#[derive(Deserialize, Default)]
struct Components<'a> {
    #[serde(borrow, default)]
    choices: Vec<Component<'a>>,
    #[serde(borrow, default)]
    scale: Vec<Component<'a>>,
    #[serde(borrow, default)]
    source: Vec<Component<'a>>,
    #[serde(borrow, default)]
    target: Vec<Component<'a>>,
}

#[derive(Deserialize)]
struct Component<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

impl Components<'_> {
    fn lists(&self, code: &str) -> bool {
        [&self.choices, &self.scale, &self.source, &self.target]
            .into_iter()
            .flatten()
            .any(|component| component.id == code)
    }
}

fn components<'a>(statement: &'a Statement, activity: &Activity) -> Components<'a> {
    activity
        .definition
        .clone()
        .and_then(|range| statement.text.get(range))
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}
