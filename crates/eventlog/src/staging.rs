//! Chunks as they arrive, before an event names their set.

use std::time::Duration;

use crate::chunks;
use crate::clock::Micros;
use crate::error::LogError;
use crate::event::Key;
use crate::hash::{self, Hash};
use crate::log::EventLog;
use crate::store::{Failure, Phase};
use crate::stores::classify;

impl EventLog {
    /// Writes the next chunk of a set and gives its hash. Numbers count from 0, which begins the set; a set's key is
    /// random. The chunk lasts once an event names the set: a crash before that may take it.
    ///
    /// # Errors
    /// The database fails, the chunk is there already, or the set was named or removed.
    pub async fn stage(&self, set: Key, number: u32, body: &[u8]) -> Result<Hash, LogError> {
        if let Some(reason) = self.stopped() {
            return Err(LogError::Unexpected(format!("it has stopped: {reason}")));
        }
        let hash = hash::chunk(&set, number, body);
        let began = if number == 0 { Some(self.instant().await?) } else { None };
        self.noting(chunks::stage(self.database(), &set, number, body, began).await)?;
        Ok(hash)
    }

    /// Removes a set that no event names. A set that is named, or not there, is left alone.
    ///
    /// # Errors
    /// The database fails; the next sweep then finishes it.
    pub async fn discard(&self, set: Key) -> Result<(), LogError> {
        Ok(chunks::discard(self.database(), &set).await?)
    }

    /// Removes the sets that were begun longer ago than this and that no event names, and what is left of those whose
    /// removal was begun. Says how many. Any node may do it at any time.
    ///
    /// # Errors
    /// The database fails.
    pub async fn sweep(&self, age: Duration) -> Result<usize, LogError> {
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        let before = self.instant().await?.0.saturating_sub(age);
        chunks::doom(self.database(), Micros(before)).await?;
        Ok(chunks::remove_doomed(self.database()).await?)
    }

    /// One chunk, or none where it is not there.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_chunk(&self, set: Key, number: u32) -> Result<Option<Vec<u8>>, LogError> {
        Ok(chunks::read(self.database(), &set, number).await?)
    }

    /// Now, by the clock that counts.
    async fn instant(&self) -> Result<Micros, LogError> {
        let (_, clock) = self.head_and_clock().await?;
        self.shared().trusted_now(clock).map_err(LogError::Unexpected)
    }

    /// A disk that did not take what was written stops the log, whoever wrote it.
    fn noting<T>(&self, written: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        if let Err(error) = &written
            && let Failure::Fatal(reason) = classify(error, Phase::Before)
        {
            let _ = self.shared().stopped.set(reason);
        }
        written
    }
}
