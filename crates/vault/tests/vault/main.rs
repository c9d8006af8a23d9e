//! What the vault promises, on both databases.

mod crashes;
mod erasure;
mod files;
mod pieces;
mod resolving;
#[path = "../samples/mod.rs"]
mod samples;
mod sealing;
mod secrets;
mod support;
