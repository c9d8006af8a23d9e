//! Connections that are lent on at once. A pool makes sure of every connection that it gets back, which is a round trip
//! and costs both sides as much as a short query; a page of statements borrows one a share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::database::{Database, Reader, TRUSTED};

/// How many are kept at most: fewer than a pool has, so that it never runs out for others.
const KEPT: usize = 4;

/// Connections to read with that were just given back, by somebody to whom they answered; none once the log is closed.
#[derive(Debug)]
pub(crate) struct Warm(Mutex<Option<Vec<(Instant, Reader)>>>);

impl Warm {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }

    /// A connection that somebody just used, or one of the pool's.
    pub(crate) async fn reader(&self, database: &Database) -> Result<Reader, sqlx::Error> {
        // One that rested for longer goes back to its pool, which asks it whether it is still there.
        let last = self.kept().as_mut().and_then(Vec::pop).filter(|(rests, _)| rests.elapsed() < TRUSTED);
        match last {
            Some((_, reader)) => Ok(reader),
            None => database.reader().await,
        }
    }

    /// Keeps a connection on which everything that was asked was answered.
    pub(crate) fn keep(&self, reader: Reader) {
        if let Some(kept) = self.kept().as_mut().filter(|kept| kept.len() < KEPT) {
            kept.push((Instant::now(), reader));
        }
    }

    /// Gives all back to their pool, and keeps none any more.
    pub(crate) fn close(&self) {
        self.kept().take();
    }

    fn kept(&self) -> MutexGuard<'_, Option<Vec<(Instant, Reader)>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Warm {
    fn drop(&mut self) {
        // The pool would give them a task to come back in, for which there may be no runtime any more.
        self.kept().take().into_iter().flatten().for_each(|(_, reader)| reader.leave());
    }
}
