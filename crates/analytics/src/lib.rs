//! The lake, indicators and reports; the only polars.
//!
//! [`lake`] keeps the statements' clear facts as Parquet; [`reports`] joins them with the municipality as
//! `domain` folds it, and gives [`disclosure::ResultTable`]s, which only the gate can turn into something
//! showable; [`released`] writes what it lets through as Parquet. [`statistics`] has the indicators, exact, with their
//! worked examples as tests.

pub mod lake;
mod parquet;
pub mod released;
pub mod reports;
pub mod statistics;
