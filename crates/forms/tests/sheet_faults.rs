//! What is wrong with a sheet is told of all at once, by its cells.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use forms::{Refusal, read_xlsform, register};
use rust_xlsxwriter::Workbook;

const CHOICES: &[&[&str]] =
    &[&["list_name", "name", "label", "part"], &["yn", "ja", "Ja", "x"], &["yn", "nej", "Nej", "y"]];

fn read(sheets: &[(&str, &[&[&str]])]) -> Result<String, Vec<Refusal>> {
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(*name).unwrap();
        for (number, row) in (0..).zip(*rows) {
            for (column, cell) in (0..).zip(*row) {
                sheet.write_string(number, column, *cell).unwrap();
            }
        }
    }
    read_xlsform(&book.save_to_buffer().unwrap())
}

fn said(survey: &[&[&str]]) -> Vec<(String, String, String)> {
    let refusals = read(&[("survey", survey), ("choices", CHOICES)]).err().unwrap_or_default();
    let words = |refusal: Refusal| {
        (refusal.place, refusal.what.sv, refusal.instead.map(|words| words.sv).unwrap_or_default())
    };
    refusals.into_iter().map(words).collect()
}

fn places(survey: &[&[&str]]) -> Vec<String> {
    said(survey).into_iter().map(|(place, ..)| place).collect()
}

#[test]
fn everything_is_told_of_at_once_row_by_row_with_its_cell() {
    let found = said(&[
        &["type", "name", "label", "relevant", "choice_filter", "required_message"],
        &["select_one yn", "q1", "Q"],
        &["select_one nope", "q2", "Q"],
        &["select_multiple yn", "q1", "Q"],
        &["text", "q 5", "Q"],
        &["text", "", "Q"],
        &["text", "q7", ""],
        &["text", "1a", "Q"],
        &["begin_group", "g", "G", "${q1} = 'kanske'"],
        &["select_one yn", "q8", "Q", "", "part = ${q99}", ""],
        &["end_group"],
        &["integer", "a", "A", "${b} > 1"],
        &["integer", "b", "B", "${a} > 1"],
        &["text", "c", "C", "${q2} = 'ja'"],
    ]);
    let places: Vec<&str> = found.iter().map(|(place, ..)| place.as_str()).collect();
    let wanted = [
        "survey, 3, type",
        "survey, 4, name",
        "survey, 5, name",
        "survey, 6, name",
        "survey, 7, label",
        "survey, 8, name",
        "survey, 9, relevant",
        "survey, 10, choice_filter",
        "survey, 12, name",
    ];
    let mut known = places.clone();
    known.dedup();
    assert_eq!(known, wanted, "{found:#?}");
    assert!(found.iter().any(|(_, what, _)| what == "namnet q1 finns redan (survey, 2, name)"), "{found:#?}");
    assert!(
        found.iter().all(|(_, what, instead)| !what.contains("/elements") && !instead.contains('/')),
        "{found:#?}"
    );
}

#[test]
fn names_are_those_of_xml_in_any_alphabet_and_once_however_their_letters_are_composed() {
    let heading: &[&str] = &["type", "name", "label"];
    for name in ["ålder", "_a", "a-b.c", "e\u{301}le", "مدرسة"] {
        assert_eq!(places(&[heading, &["text", name, "Q"]]), [""; 0], "{name}");
    }
    for name in ["q 5", "5", "-a", "a/b", "a:b", "fråga?"] {
        assert_eq!(places(&[heading, &["text", name, "Q"]]), ["survey, 2, name"], "{name}");
        assert_eq!(
            places(&[heading, &["begin_group", name, "Q"], &["text", "q", "Q"], &["end_group"]]),
            ["survey, 2, name"]
        );
    }
    let found = said(&[heading, &["text", "éle", "Q"], &["text", "e\u{301}le", "Q"]]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0 == "survey, 3, name" && found[0].1.contains("finns redan"), "{found:?}");
    let twice: &[&[&str]] = &[&["list_name", "name", "label"], &["l", "é", "A"], &["l", "e\u{301}", "B"]];
    let refusals =
        read(&[("survey", &[heading, &["select_one l", "q", "Q"]]), ("choices", twice)]).unwrap_err();
    assert_eq!(refusals[0].place, "choices, 3, name");
}

#[test]
fn questions_say_what_they_ask_and_texts_and_calculations_need_not() {
    let heading: &[&str] = &["type", "name", "label", "calculation"];
    for kind in ["text", "integer", "date", "select_one yn", "rank yn", "range", "acknowledge"] {
        assert_eq!(places(&[heading, &[kind, "q", ""]]), ["survey, 2, label"], "{kind}");
    }
    let table: [&[&str]; 4] = [
        &["type", "name", "label", "appearance"],
        &["begin_group", "m", "", "table-list"],
        &["select_one yn", "r", "", ""],
        &["end_group"],
    ];
    assert_eq!(places(&table), ["survey, 3, label"]);
    assert_eq!(
        places(&[
            heading,
            &["integer", "n", "N", ""],
            &["calculate", "c", "", "${n} * 2"],
            &["note", "t", "", ""]
        ]),
        [""; 0]
    );
}

#[test]
fn answers_are_not_put_into_texts() {
    let heading: &[&str] = &[
        "type",
        "name",
        "label::Svenska (sv)",
        "hint",
        "constraint",
        "constraint_message",
        "required_message",
    ];
    let named: &[&str] = &["text", "namn", "Namn"];
    for (at, column) in
        [(2, "label::Svenska (sv)"), (3, "hint"), (5, "constraint_message"), (6, "required_message")]
    {
        for text in ["Hej ${namn}!", "Hej ${ingen}!"] {
            let mut row = ["integer", "q", "Q", "", ". > 1", "", ""];
            row[at] = text;
            let found = said(&[heading, named, &row]);
            assert_eq!(
                (found.len(), found[0].0.as_str()),
                (1, format!("survey, 3, {column}").as_str()),
                "{found:?}"
            );
            assert_eq!(found[0].2, "skriv texten utan svaret");
        }
    }
    assert_eq!(places(&[heading, named, &["note", "t", "Hej {namn}"]]), ["survey, 3, label"]);
    assert_eq!(places(&[heading, named, &["note", "t", "Hej {valfritt}"]]), [""; 0]);
    let choices: &[&[&str]] =
        &[&["list_name", "name", "label"], &["l", "a", "Som ${namn}"], &["l", "b", "B"]];
    let refusals = read(&[
        ("survey", &[&["type", "name", "label"], &["text", "namn", "N"], &["select_one l", "q", "Q"]]),
        ("choices", choices),
    ])
    .unwrap_err();
    assert_eq!(refusals.iter().map(|one| one.place.as_str()).collect::<Vec<_>>(), ["choices, 2, label"]);
}

#[test]
fn what_to_do_is_said_of_words_that_are_not_taken() {
    for (written, meant) in [
        ("relevent", "relevant"),
        ("requierd", "required"),
        ("constrain", "constraint"),
        ("lable", "label"),
        ("hints", "hint"),
        ("calculaton", "calculation"),
        ("apperance", "appearance"),
        ("reqiured_message::Svenska (sv)", "required_message"),
    ] {
        let found = said(&[&["type", "name", "label", written], &["text", "q", "Q", "x"]]);
        assert_eq!(
            found,
            [(
                format!("survey, 2, {written}"),
                format!("kolumnen {written} tas inte emot"),
                format!("menar du {meant}?")
            )]
        );
    }
    let found = said(&[&["type", "name", "label", "default"], &["text", "q", "Q", "x"]]);
    assert_eq!(found[0].2, "ta bort det som står där");
    for word in ["ja", "nej", "x", "krävs"] {
        let found = said(&[&["type", "name", "label", "required"], &["text", "q", "Q", word]]);
        assert_eq!(
            found,
            [(
                "survey, 2, required".to_owned(),
                "skriv yes eller no, eller ett villkor".to_owned(),
                String::new()
            )],
            "{word}"
        );
    }
    for (kind, word, taken) in [
        ("select_one yn", "likert", "ta bort det, eller skriv minimal"),
        ("text", "w1", "ta bort det, eller skriv multiline"),
        ("integer", "numbers", "ta bort det"),
        ("begin_group", "accordion", "ta bort det, eller skriv field-list eller table-list"),
    ] {
        let heading: &[&str] = &["type", "name", "label", "appearance"];
        let found = said(&[
            heading,
            &[kind, "q", "Q", word],
            &["text", "r", "R", ""],
            if kind == "begin_group" { &["end_group"] } else { &["text", "s", "S"] },
        ]);
        assert_eq!(
            found,
            [(
                "survey, 2, appearance".to_owned(),
                format!("utseendet {word} tas inte emot"),
                taken.to_owned()
            )]
        );
    }
    let open = said(&[&["type", "name", "label"], &["begin_group", "g", "G"], &["text", "q", "Q"]]);
    assert_eq!((open.len(), open[0].0.as_str()), (1, "survey, 2, type"), "{open:?}");
}

#[test]
fn what_is_no_definition_is_told_which_files_are_taken() {
    for file in ["id;fråga\n1;ja", "PK\u{3}\u{4}", ""] {
        let refusals = register(file.as_bytes(), None).unwrap_err();
        let instead = refusals[0].instead.as_ref().unwrap();
        assert!(
            instead.sv.contains(".xlsx eller .ods") && instead.en.contains("SurveyJS JSON"),
            "{refusals:?}"
        );
    }
}
