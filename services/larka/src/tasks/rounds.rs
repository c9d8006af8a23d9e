//! A round and what it asks, for whoever brings answers.

use std::collections::BTreeMap;

use desk::{Answers, Outcome, Respondent, activity, agent, names};
use domain::Date;
use domain::events::RoundMode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use views::definitions::Definitions;
use xapi::Identifier;

use crate::failure::Failure;
use crate::instance::Instance;

/// A round as it travels, with the survey's definition as it was registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Round {
    pub(crate) id: String,
    pub(crate) mode: RoundMode,
    pub(crate) registration: [u8; 16],
    pub(crate) opens: Date,
    pub(crate) closes: Date,
    /// The minute of the first day at which it opens.
    pub(crate) minute: u16,
    pub(crate) draft: bool,
    pub(crate) again: bool,
    pub(crate) partial: bool,
    pub(crate) survey: String,
    /// The activities of everything that may be answered, by name.
    pub(crate) activities: BTreeMap<String, String>,
    pub(crate) definition: String,
    pub(crate) scoring: Option<String>,
}

/// The round with this id.
pub(crate) async fn one(instance: &Instance, id: &str) -> Result<Value, Failure> {
    let known = instance.municipality.refresh().await?.municipality;
    let round = known.surveys.round(id).map(|held| &held.facts);
    let round = round.ok_or_else(|| Failure::new(format!("there is no round {id}")))?;
    let survey = known.surveys.survey(&round.survey, &round.version).map(|held| &held.facts);
    let definitions = Definitions::new(instance.log.clone(), instance.vault.clone());
    let documents = definitions.documents(&known, &round.survey, &round.version).await?;
    let (Some(survey), Some(documents)) = (survey, documents) else {
        return Err(Failure::new(format!("the survey of the round {id} is not there any more")));
    };
    let taken = definitions.read(&known, &round.survey, &round.version).await?;
    let taken =
        taken.ok_or_else(|| Failure::new("the survey's definition is none that is taken any more"))?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| Failure::new("the survey is not UTF-8"));
    Ok(serde_json::to_value(Round {
        id: round.id.clone(),
        mode: round.mode,
        registration: round.registration,
        opens: round.opens,
        closes: round.closes,
        minute: round.hours.map_or(0, |hours| hours.opens),
        draft: round.draft,
        again: round.again,
        partial: round.partial,
        survey: survey.id.clone(),
        activities: names(&taken).into_iter().map(|name| (name.clone(), activity(survey, &name))).collect(),
        definition: text(documents.definition)?,
        scoring: documents.scoring.map(text).transpose()?,
    })?)
}

/// Somebody beside a round's roll, as it travels.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Known {
    NotOnRoll,
    Answered,
    /// They answer as this agent.
    As(Value),
}

/// Those who answered a round in another tool, by the agents that they are there, in their order.
pub(crate) async fn respondents(instance: &Instance, round: &str, named: &[Value]) -> Result<Value, Failure> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let identifier = |agent: &Value| match agent.get("mbox") {
        Some(mbox) => Identifier::Mbox(text(mbox)),
        None => Identifier::Account {
            home_page: text(&agent["account"]["homePage"]),
            name: text(&agent["account"]["name"]),
        },
    };
    let named: Vec<Identifier> = named.iter().map(identifier).collect();
    let found = instance.desk.respondents(round, &named).await?.into_iter().map(|found| match found {
        Respondent::NotOnRoll => Known::NotOnRoll,
        Respondent::Answered => Known::Answered,
        Respondent::As(identifier) => Known::As(agent(&identifier)),
    });
    Ok(serde_json::to_value(found.collect::<Vec<_>>())?)
}

/// An answer that nobody can link, on its way to the ballot box.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ballot {
    /// What it is known by if it comes again.
    pub(crate) submission: [u8; 16],
    /// The code of the unit and the role that it is of.
    pub(crate) unit: String,
    pub(crate) role: String,
    pub(crate) answers: Map<String, Value>,
    /// Whether every required question is answered.
    pub(crate) complete: bool,
}

/// What became of ballots.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cast {
    pub(crate) taken: u64,
    /// Those that were in already.
    pub(crate) before: u64,
    /// Those that are longer than the round's may be.
    pub(crate) too_long: u64,
}

/// Puts ballots into a round's box.
pub(crate) async fn put(instance: &Instance, round: &str, ballots: Vec<Ballot>) -> Result<Value, Failure> {
    let mut cast = Cast::default();
    for Ballot { submission, unit, role, answers, complete } in ballots {
        let answers = Answers { submission, kept: answers, complete, at: None };
        match instance.desk.put(round, Some((&unit, &role)), &answers).await? {
            Outcome::Taken | Outcome::Replaced => cast.taken += 1,
            Outcome::TakenBefore => cast.before += 1,
            Outcome::TooLong => cast.too_long += 1,
            Outcome::Closed => {
                return Err(Failure::new("the round is not open: its ballot box takes nothing"));
            }
            Outcome::AnsweredAlready | Outcome::NotOnRoll | Outcome::Incomplete => {
                return Err(Failure::new("the ballot box does not take it"));
            }
        }
    }
    Ok(serde_json::to_value(cast)?)
}
