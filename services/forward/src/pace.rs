//! How fast, and how patiently, statements are handed on.

use std::time::Duration;

use eventlog::clock::Micros;

/// The longest that the other side may ask to be left alone.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// How fast, and how patiently.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The pause after a first failure; each further one doubles it.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How long the other side may take for a request; more where it is large.
    pub request: Duration,
    /// How often it is looked which forwards there are, and whether they have a worker.
    pub look: Duration,
    /// How long a worker that says nothing keeps a forward.
    pub lease: Duration,
    /// How often the other side has to fail with the same statements, before it is asked whether it is one of them.
    pub tries: u32,
    /// Stretches of the log that one try reads on for, at most, where it takes another statement to tell.
    pub ahead: u32,
    /// Statements that the other side may refuse one after the other, before the forward rests: it is then more likely
    /// the wrong other side than so many wrong statements.
    pub refused_in_a_row: u32,
}

impl Default for Pace {
    /// 1 second to 5 minutes, a minute for a request, every 2 seconds, 15 seconds, 5 tries, 100 stretches, 100 statements.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(300),
            request: Duration::from_secs(60),
            look: Duration::from_secs(2),
            lease: Duration::from_secs(15),
            tries: 5,
            ahead: 100,
            refused_in_a_row: 100,
        }
    }
}

impl Pace {
    /// How long to wait after so many failures in a row (at least 1): doubling, between half of that and all of it by
    /// `chance` (0 up to 1), and not shorter than the other side asked for.
    pub(crate) fn pause(&self, failures: u32, chance: f64, asked: Option<Duration>) -> Duration {
        let doubled =
            self.first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
        let pause = doubled.min(self.longest).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
        asked.map_or(pause, |asked| asked.min(LONGEST_WAIT).max(pause))
    }
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110, 10.2.3).
pub(crate) fn retry_after(header: &str, now: Micros) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = chrono::DateTime::parse_from_rfc2822(header.trim()).ok()?;
    let wait = at.timestamp_micros().saturating_sub(now.0);
    Some(Duration::from_micros(u64::try_from(wait).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_spread_by_chance() {
        let pace = Pace::default();
        let seconds = |failures, chance| pace.pause(failures, chance, None).as_secs_f64();
        assert_eq!((1..=4).map(|failures| seconds(failures, 1.0)).collect::<Vec<_>>(), [1.0, 2.0, 4.0, 8.0]);
        assert_eq!(seconds(3, 0.0), 2.0);
        assert_eq!(seconds(3, 0.5), 3.0);
        for many in [10, 31, 32, 33, u32::MAX] {
            assert_eq!(seconds(many, 1.0), 300.0, "{many}");
        }
    }

    #[test]
    fn the_other_side_may_ask_for_more_time_but_not_for_ever() {
        let pace = Pace::default();
        let asked = |seconds| pace.pause(1, 1.0, Some(Duration::from_secs(seconds))).as_secs();
        assert_eq!((asked(0), asked(120), asked(1_000_000)), (1, 120, 3_600));
    }

    #[test]
    fn a_wish_to_be_left_alone_is_seconds_or_a_date() {
        let now = Micros(1_768_464_000_000_000);
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Thu, 15 Jan 2026 08:01:00 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Thu, 15 Jan 2026 07:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
