//! How fast events go into the lake, and how long a report takes: `cargo run --release -p larka-analytics
//! --example lake_speed [EVENTS [DIRECTORY]]`. Events are made up from a counter; nothing is asserted. The lake
//! stays in the directory, if one is named.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use analytics::lake::{Lake, Page, Snapshot, Targets};
use analytics::reports::competence;
use domain::events::{CompetenceRulesFacts, CourseFacts, Duty, Origin, PersonFacts, RuleFacts, UnitFacts};
use domain::statement::{AgentRole, ContextRole, ObjectFacts, Score, StatementFacts, Version};
use domain::{Date, Facts, Municipality, Text, verbs};
use eventlog::clock::Micros;
use eventlog::event::{Event, Key, Position};
use std::path::Path;
use std::time::Instant;

const PEOPLE: u64 = 3_000;
const COURSES: u64 = 40;
/// 2026-01-15T08:00:00Z.
const START: i64 = 1_768_464_000_000_000;

fn main() {
    let events: u64 = std::env::args().nth(1).map_or(1_000_000, |n| n.parse().unwrap());
    let mut log: Vec<Event> = Vec::new();
    municipality(&mut log);
    while (log.len() as u64) < events {
        statement(&mut log);
    }
    let facts: usize = log.iter().map(|event| event.facts.len()).sum();
    // One statement in a thousand voids the one five hundred before it.
    let voided = log.iter().filter(|event| event.position.0 % 1_000 == 500);
    let places: Targets =
        voided.filter_map(|event| Some((event.dedupe?, (event.position, event.credential)))).collect();
    println!("{events} events, {} bytes of facts each", facts / log.len());

    for page in [65_536, 8_192, 1_024] {
        let dir = tempfile::tempdir().unwrap();
        let log = &log[..log.len().min(page * 200)];
        let started = Instant::now();
        write(dir.path(), log, &places, page);
        let taken = started.elapsed().as_secs_f64();
        let bytes = size(dir.path());
        println!(
            "pages of {page:>6}: {:>9.0} events/s, {:.1} bytes on disk an event",
            log.len() as f64 / taken,
            bytes as f64 / log.len() as f64,
        );
    }

    let temporary = tempfile::tempdir().unwrap();
    let dir = std::env::args().nth(2).map_or(temporary.path().to_owned(), Into::into);
    write(&dir, &log, &places, 65_536);
    let started = Instant::now();
    let municipality = Municipality::fold(&log).unwrap();
    println!("municipality folded in {:.2} s", started.elapsed().as_secs_f64());
    let snapshot = Snapshot::open(&dir).unwrap();
    let started = Instant::now();
    let (day, _) = snapshot.days().unwrap();
    println!("latest day in {:.2} s", started.elapsed().as_secs_f64());
    let started = Instant::now();
    let parameters = competence::Parameters { as_of: day, ..competence::Parameters::new("digcomp-3.0") };
    let table = competence::report(&snapshot, &municipality, &parameters).unwrap();
    let figures: usize = table.sections.iter().map(|section| section.figures.len()).sum();
    println!(
        "competence report in {:.2} s: {} groups, {figures} figures",
        started.elapsed().as_secs_f64(),
        table.populations.len()
    );
}

fn write(dir: &Path, log: &[Event], places: &Targets, page: usize) {
    let mut lake = Lake::open(dir).unwrap();
    for events in log.chunks(page) {
        let page = Page::of(events).unwrap();
        let targets: Targets = page.void_targets().iter().map(|id| (*id, places[id])).collect();
        lake.append(&page, &targets).unwrap();
    }
}

fn size(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    entries.map(|e| if e.path().is_dir() { size(&e.path()) } else { e.metadata().unwrap().len() }).sum()
}

fn id(number: u64) -> Key {
    // Spread over the bytes as random ids are, so that compression is not flattered.
    let mix = |seed: u64| {
        (number ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(seed | 1)
    };
    let mut id = [0; 16];
    id[..8].copy_from_slice(&mix(0x0123_4567_89ab_cdef).to_be_bytes());
    id[8..].copy_from_slice(&mix(0xfedc_ba98_7654_3210).to_be_bytes());
    id
}

fn push(log: &mut Vec<Event>, kind: &str, facts: Vec<u8>) {
    let position = log.len() as u64 + 1;
    log.push(Event {
        position: Position(position),
        stored: Micros(START + position as i64 * 1_000),
        id: id(position),
        kind: kind.into(),
        schema: 1,
        credential: None,
        dedupe: Some(id(position)),
        stream: None,
        facts,
    });
}

fn add<F: Facts>(log: &mut Vec<Event>, facts: &F) {
    push(log, F::KIND, facts.encode());
}

fn course(number: u64) -> String {
    format!("https://larande.larkby.example/kurser/kurs-{number}")
}

/// Sixty schools in ten areas, people, and a rule for every course.
fn municipality(log: &mut Vec<Event>) {
    let mut unit = |code: String, kind: &str, parent: Option<String>| {
        let name = format!("Enhet {code}");
        add(log, &UnitFacts { code, name, kind: kind.into(), parent, school_unit_code: None });
    };
    unit("k".into(), "huvudman", None);
    for area in 0..10 {
        unit(format!("a{area}"), "rektorsomrade", Some("k".into()));
        for school in 0..6 {
            unit(format!("a{area}s{school}"), "skola", Some(format!("a{area}")));
        }
    }
    for person in 0..PEOPLE {
        let unit = format!("a{}s{}", person % 10, person / 10 % 6);
        let role = ["Lärare", "Rektor", "Barnskötare"][(person % 3) as usize].to_owned();
        let duties = vec![Duty { unit, role, from: Date::from_days(18_000), to: None }];
        let person = id(person);
        add(log, &PersonFacts { person, agents: vec![person], duties, enrolments: Vec::new() });
    }
    for number in 0..COURSES {
        let title = Text::new("Kurs", "Course");
        let (mandatory_for, activities) = (Vec::new(), Vec::new());
        let id = course(number);
        add(log, &CourseFacts { id, title, origin: Origin::default(), mandatory_for, activities });
        let rules = vec![RuleFacts {
            competence: format!("{}.{}", number % 5 + 1, number % 3 + 1),
            low: (number % 8) as u8 + 1,
            high: (number % 8) as u8 + 1,
            weight: 500,
            types: domain::competence::TypeSet::EMPTY,
            valid_months: Some(24),
        }];
        add(log, &CompetenceRulesFacts { framework: "digcomp-3.0".into(), activity: course(number), rules });
    }
}

fn statement(log: &mut Vec<Event>) {
    let n = log.len() as u64;
    let random = u64::from_be_bytes(id(n)[..8].try_into().unwrap());
    let verb = [verbs::INITIALIZED, verbs::COMPLETED, verbs::PASSED, verbs::ANSWERED][(random % 4) as usize];
    let course = course(random / 4 % COURSES);
    let activity =
        if verb == verbs::PASSED { course.clone() } else { format!("{course}/del-{}", random / 256 % 9) };
    let position = n + 1;
    let voids = position.is_multiple_of(1_000) && position > 10_000;
    let facts = StatementFacts {
        id: id(position),
        agents: vec![(AgentRole::Actor, id(random / 4_096 % PEOPLE))],
        actor_is_group: false,
        verb: if voids { verbs::VOIDED.into() } else { verb.into() },
        object: if voids {
            ObjectFacts::StatementRef(id(position - 500))
        } else {
            ObjectFacts::Activity(activity)
        },
        registration: Some(id(random / 65_536 % 20_000)),
        timestamp: Some(START + n as i64 * 20_000_000),
        success: (verb == verbs::PASSED).then_some(true),
        completion: None,
        score: Score { scaled: (random % 2 == 0).then_some((random % 1_000_000) as i64), ..Score::default() },
        duration_cs: Some((random % 100_000) as i64),
        response: if verb == verbs::ANSWERED { vec![(random % 5).to_string()] } else { Vec::new() },
        activities: vec![(ContextRole::Parent, course.clone()), (ContextRole::Grouping, course)],
        xapi_version: Version::V2_0_0,
        attachments_from: None,
        origin: None,
        untracked: false,
        voids_own: false,
    };
    add(log, &facts);
}
