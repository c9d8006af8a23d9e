//! Ordered reports and their schedules, folded from the log; and which of them are due.

use std::collections::BTreeMap;

use eventlog::clock::Micros;
use eventlog::event::{Event, Key};

use crate::events::{
    ReportOrderedFacts, ReportRemovedFacts, ReportScheduleRemovedFacts, ReportScheduleSetFacts, kind,
};
use crate::{BadFacts, Facts as _};

/// An ordered report: what it is, and when it was first ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordered {
    /// What it is.
    pub facts: ReportOrderedFacts,
    /// When it was ordered.
    pub at: Micros,
}

/// The reports and schedules that there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderedReports {
    reports: BTreeMap<Key, Ordered>,
    schedules: BTreeMap<Key, ReportScheduleSetFacts>,
    /// For each schedule the latest time that it was done for, reports that were removed since included.
    done: BTreeMap<Key, i64>,
}

impl OrderedReports {
    /// The kinds of events that make a difference here.
    pub const KINDS: &'static [&'static str] = kind::ORDERED;

    /// Takes an event in; others than of these kinds are passed over.
    ///
    /// # Errors
    /// Its facts cannot be read; the state is then as before.
    pub fn apply(&mut self, event: &Event) -> Result<(), BadFacts> {
        let (schema, facts) = (event.schema, &event.facts);
        match event.kind.as_str() {
            kind::REPORT_ORDERED => {
                let facts = ReportOrderedFacts::decode(schema, facts)?;
                if let Some((schedule, due)) = facts.schedule.zip(facts.due) {
                    let done = self.done.entry(schedule).or_insert(due);
                    *done = due.max(*done);
                }
                let at = self.reports.get(&facts.report).map_or(event.stored, |known| known.at);
                self.reports.insert(facts.report, Ordered { facts, at });
            }
            kind::REPORT_REMOVED => {
                self.reports.remove(&ReportRemovedFacts::decode(schema, facts)?.report);
            }
            kind::REPORT_SCHEDULE_SET => {
                let facts = ReportScheduleSetFacts::decode(schema, facts)?;
                self.schedules.insert(facts.schedule, facts);
            }
            kind::REPORT_SCHEDULE_REMOVED => {
                self.schedules.remove(&ReportScheduleRemovedFacts::decode(schema, facts)?.schedule);
            }
            _ => {}
        }
        Ok(())
    }

    /// A report.
    pub fn report(&self, id: &Key) -> Option<&Ordered> {
        self.reports.get(id)
    }

    /// All reports, the latest order first.
    pub fn reports(&self) -> Vec<&Ordered> {
        let mut all: Vec<_> = self.reports.values().collect();
        all.sort_by_key(|ordered| std::cmp::Reverse((ordered.at, ordered.facts.report)));
        all
    }

    /// The report of the same definition from the latest position before that of another.
    pub fn before(&self, report: &ReportOrderedFacts) -> Option<&Ordered> {
        let earlier = |other: &&Ordered| {
            other.facts.definition.trim() == report.definition.trim()
                && other.facts.position < report.position
        };
        self.reports
            .values()
            .filter(earlier)
            .max_by_key(|other| (other.facts.position, other.at, other.facts.report))
    }

    /// A schedule.
    pub fn schedule(&self, id: &Key) -> Option<&ReportScheduleSetFacts> {
        self.schedules.get(id)
    }

    /// All schedules, by name.
    pub fn schedules(&self) -> Vec<&ReportScheduleSetFacts> {
        let mut all: Vec<_> = self.schedules.values().collect();
        all.sort_by_key(|schedule| (&schedule.name, schedule.schedule));
        all
    }

    /// What is to be ordered now: a schedule, and the last time that it was due for. Of several that went by, the last
    /// one alone.
    pub fn due(&self, now: Micros) -> Vec<(&ReportScheduleSetFacts, Micros)> {
        let due = |schedule: &'_ ReportScheduleSetFacts| -> Option<Micros> {
            let ReportScheduleSetFacts { schedule: id, recurrence, from, .. } = schedule;
            let last = recurrence.last(now)?;
            let open = last.0 >= *from && self.done.get(id).is_none_or(|done| *done < last.0);
            open.then_some(last)
        };
        self.schedules.values().filter_map(|schedule| Some((schedule, due(schedule)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{event, instant, monthly};

    fn ordered(id: u8, definition: &str, position: u64) -> ReportOrderedFacts {
        ReportOrderedFacts {
            report: [id; 16],
            name: format!("report {id}"),
            definition: definition.to_owned(),
            position,
            as_of: "2026-06-12".parse().unwrap(),
            by: Some([9; 16]),
            program: "larka 0.1.0".to_owned(),
            schedule: None,
            due: None,
        }
    }

    #[test]
    fn a_report_is_listed_renamed_compared_and_removed() {
        let mut all = OrderedReports::default();
        let same = "report = \"competence\"";
        for (at, facts) in
            [(5, ordered(1, same, 4)), (8, ordered(2, "report = \"survey\"", 7)), (9, ordered(3, same, 8))]
        {
            all.apply(&event(at, &facts)).unwrap();
        }
        let renamed = ReportOrderedFacts { name: "otherwise".to_owned(), ..ordered(1, same, 4) };
        all.apply(&event(11, &renamed)).unwrap();
        let names: Vec<_> = all.reports().iter().map(|report| report.facts.name.as_str()).collect();
        assert_eq!(names, ["report 3", "report 2", "otherwise"]);
        let before = |id: u8, all: &OrderedReports| {
            all.before(&all.report(&[id; 16]).unwrap().facts).map(|before| before.facts.report)
        };
        assert_eq!([before(3, &all), before(1, &all), before(2, &all)], [Some([1; 16]), None, None]);
        all.apply(&event(12, &ReportRemovedFacts { report: [1; 16], by: None })).unwrap();
        assert_eq!((before(3, &all), all.reports().len()), (None, 2));
    }

    #[test]
    fn of_runs_that_were_missed_the_last_is_due_until_it_was_made() {
        let mut all = OrderedReports::default();
        let schedule = ReportScheduleSetFacts {
            schedule: [7; 16],
            name: "monthly".to_owned(),
            definition: String::new(),
            recurrence: monthly(1, 6, 0),
            by: None,
            from: instant("2026-06-10T00:00:00Z").0,
        };
        all.apply(&event(1, &schedule)).unwrap();
        let due = |all: &OrderedReports, now: &str| {
            all.due(instant(now)).into_iter().map(|(_, due)| due).collect::<Vec<_>>()
        };
        assert_eq!(due(&all, "2026-06-30T00:00:00Z"), []);
        let september = instant("2026-09-01T04:00:00Z");
        assert_eq!(due(&all, "2026-09-20T00:00:00Z"), [september]);
        let made =
            ReportOrderedFacts { schedule: Some([7; 16]), due: Some(september.0), ..ordered(1, "", 1) };
        all.apply(&event(2, &made)).unwrap();
        all.apply(&event(3, &ReportRemovedFacts { report: [1; 16], by: None })).unwrap();
        assert_eq!(due(&all, "2026-09-20T00:00:00Z"), []);
        all.apply(&event(4, &ReportScheduleRemovedFacts { schedule: [7; 16], by: None })).unwrap();
        assert_eq!(due(&all, "2026-12-20T00:00:00Z"), []);
    }
}
