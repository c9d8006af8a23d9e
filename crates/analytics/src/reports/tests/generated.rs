//! Arbitrary logs in which everything changes later that a report follows from: who is who, what shows what, which
//! statements count.

use super::*;
use crate::lake::Kept;
use domain::events::AgentsLinkedFacts;
use proptest::prelude::*;
use std::sync::Arc;

/// Activities that statements are about: courses, a part of one, a copy, and what nobody registered.
const ACTIVITIES: [&str; 5] =
    [COURSE, COPY, "https://x.example/kurs", "https://x.example/kurs/del", "https://x.example/annat"];
const AGENTS: u64 = 14;

/// One thing that happens, by random numbers.
pub(in crate::reports) type Step = (u8, u32, u32);

/// What happens, to be repeated with other people and days until several blocks are full.
pub(in crate::reports) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0u8..40, any::<u32>(), any::<u32>()), 60..90)
}

fn day(random: u32) -> String {
    let from = i64::from(date("2025-09-01").days());
    Date::from_days((from + i64::from(random % 300)) as i32).to_string()
}

fn agents(log: &mut Log, one: u32, other: u32) {
    let one = u64::from(one) % AGENTS;
    let agents: Vec<u64> =
        [Some(1 + one), other.is_multiple_of(3).then_some(1 + (one + u64::from(other % 5) + 1) % AGENTS)]
            .into_iter()
            .flatten()
            .collect();
    let unit = ["a1", "a2", "b1"][other as usize % 3];
    let role = ["Lärare", "Rektor"][(other / 3) as usize % 2];
    log.person(&agents, &[(unit, role, "2025-08-01", other.is_multiple_of(7).then_some("2026-03-01"))]);
}

fn rules(log: &mut Log, one: u32, other: u32) {
    let rule = |random: u32| RuleFacts {
        competence: ["1.1", "1.2", "9.9"][random as usize % 3].into(),
        low: 1 + (random / 3 % 4) as u8,
        high: 4 + (random / 12 % 4) as u8,
        weight: [300, 500, 1_000][(random / 48) as usize % 3],
        types: domain::competence::TypeSet::EMPTY,
        valid_months: [None, Some(1), Some(5)][(random / 144) as usize % 3],
    };
    let framework = ["digcomp-3.0", "another"][usize::from(one.is_multiple_of(9))];
    let activity = ACTIVITIES[one as usize % ACTIVITIES.len()];
    log.add(&CompetenceRulesFacts {
        framework: framework.into(),
        activity: activity.into(),
        rules: vec![rule(other), rule(one / 7)],
    });
}

fn said(log: &mut Log, kind: u8, one: u32, other: u32) {
    let verb = [verbs::PASSED, verbs::COMPLETED, verbs::ANSWERED, verbs::INITIALIZED][usize::from(kind) % 4];
    let activity = match verb {
        verbs::ANSWERED => {
            let survey = [SELF, SURVEY][other as usize % 2];
            format!("{survey}/1/s{}", 1 + other / 2 % 3)
        }
        _ => ACTIVITIES[other as usize % ACTIVITIES.len()].to_owned(),
    };
    let object = if one.is_multiple_of(23) { ObjectFacts::Agent } else { ObjectFacts::Activity(activity) };
    let mut facts = statement(&day(other / 16), 1 + u64::from(one) % AGENTS, verb, object);
    facts.success = [None, Some(true), Some(false)][(one / 32) as usize % 3];
    facts.untracked = one.is_multiple_of(29);
    facts.registration = [None, Some(id(SELF_ROUND)), Some(id(ROUND)), Some(id(4))][(one / 96) as usize % 4];
    let codes = if one.is_multiple_of(17) { 2 } else { usize::from(!one.is_multiple_of(19)) };
    facts.response = (0..codes as u32).map(|n| ((other / 64 + n) % 9).to_string()).collect();
    log.add(&facts);
}

/// The log of these steps, with more events than a block of the lake has.
pub(in crate::reports) fn log(steps: &[Step]) -> Log {
    let mut log = competence_log();
    let (survey, _) = survey_log();
    for event in survey.0.iter().filter(|event| event.kind == kind::SURVEY || event.kind == kind::ROUND) {
        log.push(&event.kind, event.schema, event.facts.clone());
    }
    for time in 0..5_200 / steps.len() as u32 {
        for (kind, one, other) in steps {
            let (one, other) =
                (one.rotate_left(time), other.wrapping_mul(2 * time + 1).rotate_left(time / 3));
            // What is no statement comes seldom.
            match (kind, one.is_multiple_of(24)) {
                (0, true) => agents(&mut log, one / 24, other),
                (1, true) => {
                    log.add(&AgentErasedFacts { agents: vec![id(1 + u64::from(other) % AGENTS)] });
                }
                (2, true) => {
                    let mut linked =
                        vec![id(1 + u64::from(one / 24) % AGENTS), id(1 + u64::from(other) % AGENTS)];
                    linked.sort_unstable();
                    linked.dedup();
                    log.add(&AgentsLinkedFacts { agents: linked });
                }
                (3, true) => rules(&mut log, one / 24, other),
                (4..6, _) => {
                    // Of a statement before, or of one that comes later.
                    let target = 1 + u64::from(other) % (log.0.len() as u64 + 40);
                    log.statement(&day(one), 1, verbs::VOIDED, ObjectFacts::StatementRef(id(target)));
                }
                _ => said(&mut log, *kind, one, other),
            }
        }
    }
    log
}

/// Writes a log into a lake page by page, and calls `check` with what is read of it: by one reader that keeps what it
/// read before, at the end as it is then and at a position before, for no day and for one.
pub(in crate::reports) fn check(log: &Log, check: impl Fn(&Snapshot, &Municipality, Option<Date>)) {
    let dir = tempfile::tempdir().unwrap();
    let mut lake = Lake::open(&dir.path().into()).unwrap();
    let targets: Targets =
        log.0.iter().filter_map(|e| Some((e.dedupe?, (e.position, e.credential)))).collect();
    let kept = Arc::<Kept>::default();
    let mut from = 0;
    for to in [900, 4_090, 4_100, 4_101, log.0.len()] {
        lake.append(&Page::of(&log.0[from..to]).unwrap(), &targets).unwrap();
        from = to;
        for at in [to, to * 2 / 3] {
            let at = Position(at as u64);
            let snapshot = Snapshot::open(&dir.path().into(), &kept).unwrap().at(at).unwrap();
            let anew = Snapshot::open(&dir.path().into(), &Arc::default()).unwrap().at(at).unwrap();
            assert_eq!(snapshot.parts(None).unwrap(), anew.parts(None).unwrap());
            let municipality = log.municipality(at);
            for as_of in [None, Some(date("2026-02-10"))] {
                check(&snapshot, &municipality, as_of);
            }
        }
    }
}
