//! What credentials are used for: counted in memory, written to the vault now and then.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eventlog::clock::Micros;
use tokio::sync::watch;
use vault::{REFUSALS_KEPT, RefusalNote, Use, VaultError};

use crate::Lrs;

/// How often what was counted is written down.
const EVERY: Duration = Duration::from_secs(10);
/// The longest path that is kept, in bytes.
const LONGEST_PATH: usize = 200;

/// What is not written down yet, by key.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    pending: Mutex<BTreeMap<String, Use>>,
}

impl Uses {
    /// A credential came with its secret, at a time.
    pub(crate) fn seen(&self, key: &str, at: Micros) {
        let mut pending = self.locked();
        match pending.get_mut(key) {
            Some(used) => used.seen = used.seen.max(at),
            None => drop(pending.insert(key.to_owned(), Use { seen: at, ..Use::default() })),
        }
    }

    /// Statements of a credential that was seen were stored.
    pub(crate) fn stored(&self, key: &str, count: usize) {
        if let Some(used) = self.locked().get_mut(key) {
            used.stored += count as u64;
        }
    }

    /// A request of a credential that was seen was refused for what a statement said.
    pub(crate) fn refused(&self, key: &str, at: Micros, reason: &str, path: &str) {
        if let Some(used) = self.locked().get_mut(key) {
            used.refused += 1;
            used.refusals.insert(0, RefusalNote { at, reason: reason.to_owned(), path: public(path) });
            used.refusals.truncate(REFUSALS_KEPT);
        }
    }

    /// Puts back what could not be written down.
    fn put_back(&self, uses: BTreeMap<String, Use>) {
        let mut pending = self.locked();
        for (key, mut used) in uses {
            if let Some(newer) = pending.remove(&key) {
                used.seen = used.seen.max(newer.seen);
                used.stored += newer.stored;
                used.refused += newer.refused;
                used.refusals.splice(0..0, newer.refusals);
                used.refusals.truncate(REFUSALS_KEPT);
            }
            pending.insert(key, used);
        }
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Use>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A path without the names that senders choose: those of extensions and of languages.
fn public(path: &str) -> String {
    let ends = ["/extensions", "/display", "/name", "/description"].iter().filter_map(|word| {
        let at = path.find(word)? + word.len();
        path[at..].starts_with('/').then_some(at)
    });
    let end = ends.min().unwrap_or(path.len());
    path[..end].chars().take(LONGEST_PATH).collect()
}

impl Lrs {
    /// Writes down what credentials were used for.
    ///
    /// # Errors
    /// The vault cannot be reached; it is tried again the next time.
    pub async fn write_uses(&self) -> Result<(), VaultError> {
        let uses = std::mem::take(&mut *self.inner.uses.locked());
        if uses.is_empty() {
            return Ok(());
        }
        let written = self.inner.vault.add_uses(&uses).await;
        if written.is_err() {
            self.inner.uses.put_back(uses);
        }
        written
    }

    /// Writes it down every ten seconds, and a last time when `stopping` turns true.
    pub async fn keep_uses(self, mut stopping: watch::Receiver<bool>) {
        loop {
            let stop = tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => true,
                () = tokio::time::sleep(EVERY) => false,
            };
            if let Err(error) = self.write_uses().await {
                tracing::warn!(%error, "what credentials were used for cannot be written down");
            }
            if stop {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_senders_choose_are_cut_off_a_path() {
        assert_eq!(public("/context/extensions/https:~1~1e.org~1anna/x"), "/context/extensions");
        assert_eq!(public("/object/definition/name/anna"), "/object/definition/name");
        assert_eq!(public("/actor/name"), "/actor/name");
        assert_eq!(public("/verb/id"), "/verb/id");
        assert_eq!(public(&"ö".repeat(1_000)).chars().count(), LONGEST_PATH);
    }

    #[test]
    fn what_could_not_be_written_is_added_to_what_came_since() {
        let uses = Uses::default();
        uses.stored("k", 5);
        assert!(uses.locked().is_empty(), "whoever was not seen is nobody");
        uses.seen("k", Micros(1));
        uses.stored("k", 2);
        uses.refused("k", Micros(1), "old", "");
        let taken = std::mem::take(&mut *uses.locked());
        uses.seen("k", Micros(2));
        uses.stored("k", 3);
        uses.refused("k", Micros(2), "new", "");
        uses.put_back(taken);
        let used = uses.locked()["k"].clone();
        assert_eq!((used.seen, used.stored, used.refused), (Micros(2), 5, 2));
        assert_eq!(
            used.refusals.iter().map(|refusal| refusal.reason.as_str()).collect::<Vec<_>>(),
            ["new", "old"]
        );
    }
}
