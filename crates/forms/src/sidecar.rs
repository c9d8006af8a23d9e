//! What a definition does not say by itself: scores, polarity, which answers mean "don't know", indexes, competences.
//! It stands inside the definition as `larka`, or beside it in a file of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::Localised;

/// What figures are made with.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sidecar {
    /// Where questions and wording come from, to be printed with the survey.
    pub source: Option<Wording>,
    /// Scales that items share.
    pub scales: Vec<Scale>,
    /// Items by name; a row of a matrix is `question.row`.
    pub items: BTreeMap<String, Item>,
    /// Indexes; one that is made of others stands after them.
    pub indexes: Vec<Index>,
    /// The published instrument that it is scored as (`schemas/instruments`).
    pub instrument: Option<String>,
    /// The groups of respondents that conditions tell apart by `{respondent_group}`, in the order in which reports have them.
    pub groups: Vec<Group>,
}

/// A group of respondents, who are asked together in a round and compared with the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What `{respondent_group}` is for them: small letters, digits, `-` and `_`.
    pub id: String,
    /// What readers see.
    pub title: Wording,
}

/// A text, in one language or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Wording {
    /// In the definition's language.
    Plain(String),
    /// By language tag.
    ByLanguage(BTreeMap<String, String>),
}

impl Wording {
    /// As the definition's own texts are.
    pub fn localised(&self) -> Localised {
        match self {
            Wording::Plain(text) => Localised::plain(text.clone()),
            Wording::ByLanguage(texts) => Localised { default: String::new(), by_language: texts.clone() },
        }
    }
}

/// The answers of a scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// What items call it.
    pub id: String,
    /// Its answers, in their order.
    pub codes: Vec<Code>,
}

/// An answer of a scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The choice's value as text.
    pub code: String,
    /// Its score: a whole number, or numerator and denominator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    /// Whether it counts to the share positive.
    #[serde(default)]
    pub positive: bool,
    /// Whether it means "don't know": an answer, but without a score.
    #[serde(default)]
    pub dont_know: bool,
}

/// A score as an exact fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Score {
    /// A whole number.
    Whole(i64),
    /// Numerator and denominator (at least 1).
    Fraction(i64, u32),
}

impl Score {
    /// Numerator and denominator.
    pub fn fraction(self) -> (i64, u32) {
        match self {
            Score::Whole(number) => (number, 1),
            Score::Fraction(numerator, denominator) => (numerator, denominator),
        }
    }
}

/// How an item is scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its scale's id.
    pub scale: String,
    /// Whether agreeing is the negative answer, so that scores and polarity turn round.
    #[serde(default)]
    pub reverse: bool,
    /// The competence that it is a self-assessment of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feeds: Option<Feed>,
}

/// How an item feeds a competence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// The framework's id (`schemas/frameworks`).
    pub framework: String,
    /// The competence's code.
    pub competence: String,
    /// The level that each code claims.
    #[serde(default)]
    pub levels: BTreeMap<String, u8>,
}

/// A mean of several items, or of other indexes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// What identifies it in the survey.
    pub id: String,
    /// Its title.
    pub title: Wording,
    /// The names of its items.
    #[serde(default)]
    pub items: Vec<String>,
    /// The ids of the indexes that it is the mean of.
    #[serde(default)]
    pub parts: Vec<String>,
    /// Whether it is the mean of its items' means, rather than of the means of persons.
    #[serde(default)]
    pub by_items: bool,
    /// The ends of the scores, where the index has 0 and 100 for them: for 1 and 5 it is (mean - 1) · 25.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<(i64, i64)>,
}
