//! Reports on hand-made events, with figures worked out by hand.

use super::{ReportError, competence, survey};
use crate::lake::{Lake, Snapshot, Targets};
use crate::statistics::{PositiveBase, wilson};
use disclosure::{Figure, Geometry, Ratio, ResultTable, Role, Score, Section, Share};
use domain::events::{
    AgentErasedFacts, Code, CompetenceRulesFacts, CourseFacts, Duty, Feed, Origin, PersonFacts, RoundFacts,
    RoundMode, RuleFacts, Scale, SurveyFacts, SurveyItem, UnitFacts, kind,
};
use domain::statement::{AgentRole, ObjectFacts, Score as RawScore, StatementFacts, Version};
use domain::{Date, Facts, Municipality, Text, verbs};
use eventlog::clock::Micros;
use eventlog::event::{Event, Key, Position};
use std::collections::BTreeMap;
use tempfile::TempDir;

const COURSE: &str = "https://larande.larkby.example/kurser/kallkritik";
const COPY: &str = "https://larande.larkby.example/kurser/kallkritik/a1";
const SURVEY: &str = "https://larande.larkby.example/enkater/trivsel";
const SELF: &str = "https://larande.larkby.example/enkater/sjalvskattning";
const ROUND: u64 = 700;
const SELF_ROUND: u64 = 701;

fn id(number: u64) -> Key {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// Noon of a day.
fn noon(day: &str) -> i64 {
    i64::from(date(day).days()) * 86_400_000_000 + 43_200_000_000
}

/// A log in memory.
#[derive(Default)]
struct Log(Vec<Event>);

impl Log {
    fn push(&mut self, kind: &str, schema: u16, facts: Vec<u8>) -> Position {
        let position = Position(self.0.len() as u64 + 1);
        self.0.push(Event {
            position,
            stored: Micros(noon("2026-06-20") + position.0 as i64),
            id: id(position.0),
            kind: kind.into(),
            schema,
            credential: None,
            dedupe: (kind == kind::STATEMENT).then(|| id(position.0)),
            stream: None,
            facts,
        });
        position
    }

    fn add<F: Facts>(&mut self, facts: &F) -> Position {
        self.push(F::KIND, F::SCHEMA, facts.encode())
    }

    fn unit(&mut self, code: &str, kind: &str, parent: Option<&str>) {
        self.add(&UnitFacts {
            code: code.into(),
            name: format!("Enhet {code}"),
            kind: kind.into(),
            parent: parent.map(Into::into),
            school_unit_code: None,
        });
    }

    fn person(&mut self, agents: &[u64], duties: &[(&str, &str, &str, Option<&str>)]) {
        let duties = duties.iter().map(|(unit, role, from, to)| Duty {
            unit: (*unit).into(),
            role: (*role).into(),
            from: date(from),
            to: to.map(date),
        });
        self.add(&PersonFacts {
            person: id(agents[0]),
            agents: agents.iter().map(|agent| id(*agent)).collect(),
            duties: duties.collect(),
            enrolments: Vec::new(),
        });
    }

    fn statement(&mut self, day: &str, agent: u64, verb: &str, object: ObjectFacts<String>) -> &mut Event {
        let facts = statement(day, agent, verb, object);
        self.add(&facts);
        self.0.last_mut().unwrap()
    }

    fn pass(&mut self, day: &str, agent: u64, activity: &str, success: Option<bool>) {
        let mut facts = statement(day, agent, verbs::PASSED, ObjectFacts::Activity(activity.into()));
        facts.success = success;
        self.add(&facts);
    }

    fn answer(&mut self, day: &str, agent: u64, round: u64, activity: &str, code: &str) -> Position {
        let mut facts = statement(day, agent, verbs::ANSWERED, ObjectFacts::Activity(activity.into()));
        facts.registration = Some(id(round));
        facts.response = vec![code.into()];
        self.add(&facts)
    }

    /// The lake of the whole log.
    fn lake(&self) -> (TempDir, Snapshot) {
        let dir = tempfile::tempdir().unwrap();
        let mut lake = Lake::open(dir.path()).unwrap();
        let targets: Targets = self.0.iter().filter_map(|e| Some((e.dedupe?, e.position))).collect();
        lake.append(&self.0, &targets).unwrap();
        let snapshot = lake.snapshot();
        (dir, snapshot)
    }

    fn municipality(&self, at: Position) -> Municipality {
        Municipality::fold(self.0.iter().filter(|event| event.position <= at)).unwrap()
    }
}

fn statement(day: &str, agent: u64, verb: &str, object: ObjectFacts<String>) -> StatementFacts {
    StatementFacts {
        id: id(0),
        agents: vec![(AgentRole::Actor, id(agent))],
        actor_is_group: false,
        verb: verb.into(),
        object,
        registration: None,
        timestamp: Some(noon(day)),
        success: None,
        completion: None,
        score: RawScore::default(),
        duration_cs: None,
        response: Vec::new(),
        activities: Vec::new(),
        xapi_version: Version::V1_0_3,
    }
}

/// Two areas, three schools, and eight people of whom one has two agents and one two duties.
fn municipality(log: &mut Log) {
    log.unit("k", "huvudman", None);
    log.unit("a", "rektorsomrade", Some("k"));
    log.unit("b", "rektorsomrade", Some("k"));
    log.unit("a1", "skola", Some("a"));
    log.unit("a2", "skola", Some("a"));
    log.unit("b1", "skola", Some("b"));
    let since = "2020-08-01";
    log.person(&[11, 12], &[("a1", "Lärare", since, None)]);
    log.person(&[21], &[("a1", "Lärare", since, None)]);
    log.person(&[31], &[("a1", "Lärare", since, Some("2026-03-15"))]);
    log.person(&[41], &[("a1", "Lärare", since, None), ("a2", "Lärare", since, None)]);
    log.person(&[51], &[("a2", "Rektor", since, None)]);
    log.person(&[61], &[("a2", "Lärare", since, None)]);
    log.person(&[71], &[("a1", "Lärare", "2026-03-10", None)]);
    log.person(&[81], &[("b1", "Lärare", since, None)]);
}

fn scale() -> Scale {
    let code = |code: &str, score, positive| Code {
        code: code.into(),
        label: Text::new(format!("Svar {code}"), format!("Answer {code}")),
        score,
        positive,
        dont_know: false,
    };
    let mut codes = vec![
        code("1", Some((10, 1)), true),
        code("2", Some((20, 3)), true),
        code("3", Some((10, 3)), false),
        code("4", Some((0, 1)), false),
        code("vet-ej", None, false),
    ];
    codes[4].dont_know = true;
    Scale { id: "instämmer".into(), codes }
}

fn item(survey: &str, name: &str, scale: &str, required: bool) -> SurveyItem {
    SurveyItem {
        name: name.into(),
        activity: format!("{survey}/1/{name}"),
        text: Text { sv: format!("Fråga {name}"), en: None },
        scale: scale.into(),
        reverse: false,
        required,
        feeds: None,
    }
}

fn round(survey: &str, round: u64, opens: &str, closes: &str, unit: &str) -> RoundFacts {
    RoundFacts {
        id: format!("r{round}"),
        survey: survey.into(),
        version: "1".into(),
        title: Text::new("Omgång", "Round"),
        mode: RoundMode::Named,
        registration: id(round),
        opens: date(opens),
        closes: date(closes),
        unit: unit.into(),
        roles: Vec::new(),
    }
}

/// A survey of three items in area a, open in March; the void comes last.
fn survey_log() -> (Log, Position) {
    let mut log = Log::default();
    municipality(&mut log);
    let mut items = vec![
        item(SURVEY, "q1", "instämmer", true),
        item(SURVEY, "q2", "instämmer", true),
        item(SURVEY, "q3", "instämmer", false),
    ];
    items[1].reverse = true;
    log.add(&SurveyFacts {
        id: SURVEY.into(),
        version: "1".into(),
        title: Text::new("Trivsel", "Well-being"),
        definition_sha256: [7; 32],
        scales: vec![scale()],
        items,
    });
    log.add(&round(SURVEY, ROUND, "2026-03-01", "2026-03-31", "a"));
    let q = |n: u8| format!("{SURVEY}/1/q{n}");
    // Answered with one agent, and q1 changed with the other.
    log.answer("2026-03-02", 11, ROUND, &q(1), "1");
    log.answer("2026-03-02", 11, ROUND, &q(2), "4");
    log.answer("2026-03-02", 11, ROUND, &q(3), "2");
    log.answer("2026-03-03", 12, ROUND, &q(1), "2");
    log.answer("2026-03-02", 21, ROUND, &q(1), "4");
    log.answer("2026-03-02", 21, ROUND, &q(2), "vet-ej");
    // Left after the opening: stays in.
    log.answer("2026-03-20", 31, ROUND, &q(1), "1");
    // No required item: not usable.
    log.answer("2026-03-02", 41, ROUND, &q(3), "1");
    let voided = log.answer("2026-03-02", 51, ROUND, &q(1), "3");
    log.answer("2026-03-02", 51, ROUND, &q(2), "1");
    // Joined after the opening, of another area, unknown, of another round, too late, no code of the scale.
    log.answer("2026-03-12", 71, ROUND, &q(1), "1");
    log.answer("2026-03-02", 81, ROUND, &q(1), "1");
    log.answer("2026-03-02", 99, ROUND, &q(1), "1");
    log.answer("2026-03-02", 61, 999, &q(1), "1");
    log.answer("2026-04-01", 61, ROUND, &q(1), "1");
    log.answer("2026-03-02", 61, ROUND, &q(1), "5");
    let before = Position(log.0.len() as u64);
    log.statement("2026-04-02", 51, verbs::VOIDED, ObjectFacts::StatementRef(id(voided.0)));
    (log, before)
}

/// Courses and a self-assessment, on competences 1.1 and 1.2.
fn competence_log() -> Log {
    let mut log = Log::default();
    municipality(&mut log);
    let course = |id: &str, origin| CourseFacts {
        id: id.into(),
        title: Text::new("Källkritik", "Source criticism"),
        origin,
        mandatory_for: Vec::new(),
        activities: Vec::new(),
    };
    log.add(&course(COURSE, Origin::default()));
    log.add(&course(COPY, Origin { copy_of: Some(COURSE.into()), unit: Some("a1".into()) }));
    let rule = |competence: &str, low, high, valid_months| RuleFacts {
        competence: competence.into(),
        low,
        high,
        weight: 1000,
        types: domain::competence::TypeSet::EMPTY,
        valid_months,
    };
    log.add(&CompetenceRulesFacts {
        framework: "digcomp-3.0".into(),
        activity: COURSE.into(),
        rules: vec![rule("1.1", 3, 3, Some(12)), rule("1.2", 2, 5, None)],
    });
    let feed = |competence: &str| {
        Some(Feed {
            framework: "digcomp-3.0".into(),
            competence: competence.into(),
            levels: (1..=8).map(|level| (level.to_string(), level)).collect::<BTreeMap<_, _>>(),
        })
    };
    let mut items = vec![item(SELF, "s1", "nivå", true), item(SELF, "s2", "nivå", true)];
    items[0].feeds = feed("1.1");
    items[1].feeds = feed("1.2");
    let codes = (1..=8).map(|level| Code {
        code: level.to_string(),
        label: Text::new(level.to_string(), level.to_string()),
        score: None,
        positive: false,
        dont_know: false,
    });
    log.add(&SurveyFacts {
        id: SELF.into(),
        version: "1".into(),
        title: Text::new("Självskattning", "Self-assessment"),
        definition_sha256: [8; 32],
        scales: vec![Scale { id: "nivå".into(), codes: codes.collect() }],
        items,
    });
    log.add(&round(SELF, SELF_ROUND, "2026-02-01", "2026-02-28", "k"));
    log.pass("2026-01-10", 12, COPY, None);
    log.pass("2026-05-10", 11, COURSE, Some(true)); // again, the central one
    log.pass("2026-02-10", 21, COURSE, None);
    log.pass("2026-02-10", 41, COURSE, Some(false)); // failed
    log.pass("2025-01-10", 51, COURSE, None); // 1.1 has expired
    log.pass("2026-02-10", 31, COURSE, None); // has left
    log.pass("2026-02-10", 99, COURSE, None); // nobody of the roster
    log.pass("2026-02-10", 61, "https://larande.larkby.example/kurser/annan", None);
    let s = |n: u8| format!("{SELF}/1/s{n}");
    log.answer("2026-02-05", 11, SELF_ROUND, &s(1), "5");
    log.answer("2026-02-05", 12, SELF_ROUND, &s(2), "6");
    log.answer("2026-02-05", 21, SELF_ROUND, &s(1), "2");
    log.answer("2026-02-05", 61, SELF_ROUND, &s(2), "8");
    log
}

fn survey_report(log: &Log, at: Position, base: PositiveBase) -> Result<ResultTable, ReportError> {
    let (_dir, snapshot) = log.lake();
    let parameters = survey::Parameters { positive_base: base, ..survey::Parameters::new("r700") };
    survey::report(&snapshot.at(at).unwrap(), &log.municipality(at), &parameters)
}

fn competence_report(log: &Log, as_of: &str) -> ResultTable {
    let (_dir, snapshot) = log.lake();
    let parameters = competence::Parameters {
        as_of: Some(date(as_of)),
        levels_from: 7,
        ..competence::Parameters::new("digcomp-3.0")
    };
    competence::report(&snapshot, &log.municipality(snapshot.position()), &parameters).unwrap()
}

fn section<'a>(table: &'a ResultTable, id: &str) -> &'a Section {
    table.sections.iter().find(|section| section.id == id).unwrap_or_else(|| panic!("no section {id}"))
}

fn figure<'a>(table: &'a ResultTable, id: &str, population: &str, item: &str) -> &'a Figure {
    let section = section(table, id);
    let population = table.populations.iter().position(|p| p.code == population).unwrap();
    let item = section.items.iter().position(|i| i.code == item).unwrap();
    section.figures.iter().find(|f| (f.population, f.item) == (population, item)).unwrap()
}

/// (base, answered, counts)
fn counted(figure: &Figure) -> (u64, u64, Vec<u64>) {
    (figure.base, figure.answered, figure.counts.clone())
}

fn end(log: &Log) -> Position {
    Position(log.0.len() as u64)
}

#[test]
fn the_response_rate_is_of_who_was_there_when_the_round_opened() {
    let (log, _) = survey_log();
    let table = survey_report(&log, end(&log), PositiveBase::WithDontKnow).unwrap();
    let rate = |population| {
        let figure = figure(&table, "response-rate", population, "all");
        (figure.answered, figure.base)
    };
    assert_eq!(rate("a"), (4, 6));
    assert_eq!(rate("a1"), (3, 4));
    assert_eq!(rate("a2"), (1, 3));
    assert_eq!(rate("a/Lärare"), (3, 5));
    assert_eq!(rate("a/Rektor"), (1, 1));
    assert!(table.populations.iter().all(|p| !p.code.starts_with('b') && p.code != "k"));
    assert_eq!(table.place.sv, "Enhet a");
}

#[test]
fn answers_are_the_latest_of_each_person_without_those_voided() {
    let (log, before) = survey_log();
    let table = survey_report(&log, end(&log), PositiveBase::WithDontKnow).unwrap();
    let answers = section(&table, "answers-1");
    let codes: Vec<_> = answers.categories.iter().map(|c| (c.code.as_str(), c.role)).collect();
    assert_eq!(
        codes,
        [
            ("4", Role::Negative),
            ("3", Role::Negative),
            ("2", Role::Positive),
            ("1", Role::Positive),
            ("vet-ej", Role::DontKnow),
        ]
    );
    let q1 = figure(&table, "answers-1", "a", "q1");
    assert_eq!(counted(q1), (6, 3, vec![1, 0, 1, 1, 0]));
    assert_eq!(q1.score, Some(Score { sum: Ratio::new(50, 3).unwrap(), n: 3 }));
    assert_eq!(q1.positive, Some(Share { part: 2, of: 3 }));
    assert_eq!(q1.interval, wilson(2, 3, Some(6)));
    assert!(q1.interval.is_some());
    assert_eq!(counted(figure(&table, "answers-1", "a1", "q1")), (4, 3, vec![1, 0, 1, 1, 0]));
    assert_eq!(counted(figure(&table, "answers-1", "a2", "q1")), (3, 0, vec![0; 5]));
    assert_eq!(figure(&table, "answers-1", "a2", "q1").score, None);
    assert_eq!(counted(figure(&table, "answers-1", "a", "q3")), (6, 1, vec![0, 0, 1, 0, 0]));

    let earlier = survey_report(&log, before, PositiveBase::WithDontKnow).unwrap();
    assert_eq!(counted(figure(&earlier, "answers-1", "a", "q1")), (6, 4, vec![1, 1, 1, 1, 0]));
}

#[test]
fn a_reversed_item_turns_scale_scores_and_polarity_round() {
    let (log, _) = survey_log();
    for (base, of) in [(PositiveBase::WithDontKnow, 3), (PositiveBase::WithoutDontKnow, 2)] {
        let table = survey_report(&log, end(&log), base).unwrap();
        let q2 = figure(&table, "answers-1-reversed", "a", "q2");
        let codes: Vec<_> =
            section(&table, "answers-1-reversed").categories.iter().map(|c| c.code.as_str()).collect();
        assert_eq!(codes, ["1", "2", "3", "4", "vet-ej"]);
        assert_eq!(counted(q2), (6, 3, vec![1, 0, 0, 1, 1]));
        assert_eq!(q2.score, Some(Score { sum: Ratio::whole(10), n: 2 }));
        assert_eq!(q2.positive, Some(Share { part: 1, of }));
    }
}

#[test]
fn skipped_items_are_counted_among_usable_answers() {
    let (log, _) = survey_log();
    let table = survey_report(&log, end(&log), PositiveBase::WithDontKnow).unwrap();
    let answered = ["q1", "q2", "q3"].map(|item| {
        let figure = figure(&table, "item-response", "a", item);
        (figure.answered, figure.base)
    });
    assert_eq!(answered, [(3, 4), (3, 4), (1, 4)]);
}

#[test]
fn an_open_round_shows_its_response_rate_alone() {
    let (log, _) = survey_log();
    let (_dir, snapshot) = log.lake();
    let at = |day: &str| {
        let parameters = survey::Parameters { as_of: Some(date(day)), ..survey::Parameters::new("r700") };
        survey::report(&snapshot, &log.municipality(snapshot.position()), &parameters).unwrap()
    };
    let open = at("2026-03-31");
    assert_eq!(
        open.sections.iter().map(|s| (s.id.as_str(), s.live)).collect::<Vec<_>>(),
        [("response-rate", true)]
    );
    assert_eq!(at("2026-04-01").sections.len(), 4);
    assert!(at("2026-04-01").sections.iter().all(|s| !s.live));
}

#[test]
fn levels_are_counted_by_band_with_unknown_in_the_base() {
    let log = competence_log();
    let table = competence_report(&log, "2026-06-10");
    // 31 has left, 71 has come: 11/12, 21, 41, 51, 61, 71, 81.
    let demonstrated =
        |population, item| counted(figure(&table, "demonstrated-competences", population, item));
    assert_eq!(demonstrated("k", "1.1"), (7, 2, vec![0, 2, 0, 0]));
    assert_eq!(demonstrated("k", "1.2"), (7, 3, vec![3, 0, 0, 0]));
    assert_eq!(demonstrated("a1", "1.1"), (4, 2, vec![0, 2, 0, 0]));
    assert_eq!(demonstrated("a2", "1.2"), (3, 1, vec![1, 0, 0, 0]));
    assert_eq!(demonstrated("b1", "1.1"), (1, 0, vec![0; 4]));
    assert_eq!(demonstrated("k/Rektor", "1.2"), (1, 1, vec![1, 0, 0, 0]));
    let self_assessed = |item| counted(figure(&table, "self-assessed-competences", "k", item));
    assert_eq!(self_assessed("1.1"), (7, 2, vec![1, 0, 1, 0]));
    assert_eq!(self_assessed("1.2"), (7, 2, vec![0, 0, 1, 1]));
    assert_eq!(self_assessed("5.4"), (7, 0, vec![0; 4]));
    let geometries: Vec<_> = table.populations.iter().map(|p| (p.code.as_str(), p.geometry)).collect();
    assert!(geometries.contains(&("k/Rektor", Geometry::MunicipalityRole)));
    assert!(geometries.contains(&("a/Lärare", Geometry::AreaRole)));
}

#[test]
fn both_kinds_stand_against_each_other_only_for_those_who_have_both() {
    let table = competence_report(&competence_log(), "2026-06-10");
    let both = counted(figure(&table, "self-assessed-beside-demonstrated", "k", "1.1"));
    let mut expected = vec![0; 16];
    expected[2 * 4 + 1] = 1; // says 5, shows 3
    expected[1] = 1; // says 2, shows 3
    assert_eq!(both, (7, 2, expected));
}

#[test]
fn validity_ends_on_a_day_and_the_future_does_not_count() {
    let log = competence_log();
    let known = |day| figure(&competence_report(&log, day), "demonstrated-competences", "a", "1.1").answered;
    assert_eq!(known("2025-01-09"), 0);
    assert_eq!(known("2025-01-10"), 1);
    assert_eq!(known("2026-01-10"), 2); // the last day of 51's, the first of 12's
    assert_eq!(known("2026-01-11"), 1);
    assert_eq!(known("2026-02-10"), 3); // 31 has not left yet
}

#[test]
fn coverage_comes_first_and_eight_levels_only_for_the_whole() {
    let table = competence_report(&competence_log(), "2026-06-10");
    assert_eq!(table.sections[0].id, "self-assessed-coverage");
    assert_eq!(table.sections[1].id, "demonstrated-coverage");
    let coverage = |id, item| {
        let figure = figure(&table, id, "k", item);
        (figure.answered, figure.base)
    };
    assert_eq!(coverage("self-assessed-coverage", "any"), (3, 7));
    assert_eq!(coverage("demonstrated-coverage", "any"), (3, 7));
    assert_eq!(coverage("demonstrated-coverage", "1"), (3, 7));
    assert_eq!(coverage("demonstrated-coverage", "2"), (0, 7));
    // 1.1 is demonstrated in one band only, so its levels would give the band away.
    let levels = section(&table, "demonstrated-levels");
    assert!(levels.figures.is_empty());
    let levels = section(&table, "self-assessed-levels");
    assert!(levels.figures.iter().all(|figure| table.populations[figure.population].code == "k"));
}

#[test]
fn a_lake_written_anew_gives_the_same_report() {
    let (log, _) = survey_log();
    let reports = [(); 2].map(|()| survey_report(&log, end(&log), PositiveBase::WithDontKnow).unwrap());
    assert_eq!(format!("{:?}", reports[0]), format!("{:?}", reports[1]));
    let identity = &reports[0].identity;
    assert_eq!(
        (identity.position, identity.horizon, identity.as_of.as_str()),
        (end(&log).0, 0, "2026-04-02")
    );
    assert_eq!(identity.definition.len(), 64);
    let other = survey_report(&log, end(&log), PositiveBase::WithoutDontKnow).unwrap();
    assert_ne!(identity.definition, other.identity.definition);
}

#[test]
fn a_report_at_an_older_position_is_the_report_that_was_made_then() {
    let (log, before) = survey_log();
    let then = Log(log.0[..before.0 as usize].to_vec());
    assert_eq!(
        survey_report(&log, before, PositiveBase::WithDontKnow).unwrap(),
        survey_report(&then, before, PositiveBase::WithDontKnow).unwrap()
    );
}

#[test]
fn an_erasure_moves_the_horizon_and_no_figure() {
    let mut log = competence_log();
    let before = competence_report(&log, "2026-06-10");
    let erased = log.add(&AgentErasedFacts { agents: vec![id(11), id(12)] });
    let after = competence_report(&log, "2026-06-10");
    assert_eq!(before.sections, after.sections);
    assert_eq!(before.populations, after.populations);
    assert_eq!((before.identity.horizon, after.identity.horizon), (0, erased.0));
}

#[test]
fn the_gate_takes_both_tables() {
    let gate = disclosure::Gate::new(disclosure::Preset::default());
    let (log, _) = survey_log();
    gate.apply(survey_report(&log, end(&log), PositiveBase::WithDontKnow).unwrap()).unwrap();
    gate.apply(competence_report(&competence_log(), "2026-06-10")).unwrap();
}

#[test]
fn what_does_not_exist_is_named() {
    let (log, _) = survey_log();
    let (_dir, snapshot) = log.lake();
    let municipality = log.municipality(snapshot.position());
    let round = survey::report(&snapshot, &municipality, &survey::Parameters::new("r1"));
    assert!(matches!(round, Err(ReportError::Unknown { what: "round", .. })));
    let framework = competence::report(&snapshot, &municipality, &competence::Parameters::new("digcomp-9"));
    assert!(matches!(framework, Err(ReportError::Unknown { what: "framework", .. })));
    let early = snapshot.at(Position(3)).unwrap();
    let ahead = competence::report(&early, &municipality, &competence::Parameters::new("digcomp-3.0"));
    assert!(matches!(ahead, Err(ReportError::Ahead { report: 3, .. })));
    let none = competence::report(
        &early,
        &log.municipality(Position(3)),
        &competence::Parameters::new("digcomp-3.0"),
    );
    assert!(matches!(none, Err(ReportError::NoDay { position: 3 })));
}
