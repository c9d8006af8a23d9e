//! People as they are released: where they are and what is known of them, competence by competence.
//!
//! Held apart are whether courses have reached somebody, whether anything is known of each kind, each area of each kind, each
//! competence, and of what types its evidence is. Of a competence the self-assessed band, the demonstrated band, both beside each
//! other, where an interval ends and, for the whole, single levels are facets: each changes by nobody or by many.

use super::super::populations::{Place, placed};
use super::super::{Frame, ReportError};
use super::evidence::{self, Instrument, People};
use super::known::{Known, Standings, band};
use crate::lake::Snapshot;
use disclosure::Preset;
use disclosure::ledger::{Items, NO_ANSWER, NOTHING, Of, Standing};
use domain::competence::{Levels, OutcomeType, TypeSet};
use domain::frameworks::{Framework, framework};
use domain::{Date, Municipality, PersonId};
use std::collections::BTreeMap;

/// The units and roles that somebody has.
type Places = Vec<(String, String)>;

/// The employees of a report: who they are, where, and what is known of each.
pub(super) struct Staff<'a> {
    pub(super) ids: Vec<PersonId>,
    pub(super) places: Vec<Vec<Place<'a>>>,
    pub(super) standings: Standings,
}

impl<'a> Staff<'a> {
    /// As they stand on the day.
    pub(super) fn on_day(
        frame: &Frame<'_>,
        framework: &Framework,
        instrument: Option<&Instrument<'_>>,
        people: &People<'a>,
    ) -> Self {
        let standings = Standings::of(framework, evidence::known(frame, framework, instrument, people));
        let places =
            people.duties.iter().map(|duties| duties.iter().map(|duty| Place::from(*duty)).collect());
        Self { ids: people.ids.clone(), places: places.collect(), standings }
    }
}

/// The releases that a report is of, by their numbers from 0.
#[derive(Debug, Clone, Copy)]
pub struct Releases {
    /// Of the report.
    pub now: usize,
    /// Of the day that it is compared with, where that was a release.
    pub since: Option<usize>,
}

/// How the people of one framework stood in the releases so far.
#[derive(Debug, Clone)]
pub struct Ledger {
    items: Competences,
    held: disclosure::ledger::Ledger<PersonId, Places>,
}

impl Ledger {
    /// One without releases; none where there is no such framework.
    pub fn new(id: &str, preset: &Preset) -> Option<Self> {
        let items = Competences { framework: framework(id)? };
        Some(Self { items, held: disclosure::ledger::Ledger::new(preset.clone()) })
    }

    /// How many releases there have been.
    pub fn releases(&self) -> usize {
        self.held.releases()
    }

    /// Fewest people by whom a group differs from itself in an earlier release.
    pub(super) fn k(&self) -> u64 {
        self.held.k()
    }

    /// Adds the release at the snapshot's position, about a day.
    ///
    /// # Errors
    /// As for the report.
    pub fn release(
        &mut self,
        snapshot: &Snapshot,
        municipality: &Municipality,
        about: Date,
    ) -> Result<(), ReportError> {
        let truth = self.truth(snapshot, municipality, about)?;
        let units: Vec<_> = municipality.organisation.units().collect();
        self.held.release(&self.items, &truth, |places| {
            placed(&units, None, places.iter().map(|place| &***place))
        });
        Ok(())
    }

    /// How everybody stands on a day.
    fn truth(
        &self,
        snapshot: &Snapshot,
        municipality: &Municipality,
        about: Date,
    ) -> Result<BTreeMap<PersonId, Standing<Places>>, ReportError> {
        let frame = Frame::new(snapshot, municipality, Some(about))?;
        let framework = self.items.framework;
        let instrument = Instrument::latest(municipality, framework, about);
        let people = People::on_duty(municipality, about);
        let staff = Staff::on_day(&frame, framework, instrument.as_ref(), &people);
        let standing = |(number, places): (usize, &Vec<Place<'_>>)| {
            let mut place: Places =
                places.iter().map(|place| (place.unit.to_owned(), place.role.to_owned())).collect();
            place.sort_unstable();
            place.dedup();
            (staff.ids[number], Standing { place, values: self.items.values(&staff.standings, number) })
        };
        Ok(staff.places.iter().enumerate().map(standing).collect())
    }

    /// Of how many people and competences a level is known on a day of the newest release, and of how many it is released
    /// otherwise.
    ///
    /// # Errors
    /// As for the report.
    pub fn behind(
        &self,
        snapshot: &Snapshot,
        municipality: &Municipality,
        about: Date,
    ) -> Result<(usize, usize), ReportError> {
        let truth = self.truth(snapshot, municipality, about)?;
        let mut released: BTreeMap<PersonId, Vec<u64>> = BTreeMap::new();
        for (person, standing) in self.held.people(self.releases().saturating_sub(1)) {
            released.insert(*person, standing.values);
        }
        let competences = self.items.competence(0)..self.items.first_of_types();
        let (mut known, mut behind) = (0, 0);
        for (person, standing) in &truth {
            for item in competences.clone() {
                let value = standing.values[item];
                let shown = released.get(person).map_or(0, |values| values[item]);
                known += usize::from(value > 0);
                behind += usize::from(value != shown);
            }
        }
        Ok((known, behind))
    }

    /// Who is released, and as what.
    pub(super) fn staff(&self, release: usize) -> Staff<'_> {
        let (mut ids, mut places) = (Vec::new(), Vec::new());
        let mut standings = Standings { known: Vec::new(), areas: Vec::new(), covered: Vec::new() };
        for (person, standing) in self.held.people(release) {
            ids.push(*person);
            places.push(standing.place.iter().map(|(unit, role)| Place { unit, role }).collect());
            self.items.known(&standing.values, &mut standings);
        }
        Staff { ids, places, standings }
    }
}

/// What is held apart, in this order: whether reached, whether covered by kind, areas self-assessed, areas demonstrated,
/// competences, types of evidence.
#[derive(Debug, Clone, Copy)]
struct Competences {
    framework: &'static Framework,
}

/// What an item is, with its place among those that are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Reached,
    Covered(usize),
    Area(usize, usize),
    Competence(usize),
    Type(usize, OutcomeType),
}

const SELF_ASSESSED: usize = 0;
const DEMONSTRATED: usize = 1;

/// Facets of a competence: bands by kind, both beside each other, where intervals end by kind, single levels by kind.
const BANDS: usize = 0;
const BOTH: usize = 2;
const ENDS: usize = 3;
const LEVELS: usize = 5;
const FACETS: usize = 7;

impl Competences {
    fn first_of_types(&self) -> usize {
        3 + 2 * self.framework.areas.len() + self.framework.competences.len()
    }

    fn what(&self, item: usize) -> What {
        let areas = self.framework.areas.len();
        match item {
            0 => What::Reached,
            1 | 2 => What::Covered(item - 1),
            _ if item < 3 + 2 * areas => What::Area((item - 3) / areas, (item - 3) % areas),
            _ if item < self.first_of_types() => What::Competence(item - 3 - 2 * areas),
            _ => {
                let (place, types) = (item - self.first_of_types(), OutcomeType::ALL.len());
                What::Type(place / types, OutcomeType::ALL[place % types])
            }
        }
    }

    fn competence(&self, competence: usize) -> usize {
        3 + 2 * self.framework.areas.len() + competence
    }

    /// What is known of one of the people.
    fn values(&self, standings: &Standings, person: usize) -> Vec<u64> {
        let (known, areas) = (&standings.known[person], &standings.areas[person]);
        let value = |item| match self.what(item) {
            What::Reached => u64::from(known.reached),
            What::Covered(kind) => u64::from(standings.covered[person][kind]),
            What::Area(SELF_ASSESSED, area) => {
                let band = areas.areas.get(area).copied().flatten().map_or(0, |band| band as u64 + 1);
                pack(areas.self_assessed[area]) | band << 8
            }
            What::Area(_, area) => pack(areas.demonstrated[area]),
            What::Competence(place) => {
                pack(known.self_assessed[place]) | pack(known.demonstrated[place]) << 8
            }
            What::Type(place, kind) => u64::from(known.types[place].contains([kind].into_iter().collect())),
        };
        (0..self.items()).map(value).collect()
    }

    /// The same again.
    fn known(&self, values: &[u64], standings: &mut Standings) {
        let of_areas = self.framework.areas.len();
        let areas = |kind: usize| (0..of_areas).map(move |area| values[3 + kind * of_areas + area]);
        let competences = (0..self.framework.competences.len()).map(|place| values[self.competence(place)]);
        let types = values[self.first_of_types()..].chunks(OutcomeType::ALL.len());
        let types = types.map(|of| {
            let shown = OutcomeType::ALL.into_iter().zip(of).filter(|(_, is)| **is > 0).map(|(kind, _)| kind);
            shown.collect::<TypeSet>()
        });
        let bands: Vec<Option<usize>> =
            areas(SELF_ASSESSED).map(|value| (value as usize >> 8).checked_sub(1)).collect();
        let reached = values[0] > 0;
        standings.known.push(Known {
            self_assessed: competences.clone().map(unpack).collect(),
            demonstrated: competences.map(|value| unpack(value >> 8)).collect(),
            types: types.collect(),
            areas: bands.clone(),
            reached,
        });
        standings.areas.push(Known {
            self_assessed: areas(SELF_ASSESSED).map(unpack).collect(),
            demonstrated: areas(DEMONSTRATED).map(unpack).collect(),
            types: Vec::new(),
            areas: bands,
            reached,
        });
        standings.covered.push([values[1] > 0, values[2] > 0]);
    }

    /// The band of packed levels, above [`NO_ANSWER`].
    fn band(&self, value: u64) -> u64 {
        band(self.framework, unpack(value)).map_or(NOTHING, |band| NO_ANSWER + 1 + band as u64)
    }
}

/// Levels in eight bits; 0 for none.
fn pack(levels: Option<Levels>) -> u64 {
    levels.map_or(0, |levels| u64::from(levels.low & 15) | u64::from(levels.high & 15) << 4)
}

fn unpack(value: u64) -> Option<Levels> {
    let (low, high) = ((value & 15) as u8, (value >> 4 & 15) as u8);
    (low > 0).then_some(Levels { low, high })
}

impl Items for Competences {
    fn items(&self) -> usize {
        self.first_of_types() + OutcomeType::ALL.len() * self.framework.competences.len()
    }

    fn facets(&self, item: usize) -> usize {
        if matches!(self.what(item), What::Competence(_)) { FACETS } else { 1 }
    }

    fn shows(&self, item: usize, facet: usize, value: u64) -> u64 {
        let of_kind = |first: usize| if facet == first + SELF_ASSESSED { value } else { value >> 8 };
        match self.what(item) {
            What::Reached | What::Covered(_) | What::Type(..) if value == 0 => NOTHING,
            What::Reached | What::Covered(_) | What::Type(..) => NO_ANSWER + value,
            // The instrument's own bands stand in for those of levels.
            What::Area(..) if value >> 8 > 0 => NO_ANSWER + (value >> 8),
            What::Area(..) => self.band(value),
            What::Competence(_) => match facet {
                BOTH => match (self.band(value), self.band(value >> 8)) {
                    (NOTHING, _) | (_, NOTHING) => NOTHING,
                    (own, demonstrated) => own << 8 | demonstrated,
                },
                LEVELS.. => {
                    unpack(of_kind(LEVELS)).map_or(NOTHING, |levels| NO_ANSWER + u64::from(levels.low))
                }
                ENDS.. => match unpack(of_kind(ENDS)) {
                    None => NOTHING,
                    Some(levels) => {
                        let high = self.band(pack(Some(Levels { low: levels.high, high: levels.high })));
                        self.band(of_kind(ENDS)) << 8 | high
                    }
                },
                _ => self.band(of_kind(BANDS)),
            },
        }
    }

    fn of(&self, item: usize, facet: usize) -> Of {
        let is_level = matches!(self.what(item), What::Competence(_)) && facet >= LEVELS;
        if is_level { Of::Whole } else { Of::All }
    }

    /// Something is known of who is covered alone, and somebody is covered as long as anything is; a type only of who has a level.
    fn may(&self, held: &[u64], item: usize, value: u64) -> bool {
        let covers = |kind: usize, is_known: bool| !is_known || held[1 + kind] > 0;
        match self.what(item) {
            What::Reached => true,
            What::Covered(kind) => {
                let known = |item: usize| match self.what(item) {
                    What::Area(of, _) => of == kind && held[item] > 0,
                    What::Competence(_) => unpack(held[item] >> (8 * kind)).is_some(),
                    _ => false,
                };
                value > 0 || !(3..self.first_of_types()).any(known)
            }
            What::Area(kind, _) => covers(kind, value > 0),
            What::Competence(place) => {
                let types = self.first_of_types() + place * OutcomeType::ALL.len();
                let has_type = held[types..types + OutcomeType::ALL.len()].iter().any(|is| *is > 0);
                covers(SELF_ASSESSED, unpack(value).is_some())
                    && covers(DEMONSTRATED, unpack(value >> 8).is_some())
                    && (unpack(value >> 8).is_some() || !has_type)
            }
            What::Type(place, _) => value == 0 || unpack(held[self.competence(place)] >> 8).is_some(),
        }
    }
}
