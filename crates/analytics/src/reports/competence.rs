//! The competence report: how levels are distributed, by competence and area, in every group of employees.
//!
//! - The base of a group is who has a duty there on the day. A person with several agents counts once.
//! - Self-assessed and demonstrated levels stand beside each other and are never mixed; the table of both is of
//!   those who have both.
//! - An interval of levels counts with its lower end, what is certain; against a target both ends count.
//! - Beside them stands how many the courses have reached: who has at least one statement in one.
//! - Unknown is never a level. Who has no level is in the base and in no category.
//! - A person's level in an area is the highest that at least half of the area's competences reach; a competence
//!   without a level reaches none.

mod change;
mod evidence;
mod known;
mod ledger;
mod sections;
mod targets;

use super::populations::Populations;
use super::{Definition, Frame, ReportError, notes, text};
use crate::lake::Snapshot;
use change::Day;
use disclosure::{ReportKind, ResultTable, Text};
use domain::frameworks::{Framework, framework};
use domain::{Facts, Municipality, instruments};
use evidence::{Instrument, People};
use sections::Report;

pub use known::Parameters;
use ledger::Staff;
pub use ledger::{Ledger, Releases};

/// Makes the report at the snapshot's position. `municipality` is folded from the events up to it. `held` has the people as
/// they are released, on the report's day and on the one that it is compared with; without it they stand as on those days.
///
/// # Errors
/// [`ReportError::Unknown`] where there is no such framework, and what [`ReportError`] says of lake, day and
/// position.
pub fn report(
    snapshot: &Snapshot,
    municipality: &Municipality,
    parameters: &Parameters,
    held: Option<(&Ledger, Releases)>,
) -> Result<ResultTable, ReportError> {
    let frame = Frame::new(snapshot, municipality, parameters.as_of)?;
    let framework =
        framework(&parameters.framework).ok_or_else(|| frame.unknown("framework", &parameters.framework))?;
    let instrument = Instrument::latest(municipality, framework, frame.as_of);
    let on_day = People::on_duty(municipality, frame.as_of);
    let people = match held {
        Some((ledger, releases)) => ledger.staff(releases.now),
        None => Staff::on_day(&frame, framework, instrument.as_ref(), &on_day),
    };
    let units: Vec<_> = municipality.organisation.units().collect();
    let populations = Populations::build(&units, None, &people.places);
    let made = Report::new(framework, instrument.as_ref(), &populations);
    let mut rolls = vec![populations.roll()];
    let mut sections = sections::all(&made, &people.standings, parameters);
    targets::mark(&mut sections, framework, &municipality.catalogue);
    sections.extend(targets::sections(&made, &municipality.catalogue, &people.standings.known));
    if let Some(since) = parameters.since {
        if since >= frame.as_of {
            return Err(ReportError::Since { since, as_of: frame.as_of });
        }
        let before = Frame::new(snapshot, municipality, Some(since))?;
        let asked = Instrument::latest(municipality, framework, since);
        let on_day = People::on_duty(municipality, since);
        let people_then = match held.and_then(|(ledger, releases)| Some((ledger, releases.since?))) {
            Some((ledger, since)) => ledger.staff(since),
            None => Staff::on_day(&before, framework, asked.as_ref(), &on_day),
        };
        let groups = Populations::build(&units, None, &people_then.places).as_groups_of(&populations);
        rolls.extend(change::rolls((&populations, &people.ids), (&groups, &people_then.ids)));
        let then = Day {
            on: since,
            report: Report::new(framework, asked.as_ref(), &groups),
            people: &people_then.ids,
            known: people_then.standings.known,
        };
        let same = asked.as_ref().map(|asked| asked.survey) == instrument.as_ref().map(|asked| asked.survey);
        let known = people.standings.known;
        let now = Day { on: frame.as_of, report: made, people: &people.ids, known };
        sections.extend(change::sections(&now, &then, same));
    }
    if let Some((ledger, _)) = held {
        notes::of_releases(&mut sections, ledger.k());
    }
    Ok(ResultTable {
        kind: ReportKind::Competence,
        title: Text::new("Digital kompetens", "Digital competence"),
        subtitle: Text::new(
            format!("Enligt ramverket {}", framework.name.sv),
            format!("By the framework {}", framework.name.english()),
        ),
        sources: sources(framework).into_iter().chain(attribution(instrument.as_ref())).collect(),
        place: frame.place(None),
        period: Text::new(format!("Läget {}", frame.as_of), format!("As of {}", frame.as_of)),
        identity: frame.identity(definition(municipality, framework, instrument.as_ref(), parameters)),
        dated_ahead: frame.dated_ahead,
        weights: None,
        outside: Vec::new(),
        rolls,
        populations: populations.list,
        sections,
    })
}

/// What has to be said wherever a framework's text is shown.
pub(super) fn sources(framework: &Framework) -> Vec<Text> {
    vec![text(&framework.source.attribution), text(&framework.source.translation)]
}

/// The line to print of the published instrument that self-assessment is by.
fn attribution(instrument: Option<&Instrument<'_>>) -> Option<Text> {
    let id = instrument?.survey.instrument.as_deref()?;
    instruments::instrument(id).map(|instrument| text(&instrument.attribution))
}

/// Parameters, rules and instrument.
fn definition(
    municipality: &Municipality,
    framework: &Framework,
    instrument: Option<&Instrument<'_>>,
    parameters: &Parameters,
) -> Definition {
    let mut definition = Definition::of("competence")
        .with(framework.id.as_bytes())
        .with(framework.version.as_bytes())
        .with(&parameters.levels_from.to_be_bytes())
        .with(&instrument.map(|instrument| instrument.survey.encode()).unwrap_or_default());
    for rules in municipality.catalogue.rules().filter(|rules| rules.framework == framework.id) {
        definition = definition.with(&rules.encode());
    }
    for targets in municipality.catalogue.targets().filter(|targets| targets.framework == framework.id) {
        definition = definition.with(&targets.encode());
    }
    if let Some(since) = parameters.since {
        definition = definition.with(b"since").with(since.to_string().as_bytes());
    }
    definition
}
