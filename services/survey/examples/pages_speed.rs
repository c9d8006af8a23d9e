//! How long a page of 30 questions takes to make, and how long the request in all, from a form to a page: `cargo run
//! --release -p larka-survey --example pages_speed` (docs/benchmarks.md).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "../tests/rig/mod.rs"]
mod rig;

use std::sync::Arc;
use std::time::Instant;

use rig::browser::Browser;
use serde_json::{Value as Json, json};

const ROUNDS: u32 = 300;

/// Thirty questions of several types on one page, with conditions where `live`.
fn survey(live: bool) -> String {
    let questions: Vec<Json> = (0..30)
        .map(|at| {
            let mut question = match at % 5 {
                0 => json!({"type": "radiogroup", "choices": ["a", "b", "c", "d"], "showDontKnowItem": true}),
                1 => json!({"type": "rating"}),
                2 => json!({"type": "checkbox", "choices": ["a", "b", "c"], "showOtherItem": true}),
                3 => json!({"type": "text", "inputType": "number"}),
                _ => json!({"type": "comment"}),
            };
            question["name"] = format!("q{at}").into();
            question["title"] = format!("Vad stämmer om påstående {at}?").into();
            if live && at % 5 == 1 {
                question["visibleIf"] = format!("{{q{}}} = 'a'", at - 1).into();
            }
            question
        })
        .collect();
    json!({"elements": questions}).to_string()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for (name, live) in [("30 questions", false), ("30 questions, six of which come and go", true)] {
        let desk = rig::desk(rig::EVERYTHING);
        let asked = rig::open("TRETTIO", rig::definition(&survey(live)));
        desk.rounds.lock().unwrap().insert("TRETTIO".to_owned(), asked);
        let browser = Browser::new(rig::pages(&Arc::clone(&desk)));
        let filled: Vec<(String, &str)> =
            (0..30).map(|at| (format!("q{at}"), ["b", "4", "c", "12", "Det var bra."][at % 5])).collect();
        let filled: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let page = browser.begin("TRETTIO").await;
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let again = browser.send("TRETTIO", &page, "stay", &filled).await;
            times.push(start.elapsed().as_secs_f64() * 1e6);
            assert!(again.html.contains("Det var bra."));
        }
        times.sort_by(f64::total_cmp);
        println!(
            "{name}: {:.0} µs from form to page (median of {ROUNDS}; {} bytes)",
            times[times.len() / 2],
            page.html.len()
        );
    }
}
