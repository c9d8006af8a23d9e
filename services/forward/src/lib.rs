//! Hands statements on, from the log to other learning record stores and to webhooks.
//!
//! Each *forward* is a task of its own with its own checkpoint, filter and pace; it reads the log like any follower,
//! so that nothing here is ever in the way of an append. A checkpoint moves only once the other side has said yes:
//! what a crash cuts off is sent again, and nothing is left out. One node works on a forward at a time (a lease).
//!
//! Start reading at [`Forwards`], then `keep` (the tasks), `work` (what each does), `send` (what is sent, and what the
//! answers mean) and `reach` (where it may go). Where statements come from is the business of whoever implements
//! [`Source`].

mod error;
mod keep;
mod metrics;
mod pace;
mod parts;
mod reach;
mod send;
mod terms;
mod work;

use std::collections::HashMap;
use std::sync::Arc;

use domain::events::{ForwardRemovedFacts, ForwardSetFacts};
use domain::{Facts, Selection};
use eventlog::clock::{Micros, SharedClock};
use eventlog::{Append, AppendError, EventLog, Key, LogError, Position};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use tokio::sync::{OnceCell, watch};
use vault::secrets::{Forward, ForwardId, SetAside};
use vault::{Vault, VaultError};
use views::municipality::Current;
use xapi::Version;

pub use error::ForwardError;
pub use pace::Pace;
pub use reach::{Barred, Reach};
pub use terms::{Kind, Terms, Wanted};

/// Why a forward rests, as facts and the vault write it down.
pub mod rests {
    /// Somebody paused it.
    pub const PAUSED: u8 = 1;
    /// The webhook said that it is gone (410).
    pub const GONE: u8 = 2;
    /// The other side refused one statement after the other.
    pub const REFUSED: u8 = 3;
}

/// A statement that is handed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Where it stands.
    pub position: Position,
    /// Everything up to here is done once this statement is.
    pub done: Position,
    /// The version of the standard that it came by.
    pub received: Version,
    /// The statement.
    pub json: String,
    /// Whether content of attachments belongs to it.
    pub attached: bool,
}

/// Some of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    /// What of it is wanted, in order.
    pub statements: Vec<Statement>,
    /// Up to where was looked.
    pub through: Position,
    /// Statements that were wanted, and whose actors were erased.
    pub erased: u64,
}

/// The content of an attachment.
pub struct Attachment {
    /// `contentType`, as the statement has it.
    pub content_type: String,
    /// `sha2`, as the statement has it.
    pub sha2: String,
    /// Bytes of the content.
    pub length: u64,
    /// The content, read as it is sent.
    pub content: BoxStream<'static, Result<Vec<u8>, SourceError>>,
}

/// Statements cannot be read at the moment; why, in one line without anything personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("statements cannot be read: {0}")]
pub struct SourceError(pub String);

/// Where statements come from.
pub trait Source: Send + Sync {
    /// The next stretch of the log after a position, bounded in size; in `version`, or each as it came.
    fn hand_on<'a>(
        &'a self,
        after: Position,
        selection: &'a Selection,
        version: Option<Version>,
    ) -> BoxFuture<'a, Result<Stretch, SourceError>>;

    /// The content of the attachments of the statement at a position.
    fn attachments(&self, position: Position) -> BoxFuture<'_, Result<Vec<Attachment>, SourceError>>;
}

/// What the service is made of.
pub struct Options {
    /// The log, for its head and for what happens to forwards.
    pub log: EventLog,
    /// The vault, which keeps them.
    pub vault: Vault,
    /// The municipality: says which units there are.
    pub municipality: Current,
    /// Where statements come from.
    pub source: Arc<dyn Source>,
    /// The time.
    pub clock: SharedClock,
    /// A number from 0 up to 1, another each time: spreads tries that failed together.
    pub chance: Arc<dyn Fn() -> f64 + Send + Sync>,
    /// How fast, and how patiently.
    pub pace: Pace,
    /// Which machines statements may go to.
    pub reach: Reach,
    /// Where the metrics go.
    pub registry: prometheus::Registry,
    /// A name that no other worker has.
    pub owner: String,
}

/// A forward that was just made.
#[derive(Debug)]
pub struct Made {
    /// How it stands.
    pub standing: Standing,
    /// What a webhook's deliveries are signed with: shown once.
    pub secret: Option<zeroize::Zeroizing<String>>,
}

/// How a forward stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The forward as the vault keeps it.
    pub forward: Forward,
    /// Where to and what.
    pub terms: Terms,
    /// Events behind the head.
    pub lag_events: u64,
    /// Seconds since the first event that it has not come to was stored.
    pub lag_seconds: f64,
    /// The newest statements that the other side refused.
    pub set_aside: Vec<SetAside>,
}

/// The forwards of an instance. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Forwards {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    pub(crate) municipality: Current,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) clock: SharedClock,
    pub(crate) chance: Arc<dyn Fn() -> f64 + Send + Sync>,
    pub(crate) pace: Pace,
    pub(crate) reach: Reach,
    pub(crate) owner: String,
    /// Made when a first forward needs it: it reads the system's certificates.
    pub(crate) client: OnceCell<reqwest::Client>,
    pub(crate) metrics: metrics::Metrics,
    /// Counts how often this process made or changed each forward.
    pub(crate) changed: watch::Sender<HashMap<ForwardId, u64>>,
}

impl Forwards {
    /// Readies the service; nothing is handed on before [`Forwards::run`].
    ///
    /// # Errors
    /// The metrics are registered already: one registry is for one of these.
    pub fn new(options: Options) -> Result<Self, ForwardError> {
        let Options { log, vault, municipality, source, clock, chance, pace, reach, registry, owner } =
            options;
        let metrics = metrics::Metrics::new(&registry).map_err(|e| ForwardError::Failed(e.to_string()))?;
        let client = OnceCell::new();
        let changed = watch::Sender::new(HashMap::new());
        let inner = Inner {
            log,
            vault,
            municipality,
            source,
            clock,
            chance,
            pace,
            reach,
            owner,
            client,
            metrics,
            changed,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Makes a forward; `by` is the account that asked for it, if one did.
    ///
    /// # Errors
    /// [`ForwardError`], each.
    pub async fn create(&self, wanted: Wanted, by: Option<Key>) -> Result<Made, ForwardError> {
        let inner = &self.inner;
        let organisation = inner.municipality.refresh().await?.municipality;
        let checked = wanted.checked(&organisation.organisation, inner.reach)?;
        let head = inner.log.head().await?.position.0;
        let after = checked.from.map_or(head, |from| from.min(head));
        let terms = serde_json::to_string(&checked.terms).map_err(|e| ForwardError::Failed(e.to_string()))?;
        let made =
            inner.vault.create_forward(&checked.name, &terms, &checked.secret.to_bytes()?, after).await;
        let forward = match made {
            Err(VaultError::Exists(_)) => {
                return Err(ForwardError::Invalid {
                    at: "/name",
                    expected: "a name that no other has".into(),
                });
            }
            made => made?,
        };
        if let Err(error) = self.note(&set(&forward, &checked.terms, by)).await {
            inner.vault.remove_forward(forward.id).await?;
            return Err(ForwardError::NotLogged(error));
        }
        self.changed(forward.id);
        let standing = self.standing(forward).await?;
        Ok(Made { standing, secret: checked.shown })
    }

    /// All of them, by name, with how they stand.
    ///
    /// # Errors
    /// [`ForwardError::Vault`], [`ForwardError::Log`].
    pub async fn list(&self) -> Result<Vec<Standing>, ForwardError> {
        let mut all = Vec::new();
        for forward in self.inner.vault.forwards().await? {
            all.push(self.standing(forward).await?);
        }
        Ok(all)
    }

    /// Lets a forward rest: nothing is handed on, and its checkpoint stays where it is.
    ///
    /// # Errors
    /// [`ForwardError`], each.
    pub async fn pause(&self, name: &str, by: Option<Key>) -> Result<Standing, ForwardError> {
        let forward = self.named(name).await?;
        // Paused first: a log that is full must not keep statements flowing.
        self.inner.vault.pause_forward(forward.id, rests::PAUSED).await?;
        let forward = self.named(name).await?;
        let terms = Terms::of(&forward)?;
        self.note(&set(&forward, &terms, by)).await.map_err(ForwardError::DoneNotLogged)?;
        self.changed(forward.id);
        self.standing(forward).await
    }

    /// Lets a forward go on from where it was, or from after another position: what lies between is handed on again,
    /// or left out.
    ///
    /// # Errors
    /// [`ForwardError`], each.
    pub async fn resume(
        &self,
        name: &str,
        after: Option<u64>,
        by: Option<Key>,
    ) -> Result<Standing, ForwardError> {
        let forward = self.named(name).await?;
        let head = self.inner.log.head().await?.position.0;
        if after.is_some_and(|after| after > head) {
            let expected = format!("a position of the log, which ends at {head}");
            return Err(ForwardError::Invalid { at: "/from", expected });
        }
        let position = after.unwrap_or(forward.position);
        let resumed = Forward { paused: None, position, ..forward };
        self.note(&set(&resumed, &Terms::of(&resumed)?, by)).await.map_err(ForwardError::NotLogged)?;
        if !self.inner.vault.resume_forward(resumed.id, after).await? {
            return Err(ForwardError::Unknown);
        }
        self.changed(resumed.id);
        self.standing(self.named(name).await?).await
    }

    /// Forgets a forward with its secret and its checkpoint.
    ///
    /// # Errors
    /// [`ForwardError`], each.
    pub async fn remove(&self, name: &str, by: Option<Key>) -> Result<(), ForwardError> {
        let forward = self.named(name).await?;
        self.inner.vault.remove_forward(forward.id).await?;
        let facts = ForwardRemovedFacts { forward: forward.id, by };
        self.note(&facts).await.map_err(ForwardError::DoneNotLogged)?;
        self.changed(forward.id);
        Ok(())
    }

    /// Lets a forward rest because of what the other side said.
    pub(crate) async fn rest(&self, forward: &Forward, why: u8) -> Result<(), ForwardError> {
        if self.inner.vault.pause_forward(forward.id, why).await? {
            let resting = self.named(&forward.name).await?;
            self.note(&set(&resting, &Terms::of(&resting)?, None))
                .await
                .map_err(ForwardError::DoneNotLogged)?;
        }
        Ok(())
    }

    /// Tells whoever works on a forward that it is not as it was.
    fn changed(&self, id: ForwardId) {
        self.inner.changed.send_modify(|counts| *counts.entry(id).or_default() += 1);
    }

    async fn named(&self, name: &str) -> Result<Forward, ForwardError> {
        let all = self.inner.vault.forwards().await?;
        all.into_iter().find(|forward| forward.name == name).ok_or(ForwardError::Unknown)
    }

    async fn standing(&self, forward: Forward) -> Result<Standing, ForwardError> {
        let terms = Terms::of(&forward)?;
        let set_aside = self.inner.vault.forward_set_aside(forward.id).await?;
        let (lag_events, lag_seconds) = self.inner.lag(forward.position).await?;
        Ok(Standing { forward, terms, lag_events, lag_seconds, set_aside })
    }

    /// Takes down what happened to a forward.
    async fn note<F: Facts>(&self, facts: &F) -> Result<(), AppendError> {
        let mut id = Key::default();
        getrandom::fill(&mut id).map_err(|error| AppendError::Unavailable(error.to_string()))?;
        let event = facts.event(id);
        let append = Append { events: vec![event], fence: None, raise_fence: false };
        self.inner.log.append(append).await.map(drop)
    }
}

impl Inner {
    /// How far behind the head a position is: events, and seconds since the first of them was stored.
    pub(crate) async fn lag(&self, position: u64) -> Result<(u64, f64), LogError> {
        let events = self.log.head().await?.position.0.saturating_sub(position);
        let first = match events {
            0 => None,
            _ => self.log.stored_at(Position(position + 1)).await?,
        };
        let seconds = first.map_or(0.0, |Micros(stored)| (self.clock.now().0 - stored).max(0) as f64 / 1e6);
        Ok((events, seconds))
    }
}

/// What the log says of a forward that was made or changed.
fn set(forward: &Forward, terms: &Terms, by: Option<Key>) -> ForwardSetFacts {
    let Selection { verbs, activities, units } = terms.selection.clone();
    ForwardSetFacts {
        forward: forward.id,
        kind: terms.kind.code(),
        verbs,
        activities,
        units,
        by,
        paused: forward.paused,
        after: forward.position,
    }
}
