//! Names as a workbook allows them.

use std::collections::BTreeSet;

/// A sheet's name has at most so many UTF-16 units.
const SHEET: usize = 31;
/// The head of a table's column has at most so many.
const HEAD: usize = 255;
/// The one name that no sheet may have, in lower case.
const RESERVED: &str = "history";

/// A sheet's name for each title, in order: short enough, without what is not allowed, and each another, also where case
/// is not looked at.
pub(super) fn sheets(titles: &[String]) -> Vec<String> {
    let legal = |title: &String| {
        let allowed = title.chars().map(|c| match c {
            '[' | ']' | ':' | '*' | '?' | '/' | '\\' => ' ',
            // At its ends it is not allowed, and within it has to be written twice where the name is referred to.
            '\'' => '’',
            other => other,
        });
        allowed.collect::<String>()
    };
    distinct(titles.iter().map(legal), SHEET, &[RESERVED])
}

/// A head for each name, in order, each another, also where case is not looked at.
pub(super) fn heads(names: Vec<String>) -> Vec<String> {
    distinct(names.into_iter(), HEAD, &[])
}

/// The texts on one line each, not empty, none longer than `limit`, none like another or like one of `taken`.
fn distinct(wanted: impl Iterator<Item = String>, limit: usize, taken: &[&str]) -> Vec<String> {
    let mut taken: BTreeSet<String> = taken.iter().map(|&name| name.to_owned()).collect();
    let mut free = |name: &str| taken.insert(name.to_lowercase());
    wanted
        .map(|text| {
            let text = text.split(|c: char| c.is_whitespace() || c.is_control());
            let text = text.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            let text = if text.is_empty() { "–" } else { &text };
            let mut name = cut(text, limit).to_owned();
            let mut number = 2;
            while !free(&name) {
                let end = format!(" ({number})");
                name = format!("{}{end}", cut(text, limit - end.len()));
                number += 1;
            }
            name
        })
        .collect()
}

/// The beginning of a text that has at most `limit` UTF-16 units, whole words if that is most of it.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    let mut units = 0;
    let over = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > limit
    });
    let Some((end, _)) = over else { return text };
    let begin = &text[..end];
    let word = begin.rfind(' ').filter(|at| *at > end / 2 && !text[end..].starts_with(' '));
    begin[..word.unwrap_or(end)].trim_end_matches([' ', ',', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_xlsxwriter::utility::check_sheet_name;

    fn of(titles: &[&str]) -> Vec<String> {
        sheets(&titles.iter().map(|&title| title.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_title_that_fits_is_the_name_and_a_long_one_ends_with_a_whole_word() {
        assert_eq!(of(&["Svarsfrekvens"]), ["Svarsfrekvens"]);
        assert_eq!(of(&["Egen skattning per kompetens och enhet"]), ["Egen skattning per kompetens"]);
        assert_eq!(of(&["Enhetsledarskapskompetensutvecklingen"]), ["Enhetsledarskapskompetensutveck"]);
    }

    #[test]
    fn names_that_differ_by_case_or_by_what_is_cut_off_become_different() {
        assert_eq!(of(&["Nivåer", "NIVÅER", "nivåer"]), ["Nivåer", "NIVÅER (2)", "nivåer (3)"]);
        let long = "Vad tycker du om den digitala miljön";
        assert_eq!(
            of(&[&format!("{long} hemma"), &format!("{long} i skolan")]),
            ["Vad tycker du om den digitala", "Vad tycker du om den (2)"]
        );
    }

    #[test]
    fn whatever_the_titles_are_the_names_are_legal_and_different() {
        let titles = [
            "",
            " ",
            "[a]:*?/\\b",
            "'citat'",
            "'",
            "History",
            "history",
            "två\r\nrader\t",
            "\u{1}",
            "🦜🦜🦜🦜🦜🦜🦜🦜🦜🦜🦜🦜🦜🦜🦜🦜🦜",
            "å".repeat(40).as_str(),
            "Å".repeat(40).as_str(),
        ]
        .map(str::to_owned);
        let titles: Vec<String> = titles.iter().chain(&titles).chain(&titles).cloned().collect();
        let names = sheets(&titles);
        assert_eq!(names.len(), titles.len());
        names.iter().for_each(|name| check_sheet_name(name).unwrap());
        assert!(names.iter().all(|name| name.to_lowercase() != "history"));
        let lower: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(lower.len(), names.len());
    }
}
