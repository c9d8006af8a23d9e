//! XLSForm: a survey as a workbook, into SurveyJS JSON.

use serde_json::{Map, Value as Json, json};

use super::choices;
use super::columns;
use super::places::{Places, in_order};
use super::rows::Reader;
use super::scoring::{self, Sheets};
use super::settings;
use super::sheet::sheets;
use super::typed::known;
use crate::definition::register;
use crate::refusal::{Refusal, Refusals};

/// Translates a workbook (`.xlsx`, `.ods`) into a definition, as text, which [`register`](crate::register) takes.
///
/// # Errors
/// Everything that has no like in a definition, or means different things on phones and in browsers, with sheet, row and
/// column.
pub fn read_xlsform(workbook: &[u8]) -> Result<String, Vec<Refusal>> {
    let mut refusals = Refusals::default();
    let sheets = sheets(workbook, &["survey", "choices", "settings", "indexes", "groups"], &mut refusals);
    let named = |name: &str| sheets.iter().find(|sheet| sheet.name == name);
    let Some(survey) = named("survey") else {
        return Err(refusals.into_list());
    };
    if !columns::headed(survey, &mut refusals) {
        return Err(refusals.into_list());
    }
    let lists = named("choices").map(|sheet| choices::read(sheet, &mut refusals)).unwrap_or_default();
    let mut definition = Map::new();
    let paged = named("settings").is_some_and(|sheet| settings::read(sheet, &mut definition, &mut refusals));
    let (calculated, asked) = (Vec::new(), Vec::new());
    let mut reader = Reader {
        survey,
        lists: &lists,
        known: known(survey, named("groups").is_some()),
        refusals,
        calculated,
        asked,
        partial: false,
    };
    let elements = reader.rows();
    match paged {
        true => definition.insert("pages".to_owned(), reader.pages(elements)),
        false => definition.insert("elements".to_owned(), elements.into()),
    };
    if !reader.calculated.is_empty() {
        definition.insert("calculatedValues".to_owned(), std::mem::take(&mut reader.calculated).into());
    }
    let sheets =
        Sheets { survey, indexes: named("indexes"), settings: named("settings"), groups: named("groups") };
    if let Some(sidecar) = scoring::read(&sheets, &lists, &reader.asked, &mut reader.refusals) {
        definition.insert("larka".to_owned(), json!(sidecar));
    }
    let Reader { mut refusals, partial, .. } = reader;
    let mut definition = Json::Object(definition);
    let places = Places::taken(&mut definition);
    let source = definition.to_string();
    if !partial {
        let found = register(source.as_bytes(), None).err().unwrap_or_default();
        places.add(found, &sheets, &mut refusals);
    }
    if refusals.is_empty() { Ok(source) } else { Err(in_order(refusals.into_list())) }
}
