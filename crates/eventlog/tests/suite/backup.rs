//! A copy of the log, and the log that is made of it, on whichever database.

use eventlog::segment::{Extra, Record, records};
use eventlog::{
    Copies, Event, EventLog, Expected, LogError, Naming, NewEvent, Position, RestoreError, Restoring,
};

use crate::on_both;
use crate::world::*;

on_both![
    what_is_copied_is_the_same_log_on_either_database,
    copies_follow_each_other_and_any_position_of_theirs_is_had,
    what_was_deleted_before_it_was_copied_is_had_from_its_deletion_on,
    what_is_missing_or_changed_is_no_log,
    a_place_that_is_taken_is_left_as_it_is,
];

/// Records as they are handed on.
#[derive(Default)]
struct Copied {
    bytes: Vec<u8>,
    through: u64,
}

impl Copies for Copied {
    type Error = LogError;

    async fn take(&mut self, records: Vec<u8>, through: Position) -> Result<(), LogError> {
        assert!(through.0 >= self.through);
        self.through = through.0;
        self.bytes.extend(records);
        Ok(())
    }
}

async fn copied(log: &EventLog, after: u64) -> Vec<u8> {
    let mut copied = Copied::default();
    let end = log.copy_after(Position(after), &mut copied).await.unwrap();
    assert_eq!(end, log.head().await.unwrap().position);
    copied.bytes
}

/// A log of records up to a position, at a place that is empty.
async fn restored(at: &World, bytes: &[u8], to: u64) -> Result<EventLog, RestoreError> {
    let folder = tempfile::tempdir().unwrap();
    let aside = at.log.aside(folder.path());
    let mut restoring = Restoring::begin(aside.clone(), Position(to)).await?;
    for record in records(bytes) {
        restoring.take(record.unwrap()).await?;
    }
    let verified = restoring.finish(3).await?;
    assert_eq!(verified.through, Position(to));
    assert!(at.log.is_empty().await.unwrap());
    at.log.take(&aside).await?;
    at.log.take(&aside).await?;
    Ok(at.open().await)
}

fn deletion() -> NewEvent {
    of_kind("slots_deleted")
}

/// Events of all kinds: with slots and without, in streams, with chunks that two events share, and deletions.
async fn eventful(log: &EventLog) -> u64 {
    fill(log, vec![event(), keyed(fresh()), with_slots(&[b"one", b"", b"three"])]).await;
    let stream = fresh();
    fill(log, (0..3).map(|_| in_stream(stream, Expected::Any)).collect()).await;
    for _ in 0..2 {
        let (set, mut hashes) = (fresh(), Vec::new());
        for number in 0..3 {
            hashes.extend(log.stage(set, number, &[7; 5_000]).await.unwrap());
        }
        let named = (0..2).map(|event| Naming { event, slot: 1, set, hashes: hashes.clone() }).collect();
        let two = vec![with_slots(&[b"one", b"key"]), with_slots(&[b"two", b"key"])];
        log.append_naming(request(two), named).await.unwrap();
    }
    // Both that name the second set, and one that names the first.
    let slots = [(Position(9), 1), (Position(10), 1), (Position(7), 1), (Position(3), 2)];
    log.delete_slots(&slots, deletion()).await.unwrap();
    fill(log, (0..2_500).map(|_| with_slots(&[b"body"])).collect()).await
}

async fn what_is_copied_is_the_same_log_on_either_database(world: World) {
    let log = world.open().await;
    let last = eventful(&log).await;
    let (bytes, before) = (copied(&log, 0).await, whole(&log).await);
    for other in [World::sqlite(), World::postgres().await] {
        let again = restored(&other, &bytes, last).await.unwrap();
        assert_eq!(whole(&again).await, before);
        assert!(copied(&again, 0).await == bytes, "and the same copy");
        assert!(again.head().await.unwrap().fence > 3);
        for sql in
            ["UPDATE event SET schema = 9", "DELETE FROM sealed", "DELETE FROM log_head", "DELETE FROM chunk"]
        {
            assert!(other.attack(sql, sql).await.is_err(), "{sql}");
        }
        let key = fresh();
        again.append(request(vec![keyed(key)])).await.unwrap();
        assert!(again.append(request(vec![keyed(key)])).await.is_err());
        again.delete_slots(&[(Position(8), 1)], deletion()).await.unwrap();
        let verified = whole(&again).await;
        assert_eq!((verified.events, verified.chunks), (before.events + 2, 0));
        again.close().await;
    }
}

async fn copies_follow_each_other_and_any_position_of_theirs_is_had(world: World) {
    let log = world.open().await;
    let first = fill(&log, (0..40).map(|_| with_slots(&[b"a", b"b"])).collect()).await;
    let mut bytes = copied(&log, 0).await;
    log.delete_slots(&[(Position(5), 1)], deletion()).await.unwrap();
    let last = fill(&log, (0..40).map(|_| with_slots(&[b"a"])).collect()).await;
    let more = copied(&log, first).await;
    assert_eq!(records(&more).filter(|record| matches!(record, Ok(Record::Event(..)))).count(), 41);
    bytes.extend(more);
    assert!(copied(&log, last).await.is_empty());
    for to in [1, 5, 39, 40, 41, 60, last] {
        let other = World::sqlite();
        let again = restored(&other, &bytes, to).await.unwrap();
        let verified = whole(&again).await;
        let deleted = u64::from(to > first);
        assert_eq!((verified.events, verified.deleted_slots), (to, deleted), "{to}");
        assert_eq!(again.hash_at(Position(to)).await.unwrap(), log.hash_at(Position(to)).await.unwrap());
    }
}

async fn what_was_deleted_before_it_was_copied_is_had_from_its_deletion_on(world: World) {
    let log = world.open().await;
    fill(&log, (0..10).map(|_| with_slots(&[b"a"])).collect()).await;
    log.delete_slots(&[(Position(4), 0)], deletion()).await.unwrap();
    let last = fill(&log, vec![event()]).await;
    let bytes = copied(&log, 0).await;
    for to in [4, 10] {
        let refused = restored(&World::sqlite(), &bytes, to).await.unwrap_err();
        assert!(matches!(refused, RestoreError::Deleted { at: 4, by: 11, .. }), "{refused}");
    }
    for to in [3, 11, last] {
        restored(&World::sqlite(), &bytes, to).await.unwrap();
    }
}

async fn what_is_missing_or_changed_is_no_log(world: World) {
    let log = world.open().await;
    let last = fill(&log, (0..10).map(|_| with_slots(&[b"a"])).collect()).await;
    let bytes = copied(&log, 0).await;
    let other = world;
    log.close().await;
    let aside = tempfile::tempdir().unwrap();
    let run = async |changed: Vec<Record>, to: u64| {
        let mut restoring = Restoring::begin(other.log.aside(aside.path()), Position(to)).await?;
        for record in changed {
            restoring.take(record).await?;
        }
        restoring.finish(0).await.map(drop)
    };
    let all = || records(&bytes).map(Result::unwrap).collect::<Vec<_>>();
    run(all(), last).await.unwrap();
    assert!(matches!(run(all(), last + 1).await, Err(RestoreError::Short { end: 10, to: 11 })));
    let mut without = all();
    without.remove(3);
    assert!(matches!(run(without, last).await, Err(RestoreError::Gap { expected: 4, found: 5 })));
    let changes: [fn(&mut Event, &mut Extra); 3] = [
        |event, _| event.facts.push(0),
        |_, extra| extra.slots[0].body.push(0),
        |_, extra| extra.slots.clear(),
    ];
    for change in changes {
        let mut changed = all();
        let Record::Event(event, extra) = &mut changed[6] else { panic!("no event") };
        change(event, extra);
        let broken = run(changed, last).await.unwrap_err().to_string();
        assert!(broken.contains("position 7"), "{broken}");
    }
}

async fn a_place_that_is_taken_is_left_as_it_is(world: World) {
    let log = world.open().await;
    let last = fill(&log, vec![event(), event()]).await;
    let bytes = copied(&log, 0).await;
    log.close().await;
    assert!(!world.log.is_empty().await.unwrap());
    if !world.is_sqlite() {
        // A file would be replaced: whoever restores has looked before, and holds the folder.
        let (folder, other) = (tempfile::tempdir().unwrap(), &world.log);
        let aside = other.aside(folder.path());
        let mut restoring = Restoring::begin(aside.clone(), Position(last)).await.unwrap();
        for record in records(&bytes) {
            restoring.take(record.unwrap()).await.unwrap();
        }
        restoring.finish(0).await.unwrap();
        assert!(other.take(&aside).await.is_err());
    }
    assert_eq!(whole(&world.open().await).await.events, 2);
}
