//! What was replaced or deleted in documents, and is dropped after a while.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::time::Duration;

use domain::Facts as _;
use domain::documents::DocumentsDroppedFacts;
use domain::events::kind;
use eventlog::Position;
use rig::documents::*;
use rig::*;

const DAY: Duration = Duration::from_secs(86_400);
const KEPT: Duration = Duration::from_secs(90 * 86_400);

/// Documents' events and how many slots each still has, in order.
async fn slots(rig: &Rig) -> Vec<usize> {
    let kinds = [kind::DOCUMENT_STORED, kind::DOCUMENT_DELETED];
    let events = rig.log.read_kinds(&kinds, Position(0), 1_000).await.unwrap();
    let positions: Vec<Position> = events.iter().map(|event| event.position).collect();
    rig.log.read_at(&positions).await.unwrap().iter().map(|(_, slots)| slots.len()).collect()
}

/// The positions that each event says were dropped, in order.
async fn said(rig: &Rig) -> Vec<Vec<u64>> {
    let events = rig.log.read_kinds(&[kind::DOCUMENTS_DROPPED], Position(0), 1_000).await.unwrap();
    let facts = |event: &eventlog::Event| DocumentsDroppedFacts::decode(event.schema, &event.facts).unwrap();
    events.iter().map(|event| facts(event).positions).collect()
}

promises! {
    async fn what_was_replaced_or_deleted_goes_when_it_was_kept_long_enough_and_nothing_else(rig) {
        for uri in ["replaced", "deleted", "stays"].iter().flat_map(|id| everywhere(id)) {
            put(&rig, "2.0.0", &uri, &[NEW], "first").await.expect(204);
        }
        rig.clock.advance(10 * DAY);
        for uri in everywhere("replaced") {
            put(&rig, "2.0.0", &uri, &[("If-Match", "*")], "second").await.expect(204);
        }
        rig.clock.advance(10 * DAY);
        for uri in everywhere("deleted") {
            delete(&rig, &uri).await.expect(204);
        }
        let whole = [vec![2; 12], vec![0; 3]].concat();
        // Everything is older than it is kept by now, but superseded for a shorter time.
        rig.clock.advance(79 * DAY);
        assert_eq!(rig.lrs.drop_superseded(KEPT, false).await.unwrap(), 0);
        assert_eq!(slots(&rig).await, whole);

        rig.clock.advance(2 * DAY);
        assert_eq!(rig.lrs.drop_superseded(KEPT, true).await.unwrap(), 3);
        assert_eq!((slots(&rig).await, said(&rig).await.len()), (whole, 0), "a trial");
        assert_eq!(rig.lrs.drop_superseded(KEPT, false).await.unwrap(), 3);
        assert_eq!(slots(&rig).await, [vec![0; 3], vec![2; 9], vec![0; 3]].concat());
        assert_eq!(rig.lrs.drop_superseded(KEPT, false).await.unwrap(), 0);

        rig.clock.advance(10 * DAY);
        assert_eq!(rig.lrs.drop_superseded(KEPT, false).await.unwrap(), 3);
        assert_eq!(slots(&rig).await, [vec![0; 6], vec![2; 6], vec![0; 3]].concat());
        assert_eq!(said(&rig).await, [vec![1, 2, 3], vec![4, 5, 6]]);

        for uri in everywhere("replaced") {
            assert_eq!(get(&rig, &uri).await.expect(200).text(), "second");
        }
        for uri in everywhere("stays") {
            assert_eq!(get(&rig, &uri).await.expect(200).text(), "first");
        }
        for uri in everywhere("deleted") {
            get(&rig, &uri).await.expect(404);
            // The next version of its stream has one before it that holds nothing.
            put(&rig, "2.0.0", &uri, &[NEW], "again").await.expect(204);
        }
        rig.clock.advance(91 * DAY);
        assert_eq!(rig.lrs.drop_superseded(KEPT, false).await.unwrap(), 0);
        rig.log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap();
    }

    async fn many_versions_go_a_page_at_a_time_and_the_last_one_stays(rig) {
        let [uri, ..] = everywhere("often");
        for version in 0..250 {
            put(&rig, "1.0.3", &uri, &[], format!("version {version}")).await.expect(204);
        }
        rig.clock.advance(91 * DAY);
        assert_eq!(rig.lrs.drop_superseded(KEPT, false).await.unwrap(), 249);
        assert_eq!(slots(&rig).await, [vec![0; 249], vec![2]].concat());
        assert!(said(&rig).await.len() > 1);
        assert_eq!(get(&rig, &uri).await.expect(200).text(), "version 249");
        // Whoever looks next goes on where the last one ended.
        put(&rig, "1.0.3", &uri, &[], "version 250").await.expect(204);
        rig.clock.advance(91 * DAY);
        assert_eq!(rig.lrs.drop_superseded(KEPT, false).await.unwrap(), 1);
        assert_eq!(said(&rig).await.last(), Some(&vec![250]));
        assert_eq!(get(&rig, &uri).await.expect(200).text(), "version 250");
    }

    async fn two_that_drop_at_once_drop_everything_once(rig) {
        let [uri, ..] = everywhere("often");
        for version in 0..150 {
            put(&rig, "1.0.3", &uri, &[], format!("version {version}")).await.expect(204);
        }
        let (one, other) = rig.with_another_node().await;
        for node in [&one, &other] {
            node.clock.advance(91 * DAY);
        }
        let (first, second) =
            tokio::join!(one.lrs.drop_superseded(KEPT, false), other.lrs.drop_superseded(KEPT, false));
        let rest = one.lrs.drop_superseded(KEPT, false).await.unwrap();
        assert_eq!(first.unwrap() + second.unwrap() + rest, 149);
        assert_eq!(said(&one).await.concat(), (1..=149).collect::<Vec<u64>>());
        assert_eq!(slots(&one).await, [vec![0; 149], vec![2]].concat());
    }
}
