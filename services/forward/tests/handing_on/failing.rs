//! What the other side fails with for good, and what only seems so.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::Selection;
use eventlog::Position;
use forward::{Wanted, rests};
use serde_json::json;

use crate::other::Other;
use crate::promises;
use crate::rig::*;
use crate::world::{Working, to_lrs, to_webhook};

fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(id).collect()
}

async fn post_batch(rig: &Rig, numbers: impl IntoIterator<Item = u32>) {
    let batch: Vec<_> = numbers.into_iter().map(|number| statement(number, "anna", "a")).collect();
    rig.post(&json!(batch)).await.expect(200);
}

/// Where statements stand in the log.
async fn positions(rig: &Rig, numbers: &[u32]) -> Vec<u64> {
    let keys: Vec<_> =
        numbers.iter().map(|number| uuid::Uuid::parse_str(&id(*number)).unwrap().into_bytes()).collect();
    let found = rig.log.find(&keys).await.unwrap();
    found.into_iter().map(|position: Option<Position>| position.unwrap().0).collect()
}

promises! {
    async fn what_a_record_store_fails_with_is_set_aside_and_the_others_go_on_in_order(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        // One by itself, two in a row, and one with which it breaks off.
        let (bad, breaking) = (ids([3, 9, 10]), id(15));
        other.behave(move |ids, _| {
            let status = if ids.iter().any(|id| bad.contains(id)) { 500 } else if ids.contains(&breaking) { 0 } else { 200 };
            (status, None)
        });
        post_batch(&rig, 1..=20).await;
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        let standing = working.done("county").await;
        let mut has = other.has();
        has.sort();
        assert_eq!(has, ids((1..=20).filter(|number| ![3, 9, 10, 15].contains(number))));
        assert_eq!((standing.forward.paused, standing.forward.failing), (None, None));
        assert_eq!((standing.forward.counts.sent, standing.forward.counts.set_aside), (16, 4));
        let aside: Vec<_> = standing.set_aside.iter().map(|one| (one.position, one.status)).collect();
        let at = positions(&rig, &[15, 10, 9, 3]).await;
        assert_eq!(aside, [(at[0], 0), (at[1], 500), (at[2], 500), (at[3], 500)]);
        assert!(other.came().len() < 80, "few requests: {}", other.came().len());
        working.end().await;
    }

    async fn while_everything_fails_nothing_is_set_aside_and_requests_are_few(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        other.behave(|_, _| (500, None));
        post_batch(&rig, 1..=20).await;
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        other.until("it was asked many times", |other| other.came().len() > 80).await;
        let standing = working.standing("county").await;
        assert_eq!((standing.forward.counts, standing.set_aside, standing.forward.paused), Default::default());
        let came = other.came();
        let whole = came.iter().filter(|came| came.ids().len() == 20).count();
        assert!(came.len() <= whole * 12, "{} requests for {whole} tries", came.len());
        other.behave(|_, _| (200, None));
        working.done("county").await;
        assert_eq!(other.taken(), ids(1..=20));
        working.end().await;
    }

    async fn a_side_that_comes_back_while_it_is_asked_has_everything(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        // It is there again just when a statement has failed alone.
        let back = AtomicBool::new(false);
        other.behave(move |ids, _| {
            let was_back = if ids.len() == 1 { back.swap(true, Ordering::SeqCst) } else { back.load(Ordering::SeqCst) };
            (if was_back { 200 } else { 500 }, None)
        });
        post_batch(&rig, 1..=20).await;
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        let standing = working.done("county").await;
        let mut has = other.has();
        has.sort();
        assert_eq!((has, standing.forward.counts.set_aside), (ids(1..=20), 0));
        working.end().await;
    }

    async fn the_newest_statement_is_set_aside_once_another_one_shows_that_it_is_not_the_side(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        let bad = id(3);
        other.behave(move |ids, _| (if ids.contains(&bad) { 500 } else { 200 }, None));
        post_batch(&rig, 1..=3).await;
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        other.until("it failed alone, again and again", |other| {
            other.came().iter().filter(|came| came.ids() == ids([3])).count() > 5
        }).await;
        let standing = working.standing("county").await;
        assert_eq!((standing.forward.counts.sent, standing.forward.counts.set_aside), (2, 0));
        assert!(standing.forward.failing.is_some_and(|(_, why)| why.contains("500")));
        post_batch(&rig, [4]).await;
        let standing = working.done("county").await;
        assert_eq!((other.has(), standing.forward.counts.set_aside), (ids([1, 2, 4]), 1));
        working.end().await;
    }

    async fn what_fails_is_set_aside_also_where_a_filter_takes_little_of_the_log(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        other.behave(|_, _| (500, None));
        // Two that it fails with, each alone in what is read of the log at once, and further from the next than one try reads.
        for (wanted, others) in [(1, 1_000..1_300), (2, 2_000..2_800), (3, 3_000..3_001)] {
            rig.post(&statement(wanted, "anna", "a/1")).await.expect(200);
            let between: Vec<_> = others.map(|number| statement(number, "bo", "b")).collect();
            rig.post(&json!(between)).await.expect(200);
        }
        let some = Selection { activities: vec![activity("a/")], ..Selection::default() };
        working.forwards.create(Wanted { selection: some, ..to_lrs("county", &other) }, None).await.unwrap();
        other.until("all were tried, again and again", |other| {
            other.came().iter().filter(|came| came.ids() == ids([3])).count() > 5
        }).await;
        let standing = working.standing("county").await;
        assert_eq!((standing.forward.counts, standing.set_aside.len()), (Default::default(), 0), "an outage");
        other.behave(|ids, _| (if ids.contains(&id(3)) { 200 } else { 500 }, None));
        let standing = working.done("county").await;
        assert_eq!((other.has(), standing.forward.counts.sent), (ids([3]), 1));
        let aside: Vec<_> = standing.set_aside.iter().map(|one| (one.position, one.status)).collect();
        let at = positions(&rig, &[2, 1]).await;
        assert_eq!(aside, [(at[0], 500), (at[1], 500)]);
        working.end().await;
    }

    async fn a_side_that_says_when_to_come_back_is_busy_whatever_it_was_sent(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        other.behave(|_, number| if number < 12 { (503, Some("0")) } else { (200, None) });
        post_batch(&rig, 1..=20).await;
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        working.done("county").await;
        assert_eq!(other.taken(), ids(1..=20));
        assert_eq!(other.came().len(), 13, "no batch was halved");
        working.end().await;
    }

    async fn what_a_webhook_fails_with_or_refuses_is_set_aside_too(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        let (failing, refused) = (id(5), id(11));
        other.behave(move |ids, _| {
            (if ids.contains(&failing) { 500 } else if ids.contains(&refused) { 400 } else { 204 }, None)
        });
        post_batch(&rig, 1..=20).await;
        working.forwards.create(to_webhook("hook", &other), None).await.unwrap();
        let standing = working.done("hook").await;
        let mut has = other.has();
        has.sort();
        assert_eq!(has, ids((1..=20).filter(|number| ![5, 11].contains(number))));
        let aside: Vec<_> = standing.set_aside.iter().map(|one| (one.position, one.status)).collect();
        let at = positions(&rig, &[11, 5]).await;
        assert_eq!(aside, [(at[0], 400), (at[1], 500)]);
        // One that is there no more still rests, and is not asked in halves.
        other.behave(|_, _| (410, None));
        post_batch(&rig, 21..=22).await;
        let standing = working.until("hook", "it rests", |standing| standing.forward.paused.is_some()).await;
        assert_eq!(standing.forward.paused, Some(rests::GONE));
        working.end().await;
    }
}
