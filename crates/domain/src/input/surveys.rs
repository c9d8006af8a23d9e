//! `POST /api/v1/surveys`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use forms::{Definition, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::derived::{self, Source};
use super::{Change, Changes, Invalid, Problems, is_iri};
use crate::events::{SurveyDocuments, SurveyFacts};
use crate::{Municipality, Text};

/// The body of `POST /api/v1/surveys`. A version of a survey is stated whole.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SurveysInput {
    /// Surveys.
    pub surveys: Vec<SurveyInput>,
}

/// A version of a survey. What is asked, in which scales and indexes, follows from the definition and its scoring.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyInput {
    /// Its activity IRI.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its title; the definition's where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// SurveyJS JSON, kept and hashed as it came.
    #[schema(value_type = Object)]
    pub definition: Box<RawValue>,
    /// Scores, polarity, codes that mean "don't know", indexes and competences, where the definition does not have them
    /// inside as `larka`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub scoring: Option<Box<RawValue>>,
    /// The activity IRIs of items by name (a row of a matrix is `question.row`); the others have `ID/NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub activities: BTreeMap<String, String>,
}

/// Surveys in which nothing is wrong by themselves.
#[derive(Debug, Clone)]
pub struct Registered {
    /// In the order of the body.
    pub surveys: Vec<RegisteredSurvey>,
}

/// A survey in which nothing is wrong by itself.
#[derive(Debug, Clone)]
pub struct RegisteredSurvey {
    /// What is recorded of it.
    pub facts: SurveyFacts,
    /// What is read in its definition.
    pub definition: Arc<Definition>,
    /// What goes into its slot.
    documents: SurveyDocuments,
}

impl SurveysInput {
    /// Reads the definitions and checks the body by itself.
    ///
    /// # Errors
    /// [`Invalid`] with every place that is wrong.
    pub fn register(&self) -> Result<Registered, Invalid> {
        let mut problems = Problems::default();
        let mut ids = BTreeSet::new();
        let mut surveys = Vec::with_capacity(self.surveys.len());
        for (i, survey) in self.surveys.iter().enumerate() {
            let at = |rest: &str| format!("/surveys/{i}/{rest}");
            problems.check(is_iri(&survey.id), || at("id"), "an IRI");
            problems.check(!survey.version.trim().is_empty(), || at("version"), "a version");
            let unique = ids.insert((&survey.id, &survey.version));
            problems.check(unique, || at("version"), "a version that stands once in the body");
            surveys.extend(survey.register(&format!("/surveys/{i}"), &mut problems));
        }
        problems.result()?;
        Ok(Registered { surveys })
    }
}

impl SurveyInput {
    /// Everything in the definition and its scoring that Lärka does not take, in both languages.
    ///
    /// # Errors
    /// Each with its place in the definition (below `/larka` also where the scoring stands beside it).
    pub fn read(&self) -> Result<Definition, Vec<Refusal>> {
        forms::register(
            self.definition.get().as_bytes(),
            self.scoring.as_deref().map(|json| json.get().as_bytes()),
        )
    }

    fn register(&self, at: &str, problems: &mut Problems) -> Option<RegisteredSurvey> {
        let definition = match self.read() {
            Ok(definition) => definition,
            Err(refusals) => {
                for Refusal { place, what, instead } in refusals {
                    let instead = instead.map(|words| format!("; instead: {}", words.en)).unwrap_or_default();
                    let expected = format!("what Lärka takes: {}{instead}", what.en);
                    problems.check(false, || self.place(at, &place), &expected);
                }
                return None;
            }
        };
        let source = Source {
            id: &self.id,
            version: &self.version,
            title: self.title.as_ref(),
            activities: &self.activities,
            definition: &definition,
        };
        let facts = derived::facts(source, problems, |place| self.place(at, place));
        let documents = SurveyDocuments {
            definition: self.definition.get().as_bytes().to_vec(),
            scoring: self.scoring.as_ref().map(|json| json.get().as_bytes().to_vec()),
        };
        Some(RegisteredSurvey { facts, definition: Arc::new(definition), documents })
    }

    /// Where in the body a place in the definition is; `/larka` is the scoring, wherever it stands.
    fn place(&self, at: &str, place: &str) -> String {
        let scoring = place.strip_prefix("/larka").or((place == "larka").then_some(""));
        match scoring.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
            Some(rest) if self.scoring.is_some() => format!("{at}/scoring{rest}"),
            _ => format!("{at}/definition{place}"),
        }
    }
}

impl Registered {
    /// The events of what is new or different.
    ///
    /// # Errors
    /// [`Invalid`] where a version that a round asks would get other questions.
    pub fn changes(&self, known: &Municipality) -> Result<Changes, Invalid> {
        let mut problems = Problems::default();
        let mut changes = Changes::default();
        for (i, survey) in self.surveys.iter().enumerate() {
            let facts = &survey.facts;
            let held = known.surveys.survey(&facts.id, &facts.version).map(|held| &held.facts);
            let of = |id: &str, version: &str| id == facts.id && version == facts.version;
            let asked = known.surveys.rounds().any(|round| of(&round.survey, &round.version) && !round.draft);
            let kept = held.is_none_or(|held| !asked || is_asked_by(held, facts));
            let expected = "another version: a round asks this one, and its answers keep their questions";
            problems.check(kept, || format!("/surveys/{i}/version"), expected);
            changes.add(held == Some(facts), || Change::of_class(facts, survey.documents.encode()));
        }
        problems.result()?;
        Ok(changes)
    }
}

/// Whether a survey asks what it asked before.
fn is_asked_by(before: &SurveyFacts, after: &SurveyFacts) -> bool {
    let same = |item: &crate::events::SurveyItem| {
        after.items.iter().any(|other| other.name == item.name && other.activity == item.activity)
    };
    before.definition_sha256 == after.definition_sha256 && before.items.iter().all(same)
}
