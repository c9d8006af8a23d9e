//! The answer pages in a real browser: `tests/clients/answering.mjs` answers as people do, and lets axe look.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::net::SocketAddr;

use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

/// Answers by mouse and touch: four looks with scripts and two without, the browser's own buttons with and without
/// scripts, pressing twice, and one with a personal code; and two by keyboard.
const ANSWERS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_of_question_is_answered_with_and_without_scripts_and_by_keyboard_and_counts_once() {
    let desk = rig::desk(rig::EVERYTHING);
    let pages = rig::pages(&desk).into_make_service_with_connect_info::<SocketAddr>();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, pages).await });
    testkit::node::walk("answering.mjs", &address, &[]);
    serving.abort();
    let (shut, taken): (Vec<_>, Vec<_>) =
        desk.answers().into_iter().partition(|handed| handed.answers.contains_key("larare"));
    let wanted = json!({"larare": "ja", "tid": {"lasa": 1, "ratta": 2}, "amne": "slöjd", "bra": "rasten"});
    let shut: Vec<Json> = shut.into_iter().map(|handed| Json::Object(handed.answers)).collect();
    assert_eq!(shut, [wanted.clone(), wanted]);
    assert_eq!(taken.len(), ANSWERS);
    for handed in taken {
        assert_eq!(
            Json::Object(handed.answers),
            json!({
                "dator": "ja", "arskurs": 7, "anvander": ["skriva", "other"], "anvander-Comment": "spela",
                "amnen": ["ma", "so"], "trivs": 4, "hemma": true, "namn": "Anki", "timmar": 2.5,
                "dag": "2026-08-17", "manad": "2026-08", "epost": "klass@exempel.se", "telefon": "08-123 45",
                "sida": "https://exempel.se/", "tankar": "Rad ett\nrad två",
                "pastaenden": {"lugnt": 1, "hjalp": 3, "roligt": 2},
                "viktigast": ["kamrater", "lärare", "dator"], "helst": ["rita"], "tavla": false,
                "tavla-Comment": "Den var släckt.", "vecka": 17.5
            })
        );
    }
}
