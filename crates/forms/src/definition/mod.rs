//! Definitions: reading one, what is wrong with it, its hashes.

mod advice;
mod bind;
mod braces;
mod groups;
mod hash;
mod kinds;
mod model;
mod read;
mod reader;
mod scored;

use serde_json::Value as Json;

pub(crate) use braces::refuse as refuse_in_text;
pub(crate) use model::Step;
pub use model::{Definition, HiddenAnswers};
pub use read::{MAX_BYTES, MAX_QUESTIONS};

use self::reader::Reader;
use crate::refusal::{Refusal, Refusals};

/// Reads a definition: SurveyJS JSON as its author sent it, with what figures need inside it (`larka`) or `beside` it.
///
/// # Errors
/// Everything that Lärka does not take, each with its place.
pub fn register(source: &[u8], beside: Option<&[u8]>) -> Result<Definition, Vec<Refusal>> {
    whole(source, beside, Reader::default())
}

/// Reads a definition that was registered, perhaps by an earlier version: what it took, and this one does not take any more
/// but can read, is read.
///
/// # Errors
/// What cannot be read any more.
pub fn registered(source: &[u8], beside: Option<&[u8]>) -> Result<Definition, Vec<Refusal>> {
    whole(source, beside, Reader { registered: true, ..Reader::default() })
}

fn whole(source: &[u8], beside: Option<&[u8]>, reader: Reader) -> Result<Definition, Vec<Refusal>> {
    let mut refusals = Refusals::default();
    let Some(json) = parsed(source, "", &mut refusals) else { return Err(refusals.into_list()) };
    let mut draft = read::draft(&json, reader);
    let mut refusals = std::mem::take(&mut draft.reader.refusals);
    let mut definition = read::whole(draft, source);
    bind::bind(&mut definition, &mut refusals);
    let inside = json.get("larka");
    let beside = beside.and_then(|bytes| parsed(bytes, "larka", &mut refusals));
    if inside.is_some() && beside.is_some() {
        refusals.add(
            "/larka",
            "står både i definitionen och bredvid den",
            "is both inside the definition and beside it",
        );
    }
    if let Some(json) = beside.as_ref().or(inside) {
        definition.sidecar = scored::read(&definition, json, "/larka", &mut refusals);
    }
    groups::check(&definition, &mut refusals);
    if !refusals.is_empty() {
        return Err(refusals.into_list());
    }
    definition.sha256 = hash::sha256(source);
    definition.question_set = hash::question_set(&definition);
    Ok(definition)
}

fn parsed(bytes: &[u8], place: &str, refusals: &mut Refusals) -> Option<Json> {
    if bytes.len() > MAX_BYTES {
        refusals.add(place, format!("större än {MAX_BYTES} byte"), format!("larger than {MAX_BYTES} bytes"));
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(json) => Some(json),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            refusals.instead(
                place,
                (
                    format!("är inte JSON (rad {line}, tecken {column})"),
                    format!("is not JSON (line {line}, character {column})"),
                ),
                (
                    "SurveyJS JSON, eller ett kalkylblad i .xlsx eller .ods",
                    "SurveyJS JSON, or a sheet in .xlsx or .ods",
                ),
            );
            None
        }
    }
}
