//! How much longer a report takes than typst alone with the same tables and drawings and a plain layout:
//! `cargo run --release --manifest-path services/larka-pdf/Cargo.toml --target-dir target --example bench`.
//!
//! Both are processes of their own, started in turn; the shortest of ten counts.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool that measures speaks, and ends where it cannot"
)]

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use larka_pdf::world::{Fonts, Paper};
use serde_json::{Value, json};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

/// Tables and drawings one below the other, and nothing of a report's looks.
const PLAIN: &str = r#"
#let report = json("report.json")
#set document(title: report.title.text, date: datetime(year: 2026, month: 6, day: 12))
#set text(font: "Source Sans 3", size: 9pt, lang: "sv", hyphenate: true)
#for part in report.parts {
  heading(part.title)
  for it in part.pieces {
    if it.is == "drawing" {
      for it in it.pictures { figure(image(bytes(it.svg), format: "svg", width: 100%, alt: it.alt)) }
    } else if it.is == "table" {
      table(
        columns: it.heads.len(),
        table.header(..it.heads),
        ..it.rows.map(row => (row.label,) + row.cells.map(cell => cell.text + " " + cell.share)).flatten(),
      )
    }
  }
}
"#;
const CHARTS: usize = 40;
const ROWS: usize = 17;
const COLUMNS: usize = 7;
const TIMES: usize = 10;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("alone") {
        return alone();
    }
    let document = document().to_string();
    let program = std::env::current_exe().unwrap();
    let larka_pdf = program.parent().unwrap().with_file_name("larka-pdf");
    let mut ours = Command::new(larka_pdf);
    let mut theirs = Command::new(program);
    theirs.arg("alone");
    let (mut ours_best, mut theirs_best) = (f64::MAX, f64::MAX);
    for _ in 0..TIMES {
        ours_best = ours_best.min(run(&mut ours, &document, "larka.pdf"));
        theirs_best = theirs_best.min(run(&mut theirs, &document, "typst.pdf"));
    }
    println!(
        "larka-pdf {ours_best:.2} s, typst alone {theirs_best:.2} s: {:.2} times",
        ours_best / theirs_best
    );
}

/// Seconds from the start of a process to its end; what it wrote is kept beside the others of the build.
fn run(command: &mut Command, document: &str, name: &str) -> f64 {
    let start = std::time::Instant::now();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert!(output.status.success());
    std::fs::write(std::env::temp_dir().join(name), output.stdout).unwrap();
    seconds
}

fn alone() {
    let mut document = Vec::new();
    std::io::stdin().read_to_end(&mut document).unwrap();
    let paper = Paper::new(Fonts::built_in().unwrap(), PLAIN, document);
    let set = typst::compile::<PagedDocument>(&paper).output.unwrap();
    let standards = PdfStandards::new(&[PdfStandard::Ua_1, PdfStandard::A_2a]).unwrap();
    let pdf = typst_pdf::pdf(&set, &PdfOptions { standards, ..PdfOptions::default() }).unwrap();
    std::io::stdout().write_all(&pdf).unwrap();
}

/// A made-up report: forty questions, each with its drawing and its table.
fn document() -> Value {
    let part = |question: usize| {
        let title = format!("Fråga {question} om digitala verktyg i arbetet");
        json!({ "title": title, "pieces": [
            { "is": "drawing", "pictures": [{ "alt": title, "svg": svg(question) }] },
            table(question, &title),
        ] })
    };
    let none: Vec<Value> = Vec::new();
    json!({
        "format": larka_pdf::FORMAT,
        "lang": "sv",
        "title": { "text": "Medarbetarnas digitala vardag", "lang": null },
        "title_place": "",
        "subtitle": { "text": "", "lang": null },
        "place": "Lärkby kommun",
        "period": "våren 2026",
        "lead": "59 % har svarat: 307 av 516.",
        "as_of": "Avser 12 juni 2026",
        "date": "2026-06-12",
        "program": "larka",
        "words": { "contents": "Innehåll", "page": "Sida", "of": "av", "signs": "", "signs_note": "" },
        "parts": (1..=CHARTS).map(part).collect::<Vec<_>>(),
        "method": { "title": "Så är siffrorna framtagna", "pieces": none },
    })
}

fn table(question: usize, title: &str) -> Value {
    let row = |row: usize| {
        let cell = |column: usize| {
            let number = (question * 31 + row * 7 + column * 3) % 90;
            json!({ "text": number.to_string(), "share": format!("{number} %") })
        };
        json!({ "label": format!("Enhet {row}"), "depth": row.min(2), "cells": (0..COLUMNS).map(cell).collect::<Vec<_>>() })
    };
    json!({
        "is": "table",
        "summary": title,
        "caption": null,
        "heads": (0..=COLUMNS).map(|column| format!("Svar {column}")).collect::<Vec<_>>(),
        "rows": (0..ROWS).map(row).collect::<Vec<_>>(),
        "note": null,
    })
}

/// Rows of stacked bars with their labels, as a report has them.
fn svg(question: usize) -> String {
    let mut text = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"816\" height=\"520\">".to_owned();
    for row in 0..ROWS {
        let y = row * 30;
        text += &format!(
            "<text x=\"0\" y=\"{}\" font-family=\"Source Sans 3\" font-size=\"13\">Enhet {row}</text>",
            y + 10
        );
        let mut x = 0;
        for (part, colour) in ["#8f3d00", "#b75c14", "#8d9194", "#37699f", "#164a80"].iter().enumerate() {
            let width = 60 + (question * 17 + row * 29 + part * 13) % 100;
            text += &format!(
                "<rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"14\" fill=\"{colour}\"/>",
                y + 14
            );
            text += &format!(
                "<text x=\"{}\" y=\"{}\" font-family=\"Source Sans 3\" font-size=\"12\" fill=\"#fff\">{width}</text>",
                x + 8,
                y + 25
            );
            x += width;
        }
    }
    text + "</svg>"
}
