//! Whether a statement that comes again is the one that is stored.

use eventlog::{EventLog, Position};
use vault::{Text, Vault};
use xapi::{Statement, Version, equal};

use crate::failure::{IngestError, unreadable, vault_failed};
use crate::reading::{self, ReadError};

/// For each pair whether both are the same by the rules of `version`. Where anybody in the stored one was erased
/// nothing can be compared: it is taken for the same, and nothing changes.
pub(crate) async fn with_stored(
    log: &EventLog,
    vault: &Vault,
    pairs: &[(&Statement, Position)],
    version: Version,
) -> Result<Vec<bool>, IngestError> {
    let positions: Vec<Position> = pairs.iter().map(|(_, position)| *position).collect();
    let stored = reading::read(log, vault, "", &positions).await.map_err(|error| match error {
        ReadError::Log(error) => unreadable(error),
        ReadError::Vault(error) => vault_failed(error),
        error @ (ReadError::Facts(..) | ReadError::Chunk(_)) => IngestError::Internal(error.to_string()),
    })?;
    if stored.len() != pairs.len() {
        return Err(IngestError::Internal("a position that was found holds no statement".into()));
    }
    let same = |((statement, _), stored): (&(&Statement, Position), &reading::Stored)| match &stored.text {
        Text::Plain { text, erased } if erased.is_empty() => equal::same_text(&statement.text, text, version),
        _ => true,
    };
    Ok(pairs.iter().zip(&stored).map(same).collect())
}
