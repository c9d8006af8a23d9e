//! Opening the vault: making what is missing, and finishing what an earlier run left.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};

use eventlog::Location;
use eventlog::clock::SharedClock;
use tokio::sync::mpsc;

use crate::blocking::blocking;
use crate::cache::Cache;
use crate::inner::Inner;
use crate::keyring::KeyFiles;
use crate::metrics::Metrics;
use crate::secrets::SecretsCache;
use crate::store::{self, About, Store};
use crate::vault::Vault;
use crate::{VaultError, creation, files};

/// Agents and keys that are kept in memory, each. An entry is some 150 bytes.
const CACHED: usize = 200_000;
/// Requests that may wait for a commit of new agents and keys; more wait for a place in the queue.
const QUEUE: usize = 1024;

/// Where a vault is and what it needs.
#[derive(Debug)]
pub struct Options {
    /// The vault's database: a SQLite file of its own, or a PostgreSQL database other than the log's.
    pub location: Location,
    /// The directory of the key files (`master`, `keyring`, `erasures`), outside the database. Made if missing.
    pub keys: PathBuf,
    /// The instance the vault belongs to, for good: bound into every wrapped key and sealed body.
    pub instance: [u8; 16],
    /// What time it is.
    pub clock: SharedClock,
    /// Where metrics are registered.
    pub registry: prometheus::Registry,
}

impl Vault {
    /// Opens the vault; makes database and key files at the first start. What an earlier run left unfinished is
    /// finished: the old keys of a ratchet are destroyed, and agents in the erasure journal whose keys are back
    /// (a database restored from a backup) are erased again.
    ///
    /// # Errors
    /// [`VaultError::Permissions`] where others can read the key files, [`VaultError::KeyFile`] where they are
    /// missing or damaged, [`VaultError::Mismatch`] where the database is another instance's,
    /// [`VaultError::UnknownGeneration`] where the keyring is older than the database.
    pub async fn open(options: Options) -> Result<Self, VaultError> {
        let Options { location, keys, instance, clock, registry } = options;
        let metrics = Metrics::new(&registry).map_err(|error| VaultError::Stopped(error.to_string()))?;
        files::ensure_dir(&keys)?;
        let store = Store::open(&location).await?;
        let known = store::about(store.read().await?.tx()).await?;
        let used = known.is_some();
        let (files, keyring) = blocking(move || KeyFiles::open(&keys, instance, used)).await?;
        let about = match known {
            Some(about) => about,
            None => {
                // The highest, not the first: the database may be new and the keyring not.
                let generation = keyring.generations.keys().next_back().copied().unwrap_or(1);
                let about = About { format: store::FORMAT, instance: instance.to_vec(), generation };
                let mut transaction = store.begin_secrets().await?;
                store::set_about(transaction.tx(), &about).await?;
                transaction.commit().await?;
                store::about(store.read().await?.tx()).await?.unwrap_or(about)
            }
        };
        if about.format != store::FORMAT {
            return Err(VaultError::Mismatch(format!(
                "it has format {}, expected {}",
                about.format,
                store::FORMAT
            )));
        }
        if about.instance != instance {
            return Err(VaultError::Mismatch("it belongs to another instance".into()));
        }
        let inner = Arc::new(Inner {
            store,
            files: Arc::new(files),
            instance,
            clock,
            metrics,
            secrets: SecretsCache::new()?,
            fence: Mutex::new(0),
            keyring: RwLock::new(Arc::new(keyring)),
            agents: Cache::new(CACHED),
            keys: Cache::new(CACHED),
        });
        let (generation, _) = inner.in_force(&mut inner.store.read().await?).await?;
        inner.metrics.generation.set(generation.into());
        let (creations, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(creation::run(inner.clone(), jobs));
        let vault = Self { inner, creations };
        vault.destroy_generations_before(generation).await?;
        vault.erase_again(&vault.erased().await?).await?;
        Ok(vault)
    }
}
