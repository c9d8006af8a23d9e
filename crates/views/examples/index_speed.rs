//! How fast the statement index is written and read, and how fast the projections fold.
//!
//! `cargo run --release -p larka-views --example index_speed -- FOLDER 1000000 [postgres://…]`
//!
//! Statements are like those of courses: 5,000 people, 400 activities of 40 courses, six verbs. Prints rates beside
//! a bare scan of the same events, and the median and 99th percentile of what a page of positions takes.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measuring tool for a terminal"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::StatementFacts;
use domain::statement::{AgentRole, ContextRole, ObjectFacts, Score, Version};
use eventlog::clock::SystemClock;
use eventlog::projection::Runner;
use eventlog::{Append, EventLog, Key, Location, NewEvent, Options, Position};
use views::competence::CompetenceProjection;
use views::progress::ProgressProjection;
use views::statements::{Bounds, Filter, Order, Subject, find};

const PEOPLE: u64 = 5_000;
const ACTIVITIES: u64 = 400;
const VERBS: [&str; 6] = ["initialized", "experienced", "attempted", "progressed", "completed", "passed"];

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = std::path::PathBuf::from(arguments.next().expect("a folder"));
    let count: u64 = arguments.next().expect("how many statements").parse().expect("a number");
    let (log, views) = match arguments.next() {
        Some(url) => (Location::postgres(url.clone(), "log"), Location::postgres(url, "views")),
        None => (Location::sqlite(folder.join("log.db")), Location::sqlite(folder.join("views.db"))),
    };
    let clock = SystemClock::shared();
    let mut options = Options::new(log, clock.clone());
    options.hooks = vec![views::statements::hook()];
    let log = EventLog::open(options).await.unwrap();
    fill(&log, count).await;

    let began = Instant::now();
    let mut after = Position(0);
    let mut events = 0;
    loop {
        let page = log.read(after, 2_000).await.unwrap();
        let Some(last) = page.last() else { break };
        events += page.len();
        after = last.position;
    }
    println!("bare scan:   {:>9.0} events a second", rate(events as u64, began.elapsed()));

    let database = eventlog::projection::Views::open(&views).await.unwrap();
    let projections: [Arc<dyn eventlog::Projection>; 2] =
        [Arc::new(ProgressProjection::new(log.clone())), Arc::new(CompetenceProjection::new(log.clone()))];
    for projection in projections {
        let name = projection.name();
        let runner =
            Runner::new(log.clone(), database.clone(), vec![projection], clock.clone(), "speed".into());
        let began = Instant::now();
        runner.rebuild(name).await.unwrap();
        println!("{name:<12} {:>9.0} events a second", rate(events as u64, began.elapsed()));
    }
    read(&log).await;
    log.close().await;
}

/// Appends what is missing to `count` statements, four requests of 500 at a time.
async fn fill(log: &EventLog, count: u64) {
    let have = log.head().await.unwrap().position.0;
    let began = Instant::now();
    let mut number = have;
    while number < count {
        let mut requests = Vec::new();
        for _ in 0..4 {
            let until = (number + 500).min(count);
            let events: Vec<NewEvent> = (number..until).map(event).collect();
            number = until;
            let log = log.clone();
            requests.push(tokio::spawn(async move {
                log.append(Append { events, fence: None, raise_fence: false }).await.unwrap();
            }));
        }
        for request in requests {
            request.await.unwrap();
        }
    }
    if number > have {
        println!(
            "append:      {:>9.0} statements a second, index included",
            rate(number - have, began.elapsed())
        );
    }
}

async fn read(log: &EventLog) {
    let through = log.head().await.unwrap().position;
    type Of = fn(u64) -> Filter;
    let filters: [(&str, Of); 8] = [
        ("agent", |n| Filter { agent: subject(n), ..Filter::default() }),
        ("agent, related", |n| Filter { agent: subject(n), related_agents: true, ..Filter::default() }),
        ("agent and verb", |n| Filter { agent: subject(n), verb: Some(verb(n)), ..Filter::default() }),
        ("verb", |n| Filter { verb: Some(verb(n)), ..Filter::default() }),
        ("activity", |n| Filter { activity: Some(activity(n % ACTIVITIES)), ..Filter::default() }),
        ("course, related", |n| Filter {
            activity: Some(course(n % 40)),
            related_activities: true,
            ..Filter::default()
        }),
        ("registration", |n| Filter {
            registration: Some(uuid::Uuid::from_bytes(registration(n))),
            ..Filter::default()
        }),
        ("agent and course", |n| Filter {
            agent: subject(n),
            activity: Some(course(n % 40)),
            related_activities: true,
            ..Filter::default()
        }),
    ];
    println!("pages of 100, newest first, at {} statements:", through.0);
    for (name, filter) in filters {
        let mut times = Vec::new();
        let mut found = 0;
        for round in 0..300u64 {
            let filter = filter(round * 7_919);
            let bounds = Bounds { after: Position(0), through };
            let began = Instant::now();
            let page = find(log, &filter, Order::NewestFirst, bounds, 100).await.unwrap();
            times.push(began.elapsed());
            found += page.positions.len();
        }
        times.sort();
        let millis = |at: usize| times[at].as_secs_f64() * 1e3;
        println!(
            "  {name:<18} median {:>7.3} ms   99 % {:>7.3} ms   found {:>5.1}",
            millis(150),
            millis(296),
            found as f64 / 300.0
        );
    }
}

fn subject(n: u64) -> Option<Subject> {
    Some(Subject { agents: vec![key(2, n % PEOPLE)], credential: None })
}

fn verb(n: u64) -> String {
    format!("http://adlnet.gov/expapi/verbs/{}", VERBS[usize::try_from(n % 6).unwrap()])
}

fn activity(n: u64) -> String {
    format!("https://larande.larkby.example/kurser/kurs-{}/del-{n}", n % 40)
}

fn course(n: u64) -> String {
    format!("https://larande.larkby.example/kurser/kurs-{n}")
}

/// One registration for each person and course.
fn registration(n: u64) -> Key {
    key(3, (n % PEOPLE) * 40 + n % 40)
}

fn key(kind: u8, number: u64) -> Key {
    // Spread, as random ids are.
    let mut key = [kind; 16];
    key[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    key[8..].copy_from_slice(&number.to_be_bytes());
    key
}

fn event(number: u64) -> NewEvent {
    let mixed = number.wrapping_mul(0xd134_2543_de82_ef95) >> 20;
    let (who, what) = (mixed % PEOPLE, mixed / PEOPLE % ACTIVITIES);
    let facts = StatementFacts {
        id: key(1, number),
        agents: vec![(AgentRole::Actor, key(2, who)), (AgentRole::Instructor, key(2, what % 50))],
        actor_is_group: false,
        verb: verb(mixed / 7),
        object: ObjectFacts::Activity(activity(what)),
        registration: Some(key(3, who * 40 + what % 40)),
        timestamp: Some(1_768_464_000_000_000 + i64::try_from(number).unwrap() * 1000),
        success: None,
        completion: None,
        score: Score { scaled: Some(800_000), ..Score::default() },
        duration_cs: Some(12_300),
        response: Vec::new(),
        activities: vec![
            (ContextRole::Parent, course(what % 40)),
            (ContextRole::Grouping, "https://larande.larkby.example/kurser".into()),
        ],
        xapi_version: Version::V2_0_0,
        attachments_from: None,
        origin: None,
        untracked: false,
        voids_own: false,
    };
    NewEvent {
        id: key(5, number),
        kind: domain::events::kind::STATEMENT,
        schema: <StatementFacts as domain::Facts>::SCHEMA,
        credential: Some([9; 16]),
        dedupe: Some(facts.id),
        stream: None,
        facts: facts.encode(),
        slots: Vec::new(),
    }
}

fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
