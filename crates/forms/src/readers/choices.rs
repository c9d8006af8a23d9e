//! The sheets of choices and settings, and texts in languages.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::sheet::Sheet;
use crate::definition::refuse_in_text;
use crate::refusal::Refusals;
use crate::text::{composed, in_braces};

/// A choice, with what stands in columns of its own.
pub(super) struct Choice {
    /// Its row, as a sheet numbers them.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) label: Json,
    pub(super) more: BTreeMap<String, String>,
}

/// Reads the choices by list.
pub(super) fn read(sheet: &Sheet, refusals: &mut Refusals) -> BTreeMap<String, Vec<Choice>> {
    let mut lists: BTreeMap<String, Vec<Choice>> = BTreeMap::new();
    for (number, row) in &sheet.rows {
        // `list name` is an older spelling.
        let list =
            ["list_name", "list name"].iter().map(|name| sheet.get(row, name)).find(|name| !name.is_empty());
        let name = ["name", "value"].iter().map(|name| sheet.get(row, name)).find(|name| !name.is_empty());
        let Some(list) = list else {
            refusals.add(
                &sheet.place(*number, "list_name"),
                "raden har inget list_name (är cellen sammanfogad?)",
                "the row has no list_name (is the cell merged?)",
            );
            continue;
        };
        let Some(name) = name.filter(|name| !name.contains(char::is_whitespace)) else {
            refusals.add(
                &sheet.place(*number, "name"),
                "namn utan blanktecken saknas",
                "a name without blanks is missing",
            );
            continue;
        };
        let choices = lists.entry(list.to_owned()).or_default();
        let alike = |one: &str, other: &str| composed(one).to_lowercase() == composed(other).to_lowercase();
        if choices.iter().any(|choice| alike(&choice.name, name)) {
            refusals.add(
                &sheet.place(*number, "name"),
                format!("{name} finns redan i listan, eller skiljer sig bara i stora och små bokstäver"),
                format!("{name} is in the list already, or differs by capitals alone"),
            );
            continue;
        }
        let label = texts(sheet, *number, row, "label", refusals);
        let known = |column: &str| {
            ["list_name", "list name", "name", "value"].contains(&column)
                || column.split("::").next() == Some("label")
        };
        let more = sheet.cells(row).filter(|(column, _)| !known(column) && !column.is_empty());
        let more: BTreeMap<String, String> =
            more.map(|(column, cell)| (column.to_owned(), cell.to_owned())).collect();
        if let Some(column) = more.keys().find(|column| {
            ["media", "image", "audio", "video"].contains(&column.split("::").next().unwrap_or_default())
        }) {
            refusals.add(
                &sheet.place(*number, column),
                "bild, ljud och film tas inte emot",
                "pictures, sound and film are not taken",
            );
        }
        let label = label.unwrap_or_else(|| json!(name));
        choices.push(Choice { number: *number, name: name.to_owned(), label, more });
    }
    lists
}

/// The texts of a column in all its languages: `label`, `label::sv`, `label::Svenska (sv)`.
pub(super) fn texts(
    sheet: &Sheet,
    number: usize,
    row: &[String],
    column: &str,
    refusals: &mut Refusals,
) -> Option<Json> {
    let mut found = Map::new();
    for (heading, cell) in sheet.cells(row) {
        let mut parts = heading.splitn(2, "::");
        if parts.next() != Some(column) {
            continue;
        }
        for (_, name) in in_braces(cell).filter(|(of_sheets, _)| *of_sheets) {
            refuse_in_text(refusals, &sheet.place(number, heading), &format!("${{{name}}}"));
        }
        let language = match parts.next() {
            None => "default".to_owned(),
            Some(language) => {
                let code = language.rsplit_once('(').and_then(|(_, code)| code.strip_suffix(')'));
                code.unwrap_or(language).trim().to_owned()
            }
        };
        let is_code = language == "default"
            || ((2..=3).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_lowercase()));
        if is_code {
            found.insert(language, json!(cell));
        } else {
            refusals.instead(
                &sheet.place(number, heading),
                (format!("{language} är ingen språkkod"), format!("{language} is no language code")),
                ("label::sv eller label::Svenska (sv)", "label::en or label::English (en)"),
            );
        }
    }
    (!found.is_empty()).then_some(Json::Object(found))
}
