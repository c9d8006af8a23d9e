//! Columns of the sheet of questions, and what is said of those that are none.

use super::scoring::OF_QUESTIONS;
use super::sheet::Sheet;
use crate::refusal::Refusals;
use crate::text::distance;

const COLUMNS: &[&str] = &[
    "type",
    "name",
    "label",
    "hint",
    "relevant",
    "required",
    "required_message",
    "constraint",
    "constraint_message",
    "calculation",
    "appearance",
    "choice_filter",
    "parameters",
    // Of our own.
    "lowest",
    "highest",
    "max_length",
    "some",
    "as",
];
/// How many letters a heading may differ by from the one that is meant: fewer in short ones.
fn meant(heading: &str) -> Option<&'static str> {
    let all = COLUMNS.iter().chain(&OF_QUESTIONS);
    let alike = all.map(|known| (distance(known, heading), *known));
    let near = |(distance, known): &(usize, &str)| *distance <= if known.len() < 5 { 1 } else { 2 };
    alike.filter(near).min().map(|(_, known)| known)
}

/// Refuses what stands in columns that there are not.
pub(super) fn check(survey: &Sheet, number: usize, row: &[String], refusals: &mut Refusals) {
    for (column, _) in survey.cells(row) {
        let base = column.split("::").next().unwrap_or_default();
        if COLUMNS.contains(&base) || OF_QUESTIONS.contains(&base) {
            continue;
        }
        let place = survey.place(number, column);
        if column.is_empty() {
            let what = ("kolumnen har ingen rubrik", "the column has no heading");
            refusals.add(&place, what.0, what.1);
            continue;
        }
        let what = (format!("kolumnen {column} tas inte emot"), format!("the column {column} is not taken"));
        match meant(base) {
            Some(known) => {
                let (sv, en) = (format!("menar du {known}?"), format!("do you mean {known}?"));
                refusals.instead(&place, what, (&sv, &en));
            }
            None => {
                refusals.instead(&place, what, ("ta bort det som står där", "take away what stands there"))
            }
        }
    }
}

/// Whether the headings are there, in the first row; else the one thing to do is said.
pub(super) fn headed(survey: &Sheet, refusals: &mut Refusals) -> bool {
    let missing: Vec<&str> = ["type", "name"]
        .into_iter()
        .filter(|column| !survey.columns.iter().any(|name| name == column))
        .collect();
    if missing.is_empty() {
        return true;
    }
    let all = missing.join(", ");
    let what = (format!("kolumnen {all} saknas"), format!("the column {all} is missing"));
    let heads = |(_, row): &&(usize, Vec<String>)| {
        missing.iter().all(|column| row.iter().any(|cell| cell.to_lowercase() == *column))
    };
    match survey.rows.iter().find(heads) {
        Some((number, _)) => {
            let first = (
                format!("flytta rubrikerna på rad {number} till bladets första rad"),
                format!("move the headings in row {number} to the sheet's first row"),
            );
            refusals.instead("survey", what, (&first.0, &first.1));
        }
        None => {
            refusals.instead(
                "survey",
                what,
                (
                    "skriv rubrikerna type, name och label på bladets första rad",
                    "write the headings type, name and label in the sheet's first row",
                ),
            );
        }
    }
    false
}
