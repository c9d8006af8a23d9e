//! `POST /api/v1/rounds`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Change, Changes, Invalid, Problems};
use crate::events::{GuardianLink, Guardians, RoundFacts, RoundMode};
use crate::{Date, Municipality, Text};

/// The body of `POST /api/v1/rounds`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoundsInput {
    /// Rounds.
    pub rounds: Vec<RoundInput>,
}

/// A round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundInput {
    /// Its id.
    pub id: String,
    /// The survey's IRI.
    pub survey: String,
    /// The survey's version.
    pub version: String,
    /// Its title.
    pub title: Text,
    /// How respondents are known.
    pub mode: RoundMode,
    /// The registration of its answers, a UUID.
    pub registration: String,
    /// The first day.
    pub opens: Date,
    /// The last day.
    pub closes: Date,
    /// Who is asked.
    pub audience: AudienceInput,
    /// Whether shares positive are of those who took a stand, without "don't know" in their base.
    #[serde(default, skip_serializing_if = "is_false")]
    pub without_dont_know: bool,
    /// Where guardians answer, of `mode` `guardians`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardians: Option<GuardiansInput>,
}

/// Where guardians answer, and of how many pupils.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardiansInput {
    /// Where the stated numbers of pupils are from, for instance a register and its day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Text>,
    /// A link for each unit, none below another's.
    pub links: Vec<GuardianLinkInput>,
}

/// One link, for the guardians of one unit's pupils.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardianLinkInput {
    /// The unit's code.
    pub unit: String,
    /// The registration of the answers that come by it, a UUID.
    pub registration: String,
    /// How many pupils there are; none: as many as are enrolled on the first day, there and below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pupils: Option<u64>,
}

/// Who is asked in a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AudienceInput {
    /// The code of the unit whose people (in all units below it too) are asked.
    pub unit: String,
    /// The roles that are asked; none: all.
    #[serde(default)]
    pub roles: Vec<String>,
}

impl RoundsInput {
    /// Checks the body by itself.
    ///
    /// # Errors
    /// [`Invalid`] with every place that is wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        let (mut ids, mut registrations) = (BTreeSet::new(), BTreeSet::new());
        for (i, round) in self.rounds.iter().enumerate() {
            let at = |field: &str| format!("/rounds/{i}/{field}");
            problems.check(!round.id.trim().is_empty(), || at("id"), "an id");
            problems.check(ids.insert(&round.id), || at("id"), "an id that stands once in the body");
            problems.check(!round.title.sv.trim().is_empty(), || at("title/sv"), "a title");
            let registration = round.registration();
            problems.check(registration.is_some(), || at("registration"), "a UUID");
            let unique = registration.is_none_or(|registration| registrations.insert(registration));
            problems.check(unique, || at("registration"), "a UUID that stands once in the body");
            problems.check(round.opens <= round.closes, || at("closes"), "a day not before `opens`");
            let links = (round.mode == RoundMode::Guardians) == round.guardians.is_some();
            problems.check(links, || at("guardians"), "links where `mode` is guardians, and only there");
            let Some(guardians) = &round.guardians else { continue };
            problems.check(
                round.audience.roles.is_empty(),
                || at("audience/roles"),
                "none: guardians have none",
            );
            problems.check(!guardians.links.is_empty(), || at("guardians/links"), "at least one link");
            let stated = guardians.links.iter().any(|link| link.pupils.is_some());
            let named = guardians.source.as_ref().is_some_and(|source| !source.sv.trim().is_empty());
            problems.check(
                named || !stated,
                || at("guardians/source"),
                "where the numbers of pupils are from",
            );
            let mut units = BTreeSet::new();
            for (j, link) in guardians.links.iter().enumerate() {
                let at = |field: &str| at(&format!("guardians/links/{j}/{field}"));
                problems.check(units.insert(&link.unit), || at("unit"), "a unit that stands once");
                let registration = uuid(&link.registration);
                problems.check(registration.is_some(), || at("registration"), "a UUID");
                let unique = registration.is_none_or(|registration| registrations.insert(registration));
                problems.check(unique, || at("registration"), "a UUID that stands once in the body");
                problems.check(link.pupils != Some(0), || at("pupils"), "at least one pupil");
            }
        }
        problems.result()
    }

    /// The events of what is new or different. The body has passed [`validate`](Self::validate).
    ///
    /// # Errors
    /// [`Invalid`] where a round does not go with what is known: no such survey or unit, or another round has
    /// its registration.
    pub fn changes(&self, known: &Municipality) -> Result<Changes, Invalid> {
        let mut problems = Problems::default();
        let mut changes = Changes::default();
        for (i, round) in self.rounds.iter().enumerate() {
            let at = |field: &str| format!("/rounds/{i}/{field}");
            let survey = known.surveys.survey(&round.survey, &round.version).is_some();
            problems.check(survey, || at("survey"), "a survey, in this version, that was posted before");
            let unit = known.organisation.unit(&round.audience.unit).is_some();
            problems.check(unit, || at("audience/unit"), "the code of a unit");
            let Some(registration) = round.registration() else { continue };
            let free = known.surveys.round_of(registration).is_none_or(|other| other.id == round.id);
            problems.check(free, || at("registration"), "a UUID that no other round has");
            let links = round.guardians.iter().flat_map(|guardians| &guardians.links);
            for (j, link) in links.clone().enumerate() {
                let at = |field: &str| at(&format!("guardians/links/{j}/{field}"));
                let below = known.organisation.descendants(&link.unit);
                let within =
                    known.organisation.descendants(&round.audience.unit).contains(link.unit.as_str());
                problems.check(within, || at("unit"), "a unit of the audience");
                let apart = links
                    .clone()
                    .all(|other| other.unit == link.unit || !below.contains(other.unit.as_str()));
                problems.check(apart, || at("unit"), "a unit with no other link's unit below it");
                let free = uuid(&link.registration).and_then(|key| known.surveys.round_of(key));
                let free = free.is_none_or(|other| other.id == round.id);
                problems.check(free, || at("registration"), "a UUID that no other round has");
            }
            let roles: BTreeSet<_> = round.audience.roles.iter().cloned().collect();
            let facts = RoundFacts {
                id: round.id.clone(),
                survey: round.survey.clone(),
                version: round.version.clone(),
                title: round.title.clone(),
                mode: round.mode,
                registration,
                opens: round.opens,
                closes: round.closes,
                unit: round.audience.unit.clone(),
                roles: roles.into_iter().collect(),
                without_dont_know: round.without_dont_know,
                guardians: round.guardians.as_ref().map(GuardiansInput::facts),
                hours: None,
                draft: false,
                again: false,
                grace: 0,
                partial: false,
            };
            let same = known.surveys.round(&round.id).is_some_and(|held| held.facts == facts);
            changes.add(same, || Change::clear(&facts));
        }
        problems.result()?;
        Ok(changes)
    }
}

impl RoundInput {
    /// The registration's bytes, if it is a UUID.
    pub fn registration(&self) -> Option<[u8; 16]> {
        uuid(&self.registration)
    }
}

impl GuardiansInput {
    fn facts(&self) -> Guardians {
        let link = |link: &GuardianLinkInput| {
            let registration = uuid(&link.registration)?;
            Some(GuardianLink { unit: link.unit.clone(), registration, pupils: link.pupils })
        };
        Guardians { source: self.source.clone(), links: self.links.iter().filter_map(link).collect() }
    }
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    uuid::Uuid::parse_str(text).ok().map(uuid::Uuid::into_bytes)
}

fn is_false(value: &bool) -> bool {
    !value
}
