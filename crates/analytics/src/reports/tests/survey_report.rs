//! The survey report, figures worked out by hand.

use super::*;
use crate::statistics::wilson;
use disclosure::{Need, Ratio, Role, Score, Share, ValueKind};
use domain::events::{Index, RoundFacts};
use proptest::prelude::*;

/// A survey of three items in area a, open in March; the void comes last.
pub(super) fn survey_log() -> (Log, Position) {
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
        indexes: vec![
            index("del", &["q1", "q2"], &[]),
            Index { by_items: true, ends: Some((0, 10)), ..index("frågor", &["q1", "q2"], &[]) },
            index("helhet", &[], &["del"]),
        ],
        instrument: None,
        question_set: None,
        groups: Vec::new(),
        scales: vec![scale()],
        items,
    });
    log.add(&RoundFacts { again: true, ..round(SURVEY, ROUND, "2026-03-01", "2026-03-31", "a") });
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

fn index(id: &str, items: &[&str], parts: &[&str]) -> Index {
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    Index {
        id: id.into(),
        title: Text::new("Index", "Index"),
        items: names(items),
        parts: names(parts),
        by_items: false,
        ends: None,
    }
}

pub(super) fn survey_report(log: &Log, at: Position, base: PositiveBase) -> Result<ResultTable, ReportError> {
    let (_dir, snapshot) = log.lake();
    let parameters = survey::Parameters { positive_base: Some(base), ..survey::Parameters::new("r700") };
    survey::report(
        &snapshot.at(at).unwrap(),
        &log.municipality(at),
        &[],
        &parameters,
        &survey::Held::default(),
    )
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
fn indexes_are_of_persons_or_of_items_and_of_other_indexes() {
    let (log, _) = survey_log();
    let table = survey_report(&log, end(&log), PositiveBase::WithDontKnow).unwrap();
    let index = |item| figure(&table, "indexes", "a", item);
    // Of both questions (20/3 and 10, turned round), of the first alone (0; 10), of the second alone (0).
    assert_eq!((index("del").answered, index("del").base), (4, 6));
    let mean = |item| index(item).score.unwrap().mean().unwrap();
    assert_eq!(mean("del"), Ratio::new(55, 12).unwrap());
    assert_eq!(mean("helhet"), Ratio::new(55, 12).unwrap());
    // (20/3 + 0 + 10)/3 and (10 + 0)/2, of 0 to 10.
    assert_eq!(mean("frågor"), Ratio::new(475, 9).unwrap());
    assert!(index("del").values.iter().any(|value| value.kind == ValueKind::Mean));
    // An index stands on all of its questions.
    let needs: Vec<_> = section(&table, "indexes").needs.iter().map(|n| (n.item, n.code.as_str())).collect();
    assert_eq!(needs, [(0, "q1"), (0, "q2"), (1, "q1"), (1, "q2"), (2, "q1"), (2, "q2")]);
}

#[test]
fn the_same_questions_are_compared_with_the_round_before() {
    let (mut log, _) = survey_log();
    // From one school of the area to the other between the rounds: asked both times, in neither school.
    let duties = [("a1", "Lärare", "2020-08-01", Some("2026-04-15")), ("a2", "Lärare", "2026-04-16", None)];
    log.person(&[91], &duties);
    log.add(&round(SURVEY, 702, "2026-05-01", "2026-05-31", "a"));
    for (agent, code) in [(11, "1"), (21, "3"), (61, "2"), (31, "4")] {
        log.answer("2026-05-02", agent, 702, &format!("{SURVEY}/1/q1"), code);
    }
    log.statement("2026-06-02", 11, verbs::COMPLETED, ObjectFacts::Activity(SURVEY.into()));
    let (_dir, snapshot) = log.lake();
    let parameters = survey::Parameters::new("r702");
    let table = survey::report(
        &snapshot,
        &log.municipality(end(&log)),
        &log.0,
        &parameters,
        &survey::Held::default(),
    )
    .unwrap();
    // Who left after the first round answered it, and is asked no more.
    assert_eq!(counted(figure(&table, "earlier-answers-1", "a", "q1")), (7, 3, vec![1, 0, 1, 1, 0]));
    assert_eq!(counted(figure(&table, "answers-1", "a", "q1")), (7, 3, vec![0, 1, 1, 1, 0]));
    let value = |id: &str, kind| {
        let found = figure(&table, id, "a", "q1").values.iter().find(|value| value.kind == kind).copied();
        found.unwrap()
    };
    assert_eq!(value("change", ValueKind::ShareChange).number, Ratio::ZERO);
    assert_eq!(value("change", ValueKind::MeanChange).number, Ratio::new(10, 9).unwrap());
    // 20/3 became 10 and 0 became 10/3.
    let paired = |unit| counted(figure(&table, "paired-change", unit, "q1"));
    assert_eq!(paired("a"), (6, 2, vec![0, 0, 2]));
    assert_eq!(["a1", "a2"].map(paired), [(3, 2, vec![0, 0, 2]), (3, 0, vec![0; 3])]);
    let change = value("paired-change", ValueKind::MeanChange);
    assert_eq!((change.number, change.interval), (Ratio::new(10, 3).unwrap(), None));
    let needs = |id: &str| -> Vec<Need> {
        section(&table, id).needs.iter().filter(|need| need.item == 0).cloned().collect()
    };
    let need = |section: &str, among| Need { item: 0, section: section.into(), code: "q1".into(), among };
    let both = |among| vec![need("answers-1", among), need("earlier-answers-1", among)];
    assert_eq!([needs("change"), needs("paired-change")], [both(false), both(true)]);
    disclosure::Gate::new(disclosure::Preset::default()).apply(table).unwrap();
}

#[test]
fn a_round_says_whether_dont_know_is_in_the_base() {
    let (mut log, _) = survey_log();
    let mut stands = round(SURVEY, ROUND, "2026-03-01", "2026-03-31", "a");
    stands.without_dont_know = true;
    log.add(&stands);
    let (_dir, snapshot) = log.lake();
    let municipality = log.municipality(end(&log));
    let table = survey::report(
        &snapshot,
        &municipality,
        &log.0,
        &survey::Parameters::new("r700"),
        &survey::Held::default(),
    )
    .unwrap();
    let q2 = figure(&table, "answers-1-reversed", "a", "q2");
    assert_eq!((q2.answered, q2.positive.unwrap().of), (3, 2));
    let notes = &section(&table, "answers-1-reversed").notes;
    assert!(notes.iter().any(|note| note.sv.contains("utan ”vet ej”")));
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
    assert_eq!(q1.interval, wilson(Share { part: 2, of: 3 }, Some(6)));
    assert!(q1.interval.is_some());
    assert_eq!(counted(figure(&table, "answers-1", "a1", "q1")), (4, 3, vec![1, 0, 1, 1, 0]));
    assert_eq!(counted(figure(&table, "answers-1", "a2", "q1")), (3, 0, vec![0; 5]));
    assert_eq!(figure(&table, "answers-1", "a2", "q1").score, None);
    assert_eq!(counted(figure(&table, "answers-1", "a", "q3")), (6, 1, vec![0, 0, 1, 0, 0]));

    let earlier = survey_report(&log, before, PositiveBase::WithDontKnow).unwrap();
    assert_eq!(counted(figure(&earlier, "answers-1", "a", "q1")), (6, 4, vec![1, 1, 1, 1, 0]));
}

#[test]
fn of_two_answers_the_first_stands_where_the_round_takes_no_second() {
    let (mut log, _) = survey_log();
    log.add(&round(SURVEY, ROUND, "2026-03-01", "2026-03-31", "a"));
    let table = survey_report(&log, end(&log), PositiveBase::WithDontKnow).unwrap();
    // "1", which another agent of the same person changed into "2" a day later.
    assert_eq!(figure(&table, "answers-1", "a", "q1").counts, [1, 0, 0, 2, 0]);
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
fn skipped_items_are_the_usable_answers_that_are_missing() {
    let (log, _) = survey_log();
    let table = survey_report(&log, end(&log), PositiveBase::WithDontKnow).unwrap();
    let usable = figure(&table, "response-rate", "a", "all").answered;
    let skipped = [("answers-1", "q1"), ("answers-1-reversed", "q2"), ("answers-1", "q3")]
        .map(|(section, item)| usable - figure(&table, section, "a", item).answered);
    assert_eq!(skipped, [1, 1, 3]);
}

#[test]
fn an_open_round_shows_its_response_rate_alone() {
    let (log, _) = survey_log();
    let (_dir, snapshot) = log.lake();
    let at = |day: &str| {
        let parameters = survey::Parameters { as_of: Some(date(day)), ..survey::Parameters::new("r700") };
        survey::report(
            &snapshot,
            &log.municipality(snapshot.position()),
            &log.0,
            &parameters,
            &survey::Held::default(),
        )
        .unwrap()
    };
    let open = at("2026-03-31");
    assert_eq!(
        open.sections.iter().map(|s| (s.id.as_str(), s.live)).collect::<Vec<_>>(),
        [("response-rate", true)]
    );
    assert_eq!(at("2026-04-01").sections.len(), 4);
    assert!(at("2026-04-01").sections.iter().all(|s| !s.live));
}

/// Who an agent is among those asked in area a, and where they serve.
fn asked(agent: u64) -> Option<(u64, &'static [&'static str])> {
    match agent {
        11 | 12 => Some((11, &["a1"])),
        21 | 31 => Some((agent, &["a1"])),
        41 => Some((41, &["a1", "a2"])),
        51 | 61 => Some((agent, &["a2"])),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_answers_are_counted_as_a_plain_recount_has_them(
        given in prop::collection::vec(
            (
                prop::sample::select(vec![11u64, 12, 21, 31, 41, 51, 61, 71, 99]),
                1u8..=3,
                prop::sample::select(vec!["1", "2", "3", "4", "vet-ej", "9"]),
                0i32..40,
                prop::bool::weighted(0.15),
            ),
            0..60,
        ),
    ) {
        let (mut log, _) = survey_log();
        log.0.retain(|event| event.kind != kind::STATEMENT);
        let first = date("2026-02-25").days();
        let day = |offset: i32| Date::from_days(first + offset);
        let mut voided = Vec::new();
        for (agent, item, code, offset, void) in &given {
            let item = format!("{SURVEY}/1/q{item}");
            let at = log.answer(&day(*offset).to_string(), *agent, ROUND, &item, code);
            voided.extend(void.then_some(at));
        }
        for at in voided {
            log.statement("2026-04-10", 11, verbs::VOIDED, ObjectFacts::StatementRef(id(at.0)));
        }
        log.statement("2026-04-10", 11, verbs::COMPLETED, ObjectFacts::Activity(SURVEY.into()));

        let mut latest: BTreeMap<(u64, u8), (Date, &str)> = BTreeMap::new();
        for (agent, item, code, offset, void) in &given {
            let Some((person, _)) = asked(*agent) else { continue };
            let in_round = (date("2026-03-01")..=date("2026-03-31")).contains(&day(*offset));
            if !void && in_round && *code != "9" {
                let held = latest.entry((person, *item)).or_insert((day(*offset), code));
                if held.0 <= day(*offset) {
                    *held = (day(*offset), code);
                }
            }
        }
        let usable = |person| (1..=2).any(|item| latest.contains_key(&(person, item)));
        let table = survey_report(&log, end(&log), PositiveBase::WithDontKnow).unwrap();
        for (unit, base) in [("a", 6), ("a1", 4), ("a2", 3)] {
            let people: Vec<u64> = [11, 21, 31, 41, 51, 61]
                .into_iter()
                .filter(|person| unit == "a" || asked(*person).unwrap().1.contains(&unit))
                .collect();
            prop_assert_eq!(people.len(), base);
            let rate = figure(&table, "response-rate", unit, "all");
            prop_assert_eq!(rate.answered as usize, people.iter().filter(|person| usable(**person)).count());
            for (section_id, item) in [("answers-1", 1u8), ("answers-1-reversed", 2), ("answers-1", 3)] {
                let figure = figure(&table, section_id, unit, &format!("q{item}"));
                for (category, count) in section(&table, section_id).categories.iter().zip(&figure.counts) {
                    let expected = people.iter().filter(|person| {
                        let answer = latest.get(&(**person, item));
                        usable(**person) && answer.is_some_and(|(_, code)| *code == category.code)
                    });
                    prop_assert_eq!(*count as usize, expected.count());
                }
            }
        }
    }
}
