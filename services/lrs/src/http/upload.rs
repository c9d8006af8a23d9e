//! Requests with attachments: the first part is the statements, checked before anything else is taken; the content
//! behind them is handed on as it arrives.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::HeaderMap;
use eventlog::Key;
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};
use xapi::multipart::{Event, Headers, MultipartError, Splitter};
use xapi::{Invalid, Statement, Version};

use super::body;
use super::error::Refusal;
use crate::attachments::{self, Taken, Unacceptable};
use crate::intake::{Intake, Room};
use crate::{Limits, Lrs};

/// Bodies above this size are parsed where they hold up nobody else.
const PARSED_ASIDE: usize = 128 << 10;
/// Bytes that are taken apart at a time.
const PIECE: usize = 64 << 10;

/// A body that arrives, within bounds of size and time.
struct Upload {
    stream: BodyDataStream,
    limits: Limits,
    began: Instant,
    read: usize,
}

/// What has come so far.
enum Stage {
    Nothing,
    /// The statements' part.
    Statements(Vec<u8>),
    Content(Box<Intake>),
}

/// What comes out of a piece of the body.
enum Piece {
    Part(Headers),
    Content(Vec<u8>),
}

/// What reads the statements' part: `parse` where it holds up nobody, then `check`.
pub(super) struct Opening<'l, P, C> {
    pub(super) lrs: &'l Lrs,
    pub(super) credential: Key,
    pub(super) version: Version,
    pub(super) parse: P,
    pub(super) check: C,
}

impl<P, C> Opening<'_, P, C>
where
    P: FnOnce(&[u8]) -> Result<Vec<Statement>, Invalid> + Send + 'static,
    C: FnOnce(&[Statement]) -> Result<(), Refusal>,
{
    /// The statements of a body or of its first part.
    pub(super) async fn statements(self, json: Bytes) -> Result<Vec<Statement>, Refusal> {
        let statements = aside(json, self.parse).await?;
        (self.check)(&statements)?;
        Ok(statements)
    }

    async fn intake(self, json: Vec<u8>) -> Result<Stage, Refusal> {
        let (log, version, limits) = (self.lrs.inner.log.clone(), self.version, self.lrs.inner.limits);
        let room = Room { all: limits.attachment_bytes, whole: limits.body_bytes };
        let statements = self.statements(json.into()).await?;
        Ok(Stage::Content(Box::new(Intake::new(log, statements, version, room))))
    }
}

/// Takes a request in: statements from the first part, and content for all their attachments. Nothing stays of a
/// request that is refused.
pub(super) async fn take<P, C>(
    opening: Opening<'_, P, C>,
    headers: &HeaderMap,
    body: Body,
    boundary: &str,
) -> Result<Taken, Refusal>
where
    P: FnOnce(&[u8]) -> Result<Vec<Statement>, Invalid> + Send + 'static,
    C: FnOnce(&[Statement]) -> Result<(), Refusal>,
{
    let inner = &opening.lrs.inner;
    let _place = inner.uploads.take(opening.credential).ok_or_else(|| Refusal::too_many(1))?;
    let limits = inner.limits;
    let most = limits.body_bytes.saturating_add(limits.attachment_bytes);
    if body::named_length(headers).is_some_and(|length| length > most as u64) {
        return Err(Refusal::too_large(most));
    }
    let mut upload = Upload { stream: body.into_data_stream(), limits, began: Instant::now(), read: 0 };
    let mut stage = Stage::Nothing;
    let received = receive(opening, &mut upload, boundary, &mut stage).await;
    let (intake, refusal) = match (received, stage) {
        (Ok(()), Stage::Content(intake)) => match intake.finish().await {
            Ok(taken) => return Ok(taken),
            Err((intake, error)) => (Some(intake), error.into()),
        },
        (Ok(()), _) => (None, Unacceptable::from(MultipartError::Truncated).into()),
        (Err(refusal), Stage::Content(intake)) => (Some(intake), refusal),
        (Err(refusal), _) => (None, refusal),
    };
    if let Some(intake) = intake {
        intake.discard().await;
    }
    Err(refusal)
}

async fn receive<P, C>(
    opening: Opening<'_, P, C>,
    upload: &mut Upload,
    boundary: &str,
    stage: &mut Stage,
) -> Result<(), Refusal>
where
    P: FnOnce(&[u8]) -> Result<Vec<Statement>, Invalid> + Send + 'static,
    C: FnOnce(&[Statement]) -> Result<(), Refusal>,
{
    let limits = upload.limits;
    let mut opening = Some(opening);
    let mut splitter = Splitter::new(boundary);
    while let Some(bytes) = upload.next(matches!(stage, Stage::Content(_))).await? {
        let mut arrived = bytes.chunks(PIECE);
        let mut waits = false;
        // What waits behind the headers of a part comes before what arrived after it.
        while let Some(bytes) = if waits { Some(&[][..]) } else { arrived.next() } {
            let (pieces, begun) = split(&mut splitter, bytes)?;
            waits = begun;
            for piece in pieces {
                if let (Piece::Part(_), Stage::Statements(json)) = (&piece, &mut *stage)
                    && let Some(opening) = opening.take()
                {
                    *stage = opening.intake(std::mem::take(json)).await?;
                }
                match (piece, &mut *stage) {
                    (Piece::Part(headers), Stage::Content(intake)) => intake.begin(&headers).await?,
                    (Piece::Content(bytes), Stage::Content(intake)) => intake.content(&bytes).await?,
                    (Piece::Content(bytes), Stage::Statements(json)) => {
                        if json.len() + bytes.len() > limits.body_bytes {
                            return Err(Refusal::too_large(limits.body_bytes));
                        }
                        json.extend_from_slice(&bytes);
                    }
                    (Piece::Part(headers), _) => {
                        let content_type = headers.get("Content-Type").map(attachments::essence);
                        if content_type.as_deref() != Some("application/json") {
                            return Err(Unacceptable::FirstPart.into());
                        }
                        *stage = Stage::Statements(Vec::new());
                    }
                    // Content comes after the headers of its part.
                    (Piece::Content(_), Stage::Nothing) => {}
                }
            }
            if let (true, Stage::Content(intake)) = (begun, &*stage)
                && let Some(length) = intake.announced()
            {
                splitter.expect(length);
            }
        }
    }
    splitter.finish().map_err(Unacceptable::from)?;
    if let (Stage::Statements(json), Some(opening)) = (&mut *stage, opening) {
        *stage = opening.intake(std::mem::take(json)).await?;
    }
    Ok(())
}

/// Parses; a large body on a thread of its own.
pub(super) async fn aside<T: Send + 'static>(
    body: Bytes,
    parse: impl FnOnce(&[u8]) -> Result<T, Invalid> + Send + 'static,
) -> Result<T, Refusal> {
    if body.len() <= PARSED_ASIDE {
        return parse(&body).map_err(Into::into);
    }
    match tokio::task::spawn_blocking(move || parse(&body)).await {
        Ok(parsed) => parsed.map_err(Into::into),
        Err(error) => Err(Refusal::internal(&error.to_string())),
    }
}

/// What comes out of some bytes, up to where a part begins; whether one does.
fn split(splitter: &mut Splitter, bytes: &[u8]) -> Result<(Vec<Piece>, bool), Unacceptable> {
    let mut pieces = Vec::new();
    let begun = splitter.feed_to_part::<MultipartError>(bytes, &mut |event| {
        pieces.push(match event {
            Event::Part(headers) => Piece::Part(headers),
            Event::Content(bytes) => Piece::Content(bytes.to_vec()),
        });
        Ok(())
    })?;
    Ok((pieces, begun))
}

impl Upload {
    /// The next bytes; none at the end. The statements' part has as long as any body; what comes behind it may take
    /// longer, as long as it keeps coming.
    async fn next(&mut self, is_content: bool) -> Result<Option<Bytes>, Refusal> {
        let silence = Duration::from_secs(self.limits.body_seconds);
        let whole = self.began + Duration::from_secs(self.limits.upload_seconds);
        let (until, slow) = if is_content {
            let until = Instant::now() + silence;
            match until < whole {
                true => (until, Refusal::stalled(self.limits.body_seconds)),
                false => (whole, Refusal::too_slow(self.limits.upload_seconds)),
            }
        } else {
            (self.began + silence, Refusal::too_slow(self.limits.body_seconds))
        };
        let next = timeout_at(until, self.stream.next()).await.map_err(|_| slow)?;
        let Some(next) = next else { return Ok(None) };
        let bytes = next.map_err(|_| Refusal::bad_request("the body ended before it was complete"))?;
        self.read = self.read.saturating_add(bytes.len());
        let most = self.limits.body_bytes.saturating_add(self.limits.attachment_bytes);
        if self.read > most {
            return Err(Refusal::too_large(most));
        }
        Ok(Some(bytes))
    }
}
