//! One instance: its databases, keys, lake and locks, opened and put together.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use eventlog::clock::{SharedClock, SystemClock};
use eventlog::projection::Views;
use eventlog::{EventLog, Location, Options};
use forward::{Forwards, Pace};
use lrs::{Limits, Lrs, LrsOptions};
use vault::Vault;
use views::municipality::Current;
use worker::Worker;

use crate::failure::Failure;
use crate::forwards;
use crate::settings::Settings;

/// Everything that the services and the commands work on.
pub(crate) struct Instance {
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    pub(crate) lrs: Lrs,
    pub(crate) municipality: Current,
    pub(crate) worker: Worker,
    pub(crate) forwards: Forwards,
    pub(crate) clock: SharedClock,
    pub(crate) registry: prometheus::Registry,
    pub(crate) settings: Settings,
    views: Views,
    /// Held while the folder is ours: two processes must not write one embedded database, and one alone listens
    /// for commands.
    lock: Option<File>,
}

impl Instance {
    /// Opens an instance, and makes it where there is none.
    pub(crate) async fn open(settings: Settings) -> Result<Arc<Self>, Failure> {
        let folder = settings.data_dir.clone();
        std::fs::create_dir_all(&folder)
            .map_err(|e| Failure::new(format!("the data folder {} cannot be made: {e}", folder.display())))?;
        let lock = match settings.database_url {
            None => Some(lock(&folder)?),
            // Several nodes may work on one PostgreSQL.
            Some(_) => lock(&folder).ok(),
        };
        let clock = SystemClock::shared();
        let registry = prometheus::Registry::new();
        let (log_at, views_at, vault_at) = locations(&settings);
        let vault = Vault::open(vault::Options {
            location: vault_at,
            keys: settings.keys_dir.clone(),
            instance: instance_id(&settings.keys_dir)?,
            clock: clock.clone(),
            registry: registry.clone(),
        })
        .await?;
        let mut options = Options::new(log_at, clock.clone());
        options.queue_events = settings.queue;
        options.hooks = lrs::hooks();
        options.registry = registry.clone();
        let log = EventLog::open(options).await?;
        let views = Views::open(&views_at).await?;
        let municipality = Current::open(log.clone()).await?;
        let lrs = Lrs::new(LrsOptions {
            log: log.clone(),
            vault: vault.clone(),
            municipality: municipality.clone(),
            clock: clock.clone(),
            base_url: settings.base_url.clone(),
            unversioned: settings.unversioned,
            origins: settings.origins.clone(),
            limits: Limits {
                body_bytes: settings.body_limit,
                attachment_bytes: settings.attachment_limit,
                ..Limits::default()
            },
            registry: registry.clone(),
        })?;
        let forwards = Forwards::new(forward::Options {
            log: log.clone(),
            vault: vault.clone(),
            municipality: municipality.clone(),
            source: Arc::new(forwards::FromLrs(lrs.following().clone())),
            clock: clock.clone(),
            chance: Arc::new(forwards::chance),
            pace: Pace::default(),
            registry: registry.clone(),
            owner: owner(),
        })?;
        let worker = Worker::open(worker::Options {
            log: log.clone(),
            views: views.clone(),
            on_unfoldable: settings.on_unfoldable.clone(),
            lake: folder.join("lake"),
            municipality: municipality.clone(),
            clock: clock.clone(),
            registry: registry.clone(),
            owner: owner(),
        })
        .await?;
        Ok(Arc::new(Self {
            log,
            vault,
            lrs,
            municipality,
            worker,
            forwards,
            clock,
            registry,
            settings,
            views,
            lock,
        }))
    }

    /// Whether this process is the one that works on the data folder.
    pub(crate) fn owns_folder(&self) -> bool {
        self.lock.is_some()
    }

    /// Finishes what was taken and closes the databases.
    pub(crate) async fn close(&self) {
        self.log.close().await;
        self.views.close().await;
        self.vault.clone().close().await;
    }
}

/// Where the log, the views and the vault are.
fn locations(settings: &Settings) -> (Location, Location, Location) {
    match (&settings.database_url, &settings.vault_url) {
        (Some(url), Some(vault)) => (
            Location::postgres(url, "log"),
            Location::postgres(url, "views"),
            Location::postgres(vault, "vault"),
        ),
        _ => {
            let file = |name: &str| Location::sqlite(settings.data_dir.join(name));
            (file("log.db"), file("views.db"), file("vault.db"))
        }
    }
}

fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path)?;
    file.try_lock()
        .map_err(|_| Failure::new(format!("another larka works on {}; stop it first", folder.display())))?;
    Ok(file)
}

/// The instance's own id, kept beside the keys that are bound to it.
pub(crate) fn instance_id(keys: &Path) -> Result<[u8; 16], Failure> {
    made_once(keys, "instance")
}

/// Random bytes that are made once, and kept beside the keys in a file that nobody else can read.
pub(crate) fn made_once<const LENGTH: usize>(keys: &Path, name: &str) -> Result<[u8; LENGTH], Failure> {
    std::fs::create_dir_all(keys)?;
    let path = keys.join(name);
    let mut bytes = [0_u8; LENGTH];
    if !path.exists() {
        let mut tag = [0_u8; 8];
        getrandom::fill(&mut bytes)
            .and_then(|()| getrandom::fill(&mut tag))
            .map_err(|e| Failure::new(format!("the system gives no randomness: {e}")))?;
        // Linked into place whole: of two nodes that start at once, one wins and both read the winner's.
        let draft = keys.join(format!("{name}.{}", hex::encode(tag)));
        let mut file = File::options().create_new(true).write(true).mode(0o600).open(&draft)?;
        file.write_all(hex::encode(bytes).as_bytes())?;
        file.sync_all()?;
        let linked = std::fs::hard_link(&draft, &path);
        std::fs::remove_file(&draft)?;
        if let Err(error) = linked
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(error.into());
        }
    }
    let text = std::fs::read_to_string(&path)?;
    hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
        let digits = LENGTH * 2;
        Failure::new(format!("{} is damaged: expected {digits} hexadecimal digits", path.display()))
    })?;
    Ok(bytes)
}

/// A name for this process that no other worker has.
fn owner() -> String {
    let mut random = [0_u8; 8];
    // Without randomness the process id alone has to do; the lease is only a courtesy between workers.
    let _ = getrandom::fill(&mut random);
    format!("{}-{}", std::process::id(), hex::encode(random))
}
