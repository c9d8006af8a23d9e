//! The content of attachments on its way out: from slots and chunks to the bytes that came.

use std::collections::HashSet;

use eventlog::{EventLog, Slot};
use futures_util::{Stream, StreamExt as _, stream};
use vault::{ChunkPlace, Opened, Text, Vault, VaultError};
use xapi::{Statement, attachments};

use crate::attachments::{Content, Contents, InChunks, Kept, hash_of};
use crate::failure::ReadError;
use crate::prepare::STATEMENT;
use crate::reading::Stored;

/// The content of an attachment as it is given back.
#[derive(Debug, Clone)]
pub struct GivenAttachment {
    /// `contentType`, as the statement has it.
    pub content_type: String,
    /// `sha2`, as the statement has it.
    pub sha2: String,
    /// The content, byte for byte as it came; what is large is read when it is given.
    pub(crate) content: Kept,
}

/// One chunk of content, opened.
async fn chunk(log: &EventLog, content: &InChunks, number: u32) -> Result<Vec<u8>, ReadError> {
    let place = ChunkPlace { set: content.set, number, last: number + 1 == content.count };
    let body = log.read_chunk(content.set, number).await?.ok_or(ReadError::Chunk(number))?;
    let key = content.key.clone();
    match tokio::task::spawn_blocking(move || key.open(&place, body)).await {
        Ok(opened) => Ok(opened?),
        Err(error) => Err(VaultError::Stopped(error.to_string()).into()),
    }
}

/// Pieces of content, one after the other, each read when its turn comes.
pub(crate) fn in_turn(
    log: EventLog,
    pieces: impl IntoIterator<Item = Kept, IntoIter: Send + 'static>,
) -> impl Stream<Item = Result<Vec<u8>, ReadError>> + Send + 'static {
    stream::iter(pieces).flat_map(move |piece| match piece {
        Kept::Whole(bytes) => stream::iter([Ok(bytes)]).left_stream(),
        Kept::Chunks(content) => {
            let (log, numbers) = (log.clone(), 0..content.count);
            let read = move |number| {
                let (log, content) = (log.clone(), content.clone());
                async move { chunk(&log, &content, number).await }
            };
            stream::iter(numbers).then(read).right_stream()
        }
    })
}

/// The whole of some content.
pub(crate) async fn whole(log: &EventLog, content: Kept) -> Result<Vec<u8>, ReadError> {
    match content {
        Kept::Whole(bytes) => Ok(bytes),
        Kept::Chunks(chunks) => {
            let mut bytes = Vec::with_capacity(usize::try_from(chunks.length).unwrap_or_default());
            for number in 0..chunks.count {
                bytes.extend(chunk(log, &chunks, number).await?);
            }
            Ok(bytes)
        }
    }
}

/// The content of some statements alone, whole: out of its chunks, whose sets are let go.
pub(crate) async fn gathered<'a>(
    log: &EventLog,
    contents: &Contents,
    statements: impl Iterator<Item = &'a Statement>,
) -> Result<Contents, ReadError> {
    let mut gathered = Contents::default();
    for content in statements.flat_map(|statement| contents.for_statement(statement)) {
        if !gathered.has(&content.hash) {
            let bytes = whole(log, content.kept.clone()).await?;
            gathered.insert(Content { hash: content.hash.clone(), kept: Kept::Whole(bytes) });
        }
    }
    Ok(gathered)
}

/// The content of the attachments of statements, each once, as far as there is any and there are keys to it. Stops
/// before the statement (but the first) with which there would be more than `most` bytes; says how many are served.
pub(crate) async fn given(
    log: &EventLog,
    vault: &Vault,
    statements: &[&Stored],
    most: u64,
) -> Result<(Vec<GivenAttachment>, usize), ReadError> {
    let (mut given, mut seen, mut bytes) = (Vec::new(), HashSet::new(), 0_u64);
    for (index, stored) in statements.iter().enumerate() {
        let (Some(first), Text::Plain { text, .. }) = (stored.facts.attachments_from, &stored.text) else {
            continue;
        };
        let slots: Vec<Slot> = log
            .read_slots(&[(stored.event.position, first..=u16::MAX)])
            .await?
            .into_iter()
            .map(|(_, slot)| slot)
            .collect();
        let listed = attachments::listed(text);
        let mut own = Vec::new();
        for opened in vault.open_slots(STATEMENT, stored.event.id, &slots).await? {
            let Opened::Plain(plain) = opened else { continue };
            let content = Content::opened(plain);
            let content =
                content.ok_or_else(|| damaged(stored, "a slot with the content of an attachment"))?;
            let is_it = |one: &&attachments::Listed| hash_of(&one.sha2).as_ref() == Some(&content.hash);
            let one = listed.iter().find(is_it);
            let one = one.ok_or_else(|| damaged(stored, "an attachment with the hash of its content"))?;
            if !seen.contains(&content.hash) {
                own.push((content, one.clone()));
            }
        }
        bytes += own.iter().map(|(content, _)| content.kept.length()).sum::<u64>();
        if bytes > most && index > 0 {
            return Ok((given, index));
        }
        for (content, attachments::Listed { sha2, content_type }) in own {
            seen.insert(content.hash);
            // It becomes a header, where a line break would end it.
            let content_type = content_type.replace(char::is_control, "");
            given.push(GivenAttachment { content_type, sha2, content: content.kept });
        }
    }
    Ok((given, statements.len()))
}

fn damaged(stored: &Stored, expected: &str) -> ReadError {
    ReadError::Facts(stored.event.position.0, format!("expected {expected}"))
}
