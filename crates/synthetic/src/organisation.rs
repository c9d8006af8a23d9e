//! The units: a municipality, its administration, principals' areas, and what lies in them.

use crate::dice::{Concern, Dice};
use crate::names::{PLACES, PRESCHOOLS};

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitKind {
    Municipality,
    Administration,
    Area,
    Preschool,
    /// Up to year 6.
    Primary,
    /// Years 7 to 9.
    Secondary,
    UpperSecondary,
    Kitchen,
    Office,
    Health,
}

impl UnitKind {
    /// The kind's name in the organisation's JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            UnitKind::Municipality => "huvudman",
            UnitKind::Administration => "forvaltning",
            UnitKind::Area => "rektorsomrade",
            UnitKind::Preschool => "forskola",
            UnitKind::Primary | UnitKind::Secondary => "skola",
            UnitKind::UpperSecondary => "gymnasieskola",
            UnitKind::Kitchen | UnitKind::Office | UnitKind::Health => "ovrigt",
        }
    }

    /// Whether pupils are enrolled there.
    pub(crate) fn teaches(self) -> bool {
        matches!(self, UnitKind::Primary | UnitKind::Secondary | UnitKind::UpperSecondary)
    }
}

/// A unit of the organisation.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) kind: UnitKind,
    pub(crate) parent: Option<usize>,
    pub(crate) school_unit_code: Option<String>,
    /// Employees and pupils, against other units.
    pub(crate) staff: f64,
    pub(crate) pupils: f64,
    /// How far its people lie above others in digital competence (deviations).
    pub(crate) lead: f64,
    /// How well people like it there (deviations).
    pub(crate) climate: f64,
    /// The share that answers surveys.
    pub(crate) answering: f64,
    /// The share of the voluntary courses that it takes up.
    pub(crate) uptake: f64,
}

/// How many units of each kind there are.
struct Shape {
    preschools: usize,
    schools: usize,
    upper: usize,
    offices: usize,
    preschool_areas: usize,
    school_areas: usize,
}

fn shape(employees: usize) -> Shape {
    let units = match employees {
        0..=900 => (employees / 21).max(6),
        _ => 42 + (employees - 900) / 45,
    };
    let upper = 1 + employees / 4000;
    let offices = if units < 12 { 1 } else { 3 };
    let rest = units.saturating_sub(upper + offices).max(4);
    let preschools = rest * 21 / 40;
    let schools = rest - preschools;
    Shape {
        preschools,
        schools,
        upper,
        offices,
        preschool_areas: ((preschools * 2 + 5) / 11).max(1),
        school_areas: ((schools + 2) / 4).max(1),
    }
}

/// The units for so many employees: parents before children, the municipality first.
pub(crate) fn units(seed: u64, employees: usize) -> Vec<Unit> {
    let shape = shape(employees);
    let mut dice = Dice::of(seed, Concern::Units, 0);
    let mut places: Vec<&str> = PLACES.to_vec();
    let mut flowers: Vec<&str> = PRESCHOOLS.to_vec();
    dice.shuffle(&mut places);
    dice.shuffle(&mut flowers);

    let mut units = vec![
        plain_unit("9999", "Lärkby kommun", UnitKind::Municipality, None),
        plain_unit("9999-UF", "Utbildningsförvaltningen", UnitKind::Administration, Some(0)),
    ];
    let mut named = 0;
    let mut schools = 0;
    for area in 0..shape.preschool_areas + shape.school_areas + 1 {
        let place = numbered(&places, area);
        let area_lead = 0.22 * dice.normal();
        let at = units.len();
        let code = format!("9999-R{:02}", area + 1);
        let name = if area == shape.preschool_areas + shape.school_areas {
            "Gymnasiets rektorsområde".to_owned()
        } else {
            format!("{place} rektorsområde")
        };
        units.push(plain_unit(&code, &name, UnitKind::Area, Some(1)));
        let members: Vec<(UnitKind, String)> = if area < shape.preschool_areas {
            share(shape.preschools, shape.preschool_areas, area)
                .map(|index| (UnitKind::Preschool, format!("Förskolan {}", numbered(&flowers, index))))
                .collect()
        } else if area < shape.preschool_areas + shape.school_areas {
            share(shape.schools, shape.school_areas, area - shape.preschool_areas)
                .map(|index| {
                    let kind = if index % 3 == 1 { UnitKind::Secondary } else { UnitKind::Primary };
                    let place = numbered(&places, shape.preschool_areas + index);
                    (kind, format!("{}skolan", place.replace("Södra ", "Södra").replace(' ', "-")))
                })
                .collect()
        } else {
            (0..shape.upper).map(|index| (UnitKind::UpperSecondary, upper_name(index).to_owned())).collect()
        };
        for (order, (kind, name)) in members.into_iter().enumerate() {
            let mut unit = plain_unit(&format!("{code}-{}", order + 1), &name, kind, Some(at));
            let size = dice.unit();
            (unit.staff, unit.pupils) = match kind {
                UnitKind::Primary => (1.0 + 0.7 * size, 0.8 + size),
                UnitKind::Secondary => (1.2 + 0.8 * size, 1.3 + 1.2 * size),
                UnitKind::UpperSecondary => (3.0, 3.6),
                _ => (0.85 + 0.5 * size, 0.0),
            };
            if kind.teaches() {
                schools += 1;
                unit.school_unit_code = Some(format!("9999{schools:04}"));
            }
            temper(&mut unit, &mut dice, area_lead, named);
            named += 1;
            units.push(unit);
        }
    }
    let offices = [
        ("9999-K1", "Kost och lokalvård", UnitKind::Kitchen, 2.0),
        ("9999-K2", "Utbildningskontoret", UnitKind::Office, 1.2),
        ("9999-K3", "Centrala elevhälsan", UnitKind::Health, 1.0),
    ];
    for (code, name, kind, staff) in offices.into_iter().take(shape.offices) {
        let mut unit = plain_unit(code, name, kind, Some(1));
        unit.staff = staff;
        temper(&mut unit, &mut dice, 0.0, named);
        named += 1;
        units.push(unit);
    }
    units
}

/// A unit's climate, lead, and how eagerly it answers; about one in nine answers little, one in eight takes
/// up no voluntary course.
fn temper(unit: &mut Unit, dice: &mut Dice, area_lead: f64, order: usize) {
    unit.lead = area_lead + 0.15 * dice.normal();
    unit.climate = dice.normal();
    let eager = dice.unit();
    unit.answering = if order % 9 == 4 { 0.14 + 0.16 * eager } else { 0.54 + 0.34 * eager };
    let open = dice.unit();
    unit.uptake = if order % 8 == 3 { 0.0 } else { 0.5 + 0.5 * open };
}

fn plain_unit(code: &str, name: &str, kind: UnitKind, parent: Option<usize>) -> Unit {
    Unit {
        code: code.to_owned(),
        name: name.to_owned(),
        kind,
        parent,
        school_unit_code: None,
        staff: 0.0,
        pupils: 0.0,
        lead: 0.0,
        climate: 0.0,
        answering: 0.7,
        uptake: 0.8,
    }
}

/// The indices that fall to the `part`-th of `parts` when `total` are shared out in order.
fn share(total: usize, parts: usize, part: usize) -> std::ops::Range<usize> {
    total * part / parts..total * (part + 1) / parts
}

/// A name from a list; past its end the names come again, with a number.
fn numbered(names: &[&str], index: usize) -> String {
    let name = names[index % names.len()];
    match index / names.len() {
        0 => name.to_owned(),
        round => format!("{name} {}", round + 1),
    }
}

fn upper_name(index: usize) -> &'static str {
    ["Lärkby gymnasium", "Norra Lärkby gymnasium", "Yrkesgymnasiet Lärkan", "Östra Lärkby gymnasium"]
        [index % 4]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_usual_municipality_has_about_ten_areas_and_sixty_units() {
        let units = units(1, 900);
        let areas = units.iter().filter(|unit| unit.kind == UnitKind::Area).count();
        assert!((9..=11).contains(&areas), "{areas}");
        assert!((50..=65).contains(&units.len()), "{}", units.len());
        assert_eq!(units.iter().filter(|unit| unit.kind == UnitKind::UpperSecondary).count(), 1);
    }

    #[test]
    fn codes_and_names_are_unique_and_parents_come_first() {
        for employees in [0, 6, 120, 900, 6_000, 60_000] {
            let units = units(2, employees);
            let codes: BTreeSet<&str> = units.iter().map(|unit| unit.code.as_str()).collect();
            assert_eq!(codes.len(), units.len(), "{employees}");
            for (index, unit) in units.iter().enumerate() {
                assert!(unit.parent.is_none_or(|parent| parent < index));
            }
        }
        let usual = units(2, 900);
        let names: BTreeSet<&str> = usual.iter().map(|unit| unit.name.as_str()).collect();
        assert_eq!(names.len(), usual.len());
    }
}
