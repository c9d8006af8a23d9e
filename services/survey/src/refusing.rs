//! Answers to who asks for what there is not, too much or too often.

use axum::body::Body;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::{frame, pages};

type Answer = Response<Body>;

/// The languages that a browser wants.
pub(crate) fn accepts(headers: &HeaderMap) -> &str {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// Most bytes of a code that are shown again.
const LONGEST_TYPED: usize = 100;

/// There is no such code.
pub(crate) fn unknown(typed: &str, headers: &HeaderMap) -> Answer {
    // What was typed stands there to be mended; what is longer is none that somebody typed.
    let typed = if typed.len() <= LONGEST_TYPED { typed } else { "" };
    let html = pages::code(pages::own_language(accepts(headers)), typed, true);
    frame::answer(StatusCode::NOT_FOUND, html, headers)
}

/// Too many codes were tried.
pub(crate) fn too_often(seconds: u64, headers: &HeaderMap) -> Answer {
    let minutes = seconds.div_ceil(60);
    let sv = format!("Härifrån har många koder prövats som inte finns. Vänta {minutes} min och försök igen.");
    let en = format!("Many codes that do not exist were tried from here. Wait {minutes} min and try again.");
    let html = pages::plainly(("Vänta en stund", "Wait a while"), (&sv, &en));
    later(frame::answer(StatusCode::TOO_MANY_REQUESTS, html, headers), seconds)
}

/// Nothing can be answered at the moment.
pub(crate) fn busy(headers: &HeaderMap) -> Answer {
    let html = pages::plainly(
        ("Det gick inte just nu", "That did not work just now"),
        (
            "Inget är förlorat: ladda om sidan om en stund, så skickas det igen. Ett svar räknas bara en gång.",
            "Nothing is lost: load the page again in a while, and it is sent again. An answer counts once only.",
        ),
    );
    later(frame::answer(StatusCode::SERVICE_UNAVAILABLE, html, headers), 10)
}

/// A form that was not read: too large, or no form.
pub(crate) fn unread(rejection: &FormRejection, headers: &HeaderMap) -> Answer {
    let (status, title, text) = if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        (
            StatusCode::PAYLOAD_TOO_LARGE,
            ("Svaren är för långa", "The answers are too long"),
            (
                "Inget är inskickat. Gå tillbaka i webbläsaren, skriv kortare och skicka igen.",
                "Nothing was handed in. Go back in the browser, write less and send again.",
            ),
        )
    } else {
        (
            StatusCode::BAD_REQUEST,
            ("Sidan gick inte att läsa", "The page could not be read"),
            (
                "Inget är inskickat. Gå tillbaka i webbläsaren och skicka igen.",
                "Nothing was handed in. Go back in the browser and send again.",
            ),
        )
    };
    frame::answer(status, pages::plainly(title, text), headers)
}

/// An answer that says when to come again.
pub(crate) fn later(mut answer: Answer, seconds: u64) -> Answer {
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}
