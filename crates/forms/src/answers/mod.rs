//! Answers: what is shown beside them, what is wrong with them, what is kept of them.

mod check;
mod fault;
mod fields;
mod shape;
mod view;

use serde_json::{Map, Value as Json};

pub use check::{Checked, is_blank, look};
pub use fault::{Fault, Wrong};
pub use fields::{MOST_FIELDS, rank_field, read_fields, row_field};
pub use shape::LONGEST_ANSWER;
pub use view::View;

use crate::words::Words;

/// Largest body of answers, in bytes.
pub const MAX_ANSWER_BYTES: usize = 2 << 20;

/// Reads answers that were sent as JSON: one object, question by question.
///
/// # Errors
/// Where they are too large, no JSON, deeper than 128 levels, or no object.
pub fn read_json(bytes: &[u8]) -> Result<Map<String, Json>, Words> {
    if bytes.len() > MAX_ANSWER_BYTES {
        return Err(Words::new(
            format!("Svaren är större än {MAX_ANSWER_BYTES} byte."),
            format!("The answers are larger than {MAX_ANSWER_BYTES} bytes."),
        ));
    }
    serde_json::from_slice(bytes).map_err(|_| {
        Words::new(
            "Svaren ska vara ett JSON-objekt med ett svar för varje fråga.",
            "Answers have to be a JSON object with an answer for each question.",
        )
    })
}
