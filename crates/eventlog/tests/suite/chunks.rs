//! Sets of chunks: staged, named by a slot, kept while a slot names them, and removed where none ever did.

use std::time::Duration;

use eventlog::verify::VerifyError;
use eventlog::{AppendError, EventLog, Key, Naming, NewEvent, Position};

use crate::on_both;
use crate::world::*;

on_both![
    a_staged_set_that_an_event_names_is_chained_and_comes_back,
    chunks_cannot_be_changed_while_a_slot_names_them,
    a_set_goes_with_the_last_slot_that_names_it,
    a_set_whose_event_never_came_is_swept_and_no_other,
    a_set_that_is_gone_or_not_whole_is_not_named_and_spoils_no_neighbour,
    damaged_and_missing_chunks_are_found_by_number,
];

const HOUR: Duration = Duration::from_secs(3600);

async fn staged(log: &EventLog, set: Key, bodies: &[&[u8]]) -> Vec<u8> {
    let mut hashes = Vec::new();
    for (number, body) in (0..).zip(bodies) {
        hashes.extend(log.stage(set, number, body).await.unwrap());
    }
    hashes
}

fn naming(event: usize, slot: u16, set: Key, hashes: &[u8]) -> Naming {
    Naming { event, slot, set, hashes: hashes.to_vec() }
}

/// Stages a set and appends an event of two slots, the second of which names it.
async fn filled(log: &EventLog, bodies: &[&[u8]]) -> (Key, Position) {
    let set = fresh();
    let hashes = staged(log, set, bodies).await;
    let named = vec![naming(0, 1, set, &hashes)];
    let appended = log.append_naming(request(vec![with_slots(&[b"one", b"key"])]), named).await.unwrap();
    (set, appended.events[0].0)
}

async fn left(log: &EventLog, set: Key) -> usize {
    let mut count = 0;
    for number in 0..40 {
        count += usize::from(log.read_chunk(set, number).await.unwrap().is_some());
    }
    count
}

fn deletion() -> NewEvent {
    of_kind("slots_deleted")
}

async fn a_staged_set_that_an_event_names_is_chained_and_comes_back(world: World) {
    let log = world.open().await;
    let (set, position) = filled(&log, &[b"first", b"second", b""]).await;
    assert_eq!(log.read_chunk(set, 1).await.unwrap().unwrap(), b"second");
    assert_eq!(log.read_chunk(set, 3).await.unwrap(), None);
    assert_eq!(log.read_chunk([0; 16], 0).await.unwrap(), None);
    let (_, slots) = log.read_at(&[position]).await.unwrap().remove(0);
    assert_eq!(slots.iter().map(|slot| slot.body.as_slice()).collect::<Vec<_>>(), [b"one", b"key"]);
    let verified = whole(&log).await;
    assert_eq!((verified.slots, verified.chunks), (2, 3));
    // The hash of the event covers them: with other chunks it is another.
    let plain = fill(&log, vec![with_slots(&[b"one", b"key"])]).await;
    assert_eq!(plain, 2);
    world.clock.advance(2 * HOUR);
    assert_eq!(log.sweep(HOUR).await.unwrap(), 0);
    log.discard(set).await.unwrap();
    assert_eq!(left(&log, set).await, 3, "what is named stays");
    // Several nodes, and a later start.
    log.close().await;
    let log = world.open().await;
    assert_eq!(log.read_chunk(set, 0).await.unwrap().unwrap(), b"first");
    assert_eq!(whole(&log).await.chunks, 3);
}

async fn chunks_cannot_be_changed_while_a_slot_names_them(world: World) {
    let log = world.open().await;
    let (set, _) = filled(&log, &[b"first", b"second"]).await;
    let before = whole(&log).await;
    let literal = |key: &[u8]| match world.is_sqlite() {
        true => format!("x'{}'", hex::encode(key)),
        false => format!("'\\x{}'::bytea", hex::encode(key)),
    };
    let (set_literal, other) = (literal(&set), literal(&[9; 16]));
    let empty = literal(b"");
    let attacks = [
        "UPDATE chunk SET number = number + 1".to_owned(),
        format!("UPDATE chunk SET body = {empty}"),
        "DELETE FROM chunk".to_owned(),
        "DELETE FROM chunk WHERE number = 1".to_owned(),
        format!("INSERT INTO chunk VALUES ({set_literal}, 2, {empty})"),
        format!("INSERT INTO chunk VALUES ({other}, 0, {empty})"),
        format!(
            "INSERT INTO chunk_staged VALUES ({set_literal}, 1); INSERT INTO chunk VALUES ({set_literal}, 2, {empty})"
        ),
        "UPDATE chunk_set SET slot = 0".to_owned(),
        "DELETE FROM chunk_set".to_owned(),
        format!("INSERT INTO chunk_set VALUES (1, 0, {set_literal}, {empty})"),
        format!("INSERT INTO chunk_set VALUES (9, 0, {set_literal}, {empty})"),
    ];
    for sql in &attacks {
        assert!(world.attack(sql, sql).await.is_err(), "{sql}");
    }
    if world.is_sqlite() {
        for sql in [
            format!("INSERT OR REPLACE INTO chunk VALUES ({set_literal}, 1, {empty})"),
            format!("REPLACE INTO chunk_set VALUES (1, 1, {set_literal}, {empty})"),
        ] {
            assert!(world.attack(&sql, "").await.is_err(), "{sql}");
        }
    } else {
        for sql in [
            "TRUNCATE chunk",
            "TRUNCATE chunk_set",
            "SET session_replication_role = replica; DELETE FROM chunk",
        ] {
            assert!(world.attack("", sql).await.is_err(), "{sql}");
        }
    }
    assert_eq!(whole(&log).await, before);
}

async fn a_set_goes_with_the_last_slot_that_names_it(world: World) {
    let log = world.open().await;
    let set = fresh();
    let bodies: Vec<Vec<u8>> = (0..37).map(|number| vec![number; 10]).collect();
    let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    let hashes = staged(&log, set, &bodies).await;
    let named = vec![naming(0, 0, set, &hashes), naming(2, 1, set, &hashes)];
    let events = vec![with_slots(&[b"a"]), event(), with_slots(&[b"b", b"c"])];
    log.append_naming(request(events), named).await.unwrap();
    assert_eq!(whole(&log).await.chunks, 37, "read once, however many name it");
    log.delete_slots(&[(Position(1), 0)], deletion()).await.unwrap();
    assert_eq!(left(&log, set).await, 37);
    assert_eq!(whole(&log).await.chunks, 37);
    log.delete_slots(&[(Position(3), 0)], deletion()).await.unwrap();
    assert_eq!(left(&log, set).await, 37);
    log.delete_slots(&[(Position(3), 1)], deletion()).await.unwrap();
    assert_eq!(left(&log, set).await, 0);
    let verified = whole(&log).await;
    assert_eq!((verified.slots, verified.chunks, verified.deleted_slots), (0, 0, 3));
    assert_eq!(log.sweep(HOUR).await.unwrap(), 0);
}

async fn a_set_whose_event_never_came_is_swept_and_no_other(world: World) {
    let log = world.open().await;
    let (named, _) = filled(&log, &[b"named"]).await;
    let (old, young, unwanted) = (fresh(), fresh(), fresh());
    staged(&log, old, &[b"old".as_slice(); 40]).await;
    world.clock.advance(Duration::from_secs(1800));
    staged(&log, young, &[b"young"]).await;
    staged(&log, unwanted, &[b"unwanted", b"too"]).await;
    log.discard(unwanted).await.unwrap();
    assert_eq!(left(&log, unwanted).await, 0);
    assert_eq!(log.sweep(HOUR).await.unwrap(), 0);
    // The process ends in between.
    log.close().await;
    let log = world.open().await;
    assert_eq!(left(&log, old).await, 40);
    world.clock.advance(Duration::from_secs(1801));
    assert_eq!(log.sweep(HOUR).await.unwrap(), 1);
    assert_eq!((left(&log, old).await, left(&log, young).await, left(&log, named).await), (0, 1, 1));
    // What is being removed takes no more chunks; nor does a set that an event names.
    assert!(log.stage(old, 40, b"late").await.is_err());
    assert!(log.stage(named, 1, b"late").await.is_err());
    assert!(log.stage(young, 0, b"twice").await.is_err());
    world.clock.advance(2 * HOUR);
    assert_eq!(log.sweep(HOUR).await.unwrap(), 1);
    assert_eq!(whole(&log).await.chunks, 1);
}

async fn a_set_that_is_gone_or_not_whole_is_not_named_and_spoils_no_neighbour(world: World) {
    let log = world.open().await;
    let (gone, short) = (fresh(), fresh());
    let hashes = staged(&log, gone, &[b"a", b"b"]).await;
    log.discard(gone).await.unwrap();
    staged(&log, short, &[b"a"]).await;
    let append = |named: Vec<Naming>| {
        let log = log.clone();
        async move { log.append_naming(request(vec![with_slots(&[b"key"])]), named).await }
    };
    let (lost, partial, wrong, neighbour) = tokio::join!(
        append(vec![naming(0, 0, gone, &hashes)]),
        append(vec![naming(0, 0, short, &hashes)]),
        append(vec![naming(0, 1, short, &hashes)]),
        append(Vec::new()),
    );
    for refused in [lost, partial, wrong] {
        assert!(matches!(refused, Err(AppendError::Refused(_))), "{refused:?}");
    }
    neighbour.unwrap();
    assert_eq!(whole(&log).await.events, 1);
    world.clock.advance(2 * HOUR);
    assert_eq!(log.sweep(HOUR).await.unwrap(), 1, "the mark of what was refused is still there");
}

async fn damaged_and_missing_chunks_are_found_by_number(world: World) {
    let log = world.open().await;
    fill(&log, vec![event()]).await;
    let (set, _) = filled(&log, &[b"first", b"second", b"third"]).await;
    fill(&log, vec![event()]).await;
    let guards = (
        "DROP TRIGGER chunk_only_staged; DROP TRIGGER chunk_never_updated; DROP TRIGGER chunk_deleted_after_its_slots; \
         DROP TRIGGER chunk_set_never_updated; DROP TRIGGER chunk_set_never_deleted; DROP TRIGGER chunk_set_with_its_event; \
         CREATE TABLE backup AS SELECT * FROM chunk; CREATE TABLE backup_set AS SELECT * FROM chunk_set;",
        "ALTER TABLE chunk DISABLE TRIGGER USER; ALTER TABLE chunk_set DISABLE TRIGGER USER; \
         CREATE TABLE backup AS SELECT * FROM chunk; CREATE TABLE backup_set AS SELECT * FROM chunk_set;",
    );
    world.attack(guards.0, guards.1).await.unwrap();
    let zero = if world.is_sqlite() { "x'00'" } else { "'\\x00'::bytea" };
    let damages = [
        (
            "chunk 1 of slot 1 does not have its hash",
            format!("UPDATE chunk SET body = {zero} WHERE number = 1"),
        ),
        ("chunk 2 of slot 1 is missing", "DELETE FROM chunk WHERE number = 2".to_owned()),
        ("chunk 0 of slot 1 is missing", "DELETE FROM chunk".to_owned()),
        (
            "slot 1 has a chunk",
            format!("INSERT INTO chunk SELECT set_id, 3, {zero} FROM chunk WHERE number = 0"),
        ),
        ("slot 1 does not have its hash", "DELETE FROM chunk_set".to_owned()),
        ("slot 1 does not have its hash", format!("UPDATE chunk_set SET hashes = {zero}")),
    ];
    for (what, sql) in damages {
        assert!(world.attack(&sql, &sql).await.unwrap() > 0, "{sql}");
        match log.verify(1..=u64::MAX, &mut |_| {}).await {
            Err(VerifyError::Broken(broken)) => {
                assert_eq!(broken.position, Position(2), "{sql}: {broken}");
                assert!(broken.what.contains(what), "{sql}: {broken}");
            }
            other => panic!("{sql}: {other:?}"),
        }
        let restore = "DELETE FROM chunk; INSERT INTO chunk SELECT * FROM backup; DELETE FROM chunk_set; \
                       INSERT INTO chunk_set SELECT * FROM backup_set;";
        world.attack(restore, restore).await.unwrap();
        assert_eq!(whole(&log).await.chunks, 3);
    }
    assert_eq!(left(&log, set).await, 3);
}
