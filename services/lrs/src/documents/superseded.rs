//! What was superseded in documents, kept for a while and then dropped.
//!
//! An event of a document's stream supersedes the one before it from the moment it is stored. Its slots are deleted with
//! an event that says so, and that says how far the log was looked through: the next time goes on there.

use std::time::Duration;

use domain::Facts as _;
use domain::documents::{DocumentDeletedFacts, DocumentStoredFacts, DocumentsDroppedFacts};
use eventlog::clock::{Micros, rest};
use eventlog::event::Expected;
use eventlog::{AppendError, Key, NewEvent, Position};
use tokio::sync::watch;

use super::document::Documents;
use crate::failure::{self, IngestError};
use crate::{Lrs, prepare};

/// Events that are looked at for what they supersede, whose slots are deleted by one event.
const PAGE: usize = 100;
/// How often it is looked whether something was kept long enough.
const EVERY: Duration = Duration::from_secs(3600);

impl Lrs {
    /// Drops what was replaced or deleted in documents longer ago than it is to be kept; in a trial only counts it.
    /// Gives how many contents that were. May be done by several nodes at once, and again at any time.
    ///
    /// # Errors
    /// The log cannot be read or written.
    pub async fn drop_superseded(&self, kept: Duration, trial: bool) -> Result<u64, IngestError> {
        self.inner.documents.drop_superseded(kept, trial).await
    }

    /// Does so now and every hour, until `stopping`.
    pub async fn keep_dropping(self, kept: Duration, mut stopping: watch::Receiver<bool>) {
        while !*stopping.borrow() {
            match self.drop_superseded(kept, false).await {
                Ok(0) => {}
                Ok(contents) => tracing::info!(contents, "dropped what was superseded in documents"),
                Err(error) => tracing::warn!(%error, "what was superseded in documents cannot be dropped"),
            }
            if !rest(EVERY, &mut stopping).await {
                return;
            }
        }
    }
}

impl Documents {
    async fn drop_superseded(&self, kept: Duration, trial: bool) -> Result<u64, IngestError> {
        let kept = i64::try_from(kept.as_micros()).unwrap_or(i64::MAX);
        let until = Micros(self.clock.now().0.saturating_sub(kept));
        let end = self.log.position_at(until).await.map_err(failure::unreadable)?;
        let stream = self.vault.keyed_hash("retention", b"documents");
        let (mut version, mut after) = self.dropped_through(stream).await?;
        let mut dropped = 0;
        loop {
            let kinds = [DocumentStoredFacts::KIND, DocumentDeletedFacts::KIND];
            let mut page = self.log.read_kinds(&kinds, after, PAGE).await.map_err(failure::unreadable)?;
            page.retain(|event| event.position <= end);
            let Some(last) = page.last() else { return Ok(dropped) };
            after = last.position;
            let before: Vec<(Key, u64)> = page
                .iter()
                .filter_map(|event| event.stream)
                .filter_map(|(stream, version)| Some((stream, version.checked_sub(1).filter(|v| *v > 0)?)))
                .collect();
            let superseded = self.log.at_versions(&before).await.map_err(failure::unreadable)?;
            let mut positions: Vec<u64> = superseded
                .into_iter()
                .flatten()
                .filter(|event| event.kind == DocumentStoredFacts::KIND)
                .map(|event| event.position.0)
                .collect();
            positions.sort_unstable();
            let contents = positions.len() as u64;
            if contents > 0 && !trial {
                let slots: Vec<_> =
                    positions.iter().flat_map(|at| [(Position(*at), 0), (Position(*at), 1)]).collect();
                let facts = DocumentsDroppedFacts { through: after.0, positions };
                let event = NewEvent {
                    stream: Some((stream, Expected::Version(version))),
                    ..facts.event(prepare::random().map_err(failure::vault_failed)?)
                };
                match self.log.delete_slots(&slots, event).await {
                    Ok(_) => version += 1,
                    // Another node is at it.
                    Err(AppendError::WrongVersion { .. }) => return Ok(dropped),
                    Err(error) => return Err(failure::refused(error)),
                }
            }
            dropped += contents;
        }
    }

    /// The version of the stream that says how far the log was looked through, and how far that is.
    async fn dropped_through(&self, stream: Key) -> Result<(u64, Position), IngestError> {
        let latest = self.log.latest(&[stream]).await.map_err(failure::unreadable)?;
        let Some(event) = latest.into_iter().flatten().next() else { return Ok((0, Position(0))) };
        let facts = DocumentsDroppedFacts::decode(event.schema, &event.facts)
            .map_err(|error| IngestError::Internal(error.to_string()))?;
        Ok((event.stream.map_or(0, |(_, version)| version), Position(facts.through)))
    }
}
