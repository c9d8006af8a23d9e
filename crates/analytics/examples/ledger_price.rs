//! What it takes to fold the ledger of the competence report from a log of so many people, statements and Mondays, what is left of
//! the figures of the last Monday, and how many people are behind:
//! `cargo build --release --workspace --examples`, then `target/release/examples/ledger_price [PEOPLE [STATEMENTS [MONDAYS]]]`.
//! The log is made up from a counter; nothing is asserted.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use analytics::lake::{Kept, Lake, Page, Snapshot, Targets};
use analytics::reports::competence::{Ledger, Parameters, Releases, report};
use disclosure::{Gate, Preset, Released, Shown};
use domain::competence::TypeSet;
use domain::events::{
    Code, CompetenceRulesFacts, CourseFacts, Duty, Feed, Origin, PersonFacts, RuleFacts, Scale, SurveyFacts,
    SurveyItem, UnitFacts,
};
use domain::frameworks::framework;
use domain::statement::{AgentRole, ObjectFacts, Score, StatementFacts, Version};
use domain::{Date, Facts, Municipality, Text, verbs};
use eventlog::clock::Micros;
use eventlog::event::{Event, Key, Position};

const FRAMEWORK: &str = "digcomp-3.0";
const COURSES: u64 = 40;
/// 2024-01-01, a Monday.
const START: i32 = 19_723;
const PAGE: usize = 16_384;

fn main() {
    let argument = |place: usize, or: u64| std::env::args().nth(place).map_or(or, |n| n.parse().unwrap());
    let (people, statements, mondays) = (argument(1, 3_000), argument(2, 60_000), argument(3, 104));
    let mut log = Log::default();
    log.town(people);
    let mut days = Vec::new();
    for monday in 0..mondays {
        log.week(monday, people, statements / mondays);
        days.push((log.head(), Date::from_days(START + 7 * (monday as i32 + 1) - 1)));
    }
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(&dir.path().into()).unwrap();
    for page in log.0.chunks(PAGE) {
        lake.append(&Page::of(page).unwrap(), &Targets::default()).unwrap();
    }
    let open = Snapshot::open(&dir.path().into(), &Arc::<Kept>::default()).unwrap();

    let rules = |name| Preset::named(name).unwrap();
    let default = Preset { name: "default, held".into(), k_change: 5, ..rules("default") };
    for preset in [rules("gavle-held"), default] {
        let mut ledger = Ledger::new(FRAMEWORK, &preset).unwrap();
        let mut municipality = Municipality::default();
        let (mut folded, mut took, mut from) = (Vec::new(), 0.0, 0);
        for (position, about) in &days {
            log.0[from..*position].iter().for_each(|event| _ = municipality.apply(event).unwrap());
            from = *position;
            let snapshot = open.clone().at(Position(*position as u64)).unwrap();
            let started = Instant::now();
            ledger.release(&snapshot, &municipality, *about).unwrap();
            folded.push(started.elapsed().as_secs_f64());
            took += started.elapsed().as_secs_f64();
        }
        let last = folded.len() - 1;
        println!(
            "{}, {people} people, {statements} statements: {mondays} Mondays folded in {took:.2} s, the last in {:.3} s",
            preset.name, folded[last]
        );
        let made = |held| {
            let parameters = Parameters { as_of: Some(days[last].1), ..Parameters::new(FRAMEWORK) };
            let table = report(&open, &municipality, &parameters, held).unwrap();
            Gate::new(preset.clone()).apply(table).unwrap()
        };
        let (own, held) = (made(None), made(Some((&ledger, Releases { now: last, since: None }))));
        let (of, left) = (shown(&own), shown(&held));
        println!(
            "  figures shown: {} as of the day, {} released ({} of both)",
            of.len(),
            left.len(),
            of.intersection(&left).count()
        );
        let (known, behind) = ledger.behind(&open, &municipality, days[last].1).unwrap();
        println!("  levels: {known} known on the day, {behind} of people otherwise than released");
    }
}

/// The figures of which anything is shown.
fn shown(released: &Released) -> BTreeSet<(String, usize, usize)> {
    let figures = released.sections().iter().flat_map(|section| {
        let shown = section.figures().iter().filter(|figure| !matches!(figure.shown, Shown::Hidden(_)));
        shown.map(|figure| (section.id().to_owned(), figure.population, figure.item))
    });
    figures.collect()
}

#[derive(Default)]
struct Log(Vec<Event>);

/// Well mixed, and the same each time.
fn id(number: u64) -> Key {
    let mix = |number: u64| {
        let one = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let two = (one ^ (one >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        two ^ (two >> 31)
    };
    let (one, two) =
        (mix(number.wrapping_add(0x9e37_79b9_7f4a_7c15)), mix(number.wrapping_mul(3) ^ 0x1234_5678));
    let mut id = [0; 16];
    id[..8].copy_from_slice(&one.to_be_bytes());
    id[8..].copy_from_slice(&two.to_be_bytes());
    id
}

fn random(number: u64) -> u64 {
    u64::from_be_bytes(id(number)[..8].try_into().unwrap())
}

impl Log {
    fn head(&self) -> usize {
        self.0.len()
    }

    fn push(&mut self, kind: &str, schema: u16, facts: Vec<u8>, day: i32) {
        let position = Position(self.0.len() as u64 + 1);
        let stored = Micros(i64::from(day) * 86_400_000_000 + 43_200_000_000);
        self.0.push(Event {
            position,
            stored,
            id: id(position.0),
            kind: kind.into(),
            schema,
            credential: None,
            dedupe: Some(id(position.0)),
            stream: None,
            facts,
        });
    }

    fn add<F: Facts>(&mut self, facts: &F) {
        self.push(F::KIND, F::SCHEMA, facts.encode(), START);
    }

    /// Ten areas of six schools, courses that show a level each, and a self-assessment of all competences.
    fn town(&mut self, people: u64) {
        let mut unit = |code: String, kind: &str, parent: Option<String>| {
            let (name, kind) = (code.clone(), kind.into());
            self.add(&UnitFacts { code, name, kind, parent, school_unit_code: None });
        };
        unit("k".into(), "huvudman", None);
        for area in 0..10 {
            unit(format!("a{area}"), "rektorsomrade", Some("k".into()));
            (0..6).for_each(|school| unit(format!("a{area}s{school}"), "skola", Some(format!("a{area}"))));
        }
        (0..people).for_each(|person| self.person(person, 0, None));
        let codes: Vec<String> = framework(FRAMEWORK)
            .unwrap()
            .competences
            .iter()
            .map(|competence| competence.code.clone())
            .collect();
        for number in 0..COURSES {
            let (id, title) = (course(number), Text::new("Kurs", "Course"));
            let (mandatory_for, activities) = (Vec::new(), Vec::new());
            self.add(&CourseFacts { id, title, origin: Origin::default(), mandatory_for, activities });
            let level = (number % 6) as u8 + 1;
            let rule = |place: u64| RuleFacts {
                competence: codes[((number * 3 + place) % codes.len() as u64) as usize].clone(),
                low: level,
                high: level + u8::from(number % 4 == 0),
                weight: 1_000,
                types: TypeSet::from_bits((number % 7) as u8 + 1),
                valid_months: Some(24),
            };
            let rules = (0..3).map(rule).collect();
            self.add(&CompetenceRulesFacts { framework: FRAMEWORK.into(), activity: course(number), rules });
        }
        let levels: BTreeMap<String, u8> = (1..=8).map(|level| (level.to_string(), level)).collect();
        let code = |level: u8| {
            let label = Text::new(level.to_string(), level.to_string());
            Code { code: level.to_string(), label, score: None, positive: false, dont_know: false }
        };
        let item = |(number, competence): (usize, &String)| SurveyItem {
            name: format!("q{number}"),
            activity: question(number as u64),
            text: Text::new("Fråga", "Question"),
            scale: "s".into(),
            reverse: false,
            required: true,
            feeds: Some(Feed {
                framework: FRAMEWORK.into(),
                competence: competence.clone(),
                levels: levels.clone(),
            }),
            several: false,
            ranked: false,
            groups: Vec::new(),
        };
        self.add(&SurveyFacts {
            id: "https://e.example/sjalv".into(),
            version: "1".into(),
            title: Text::new("Självskattning", "Self-assessment"),
            definition_sha256: [8; 32],
            scales: vec![Scale { id: "s".into(), codes: (1..=8).map(code).collect() }],
            items: codes.iter().enumerate().map(item).collect(),
            indexes: Vec::new(),
            instrument: None,
            question_set: None,
            groups: Vec::new(),
        });
    }

    /// Somebody, in the school that they are in after so many moves, until a day.
    fn person(&mut self, person: u64, moves: u64, until: Option<i32>) {
        let school = random(person * 31 + moves);
        let unit = format!("a{}s{}", school % 10, school / 10 % 6);
        let role = ["Lärare", "Rektor", "Barnskötare"][(person % 3) as usize].to_owned();
        let duties = vec![Duty { unit, role, from: Date::from_days(18_000), to: until.map(Date::from_days) }];
        self.add(&PersonFacts {
            person: id(person),
            agents: vec![id(person)],
            duties,
            enrolments: Vec::new(),
        });
    }

    /// A week: half of the statements are passes, half self-assessments; one in two hundred people moves, leaves or joins.
    fn week(&mut self, monday: u64, people: u64, statements: u64) {
        let from = START + 7 * monday as i32;
        for one in 0..people / 200 {
            let chance = random(monday * 1_000_003 + one);
            match chance % 3 {
                0 => self.person(chance / 8 % people, monday, None),
                1 => self.person(chance / 8 % people, monday, Some(from)),
                _ => self.person(people + monday * people + one, 0, None),
            }
        }
        let mut said = 0;
        while said < statements {
            let chance = random(monday << 32 | said);
            let (person, day) = (chance % people, from + (chance / 4_096 % 7) as i32);
            if chance / 65_536 % 43 < 21 {
                self.statement(day, person, verbs::PASSED, course(chance / 65_536 % COURSES), None);
                said += 1;
            } else if chance / 65_536 % 43 == 42 {
                for number in 0..21 {
                    let level = 1 + (chance >> 20).wrapping_add(number * 7 + chance % 3) % 6;
                    self.statement(day, person, verbs::ANSWERED, question(number), Some(level));
                    said += 1;
                }
            } else {
                self.statement(day, person, verbs::INITIALIZED, course(chance / 65_536 % COURSES), None);
                said += 1;
            }
        }
    }

    fn statement(&mut self, day: i32, person: u64, verb: &str, activity: String, level: Option<u64>) {
        let facts = StatementFacts {
            id: id(self.0.len() as u64 + 1),
            agents: vec![(AgentRole::Actor, id(person))],
            actor_is_group: false,
            verb: verb.into(),
            object: ObjectFacts::Activity(activity),
            registration: None,
            timestamp: None,
            success: (verb == verbs::PASSED).then_some(true),
            completion: None,
            score: Score::default(),
            duration_cs: None,
            response: level.map(|level| level.to_string()).into_iter().collect(),
            activities: Vec::new(),
            xapi_version: Version::V2_0_0,
            attachments_from: None,
            origin: None,
            untracked: false,
            voids_own: false,
        };
        self.push(StatementFacts::KIND, StatementFacts::SCHEMA, facts.encode(), day);
    }
}

fn course(number: u64) -> String {
    format!("https://e.example/kurs-{number}")
}

fn question(number: u64) -> String {
    format!("https://e.example/sjalv/1/q{number}")
}
