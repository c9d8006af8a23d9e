//! Who asks: a session's cookie (pages) or name and password (API).

use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::problem::Problem;
use super::state::Shell;

/// The session's cookie.
pub(crate) const COOKIE: &str = "larka_session";
/// How long a session lasts: a working day.
pub(crate) const SESSION: Duration = Duration::from_secs(10 * 3600);

/// An administrator, on the API: problems are JSON.
pub(crate) struct Administrator {
    /// The account.
    pub(crate) account: vault::AccountId,
}

impl<S: Send + Sync> FromRequestParts<S> for Administrator
where
    Shell: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let shell = Shell::from_ref(state);
        if let Some((login, password)) = basic(&parts.headers) {
            return match shell.vault.verify_password(&login, &password).await? {
                Some(account) => Ok(Self { account: account.id }),
                None => Err(Problem::Unauthorized),
            };
        }
        // A cookie comes with whatever page sends the request; only safe methods may rest on it alone.
        if !parts.method.is_safe() {
            return Err(Problem::Unauthorized);
        }
        signed_in(&shell, &parts.headers)
            .await?
            .map(|account| Self { account: account.id })
            .ok_or(Problem::Unauthorized)
    }
}

/// The account whose session the request carries.
pub(crate) async fn signed_in(
    shell: &Shell,
    headers: &HeaderMap,
) -> Result<Option<vault::secrets::Account>, Problem> {
    match token(headers) {
        Some(token) => Ok(shell.vault.session(token).await?),
        None => Ok(None),
    }
}

/// The session's token, from the cookie.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// The header that gives a browser its session, or takes it back where `token` is empty.
pub(crate) fn cookie(token: &str, secure: bool) -> Option<HeaderValue> {
    let age = if token.is_empty() { 0 } else { SESSION.as_secs() };
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}").parse().ok()
}

/// Whether a form was sent from one of our own pages: browsers say where a POST comes from.
pub(crate) fn same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else {
        // Programs that are no browsers send no Origin, and carry no cookie against anybody's will.
        return text(header::ORIGIN).is_none();
    };
    origin.split_once("://").is_some_and(|(_, from)| from == host)
}

/// Whether a form was sent from one of our own pages.
pub(crate) fn own_form(headers: &HeaderMap) -> Result<(), Problem> {
    if same_origin(headers) { Ok(()) } else { Err(Problem::Unauthorized) }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (login, password) = decoded.split_once(':')?;
    Some((login.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_from_another_site_is_not_taken() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("larka.example:8080"));
        assert!(same_origin(&headers));
        headers.insert(header::ORIGIN, HeaderValue::from_static("http://larka.example:8080"));
        assert!(same_origin(&headers));
        headers.insert(header::ORIGIN, HeaderValue::from_static("http://elsewhere.example"));
        assert!(!same_origin(&headers));
    }

    #[test]
    fn the_token_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; larka_session=tok; c=d"));
        assert_eq!(token(&headers), Some("tok"));
    }
}
