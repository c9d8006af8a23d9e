//! What is known of each by the domain's rules, statement by statement, against what follows from kept parts.

use super::*;
use crate::reports::ReportError;
use crate::reports::tests::generated;
use crate::reports::tests::rows::{Row, rows};
use domain::competence::Kind;
use domain::frameworks::framework;
use proptest::prelude::*;

fn plain(
    rows: &[Row],
    municipality: &Municipality,
    framework: &Framework,
    instrument: Option<&Instrument<'_>>,
    people: &People<'_>,
    on: Date,
) -> Vec<Known> {
    let place = |code: &str| framework.competences.iter().position(|competence| competence.code == code);
    let requirements = Requirements::none();
    let known = (0..people.duties.len()).map(|person| {
        let theirs: Vec<&Row> =
            rows.iter().filter(|row| people.by_agent.get(&row.actor) == Some(&person)).collect();
        let mut evidence: Vec<Vec<Evidence<'_>>> = vec![Vec::new(); framework.competences.len()];
        let mut answers = Vec::new();
        for row in &theirs {
            for found in municipality.evidence(&row.facts, row.happened, row.position) {
                if found.framework == framework.id
                    && found.kind == Kind::Demonstrated
                    && let Some(place) = place(found.competence)
                {
                    evidence[place].push(found);
                }
            }
            let answered = municipality.answered(&row.facts, row.happened);
            let (Some(asked), Some(instrument)) = (answered, instrument) else {
                continue;
            };
            if (&asked.survey.id, &asked.survey.version)
                == (&instrument.survey.id, &instrument.survey.version)
            {
                let claimed = asked.item.feeds.as_ref().zip(row.facts.code());
                answers.push(ItemAnswer {
                    sitting: row.facts.registration,
                    item: &asked.item.activity,
                    level: claimed.and_then(|(feed, code)| feed.levels.get(code).copied()),
                    points: None,
                    observed_at: row.happened.0,
                    position: row.position.0,
                });
            }
        }
        let mut self_assessed = vec![None; framework.competences.len()];
        if let Some(instrument) = instrument {
            let instrument = competence::Instrument::of(instrument.survey);
            for ((of, code), state) in competence::self_assessed(&instrument, &answers, on) {
                if let Some(place) = place(code).filter(|_| of == framework.id) {
                    self_assessed[place] = state.levels();
                }
            }
        }
        let about_courses = |row: &&Row| {
            row.facts.activity().is_some_and(|activity| municipality.catalogue.course_of(activity).is_some())
        };
        let level =
            |evidence: &[Evidence<'_>]| competence::demonstrated(evidence, &requirements, on).levels();
        let types = |all: &Vec<Evidence<'_>>| {
            let alone = |kind: &OutcomeType| {
                let of = all.iter().filter(|e| e.types.iter().any(|one| one == *kind)).copied();
                level(&of.collect::<Vec<_>>()).is_some()
            };
            OutcomeType::ALL.into_iter().filter(alone).collect()
        };
        Known {
            demonstrated: evidence.iter().map(|e| level(e)).collect(),
            types: evidence.iter().map(types).collect(),
            areas: Vec::new(),
            self_assessed,
            reached: theirs.iter().any(about_courses),
        }
    });
    known.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 20, ..ProptestConfig::default() })]
    #[test]
    fn levels_are_those_of_the_plain_rules_whatever_is_learned_later(steps in generated::steps()) {
        let log = generated::log(&steps);
        let digcomp = framework("digcomp-3.0").unwrap();
        generated::check(&log, |snapshot, municipality, as_of| {
            let frame = match Frame::new(snapshot, municipality, as_of) {
                Err(ReportError::NoDay { .. }) => return,
                frame => frame.unwrap(),
            };
            let instrument = Instrument::latest(municipality, digcomp, frame.as_of);
            let people = People::on_duty(municipality, frame.as_of);
            let rows = rows(snapshot, frame.as_of);
            let plain = plain(&rows, municipality, digcomp, instrument.as_ref(), &people, frame.as_of);
            assert!(plain.iter().any(|known| known.reached), "somebody did something");
            assert_eq!(known(&frame, digcomp, instrument.as_ref(), &people), plain);
            if as_of.is_none() {
                assert_eq!(Some(frame.as_of), snapshot_latest(snapshot));
            }
        });
    }
}

/// The latest day of all that counts.
fn snapshot_latest(snapshot: &crate::lake::Snapshot) -> Option<Date> {
    let rows = snapshot.statements(&["day"]).unwrap();
    rows.column("day").unwrap().i32().unwrap().into_no_null_iter().max().map(Date::from_days)
}
