//! The sheet of settings.

use serde_json::{Map, Value as Json, json};

use super::choices::texts;
use super::sheet::Sheet;
use crate::refusal::Refusals;

const SETTINGS: [&str; 12] = [
    "form_title",
    "form_id",
    "version",
    "default_language",
    "title",
    "id_string",
    "style",
    "heading",
    "description",
    "source",
    "instrument",
    "framework",
];

/// Reads heading, description and language into a definition. Says whether groups are pages.
pub(super) fn read(sheet: &Sheet, definition: &mut Map<String, Json>, refusals: &mut Refusals) -> bool {
    let Some((number, row)) = sheet.rows.first() else { return false };
    for (column, _) in sheet.cells(row) {
        if !SETTINGS.contains(&column.split("::").next().unwrap_or_default()) {
            let (sv, en) = (
                format!("inställningen {column} tas inte emot"),
                format!("the setting {column} is not taken"),
            );
            refusals.add(&sheet.place(*number, column), sv, en);
        }
    }
    // A form's title is in one language for other programs.
    let title = ["heading", "form_title", "title"]
        .iter()
        .find_map(|column| texts(sheet, *number, row, column, refusals));
    if let Some(title) = title {
        definition.insert("title".to_owned(), title);
    }
    if let Some(description) = texts(sheet, *number, row, "description", refusals) {
        definition.insert("description".to_owned(), description);
    }
    let language = sheet.get(row, "default_language");
    let code =
        language.rsplit_once('(').and_then(|(_, code)| code.strip_suffix(')')).unwrap_or(language).trim();
    if !code.is_empty() {
        definition.insert("locale".to_owned(), json!(code));
    }
    match sheet.get(row, "style") {
        "" => false,
        "pages" => true,
        _ => {
            let what = ("stilen tas inte emot".to_owned(), "the style is not taken".to_owned());
            refusals.instead(&sheet.place(*number, "style"), what, ("pages", "pages"));
            false
        }
    }
}
