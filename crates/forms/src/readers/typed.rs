//! What the types of questions say.

use super::sheet::Sheet;
use super::xpath::{Kind, Known};
use crate::question::RESPONDENT_GROUP;

/// The first word of a type and its list, whatever of the older spellings it is in.
pub(super) fn typed(cell: &str) -> (String, String, bool) {
    let cell = cell.replace("select one", "select_one").replace("select multiple", "select_multiple");
    let cell = cell.replace("begin group", "begin_group").replace("end group", "end_group");
    let mut words = cell.split_whitespace();
    let first = words.next().unwrap_or_default().to_owned();
    let list = words.next().unwrap_or_default().to_owned();
    (first, list, words.next() == Some("or_other"))
}

/// The questions; the respondent's group is known beside them where there are groups.
pub(super) fn known(survey: &Sheet, grouped: bool) -> Known {
    let kind = |word: &str| {
        Some(match word {
            "select_one" => Kind::One,
            "select_multiple" | "rank" => Kind::Many,
            "integer" | "int" | "decimal" | "range" | "calculate" => Kind::Number,
            "date" => Kind::Date,
            "text" | "string" | "phone" => Kind::Text,
            "acknowledge" => Kind::One,
            _ => return None,
        })
    };
    let mut known = Known::new();
    if grouped {
        known.insert(RESPONDENT_GROUP.to_owned(), (Kind::One, RESPONDENT_GROUP.to_owned()));
    }
    // The group around whose questions are rows of a matrix.
    let mut table = None;
    for (_, row) in &survey.rows {
        let name = survey.get(row, "name");
        match typed(survey.get(row, "type")).0.as_str() {
            "begin_group" => table = (survey.get(row, "appearance") == "table-list").then_some(name),
            "end_group" => table = None,
            word => {
                if let Some(kind) = kind(word) {
                    let called = table.map_or(name.to_owned(), |table| format!("{table}.{name}"));
                    known.insert(name.to_owned(), (kind, called));
                }
            }
        }
    }
    known
}
