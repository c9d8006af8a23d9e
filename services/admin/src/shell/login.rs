//! Log-in and log-out.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use disclosure::Lang;
use domain::iris::escape;
use render::components::{self, Login};
use serde::Deserialize;

use super::browser;
use super::entrance::{Visitor, Way, enter};
use super::form::form;
use super::frame::{Asked, answer, place, secured, stylesheet};
use super::problem::Problem;
use super::session::{self, own_page};
use super::state::Shell;
use super::words::{home, lang_named, other, t};

/// More than any form of a log-in has.
pub(crate) const FORM_LIMIT: usize = 16 << 10;

/// What may stand behind the log-in's address.
#[derive(Default, Deserialize)]
pub(crate) struct Entry {
    lang: Option<String>,
    /// The page that was asked for: a path of this site.
    next: Option<String>,
}

impl Entry {
    fn lang(&self) -> Lang {
        lang_named(self.lang.as_deref())
    }

    /// Where to go on to; never to another site.
    fn next(&self) -> Option<&str> {
        let path = self.next.as_deref()?;
        let own = path.starts_with('/') && !path.starts_with("//");
        (own && !path.contains(|c: char| c == '\\' || c.is_control())).then_some(path)
    }

    fn address(&self, lang: Lang) -> String {
        match self.next() {
            Some(next) => format!("/login?lang={}&next={}", lang.tag(), escape(next)),
            None => format!("/login?lang={}", lang.tag()),
        }
    }
}

/// What `POST /login` carries.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    user: String,
    password: String,
}

/// `GET /login`
pub(crate) async fn page(State(shell): State<Shell>, Asked(entry): Asked<Entry>) -> Response {
    let asked = entry
        .next()
        .is_some()
        .then(|| t(entry.lang(), "Logga in för att se sidan.", "Log in to see the page.").to_owned());
    login_page(&shell, &entry, String::new(), asked)
}

/// `POST /login`
pub(crate) async fn log_in(
    State(shell): State<Shell>,
    Asked(entry): Asked<Entry>,
    request: Request,
) -> Response {
    let lang = entry.lang();
    let made = async {
        let (headers, extensions) = (request.headers().clone(), request.extensions().clone());
        let LoginForm { user, password } = form(&shell, request, FORM_LIMIT).await?;
        let visitor = Visitor::of(&shell, &headers, &extensions, &user);
        let again = |status: StatusCode, error: String| {
            let mut response = login_page(&shell, &entry, user.clone(), Some(error));
            *response.status_mut() = status;
            response
        };
        let account = match enter(&shell, Way::Page, visitor, user.clone(), password).await {
            Ok(Some(account)) => account,
            Ok(None) => {
                let wrong = t(
                    lang,
                    "Användarnamnet eller lösenordet stämmer inte. Försök igen.",
                    "The user name or the password is wrong. Try again.",
                );
                return Ok(again(StatusCode::UNAUTHORIZED, wrong.to_owned()));
            }
            Err(Problem::TooOften(seconds)) => {
                let mut response = again(StatusCode::TOO_MANY_REQUESTS, later(seconds, lang));
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                return Ok(response);
            }
            Err(problem) => return Err(problem),
        };
        let session = shell.vault.begin_session(account.id, session::SESSION).await?;
        let home = home(lang);
        let mut response = Redirect::to(entry.next().unwrap_or(&home)).into_response();
        if let Some(cookie) = session::cookie(&session.token, shell.secure_cookies) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        if let Some(cookie) = browser::remembers(&shell, &user) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    };
    answer(&shell, lang, made.await)
}

fn later(seconds: u32, lang: Lang) -> String {
    match (seconds, lang) {
        (..=1, Lang::Sv) => {
            "För många försöker logga in just nu. Vänta en sekund och försök igen.".to_owned()
        }
        (..=1, Lang::En) => "Too many are logging in right now. Wait a second and try again.".to_owned(),
        (n, Lang::Sv) => format!("För många försök. Vänta {n} sekunder och försök igen."),
        (n, Lang::En) => format!("Too many tries. Wait {n} seconds and try again."),
    }
}

/// `POST /logout`
pub(crate) async fn log_out(
    State(shell): State<Shell>,
    headers: HeaderMap,
    Asked(entry): Asked<Entry>,
) -> Response {
    let lang = entry.lang();
    let made = async {
        own_page(&headers)?;
        if let Some(token) = session::token(&headers, shell.secure_cookies) {
            shell.vault.end_session(token).await?;
        }
        let mut response = Redirect::to(&format!("/login?lang={}", lang.tag())).into_response();
        if let Some(cookie) = session::cookie("", shell.secure_cookies) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        Ok(response)
    };
    answer(&shell, lang, made.await)
}

fn login_page(shell: &Shell, entry: &Entry, user: String, error: Option<String>) -> Response {
    let lang = entry.lang();
    let page = components::login_page(&Login {
        lang,
        stylesheet: stylesheet(),
        place: place(&shell.municipality.snapshot().municipality),
        action: entry.address(lang),
        other_language: Some((other(lang), entry.address(other(lang)))),
        hidden: Vec::new(),
        user,
        error,
    });
    secured(Html(page).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_in_leads_on_to_pages_of_this_site_alone() {
        let entry = |next: &str| Entry { lang: None, next: Some(next.to_owned()) };
        assert_eq!(entry("/reports/survey?lang=en&unit=a").next(), Some("/reports/survey?lang=en&unit=a"));
        for elsewhere in [
            "https://elsewhere.example",
            "//elsewhere.example",
            "/\\elsewhere.example",
            "x",
            "/\u{7f}",
            "/\n/x",
            "/\0",
        ] {
            assert_eq!(entry(elsewhere).next(), None, "{elsewhere}");
        }
        assert_eq!(entry("/system?lang=en").address(Lang::En), "/login?lang=en&next=%2Fsystem%3Flang%3Den");
    }
}
