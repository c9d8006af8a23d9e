//! What came out of the ballot box of a round that nobody can link, and who may be told apart in it.

use super::super::ReportError;
use super::super::populations::Place;
use crate::lake::LakeError;
use domain::events::{Ballot, RoundBallotsFacts, RoundFacts, Stratum};
use domain::surveys::Surveys;
use domain::{Facts, Municipality};
use eventlog::event::{Event, Position};

/// A round's strata, fixed when it opened, and its answers. Before it opens there are none of either; before its ballot box
/// has been emptied there are no answers.
pub(super) struct Emptied<'a> {
    pub(super) smallest: u32,
    pub(super) strata: &'a [Stratum],
    pub(super) answers: Vec<Ballot>,
    /// How many are marked as having voted.
    pub(super) voted: u32,
}

/// Where the answers are that the report of a round may need: of all rounds of its survey that nobody can link.
pub fn ballots(municipality: &Municipality, round: &str) -> Vec<Position> {
    let surveys = &municipality.surveys;
    let survey = surveys.round(round).map(|held| held.facts.survey.as_str());
    let same = surveys.rounds().filter(|other| Some(other.survey.as_str()) == survey);
    same.filter_map(|round| Some(surveys.emptied(&round.id)?.position)).collect()
}

impl<'a> Emptied<'a> {
    /// Of a round, by the events that its answers are among.
    pub(super) fn of(
        surveys: &'a Surveys,
        round: &RoundFacts,
        events: &[Event],
    ) -> Result<Self, ReportError> {
        let opened = surveys.opened(&round.id);
        let (smallest, strata) = opened.map_or((0, &[][..]), |opened| (opened.smallest, &opened.strata));
        let (mut answers, mut voted) = (Vec::new(), 0);
        if let Some(emptied) = surveys.emptied(&round.id) {
            let position = emptied.position;
            let event = events.iter().find(|event| event.position == position);
            let event = event.ok_or(ReportError::NoBallots { position: position.0 })?;
            let facts = RoundBallotsFacts::decode(event.schema, &event.facts).map_err(|error| {
                ReportError::Lake(LakeError::Facts { position: position.0, reason: error.to_string() })
            })?;
            (answers, voted) = (facts.answers, facts.voted);
        }
        Ok(Self { smallest, strata, answers, voted })
    }

    /// The places of each stratum of a group of respondents.
    pub(super) fn places(&self, group: Option<&str>) -> Vec<Vec<Place<'a>>> {
        self.strata.iter().filter(|stratum| stratum.group.as_deref() == group).map(places_of).collect()
    }
}

/// The places that the people of a stratum have among them; who has which is not told.
pub(super) fn places_of(stratum: &Stratum) -> Vec<Place<'_>> {
    let units = stratum.all_units().iter();
    units.flat_map(|unit| stratum.roles.iter().map(move |role| Place { unit, role })).collect()
}
