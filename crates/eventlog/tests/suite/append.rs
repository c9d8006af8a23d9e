//! Positions, `stored`, and the decision on each request.

use std::collections::BTreeSet;
use std::time::Duration;

use eventlog::clock::Micros;
use eventlog::{Append, AppendError, Expected, Key, Options, Position};
use futures_util::future::{Either, join_all, ready, select};

use crate::on_both;
use crate::world::*;

on_both![
    positions_have_no_gaps_and_stored_strictly_increases,
    a_known_key_is_answered_with_its_position_and_hurts_no_neighbour,
    of_many_with_one_key_at_once_one_is_stored_and_all_others_learn_where,
    twins_and_known_keys_in_one_batch_are_each_answered,
    of_racing_writes_to_a_stream_one_wins,
    what_was_sealed_under_an_older_fence_is_refused,
    a_full_queue_refuses_at_once_and_loses_nothing,
    a_clock_that_ran_away_stops_appends_until_it_is_right_again,
    a_malformed_request_is_refused_and_says_why,
    closing_finishes_what_was_taken_and_takes_no_more,
    nothing_is_ever_stored_at_or_before_what_was_promised,
    the_promise_never_passes_a_batch_that_is_being_written,
    two_handles_on_one_database_share_one_order,
    a_request_keeps_its_events_together,
    a_reopened_log_goes_on_where_it_ended,
];

async fn positions_have_no_gaps_and_stored_strictly_increases(world: World) {
    let log = world.open().await;
    let appends = (0..300).map(|n| log.append(request(vec![keyed(fresh()); 1 + n % 2][..1].to_vec())));
    let mut got: Vec<(Position, Micros)> =
        join_all(appends).await.into_iter().flat_map(|appended| appended.unwrap().events).collect();
    got.sort();
    let positions: Vec<u64> = got.iter().map(|(position, _)| position.0).collect();
    assert_eq!(positions, (1..=300).collect::<Vec<u64>>());
    assert!(got.windows(2).all(|pair| pair[0].1 < pair[1].1), "stored follows position");
    let read = log.read(Position(0), 1_000).await.unwrap();
    let stored: Vec<(Position, Micros)> = read.iter().map(|event| (event.position, event.stored)).collect();
    assert_eq!(stored, got, "what was answered is what is there");
    assert_eq!(log.head().await.unwrap().position, Position(300));
    assert_eq!(whole(&log).await.events, 300);
}

async fn a_known_key_is_answered_with_its_position_and_hurts_no_neighbour(world: World) {
    let log = world.open().await;
    let known = fresh();
    log.append(request(vec![event(), keyed(known)])).await.unwrap();
    let conflict = vec![keyed(fresh()), keyed(known), event()];
    let (refused, stored) =
        tokio::join!(log.append(request(conflict)), log.append(request(vec![keyed(fresh())])));
    assert_eq!(refused, Err(AppendError::Exists(vec![(1, Position(2))])));
    assert_eq!(stored.unwrap().events[0].0, Position(3));
    assert_eq!(log.head().await.unwrap().position, Position(3), "nothing of the refused request is there");
}

async fn of_many_with_one_key_at_once_one_is_stored_and_all_others_learn_where(world: World) {
    let log = world.open().await;
    for _ in 0..5 {
        let key = fresh();
        let outcomes = join_all((0..20).map(|_| log.append(request(vec![keyed(key)])))).await;
        let stored: Vec<Position> = outcomes.iter().flatten().map(|appended| appended.events[0].0).collect();
        assert_eq!(stored.len(), 1);
        for error in outcomes.into_iter().filter_map(Result::err) {
            assert_eq!(error, AppendError::Exists(vec![(0, stored[0])]));
        }
        assert_eq!(log.find(&[key, fresh()]).await.unwrap(), [Some(stored[0]), None]);
    }
}

async fn twins_and_known_keys_in_one_batch_are_each_answered(world: World) {
    let known = fresh();
    world.open().await.append(request(vec![keyed(known)])).await.unwrap();
    for _ in 0..5 {
        // Opened anew, so that the writer has met no known key yet.
        let log = world.open().await;
        let twin = fresh();
        let keys = [fresh(), twin, twin, known, fresh(), twin, known, fresh()];
        let outcomes = join_all(keys.iter().map(|key| log.append(request(vec![keyed(*key)])))).await;
        let stored: Vec<Key> =
            keys.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).map(|(key, _)| *key).collect();
        assert_eq!(stored, [keys[0], twin, keys[4], keys[7]]);
        for (key, outcome) in keys.iter().zip(outcomes) {
            let Err(error) = outcome else { continue };
            let at = log.find(&[*key]).await.unwrap()[0].unwrap();
            assert_eq!(error, AppendError::Exists(vec![(0, at)]));
        }
        log.close().await;
    }
}

async fn of_racing_writes_to_a_stream_one_wins(world: World) {
    let log = world.open().await;
    let stream = fresh();
    for version in 0..3 {
        let race = (0..10).map(|_| log.append(request(vec![in_stream(stream, Expected::Version(version))])));
        let outcomes = join_all(race).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for error in outcomes.into_iter().filter_map(Result::err) {
            assert_eq!(error, AppendError::WrongVersion { index: 0, actual: version + 1 });
        }
    }
    log.append(request(vec![in_stream(stream, Expected::Any)])).await.unwrap();
    assert_eq!(log.stream_head(stream).await.unwrap(), Some((4, Position(4))));
    assert_eq!(log.stream_head(fresh()).await.unwrap(), None);
    let both = vec![in_stream(stream, Expected::Version(4)), in_stream(stream, Expected::Version(5))];
    log.append(request(both)).await.unwrap();
    assert_eq!(log.read(Position(4), 9).await.unwrap()[1].stream, Some((stream, 6)));
}

async fn what_was_sealed_under_an_older_fence_is_refused(world: World) {
    let log = world.open().await;
    assert_eq!(log.fence(), 0);
    let sealed = |fence| Append { events: vec![event()], fence: Some(fence), raise_fence: false };
    log.append(sealed(0)).await.unwrap();
    log.append(Append { events: vec![of_kind("agent_erased")], fence: None, raise_fence: true })
        .await
        .unwrap();
    assert_eq!(log.append(sealed(0)).await, Err(AppendError::Fenced(1)));
    assert_eq!(log.fence(), 1);
    log.append(sealed(log.fence())).await.unwrap();
    assert_eq!(log.head().await.unwrap().fence, 1);
    drop(log);
    assert_eq!(world.open().await.fence(), 1, "the fence outlives the process");
}

async fn a_full_queue_refuses_at_once_and_loses_nothing(world: World) {
    let notes = Notes::gated();
    let options = Options { queue_events: 10, hooks: vec![notes.clone()], ..world.options() };
    let log = eventlog::EventLog::open(options).await.unwrap();
    let first = tokio::spawn({
        let log = log.clone();
        async move { log.append(request(vec![event()])).await }
    });
    notes.until_reached(1).await;
    // The writer is inside its transaction: what comes now waits. One poll puts all five into the queue.
    let waiting = join_all((0..5).map(|_| Box::pin(log.append(request(vec![event(), event()])))));
    let Either::Right((_, waiting)) = select(waiting, ready(())).await else { panic!("stored while held") };
    let full = log.append(request(vec![event()])).await.unwrap_err();
    assert_eq!(full, AppendError::Full { retry_after: 1 });
    notes.let_through();
    first.await.unwrap().unwrap();
    for one in waiting.await {
        one.unwrap();
    }
    assert_eq!(log.head().await.unwrap().position, Position(11));
    // Larger than the whole queue, and nobody else there: it is taken.
    log.append(request((0..25).map(|_| event()).collect())).await.unwrap();
}

async fn a_clock_that_ran_away_stops_appends_until_it_is_right_again(world: World) {
    let log = world.open().await;
    fill(&log, vec![event()]).await;
    world.clock.set_wall(Micros(NOON.0 + 2 * 3_600_000_000));
    let refused = log.append(request(vec![event()])).await;
    assert!(matches!(refused, Err(AppendError::Clock(_))), "{refused:?}");
    let through = log.consistent_through().await.unwrap();
    assert!(through.0 < NOON.0 + 3_600_000_000, "nor is anything promised by that clock");
    world.clock.set_wall(NOON);
    fill(&log, vec![event()]).await;
    // Both clocks moved on together: time has simply passed.
    world.clock.advance(Duration::from_secs(7_200));
    fill(&log, vec![event()]).await;
    // Backwards is no danger: stored goes on from the last.
    world.clock.set_wall(Micros(NOON.0 - 1_000_000));
    fill(&log, vec![event()]).await;
    assert_eq!(whole(&log).await.events, 4);
}

async fn a_malformed_request_is_refused_and_says_why(world: World) {
    let log = world.open().await;
    let twin = fresh();
    let mut gap = with_slots(&[b"a", b"b"]);
    gap.slots[1].number = 2;
    for events in [vec![keyed(twin), keyed(twin)], vec![gap], vec![of_kind("")]] {
        let outcome = log.append(request(events)).await;
        assert!(matches!(outcome, Err(AppendError::Refused(_))), "{outcome:?}");
    }
    assert_eq!(log.append(request(Vec::new())).await.unwrap().events, []);
    assert_eq!(log.head().await.unwrap().position, Position(0));
}

async fn closing_finishes_what_was_taken_and_takes_no_more(world: World) {
    let notes = Notes::gated();
    let log = world.open_with(vec![notes.clone()]).await;
    let appends: Vec<_> = (0..20)
        .map(|_| {
            let log = log.clone();
            tokio::spawn(async move { log.append(request(vec![event()])).await })
        })
        .collect();
    notes.until_reached(1).await;
    let closing = tokio::spawn({
        let log = log.clone();
        async move { log.close().await }
    });
    notes.let_through();
    closing.await.unwrap();
    let mut stored = 0;
    for append in appends {
        match append.await.unwrap() {
            Ok(_) => stored += 1,
            Err(AppendError::Stopped(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert!(stored >= 1);
    assert!(matches!(log.append(request(vec![event()])).await, Err(AppendError::Stopped(_))));
    let log = world.open().await;
    assert_eq!(log.head().await.unwrap().position, Position(stored), "acknowledged is stored, and no more");
}

async fn nothing_is_ever_stored_at_or_before_what_was_promised(world: World) {
    let log = world.open().await;
    for _ in 0..5 {
        world.clock.advance(Duration::from_secs(1));
        let promised = log.consistent_through().await.unwrap();
        let before = log.head().await.unwrap();
        assert!(promised >= before.stored);
        // The clock stands still, so only the promise can push the event past it.
        let stored = log.append(request(vec![event()])).await.unwrap().events[0].1;
        assert!(stored > promised, "{stored:?} after {promised:?}");
        assert!(log.consistent_through().await.unwrap() >= promised, "it never goes back");
    }
    world.clock.advance(Duration::from_secs(1));
    // While nothing is in flight it follows the clock. The writer may still be putting its connection back when its
    // last answer is here; then the old value stands, and the next call finds the head free.
    let clock = Micros(NOON.0 + 6_000_000);
    let followed = async { while log.consistent_through().await.unwrap() != clock {} };
    tokio::time::timeout(Duration::from_secs(30), followed).await.expect("it follows the clock");
}

async fn the_promise_never_passes_a_batch_that_is_being_written(world: World) {
    let notes = Notes::gated();
    let log = world.open_with(vec![notes.clone()]).await;
    let appending = tokio::spawn({
        let log = log.clone();
        async move { log.append(request(vec![event()])).await.unwrap().events[0].1 }
    });
    notes.until_reached(1).await;
    world.clock.advance(Duration::from_secs(10));
    let promised = log.consistent_through().await.unwrap();
    notes.let_through();
    let stored = appending.await.unwrap();
    assert!(promised < stored, "{promised:?} was promised before {stored:?} was committed");
    assert!(log.consistent_through().await.unwrap() >= stored);
}

async fn two_handles_on_one_database_share_one_order(world: World) {
    let (first, second) = (world.open().await, world.open().await);
    let shared: Vec<_> = (0..40).map(|_| fresh()).collect();
    let run = |log: eventlog::EventLog, keys: Vec<eventlog::Key>| {
        tokio::spawn(async move {
            let requests = keys.into_iter().map(|key| log.append(request(vec![keyed(key), event()])));
            join_all(requests).await
        })
    };
    let (one, two) = (run(first.clone(), shared.clone()), run(second.clone(), shared.clone()));
    let outcomes: Vec<_> = one.await.unwrap().into_iter().chain(two.await.unwrap()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 40, "each key once");
    let events = second.read(Position(0), 1_000).await.unwrap();
    let positions: Vec<u64> = events.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, (1..=80).collect::<Vec<u64>>());
    let keys: BTreeSet<_> = events.iter().filter_map(|event| event.dedupe).collect();
    assert_eq!(keys, shared.into_iter().collect());
    assert_eq!(whole(&first).await.events, 80);
}

async fn a_request_keeps_its_events_together(world: World) {
    let log = world.open().await;
    let requests = (0..30).map(|_| log.append(request(vec![event(), event(), event()])));
    for appended in join_all(requests).await {
        let positions: Vec<u64> = appended.unwrap().events.iter().map(|(position, _)| position.0).collect();
        assert_eq!(positions, [positions[0], positions[0] + 1, positions[0] + 2]);
    }
}

async fn a_reopened_log_goes_on_where_it_ended(world: World) {
    let log = world.open().await;
    fill(&log, vec![event(), event()]).await;
    let head = log.head().await.unwrap();
    log.close().await;
    let log = world.open().await;
    assert_eq!(log.head().await.unwrap(), head);
    assert_eq!(*log.subscribe().borrow(), Position(2));
    assert_eq!(fill(&log, vec![event()]).await, 3);
    assert_eq!(whole(&log).await.events, 3);
}
