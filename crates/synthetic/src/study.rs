//! How people take courses: who takes which, in how many sittings, with what result.

use crate::calendar::{self, Day, LAST_DAY};
use crate::catalogue::{Offer, central};
use crate::content::{Audience, Kind, Part, competence_index};
use crate::dice::{Concern, Dice, logistic};
use crate::intent::{Act, Collector, Intent};
use crate::world::World;

/// Registrations of attempts are numbered from here; those of rounds lie below.
const FIRST_REGISTRATION: u32 = 16;

/// Somebody is to take a course.
#[derive(Clone, Copy, Debug)]
struct Enrolment {
    person: u32,
    offer: u32,
    /// In which days it starts.
    window: (Day, Day),
    /// Sees it through: so that every course has been taken by somebody.
    pilot: bool,
    /// Lower comes first where there is room for a part of them only.
    order: f64,
}

/// Fills the rest of the collector with course work: what is mandatory first, then what people choose, then,
/// if there is still room, practice.
pub(crate) fn fill(world: &World, out: &mut Collector) {
    let enrolments = enrolments(world);
    let room_each = out.room() as f64 / world.people.len().max(1) as f64;
    let rich = ((room_each - 12.0) / 120.0).clamp(0.04, 0.85);
    for (number, enrolment) in enrolments.iter().enumerate() {
        if out.is_full() {
            return;
        }
        let mut walk = Walk::new(world, enrolment, number, out);
        walk.rich = walk.dice.chance(rich);
        walk.course();
    }
    let mut sum = 0.0;
    let weights: Vec<f64> = enrolments
        .iter()
        .map(|enrolment| {
            sum += world.people[enrolment.person as usize].activity;
            sum
        })
        .collect();
    let mut choice = Dice::of(world.plan.seed, Concern::Practice, 0);
    let mut session = 0;
    while !out.is_full() {
        session += 1;
        let aim = choice.unit() * sum;
        let number = weights.partition_point(|weight| *weight <= aim).min(enrolments.len() - 1);
        let mut walk = Walk::new(world, &enrolments[number], number, out);
        walk.dice = Dice::of(world.plan.seed, Concern::Practice, session);
        walk.rich = true;
        walk.practice();
    }
}

/// Who takes which course, in the order in which they matter.
fn enrolments(world: &World) -> Vec<Enrolment> {
    let mut all = Vec::new();
    let mut pilots = vec![(f64::MIN, None); world.catalogue.offers.len()];
    for (index, person) in world.people.iter().enumerate() {
        let mut dice = Dice::of(world.plan.seed, Concern::Choice, index as u64);
        let (from, to) = person.present;
        for (course, met) in world.catalogue.met[person.unit()].iter().enumerate() {
            let (wants, chosen) = (dice.unit(), dice.unit());
            let (Some(offer), true) = (*met, is_for(central(course).audience, person.is_employee())) else {
                continue;
            };
            if person.present == world.whole_year(person) && person.theta > pilots[offer].0 {
                pilots[offer] = (person.theta, Some(index));
            }
            let pull = person.activity * central(course).pull;
            let (taken, order, window) = match central(course).audience {
                Audience::Newcomers if person.is_new => (wants < 0.95, 0.0, (from, (from + 50).min(to))),
                Audience::Newcomers => (wants < 0.12, 0.2, (from, to)),
                Audience::EveryEmployee => (wants < 0.7 + 0.1 * person.activity, 0.05, (from, to)),
                Audience::Educators => {
                    let must = person.role().is_some_and(|role| role.educates);
                    (must && wants < 0.6 + 0.1 * person.activity, 0.1, (from, to))
                }
                Audience::Leaders if !person.role().is_some_and(|role| role.leads) => {
                    (wants < 0.05, 3.0, (from, to))
                }
                Audience::Leaders => (wants < 0.7, 0.3, (from, to)),
                Audience::Staff => (wants < 0.2 + 0.3 * pull, 1.0 + chosen / pull, (from, to)),
                Audience::Pupils => (wants < 0.3 + 0.3 * pull, 1.0 + 1.2 * chosen / pull, (from, to)),
            };
            if taken {
                let (person, offer) = (index as u32, offer as u32);
                all.push(Enrolment { person, offer, window, pilot: false, order });
            }
        }
    }
    for (offer, (_, pilot)) in pilots.iter().enumerate() {
        if let Some(person) = pilot {
            // Central courses need somebody who shows what they show; a copy's pilot is one among others.
            let order = if world.catalogue.offers[offer].copied.is_none() { -1.0 } else { 0.5 };
            let window = world.people[*person].present;
            all.retain(|known| (known.person as usize, known.offer as usize) != (*person, offer));
            all.push(Enrolment { person: *person as u32, offer: offer as u32, window, pilot: true, order });
        }
    }
    if all.is_empty() {
        // Nobody wants anything: somebody has to, or the year would stay empty.
        let window = world.people[0].present;
        all.push(Enrolment { person: 0, offer: 0, window, pilot: true, order: 0.0 });
    }
    all.sort_by(|a, b| a.order.total_cmp(&b.order));
    all
}

fn is_for(audience: Audience, employee: bool) -> bool {
    (audience == Audience::Pupils) != employee
}

/// Somebody going through a course.
struct Walk<'a> {
    world: &'a World,
    out: &'a mut Collector,
    dice: Dice,
    enrolment: &'a Enrolment,
    offer: &'a Offer,
    registration: u32,
    /// Whether their tools tell everything, or only how things ended.
    rich: bool,
    day: Day,
    second: u32,
    /// When this sitting began.
    began: u32,
}

impl<'a> Walk<'a> {
    fn new(world: &'a World, enrolment: &'a Enrolment, number: usize, out: &'a mut Collector) -> Walk<'a> {
        let index = (u64::from(enrolment.person) << 24) | u64::from(enrolment.offer);
        Walk {
            world,
            out,
            dice: Dice::of(world.plan.seed, Concern::Study, index),
            enrolment,
            offer: &world.catalogue.offers[enrolment.offer as usize],
            registration: FIRST_REGISTRATION + number as u32,
            rich: false,
            day: enrolment.window.0,
            second: 0,
            began: 0,
        }
    }

    /// The whole course, or as much of it as they get through.
    fn course(&mut self) {
        let (from, to) = self.enrolment.window;
        let to = if self.enrolment.pilot { from + (to - from) / 2 } else { to };
        self.sit_down(from, to);
        let pieces = &self.world.activities.offers[self.enrolment.offer as usize];
        self.push(Act::Initialized, pieces.course, 0, 0, 0);
        let activity = self.world.people[self.enrolment.person as usize].activity;
        let gives_up = match central(self.offer.course).audience {
            _ if self.enrolment.pilot => 0.0,
            Audience::EveryEmployee => 0.012,
            _ => (0.09 / (0.5 + activity)).min(0.15),
        };
        let mut passed = false;
        for (part, (piece, claims)) in self.offer.parts.iter().zip(&pieces.parts) {
            if self.dice.chance(gives_up) {
                return;
            }
            let tired = self.second - self.began > 2_400 || self.second > 80_000;
            if tired || self.dice.chance(0.18) {
                let last = if self.enrolment.pilot { LAST_DAY } else { self.day + 24 };
                let end = self.world.people[self.enrolment.person as usize].present.1;
                if self.day + 1 > end {
                    return;
                }
                self.sit_down(self.day + 1, last.min(end));
            }
            match part.part.kind {
                Kind::Quiz => passed |= self.quiz(part.part, *piece, *claims),
                _ => self.material(part.part, *piece),
            }
        }
        if passed {
            self.push(Act::Completed, pieces.course, 0, 0, 0);
            if self.rich {
                self.push(Act::Terminated, pieces.course, self.second.saturating_sub(self.began), 0, 0);
            }
        }
    }

    /// One part once more, on some day.
    fn practice(&mut self) {
        let (from, to) = self.world.people[self.enrolment.person as usize].present;
        self.sit_down(from, to);
        let place = self.dice.below(self.offer.parts.len());
        let part = self.offer.parts[place].part;
        let (piece, claims) = self.world.activities.offers[self.enrolment.offer as usize].parts[place];
        match part.kind {
            Kind::Quiz => {
                self.quiz(part, piece, claims);
            }
            _ => self.material(part, piece),
        }
    }

    fn sit_down(&mut self, from: Day, to: Day) {
        let rhythm = self.world.people[self.enrolment.person as usize].rhythm;
        self.day = self.world.calendar.draw(&mut self.dice, from, to).unwrap_or(from);
        self.second = calendar::second(&mut self.dice, rhythm);
        self.began = self.second;
    }

    /// A film or a text.
    fn material(&mut self, part: &Part, piece: u32) {
        let seconds = (f64::from(part.minutes) * 60.0 * (0.75 + 0.5 * self.dice.unit())) as u32;
        if self.rich {
            self.push(
                if part.kind == Kind::Video { Act::Initialized } else { Act::Experienced },
                piece,
                0,
                0,
                0,
            );
        }
        let film = self.rich && part.kind == Kind::Video;
        let steps = if film { 1 + self.dice.below(3) as u32 } else { 0 };
        for step in 1..=steps {
            self.second += seconds / (steps + 1);
            self.push(Act::Progressed, piece, seconds * step / (steps + 1), 100 * step / (steps + 1), 0);
        }
        self.second += seconds / (steps + 1);
        self.push(Act::Completed, piece, seconds, 0, 0);
        if film {
            self.second += 1;
            self.push(Act::Terminated, piece, seconds, 0, 0);
        }
        self.second += self.dice.between(10, 90) as u32;
    }

    /// A quiz, again if it did not go well; whether it was passed in the end.
    fn quiz(&mut self, part: &Part, piece: u32, claims: u32) -> bool {
        let person = &self.world.people[self.enrolment.person as usize];
        let mut bonus = if self.enrolment.pilot { 2.5 } else { 0.0 };
        for attempt in 1..=3_u8 {
            let lead = self.lead(part) + bonus;
            let questions = if part.minutes > 12 { 10 } else { 8 };
            let chance = logistic(1.35 * lead + 1.45);
            let right = (0..questions).filter(|_| self.dice.chance(chance)).count() as u32;
            let passed = right * 10 >= questions * 7;
            let seconds = (f64::from(part.minutes) * 60.0 * (0.6 + 0.7 * self.dice.unit())) as u32;
            if self.rich {
                self.push(Act::Attempted, piece, 0, 0, attempt);
                for claim in 0..central(self.offer.course).claims.len() as u32 {
                    self.second += seconds / 4;
                    let knows = self.dice.chance(chance);
                    self.push(Act::AnsweredClaim, claims + claim, seconds / 4, u32::from(knows), attempt);
                }
                self.second += seconds / 4;
            } else {
                self.second += seconds;
            }
            let act = if passed { Act::Passed } else { Act::Failed };
            self.push(act, piece, seconds, questions * 256 + right, attempt);
            if self.rich {
                self.second += 2;
                self.push(Act::Terminated, piece, seconds, 0, attempt);
            }
            self.second += self.dice.between(15, 240) as u32;
            if passed {
                return true;
            }
            bonus += 0.4;
            if !self.enrolment.pilot && !self.dice.chance(0.6) {
                return false;
            }
            if self.dice.chance(0.5) && self.day + 2 < person.present.1 {
                self.sit_down(self.day + 1, (self.day + 10).min(person.present.1));
            }
        }
        false
    }

    /// How far the person lies above what a quiz asks for.
    fn lead(&self, part: &Part) -> f64 {
        let index = self.enrolment.person as usize;
        let person = &self.world.people[index];
        if part.shows.is_empty() {
            return self.world.ability(person, index, 0, self.day) + 0.4;
        }
        let sum: f64 = part
            .shows
            .iter()
            .map(|shows| {
                let asked = (f64::from(shows.low + shows.high) / 2.0 - 3.7) / 1.8;
                self.world.ability(person, index, competence_index(shows.competence), self.day) - asked
            })
            .sum();
        sum / part.shows.len() as f64
    }

    fn push(&mut self, act: Act, object: u32, seconds: u32, value: u32, attempt: u8) {
        let at = self.world.calendar.instant(self.day, self.second) + self.dice.between(0, 999) as i64;
        self.out.push(Intent {
            at,
            number: 0,
            person: self.enrolment.person,
            object,
            registration: self.registration,
            act,
            seconds: seconds.min(u32::from(u16::MAX)) as u16,
            value: value as u16,
            attempt,
        });
        self.second += 1;
    }
}
