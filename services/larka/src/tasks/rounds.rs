//! A round and what it asks, for whoever brings answers.

use std::collections::BTreeMap;

use domain::Date;
use domain::events::RoundMode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use views::definitions::Definitions;

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
    /// The activities of the survey's items by name.
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
        activities: survey.items.iter().map(|item| (item.name.clone(), item.activity.clone())).collect(),
        definition: text(documents.definition)?,
        scoring: documents.scoring.map(text).transpose()?,
    })?)
}
