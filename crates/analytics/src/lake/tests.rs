//! What the lake promises, on hand-made and on arbitrary events.

mod bucket;
mod holding;
mod reading;

use super::*;
use domain::statement::{AgentRole, ContextRole, ObjectFacts, Score, StatementFacts, Version};
use domain::{Date, verbs};
use eventlog::clock::Micros;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;

/// 2026-01-15T08:00:00Z.
const START: i64 = 1_768_464_000_000_000;

fn id(number: u64) -> Key {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

fn statement(number: u64) -> StatementFacts {
    StatementFacts {
        id: id(number),
        agents: vec![(AgentRole::Actor, id(1_000_000 + number % 7))],
        actor_is_group: false,
        verb: verbs::COMPLETED.into(),
        object: ObjectFacts::Activity(format!("https://larande.larkby.example/kurser/{}", number % 5)),
        registration: number.is_multiple_of(2).then(|| id(number % 11)),
        timestamp: number.is_multiple_of(3).then_some(START - number as i64 * 3_600_000_000),
        success: number.is_multiple_of(2).then_some(number.is_multiple_of(4)),
        completion: Some(true),
        score: Score { scaled: number.is_multiple_of(5).then_some(850_000), ..Score::default() },
        duration_cs: Some(number as i64),
        response: (0..number % 3).map(|n| n.to_string()).collect(),
        activities: vec![(ContextRole::Grouping, "https://larande.larkby.example/kurser/rot".into())],
        xapi_version: Version::V2_0_0,
        attachments_from: None,
        origin: None,
        untracked: false,
        voids_own: false,
    }
}

fn event(position: u64, facts: &StatementFacts) -> Event {
    Event {
        position: Position(position),
        stored: Micros(START + position as i64),
        id: id(position),
        kind: kind::STATEMENT.into(),
        schema: 1,
        credential: None,
        dedupe: Some(facts.id),
        stream: None,
        facts: facts.encode(),
    }
}

/// An event of another kind, whose facts the lake does not read.
fn other(position: u64, kind: &str) -> Event {
    Event { kind: kind.into(), dedupe: None, facts: Vec::new(), ..event(position, &statement(position)) }
}

fn voiding(number: u64, target: u64) -> StatementFacts {
    StatementFacts {
        verb: verbs::VOIDED.into(),
        object: ObjectFacts::StatementRef(id(target)),
        ..statement(number)
    }
}

/// Appends events, and finds in the log what they void, as `EventLog::find` would.
fn append(lake: &mut Lake, events: &[Event], log: &[Event]) -> Result<(), LakeError> {
    let page = Page::of(events)?;
    let wanted = page.void_targets();
    let places = log.iter().filter_map(|e| Some((e.dedupe?, (e.position, e.credential))));
    lake.append(&page, &places.filter(|(id, _)| wanted.contains(id)).collect())?;
    later(lake);
    Ok(())
}

/// So much later that files which no manifest names are gone.
fn later(lake: &mut Lake) {
    lake.tidy(Duration::ZERO);
    lake.tidy(STAY);
}

/// Opens the lake in a folder.
fn open(dir: &Path) -> Result<Lake, LakeError> {
    Lake::open(&Place::from(dir))
}

fn snapshot(dir: &Path) -> Snapshot {
    Snapshot::open(&Place::from(dir), &Arc::default()).unwrap()
}

fn write(dir: &Path, log: &[Event], pages: &[usize]) -> Lake {
    let mut lake = open(dir).unwrap();
    let mut rest = log;
    let mut sizes = pages.iter().cycle();
    while !rest.is_empty() {
        let (page, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        append(&mut lake, page, log).unwrap();
        rest = after;
    }
    lake
}

/// Every file below a directory with its bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else {
            found.insert(name, fs::read(path).unwrap());
        }
    }
    found
}

/// The files that two lakes do not have in common, byte for byte.
fn differing(one: &Path, other: &Path) -> Vec<String> {
    let (one, other) = (files(one), files(other));
    let paths: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    paths.into_iter().filter(|path| one.get(*path) != other.get(*path)).cloned().collect()
}

fn positions(snapshot: &Snapshot) -> Vec<i64> {
    let rows = snapshot.statements(&[]).unwrap();
    rows.column("position").unwrap().i64().unwrap().into_no_null_iter().collect()
}

#[test]
fn a_lake_that_is_written_anew_takes_over_whole_and_reports_see_the_one_before_until_then() {
    let dir = tempfile::tempdir().unwrap();
    let log: Vec<Event> = (1..=9_000).map(|n| event(n, &statement(n))).collect();
    write(dir.path(), &log[..5_000], &[700]);
    let expected = tempfile::tempdir().unwrap();
    write(expected.path(), &log, &[9_000]);

    let mut next = Lake::anew(&dir.path().into()).unwrap();
    append(&mut next, &log[..6_000], &log).unwrap();
    // What is written beside it does not show, and the lake itself goes on.
    let before = snapshot(dir.path());
    assert_eq!(before.position(), Position(5_000));
    append(&mut open(dir.path()).unwrap(), &log[5_000..5_500], &log).unwrap();
    assert_eq!(positions(&snapshot(dir.path())).len(), 5_500);
    append(&mut next, &log[6_000..], &log).unwrap();
    let mut lake = next.take_over().unwrap();
    later(&mut lake);
    assert_eq!(lake.position(), Position(9_000));
    assert_eq!(differing(dir.path(), expected.path()), [""; 0]);
    // Whoever read the earlier one meanwhile finds the same rows.
    assert_eq!(positions(&before), (1..=5_000).collect::<Vec<i64>>());
}

#[test]
fn a_lake_that_was_begun_anew_and_left_harms_nothing_and_a_damaged_one_is_mended() {
    let dir = tempfile::tempdir().unwrap();
    let log: Vec<Event> = (1..=5_000).map(|n| event(n, &statement(n))).collect();
    write(dir.path(), &log, &[5_000]);
    let sound = files(dir.path());
    append(&mut Lake::anew(&dir.path().into()).unwrap(), &log[..2_000], &log).unwrap();
    assert_eq!(positions(&snapshot(dir.path())).len(), 5_000);
    later(&mut open(dir.path()).unwrap());
    assert!(files(dir.path()) == sound);

    let broken = sound.keys().find(|path| path.starts_with("statements/")).unwrap();
    fs::write(dir.path().join(broken), b"PAR1").unwrap();
    let mut next = Lake::anew(&dir.path().into()).unwrap();
    append(&mut next, &log, &log).unwrap();
    later(&mut next.take_over().unwrap());
    assert!(files(dir.path()) == sound);
}

#[test]
fn a_statement_keeps_its_facts_and_loses_its_id_and_its_hour() {
    let dir = tempfile::tempdir().unwrap();
    let facts = statement(30);
    let lake = write(dir.path(), &[event(1, &facts)], &[1]);
    let rows = lake.snapshot().statements(table::COLUMNS).unwrap();
    let text = |name: &str| rows.column(name).unwrap().str().unwrap().get(0).unwrap().to_owned();
    let number = |name: &str| rows.column(name).unwrap().i64().unwrap().get(0);
    let day =
        |name: &str| Date::from_days(rows.column(name).unwrap().i32().unwrap().get(0).unwrap()).to_string();
    assert_eq!((day("stored_day"), day("day")), ("2026-01-15".into(), "2026-01-14".into()));
    assert_eq!(rows.column("actor").unwrap().binary().unwrap().get(0), Some(&facts.agents[0].1[..]));
    assert_eq!(text("verb"), verbs::COMPLETED);
    assert_eq!(text("object"), "https://larande.larkby.example/kurser/0");
    assert_eq!(text("xapi_version"), "2.0.0");
    assert_eq!((number("score_scaled"), number("score_raw")), (Some(850_000), None));
    assert_eq!(number("duration_cs"), Some(30));
    let bytes: Vec<u8> = files(dir.path()).into_values().flatten().collect();
    assert!(!bytes.windows(16).any(|window| window == facts.id), "the statement's id is in the lake");
    assert!(bytes.windows(16).any(|window| window == facts.agents[0].1), "the search finds what is there");
}

#[test]
fn a_gap_and_unreadable_facts_leave_the_lake_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = write(dir.path(), &[event(1, &statement(1))], &[1]);
    let before = files(dir.path());
    let gap = append(&mut lake, &[event(3, &statement(3))], &[]);
    assert!(matches!(gap, Err(LakeError::Gap { expected: 2, found: 3 })));
    let broken = Event { facts: vec![0xff], ..event(2, &statement(2)) };
    let unreadable = append(&mut lake, &[broken], &[]);
    assert!(matches!(unreadable, Err(LakeError::Facts { position: 2, .. })));
    assert_eq!(files(dir.path()), before);
    append(&mut lake, &[event(2, &statement(2))], &[]).unwrap();
    assert_eq!(positions(&lake.snapshot()), [1, 2]);
}

#[test]
fn what_a_crash_leaves_behind_is_removed_and_does_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let log: Vec<_> = (1..=3).map(|n| event(n, &statement(n))).collect();
    let whole = tempfile::tempdir().unwrap();
    write(whole.path(), &log, &[3]);
    drop(write(dir.path(), &log[..2], &[2]));
    let before = files(dir.path());
    // Died after the new files and in the middle of the manifest.
    fs::copy(
        whole.path().join("statements/000000000001-000000000003.parquet"),
        dir.path().join("statements/000000000001-000000000003.parquet"),
    )
    .unwrap();
    fs::write(dir.path().join("statements/000000000001-000000000003.tmp"), b"half").unwrap();
    fs::write(dir.path().join("manifest.tmp"), b"{ \"form").unwrap();
    assert_eq!(positions(&snapshot(dir.path())), [1, 2]);
    let mut lake = open(dir.path()).unwrap();
    later(&mut lake);
    // Of what lies beyond it a lake does not know whether another is about to name it.
    let beyond = "statements/000000000001-000000000003.parquet".to_owned();
    assert_eq!(
        files(dir.path()).into_iter().filter(|(path, _)| *path != beyond).collect::<BTreeMap<_, _>>(),
        before
    );
    append(&mut lake, &log[2..], &[]).unwrap();
    assert_eq!(differing(dir.path(), whole.path()), Vec::<String>::new());
}

#[test]
fn a_file_stays_for_a_while_after_it_was_left_out_and_then_goes() {
    let dir = tempfile::tempdir().unwrap();
    let log: Vec<_> = (1..=3).map(|n| event(n, &statement(n))).collect();
    let mut lake = open(dir.path()).unwrap();
    let mut seconds = 0;
    let mut step = |lake: &mut Lake, page: &[Event], later: u64| {
        seconds += later;
        lake.append(&Page::of(page).unwrap(), &Targets::new()).unwrap();
        lake.tidy(Duration::from_secs(seconds));
        let mut found: Vec<String> =
            files(dir.path()).into_keys().filter(|p| p.starts_with("statements/")).collect();
        found
            .iter_mut()
            .for_each(|path| *path = path.replace("statements/000000000001-", "").replace(".parquet", ""));
        found
    };
    let named = |last: [u64; 1]| format!("{:012}", last[0]);
    assert_eq!(step(&mut lake, &log[..1], 0), [named([1])]);
    assert_eq!(step(&mut lake, &log[1..2], 100), [named([1]), named([2])]);
    // Of the first it is 130 seconds, of the second 30.
    assert_eq!(step(&mut lake, &log[2..], 130), [named([2]), named([3])]);
    // After a start nobody knows how long it was.
    let mut again = open(dir.path()).unwrap();
    again.tidy(Duration::from_secs(1_000));
    assert_eq!(files(dir.path()).into_keys().filter(|p| p.starts_with("statements/")).count(), 2);
    again.tidy(Duration::from_secs(1_000) + STAY);
    assert_eq!(files(dir.path()).into_keys().filter(|p| p.starts_with("statements/")).count(), 1);
}

#[test]
fn every_block_has_a_file_of_each_table_and_says_whose_it_is() {
    let unit = |position: u64, code: &str, parent: Option<&str>| Event {
        facts: UnitFacts {
            code: code.into(),
            name: "Enhet".into(),
            kind: "huvudman".into(),
            parent: parent.map(Into::into),
            school_unit_code: None,
        }
        .encode(),
        ..other(position, kind::UNIT)
    };
    let mut log: Vec<Event> = (1..=4_200).map(|n| other(n, kind::COURSE)).collect();
    log[10] = unit(11, "1480", None);
    log[11] = unit(12, "skola", Some("1480"));
    log[4_150] = unit(4_151, "0180", None);
    for pages in [&[4_200][..], &[7, 2_000], &[1_000]] {
        let dir = tempfile::tempdir().unwrap();
        let lake = write(dir.path(), &log, pages);
        let manifest = Manifest::of_text(&fs::read(dir.path().join(manifest::FILE)).unwrap()).unwrap();
        assert_eq!((manifest.instance, manifest.municipality.as_deref()), (hex::encode(id(1)), Some("0180")));
        let said: Vec<_> = manifest
            .blocks
            .iter()
            .flat_map(|block| [&block.statements, &block.voids])
            .map(|file| {
                let bytes = fs::read(dir.path().join(&file.path)).unwrap();
                assert_eq!(file.rows, 0);
                let has = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
                assert!(has("larka.instance") && has(&hex::encode(id(1))) && !has("ARROW:schema"));
                (has("1480"), has("0180"))
            })
            .collect();
        assert_eq!(said, [(true, false), (true, false), (false, true), (false, true)]);
        assert_eq!(positions(&lake.snapshot()), [0_i64; 0]);
    }
}

#[test]
fn a_lake_of_another_format_is_refused_until_it_is_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    drop(write(dir.path(), &[event(1, &statement(1))], &[1]));
    fs::write(dir.path().join(manifest::FILE), b"{ \"format\": 0, \"something\": 1 }").unwrap();
    let opened = open(dir.path());
    assert!(matches!(opened, Err(LakeError::Format { found: 0, expected: manifest::FORMAT })));
    let mut anew = Lake::anew(&dir.path().into()).unwrap();
    append(&mut anew, &[event(1, &statement(1))], &[]).unwrap();
    anew.take_over().unwrap();
    assert_eq!(open(dir.path()).unwrap().position(), Position(1));
}

#[test]
fn a_lake_over_several_segments_is_the_same_however_it_was_written() {
    let log: Vec<_> = (1..=blocks::SEGMENT + 5_000)
        .map(|n| if n % 1_000 == 0 { event(n, &voiding(n, n - 990)) } else { event(n, &statement(n)) })
        .collect();
    let (one, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(one.path(), &log, &[log.len()]);
    for page in log.chunks(31_007) {
        // Opened anew for every page, so that the tail comes from its files.
        append(&mut open(many.path()).unwrap(), page, &log).unwrap();
    }
    assert_eq!(differing(one.path(), many.path()), Vec::<String>::new());
    assert_eq!(positions(&snapshot(many.path())).len(), log.len() - 70);
}

/// A fixed log has fixed bytes, on every machine and in every run. A new version of the Parquet library may
/// change them: then lakes of the two versions differ in bytes, [`manifest::FORMAT`] goes up, and so does this.
#[test]
fn format_4_has_these_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let log: Vec<_> = (1..=5_000)
        .map(|n| if n % 100 == 0 { event(n, &voiding(n, n - 90)) } else { event(n, &statement(n)) })
        .collect();
    write(dir.path(), &log, &[5_000]);
    let bytes: Vec<u8> = files(dir.path()).into_values().flatten().collect();
    assert_eq!(
        hex::encode(Sha256::digest(bytes)),
        "b8422f32935d48ba51a938c200ec9d38b2e1fd1188eabd9e4e18149910c8c3f4"
    );
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec((0u8..10, 0u64..60), 1..60).prop_map(|kinds| {
        (1..)
            .zip(kinds)
            .map(|(n, (kind, target))| match kind {
                0 => other(n, kind::PERSON),
                1 => other(n, kind::AGENT_ERASED),
                2 | 3 => event(n, &voiding(n, target)),
                _ => event(n, &statement(n)),
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn the_same_events_give_the_same_bytes_in_any_pages(
        log in events(),
        pages in prop::collection::vec(1usize..25, 1..6),
    ) {
        let (one, many) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(one.path(), &log, &[log.len()]);
        write(many.path(), &log, &pages);
        prop_assert_eq!(differing(one.path(), many.path()), Vec::<String>::new());
    }

    #[test]
    fn an_older_position_reads_as_the_lake_was_then(log in events(), at in 1usize..60) {
        let at = at.min(log.len());
        let (then, now) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let then = write(then.path(), &log[..at], &[7]).snapshot();
        let now = write(now.path(), &log, &[11]).snapshot().at(Position(at as u64)).unwrap();
        prop_assert_eq!(positions(&then), positions(&now));
    }
}
