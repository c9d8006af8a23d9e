//! The made-up municipality that `larka demo`, tests and benchmarks use, from a seed: Lärkby kommun, its
//! preschools and schools, its employees and pupils, the courses they take and the surveys they answer over a
//! school year. Nobody in it exists.
//!
//! [`World::new`] makes it up; its organisation, courses, surveys and rounds are what the four ways in take,
//! and [`World::statements`] is the year's statements in time order. [`World::staff`], [`World::guardians`] and
//! [`World::guardians_again`] are asked on a day that is given, and what they answer is filled in on the answer pages.

mod activities;
mod calendar;
mod catalogue;
mod content;
mod dice;
mod input;
mod intent;
mod json;
mod names;
mod organisation;
mod people;
mod rounds;
mod schedule;
mod sheets;
mod statement;
mod study;
mod today;
mod world;
mod year;

pub use today::{Asked, Sheet};
pub use world::{Plan, World};
