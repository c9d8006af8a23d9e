//! Finding statements: the standard's filters on the index, the log and the vault.

use domain::statement::StatementFacts;
use domain::{Facts as _, verbs};
use eventlog::clock::{Micros, SharedClock};
use eventlog::{EventLog, Key, Position};
use prometheus::IntCounter;
use uuid::Uuid;
use vault::{AgentId, Vault};
use views::ViewError;
use views::statements::{self, Bounds, Filter, Order, Subject};
use xapi::output::Languages;
use xapi::{Format, Identifier, StatementQuery, Version, definition};

use crate::content::{self, GivenAttachment};
use crate::cursor::Cursor;
use crate::failure::ReadError;
use crate::limits::Limits;
use crate::people::People;
use crate::reading::{self, Look, Shown, Stored};

/// Attachments on one page, in times of the largest body that is taken; a page with more ends early.
const ATTACHED: u64 = 2;

/// Finds statements. Cheap to clone.
#[derive(Clone)]
pub struct Query {
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    people: People,
    clock: SharedClock,
    pub(crate) base_url: String,
    limits: Limits,
    /// Counts the damaged statements that lists go on without.
    left_out: IntCounter,
}

/// A page of statements.
#[derive(Debug, Clone)]
pub struct Found {
    /// Each as JSON, in the order asked for.
    pub statements: Vec<String>,
    /// The token to go on with, where there is more to look at.
    pub more: Option<String>,
    /// When the newest of them was stored.
    pub newest: Option<Micros>,
    /// The content of their attachments, each once, where it was asked for.
    pub attachments: Option<Vec<GivenAttachment>>,
}

/// Who asks, and how the answer is to look.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The credential.
    pub credential: Key,
    /// Whether it sees its own statements alone.
    pub own: bool,
    /// The version of the answer.
    pub version: Version,
    /// `Accept-Language`, for `format=canonical`.
    pub languages: &'a Languages,
}

/// Why a query was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryFailed {
    /// The `more` address was not made by this instance for this credential.
    #[error("the address was not made here, or not for this credential")]
    UnknownMore,
    /// The `more` address is too old.
    #[error("the address has expired; ask again from the start")]
    ExpiredMore,
    /// A database cannot be reached.
    #[error("nothing can be read: {0}")]
    Unavailable(String),
    /// What is stored is damaged, or this program is at fault.
    #[error("an internal fault: {0}")]
    Internal(String),
}

impl Query {
    pub(crate) fn new(
        log: EventLog,
        vault: Vault,
        people: People,
        clock: SharedClock,
        base_url: String,
        limits: Limits,
        left_out: IntCounter,
    ) -> Self {
        Self { log, vault, people, clock, base_url, limits, left_out }
    }

    /// One statement by its id: the one that is not voided, or, for `voided`, the one that is.
    ///
    /// # Errors
    /// [`QueryFailed::Unavailable`], [`QueryFailed::Internal`].
    pub async fn one(
        &self,
        id: Uuid,
        voided: bool,
        format: Format,
        attachments: bool,
        asking: &Asking<'_>,
    ) -> Result<Option<Found>, QueryFailed> {
        let Some((position, is_voided)) = statements::locate(&self.log, id.as_bytes()).await? else {
            return Ok(None);
        };
        if is_voided != voided {
            return Ok(None);
        }
        let mut shown = self.shown(&[position], format, attachments, None, asking).await?;
        shown.retain(|shown| !asking.own || shown.credential == Some(asking.credential));
        let attachments = match attachments {
            true => Some(self.contents(&shown, u64::MAX).await?.0),
            false => None,
        };
        Ok(shown.into_iter().next().map(|Shown { stored, json, .. }| Found {
            statements: vec![json],
            more: None,
            newest: Some(stored),
            attachments,
        }))
    }

    /// The first page of a list.
    ///
    /// # Errors
    /// [`QueryFailed::Unavailable`], [`QueryFailed::Internal`].
    pub async fn list(&self, query: &StatementQuery, asking: &Asking<'_>) -> Result<Found, QueryFailed> {
        let agent = match &query.agent {
            Some(identifier) => Some(self.subject(identifier).await?),
            None => None,
        };
        let filter = Filter {
            agent,
            related_agents: query.related_agents,
            verb: query.verb.clone(),
            activity: query.activity.clone(),
            related_activities: query.related_activities,
            registration: query.registration,
            own: None,
        };
        let through = match query.until {
            Some(until) => self.log.position_at(Micros(until)).await?,
            // A list that begins with the newest that match begins there wherever the log ends.
            None if !query.ascending && !filter.finds_all() => Position::LAST,
            None => self.log.head().await?.position,
        };
        let after = match query.since {
            Some(since) => self.log.position_at(Micros(since)).await?,
            None => Position(0),
        };
        let limit = query.limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
        let cursor = Cursor {
            filter,
            order: if query.ascending { Order::OldestFirst } else { Order::NewestFirst },
            bounds: Bounds { after, through },
            limit: limit.unwrap_or(self.limits.page).min(self.limits.page),
            format: query.format,
            attachments: query.attachments,
            credential: asking.credential,
            expires: Micros(0),
        };
        self.page(cursor, asking).await
    }

    /// The page that a token goes on with.
    ///
    /// # Errors
    /// [`QueryFailed`], each.
    pub async fn more(&self, token: &str, asking: &Asking<'_>) -> Result<Found, QueryFailed> {
        let cursor = Cursor::open(&self.vault, token).filter(|cursor| cursor.credential == asking.credential);
        let cursor = cursor.ok_or(QueryFailed::UnknownMore)?;
        if cursor.expires < self.clock.now() {
            return Err(QueryFailed::ExpiredMore);
        }
        self.page(cursor, asking).await
    }

    /// The statements in which one of these agents answers something under a registration, with who does, and when they count.
    /// Voided ones are none.
    ///
    /// # Errors
    /// [`QueryFailed::Unavailable`], [`QueryFailed::Internal`].
    pub async fn answered(
        &self,
        agents: &[Key],
        registration: Uuid,
    ) -> Result<Vec<(Key, Uuid, Micros)>, QueryFailed> {
        let subject = Subject { agents: agents.to_vec(), credential: None };
        let filter = Filter {
            agent: Some(subject),
            verb: Some(verbs::ANSWERED.to_owned()),
            registration: Some(registration),
            ..Filter::default()
        };
        let mut bounds = Bounds { after: Position(0), through: Position::LAST };
        let mut answered = Vec::new();
        loop {
            let page =
                statements::find(&self.log, &filter, Order::NewestFirst, bounds, self.limits.page).await?;
            for event in self.log.read_events_at(&page.positions).await? {
                let facts = StatementFacts::decode(event.schema, &event.facts)
                    .map_err(|error| QueryFailed::Internal(error.to_string()))?;
                // What refers to one that matches is found with it.
                let own =
                    facts.verb == verbs::ANSWERED && facts.registration == Some(registration.into_bytes());
                let who = facts.actor().filter(|who| own && agents.contains(who));
                let when = facts.counted_at(event.stored);
                answered.extend(who.map(|who| (who, Uuid::from_bytes(facts.id), when)));
            }
            match page.rest {
                Some(rest) => bounds = rest,
                None => return Ok(answered),
            }
        }
    }

    async fn page(&self, mut cursor: Cursor, asking: &Asking<'_>) -> Result<Found, QueryFailed> {
        // By what the credential may see now, not when it asked for the first page.
        cursor.filter.own = asking.own.then_some(asking.credential);
        let page =
            statements::find(&self.log, &cursor.filter, cursor.order, cursor.bounds, cursor.limit).await?;
        let left_out = Some(self.left_out.clone());
        let mut shown =
            self.shown(&page.positions, cursor.format, cursor.attachments, left_out, asking).await?;
        let mut rest = page.rest;
        let mut attachments = None;
        if cursor.attachments {
            let most = (self.limits.body_bytes as u64).saturating_mul(ATTACHED);
            let (given, served) = self.contents(&shown, most).await?;
            if let Some(next) = shown.get(served) {
                rest = Some(from(next.position, cursor.order, cursor.bounds));
                shown.truncate(served);
            }
            attachments = Some(given);
        }
        let more = match rest {
            Some(rest) => {
                cursor.bounds = rest;
                let lasts = i64::try_from(self.limits.more_seconds).unwrap_or(i64::MAX);
                cursor.expires = Micros(self.clock.now().0.saturating_add(lasts.saturating_mul(1_000_000)));
                Some(cursor.seal(&self.vault)?)
            }
            None => None,
        };
        let newest = shown.iter().map(|shown| shown.stored).max();
        let statements = shown.into_iter().map(|shown| shown.json).collect();
        Ok(Found { statements, more, newest, attachments })
    }

    /// An activity as JSON, with its canonical definition in every language where one is known (1.0.3 Communication
    /// 2.5, IEEE 4.1.6.4).
    ///
    /// # Errors
    /// [`QueryFailed::Unavailable`], [`QueryFailed::Internal`].
    pub async fn activity(&self, id: &str) -> Result<String, QueryFailed> {
        let found = views::activities::definitions(&self.log, &[id]).await?;
        let definition = found.into_iter().flatten().next();
        Ok(definition::activity(id, definition.as_ref().map(|known| known.json.as_str())))
    }

    async fn shown(
        &self,
        positions: &[Position],
        format: Format,
        attachments: bool,
        left_out: Option<IntCounter>,
        asking: &Asking<'_>,
    ) -> Result<Vec<Shown>, ReadError> {
        let (version, languages) = (asking.version, asking.languages.clone());
        let look = Look { version, format, languages, attachments, left_out };
        reading::shown(&self.log, &self.vault, &self.base_url, positions, look).await
    }

    async fn contents(&self, shown: &[Shown], most: u64) -> Result<(Vec<GivenAttachment>, usize), ReadError> {
        let stored: Vec<&Stored> = shown.iter().filter_map(|shown| shown.whole.as_ref()).collect();
        content::given(&self.log, &self.vault, &stored, most).await
    }

    /// Whom an identifier stands for.
    pub(crate) async fn subject(&self, identifier: &Identifier) -> Result<Subject, QueryFailed> {
        let agents = self.people.behind(identifier).await?.into_iter().map(|agent| agent.0).collect();
        let mut subject = Subject { agents, credential: None };
        if let Identifier::Account { home_page, name } = identifier
            && let Ok(AgentId(id)) = name.parse()
        {
            if *home_page == self.base_url {
                subject.credential = Some(id);
            } else if subject.agents.is_empty() && *home_page == reading::erased_home(&self.base_url) {
                subject.agents.push(id);
            }
        }
        Ok(subject)
    }
}

/// What is left of a stretch from a position on, that included.
fn from(position: Position, order: Order, bounds: Bounds) -> Bounds {
    match order {
        Order::NewestFirst => Bounds { through: position, ..bounds },
        Order::OldestFirst => Bounds { after: Position(position.0.saturating_sub(1)), ..bounds },
    }
}

impl From<eventlog::LogError> for QueryFailed {
    fn from(error: eventlog::LogError) -> Self {
        match error {
            eventlog::LogError::Database(_) => Self::Unavailable(error.to_string()),
            error => Self::Internal(error.to_string()),
        }
    }
}

impl From<vault::VaultError> for QueryFailed {
    fn from(error: vault::VaultError) -> Self {
        match error {
            vault::VaultError::Unavailable(_) | vault::VaultError::Stopped(_) => {
                Self::Unavailable(error.to_string())
            }
            error => Self::Internal(error.to_string()),
        }
    }
}

impl From<ViewError> for QueryFailed {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Unavailable(_) | ViewError::Building(_) | ViewError::Log(_) => {
                Self::Unavailable(error.to_string())
            }
            error @ ViewError::Fold { .. } => Self::Internal(error.to_string()),
        }
    }
}

impl From<ReadError> for QueryFailed {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Log(error) => error.into(),
            ReadError::Vault(error) => error.into(),
            ReadError::View(error) => error.into(),
            error @ (ReadError::Facts(..) | ReadError::Chunk(_)) => Self::Internal(error.to_string()),
        }
    }
}
