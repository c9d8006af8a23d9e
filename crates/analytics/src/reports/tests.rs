//! Reports on hand-made events, with figures worked out by hand.

mod competence_report;
pub(super) mod generated;
pub(super) mod rows;
mod survey_report;

use super::{ReportError, competence, survey};
use crate::lake::{Lake, Page, Snapshot, Targets};
use crate::statistics::PositiveBase;
use competence_report::{competence_log, competence_report};
use disclosure::{Figure, Geometry, Interval, Ratio, ResultTable, Section};
use domain::competence::OutcomeType;
use domain::events::{
    AgentErasedFacts, Code, CompetenceRulesFacts, CompetenceTargetsFacts, CourseFacts, Duty, Feed, Origin,
    PersonFacts, RoundFacts, RoundMode, RuleFacts, Scale, SurveyFacts, SurveyItem, UnitFacts, kind,
};
use domain::statement::{AgentRole, ObjectFacts, Score as RawScore, StatementFacts, Version};
use domain::{Date, Facts, Municipality, Text, verbs};
use eventlog::clock::Micros;
use eventlog::event::{Event, Key, Position};
use std::collections::BTreeMap;
use survey_report::{survey_log, survey_report};
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
pub(super) struct Log(Vec<Event>);

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
        let mut lake = Lake::open(&dir.path().into()).unwrap();
        let targets: Targets =
            self.0.iter().filter_map(|e| Some((e.dedupe?, (e.position, e.credential)))).collect();
        lake.append(&Page::of(&self.0).unwrap(), &targets).unwrap();
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
        attachments_from: None,
        origin: None,
        untracked: false,
        voids_own: false,
    }
}

/// Two areas and three schools.
fn units(log: &mut Log) {
    log.unit("k", "huvudman", None);
    log.unit("a", "rektorsomrade", Some("k"));
    log.unit("b", "rektorsomrade", Some("k"));
    log.unit("a1", "skola", Some("a"));
    log.unit("a2", "skola", Some("a"));
    log.unit("b1", "skola", Some("b"));
}

/// These with eight people of whom one has two agents and one two duties.
fn municipality(log: &mut Log) {
    units(log);
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
        several: false,
        ranked: false,
        groups: Vec::new(),
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
        without_dont_know: false,
        guardians: None,
        hours: None,
        draft: false,
        again: false,
        grace: 0,
        partial: false,
        groups: Vec::new(),
        unit: unit.into(),
        roles: Vec::new(),
    }
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
    let round = survey::report(
        &snapshot,
        &municipality,
        &log.0,
        &survey::Parameters::new("r1"),
        &survey::Held::default(),
    );
    assert!(matches!(round, Err(ReportError::Unknown { what: "round", .. })));
    let framework =
        competence::report(&snapshot, &municipality, &competence::Parameters::new("digcomp-9"), None);
    assert!(matches!(framework, Err(ReportError::Unknown { what: "framework", .. })));
    let early = snapshot.at(Position(3)).unwrap();
    let ahead = competence::report(&early, &municipality, &competence::Parameters::new("digcomp-3.0"), None);
    assert!(matches!(ahead, Err(ReportError::Ahead { report: 3, .. })));
    let none = competence::report(
        &early,
        &log.municipality(Position(3)),
        &competence::Parameters::new("digcomp-3.0"),
        None,
    );
    assert!(matches!(none, Err(ReportError::NoDay { position: 3 })));
}
