//! Reports of rounds that nobody can link: figures of whole strata, counted anew by hand; nothing of groups that have a part of
//! one; nothing before the ballot box was emptied; nobody is followed, and nobody's level follows.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use analytics::lake::{Lake, Page, Snapshot, Targets};
use analytics::reports::{ReportError, competence, survey};
use disclosure::{
    Gate, Geometry, Measure, Preset, Ratio, Reason, Released, ResultTable, Section, Shown, Withheld,
};
use domain::events::{
    Answered, Ballot, Code, Duty, Feed, Index, PersonFacts, RoundBallotsFacts, RoundFacts, RoundGroup,
    RoundMode, RoundOpenedFacts, Scale, Stratum, SurveyFacts, SurveyGroup, SurveyItem, UnitFacts, kind,
};
use domain::statement::{AgentRole, ObjectFacts, Score, StatementFacts, Version};
use domain::{Date, Facts, Municipality, Text, verbs};
use eventlog::clock::Micros;
use eventlog::event::{Event, Key, Position};
use proptest::prelude::*;
use tempfile::TempDir;

const SURVEY: &str = "https://larkby.example/enkater/arbetsmiljo";
const CODES: [&str; 4] = ["aldrig", "ibland", "ofta", "vet-ej"];
/// Each unit with the one above it, and its kind.
const UNITS: [(&str, Option<&str>, &str); 7] = [
    ("K", None, "huvudman"),
    ("A", Some("K"), "rektorsomrade"),
    ("B", Some("K"), "rektorsomrade"),
    ("A1", Some("A"), "skola"),
    ("A2", Some("A"), "skola"),
    ("B1", Some("B"), "skola"),
    ("B2", Some("B"), "skola"),
];
const AFTER: &str = "2026-06-10";

fn id(number: u64) -> Key {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// A log in memory.
#[derive(Default)]
struct Log(Vec<Event>);

impl Log {
    /// The municipality, and a survey of so many items.
    fn new(items: u16) -> Self {
        let mut log = Self::default();
        for (code, parent, kind) in UNITS {
            log.add(&UnitFacts {
                code: code.into(),
                name: format!("Enhet {code}"),
                kind: kind.into(),
                parent: parent.map(Into::into),
                school_unit_code: None,
            });
        }
        log.add(&questions(SURVEY, items));
        log
    }

    fn add<F: Facts>(&mut self, facts: &F) -> Position {
        let position = Position(self.0.len() as u64 + 1);
        self.0.push(Event {
            position,
            stored: Micros(date("2026-06-09").begins().0 + position.0 as i64),
            id: id(position.0),
            kind: F::KIND.into(),
            schema: F::SCHEMA,
            credential: None,
            dedupe: (F::KIND == kind::STATEMENT).then(|| id(position.0)),
            stream: None,
            facts: facts.encode(),
        });
        position
    }

    fn person(&mut self, number: u64, unit: &str) {
        let duty = Duty { unit: unit.into(), role: "Lärare".into(), from: date("2020-08-01"), to: None };
        let (person, agents) = (id(number), vec![id(number)]);
        self.add(&PersonFacts { person, agents, duties: vec![duty], enrolments: Vec::new() });
    }

    fn answer(&mut self, day: &str, person: u64, registration: u64, activity: &str, code: &str) {
        self.add(&StatementFacts {
            id: id(0),
            agents: vec![(AgentRole::Actor, id(person))],
            actor_is_group: false,
            verb: verbs::ANSWERED.into(),
            object: ObjectFacts::Activity(activity.into()),
            registration: Some(id(registration)),
            timestamp: Some(date(day).begins().0),
            success: None,
            completion: None,
            score: Score::default(),
            duration_cs: None,
            response: vec![code.into()],
            activities: Vec::new(),
            xapi_version: Version::V2_0_0,
            attachments_from: None,
            origin: None,
            untracked: false,
            voids_own: false,
        });
    }

    /// Opens a round that nobody can link in a month, and closes it with these answers.
    fn boxed(&mut self, number: u64, month: u8, strata: &[Stratum], answers: &[Ballot], voted: u32) {
        let round = round(number, RoundMode::Unlinkable, month);
        self.add(&round);
        self.add(&RoundOpenedFacts { round: round.id.clone(), smallest: 5, strata: strata.to_vec() });
        let mut answers = answers.to_vec();
        answers.sort();
        self.add(&RoundBallotsFacts { round: round.id, voted, answers });
    }

    fn lake(&self) -> (TempDir, Snapshot) {
        let folder = tempfile::tempdir().unwrap();
        let mut lake = Lake::open(&folder.path().into()).unwrap();
        lake.append(&Page::of(&self.0).unwrap(), &Targets::new()).unwrap();
        let snapshot = lake.snapshot();
        (folder, snapshot)
    }

    fn municipality(&self) -> Municipality {
        Municipality::fold(&self.0).unwrap()
    }

    fn report_on(&self, round: u64, as_of: &str) -> ResultTable {
        let (_folder, snapshot) = self.lake();
        let municipality = self.municipality();
        let parameters = parameters(round, as_of);
        let wanted = survey::ballots(&municipality, &parameters.round);
        let ballots = self.0.iter().filter(|event| wanted.contains(&event.position)).cloned();
        survey::report(
            &snapshot,
            &municipality,
            &ballots.collect::<Vec<_>>(),
            &parameters,
            &survey::Held::default(),
        )
        .unwrap()
    }

    fn report(&self, round: u64) -> ResultTable {
        self.report_on(round, AFTER)
    }
}

fn parameters(round: u64, as_of: &str) -> survey::Parameters {
    survey::Parameters { as_of: Some(date(as_of)), ..survey::Parameters::new(format!("r{round}")) }
}

fn questions(survey: &str, items: u16) -> SurveyFacts {
    let code = |(place, code): (i64, &&str)| Code {
        code: (*code).into(),
        label: Text::new(*code, *code),
        score: (place < 3).then_some((place, 1)),
        positive: place == 2,
        dont_know: place == 3,
    };
    let item = |number: u16| SurveyItem {
        name: format!("q{number}"),
        activity: format!("{survey}/q{number}"),
        text: Text::new(format!("Fråga {number}"), format!("Question {number}")),
        scale: "ofta".into(),
        reverse: false,
        required: true,
        feeds: None,
        several: false,
        ranked: false,
        groups: Vec::new(),
    };
    SurveyFacts {
        id: survey.into(),
        version: "1".into(),
        title: Text::new("Arbetsmiljö", "Work"),
        definition_sha256: [7; 32],
        scales: vec![Scale { id: "ofta".into(), codes: (0..).zip(&CODES).map(code).collect() }],
        items: (0..items).map(item).collect(),
        indexes: Vec::new(),
        instrument: None,
        question_set: None,
        groups: Vec::new(),
    }
}

/// A round during a month of 2026.
fn round(number: u64, mode: RoundMode, month: u8) -> RoundFacts {
    RoundFacts {
        id: format!("r{number}"),
        survey: SURVEY.into(),
        version: "1".into(),
        title: Text::new(format!("Omgång {number}"), format!("Round {number}")),
        mode,
        registration: id(number),
        opens: date(&format!("2026-{month:02}-01")),
        closes: date(&format!("2026-{month:02}-20")),
        unit: "K".into(),
        roles: Vec::new(),
        without_dont_know: false,
        guardians: None,
        hours: None,
        draft: false,
        again: false,
        grace: 0,
        partial: false,
        groups: Vec::new(),
    }
}

fn stratum(unit: &str, roles: &[&str], people: u32, units: &[&str]) -> Stratum {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Stratum { unit: unit.into(), roles: list(roles), people, units: list(units), group: None }
}

/// Codes by their place among [`CODES`], for item after item; none where it was skipped.
fn ballot(stratum: u32, codes: &[Option<usize>]) -> Ballot {
    let one =
        |(item, code): (u16, &Option<usize>)| Some(Answered { item, codes: vec![CODES[(*code)?].into()] });
    Ballot { stratum, codes: (0..).zip(codes).filter_map(one).collect() }
}

/// Strata as they usually are: in a school by role, or a school with few together with its area.
fn strata() -> Vec<Stratum> {
    vec![
        stratum("A", &["Lärare", "Rektor"], 8, &["A", "A2"]),
        stratum("A1", &["Elevassistent", "Kurator"], 11, &[]),
        stratum("A1", &["Lärare"], 14, &[]),
        stratum("B1", &["Lärare"], 20, &[]),
        stratum("K", &["Chef"], 12, &[]),
    ]
}

fn section<'t>(table: &'t ResultTable, id: &str) -> &'t Section {
    table.sections.iter().find(|section| section.id == id).unwrap()
}

fn ids(table: &ResultTable) -> Vec<&str> {
    table.sections.iter().map(|section| section.id.as_str()).collect()
}

/// Of a group and an item: base, answered, counts, and whether it is no figure.
fn counted(table: &ResultTable, id: &str, code: &str, item: usize) -> (u64, u64, Vec<u64>, bool) {
    let place = table.populations.iter().position(|population| population.code == code).unwrap();
    let figures = &section(table, id).figures;
    let figure = figures.iter().find(|figure| (figure.population, figure.item) == (place, item)).unwrap();
    (figure.base, figure.answered, figure.counts.clone(), figure.withheld == Withheld::Merged)
}

fn released(table: ResultTable) -> Released {
    let geometries = vec![Geometry::Tree, Geometry::AreaRole, Geometry::MunicipalityRole];
    Gate::new(Preset { geometries, ..Preset::default() }).apply(table).unwrap()
}

#[test]
fn figures_are_of_whole_strata_and_of_no_group_that_has_a_part_of_one() {
    let mut log = Log::new(2);
    let mut answers = Vec::new();
    for (stratum, number) in [(0, 6), (1, 10), (2, 12), (3, 15), (4, 10)] {
        answers
            .extend((0..number).map(|place| ballot(stratum, &[Some(place % 3), (place > 1).then_some(3)])));
    }
    log.boxed(1, 3, &strata(), &answers, 53);
    let table = log.report(1);
    let rate = |code| counted(&table, "response-rate", code, 0);
    for (code, base, answered) in
        [("K", 65, 53), ("A", 33, 28), ("A1", 25, 22), ("B", 20, 15), ("B1", 20, 15), ("K/Chef", 12, 10)]
    {
        assert_eq!(rate(code), (base, answered, vec![], false), "{code}");
    }
    assert!(table.populations.iter().all(|population| population.code != "B2"), "nobody is there");
    // 12 of A1's answers are four of each, 10 are four, three and three.
    assert_eq!(counted(&table, "answers-1", "A1", 0), (25, 22, vec![8, 7, 7, 0], false));
    assert_eq!(counted(&table, "answers-1", "A1", 1), (25, 18, vec![0, 0, 0, 18], false));

    // Teachers of A2 and the principal of A are not told apart, nor are they who are no teachers of A1.
    let mut merged: BTreeSet<String> = ["A2", "K/Lärare", "A/Lärare"].map(Into::into).into();
    for role in ["Rektor", "Kurator", "Elevassistent"] {
        merged.extend(["K", "A"].map(|unit| format!("{unit}/{role}")));
    }
    let released = released(table);
    for section in released.sections() {
        for figure in section.figures() {
            let group = &released.populations()[figure.population];
            let is_merged = figure.shown == Shown::Hidden(Reason::Merged);
            assert_eq!(is_merged, merged.contains(&group.code), "{} {}", section.id(), group.code);
            assert!(!is_merged || group.base.is_none(), "{}", group.code);
        }
        // Of roles some may be left out.
        let is_unit = |place: usize| released.populations()[place].geometry == Geometry::Tree;
        let units = (0..released.populations().len()).filter(|place| is_unit(*place)).count();
        let of_units = section.figures().iter().filter(|figure| is_unit(figure.population)).count();
        assert_eq!(of_units, units * section.items().len());
    }
}

#[test]
fn a_second_answer_of_somebody_counts_and_is_told_of() {
    let mut log = Log::new(1);
    let strata = [stratum("B1", &["Lärare"], 6, &[]), stratum("A1", &["Lärare"], 9, &[])];
    let mut answers: Vec<Ballot> = (0..8).map(|place| ballot(0, &[Some(place % 4)])).collect();
    answers.extend((0..3).map(|_| ballot(1, &[Some(0)])));
    // What is of no stratum, and what has several codes, are no answers.
    answers.push(ballot(7, &[Some(0)]));
    let several = vec!["aldrig".into(), "ofta".into()];
    answers.push(Ballot { stratum: 1, codes: vec![Answered { item: 0, codes: several }] });
    log.boxed(1, 3, &strata, &answers, 11);
    let table = log.report(1);
    assert_eq!(counted(&table, "response-rate", "B1", 0).0, 8, "as many as answers");
    assert_eq!(counted(&table, "response-rate", "K", 0), (17, 11, vec![], false));
    let notes = &section(&table, "response-rate").notes;
    assert!(notes.iter().any(|note| note.sv.contains("2 hade svarat")), "{notes:?}");
    log.boxed(2, 4, &strata, &answers[..5], 5);
    assert_eq!(section(&log.report(2), "response-rate").notes, notes[..2], "nothing was lost");
}

#[test]
fn what_was_chosen_of_many_is_counted_choice_by_choice_and_orders_place_by_place() {
    let mut log = Log::new(0);
    let mut survey = questions("https://larkby.example/enkater/flera", 3);
    survey.items[1].several = true;
    (survey.items[2].several, survey.items[2].ranked) = (true, true);
    log.add(&survey);
    let several = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let answer = |chosen: &[&str], order: &[&str]| Ballot {
        codes: [(0, several(&["ofta"])), (1, several(chosen)), (2, several(order))]
            .into_iter()
            .filter(|(_, codes)| !codes.is_empty())
            .map(|(item, codes)| Answered { item, codes })
            .collect(),
        stratum: 3,
    };
    let answers = [
        answer(&["aldrig", "ofta"], &CODES),
        // What the scale does not have is none, and what comes twice counts once.
        answer(&["ofta", "ofta", "ingen"], &["ofta", "aldrig"]),
        answer(&[], &["ofta", "ibland", "aldrig", "vet-ej"]),
        answer(&["ingen"], &[]),
    ];
    log.boxed(1, 3, &strata(), &answers, 4);
    log.add(&RoundFacts { survey: survey.id, ..round(1, RoundMode::Unlinkable, 3) });
    let table = log.report(1);
    // The last one answered one of three.
    assert_eq!(counted(&table, "response-rate", "B1", 0), (20, 3, vec![], false));
    let codes: Vec<_> = section(&table, "choices").items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(codes, ["q1/aldrig", "q1/ibland", "q1/ofta", "q1/vet-ej"]);
    let chosen = |item| counted(&table, "choices", "B1", item);
    assert_eq!(chosen(0), (20, 2, vec![1, 1], false));
    assert_eq!(chosen(1), (20, 2, vec![0, 2], false));
    assert_eq!(chosen(2), (20, 2, vec![2, 0], false));
    let placed = |item| counted(&table, "ranking-3", "B1", item);
    assert_eq!(placed(0), (20, 3, vec![1, 1, 1, 0, 0], false));
    assert_eq!(placed(1), (20, 3, vec![0, 2, 0, 0, 1], false));
    assert_eq!(placed(2), (20, 3, vec![2, 0, 1, 0, 0], false));
    let first = section(&table, "ranking-3").figures.iter().find(|figure| figure.answered == 3);
    let first = first.unwrap();
    assert_eq!((first.positive.unwrap().part, first.score.unwrap().mean()), (1, Some(Ratio::whole(2))));
    let heading = section(&table, "ranking-3").items[0].group.as_ref().unwrap().label.sv.clone();
    assert_eq!(heading, "Fråga 2");
    assert_eq!(section(&table, "ranking-3").items[0].label.sv, "Fråga 2 – aldrig");
    assert_eq!(section(&table, "answers-1").items.len(), 1);
    released(table);
}

#[test]
fn groups_of_respondents_stand_side_by_side_each_with_what_it_was_asked() {
    let mut log = Log::new(0);
    let mut survey = questions("https://larkby.example/enkater/grupper", 3);
    survey.groups = ["larare", "ledare"]
        .map(|id| SurveyGroup { id: id.into(), title: Text::new(id.to_uppercase(), format!("The {id}")) })
        .to_vec();
    survey.items[1].groups = vec!["ledare".into()];
    survey.indexes = vec![index("alla", &["q0", "q2"]), index("ledarnas", &["q0", "q1"])];
    log.add(&survey);
    let of = |group: &str, stratum: Stratum| Stratum { group: Some(group.into()), ..stratum };
    let strata = [
        of("larare", stratum("A1", &["Lärare"], 30, &[])),
        of("larare", stratum("B1", &["Lärare"], 20, &[])),
        of("ledare", stratum("A1", &["Rektor"], 12, &[])),
        of("ledare", stratum("B", &["Rektor"], 12, &["B", "B1"])),
    ];
    let mut answers: Vec<Ballot> = Vec::new();
    for place in 0..20 {
        answers.push(ballot(0, &[Some(place % 3), Some(0), Some(place % 2)]));
    }
    answers.extend((0..12).map(|place| ballot(1, &[Some(place % 3), None, Some(place % 2)])));
    answers.extend((0..11).map(|place| ballot(2, &[Some(place % 2), Some(place % 3), None])));
    // What somebody was not asked is no answer: it is not counted, and makes nothing usable.
    answers.push(ballot(1, &[None, Some(1), None]));
    answers.extend((0..11).map(|place| ballot(3, &[Some(place % 2), Some(place % 3), Some(place % 2)])));
    log.boxed(1, 3, &strata, &answers, 55);
    let group = |id: &str, role: &str| RoundGroup { id: id.into(), roles: vec![role.into()] };
    log.add(&RoundFacts {
        survey: survey.id,
        roles: vec!["Lärare".into(), "Rektor".into()],
        groups: vec![group("larare", "Lärare"), group("ledare", "Rektor")],
        ..round(1, RoundMode::Unlinkable, 3)
    });
    let table = log.report(1);
    let codes =
        |id: &str| section(&table, id).items.iter().map(|item| item.code.as_str()).collect::<Vec<_>>();
    assert_eq!(codes("response-rate"), ["larare", "ledare"]);
    assert_eq!(codes("answers-1"), ["q0/larare", "q0/ledare", "q1/ledare", "q2/larare", "q2/ledare"]);
    assert_eq!(codes("indexes"), ["alla/larare", "alla/ledare", "ledarnas/ledare"]);
    let item = &section(&table, "answers-1").items[1];
    assert_eq!((&*item.label.sv, &*item.group.as_ref().unwrap().label.sv), ("Fråga 0 – LEDARE", "Fråga 0"));
    assert_eq!(
        (0..2).map(|item| counted(&table, "response-rate", "K", item)).collect::<Vec<_>>(),
        [(50, 32, vec![], false), (24, 22, vec![], false),]
    );
    assert_eq!(counted(&table, "answers-1", "K", 0), (50, 32, vec![11, 11, 10, 0], false));
    assert_eq!(counted(&table, "answers-1", "K", 1), (24, 22, vec![12, 10, 0, 0], false));
    assert_eq!(counted(&table, "answers-1", "A1", 2), (12, 11, vec![4, 4, 3, 0], false));
    // The principals of B and its school are not told apart; its teachers are.
    assert!(counted(&table, "answers-1", "B1", 1).3 && !counted(&table, "answers-1", "B1", 0).3);
    // No figure of a group where it has nobody.
    let b2 = table.populations.iter().position(|population| population.code == "B2");
    assert_eq!(b2, None);
    let released = released(table);
    let answers = released.section("answers-1").unwrap();
    let shown = |code: &str, item| {
        let place = released.populations().iter().position(|population| population.code == code).unwrap();
        answers.figure(place, item).cloned()
    };
    assert!(matches!(shown("K", 0), Some(Shown::Full(_))) && matches!(shown("K", 1), Some(Shown::Full(_))));
    assert!(
        matches!(shown("A1", 2), Some(Shown::Full(_)))
            && shown("B1", 1) == Some(Shown::Hidden(Reason::Merged))
    );
}

fn index(id: &str, items: &[&str]) -> Index {
    Index {
        id: id.into(),
        title: Text::new(id, id),
        items: items.iter().map(|item| (*item).to_owned()).collect(),
        parts: Vec::new(),
        by_items: false,
        ends: None,
    }
}

#[test]
fn groups_of_respondents_are_never_one_stratum_and_who_is_of_two_is_of_the_first() {
    let mut log = Log::new(0);
    for number in 0..14_u64 {
        let mut duties = vec![("A1", "Lärare")];
        match number {
            0..6 => duties = vec![("A1", "Rektor")],
            6 => duties.push(("B1", "Rektor")),
            _ => {}
        }
        let duties = duties.into_iter().map(|(unit, role)| Duty {
            unit: unit.into(),
            role: role.into(),
            from: date("2020-08-01"),
            to: None,
        });
        let person = id(5000 + number);
        let duties = duties.collect();
        log.add(&PersonFacts { person, agents: vec![person], duties, enrolments: Vec::new() });
    }
    let group = |id: &str, role: &str| RoundGroup { id: id.into(), roles: vec![role.into()] };
    let facts = RoundFacts {
        roles: vec!["Lärare".into(), "Rektor".into()],
        groups: vec![group("ledare", "Rektor"), group("larare", "Lärare")],
        ..round(1, RoundMode::Unlinkable, 3)
    };
    let municipality = Municipality::fold(&log.0).unwrap();
    let own: std::collections::BTreeSet<_> = (0..14).map(|number| id(5000 + number)).collect();
    let roll = domain::strata::strata(&facts, &municipality.organisation, 5);
    let of = |person: &Key| roll.of.get(person).map(|place| &roll.strata[*place as usize]);
    let groups: Vec<_> = own.iter().map(|person| of(person).unwrap().group.clone().unwrap()).collect();
    assert_eq!(groups.iter().filter(|group| *group == "ledare").count(), 7, "{groups:?}");
    assert!(roll.strata.iter().all(|stratum| stratum.roles.len() == 1), "{:?}", roll.strata);
    let asked = domain::surveys::asked(&facts, &municipality.organisation);
    let of_both: Vec<_> =
        asked.filter(|(person, _)| *person == id(5006)).map(|(_, duty)| &*duty.role).collect();
    assert_eq!(of_both, ["Rektor"], "asked as a leader alone");
}

#[test]
fn there_are_no_figures_before_the_ballot_box_was_emptied() {
    let mut log = Log::new(2);
    let facts = round(1, RoundMode::Unlinkable, 3);
    log.add(&facts);
    let in_the_box = |log: &Log, as_of| {
        let table = log.report_on(1, as_of);
        assert_eq!(ids(&table), ["response-rate"], "{as_of}");
        let released = released(table);
        assert!(released.sections().iter().all(|section| section.is_in_the_box()), "{as_of}");
        assert!(released.populations().iter().all(|population| population.base.is_none()));
    };
    in_the_box(&log, "2026-03-02");
    log.add(&RoundOpenedFacts { round: facts.id.clone(), smallest: 5, strata: strata() });
    in_the_box(&log, "2026-03-02");
    in_the_box(&log, AFTER);
    let answers = (0..20).map(|_| ballot(3, &[Some(1), Some(1)])).collect();
    let emptied = log.add(&RoundBallotsFacts { round: facts.id, voted: 20, answers });
    // Once it was, there is nothing more to come: also on the day on which it was closed by hand.
    for as_of in ["2026-03-20", "2026-03-21"] {
        assert_eq!(counted(&log.report_on(1, as_of), "response-rate", "B1", 0).1, 20, "{as_of}");
    }
    let (_folder, snapshot) = log.lake();
    let missing =
        survey::report(&snapshot, &log.municipality(), &[], &parameters(1, AFTER), &survey::Held::default());
    assert!(matches!(missing, Err(ReportError::NoBallots { position }) if position == emptied.0));
}

#[test]
fn rounds_are_compared_and_nobody_is_followed_from_one_to_another() {
    let mut log = Log::new(1);
    (1..=20).for_each(|person| log.person(person, "B1"));
    let all = |log: &mut Log, day: &str, round| {
        for person in 1..=18 {
            log.answer(day, person, round, &format!("{SURVEY}/q0"), CODES[person as usize % 3]);
        }
    };
    log.add(&round(1, RoundMode::Named, 1));
    all(&mut log, "2026-01-05", 1);
    let answers: Vec<Ballot> = (0..16).map(|place| ballot(3, &[Some(place % 2 + 1)])).collect();
    log.boxed(2, 3, &strata(), &answers, 16);
    log.add(&round(3, RoundMode::Unlinkable, 4));
    log.add(&round(4, RoundMode::Named, 5));
    all(&mut log, "2026-05-05", 4);
    let expected = ["response-rate", "answers-1", "change", "earlier-answers-1"];
    let boxed = log.report(2);
    assert_eq!(ids(&boxed), expected);
    assert_eq!(counted(&boxed, "change", "B1", 0), (20, 16, vec![], false));
    // The last one of which there are answers is compared, not one whose answers are still in the box.
    let named = log.report(4);
    assert_eq!(ids(&named), expected);
    assert_eq!(counted(&named, "earlier-answers-1", "B1", 0), (20, 16, vec![0, 8, 8, 0], false));
    assert!(section(&named, "change").notes[0].sv.contains("Omgång 2"));
    // Those who can be linked are followed: nothing else keeps it from being there.
    let mut linked = log.0.clone();
    linked.retain(|event| event.kind != kind::ROUND_BALLOTS);
    let (boxed, linked) = (named, Log(linked));
    assert!(boxed.sections.iter().all(|section| section.measure != Measure::PairedChange));
    let municipality = linked.municipality();
    let (_folder, snapshot) = log.lake();
    let table =
        survey::report(&snapshot, &municipality, &[], &parameters(4, AFTER), &survey::Held::default())
            .unwrap();
    assert!(table.sections.iter().any(|section| section.measure == Measure::PairedChange));
}

#[test]
fn a_group_that_was_merged_then_is_not_compared_now() {
    let mut log = Log::new(1);
    (1..=12).for_each(|person| log.person(person, "A2"));
    (13..=30).for_each(|person| log.person(person, "A1"));
    let answers: Vec<Ballot> =
        (0..24).map(|place| ballot(if place < 8 { 0 } else { 2 }, &[Some(place % 3)])).collect();
    log.boxed(1, 1, &strata(), &answers, 24);
    log.add(&round(2, RoundMode::Named, 3));
    (1..=30).for_each(|person| log.answer("2026-03-05", person, 2, &format!("{SURVEY}/q0"), "ofta"));
    let table = log.report(2);
    assert_eq!(counted(&table, "answers-1", "A2", 0), (12, 12, vec![0, 0, 12, 0], false));
    for id in ["earlier-answers-1", "change"] {
        assert!(counted(&table, id, "A2", 0).3, "{id}");
        assert!(!counted(&table, id, "A1", 0).3, "{id}");
    }
    // What the own report of the time before says is no reason to forget it.
    let mut table = table;
    table.withhold(survey::EARLIER, &released(log.report(1)));
    assert!(counted(&table, "earlier-answers-1", "A2", 0).3);
}

#[test]
fn answers_that_nobody_can_link_are_no_evidence_of_anybodys_level() {
    let feeding = |survey: &str| {
        let mut facts = questions(survey, 1);
        let levels = [("aldrig".to_owned(), 1), ("ofta".to_owned(), 6)].into();
        let feed = Feed { framework: "digcomp-3.0".into(), competence: "1.1".into(), levels };
        facts.items[0].feeds = Some(feed);
        facts
    };
    let report = |linked: bool| {
        let (one, other) = ("https://larkby.example/enkater/ett", "https://larkby.example/enkater/annat");
        let mut log = Log::new(0);
        (1..=20).for_each(|person| log.person(person, "B1"));
        log.add(&feeding(one));
        log.add(&RoundFacts { survey: one.into(), ..round(1, RoundMode::Named, 1) });
        (1..=20).for_each(|person| log.answer("2026-01-05", person, 1, &format!("{one}/q0"), "aldrig"));
        log.add(&feeding(other));
        // Sent before the round was registered.
        (1..=20).for_each(|person| log.answer("2026-03-05", person, 2, &format!("{other}/q0"), "ofta"));
        let mode = if linked { RoundMode::Named } else { RoundMode::Unlinkable };
        let of = RoundFacts { survey: other.into(), ..round(2, mode, 3) };
        log.add(&of);
        log.add(&RoundOpenedFacts { round: of.id.clone(), smallest: 5, strata: strata() });
        let answers = (0..20).map(|_| ballot(3, &[Some(2)])).collect();
        log.add(&RoundBallotsFacts { round: of.id, voted: 20, answers });
        let (_folder, snapshot) = log.lake();
        let mut parameters = competence::Parameters::new("digcomp-3.0");
        parameters.as_of = Some(date(AFTER));
        let table = competence::report(&snapshot, &log.municipality(), &parameters, None).unwrap();
        counted(&table, "self-assessed-competences", "B1", 0).2
    };
    assert_eq!(report(true), [0, 0, 20, 0], "the later round");
    assert_eq!(report(false), [20, 0, 0, 0], "the round that can be linked");
}

#[test]
fn ten_thousand_answers_to_forty_questions_are_counted() {
    let mut log = Log::new(40);
    let of = |number: u32| {
        let unit = ["A1", "A2", "B1", "B2"][number as usize % 4];
        stratum(unit, &[&format!("Roll {}", number / 4)], 30, &[])
    };
    let strata: Vec<Stratum> = (0..400).map(of).collect();
    let codes =
        |answer: u32| (0..40).map(|item| Some(((answer / 400 + item) % 4) as usize)).collect::<Vec<_>>();
    let answers: Vec<Ballot> = (0..10_000).map(|answer| ballot(answer % 400, &codes(answer))).collect();
    log.boxed(1, 3, &strata, &answers, 10_000);
    let table = log.report(1);
    assert_eq!(counted(&table, "response-rate", "K", 0), (12_000, 10_000, vec![], false));
    assert_eq!(counted(&table, "answers-1", "K", 0).2, [2_800, 2_400, 2_400, 2_400]);
}

/// Units and roles of a stratum, and how many are in it.
fn any_stratum() -> impl Strategy<Value = (BTreeSet<usize>, BTreeSet<usize>, u32)> {
    let set = |of: usize| prop::collection::btree_set(0..of, 1..3);
    (set(UNITS.len()), set(3), 5u32..14)
}

/// Whether a unit is another or below it.
fn is_in(unit: &str, above: &str) -> bool {
    let parent = UNITS.iter().find(|(code, ..)| *code == unit).and_then(|(_, parent, _)| *parent);
    unit == above || parent.is_some_and(|parent| is_in(parent, above))
}

/// Whether some, and whether all, of a stratum may be in a group.
fn inside(stratum: &Stratum, group: &str) -> (bool, bool) {
    let (unit, role) = group.split_once('/').map_or((group, None), |(unit, role)| (unit, Some(role)));
    let units = stratum.all_units();
    let places = units.iter().flat_map(|at| stratum.roles.iter().map(move |of| (at, of)));
    let is: Vec<bool> =
        places.map(|(at, of)| is_in(at, unit) && role.is_none_or(|role| role == of)).collect();
    (is.contains(&true), !is.contains(&false))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_figure_is_the_sum_of_its_strata_however_they_lie(
        all in prop::collection::vec(any_stratum(), 1..9),
        given in prop::collection::vec((0u32..9, prop::option::of(0usize..4), prop::option::of(0usize..4)), 0..60),
    ) {
        const ROLES: [&str; 3] = ["Lärare", "Rektor", "Chef"];
        let of = |(units, roles, people): &(BTreeSet<usize>, BTreeSet<usize>, u32)| {
            let units: Vec<&str> = units.iter().map(|unit| UNITS[*unit].0).collect();
            let roles: Vec<&str> = roles.iter().map(|role| ROLES[*role]).collect();
            match units[..] {
                [unit] => stratum(unit, &roles, *people, &[]),
                _ => stratum("K", &roles, *people, &units),
            }
        };
        let strata: Vec<Stratum> = all.iter().map(of).collect();
        let number = strata.len() as u32;
        let answers: Vec<Ballot> =
            given.iter().map(|(of, one, other)| ballot(of % number, &[*one, *other])).collect();
        let mut log = Log::new(2);
        log.boxed(1, 3, &strata, &answers, answers.len() as u32);
        let table = log.report(1);
        for group in &table.populations {
            let (code, rate) = (&*group.code, counted(&table, "response-rate", &group.code, 0));
            let is_cut = strata.iter().map(|stratum| inside(stratum, code)).any(|(some, all)| some && !all);
            prop_assert_eq!(rate.3, is_cut, "{}", code);
            if is_cut {
                continue;
            }
            let is_whole = |stratum: usize| inside(&strata[stratum], code).1;
            let usable = |ballot: &&Ballot| is_whole(ballot.stratum as usize) && !ballot.codes.is_empty();
            let mine: Vec<&Ballot> = answers.iter().filter(usable).collect();
            let people = |(number, stratum): (usize, &Stratum)| {
                let there = mine.iter().filter(|ballot| ballot.stratum as usize == number).count();
                there.max(stratum.people as usize) as u64
            };
            let base: u64 = strata.iter().enumerate().filter(|(number, _)| is_whole(*number)).map(people).sum();
            prop_assert_eq!((rate.0, rate.1), (base, mine.len() as u64), "{}", code);
            for item in 0..2u16 {
                let counts = CODES.map(|code| {
                    let chose = |one: &Answered| one.item == item && one.codes == [code];
                    mine.iter().filter(|ballot| ballot.codes.iter().any(chose)).count() as u64
                });
                prop_assert_eq!(counted(&table, "answers-1", code, item.into()).2, counts.to_vec(), "{}", code);
            }
        }
        released(table);
    }
}
