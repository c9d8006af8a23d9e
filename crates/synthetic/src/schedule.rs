//! The year's statements in brief, in time order: who did what when. The texts are written from these one
//! at a time, so that a million of them take some tens of megabytes.

use crate::dice::{Concern, Dice};
use crate::intent::{Act, Collector, Intent};
use crate::sheets;
use crate::study;
use crate::world::World;

/// The whole year, in time order; exactly as many as planned.
pub(crate) fn schedule(world: &World) -> Vec<Intent> {
    let total = world.plan.statements as usize;
    let voided = if total >= 50 { (total / 1500).max(1) } else { 0 };
    let commented = if total >= 50 { (total / 1200).max(1) } else { 0 };
    let mut collector = Collector::new(total - voided - commented);
    sheets::fill(world, &mut collector);
    study::fill(world, &mut collector);
    let mut intents = collector.intents;
    intents.sort_by_key(|intent| intent.at);
    for (number, intent) in intents.iter_mut().enumerate() {
        intent.number = number as u32;
    }
    refer(world, &mut intents, voided, commented);
    intents
}

/// Adds voiding statements and comments, each some time after the statement it refers to.
fn refer(world: &World, intents: &mut Vec<Intent>, voided: usize, commented: usize) {
    if voided + commented == 0 || intents.is_empty() {
        return;
    }
    let mut dice = Dice::of(world.plan.seed, Concern::References, 0);
    let regular = intents.len();
    let mut targets = std::collections::BTreeSet::new();
    for count in 0..voided + commented {
        let mut target = dice.below(regular);
        while !targets.insert(target) {
            target = (target + 1) % regular;
        }
        let later = if count < voided { dice.between(40, 5_400) } else { dice.between(600, 200_000) };
        intents.push(Intent {
            at: intents[target].at + later as i64 * 1000 + dice.between(0, 999) as i64,
            number: (regular + count) as u32,
            person: world.commenter(&mut dice),
            object: target as u32,
            registration: 0,
            act: if count < voided { Act::Voided } else { Act::Commented },
            seconds: 0,
            value: dice.below(4) as u16,
            attempt: 0,
        });
    }
    intents.sort_by_key(|intent| (intent.at, intent.number));
}
