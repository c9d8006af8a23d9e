//! Taking in the content of attachments as it arrives: checked against the statements that came before it, small
//! content kept, larger content sealed and staged in the log chunk by chunk, so that memory does not grow with it.
//!
//! What was staged for a request that is refused, or whose statements were known, is removed by [`Intake::discard`] and
//! [`discard`]; where nobody is left to do that, by a sweep.

use std::sync::Arc;

use eventlog::{EventLog, Key};
use sha2::digest::DynDigest;
use vault::{ChunkPlace, ContentKey};
use xapi::multipart::Headers;
use xapi::{Statement, Version};

use crate::attachments::{self, Announced, Content, Contents, InChunks, Index, Kept, Taken, Unacceptable};
use crate::failure::{IngestError, vault_failed};
use crate::prepare;

/// Content up to this size stands in its slot, so that a small picture costs no row of its own.
const SMALL: usize = 64 << 10;
/// Bytes of content in one chunk. Each is a transaction, and each upload and download holds a few of them in memory.
const CHUNK: usize = 256 << 10;
/// Bytes of a signature, which is verified in memory.
const SIGNATURE: usize = 1 << 20;

/// Why a request was not taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IntakeError {
    #[error(transparent)]
    Unacceptable(#[from] Unacceptable),
    #[error(transparent)]
    Store(#[from] IngestError),
}

/// How much content is taken for one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// All together, in bytes.
    pub(crate) all: usize,
    /// In memory and in slots, counted for each statement that has it; what is over it goes into chunks.
    pub(crate) whole: usize,
}

/// The statements of a request, and the content that came so far.
pub(crate) struct Intake {
    log: EventLog,
    version: Version,
    room: Room,
    statements: Arc<Vec<Statement>>,
    index: Arc<Index>,
    contents: Contents,
    /// Sets of chunks that were begun.
    begun: Vec<Key>,
    part: usize,
    open: Option<Open>,
    bytes: usize,
    whole: usize,
    /// Bytes of chunks' hashes that will stand beside the slots that name their sets.
    named: usize,
}

/// The part that is arriving.
struct Open {
    announced: Announced,
    hasher: Box<dyn DynDigest + Send + Sync>,
    length: u64,
    /// Content that came and is not staged yet.
    held: Vec<u8>,
    staging: Option<Staging>,
    /// Whether the same content came before; then it is only checked.
    is_known: bool,
}

/// A set of chunks on its way.
struct Staging {
    set: Key,
    key: Arc<ContentKey>,
    hashes: Vec<u8>,
    count: u32,
}

impl Intake {
    pub(crate) fn new(log: EventLog, statements: Vec<Statement>, version: Version, room: Room) -> Self {
        Self {
            log,
            version,
            room,
            index: Arc::new(Index::of(&statements)),
            statements: Arc::new(statements),
            contents: Contents::default(),
            begun: Vec::new(),
            part: 0,
            open: None,
            bytes: 0,
            whole: 0,
            named: 0,
        }
    }

    /// The next part begins, and the one before it is complete.
    pub(crate) async fn begin(&mut self, headers: &Headers) -> Result<(), IntakeError> {
        self.end().await?;
        self.part += 1;
        let announced = self.index.announced(headers, &self.statements);
        let announced = announced.map_err(|expected| self.part_wrong(expected))?;
        self.open = Some(Open {
            hasher: attachments::hasher(announced.hash.len()),
            is_known: self.contents.has(&announced.hash),
            announced,
            length: 0,
            held: Vec::new(),
            staging: None,
        });
        Ok(())
    }

    /// How long the content of the part that has begun is to be, by the statement that it belongs to.
    pub(crate) fn announced(&self) -> Option<u64> {
        self.open.as_ref().map(|open| open.announced.stated)
    }

    /// The next stretch of the part's content.
    pub(crate) async fn content(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > self.room.all {
            return Err(Unacceptable::TooMuch(self.room.all).into());
        }
        let Some(mut open) = self.open.take() else { return Ok(()) };
        open.hasher.update(bytes);
        open.length += bytes.len() as u64;
        if !open.is_known {
            open.held.extend_from_slice(bytes);
        }
        if open.announced.is_signature {
            if open.held.len() > SIGNATURE {
                return Err(self.part_wrong("a signature of at most 1048576 bytes"));
            }
        } else if open.held.len() > SMALL && open.staging.is_none() {
            open.staging = Some(self.begin_set()?);
        }
        if let Some(staging) = &mut open.staging {
            // One byte more than a chunk: only then it is not the last.
            while open.held.len() > CHUNK {
                let rest = open.held.split_off(CHUNK);
                let chunk = std::mem::replace(&mut open.held, rest);
                staging.stage(&self.log, chunk, false).await?;
            }
        }
        self.open = Some(open);
        Ok(())
    }

    /// The body has ended: everything is checked, and every attachment has what it needs.
    pub(crate) async fn finish(mut self: Box<Self>) -> Result<Taken, (Box<Self>, IntakeError)> {
        let ended = match self.end().await {
            Ok(()) => attachments::complete(&self.statements, &self.contents)
                .map_err(|invalid| Unacceptable::from(invalid).into()),
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => {
                let Self { statements, contents, .. } = *self;
                Ok(Taken { statements: Arc::unwrap_or_clone(statements), contents })
            }
            Err(error) => Err((self, error)),
        }
    }

    /// Removes what was staged.
    pub(crate) async fn discard(self) {
        discard(&self.log, self.begun.into_iter()).await;
    }

    async fn end(&mut self) -> Result<(), IntakeError> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let hash = open.hasher.finalize();
        open.announced.check(&hash, open.length).map_err(|expected| self.part_wrong(expected))?;
        if open.is_known {
            return Ok(());
        }
        if open.announced.is_signature {
            open.held = self.verified(open.announced.hash.clone(), open.held).await?;
        }
        let weight = open.held.len().saturating_mul(open.announced.uses);
        if open.staging.is_none() && self.whole.saturating_add(weight) > self.room.whole {
            open.staging = Some(self.begin_set()?);
        }
        let kept = match open.staging {
            None => {
                self.whole += weight;
                Kept::Whole(open.held)
            }
            Some(mut staging) => {
                staging.stage(&self.log, open.held, true).await?;
                // Each slot that names the set has the hashes of its chunks beside it.
                self.named += staging.hashes.len().saturating_mul(open.announced.uses);
                if self.named > self.room.whole {
                    return Err(self.part_wrong("content of this size for fewer statements at once"));
                }
                self.contents.staged.insert(staging.set, staging.hashes);
                Kept::Chunks(InChunks {
                    set: staging.set,
                    key: staging.key,
                    length: open.length,
                    count: staging.count,
                })
            }
        };
        self.contents.insert(Content { hash: open.announced.hash, kept });
        Ok(())
    }

    /// Verifies a signature where it holds up nobody else, and gives it back.
    async fn verified(&self, hash: Vec<u8>, jws: Vec<u8>) -> Result<Vec<u8>, IntakeError> {
        let (index, statements, version) = (self.index.clone(), self.statements.clone(), self.version);
        aside(move || index.verify(&hash, &jws, &statements, version).map(|()| jws))
            .await?
            .map_err(|invalid| Unacceptable::from(invalid).into())
    }

    fn begin_set(&mut self) -> Result<Staging, IngestError> {
        let set = prepare::random().map_err(vault_failed)?;
        let key = Arc::new(ContentKey::random().map_err(vault_failed)?);
        self.begun.push(set);
        Ok(Staging { set, key, hashes: Vec::new(), count: 0 })
    }

    fn part_wrong(&self, expected: &'static str) -> IntakeError {
        Unacceptable::Part { part: self.part, expected }.into()
    }
}

impl Staging {
    async fn stage(&mut self, log: &EventLog, chunk: Vec<u8>, last: bool) -> Result<(), IngestError> {
        let place = ChunkPlace { set: self.set, number: self.count, last };
        let key = self.key.clone();
        let sealed = aside(move || key.seal(&place, &chunk)).await?.map_err(vault_failed)?;
        // Whatever it is, nothing was stored, and it may be sent again.
        let staged = log.stage(self.set, self.count, &sealed).await;
        let hash = staged.map_err(|error| IngestError::Unavailable(error.to_string()))?;
        self.hashes.extend_from_slice(&hash);
        self.count += 1;
        Ok(())
    }
}

/// Removes sets of chunks, but for those that an event names. What cannot be removed now goes with a later sweep.
pub(crate) async fn discard(log: &EventLog, sets: impl Iterator<Item = Key>) {
    for set in sets {
        if let Err(error) = Box::pin(log.discard(set)).await {
            tracing::warn!(%error, "chunks that no statement has could not be removed; a sweep will");
        }
    }
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, IngestError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| IngestError::Internal(error.to_string()))
}
