//! One instance: its databases, keys, lake and locks, opened and put together.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use analytics::lake::{Bucket, Place, Seal};
use ballot::{Home, Urns};
use desk::Desk;
use disclosure::Preset;
use eventlog::clock::{SharedClock, SystemClock};
use eventlog::projection::Views;
use eventlog::{EventLog, Location, LogError, Options, Unreachable};
use forward::{Forwards, Pace};
use lrs::{Limits, Lrs, LrsOptions};
use vault::Vault;
use views::municipality::Current;
use worker::Worker;

use crate::failure::Failure;
use crate::handing_in::ByLrs;
use crate::handing_on::{self, FromLrs};
use crate::keys::{self, instance_id};
use crate::pdf::Pdf;
use crate::private;
use crate::process::{self, Watched};
use crate::settings::Settings;
use crate::together::{self, Loss, Parts};

/// Everything that the services and the commands work on.
pub(crate) struct Instance {
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    pub(crate) lrs: Lrs,
    pub(crate) municipality: Current,
    pub(crate) worker: Worker,
    pub(crate) desk: Desk,
    pub(crate) forwards: Forwards,
    pub(crate) clock: SharedClock,
    pub(crate) registry: prometheus::Registry,
    pub(crate) watched: Watched,
    pub(crate) pdf: Pdf,
    pub(crate) settings: Settings,
    pub(crate) views: Views,
    /// Held while the folder is ours: two processes must not write one embedded database, and one alone listens
    /// for commands.
    lock: Option<File>,
}

impl Instance {
    /// Opens an instance that is there; where there is none nothing is made.
    pub(crate) async fn open(settings: Settings) -> Result<Arc<Self>, Failure> {
        expect(&settings).await?;
        Self::make(settings).await
    }

    /// Whether there is an instance already.
    pub(crate) async fn is_there(settings: &Settings) -> Result<bool, Failure> {
        let (log_at, ..) = locations(settings);
        EventLog::is_at(&log_at).await.map_err(|error| of_log(&log_at, error))
    }

    /// Opens an instance, and makes it where there is none.
    pub(crate) async fn make(settings: Settings) -> Result<Arc<Self>, Failure> {
        Self::assemble(settings, Loss::Refused).await
    }

    /// Opens an instance whose parts have to belong together, unless what is lost is accepted as that.
    pub(crate) async fn assemble(settings: Settings, loss: Loss) -> Result<Arc<Self>, Failure> {
        let folder = settings.storage.data_dir.clone();
        expect_restored(&folder)?;
        private::data_folder(&folder, &settings.storage.keys_dir)?;
        let lock = match settings.storage.database_url {
            None => Some(lock(&folder)?),
            // Several nodes may work on one PostgreSQL.
            Some(_) => lock(&folder).ok(),
        };
        let clock = SystemClock::shared();
        let registry = prometheus::Registry::new();
        let database = if settings.storage.database_url.is_some() { "postgresql" } else { "sqlite" };
        process::register(&registry, database)?;
        let (log_at, views_at, vault_at) = locations(&settings);
        for location in [&log_at, &views_at, &vault_at] {
            location.reach().await?;
        }
        let mut options = Options::new(log_at.clone(), clock.clone());
        options.queue_events = settings.limits.queue;
        options.hooks = lrs::hooks();
        options.registry = registry.clone();
        let log = EventLog::open(options).await.map_err(|error| of_log(&log_at, error))?;
        if loss == Loss::Refused {
            let used = log.head().await?.position.0 > 0;
            let keys = settings.storage.keys_dir.display().to_string();
            let keys = (!keys::are_at(&settings.storage.keys_dir)).then_some(keys.as_str());
            let place = match &vault_at {
                Location::Sqlite { file } => format!("at {}", file.display()),
                Location::Postgres { .. } => "in the database of --vault-url".to_owned(),
            };
            let vault = if Vault::is_at(&vault_at).await? { None } else { Some(place.as_str()) };
            together::expect_all(used, keys, vault)?;
        }
        let vault = Vault::open(vault::Options {
            location: vault_at,
            keys: settings.storage.keys_dir.clone(),
            instance: instance_id(&settings.storage.keys_dir)?,
            clock: clock.clone(),
            registry: registry.clone(),
        })
        .await?;
        let views = Views::open(&views_at).await.map_err(|error| Unreachable::of(&views_at, &error))?;
        let municipality = Current::open(log.clone()).await?;
        let lrs = Lrs::new(LrsOptions {
            log: log.clone(),
            vault: vault.clone(),
            municipality: municipality.clone(),
            untracked: settings.counting.untracked.clone(),
            clock: clock.clone(),
            base_url: settings.address.base_url.clone(),
            unversioned: settings.xapi.unversioned,
            origins: settings.xapi.origins.clone(),
            limits: Limits {
                body_bytes: settings.limits.body,
                attachment_bytes: settings.limits.attachments,
                ..Limits::default()
            },
            registry: registry.clone(),
        })?;
        let forwards = Forwards::new(forward::Options {
            log: log.clone(),
            vault: vault.clone(),
            municipality: municipality.clone(),
            source: Arc::new(FromLrs(lrs.following().clone())),
            clock: clock.clone(),
            chance: Arc::new(handing_on::chance),
            pace: Pace::default(),
            reach: settings.reach,
            registry: registry.clone(),
            owner: owner(),
        })?;
        let worker = Worker::open(worker::Options {
            log: log.clone(),
            views: views.clone(),
            on_unfoldable: settings.upkeep.on_unfoldable.clone(),
            lake: lake(&settings.storage.lake_url, &folder)?.sealing(of_lake(&vault)),
            municipality: municipality.clone(),
            clock: clock.clone(),
            registry: registry.clone(),
            owner: owner(),
        })
        .await?;
        let parts = Parts {
            log: &log,
            vault: &vault,
            municipality: &municipality,
            lrs: &lrs,
            views: &views,
            worker: &worker,
        };
        parts.bring_together(loss).await?;
        let desk = Desk::new(desk::Options {
            log: log.clone(),
            vault: vault.clone(),
            municipality: municipality.clone(),
            urns: Urns::open(&urns(&settings), &settings.storage.ballot_keys_dir).await?,
            store: Arc::new(ByLrs::new(&lrs, &vault)),
            clock: clock.clone(),
            base_url: settings.address.base_url.clone(),
            links: settings.links(),
            smallest: smallest_group()?,
            folder: folder.clone(),
        });
        Ok(Arc::new(Self {
            log,
            vault,
            lrs,
            municipality,
            worker,
            desk,
            forwards,
            clock,
            watched: Watched::register(&registry, worker::FOLLOWERS.to_vec())?,
            registry,
            pdf: Pdf::new(settings.reports.pdf_program.as_deref()),
            settings,
            views,
            lock,
        }))
    }

    /// Whether this process is the one that works on the data folder.
    pub(crate) fn owns_folder(&self) -> bool {
        self.lock.is_some()
    }

    /// The parts that have to belong together.
    pub(crate) fn parts(&self) -> Parts<'_> {
        Parts {
            log: &self.log,
            vault: &self.vault,
            municipality: &self.municipality,
            lrs: &self.lrs,
            views: &self.views,
            worker: &self.worker,
        }
    }

    /// Finishes what was taken and closes the databases.
    pub(crate) async fn close(&self) {
        if let Err(error) = together::note(&self.log, &self.vault).await {
            tracing::warn!(%error, "the vault could not be told how far the log has come");
        }
        self.log.close().await;
        self.views.close().await;
        self.vault.clone().close().await;
    }
}

/// Where the log, the views and the vault are.
pub(crate) fn locations(settings: &Settings) -> (Location, Location, Location) {
    let shares = settings.storage.shares;
    match (&settings.storage.database_url, &settings.storage.vault_url) {
        (Some(url), Some(vault)) => (
            Location::postgres(url, "log").of_at_most(shares.log),
            Location::postgres(url, "views").of_at_most(shares.view),
            Location::postgres(vault, "vault").of_at_most(shares.vault),
        ),
        _ => {
            let file = |name: &str| Location::sqlite(settings.storage.data_dir.join(name));
            (file("log.db"), file("views.db"), file("vault.db"))
        }
    }
}

/// Why the log could not be opened, with where it is.
fn of_log(location: &Location, error: LogError) -> Failure {
    match error {
        LogError::Database(error) => Unreachable::of(location, &error).into(),
        other => other.into(),
    }
}

/// Where the ballot boxes are.
fn urns(settings: &Settings) -> Home {
    match &settings.storage.database_url {
        Some(url) => {
            let (url, connections) = (url.clone(), settings.storage.shares.ballots);
            Home::Postgres { url, schema: "ballots".to_owned(), connections }
        }
        None => Home::Files(settings.storage.data_dir.join("ballots")),
    }
}

/// The rules of disclosure that hold where none are named.
pub(crate) fn house_preset() -> Result<Preset, Failure> {
    Preset::named("gavle").ok_or_else(|| Failure::new("the preset gavle is not built in"))
}

/// The smallest group that answers are told of.
pub(crate) fn smallest_group() -> Result<u32, Failure> {
    Ok(u32::try_from(house_preset()?.k_summary).unwrap_or(u32::MAX))
}

/// Where the lake is.
pub(crate) fn lake(url: &Option<String>, folder: &Path) -> Result<Place, Failure> {
    let Some(url) = url else { return Ok(folder.join("lake").as_path().into()) };
    bucket(url)
        .map(Place::from)
        .map_err(|expected| Failure::new(format!("the setting lake-url is wrong: {expected}")))
}

/// The bucket of an address, as this process's environment lets it be reached.
///
/// # Errors
/// What was expected.
pub(crate) fn bucket(url: &str) -> Result<Bucket, String> {
    let given = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with("AWS_"))?;
        Some((name, value.into_string().ok()?))
    });
    Bucket::open(url, given, tokio::runtime::Handle::current())
}

/// What the lake's manifest is sealed with: a keyed hash of the vault, which keeps the key.
fn of_lake(vault: &Vault) -> Seal {
    let vault = vault.clone();
    Seal::new(move |text| vault.keyed_hash("lake manifest", text))
}

/// Looks whether there is an instance, without making anything.
pub(crate) async fn expect(settings: &Settings) -> Result<(), Failure> {
    let storage = &settings.storage;
    expect_restored(&storage.data_dir)?;
    if !Instance::is_there(settings).await? {
        return Err(nowhere(settings));
    }
    if !keys::are_at(&storage.keys_dir) {
        return Err(Failure::new(format!(
            "the instance's keys are not at {}; name their folder with --keys-dir",
            storage.keys_dir.display()
        )));
    }
    Ok(())
}

/// That there is no instance where one is looked for.
pub(crate) fn nowhere(settings: &Settings) -> Failure {
    if let (Location::Sqlite { file }, ..) = locations(settings)
        && let Err(error) = file.metadata()
        && error.kind() == std::io::ErrorKind::PermissionDenied
    {
        let folder = settings.storage.data_dir.display();
        let owner =
            settings.storage.data_dir.metadata().map(|about| format!(", which is of user {}", about.uid()));
        return Failure::new(format!(
            "this user may not look into {folder}{}: call larka as the user that it runs as (sudo -u USER larka …)",
            owner.unwrap_or_default()
        ));
    }
    let place = match &settings.storage.database_url {
        None => format!("at {}", settings.storage.data_dir.display()),
        Some(_) => "in the database of --database-url".to_owned(),
    };
    Failure::new(format!(
        "there is no instance {place}; `larka migrate` or `larka serve` makes one, --data-dir or --database-url names another"
    ))
}

/// The folder of a restore that is under way.
pub(crate) const RESTORING: &str = "restoring";

/// Refuses a folder into which a restore was cut short.
fn expect_restored(folder: &Path) -> Result<(), Failure> {
    let restoring = folder.join(RESTORING);
    if !restoring.exists() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "a restore into {} was cut short: call larka restore again as it was called, which finishes it",
        folder.display()
    )))
}

/// Takes the folder for this process.
pub(crate) fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join(private::LOCK);
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(Failure::at(&path))?;
    file.try_lock()
        .map_err(|_| Failure::new(format!("another larka works on {}; stop it first", folder.display())))?;
    Ok(file)
}

/// A name for this process that no other worker has.
fn owner() -> String {
    let mut random = [0_u8; 8];
    // Without randomness the process id alone has to do; the lease is only a courtesy between workers.
    let _ = getrandom::fill(&mut random);
    format!("{}-{}", std::process::id(), hex::encode(random))
}
