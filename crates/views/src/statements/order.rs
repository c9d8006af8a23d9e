//! In which order statements are listed, and which stretch of the log is looked at.

use eventlog::event::Position;

/// In which order statements are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Descending by position, the standard's default.
    #[default]
    NewestFirst,
    /// `ascending=true`
    OldestFirst,
}

/// The stretch of the log that is looked at: `since` and `until`, and where a page before this one ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Only statements after this position.
    pub after: Position,
    /// Only statements up to this position.
    pub through: Position,
}

/// One row of the index, for a term that is known: the statement, and by way of which other it matches (0: none).
pub(super) type Row = (u64, u64);

impl Order {
    /// What of a stretch lies beyond a position.
    pub(super) fn beyond(self, bounds: Bounds, at: Position) -> Bounds {
        match self {
            Self::NewestFirst => Bounds { through: Position(at.0.saturating_sub(1)), ..bounds },
            Self::OldestFirst => Bounds { after: at, ..bounds },
        }
    }

    pub(super) fn sort(self, rows: &mut [Row]) {
        match self {
            Self::NewestFirst => rows.sort_unstable_by(|a, b| b.cmp(a)),
            Self::OldestFirst => rows.sort_unstable(),
        }
    }

    /// Whether `a` is listed before `b`.
    pub(super) fn before(self, a: u64, b: u64) -> bool {
        match self {
            Self::NewestFirst => a > b,
            Self::OldestFirst => a < b,
        }
    }
}
