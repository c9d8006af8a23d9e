//! `POST /api/v1/surveys` and `POST /api/v1/rounds`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{Change, Changes, Invalid, Problems, is_iri};
use crate::events::{
    Code, Feed, GuardianLink, Guardians, Index, RoundFacts, RoundMode, Scale, SurveyFacts, SurveyItem,
};
use crate::instruments::{self, Scoring};
use crate::{Date, Municipality, Text, frameworks};

/// The body of `POST /api/v1/surveys`. A version of a survey is stated whole.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SurveysInput {
    /// Surveys.
    pub surveys: Vec<SurveyInput>,
}

/// A version of a survey.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyInput {
    /// Its activity IRI.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its title.
    pub title: Text,
    /// SurveyJS JSON, kept and hashed as it came.
    #[schema(value_type = Object)]
    pub definition: Box<RawValue>,
    /// The scales of its items.
    pub scales: Vec<ScaleInput>,
    /// Its items, in order.
    pub items: Vec<ItemInput>,
    /// Its indexes; one that is made of others stands after them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<IndexInput>,
    /// The id of the published instrument that it is scored as (`schemas/instruments`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<String>,
}

/// A mean of several items, or of other indexes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexInput {
    /// What identifies it in the survey.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// The names of its items; none where it is made of other indexes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// The ids of the indexes that it is the mean of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// Whether it is the mean of its items' means, rather than of the means of persons.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_items: bool,
    /// The ends of the scores, where the index has 0 and 100 for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<(i64, i64)>,
}

/// A scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScaleInput {
    /// What items call it.
    pub id: String,
    /// Its answers, in the order in which they are shown.
    pub codes: Vec<CodeInput>,
}

/// An answer of a scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeInput {
    /// As it stands in a response.
    pub code: String,
    /// What readers see.
    pub label: Text,
    /// Its score as numerator and denominator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<(i64, u32)>,
    /// Whether it counts to the share positive.
    #[serde(default, skip_serializing_if = "is_false")]
    pub positive: bool,
    /// Whether it means "don't know".
    #[serde(default, skip_serializing_if = "is_false")]
    pub dont_know: bool,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemInput {
    /// Its name in the definition.
    pub name: String,
    /// Its activity IRI.
    pub activity: String,
    /// The question.
    pub text: Text,
    /// The scale's id.
    pub scale: String,
    /// Whether agreeing is the negative answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reverse: bool,
    /// Whether an answer is needed.
    pub required: bool,
    /// The competence that it is a self-assessment of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feeds: Option<FeedInput>,
}

/// How an item feeds a competence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedInput {
    /// The framework's id.
    pub framework: String,
    /// The competence's code.
    pub competence: String,
    /// The level that each code claims.
    pub levels: BTreeMap<String, u8>,
}

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

impl SurveysInput {
    /// Checks the body by itself.
    ///
    /// # Errors
    /// [`Invalid`] with every place that is wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        let mut ids = BTreeSet::new();
        for (i, survey) in self.surveys.iter().enumerate() {
            let at = |rest: &str| format!("/surveys/{i}/{rest}");
            problems.check(is_iri(&survey.id), || at("id"), "an IRI");
            problems.check(!survey.version.is_empty(), || at("version"), "a version");
            let unique = ids.insert((&survey.id, &survey.version));
            problems.check(unique, || at("version"), "a version that stands once in the body");
            problems.check(!survey.title.sv.trim().is_empty(), || at("title/sv"), "a title");
            problems.check(survey.definition.get().starts_with('{'), || at("definition"), "a JSON object");
            survey.check_scales(&mut problems, i);
            survey.check_items(&mut problems, i);
            survey.check_indexes(&mut problems, i);
            survey.check_instrument(&mut problems, i);
        }
        problems.result()
    }

    /// The events of what is new or different. The body has passed [`validate`](Self::validate).
    pub fn changes(&self, known: &Municipality) -> Changes {
        let mut changes = Changes::default();
        for survey in &self.surveys {
            let facts = survey.facts();
            let held = known.surveys.survey(&survey.id, &survey.version);
            let same = held.is_some_and(|held| held.facts == facts);
            let definition = survey.definition.get().as_bytes().to_vec();
            changes.add(same, || Change::of_class(&facts, definition));
        }
        changes
    }
}

impl SurveyInput {
    fn check_scales(&self, problems: &mut Problems, i: usize) {
        let mut ids = BTreeSet::new();
        for (j, scale) in self.scales.iter().enumerate() {
            let at = |rest: String| format!("/surveys/{i}/scales/{j}/{rest}");
            problems.check(!scale.id.is_empty(), || at("id".into()), "an id");
            problems.check(ids.insert(&scale.id), || at("id".into()), "an id that no other scale has");
            problems.check(!scale.codes.is_empty(), || at("codes".into()), "at least one code");
            let mut codes = BTreeSet::new();
            for (k, code) in scale.codes.iter().enumerate() {
                let at = |field: &str| format!("/surveys/{i}/scales/{j}/codes/{k}/{field}");
                let plain = !code.code.is_empty() && !code.code.contains("[,]") && !code.code.contains("[.]");
                problems.check(plain, || at("code"), "a code without [,] and [.]");
                problems.check(
                    codes.insert(&code.code),
                    || at("code"),
                    "a code that stands once in its scale",
                );
                problems.check(!code.label.sv.trim().is_empty(), || at("label/sv"), "a label");
                let exact = code.score.is_none_or(|(_, denominator)| denominator > 0);
                problems.check(exact, || at("score"), "a numerator and a denominator of at least 1");
                let known = !code.dont_know || (code.score.is_none() && !code.positive);
                problems.check(known, || at("dont_know"), "neither a score nor `positive` beside it");
            }
        }
    }

    fn check_items(&self, problems: &mut Problems, i: usize) {
        problems.check(!self.items.is_empty(), || format!("/surveys/{i}/items"), "at least one item");
        let (mut names, mut activities) = (BTreeSet::new(), BTreeSet::new());
        for (j, item) in self.items.iter().enumerate() {
            let at = |rest: &str| format!("/surveys/{i}/items/{j}/{rest}");
            problems.check(!item.name.is_empty(), || at("name"), "a name");
            problems.check(names.insert(&item.name), || at("name"), "a name that no other item has");
            problems.check(is_iri(&item.activity), || at("activity"), "an IRI");
            let unique = activities.insert(&item.activity);
            problems.check(unique, || at("activity"), "an IRI that no other item has");
            problems.check(!item.text.sv.trim().is_empty(), || at("text/sv"), "a question");
            let scale = self.scales.iter().find(|scale| scale.id == item.scale);
            problems.check(scale.is_some(), || at("scale"), "the id of a scale of the survey");
            let Some(feeds) = &item.feeds else { continue };
            let framework = frameworks::framework(&feeds.framework);
            problems.check(framework.is_some(), || at("feeds/framework"), "the id of a framework");
            let Some(framework) = framework else { continue };
            let competence = framework.competence(&feeds.competence).is_some();
            problems.check(
                competence,
                || at("feeds/competence"),
                "the code of a competence of the framework",
            );
            for (code, level) in &feeds.levels {
                let known = scale.is_none_or(|scale| scale.codes.iter().any(|known| known.code == *code));
                problems.check(known, || at("feeds/levels"), "codes of the item's scale");
                let valid = (1..=framework.top()).contains(level);
                problems.check(valid, || at("feeds/levels"), "levels of the framework");
            }
        }
    }

    fn check_instrument(&self, problems: &mut Problems, i: usize) {
        let Some(id) = &self.instrument else { return };
        let at = |rest: &str| format!("/surveys/{i}/{rest}");
        let instrument = instruments::instrument(id);
        problems.check(instrument.is_some(), || at("instrument"), "the id of an instrument");
        let Some(instrument) = instrument else { return };
        for (j, item) in self.items.iter().enumerate() {
            let at = |rest: &str| at(&format!("items/{j}/{rest}"));
            let Some(feeds) = &item.feeds else { continue };
            let same = feeds.framework == instrument.framework;
            problems.check(same, || at("feeds/framework"), "the framework of the instrument");
            match &instrument.scoring {
                Scoring::Levels(levels) => {
                    let scored = feeds.levels.iter().all(|(code, level)| levels.get(code) == Some(level));
                    problems.check(scored, || at("feeds/levels"), "codes and levels of the instrument");
                }
                Scoring::AreasInPercent(_) => {
                    problems.check(feeds.levels.is_empty(), || at("feeds/levels"), "none: areas are scored");
                    let scale = self.scales.iter().find(|scale| scale.id == item.scale);
                    let scores =
                        scale.into_iter().flat_map(|scale| &scale.codes).filter_map(|code| code.score);
                    let scores: BTreeSet<_> = scores.collect();
                    problems.check(scores.len() > 1, || at("scale"), "a scale with two scores or more");
                }
            }
        }
    }

    fn check_indexes(&self, problems: &mut Problems, i: usize) {
        let mut ids: BTreeSet<&str> = BTreeSet::new();
        for (j, index) in self.indexes.iter().enumerate() {
            let at = |field: &str| format!("/surveys/{i}/indexes/{j}/{field}");
            problems.check(!index.id.is_empty(), || at("id"), "an id");
            problems.check(!index.title.sv.trim().is_empty(), || at("title/sv"), "a title");
            let one = index.items.is_empty() != index.parts.is_empty();
            problems.check(one, || at("items"), "items or `parts`, and not both");
            let scored = |name: &String| {
                let item = self.items.iter().find(|item| item.name == *name);
                let scale = item.and_then(|item| self.scales.iter().find(|scale| scale.id == item.scale));
                scale.is_some_and(|scale| scale.codes.iter().any(|code| code.score.is_some()))
            };
            problems.check(index.items.iter().all(scored), || at("items"), "names of items with scores");
            let once = |names: &[String]| names.iter().collect::<BTreeSet<_>>().len() == names.len();
            problems.check(once(&index.items) && once(&index.parts), || at("items"), "each name once");
            let known = index.parts.iter().all(|part| ids.contains(part.as_str()));
            problems.check(known, || at("parts"), "ids of indexes that stand before it");
            let wide = index.ends.is_none_or(|(low, high)| low < high);
            problems.check(wide, || at("ends"), "a lower and a higher score");
            problems.check(ids.insert(&index.id), || at("id"), "an id that no other index has");
        }
    }

    fn facts(&self) -> SurveyFacts {
        let scale = |scale: &ScaleInput| Scale {
            id: scale.id.clone(),
            codes: scale
                .codes
                .iter()
                .map(|code| Code {
                    code: code.code.clone(),
                    label: code.label.clone(),
                    score: code.score,
                    positive: code.positive,
                    dont_know: code.dont_know,
                })
                .collect(),
        };
        let item = |item: &ItemInput| SurveyItem {
            name: item.name.clone(),
            activity: item.activity.clone(),
            text: item.text.clone(),
            scale: item.scale.clone(),
            reverse: item.reverse,
            required: item.required,
            feeds: item.feeds.as_ref().map(|feeds| Feed {
                framework: feeds.framework.clone(),
                competence: feeds.competence.clone(),
                levels: feeds.levels.clone(),
            }),
        };
        let index = |index: &IndexInput| Index {
            id: index.id.clone(),
            title: index.title.clone(),
            items: index.items.clone(),
            parts: index.parts.clone(),
            by_items: index.by_items,
            ends: index.ends,
        };
        SurveyFacts {
            id: self.id.clone(),
            version: self.version.clone(),
            title: self.title.clone(),
            definition_sha256: Sha256::digest(self.definition.get()).into(),
            scales: self.scales.iter().map(scale).collect(),
            items: self.items.iter().map(item).collect(),
            indexes: self.indexes.iter().map(index).collect(),
            instrument: self.instrument.clone(),
            question_set: None,
        }
    }
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
