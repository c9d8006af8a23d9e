//! Which codes there are, as long as the municipality stays as it is.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use ballot::Voter;
use domain::events::{Duty, RoundFacts, RoundMode};
use domain::organisation::Organisation;
use domain::surveys::{asked, audience, group_of};
use domain::{Municipality, PersonId, rounds, strata};

use crate::codes::Codes;

/// All short codes, and the rolls that were asked for.
pub(crate) struct Book {
    pub(crate) municipality: Arc<Municipality>,
    /// The round, and the unit where the code is of one; of guardians beside others the round is their part of it.
    by_code: HashMap<String, (String, Option<String>, bool)>,
    /// By round, of those that ask guardians beside others: what they are asked.
    guardians: HashMap<String, RoundFacts>,
    rolls: Mutex<HashMap<String, Arc<Roll>>>,
}

/// Who is on a round's roll.
pub(crate) struct Roll {
    by_voter: HashMap<Voter, PersonId>,
    /// Of a round that nobody can link: which stratum everybody is in.
    strata: BTreeMap<PersonId, u32>,
    /// Of a round with groups of respondents: the id of everybody's.
    groups: BTreeMap<PersonId, String>,
}

impl Book {
    pub(crate) fn of(municipality: Arc<Municipality>, codes: &Codes) -> Self {
        let mut by_code = HashMap::new();
        let mut guardians = HashMap::new();
        for round in municipality.surveys.rounds().filter(|round| !round.draft) {
            for unit in doors(round, &municipality.organisation) {
                let leads = (round.id.clone(), unit.map(str::to_owned), false);
                by_code.insert(codes.short(&round.id, unit), leads);
            }
            for unit in doors_beside(round) {
                let leads = (round.id.clone(), Some(unit.to_owned()), true);
                by_code.insert(codes.guardians(&round.id, unit), leads);
            }
            guardians.extend(beside(round).map(|part| (round.id.clone(), part)));
        }
        Self { municipality, by_code, guardians, rolls: Mutex::default() }
    }

    /// The round that a code leads to, and the unit where the code is of one.
    pub(crate) fn find(&self, code: &str) -> Option<(&RoundFacts, Option<&str>)> {
        let (id, unit, beside) = self.by_code.get(code)?;
        let round = if *beside { self.guardians_of(id)? } else { self.round(id)? };
        Some((round, unit.as_deref()))
    }

    /// What guardians are asked in a round that asks others too.
    pub(crate) fn guardians_of(&self, round: &str) -> Option<&RoundFacts> {
        self.guardians.get(round)
    }

    /// A round that is no draft.
    pub(crate) fn round(&self, id: &str) -> Option<&RoundFacts> {
        let round = &self.municipality.surveys.round(id)?.facts;
        Some(round).filter(|round| !round.draft)
    }

    /// The roll of a round, made when it is first asked for.
    pub(crate) fn roll(&self, round: &RoundFacts, codes: &Codes) -> Arc<Roll> {
        let kept = || self.rolls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(roll) = kept().get(&round.id) {
            return Arc::clone(roll);
        }
        let roll = Arc::new(Roll::of(&self.municipality, round, codes));
        Arc::clone(kept().entry(round.id.clone()).or_insert(roll))
    }
}

/// The units that have a code of their own in a round, all of them where there is a roll; none: the whole round has one.
pub(crate) fn doors<'a>(round: &'a RoundFacts, organisation: &'a Organisation) -> Vec<Option<&'a str>> {
    if round.mode == RoundMode::Guardians {
        return links(round).map(Some).collect();
    }
    let below = organisation.descendants(&round.unit);
    let below = below.into_iter().filter(|unit| *unit != round.unit);
    std::iter::once(None).chain(below.map(Some)).collect()
}

/// The units whose guardians have a code of their own, in a round that asks others too.
pub(crate) fn doors_beside(round: &RoundFacts) -> impl Iterator<Item = &str> {
    links(round).filter(|_| round.mode != RoundMode::Guardians)
}

fn links(round: &RoundFacts) -> impl Iterator<Item = &str> {
    round.guardians.iter().flat_map(|guardians| &guardians.links).map(|link| link.unit.as_str())
}

/// What guardians are asked beside others.
fn beside(round: &RoundFacts) -> Option<RoundFacts> {
    rounds::of_guardians(round).filter(|_| round.mode != RoundMode::Guardians)
}

impl Roll {
    fn of(municipality: &Municipality, round: &RoundFacts, codes: &Codes) -> Self {
        let people = audience(round, &municipality.organisation);
        let group = |(person, duty): (PersonId, &Duty)| {
            let group = round.groups.get(group_of(round, &duty.role)?)?;
            Some((person, group.id.clone()))
        };
        let groups = asked(round, &municipality.organisation).filter_map(group).collect();
        let voter = |person| (codes.voter(&round.id, &codes.personal(&round.id, person)), person);
        let opened = municipality.surveys.opened(&round.id).filter(|_| round.mode == RoundMode::Unlinkable);
        let strata = opened.map(|opened| {
            let now = strata::strata(round, &municipality.organisation, opened.smallest);
            // The roster may tell of the opening day otherwise than it did then.
            let same = now.strata == opened.strata;
            let placed = |(person, at): (PersonId, u32)| {
                let stratum = now.strata.get(at as usize)?;
                Some((person, if same { at } else { nearest(&opened.strata, stratum) }))
            };
            now.of.iter().filter_map(|(person, at)| placed((*person, *at))).collect()
        });
        Self { by_voter: people.into_iter().map(voter).collect(), strata: strata.unwrap_or_default(), groups }
    }

    /// Whose code this is.
    pub(crate) fn person(&self, voter: Voter) -> Option<PersonId> {
        self.by_voter.get(&voter).copied()
    }

    /// The stratum that somebody is in.
    pub(crate) fn stratum(&self, person: PersonId) -> u32 {
        self.strata.get(&person).copied().unwrap_or(0)
    }

    /// The group of respondents that somebody is in.
    pub(crate) fn group(&self, person: PersonId) -> Option<String> {
        self.groups.get(&person).cloned()
    }

    /// Everybody, as a ballot box knows them.
    pub(crate) fn voters(&self) -> Vec<Voter> {
        self.by_voter.keys().copied().collect()
    }
}

/// The stratum of another's group with most of its units and roles; of several the first.
pub(crate) fn nearest(strata: &[domain::events::Stratum], like: &domain::events::Stratum) -> u32 {
    let shared = |stratum: &domain::events::Stratum| {
        let units = like.all_units().iter().filter(|unit| stratum.all_units().contains(unit)).count();
        let roles = like.roles.iter().filter(|role| stratum.roles.contains(role)).count();
        (stratum.group == like.group, units, roles)
    };
    let best = strata.iter().zip(0..).max_by_key(|(stratum, at)| (shared(stratum), std::cmp::Reverse(*at)));
    best.map_or(0, |(_, at)| at)
}
