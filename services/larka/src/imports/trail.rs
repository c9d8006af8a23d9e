//! How far a pull came at another LRS, and what has to hold for a later one to go on there.
//!
//! `since` is about when a statement was stored (1.0.3 Communication 2.1.3). Some stores hold it against when the
//! statement happened, and what is stored later about something earlier is then in no list that goes on. So a pull goes on
//! only where the other side shows what it means, and where it comes upon the statement that it ended with.

use std::fmt;

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};

use crate::imports::glance::Glance;
use crate::tasks::imported::Id;

/// How much later than it happened a statement has to be stored, in microseconds, to show what `since` is about.
const APART: i64 = 2_000;

/// A statement on the way, with times in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) id: Id,
    pub(super) stored: i64,
    /// How much later than it happened it was stored.
    pub(super) later: i64,
}

/// What is kept of the statements that came, while they come oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Trail {
    /// The one that was stored last.
    pub(super) last: Option<Step>,
    /// The one that was stored the longest after it happened, if any was notably later.
    witness: Option<Step>,
    /// Whether one came before another that was stored earlier, or does not say when it was.
    pub(super) unordered: bool,
}

/// Why a pull does not go on where an earlier one came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Nothing is known of how far that came.
    Unknown,
    /// Lists do not come oldest first.
    Order,
    /// There is no statement by which it could be told what `since` is about.
    Untold,
    /// `since` is not about when a statement was stored.
    Happened,
    /// `since` is refused.
    Refused(StatusCode),
    /// `since` does not bring back the statement that the earlier pull ended with.
    Lost,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self {
            Self::Unknown => "how far the last pull came is not known",
            Self::Order => "its lists do not come in the order in which it stored",
            Self::Untold => "no statement shows that its since is about when one was stored",
            Self::Happened => "its since is not about when a statement was stored",
            Self::Refused(status) => return write!(f, "it answers {status} to since"),
            Self::Lost => "its since does not bring back the statement that the last pull ended with",
        };
        f.write_str(why)
    }
}

impl Trail {
    /// Takes a statement of a list into account. In what is asked for again some come again.
    pub(super) fn see(&mut self, glance: &Glance) {
        let (Some(id), Some(stored)) = (glance.id, glance.stored) else { return };
        let later = glance.timestamp.map_or(0, |happened| stored.saturating_sub(happened));
        let step = Step { id: id.into_bytes(), stored, later };
        if later >= APART && self.witness.is_none_or(|witness| later >= witness.later) {
            self.witness = Some(step);
        }
        if self.last.is_none_or(|last| stored >= last.stored) {
            self.last = Some(step);
        }
    }

    /// The statement by which it can be told whether a pull may go on, or why it may not.
    pub(super) fn witness(&self) -> Result<Step, Doubt> {
        match (self.last, self.witness) {
            _ if self.unordered => Err(Doubt::Order),
            (None, _) => Err(Doubt::Unknown),
            (_, None) => Err(Doubt::Untold),
            (_, Some(witness)) => Ok(witness),
        }
    }
}

/// Whether a list comes oldest first, so that it can be gone on with where it was broken off.
#[derive(Debug, Default)]
pub(super) struct Order {
    pub(super) latest: Option<i64>,
    pub(super) broken: bool,
}

impl Order {
    pub(super) fn see(&mut self, stored: Option<i64>) {
        self.broken |= stored.is_none() || stored < self.latest;
        self.latest = self.latest.max(stored);
    }

    /// Whether it came further than lists before it, so that to ask again comes to an end.
    pub(super) fn moves(&self, before: Option<i64>) -> bool {
        !self.broken && self.latest > before
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn glance(id: u128, happened: i64, stored: i64) -> Glance {
        Glance {
            id: Some(Uuid::from_u128(id)),
            stored: Some(stored),
            timestamp: Some(happened),
            ..Glance::default()
        }
    }

    #[test]
    fn a_pull_goes_on_only_where_a_statement_can_show_what_since_is_about() {
        let mut trail = Trail::default();
        assert_eq!(trail.witness(), Err(Doubt::Unknown));
        trail.see(&glance(1, 10_000_000, 10_000_000));
        trail.see(&glance(2, 12_000_000, 11_000_000));
        trail.see(&glance(3, 12_000_000, 12_001_999));
        assert_eq!(trail.witness(), Err(Doubt::Untold));
        trail.see(&glance(4, 12_000_000, 13_000_000));
        trail.see(&glance(5, 13_500_000, 14_000_000));
        trail.see(&glance(1, 10_000_000, 10_000_000));
        let step = Step { id: Uuid::from_u128(4).into_bytes(), stored: 13_000_000, later: 1_000_000 };
        assert_eq!(trail.witness(), Ok(step));
        assert_eq!(trail.last.unwrap().id, Uuid::from_u128(5).into_bytes());
        trail.unordered = true;
        assert_eq!(trail.witness(), Err(Doubt::Order));
    }

    #[test]
    fn a_list_that_does_not_come_oldest_first_is_not_gone_on_with_in_the_middle() {
        let mut order = Order::default();
        for stored in [5, 5, 8] {
            order.see(Some(stored));
        }
        assert!(order.moves(Some(7)) && !order.moves(Some(8)));
        order.see(Some(7));
        assert!(!order.moves(None));
    }
}
