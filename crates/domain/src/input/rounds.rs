//! `POST /api/v1/rounds`.

use std::collections::BTreeSet;

use eventlog::clock::Micros;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Change, Changes, Invalid, Problems};
use crate::events::{GuardianLink, Guardians, Hours, RoundFacts, RoundGroup, RoundMode};
use crate::rounds::{self, Stage};
use crate::{Date, MINUTES_PER_DAY, Municipality, Text};

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
    /// The registration of its answers, a UUID; none: the one that it has, or one that is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// The first day.
    pub opens: Date,
    /// The last day.
    pub closes: Date,
    /// Who is asked.
    pub audience: AudienceInput,
    /// Whether shares positive are of those who took a stand, without "don't know" in their base.
    #[serde(default, skip_serializing_if = "is_false")]
    pub without_dont_know: bool,
    /// Where guardians answer: alone, in the mode `guardians`, or beside others as the one of `groups` without roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardians: Option<GuardiansInput>,
    /// When it opens on the first day and closes on the last one; none: both days are whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<HoursInput>,
    /// Whether it is being made: nobody is asked, and all of it may change.
    #[serde(default, skip_serializing_if = "is_false")]
    pub draft: bool,
    /// Whether a later answer of somebody takes the place of the one before. Not where `mode` is unlinkable.
    #[serde(default, skip_serializing_if = "is_false")]
    pub again: bool,
    /// For how many minutes after it has closed what was begun before may still be handed in; at most 1,440.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub grace: u16,
    /// Whether answers may be handed in with required questions left open.
    #[serde(default, skip_serializing_if = "is_false")]
    pub partial: bool,
    /// The survey's groups of respondents that are asked, where it has groups; where guardians alone are asked the one that they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<RoundGroupInput>,
}

/// A group of respondents in a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundGroupInput {
    /// Its id in the survey's definition.
    pub id: String,
    /// Its roles, which no other group has; of guardians none. Who has those of several is in the first.
    #[serde(default)]
    pub roles: Vec<String>,
}

/// Times of day in Sweden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursInput {
    /// When it opens on the first day, `HH:MM`.
    pub opens: String,
    /// When it closes on the last day, `HH:MM`; `24:00` is the day's end.
    pub closes: String,
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
    /// The registration of the answers that come by it, a UUID; none: the one that it has, or one that is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
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
    /// The roles that are asked; none: everybody who has a duty, or the roles of `groups`. Pupils who are enrolled are asked by `Elev`.
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
            let mut registered = |said: Option<&str>, at: &dyn Fn(&str) -> String| {
                let registration = said.map(uuid);
                problems.check(registration != Some(None), || at("registration"), "a UUID");
                let unique = registration.flatten().is_none_or(|one| registrations.insert(one));
                problems.check(unique, || at("registration"), "a UUID that stands once in the body");
            };
            registered(round.registration.as_deref(), &at);
            for (j, link) in round.guardians.iter().flat_map(|guardians| &guardians.links).enumerate() {
                let at = |field: &str| at(&format!("guardians/links/{j}/{field}"));
                registered(link.registration.as_deref(), &at);
            }
            problems.check(round.opens <= round.closes, || at("closes"), "a day not before `opens`");
            round.check_rules(&mut problems, &at);
            round.check_groups(&mut problems, &at);
            let asked =
                round.mode == RoundMode::Guardians || round.groups.iter().any(|one| one.roles.is_empty());
            problems.check(
                asked == round.guardians.is_some(),
                || at("guardians"),
                "links where `mode` is guardians or a group has no roles, and only there",
            );
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
                problems.check(link.pupils != Some(0), || at("pupils"), "at least one pupil");
            }
        }
        problems.result()
    }

    /// The events of what is new or different at an instant. The body has passed [`validate`](Self::validate); what
    /// `draw` gives is random.
    ///
    /// # Errors
    /// [`Invalid`] where a round does not go with what is known: no such survey or unit, another round has its
    /// registration, or it is open or closed and something else than may change then is different.
    pub fn changes(
        &self,
        known: &Municipality,
        now: Micros,
        mut draw: impl FnMut() -> [u8; 16],
    ) -> Result<Changes, Invalid> {
        let mut problems = Problems::default();
        let mut changes = Changes::default();
        for (i, round) in self.rounds.iter().enumerate() {
            let at = |field: &str| format!("/rounds/{i}/{field}");
            let survey = known.surveys.survey(&round.survey, &round.version).is_some();
            problems.check(survey, || at("survey"), "a survey, in this version, that was posted before");
            let unit = known.organisation.unit(&round.audience.unit).is_some();
            problems.check(unit, || at("audience/unit"), "the code of a unit");
            round.check_known_groups(known, &mut problems, &at);
            let held = known.surveys.round(&round.id).map(|held| &held.facts);
            let facts = round.facts(held, &mut draw);
            let free = |key| known.surveys.round_of(key).is_none_or(|other| other.id == round.id);
            let registration = "a UUID that no other round has";
            problems.check(free(facts.registration), || at("registration"), registration);
            let links = facts.guardians.iter().flat_map(|guardians| &guardians.links);
            for (j, link) in links.clone().enumerate() {
                let at = |field: &str| at(&format!("guardians/links/{j}/{field}"));
                let below = known.organisation.descendants(&link.unit);
                let within = known.organisation.descendants(&facts.unit).contains(link.unit.as_str());
                problems.check(within, || at("unit"), "a unit of the audience");
                let apart = links
                    .clone()
                    .all(|other| other.unit == link.unit || !below.contains(other.unit.as_str()));
                problems.check(apart, || at("unit"), "a unit with no other link's unit below it");
                problems.check(free(link.registration), || at("registration"), registration);
            }
            if let Some(held) = held {
                check_change(held, &facts, known, now, &mut problems, &at);
            }
            changes.add(held == Some(&facts), || Change::clear(&facts));
        }
        problems.result()?;
        Ok(changes)
    }
}

/// Holds what is said of a round against where it stands: a draft and what has not opened may change; what is open has a
/// title and a time at which it closes; what is closed stays.
fn check_change(
    held: &RoundFacts,
    facts: &RoundFacts,
    known: &Municipality,
    now: Micros,
    problems: &mut Problems,
    at: &dyn Fn(&str) -> String,
) {
    let stage = rounds::stage(held, &known.surveys, now);
    let opened = known.surveys.opened(&held.id).is_some();
    if stage < Stage::Open && !opened {
        return;
    }
    let open = stage <= Stage::Open;
    let expected = match open {
        true => {
            "as it was: of a round that is open the title and the time at which it closes may change, and nothing else"
        }
        false => "as it was: nothing of a round that has closed may change",
    };
    let ((opens, closes), (opened, closed)) = (rounds::times(facts), rounds::times(held));
    let same = [
        ("title", open || facts.title == held.title),
        ("survey", facts.survey == held.survey && facts.version == held.version),
        ("mode", facts.mode == held.mode),
        ("registration", facts.registration == held.registration),
        ("opens", opens == opened),
        ("closes", open || closes == closed),
        ("audience", facts.unit == held.unit && facts.roles == held.roles),
        ("without_dont_know", facts.without_dont_know == held.without_dont_know),
        ("guardians", facts.guardians == held.guardians),
        ("draft", facts.draft == held.draft),
        ("again", facts.again == held.again),
        ("grace", facts.grace == held.grace),
        ("partial", facts.partial == held.partial),
        ("groups", facts.groups == held.groups),
    ];
    for (field, same) in same {
        problems.check(same, || at(field), expected);
    }
    let ahead = !open || closes == closed || closes > now;
    problems.check(ahead, || at("closes"), "a time that has not passed; POST …/close closes a round now");
}

impl RoundInput {
    /// A round as it would be posted.
    pub fn of(facts: &RoundFacts) -> Self {
        let link = |link: &GuardianLink| GuardianLinkInput {
            unit: link.unit.clone(),
            registration: Some(Uuid::from_bytes(link.registration).to_string()),
            pupils: link.pupils,
        };
        Self {
            id: facts.id.clone(),
            survey: facts.survey.clone(),
            version: facts.version.clone(),
            title: facts.title.clone(),
            mode: facts.mode,
            registration: Some(Uuid::from_bytes(facts.registration).to_string()),
            opens: facts.opens,
            closes: facts.closes,
            audience: AudienceInput {
                unit: facts.unit.clone(),
                roles: if facts.groups.is_empty() { facts.roles.clone() } else { Vec::new() },
            },
            without_dont_know: facts.without_dont_know,
            guardians: facts.guardians.as_ref().map(|guardians| GuardiansInput {
                source: guardians.source.clone(),
                links: guardians.links.iter().map(link).collect(),
            }),
            hours: facts
                .hours
                .map(|hours| HoursInput { opens: clock(hours.opens), closes: clock(hours.closes) }),
            draft: facts.draft,
            again: facts.again,
            grace: facts.grace,
            partial: facts.partial,
            groups: facts
                .groups
                .iter()
                .map(|group| RoundGroupInput { id: group.id.clone(), roles: group.roles.clone() })
                .collect(),
        }
    }

    fn check_groups(&self, problems: &mut Problems, at: &dyn Fn(&str) -> String) {
        let guardians = self.mode == RoundMode::Guardians;
        problems.check(
            self.groups.is_empty() || self.audience.roles.is_empty(),
            || at("audience/roles"),
            "none: they are those of `groups`",
        );
        problems.check(!guardians || self.groups.len() < 2, || at("groups"), "one group: guardians are");
        let (mut ids, mut roles) = (BTreeSet::new(), BTreeSet::new());
        let (others, mut seen) = (self.groups.iter().any(|group| !group.roles.is_empty()), false);
        for (j, group) in self.groups.iter().enumerate() {
            let at = |field: &str| at(&format!("groups/{j}/{field}"));
            problems.check(ids.insert(&group.id), || at("id"), "a group that stands once");
            let without = group.roles.is_empty();
            let as_guardians = self.guardians.is_some() && others && !seen;
            seen |= without;
            problems.check(
                if guardians { without } else { !without || as_guardians },
                || at("roles"),
                "at least one role; of guardians, one group at most beside others, none",
            );
            let once = group.roles.iter().all(|role| roles.insert(role));
            problems.check(once, || at("roles"), "roles that stand once, and in one group");
        }
    }

    fn check_known_groups(&self, known: &Municipality, problems: &mut Problems, at: &dyn Fn(&str) -> String) {
        let Some(survey) = known.surveys.survey(&self.survey, &self.version) else { return };
        let groups = &survey.facts.groups;
        let same = groups.is_empty() == self.groups.is_empty();
        problems.check(
            same,
            || at("groups"),
            "at least one of the survey's groups of respondents, where it has any",
        );
        for (j, group) in self.groups.iter().enumerate() {
            let is_one = groups.iter().any(|one| one.id == group.id);
            problems.check(is_one, || at(&format!("groups/{j}/id")), "the id of one of the survey's groups");
        }
    }

    fn check_rules(&self, problems: &mut Problems, at: &dyn Fn(&str) -> String) {
        if let Some(hours) = &self.hours {
            let (opens, closes) = (minute(&hours.opens), minute(&hours.closes));
            problems.check(opens.is_some(), || at("hours/opens"), "a time as HH:MM");
            problems.check(closes.is_some(), || at("hours/closes"), "a time as HH:MM");
            let apart = self.opens != self.closes || opens.zip(closes).is_none_or(|(from, to)| from < to);
            problems.check(apart, || at("hours/closes"), "a time after it has opened");
        }
        let replaces = self.again && self.mode == RoundMode::Unlinkable;
        problems.check(!replaces, || at("again"), "false: nobody can tell whose answer was there before");
        problems.check(self.grace <= MINUTES_PER_DAY, || at("grace"), "at most 1440 minutes");
    }

    /// The facts; registrations that are not said are the ones that are held, or drawn.
    fn facts(&self, held: Option<&RoundFacts>, draw: &mut impl FnMut() -> [u8; 16]) -> RoundFacts {
        let of_groups = self.groups.iter().flat_map(|group| &group.roles);
        let roles: BTreeSet<_> = self.audience.roles.iter().chain(of_groups).cloned().collect();
        let registration =
            |said: &Option<String>, held: Option<[u8; 16]>| said.as_deref().and_then(uuid).or(held);
        let hours = self
            .hours
            .as_ref()
            .and_then(|hours| Some(Hours { opens: minute(&hours.opens)?, closes: minute(&hours.closes)? }));
        let held_links =
            || held.iter().flat_map(|held| &held.guardians).flat_map(|guardians| &guardians.links);
        let guardians = self.guardians.as_ref().map(|guardians| Guardians {
            source: guardians.source.clone(),
            links: guardians
                .links
                .iter()
                .map(|link| {
                    let before =
                        held_links().find(|held| held.unit == link.unit).map(|held| held.registration);
                    let registration = registration(&link.registration, before).unwrap_or_else(&mut *draw);
                    GuardianLink { unit: link.unit.clone(), registration, pupils: link.pupils }
                })
                .collect(),
        });
        RoundFacts {
            id: self.id.clone(),
            survey: self.survey.clone(),
            version: self.version.clone(),
            title: self.title.clone(),
            mode: self.mode,
            registration: registration(&self.registration, held.map(|held| held.registration))
                .unwrap_or_else(&mut *draw),
            opens: self.opens,
            closes: self.closes,
            unit: self.audience.unit.clone(),
            roles: roles.into_iter().collect(),
            without_dont_know: self.without_dont_know,
            guardians,
            hours,
            draft: self.draft,
            again: self.again,
            grace: self.grace,
            partial: self.partial,
            groups: self.groups.iter().map(RoundGroupInput::facts).collect(),
        }
    }
}

impl RoundGroupInput {
    fn facts(&self) -> RoundGroup {
        let roles: BTreeSet<_> = self.roles.iter().cloned().collect();
        RoundGroup { id: self.id.clone(), roles: roles.into_iter().collect() }
    }
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    Uuid::parse_str(text).ok().map(Uuid::into_bytes)
}

/// Minutes after midnight, of `HH:MM` up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| text.parse::<u16>().ok().filter(|_| text.len() == 2 && !text.starts_with('+'));
    let minute =
        number(hours)?.checked_mul(60)?.checked_add(number(minutes).filter(|minutes| *minutes < 60)?)?;
    (minute <= MINUTES_PER_DAY).then_some(minute)
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u16) -> bool {
    *value == 0
}
