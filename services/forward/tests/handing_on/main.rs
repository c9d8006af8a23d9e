//! What is promised of handing statements on, on both databases, to another side that fails in every way.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod failing;
mod other;
mod reaching;
#[path = "../../../lrs/tests/rig/mod.rs"]
mod rig;
mod selecting;
mod sending;
mod world;
