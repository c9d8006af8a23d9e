//! How a level follows from evidence. Pure functions over one person's evidence for one competence; kinds of
//! evidence are never mixed into one level.
//!
//! - **Demonstrated** ([`demonstrated`]): support(l) is the sum of the weights of valid evidence at level l or
//!   above, one per root activity; the level is the highest l with support of at least 1 and the types that the
//!   level requires.
//! - **Self-assessed** ([`self_assessed`]): the latest complete answer of one instrument.
//! - **Attested** ([`attested`]): the latest unrevoked attestation by somebody else.
//!
//! Everything is decided for a day: evidence counts from the day (in Sweden) on which it was observed through
//! the last day on which it is valid. Validity is a step, never a decay, and failing is no evidence.

mod self_assessed;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use eventlog::clock::Micros;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Date, PersonId};
pub use self_assessed::{Instrument, ItemAnswer, areas, self_assessed};

/// The support that makes a level, in thousandths.
pub const FULL_SUPPORT: u64 = 1000;

/// Where evidence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A passed activity that a rule names.
    Demonstrated = 1,
    /// A survey item.
    SelfAssessed = 2,
    /// A leader's approval.
    Attested = 3,
}

impl Kind {
    /// Every kind, by code.
    pub const ALL: [Self; 3] = [Self::Demonstrated, Self::SelfAssessed, Self::Attested];

    /// The kind's number in storage; it never changes.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this [`code`](Self::code).
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind's name in data: `demonstrated`, `self_assessed`, `attested`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Demonstrated => "demonstrated",
            Self::SelfAssessed => "self_assessed",
            Self::Attested => "attested",
        }
    }
}

/// What a learning outcome is: knowledge, skill, attitude.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum OutcomeType {
    /// Knowing.
    Knowledge = 1,
    /// Being able to.
    Skill = 2,
    /// Being inclined to.
    Attitude = 4,
}

impl OutcomeType {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Knowledge, Self::Skill, Self::Attitude];
}

/// A set of [`OutcomeType`]s; bits 1, 2 and 4. In JSON a list of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct TypeSet(#[n(0)] u8);

impl TypeSet {
    /// Nothing.
    pub const EMPTY: Self = Self(0);

    /// The set with these bits; others are dropped.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & 7)
    }

    /// The bits, for storage.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Everything in either.
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it holds all of `other`.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The types in it.
    pub fn iter(self) -> impl Iterator<Item = OutcomeType> {
        OutcomeType::ALL.into_iter().filter(move |kind| self.0 & *kind as u8 != 0)
    }
}

impl FromIterator<OutcomeType> for TypeSet {
    fn from_iter<I: IntoIterator<Item = OutcomeType>>(types: I) -> Self {
        Self(types.into_iter().fold(0, |bits, kind| bits | kind as u8))
    }
}

impl Serialize for TypeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for TypeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<OutcomeType>::deserialize(deserializer).map(|types| types.into_iter().collect())
    }
}

/// What ties a person to a competence. The person is whoever it is kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// The framework's id, version included.
    pub framework: &'a str,
    /// The competence's code.
    pub competence: &'a str,
    /// The lowest level of the interval, from 1.
    pub low: u8,
    /// The highest level of the interval.
    pub high: u8,
    /// Where it comes from.
    pub kind: Kind,
    /// Which types of outcome it shows.
    pub types: TypeSet,
    /// How much it counts, in thousandths.
    pub weight: u32,
    /// What counts once: the root of the activity's chain of copies.
    pub root: &'a str,
    /// When it was observed, in microseconds.
    pub observed_at: i64,
    /// The last day on which it counts; none: it always does.
    pub valid_until: Option<Date>,
    /// The position of the event that it comes from.
    pub position: u64,
}

impl Evidence<'_> {
    /// The day on which it was observed.
    pub fn observed_on(&self) -> Date {
        Date::in_sweden(Micros(self.observed_at))
    }

    /// Whether it counts on a day.
    pub fn counts_on(&self, day: Date) -> bool {
        day.within(self.observed_on(), self.valid_until)
    }
}

/// An interval of levels, both ends included; one level where they are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Levels {
    /// The lowest.
    pub low: u8,
    /// The highest.
    pub high: u8,
}

impl Levels {
    /// One level.
    pub fn one(level: u8) -> Self {
        Self { low: level, high: level }
    }
}

/// What can be said of a person's level. Unknown is never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// A level, or an interval of levels.
    Level(Levels),
    /// There has never been enough evidence.
    Unknown,
    /// There was a level once, and too much of its evidence is no longer valid.
    Expired,
    /// The competence is not asked of this person. Set by whoever knows the profile; no rule here gives it.
    NotApplicable,
}

impl State {
    /// The level or interval, if there is one.
    pub fn levels(self) -> Option<Levels> {
        match self {
            Self::Level(levels) => Some(levels),
            _ => None,
        }
    }
}

/// The types of outcome that evidence at a level or above has to cover before the level holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requirements(BTreeMap<u8, TypeSet>);

impl Requirements {
    /// Nothing is required of any level.
    pub fn none() -> Self {
        Self::default()
    }

    /// Also requires `types` of `level`.
    #[must_use]
    pub fn with(mut self, level: u8, types: TypeSet) -> Self {
        self.0.insert(level, types);
        self
    }

    fn of(&self, level: u8) -> TypeSet {
        self.0.get(&level).copied().unwrap_or_default()
    }
}

/// Which of one person's evidence for one competence counts on a day, in its order. Of what shows the same of one root
/// activity (said twice, passed again, passed in a copy) the latest is the one piece that counts.
pub fn counting(evidence: &[Evidence<'_>], on: Date) -> Vec<bool> {
    let mut pieces: BTreeMap<_, (i64, u64, usize)> = BTreeMap::new();
    for (index, e) in evidence.iter().enumerate().filter(|(_, e)| e.counts_on(on)) {
        let shown = (e.root, e.kind, e.low, e.high, e.weight, e.types);
        let this = (e.observed_at, e.position, index);
        pieces.entry(shown).and_modify(|latest| *latest = this.max(*latest)).or_insert(this);
    }
    let counting: BTreeSet<usize> = pieces.into_values().map(|(_, _, index)| index).collect();
    (0..evidence.len()).map(|index| counting.contains(&index)).collect()
}

/// The support for a level, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Support {
    /// Counting every interval with its lower end.
    pub lower: u64,
    /// Counting every interval with its upper end.
    pub upper: u64,
}

/// The support that demonstrated evidence gives a level on a day; to explain a level.
pub fn support(evidence: &[Evidence<'_>], level: u8, on: Date) -> Support {
    let valid = valid(evidence, |e| e.counts_on(on));
    Support { lower: reach(&valid, level, |e| e.low).0, upper: reach(&valid, level, |e| e.high).0 }
}

/// The demonstrated level on a day, from one person's evidence for one competence, in any order. Evidence of
/// other kinds is left aside.
pub fn demonstrated(evidence: &[Evidence<'_>], requirements: &Requirements, on: Date) -> State {
    if let Some(levels) = demonstrated_levels(evidence, requirements, on) {
        return State::Level(levels);
    }
    // A level can only have begun on a day on which something was observed.
    let days: BTreeSet<_> = evidence.iter().map(Evidence::observed_on).filter(|day| *day < on).collect();
    let had_one =
        days.into_iter().any(|day| level(&valid(evidence, |e| e.counts_on(day)), requirements).is_some());
    if had_one { State::Expired } else { State::Unknown }
}

/// The demonstrated level on a day where there is one, from one person's evidence for one competence, in any order. Of
/// what one activity shows by one rule the latest on or before the day is enough: whatever was observed before expires
/// before.
pub fn demonstrated_levels(
    evidence: &[Evidence<'_>],
    requirements: &Requirements,
    on: Date,
) -> Option<Levels> {
    level(&valid(evidence, |e| e.counts_on(on)), requirements)
}

/// A leader's approval of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attestation {
    /// Who approved.
    pub by: PersonId,
    /// Whose level.
    pub of: PersonId,
    /// The level or interval.
    pub levels: Levels,
    /// When, in microseconds.
    pub observed_at: i64,
    /// The last day on which it counts; none: it always does.
    pub valid_until: Option<Date>,
    /// The day from which it is revoked, if it was.
    pub revoked_on: Option<Date>,
    /// The position of its event.
    pub position: u64,
}

/// The attested level on a day, from one person's attestations for one competence, in any order: the latest
/// that is not revoked. Nobody attests their own.
pub fn attested(attestations: &[Attestation], on: Date) -> State {
    attestations
        .iter()
        .filter(|a| a.by != a.of && Date::in_sweden(Micros(a.observed_at)) <= on)
        .filter(|a| a.revoked_on.is_none_or(|day| day > on))
        .max_by_key(|a| (a.observed_at, a.position))
        .map_or(State::Unknown, |a| match a.valid_until {
            Some(last) if last < on => State::Expired,
            _ => State::Level(a.levels),
        })
}

fn valid<'e, 'a>(
    evidence: &'e [Evidence<'a>],
    counts: impl Fn(&Evidence<'a>) -> bool,
) -> Vec<&'e Evidence<'a>> {
    evidence.iter().filter(|e| e.kind == Kind::Demonstrated && counts(e)).collect()
}

/// The interval between the level by lower ends and the level by upper ends.
fn level(valid: &[&Evidence<'_>], requirements: &Requirements) -> Option<Levels> {
    let highest = |end: fn(&Evidence<'_>) -> u8| {
        let top = valid.iter().map(|e| end(e)).max().unwrap_or(0);
        (1..=top).rev().find(|&level| {
            let (support, types) = reach(valid, level, end);
            support >= FULL_SUPPORT && types.contains(requirements.of(level))
        })
    };
    // What reaches a level by its lower end reaches it by its upper end too.
    let low = highest(|e| e.low)?;
    Some(Levels { low, high: highest(|e| e.high).unwrap_or(low) })
}

/// Support for a level and the types that it covers. A root activity counts once, with the greatest weight that
/// any of its evidence at that level has, so neither copies, retakes nor their order matter.
fn reach(valid: &[&Evidence<'_>], level: u8, end: fn(&Evidence<'_>) -> u8) -> (u64, TypeSet) {
    let mut roots: BTreeMap<&str, u32> = BTreeMap::new();
    let mut types = TypeSet::EMPTY;
    for e in valid.iter().filter(|e| end(e) >= level) {
        let weight = roots.entry(e.root).or_default();
        *weight = e.weight.max(*weight);
        types = types.union(e.types);
    }
    (roots.values().map(|&weight| u64::from(weight)).sum(), types)
}
