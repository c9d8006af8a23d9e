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
//! * **Linked tables** (module `linked`): a cross table and its margins are decided together, item by item, after the rates
//!   that they belong to. A question is shown where its response rate is, single levels where their bands are, a cross
//!   where both margins are and what it leaves out of them passes the primary rules as if it were printed.
//! * **Codes** (module `codes`): what is said of a hidden figure is of how many are behind it alone, whatever it is hidden
//!   for; where the group's size and that would almost say how many have answered, the neutral code stands.
//! * **Secondary** (module `secondary`): what can be got by subtracting published children from a published parent
//!   passes the primary rules as if it were printed, to a fixed point over all linked parts and tiers. Only a group
//!   without people is nobody; a parent below which nothing is left to hide is hidden itself.
//! * **Bounds** (modules `certificate`, `round`, `people`, `net`, `bounds`, `moves`): from all that is shown of an item, how many people belong to the same
//!   groups (the roll, [`Atom`]) and counts being whole numbers, no hidden count that is not zero follows exactly, or more
//!   narrowly than two steps where no one published figure says as much. What gives one away is hidden as well.
//! * **Geometries** (modules `geometries`, `few`, `grid`, `kinds`): roles beside the organisation, as far as neither a hidden count
//!   nor a few people who are no listed group follow from both; the organisation is decided first, and loses nothing for them.
//! * **Figures made of others** (module `needs`): an index, or a change from one time to another, is shown only where what
//!   it is made of is.
//! * **Time** (module [`ledger`]): before the gate, people stand as they were released until enough of them have changed
//!   together, so that no two releases differ by a few.
//! * **Weights** (module `weights`): what answers are when weighted against non-response, from what is shown alone.
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
//! * `secondary` does not know the roll; it is careful where totals differ from the sum of their parts.
//! * *Span*: of the organisation alone, for what is no count of a listed population; beside roles `few` does that.

mod before;
mod bounds;
mod cells;
mod certificate;
mod codes;
mod few;
mod gate;
mod geometries;
mod grid;
mod item;
mod kinds;
pub mod ledger;
mod linked;
mod moves;
mod needs;
mod net;
mod people;
mod preset;
mod primary;
mod ratio;
mod released;
mod round;
mod rule;
mod secondary;
mod since;
mod strata;
mod table;
mod text;
mod weights;

pub use gate::{Gate, TableError};
pub use preset::{MinimumRate, MustBe, Preset, PresetError};
pub use ratio::{Ratio, Rounded};
pub use released::{
    Full, Reason, Released, ReleasedPopulation, ReleasedSection, Shown, ShownFigure, Summary,
};
#[doc(hidden)]
pub use rule::Rule;
pub use since::{Differences, Spread};
pub use strata::Strata;
pub use table::{
    Atom, Axis, Category, Figure, Geometry, Identity, Interval, Item, ItemGroup, LevelKind, Measure, Need,
    Nested, Outside, OutsideKind, Population, ReportKind, ResultTable, Role, Score, Section, Share, Value,
    ValueKind, Withheld,
};
pub use text::{Lang, Text};
