//! The municipality as it is, kept in memory.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::Municipality;
use eventlog::EventLog;
use eventlog::event::{Event, Position};
use tokio::sync::{Mutex, watch};

use crate::ViewError;

/// The municipality as folded up to a position.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// All events up to here are in the state.
    pub position: Position,
    /// The state.
    pub municipality: Arc<Municipality>,
}

/// Follows the log and hands out snapshots. Cheap to clone; all clones share one state.
#[derive(Clone)]
pub struct Current {
    log: EventLog,
    latest: Arc<RwLock<Snapshot>>,
    turn: Arc<Mutex<()>>,
}

/// Events that are read at a time.
const PAGE: usize = 1_000;
/// How long a follower rests after it looked. Hundreds of batches a second are appended, of which hardly one holds
/// anything for it; whoever changes the municipality refreshes its own node's state at once.
const REST: Duration = Duration::from_millis(50);

impl Current {
    /// The state at the head of the log as it is now.
    ///
    /// # Errors
    /// The log cannot be read, or holds an event that this program does not know.
    pub async fn open(log: EventLog) -> Result<Self, ViewError> {
        let current = Self { log, latest: Arc::default(), turn: Arc::default() };
        current.refresh().await?;
        Ok(current)
    }

    /// The state as last seen; never waits.
    pub fn snapshot(&self) -> Snapshot {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Folds what was appended since, and gives the state at the head.
    ///
    /// # Errors
    /// As [`Current::open`]; the state is then as before.
    pub async fn refresh(&self) -> Result<Snapshot, ViewError> {
        let head = self.log.head().await.map_err(unreadable)?.position;
        self.reach(head).await
    }

    async fn reach(&self, head: Position) -> Result<Snapshot, ViewError> {
        let _turn = self.turn.lock().await;
        let before = self.snapshot();
        if head <= before.position {
            return Ok(before);
        }
        let mut state = before.municipality;
        fold(&self.log, &mut state, before.position, head).await?;
        let now = Snapshot { position: head, municipality: state };
        *self.latest.write().unwrap_or_else(PoisonError::into_inner) = now.clone();
        Ok(now)
    }

    /// Keeps the state up with the log until `shutdown` becomes true. An event that cannot be folded is reported
    /// and tried again with the next.
    pub async fn follow(&self, mut shutdown: watch::Receiver<bool>) {
        let mut appended = self.log.subscribe();
        loop {
            let head = *appended.borrow_and_update();
            if let Err(error) = self.reach(head).await {
                tracing::warn!(%error, "the municipality cannot be brought up to date");
            }
            let next = async {
                tokio::time::sleep(REST).await;
                appended.changed().await
            };
            tokio::select! {
                changed = next => if changed.is_err() { return },
                stop = shutdown.wait_for(|stop| *stop) => { drop(stop); return }
            }
        }
    }

    /// The state as it was at a position.
    ///
    /// # Errors
    /// As [`Current::open`].
    pub async fn at(&self, position: Position) -> Result<Snapshot, ViewError> {
        let latest = self.snapshot();
        let head = if position > latest.position { self.refresh().await? } else { latest };
        if head.municipality.position() <= position {
            return Ok(Snapshot { position: position.min(head.position), municipality: head.municipality });
        }
        self.later(Snapshot::default(), position).await
    }

    /// The state at a position from that at one before.
    ///
    /// # Errors
    /// As [`Current::open`].
    pub async fn later(&self, before: Snapshot, position: Position) -> Result<Snapshot, ViewError> {
        let mut state = before.municipality;
        fold(&self.log, &mut state, before.position, position).await?;
        Ok(Snapshot { position, municipality: state })
    }
}

/// Folds the events after one position up to another into a state, which is copied only if something changes it.
async fn fold(
    log: &EventLog,
    state: &mut Arc<Municipality>,
    mut after: Position,
    through: Position,
) -> Result<(), ViewError> {
    loop {
        let page: Vec<Event> = log.read_kinds(Municipality::KINDS, after, PAGE).await.map_err(unreadable)?;
        for event in page.iter().filter(|event| event.position <= through) {
            Arc::make_mut(state).apply(event).map_err(|error| ViewError::Fold {
                position: error.position.0,
                reason: error.reason.to_string(),
            })?;
        }
        match page.last() {
            Some(last) if page.len() == PAGE && last.position < through => after = last.position,
            _ => return Ok(()),
        }
    }
}

fn unreadable(error: eventlog::LogError) -> ViewError {
    ViewError::Log(error.to_string())
}
