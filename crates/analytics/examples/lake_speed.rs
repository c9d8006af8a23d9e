//! How fast events go into the lake, and how long the competence report takes after one new statement, by a reader that
//! keeps what it read before: `cargo build --release --workspace --examples`, then
//! `target/release/examples/lake_speed [EVENTS [DIRECTORY]]`. Events are
//! made up from a counter; nothing is asserted. The lake stays in the directory, if one is named, beside `roster.json` with
//! what `tests/lake_speed.py` needs to compute the same figures with DuckDB.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use analytics::lake::{Kept, Lake, Page, Snapshot, Targets};
use analytics::reports::competence;
use disclosure::{Gate, Preset, ResultTable};
use domain::events::{CompetenceRulesFacts, CourseFacts, Duty, Origin, PersonFacts, RuleFacts, UnitFacts};
use domain::statement::{AgentRole, ContextRole, ObjectFacts, Score, StatementFacts, Version};
use domain::{Date, Facts, Municipality, Text, verbs};
use eventlog::clock::Micros;
use eventlog::event::{Event, Key, Position};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const PEOPLE: u64 = 3_000;
const COURSES: u64 = 40;
/// 2026-01-15T08:00:00Z.
const START: i64 = 1_768_464_000_000_000;
/// As the worker writes.
const PAGE: u64 = 16_384;

fn main() {
    let events: u64 = std::env::args().nth(1).map_or(1_000_000, |n| n.parse().unwrap());
    let temporary = tempfile::tempdir().unwrap();
    let dir = std::env::args().nth(2).map_or(temporary.path().to_owned(), Into::into);
    let mut town: Vec<Event> = Vec::new();
    municipality(&mut town);
    let municipality = Municipality::fold(&town).unwrap();
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("roster.json"), roster(&town)).unwrap();

    let mut lake = Lake::open(&dir.as_path().into()).unwrap();
    let started = Instant::now();
    let mut making = std::time::Duration::ZERO;
    while lake.position().0 < events {
        let begun = Instant::now();
        let page: Vec<Event> = (lake.position().0..events.min(lake.position().0 + PAGE))
            .map(|n| town.get(n as usize).cloned().unwrap_or_else(|| statement(n)))
            .collect();
        making += begun.elapsed();
        write(&mut lake, &page);
    }
    let taken = (started.elapsed() - making).as_secs_f64();
    lake.tidy(std::time::Duration::ZERO);
    lake.tidy(analytics::lake::STAY);
    let bytes = size(&dir) as f64 / events as f64;
    println!(
        "{events} events: {:.0} events/s into the lake, {bytes:.1} bytes on disk each",
        events as f64 / taken
    );

    let kept = Arc::<Kept>::default();
    let before = memory();
    let report = || {
        let snapshot = Snapshot::open(&dir.as_path().into(), &kept).unwrap();
        competence::report(&snapshot, &municipality, &competence::Parameters::new("digcomp-3.0"), None)
            .unwrap()
    };
    let started = Instant::now();
    report();
    println!(
        "first report: {:.3} s, {} MB more are held",
        started.elapsed().as_secs_f64(),
        memory() - before
    );
    let mut times = Vec::new();
    let mut last = None;
    for _ in 0..9 {
        let one = statement(lake.position().0);
        write(&mut lake, &[one]);
        let started = Instant::now();
        last = Some(report());
        times.push(started.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    println!(
        "report after one new statement: {:.3} s ({:.3} to {:.3}), {} MB more are held",
        times[4],
        times[0],
        times[8],
        memory() - before
    );
    let table = last.unwrap();
    std::fs::write(dir.join("figures.json"), figures(&table)).unwrap();
    let started = Instant::now();
    Gate::new(Preset::named("gavle").unwrap()).apply(table).unwrap();
    println!("the gate: {:.3} s", started.elapsed().as_secs_f64());
}

fn write(lake: &mut Lake, events: &[Event]) {
    let page = Page::of(events).unwrap();
    // One statement in a thousand voids the one five hundred before it.
    let voids = events.iter().filter(|event| voids(event.position.0));
    let targets: Targets =
        voids.map(|event| (id(event.position.0 - 500), (Position(event.position.0 - 500), None))).collect();
    lake.append(&page, &targets).unwrap();
}

fn voids(position: u64) -> bool {
    position.is_multiple_of(1_000) && position > 10_000
}

/// Memory of this process that is no file's, in megabytes.
fn memory() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<i64>().unwrap() / 1_024
}

/// People and rules, as a query in another engine needs them.
fn roster(town: &[Event]) -> String {
    let mut people = Vec::new();
    let mut rules = Vec::new();
    for event in town {
        if let Ok(person) = PersonFacts::decode(event.schema, &event.facts)
            && event.kind == PersonFacts::KIND
        {
            let unit = &person.duties[0].unit;
            people.push(format!(r#"{{"agent":"{}","unit":"{unit}"}}"#, hex::encode(person.person)));
        } else if event.kind == CompetenceRulesFacts::KIND {
            let facts = CompetenceRulesFacts::decode(event.schema, &event.facts).unwrap();
            rules.extend(facts.rules.iter().map(|rule| {
                format!(
                    r#"{{"activity":"{}","competence":"{}","low":{},"weight":{}}}"#,
                    facts.activity, rule.competence, rule.low, rule.weight
                )
            }));
        }
    }
    format!("{{\"people\":[{}],\"rules\":[{}]}}", people.join(","), rules.join(","))
}

/// The bands of demonstrated competences: unit, competence, counts.
fn figures(table: &ResultTable) -> String {
    let section = table.sections.iter().find(|section| section.id == "demonstrated-competences").unwrap();
    let figures = section.figures.iter().map(|figure| {
        let (population, item) = (&table.populations[figure.population], &section.items[figure.item]);
        format!(r#"["{}","{}",{:?}]"#, population.code, item.code, figure.counts)
    });
    format!("[{}]", figures.collect::<Vec<_>>().join(","))
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
    log.push(event(log.len() as u64 + 1, kind, facts));
}

fn event(position: u64, kind: &str, facts: Vec<u8>) -> Event {
    Event {
        position: Position(position),
        stored: Micros(START + position as i64 * 1_000),
        id: id(position),
        kind: kind.into(),
        schema: 1,
        credential: None,
        dedupe: Some(id(position)),
        stream: None,
        facts,
    }
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

/// The event at position `n` + 1.
fn statement(n: u64) -> Event {
    let random = u64::from_be_bytes(id(n)[..8].try_into().unwrap());
    let verb = [verbs::INITIALIZED, verbs::COMPLETED, verbs::PASSED, verbs::ANSWERED][(random % 4) as usize];
    let course = course(random / 4 % COURSES);
    let activity =
        if verb == verbs::PASSED { course.clone() } else { format!("{course}/del-{}", random / 256 % 9) };
    let position = n + 1;
    let voids = voids(position);
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
        timestamp: Some(START - (random % 20_000_000) as i64 * 1_000_000),
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
    event(position, StatementFacts::KIND, facts.encode())
}
