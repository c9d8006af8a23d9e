//! What `larka` may rely on: what comes out for what goes in, and what is refused.

#![allow(clippy::unwrap_used)]

use larka_pdf::{FORMAT, PdfError, pdf};
use serde_json::{Value, json};

/// A document with a piece of every kind.
fn document(text: &str) -> Value {
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"388\" height=\"40\"><style>.a {{ fill: #0a5c60 }}</style>\
         <rect class=\"a\" width=\"50%\" height=\"20\"/><text y=\"35\" font-family=\"Source Sans 3\">{text}</text></svg>"
    );
    let drawing = json!({ "is": "drawing", "pictures": [{ "alt": "Andel", "svg": svg }, { "alt": "Andel", "svg": svg }] });
    let words = |is: &str| json!({ "is": is, "text": text, "lang": "en" });
    let table = |caption: Option<&str>| {
        json!({
            "is": "table", "summary": "Andel per enhet", "caption": caption, "heads": ["Enhet", "Andel", "n"], "note": text,
            "rows": [
                { "label": text, "depth": 0, "cells": [{ "text": "12", "share": "34 %" }, { "text": "1 234" }] },
                { "label": "Skola", "depth": null, "cells": [{ "why": "visas inte: färre än 10 personer", "span": 2 }] },
            ],
        })
    };
    let part = |title: &str, pieces: Vec<Value>| json!({ "title": title, "pieces": pieces });
    json!({
        "format": FORMAT,
        "lang": "sv",
        "title": { "text": text, "lang": "en" },
        "title_place": " i Lärkby",
        "subtitle": { "text": text, "lang": null },
        "place": "Lärkby", "period": "våren 2026", "lead": text, "as_of": "Avser 12 juni 2026",
        "date": "2026-06-12", "program": "larka 0.1.0",
        "words": { "contents": "Innehåll", "page": "Sida", "of": "av", "signs": "Tecken", "signs_note": "Koder" },
        "parts": [part("Frågor", vec![
            words("finding"), words("base"),
            json!({ "is": "figure", "pieces": [
                { "is": "key", "note": text, "entries": [
                    { "sign": "l1", "colour": "#669a9c", "label": text },
                    { "sign": "unknown", "colour": null, "label": text },
                    { "sign": "tick", "colour": null, "label": text },
                ] },
                words("group"), drawing,
                { "is": "pair", "columns": [[words("kind"), drawing], [words("kind"), drawing]] },
                { "is": "multiples", "parts": [{ "title": text, "pieces": [drawing, table(Some(text))] }] },
            ] }),
            words("key-note"),
            json!({ "is": "heading", "text": text }),
            json!({ "is": "opening", "parts": [{ "title": text, "pieces": [table(None)] }] }),
            json!({ "is": "crosses", "tables": [{ "caption": text, "heads": ["", "a", "b"], "rows": [
                { "label": "a", "cells": [{ "text": "3", "shade": 4 }, { "text": "0", "shade": 0 }] },
                { "label": "b", "cells": [{ "text": "1", "shade": 1 }, { "text": "2", "shade": 3 }] },
            ] }] }),
            json!({ "is": "withheld", "text": text, "names": [text] }),
        ])],
        "method": part("Metod", vec![
            words("plain"), words("note"), words("quiet"),
            json!({ "is": "list", "entries": [text] }),
            json!({ "is": "terms", "entries": [{ "term": "Definition", "text": text, "code": true }] }),
        ]),
    })
}

fn made(document: &Value) -> Result<Vec<u8>, PdfError> {
    pdf(document.to_string().as_bytes())
}

#[test]
fn a_piece_of_every_kind_is_set_and_the_bytes_repeat() {
    let document = document("Vilka som har svarat");
    let first = made(&document).unwrap();
    assert!(first.starts_with(b"%PDF-1.7"));
    assert!(first == made(&document).unwrap());
}

#[test]
fn what_a_document_says_is_never_read_as_markup() {
    made(&document("#panic() *fet _ $x$ ] ) \"// = rubrik @nej &lt; \\u{1F600} ```")).unwrap();
}

#[test]
fn characters_without_a_glyph_do_not_end_the_export() {
    made(&document("bra 😀 ሰላም ❤\u{fe0f} a\u{1}b e\u{301}")).unwrap();
}

#[test]
fn what_is_no_document_for_paper_is_refused_in_words() {
    assert!(pdf(b"{").unwrap_err().to_string().contains("not JSON"));
    let said = pdf(b"{\"format\":\"larka-report/1\"}").unwrap_err().to_string();
    assert!(said.contains("larka-report/1") && said.contains(FORMAT), "{said}");
    let mut lacking = document("x");
    lacking["parts"][0]["pieces"][0]["is"] = json!("song");
    let said = made(&lacking).unwrap_err().to_string();
    assert!(said.contains("no piece is called song") && said.contains("of the layout"), "{said}");
    let mut silent = document("x");
    silent["parts"][0]["pieces"] = json!([{ "is": "drawing", "pictures": [{ "alt": "", "svg": "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>" }] }]);
    let said = made(&silent).unwrap_err().to_string();
    assert!(said.contains("alt"), "{said}");
}
