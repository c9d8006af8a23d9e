//! The usable answers, statement by statement, against those from kept parts.

use super::*;
use crate::reports::ReportError;
use crate::reports::tests::generated;
use crate::reports::tests::rows::{Row, rows};
use domain::verbs;
use proptest::prelude::*;

fn plain(
    rows: &[Row],
    round: &RoundFacts,
    survey: &SurveyFacts,
    audience: &Audience<'_>,
    taken: &std::ops::Range<eventlog::clock::Micros>,
) -> Vec<Option<Answer>> {
    let answers = (0..audience.places.len()).map(|person| {
        let of_item = |item: &domain::events::SurveyItem| {
            let scale = survey.scales.iter().find(|scale| scale.id == item.scale)?;
            let given = rows
                .iter()
                .filter(|row| audience.by_agent.get(&row.actor) == Some(&person))
                .filter(|row| {
                    row.facts.verb == verbs::ANSWERED && row.facts.activity() == Some(&item.activity)
                })
                .filter(|row| row.facts.registration == Some(round.registration))
                .filter(|row| taken.contains(&row.happened))
                .filter_map(|row| {
                    let of = |code: &String| scale.codes.iter().position(|known| known.code == *code);
                    let chosen = match row.facts.response.as_slice() {
                        [code] if !item.several => Chosen::One(of(code)?),
                        codes if item.several => {
                            let mut places: Vec<usize> = codes.iter().filter_map(of).collect();
                            let mut seen = std::collections::BTreeSet::new();
                            places.retain(|place| seen.insert(*place));
                            Some(places).filter(|places| !places.is_empty()).map(Chosen::Several)?
                        }
                        _ => return None,
                    };
                    Some((row.day, row.position, chosen))
                });
            let stands = match round.again {
                true => given.max_by_key(|(day, position, _)| (*day, *position)),
                false => given.min_by_key(|(day, position, _)| (*day, *position)),
            };
            stands.map(|(_, _, chosen)| chosen)
        };
        let answer: Answer = survey.items.iter().map(of_item).collect();
        is_answer_usable((survey, None), &answer).then_some(answer)
    });
    answers.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 20, ..ProptestConfig::default() })]
    #[test]
    fn answers_are_those_of_the_plain_rules_whatever_is_learned_later(steps in generated::steps()) {
        let log = generated::log(&steps);
        generated::check(&log, |snapshot, municipality, as_of| {
            let frame = match Frame::new(snapshot, municipality, as_of) {
                Err(ReportError::NoDay { .. }) => return,
                frame => frame.unwrap(),
            };
            let rows = rows(snapshot, frame.as_of);
            for round in municipality.surveys.rounds() {
                let Some(survey) = municipality.surveys.survey_of(round) else { continue };
                let audience = Audience::of(round, &municipality.organisation);
                let taken = domain::rounds::taken(round, &municipality.surveys);
                assert_eq!(usable(&frame, round, survey, &audience), plain(&rows, round, survey, &audience, &taken));
            }
        });
    }
}
