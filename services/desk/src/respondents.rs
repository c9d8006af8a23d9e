//! Who answered in another tool, as a round knows them.

use domain::events::RoundMode;
use serde_json::Value as Json;
use xapi::Identifier;

use crate::{Desk, DeskError};

/// Somebody beside a round's roll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Respondent {
    /// Nobody on it.
    NotOnRoll,
    /// Their answer is in, and no other takes its place.
    Answered,
    /// They answer as this agent: of a named round as they were named, of a pseudonymous one by their pseudonym.
    As(Identifier),
}

impl Desk {
    /// Those who answered a named or pseudonymous round in another tool, in their order.
    ///
    /// # Errors
    /// [`DeskError::Unknown`], [`DeskError::Mode`], or log or vault cannot be read.
    pub async fn respondents(&self, round: &str, named: &[Identifier]) -> Result<Vec<Respondent>, DeskError> {
        self.inner.municipality.refresh().await?;
        let book = self.book();
        let round = book.round(round).ok_or(DeskError::Unknown)?;
        if !matches!(round.mode, RoundMode::Named | RoundMode::Pseudonymous) {
            return Err(DeskError::Mode);
        }
        let pseudonymous = round.mode == RoundMode::Pseudonymous;
        if pseudonymous && self.lacks_pseudonyms(round).await? {
            self.link(round).await?;
        }
        let (codes, organisation) = (&self.inner.codes, &book.municipality.organisation);
        let roll = book.roll(round, codes);
        let asked = self.asked(&book.municipality, round, None).await?;
        let agents = self.inner.vault.lookup(named).await?;
        let mut found = Vec::with_capacity(named.len());
        for agent in agents {
            let person = agent.and_then(|agent| organisation.listed_person_of(agent.0));
            let voter = person.map(|person| codes.voter(&round.id, &codes.personal(&round.id, person)));
            let person = voter.and_then(|voter| roll.person(voter));
            let id = match person {
                Some(person) => {
                    Some(self.sheet(&book, &asked, round.registration, Json::Null, person)?.id(0, None))
                }
                None => None,
            };
            found.push(person.zip(id));
        }
        let ids: Vec<_> = found.iter().flatten().map(|(_, id)| *id).collect();
        let mut known = self.known(&ids).await?.into_iter();
        let respondent = |(found, named): (Option<_>, &Identifier)| match found {
            None => Respondent::NotOnRoll,
            Some((person, _)) => match known.next() {
                Some(true) if !round.again => Respondent::Answered,
                _ if pseudonymous => Respondent::As(self.pseudonym(round, person)),
                _ => Respondent::As(named.clone()),
            },
        };
        Ok(found.into_iter().zip(named).map(respondent).collect())
    }
}
