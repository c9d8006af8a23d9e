//! Statements from files and from other stores, in batches, resumable, with what does not fit set aside, and counted
//! against the log at the end (`docs/migration.md`).
//!
//! A file's rows and values (`values`, `tables`) become statements (`source`, `extended`), as do the pages of another
//! store (`other`, `asking`, `trail`); they go to the log by way of `feed`, and `compare` counts. `file` and `pull` are the two ways in.
//! `answers` are those of a survey's respondents; the desk reads and takes them.
//! The side of the instance is `tasks/imported.rs`.

pub(crate) mod answers;
mod asking;
mod compare;
mod contents;
mod extended;
mod feed;
pub(crate) mod file;
mod flags;
mod glance;
mod other;
pub(crate) mod outside;
pub(crate) mod pull;
mod source;
mod tables;
mod trail;
mod values;

pub(crate) use flags::Flags;
