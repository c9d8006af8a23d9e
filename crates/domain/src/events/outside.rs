//! Other people's figures, to be set beside one's own.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::kind;
use crate::cbor::facts;
use crate::{Date, Text};

/// A set of other people's figures, stated whole; without figures it is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OutsideFacts {
    /// What identifies it.
    #[n(0)]
    pub id: String,
    /// Who publishes them, and what.
    #[n(1)]
    pub source: Text,
    /// The licence that they are used under.
    #[n(2)]
    pub licence: Option<String>,
    /// The day on which they were retrieved.
    #[n(3)]
    pub retrieved: Date,
    /// The figures.
    #[cbor(n(4), default, skip_if = "Vec::is_empty")]
    pub figures: Vec<OutsideFigure>,
}
facts!(OutsideFacts, kind::OUTSIDE_FIGURES);

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OutsideFigure {
    /// The IRI of one's own survey.
    #[n(0)]
    pub survey: String,
    /// The name of its item, or the id of its index.
    #[n(1)]
    pub item: String,
    /// What it is.
    #[n(2)]
    pub statistic: Statistic,
    /// Whose it is, for instance the country's.
    #[n(3)]
    pub whose: Text,
    /// When it is of, for instance a year.
    #[n(4)]
    pub period: String,
    /// How much, as an exact fraction: of a share positive in parts of one, of a mean in scores.
    #[n(5)]
    pub value: (i64, u32),
    /// The code of the unit that it is about; none: it is no unit's of one's own.
    #[n(6)]
    pub unit: Option<String>,
}

/// What a figure is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Encode,
    Decode,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[cbor(index_only)]
pub enum Statistic {
    /// A share of positive answers.
    #[n(1)]
    Positive,
    /// A mean, or an index.
    #[n(2)]
    Mean,
}
