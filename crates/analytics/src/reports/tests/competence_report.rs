//! The competence report, figures worked out by hand.

use super::*;

/// Courses and a self-assessment, on competences 1.1 and 1.2.
pub(super) fn competence_log() -> Log {
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
        indexes: Vec::new(),
        instrument: None,
        question_set: None,
        groups: Vec::new(),
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

pub(super) fn competence_report(log: &Log, as_of: &str) -> ResultTable {
    made(log, as_of, "digcomp-3.0", None).unwrap()
}

fn made(log: &Log, as_of: &str, framework: &str, since: Option<&str>) -> Result<ResultTable, ReportError> {
    let (_dir, snapshot) = log.lake();
    let parameters = competence::Parameters {
        as_of: Some(date(as_of)),
        levels_from: 7,
        since: since.map(date),
        ..competence::Parameters::new(framework)
    };
    competence::report(&snapshot, &log.municipality(snapshot.position()), &parameters, None)
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
    let first: Vec<_> = table.sections.iter().take(3).map(|section| section.id.as_str()).collect();
    assert_eq!(first, ["reached", "self-assessed-coverage", "demonstrated-coverage"]);
    let coverage = |id, item| {
        let figure = figure(&table, id, "k", item);
        (figure.answered, figure.base)
    };
    assert_eq!(coverage("self-assessed-coverage", "any"), (3, 7));
    assert_eq!(coverage("demonstrated-coverage", "any"), (3, 7));
    for kind in ["self-assessed", "demonstrated"] {
        let levels = section(&table, &format!("{kind}-levels"));
        assert!(levels.figures.iter().all(|figure| table.populations[figure.population].code == "k"));
        // The gate shows them where it shows the bands.
        assert_eq!(levels.within[0].section, format!("{kind}-competences"));
    }
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
fn a_pass_that_is_dated_ahead_counts_when_it_was_stored_and_the_report_says_how_many_are() {
    let mut log = competence_log();
    assert_eq!(competence_report(&log, "2026-06-20").dated_ahead, 0);
    log.pass("2027-06-01", 81, COURSE, None);
    let known = |log: &Log, day| {
        let table = competence_report(log, day);
        (figure(&table, "demonstrated-competences", "b1", "1.1").answered, table.dated_ahead)
    };
    assert_eq!(known(&log, "2026-06-19"), (0, 1));
    assert_eq!(known(&log, "2026-06-20"), (1, 1), "the day on which it was stored");
    // It is valid for twelve months from then on, and no longer.
    assert_eq!(known(&log, "2027-06-20"), (1, 1));
    assert_eq!(known(&log, "2027-06-21"), (0, 1));
}

#[test]
fn what_is_said_twice_of_a_course_is_evidence_once_and_its_chapters_are_none() {
    let mut log = competence_log();
    let rule = |competence: &str, weight| RuleFacts {
        competence: competence.into(),
        low: 3,
        high: 3,
        weight,
        types: domain::competence::TypeSet::EMPTY,
        valid_months: Some(12),
    };
    log.add(&CompetenceRulesFacts {
        framework: "digcomp-3.0".into(),
        activity: COURSE.into(),
        rules: vec![rule("1.1", 1000), rule("2.1", 500)],
    });
    let chapter = format!("{COURSE}/kapitel-1");
    let of_chapter = |verb| StatementFacts {
        activities: vec![(domain::statement::ContextRole::Parent, COURSE.into())],
        ..statement("2026-05-01", 71, verb, ObjectFacts::Activity(chapter.clone()))
    };
    for verb in [verbs::PROGRESSED, verbs::COMPLETED, verbs::PASSED] {
        log.add(&of_chapter(verb));
    }
    // 21 has passed once; now twice more within milliseconds, and again in the copy.
    for (add, activity) in [(0, COURSE), (3_000, COURSE), (9_000, COPY)] {
        let mut again = statement("2026-05-01", 21, verbs::PASSED, ObjectFacts::Activity(activity.into()));
        again.timestamp = again.timestamp.map(|at| at + add);
        log.add(&again);
    }
    let table = competence_report(&log, "2026-06-10");
    let answered = |id, unit, item| figure(&table, id, unit, item).answered;
    assert_eq!(answered("demonstrated-competences", "k", "2.1"), 0, "half of what a level takes");
    assert_eq!(answered("demonstrated-competences", "a1", "1.1"), 2, "as before: nothing of 71's chapter");
}

#[test]
fn nobody_is_in_no_figure_of_a_report() {
    let before = competence_report(&competence_log(), "2026-06-10");
    let mut log = competence_log();
    for agent in [81, 900, 901] {
        let passed = statement("2026-05-01", agent, verbs::PASSED, ObjectFacts::Activity(COURSE.into()));
        log.add(&StatementFacts { untracked: true, ..passed });
    }
    assert_eq!(competence_report(&log, "2026-06-10").sections, before.sections);
}

#[test]
fn a_target_is_everybodys_or_the_roles_and_an_interval_of_levels_is_perhaps_at_it() {
    let mut log = competence_log();
    let without = competence_report(&log, "2026-06-10");
    assert!(without.sections.iter().all(|section| !section.id.ends_with("-target")));
    let targets = |role: Option<&str>, levels: &[(&str, u8)]| CompetenceTargetsFacts {
        framework: "digcomp-3.0".into(),
        role: role.map(Into::into),
        levels: levels.iter().map(|(code, level)| ((*code).to_owned(), *level)).collect(),
    };
    log.add(&targets(None, &[("1.1", 3), ("1.2", 3)]));
    log.add(&targets(Some("Rektor"), &[("1.2", 7)]));
    let table = competence_report(&log, "2026-06-10");
    assert_ne!(table.identity.definition, without.identity.definition);
    let of = |id, population, item| figure(&table, id, population, item);
    assert_eq!(counted(of("demonstrated-target", "k", "1.1")), (7, 2, vec![0, 0, 2]));
    // From 2 to 5, against 3.
    assert_eq!(counted(of("demonstrated-target", "k", "1.2")), (7, 3, vec![0, 3, 0]));
    assert_eq!(counted(of("demonstrated-target", "k/Rektor", "1.2")), (1, 1, vec![1, 0, 0]));
    assert_eq!(counted(of("demonstrated-target", "k/Rektor", "1.1")), (1, 0, vec![0, 0, 0]));
    assert_eq!(counted(of("self-assessed-target", "k", "1.1")), (7, 2, vec![1, 0, 1]));
    let [value] = of("self-assessed-target", "k", "1.1").values[..] else { panic!("one value") };
    let ratio = |num, den| Ratio::new(num, den).unwrap();
    assert_eq!(value.number, ratio(1, 2));
    assert_eq!(value.interval, Some(Interval { low: ratio(1, 7), high: ratio(6, 7) }));
    let competences = section(&table, "demonstrated-competences");
    let marked: Vec<_> = competences.items.iter().filter(|item| item.target == Some(1)).collect();
    assert_eq!(marked.iter().map(|item| item.code.as_str()).collect::<Vec<_>>(), ["1.1", "1.2"]);
    disclosure::Gate::new(disclosure::Preset::default()).apply(table).unwrap();
}

#[test]
fn knowledge_skill_and_attitude_are_counted_apart() {
    let mut log = competence_log();
    let rule = |competence: &str, low, high, kind| RuleFacts {
        competence: competence.into(),
        low,
        high,
        weight: 1000,
        types: [kind].into_iter().collect(),
        valid_months: None,
    };
    log.add(&CompetenceRulesFacts {
        framework: "digcomp-3.0".into(),
        activity: COURSE.into(),
        rules: vec![rule("1.1", 3, 3, OutcomeType::Knowledge), rule("1.2", 2, 5, OutcomeType::Skill)],
    });
    let table = competence_report(&log, "2026-06-10");
    let of = |item| figure(&table, "demonstrated-types", "k", item);
    let shown = ["1.1/knowledge", "1.1/skill", "1.2/skill", "1.2/attitude"].map(|item| of(item).answered);
    // 11/12, 21, and 51, whose pass counts for good now.
    assert_eq!(shown, [3, 0, 3, 0]);
    assert_eq!(of("1.1/knowledge").base, 7);
    disclosure::Gate::new(disclosure::Preset::default()).apply(table).unwrap();
}

#[test]
fn before_and_after_are_of_the_same_people_beside_who_stayed_left_and_joined() {
    let mut log = competence_log();
    log.answer("2026-02-25", 11, SELF_ROUND, &format!("{SELF}/1/s1"), "7");
    let table = made(&log, "2026-06-10", "digcomp-3.0", Some("2026-02-20")).unwrap();
    let people = |population, item| {
        let figure = figure(&table, "people-since", population, item);
        (figure.answered, figure.base)
    };
    // 31 has left, 71 has come.
    assert_eq!(["stayed", "present"].map(|item| people("k", item)), [(6, 7), (6, 7)]);
    assert_eq!(["stayed", "present"].map(|item| people("a2", item)), [(3, 3), (3, 3)]);
    let of = |id, item| counted(figure(&table, id, "k", item));
    assert_eq!(of("demonstrated-change", "1.1"), (6, 2, vec![0, 2, 0]));
    assert_eq!(of("self-assessed-change", "1.1"), (6, 2, vec![0, 1, 1]));
    let refused = made(&log, "2026-06-10", "digcomp-3.0", Some("2026-06-10"));
    assert!(matches!(refused, Err(ReportError::Since { .. })));
    disclosure::Gate::new(disclosure::Preset::default()).apply(table).unwrap();
}

/// Somebody who goes from one school of an area to another is in the area on both days, and in neither school.
#[test]
fn changes_agree_with_who_was_in_the_group_on_both_days_and_so_one_hidden_school_hides_no_area() {
    let mut log = Log::default();
    units(&mut log);
    let more = format!("{COURSE}/mer");
    for (activity, level) in [(COURSE, 3), (more.as_str(), 5)] {
        let rule = RuleFacts {
            competence: "1.1".into(),
            low: level,
            high: level,
            weight: 1000,
            types: domain::competence::TypeSet::EMPTY,
            valid_months: None,
        };
        log.add(&CompetenceRulesFacts {
            framework: "digcomp-3.0".into(),
            activity: activity.into(),
            rules: vec![rule],
        });
    }
    let (since, to, from) = ("2020-08-01", Some("2026-03-31"), "2026-04-01");
    let duty = |unit, from, to| (unit, "Lärare", from, to);
    let there = |unit| vec![duty(unit, since, None)];
    let new = |unit| vec![duty(unit, from, None)];
    let moved = vec![duty("a1", since, to), duty("a2", from, None)];
    let places = [
        (30, there("a1"), true),
        (10, there("a1"), false),
        (12, new("a1"), true),
        (2, there("a2"), true),
        (12, new("a2"), false),
        (20, moved, true),
        (30, there("b1"), true),
        (10, there("b1"), false),
        (12, new("b1"), true),
    ];
    let people = places.iter().flat_map(|(many, duties, passes)| vec![(duties, *passes); *many]);
    for (agent, (duties, passes)) in (1000..).zip(people) {
        log.person(&[agent], duties);
        if passes {
            log.pass("2026-02-10", agent, COURSE, None);
        }
        if passes && agent % 2 == 0 {
            log.pass("2026-05-10", agent, &more, None);
        }
    }
    let table = made(&log, "2026-06-10", "digcomp-3.0", Some("2026-02-20")).unwrap();
    let change = |unit| counted(figure(&table, "demonstrated-change", unit, "1.1"));
    assert_eq!(change("a"), (62, 52, vec![0, 26, 26]));
    assert_eq!(change("a1"), (40, 30, vec![0, 15, 15]));
    assert_eq!(change("a2"), (2, 2, vec![0, 1, 1]));
    let released = disclosure::Gate::new(disclosure::Preset::default()).apply(table).unwrap();
    let shown = |id: &str, unit, item: &str| {
        let section = released.sections().iter().find(|section| section.id() == id).unwrap();
        let item = section.items().iter().position(|other| other.code == item).unwrap();
        let place = released.populations().iter().position(|population| population.code == unit).unwrap();
        let figure =
            section.figures().iter().find(|figure| (figure.population, figure.item) == (place, item));
        !matches!(figure.unwrap().shown, disclosure::Shown::Hidden(_))
    };
    for (id, item) in [("people-since", "present"), ("demonstrated-change", "1.1")] {
        assert_eq!(
            ["k", "a", "a1", "a2"].map(|unit| shown(id, unit, item)),
            [true, true, true, false],
            "{id}"
        );
    }
}

#[test]
fn an_instrument_that_scores_areas_gives_areas_its_own_bands_and_competences_none() {
    let mut log = Log::default();
    municipality(&mut log);
    let feed = |competence: &str| {
        Some(Feed { framework: "digcomp-2.2".into(), competence: competence.into(), levels: BTreeMap::new() })
    };
    let mut items = vec![item(SELF, "s1", "poäng", true), item(SELF, "s2", "poäng", true)];
    items[0].feeds = feed("1.1");
    items[1].feeds = feed("1.2");
    let codes = (0..4).map(|points: u8| Code {
        code: points.to_string(),
        label: Text::new(points.to_string(), points.to_string()),
        score: Some((points.into(), 1)),
        positive: false,
        dont_know: false,
    });
    log.add(&SurveyFacts {
        id: SELF.into(),
        version: "1".into(),
        title: Text::new("DigCompSAT", "DigCompSAT"),
        definition_sha256: [8; 32],
        indexes: Vec::new(),
        instrument: Some("digcompsat".into()),
        question_set: None,
        groups: Vec::new(),
        scales: vec![Scale { id: "poäng".into(), codes: codes.collect() }],
        items,
    });
    log.add(&round(SELF, SELF_ROUND, "2026-02-01", "2026-02-28", "k"));
    for (agent, answers) in [(11, "33"), (21, "11"), (61, "00"), (41, "2")] {
        for (item, code) in ["s1", "s2"].iter().zip(answers.chars()) {
            log.answer("2026-02-05", agent, SELF_ROUND, &format!("{SELF}/1/{item}"), &code.to_string());
        }
    }
    let table = made(&log, "2026-06-10", "digcomp-2.2", None).unwrap();
    // Low, foundation, intermediate (2 of 3 points of the one question of two), advanced.
    assert_eq!(counted(figure(&table, "self-assessed-areas", "k", "1")), (7, 4, vec![1, 1, 1, 1]));
    assert_eq!(counted(figure(&table, "self-assessed-areas", "k", "2")), (7, 0, vec![0; 4]));
    assert_eq!(figure(&table, "self-assessed-coverage", "k", "any").answered, 4);
    assert!(table.sections.iter().all(|section| section.id != "self-assessed-competences"));
    assert_eq!(table.sources.len(), 3);
    disclosure::Gate::new(disclosure::Preset::default()).apply(table).unwrap();
    // Its evidence counts in its own framework alone.
    let other = competence_report(&log, "2026-06-10");
    assert_eq!(figure(&other, "self-assessed-coverage", "k", "any").answered, 0);
}
