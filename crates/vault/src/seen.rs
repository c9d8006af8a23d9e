//! Which log the vault belongs to, as far as it has seen it: a position and the chain's hash there, which no other log has.
//! And whether its keys are those of its database.

use eventlog::Location;

use crate::store::{self, Seen};
use crate::{Vault, VaultError};

impl Vault {
    /// Whether a vault is at this place that was used. Nothing is made, also no file.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn is_at(location: &Location) -> Result<bool, VaultError> {
        Ok(location.holds("vault").await?)
    }

    /// Whether people can be found and made, and what they say be sealed: the database answers, and the key files hold the
    /// generation that it is under. They are read again where another node made it.
    ///
    /// # Errors
    /// [`VaultError::UnknownGeneration`] where the key files are an older copy, and as reading them says.
    pub async fn is_ready(&self) -> Result<(), VaultError> {
        let mut reading = self.inner.store.read().await?;
        self.inner.in_force(&mut reading).await.map(drop)
    }

    /// How far the log had come when the vault was last told; none where it never was.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn seen(&self) -> Result<Option<Seen>, VaultError> {
        store::seen(self.inner.store.read().await?.tx()).await
    }

    /// Notes how far the log has come. Agents are made before the events that name them: whoever these events name is in
    /// this vault, or was erased.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn note_seen(&self, seen: Seen) -> Result<(), VaultError> {
        let mut transaction = self.inner.store.begin_secrets().await?;
        store::note_seen(transaction.tx(), seen).await?;
        Ok(transaction.commit().await?)
    }
}
