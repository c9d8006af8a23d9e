//! The content of attachments that comes with statements: what a part of a request has to be, and how its content
//! lies in the slots of an event (1.0.3 Communication 1.5.2, IEEE 4.1.3). No I/O; `intake` takes content in.
//!
//! Small content stands in its slot. Larger content lies in chunks beside the log's events, under a key of its own, and
//! its slot holds that key: whoever may not open the slot any more cannot open the content (docs/decisions/0017).
//!
//! `length` in a statement is not held against the content: the hash says more, and the standard's own conformance
//! suite sends a length that is not the content's and expects it to be stored. Where a part itself names its length
//! that has to agree with both.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use eventlog::{Key, Slot};
use sha2::digest::DynDigest;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use vault::{AgentHandle, Binding, ContentKey, Owner, Vault, VaultError};
use xapi::multipart::{Headers, MultipartError};
use xapi::{Attachment, Invalid, Statement, Version, signature};

/// The first byte of a slot whose content lies in chunks; else it is the length of the content's hash.
const IN_CHUNKS: u8 = 0;

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
    #[error("the attachments together are larger than the limit of {0} bytes")]
    TooMuch(usize),
}

/// The content of one attachment.
#[derive(Debug)]
pub(crate) struct Content {
    /// Its SHA-2, of 28, 32, 48 or 64 bytes.
    pub(crate) hash: Vec<u8>,
    pub(crate) kept: Kept,
}

/// Where content is.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    /// Here.
    Whole(Vec<u8>),
    /// In the log's chunks.
    Chunks(InChunks),
}

/// Content in chunks, and how to open them.
#[derive(Debug, Clone)]
pub(crate) struct InChunks {
    pub(crate) set: Key,
    pub(crate) key: Arc<ContentKey>,
    /// Bytes of the content.
    pub(crate) length: u64,
    /// Chunks of the set.
    pub(crate) count: u32,
}

impl Kept {
    /// Bytes of the content.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Chunks(chunks) => chunks.length,
        }
    }
}

/// What came with a request, by hash.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    all: HashMap<Vec<u8>, Arc<Content>>,
    /// The hashes of the chunks that were staged, by set.
    pub(crate) staged: HashMap<Key, Vec<u8>>,
}

/// The statements of a request, found valid, and the content of their attachments.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) statements: Vec<Statement>,
    pub(crate) contents: Contents,
}

impl Taken {
    /// Statements that came alone.
    pub(crate) fn alone(statements: Vec<Statement>) -> Result<Self, Invalid> {
        complete(&statements, &Contents::default())?;
        Ok(Self { statements, contents: Contents::default() })
    }
}

/// Where attachments stand, by the hash of their content: which statement, which attachment of it.
#[derive(Debug)]
pub(crate) struct Index(HashMap<Vec<u8>, Vec<(usize, usize)>>);

/// A part after the first, by its headers.
#[derive(Debug)]
pub(crate) struct Announced {
    pub(crate) hash: Vec<u8>,
    /// `Content-Length` of the part, where it has one.
    length: Option<u64>,
    /// `length` of the first of its attachments.
    pub(crate) stated: u64,
    /// Whether one of its attachments is a signature.
    pub(crate) is_signature: bool,
    /// How many attachments of statements it is the content of.
    pub(crate) uses: usize,
}

impl Index {
    pub(crate) fn of(statements: &[Statement]) -> Self {
        let mut all: HashMap<Vec<u8>, Vec<(usize, usize)>> = HashMap::new();
        for (number, statement) in statements.iter().enumerate() {
            for (index, attachment) in statement.attachments.iter().enumerate() {
                if let Some(hash) = hash_of(&attachment.sha2) {
                    all.entry(hash).or_default().push((number, index));
                }
            }
        }
        Self(all)
    }

    fn served<'s>(&self, hash: &[u8], statements: &'s [Statement]) -> Vec<(usize, &'s Attachment)> {
        let places = self.0.get(hash).into_iter().flatten();
        places
            .filter_map(|(number, index)| Some((*number, statements.get(*number)?.attachments.get(*index)?)))
            .collect()
    }

    /// A part that belongs to an attachment; otherwise what was expected of it.
    pub(crate) fn announced(
        &self,
        headers: &Headers,
        statements: &[Statement],
    ) -> Result<Announced, &'static str> {
        if !headers.get("Content-Transfer-Encoding").is_some_and(|given| given.eq_ignore_ascii_case("binary"))
        {
            return Err("Content-Transfer-Encoding: binary");
        }
        let hash = headers.get("X-Experience-API-Hash").and_then(hash_of);
        let hash = hash.ok_or("X-Experience-API-Hash with the SHA-2 of the content in hexadecimal digits")?;
        let served = self.served(&hash, statements);
        let first = served.first().ok_or("a hash that an attachment of the statements has in sha2")?;
        let stated = first.1.length;
        let content_type = headers.get("Content-Type").map(essence);
        if content_type.is_some_and(|own| served.iter().all(|(_, one)| essence(&one.content_type) != own)) {
            return Err("the Content-Type that its attachment has in contentType");
        }
        let mut length = None;
        if let Some(given) = headers.get("Content-Length") {
            length = given.parse().ok();
            if served.iter().all(|(_, one)| Some(one.length) != length) {
                return Err(LENGTH);
            }
        }
        let is_signature = served.iter().any(|(_, one)| one.usage_type == Attachment::SIGNATURE);
        Ok(Announced { hash, length, stated, is_signature, uses: served.len() })
    }

    /// Verifies the signature of every statement that has it.
    pub(crate) fn verify(
        &self,
        hash: &[u8],
        jws: &[u8],
        statements: &[Statement],
        version: Version,
    ) -> Result<(), Invalid> {
        for (number, attachment) in self.served(hash, statements) {
            if attachment.usage_type == Attachment::SIGNATURE {
                signature::verify(jws, &statements[number], version)
                    .map_err(|error| wrong(number, error.to_string()))?;
            }
        }
        Ok(())
    }
}

const LENGTH: &str = "a Content-Length that is the content's and its attachment's length";

impl Announced {
    /// Holds the part's content against what its headers said.
    pub(crate) fn check(&self, hash: &[u8], length: u64) -> Result<(), &'static str> {
        if self.hash != hash {
            return Err("content that has the hash in X-Experience-API-Hash");
        }
        if self.length.is_some_and(|named| named != length) { Err(LENGTH) } else { Ok(()) }
    }
}

/// Refuses the first statement with an attachment that lacks what it needs.
pub(crate) fn complete(statements: &[Statement], contents: &Contents) -> Result<(), Invalid> {
    for (number, statement) in statements.iter().enumerate() {
        for attachment in &statement.attachments {
            let is_signature = attachment.usage_type == Attachment::SIGNATURE;
            if contents.of(attachment).is_none() && (is_signature || attachment.file_url.is_none()) {
                let expected = match is_signature {
                    true => "a signature that comes with the statement, in a part with its hash",
                    false => "in every attachment a fileUrl, or else a part with its hash",
                };
                return Err(wrong(number, expected.into()));
            }
        }
    }
    Ok(())
}

fn wrong(statement: usize, expected: String) -> Invalid {
    Invalid { statement, path: "/attachments".into(), expected }
}

impl Contents {
    /// The content that came with an imported statement, and whether all came that its attachments need. What belongs
    /// to no attachment and a signature that is none are refused; what is not there any more cannot be asked for.
    pub(crate) fn imported(
        statement: &Statement,
        came: Vec<Vec<u8>>,
        version: Version,
    ) -> Result<(Self, bool), String> {
        let mut contents = Self::default();
        for bytes in came {
            let hashes = statement.attachments.iter().filter_map(|attachment| hash_of(&attachment.sha2));
            let hash = hashes.into_iter().find(|hash| {
                let mut hasher = hasher(hash.len());
                hasher.update(&bytes);
                *hasher.finalize() == **hash
            });
            let hash = hash.ok_or("content with the hash of an attachment")?;
            contents.insert(Content { hash, kept: Kept::Whole(bytes) });
        }
        let mut whole = true;
        for attachment in &statement.attachments {
            match contents.of(attachment).map(|content| &content.kept) {
                Some(Kept::Whole(bytes)) if attachment.usage_type == Attachment::SIGNATURE => {
                    signature::verify(bytes, statement, version).map_err(|error| error.to_string())?;
                }
                Some(_) => {}
                None => whole &= attachment.file_url.is_some(),
            }
        }
        Ok((contents, whole))
    }

    /// Adds what others hold.
    pub(crate) fn extend(&mut self, others: &Self) {
        self.all.extend(others.all.iter().map(|(hash, content)| (hash.clone(), Arc::clone(content))));
        self.staged.extend(others.staged.iter().map(|(set, hashes)| (*set, hashes.clone())));
    }

    fn of(&self, attachment: &Attachment) -> Option<&Arc<Content>> {
        self.all.get(&hash_of(&attachment.sha2)?)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How many bytes came for a statement's attachments.
    pub(crate) fn bytes_for(&self, statement: &Statement) -> usize {
        let bytes: u64 = self.for_statement(statement).iter().map(|content| content.kept.length()).sum();
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// Adds content that lay whole in a slot; false where it is none.
    pub(crate) fn add_opened(&mut self, plain: Vec<u8>) -> bool {
        let Some(content) = Content::opened(plain) else { return false };
        let is_whole = matches!(content.kept, Kept::Whole(_));
        if is_whole {
            self.insert(content);
        }
        is_whole
    }

    pub(crate) fn has(&self, hash: &[u8]) -> bool {
        self.all.contains_key(hash)
    }

    pub(crate) fn insert(&mut self, content: Content) {
        self.all.insert(content.hash.clone(), Arc::new(content));
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
    /// The kind of the event.
    pub(crate) kind: &'static str,
    pub(crate) contents: Vec<Arc<Content>>,
    pub(crate) owners: Vec<AgentHandle>,
    /// The number of the first slot.
    pub(crate) first: u16,
}

impl Unsealed {
    /// Bytes that are to be sealed now; chunks were sealed when they came.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = |content: &Arc<Content>| match &content.kept {
            Kept::Whole(bytes) => bytes.len(),
            Kept::Chunks(_) => 0,
        };
        self.contents.iter().map(bytes).sum()
    }

    /// The slots that name sets of chunks.
    pub(crate) fn named(&self) -> Vec<(u16, Key)> {
        let set = |(slot, content): (u16, &Arc<Content>)| match &content.kept {
            Kept::Whole(_) => None,
            Kept::Chunks(chunks) => Some((slot, chunks.set)),
        };
        (self.first..).zip(&self.contents).filter_map(set).collect()
    }

    /// The slots, one for each content. docs/formats/vault.md says what is in them.
    pub(crate) fn seal(&self, vault: &Vault, event: Key) -> Result<Vec<Slot>, VaultError> {
        let slot = |(slot, content): (u16, &Arc<Content>)| {
            let binding = Binding { event, kind: self.kind, slot };
            vault.seal(&binding, &Owner::Several(&self.owners), &content.plain())
        };
        (self.first..).zip(&self.contents).map(slot).collect()
    }
}

impl Content {
    /// What its slot holds.
    fn plain(&self) -> Vec<u8> {
        let length = [u8::try_from(self.hash.len()).unwrap_or_default()];
        match &self.kept {
            Kept::Whole(bytes) => [&length, self.hash.as_slice(), bytes].concat(),
            Kept::Chunks(InChunks { set, key, length: bytes, count }) => {
                let (bytes, count) = (bytes.to_be_bytes(), count.to_be_bytes());
                [&[IN_CHUNKS], &length, self.hash.as_slice(), set, key.expose(), &bytes, &count].concat()
            }
        }
    }

    /// What a slot held.
    pub(crate) fn opened(mut plain: Vec<u8>) -> Option<Self> {
        let first = *plain.first()?;
        if first != IN_CHUNKS {
            let length = usize::from(first);
            let bytes = (plain.len() > length).then(|| plain.split_off(1 + length))?;
            plain.remove(0);
            return Some(Self { hash: plain, kept: Kept::Whole(bytes) });
        }
        let (length, rest) = plain.get(1..)?.split_first()?;
        let (hash, rest) = rest.split_at_checked(usize::from(*length))?;
        let (set, rest) = rest.split_first_chunk::<16>()?;
        let (key, rest) = rest.split_first_chunk::<32>()?;
        let (length, rest) = rest.split_first_chunk::<8>()?;
        let count = <[u8; 4]>::try_from(rest).ok()?;
        let chunks = InChunks {
            set: *set,
            key: Arc::new(ContentKey::from_bytes(*key)),
            length: u64::from_be_bytes(*length),
            count: u32::from_be_bytes(count),
        };
        Some(Self { hash: hash.to_vec(), kept: Kept::Chunks(chunks) })
    }
}

/// The bytes of a SHA-2 in hexadecimal digits of either case.
pub(crate) fn hash_of(hex: &str) -> Option<Vec<u8>> {
    hex::decode(hex).ok().filter(|hash| matches!(hash.len(), 28 | 32 | 48 | 64))
}

/// What makes a SHA-2 of that many bytes.
pub(crate) fn hasher(length: usize) -> Box<dyn DynDigest + Send + Sync> {
    match length {
        28 => Box::new(Sha224::default()),
        32 => Box::new(Sha256::default()),
        48 => Box::new(Sha384::default()),
        _ => Box::new(Sha512::default()),
    }
}

/// A media type without its parameters.
pub(crate) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
