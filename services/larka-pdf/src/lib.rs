//! A released report as PDF: PDF/UA-1 and PDF/A-2a in one file, the same bytes each time.
//!
//! Takes a document for paper (`docs/formats/paper.md`), in which every text is ready to print, and knows nothing of
//! reports. The layout is `assets/report.typ`; what a report says reaches it as data alone.

mod signs;
pub mod world;

use serde_json::{Value, json};
use typst::diag::SourceDiagnostic;
use typst::foundations::Smart;
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};
use world::{Fonts, Paper};

const LAYOUT: &str = include_str!("../assets/report.typ");

/// The format that is read.
pub const FORMAT: &str = "larka-paper/1";

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The text is not JSON.
    #[error("what came in is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is something else, or of another version of the program.
    #[error(
        "what came in has the format {0:?}; expected {FORMAT:?}: larka and larka-pdf are of different versions"
    )]
    Format(String),
    /// A font that is built in cannot be read.
    #[error("a font that is built in cannot be read")]
    Font,
    /// The document lacks something that the layout asks for, or would not be accessible.
    #[error("the report cannot be set: {0}")]
    Layout(String),
}

/// The PDF of a document for paper.
///
/// # Errors
/// The document is not one, or the PDF would not be as its standards demand.
pub fn pdf(document: &[u8]) -> Result<Vec<u8>, PdfError> {
    let mut document: Value = serde_json::from_slice(document)?;
    let format = document["format"].as_str().unwrap_or_default();
    if format != FORMAT {
        return Err(PdfError::Format(format.to_owned()));
    }
    let fonts = Fonts::built_in().ok_or(PdfError::Font)?;
    let missing = signs::replace(&mut document, |c| fonts.have(c));
    document["signs"] = missing.iter().map(|(sign, name)| json!({ "sign": sign, "name": name })).collect();
    let options = PdfOptions {
        ident: Smart::Custom(document.to_string()),
        creator: Smart::Custom(document["program"].as_str().map(str::to_owned)),
        standards: PdfStandards::new(&[PdfStandard::Ua_1, PdfStandard::A_2a])
            .map_err(|error| PdfError::Layout(error.message().to_string()))?,
        ..PdfOptions::default()
    };
    let paper = Paper::new(fonts, LAYOUT, document.to_string().into_bytes());
    let set = typst::compile::<PagedDocument>(&paper).output.map_err(|errors| said(&paper, &errors))?;
    typst_pdf::pdf(&set, &options).map_err(|errors| said(&paper, &errors))
}

/// What typst says of the first fault, and where in the layout it stands.
fn said(paper: &Paper, errors: &[SourceDiagnostic]) -> PdfError {
    let first = errors.first().map(|error| {
        let line = paper.line(error.span);
        let line = line.map_or_else(String::new, |line| format!(" (line {line} of the layout)"));
        format!("{}{line}", error.message)
    });
    PdfError::Layout(first.unwrap_or_default())
}
