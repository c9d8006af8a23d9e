//! Agent ids, quarters, and the handles that hold a key for sealing.

use std::fmt;
use std::sync::Arc;

use chrono::Datelike;
use eventlog::clock::Micros;

use crate::crypto::Secret;

/// A pseudonym: 128 random bits, one per identifier, that say nothing of who is behind them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(pub [u8; 16]);

impl fmt::Debug for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::str::FromStr for AgentId {
    type Err = crate::VaultError;

    /// Reads 32 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; 16];
        hex::decode_to_slice(text, &mut id)
            .map_err(|_| crate::VaultError::Invalid("an agent id is 32 hexadecimal digits"))?;
        Ok(Self(id))
    }
}

/// A calendar quarter in UTC, as year * 4 + quarter (0 to 3). A person has one key per quarter of receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(pub u16);

impl Period {
    /// The quarter of an instant. Instants outside the years 1 to 9999 give the nearest quarter in them.
    pub fn of(at: Micros) -> Self {
        let date = at.to_datetime();
        let year = u16::try_from(date.year().clamp(1, 9999)).unwrap_or(1);
        Self(year * 4 + u16::try_from(date.month0() / 3).unwrap_or(0))
    }
}

/// An agent and its key for one quarter: what sealing needs. The key is wiped from memory with the last handle.
#[derive(Clone)]
pub struct AgentHandle {
    pub(crate) agent: AgentId,
    pub(crate) period: Period,
    pub(crate) key: Arc<Secret>,
}

impl AgentHandle {
    /// Whose key it is.
    pub fn agent(&self) -> AgentId {
        self.agent
    }

    /// The quarter the key is for.
    pub fn period(&self) -> Period {
        self.period
    }
}

impl fmt::Debug for AgentHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentHandle").field("agent", &self.agent).field("period", &self.period).finish()
    }
}

/// The key of a retention class: for slots with nobody behind them.
#[derive(Clone)]
pub struct ClassHandle {
    pub(crate) class: u16,
    pub(crate) key: Arc<Secret>,
}

impl ClassHandle {
    /// The number of the class.
    pub fn class(&self) -> u16 {
        self.class
    }
}

impl fmt::Debug for ClassHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClassHandle").field("class", &self.class).finish()
    }
}

/// Under whose key a slot is sealed.
#[derive(Debug, Clone, Copy)]
pub enum Owner<'a> {
    /// One agent.
    Agent(&'a AgentHandle),
    /// Several agents of one quarter: the key comes from all of theirs, and erasing one kills the slot.
    /// One agent in the list is the same as [`Owner::Agent`]; repetitions count once.
    Several(&'a [AgentHandle]),
    /// Nobody; a retention class.
    Class(&'a ClassHandle),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_the_calendar_quarter_in_utc() {
        assert_eq!(Period::of(Micros(0)), Period(1970 * 4));
        assert_eq!(Period::of(Micros(-1)), Period(1969 * 4 + 3));
        // 2026-09-30T23:59:59.999999Z and the microsecond after it
        assert_eq!(Period::of(Micros(1_790_812_799_999_999)), Period(2026 * 4 + 2));
        assert_eq!(Period::of(Micros(1_790_812_800_000_000)), Period(2026 * 4 + 3));
    }

    #[test]
    fn an_agent_id_is_read_back_from_its_text() {
        let id = AgentId([7; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("07".parse::<AgentId>().is_err());
    }
}
