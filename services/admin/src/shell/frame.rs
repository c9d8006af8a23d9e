//! What every page has around it: frame, headers, style sheet, and what a reader sees instead of a failure.

use std::sync::LazyLock;

use axum::extract::{FromRef, FromRequestParts, Path, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use disclosure::Lang;
use domain::Municipality;
use domain::iris::escape;
use maud::{Markup, html};
use render::components;
use render::{Asset, NavLink, PageFrame, Stylesheet};
use serde::de::DeserializeOwned;

use super::problem::Problem;
use super::session::signed_in;
use super::state::{Page, Shell};
use super::words::{home, lang_named, other, t};

/// Where style sheet and fonts are served.
const ASSETS: &str = "/assets/";

/// Nothing but our own style sheet, fonts and mark; no scripts; forms to ourselves; never in another site's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

static FILES: LazyLock<Vec<Asset>> = LazyLock::new(render::assets);

/// `GET /assets/…`: paths carry a hash, so browsers keep them for good.
pub(crate) async fn asset(Path(path): Path<String>) -> Response {
    match FILES.iter().find(|file| file.path == path) {
        Some(file) => {
            let headers = [
                (header::CONTENT_TYPE, file.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, file.bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Somebody who looks at a page; others are sent to the log-in.
pub(crate) struct Reader {
    /// The name to show.
    pub(crate) name: String,
    /// The account.
    pub(crate) account: vault::AccountId,
}

impl<S: Send + Sync> FromRequestParts<S> for Reader
where
    Shell: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let shell = Shell::from_ref(state);
        match signed_in(&shell, &parts.headers).await {
            Ok(Some(account)) => Ok(Self { name: account.display_name, account: account.id }),
            Ok(None) => Err(to_log_in(&parts.uri)),
            Err(problem) => Err(failure(&shell, lang_of(&parts.uri), &problem)),
        }
    }
}

/// What stands behind a page's address. An address that cannot be read is a page that says so.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T>
where
    Shell: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(wanted)| Self(wanted)).map_err(|_| {
            let unread = Problem::Asked("the address cannot be read".to_owned());
            failure(&Shell::from_ref(state), lang_of(&parts.uri), &unread)
        })
    }
}

/// The language that an address asks for, however wrong the rest of it is.
pub(crate) fn lang_of(uri: &Uri) -> Lang {
    let mut pairs = uri.query().unwrap_or_default().split('&');
    lang_named(pairs.find_map(|pair| pair.strip_prefix("lang=")))
}

/// A page's answer, or a page that says why there is none.
pub(crate) fn answer(shell: &Shell, lang: Lang, made: Result<Response, Problem>) -> Response {
    made.unwrap_or_else(|problem| failure(shell, lang, &problem))
}

/// Everything else: a page for readers, a problem for programs.
pub(crate) async fn nowhere(State(shell): State<Shell>, uri: Uri, headers: HeaderMap) -> Response {
    if reads(&uri, &headers) {
        return failure(&shell, lang_of(&uri), &Problem::NotFound("page"));
    }
    Problem::NotFound("resource").into_response()
}

/// A method that an address does not know; `Allow` says which it does.
pub(crate) async fn not_so(State(shell): State<Shell>, uri: Uri, headers: HeaderMap) -> Response {
    if reads(&uri, &headers) {
        failure(&shell, lang_of(&uri), &Problem::Method)
    } else {
        Problem::Method.into_response()
    }
}

/// Whether somebody reads the answer, and no program.
fn reads(uri: &Uri, headers: &HeaderMap) -> bool {
    let program = ["/api/", "/xapi/"].iter().any(|prefix| uri.path().starts_with(prefix));
    !program && shows(headers)
}

/// Whether the answer is shown in a browser.
fn shows(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

/// Somebody who opens an address of the API in a browser and is not logged in, such as a report's file, is asked to
/// log in and then gets it.
pub(crate) async fn enter_first(request: Request, next: Next) -> Response {
    let opened = request.method() == Method::GET
        && request.uri().path().starts_with("/api/")
        && !request.headers().contains_key(header::AUTHORIZATION)
        && shows(request.headers());
    if !opened {
        return next.run(request).await;
    }
    let uri = request.uri().clone();
    let answer = next.run(request).await;
    if answer.status() == StatusCode::UNAUTHORIZED { to_log_in(&uri) } else { answer }
}

/// The page that a reader sees instead of the one asked for.
pub(crate) fn failure(shell: &Shell, lang: Lang, problem: &Problem) -> Response {
    let (title, text) = match problem {
        Problem::NotFound(_) => (
            t(lang, "Sidan finns inte", "There is no such page"),
            t(
                lang,
                "Adressen kan vara felskriven, eller så har sidan flyttats.",
                "The address may be mistyped, or the page has moved.",
            ),
        ),
        Problem::Slow | Problem::TooLarge(_) | Problem::MediaType(_) => (
            t(lang, "Formuläret gick inte att läsa", "The form could not be read"),
            t(
                lang,
                "Det var inte det formulär som sidan har, eller så kom det inte fram i tid. Försök igen.",
                "It was not the form that the page has, or it did not arrive in time. Try again.",
            ),
        ),
        Problem::TooOften(_) => (
            t(lang, "För många försök", "Too many tries"),
            t(lang, "Vänta en stund och försök igen.", "Wait a while and try again."),
        ),
        Problem::Method => (
            t(lang, "Så går det inte att fråga", "It cannot be asked like this"),
            t(
                lang,
                "Sidan finns, men inte för det som webbläsaren bad om. Börja om från översikten.",
                "The page is there, but not for what the browser asked. Start again from the overview.",
            ),
        ),
        Problem::Invalid { .. } | Problem::Asked(_) | Problem::Refused(_) => (
            t(lang, "Det går inte att visa", "This cannot be shown"),
            t(
                lang,
                "Adressen frågar efter något som inte finns. Börja om från översikten.",
                "The address asks for something that is not there. Start again from the overview.",
            ),
        ),
        Problem::Unauthorized => (
            t(lang, "Du behöver logga in igen", "You need to log in again"),
            t(lang, "Sessionen är slut.", "The session has ended."),
        ),
        Problem::Foreign => (
            t(lang, "Formuläret kom från en annan webbplats", "The form came from another site"),
            t(
                lang,
                "Öppna sidan här och försök igen. Om det händer igen är Lärka inställd för en annan adress \
                 (--base-url) än den som du har öppnat.",
                "Open the page here and try again. If it happens again, Lärka is set up for another address \
                 (--base-url) than the one that you opened.",
            ),
        ),
        Problem::Full(_) | Problem::Unavailable => (
            t(lang, "Lärka svarar inte just nu", "Lärka does not answer right now"),
            t(
                lang,
                "En databas går inte att nå. Inget har gått förlorat. Försök igen om en stund.",
                "A database cannot be reached. Nothing has been lost. Try again in a while.",
            ),
        ),
        Problem::NotReady => (
            t(lang, "Rapporterna görs i ordning", "Reports are being made ready"),
            t(
                lang,
                "Underlaget byggs om för den här versionen av Lärka. Försök igen om en stund.",
                "What they are made from is built anew for this version of Lärka. Try again in a while.",
            ),
        ),
        Problem::NotMade(_) | Problem::TooMuch(_) => (
            t(lang, "Det går inte att göra här", "That cannot be made here"),
            t(lang, "Välj en annan form eller en mindre del.", "Choose another form or a smaller part."),
        ),
        Problem::Internal => (
            t(lang, "Något gick fel", "Something went wrong"),
            t(
                lang,
                "Felet ligger i Lärka, och loggen säger mer. Försök igen, och hör av dig till den som förvaltar Lärka \
                 om det händer igen.",
                "The fault is in Lärka, and its log says more. Try again, and tell whoever runs Lärka if it happens \
                 again.",
            ),
        ),
    };
    let body = html! {
        p class="lead" { (text) }
        p { a class="action" href=(home(lang)) { (t(lang, "Till översikten", "To the overview")) } }
    };
    let mut frame = PageFrame::new(lang, title, stylesheet(), body);
    frame.place = place(&shell.municipality.snapshot().municipality);
    let mut response = show(frame);
    *response.status_mut() = problem.status();
    response
}

/// Everything around the content of a page for somebody who is logged in; `there` is the same page in the other
/// language.
pub(crate) fn frame(
    shell: &Shell,
    here: Page,
    lang: Lang,
    reader: &Reader,
    municipality: &Municipality,
    there: String,
    body: Markup,
) -> PageFrame {
    let mut frame = PageFrame::new(lang, here.title(lang), stylesheet(), body);
    frame.place = place(municipality);
    frame.nav = (shell.pages)
        .iter()
        .map(|page| NavLink {
            label: page.title(lang).to_owned(),
            href: page.href(lang),
            current: *page == here,
        })
        .collect();
    frame.other_language = Some((other(lang), there));
    frame.corner = Some(html! {
        form method="post" action=(format!("/logout?lang={}", lang.tag())) {
            span class="quiet" { (reader.name) } " "
            (components::button(t(lang, "Logga ut", "Log out")))
        }
    });
    frame
}

/// A page, with the headers that keep it from being framed, kept or fed with scripts.
pub(crate) fn show(frame: PageFrame) -> Response {
    secured(Html(render::page(&frame)).into_response())
}

/// A response with those headers.
pub(crate) fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

pub(crate) fn stylesheet() -> Stylesheet {
    Stylesheet::Linked(ASSETS.to_owned())
}

/// The municipality's name: its topmost unit.
pub(crate) fn place(municipality: &Municipality) -> Option<String> {
    municipality.organisation.children(None).next().map(|unit| unit.name.clone())
}

/// A reader who is not logged in is asked to, and then comes to the page that was asked for.
pub(crate) fn to_log_in(uri: &Uri) -> Response {
    let next = uri.path_and_query().map_or("/", |asked| asked.as_str());
    let lang = lang_of(uri);
    let address = match next {
        "/" | "/?lang=en" => format!("/login?lang={}", lang.tag()),
        next => format!("/login?lang={}&next={}", lang.tag(), escape(next)),
    };
    Redirect::to(&address).into_response()
}
