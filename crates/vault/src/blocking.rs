//! Work that holds up a thread: files and password hashes.

use crate::VaultError;

/// Runs it where it holds up nobody else's.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, VaultError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(VaultError::Stopped(error.to_string())),
    }
}
