//! When a round is open, and where it stands.

use std::ops::Range;

use eventlog::clock::Micros;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Date;
use crate::events::{Hours, RoundFacts, RoundMode};
use crate::surveys::{Surveys, guardians_at};
use crate::values::{MINUTES_PER_DAY, minute_in_sweden};

/// In microseconds.
const MINUTE: i64 = 60_000_000;

/// Where a round stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It is being made.
    Draft,
    /// It opens by itself.
    Scheduled,
    /// It may be answered.
    Open,
    /// It may not be answered any more, and its report is to come.
    Closed,
    /// The first report of all of its answers may be read.
    Reported,
}

/// When a round opens, and when it closes.
pub fn times(round: &RoundFacts) -> (Micros, Micros) {
    let (opens, closes) = round.hours.map_or((0, MINUTES_PER_DAY), |hours| (hours.opens, hours.closes));
    (round.opens.at(opens), round.closes.at(closes))
}

/// The last instant at which what was begun before a round closed may be handed in.
pub fn ends(round: &RoundFacts) -> Micros {
    Micros(times(round).1.0 + i64::from(round.grace) * MINUTE)
}

/// From when to when, exclusively, what was answered counts in a round, whoever says so: from the minute it opens to the one it
/// closes, and the minutes of grace. Of the minute in which a round was closed by hand all counts: answers were taken in it.
pub fn taken(round: &RoundFacts, surveys: &Surveys) -> Range<Micros> {
    let ends = ends(round);
    times(round).0..if is_closed_by_hand(round, surveys) { Micros(ends.0 + MINUTE) } else { ends }
}

/// Whether a round was over in the minute in which that was said of it.
fn is_closed_by_hand(round: &RoundFacts, surveys: &Surveys) -> bool {
    let ends = ends(round);
    let minute = ends..Micros(ends.0 + MINUTE);
    surveys.round(&round.id).is_some_and(|held| minute.contains(&held.stored))
}

/// A round as guardians are asked it, by themselves: of one that asks others too the part that is theirs.
pub fn of_guardians(round: &RoundFacts) -> Option<RoundFacts> {
    let own = guardians_at(round)?;
    let groups = round.groups.get(own).cloned().into_iter().collect();
    Some(RoundFacts { mode: RoundMode::Guardians, roles: Vec::new(), groups, ..round.clone() })
}

/// A round that opens now, in Sweden; nothing if it would have closed before.
pub fn open_now(round: &RoundFacts, now: Micros) -> Option<RoundFacts> {
    let closes = round.hours.map_or(MINUTES_PER_DAY, |hours| hours.closes);
    let hours = Some(Hours { opens: minute_in_sweden(now), closes });
    let opened = RoundFacts { draft: false, opens: Date::in_sweden(now), hours, ..round.clone() };
    (times(&opened).1 > now).then_some(opened)
}

/// A round that closes now, in Sweden.
pub fn close_now(round: &RoundFacts, now: Micros) -> RoundFacts {
    let opens = round.hours.map_or(0, |hours| hours.opens);
    let hours = Some(Hours { opens, closes: minute_in_sweden(now) });
    RoundFacts { closes: Date::in_sweden(now), hours, ..round.clone() }
}

/// Where a round stands at an instant. What nobody can link is open once it was opened.
pub fn stage(round: &RoundFacts, surveys: &Surveys, now: Micros) -> Stage {
    let unlinkable = round.mode == RoundMode::Unlinkable;
    let (opens, closes) = times(round);
    if round.draft {
        Stage::Draft
    } else if now < opens || (unlinkable && now < closes && surveys.opened(&round.id).is_none()) {
        Stage::Scheduled
    } else if now < closes {
        Stage::Open
    } else if reported_on(round, surveys).is_some_and(|day| now >= day.begins()) {
        Stage::Reported
    } else {
        Stage::Closed
    }
}

/// The first day on which a report with a round's answers is released: the day after they came out of the ballot box, none as
/// long as they have not; else the day after the one of which [`is_let_out`] says that it has them.
pub fn reported_on(round: &RoundFacts, surveys: &Surveys) -> Option<Date> {
    let after = |day: Date, days| Date::from_days(day.days() + days);
    match round.mode {
        RoundMode::Unlinkable => surveys.emptied(&round.id).map(|emptied| after(emptied.on, 1)),
        _ => Some(after(round.closes, 2)),
    }
}

/// Whether a round has a report: while it is open one of how many have answered, but where nobody can be linked.
pub fn has_report(round: &RoundFacts, surveys: &Surveys, now: Micros) -> bool {
    surveys.is_counted(round) && stage(round, surveys, now) >= Stage::Open
}

/// Whether a report about a day has a round's answers: once they are out of the ballot box, or after the day that it closed on; of
/// that day itself where it was closed by hand.
pub fn is_let_out(round: &RoundFacts, surveys: &Surveys, about: Date) -> bool {
    match round.mode {
        RoundMode::Unlinkable => surveys.is_counted(round),
        _ => about > round.closes || (about >= last_day(round) && is_closed_by_hand(round, surveys)),
    }
}

/// The round that is meant where none is named and reports are about a day: of those whose answers are let out by then, or else
/// of all, the one that opened last; of several, the one whose id comes last. A draft is none.
pub fn newest(surveys: &Surveys, about: Date) -> Option<&RoundFacts> {
    let is_out = |round: &RoundFacts| round.closes <= about && is_let_out(round, surveys, about);
    let rounds = surveys.rounds().filter(|round| !round.draft);
    rounds.max_by_key(|round| (is_out(round), round.opens, &round.id))
}

/// The last day on which answers may come: that of its closing, or of the last minute of grace.
pub fn last_day(round: &RoundFacts) -> Date {
    Date::in_sweden(Micros(ends(round).0 - 1))
}

#[cfg(test)]
mod tests {
    use eventlog::event::Event;

    use super::*;
    use crate::events::{GuardianLink, Guardians, Hours, RoundBallotsFacts, RoundGroup};
    use crate::testing::{date, event, instant, round};

    #[test]
    fn a_round_opens_and_closes_by_swedish_clocks_and_is_reported_after_the_night() {
        let mut round = round("2026-10-23", "2026-10-25");
        round.hours = Some(Hours { opens: 8 * 60, closes: 17 * 60 });
        round.grace = 30;
        let surveys = Surveys::default();
        for (now, expected) in [
            ("2026-10-23T05:59:59Z", Stage::Scheduled),
            ("2026-10-23T06:00:00Z", Stage::Open),
            // The night between has given an hour back.
            ("2026-10-25T15:59:59Z", Stage::Open),
            ("2026-10-25T16:00:00Z", Stage::Closed),
            // The report that is released at midnight is about the day of closing, and has no answers yet.
            ("2026-10-26T22:59:59Z", Stage::Closed),
            ("2026-10-26T23:00:00Z", Stage::Reported),
        ] {
            assert_eq!(stage(&round, &surveys, instant(now)), expected, "{now}");
        }
        assert_eq!(ends(&round), instant("2026-10-25T16:30:00Z"));
        assert_eq!(last_day(&round), date("2026-10-25"));
        for (at, counts) in [
            ("2026-10-23T05:59:59.999999Z", false),
            ("2026-10-23T06:00:00Z", true),
            ("2026-10-25T16:29:59.999999Z", true),
            ("2026-10-25T16:30:00Z", false),
        ] {
            assert_eq!(taken(&round, &surveys).contains(&instant(at)), counts, "{at}");
        }
        round.grace = 8 * 60;
        assert_eq!(last_day(&round), date("2026-10-26"), "who hands in after midnight is counted");
        round.draft = true;
        assert_eq!(stage(&round, &surveys, instant("2026-10-24T06:00:00Z")), Stage::Draft);
    }

    #[test]
    fn whole_days_begin_and_end_at_midnight() {
        let round = round("2026-06-01", "2026-06-01");
        assert_eq!(times(&round), (instant("2026-05-31T22:00:00Z"), instant("2026-06-01T22:00:00Z")));
        let surveys = Surveys::default();
        assert_eq!(stage(&round, &surveys, instant("2026-06-01T22:00:00Z")), Stage::Closed);
        let on = reported_on(&round, &surveys).unwrap();
        assert!(
            !is_let_out(&round, &surveys, date("2026-06-01"))
                && is_let_out(&round, &surveys, date("2026-06-02"))
        );
        assert_eq!((on, stage(&round, &surveys, on.begins())), (date("2026-06-03"), Stage::Reported));
    }

    #[test]
    fn what_nobody_can_link_is_open_when_it_was_opened_and_reported_when_it_was_emptied() {
        let mut round = round("2026-06-01", "2026-06-02");
        round.mode = RoundMode::Unlinkable;
        let mut surveys = Surveys::default();
        assert_eq!(stage(&round, &surveys, instant("2026-06-01T12:00:00Z")), Stage::Scheduled);
        assert_eq!(stage(&round, &surveys, instant("2026-06-20T12:00:00Z")), Stage::Closed);
        let facts = RoundBallotsFacts { round: round.id.clone(), voted: 0, answers: Vec::new() };
        let emptied = Event { stored: instant("2026-06-20T12:00:00Z"), ..event(1, &facts) };
        surveys.apply(&emptied).unwrap();
        assert_eq!(stage(&round, &surveys, instant("2026-06-20T21:59:59Z")), Stage::Closed);
        assert_eq!(stage(&round, &surveys, instant("2026-06-20T22:00:00Z")), Stage::Reported);
    }

    #[test]
    fn a_round_opens_and_closes_at_the_minute_that_the_clocks_show() {
        let mut made = round("2026-06-01", "2026-06-12");
        made.draft = true;
        let surveys = Surveys::default();
        let now = instant("2026-05-20T07:30:30Z");
        let open = open_now(&made, now).unwrap();
        assert_eq!(open.hours, Some(Hours { opens: 9 * 60 + 30, closes: MINUTES_PER_DAY }));
        assert_eq!((stage(&open, &surveys, now), times(&open).1), (Stage::Open, times(&made).1));
        assert_eq!(open_now(&made, times(&made).1), None, "it would have closed");
        let closed = close_now(&open, instant("2026-05-20T07:30:59Z"));
        assert_eq!(stage(&closed, &surveys, instant("2026-05-20T07:30:59Z")), Stage::Closed);
        // In the hour that comes twice, too.
        let twice = instant("2026-10-25T01:15:00Z");
        let late = close_now(&round("2026-10-01", "2026-11-01"), twice);
        assert_eq!(late.hours.unwrap().closes, 2 * 60 + 15);
        assert!(times(&late).1 <= twice);
    }

    #[test]
    fn what_was_closed_by_hand_is_let_out_on_that_day_once_it_is_over() {
        let mut round = round("2026-05-01", "2026-05-12");
        round.hours = Some(Hours { opens: 0, closes: 9 * 60 });
        let said = |round: &RoundFacts, stored: &str| {
            let mut surveys = Surveys::default();
            surveys.apply(&eventlog::event::Event { stored: instant(stored), ..event(1, round) }).unwrap();
            surveys
        };
        let out = |round: &RoundFacts, stored, about| is_let_out(round, &said(round, stored), date(about));
        let (before, after) = ("2026-05-12T06:59:59Z", "2026-05-12T07:00:00Z");
        assert!(!out(&round, before, "2026-05-12"), "it may still be answered");
        assert!(out(&round, before, "2026-05-13"));
        assert!(out(&round, after, "2026-05-12"));
        assert!(!out(&round, after, "2026-05-11"), "a part of the answers is no report");
        round.grace = 30;
        assert!(!out(&round, after, "2026-05-12"), "what was begun is still taken");
        assert!(out(&round, "2026-05-12T07:30:00Z", "2026-05-12"));
    }

    #[test]
    fn of_the_minute_in_which_a_round_was_closed_by_hand_all_counts() {
        let closed = close_now(&round("2026-05-01", "2026-05-12"), instant("2026-05-07T10:15:40Z"));
        let until = |stored: &str| {
            let mut surveys = Surveys::default();
            surveys.apply(&eventlog::event::Event { stored: instant(stored), ..event(1, &closed) }).unwrap();
            taken(&closed, &surveys).end
        };
        assert_eq!(until("2026-05-07T10:15:40.2Z"), instant("2026-05-07T10:16:00Z"));
        // What was said of it before, or long after, was no closing by hand.
        assert_eq!(until("2026-05-07T10:14:59Z"), instant("2026-05-07T10:15:00Z"));
        assert_eq!(until("2026-05-07T10:16:00Z"), instant("2026-05-07T10:15:00Z"));
    }

    #[test]
    fn guardians_beside_others_are_a_round_of_their_own() {
        let mut whole = round("2026-05-01", "2026-05-12");
        assert_eq!(of_guardians(&whole), None);
        let group = |id: &str, roles: &[&str]| RoundGroup {
            id: id.into(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        whole.mode = RoundMode::Unlinkable;
        whole.groups = vec![group("larare", &["Lärare"]), group("hem", &[])];
        let link = GuardianLink { unit: "S".into(), registration: [9; 16], pupils: Some(3) };
        whole.guardians = Some(Guardians { source: None, links: vec![link] });
        let own = of_guardians(&whole).unwrap();
        assert_eq!((own.mode, own.groups.as_slice()), (RoundMode::Guardians, &whole.groups[1..]));
        assert_eq!(of_guardians(&own), Some(own.clone()));
        let mut surveys = Surveys::default();
        surveys.apply(&event(1, &whole)).unwrap();
        // What guardians answer is a statement, also where the others' answers go into a ballot box.
        assert!(surveys.is_of_the_box(whole.registration) && !surveys.is_of_the_box([9; 16]));
        assert_eq!(surveys.round_of([9; 16]).map(|round| round.id.as_str()), Some(whole.id.as_str()));
    }

    #[test]
    fn the_round_meant_where_none_is_named_is_the_newest_whose_answers_are_let_out() {
        let of =
            |id: &str, mode, opens, closes| RoundFacts { id: id.to_owned(), mode, ..round(opens, closes) };
        let mut surveys = Surveys::default();
        let told = |surveys: &Surveys, about| newest(surveys, date(about)).map(|round| round.id.clone());
        assert_eq!(told(&surveys, "2026-06-01"), None);
        let mut position = 0;
        let mut apply = |surveys: &mut Surveys, round: &RoundFacts| {
            position += 1;
            surveys.apply(&event(position, round)).unwrap();
        };
        let mut draft = of("draft", RoundMode::Named, "2026-07-01", "2026-07-02");
        draft.draft = true;
        apply(&mut surveys, &draft);
        assert_eq!(told(&surveys, "2026-08-01"), None);
        apply(&mut surveys, &of("first", RoundMode::Named, "2026-05-01", "2026-05-10"));
        apply(&mut surveys, &of("box", RoundMode::Unlinkable, "2026-05-02", "2026-05-20"));
        apply(&mut surveys, &of("open", RoundMode::Guardians, "2026-05-12", "2026-06-30"));
        assert_eq!(told(&surveys, "2026-05-09").as_deref(), Some("open"), "of none are the answers let out");
        assert_eq!(told(&surveys, "2026-05-25").as_deref(), Some("first"), "the box has not been emptied");
        let now = instant("2026-05-25T12:00:00Z");
        let has_report = |surveys: &Surveys, id| has_report(&surveys.round(id).unwrap().facts, surveys, now);
        assert_eq!(
            ["draft", "first", "box", "open"].map(|id| has_report(&surveys, id)),
            [false, true, false, true]
        );
        let emptied = RoundBallotsFacts { round: "box".into(), voted: 0, answers: Vec::new() };
        surveys.apply(&event(9, &emptied)).unwrap();
        assert!(has_report(&surveys, "box"));
        assert_eq!(told(&surveys, "2026-05-19").as_deref(), Some("first"));
        assert_eq!(told(&surveys, "2026-05-20").as_deref(), Some("box"));
        assert_eq!(told(&surveys, "2026-07-01").as_deref(), Some("open"));
    }
}
