//! What the tests of several modules need.

use eventlog::clock::Micros;
use eventlog::event::{Event, Position};

use crate::events::{RoundFacts, RoundMode};
use crate::recurrence::{Every, Recurrence};
use crate::{Date, Facts, Text};

/// An event as it would be read from the log.
pub(crate) fn event<F: Facts>(position: u64, facts: &F) -> Event {
    Event {
        position: Position(position),
        stored: Micros(i64::try_from(position).unwrap()),
        id: [0; 16],
        kind: F::KIND.to_owned(),
        schema: F::SCHEMA,
        credential: None,
        dedupe: None,
        stream: None,
        facts: facts.encode(),
    }
}

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// Noon (UTC) of a day, in microseconds.
pub(crate) fn noon(day: &str) -> i64 {
    (i64::from(date(day).days()) * 24 + 12) * 3_600_000_000
}

pub(crate) fn instant(text: &str) -> Micros {
    Micros::from_datetime(chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc())
}

/// On a day of each month, at a Swedish time.
pub(crate) fn monthly(day: u8, hour: u16, minute: u16) -> Recurrence {
    Recurrence::new(Every::Month, day, hour * 60 + minute).unwrap()
}

pub(crate) fn text(sv: &str) -> Text {
    Text { sv: sv.to_owned(), en: None }
}

/// A round from one day to another.
pub(crate) fn round(opens: &str, closes: &str) -> RoundFacts {
    RoundFacts {
        id: "ht25".into(),
        survey: "https://larkby.example/enkater/sjalv".into(),
        version: "1".into(),
        title: text("Hösten 2025"),
        mode: RoundMode::Pseudonymous,
        registration: [5; 16],
        opens: date(opens),
        closes: date(closes),
        without_dont_know: false,
        guardians: None,
        hours: None,
        draft: false,
        again: false,
        grace: 0,
        partial: false,
        groups: Vec::new(),
        unit: "K".into(),
        roles: vec!["Lärare".into()],
    }
}

/// Compares bytes with a committed fixture, which is what a released version wrote: `fixtures/{name}.hex`.
pub(crate) fn matches_fixture(name: &str, bytes: &[u8]) {
    let file = format!("{}/fixtures/{name}.hex", env!("CARGO_MANIFEST_DIR"));
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let fixture = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(hex, fixture.split_whitespace().collect::<String>(), "{name}: the format is not what it was");
}
