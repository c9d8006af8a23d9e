//! The forms in which a report leaves: the same from the command as over HTTP, and as other programs expect them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::{Backend, Instance, python};
use reqwest::Method;

/// Name, media type, and how the file begins.
const FORMS: [(&str, &str, &[u8]); 5] = [
    ("html", "text/html; charset=utf-8", b"<!DOCTYPE html>"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
    ("csv", "text/csv; charset=utf-8", b"\xef\xbb\xbf"),
    ("parquet", "application/vnd.apache.parquet", b"PAR1"),
    ("json", "application/json", b"{"),
];

/// A round of which much is shown.
const ROUND: &str = "digital-sjalvskattning-2026-04";

/// A small municipality with all its reports in a folder, as the demo writes them.
async fn demo() -> Instance {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    instance.demo(200, 4000, 1).unwrap();
    instance
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demos_files_open_in_other_programs_and_say_the_same() {
    let instance = demo().await;
    let reports = instance.folder().join("reports");
    // Beside what the demo writes: answers weighted.
    for (end, form, lang) in [
        ("json", "json", "sv"),
        ("parquet", "parquet", "sv"),
        ("sv.csv", "csv", "sv"),
        ("en.csv", "csv", "en"),
        ("sv.xlsx", "xlsx", "sv"),
        ("en.xlsx", "xlsx", "en"),
    ] {
        let file = reports.join(format!("weighted.{end}"));
        let words = ["report", "survey", "--round", ROUND, "--weights", "unit", "--format", form];
        let to = ["--lang", lang, "--output", file.to_str().unwrap()];
        assert!(instance.run(&[&words[..], &to].concat()).unwrap().status.success());
    }
    let said = python::says(python::script("clients/forms.py").arg(&reports)).unwrap();
    assert!(said.contains("as they should be"), "{said}");
    let said = python::says(python::script("clients/documented.py").arg(&reports)).unwrap();
    assert!(said.contains("documented lines give the report's figures"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn command_and_api_write_the_same_bytes_in_every_form_of_the_whole_and_of_a_unit() {
    let instance = demo().await;
    let server = instance.start().await.unwrap();
    server.settled().await.unwrap();
    let file = instance.beside("report");
    for (form, media_type, begins) in FORMS {
        for unit in [None, Some("9999-UF")] {
            let of = unit.map_or(String::new(), |unit| format!("&unit={unit}"));
            let path = format!("reports/competence?lang=en&format={form}{of}");
            let answer = server.api(Method::GET, &path).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("content-type"), media_type);
            let named = header("content-disposition");
            assert!(named.starts_with("attachment; filename=\"larka-competence-20"), "{named}");
            assert!(named.ends_with(&format!(".{form}\"")), "{named}");
            let bytes = answer.bytes().await.unwrap();
            assert!(bytes.starts_with(begins), "{path}");

            let mut words = vec!["report", "competence", "--lang", "en", "--format", form];
            words.extend(["--output", file.to_str().unwrap()]);
            words.extend(unit.iter().flat_map(|unit| ["--unit", *unit]));
            // Once to a file, over the one before it, and once to standard output.
            let output = instance.run(&words).unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert!(std::fs::read(&file).unwrap() == bytes, "{words:?}");
            words[7] = "-";
            assert!(instance.run(&words).unwrap().stdout == bytes, "{words:?}");
        }
    }
    let weighted = format!("report survey --round {ROUND} --weights unit --format csv --output -");
    let weighted: Vec<_> = weighted.split(' ').collect();
    let (said, plain) =
        (instance.run(&weighted).unwrap().stdout, format!("reports/survey?round={ROUND}&format=csv"));
    let told = server
        .api(Method::GET, &format!("{plain}&weights=unit"))
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    assert!(said == told && String::from_utf8_lossy(&told).contains("(design_effect)"));
    for (wrong, expected) in [
        ("survey?weights=age", "unit, role"),
        ("survey?weights=role", "rules of disclosure show no such parts"),
        ("competence?weights=unit", "levels of competence are not"),
    ] {
        let refused = server.api(Method::GET, &format!("reports/{wrong}")).send().await.unwrap();
        assert_eq!(refused.status(), 400, "{wrong}");
        assert!(refused.text().await.unwrap().contains(expected), "{wrong}");
    }
    let beside = std::fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = beside.filter(|name| name.to_string_lossy().starts_with(".tmp")).collect();
    assert!(left.is_empty(), "what was written beside has its place: {left:?}");
    let refused = server.api(Method::GET, "reports/competence?format=docx").send().await.unwrap();
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("html, pdf, xlsx, csv, parquet, json"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_the_same_however_many_threads_make_it() {
    let instance = demo().await;
    for (form, ..) in FORMS {
        let made = ["1", "2", "8"].map(|threads| {
            let mut command = instance.command(&["report", "competence", "--format", form]);
            let output = command.env("POLARS_MAX_THREADS", threads).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            output.stdout
        });
        assert!(made[0] == made[1] && made[0] == made[2], "{form}");
    }
}
