//! What is asked, and what is known of one person.

use disclosure::LevelKind;
use domain::Date;
use domain::competence::{self, TypeSet};
use domain::frameworks::Framework;

/// What to report on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// The framework's id, version included, such as `digcomp-3.0`.
    pub framework: String,
    /// The day; none: the latest that any statement is about.
    pub as_of: Option<Date>,
    /// The base from which eight levels are shown beside four bands, where they can be.
    pub levels_from: u64,
    /// An earlier day that the report's is compared with, if any.
    pub since: Option<Date>,
}

impl Parameters {
    /// The report on a framework for the latest day, with eight levels from a base of 30.
    pub fn new(framework: impl Into<String>) -> Self {
        Self { framework: framework.into(), as_of: None, levels_from: 30, since: None }
    }
}

/// One person's level in each competence or area, by its index; `None` where it is unknown or expired. It is an interval
/// from what the evidence shows by its lower ends to what it shows by its upper ends.
pub(super) type Levels = Vec<Option<competence::Levels>>;

/// What is known of one person, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) demonstrated: Levels,
    pub(super) self_assessed: Levels,
    /// For each competence which of knowledge, skill and attitude are demonstrated by evidence of that type alone.
    pub(super) types: Vec<TypeSet>,
    /// For each area the place of the band that the instrument gives it; empty where it gives areas none.
    pub(super) areas: Vec<Option<usize>>,
    /// Whether any statement of theirs is about a course or a part of one.
    pub(super) reached: bool,
}

impl Known {
    pub(super) fn of(&self, kind: LevelKind) -> &Levels {
        match kind {
            LevelKind::SelfAssessed => &self.self_assessed,
            _ => &self.demonstrated,
        }
    }

    /// Whether anything of a kind is known.
    pub(super) fn has_any(&self, kind: LevelKind) -> bool {
        self.of(kind).iter().any(Option::is_some)
            || kind == LevelKind::SelfAssessed && self.areas.iter().any(Option::is_some)
    }
}

/// What is known of the people of a report, each by their place among them.
pub(super) struct Standings {
    pub(super) known: Vec<Known>,
    /// The same with areas in place of competences.
    pub(super) areas: Vec<Known>,
    /// Whether anything is known of them, by kind as in [`KINDS`].
    pub(super) covered: Vec<[bool; 2]>,
}

/// The kinds of levels that are known, and where they stand among each other.
pub(super) const KINDS: [LevelKind; 2] = [LevelKind::SelfAssessed, LevelKind::Demonstrated];

impl Standings {
    /// What follows from levels of competences.
    pub(super) fn of(framework: &Framework, known: Vec<Known>) -> Self {
        let areas = known.iter().map(|known| in_areas(framework, known)).collect();
        let covered = known.iter().map(|known| KINDS.map(|kind| known.has_any(kind))).collect();
        Self { known, areas, covered }
    }
}

/// A person's levels in the framework's areas.
fn in_areas(framework: &Framework, known: &Known) -> Known {
    let levels = |levels: &[Option<competence::Levels>]| {
        let area = |code: &str| {
            let of_area = || levels.iter().zip(&framework.competences).filter(|(_, c)| c.area == code);
            let by = |end: fn(competence::Levels) -> u8| {
                area_level(&of_area().map(|(levels, _)| levels.map(end)).collect::<Vec<_>>())
            };
            Some(competence::Levels { low: by(|levels| levels.low)?, high: by(|levels| levels.high)? })
        };
        framework.areas.iter().map(|a| area(&a.code)).collect()
    };
    Known {
        demonstrated: levels(&known.demonstrated),
        self_assessed: levels(&known.self_assessed),
        types: Vec::new(),
        areas: known.areas.clone(),
        reached: known.reached,
    }
}

/// The highest level that at least half of an area's competences reach.
fn area_level(levels: &[Option<u8>]) -> Option<u8> {
    let mut reached: Vec<u8> = levels.iter().flatten().copied().collect();
    reached.sort_unstable_by(|a, b| b.cmp(a));
    reached.get(levels.len().div_ceil(2).checked_sub(1)?).copied()
}

/// The place of the band of a framework that a level lies in, an interval with its lower end: what is certain.
pub(super) fn band(framework: &Framework, levels: Option<competence::Levels>) -> Option<usize> {
    let level = levels?.low;
    framework.bands.iter().position(|band| (band.low..=band.high).contains(&level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_has_the_level_that_half_of_its_competences_reach() {
        assert_eq!(area_level(&[Some(2), Some(5), Some(3)]), Some(3));
        assert_eq!(area_level(&[Some(2), Some(5), Some(3), Some(6)]), Some(5));
        assert_eq!(area_level(&[Some(2), None, Some(3), None]), Some(2));
        assert_eq!(area_level(&[Some(8), None, None, None]), None);
        assert_eq!(area_level(&[Some(8), None, None]), None);
        assert_eq!(area_level(&[]), None);
    }
}
