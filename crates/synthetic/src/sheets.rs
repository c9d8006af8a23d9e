//! Who answers which survey, and what.

use crate::calendar;
use crate::content::competence_index;
use crate::content::surveys::{Item, SURVEYS, Scale};
use crate::dice::{Concern, Dice, mix, unit};
use crate::intent::{Act, Collector, Intent};
use crate::people::Person;
use crate::rounds::Round;
use crate::world::World;

/// The share of all statements that survey answers may take; beyond it fewer people answer.
const SHARE: f64 = 0.70;

/// Fills in the year's answers.
pub(crate) fn fill(world: &World, out: &mut Collector) {
    let mut expected = 0.0;
    for round in &world.rounds {
        let items = SURVEYS[round.survey].items.len() as f64;
        expected += world.people.iter().map(|person| inclination(world, round, person) * items).sum::<f64>();
    }
    let thinned = (SHARE * world.plan.statements as f64 / expected.max(1.0)).min(1.0);
    for (number, round) in world.rounds.iter().enumerate() {
        for (index, person) in world.people.iter().enumerate() {
            let draw = unit(mix(&[world.plan.seed, 0x616e_7377, number as u64, index as u64]));
            if draw < inclination(world, round, person) * thinned {
                sheet(world, number, index, out);
            }
        }
    }
}

/// How likely somebody is to answer a round.
fn inclination(world: &World, round: &Round, person: &Person) -> f64 {
    let (from, to) = person.present;
    if person.is_employee() == round.for_pupils || to <= round.opens || from >= round.closes {
        return 0.0;
    }
    let came_after = if from > round.opens { 0.25 } else { 1.0 };
    world.units[person.unit()].answering * round.appeal * came_after
}

fn sheet(world: &World, number: usize, index: usize, out: &mut Collector) {
    let round = &world.rounds[number];
    let person = &world.people[index];
    let survey = SURVEYS[round.survey];
    let mut dice = Dice::of(world.plan.seed, Concern::Sheets, ((index as u64) << 8) | number as u64);
    let window = (round.opens.max(person.present.0), round.closes.min(person.present.1));
    // Most answer early or after the reminder half-way.
    let middle = window.0 + (window.1 - window.0) / 2;
    let half = if dice.chance(0.6) { (window.0, middle) } else { (middle, window.1) };
    let day = world.calendar.draw(&mut dice, half.0, half.1).unwrap_or(half.0);
    let mut at = world.calendar.instant(day, calendar::second(&mut dice, person.rhythm));
    let last = if dice.chance(0.05) { dice.below(survey.items.len()) } else { survey.items.len() };
    for (place, item) in survey.items.iter().enumerate().take(last) {
        let seconds = dice.between(4, 24) + if item.competence.is_some() { 6 } else { 0 };
        at += seconds as i64 * 1000 + dice.between(0, 999) as i64;
        if dice.chance(0.012) {
            continue;
        }
        let code = match item.competence {
            Some(competence) => {
                let can = world.ability(person, index, competence_index(competence), day);
                level(survey.scale, can, person.bias, &mut dice)
            }
            None => agreement(world, person.unit(), person.mood, item, &mut dice),
        };
        let mut answer = Intent {
            at,
            number: 0,
            person: index as u32,
            object: world.activities.items[round.survey] + place as u32,
            registration: number as u32,
            act: Act::AnsweredItem,
            seconds: seconds as u16,
            value: code.min(survey.scale.codes.len() - 1) as u16,
            attempt: 0,
        };
        out.push(answer);
        if dice.chance(0.004) {
            // Thought better of it: the later answer counts.
            answer.at += 2_500;
            answer.value = (answer.value + 1) % (survey.scale.codes.len() as u16 - 1);
            out.push(answer);
            at = answer.at;
        }
    }
}

/// The code's index for the level that somebody thinks of themselves who can so much; the last is "don't know".
fn level(scale: &Scale, can: f64, bias: f64, dice: &mut Dice) -> usize {
    let (last, noise) = (scale.codes.len() - 1, dice.normal());
    if dice.chance(if can < -1.0 { 0.09 } else { 0.02 }) {
        return last;
    }
    // The less one can, the more one thinks of it, and the other way round; but only a little.
    let felt = 3.7 + 1.25 * can + bias - 0.12 * can + 0.55 * noise;
    let far = |index: &usize| (felt - f64::from(scale.codes[*index].level.unwrap_or_default())).abs();
    (0..last).min_by(|one, other| far(one).total_cmp(&far(other))).unwrap_or(last)
}

/// The code's index for an agreement of somebody at a unit who agrees so gladly; 4 is "don't know".
pub(crate) fn agreement(world: &World, unit: usize, gladly: f64, item: &Item, dice: &mut Dice) -> usize {
    let mood = item.mood + 0.45 * gladly + 0.5 * world.units[unit].climate + 0.8 * dice.normal();
    if dice.chance(0.045) {
        return 4;
    }
    let step = [-1.3, -0.35, 0.85].iter().filter(|limit| mood > **limit).count();
    if item.reverse { 3 - step } else { step }
}
