//! What respondents are promised, without a script and with a desk in memory.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that cannot go on has failed")]

mod rig;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use forms::Localised;
use rig::browser::{Browser, Page};
use rig::{EVERYTHING, InMemory, at, bounded, definition, desk, open, pages};
use serde_json::json;
use survey::{Limits, Mode, Stage};

fn set_up() -> (Arc<InMemory>, Browser) {
    let desk = desk(EVERYTHING);
    let browser = Browser::new(pages(&desk));
    (desk, browser)
}

const CHOOSING: &[(&str, &str)] = &[
    ("dator", "ja"),
    ("arskurs", "7"),
    ("anvander", "skriva"),
    ("anvander", "other"),
    ("anvander-Comment", "spela"),
    ("amnen", "ma"),
    ("amnen", "so"),
    ("trivs", "4"),
    ("hemma", "true"),
];
const WRITING: &[(&str, &str)] = &[
    ("namn", "Anki"),
    ("timmar", "2,5"),
    ("dag", "2026-08-17"),
    ("manad", "2026-08"),
    ("epost", "klass@exempel.se"),
    ("telefon", "08-123 45"),
    ("sida", "https://exempel.se/"),
    ("tankar", "\r\nRad ett\r\nrad två"),
];
const ORDERING: &[(&str, &str)] = &[
    ("pastaenden[lugnt]", "1"),
    ("pastaenden[hjalp]", "3"),
    ("pastaenden[roligt]", "2"),
    ("viktigast[lärare]", "2"),
    ("viktigast[kamrater]", "1"),
    ("viktigast[dator]", "3"),
    ("helst[rita]", "1"),
    ("tavla", "false"),
    ("tavla-Comment", "Den var släckt."),
];

/// The last page, with everything before it filled in.
async fn last(browser: &Browser, code: &str) -> Page {
    let first = browser.begin(code).await;
    let second = browser.send(code, &first, "next", CHOOSING).await;
    browser.send(code, &second, "next", WRITING).await
}

#[tokio::test]
async fn every_type_of_question_is_answered_page_by_page_and_comes_to_the_desk_as_it_was_meant() {
    let (desk, browser) = set_up();
    browser.get("/s/ALLT").await.says("Elevenkät våren 2026").says("Björkskolan").says("digital valurna");
    let first = browser.begin("ALLT").await;
    first
        .says("Sida 1 av 3")
        .says("<b>stämmer</b>")
        .is_silent_of("Skicka in</button>")
        .is_silent_of("Tillbaka");
    let second = browser.send("ALLT", &first, "next", CHOOSING).await;
    second.says("Sida 2 av 3").says("Tillbaka");
    let third = browser.send("ALLT", &second, "next", WRITING).await;
    third.says("Sida 3 av 3").says("Skicka in</button>").says("<b>17,5</b>");
    let thanks = browser.send("ALLT", &third, "send", ORDERING).await;
    thanks.says("Tack, dina svar är inskickade");
    let taken = desk.answers();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].complete && taken[0].token.is_none());
    assert_eq!(
        serde_json::Value::Object(taken[0].answers.clone()),
        json!({
            "dator": "ja", "arskurs": 7, "anvander": ["skriva", "other"], "anvander-Comment": "spela",
            "amnen": ["ma", "so"], "trivs": 4, "hemma": true, "namn": "Anki", "timmar": 2.5, "dag": "2026-08-17",
            "manad": "2026-08", "epost": "klass@exempel.se", "telefon": "08-123 45", "sida": "https://exempel.se/",
            "tankar": "\nRad ett\nrad två", "pastaenden": {"lugnt": 1, "hjalp": 3, "roligt": 2},
            "viktigast": ["kamrater", "lärare", "dator"], "helst": ["rita"], "tavla": false,
            "tavla-Comment": "Den var släckt.", "vecka": 17.5
        })
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_at_the_field_and_above_and_what_was_filled_in_stays() {
    let (desk, browser) = set_up();
    let first = browser.begin("ALLT").await;
    let wrong = [("dator", "stulen"), ("anvander", "none"), ("anvander", "skriva"), ("hemma", "true")];
    let again = browser.send("ALLT", &first, "next", &wrong).await;
    again
        .says("<title>Fel: ")
        .says(r##"<a href="#q1-0">"##)
        .says("Svaret finns inte bland alternativen.")
        .says("Det svaret går inte att förena med andra.")
        .says(r##"<a href="#q6-0">"##)
        .says(r#"aria-describedby="q4-d q4-h q4-e""#)
        .says(r#"name="anvander" value="skriva" checked"#)
        .says(r#"name="hemma" value="true" checked"#);
    let second = browser.send("ALLT", &again, "next", CHOOSING).await;
    let long = "å".repeat(600);
    let wrong = [("timmar", "många"), ("dag", "igår"), ("epost", "klassen"), ("tankar", long.as_str())];
    let again = browser.send("ALLT", &second, "next", &wrong).await;
    again
        .says("Skriv ett tal")
        .says(r#"value="många""#)
        .says(r#"type="text" autocomplete="off" value="igår""#);
    again.says("Skriv högst 500 tecken.").says(&long).says("Skriv en e-postadress");
    let third = browser.send("ALLT", &again, "next", WRITING).await;
    let wrong = [("pastaenden[lugnt]", "1"), ("viktigast[lärare]", "1"), ("viktigast[dator]", "1")];
    let again = browser.send("ALLT", &third, "send", &wrong).await;
    again.says(r##"<a href="#q17-1-0">"##).says("Hur väl stämmer det?, Jag får hjälp – Svara på varje rad.");
    again.says(r#"<option value="1" selected>1</option>"#);
    assert_eq!(desk.answers(), []);
}

#[tokio::test]
async fn a_second_press_a_lost_answer_and_the_back_button_count_once_and_say_the_same() {
    let (desk, browser) = set_up();
    let page = last(&browser, "ALLT").await;
    let thanks = browser.send("ALLT", &page, "send", ORDERING).await;
    let again = browser.send("ALLT", &page, "send", ORDERING).await;
    let bare = |page: &Page| page.html.replace(&page.value("#state"), "");
    assert_eq!(bare(&thanks), bare(&again));
    assert_eq!(desk.answers().len(), 1);
    // What brings the thanks back says the same, and sends nothing.
    let back = browser.post("/s/ALLT", &[("#state", &thanks.value("#state"))]).await;
    assert_eq!(bare(&back), bare(&thanks));
    assert_eq!(desk.answers().len(), 1);
    // Who begins anew is another.
    let page = last(&browser, "ALLT").await;
    browser.send("ALLT", &page, "send", ORDERING).await.says("Tack");
    assert_eq!(desk.answers().len(), 2);
}

#[tokio::test]
async fn going_back_and_on_again_keeps_what_was_filled_in_also_where_it_is_not_right_yet() {
    let (_, browser) = set_up();
    let first = browser.begin("ALLT").await;
    let second = browser.send("ALLT", &first, "next", CHOOSING).await;
    let first = browser.send("ALLT", &second, "back", &[("namn", "Anki"), ("timmar", "många")]).await;
    first.says("Sida 1 av 3").says(r#"name="anvander" value="skriva" checked"#).says(r#"value="spela""#);
    let second = browser.send("ALLT", &first, "next", CHOOSING).await;
    second.says(r#"value="Anki""#).says(r#"value="många""#);
    // What is cleared is gone.
    let first = browser.send("ALLT", &second, "back", &[]).await;
    let second = browser.send("ALLT", &first, "next", CHOOSING).await;
    second.is_silent_of("Anki");
}

#[tokio::test]
async fn a_question_that_follows_from_its_own_page_is_asked_at_the_next_step() {
    let (desk, browser) = set_up();
    let first = browser.begin("ALLT").await;
    // It stands there already, hidden and disabled, for the script.
    first.says(r##"name="#shown" value="varfor" disabled"##).says(r#"data-on="1""#);
    let no = [("dator", "nej"), ("trivs", "2")];
    let same = browser.send("ALLT", &first, "next", &no).await;
    same.says("Fler frågor följer").says("Sida 1 av 3").is_silent_of(r#"value="varfor" disabled"#);
    let wrong = browser.send("ALLT", &same, "next", &no).await;
    wrong.says("Varför inte? – Svara på frågan.");
    let other = [no[0], no[1], ("varfor", "other")];
    browser.send("ALLT", &wrong, "next", &other).await.says("Skriv vad du menar med det svaret.");
    let full = [no[0], no[1], ("varfor", "other"), ("varfor-Comment", "såld")];
    let second = browser.send("ALLT", &wrong, "next", &full).await;
    // What hangs on a number is not there before the next step.
    second.says("Sida 2 av 3").is_silent_of("Det är mycket. Varför?");
    let same = browser.send("ALLT", &second, "next", &[("timmar", "9")]).await;
    same.says("Fler frågor följer").says("Det är mycket. Varför?");
    let third = browser.send("ALLT", &same, "next", &[("timmar", "9"), ("mycket", "läxor")]).await;
    browser.send("ALLT", &third, "send", ORDERING).await.says("Tack");
    let answers = &desk.answers()[0].answers;
    assert_eq!((&answers["varfor-Comment"], &answers["mycket"]), (&json!("såld"), &json!("läxor")));
}

#[tokio::test]
async fn answers_to_what_was_not_asked_are_dropped() {
    let (desk, browser) = set_up();
    let first = browser.begin("ALLT").await;
    let sly =
        [CHOOSING, &[("varfor", "trasig"), ("#shown", "varfor"), ("hittad", "på"), ("vecka", "3")]].concat();
    let second = browser.send("ALLT", &first, "next", &sly).await;
    let third = browser.send("ALLT", &second, "next", WRITING).await;
    browser.send("ALLT", &third, "send", ORDERING).await.says("Tack");
    let answers = &desk.answers()[0].answers;
    assert!(answers.get("varfor").is_none() && answers.get("hittad").is_none());
    assert_eq!(answers["vecka"], json!(17.5));
}

#[tokio::test]
async fn a_state_that_is_not_ours_is_refused_clearly_and_its_page_is_not_lost() {
    let (desk, browser) = set_up();
    let page = last(&browser, "ALLT").await;
    let mut forged = page.value("#state");
    let changed = forged.len() - 9..forged.len() - 8;
    let letter = if &forged[changed.clone()] == "A" { "B" } else { "A" };
    forged.replace_range(changed, letter);
    for state in [forged.as_str(), "x", "å", &"A".repeat(200)] {
        let fields =
            [&[("#state", state), ("#go", "send"), ("#shown", "tavla"), ("tavla", "true")], ORDERING]
                .concat();
        let refused = browser.post("/s/ALLT", &fields).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        refused.says("gick inte att läsa").says("Inget är inskickat").says(r#"name="tavla" value="true""#);
    }
    // One of another round is not ours either.
    let fields = [("#state", page.value("#state")), ("#go", "send".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(browser.post("/s/DELVIS", &fields).await.status, StatusCode::BAD_REQUEST);
    // What was on the page comes along.
    let carried =
        [("#go", "start"), ("#shown", "tavla"), ("tavla", "true"), ("#shown", "dator"), ("dator", "ja")];
    browser.post("/s/ALLT", &carried).await.says("Sida 1 av 3").says(r#"name="dator" value="ja" checked"#);
    assert_eq!(desk.answers(), []);
}

#[tokio::test]
async fn ten_megabytes_are_refused_clearly() {
    let (desk, browser) = set_up();
    let page = last(&browser, "ALLT").await;
    for many in [10 << 20, 3 << 20] {
        let long = "a".repeat(many);
        let refused = browser.send("ALLT", &page, "send", &[("tavla-Comment", &long)]).await;
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
        refused.says("Svaren är för långa").says("Inget är inskickat");
        assert!(refused.html.len() < 10_000);
    }
    browser.send("ALLT", &page, "send", ORDERING).await.says("Tack");
    assert_eq!(desk.answers().len(), 1);
}

#[tokio::test]
async fn a_personal_code_lets_in_once_and_stands_in_no_page_and_no_address() {
    let (desk, browser) = set_up();
    browser.get("/s/PERSON").await.says("Din personliga kod").says("30 minuter till").says("pseudonym");
    let with = |token: &'static str| browser.post_to_begin("PERSON", token);
    with("").await.says("Skriv din personliga kod.");
    with("NILS").await.says("gäller inte den här enkäten").says(r#"value="NILS""#);
    let first = with("anna-1").await;
    first.says("Sida 1 av 3").is_silent_of("ANNA1").is_silent_of("anna-1");
    let second = browser.send("PERSON", &first, "next", CHOOSING).await;
    let third = browser.send("PERSON", &second, "next", WRITING).await;
    browser.send("PERSON", &third, "send", ORDERING).await.says("Tack").is_silent_of("ANNA1");
    assert_eq!(desk.answers()[0].token.as_deref(), Some("ANNA1"));
    with("ANNA1").await.says("Du har redan svarat");
    // Two at it at once: the first one counts.
    let (one, two) = (with("BO2").await, with("BO2").await);
    for (page, says) in [(one, "Tack"), (two, "Du har redan svarat")] {
        let second = browser.send("PERSON", &page, "next", CHOOSING).await;
        let third = browser.send("PERSON", &second, "next", WRITING).await;
        browser.send("PERSON", &third, "send", ORDERING).await.says(says);
    }
    desk.change("PERSON", |asked| asked.rules.again = true);
    browser.get("/s/PERSON").await.says("ersätter det nya svaret det förra");
    with("BO2").await.says("Sida 1 av 3");
}

#[tokio::test]
async fn whoever_guesses_codes_waits_and_those_who_are_inside_go_on() {
    let (_, mut browser) = set_up();
    let page = browser.begin("ALLT").await;
    let personal = browser.post_to_begin("PERSON", "CILLA3").await;
    for n in 0..30 {
        assert_eq!(browser.get(&format!("/s/GISSA{n}")).await.status, StatusCode::NOT_FOUND);
        browser.post_to_begin("PERSON", "GISSA").await.says("gäller inte");
    }
    for refused in [
        browser.get("/s/GISSA").await,
        browser.get("/s/ALLT").await,
        browser.post_to_begin("PERSON", "BO2").await,
        browser.post("/s/ALLT", &[("#state", "x")]).await,
    ] {
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        refused.says("Vänta 10 min").says("Wait 10 min");
        assert!(refused.headers.contains_key("retry-after"));
    }
    browser.send("ALLT", &page, "next", CHOOSING).await.says("Sida 2 av 3");
    browser.send("PERSON", &personal, "next", CHOOSING).await.says("Sida 2 av 3");
    browser.from = [192, 0, 2, 2];
    browser.get("/s/ALLT").await.says("Börja");
}

#[tokio::test]
async fn a_code_is_typed_as_people_type_and_one_that_is_none_says_so() {
    let (_, browser) = set_up();
    browser.get("/s/").await.says("Enkätens kod");
    let to = browser.post("/s/", &[("#code", " al-lt ")]).await;
    assert_eq!((to.status, &to.headers["location"]), (StatusCode::SEE_OTHER, &"/s/ALLT".parse().unwrap()));
    browser.get("/s/allt").await.says("Börja");
    for code in ["NEJ", "a%20b", "%FF", "<b>", "%2e%2e"] {
        let none = browser.get(&format!("/s/{}", code.replace('<', "%3C").replace('>', "%3E"))).await;
        assert_eq!(none.status, StatusCode::NOT_FOUND, "{code}");
        none.says("Det finns ingen enkät med den koden");
    }
    let wrong = browser.post("/s/", &[("#code", "å <b>")]).await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    wrong.says(r#"value="å &lt;b&gt;""#);
    browser.post("/s/", &[("#code", &"å".repeat(1_000))]).await.is_silent_of("åå");
}

#[tokio::test]
async fn what_stands_in_the_way_has_its_own_page_in_both_languages() {
    let (desk, mut browser) = set_up();
    let page = last(&browser, "ALLT").await;
    for (language, closed, soon, none, meanwhile) in [
        ("sv", "Enkäten är stängd", "Den öppnar 2026-11-30 kl. 18.00", "ingen enkät", "hann inte skickas in"),
        (
            "en",
            "The survey is closed",
            "It opens on 2026-11-30 at 18.00",
            "no survey",
            "not handed in in time",
        ),
    ] {
        browser.language = language;
        browser.get("/s/STANGD").await.says(closed);
        browser.begin("STANGD").await.says(closed);
        browser.get("/s/SNART").await.says(soon);
        browser.begin("SNART").await.says(soon);
        browser.get("/s/NEJ").await.says(none);
        let page = last(&browser, "ALLT").await;
        desk.change("ALLT", |asked| asked.stage = Stage::Closed { late: false });
        browser.send("ALLT", &page, "send", ORDERING).await.says(meanwhile);
        desk.change("ALLT", |asked| asked.stage = Stage::Open { closes: at(17) });
    }
    assert_eq!(desk.answers(), []);
    // What was begun before may still come where the round says so.
    desk.change("ALLT", |asked| asked.stage = Stage::Closed { late: true });
    browser.begin("ALLT").await.says("The survey is closed");
    browser.send("ALLT", &page, "send", ORDERING).await.says("Tack");
}

#[tokio::test]
async fn a_desk_that_fails_loses_nothing() {
    let (desk, browser) = set_up();
    let page = last(&browser, "ALLT").await;
    desk.fails.store(true, Ordering::SeqCst);
    let failed = browser.send("ALLT", &page, "send", ORDERING).await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE);
    failed.says("Inget är förlorat");
    desk.fails.store(false, Ordering::SeqCst);
    browser.send("ALLT", &page, "send", ORDERING).await.says("Tack");
    assert_eq!(desk.answers().len(), 1);
}

#[tokio::test]
async fn answers_in_part_are_taken_where_the_round_takes_them_and_nowhere_else() {
    let (desk, browser) = set_up();
    let first = browser.begin("DELVIS").await;
    first.says("Skicka in det jag har svarat");
    browser
        .send("DELVIS", &first, "part", &[("dator", "ja"), ("anvander", "none"), ("anvander", "leta")])
        .await
        .says("Det svaret går inte att förena med andra.");
    browser.send("DELVIS", &first, "part", &[("dator", "ja")]).await.says("Tack");
    assert!(!desk.answers()[0].complete);
    let first = browser.begin("ALLT").await;
    first.is_silent_of("Skicka in det jag har svarat");
    browser.send("ALLT", &first, "part", &[("dator", "ja")]).await.says("Svara på frågan.");
    assert_eq!(desk.answers().len(), 1);
}

#[tokio::test]
async fn an_answer_in_which_nothing_is_answered_is_none() {
    let (desk, browser) = set_up();
    let nothing = "Du har inte svarat på någon fråga än. Inget är inskickat.";
    let first = browser.begin("DELVIS").await;
    for blank in [&[][..], &[("anvander-Comment", "  "), ("varfor-Comment", "\t")]] {
        let still = browser.send("DELVIS", &first, "part", blank).await;
        still.says(nothing).says("Sida 1 av 3");
    }
    // Nor is what is all free to be left out.
    let free = json!({"elements": [{"type": "boolean", "name": "b", "showCommentArea": true}, {"type": "comment", "name": "c"},
        {"type": "expression", "name": "e", "expression": "1 + 1"}]});
    desk.rounds.lock().unwrap().insert("FRITT".to_owned(), open("FRITT", definition(&free.to_string())));
    let page = browser.begin("FRITT").await;
    let page = browser.send("FRITT", &page, "send", &[]).await;
    page.says(nothing);
    let page = browser.send("FRITT", &page, "send", &[("b-Comment", " "), ("c", " \r\n ")]).await;
    page.says(nothing);
    assert_eq!(desk.answers(), []);
    browser.send("FRITT", &page, "send", &[("b-Comment", "bara det")]).await.says("Tack");
    // Where nothing can be answered nobody is held up.
    let read = json!({"elements": [{"type": "html", "name": "h", "html": "<p>Läs</p>"}, {"type": "text", "name": "t", "readOnly": true}]});
    desk.rounds.lock().unwrap().insert("LASA".to_owned(), open("LASA", definition(&read.to_string())));
    let page = browser.begin("LASA").await;
    browser.send("LASA", &page, "send", &[]).await.says("Tack");
    assert_eq!(desk.answers().len(), 2);
}

#[tokio::test]
async fn a_round_that_should_have_opened_says_so_and_one_minute_is_one() {
    let (desk, browser) = set_up();
    desk.change("SNART", |asked| asked.stage = Stage::Scheduled { opens: at(9) });
    browser.get("/s/SNART").await.says("Den skulle ha öppnat nu.").is_silent_of("Kom tillbaka då");
    desk.change("PERSON", |asked| asked.rules.grace = 1);
    browser.get("/s/PERSON").await.says("skicka in i 1 minut till.");
}

#[tokio::test]
async fn what_is_asked_of_an_answer_is_said_before_it_is_given() {
    let desk = rig::desk(rig::SHUT);
    let browser = Browser::new(pages(&desk));
    // Rows that have to be answered are marked as questions are.
    let first = browser.begin("ALLT").await;
    first.says(r#"Har du tid? <span class="must">(måste besvaras)</span>"#);
    let limits = json!({"elements": [
        {"type": "checkbox", "name": "a", "choices": [1, 2, 3, 4], "minSelectedChoices": 2},
        {"type": "checkbox", "name": "b", "choices": [1, 2, 3, 4], "maxSelectedChoices": 3},
        {"type": "tagbox", "name": "c", "choices": [1, 2, 3, 4], "minSelectedChoices": 2, "maxSelectedChoices": 2},
        {"type": "ranking", "name": "d", "choices": [1, 2, 3, 4], "selectToRankEnabled": true, "maxSelectedChoices": 2},
    ]});
    desk.rounds.lock().unwrap().insert("GRANS".to_owned(), open("GRANS", definition(&limits.to_string())));
    let page = browser.begin("GRANS").await;
    page.says("Välj minst 2.").says("Välj högst 3.").says("Välj 2.").says("för dem du vill. Välj högst 2.");
    let places = page.html.split("name=\"d[1]\"").nth(1).unwrap().split("</select>").next().unwrap();
    assert!(places.contains("value=\"2\"") && !places.contains("value=\"3\""), "{places}");
}

#[tokio::test]
async fn every_answer_is_kept_nowhere_sets_no_cookie_and_loads_nothing_from_elsewhere() {
    let (desk, browser) = set_up();
    let page = last(&browser, "ALLT").await;
    let long = "a".repeat(10 << 20);
    for page in [
        browser.get("/s/").await,
        browser.get("/s/ALLT").await,
        browser.get("/s/NEJ").await,
        browser.get("/s/STANGD").await,
        browser.post("/s/", &[("#code", "ALLT")]).await,
        browser.post("/s/ALLT", &[("#state", "x")]).await,
        browser.send("ALLT", &page, "send", &[]).await,
        browser.send("ALLT", &page, "send", &[("tavla-Comment", &long)]).await,
        browser.send("ALLT", &page, "send", ORDERING).await,
        page,
    ] {
        let says = |name: &str| page.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        assert_eq!(
            says("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
             form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        assert_eq!(
            (says("referrer-policy").as_str(), says("cache-control").as_str()),
            ("no-referrer", "no-store")
        );
        assert!(!page.headers.contains_key("set-cookie"));
        page.is_silent_of("://").is_silent_of("style=").is_silent_of("onclick");
    }
    assert_eq!(desk.answers().len(), 1);
}

#[tokio::test]
async fn other_languages_are_the_pages_own_and_what_is_not_in_them_is_marked() {
    let (_, browser) = set_up();
    let start = browser.get("/s/ALLT?lang=ar").await;
    start.says(r#"<html lang="ar" dir="rtl">"#).says(r#"<span lang="en" dir="ltr">Begin</span>"#);
    start.says("يستغرق ثلاث دقائق").says(r#"<span lang="sv" dir="ltr">Elevenkät våren 2026</span>"#);
    let first = browser.post("/s/ALLT", &[("#go", "start"), ("#lang", "ar")]).await;
    first.says(r#"<html lang="ar" dir="rtl">"#).says("هل لديك حاسوب في المدرسة؟");
    first
        .says(r#"<span lang="en" dir="ltr">Do not know</span>"#)
        .says(r#"<span lang="en" dir="ltr">Next</span>"#);
    let again = browser.send("ALLT", &first, "next", &[]).await;
    again.says(r#"<span lang="en" dir="ltr">Answer the question.</span>"#);
    // A language that there is not is none.
    browser.get("/s/ALLT?lang=%22%3E").await.says(r#"<html lang="sv""#);
}

#[tokio::test]
async fn another_language_is_chosen_on_every_page_and_nothing_that_was_filled_in_is_lost() {
    let (desk, browser) = set_up();
    let english = r##"<button type="submit" name="#lang" value="en" lang="en""##;
    browser.get("/s/").await.says(r#"name="lang" value="en" formmethod="get" formnovalidate"#);
    let typed = browser.get("/s/?%23code=al+%22lt&lang=en").await;
    typed.says("The survey's code").says(r#"<html lang="en""#).says(r#"value="al &quot;lt""#);
    // The first button of a form is the one that Enter presses.
    let personal = browser.get("/s/PERSON").await;
    personal
        .says(r#"<button class="unseen" type="submit" form="begin""#)
        .says(r##"name="#lang" value="en" formnovalidate"##);
    assert!(
        personal.html.find("unseen").unwrap() < personal.html.find(r##"name="#lang" value="en""##).unwrap()
    );
    // The button stands before the form that it belongs to, so that it is sent first.
    personal.says(r##"<input type="hidden" name="#in" value="sv">"##);
    let typed = [("#lang", "en"), ("#in", "sv"), ("#token", "dag 4"), ("namn", "Anki")];
    let english_start = browser.post("/s/PERSON", &typed).await;
    english_start.says("Your personal code").says(r#"value="dag 4""#).says(r#"name="namn" value="Anki""#);
    english_start.says(r##"name="#in" value="en""##);
    // And begins in it, whatever the browser wants, by the button or by Enter.
    for go in ["start", ""] {
        let begun = browser.post("/s/ALLT", &[("#in", "en"), ("#go", go)]).await;
        begun.says("Page 1 of 3").says(r#"<html lang="en""#);
    }
    let first = browser.begin("ALLT").await;
    first.says(english).is_silent_of(r##"name="#lang" value="sv""##);
    // The first button of a form is the one that Enter presses.
    assert!(first.html.find("name=\"#go\"").unwrap() < first.html.find(english).unwrap());
    let again = browser.speak("ALLT", &first, "en", CHOOSING).await;
    again.says("Page 1 of 3").says(r#"value="spela""#).says(r#"name="hemma" value="true" checked"#);
    let second = browser.send("ALLT", &again, "next", CHOOSING).await;
    second.says("Page 2 of 3");
    let second = browser.speak("ALLT", &second, "no such", WRITING).await;
    let third = browser.send("ALLT", &second, "next", WRITING).await;
    let back = browser.speak("ALLT", &third, "sv", ORDERING).await;
    back.says("Sida 3 av 3").says("Den var släckt.");
    let thanks = browser.send("ALLT", &back, "send", ORDERING).await;
    thanks.says("Tack, dina svar är inskickade").says(english);
    let other = browser.post("/s/ALLT", &[("#state", &thanks.value("#state")), ("#lang", "en")]).await;
    other.says("Thank you, your answers are in");
    assert_eq!(desk.answers().len(), 1);
    // What stands in the way says it in another language too.
    browser.get("/s/STANGD").await.says(english);
    browser.get("/s/STANGD?%23lang=en").await.says("The survey is closed").says(r#"value="sv""#);
    desk.tokens.lock().unwrap().insert("DAG4".to_owned(), true);
    let answered = browser.post_to_begin("PERSON", "DAG4").await;
    answered.says("Du har redan svarat").says(english);
    let fields =
        [("#token", answered.value("#token")), ("#go", answered.value("#go")), ("#lang", "en".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.post("/s/PERSON", &fields).await.says("You have answered already");
    desk.change("ALLT", |asked| asked.stage = Stage::Closed { late: false });
    let closed = browser.send("ALLT", &first, "next", &[]).await;
    let closed = browser.post("/s/ALLT", &[("#state", &closed.value("#state")), ("#lang", "en")]).await;
    closed.says(r#"<html lang="en""#).says(r##"name="#lang" value="sv""##);
}

#[tokio::test]
async fn a_choice_that_was_made_can_be_emptied_without_a_script_where_none_has_to_be_made() {
    let source = r#"{"elements": [
        {"type": "radiogroup", "name": "a", "choices": ["x", "y"]},
        {"type": "radiogroup", "name": "b", "choices": ["x", "y"], "isRequired": true},
        {"type": "rating", "name": "c"}, {"type": "boolean", "name": "d"},
        {"type": "dropdown", "name": "e", "choices": ["x", "y"]},
        {"type": "matrix", "name": "m", "rows": ["r1", "r2"], "columns": ["k1", "k2"]},
        {"type": "matrix", "name": "n", "rows": ["r1"], "columns": ["k1"], "isRequired": true}]}"#;
    let desk = desk(EVERYTHING);
    desk.rounds.lock().unwrap().insert("TOMT".to_owned(), open("TOMT", definition(source)));
    let browser = Browser::new(pages(&desk));
    let first = browser.begin("TOMT").await;
    for name in ["a", "c", "d", "m[r1]", "m[r2]"] {
        first.says(&format!(r#"<input type="radio" name="{name}" value="" "#));
    }
    first.says(r#"<option value="">"#);
    first.is_silent_of(r#"name="b" value="""#).is_silent_of(r#"name="n[r1]" value="""#);
    let filled = [
        ("a", "x"),
        ("b", "y"),
        ("c", "3"),
        ("d", "true"),
        ("e", "y"),
        ("m[r1]", "k2"),
        ("m[r2]", "k1"),
        ("n[r1]", "k1"),
    ];
    let filled_in = browser.send("TOMT", &first, "stay", &filled).await;
    filled_in.says(r#"name="a" value="x" checked"#).says(r#"name="m[r1]" value="k2" checked"#);
    let emptied = [
        ("a", ""),
        ("b", "y"),
        ("c", ""),
        ("d", ""),
        ("e", ""),
        ("m[r1]", ""),
        ("m[r2]", "k1"),
        ("n[r1]", "k1"),
    ];
    let again = browser.send("TOMT", &filled_in, "stay", &emptied).await;
    again.is_silent_of(r#"name="a" value="x" checked"#).is_silent_of(r#"name="m[r1]" value="k2" checked"#);
    browser.send("TOMT", &again, "send", &emptied).await.says("Tack");
    let taken = serde_json::Value::Object(desk.answers().remove(0).answers);
    assert_eq!(taken, json!({ "b": "y", "m": { "r2": "k1" }, "n": { "r1": "k1" } }));
}

#[tokio::test]
async fn how_much_is_taken_of_strangers_is_as_it_was_set() {
    let desk = desk(EVERYTHING);
    let limits = Limits { body: 2_000, guesses: 2, ..Limits::default() };
    let browser = Browser::new(bounded(&desk, limits));
    let first = browser.begin("ALLT").await;
    let long = "x".repeat(2_000);
    let page = browser.send("ALLT", &first, "next", &[("namn", &long)]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    for _ in 0..2 {
        assert_eq!(browser.get("/s/GISSA").await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(browser.get("/s/GISSA").await.status, StatusCode::TOO_MANY_REQUESTS);
    let none = Browser::new(bounded(&desk, Limits { at_once: 0, ..Limits::default() }));
    assert_eq!(none.get("/s/ALLT").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn who_sees_what_is_said_before_the_first_question_for_each_way_of_being_known() {
    let (desk, browser) = set_up();
    for (mode, says) in [
        (Mode::Named, "sparas med ditt namn"),
        (Mode::Pseudonymous, "under en pseudonym"),
        (Mode::Unlinkable, "går inte att koppla till dig"),
        (Mode::Guardians, "ingen frågar vem du är"),
    ] {
        desk.change("ALLT", |asked| asked.mode = mode);
        browser.get("/s/ALLT").await.says(says).says("grupper om minst 5 personer");
    }
}

#[tokio::test]
async fn what_authors_and_respondents_write_stays_text() {
    let desk = desk(EVERYTHING);
    let sly = r#"{"elements": [{"type": "text", "name": "q\"><b>", "title": "<script>1</script>"},
        {"type": "radiogroup", "name": "r", "choices": [{"value": "\"><i>", "text": "</label><i>"}]}]}"#;
    let mut asked = open("SLUG", definition(sly));
    asked.title = Localised::plain("<i>titel</i>");
    desk.rounds.lock().unwrap().insert("SLUG".to_owned(), asked);
    let browser = Browser::new(pages(&desk));
    let page = browser.begin("SLUG").await;
    page.is_silent_of("<i>").is_silent_of("<b>").is_silent_of("<script>1").says("&lt;script&gt;1");
    let fields = [("#shown", "q\"><b>"), ("q\"><b>", "</input><i>"), ("r", "\"><i>"), ("#shown", "r")];
    let again = browser.send("SLUG", &page, "stay", &fields).await;
    again.is_silent_of("<i>").says("value=\"&lt;/input&gt;&lt;i&gt;\"").says("checked");
}

#[tokio::test]
async fn a_page_with_all_that_it_loads_stays_under_forty_kilobytes() {
    let (desk, browser) = set_up();
    let many: Vec<_> = (0..30)
        .map(|at| {
            json!({"type": "radiogroup", "name": format!("q{at}"), "title": format!("Hur väl stämmer påstående {at}?"),
                "isRequired": true, "choices": ["helt", "delvis", "knappt", "inte alls"], "showDontKnowItem": true})
        })
        .collect();
    let asked = open("MANGA", definition(&json!({"elements": many}).to_string()));
    desk.rounds.lock().unwrap().insert("MANGA".to_owned(), asked);
    for code in ["MANGA", "ALLT"] {
        let page = browser.begin(code).await;
        let mut sum = 0;
        for path in page.html.split(['"', '(', ')']).filter(|text| text.starts_with("/s/assets/")) {
            let weight = browser.weight(path).await;
            assert!(!path.ends_with(".js") || weight < 15_000, "the script: {weight} bytes");
            sum += weight;
        }
        let style = page.html.split('"').find(|text| text.ends_with(".css")).unwrap().to_owned();
        let font = browser.get(&style).await.html;
        let font = font.split(['(', ')']).find(|text| text.ends_with(".woff2")).unwrap().to_owned();
        sum += browser.weight(&format!("/s/assets/{font}")).await;
        // The page itself, compressed as it is served.
        sum += browser.begun_weight(code).await;
        assert!(sum < 40_000, "{code}: {sum} bytes");
        println!("{code}: {sum} bytes");
    }
}

impl Browser {
    async fn post_to_begin(&self, code: &str, token: &str) -> Page {
        self.post(&format!("/s/{code}"), &[("#go", "start"), ("#lang", self.language), ("#token", token)])
            .await
    }
}
