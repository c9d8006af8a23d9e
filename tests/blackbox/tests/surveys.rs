//! What authors of surveys are told by the program, before there is an instance.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn check(file: &Path) -> (Output, Value) {
    let mut command = Command::new(blackbox::binary());
    let output = command.args(["survey", "check", "--json"]).arg(file).output().unwrap();
    let said = serde_json::from_slice(&output.stdout).unwrap();
    (output, said)
}

#[test]
fn the_ready_made_surveys_are_taken_and_what_is_read_in_them_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/surveys");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let surveys: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    assert!(surveys.len() >= 4, "{surveys:?}");
    for file in &surveys {
        let (output, read) = check(file);
        assert!(output.status.success(), "{file:?}: {read}");
        assert_eq!(read["languages"], "sv, en", "{file:?}");
    }
    let hme = surveys.iter().find(|path| path.ends_with("hme.json")).unwrap();
    let (_, read) = check(hme);
    assert_eq!((read["pages"].as_u64(), read["questions"].as_array().unwrap().len()), (Some(3), 9));
    assert_eq!(
        read["questions"][0],
        json!({ "name": "meningsfullt", "type": "radiogroup", "required": true, "conditional": false })
    );
    // Three parts and the total.
    assert_eq!((&read["items"], &read["indexes"]), (&json!(9), &json!(4)));
    let copy = tempfile::NamedTempFile::new().unwrap();
    let reworded = std::fs::read_to_string(hme)
        .unwrap()
        .replace("Mitt arbete känns meningsfullt", "Jobbet känns meningsfullt");
    std::fs::write(copy.path(), reworded).unwrap();
    let (_, other) = check(copy.path());
    assert_eq!(other["question_set"], read["question_set"], "another wording, the same series");
    assert_ne!(other["sha256"], read["sha256"]);
}

#[test]
fn all_that_is_not_taken_is_named_at_once_with_its_place_and_what_to_use_instead() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let definition = json!({ "elements": [
        { "type": "slider", "name": "nojd" },
        { "type": "text", "name": "varfor", "visibleIf": "{nojdhet} < 3" },
    ] });
    std::fs::write(file.path(), definition.to_string()).unwrap();
    let (output, said) = check(file.path());
    assert_eq!(output.status.code(), Some(2));
    let refused = said["refused"].as_array().unwrap();
    let slider = refused.iter().find(|one| one["place"].as_str().unwrap().contains("/elements/0")).unwrap();
    assert!(
        slider["what"]["sv"].as_str().unwrap().contains("slider") && slider["instead"]["sv"].is_string(),
        "{slider}"
    );
    let name = refused.iter().find(|one| one["what"]["en"].as_str().unwrap().contains("nojdhet")).unwrap();
    assert!(name["place"].as_str().unwrap().starts_with("/elements/1"), "{name}");

    std::fs::write(file.path(), "{ inte JSON").unwrap();
    let (output, said) = check(file.path());
    assert_eq!((output.status.code(), said["refused"].as_array().unwrap().len()), (Some(2), 1));
}

#[test]
fn what_could_not_be_registered_is_told_by_the_check() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let choice = json!({ "type": "radiogroup", "name": "q", "choices": ["a", "b"] });
    for (definition, place, sv) in [
        (json!({ "elements": [choice] }), "/title", "väntat: en titel, i definitionen eller bredvid den"),
        (
            json!({ "title": "T", "elements": [{ "type": "comment", "name": "q" }] }),
            "",
            "väntat: minst en fråga med svarsalternativ",
        ),
    ] {
        std::fs::write(file.path(), definition.to_string()).unwrap();
        let (output, said) = check(file.path());
        assert_eq!((output.status.code(), &said["refused"][0]["place"]), (Some(2), &json!(place)), "{said}");
        assert!(said["refused"][0]["what"]["sv"].as_str().unwrap().starts_with(sv), "{said}");
    }
    std::fs::write(
        file.path(),
        json!({ "title": "T", "elements": [choice, { "type": "rating", "name": "r" }] }).to_string(),
    )
    .unwrap();
    let (_, read) = check(file.path());
    assert_eq!((&read["items"], &read["scales"]), (&json!(2), &json!(2)), "{read}");
}

#[test]
fn who_reads_only_the_beginning_of_what_is_printed_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/surveys/hme.json");
    for arguments in [&["survey", "check"][..], &["survey", "check", "--json"]] {
        let mut command = Command::new(blackbox::binary());
        let command = command.args(arguments).arg(&file).stdout(writer.try_clone().unwrap());
        let output =
            command.stderr(std::process::Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn a_survey_written_as_a_sheet_is_checked_and_becomes_a_definition() {
    let folder = tempfile::tempdir().unwrap();
    let write = |kind: &str| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheets: [(&str, &[&[&str]]); 3] = [
            ("settings", &[&["form_title"], &["Trivsel"]]),
            (
                "survey",
                &[&["type", "name", "label::Svenska (sv)", "required"], &[kind, "trivs", "Trivs du?", "yes"]],
            ),
            (
                "choices",
                &[
                    &["list_name", "name", "label::Svenska (sv)"],
                    &["janej", "ja", "Ja"],
                    &["janej", "nej", "Nej"],
                ],
            ),
        ];
        for (name, rows) in sheets {
            let sheet = book.add_worksheet().set_name(name).unwrap();
            for (row, cells) in (0..).zip(rows) {
                for (column, cell) in (0..).zip(*cells) {
                    sheet.write(row, column, *cell).unwrap();
                }
            }
        }
        let path = folder.path().join("enkat.xlsx");
        book.save(&path).unwrap();
        path
    };
    let path = write("select_one janej");
    let (output, read) = check(&path);
    assert!(output.status.success(), "{read}");
    assert_eq!(
        read["questions"][0],
        json!({ "name": "trivs", "type": "radiogroup", "required": true, "conditional": false })
    );
    let converted = Command::new(blackbox::binary()).args(["survey", "convert"]).arg(&path).output().unwrap();
    let definition = folder.path().join("enkat.json");
    std::fs::write(&definition, converted.stdout).unwrap();
    assert_eq!(check(&definition).1, read, "the same, by another way");

    let (output, said) = check(&write("geopoint"));
    assert_eq!(output.status.code(), Some(2));
    let place = said["refused"][0]["place"].as_str().unwrap();
    assert!(place.contains("survey") && place.contains('2'), "{said}");
}
