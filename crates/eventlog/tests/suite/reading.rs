//! Reading: pages, kinds, positions with slots, subscriptions.

use std::time::Duration;

use eventlog::clock::Micros;
use eventlog::event::{BYTES_ALONG, SLOTS_ALONG};
use eventlog::{Event, Expected, Key, NewEvent, Position, Slot, WithSlots};
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::on_both;
use crate::world::*;

on_both![
    what_is_read_is_what_was_appended,
    pages_neither_repeat_nor_skip,
    kinds_are_read_in_order_and_alone,
    events_come_with_their_slots_in_the_order_asked,
    some_slots_come_without_the_others,
    small_slots_come_along_with_their_events,
    connections_that_are_kept_for_the_next_keep_nothing_open,
    an_event_is_found_by_its_place_in_its_stream,
    an_instant_leads_to_the_last_event_stored_by_then,
    subscribers_wake_on_an_append_through_whichever_handle,
];

async fn what_is_read_is_what_was_appended(world: World) {
    let log = world.open().await;
    let new = NewEvent {
        credential: Some([3; 16]),
        dedupe: Some([4; 16]),
        schema: 65_535,
        facts: (0..=255).collect(),
        ..in_stream([5; 16], Expected::Version(0))
    };
    let (position, stored) = log.append(request(vec![new.clone()])).await.unwrap().events[0];
    let expected = Event {
        position,
        stored,
        id: new.id,
        kind: "document".to_owned(),
        schema: 65_535,
        credential: Some([3; 16]),
        dedupe: Some([4; 16]),
        stream: Some(([5; 16], 1)),
        facts: new.facts,
    };
    assert_eq!(log.read(Position(0), 10).await.unwrap(), [expected]);
}

async fn pages_neither_repeat_nor_skip(world: World) {
    let log = world.open().await;
    log.append(request((0..57).map(|_| event()).collect())).await.unwrap();
    let (mut after, mut seen) = (Position(0), Vec::new());
    loop {
        let page = log.read(after, 10).await.unwrap();
        let Some(last) = page.last() else { break };
        after = last.position;
        seen.extend(page.iter().map(|event| event.position.0));
    }
    assert_eq!(seen, (1..=57).collect::<Vec<u64>>());
}

async fn kinds_are_read_in_order_and_alone(world: World) {
    let log = world.open().await;
    let kinds = ["statement", "unit", "statement", "person", "unit", "statement", "course"];
    fill(&log, kinds.iter().map(|kind| of_kind(kind)).collect()).await;
    let read = async |kinds: &[&str], after, limit| {
        let events = log.read_kinds(kinds, Position(after), limit).await.unwrap();
        events.iter().map(|event| event.position.0).collect::<Vec<u64>>()
    };
    assert_eq!(read(&["unit", "person"], 0, 10).await, [2, 4, 5]);
    assert_eq!(read(&["unit", "person"], 2, 1).await, [4]);
    assert_eq!(read(&["statement", "course"], 1, 10).await, [3, 6, 7]);
    assert_eq!(read(&["none"], 0, 10).await, [0_u64; 0]);
}

async fn events_come_with_their_slots_in_the_order_asked(world: World) {
    let log = world.open().await;
    let large = vec![9; 300_000];
    let bodies: [&[u8]; 3] = [b"", b"second", &large];
    let many: Vec<NewEvent> = (0..150).map(|n| with_slots(&bodies[..n % 4])).collect();
    log.append(request(many.clone())).await.unwrap();
    let positions: Vec<Position> = [150, 3, 999, 4].into_iter().chain(5..100).map(Position).collect();
    let read = log.read_at(&positions).await.unwrap();
    let got: Vec<u64> = read.iter().map(|(event, _)| event.position.0).collect();
    assert_eq!(got, [150, 3, 4].into_iter().chain(5..100).collect::<Vec<u64>>());
    for (event, slots) in read {
        let index = usize::try_from(event.position.0 - 1).unwrap();
        assert_eq!(slots, many[index].slots, "of event {index}");
    }
}

async fn some_slots_come_without_the_others(world: World) {
    let log = world.open().await;
    let bodies: [&[u8]; 3] = [b"", b"second", b"third"];
    let many: Vec<NewEvent> = (0..150).map(|n| with_slots(&bodies[..n % 4])).collect();
    log.append(request(many.clone())).await.unwrap();
    let wanted: Vec<_> =
        (1..=151).map(|n| (Position(n), if n % 2 == 0 { 0..=0 } else { 1..=u16::MAX })).collect();
    let mut expected = Vec::new();
    for (position, numbers) in &wanted[..150] {
        let slots = &many[usize::try_from(position.0 - 1).unwrap()].slots;
        let within = slots.iter().filter(|slot| numbers.contains(&slot.number));
        expected.extend(within.map(|slot| (*position, slot.clone())));
    }
    let mut read = log.read_slots(&wanted).await.unwrap();
    read.sort_by_key(|(position, slot)| (*position, slot.number));
    assert_eq!(read, expected);
    let asked = [150, 999, 3].into_iter().chain(4..=100).map(Position).collect::<Vec<_>>();
    let events = log.read_events_at(&asked).await.unwrap();
    let got: Vec<u64> = events.iter().map(|event| event.position.0).collect();
    assert_eq!(got, [150, 3].into_iter().chain(4..=100).collect::<Vec<_>>());
}

async fn small_slots_come_along_with_their_events(world: World) {
    let log = world.open().await;
    let (small, large) = (vec![7; BYTES_ALONG], vec![7; BYTES_ALONG + 1]);
    let every: Vec<u8> = (0..=255).rev().collect();
    let bodies: [&[u8]; 10] = [&large, b"", &small, &large, &every, b"5;", b"6.", b"7,", b"8", b"9"];
    let many = (0..150_u8).map(|n| {
        let slots = with_slots(&bodies[..usize::from(n) % 11]).slots;
        match n % 3 {
            0 => NewEvent { slots, ..in_stream([n; 16], Expected::Any) },
            1 => NewEvent { slots, credential: Some([0; 16]), ..keyed([n; 16]) },
            _ => NewEvent { slots, facts: every.clone(), ..with_slots(&[]) },
        }
    });
    let many: Vec<NewEvent> = many.collect();
    log.append(request(many.clone())).await.unwrap();
    let asked = [150, 999, 3].into_iter().chain(4..=100).map(Position).collect::<Vec<_>>();
    let found = log.read_with_slots(&asked).await.unwrap();
    let events = log.read_events_at(&asked).await.unwrap();
    assert_eq!(found.iter().map(|found| found.event.clone()).collect::<Vec<_>>(), events);
    for WithSlots { event, slots, had } in found {
        let all = &many[usize::try_from(event.position.0 - 1).unwrap()].slots;
        let along = |slot: &&Slot| slot.number == 0 || slot.number < SLOTS_ALONG && slot.number != 3;
        let expected: Vec<Slot> = all.iter().filter(along).cloned().collect();
        assert_eq!((slots, usize::from(had)), (expected, all.len()), "of {}", event.position.0);
    }
}

async fn connections_that_are_kept_for_the_next_keep_nothing_open(world: World) {
    let log = world.open().await;
    fill(&log, vec![with_slots(&[b"one"])]).await;
    let read = || async { log.read_with_slots(&[Position(1)]).await.unwrap().len() };
    assert_eq!(join_all((0..12).map(|_| read())).await, [1; 12]);
    // All that there are may be had by others, too.
    let mut others = Vec::new();
    for _ in 0..4 {
        others.push(log.database().reader().await.unwrap());
    }
    drop(others);
    assert_eq!(read().await, 1);
    timeout(Duration::from_secs(20), log.close()).await.expect("closes though connections were kept");
    // Nor does a log that is dropped need anything to run in.
    let log = world.open().await;
    assert_eq!(log.read_with_slots(&[Position(1)]).await.unwrap().len(), 1);
    std::thread::spawn(move || drop(log)).join().unwrap();
}

async fn an_event_is_found_by_its_place_in_its_stream(world: World) {
    let log = world.open().await;
    let stream = |number: u64| 0xd0c_0000_0000 + u128::from(number);
    let stream = |number: u64| stream(number).to_be_bytes();
    for version in 0..3 {
        // More streams than are asked for in one statement.
        let events = (0..150).map(|number| in_stream(stream(number), Expected::Version(version)));
        log.append(request(events.collect())).await.unwrap();
    }
    let mut wanted: Vec<(Key, u64)> = (0..150).rev().map(|number| (stream(number), 1 + number % 3)).collect();
    wanted.extend([(stream(0), 0), (stream(0), 4), (stream(150), 1), wanted[7]]);
    let found = log.at_versions(&wanted).await.unwrap();
    assert_eq!(found.len(), wanted.len());
    for (place, event) in wanted.iter().zip(&found) {
        let known = (1..=3).contains(&place.1) && place.0 != stream(150);
        assert_eq!(event.as_ref().and_then(|event| event.stream), known.then_some(*place));
    }
    assert_eq!(log.at_versions(&[]).await.unwrap(), []);
}

async fn an_instant_leads_to_the_last_event_stored_by_then(world: World) {
    let log = world.open().await;
    assert_eq!(log.position_at(NOON).await.unwrap(), Position(0));
    for _ in 0..7 {
        world.clock.advance(Duration::from_secs(10));
        fill(&log, vec![event()]).await;
    }
    let at = async |seconds: i64| log.position_at(Micros(NOON.0 + seconds * 1_000_000)).await.unwrap().0;
    assert_eq!((at(9).await, at(10).await, at(39).await, at(40).await, at(900).await), (0, 1, 3, 4, 7));
}

async fn subscribers_wake_on_an_append_through_whichever_handle(world: World) {
    let (log, other) = (world.open().await, world.open().await);
    let mut own = log.subscribe();
    let mut others = other.subscribe();
    let last = fill(&log, vec![event(), event()]).await;
    own.wait_for(|position| position.0 == last).await.unwrap();
    if !world.is_sqlite() {
        others.wait_for(|position| position.0 == last).await.unwrap();
        log.append(eventlog::Append { events: vec![event()], fence: None, raise_fence: true }).await.unwrap();
        others.wait_for(|position| position.0 == last + 1).await.unwrap();
        assert_eq!(other.fence(), 1, "the fence is told along");
    }
}
