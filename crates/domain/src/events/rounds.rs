//! Rounds of surveys: when and of whom they are asked, and what came out of a ballot box.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::kind;
use crate::cbor::{facts, from_bytes, to_bytes};
use crate::{BadFacts, Date, Text};

/// A time during which a survey is answered.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RoundFacts {
    /// What identifies it.
    #[n(0)]
    pub id: String,
    /// The survey's IRI.
    #[n(1)]
    pub survey: String,
    /// The survey's version.
    #[n(2)]
    pub version: String,
    /// Its title.
    #[n(3)]
    pub title: Text,
    /// How respondents are known.
    #[n(4)]
    pub mode: RoundMode,
    /// The registration that all of its answers carry.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub registration: [u8; 16],
    /// The first day. Who has a duty in the audience on this day is asked.
    #[n(6)]
    pub opens: Date,
    /// The last day.
    #[n(7)]
    pub closes: Date,
    /// The code of the unit whose people (in all units below it too) are asked.
    #[n(8)]
    pub unit: String,
    /// The roles that are asked, ascending; none: all.
    #[cbor(n(9), default, skip_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Whether shares positive are of those who took a stand, without "don't know" in their base.
    #[cbor(n(10), default, skip_if = "is_false")]
    pub without_dont_know: bool,
    /// The links by which pupils' guardians answer; none where they are not asked.
    #[n(11)]
    pub guardians: Option<Guardians>,
    /// When it opens on the first day and closes on the last one; none: both days are whole.
    #[n(12)]
    pub hours: Option<Hours>,
    /// Whether it is being made: nobody is asked, and all of it may change.
    #[cbor(n(13), default, skip_if = "is_false")]
    pub draft: bool,
    /// Whether a later answer of somebody takes the place of the one before, rather than being refused. Not where nobody
    /// can be linked.
    #[cbor(n(14), default, skip_if = "is_false")]
    pub again: bool,
    /// For how many minutes after it has closed what was begun before may still be handed in.
    #[cbor(n(15), default, skip_if = "is_zero")]
    pub grace: u16,
    /// Whether answers may be handed in with required questions left open; they count for the questions that have one.
    #[cbor(n(16), default, skip_if = "is_false")]
    pub partial: bool,
    /// Which of the survey's groups of respondents are asked, in the round's order; one without roles is guardians. None where the
    /// survey has no groups. `roles` are then those of all of them.
    #[cbor(n(17), default, skip_if = "Vec::is_empty")]
    pub groups: Vec<RoundGroup>,
}
facts!(RoundFacts, kind::ROUND);

/// A group of respondents in a round: whoever has one of its roles, and none of a group's before it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RoundGroup {
    /// The group's id in the survey.
    #[n(0)]
    pub id: String,
    /// Its roles, ascending; no other group has any of them.
    #[cbor(n(1), default, skip_if = "Vec::is_empty")]
    pub roles: Vec<String>,
}

/// Times of day in Sweden, as minutes after midnight by the clock on the wall (0 to 1,440).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hours {
    /// When it opens on the first day.
    #[n(0)]
    pub opens: u16,
    /// When it closes on the last day.
    #[n(1)]
    pub closes: u16,
}

/// A round that nobody can link was opened: who may be told apart in its answers, for good.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RoundOpenedFacts {
    /// The round's id.
    #[n(0)]
    pub round: String,
    /// The smallest group that its answers are told of: no stratum has fewer people, but for a round with fewer in all.
    #[n(1)]
    pub smallest: u32,
    /// The strata. Everybody asked is in one.
    #[n(2)]
    pub strata: Vec<Stratum>,
}
facts!(RoundOpenedFacts, kind::ROUND_OPENED);

/// The people of a round whose answers are not told apart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Stratum {
    /// The code of the unit that all of them are in, or below.
    #[n(0)]
    pub unit: String,
    /// Their roles, ascending.
    #[n(1)]
    pub roles: Vec<String>,
    /// How many they are, on the opening day.
    #[n(2)]
    pub people: u32,
    /// The codes of the units that they are in, ascending, where that is not `unit` alone.
    #[cbor(n(3), default, skip_if = "Vec::is_empty")]
    pub units: Vec<String>,
    /// The id of the group of respondents that all of them are in, where the round has groups.
    #[n(4)]
    pub group: Option<String>,
}

/// All answers of a round that nobody can link, taken out of its ballot box when it had closed. Texts stand in slot 0
/// ([`BallotTexts`]), under a retention class.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RoundBallotsFacts {
    /// The round's id.
    #[n(0)]
    pub round: String,
    /// How many are marked as having voted.
    #[n(1)]
    pub voted: u32,
    /// The answers, in the order of their bytes.
    #[n(2)]
    pub answers: Vec<Ballot>,
}
facts!(RoundBallotsFacts, kind::ROUND_BALLOTS);

impl Stratum {
    /// The codes of all units that its people are in.
    pub fn all_units(&self) -> &[String] {
        if self.units.is_empty() { std::slice::from_ref(&self.unit) } else { &self.units }
    }
}

/// One answer that nobody can link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Ballot {
    /// Which of the round's strata it is from.
    #[n(0)]
    pub stratum: u32,
    /// The codes that were chosen, by the item's number in the survey, ascending.
    #[n(1)]
    pub codes: Vec<Answered>,
}

/// The answer to one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Answered {
    /// The item's place in the survey's list.
    #[n(0)]
    pub item: u16,
    /// The codes, in the order of the response.
    #[n(1)]
    pub codes: Vec<String>,
}

/// What was written in words in a round that nobody can link: the texts of each question by themselves, so that not even
/// two of one answer stand together.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct BallotTexts {
    /// By the question's name, in the order of their bytes.
    #[n(0)]
    pub texts: BTreeMap<String, Vec<String>>,
}

impl BallotTexts {
    /// The bytes to seal.
    pub fn encode(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`BadFacts`] where the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadFacts> {
        from_bytes(kind::ROUND_BALLOTS, bytes)
    }
}

/// Where guardians answer, whom nobody knows, and of how many pupils.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Guardians {
    /// Where the stated numbers of pupils are from.
    #[n(0)]
    pub source: Option<Text>,
    /// A link for each unit, none below another's.
    #[n(1)]
    pub links: Vec<GuardianLink>,
}

/// One link, for the guardians of one unit's pupils.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GuardianLink {
    /// The unit's code.
    #[n(0)]
    pub unit: String,
    /// The registration of the answers that come by it.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub registration: [u8; 16],
    /// How many pupils there are; none: as many as are enrolled on the first day, there and below.
    #[n(2)]
    pub pupils: Option<u64>,
}

/// How respondents of a round are known.
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
pub enum RoundMode {
    /// By their account.
    #[n(1)]
    Named,
    /// By a pseudonym that lets one follow them from before to after.
    #[n(2)]
    Pseudonymous,
    /// Not at all: pupils' guardians alone, by a link for each unit. Each agent is one answer.
    #[n(3)]
    Guardians,
    /// Not at all: who may answer is known, and answers lie in a ballot box until the round has closed.
    #[n(4)]
    Unlinkable,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &u16) -> bool {
    *value == 0
}
