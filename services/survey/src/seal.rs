//! Answers so far, which travel in the form itself: sealed under a key of the instance, so that nobody changes them or
//! reads a personal code in them, any node goes on with them, and nothing is kept here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use serde_json::{Map, Value as Json, json};

use crate::desk::Asked;

const NONCE: usize = 24;

/// Where somebody is in a survey.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    /// Drawn when the first page was made.
    pub(crate) submission: [u8; 16],
    /// The personal code, where one comes in by one.
    pub(crate) token: Option<String>,
    /// The language of the pages.
    pub(crate) language: String,
    /// The page that is shown, by its place among the definition's pages.
    pub(crate) page: usize,
    /// Answers so far, on all pages.
    pub(crate) answers: Map<String, Json>,
    /// Whether they are in: what is left is the page that says so.
    pub(crate) sent: bool,
}

/// Chance cannot be had from the operating system.
#[derive(Debug, thiserror::Error)]
#[error("there is no chance to be had: {0}")]
pub(crate) struct NoChance(getrandom::Error);

/// Random bytes.
pub(crate) fn drawn<const N: usize>() -> Result<[u8; N], NoChance> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoChance)?;
    Ok(bytes)
}

/// Seals and opens states.
pub(crate) struct Seal(XChaCha20Poly1305);

impl Seal {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// The state as a text for a form.
    pub(crate) fn close(&self, asked: &Asked, state: &State) -> Result<String, NoChance> {
        let State { submission, token, language, page, answers, sent } = state;
        let number = URL_SAFE_NO_PAD.encode(submission);
        let plain = json!({"n": number, "t": token, "l": language, "p": page, "a": answers, "s": sent});
        let nonce: [u8; NONCE] = drawn()?;
        let (msg, aad) = (plain.to_string(), bound(asked));
        let payload = Payload { msg: msg.as_bytes(), aad: &aad };
        // It fails for texts of 256 GB alone.
        let sealed = self.0.encrypt(XNonce::from_slice(&nonce), payload).unwrap_or_default();
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// The state that was sealed for this round, code and definition; `None` where it is none of ours.
    pub(crate) fn open(&self, asked: &Asked, text: &str) -> Option<State> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let payload = Payload { msg: sealed, aad: &bound(asked) };
        let plain = self.0.decrypt(XNonce::from_slice(nonce), payload).ok()?;
        let mut plain: Map<String, Json> = serde_json::from_slice(&plain).ok()?;
        let Some(Json::Object(answers)) = plain.remove("a") else { return None };
        Some(State {
            submission: URL_SAFE_NO_PAD.decode(plain.get("n")?.as_str()?).ok()?.try_into().ok()?,
            token: plain.get("t").and_then(Json::as_str).map(str::to_owned),
            language: plain.get("l")?.as_str()?.to_owned(),
            page: usize::try_from(plain.get("p")?.as_u64()?).ok()?,
            answers,
            sent: plain.get("s")?.as_bool()?,
        })
    }
}

/// What a state is of.
fn bound(asked: &Asked) -> Vec<u8> {
    [
        b"larka survey 1\0",
        asked.round.as_bytes(),
        b"\0",
        asked.code.as_bytes(),
        b"\0",
        &asked.definition.sha256,
    ]
    .concat()
}
