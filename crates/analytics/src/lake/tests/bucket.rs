//! Several writers of one bucket.

use super::*;
use object_store::memory::InMemory;
use tokio::runtime::Runtime;

fn bucket(runtime: &Runtime) -> Place {
    let store = Arc::new(InMemory::new());
    Place::from(Bucket { store, prefix: "lake".into(), runtime: runtime.handle().clone() })
}

fn at(place: &Place) -> Vec<i64> {
    positions(&Snapshot::open(place, &Arc::default()).unwrap())
}

#[test]
fn whoever_was_overtaken_has_written_nothing_and_goes_on_from_what_is_there() {
    let runtime = Runtime::new().unwrap();
    let place = bucket(&runtime);
    let log: Vec<Event> = (1..=9).map(|n| event(n, &statement(n))).collect();
    let (mut one, mut other) = (Lake::open(&place).unwrap(), Lake::open(&place).unwrap());
    append(&mut one, &log[..5], &log).unwrap();
    for page in [&log[..3], &log[..7]] {
        assert!(matches!(append(&mut other, page, &log), Err(LakeError::Overtaken)));
        assert_eq!(at(&place), [1, 2, 3, 4, 5]);
    }
    let mut other = Lake::open(&place).unwrap();
    append(&mut other, &log[5..], &log).unwrap();
    assert!(matches!(append(&mut one, &log[5..6], &log), Err(LakeError::Overtaken)));
    assert_eq!(at(&place).len(), 9);
}

#[test]
fn what_is_written_anew_takes_over_when_it_has_come_as_far() {
    let runtime = Runtime::new().unwrap();
    let place = bucket(&runtime);
    let log: Vec<Event> = (1..=9).map(|n| event(n, &statement(n))).collect();
    let mut anew = Lake::anew(&place).unwrap();
    append(&mut anew, &log[..4], &log).unwrap();
    let mut lake = Lake::open(&place).unwrap();
    append(&mut lake, &log[..6], &log).unwrap();
    assert!(matches!(anew.take_over(), Err(LakeError::Overtaken)));
    assert_eq!(at(&place).len(), 6);
    append(&mut anew, &log[4..7], &log).unwrap();
    assert_eq!(anew.take_over().unwrap().position(), Position(7));
    assert!(matches!(append(&mut lake, &log[6..], &log), Err(LakeError::Overtaken)));
    assert_eq!(at(&place).len(), 7);
}

#[test]
fn what_another_is_about_to_name_is_not_tidied_away_and_what_nobody_will_is() {
    let runtime = Runtime::new().unwrap();
    let place = bucket(&runtime);
    let log: Vec<Event> = (1..=9).map(|n| event(n, &statement(n))).collect();
    let written = |lake: &Lake| lake.place.strays(&Manifest::empty()).unwrap();
    // One has written its files up to the fifth event, and its manifest not yet.
    append(&mut Lake::anew(&place).unwrap(), &log[..5], &log).unwrap();
    let mut lake = Lake::open(&place).unwrap();
    append(&mut lake, &log[..3], &log).unwrap();
    let ends =
        |lake: &Lake| -> BTreeSet<Option<u64>> { written(lake).iter().map(|path| last_of(path)).collect() };
    assert_eq!(ends(&lake), [Some(3), Some(5)].into());
    append(&mut lake, &log[3..], &log).unwrap();
    assert_eq!(ends(&lake), [Some(9)].into());
}

#[test]
fn an_address_that_is_none_is_refused_with_what_was_expected() {
    let runtime = Runtime::new().unwrap();
    for wrong in
        ["", "s3://", "s3:///x", "https://x/y", "s3://b/å", "s3://b/x?y", "s3://key:secret@b/x", "s3://b//x"]
    {
        let refused = Bucket::open(wrong, [], runtime.handle().clone()).err();
        assert!(refused.is_some_and(|expected| !expected.contains("secret")), "{wrong}");
    }
    for right in ["s3://b", "s3://b/", "s3://b/lake", "s3://b/kommun=SE-0180/lake/"] {
        Bucket::open(right, [("AWS_NO_SUCH_THING".into(), "x".into())], runtime.handle().clone()).unwrap();
    }
}
