//! What every page has around it, and what its answer says.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use maud::{DOCTYPE, Markup, html};

use crate::assets;
use crate::packed::{gzip, takes_gzip};
use crate::tongue::Tongue;

/// What a page may do: nothing but what comes from here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A page.
pub(crate) struct Page<'a> {
    pub(crate) tongue: Tongue<'a>,
    /// The survey, where it is known.
    pub(crate) survey: Option<Markup>,
    /// What the browser calls it.
    pub(crate) title: String,
    /// From the heading on.
    pub(crate) body: Markup,
}

impl Page<'_> {
    pub(crate) fn html(self) -> String {
        let markup = html! {
            (DOCTYPE)
            html lang=(self.tongue.tag) dir=(self.tongue.dir()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    title { (self.title) }
                    link rel="stylesheet" href=(assets::style());
                    link rel="icon" href="data:,";
                    script src=(assets::script()) defer {}
                }
                body {
                    @if let Some(survey) = &self.survey { header class="survey" { p { (survey) } } }
                    main { (self.body) }
                }
            }
        };
        markup.into_string()
    }
}

/// An answer with a page, compressed where the browser takes that.
pub(crate) fn answer(status: StatusCode, html: String, asked: &HeaderMap) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, accept-language"));
    let packed = if takes_gzip(asked) { gzip(html.as_bytes()) } else { None };
    *answer.body_mut() = match packed {
        Some(packed) => {
            answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Body::from(packed)
        }
        None => Body::from(html),
    };
    answer
}
