//! Browsers in which somebody logged in before. Each carries a token about it, which lets nobody in: its tries count
//! apart from those of strangers.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eventlog::clock::Micros;

use super::cookies::{self, Names};
use super::state::Shell;

const COOKIE: Names = ["larka_browser", "__Host-larka_browser"];
const PURPOSE: &str = "browser";
/// How long it is known that somebody logged in: longer than anybody's holidays.
const KNOWN: Duration = Duration::from_secs(400 * 86_400);

/// The header that lets a browser tell later that this account logged in there: sealed, when and as whom.
pub(crate) fn remembers(shell: &Shell, login: &str) -> Option<HeaderValue> {
    let plain = [&shell.clock.now().0.to_be_bytes(), login.as_bytes()].concat();
    let token = shell.vault.seal_token(PURPOSE, &plain).ok()?;
    cookies::written(&COOKIE, &URL_SAFE_NO_PAD.encode(token), KNOWN, shell.secure_cookies)
}

/// The browser's token, where it says that this account logged in there.
pub(crate) fn knows(shell: &Shell, headers: &HeaderMap, login: &str) -> Option<Vec<u8>> {
    let token = cookies::read(headers, &COOKIE, shell.secure_cookies)?;
    let token = URL_SAFE_NO_PAD.decode(token).ok()?;
    let plain = shell.vault.open_token(PURPOSE, &token)?;
    let (at, known) = plain.split_first_chunk()?;
    let until = i64::from_be_bytes(*at).saturating_add(i64::try_from(KNOWN.as_micros()).ok()?);
    (known == login.as_bytes() && shell.clock.now() < Micros(until)).then_some(token)
}
