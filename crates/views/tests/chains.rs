//! References over thousands of statements: found as a whole, a piece at a time, and promised only then.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use domain::StatementFacts;
use domain::statement::ObjectFacts;
use eventlog::Position;
use rig::*;
use views::statements::{Bounds, Filter, Order, find};

const MANY: usize = 5_000;
const SAID: &str = "http://e.org/said";
const DONE: &str = "http://e.org/done";

/// Makes a test on each database of each promise.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                super::$name(super::Rig::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                super::$name(super::Rig::postgres().await).await;
            }
        }
    )*};
}

on_both![
    a_chain_posted_in_the_worst_order_is_found_as_a_whole,
    a_chain_posted_in_the_best_order_is_found_as_a_whole,
    a_star_is_found_as_a_whole,
    a_long_cycle_is_found_from_everywhere,
    what_is_put_off_is_promised_only_when_it_is_done,
    what_was_put_off_is_done_after_a_restart,
];

/// Statement `number` about statement `target`, by one of two people in longer and longer turns.
fn about(number: usize, target: usize) -> StatementFacts {
    let mut facts = facts(number, (number + 1).ilog2() as usize % 2, SAID, 0);
    facts.object = ObjectFacts::StatementRef(key(1, target));
    facts
}

/// The last of them, what they are all about.
fn target() -> StatementFacts {
    facts(MANY, 77, DONE, 3)
}

async fn append(rig: &Rig, statements: &[StatementFacts]) {
    for batch in statements.chunks(200) {
        rig.append(batch.iter().map(event).collect()).await;
    }
}

/// Everything that a filter for the target's verb finds.
async fn found(rig: &Rig) -> Vec<Position> {
    let filter = Filter { verb: Some(DONE.into()), ..Filter::default() };
    let mut bounds = Bounds { after: Position(0), through: rig.log.head().await.unwrap().position };
    let mut found = Vec::new();
    loop {
        let page = find(&rig.log, &filter, Order::OldestFirst, bounds, 1_000).await.unwrap();
        found.extend(page.positions);
        match page.rest {
            Some(rest) => bounds = rest,
            None => return found,
        }
    }
}

fn everything() -> Vec<Position> {
    (1..=MANY as u64 + 1).map(Position).collect()
}

/// Each refers to the next, and so none to what is there.
fn worst_chain() -> Vec<StatementFacts> {
    (0..MANY).map(|number| about(number, number + 1)).collect()
}

async fn a_chain_posted_in_the_worst_order_is_found_as_a_whole(rig: Rig) {
    append(&rig, &worst_chain()).await;
    assert_eq!(found(&rig).await, []);
    append(&rig, &[target()]).await;
    rig.settled().await;
    assert_eq!(found(&rig).await, everything());
}

async fn a_chain_posted_in_the_best_order_is_found_as_a_whole(rig: Rig) {
    let mut chain = worst_chain();
    chain.push(target());
    chain.reverse();
    append(&rig, &chain).await;
    rig.settled().await;
    assert_eq!(found(&rig).await, everything());
}

async fn a_star_is_found_as_a_whole(rig: Rig) {
    append(&rig, &(0..MANY).map(|number| about(number, MANY)).collect::<Vec<_>>()).await;
    append(&rig, &[target()]).await;
    rig.settled().await;
    assert_eq!(found(&rig).await, everything());
}

async fn a_long_cycle_is_found_from_everywhere(rig: Rig) {
    // The last refers to the first; one in the middle has a verb of its own.
    let mut cycle: Vec<StatementFacts> =
        (0..=MANY).map(|number| about(number, (number + 1) % (MANY + 1))).collect();
    cycle[MANY / 2].verb = DONE.into();
    append(&rig, &cycle).await;
    rig.settled().await;
    assert_eq!(found(&rig).await, everything());
}

async fn what_is_put_off_is_promised_only_when_it_is_done(rig: Rig) {
    append(&rig, &worst_chain()).await;
    append(&rig, &[target()]).await;
    let stored = rig.log.head().await.unwrap().stored;
    // The answer to the append is there long before the chain's other end.
    assert!(found(&rig).await.len() < MANY, "the bound is too large for this test");
    let (mut before, mut looks) = (0, 0);
    loop {
        let through = rig.log.consistent_through().await.unwrap();
        assert!(through.0 >= before, "it never goes back");
        before = through.0;
        if through >= stored {
            break;
        }
        looks += 1;
        // Others append meanwhile, and wait for a piece at most.
        if looks < 5 {
            append(&rig, &[facts(MANY + looks, 1, SAID, 0)]).await;
            assert!(rig.log.consistent_through().await.unwrap() < stored || found(&rig).await.len() > MANY);
        }
        rig.clock.advance(std::time::Duration::from_secs(1));
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(found(&rig).await, everything());
    assert!(looks > 0, "the promise was held back");
}

async fn what_was_put_off_is_done_after_a_restart(rig: Rig) {
    append(&rig, &worst_chain()).await;
    append(&rig, &[target()]).await;
    let rig = rig.reopened(100).await;
    assert!(found(&rig).await.len() < MANY, "there is something left");
    rig.settled().await;
    assert_eq!(found(&rig).await, everything());
}
