//! Workbooks as people make them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Cursor;

use forms::files::File;
use forms::read_xlsform;
use rust_xlsxwriter::Workbook;

/// A workbook of sheets, and cells far from the others in the first.
fn workbook(sheets: &[(&str, &[&[&str]])], far: &[(u32, u16)]) -> Vec<u8> {
    let mut book = Workbook::new();
    for (at, (name, rows)) in sheets.iter().enumerate() {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (number, row) in (0..).zip(*rows) {
            for (column, cell) in (0..).zip(*row) {
                sheet.write_string(number, column, *cell).unwrap();
            }
        }
        for (row, column) in far.iter().filter(|_| at == 0) {
            sheet.write_string(*row, *column, "x").unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

fn survey<'a>(some: &'a [[&'a str; 4]; 2]) -> Vec<u8> {
    let rows: Vec<&[&str]> = some.iter().map(|row| row.as_slice()).collect();
    let choices: [&[&str]; 3] = [&["list_name", "name", "label"], &["l", "a", "A"], &["l", "b", "B"]];
    workbook(&[("survey", &rows), ("choices", &choices), ("settings", &[&["form_title"], &["T"]])], &[])
}

#[test]
fn a_cell_far_from_the_others_is_told_of_and_takes_no_memory() {
    let answers: [&[&str]; 2] = [&["id", "submitdate", "q"], &["1", "2026-11-29 17:32:30", "1"]];
    let form: [&[&str]; 2] = [&["type", "name", "label"], &["text", "q", "Q"]];
    assert!(File::open(Box::new(Cursor::new(workbook(&[("s", &answers)], &[])))).is_ok());
    assert!(read_xlsform(&workbook(&[("survey", &form)], &[(3, 3)])).is_ok());
    for far in [(1_048_575, 16_383), (1_048_575, 0), (190_000, 16_383)] {
        let Err(refusal) = File::open(Box::new(Cursor::new(workbook(&[("s", &answers)], &[far])))) else {
            panic!("{far:?} is taken")
        };
        assert!(
            refusal.what.en.contains("far below") && refusal.what.sv.contains("långt nere"),
            "{refusal:?}"
        );
        let refusals = read_xlsform(&workbook(&[("survey", &form)], &[far])).unwrap_err();
        assert!(
            refusals.iter().any(|refusal| refusal.place == "survey" && refusal.what.en.contains("far below")),
            "{refusals:?}"
        );
    }
}

#[test]
fn yes_is_said_in_every_column_as_it_is_in_the_others() {
    let heading = ["type", "name", "label", "some"];
    for (cell, expected) in
        [("yes", true), ("Ja", true), ("TRUE", true), ("1", true), ("", false), ("no", false)]
    {
        let read = read_xlsform(&survey(&[heading, ["rank l", "r", "R", cell]])).unwrap();
        assert_eq!(read.contains("selectToRankEnabled"), expected, "{cell}");
    }
    let misplaced = read_xlsform(&survey(&[heading, ["text", "r", "R", "ja"]])).unwrap_err();
    assert_eq!(misplaced[0].place, "survey, 2, some");
}
