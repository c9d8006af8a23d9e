//! How people stand in a report: by the ledger of its question, and of a survey those of the rounds before.

use analytics::lake::Snapshot;
use analytics::reports::competence::Releases;
use analytics::reports::survey;
use domain::Municipality;
use domain::events::RoundMode;

use super::calendar::Day;
use super::ledgers::Stood;
use super::question::Question;
use super::{FRAMEWORK, Request};
use crate::error::ReportError;
use crate::worker::Worker;

impl Worker {
    /// How people stand in the last of these releases; as on the day where there are none, or the rules do not hold releases to each
    /// other.
    pub(super) async fn stood(
        &self,
        request: &Request,
        from: (&Snapshot, &Municipality),
        days: Vec<Day>,
    ) -> Result<Stood, ReportError> {
        let mut stood = Stood::default();
        let Some(last) = days.last().copied().filter(|_| request.preset.holds()) else { return Ok(stood) };
        let (snapshot, municipality) = from;
        let mut next = Some((request.question.clone(), days));
        while let Some((question, days)) = next.take() {
            let since = request.since.and_then(|since| days.iter().position(|day| day.about() == since));
            let releases = Releases { now: days.len() - 1, since };
            // The rounds before are in their own reports as well: as those had them last.
            if let Question::Survey { round: Some(round) } = &question
                && let Some(before) = survey::round_before(municipality, round)
            {
                let question = Question::Survey { round: Some(before.id.clone()) };
                let asked = Request { question, as_of: Some(last.about()), ..request.clone() };
                let days = self.releases(&asked, last.position).await?;
                next = (!days.is_empty()).then_some((asked.question, days));
            }
            if is_folded(&question, municipality) {
                let framework = request.framework.as_deref().unwrap_or(FRAMEWORK).to_owned();
                let key = (question.clone(), framework, request.preset.clone());
                let ledger = self.ledgers.folded(key, (snapshot, &self.municipality), &days).await?;
                stood.ledgers.push((question, ledger, releases));
            }
        }
        Ok(stood)
    }
}

/// Whether releases of a question may differ by what people do: not those of a round that nobody can link, which comes out of one
/// event.
fn is_folded(question: &Question, municipality: &Municipality) -> bool {
    match question {
        Question::Competence => true,
        Question::Survey { round } => {
            let round = round.as_deref().and_then(|round| municipality.surveys.round(round));
            round.is_some_and(|round| round.facts.mode != RoundMode::Unlinkable)
        }
    }
}
