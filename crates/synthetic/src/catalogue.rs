//! The courses as they are offered: central ones, and the copies that areas and units have made theirs.

use crate::content::courses::{COURSES, LOCAL_PARTS};
use crate::content::paths::PATHS;
use crate::content::{Audience, Course, Kind, Part};
use crate::dice::{Concern, Dice};
use crate::organisation::{Unit, UnitKind};
use crate::people::ROLES;

/// Where courses' addresses begin.
pub(crate) const COURSE_ROOT: &str = "https://larande.larkby.example/kurser/";

/// All central courses: employees' first, then pupils'.
pub(crate) fn central(index: usize) -> &'static Course {
    match index.checked_sub(COURSES.len()) {
        None => &COURSES[index],
        Some(path) => &PATHS[path],
    }
}

/// How many central courses there are.
pub(crate) const CENTRAL: usize = COURSES.len() + PATHS.len();

/// A course that can be taken: a central one or a copy.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// Which central course it is, or goes back to.
    pub(crate) course: usize,
    /// Of a copy: the offer it was copied from, and the unit that owns it.
    pub(crate) copied: Option<(usize, usize)>,
    pub(crate) iri: String,
    pub(crate) title: (String, String),
    pub(crate) parts: Vec<OfferPart>,
}

/// A part of an offer.
#[derive(Clone, Debug)]
pub(crate) struct OfferPart {
    pub(crate) part: &'static Part,
    pub(crate) iri: String,
    pub(crate) title: (String, String),
    /// The part it was copied from.
    pub(crate) copy_of: Option<String>,
}

/// The offers, and which of them each unit's people meet.
#[derive(Clone, Debug)]
pub(crate) struct Catalogue {
    /// The central courses first, in order.
    pub(crate) offers: Vec<Offer>,
    /// By unit and central course; None where the unit has not taken the course up.
    pub(crate) met: Vec<Vec<Option<usize>>>,
}

impl Catalogue {
    /// Central courses and the copies of these units.
    pub(crate) fn new(seed: u64, units: &[Unit]) -> Catalogue {
        let mut offers: Vec<Offer> = (0..CENTRAL).map(original).collect();
        let mut met: Vec<Vec<Option<usize>>> = Vec::with_capacity(units.len());
        for (at, unit) in units.iter().enumerate() {
            let mut dice = Dice::of(seed, Concern::Copies, at as u64);
            let above = unit.parent.filter(|parent| units[*parent].kind == UnitKind::Area);
            let row = (0..CENTRAL)
                .map(|course| {
                    let inherited = above.and_then(|area| met[area][course]).unwrap_or(course);
                    let takes_up = dice.unit();
                    let copies = dice.unit();
                    let audience = central(course).audience;
                    let copied = match unit.kind {
                        UnitKind::Area => copies < 0.24,
                        UnitKind::Municipality | UnitKind::Administration => false,
                        _ => copies < 0.02 && unit.uptake > 0.0,
                    };
                    if copied && matches!(audience, Audience::Staff | Audience::Educators) {
                        offers.push(copy(course, inherited, at, unit, &offers[inherited], &mut dice));
                        return Some(offers.len() - 1);
                    }
                    let free = matches!(audience, Audience::Staff | Audience::Leaders);
                    let left_out = free && unit.kind != UnitKind::Area && takes_up >= unit.uptake;
                    (!left_out).then_some(inherited)
                })
                .collect();
            met.push(row);
        }
        Catalogue { offers, met }
    }
}

/// The roles that must take a course.
pub(crate) fn mandatory_roles(audience: Audience) -> Vec<&'static str> {
    let must = |educates: bool| match audience {
        Audience::Newcomers | Audience::EveryEmployee => true,
        Audience::Educators => educates,
        _ => false,
    };
    ROLES.iter().filter(|role| must(role.educates)).map(|role| role.name).collect()
}

fn original(index: usize) -> Offer {
    let course = central(index);
    let iri = format!("{COURSE_ROOT}{}", course.slug);
    let parts = course
        .parts
        .iter()
        .map(|part| OfferPart {
            part,
            iri: format!("{iri}/{}", part.slug),
            title: (part.title.sv.to_owned(), part.title.en.to_owned()),
            copy_of: None,
        })
        .collect();
    Offer {
        course: index,
        copied: None,
        iri,
        title: (course.title.sv.to_owned(), course.title.en.to_owned()),
        parts,
    }
}

/// A unit's copy: another title, a part or two of its own, now and then a text left out.
fn copy(course: usize, from: usize, at: usize, unit: &Unit, source: &Offer, dice: &mut Dice) -> Offer {
    let iri = format!("{COURSE_ROOT}{}/{}", central(course).slug, unit.code.to_lowercase());
    let title = match dice.below(3) {
        0 => (format!("{} – {}", source.title.0, unit.name), format!("{} ({})", source.title.1, unit.name)),
        1 => (format!("{}: så gör vi hos oss", source.title.0), format!("{}: how we do it", source.title.1)),
        _ => (format!("{} – vårt upplägg", source.title.0), format!("{}: our version", source.title.1)),
    };
    let leaves_out = dice.chance(0.3);
    let mut parts: Vec<OfferPart> = source
        .parts
        .iter()
        .filter(|part| !(leaves_out && part.part.kind == Kind::Text))
        .map(|part| OfferPart {
            part: part.part,
            iri: format!("{iri}/{}", part.part.slug),
            title: part.title.clone(),
            copy_of: Some(part.iri.clone()),
        })
        .collect();
    let first = dice.below(LOCAL_PARTS.len());
    for extra in 0..1 + usize::from(dice.chance(0.3)) {
        let part = &LOCAL_PARTS[(first + extra) % LOCAL_PARTS.len()];
        if parts.iter().any(|known| known.part.slug == part.slug) {
            continue;
        }
        let place = dice.below(parts.len() + 1);
        let own = OfferPart {
            part,
            iri: format!("{iri}/{}", part.slug),
            title: (part.title.sv.to_owned(), part.title.en.to_owned()),
            copy_of: None,
        };
        parts.insert(place, own);
    }
    Offer { course, copied: Some((from, at)), iri, title, parts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::COMPETENCES;
    use crate::organisation::units;
    use std::collections::BTreeSet;

    #[test]
    fn every_competence_is_shown_by_some_quiz() {
        for competence in COMPETENCES {
            let shown = (0..CENTRAL)
                .flat_map(|course| central(course).parts)
                .flat_map(|part| part.shows)
                .any(|shows| shows.competence == competence);
            assert!(shown, "{competence}");
        }
    }

    #[test]
    fn rules_name_known_competences_and_ordered_levels() {
        for shows in (0..CENTRAL).flat_map(|course| central(course).parts).flat_map(|part| part.shows) {
            assert!(COMPETENCES.contains(&shows.competence));
            assert!(1 <= shows.low && shows.low <= shows.high && shows.high <= 8);
        }
    }

    #[test]
    fn copies_exist_differ_from_their_origin_and_have_addresses_of_their_own() {
        let catalogue = Catalogue::new(1, &units(1, 900));
        let copies: Vec<&Offer> = catalogue.offers.iter().filter(|offer| offer.copied.is_some()).collect();
        assert!((12..80).contains(&copies.len()), "{}", copies.len());
        for copy in &copies {
            assert_ne!(copy.title.0, catalogue.offers[copy.course].title.0);
            assert!(copy.parts.iter().any(|part| part.copy_of.is_none()), "no part of its own");
            assert!(copy.parts.iter().any(|part| part.part.kind == Kind::Quiz && part.copy_of.is_some()));
        }
        let all: Vec<&str> = catalogue
            .offers
            .iter()
            .flat_map(|offer| offer.parts.iter().map(|part| part.iri.as_str()).chain([offer.iri.as_str()]))
            .collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    #[test]
    fn some_units_never_take_up_a_voluntary_course() {
        let units = units(1, 900);
        let catalogue = Catalogue::new(1, &units);
        let never = units
            .iter()
            .zip(&catalogue.met)
            .filter(|(unit, _)| unit.staff > 0.0)
            .filter(|(_, met)| {
                (0..COURSES.len())
                    .all(|course| central(course).audience != Audience::Staff || met[course].is_none())
            })
            .count();
        assert!((2..12).contains(&never), "{never}");
    }
}
