//! Ordered reports: kept as what they are made of, in the log, and ordered by schedules when their time has come.

use std::sync::Arc;
use std::time::Duration;

use analytics::reports::{PROGRAM, latest_day};
use domain::events::{
    ReportOrderedFacts, ReportRemovedFacts, ReportScheduleRemovedFacts, ReportScheduleSetFacts,
};
use domain::ordered::OrderedReports;
use domain::recurrence::Recurrence;
use domain::{BadFacts, Date, Facts as _};
use eventlog::clock::{Micros, SharedClock, rest};
use eventlog::{Append, AppendError, EventLog, Key, LogError, NewEvent, Position};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, watch};

use crate::error::ReportError;
use crate::lake::Keeper;

/// Events that are read at a time.
const PAGE: usize = 1_000;
/// How often it is looked whether a report is due.
const LOOK: Duration = Duration::from_secs(20);

/// Why something of ordered reports could not be done.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// There is no such report or schedule.
    #[error("there is none of this id")]
    Unknown,
    /// No day can be told that the report is about, or the lake cannot be read.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Nothing was stored.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// An event of the log cannot be read.
    #[error(transparent)]
    Facts(#[from] BadFacts),
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

/// What the log says of ordered reports, up to a position.
type State = (Position, Arc<OrderedReports>);

/// Ordered reports and schedules. Cheap to clone; all clones share one state.
#[derive(Clone)]
pub struct Orders {
    log: EventLog,
    keeper: Keeper,
    clock: SharedClock,
    state: Arc<Mutex<State>>,
}

impl Orders {
    pub(crate) fn new(log: EventLog, keeper: Keeper, clock: SharedClock) -> Self {
        Self { log, keeper, clock, state: Arc::default() }
    }

    /// The ordered reports and schedules that there are.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn all(&self) -> Result<Arc<OrderedReports>, OrderError> {
        let mut state = self.state.lock().await;
        let head = self.log.head().await?.position;
        let (mut after, mut all) = state.clone();
        while after < head {
            let page = self.log.read_kinds(OrderedReports::KINDS, after, PAGE).await?;
            for event in &page {
                Arc::make_mut(&mut all).apply(event)?;
            }
            after = match page.last() {
                Some(last) if page.len() == PAGE || last.position > head => last.position,
                _ => head,
            };
        }
        *state = (after, Arc::clone(&all));
        Ok(all)
    }

    async fn append(&self, event: NewEvent) -> Result<(), AppendError> {
        self.log.append(Append { events: vec![event], ..Append::default() }).await.map(|_| ())
    }

    /// Orders a report from as far as the lake has come; `as_of` or else about the day of the latest statement. Gives
    /// its id.
    ///
    /// # Errors
    /// There is no day, or nothing was stored.
    pub async fn order(
        &self,
        name: String,
        definition: String,
        as_of: Option<Date>,
        by: Option<Key>,
    ) -> Result<Key, OrderError> {
        let snapshot = self.keeper.snapshot().await.map_err(ReportError::from)?;
        let position = snapshot.position();
        let as_of = self.day(position, as_of).await?;
        let (schedule, due) = (None, None);
        let program = PROGRAM.to_owned();
        let report = random()?;
        let facts = ReportOrderedFacts {
            report,
            name,
            definition,
            position: position.0,
            as_of,
            by,
            program,
            schedule,
            due,
        };
        self.append(facts.event(random()?)).await?;
        Ok(report)
    }

    /// Calls an ordered report otherwise.
    ///
    /// # Errors
    /// There is no such report, or nothing was stored.
    pub async fn rename(&self, report: &Key, name: String) -> Result<(), OrderError> {
        let all = self.all().await?;
        let known = all.report(report).ok_or(OrderError::Unknown)?;
        let facts = ReportOrderedFacts { name, ..known.facts.clone() };
        Ok(self.append(facts.event(random()?)).await?)
    }

    /// Keeps an ordered report no more.
    ///
    /// # Errors
    /// There is no such report, or nothing was stored.
    pub async fn remove(&self, report: &Key, by: Option<Key>) -> Result<(), OrderError> {
        self.all().await?.report(report).ok_or(OrderError::Unknown)?;
        let facts = ReportRemovedFacts { report: *report, by };
        Ok(self.append(facts.event(random()?)).await?)
    }

    /// Orders a report whenever a time has come from now on. Gives the schedule's id.
    ///
    /// # Errors
    /// Nothing was stored.
    pub async fn schedule(
        &self,
        name: String,
        definition: String,
        recurrence: Recurrence,
        by: Option<Key>,
    ) -> Result<Key, OrderError> {
        let schedule = random()?;
        let from = self.clock.now().0;
        let facts = ReportScheduleSetFacts { schedule, name, definition, recurrence, by, from };
        self.append(facts.event(random()?)).await?;
        Ok(schedule)
    }

    /// Lets a schedule order nothing any more; what it ordered stays.
    ///
    /// # Errors
    /// There is no such schedule, or nothing was stored.
    pub async fn unschedule(&self, schedule: &Key, by: Option<Key>) -> Result<(), OrderError> {
        self.all().await?.schedule(schedule).ok_or(OrderError::Unknown)?;
        let facts = ReportScheduleRemovedFacts { schedule: *schedule, by };
        Ok(self.append(facts.event(random()?)).await?)
    }

    /// Orders what is due now: from what was in the log when it was, once, whichever process does it. What the lake has
    /// not come to yet waits for the next time. Gives how many were ordered.
    ///
    /// # Errors
    /// The log cannot be read or written, or the lake cannot be read.
    pub async fn order_due(&self) -> Result<usize, OrderError> {
        let all = self.all().await?;
        let mut ordered = 0;
        for (schedule, due) in all.due(self.clock.now()) {
            let position = self.log.position_at(due).await?;
            let as_of = match self.day(position, None).await {
                Ok(day) => day,
                Err(ReportError::Asked(error)) => {
                    tracing::debug!(%error, "a report on a schedule waits for the lake");
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let dedupe = once(&schedule.schedule, due);
            let facts = ReportOrderedFacts {
                report: dedupe,
                name: schedule.name.clone(),
                definition: schedule.definition.clone(),
                position: position.0,
                as_of,
                by: None,
                program: PROGRAM.to_owned(),
                schedule: Some(schedule.schedule),
                due: Some(due.0),
            };
            let event = NewEvent { dedupe: Some(dedupe), ..facts.event(random()?) };
            match self.append(event).await {
                Ok(()) => ordered += 1,
                // Another process was first.
                Err(AppendError::Exists(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(ordered)
    }

    /// Orders what is due, again and again, until `shutdown` becomes true.
    pub(crate) async fn keep_due(&self, mut shutdown: watch::Receiver<bool>) {
        loop {
            if let Err(error) = self.order_due().await {
                tracing::warn!(%error, "reports on a schedule could not be ordered");
            }
            if !rest(LOOK, &mut shutdown).await {
                return;
            }
        }
    }

    /// The day that a report is about.
    async fn day(&self, at: Position, as_of: Option<Date>) -> Result<Date, ReportError> {
        if let Some(day) = as_of {
            return Ok(day);
        }
        let snapshot = self.keeper.snapshot().await?;
        let day = move || {
            let snapshot = snapshot.at(at).map_err(analytics::reports::ReportError::from)?;
            Ok::<_, ReportError>(latest_day(&snapshot)?)
        };
        tokio::task::spawn_blocking(day).await.map_err(|_| ReportError::Ended)?
    }
}

/// What there is one of for a schedule and a time: the same in every process.
fn once(schedule: &Key, due: Micros) -> Key {
    let hash = Sha256::new_with_prefix(b"a report on a schedule")
        .chain_update(schedule)
        .chain_update(due.0.to_be_bytes())
        .finalize();
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    key
}

fn random() -> Result<Key, OrderError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| OrderError::NoRandomness)?;
    Ok(bytes)
}
