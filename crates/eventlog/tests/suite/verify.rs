//! The chain names the first break.

use eventlog::anchor::Anchor;
use eventlog::verify::VerifyError;
use eventlog::{EventLog, Expected, Position};

use crate::on_both;
use crate::world::*;

on_both![
    a_range_in_the_middle_verifies_by_itself,
    every_kind_of_damage_is_found_where_it_is,
    an_empty_log_is_whole,
    a_log_rewritten_as_a_whole_is_caught_by_its_anchors,
];

async fn filled(world: &World) -> EventLog {
    let log = world.open().await;
    let events = vec![
        keyed([1; 16]),
        with_slots(&[b"one", b"two"]),
        in_stream([2; 16], Expected::Any),
        with_facts(b"four"),
        with_slots(&[b"five"]),
        event(),
    ];
    fill(&log, events).await;
    log.delete_slots(&[(Position(5), 0)], of_kind("slots_deleted")).await.unwrap();
    log
}

async fn an_empty_log_is_whole(world: World) {
    let log = world.open().await;
    let verified = whole(&log).await;
    assert_eq!((verified.events, verified.through), (0, Position(0)));
}

async fn a_range_in_the_middle_verifies_by_itself(world: World) {
    let log = filled(&world).await;
    let mut told = Vec::new();
    let part = log.verify(3..=5, &mut |position| told.push(position.0)).await.unwrap();
    assert_eq!((part.events, part.through, part.deleted_slots), (3, Position(5), 1));
    assert_eq!(told, [5]);
    let rest = log.verify(6..=u64::MAX, &mut |_| {}).await.unwrap();
    assert_eq!(rest.hash, log.head().await.unwrap().hash);
    assert_eq!(whole(&log).await.hash, rest.hash);
}

/// Somebody who owns the tables takes the guards away.
async fn disarm(world: &World) {
    let guards = (
        "DROP TRIGGER event_only_appended; DROP TRIGGER event_never_updated; DROP TRIGGER event_never_deleted; \
         DROP TRIGGER sealed_only_with_its_event; DROP TRIGGER sealed_never_updated; \
         DROP TRIGGER sealed_deleted_by_an_event; DROP TRIGGER deletion_with_its_event; \
         DROP TRIGGER deletion_never_updated; DROP TRIGGER deletion_never_deleted; DROP TRIGGER head_is_one; \
         DROP TRIGGER head_moves_on; DROP TRIGGER head_stays;",
        "ALTER TABLE event DISABLE TRIGGER USER; ALTER TABLE sealed DISABLE TRIGGER USER; \
         ALTER TABLE sealed_deleted DISABLE TRIGGER USER; ALTER TABLE log_head DISABLE TRIGGER USER;",
    );
    world.attack(guards.0, guards.1).await.unwrap();
}

async fn a_log_rewritten_as_a_whole_is_caught_by_its_anchors(world: World) {
    let log = filled(&world).await;
    let first = Anchor::of([7; 16], &log.head().await.unwrap());
    fill(&log, vec![event(), with_facts(b"more")]).await;
    let second = Anchor::of([7; 16], &log.head().await.unwrap());
    let anchors = [second, first];
    log.verify_anchors(&anchors).await.unwrap();
    log.close().await;

    disarm(&world).await;
    let zeros = hex_literal(&world, &"00".repeat(32));
    let empty = format!(
        "DELETE FROM sealed_deleted; DELETE FROM sealed; DELETE FROM event; \
         UPDATE log_head SET position = 0, stored = 0, hash = {zeros}, fence = 0, promised = 0;"
    );
    world.attack(&empty, &empty).await.unwrap();
    let log = filled(&world).await;
    whole(&log).await;
    let caught = |error| match error {
        VerifyError::Broken(broken) => broken.position,
        VerifyError::Database(error) => panic!("{error}"),
    };
    let rewritten = log.verify_anchors(&anchors).await.unwrap_err();
    assert_eq!(caught(rewritten), first.position);
    // One that ends too early, too.
    let cut = log.verify_anchors(&[Anchor { position: Position(99), ..second }]).await.unwrap_err();
    assert_eq!(caught(cut), Position(99));
}

async fn every_kind_of_damage_is_found_where_it_is(world: World) {
    let log = filled(&world).await;
    disarm(&world).await;
    let (nothing, zeros) = (hex_literal(&world, ""), hex_literal(&world, &"00".repeat(32)));
    let copy = |condition: &str| match world.is_sqlite() {
        true => {
            format!("INSERT INTO sealed SELECT place + 1, owner, period, body FROM sealed WHERE {condition}")
        }
        false => format!(
            "INSERT INTO sealed SELECT position, slot + 1, owner, period, body FROM sealed WHERE {condition}"
        ),
    };
    let slot = |position: u64, slot: u64| match world.is_sqlite() {
        true => format!("place = {}", position * 65_536 + slot),
        false => format!("position = {position} AND slot = {slot}"),
    };
    let damages: Vec<(u64, &str, String)> = vec![
        (4, "hash", format!("UPDATE event SET facts = {nothing} WHERE position = 4")),
        (1, "hash", "UPDATE event SET dedupe = NULL WHERE position = 1".to_owned()),
        (
            1,
            "hash",
            format!("UPDATE event SET credential = {zeros} WHERE position = 1")
                .replace(&zeros, &hex_literal(&world, &"00".repeat(16))),
        ),
        (3, "hash", "UPDATE event SET stream_version = 2 WHERE position = 3".to_owned()),
        (6, "hash", "UPDATE event SET kind = 'unit' WHERE position = 6".to_owned()),
        (6, "hash", "UPDATE event SET schema = 2 WHERE position = 6".to_owned()),
        (2, "hash", "UPDATE event SET stored = stored + 1 WHERE position = 2".to_owned()),
        (2, "hash", format!("UPDATE event SET slot_hashes = {nothing} WHERE position = 2")),
        (3, "hash", format!("UPDATE event SET hash = {zeros} WHERE position = 3")),
        (6, "increase", "UPDATE event SET stored = 5 WHERE position = 6".to_owned()),
        (4, "missing", "DELETE FROM event WHERE position = 4".to_owned()),
        (7, "missing", "DELETE FROM event WHERE position = 7".to_owned()),
        (2, "slot 1 does not", format!("UPDATE sealed SET body = {nothing} WHERE {}", slot(2, 1))),
        (2, "slot 0 does not", format!("UPDATE sealed SET period = 3 WHERE {}", slot(2, 0))),
        (2, "slot 0 does not", format!("UPDATE sealed SET owner = NULL WHERE {}", slot(2, 0))),
        (2, "slot 1 is missing", format!("DELETE FROM sealed WHERE {}", slot(2, 1))),
        (5, "slot 0 is missing", "DELETE FROM sealed_deleted".to_owned()),
        (2, "does not know", copy(&slot(2, 1))),
        (7, "head", format!("UPDATE log_head SET hash = {zeros}")),
        (7, "after the head", "UPDATE log_head SET position = 6".to_owned()),
    ];
    for (position, what, sql) in damages {
        let backup = "CREATE TABLE {b} AS SELECT * FROM {t};";
        let restore = "DELETE FROM {t}; INSERT INTO {t} SELECT * FROM {b}; DROP TABLE {b};";
        let tables = ["event", "sealed", "sealed_deleted", "log_head"];
        let each = |text: &str| -> String {
            tables.iter().map(|t| text.replace("{b}", &format!("backup_{t}")).replace("{t}", t)).collect()
        };
        world.attack(&each(backup), &each(backup)).await.unwrap();
        assert!(world.attack(&sql, &sql).await.unwrap() > 0, "{sql}");
        match log.verify(1..=u64::MAX, &mut |_| {}).await {
            Err(VerifyError::Broken(broken)) => {
                assert_eq!(broken.position, Position(position), "{sql}: {broken}");
                assert!(broken.what.contains(what), "{sql}: {broken}");
            }
            other => panic!("{sql}: {other:?}"),
        }
        world.attack(&each(restore), &each(restore)).await.unwrap();
        assert_eq!(whole(&log).await.events, 7);
    }
}

fn hex_literal(world: &World, hex: &str) -> String {
    if world.is_sqlite() { format!("x'{hex}'") } else { format!("'\\x{hex}'::bytea") }
}
