//! A lake is held against its files, and against the log.

use super::*;

#[test]
fn files_that_are_gone_or_changed_are_named_and_so_is_what_the_log_does_not_give() {
    let (own, made) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log: Vec<Event> = (1..=6_000).map(|position| event(position, &statement(position))).collect();
    write(own.path(), &log, &[6_000]);
    write(made.path(), &log, &[1_000, 5_000]);
    let held = snapshot(own.path());
    assert_eq!(held.damaged().unwrap(), Vec::<String>::new());
    assert_eq!(held.differing(&snapshot(made.path())).unwrap(), Vec::<String>::new());

    // Somebody has written another lake, with its manifest, where one statement is another.
    let mut other = log.clone();
    other[4_999] = event(5_000, &statement(5_001));
    let changed = tempfile::tempdir().unwrap();
    write(changed.path(), &other, &[6_000]);
    let found = snapshot(changed.path()).differing(&held).unwrap();
    assert_eq!(found, ["statements/000000004097-000000006000.parquet"]);
    let shorter = tempfile::tempdir().unwrap();
    write(shorter.path(), &log[..5_999], &[5_999]);
    assert_eq!(snapshot(shorter.path()).differing(&held).unwrap(), ["manifest.json"]);

    let (gone, cut) =
        ("statements/000000000001-000000004096.parquet", "voids/000000004097-000000006000.parquet");
    fs::remove_file(own.path().join(gone)).unwrap();
    fs::write(own.path().join(cut), b"PAR1").unwrap();
    assert_eq!(held.damaged().unwrap(), [gone, cut]);
}
