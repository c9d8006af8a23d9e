//! The content of attachments that comes with statements: which part of a request belongs to which attachment, and
//! how it is sealed and opened again (1.0.3 Communication 1.5.2, IEEE 4.1.3). No I/O.
//!
//! `length` in a statement is not held against the content: the hash says more, and the standard's own conformance
//! suite sends a length that is not the content's and expects it to be stored. Where a part itself names its length
//! that has to agree with both.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use eventlog::{Key, Slot};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use vault::{AgentHandle, Binding, Owner, Vault, VaultError};
use xapi::multipart::{Event, Headers, MultipartError, Splitter};
use xapi::{Attachment, Invalid, Statement, Version, signature};

use crate::prepare::STATEMENT;

/// Why a request's statements and parts were refused. Never repeats what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unacceptable {
    #[error(transparent)]
    Statement(#[from] Invalid),
    #[error("the body: {0}")]
    Multipart(#[from] MultipartError),
    #[error("the first part: expected Content-Type application/json, and the statements")]
    FirstPart,
    /// Parts are counted from 0, the statements' among them.
    #[error("part {part}: expected {expected}")]
    Part { part: usize, expected: &'static str },
    /// Counted for every statement that has them.
    #[error("the attachments of all statements together are more than {0} bytes")]
    TooMuch(usize),
}

/// The content of one attachment, as it came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// Its SHA-2, of 28, 32, 48 or 64 bytes.
    pub(crate) hash: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

/// What came with a request, by hash.
#[derive(Debug, Default)]
pub(crate) struct Contents(HashMap<Vec<u8>, Arc<Content>>);

/// The statements of a request, found valid, and the content of their attachments.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) statements: Vec<Statement>,
    pub(crate) contents: Contents,
}

/// Takes a body apart: JSON, or for a `boundary` JSON and the content of attachments. Everything is matched: each part
/// belongs to an attachment by its hash, each attachment has a part or a `fileUrl`, and each signature is one. Content
/// is kept once for every statement that has it, and that may be `most` bytes.
pub(crate) fn take(
    body: &[u8],
    boundary: Option<&str>,
    version: Version,
    most: usize,
    parse: impl FnOnce(&[u8]) -> Result<Vec<Statement>, Invalid>,
) -> Result<Taken, Unacceptable> {
    let (statements, parts) = match boundary {
        None => (parse(body)?, Vec::new()),
        Some(boundary) => {
            let mut parts = split(body, boundary)?.into_iter();
            let (headers, json) = parts.next().ok_or(MultipartError::Truncated)?;
            if headers.get("Content-Type").is_none_or(|given| essence(given) != "application/json") {
                return Err(Unacceptable::FirstPart);
            }
            (parse(&json)?, parts.collect())
        }
    };
    let listed: HashMap<Vec<u8>, Vec<&Attachment>> = statements
        .iter()
        .flat_map(|statement| &statement.attachments)
        .fold(HashMap::new(), |mut all, one| {
            if let Some(hash) = hash_of(&one.sha2) {
                all.entry(hash).or_insert_with(Vec::new).push(one);
            }
            all
        });
    let mut contents = Contents::default();
    for (number, (headers, bytes)) in (1..).zip(parts) {
        let content = received(&headers, bytes, &listed)
            .map_err(|expected| Unacceptable::Part { part: number, expected })?;
        contents.0.insert(content.hash.clone(), Arc::new(content));
    }
    let mut bytes = 0;
    for (number, statement) in statements.iter().enumerate() {
        bytes += contents.for_statement(statement).iter().map(|content| content.bytes.len()).sum::<usize>();
        if bytes > most {
            return Err(Unacceptable::TooMuch(most));
        }
        complete(statement, &contents, version).map_err(|expected| Invalid {
            statement: number,
            path: "/attachments".into(),
            expected,
        })?;
    }
    Ok(Taken { statements, contents })
}

/// The parts of a body with their content.
fn split(body: &[u8], boundary: &str) -> Result<Vec<(Headers, Vec<u8>)>, MultipartError> {
    /// Bytes that are fed at a time, so that little is held twice.
    const PIECE: usize = 64 << 10;
    let mut parts: Vec<(Headers, Vec<u8>)> = Vec::new();
    let mut splitter = Splitter::new(boundary);
    for piece in body.chunks(PIECE) {
        splitter.feed::<MultipartError>(piece, &mut |event| {
            match event {
                Event::Part(headers) => parts.push((headers, Vec::new())),
                Event::Content(bytes) => {
                    if let Some((_, content)) = parts.last_mut() {
                        content.extend_from_slice(bytes);
                    }
                }
            }
            Ok(())
        })?;
    }
    splitter.finish()?;
    Ok(parts)
}

/// A part after the first; otherwise what was expected of it.
fn received(
    headers: &Headers,
    bytes: Vec<u8>,
    listed: &HashMap<Vec<u8>, Vec<&Attachment>>,
) -> Result<Content, &'static str> {
    if !headers.get("Content-Transfer-Encoding").is_some_and(|given| given.eq_ignore_ascii_case("binary")) {
        return Err("Content-Transfer-Encoding: binary");
    }
    let hash = headers.get("X-Experience-API-Hash").and_then(hash_of);
    let hash = hash.ok_or("X-Experience-API-Hash with the SHA-2 of the content in hexadecimal digits")?;
    if digest(&bytes, hash.len()) != hash {
        return Err("content that has the hash in X-Experience-API-Hash");
    }
    let served = listed.get(&hash).ok_or("a hash that an attachment of the statements has in sha2")?;
    let content_type = headers.get("Content-Type").map(essence);
    if content_type.is_some_and(|own| served.iter().all(|one| essence(&one.content_type) != own)) {
        return Err("the Content-Type that its attachment has in contentType");
    }
    if let Some(length) = headers.get("Content-Length") {
        let length: Option<u64> = length.parse().ok();
        if length != Some(bytes.len() as u64) || served.iter().all(|one| Some(one.length) != length) {
            return Err("a Content-Length that is the content's and its attachment's length");
        }
    }
    Ok(Content { hash, bytes })
}

/// Whether every attachment of a statement has what it needs; otherwise what was expected.
fn complete(statement: &Statement, contents: &Contents, version: Version) -> Result<(), String> {
    for attachment in &statement.attachments {
        match contents.of(attachment) {
            Some(content) if attachment.usage_type == Attachment::SIGNATURE => {
                signature::verify(&content.bytes, statement, version).map_err(|error| error.to_string())?;
            }
            None if attachment.usage_type == Attachment::SIGNATURE => {
                return Err("a signature that comes with the statement, in a part with its hash".into());
            }
            None if attachment.file_url.is_none() => {
                return Err("in every attachment a fileUrl, or else a part with its hash".into());
            }
            _ => {}
        }
    }
    Ok(())
}

impl Contents {
    fn of(&self, attachment: &Attachment) -> Option<&Arc<Content>> {
        self.0.get(&hash_of(&attachment.sha2)?)
    }

    /// The content that came for a statement's attachments, each once.
    pub(crate) fn for_statement(&self, statement: &Statement) -> Vec<Arc<Content>> {
        let mut seen = HashSet::new();
        let all = statement.attachments.iter().filter_map(|attachment| self.of(attachment));
        all.filter(|content| seen.insert(&content.hash)).cloned().collect()
    }
}

/// Content that is to be sealed for everybody in a statement together, so that whoever is erased takes it along.
pub(crate) struct Unsealed {
    pub(crate) contents: Vec<Arc<Content>>,
    pub(crate) owners: Vec<AgentHandle>,
    /// The number of the first slot.
    pub(crate) first: u16,
}

impl Unsealed {
    pub(crate) fn bytes(&self) -> usize {
        self.contents.iter().map(|content| content.bytes.len()).sum()
    }

    /// The slots, one for each content: the length of the hash in a byte, the hash, the content.
    pub(crate) fn seal(&self, vault: &Vault, event: Key) -> Result<Vec<Slot>, VaultError> {
        let slot = |(slot, content): (u16, &Arc<Content>)| {
            let length = u8::try_from(content.hash.len()).unwrap_or_default();
            let plain = [&[length], content.hash.as_slice(), &content.bytes].concat();
            vault.seal(&Binding { event, kind: STATEMENT, slot }, &Owner::Several(&self.owners), &plain)
        };
        (self.first..).zip(&self.contents).map(slot).collect()
    }
}

impl Content {
    /// What a slot held.
    pub(crate) fn opened(mut plain: Vec<u8>) -> Option<Self> {
        let length = usize::from(*plain.first()?);
        let bytes = (plain.len() > length).then(|| plain.split_off(1 + length))?;
        plain.remove(0);
        Some(Self { hash: plain, bytes })
    }
}

/// The bytes of a SHA-2 in hexadecimal digits of either case.
pub(crate) fn hash_of(hex: &str) -> Option<Vec<u8>> {
    hex::decode(hex).ok().filter(|hash| matches!(hash.len(), 28 | 32 | 48 | 64))
}

fn digest(bytes: &[u8], length: usize) -> Vec<u8> {
    match length {
        28 => Sha224::digest(bytes).to_vec(),
        32 => Sha256::digest(bytes).to_vec(),
        48 => Sha384::digest(bytes).to_vec(),
        _ => Sha512::digest(bytes).to_vec(),
    }
}

/// A media type without its parameters.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
