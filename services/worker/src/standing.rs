//! How what follows the log stands.

use eventlog::event::Position;
use eventlog::projection::{ProjectionState, ProjectionStatus, SetAside, Unfoldable};

/// How one follower of the log stands: a projection, or the lake.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Which time that a projection was built answers; none for the lake.
    pub generation: Option<u64>,
    /// Everything up to here is in it.
    pub position: Position,
    /// Events behind the head.
    pub lag_events: u64,
    /// Seconds since the first event that it has not seen was stored.
    pub lag_seconds: f64,
    /// Where it stopped and why, if it did.
    pub stopped: Option<Unfoldable>,
    /// How many events it does without.
    pub set_aside: u64,
    /// The last few of those, the latest first.
    pub set_aside_latest: Vec<SetAside>,
    /// What is being built to take its place.
    pub rebuild: Option<Rebuilding>,
}

/// How far that is which is built anew, beside what answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilding {
    /// Which time it is; none for the lake.
    pub generation: Option<u64>,
    /// Everything up to here is in it.
    pub position: Position,
    /// Events behind the head.
    pub lag_events: u64,
    /// Where it stopped and why, if it did.
    pub stopped: Option<Unfoldable>,
    /// How many events it does without.
    pub set_aside: u64,
}

impl Standing {
    /// Whether it met an event that it cannot fold.
    pub fn stopped(&self) -> bool {
        self.stopped.is_some()
    }

    pub(crate) fn of(status: ProjectionStatus) -> Self {
        Self {
            name: status.name.to_owned(),
            generation: Some(status.generation),
            position: status.position,
            lag_events: status.lag_events,
            lag_seconds: status.lag_seconds,
            stopped: stopped(status.state),
            set_aside: status.set_aside,
            set_aside_latest: status.set_aside_latest,
            rebuild: status.rebuild.map(|rebuild| Rebuilding {
                generation: Some(rebuild.generation.number),
                position: rebuild.position,
                lag_events: rebuild.lag_events,
                stopped: stopped(rebuild.state),
                set_aside: rebuild.set_aside,
            }),
        }
    }
}

fn stopped(state: ProjectionState) -> Option<Unfoldable> {
    match state {
        ProjectionState::Stopped(event) => Some(event),
        ProjectionState::Running { .. } | ProjectionState::Waiting => None,
    }
}
