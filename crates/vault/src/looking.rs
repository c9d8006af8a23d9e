//! What can be seen of a vault without opening it: nothing is made and nothing written, neither in its database nor beside its keys.

use std::path::Path;

use eventlog::Look;
use eventlog::clock::Micros;

use crate::VaultError;
use crate::keyring::KeyFiles;
use crate::store::{self, Seen};

/// What a vault's database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The version of its tables, and the one that this program knows.
    pub format: (i32, i32),
    /// The instance it belongs to.
    pub instance: Vec<u8>,
    /// The generation that all keys are under.
    pub generation: u32,
    /// How far the log had come when it was last told.
    pub seen: Option<Seen>,
    /// The last backup that was noted and has not been forgotten: when it was taken, and when it expires.
    pub backup: Option<(Micros, Micros)>,
}

/// Looks at a vault's database; none where there is no vault that was used.
///
/// # Errors
/// [`VaultError::Unavailable`].
pub async fn look(at: &mut Look) -> Result<Option<Looked>, VaultError> {
    let holds = |error: eventlog::LogError| VaultError::Unavailable(error.to_string());
    if !at.holds("vault").await.map_err(holds)? {
        return Ok(None);
    }
    let Some(about) = store::about(at.tx()).await? else { return Ok(None) };
    let seen = if at.holds("vault_seen").await.map_err(holds)? { store::seen(at.tx()).await? } else { None };
    let backup = if at.holds("vault_backup").await.map_err(holds)? {
        store::last_backup(at.tx()).await?
    } else {
        None
    };
    Ok(Some(Looked {
        format: (about.format, store::FORMAT),
        instance: about.instance,
        generation: about.generation,
        seen,
        backup: backup.map(|(taken, expires)| (Micros(taken), Micros(expires))),
    }))
}

/// The generations of keys in the key files of an instance.
///
/// # Errors
/// [`VaultError::Permissions`] where others can read them, [`VaultError::KeyFile`] where they are missing, damaged or another
/// instance's.
pub fn look_at_keys(dir: &Path, instance: [u8; 16]) -> Result<Vec<u32>, VaultError> {
    Ok(KeyFiles::look(dir, instance)?.generations.keys().copied().collect())
}
