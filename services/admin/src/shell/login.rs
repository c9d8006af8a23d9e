//! Log-in and log-out.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use disclosure::Lang;
use render::components::{self, Login};
use serde::Deserialize;

use super::frame::{answer, place, secured, stylesheet};
use super::session::{self, own_form};
use super::state::Shell;
use super::words::{escape, home, lang_named, other, t};

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
        let own =
            path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t']);
        own.then_some(path)
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
pub(crate) async fn page(State(shell): State<Shell>, Query(entry): Query<Entry>) -> Response {
    let asked = entry
        .next()
        .is_some()
        .then(|| t(entry.lang(), "Logga in för att se sidan.", "Log in to see the page.").to_owned());
    login_page(&shell, &entry, String::new(), asked)
}

/// `POST /login`
pub(crate) async fn log_in(
    State(shell): State<Shell>,
    headers: HeaderMap,
    Query(entry): Query<Entry>,
    Form(form): Form<LoginForm>,
) -> Response {
    let lang = entry.lang();
    let made = async {
        own_form(&headers)?;
        let Some(account) = shell.vault.verify_password(&form.user, &form.password).await? else {
            let wrong = t(
                lang,
                "Användarnamnet eller lösenordet stämmer inte. Försök igen.",
                "The user name or the password is wrong. Try again.",
            );
            let mut response = login_page(&shell, &entry, form.user, Some(wrong.to_owned()));
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            return Ok(response);
        };
        let session = shell.vault.begin_session(account.id, session::SESSION).await?;
        let home = home(lang);
        let mut response = Redirect::to(entry.next().unwrap_or(&home)).into_response();
        if let Some(cookie) = session::cookie(&session.token, shell.secure_cookies) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        Ok(response)
    };
    answer(&shell, lang, made.await)
}

/// `POST /logout`
pub(crate) async fn log_out(
    State(shell): State<Shell>,
    headers: HeaderMap,
    Query(entry): Query<Entry>,
) -> Response {
    let lang = entry.lang();
    let made = async {
        own_form(&headers)?;
        if let Some(token) = session::token(&headers) {
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
        for elsewhere in ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "x"] {
            assert_eq!(entry(elsewhere).next(), None, "{elsewhere}");
        }
        assert_eq!(entry("/system?lang=en").address(Lang::En), "/login?lang=en&next=%2Fsystem%3Flang%3Den");
    }
}
