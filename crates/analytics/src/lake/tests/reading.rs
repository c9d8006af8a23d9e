//! What is read of a lake: what counts, and what is read again.

use super::*;

#[test]
fn a_voided_statement_counts_until_it_is_voided_whichever_came_first() {
    let log = [
        event(1, &statement(1)),
        event(2, &voiding(2, 1)),
        event(3, &voiding(3, 5)),  // before its target
        event(4, &voiding(4, 99)), // whose target never comes
        event(5, &statement(5)),
        other(6, kind::UNIT),
    ];
    for pages in [&[1][..], &[2], &[6]] {
        let dir = tempfile::tempdir().unwrap();
        let lake = write(dir.path(), &log, pages);
        let at = |position| positions(&lake.snapshot().at(Position(position)).unwrap());
        assert_eq!(at(1), [1]);
        assert_eq!(at(2), [2]);
        assert_eq!(at(4), [2, 3, 4]);
        assert_eq!(at(6), [2, 3, 4]);
    }
}

#[test]
fn who_may_void_its_own_alone_voids_nobody_elses_whichever_came_first() {
    let by = |position, facts: &StatementFacts, credential: u8| Event {
        credential: Some([credential; 16]),
        ..event(position, facts)
    };
    let bound = |number, target| StatementFacts { voids_own: true, ..voiding(number, target) };
    let log = [
        by(1, &bound(1, 3), 1), // before its target, which somebody else sends
        by(2, &bound(2, 4), 1), // before its target, which the same one sends
        by(3, &statement(3), 2),
        by(4, &statement(4), 1),
        by(5, &bound(5, 3), 1),
        by(6, &statement(6), 1),
        by(7, &bound(7, 6), 1),
        by(8, &StatementFacts { voids_own: false, ..bound(8, 3) }, 1),
    ];
    for pages in [&[1][..], &[2], &[8]] {
        let dir = tempfile::tempdir().unwrap();
        let lake = write(dir.path(), &log, pages);
        let at = |position| positions(&lake.snapshot().at(Position(position)).unwrap());
        assert_eq!(at(4), [1, 2, 3]);
        assert_eq!(at(7), [1, 2, 3, 5, 7]);
        assert_eq!(at(8), [1, 2, 5, 7, 8]);
    }
}

#[test]
fn an_awaited_target_is_found_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let log = [event(1, &voiding(1, 2)), event(2, &statement(2))];
    drop(write(dir.path(), &log[..1], &[1]));
    let mut lake = open(dir.path()).unwrap();
    assert_eq!(lake.position(), Position(1));
    append(&mut lake, &log[1..], &[]).unwrap();
    assert_eq!(positions(&lake.snapshot()), [1]);
    assert!(
        !String::from_utf8(fs::read(dir.path().join(manifest::FILE)).unwrap())
            .unwrap()
            .contains(&hex::encode(id(2)))
    );
}

#[test]
fn a_reader_of_an_older_manifest_still_reads_its_position() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = write(dir.path(), &[event(1, &statement(1))], &[1]);
    let older = lake.snapshot();
    append(&mut lake, &[event(2, &statement(2))], &[]).unwrap();
    assert_eq!(positions(&older), [1]);
    assert!(matches!(older.at(Position(2)), Err(LakeError::Behind { lake: 1, asked: 2 })));
}

#[test]
fn a_changed_file_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let lake = write(dir.path(), &[event(1, &statement(1))], &[1]);
    let path = dir.path().join("statements/000000000001-000000000001.parquet");
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(&path, bytes).unwrap();
    let read = lake.snapshot().statements(&[]);
    assert!(matches!(read, Err(LakeError::Damaged { path }) if path.starts_with("statements/")));
}

#[test]
fn what_is_dated_ahead_counts_on_the_day_it_was_stored_on_and_such_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let late = StatementFacts { timestamp: Some(START + 400 * 86_400_000_000), ..statement(2) };
    let early = StatementFacts { timestamp: Some(START - 86_400_000_000), ..statement(1) };
    let lake = write(dir.path(), &[event(1, &early), event(2, &late)], &[2]);
    let days = |position| part::days(&lake.snapshot().at(Position(position)).unwrap().parts(None).unwrap());
    assert_eq!(
        [0, 1, 2].map(days).map(|(day, ahead)| (day.map(|day| day.to_string()), ahead)),
        [(None, 0), (Some("2026-01-14".into()), 0), (Some("2026-01-15".into()), 1)]
    );
    // What is voided does not count, and is not counted.
    let (dir, late) = (tempfile::tempdir().unwrap(), event(1, &StatementFacts { id: id(1), ..late }));
    let lake = write(dir.path(), &[late, event(2, &voiding(2, 1))], &[2]);
    assert_eq!(part::days(&lake.snapshot().parts(None).unwrap()).1, 0);
}

#[test]
fn what_a_block_contributes_is_read_once_and_again_where_one_of_its_statements_is_voided() {
    let dir = tempfile::tempdir().unwrap();
    let log: Vec<Event> = (1..=4_200)
        .map(|n| if n > 4_198 { event(n, &voiding(n, n - 100)) } else { event(n, &statement(n)) })
        .collect();
    let mut lake = write(dir.path(), &log[..4_197], &[4_197]);
    let kept = Arc::default();
    let parts = |kept: &Arc<Kept>| Snapshot::open(&dir.path().into(), kept).unwrap().parts(None);
    let first = parts(&kept).unwrap();
    let block = dir.path().join("statements/000000000001-000000004096.parquet");
    let sound = fs::read(&block).unwrap();
    fs::write(&block, b"PAR1").unwrap();

    append(&mut lake, &log[4_197..4_198], &log).unwrap();
    let second = parts(&kept).unwrap();
    assert!(Arc::ptr_eq(&first[0], &second[0]) && !Arc::ptr_eq(&first[1], &second[1]));
    assert!(matches!(parts(&Arc::default()), Err(LakeError::Damaged { .. })));
    // A voiding of a statement at the end is none of the first block's business.
    append(&mut lake, &log[4_198..4_199], &log).unwrap();
    assert!(Arc::ptr_eq(&first[0], &parts(&kept).unwrap()[0]));
    let log = [&log[..4_199], &[event(4_200, &voiding(4_200, 50))]].concat();
    append(&mut lake, &log[4_199..], &log).unwrap();
    assert!(matches!(parts(&kept), Err(LakeError::Damaged { .. })));
    fs::write(&block, sound).unwrap();
    assert_eq!(parts(&kept).unwrap(), parts(&Arc::default()).unwrap());
    // As it was before, it is read for that time alone.
    let before = Snapshot::open(&dir.path().into(), &kept).unwrap().at(Position(4_199)).unwrap();
    assert_eq!(before.parts(None).unwrap()[0], first[0]);
}

#[test]
fn nobody_is_no_actor_and_points_give_the_share() {
    let dir = tempfile::tempdir().unwrap();
    let nobody = StatementFacts { untracked: true, ..statement(1) };
    let moodle = Score { scaled: Some(-500_000), raw: Some(5_000_000), min: Some(0), max: Some(20_000_000) };
    let moodle = StatementFacts { score: moodle, ..statement(2) };
    let lake = write(dir.path(), &[event(1, &nobody), event(2, &moodle)], &[2]);
    let rows = lake.snapshot().statements(&["actor", "score_scaled", "score_share"]).unwrap();
    let actors: Vec<bool> =
        rows.column("actor").unwrap().binary().unwrap().iter().map(|actor| actor.is_some()).collect();
    assert_eq!(actors, [false, true]);
    let number = |name: &str| rows.column(name).unwrap().i64().unwrap().get(1);
    assert_eq!((number("score_scaled"), number("score_share")), (Some(-500_000), Some(250_000)));
}
