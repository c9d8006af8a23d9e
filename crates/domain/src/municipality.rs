//! The whole state of a municipality, folded from the log.

use eventlog::clock::Micros;
use eventlog::event::{Event, Position};

use crate::catalogue::Catalogue;
use crate::competence::{Evidence, Kind, TypeSet};
use crate::events::kind;
use crate::organisation::Organisation;
use crate::statement::StatementFactsOf;
use crate::surveys::{Asked, Surveys};
use crate::{BadFacts, rounds, verbs};

/// Organisation, catalogue and surveys as the events up to some position describe them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Municipality {
    /// Units, persons and groups.
    pub organisation: Organisation,
    /// Courses and rules.
    pub catalogue: Catalogue,
    /// Surveys and rounds.
    pub surveys: Surveys,
    /// The last event that changed any of it.
    position: Position,
    /// The last erasure.
    horizon: Position,
}

/// An event that cannot be folded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {}: {reason}", position.0)]
pub struct FoldError {
    /// Where it stands.
    pub position: Position,
    /// What is wrong with it.
    pub reason: BadFacts,
}

impl Municipality {
    /// The kinds of events that make a difference here.
    pub const KINDS: &'static [&'static str] = kind::MUNICIPALITY;

    /// The state after these events, which come in the order of the log; others among them are passed over.
    ///
    /// # Errors
    /// [`FoldError`] for the first that cannot be read.
    pub fn fold<'e>(events: impl IntoIterator<Item = &'e Event>) -> Result<Self, FoldError> {
        let mut municipality = Self::default();
        for event in events {
            municipality.apply(event)?;
        }
        Ok(municipality)
    }

    /// Takes an event in. Returns whether it was of one of the [`KINDS`](Self::KINDS).
    ///
    /// # Errors
    /// [`FoldError`] where it cannot be read; the state is then as before.
    pub fn apply(&mut self, event: &Event) -> Result<bool, FoldError> {
        let taken = self
            .organisation
            .apply(event)
            .and_then(|taken| Ok(taken || self.catalogue.apply(event)?))
            .and_then(|taken| Ok(taken || self.surveys.apply(event)?))
            .map_err(|reason| FoldError { position: event.position, reason })?;
        if taken {
            self.position = self.position.max(event.position);
        }
        if event.kind == kind::AGENT_ERASED {
            self.horizon = self.horizon.max(event.position);
        }
        Ok(taken)
    }

    /// The last event that changed anything; 0 before the first.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The last erasure that is honoured; 0 before the first.
    pub fn horizon(&self) -> Position {
        self.horizon
    }

    /// What a statement is evidence of, by the rules and surveys as they are now. The person is the statement's
    /// actor; whether the statement was voided is for the caller to know.
    ///
    /// A pass gives demonstrated evidence by every rule for its activity or for what that is a copy of. An
    /// answer to an item that feeds a competence gives self-assessed evidence, unless its code claims no level.
    pub fn evidence<'a, S: AsRef<str>>(
        &'a self,
        facts: &'a StatementFactsOf<S>,
        stored: Micros,
        position: Position,
    ) -> Vec<Evidence<'a>> {
        let Some(activity) = facts.activity() else { return Vec::new() };
        let observed_at = facts.counted_at(stored).0;
        if facts.is_pass() {
            let root = self.catalogue.root(activity);
            let rules = self.catalogue.rules_for(activity);
            return rules
                .map(|(framework, rule)| rule.evidence(framework, root, observed_at, position.0))
                .collect();
        }
        let Some(asked) = self.answered(facts, stored) else { return Vec::new() };
        let claim = asked.item.feeds.as_ref().zip(facts.code()).and_then(|(feed, code)| {
            feed.levels.get(code).map(|&level| Evidence {
                framework: &feed.framework,
                competence: &feed.competence,
                low: level,
                high: level,
                kind: Kind::SelfAssessed,
                types: TypeSet::EMPTY,
                weight: 1000,
                root: &asked.item.activity,
                observed_at,
                valid_until: None,
                position: position.0,
            })
        });
        claim.into_iter().collect()
    }

    /// What a statement answers, if it answers an item of a registered survey with a code; under the registration of a round
    /// while answers are [taken](crate::rounds::taken) in it.
    pub fn answered<S: AsRef<str>>(&self, facts: &StatementFactsOf<S>, stored: Micros) -> Option<Asked<'_>> {
        if facts.verb.as_ref() != verbs::ANSWERED || facts.response.is_empty() {
            return None;
        }
        let asked = self.surveys.asked(facts.activity()?, facts.registration)?;
        let counts = |round| rounds::taken(round, &self.surveys).contains(&facts.counted_at(stored));
        asked.round.is_none_or(counts).then_some(asked)
    }
}

#[cfg(test)]
mod tests;
