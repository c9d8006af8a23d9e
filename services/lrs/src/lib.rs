//! The xAPI resources: a router for `/xapi/`, and what stands behind it.
//!
//! [`Ingest`] takes statements that were found valid and stores them; [`Query`] finds them again. Both know
//! nothing of HTTP. [`router`] puts the standard's resources before them.
//!
//! A request travels: `http` (credentials, version, limits) → `xapi` (parse, validate) → [`Ingest`] (known ids,
//! pseudonyms, facts, sealing) → the log. Back: the index in `views` → the log → the vault → `xapi::output`.

mod already;
mod attachments;
mod compare;
mod credentials;
mod cursor;
mod definitions;
mod documents;
mod erase;
mod failure;
mod follow;
mod http;
mod import;
mod ingest;
mod intake;
mod kept;
mod metrics;
mod people;
mod prepare;
mod query;
mod reading;
mod replay;
mod rules;
mod twins;
mod uses;
mod voiding;
mod waiting;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use axum::http::HeaderValue;
use eventlog::EventLog;
use eventlog::clock::{SharedClock, rest};
use eventlog::fold::InTransaction;
use tokio::sync::watch;
use vault::Vault;
use views::municipality::Current;
use xapi::Version;

use http::shares::Shares;

pub use credentials::{CredentialError, Wanted};
pub use domain::Untracked;
pub use domain::events::{ImportCounts, ImportRunFacts};
pub use domain::statement::Origin;
pub use erase::{EraseError, Receipt};
pub use failure::IngestError;
pub use follow::{Following, Passed, PassedAttachment, Stretch};
pub use http::{SCOPES, described, router};
pub use import::{Imported, Provenance, Standing};
pub use ingest::{Ingest, Posted, Sender};
pub use query::{Asking, Found, GivenAttachment, Query, QueryFailed};
pub use replay::Replayed;
pub use twins::BroughtTogether;
pub use waiting::WaitingStatement;

use people::People;

/// After this long content that no statement has is taken for abandoned.
const ABANDONED: Duration = Duration::from_secs(3600);
const SWEPT_EVERY: Duration = Duration::from_secs(600);

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
    fn served(self) -> Option<Version> {
        match self {
            Self::Served(version) => Some(version),
            Self::Refused(_) => None,
        }
    }

    fn named(self) -> Version {
        match self {
            Self::Served(version) | Self::Refused(version) => version,
        }
    }
}

/// How much is taken at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one body, without the content of attachments; more is answered with 413.
    pub body_bytes: usize,
    /// Bytes of the content of attachments in one request; more is answered with 413.
    pub attachment_bytes: usize,
    /// Statements in one request.
    pub batch: usize,
    /// Statements in one page of an answer.
    pub page: usize,
    /// Requests with a body that are worked on at the same time; more are answered with 429.
    pub in_flight: usize,
    /// How many of them one credential has at most.
    pub in_flight_each: usize,
    /// Requests with attachments that arrive at the same time, each of which holds up to a megabyte; more are answered
    /// with 429.
    pub uploads: usize,
    /// How many of them one credential has at most.
    pub uploads_each: usize,
    /// Forms of the alternate request syntax that are read at the same time before they say whose they are; more are
    /// answered with 429.
    pub forms: usize,
    /// Bytes of such a form within which it has to say that.
    pub form_bytes: usize,
    /// How long it may take for that, in seconds.
    pub form_seconds: u64,
    /// Streams of statements that are open at the same time; more are answered with 429.
    pub streams: usize,
    /// How many of them one credential has at most.
    pub streams_each: usize,
    /// How often a stream is heard from at least, and its credential asked for anew, in seconds.
    pub heartbeat_seconds: u64,
    /// How long a body may take to arrive, in seconds; slower is answered with 408. The content of attachments may
    /// take longer, as long as there is no such time in which nothing of it arrives.
    pub body_seconds: u64,
    /// How long a body with attachments may take in all, in seconds. Less than the hour after which chunks without a
    /// statement are swept.
    pub upload_seconds: u64,
    /// How long a `more` address is good for, in seconds.
    pub more_seconds: u64,
    /// Refused statements that are kept of one credential, where its rules say so; more are counted and no more.
    pub kept: usize,
    /// Bytes of them, attachments included.
    pub kept_bytes: usize,
}

impl Default for Limits {
    /// 16 MiB, 256 MiB, 10,000 statements, pages of 100, 1,000 requests, 200 of them with attachments, of both a
    /// quarter one credential's, 32 forms that say within 64 KiB and 5 seconds whose they are, 200 streams
    /// heard from every 15 seconds and 50 of them one credential's, 30 seconds, half an hour, a day, 10,000 statements of 64 MiB kept.
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            attachment_bytes: 256 << 20,
            batch: 10_000,
            page: 100,
            in_flight: 1_000,
            in_flight_each: 250,
            uploads: 200,
            uploads_each: 50,
            forms: 32,
            form_bytes: 64 << 10,
            form_seconds: 5,
            streams: 200,
            streams_each: 50,
            heartbeat_seconds: 15,
            body_seconds: 30,
            upload_seconds: 1_800,
            more_seconds: 86_400,
            kept: 10_000,
            kept_bytes: 64 << 20,
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
    pub(crate) buckets: http::rate::Buckets,
    /// Credentials with ingest rules.
    pub(crate) rules: rules::Known,
    /// What credentials were used for, and is not written down yet.
    pub(crate) uses: uses::Uses,
    /// The turn of whoever keeps refused statements, and of whoever replays or discards them.
    pub(crate) keeping: tokio::sync::Mutex<()>,
    pub(crate) replaying: tokio::sync::Mutex<()>,
    pub(crate) unversioned: Unversioned,
    pub(crate) origins: Vec<HeaderValue>,
    pub(crate) limits: Limits,
    pub(crate) metrics: metrics::Metrics,
    pub(crate) in_flight: Arc<Shares>,
    pub(crate) uploads: Arc<Shares>,
    /// Places for forms of whom is not known yet.
    pub(crate) forms: tokio::sync::Semaphore,
    pub(crate) streams: Arc<http::places::Places>,
    /// Turns true when open streams are to end.
    pub(crate) ending: watch::Sender<bool>,
    pub(crate) following: Following,
    pub(crate) municipality: Current,
    pub(crate) people: People,
    /// The latest promise of the log that was read, in microseconds.
    pub(crate) promised: AtomicI64,
    pub(crate) ingest: Ingest,
    pub(crate) query: Query,
    pub(crate) documents: documents::Documents,
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
        let metrics = metrics::Metrics::new(&registry)?;
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
                ),
                documents: documents::Documents::new(
                    log.clone(),
                    vault.clone(),
                    people.clone(),
                    clock.clone(),
                    limits.body_bytes,
                ),
                in_flight: Shares::new(limits.in_flight, limits.in_flight_each, metrics.in_flight.clone()),
                uploads: Shares::new(limits.uploads, limits.uploads_each, metrics.uploads.clone()),
                forms: tokio::sync::Semaphore::new(limits.forms),
                streams: Arc::new(http::places::Places::new(&limits, metrics.streams.clone())),
                metrics,
                ending: watch::Sender::new(false),
                promised: AtomicI64::new(0),
                buckets: http::rate::Buckets::default(),
                rules: rules::Known::default(),
                uses: uses::Uses::default(),
                municipality,
                people,
                keeping: tokio::sync::Mutex::default(),
                replaying: tokio::sync::Mutex::default(),
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
