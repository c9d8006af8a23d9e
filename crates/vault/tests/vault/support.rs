//! A throw-away vault on either database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eventlog::Location;
use eventlog::clock::{ManualClock, Micros};
use testkit::postgres::TestDatabase;
use vault::{AgentHandle, Options, Period, Vault, VaultError};
use xapi::Identifier;

pub(crate) const INSTANCE: [u8; 16] = *b"a test's instanc";
pub(crate) const QUARTER: Period = Period(2026 * 4 + 2);
pub(crate) const EVENT: [u8; 16] = [9; 16];

/// Where a vault lies, with a clock that stands still until moved.
pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) location: Location,
    pub(crate) clock: Arc<ManualClock>,
    _database: Option<TestDatabase>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let location = Location::sqlite(dir.path().join("vault.db"));
        Self { dir, location, clock: ManualClock::at(Micros(1_780_000_000_000_000)), _database: None }
    }

    pub(crate) async fn postgres() -> Self {
        let database = testkit::postgres::database().await.unwrap();
        let location = Location::Postgres { url: database.url(), schema: None, connections: 16 };
        Self { location, _database: Some(database), ..Self::sqlite() }
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.dir.path().join("keys")
    }

    pub(crate) async fn open(&self) -> Vault {
        self.try_open(INSTANCE).await.unwrap()
    }

    pub(crate) async fn try_open(&self, instance: [u8; 16]) -> Result<Vault, VaultError> {
        let options = Options {
            location: self.location.clone(),
            keys: self.keys(),
            instance,
            clock: self.clock.clone(),
            registry: prometheus::Registry::new(),
        };
        Vault::open(options).await
    }
}

/// Runs each test on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() { super::$test(crate::support::Place::sqlite()).await })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() { super::$test(crate::support::Place::postgres().await).await })*
        }
    };
}
pub(crate) use on_both;

pub(crate) fn mbox(name: &str) -> Identifier {
    Identifier::Mbox(format!("mailto:{name}@example.org"))
}

pub(crate) async fn one(vault: &Vault, name: &str) -> AgentHandle {
    vault.resolve(&[mbox(name)], QUARTER).await.unwrap().remove(0)
}

/// Copies the files of a folder, not the folders in it.
pub(crate) fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
