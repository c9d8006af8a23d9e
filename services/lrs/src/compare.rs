//! Whether a statement that comes again is the one that is stored.

use std::collections::HashMap;

use eventlog::{EventLog, Position};
use serde_json::Value;
use vault::{Text, Vault};

use crate::failure::ReadError;
use crate::failure::{IngestError, unreadable, vault_failed};
use crate::reading;

/// For each pair whether what was sent is `same` as the text that is stored. Where anybody in the stored one was erased
/// nothing can be compared: it is taken for the same, and nothing changes.
pub(crate) async fn with_stored<T>(
    log: &EventLog,
    vault: &Vault,
    pairs: &[(T, Position)],
    same: impl Fn(&T, &str) -> bool,
) -> Result<Vec<bool>, IngestError> {
    let positions: Vec<Position> = pairs.iter().map(|(_, position)| *position).collect();
    let stored = reading::read(log, vault, "", &positions).await.map_err(|error| match error {
        ReadError::Log(error) => unreadable(error),
        ReadError::Vault(error) => vault_failed(error),
        error @ (ReadError::Facts(..) | ReadError::Chunk(_) | ReadError::View(_)) => {
            IngestError::Internal(error.to_string())
        }
    })?;
    // Two of what was sent may be held against the same.
    let stored: HashMap<Position, &Text> = stored.iter().map(|one| (one.event.position, &one.text)).collect();
    let same = |(sent, position): &(T, Position)| match stored.get(position) {
        Some(Text::Plain { text, erased }) if erased.is_empty() => Ok(same(sent, text)),
        Some(_) => Ok(true),
        None => Err(IngestError::Internal("a position that was found holds no statement".into())),
    };
    pairs.iter().map(same).collect()
}

/// Whether a text that is no statement says what another one says that is there: everything in it counts, as nobody knows
/// what it means, but the `id`, which may stand in an address, and the `timestamp` of the other one where it has none itself.
pub(crate) fn same_json(sent: &str, there: &str) -> bool {
    if sent == there {
        return true;
    }
    let (Ok(mut sent), Ok(mut there)) =
        (serde_json::from_str::<Value>(sent), serde_json::from_str::<Value>(there))
    else {
        return false;
    };
    if let (Value::Object(sent), Value::Object(there)) = (&mut sent, &mut there) {
        sent.remove("id");
        there.remove("id");
        if !sent.contains_key("timestamp") {
            there.remove("timestamp");
        }
    }
    sent == there
}
