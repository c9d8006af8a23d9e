//! Whether what was folded was folded out of this log.

use super::checkpoint::{self, not_made};
use super::generation::Views;
use crate::error::LogError;
use crate::event::Position;
use crate::log::EventLog;

/// A generation that was folded out of another log, or of what is not in this one any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The projection.
    pub projection: String,
    /// Which time it was built.
    pub generation: u64,
    /// How far it had come.
    pub position: Position,
}

impl Views {
    /// The generations that are not this log's: they stand at a position that it does not have, or has with another hash.
    /// For when nothing is folded, as at a start.
    ///
    /// # Errors
    /// A database fails.
    pub async fn foreign(&self, log: &EventLog) -> Result<Vec<Foreign>, LogError> {
        let mut foreign = Vec::new();
        for (projection, generation) in self.all_kept().await? {
            let stands = match checkpoint::stands(&self.place(&projection, generation)?).await {
                Err(error) if not_made(&error) => None,
                stands => stands?,
            };
            // What stands at 0 has seen nothing of any log.
            let Some((position, noted)) = stands.filter(|(position, _)| position.0 > 0) else { continue };
            let ours = log.hash_at(position).await?.map(hex::encode);
            if ours.is_none() || noted.is_some() && noted != ours {
                foreign.push(Foreign { projection, generation, position });
            }
        }
        Ok(foreign)
    }

    /// Lets generations answer no more: each view is folded anew from the log's beginning.
    ///
    /// # Errors
    /// The database fails.
    pub async fn let_go_of(&self, foreign: &[Foreign]) -> Result<(), LogError> {
        for one in foreign {
            self.let_go(&one.projection, one.generation).await?;
        }
        Ok(())
    }
}
