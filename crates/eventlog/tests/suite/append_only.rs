//! The database itself refuses to change what was written.

use eventlog::{Expected, Position};

use crate::on_both;
use crate::world::*;

on_both![
    whoever_has_a_shell_cannot_change_an_event,
    slots_go_only_with_an_event_that_says_so,
    an_append_that_could_replace_a_row_is_refused,
];

async fn whoever_has_a_shell_cannot_change_an_event(world: World) {
    let log = world.open().await;
    fill(&log, vec![keyed([1; 16]), in_stream([2; 16], Expected::Any), with_slots(&[b"one", b"two"])]).await;
    let before = whole(&log).await;
    let same_on_both = [
        "UPDATE event SET facts = facts WHERE position = 1",
        "UPDATE event SET stored = stored + 1",
        "DELETE FROM event WHERE position = 3",
        "DELETE FROM event",
        "UPDATE sealed SET period = period",
        "DELETE FROM sealed",
        "UPDATE log_head SET position = 1",
        "UPDATE log_head SET position = 4",
        "UPDATE log_head SET stored = 0",
        "UPDATE log_head SET fence = -1",
        "DELETE FROM log_head",
        "INSERT INTO log_head VALUES (1, 0, 0, '', 0, 0)",
        "DELETE FROM sealed_deleted; INSERT INTO sealed_deleted SELECT * FROM sealed_deleted; \
         UPDATE event SET schema = 2 WHERE position = 1",
    ];
    for sql in same_on_both {
        assert!(world.attack(sql, sql).await.is_err(), "{sql}");
    }
    if !world.is_sqlite() {
        for sql in [
            "TRUNCATE event",
            "TRUNCATE sealed",
            "TRUNCATE log_head",
            "TRUNCATE sealed_deleted",
            "SET session_replication_role = replica; DELETE FROM event",
            "INSERT INTO event SELECT * FROM event WHERE position = 1 \
             ON CONFLICT (position) DO UPDATE SET facts = ''",
        ] {
            assert!(world.attack("", sql).await.is_err(), "{sql}");
        }
    }
    assert_eq!(whole(&log).await, before);
}

async fn slots_go_only_with_an_event_that_says_so(world: World) {
    let log = world.open().await;
    fill(&log, vec![with_slots(&[b"one", b"two"]), event()]).await;
    // Neither by a deletion that is written down under an old event, nor under one that is not there.
    for by in [1, 2, 3] {
        let sqlite = format!(
            "INSERT INTO sealed_deleted VALUES (65536, {by}); DELETE FROM sealed WHERE place = 65536"
        );
        let postgres = format!(
            "INSERT INTO sealed_deleted VALUES (1, 0, {by}); DELETE FROM sealed WHERE position = 1 AND slot = 0"
        );
        assert!(world.attack(&sqlite, &postgres).await.is_err(), "by event {by}");
    }
    let appended =
        log.delete_slots(&[(Position(1), 0), (Position(1), 7)], of_kind("slots_deleted")).await.unwrap();
    assert_eq!(appended.events[0].0, Position(3));
    let (_, left) = log.read_at(&[Position(1)]).await.unwrap().remove(0);
    assert_eq!(left.iter().map(|slot| slot.number).collect::<Vec<_>>(), [1]);
    let verified = whole(&log).await;
    assert_eq!((verified.slots, verified.deleted_slots), (1, 1));
    // Deleted is deleted: again changes nothing, and it does not come back.
    log.delete_slots(&[(Position(1), 0)], of_kind("slots_deleted")).await.unwrap();
    let again = ("INSERT INTO sealed VALUES (65536, NULL, 0, x'00')", "SELECT 1/0");
    assert!(world.attack(again.0, again.1).await.is_err());
    assert!(world.attack("DELETE FROM sealed_deleted", "DELETE FROM sealed_deleted").await.is_err());
    // The warrant for one slot is none for another.
    let other = ("DELETE FROM sealed WHERE place = 65537", "DELETE FROM sealed WHERE slot = 1");
    assert!(world.attack(other.0, other.1).await.is_err());
    assert_eq!(whole(&log).await.deleted_slots, 1);
}

async fn an_append_that_could_replace_a_row_is_refused(world: World) {
    let log = world.open().await;
    fill(&log, vec![keyed([1; 16]), in_stream([2; 16], Expected::Any), with_slots(&[b"one"])]).await;
    let before = whole(&log).await;
    let row = |position: &str, dedupe: &str, stream: &str, version: &str| {
        format!(
            "INSERT OR REPLACE INTO event VALUES ({position}, 1, x'00', 'statement', 1, NULL, {dedupe}, {stream}, \
             {version}, x'00', x'', x'00')"
        )
    };
    let known = "x'01010101010101010101010101010101'";
    let stream = "x'02020202020202020202020202020202'";
    let attacks = [
        row("1", "NULL", "NULL", "NULL"),
        row("3", "NULL", "NULL", "NULL"),
        row("5", "NULL", "NULL", "NULL"),
        row("NULL", known, "NULL", "NULL"),
        row("4", known, "NULL", "NULL"),
        row("4", "NULL", stream, "1"),
        "REPLACE INTO sealed VALUES (196608, NULL, 0, x'00')".to_owned(),
        "UPDATE OR REPLACE event SET position = 1 WHERE position = 2".to_owned(),
        "INSERT OR REPLACE INTO log_head VALUES (1, 0, 0, x'00', 0, 0)".to_owned(),
    ];
    for sql in attacks {
        for setting in ["PRAGMA recursive_triggers = OFF", "PRAGMA recursive_triggers = ON"] {
            // PostgreSQL has no such statement; its keys are unique and nothing replaces.
            let tried =
                world.attack(&format!("{setting}; {sql}"), "INSERT INTO event SELECT * FROM event").await;
            assert!(tried.is_err(), "{setting}; {sql}");
        }
    }
    assert_eq!(whole(&log).await, before);
}
