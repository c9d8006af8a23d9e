//! The forms in which a report leaves.

use serde::{Deserialize, Serialize};

/// A form of a report's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A page that stands alone ([`crate::document`]).
    Html,
    /// A document for paper, which `larka-pdf` makes of [`crate::paper`].
    Pdf,
    /// A workbook ([`crate::xlsx`]).
    Xlsx,
    /// One table ([`crate::csv`]).
    Csv,
    /// One long table, a row for each value, in both languages; made by `analytics`.
    Parquet,
    /// Everything, exactly ([`crate::json`]).
    Json,
}

impl Format {
    /// All of them, those for readers first.
    pub const ALL: [Format; 6] =
        [Format::Html, Format::Pdf, Format::Xlsx, Format::Csv, Format::Parquet, Format::Json];

    /// What it is called in commands and addresses, and at the end of a file's name.
    pub fn name(self) -> &'static str {
        match self {
            Format::Html => "html",
            Format::Pdf => "pdf",
            Format::Xlsx => "xlsx",
            Format::Csv => "csv",
            Format::Parquet => "parquet",
            Format::Json => "json",
        }
    }

    /// The one that is called `name`.
    pub fn named(name: &str) -> Option<Format> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What it is called where readers choose.
    pub fn label(self) -> &'static str {
        match self {
            Format::Html => "HTML",
            Format::Pdf => "PDF",
            Format::Xlsx => "Excel",
            Format::Csv => "CSV",
            Format::Parquet => "Parquet",
            Format::Json => "JSON",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Html => "text/html; charset=utf-8",
            Format::Pdf => "application/pdf",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Csv => "text/csv; charset=utf-8",
            Format::Parquet => "application/vnd.apache.parquet",
            Format::Json => "application/json",
        }
    }

    /// Whether it is in one language; others hold both.
    pub fn has_language(self) -> bool {
        !matches!(self, Format::Parquet | Format::Json)
    }
}
