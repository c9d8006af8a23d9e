//! What the vault promises, on both databases.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod backup;
mod crashes;
mod erasure;
mod files;
mod forwards;
mod pieces;
mod resolving;
#[path = "../samples/mod.rs"]
mod samples;
mod sealing;
mod secrets;
mod support;
