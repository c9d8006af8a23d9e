//! Surveys.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use super::kind;
use crate::cbor::{facts, from_bytes, to_bytes};
use crate::{BadFacts, Text};

/// A version of a survey. The definition itself (SurveyJS JSON) stands in slot 0 under a retention class.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SurveyFacts {
    /// The survey's activity IRI.
    #[n(0)]
    pub id: String,
    /// Its version.
    #[n(1)]
    pub version: String,
    /// Its title.
    #[n(2)]
    pub title: Text,
    /// SHA-256 of the definition as it came.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub definition_sha256: [u8; 32],
    /// The scales of its items.
    #[cbor(n(4), default, skip_if = "Vec::is_empty")]
    pub scales: Vec<Scale>,
    /// Its items, in the order in which they are asked.
    #[cbor(n(5), default, skip_if = "Vec::is_empty")]
    pub items: Vec<SurveyItem>,
    /// Its indexes; one that is made of others stands after them.
    #[cbor(n(6), default, skip_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// The id of the published instrument that it is scored as, if it is one.
    #[n(7)]
    pub instrument: Option<String>,
    /// SHA-256 of what makes answers comparable: names, types, values and scores, and no wording. Versions with the same
    /// one are one series; of a survey from before there was one, none.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub question_set: Option<[u8; 32]>,
    /// The groups of respondents that it tells apart, in the order in which reports have them; none: all are asked alike.
    #[cbor(n(9), default, skip_if = "Vec::is_empty")]
    pub groups: Vec<SurveyGroup>,
}
facts!(SurveyFacts, kind::SURVEY);

/// A group of respondents with questions of its own.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SurveyGroup {
    /// What identifies it in the survey.
    #[n(0)]
    pub id: String,
    /// What readers see.
    #[n(1)]
    pub title: Text,
}

/// What stands in the slot of a version of a survey, as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SurveyDocuments {
    /// The definition, SurveyJS JSON.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub definition: Vec<u8>,
    /// Scores, polarity, indexes and competences, where they did not stand in the definition.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub scoring: Option<Vec<u8>>,
}

impl SurveyDocuments {
    /// The slot's bytes.
    pub fn encode(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// Reads what [`encode`](Self::encode) wrote; before there was a scoring beside it, the definition stood alone.
    ///
    /// # Errors
    /// [`BadFacts`] where the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadFacts> {
        match bytes.first() {
            Some(b'{') => Ok(Self { definition: bytes.to_vec(), scoring: None }),
            _ => from_bytes(kind::SURVEY, bytes),
        }
    }

    /// What is read in the definition.
    ///
    /// # Errors
    /// What is not taken any more; of a survey that was registered when definitions were not read.
    pub fn read(&self) -> Result<forms::Definition, Vec<forms::Refusal>> {
        forms::registered(&self.definition, self.scoring.as_deref())
    }
}

/// The answers that items share.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Scale {
    /// What items call it.
    #[n(0)]
    pub id: String,
    /// Its answers, in the order in which they are shown.
    #[n(1)]
    pub codes: Vec<Code>,
}

impl Scale {
    /// The answer with this code.
    pub fn code(&self, code: &str) -> Option<&Code> {
        self.codes.iter().find(|candidate| candidate.code == code)
    }

    /// The score of a code for an item of this scale: for a reversed item, that of the code which mirrors it
    /// among the codes with a score.
    pub fn score(&self, code: &str, reverse: bool) -> Option<(i64, u32)> {
        let scored: Vec<_> =
            self.codes.iter().filter_map(|code| Some((code.code.as_str(), code.score?))).collect();
        let place = scored.iter().position(|(candidate, _)| *candidate == code)?;
        let place = if reverse { scored.len() - 1 - place } else { place };
        scored.get(place).map(|(_, score)| *score)
    }

    /// The part of the scale's points that a code gives, as an exact fraction between 0 and 1; none where it has no score.
    pub fn points(&self, code: &str, reverse: bool) -> Option<(u128, u128)> {
        let (a, b) = self.score(code, reverse)?;
        let scores = || self.codes.iter().filter_map(|code| code.score);
        let order = |one: &(i64, u32), other: &(i64, u32)| {
            (i128::from(one.0) * i128::from(other.1)).cmp(&(i128::from(other.0) * i128::from(one.1)))
        };
        let ((c, d), (e, f)) = (scores().min_by(order)?, scores().max_by(order)?);
        let less = |(a, b): (i64, u32), (c, d): (i64, u32)| {
            i128::from(a) * i128::from(d) - i128::from(c) * i128::from(b)
        };
        let part = less((a, b), (c, d)).checked_mul(f.into())?;
        let of = less((e, f), (c, d)).checked_mul(b.into())?;
        Some((part.try_into().ok()?, u128::try_from(of).ok().filter(|of| *of > 0)?))
    }

    /// Whether a code is a positive answer to an item of this scale; for a reversed item, whether the code
    /// that mirrors it among those without "don't know" is.
    pub fn is_positive(&self, code: &str, reverse: bool) -> bool {
        let known: Vec<_> = self.codes.iter().filter(|code| !code.dont_know).collect();
        known.iter().position(|candidate| candidate.code == code).is_some_and(|place| {
            let place = if reverse { known.len() - 1 - place } else { place };
            known.get(place).is_some_and(|code| code.positive)
        })
    }
}

/// One answer of a scale.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Code {
    /// As it stands in a response.
    #[n(0)]
    pub code: String,
    /// What readers see.
    #[n(1)]
    pub label: Text,
    /// Its score as an exact fraction: numerator and denominator (at least 1).
    #[n(2)]
    pub score: Option<(i64, u32)>,
    /// Whether it counts to the share positive.
    #[cbor(n(3), default, skip_if = "is_false")]
    pub positive: bool,
    /// Whether it means "don't know": an answer, but without a score.
    #[cbor(n(4), default, skip_if = "is_false")]
    pub dont_know: bool,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SurveyItem {
    /// Its name in the definition.
    #[n(0)]
    pub name: String,
    /// Its activity IRI, the object of the statements that answer it.
    #[n(1)]
    pub activity: String,
    /// The question.
    #[n(2)]
    pub text: Text,
    /// The scale's id.
    #[n(3)]
    pub scale: String,
    /// Whether agreeing is the negative answer, so that scores and polarity turn round.
    #[cbor(n(4), default, skip_if = "is_false")]
    pub reverse: bool,
    /// Whether an answer is needed for the whole to be usable.
    #[cbor(n(5), default, skip_if = "is_false")]
    pub required: bool,
    /// The competence that it is a self-assessment of.
    #[n(6)]
    pub feeds: Option<Feed>,
    /// Whether several codes are one answer: what was chosen of many, or an order.
    #[cbor(n(7), default, skip_if = "is_false")]
    pub several: bool,
    /// Whether they are an order, the first place first.
    #[cbor(n(8), default, skip_if = "is_false")]
    pub ranked: bool,
    /// The ids of the groups that are asked it; none: everybody is.
    #[cbor(n(9), default, skip_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

impl SurveyItem {
    /// Whether a group is asked it; none: those who are in no group.
    pub fn is_asked_of(&self, group: Option<&str>) -> bool {
        self.groups.is_empty() || group.is_none_or(|group| self.groups.iter().any(|one| one == group))
    }
}

/// A mean of several items, or of other indexes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Index {
    /// What identifies it in the survey.
    #[n(0)]
    pub id: String,
    /// Its title.
    #[n(1)]
    pub title: Text,
    /// The names of its items; none where it is made of other indexes.
    #[cbor(n(2), default, skip_if = "Vec::is_empty")]
    pub items: Vec<String>,
    /// The ids of the indexes that it is the mean of.
    #[cbor(n(3), default, skip_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// Whether it is the mean of its items' means, rather than of the means of persons.
    #[cbor(n(4), default, skip_if = "is_false")]
    pub by_items: bool,
    /// The ends of the scores, where the index has 0 and 100 for them: for 1 and 5 it is (mean - 1) · 25.
    #[n(5)]
    pub ends: Option<(i64, i64)>,
}

/// How an item feeds a competence.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Feed {
    /// The framework's id.
    #[n(0)]
    pub framework: String,
    /// The competence's code.
    #[n(1)]
    pub competence: String,
    /// The level that each code claims; a code without one (such as "don't know") claims none. Empty where the survey's
    /// instrument scores areas.
    #[n(2)]
    pub levels: BTreeMap<String, u8>,
}

fn is_false(value: &bool) -> bool {
    !value
}
