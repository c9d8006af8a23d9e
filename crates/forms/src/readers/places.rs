//! From places in a definition to the cells that it was read from.

use serde_json::Value as Json;

use super::scoring::Sheets;
use crate::refusal::{Refusal, Refusals};

/// Where what is read has the number of its row, until it is whole.
pub(super) const ROW: &str = "#row";

/// The row that something was read from.
pub(super) fn row_of(json: &Json) -> usize {
    json[ROW].as_u64().and_then(|row| usize::try_from(row).ok()).unwrap_or_default()
}

/// The rows of a definition's parts, by their places (JSON pointers).
pub(super) struct Places {
    parts: Vec<(String, &'static str, usize)>,
}

impl Places {
    /// Takes the numbers of rows out of a definition.
    pub(super) fn taken(definition: &mut Json) -> Places {
        let mut places = Places { parts: Vec::new() };
        places.walk(definition, String::new(), "survey");
        places
    }

    fn walk(&mut self, json: &mut Json, place: String, sheet: &'static str) {
        match json {
            Json::Object(fields) => {
                if let Some(row) = fields.shift_remove(ROW) {
                    let row = row.as_u64().and_then(|row| usize::try_from(row).ok());
                    self.parts.push((place.clone(), sheet, row.unwrap_or_default()));
                }
                for (name, inner) in fields {
                    let sheet =
                        if ["choices", "columns"].contains(&name.as_str()) { "choices" } else { "survey" };
                    self.walk(inner, format!("{place}/{name}"), sheet);
                }
            }
            Json::Array(items) => {
                for (at, inner) in items.iter_mut().enumerate() {
                    self.walk(inner, format!("{place}/{at}"), sheet);
                }
            }
            _ => {}
        }
    }

    /// The cell that a place was read from: sheet, row and column.
    fn cell(&self, place: &str, sheets: &Sheets<'_>) -> String {
        let inside = |(part, sheet, row): &'_ (String, &'static str, usize)| {
            let rest = place.strip_prefix(part.as_str())?;
            (rest.is_empty() || rest.starts_with('/')).then(|| (part.len(), *sheet, *row, rest.to_owned()))
        };
        let mut around: Vec<_> = self.parts.iter().filter_map(inside).collect();
        around.sort();
        let Some((_, sheet, row, rest)) = around.pop() else {
            return Places::beside(place, sheets);
        };
        let property = rest.split('/').nth(1).unwrap_or_default();
        // What a choice hangs on is said by its question.
        if let (true, Some((_, sheet, row, _))) =
            (sheet == "choices" && property == "visibleIf", around.pop())
        {
            return format!("{sheet}, {row}, choice_filter");
        }
        let column = match property {
            "" | "name" | "value" => "name",
            "title" | "html" | "text" => "label",
            "description" => "hint",
            "visibleIf" => "relevant",
            "isRequired" | "requiredIf" | "eachRowRequired" => "required",
            "requiredErrorText" => "required_message",
            "validators" => match rest.ends_with("/text") {
                true => "constraint_message",
                false => "constraint",
            },
            "expression" => "calculation",
            "rateValues" => "parameters",
            "minRateDescription" => "lowest",
            "maxRateDescription" => "highest",
            "maxLength" => "max_length",
            _ => "type",
        };
        format!("{sheet}, {row}, {column}")
    }

    /// The cell of what stands in no row of questions or choices.
    fn beside(place: &str, sheets: &Sheets<'_>) -> String {
        let row = sheets.settings.and_then(|sheet| sheet.rows.first()).map_or(2, |(number, _)| *number);
        let mut parts = place.split('/').skip(1);
        match (parts.next(), parts.next()) {
            (Some("title"), _) => format!("settings, {row}, form_title"),
            (Some("description"), _) => format!("settings, {row}, description"),
            (Some("locale"), _) => format!("settings, {row}, default_language"),
            (Some("larka"), Some("scales")) => "choices, score".to_owned(),
            (Some("larka"), Some("items")) => "survey, index, reverse, competence".to_owned(),
            (Some("larka"), Some("groups")) => {
                let at = parts.next().and_then(|at| at.parse::<usize>().ok());
                let row = at.and_then(|at| sheets.groups?.rows.get(at));
                row.map_or("groups".to_owned(), |(number, _)| format!("groups, {number}, name"))
            }
            (Some("larka"), Some(part)) => part.to_owned(),
            _ => "survey".to_owned(),
        }
    }

    /// Adds what is wrong with the definition that the sheets stand for; not what was told of already, or may follow from that.
    pub(super) fn add(&self, found: Vec<Refusal>, sheets: &Sheets<'_>, refusals: &mut Refusals) {
        let known: Vec<String> = refusals.places().map(str::to_owned).collect();
        let choices = known.iter().any(|place| place.starts_with("choices"));
        for mut refusal in found {
            let place = self.cell(&refusal.place, sheets);
            let compares = ["relevant", "required", "constraint", "calculation", "choice_filter"]
                .iter()
                .any(|column| place.ends_with(&format!(", {column}")));
            let mut parts = place.split(", ");
            let sheet = parts.next().unwrap_or_default();
            // Of a whole sheet nothing is said while something in it is wrong.
            let whole = parts.next().is_none_or(|row| row.parse::<usize>().is_err());
            let follows = choices && compares || whole && known.iter().any(|known| known.starts_with(sheet));
            // Of a text, each language is told of by its own column.
            let languages = format!("{place}::");
            let told = known.iter().any(|known| *known == place || known.starts_with(&languages));
            if told || follows {
                continue;
            }
            for words in std::iter::once(&mut refusal.what).chain(&mut refusal.instead) {
                words.sv = self.said(&words.sv, sheets);
                words.en = self.said(&words.en, sheets);
            }
            refusals.push(&place, refusal.what, refusal.instead);
        }
    }

    /// A sentence that names another place in brackets.
    fn said(&self, sentence: &str, sheets: &Sheets<'_>) -> String {
        let Some((before, rest)) = sentence.split_once("(/") else { return sentence.to_owned() };
        let Some((place, after)) = rest.split_once(')') else { return sentence.to_owned() };
        format!("{before}({}){after}", self.cell(&format!("/{place}"), sheets))
    }
}

/// Row by row; the sheets in the order in which they are told of.
pub(super) fn in_order(mut refusals: Vec<Refusal>) -> Vec<Refusal> {
    let sheet = |refusal: &Refusal| refusal.place.split(", ").next().unwrap_or_default().to_owned();
    let sheets: Vec<String> = refusals.iter().map(sheet).collect();
    refusals.sort_by_cached_key(|refusal| {
        let row: Option<usize> = refusal.place.split(", ").nth(1).and_then(|row| row.parse().ok());
        (sheets.iter().position(|known| *known == sheet(refusal)), row)
    });
    refusals
}
