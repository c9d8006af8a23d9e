//! The rules by name, so that each can be left out to see what it is for.

use serde::Deserialize;

/// A rule of the gate. All of them hold, but in the tests that show what each is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Fewer than k have answered, or are in the group.
    SmallGroup,
    /// Fewer than the minimum rate have answered.
    LowRate,
    /// All, or all but one, in one category.
    Unanimity,
    /// Hidden parts of a published group are at least two, and hold at least 2k together.
    TwoHidden,
    /// What published parts leave of a published group passes the primary rules.
    Residual,
    /// A published group below which nothing is left to hide is hidden.
    LastPart,
    /// One person without an answer is not nobody.
    NoAnswer,
    /// A tier is shown where every tier below it is.
    Nested,
    /// What a cross leaves out of its margins passes the primary rules.
    LeftOut,
    /// All choices of a question are shown of a group, or none.
    Choices,
    /// Families of groups are decided together.
    Geometries,
    /// Few people who are no listed group do not follow from what is shown.
    Few,
    /// What a hidden figure's code says leaves room.
    Codes,
    /// Bounds on distributions and rates.
    Margins,
    /// Bounds on crosses.
    Crosses,
}
