//! Result tables and the one gate that figures pass.
//!
//! Analytics builds a [`ResultTable`]: populations, sections and exact figures. [`Gate::apply`] decides, for each
//! figure, how much of it may be shown, and is the only way to make a [`Released`]. Everything that leaves the
//! house (page, API, file, e-mail) takes a [`Released`], never a [`ResultTable`].
//!
//! Integers only, no clock, no chance: the same table and preset give the same decision.
//!
//! # What the gate does today
//!
//! * **Primary** ([`Gate`], module `primary`): answered < k, N < k, rate under the minimum, unanimity (the largest
//!   category holds all but one or all). For a cross table the two margins are tested as well.
//! * **Tiers**: [`Shown::Full`], [`Shown::Summary`], [`Shown::Hidden`]; the rules run once for each tier.
//! * **Secondary** (module `secondary`): what can be got by subtracting published children from a published parent
//!   passes the primary rules as if it were printed, to a fixed point.
//! * **Nested sections** ([`Nested`]): a cross table that covers almost everyone behind another table's figure
//!   would give away the few that it leaves out.
//!
//! A population is the people behind one figure, so every item has a tree of its own: those who skipped an item
//! are not behind its figure. No item may be a sum of other items of its section; the gate looks for equations
//! over people, not over questions.
//!
//! A rate passes the same rules. n stands beside every published figure, so the rate of a closed round says nothing
//! that n does not; while people can still answer ([`Section::live`]) it is the only figure there is, and a rate of
//! almost nobody or almost everybody is hidden too.
//!
//! # What is to come, and where
//!
//! * *Atoms*: [`Population`] will carry its membership set. Until then `secondary` is careful where totals
//!   differ from the sum of their parts: the difference itself has to pass the primary rules.
//! * *Certificate*: an elimination over the published columns, between `secondary` and the building of
//!   [`Released`] in [`Gate::apply`]; needed once geometries other than the tree are published together.
//! * *Time*: `Gate::apply` will take the last release of the same table beside the new one.

mod gate;
mod preset;
mod primary;
mod ratio;
mod released;
mod secondary;
mod table;
mod text;

pub use gate::{Gate, TableError};
pub use preset::{MinimumRate, MustBe, Preset, PresetError};
pub use ratio::{Ratio, Rounded};
pub use released::{
    Full, Reason, Released, ReleasedPopulation, ReleasedSection, Shown, ShownFigure, Summary,
};
pub use table::{
    Axis, Category, Figure, Geometry, Identity, Interval, Item, ItemGroup, LevelKind, Measure, Nested,
    Population, ReportKind, ResultTable, Role, Score, Section, Share,
};
pub use text::{Lang, Text};
