//! What may not be answered is not asked for, and what a page or a panel asks for is told where it is asked.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use rig::browser::Browser;
use rig::{SHUT, desk, pages};
use serde_json::{Value as Json, json};

const PUPIL: &[(&str, &str)] = &[
    ("larare", "nej"),
    ("tid[lasa]", "1"),
    ("viktigt[rast]", "1"),
    ("viktigt[ro]", "2"),
    ("plats", "gården"),
];
const TEACHER: &[(&str, &str)] = &[
    ("larare", "ja"),
    ("tid[lasa]", "1"),
    ("tid[ratta]", "2"),
    ("viktigt[lön]", "1"),
    ("viktigt[rast]", "2"),
    ("viktigt[ro]", "3"),
    ("plats", "lärarrummet"),
];

#[tokio::test]
async fn rows_places_and_choices_that_are_shut_are_drawn_so_asked_of_nobody_and_not_taken() {
    let desk = desk(SHUT);
    let browser = Browser::new(pages(&desk));
    let first = browser.begin("ALLT").await;
    for shut in [
        r#"name="tid[ratta]" value="1" disabled"#,
        r#"name="viktigt[lön]" disabled"#,
        r#"name="plats" value="lärarrummet" disabled"#,
    ] {
        first.says(shut);
    }
    first.says(r#"name="tid[lasa]" value="1" autocomplete"#);
    browser.send("ALLT", &first, "next", PUPIL).await.says("Sida 2 av 3");
    for (more, told) in [
        (("tid[ratta]", "2"), "Har du tid?, Rätta – Det svaret går inte att välja."),
        (("viktigt[lön]", "3"), "Vad är viktigast? – Det svaret går inte att välja."),
    ] {
        let wrong = browser.send("ALLT", &first, "next", &[PUPIL, &[more]].concat()).await;
        wrong.says("Sida 1 av 3").says(told).is_silent_of("Ordna alla alternativ.");
    }
    // Where they are open they are asked.
    let wrong = browser.send("ALLT", &first, "next", &[&[("larare", "ja")], &PUPIL[1..]].concat()).await;
    wrong.says("Har du tid?, Rätta – Svara på varje rad.").says("Vad är viktigast? – Ordna alla alternativ.");
    wrong.says(r#"name="tid[ratta]" value="1" autocomplete"#);
    browser.send("ALLT", &wrong, "next", TEACHER).await.says("Sida 2 av 3");
}

#[tokio::test]
async fn an_answer_that_a_page_or_panel_asks_for_is_told_of_on_its_page_in_the_authors_words() {
    let desk = desk(SHUT);
    let mut browser = Browser::new(pages(&desk));
    for (language, own, ours, who) in [
        ("sv", "Om dig – Berätta något om dig.", "Ris och ros – Svara på minst en av frågorna.", TEACHER),
        (
            "en",
            "About you – Tell us something about you.",
            "Praise and blame – Answer at least one of the questions.",
            TEACHER,
        ),
    ] {
        browser.language = language;
        let first = browser.begin("ALLT").await;
        let second = browser.send("ALLT", &first, "next", who).await;
        let wrong = browser.send("ALLT", &second, "next", &[]).await;
        wrong.says(r##"href="#page""##).says(r#"id="page""#).says(own);
        let third = browser.send("ALLT", &wrong, "next", &[("amne", "slöjd")]).await;
        third.is_silent_of(r#"id="page""#);
        let wrong = browser.send("ALLT", &third, "send", &[]).await;
        wrong.says(r##"href="#p0""##).says(ours).is_silent_of(r##"href="#p1""##);
        browser.send("ALLT", &wrong, "send", &[("samre", "bullret")]).await.says("</h1>").is_silent_of("#p0");
    }
    // Who is no teacher owes the other panel an answer, and this one none.
    let first = browser.begin("ALLT").await;
    let second = browser.send("ALLT", &first, "next", PUPIL).await;
    let third = browser.send("ALLT", &second, "next", &[("ar", "3")]).await;
    let wrong = browser.send("ALLT", &third, "send", &[]).await;
    wrong.says(r##"href="#p1""##).is_silent_of(r##"href="#p0""##);
    browser.send("ALLT", &wrong, "send", &[("andra", "elev")]).await;
    let taken: Vec<Json> = desk.answers().into_iter().map(|handed| Json::Object(handed.answers)).collect();
    assert_eq!(taken.len(), 3);
    assert_eq!(
        taken[2],
        json!({"larare": "nej", "tid": {"lasa": 1}, "viktigt": ["rast", "ro"], "plats": "gården", "ar": "3", "andra": "elev"})
    );
}
