//! The rules of levels, with the worked examples.

use super::*;
use crate::events::{Feed, SurveyFacts, SurveyItem};
use crate::testing::{date, noon, text};
use proptest::prelude::*;

const DAY: &str = "2026-01-15";

fn evidence(root: &'static str, level: u8, weight: u32) -> Evidence<'static> {
    Evidence {
        framework: "digcomp-3.0",
        competence: "1.1",
        low: level,
        high: level,
        kind: Kind::Demonstrated,
        types: TypeSet::EMPTY,
        weight,
        root,
        observed_at: noon(DAY),
        valid_until: None,
        position: 1,
    }
}

fn at(evidence: &[Evidence<'_>], day: &str) -> State {
    demonstrated(evidence, &Requirements::none(), date(day))
}

fn one(level: u8) -> State {
    State::Level(Levels::one(level))
}

#[test]
fn the_level_is_the_highest_with_full_support_at_it_or_above() {
    let l4 = Evidence { valid_until: Some(date("2026-06-30")), ..evidence("b", 4, 1000) };
    let all = [evidence("a", 3, 500), l4, evidence("c", 5, 500)];
    assert_eq!(at(&all, DAY), one(4));
    assert_eq!(at(&all, "2026-06-30"), one(4), "valid through its last day");
    assert_eq!(at(&all, "2026-07-01"), one(3), "once L4 has expired");
    assert_eq!(support(&all, 4, date(DAY)), Support { lower: 1500, upper: 1500 });
    assert_eq!(support(&all, 5, date(DAY)), Support { lower: 500, upper: 500 });
    assert_eq!(support(&all, 3, date("2026-07-01")), Support { lower: 1000, upper: 1000 });
}

#[test]
fn copies_and_retakes_count_once() {
    let retake = Evidence { observed_at: noon("2026-02-15"), position: 9, ..evidence("a", 3, 500) };
    assert_eq!(at(&[evidence("a", 3, 500), retake], "2026-03-01"), State::Unknown);
    assert_eq!(at(&[evidence("a", 3, 500), evidence("b", 3, 500)], DAY), one(3));
}

#[test]
fn what_is_said_twice_of_a_root_activity_is_one_piece_of_evidence_and_the_latest_is_it() {
    let again = Evidence { observed_at: noon(DAY) + 3_000, position: 2, ..evidence("a", 3, 500) };
    let session = Evidence { observed_at: noon("2026-02-15"), position: 9, ..evidence("a", 3, 500) };
    let other = Evidence { position: 3, ..evidence("b", 3, 500) };
    let higher = Evidence { position: 2, ..evidence("a", 4, 500) };
    let all = [session, evidence("a", 3, 500), again, other, higher];
    assert_eq!(counting(&all, date("2026-02-15")), [true, false, false, true, true]);
    assert_eq!(counting(&all, date(DAY)), [false, false, true, true, true], "before the second session");
    assert_eq!(counting(&all, date("2026-01-14")), [false; 5]);
    // It is what the level is worked out from.
    for day in ["2026-02-15", DAY] {
        let pieces = all.iter().zip(counting(&all, date(day))).filter(|(_, counts)| *counts);
        let pieces: Vec<_> = pieces.map(|(evidence, _)| *evidence).collect();
        assert_eq!(at(&pieces, day), at(&all, day));
    }
}

#[test]
fn a_retake_prolongs_what_would_have_expired() {
    let first = Evidence { valid_until: Some(date("2026-06-30")), ..evidence("a", 3, 1000) };
    let retake = Evidence {
        observed_at: noon("2026-06-01"),
        valid_until: Some(date("2026-12-31")),
        position: 2,
        ..evidence("a", 3, 1000)
    };
    assert_eq!(at(&[first, retake], "2026-09-01"), one(3));
    assert_eq!(at(&[first], "2026-09-01"), State::Expired);
}

#[test]
fn intervals_are_counted_once_by_their_lower_and_once_by_their_upper_ends() {
    let interval = |root, low, high, weight| Evidence { low, high, ..evidence(root, low, weight) };
    assert_eq!(at(&[interval("a", 3, 4, 1000)], DAY), State::Level(Levels { low: 3, high: 4 }));
    let halves = [interval("a", 1, 2, 500), interval("b", 3, 6, 500)];
    assert_eq!(at(&halves, DAY), State::Level(Levels { low: 1, high: 2 }));
    assert_eq!(support(&halves, 2, date(DAY)), Support { lower: 500, upper: 1000 });
}

#[test]
fn a_level_needs_the_types_that_it_requires() {
    let of = |root, level, types: &[OutcomeType]| Evidence {
        types: types.iter().copied().collect(),
        ..evidence(root, level, 1000)
    };
    let requirements = Requirements::none()
        .with(3, [OutcomeType::Knowledge].into_iter().collect())
        .with(4, [OutcomeType::Knowledge, OutcomeType::Skill].into_iter().collect());
    let level = |all: &[Evidence<'_>]| demonstrated(all, &requirements, date(DAY));
    assert_eq!(level(&[of("a", 4, &[OutcomeType::Knowledge])]), one(3));
    assert_eq!(level(&[of("a", 4, &[OutcomeType::Attitude])]), one(2));
    assert_eq!(level(&[of("a", 4, &[OutcomeType::Knowledge]), of("b", 5, &[OutcomeType::Skill])]), one(5));
    assert_eq!(level(&[of("a", 4, &[OutcomeType::Knowledge]), of("b", 3, &[OutcomeType::Skill])]), one(3));
}

#[test]
fn unknown_and_expired_are_not_the_same() {
    assert_eq!(at(&[], DAY), State::Unknown);
    assert_eq!(at(&[evidence("a", 3, 999)], DAY), State::Unknown, "never enough");
    assert_eq!(at(&[evidence("a", 3, 1000)], "2026-01-14"), State::Unknown, "not yet observed");
    let half = |root, from, to: &str| Evidence {
        observed_at: noon(from),
        valid_until: Some(date(to)),
        ..evidence(root, 3, 500)
    };
    let met = [half("a", "2026-01-01", "2026-03-31"), half("b", "2026-03-31", "2026-04-30")];
    assert_eq!(at(&met, "2026-04-15"), State::Expired, "for one day there was a level");
    let missed = [half("a", "2026-01-01", "2026-03-31"), half("b", "2026-04-01", "2026-04-30")];
    assert_eq!(at(&missed, "2026-04-15"), State::Unknown, "both were never valid on one day");
}

#[test]
fn kinds_are_never_mixed() {
    let claimed = Evidence { kind: Kind::SelfAssessed, ..evidence("q", 7, 1000) };
    assert_eq!(at(&[claimed, evidence("a", 3, 1000)], DAY), one(3));
    assert_eq!(at(&[claimed], DAY), State::Unknown);
}

proptest! {
    #[test]
    fn the_order_of_evidence_makes_no_difference(
        rows in proptest::collection::vec((0..4usize, 1..=8u8, 0..=3u8, 1..=1000u32, 0..200i64, 0..200i64), 0..12),
        on in 0..300i32,
    ) {
        let evidence: Vec<_> = rows.iter().map(|&(root, low, more, weight, from, length)| Evidence {
            low,
            high: (low + more).min(8),
            observed_at: noon("2026-01-01") + from * 86_400_000_000,
            valid_until: Some(Date::from_days(date("2026-01-01").days() + i32::try_from(from + length).unwrap())),
            ..evidence(["a", "b", "c", "d"][root], low, weight)
        }).collect();
        let day = Date::from_days(date("2026-01-01").days() + on);
        let state = demonstrated(&evidence, &Requirements::none(), day);
        let reversed: Vec<_> = evidence.iter().rev().copied().collect();
        prop_assert_eq!(demonstrated(&reversed, &Requirements::none(), day), state);
        let twice: Vec<_> = evidence.iter().chain(&evidence).copied().collect();
        prop_assert_eq!(demonstrated(&twice, &Requirements::none(), day), state);
        if let State::Level(levels) = state {
            prop_assert!(levels.low <= levels.high);
            prop_assert!(support(&evidence, levels.low, day).lower >= FULL_SUPPORT);
            prop_assert!(support(&evidence, levels.low + 1, day).lower < FULL_SUPPORT);
            prop_assert!(support(&evidence, levels.high, day).upper >= FULL_SUPPORT);
            prop_assert!(support(&evidence, levels.high + 1, day).upper < FULL_SUPPORT);
        } else {
            prop_assert!(support(&evidence, 1, day).upper < FULL_SUPPORT);
        }
    }
}

fn attestation(level: u8, day: &str) -> Attestation {
    Attestation {
        by: [1; 16],
        of: [2; 16],
        levels: Levels::one(level),
        observed_at: noon(day),
        valid_until: None,
        revoked_on: None,
        position: 1,
    }
}

#[test]
fn the_latest_unrevoked_attestation_by_somebody_else_holds() {
    let first = attestation(3, "2026-01-01");
    let second = attestation(5, "2026-02-01");
    assert_eq!(attested(&[second, first], date("2026-03-01")), one(5));
    assert_eq!(attested(&[second, first], date("2026-01-31")), one(3), "the second was not there yet");
    let revoked = Attestation { revoked_on: Some(date("2026-02-10")), ..second };
    assert_eq!(attested(&[first, revoked], date("2026-02-09")), one(5));
    assert_eq!(attested(&[first, revoked], date("2026-02-10")), one(3));
    let own = Attestation { by: [2; 16], ..second };
    assert_eq!(attested(&[first, own], date("2026-03-01")), one(3));
    assert_eq!(attested(&[own], date("2026-03-01")), State::Unknown);
    let ended = Attestation { valid_until: Some(date("2026-02-28")), ..second };
    assert_eq!(attested(&[first, ended], date("2026-03-01")), State::Expired, "an older one does not return");
}

/// Four required items: two feed 1.1, one feeds 1.2, one feeds nothing.
fn survey() -> SurveyFacts {
    let item = |name: &str, feeds: Option<&str>| SurveyItem {
        name: name.into(),
        activity: name.into(),
        text: text(name),
        scale: "s".into(),
        reverse: false,
        required: true,
        several: false,
        ranked: false,
        groups: Vec::new(),
        feeds: feeds.map(|competence| Feed {
            framework: "digcomp-3.0".into(),
            competence: competence.into(),
            levels: [("a".to_owned(), 1)].into(),
        }),
    };
    SurveyFacts {
        id: "s".into(),
        version: "1".into(),
        title: text("s"),
        definition_sha256: [0; 32],
        indexes: Vec::new(),
        instrument: None,
        question_set: None,
        groups: Vec::new(),
        scales: vec![],
        items: vec![item("a", Some("1.1")), item("b", Some("1.1")), item("c", Some("1.2")), item("d", None)],
    }
}

fn answer(sitting: u8, item: &'static str, level: Option<u8>, day: &str) -> ItemAnswer<'static> {
    ItemAnswer {
        sitting: Some([sitting; 16]),
        item,
        level,
        points: None,
        observed_at: noon(day),
        position: 1,
    }
}

fn assessed(answers: &[ItemAnswer<'_>], day: &str) -> (State, State) {
    let survey = survey();
    let states = self_assessed(&Instrument::of(&survey), answers, date(day));
    assert_eq!(states.len(), 2);
    (states[&("digcomp-3.0", "1.1")], states[&("digcomp-3.0", "1.2")])
}

#[test]
fn the_latest_complete_sitting_holds_whole() {
    let autumn = [answer(1, "a", Some(2), "2025-09-20"), answer(1, "c", Some(6), "2025-09-20")];
    let spring = [answer(2, "a", Some(4), "2026-03-20"), answer(2, "b", Some(5), "2026-03-20")];
    let all = [autumn, spring].concat();
    assert_eq!(assessed(&all, "2025-12-01"), (one(2), one(6)));
    assert_eq!(assessed(&all, "2026-04-01"), (one(5), State::Unknown), "nothing is carried over");
    assert_eq!(assessed(&all, "2025-09-01"), (State::Unknown, State::Unknown));
}

#[test]
fn a_sitting_with_under_half_its_items_does_not_count() {
    let autumn = [answer(1, "a", Some(2), "2025-09-20"), answer(1, "c", Some(6), "2025-09-20")];
    let all = [&autumn[..], &[answer(2, "a", Some(8), "2026-03-20")]].concat();
    assert_eq!(assessed(&all, "2026-04-01"), (one(2), one(6)));
    assert_eq!(assessed(&all[2..], "2026-04-01"), (State::Unknown, State::Unknown));
}

#[test]
fn dont_know_is_an_answer_and_claims_nothing() {
    let all = [
        answer(1, "a", None, "2026-03-20"),
        answer(1, "b", Some(3), "2026-03-20"),
        answer(1, "c", None, "2026-03-20"),
    ];
    assert_eq!(
        assessed(&all, "2026-04-01"),
        (one(3), State::Unknown),
        "half of the items of 1.1 claim a level"
    );
    let nothing = [answer(1, "a", None, "2026-03-20"), answer(1, "c", None, "2026-03-20")];
    assert_eq!(assessed(&nothing, "2026-04-01"), (State::Unknown, State::Unknown));
}

#[test]
fn an_item_answered_again_counts_with_its_last_answer() {
    let all = [
        answer(1, "c", Some(6), "2026-03-21"),
        answer(1, "a", Some(1), "2026-03-20"),
        answer(1, "c", Some(2), "2026-03-20"),
        answer(1, "elsewhere", Some(8), "2026-03-22"),
    ];
    assert_eq!(assessed(&all, "2026-04-01"), (one(1), one(6)));
}

#[test]
fn the_mean_of_several_items_is_rounded_half_up() {
    for (a, b, level) in [(3, 4, 4), (3, 5, 4), (1, 2, 2), (8, 8, 8)] {
        let all = [answer(1, "a", Some(a), "2026-03-20"), answer(1, "b", Some(b), "2026-03-20")];
        assert_eq!(assessed(&all, "2026-04-01").0, one(level), "{a} and {b}");
    }
}

/// DigCompSAT with two questions of area 1, one of competence 1.1 and one of 1.2, and one of area 2, of 0 to 3 points.
#[test]
fn areas_are_scored_in_per_cent_and_read_as_below_30_48_81() {
    use crate::events::{Code, Scale};
    use crate::frameworks::framework;
    use crate::instruments::{Scoring, instrument};
    let mut survey = survey();
    survey.instrument = Some("digcompsat".into());
    for (item, competence) in survey.items.iter_mut().zip(["1.1", "1.2", "2.1", "2.1"]) {
        let (framework, competence) = ("digcomp-2.2".into(), competence.into());
        item.feeds = Some(Feed { framework, competence, levels: [].into() });
    }
    let Scoring::AreasInPercent(bands) = &instrument("digcompsat").unwrap().scoring else { panic!() };
    let framework = framework("digcomp-2.2").unwrap();
    let points = |item, points: Option<(u128, u128)>| ItemAnswer { points, ..answer(1, item, None, DAY) };
    let of = |all: &[ItemAnswer<'_>]| areas(&Instrument::of(&survey), bands, framework, all, date(DAY));
    // 1/3 and 1/3: 33.3 %. 2/3: 66.7 %, and a question that nobody scored.
    let all = [points("a", Some((1, 3))), points("b", Some((1, 3))), points("c", Some((2, 3)))];
    assert_eq!(of(&all), [Some(1), Some(2), None, None, None]);
    // Exactly 30, 48 and 81 per cent, and just below.
    for (percent, band) in [(0, 0), (29, 0), (30, 1), (47, 1), (48, 2), (80, 2), (81, 3), (100, 3)] {
        assert_eq!(
            of(&[points("a", Some((percent, 100))), points("b", Some((percent, 100)))])[0],
            Some(band)
        );
    }
    assert_eq!(of(&[points("a", Some((295, 1000))), points("b", Some((295, 1000)))])[0], Some(0), "29.5 %");
    assert_eq!(of(&[points("c", None), points("a", Some((1, 1))), points("b", None)])[1], None);
    assert_eq!(of(&[points("a", Some((1, 1)))]), [None; 5], "a sitting with under half of the questions");
    let code = |code: &str, score| Code {
        code: code.into(),
        label: text(code),
        score,
        positive: false,
        dont_know: score.is_none(),
    };
    let scale = Scale {
        id: "s".into(),
        codes: vec![
            code("a", Some((1, 1))),
            code("b", Some((5, 2))),
            code("c", Some((4, 1))),
            code("x", None),
        ],
    };
    assert_eq!(scale.points("a", false), Some((0, 3)));
    assert_eq!(scale.points("b", false), Some((3, 6)));
    assert_eq!((scale.points("c", false), scale.points("c", true)), (Some((3, 3)), Some((0, 3))));
    assert_eq!(scale.points("x", false), None);
}
