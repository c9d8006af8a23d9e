//! The people: who they are, where they work or learn, and how they are disposed.

use chrono::{Datelike, NaiveDate};

use crate::calendar::{Calendar, Day, FIRST_DAY, LAST_DAY, Rhythm};
use crate::dice::{Concern, Dice, exp, mix};
use crate::names::{FAMILY, GIVEN, plain};
use crate::organisation::{Unit, UnitKind};

/// A duty's role, with how its holders' competence lies against others' (deviations).
#[derive(Debug, PartialEq)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    pub(crate) lead: f64,
    /// Meets pupils or their data.
    pub(crate) educates: bool,
    pub(crate) leads: bool,
}

const fn role(name: &'static str, lead: f64, educates: bool) -> Role {
    Role { name, lead, educates, leads: false }
}

const fn leader(name: &'static str, lead: f64) -> Role {
    Role { name, lead, educates: true, leads: true }
}

/// Every role that an employee can have.
pub(crate) const ROLES: [Role; 21] = [
    leader("Rektor", 0.35),
    leader("Biträdande rektor", 0.35),
    role("Lärare", 0.2, true),
    role("Förskollärare", 0.0, true),
    role("Barnskötare", -0.35, true),
    role("Fritidspedagog", -0.05, true),
    role("Specialpedagog", 0.15, true),
    role("Elevassistent", -0.3, true),
    role("Skolsköterska", 0.0, true),
    role("Kurator", 0.1, true),
    role("Skolpsykolog", 0.1, true),
    role("Bibliotekarie", 0.5, true),
    role("Studie- och yrkesvägledare", 0.25, true),
    role("Administratör", 0.2, true),
    role("Vaktmästare", -0.4, false),
    role("Kock", -0.5, false),
    role("Måltidsbiträde", -0.6, false),
    role("Lokalvårdare", -0.6, false),
    leader("Utvecklingsledare", 0.8),
    role("IT-tekniker", 1.2, false),
    leader("Verksamhetschef", 0.3),
];

/// A duty: a role at a unit, with its first and last day.
#[derive(Clone, Debug)]
pub(crate) struct Duty {
    pub(crate) unit: usize,
    pub(crate) role: usize,
    pub(crate) from: NaiveDate,
    pub(crate) to: Option<NaiveDate>,
}

/// A pupil's enrolment.
#[derive(Clone, Debug)]
pub(crate) struct Enrolment {
    pub(crate) unit: usize,
    pub(crate) school_year: u8,
    pub(crate) from: NaiveDate,
    pub(crate) to: Option<NaiveDate>,
}

/// Somebody.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) given: &'static str,
    pub(crate) family: &'static str,
    pub(crate) protected: bool,
    pub(crate) account: String,
    pub(crate) mbox: Option<String>,
    /// Whether their tools know them by the address instead of the account.
    pub(crate) by_mbox: bool,
    pub(crate) duties: Vec<Duty>,
    pub(crate) enrolments: Vec<Enrolment>,
    /// First and last day that they are there within the school year.
    pub(crate) present: (Day, Day),
    /// Came during this school year.
    pub(crate) is_new: bool,
    /// How much they study, against others; log-normal.
    pub(crate) activity: f64,
    /// Latent digital competence at the year's start, and how much it grows (deviations).
    pub(crate) theta: f64,
    pub(crate) growth: f64,
    /// How far they judge themselves above what they can (levels).
    pub(crate) bias: f64,
    /// How gladly they agree.
    pub(crate) mood: f64,
    pub(crate) rhythm: Rhythm,
}

impl Person {
    /// Whether they are an employee.
    pub(crate) fn is_employee(&self) -> bool {
        !self.duties.is_empty()
    }

    /// The unit where they mainly are.
    pub(crate) fn unit(&self) -> usize {
        match (self.duties.first(), self.enrolments.first()) {
            (Some(duty), _) => duty.unit,
            (None, Some(enrolment)) => enrolment.unit,
            (None, None) => 0,
        }
    }

    /// The role of their first duty.
    pub(crate) fn role(&self) -> Option<&'static Role> {
        self.duties.first().map(|duty| &ROLES[duty.role])
    }
}

/// The people; three in five are employees. The first employees are the areas' principals, the next the
/// schools' assistant principals.
pub(crate) fn people(seed: u64, count: usize, units: &[Unit], calendar: &Calendar) -> Vec<Person> {
    let mut chairs: Vec<(usize, usize)> = Vec::new();
    for (kind, role) in
        [(UnitKind::Area, 0), (UnitKind::Secondary, 1), (UnitKind::Primary, 1), (UnitKind::UpperSecondary, 1)]
    {
        chairs
            .extend(units.iter().enumerate().filter(|(_, unit)| unit.kind == kind).map(|(at, _)| (at, role)));
    }
    chairs.truncate(count / 6);
    let mut chairs = chairs.into_iter();
    (0..count)
        .map(|index| {
            let mut dice = Dice::of(seed, Concern::Person, index as u64);
            let mut person = somebody(seed, index, &mut dice);
            if is_employee(index) {
                employ(&mut person, chairs.next(), units, calendar, &mut dice);
                address(&mut person, index, &mut dice);
            } else {
                enrol(&mut person, units, calendar, &mut dice);
            }
            person.theta += units[person.unit()].lead;
            person
        })
        .collect()
}

/// Whether the `index`-th person is an employee.
pub(crate) fn is_employee(index: usize) -> bool {
    index % 5 < 3
}

fn somebody(seed: u64, index: usize, dice: &mut Dice) -> Person {
    Person {
        given: dice.one::<&'static str>(GIVEN),
        family: dice.one::<&'static str>(FAMILY),
        protected: dice.chance(0.004) || index == 57,
        account: opaque(mix(&[seed, 0x6163_636f, index as u64])),
        mbox: None,
        by_mbox: false,
        duties: Vec::new(),
        enrolments: Vec::new(),
        present: (FIRST_DAY, LAST_DAY),
        is_new: false,
        activity: exp(0.65 * dice.normal()),
        theta: 0.75 * dice.normal(),
        growth: 0.45 + 0.2 * dice.normal(),
        bias: 0.6 * dice.normal(),
        mood: dice.normal(),
        rhythm: if dice.chance(0.18) { Rhythm::Evenings } else { Rhythm::Worktime },
    }
}

fn employ(
    person: &mut Person,
    chair: Option<(usize, usize)>,
    units: &[Unit],
    calendar: &Calendar,
    dice: &mut Dice,
) {
    let (unit, role) = chair.unwrap_or_else(|| {
        let unit = dice.weighted(units.iter().map(|unit| unit.staff));
        (unit, role_at(units[unit].kind, dice))
    });
    let years = dice.between(1, 14) as i32;
    let mut duty = Duty { unit, role, from: before(calendar, years, dice), to: None };
    let fate = dice.unit();
    if chair.is_none() && fate < 0.09 {
        person.present.0 = dice.between(u64::from(FIRST_DAY), u64::from(FIRST_DAY) + 10) as Day;
    } else if chair.is_none() && fate < 0.16 {
        person.present.0 = dice.between(50, 270) as Day;
    } else if chair.is_none() && fate < 0.22 {
        person.present.1 = dice.between(80, 300) as Day;
        duty.to = Some(calendar.date(person.present.1));
    }
    if person.present.0 > FIRST_DAY {
        person.is_new = true;
        duty.from = calendar.date(person.present.0);
    }
    let elsewhere = dice.weighted(units.iter().map(|unit| unit.staff));
    let more = dice.unit();
    if chair.is_none()
        && elsewhere != unit
        && units[elsewhere].staff > 0.0
        && units[elsewhere].kind == units[unit].kind
    {
        // Drawing the kind anew leaves about a third of these draws.
        if more < 0.16 {
            let second = Duty { unit: elsewhere, role, from: duty.from, to: duty.to };
            person.duties.push(second);
        } else if more < 0.22 && person.present == (FIRST_DAY, LAST_DAY) {
            let day = dice.between(90, 250) as Day;
            duty.to = Some(calendar.date(day));
            person.duties.push(Duty { unit: elsewhere, role, from: calendar.date(day + 1), to: None });
        }
    }
    person.duties.insert(0, duty);
    person.theta += ROLES[role].lead;
}

/// A day in August, so many years before this school year.
fn before(calendar: &Calendar, years: i32, dice: &mut Dice) -> NaiveDate {
    let this = calendar.date(dice.below(25) as Day);
    this.with_year(this.year() - years).unwrap_or(this)
}

fn address(person: &mut Person, index: usize, dice: &mut Dice) {
    let kind = dice.unit();
    if kind < 0.12 && !person.protected {
        let local = format!("{}.{}", plain(person.given), plain(person.family));
        person.mbox = Some(format!("mailto:{local}{}@larkby.example", index + 1));
        person.by_mbox = kind < 0.05;
    }
}

fn enrol(person: &mut Person, units: &[Unit], calendar: &Calendar, dice: &mut Dice) {
    let unit = dice.weighted(units.iter().map(|unit| unit.pupils));
    let school_year = match units[unit].kind {
        UnitKind::Primary => dice.between(3, 6),
        UnitKind::Secondary => dice.between(7, 9),
        _ => dice.between(1, 3),
    } as u8;
    let start = calendar.day_of(8, 19);
    let mut enrolment = Enrolment { unit, school_year, from: calendar.date(start), to: None };
    person.present = (start, calendar.day_of(6, 12));
    person.rhythm = Rhythm::Pupil;
    person.activity *= 0.8;
    person.theta -= 0.3;
    let elsewhere = dice.weighted(units.iter().map(|unit| unit.pupils));
    let fate = dice.unit();
    if fate < 0.03 {
        person.present.1 = dice.between(80, 280) as Day;
        enrolment.to = Some(calendar.date(person.present.1));
    } else if fate < 0.15 && elsewhere != unit && units[elsewhere].kind == units[unit].kind {
        let day = dice.between(60, 240) as Day;
        enrolment.to = Some(calendar.date(day));
        let next = Enrolment { unit: elsewhere, school_year, from: calendar.date(day + 1), to: None };
        person.enrolments.push(next);
    }
    person.enrolments.insert(0, enrolment);
}

fn role_at(kind: UnitKind, dice: &mut Dice) -> usize {
    let shares: &[(usize, f64)] = match kind {
        UnitKind::Preschool => &[(3, 0.45), (4, 0.43), (6, 0.04), (15, 0.05), (13, 0.03)],
        UnitKind::Primary => &[
            (2, 0.56),
            (5, 0.15),
            (3, 0.04),
            (6, 0.06),
            (7, 0.08),
            (8, 0.02),
            (9, 0.02),
            (13, 0.03),
            (14, 0.03),
            (11, 0.01),
        ],
        UnitKind::Secondary => &[
            (2, 0.72),
            (6, 0.06),
            (7, 0.05),
            (8, 0.02),
            (9, 0.03),
            (11, 0.02),
            (12, 0.02),
            (13, 0.04),
            (14, 0.04),
        ],
        UnitKind::UpperSecondary => {
            &[(2, 0.78), (6, 0.04), (8, 0.02), (9, 0.03), (11, 0.02), (12, 0.04), (13, 0.04), (14, 0.03)]
        }
        UnitKind::Kitchen => &[(15, 0.3), (16, 0.4), (17, 0.3)],
        UnitKind::Health => &[(6, 0.3), (8, 0.25), (9, 0.25), (10, 0.2)],
        _ => &[(13, 0.45), (18, 0.25), (19, 0.2), (20, 0.1)],
    };
    shares[dice.weighted(shares.iter().map(|share| share.1))].0
}

/// An account's name: twelve letters that say nothing, and no digit.
fn opaque(mut bits: u64) -> String {
    const LETTERS: &[u8; 20] = b"bcdfghjkmnpqrstvwxyz";
    (0..12)
        .map(|_| {
            let letter = LETTERS[(bits % 20) as usize];
            bits /= 20;
            char::from(letter)
        })
        .collect()
}
