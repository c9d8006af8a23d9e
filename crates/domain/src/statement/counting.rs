//! What of a statement counts in figures: for whom, when and as what. Every figure goes by these rules and by no others.

use eventlog::clock::Micros;
use xapi::Score;

use super::StatementFactsOf;
use crate::{AgentId, verbs};

/// Whether an activity was passed: verb `passed` unless success is denied, or verb `completed` where success is affirmed.
/// Failing is no evidence of anything, and neither is a score by itself.
pub fn is_pass(verb: &str, success: Option<bool>) -> bool {
    match verb {
        verbs::PASSED => success != Some(false),
        verbs::COMPLETED => success == Some(true),
        _ => false,
    }
}

impl<S: AsRef<str>> StatementFactsOf<S> {
    /// Whom the statement counts for: its actor, unless that is nobody (an anonymous group, or an agent that a tool
    /// made up where it could not know anybody, see [`Untracked`](crate::untracked::Untracked)).
    pub fn counted_actor(&self) -> Option<AgentId> {
        if self.untracked { None } else { self.actor() }
    }

    /// When the statement counts: when it says that it happened, and not later than it is known to have been there.
    pub fn counted_at(&self, stored: Micros) -> Micros {
        let known = self.known_at(stored);
        self.timestamp.map_or(known, |timestamp| known.min(Micros(timestamp)))
    }

    /// Whether the statement says that it happened later than it is known to have been there.
    pub fn is_dated_ahead(&self, stored: Micros) -> bool {
        self.timestamp.is_some_and(|timestamp| Micros(timestamp) > self.known_at(stored))
    }

    /// The first that is known of the statement: when it was stored, here or in the store that it was in before.
    fn known_at(&self, stored: Micros) -> Micros {
        let before = self.origin.and_then(|origin| origin.stored);
        before.map_or(stored, |before| stored.min(Micros(before)))
    }

    /// Whether the statement says that its activity was passed, by [`is_pass`].
    pub fn is_pass(&self) -> bool {
        is_pass(self.verb.as_ref(), self.success)
    }

    /// Whether the statement says that its activity was done well: it was passed, or success is affirmed by another
    /// verb than `failed`, as of a question.
    pub fn is_success(&self) -> bool {
        self.is_pass() || (self.success == Some(true) && self.verb.as_ref() != verbs::FAILED)
    }

    /// Whether the statement says that its activity was completed: by verb or by result, unless the result denies it.
    /// It speaks of its object alone: a chapter's completion, or how far somebody has come in it, says nothing of the
    /// course.
    pub fn is_completion(&self) -> bool {
        match self.completion {
            Some(said) => said,
            None => self.verb.as_ref() == verbs::COMPLETED,
        }
    }

    /// Whether the statement says that its activity was not passed: verb `failed` unless success is affirmed, or
    /// success denied. A score, however low, says no such thing.
    pub fn is_failure(&self) -> bool {
        match self.success {
            Some(said) => !said,
            None => self.verb.as_ref() == verbs::FAILED,
        }
    }

    /// Whether the statement says that its activity was begun: that it went on or ended, however, says so too.
    pub fn is_begun(&self) -> bool {
        let begun = [
            verbs::LAUNCHED,
            verbs::INITIALIZED,
            verbs::ATTEMPTED,
            verbs::PROGRESSED,
            verbs::COMPLETED,
            verbs::PASSED,
            verbs::FAILED,
        ];
        begun.contains(&self.verb.as_ref()) || self.success.is_some() || self.completion == Some(true)
    }
}

/// The share of what could be had, in millionths from 0 to 1,000,000, rounded half up.
///
/// `raw` between `min` and `max`, where all three are there: `scaled` beside them may run from −1 to 1 (Moodle), and then
/// it is no share. Where nothing could be had (`min` = `max`) there is none. Otherwise `scaled`, unless it is below
/// 0: such a scale does not say where it begins, and unknown is not nothing.
pub fn share(score: &Score) -> Option<i64> {
    if let (Some(raw), Some(min), Some(max)) = (score.raw, score.min, score.max) {
        let (had, of) = (i128::from(raw) - i128::from(min), i128::from(max) - i128::from(min));
        if of <= 0 {
            return None;
        }
        let whole = i128::from(Score::SCALE);
        return i64::try_from(((2 * had * whole + of) / (2 * of)).clamp(0, whole)).ok();
    }
    score.scaled.filter(|scaled| (0..=Score::SCALE).contains(scaled))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{QUIZ, from};
    use super::super::{Origin, StatementFacts};
    use super::*;

    fn said(verb: &str, success: Option<bool>, completion: Option<bool>) -> StatementFacts {
        StatementFacts { verb: verb.to_owned(), success, completion, ..from(QUIZ) }
    }

    #[test]
    fn only_a_pass_that_is_not_denied_is_a_pass() {
        for (verb, success, pass) in [
            (verbs::PASSED, None, true),
            (verbs::PASSED, Some(true), true),
            (verbs::PASSED, Some(false), false),
            (verbs::COMPLETED, None, false),
            (verbs::COMPLETED, Some(true), true),
            (verbs::FAILED, Some(true), false),
        ] {
            assert_eq!(said(verb, success, None).is_pass(), pass, "{verb} {success:?}");
        }
    }

    #[test]
    fn nothing_is_completed_done_well_or_failed_that_was_not_said_to_be() {
        for (verb, success, completion, expected) in [
            // completed, done well, failed, begun
            (verbs::ANSWERED, None, None, [false; 4]),
            (verbs::ANSWERED, None, Some(true), [true, false, false, true]),
            (verbs::ANSWERED, Some(true), None, [false, true, false, true]),
            (verbs::ANSWERED, Some(false), None, [false, false, true, true]),
            (verbs::EXPERIENCED, None, None, [false; 4]),
            (verbs::PROGRESSED, None, None, [false, false, false, true]),
            (verbs::PROGRESSED, None, Some(false), [false, false, false, true]),
            (verbs::COMPLETED, None, None, [true, false, false, true]),
            (verbs::COMPLETED, None, Some(false), [false, false, false, true]),
            (verbs::FAILED, None, None, [false, false, true, true]),
            (verbs::FAILED, Some(true), None, [false, false, false, true]),
            (verbs::PASSED, None, None, [false, true, false, true]),
        ] {
            // A score is no word on any of it.
            let mut facts = said(verb, success, completion);
            for scaled in [None, Some(0), Some(1_000_000)] {
                facts.score = Score { scaled, ..Score::default() };
                let found = [facts.is_completion(), facts.is_success(), facts.is_failure(), facts.is_begun()];
                assert_eq!(found, expected, "{verb} {success:?} {completion:?} {scaled:?}");
            }
        }
    }

    #[test]
    fn a_statement_counts_when_it_happened_and_never_later_than_it_was_stored() {
        let stored = Micros(1_000);
        let at = |timestamp, before: Option<Option<i64>>| {
            let origin = before.map(|stored| Origin { run: [1; 16], stored });
            let facts = StatementFacts { timestamp, origin, ..from(QUIZ) };
            (facts.counted_at(stored).0, facts.is_dated_ahead(stored))
        };
        assert_eq!(at(None, None), (1_000, false));
        assert_eq!(at(Some(400), None), (400, false));
        assert_eq!(at(Some(1_000), None), (1_000, false));
        assert_eq!(at(Some(1_001), None), (1_000, true));
        assert_eq!(at(Some(i64::MAX), None), (1_000, true));
        // Another store had it before: from then on it was there.
        assert_eq!(at(Some(900), Some(Some(500))), (500, true));
        assert_eq!(at(Some(400), Some(Some(500))), (400, false));
        assert_eq!(at(None, Some(Some(500))), (500, false));
        assert_eq!(at(Some(900), Some(None)), (900, false));
        assert_eq!(at(Some(2_000), Some(Some(3_000))), (1_000, true));
    }

    #[test]
    fn a_share_comes_from_the_points_where_they_are_there() {
        let share = |scaled, raw, min, max| share(&Score { scaled, raw, min, max });
        // Moodle: 15 of 0 to 20 points is 0.5 between -1 and 1; nothing of it is -1.
        assert_eq!(share(Some(500_000), Some(15_000_000), Some(0), Some(20_000_000)), Some(750_000));
        assert_eq!(share(Some(-1_000_000), Some(0), Some(0), Some(20_000_000)), Some(0));
        assert_eq!(share(None, Some(1), Some(0), Some(3)), Some(333_333));
        assert_eq!(share(None, Some(2), Some(0), Some(3)), Some(666_667));
        assert_eq!(share(None, Some(-5_000_000), Some(-10_000_000), Some(10_000_000)), Some(250_000));
        // H5P without points, Open edX for weight 0.
        assert_eq!(share(Some(0), Some(0), Some(0), Some(0)), None);
        assert_eq!(share(Some(1_000_000), Some(4), Some(4), Some(4)), None);
        // Without the points, `scaled` is all there is.
        assert_eq!(share(Some(850_000), None, None, None), Some(850_000));
        assert_eq!(share(Some(850_000), Some(17), None, Some(20)), Some(850_000));
        assert_eq!(share(Some(-1), None, None, None), None);
        assert_eq!(share(None, Some(17), None, None), None);
        // What was held at the ends of the number's room does not run over.
        assert_eq!(share(None, Some(i64::MAX), Some(i64::MIN), Some(i64::MAX)), Some(1_000_000));
        assert_eq!(share(None, Some(i64::MIN), Some(i64::MIN), Some(i64::MAX)), Some(0));
    }

    #[test]
    fn nobody_is_counted_for_and_stays_among_the_agents() {
        let facts = from(QUIZ);
        assert_eq!(facts.counted_actor(), facts.actor());
        let nobody = StatementFacts { untracked: true, ..facts };
        assert!(nobody.actor().is_some());
        assert_eq!(nobody.counted_actor(), None);
    }
}
