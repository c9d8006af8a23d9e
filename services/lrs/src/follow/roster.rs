//! Who belongs where, for a selection that asks for a unit.

use std::collections::{BTreeMap, BTreeSet};

use domain::events::{PersonFacts, PersonPersonal};
use domain::{Date, Facts as _, Selection, StatementFacts, selection};
use eventlog::{Key, Position};
use vault::{Envelope, Opened};
use views::municipality::Snapshot;

use super::following::Following;
use crate::query::QueryFailed;

/// Who belongs where, for a selection that asks.
pub(super) struct Roster {
    pub(super) snapshot: Snapshot,
    /// Whoever has a protected identity, of those who act in a stretch: they belong nowhere, or what comes through a
    /// unit's filter would say where they are.
    hidden: BTreeSet<Key>,
    today: Date,
}

impl Roster {
    pub(super) fn takes(&self, selection: &Selection, facts: &StatementFacts) -> bool {
        selection.takes(facts, &self.snapshot.municipality.organisation, self.today, &self.hidden)
    }

    pub(super) fn hides(&self, facts: &StatementFacts) -> bool {
        selection::who_act(facts).any(|agent| self.hidden.contains(&agent))
    }
}

impl Following {
    /// Who belongs where at the head, where a selection asks for it.
    pub(super) async fn roster<'f>(
        &self,
        selection: &Selection,
        statements: impl Iterator<Item = &'f StatementFacts>,
    ) -> Result<Roster, QueryFailed> {
        let today = Date::in_sweden(self.clock.now());
        if selection.units.is_empty() {
            return Ok(Roster { snapshot: Snapshot::default(), hidden: BTreeSet::new(), today });
        }
        let snapshot = self.municipality.refresh().await?;
        let organisation = &snapshot.municipality.organisation;
        let mut persons: BTreeMap<Position, BTreeSet<Key>> = BTreeMap::new();
        let near = statements.filter(|facts| selection.may_have_taken(facts, organisation));
        for agent in near.flat_map(selection::who_act) {
            let person = organisation.listed_person_of(agent).and_then(|person| organisation.person(person));
            if let Some(person) = person {
                persons.entry(person.position).or_default().insert(agent);
            }
        }
        for open in self.unprotected(&persons.keys().copied().collect::<Vec<_>>()).await? {
            persons.remove(&open);
        }
        Ok(Roster { hidden: persons.into_values().flatten().collect(), snapshot, today })
    }

    /// At which of some positions a person of the roster is described whose identity is known not to be protected.
    async fn unprotected(&self, positions: &[Position]) -> Result<Vec<Position>, QueryFailed> {
        self.vault.at_fence(self.log.fence());
        let described = self.log.read_with_slots(positions).await?;
        let envelopes: Vec<Envelope<'_>> = described
            .iter()
            .map(|one| Envelope { event: one.event.id, kind: PersonFacts::KIND, slots: &one.slots })
            .collect();
        let opened = self.vault.open_all(&envelopes).await?;
        let is_open = |had: u16, slots: &[Opened]| match slots.first() {
            Some(Opened::Plain(slot)) => PersonPersonal::decode(slot).is_ok_and(|person| !person.protected),
            Some(Opened::Erased) => false,
            None => had == 0,
        };
        let open = described.iter().zip(&opened).filter(|(one, slots)| is_open(one.had, slots));
        Ok(open.map(|(one, _)| one.event.position).collect())
    }
}
