//! The survey report: who was asked and answered, and what they said, for one round.
//!
//! - N is who had a duty in the audience on the opening day. Who left stays in, who joined stays out.
//! - Of each person and item the latest answer within the round counts, whichever of their agents gave it.
//! - An answer is usable where at least half of the required items are answered; all figures about items are of
//!   usable answers. Every item counts as shown.
//! - Guardians answer by a link for each unit, each agent one answer; N is the pupils there, or the answers where they are
//!   more: an estimate, without correction for a finite population, and nobody is followed from one round to another.
//! - Where nobody can be linked, the answers are of the round's ballot box, and N is the people of its strata. Groups that have
//!   a part of a stratum are not shown. Before the box has been emptied there are no figures at all.
//! - While the round is open there is only the response rate.
//! - Where the same questions were put before, what was answered then, how the answers differ, and what became of those who
//!   answered both times.

mod answers;
mod ballots;
mod both;
mod choice_changes;
mod choices;
mod earlier;
mod indexes;
mod ledger;
mod outside;
mod rate;
mod respondents;
mod sections;

use super::{Definition, Frame, ReportError, notes, text};
use crate::lake::Snapshot;
use crate::statistics::PositiveBase;
use answers::Round;
pub use ballots::ballots;
use both::Both;
use disclosure::{ReportKind, ResultTable, Strata, Text};
use domain::events::{RoundFacts, SurveyFacts};
use domain::frameworks::framework;
use domain::{Date, Facts, Municipality};
pub use earlier::EARLIER;
use eventlog::event::Event;
pub use ledger::{Held, Ledger};
use respondents::Respondents;
use std::collections::BTreeSet;

/// What to report on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// The round's id.
    pub round: String,
    /// The day; none: the latest that any statement is about, or on which answers came out of a ballot box of the same
    /// survey. Answers after it do not count.
    pub as_of: Option<Date>,
    /// Whether "don't know" is in the base of the share positive; printed with it. None: as the round says.
    pub positive_base: Option<PositiveBase>,
    /// The parts of groups by which answers are weighted against non-response; none: they are not.
    pub weights: Option<Strata>,
}

impl Parameters {
    /// The report on a round for the latest day.
    pub fn new(round: impl Into<String>) -> Self {
        Self { round: round.into(), as_of: None, positive_base: None, weights: None }
    }
}

/// The round that a round is compared with.
pub fn round_before<'a>(municipality: &'a Municipality, round: &str) -> Option<&'a RoundFacts> {
    let surveys = &municipality.surveys;
    earlier::round_before(surveys, &surveys.round(round)?.facts)
}

/// Makes the report at the snapshot's position. `municipality` is folded from the events up to it, and `ballots` are the
/// events at the places that [`ballots`] names. `held` has rounds as they are released, on the report's day; others stand as on
/// that day.
///
/// # Errors
/// [`ReportError::Unknown`] where there is no such round, or its survey is not registered, and what
/// [`ReportError`] says of lake, day, position and scores.
pub fn report(
    snapshot: &Snapshot,
    municipality: &Municipality,
    ballots: &[Event],
    parameters: &Parameters,
    held: &Held<'_>,
) -> Result<ResultTable, ReportError> {
    let emptied = ballots.iter().map(|event| Date::in_sweden(event.stored)).max();
    let frame = Frame::or_later(snapshot, municipality, parameters.as_of, emptied)?;
    let surveys = &municipality.surveys;
    let round = surveys.round(&parameters.round).ok_or_else(|| frame.unknown("round", &parameters.round))?;
    let round = &round.facts;
    let survey = surveys.survey_of(round).ok_or_else(|| frame.unknown("survey", &round.survey))?;

    let base = parameters.positive_base.unwrap_or(match round.without_dont_know {
        true => PositiveBase::WithoutDontKnow,
        false => PositiveBase::WithDontKnow,
    });
    let now = held.stand(Round::read(&frame, round, survey, ballots)?, municipality);
    let units: Vec<_> = municipality.organisation.units().collect();
    let respondents = Respondents::of(&now, &units);
    // What has come out of a ballot box is all there will be, on whatever day.
    let live = !domain::rounds::is_let_out(round, surveys, frame.as_of);
    let mut definition =
        Definition::of("survey").with(&round.encode()).with(&survey.encode()).with(match base {
            PositiveBase::WithDontKnow => b"with_dont_know",
            PositiveBase::WithoutDontKnow => b"without_dont_know",
        });
    if let Some(strata) = parameters.weights {
        definition = definition.with(b"weights").with(strata.name().as_bytes());
    }
    let mut outside = Vec::new();
    let mut rolls = respondents.rolls();
    let mut sections = vec![rate::response_rate(&now, &respondents, live)];
    if !live {
        let mut answers = sections::items(&now, &respondents, &respondents.asked(survey), base)?;
        let several = choices::sections(&now, &respondents, &respondents.asked(survey))?;
        let standing = |asked| sections::standing(&answers, &now, &respondents, asked);
        sections.extend(indexes::section(&now, &respondents, standing)?);
        let before = earlier::round_before(surveys, round);
        let before = before.and_then(|before| Some((before, surveys.survey_of(before)?)));
        let mut compared = Vec::new();
        if let Some((before, survey)) = before {
            definition = definition.with(&before.encode()).with(&survey.encode());
            let then = held.stand(Round::read(&frame, before, survey, ballots)?, municipality);
            let groups_then = Respondents::of(&then, &units).as_of(&respondents);
            let stayed = earlier::stayed((&now, &respondents), (&then, &groups_then));
            let both = Both {
                now: &now,
                then: &then,
                groups_now: &respondents,
                groups_then: &groups_then,
                stayed: &stayed,
                base,
            };
            let all: Vec<_> = answers.iter().chain(&several).cloned().collect();
            compared = earlier::compared(&both, &all)?;
            compared.iter_mut().for_each(|section| groups_then.merge(section));
            rolls.extend(groups_then.rolls().into_iter().chain(stayed.rolls()));
        }
        for set in surveys.all_outside().filter(|set| outside::concerns(set, survey)) {
            definition = definition.with(&set.encode());
            let all: Vec<_> = answers.iter().chain(&sections).collect();
            outside.extend(outside::figures(set, survey, &all));
        }
        answers.extend(several);
        sections.extend(answers);
        sections.extend(compared);
        sections::note_weights(&mut sections, parameters.weights);
        sections.iter_mut().for_each(|section| respondents.merge(section));
    }
    if let Some(k) = held.k(&round.id) {
        notes::of_releases(&mut sections, k);
    }
    Ok(ResultTable {
        kind: ReportKind::Survey,
        title: text(&round.title),
        subtitle: text(&survey.title),
        sources: frameworks_of(survey),
        place: frame.place(Some(&round.unit)),
        period: Text::new(
            format!("{} – {}", round.opens, round.closes),
            format!("{} – {}", round.opens, round.closes),
        ),
        identity: frame.identity(definition),
        dated_ahead: frame.dated_ahead,
        weights: parameters.weights,
        outside,
        rolls,
        populations: respondents.list(),
        sections,
    })
}

/// What has to be said of the frameworks that the questions are put after.
fn frameworks_of(survey: &SurveyFacts) -> Vec<Text> {
    let fed = survey.items.iter().filter_map(|item| item.feeds.as_ref());
    let ids: BTreeSet<&str> = fed.map(|feed| feed.framework.as_str()).collect();
    ids.into_iter().filter_map(framework).flat_map(super::competence::sources).collect()
}
