//! The LRS itself: what it is made of, and how that is put together. What it does stands above, a subject a file.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use axum::http::HeaderValue;
use domain::Untracked;
use eventlog::EventLog;
use eventlog::clock::{SharedClock, rest};
use eventlog::fold::InTransaction;
use tokio::sync::{Mutex, Semaphore, watch};
use vault::{Vault, VaultError};
use views::municipality::Current;
use xapi::Version;

use crate::documents::Documents;
use crate::follow::Following;
use crate::http::places::Places;
use crate::http::rate::Buckets;
use crate::http::shares::Shares;
use crate::ingest::Ingest;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::people::People;
use crate::query::Query;
use crate::rules::Known;
use crate::uses::Uses;

/// After this long content that no statement has is taken for abandoned.
const ABANDONED: Duration = Duration::from_secs(3600);
const SWEPT_EVERY: Duration = Duration::from_secs(600);
/// How often what credentials were used for is written down.
const WRITTEN_EVERY: Duration = Duration::from_secs(10);

/// What the log is opened with: the indexes of statements, of documents and of what is kept, written with every append.
pub fn hooks() -> Vec<Arc<dyn InTransaction>> {
    vec![views::statements::hook(), views::documents::hook(), views::kept::hook()]
}

/// What an LRS is made of.
pub struct LrsOptions {
    /// The log, opened with [`hooks`].
    pub log: EventLog,
    /// The vault.
    pub vault: Vault,
    /// The municipality's state, kept up by whoever opened it: says which activities are items of surveys.
    pub municipality: Current,
    /// Actors that are nobody: no figure counts anybody for them.
    pub untracked: Untracked,
    /// The time.
    pub clock: SharedClock,
    /// The address this instance is known by, such as `https://larka.example`. It is the home page of authorities
    /// and of erased people's accounts, and must not change.
    pub base_url: String,
    /// What becomes of requests without `X-Experience-API-Version`.
    pub unversioned: Unversioned,
    /// Origins such as `https://tool.example` whose pages may ask from a browser; one `*` for all.
    pub origins: Vec<HeaderValue>,
    /// How much is taken at once.
    pub limits: Limits,
    /// Where the metrics go.
    pub registry: prometheus::Registry,
}

/// What becomes of a request that does not name its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unversioned {
    /// This version serves it.
    Served(Version),
    /// It is refused; as every answer names a version, the refusal names this one.
    Refused(Version),
}

impl Unversioned {
    pub(crate) fn served(self) -> Option<Version> {
        match self {
            Self::Served(version) => Some(version),
            Self::Refused(_) => None,
        }
    }

    pub(crate) fn named(self) -> Version {
        match self {
            Self::Served(version) | Self::Refused(version) => version,
        }
    }
}

/// A learning record store. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Lrs {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    pub(crate) clock: SharedClock,
    /// Credentials with a limit.
    pub(crate) buckets: Buckets,
    /// Credentials with ingest rules.
    pub(crate) rules: Known,
    /// What credentials were used for, and is not written down yet.
    pub(crate) uses: Uses,
    /// The turn of whoever keeps refused statements, and of whoever replays or discards them.
    pub(crate) keeping: Mutex<()>,
    pub(crate) replaying: Mutex<()>,
    pub(crate) unversioned: Unversioned,
    pub(crate) origins: Vec<HeaderValue>,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) in_flight: Arc<Shares>,
    pub(crate) uploads: Arc<Shares>,
    /// Places for forms of whom is not known yet.
    pub(crate) forms: Semaphore,
    pub(crate) streams: Arc<Places>,
    /// Turns true when open streams are to end.
    pub(crate) ending: watch::Sender<bool>,
    pub(crate) following: Following,
    pub(crate) municipality: Current,
    pub(crate) people: People,
    /// The latest promise of the log that was read, in microseconds.
    pub(crate) promised: AtomicI64,
    pub(crate) ingest: Ingest,
    pub(crate) query: Query,
    pub(crate) documents: Documents,
}

impl Lrs {
    /// Puts an LRS together.
    ///
    /// # Errors
    /// The metrics are registered already: one registry is for one LRS.
    pub fn new(options: LrsOptions) -> Result<Self, prometheus::Error> {
        let LrsOptions {
            log,
            vault,
            municipality,
            untracked,
            clock,
            base_url,
            unversioned,
            origins,
            limits,
            registry,
        } = options;
        let base_url = base_url.trim_end_matches('/').to_owned();
        let metrics = Metrics::new(&registry)?;
        let people = People::new(vault.clone(), municipality.clone());
        Ok(Self {
            inner: Arc::new(Inner {
                ingest: Ingest::new(
                    log.clone(),
                    vault.clone(),
                    municipality.clone(),
                    untracked,
                    clock.clone(),
                    &metrics,
                ),
                following: Following::new(
                    log.clone(),
                    vault.clone(),
                    municipality.clone(),
                    clock.clone(),
                    base_url.clone(),
                ),
                query: Query::new(
                    log.clone(),
                    vault.clone(),
                    people.clone(),
                    clock.clone(),
                    base_url,
                    limits,
                    metrics.left_out.clone(),
                ),
                documents: Documents::new(
                    log.clone(),
                    vault.clone(),
                    people.clone(),
                    clock.clone(),
                    limits.body_bytes,
                ),
                in_flight: Shares::new(limits.in_flight, limits.in_flight_each, metrics.in_flight.clone()),
                uploads: Shares::new(limits.uploads, limits.uploads_each, metrics.uploads.clone()),
                forms: Semaphore::new(limits.forms),
                streams: Arc::new(Places::new(&limits, metrics.streams.clone())),
                metrics,
                ending: watch::Sender::new(false),
                promised: AtomicI64::new(0),
                buckets: Buckets::default(),
                rules: Known::default(),
                uses: Uses::default(),
                municipality,
                people,
                keeping: Mutex::default(),
                replaying: Mutex::default(),
                clock,
                log,
                vault,
                unversioned,
                origins,
                limits,
            }),
        })
    }

    /// Removes, now and every few minutes until `stopping`, the content of attachments whose statement never came: the
    /// client went away, or a process ended. Any node may do it.
    pub async fn sweep_uploads(self, mut stopping: watch::Receiver<bool>) {
        while !*stopping.borrow() {
            match self.inner.log.sweep(ABANDONED).await {
                Ok(0) => {}
                Ok(sets) => tracing::info!(sets, "removed content whose statement never came"),
                Err(error) => tracing::warn!(%error, "content whose statement never came cannot be removed"),
            }
            if !rest(SWEPT_EVERY, &mut stopping).await {
                return;
            }
        }
    }

    /// Writes down what credentials were used for.
    ///
    /// # Errors
    /// The vault cannot be reached; it is tried again the next time.
    pub async fn write_uses(&self) -> Result<(), VaultError> {
        self.inner.uses.write_to(&self.inner.vault).await
    }

    /// Writes it down every ten seconds, and a last time when `stopping` turns true.
    pub async fn keep_uses(self, mut stopping: watch::Receiver<bool>) {
        let mut goes_on = true;
        while goes_on {
            goes_on = rest(WRITTEN_EVERY, &mut stopping).await;
            if let Err(error) = self.write_uses().await {
                tracing::warn!(%error, "what credentials were used for cannot be written down");
            }
        }
    }

    /// The way in for statements that were found valid.
    pub fn ingest(&self) -> &Ingest {
        &self.inner.ingest
    }

    /// The way to read statements in the order they were stored.
    pub fn following(&self) -> &Following {
        &self.inner.following
    }

    /// Ends the streams that are open, and every further one at once: their readers come back, to another node or
    /// later.
    pub fn end_streams(&self) {
        self.inner.ending.send_replace(true);
    }

    /// The way to find statements.
    pub fn query(&self) -> &Query {
        &self.inner.query
    }
}
