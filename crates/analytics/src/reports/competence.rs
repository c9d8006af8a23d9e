//! The competence report: how levels are distributed, by competence and area, in every group of employees.
//!
//! - The base of a group is who has a duty there on the day. A person with several agents counts once.
//! - Self-assessed and demonstrated levels stand beside each other and are never mixed; the table of both is of
//!   those who have both.
//! - An interval of levels counts with its lower end: what is certain.
//! - Beside them stands how many the courses have reached: who has at least one statement in one.
//! - Unknown is never a level. Who has no level is in the base and in no category.
//! - A person's level in an area is the highest that at least half of the area's competences reach; a competence
//!   without a level reaches none.

mod evidence;
mod known;
mod sections;

use super::populations::Populations;
use super::{Definition, Frame, ReportError, text};
use crate::lake::Snapshot;
use disclosure::{ReportKind, ResultTable, Text};
use domain::frameworks::{Framework, framework};
use domain::{Facts, Municipality};
use evidence::{Instrument, People};

pub use known::Parameters;

/// Makes the report at the snapshot's position. `municipality` is folded from the events up to it.
///
/// # Errors
/// [`ReportError::Unknown`] where there is no such framework, and what [`ReportError`] says of lake, day and
/// position.
pub fn report(
    snapshot: &Snapshot,
    municipality: &Municipality,
    parameters: &Parameters,
) -> Result<ResultTable, ReportError> {
    let frame = Frame::new(snapshot, municipality, parameters.as_of)?;
    let framework =
        framework(&parameters.framework).ok_or_else(|| frame.unknown("framework", &parameters.framework))?;
    let instrument = Instrument::latest(municipality, framework, frame.as_of);
    let people = People::on_duty(municipality, frame.as_of);
    let known = evidence::known(&frame, framework, instrument.as_ref(), &people);
    let units: Vec<_> = municipality.organisation.units().collect();
    let populations = Populations::build(&units, None, &people.duties);
    let sections = sections::all(framework, instrument.as_ref(), &populations, &known, parameters);
    Ok(ResultTable {
        kind: ReportKind::Competence,
        title: Text::new("Digital kompetens", "Digital competence"),
        subtitle: Text::new(
            format!("Enligt ramverket {}", framework.name.sv),
            format!("By the framework {}", framework.name.english()),
        ),
        sources: sources(framework),
        place: frame.place(None),
        period: Text::new(format!("Läget {}", frame.as_of), format!("As of {}", frame.as_of)),
        identity: frame.identity(definition(municipality, framework, instrument.as_ref(), parameters)),
        dated_ahead: frame.dated_ahead,
        populations: populations.list,
        sections,
    })
}

/// What has to be said wherever a framework's text is shown.
pub(super) fn sources(framework: &Framework) -> Vec<Text> {
    vec![text(&framework.source.attribution), text(&framework.source.translation)]
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
    definition
}
