//! What is written as a sheet is read as what it was; what a sheet cannot say is told of.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use calamine::{Data, Reader, Xlsx};
use forms::sidecar::Score;
use forms::{Definition, read_xlsform, register, write_xlsform};

fn ready_made(name: &str) -> Definition {
    let path = format!("{}/../../schemas/surveys/{name}.json", env!("CARGO_MANIFEST_DIR"));
    register(&std::fs::read(path).unwrap(), None).unwrap()
}

fn cells(workbook: &[u8], sheet: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(workbook)).unwrap();
    let range = book.worksheet_range(sheet).unwrap();
    range.rows().map(|row| row.iter().map(Data::to_string).collect()).collect()
}

/// The workbook with other cells.
fn changed(workbook: &[u8], change: impl Fn(&str, &mut Vec<Vec<String>>)) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    for name in ["survey", "choices", "indexes", "settings"] {
        let mut rows = cells(workbook, name);
        change(name, &mut rows);
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (number, row) in (0..).zip(&rows) {
            for (at, cell) in (0..).zip(row) {
                sheet.write_string(number, at, cell).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn ready_made_surveys_are_read_back_as_they_were() {
    for name in ["hme", "digital-competence", "course-evaluation", "pupils-digital-day", "school-digital-day"]
    {
        let definition = ready_made(name);
        let workbook = write_xlsform(&definition).unwrap_or_else(|refusals| panic!("{name}: {refusals:#?}"));
        let read = register(read_xlsform(&workbook).unwrap().as_bytes(), None).unwrap();
        assert_eq!(read.question_set, definition.question_set, "{name}");
        assert_eq!(read.sidecar.items, definition.sidecar.items, "{name}");
        assert_eq!(read.sidecar.indexes, definition.sidecar.indexes, "{name}");
        assert_eq!(read.sidecar.source, definition.sidecar.source, "{name}");
        assert_eq!(read.sidecar.groups, definition.sidecar.groups, "{name}");
        for (question, before) in read.questions.iter().zip(&definition.questions) {
            assert_eq!(
                read.asked_of(question, None),
                definition.asked_of(before, None),
                "{name}: {}",
                before.name
            );
        }
        assert_eq!(read.pages.len(), definition.pages.len(), "{name}");
        assert_eq!((&read.title, &read.languages), (&definition.title, &definition.languages), "{name}");
        assert_eq!(workbook, write_xlsform(&definition).unwrap(), "{name}: the same bytes");
        assert_eq!(workbook, write_xlsform(&read).unwrap(), "{name}: of what was read, too");
    }
}

#[test]
fn whoever_adds_a_question_in_the_sheet_has_it_scored_like_those_beside_it() {
    let workbook = write_xlsform(&ready_made("hme")).unwrap();
    let with_one_more = changed(&workbook, |sheet, rows| {
        if sheet == "survey" {
            let mut row = rows.iter().find(|row| row.contains(&"forvantas".to_owned())).unwrap().clone();
            for cell in &mut row {
                *cell = cell.replace("forvantas", "stod");
            }
            let end = rows.len() - 1;
            rows.insert(end, row);
        }
    });
    let read = register(read_xlsform(&with_one_more).unwrap().as_bytes(), None).unwrap();
    assert_eq!(read.sidecar.items.len(), 10);
    assert_eq!(read.sidecar.items["stod"].scale, "stammer");
    let governance = read.sidecar.indexes.iter().find(|index| index.id == "styrning").unwrap();
    assert_eq!(governance.items, ["insatt_i_mal", "mal_foljs_upp", "forvantas", "stod"]);
    assert_eq!(governance.ends, Some((1, 5)));
}

#[test]
fn scores_are_taken_as_people_write_them_and_what_is_none_is_refused_with_its_row() {
    let definition = |score: &str| {
        let score = score.to_owned();
        let workbook = changed(&write_xlsform(&ready_made("hme")).unwrap(), move |sheet, rows| {
            if sheet == "choices" {
                let at = rows[0].iter().position(|heading| heading == "score").unwrap();
                rows[2][at].clone_from(&score);
            }
        });
        read_xlsform(&workbook).map(|json| register(json.as_bytes(), None).unwrap())
    };
    for (written, read) in [("2,5", (25, 10)), ("2.50", (250, 100)), ("-1", (-1, 1)), ("20/3", (20, 3))] {
        let score = definition(written).unwrap().sidecar.scales[0].codes[1].score;
        assert_eq!(score.map(Score::fraction), Some(read), "{written}");
    }
    for written in ["många", "1/0", "1,", "1,2,3"] {
        let refusals = definition(written).unwrap_err();
        assert_eq!(refusals[0].place, "choices, 3, score", "{written}");
    }
}

#[test]
fn a_table_of_questions_with_the_same_list_is_a_matrix_and_back() {
    let source = r#"{"title": "Dagen", "elements": [
        {"type": "text", "name": "forst"},
        {"type": "matrix", "name": "dag", "title": "Dagen", "eachRowRequired": true,
         "columns": [{"value": "ja", "text": "Ja"}, {"value": "nej", "text": "Nej"}],
         "rows": [{"value": "lugn", "text": "Lugn"}, {"value": "rolig", "text": "Rolig"}]},
        {"type": "comment", "name": "mer", "visibleIf": "{dag.lugn} = 'nej'"}],
        "larka": {"scales": [{"id": "janej", "codes": [{"code": "ja", "score": 1, "positive": true}, {"code": "nej", "score": 0}]}],
                  "items": {"dag.lugn": {"scale": "janej"}, "dag.rolig": {"scale": "janej", "reverse": true}},
                  "indexes": [{"id": "dagen", "title": "Dagen", "items": ["dag.lugn", "dag.rolig"]}]}}"#;
    let definition = register(source.as_bytes(), None).unwrap();
    let read = read_xlsform(&write_xlsform(&definition).unwrap()).unwrap();
    let read = register(read.as_bytes(), None).unwrap();
    assert_eq!(read.question_set, definition.question_set);
    assert_eq!(read.sidecar, definition.sidecar);
    assert_eq!(
        read.question("mer").unwrap().conditions.visible_if.as_ref().unwrap().parsed,
        definition.question("mer").unwrap().conditions.visible_if.as_ref().unwrap().parsed
    );
}

#[test]
fn what_a_sheet_cannot_say_is_refused_with_its_place_and_never_left_out() {
    for (property, place) in [
        (r#""visibleIf": "{forst} anyof [1, 2]""#, "/elements/1 (mer), visibleIf"),
        (r#""rows": 9"#, "/elements/1 (mer), rows"),
        (r#""validators": [{"type": "text", "minLength": 3}]"#, "/elements/1 (mer), validators"),
        (r#""readOnly": true"#, "/elements/1 (mer), readOnly"),
    ] {
        let source = format!(
            r#"{{"title": "T", "elements": [{{"type": "text", "name": "forst"}}, {{"type": "comment", "name": "mer", {property}}}]}}"#
        );
        let Ok(definition) = register(source.as_bytes(), None) else { panic!("{property} is taken") };
        let refusals = write_xlsform(&definition).unwrap_err();
        assert_eq!(
            refusals.iter().map(|refusal| refusal.place.as_str()).collect::<Vec<_>>(),
            [place],
            "{property}"
        );
    }
    // Never without a place, and each with what it is called.
    let source = r#"{"title": "T", "clearInvisibleValues": "none", "elements": [
        {"type": "text", "name": "a", "inputType": "number", "min": 3},
        {"type": "text", "name": "b c"},
        {"type": "html", "name": "h", "html": "<b>Fet</b>"}],
        "calculatedValues": [{"name": "v", "expression": "{a} + 1"}]}"#;
    let refusals = write_xlsform(&register(source.as_bytes(), None).unwrap()).unwrap_err();
    let places: Vec<&str> = refusals.iter().map(|refusal| refusal.place.as_str()).collect();
    assert_eq!(places, ["/elements/1 (b c), name"]);
    let refusals =
        write_xlsform(&register(source.replace("b c", "b").as_bytes(), None).unwrap()).unwrap_err();
    let places: Vec<&str> = refusals.iter().map(|refusal| refusal.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "/clearInvisibleValues",
            "/calculatedValues/0 (v), expression",
            "/calculatedValues/0 (v), includeIntoResult",
            "/elements/0 (a), min",
            "/elements/2 (h), html"
        ]
    );
    // What pages and panels ask for, no sheet can say.
    for property in
        [r#""isRequired": true, "requiredErrorText": "Något""#, r#""enableIf": "{forst} notempty""#]
    {
        let source = format!(
            r#"{{"title": "T", "elements": [{{"type": "text", "name": "forst"}}, {{"type": "panel", "name": "g", {property},
                "elements": [{{"type": "text", "name": "mer"}}]}}]}}"#
        );
        let refusals = write_xlsform(&register(source.as_bytes(), None).unwrap()).unwrap_err();
        assert!(!refusals.is_empty(), "{property}");
        assert!(
            refusals.iter().all(|refusal| refusal.place.starts_with("/elements/1 (g), ")),
            "{refusals:?}"
        );
    }
    let boolean = r#"{"title": "T", "elements": [{"type": "boolean", "name": "ja", "valueTrue": "j"}]}"#;
    assert_eq!(
        write_xlsform(&register(boolean.as_bytes(), None).unwrap()).unwrap_err()[0].place,
        "/elements/0 (ja), valueTrue"
    );
}

#[test]
fn a_line_for_a_telephone_number_is_one_in_the_sheet() {
    let source = r#"{"title": "T", "elements": [{"type": "text", "name": "tel", "inputType": "tel", "maxLength": 20}]}"#;
    let workbook = write_xlsform(&register(source.as_bytes(), None).unwrap()).unwrap();
    assert_eq!(cells(&workbook, "survey")[1][0], "phone number");
    let read = register(read_xlsform(&workbook).unwrap().as_bytes(), None).unwrap();
    assert_eq!(
        format!("{:?}", read.questions[0].kind),
        format!("{:?}", register(source.as_bytes(), None).unwrap().questions[0].kind)
    );
}

#[test]
fn groups_of_respondents_stand_in_a_sheet_of_their_own_and_conditions_name_them() {
    let source = r#"{"title": "Dagen", "pages": [
        {"name": "alla", "elements": [{"type": "text", "name": "forst", "visibleIf": "{respondent_group} <> 'ledare'"}]},
        {"name": "vuxna", "visibleIf": "{respondent_group} anyof ['larare', 'ledare'] and {forst} notempty", "elements": [
            {"type": "comment", "name": "mer", "requiredIf": "!({respondent_group} = 'larare')"}]}],
        "larka": {"groups": [{"id": "elever", "title": "Elever"}, {"id": "larare", "title": "Lärare"},
                             {"id": "ledare", "title": "Ledare"}]}}"#;
    let definition = register(source.as_bytes(), None).unwrap();
    let workbook = write_xlsform(&definition).unwrap();
    let survey = cells(&workbook, "survey");
    assert_eq!(&survey[1][..2], ["hidden", "respondent_group"], "for programs that know no groups");
    let read = register(read_xlsform(&workbook).unwrap().as_bytes(), None).unwrap();
    assert_eq!(read.sidecar.groups, definition.sidecar.groups);
    for (question, before) in read.questions.iter().zip(&definition.questions) {
        assert_eq!(read.asked_of(question, None), definition.asked_of(before, None));
    }
    assert_eq!(write_xlsform(&read).unwrap(), workbook);
    // Without the sheet it is no group, and a name that it does not have is none.
    let without = |rows: &[(&str, &[&str])], groups: &[&[&str]]| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let survey: Vec<Vec<&str>> = std::iter::once(vec!["type", "name", "relevant", "label"])
            .chain(rows.iter().map(|(kind, rest)| [&[*kind], *rest].concat()))
            .collect();
        let groups: Vec<Vec<&str>> = groups.iter().map(|row| row.to_vec()).collect();
        for (name, rows) in [("survey", survey), ("groups", groups)] {
            if rows.is_empty() {
                continue;
            }
            let sheet = book.add_worksheet().set_name(name).unwrap();
            for (number, row) in (0..).zip(rows) {
                for (at, cell) in (0..).zip(row) {
                    sheet.write_string(number, at, cell).unwrap();
                }
            }
        }
        let read = read_xlsform(&book.save_to_buffer().unwrap());
        let read = read.and_then(|json| register(json.as_bytes(), None));
        read.map(|_| ()).map_err(|refusals| refusals.into_iter().map(|one| one.place).collect::<Vec<_>>())
    };
    let asked: [(&str, &[&str]); 2] =
        [("hidden", &["respondent_group", "", ""]), ("text", &["mer", "${respondent_group} = 'a'", "Mer"])];
    assert_eq!(without(&asked, &[&["name", "label"], &["a", "A"], &["b", "B"]]), Ok(()));
    let refused = without(&asked, &[]).unwrap_err();
    assert_eq!(refused, ["survey, 2, type", "survey, 3, relevant"]);
    let refused = without(&asked, &[&["name", "label"], &["b", "B"]]).unwrap_err();
    assert_eq!(refused, ["survey, 3, relevant", "survey, 3, name"], "and nobody is asked the question");
    let refused =
        without(&asked, &[&["name", "label", "roles"], &["a", "A", "Lärare"], &["", "B", ""]]).unwrap_err();
    assert_eq!(refused, ["groups, 2, roles", "groups, 3, name"]);
}

#[test]
fn columns_of_our_own_are_refused_where_they_do_not_belong() {
    let refused = |sheet: &'static str, heading: &'static str, at: usize, cell: &'static str| {
        let workbook =
            changed(&write_xlsform(&ready_made("course-evaluation")).unwrap(), move |name, rows| {
                if name == sheet {
                    let column = rows[0].iter().position(|known| known == heading).unwrap();
                    rows[at][column] = cell.to_owned();
                }
            });
        read_xlsform(&workbook).unwrap_err().into_iter().map(|refusal| refusal.place).collect::<Vec<_>>()
    };
    assert_eq!(refused("survey", "max_length", 2, "40"), ["survey, 3, max_length"]);
    assert_eq!(refused("survey", "lowest::Svenska (sv)", 2, "Dåligt"), ["survey, 3, lowest"]);
    assert_eq!(refused("choices", "special", 1, "none"), ["choices, 2, special"; 6]);
}

#[test]
fn pyxform_takes_the_sheets_that_are_written() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["hme", "digital-competence", "course-evaluation", "pupils-digital-day", "school-digital-day"]
    {
        let file = folder.path().join("form.xlsx");
        std::fs::write(&file, write_xlsform(&ready_made(name)).unwrap()).unwrap();
        let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
        let mut python = Command::new(clients.join(".venv-xlsform/bin/python"))
            .arg("-c")
            .arg("import sys; from pyxform.xls2xform import convert; r = convert(sys.stdin.read()); print(r.warnings, r.xform.count('<translation '))")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{e}; run tests/clients/install first"));
        python.stdin.take().unwrap().write_all(file.to_str().unwrap().as_bytes()).unwrap();
        let output = python.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "[] 2", "{name}");
    }
}
