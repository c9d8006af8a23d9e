//! Workbooks as people make them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Cursor;

use forms::files::File;
use forms::read_xlsform;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

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

#[test]
fn headings_and_sheets_that_are_not_where_they_belong_are_told_of_with_where_they_are() {
    let rows: [&[&str]; 2] = [&["type", "name", "label"], &["text", "q", "Q"]];
    let titled: [&[&str]; 3] = [&["Enkät om digitala dagen"], rows[0], rows[1]];
    let refusals = |book: &[u8]| {
        let refusals = read_xlsform(book).unwrap_err().into_iter();
        refusals.map(|one| (one.place, one.what.sv, one.instead.map(|words| words.sv))).collect::<Vec<_>>()
    };
    let said = refusals(&workbook(&[("survey ", &rows), ("Blad2", &rows)], &[]));
    let missing = "bladet survey saknas; boken har \"survey \", \"Blad2\"";
    assert_eq!(said, [("survey".to_owned(), missing.to_owned(), None)]);
    let said = refusals(&workbook(&[("survey", &titled)], &[]));
    let first = Some("flytta rubrikerna på rad 2 till bladets första rad".to_owned());
    assert_eq!(said, [("survey".to_owned(), "kolumnen type, name saknas".to_owned(), first)]);
    let other: [&[&str]; 2] = [&["typ", "name", "etikett"], &["text", "q", "Q"]];
    let said = refusals(&workbook(&[("survey", &other)], &[]));
    assert_eq!((said.len(), said[0].1.as_str()), (1, "kolumnen type saknas"));
    assert!(said[0].2.as_ref().unwrap().contains("första rad"), "{said:?}");
    let twice: [&[&str]; 2] =
        [&["type", "name", "label", "relevant", "Relevant"], &["text", "q", "Q", "", "1 = 1"]];
    let said = refusals(&workbook(&[("survey", &twice)], &[]));
    assert_eq!((said[0].0.as_str(), said[0].1.as_str()), ("survey, 1, relevant", "rubriken står två gånger"));
    // A heading is of any case, with blanks around it, below rows that are empty.
    let loose: [&[&str]; 4] = [&[], &[" Type", "NAME ", "Label"], &[], &["text", "q", "Q"]];
    assert!(read_xlsform(&workbook(&[("Survey", &loose)], &[])).is_ok());
}

#[test]
fn what_a_table_made_a_day_of_is_told_of_with_its_cell() {
    let mut book = Workbook::new();
    let survey = book.add_worksheet().set_name("survey").unwrap();
    for (row, cells) in (0..).zip([["type", "name", "label"], ["select_one l", "q", "Q"]]) {
        survey.write_row(row, 0, cells).unwrap();
    }
    let choices = book.add_worksheet().set_name("choices").unwrap();
    choices.write_row(0, 0, ["list_name", "name", "label"]).unwrap();
    choices.write_row(1, 0, ["l", "", "3 till 5"]).unwrap();
    let day = ExcelDateTime::from_ymd(2026, 5, 3).unwrap();
    choices.write_with_format(1, 1, &day, &Format::new().set_num_format("d-mmm")).unwrap();
    let said = read_xlsform(&book.save_to_buffer().unwrap()).unwrap_err();
    assert_eq!(said[0].place, "choices, 2, name");
    assert!(said[0].what.sv.contains("datum") && said[0].what.en.contains("as text"), "{said:?}");
}
