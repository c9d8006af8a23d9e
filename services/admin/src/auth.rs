//! Who asks: a session's cookie (pages) or name and password (API).

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Admin;
use crate::problem::Problem;
use crate::shell;

/// The session's cookie.
pub(crate) const COOKIE: &str = "larka_session";
/// How long a session lasts: a working day.
pub(crate) const SESSION: Duration = Duration::from_secs(10 * 3600);

/// An administrator, on the API: problems are JSON.
pub(crate) struct Administrator {
    /// The account.
    pub(crate) account: vault::AccountId,
}

impl FromRequestParts<Admin> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Problem> {
        if let Some((login, password)) = basic(&parts.headers) {
            return match admin.vault.verify_password(&login, &password).await? {
                Some(account) => Ok(Self { account: account.id }),
                None => Err(Problem::Unauthorized),
            };
        }
        // A cookie comes with whatever page sends the request; only safe methods may rest on it alone.
        if !parts.method.is_safe() {
            return Err(Problem::Unauthorized);
        }
        signed_in(admin, &parts.headers)
            .await?
            .map(|account| Self { account: account.id })
            .ok_or(Problem::Unauthorized)
    }
}

/// An administrator who looks at a page; others are sent to the log-in.
pub(crate) struct Reader {
    /// The name to show.
    pub(crate) name: String,
}

impl FromRequestParts<Admin> for Reader {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Self, Response> {
        match signed_in(admin, &parts.headers).await {
            Ok(Some(account)) => Ok(Self { name: account.display_name }),
            Ok(None) => Err(shell::to_log_in(&parts.uri)),
            Err(problem) => Err(shell::failure(admin, shell::lang_of(&parts.uri), &problem)),
        }
    }
}

/// The account whose session the request carries.
pub(crate) async fn signed_in(
    admin: &Admin,
    headers: &HeaderMap,
) -> Result<Option<vault::secrets::Account>, Problem> {
    match token(headers) {
        Some(token) => Ok(admin.vault.session(token).await?),
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
