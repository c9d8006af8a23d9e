//! Who asks: a session's cookie (pages) or name and password (API).

use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::cookies::{self, Names};
use super::entrance::{Visitor, Way, enter};
use super::problem::Problem;
use super::state::Shell;

/// The session's cookie.
pub(crate) const COOKIE: Names = ["larka_session", "__Host-larka_session"];
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
        if !parts.method.is_safe() {
            // Browsers send what they remember with whatever a page of another site asks.
            own_page(&parts.headers)?;
        }
        if let Some((login, password)) = basic(&parts.headers) {
            let visitor = Visitor::of(&shell, &parts.headers, &parts.extensions, &login);
            let account = enter(&shell, Way::Api, visitor, login, password).await?;
            return account.map(|account| Self { account: account.id }).ok_or(Problem::Unauthorized);
        }
        // A cookie comes with whatever page sends the request; only safe methods may rest on it alone.
        if !parts.method.is_safe() {
            return Err(Problem::Unauthorized);
        }
        let account = signed_in(&shell, &parts.headers).await?;
        account.map(|account| Self { account: account.id }).ok_or(Problem::Unauthorized)
    }
}

/// The account whose session the request carries.
pub(crate) async fn signed_in(
    shell: &Shell,
    headers: &HeaderMap,
) -> Result<Option<vault::secrets::Account>, Problem> {
    match token(headers, shell.secure_cookies) {
        Some(token) => Ok(shell.vault.session(token).await?),
        None => Ok(None),
    }
}

/// The session's token, from the cookie.
pub(crate) fn token(headers: &HeaderMap, secure: bool) -> Option<&str> {
    cookies::read(headers, &COOKIE, secure)
}

/// The header that gives a browser its session, or takes it back where `token` is empty.
pub(crate) fn cookie(token: &str, secure: bool) -> Option<HeaderValue> {
    cookies::written(&COOKIE, token, SESSION, secure)
}

/// Refuses what a page of another site asks. Browsers say whose page asks; where they do not, what stands before this
/// service has found out and says it in the same header.
pub(crate) fn own_page(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(b"cross-site" | b"same-site") => Err(Problem::Foreign),
        // Programs that are no browsers say nothing, and carry nothing against anybody's will.
        _ => Ok(()),
    }
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
    fn what_a_page_of_another_site_asks_is_refused() {
        let asks = |site: &'static str| {
            own_page(&HeaderMap::from_iter([(
                "sec-fetch-site".parse().unwrap(),
                HeaderValue::from_static(site),
            )]))
        };
        assert_eq!(["same-origin", "none", ""].map(asks), [Ok(()), Ok(()), Ok(())]);
        assert_eq!(["same-site", "cross-site"].map(asks), [Err(Problem::Foreign), Err(Problem::Foreign)]);
        assert_eq!(own_page(&HeaderMap::new()), Ok(()));
    }

    #[test]
    fn the_token_is_found_among_other_cookies_under_the_name_that_was_set() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; larka_session=tok; c=d"));
        assert_eq!((token(&headers, false), token(&headers, true)), (Some("tok"), None));
        for secure in [false, true] {
            let set = cookie("tok", secure).unwrap();
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(pair).unwrap())]);
            assert_eq!(token(&headers, secure), Some("tok"));
        }
        let secure = cookie("tok", true).unwrap();
        let said = secure.to_str().unwrap();
        assert!(
            said.starts_with("__Host-larka_session=tok; Path=/;") && said.ends_with("; Secure"),
            "{said}"
        );
    }
}
