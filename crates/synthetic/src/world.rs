//! The made-up municipality as a whole.

use crate::activities::Activities;
use crate::calendar::{Calendar, Day, LAST_DAY};
use crate::catalogue::Catalogue;
use crate::content::EASE;
use crate::dice::{Dice, bell, mix};
use crate::organisation::{Unit, units};
use crate::people::{Person, is_employee, people};
use crate::rounds::{Round, rounds};

/// What to make up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Employees (three in five) and pupils together; at least 10 are made.
    pub people: u32,
    /// How many statements the year has; at most 2³² − 1.
    pub statements: u64,
    /// The same seed gives the same municipality, byte for byte.
    pub seed: u64,
    /// The school year begins in August of it.
    pub year: i32,
}

impl Default for Plan {
    /// What `larka demo` shows where nothing else is asked for.
    fn default() -> Plan {
        Plan { people: 1_500, statements: 50_000, seed: 1, year: 2024 }
    }
}

/// A made-up municipality: its organisation, people, courses and surveys, and what happened in a school year.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) plan: Plan,
    pub(crate) calendar: Calendar,
    pub(crate) units: Vec<Unit>,
    pub(crate) people: Vec<Person>,
    pub(crate) catalogue: Catalogue,
    pub(crate) activities: Activities,
    pub(crate) rounds: Vec<Round>,
    /// Those who lead courses and look at what was handed in.
    leaders: Vec<u32>,
}

impl World {
    /// Makes up the municipality; its statements are made when they are asked for.
    pub fn new(plan: &Plan) -> World {
        let plan = Plan {
            people: plan.people.max(10),
            statements: plan.statements.min(u64::from(u32::MAX)),
            ..*plan
        };
        let calendar = Calendar::new(plan.year);
        let count = plan.people as usize;
        let units = units(plan.seed, (0..count).filter(|index| is_employee(*index)).count());
        let people = people(plan.seed, count, &units, &calendar);
        let catalogue = Catalogue::new(plan.seed, &units);
        let activities = Activities::new(&catalogue);
        let rounds = rounds(plan.seed, &calendar);
        let leads = |person: &&(usize, &Person)| person.1.role().is_some_and(|role| role.leads);
        let leaders =
            people.iter().enumerate().filter(|p| leads(&p)).map(|(index, _)| index as u32).collect();
        World { plan, calendar, units, people, catalogue, activities, rounds, leaders }
    }

    /// The municipality's name.
    pub fn name(&self) -> &str {
        &self.units[0].name
    }

    /// The plan as it is carried out: with the least number of people, and the largest of statements.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How far somebody lies above the middle in a competence on a day (deviations).
    pub(crate) fn ability(&self, person: &Person, index: usize, competence: usize, day: Day) -> f64 {
        let own = bell(mix(&[self.plan.seed, 0x6162_696c, index as u64, competence as u64]));
        let ease = EASE.get(competence).copied().unwrap_or(0.0);
        person.theta + ease + 0.45 * own + person.growth * f64::from(day) / f64::from(LAST_DAY)
    }

    /// The days of somebody like this who is there all year.
    pub(crate) fn whole_year(&self, person: &Person) -> (Day, Day) {
        if person.is_employee() {
            (crate::calendar::FIRST_DAY, LAST_DAY)
        } else {
            (self.calendar.day_of(8, 19), self.calendar.day_of(6, 12))
        }
    }

    /// One of those who lead.
    pub(crate) fn commenter(&self, dice: &mut Dice) -> u32 {
        if self.leaders.is_empty() { 0 } else { *dice.one(&self.leaders) }
    }

    /// The leader who stands as instructor of an offer.
    pub(crate) fn instructor(&self, bits: u64) -> u32 {
        match self.leaders.len() as u64 {
            0 => 0,
            count => self.leaders[(bits % count) as usize],
        }
    }
}
