//! Surveys and rounds as they are shown to programs.

use domain::Text;
use domain::events::{RoundFacts, SurveyFacts};
use domain::input::RoundInput;
use domain::rounds::{self, Stage};
use domain::surveys::{Surveys, audience};
use domain::{Municipality, strata};
use eventlog::clock::Micros;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::keep::not_opened;

/// All versions of all surveys.
#[derive(Serialize, ToSchema)]
pub(crate) struct SurveysListed {
    /// By IRI and version.
    pub(crate) surveys: Vec<SurveyListed>,
}

/// A version of a survey.
#[derive(Serialize, ToSchema)]
pub(crate) struct SurveyListed {
    /// Its IRI.
    pub(crate) id: String,
    /// Its version.
    pub(crate) version: String,
    /// Its title.
    pub(crate) title: Text,
    /// SHA-256 of the definition as it came, in hexadecimal.
    pub(crate) definition_sha256: String,
    /// Versions with the same one are one series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) question_set: Option<String>,
    /// The questions that figures are made of, in their order.
    pub(crate) items: Vec<ItemListed>,
    /// The ids of the rounds that ask it.
    pub(crate) rounds: Vec<String>,
}

/// A question that figures are made of.
#[derive(Serialize, ToSchema)]
pub(crate) struct ItemListed {
    /// Its name; a row of a matrix is `question.row`.
    pub(crate) name: String,
    /// Its activity IRI, the object of the statements that answer it.
    pub(crate) activity: String,
    /// The question.
    pub(crate) text: Text,
    /// The codes that answer it, in their order.
    pub(crate) codes: Vec<String>,
    /// Whether it has to be answered.
    pub(crate) required: bool,
}

/// A version of a survey whole.
#[derive(Serialize, ToSchema)]
pub(crate) struct SurveyShown {
    #[serde(flatten)]
    pub(crate) survey: SurveyListed,
    /// The definition as it came.
    #[schema(value_type = Object)]
    pub(crate) definition: Box<RawValue>,
    /// Its scoring, where that came beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) scoring: Option<Box<RawValue>>,
}

/// What is read in a survey that is not stored, or everything in it that is not taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct Checked {
    /// What is not taken; empty: all is.
    pub(crate) refused: Vec<RefusedPart>,
    /// The questions that figures would be made of.
    pub(crate) items: Vec<ItemListed>,
    /// The definition that a sheet stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) definition: Option<Box<RawValue>>,
}

/// A part of a survey that is not taken.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedPart {
    /// Where: a JSON pointer in the definition or beside it, or sheet, row and column.
    pub(crate) place: String,
    /// What is wrong.
    pub(crate) what: Text,
    /// What to use instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instead: Option<Text>,
}

impl From<forms::Refusal> for RefusedPart {
    fn from(refusal: forms::Refusal) -> Self {
        Self { place: refusal.place, what: both(refusal.what), instead: refusal.instead.map(both) }
    }
}

impl From<domain::input::Problem> for RefusedPart {
    fn from(problem: domain::input::Problem) -> Self {
        let place = problem.path.trim_start_matches("/surveys/0").to_owned();
        Self { place, what: both(problem.words()), instead: None }
    }
}

fn both(words: forms::Words) -> Text {
    Text { sv: words.sv, en: Some(words.en) }
}

/// All rounds.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoundsListed {
    /// By id.
    pub(crate) rounds: Vec<RoundShown>,
}

/// A round and where it stands. How many have answered is in its report, which protects small groups.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoundShown {
    /// The round, as it can be posted.
    pub(crate) round: RoundInput,
    /// Where it stands.
    pub(crate) stage: Stage,
    /// When it opens or opened.
    pub(crate) opens_at: String,
    /// When it closes or closed.
    pub(crate) closes_at: String,
    /// How many people are asked today; guardians are not counted.
    pub(crate) asked: usize,
    /// Why it does not open, where it is one that nobody can link and asks too few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cannot_open: Option<Text>,
    /// The address of its report, once it has opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<String>,
}

impl RoundShown {
    pub(super) fn of(facts: &RoundFacts, known: &Municipality, now: Micros, smallest: u32) -> Self {
        let Municipality { surveys, organisation, .. } = known;
        let (opens, closes) = rounds::times(facts);
        let stage = rounds::stage(facts, surveys, now);
        let too_few = (stage < Stage::Open).then(|| strata::too_few(facts, organisation, smallest)).flatten();
        let report = format!("/api/v1/reports/survey?round={}", crate::shell::escape(&facts.id));
        Self {
            round: RoundInput::of(facts),
            stage,
            opens_at: opens.to_datetime().to_rfc3339(),
            closes_at: closes.to_datetime().to_rfc3339(),
            asked: audience(facts, organisation).len(),
            cannot_open: too_few.map(|people| both(not_opened(people, smallest))),
            report: rounds::has_report(facts, surveys, now).then_some(report),
        }
    }
}

impl SurveyListed {
    pub(super) fn of(facts: &SurveyFacts, surveys: &Surveys) -> Self {
        let asks = |round: &&RoundFacts| round.survey == facts.id && round.version == facts.version;
        Self {
            id: facts.id.clone(),
            version: facts.version.clone(),
            title: facts.title.clone(),
            definition_sha256: hex(&facts.definition_sha256),
            question_set: facts.question_set.as_ref().map(|hash| hex(hash)),
            items: items(facts),
            rounds: surveys.rounds().filter(asks).map(|round| round.id.clone()).collect(),
        }
    }
}

/// The items of a survey.
pub(super) fn items(facts: &SurveyFacts) -> Vec<ItemListed> {
    let codes = |scale: &str| {
        let scale = facts.scales.iter().find(|known| known.id == scale);
        scale.into_iter().flat_map(|scale| &scale.codes).map(|code| code.code.clone()).collect()
    };
    let item = |item: &domain::events::SurveyItem| ItemListed {
        name: item.name.clone(),
        activity: item.activity.clone(),
        text: item.text.clone(),
        codes: codes(&item.scale),
        required: item.required,
    };
    facts.items.iter().map(item).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
