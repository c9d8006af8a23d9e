//! Answers that become statements: as the first of their respondent, or in the place of those before, whichever way any of
//! them came.

use std::collections::HashSet;
use std::time::Duration;

use domain::AgentId;
use domain::rounds::Stage;
use eventlog::Key;
use eventlog::clock::Micros;
use uuid::Uuid;

use crate::answers::names;
use crate::asked::{Answers, Asked, Outcome, StoreError, Stored};
use crate::statements::Sheet;
use crate::{Desk, DeskError};

/// How often somebody's answer may be replaced.
const MOST_TIMES: u32 = 1_000;
/// Statements that are stored together.
const AT_ONCE: usize = 1_000;

/// In whose name answers are stored.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sender {
    /// The credential that vouches for them; without it the survey service does.
    pub(crate) authority: Option<Key>,
    /// Whether to wait where much waits to be written.
    pub(crate) patient: bool,
}

/// Where answers belong among those of their respondent.
enum Place {
    /// Nowhere: this is what becomes of them.
    Settled(Outcome),
    /// As the nth answer, in the place of what is voided.
    Free { nth: u32, voids: Vec<String> },
}

impl Desk {
    /// Stores the answers of several, those that are their first together; in their order what became of them.
    pub(crate) async fn store_all(
        &self,
        asked: &Asked,
        all: &[(Sheet<'_>, Answers)],
        sender: Sender,
    ) -> Result<Vec<Outcome>, DeskError> {
        let places = self.places(asked, all).await?;
        let mut outcomes = vec![None; all.len()];
        let (mut together, mut statements) = (Vec::new(), Vec::new());
        let mut respondents = HashSet::new();
        for (at, (place, (sheet, answers))) in places.into_iter().zip(all).enumerate() {
            match place {
                Place::Settled(outcome) => outcomes[at] = Some(outcome),
                Place::Free { nth: 0, voids } if voids.is_empty() && respondents.insert(sheet.respondent) => {
                    statements.extend(sheet.all(0, answers, asked.at));
                    together.push(at);
                }
                Place::Free { .. } => {}
            }
            if statements.len() >= AT_ONCE || (at + 1 == all.len() && !together.is_empty()) {
                // Where somebody has answered meanwhile, each is looked at by itself.
                if let Some(stored) = self.post(std::mem::take(&mut statements), sender).await? {
                    let outcome = if stored == Stored::New { Outcome::Taken } else { Outcome::TakenBefore };
                    together.iter().for_each(|at| outcomes[*at] = Some(outcome));
                }
                together.clear();
            }
        }
        let mut settled = Vec::with_capacity(all.len());
        for (outcome, (sheet, answers)) in outcomes.into_iter().zip(all) {
            settled.push(match outcome {
                Some(outcome) => outcome,
                None => self.store(asked, sheet, answers, sender).await?,
            });
        }
        Ok(settled)
    }

    /// What would become of answers, in their order.
    pub(crate) async fn would_store_all(
        &self,
        asked: &Asked,
        all: &[(Sheet<'_>, Answers)],
    ) -> Result<Vec<Outcome>, DeskError> {
        let would = |place: Place| match place {
            Place::Settled(outcome) => outcome,
            Place::Free { nth: 0, voids } if voids.is_empty() => Outcome::Taken,
            Place::Free { .. } => Outcome::Replaced,
        };
        Ok(self.places(asked, all).await?.into_iter().map(would).collect())
    }

    /// Stores statements, once, or in the place of those before.
    pub(crate) async fn store(
        &self,
        asked: &Asked,
        sheet: &Sheet<'_>,
        answers: &Answers,
        sender: Sender,
    ) -> Result<Outcome, DeskError> {
        // Another answer of theirs may come in between: then there is another place, or none.
        for _ in 0..MOST_TIMES {
            let (nth, voids) = match self.place(asked, sheet, answers).await? {
                Place::Settled(outcome) => return Ok(outcome),
                Place::Free { nth, voids } => (nth, voids),
            };
            let outcome = if nth == 0 && voids.is_empty() { Outcome::Taken } else { Outcome::Replaced };
            let mut statements = sheet.all(nth, answers, asked.at);
            statements.extend(voids);
            match self.post(statements, sender).await? {
                Some(Stored::New) => return Ok(outcome),
                Some(Stored::Before) => return Ok(Outcome::TakenBefore),
                None => {}
            }
        }
        Ok(Outcome::AnsweredAlready)
    }

    /// Where answers belong.
    async fn places(&self, asked: &Asked, all: &[(Sheet<'_>, Answers)]) -> Result<Vec<Place>, DeskError> {
        let firsts = all.iter().map(|(sheet, answers)| sheet.whole(0, answers)).collect();
        let stands = self.inner.store.stand(firsts).await.map_err(failed)?;
        let new = all.iter().zip(&stands).filter(|(_, stands)| stands.is_none());
        let new: Vec<&Sheet<'_>> = new.map(|((sheet, _), _)| sheet).collect();
        let said: HashSet<AgentId> =
            self.by_tools(asked, &new).await?.into_iter().map(|(agent, _)| agent).collect();
        let mut places = Vec::with_capacity(all.len());
        for ((sheet, answers), stands) in all.iter().zip(stands) {
            let refused = refused(asked, answers);
            places.push(match stands {
                Some(true) => Place::Settled(Outcome::TakenBefore),
                Some(false) if !asked.round.again => Place::Settled(Outcome::AnsweredAlready),
                None if sheet.agents.iter().all(|agent| !said.contains(agent)) => {
                    refused.map_or(Place::Free { nth: 0, voids: Vec::new() }, Place::Settled)
                }
                _ => self.place(asked, sheet, answers).await?,
            });
        }
        Ok(places)
    }

    /// Where an answer belongs: among the respondent's, and beside what tools have said of them.
    async fn place(&self, asked: &Asked, sheet: &Sheet<'_>, answers: &Answers) -> Result<Place, DeskError> {
        for nth in 0..MOST_TIMES {
            let stands = self.inner.store.stand(vec![sheet.whole(nth, answers)]).await.map_err(failed)?;
            match stands.first() {
                Some(Some(true)) => return Ok(Place::Settled(Outcome::TakenBefore)),
                Some(Some(false)) if asked.round.again => continue,
                Some(Some(false)) => return Ok(Place::Settled(Outcome::AnsweredAlready)),
                Some(None) | None => {}
            }
            if let Some(outcome) = refused(asked, answers) {
                return Ok(Place::Settled(outcome));
            }
            let mut before: Vec<Uuid> = match nth.checked_sub(1) {
                Some(before) => {
                    let names = names(sheet.definition);
                    let each = names.iter().map(|name| sheet.id(before, Some(name.as_str())));
                    std::iter::once(sheet.id(before, None)).chain(each).collect()
                }
                None => Vec::new(),
            };
            let said = self.by_tools(asked, &[sheet]).await?.into_iter().map(|(_, id)| id);
            let said: Vec<Uuid> = said.filter(|id| !before.contains(id)).collect();
            if !said.is_empty() && !asked.round.again {
                return Ok(Place::Settled(Outcome::AnsweredAlready));
            }
            before.extend(said);
            let there = self.known(&before).await?;
            if answers.at.is_some_and(|at| there.iter().flatten().any(|then| *then > at)) {
                return Ok(Place::Settled(Outcome::AnsweredLater));
            }
            let there = before.into_iter().zip(there).filter(|(_, there)| there.is_some());
            let voids = there.map(|(id, _)| sheet.void(id)).collect();
            return Ok(Place::Free { nth, voids });
        }
        Ok(Place::Settled(Outcome::AnsweredAlready))
    }

    /// What statements say of what people answer in a round while answers count in it, with who says it.
    pub(crate) async fn by_tools(
        &self,
        asked: &Asked,
        sheets: &[&Sheet<'_>],
    ) -> Result<Vec<(AgentId, Uuid)>, DeskError> {
        let agents: Vec<AgentId> = sheets.iter().flat_map(|sheet| sheet.agents.iter().copied()).collect();
        let Some(sheet) = sheets.first().filter(|_| !agents.is_empty()) else { return Ok(Vec::new()) };
        let registration = Uuid::from_bytes(sheet.registration);
        let answered = self.inner.store.answered(&agents, registration).await.map_err(failed)?;
        let counts = answered.into_iter().filter(|(_, _, at)| asked.taken.contains(at));
        Ok(counts.map(|(agent, id, _)| (agent, id)).collect())
    }

    /// Stores statements; nothing where one with the id of one of them is there, and says something else.
    async fn post(&self, statements: Vec<String>, sender: Sender) -> Result<Option<Stored>, DeskError> {
        loop {
            match self.inner.store.post(statements.clone(), sender.authority).await {
                Ok(stored) => return Ok(Some(stored)),
                Err(StoreError::Conflict) => return Ok(None),
                Err(StoreError::Full(seconds)) if sender.patient => {
                    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }

    pub(crate) async fn known(&self, ids: &[Uuid]) -> Result<Vec<Option<Micros>>, DeskError> {
        self.inner.store.known(ids).await.map_err(failed)
    }
}

/// Whether answers are taken now.
pub(crate) fn is_open(asked: &Asked) -> bool {
    asked.stage == Stage::Open || asked.late
}

/// Why answers are not taken in a round, whoever gives them.
fn refused(asked: &Asked, answers: &Answers) -> Option<Outcome> {
    let round = &asked.round;
    let open = match answers.at {
        Some(at) => asked.taken.contains(&at),
        None => is_open(asked),
    };
    match (open, answers.complete || round.partial) {
        (false, _) => Some(Outcome::Closed),
        (true, false) => Some(Outcome::Incomplete),
        (true, true) => None,
    }
}

fn failed(error: StoreError) -> DeskError {
    DeskError::Store(match error {
        StoreError::Conflict => "a conflict".to_owned(),
        StoreError::Full(_) => "too much waits to be written".to_owned(),
        StoreError::Failed(why) => why,
    })
}
