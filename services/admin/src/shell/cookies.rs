//! Cookies as they come and go. Over TLS under a name that only this host, over TLS, can set (RFC 6265bis, 4.1.3.2).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

/// A cookie's two names: the plain one, and the one over TLS.
pub(crate) type Names = [&'static str; 2];

/// What stands in a cookie.
pub(crate) fn read<'a>(headers: &'a HeaderMap, names: &Names, secure: bool) -> Option<&'a str> {
    let name = names[usize::from(secure)];
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The header that gives a browser a cookie for so long, or takes it back where the value is empty.
pub(crate) fn written(names: &Names, value: &str, lasts: Duration, secure: bool) -> Option<HeaderValue> {
    let age = if value.is_empty() { 0 } else { lasts.as_secs() };
    let (name, secure) = (names[usize::from(secure)], if secure { "; Secure" } else { "" });
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}").parse().ok()
}
