//! Statements that were in another store before: stored as any others, with where they were kept beside them.
//!
//! `stored` and `authority` are this store's own, as the standard has it (1.0.3 Data 2.4.8 and 2.4.9). What they were
//! before stays: the original `stored` among the clear facts, with the run of the import, and the original authority in
//! the sealed text, as it came.

use std::collections::{HashMap, HashSet};

use domain::events::ImportRunFacts;
use domain::statement::Origin;
use domain::{Facts as _, StatementFacts};
use eventlog::clock::Micros;
use eventlog::event::Expected;
use eventlog::{Append, AppendError, Key, NewEvent, Position};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;
use vault::Text;
use views::statements;
use xapi::{Invalid, Statement, Version};

use crate::attachments::Contents;
use crate::failure::refused;
use crate::prepare::{self, STATEMENT};
use crate::reading;
use crate::{Ingest, IngestError, Lrs, Posted, Query, QueryFailed, Sender};

/// A statement that was in another store before, with the content of its attachments as far as it came.
#[derive(Debug)]
pub struct Imported {
    statement: Statement,
    contents: Contents,
    origin: Origin,
    whole: bool,
}

impl Imported {
    /// A statement that was found valid under `version`. Content is matched to attachments by hash. What does not come
    /// is not asked for, even where an attachment has no `fileUrl` either: the store that had it may be gone, and the
    /// statement says more than nothing. Signatures whose content comes are verified.
    ///
    /// # Errors
    /// Content that belongs to no attachment, or is a signature of something else.
    pub fn new(
        statement: Statement,
        contents: Vec<Vec<u8>>,
        origin: Origin,
        version: Version,
    ) -> Result<Self, Invalid> {
        let (contents, whole) = Contents::imported(&statement, contents, version)
            .map_err(|expected| Invalid { statement: 0, path: "/attachments".into(), expected })?;
        Ok(Self { statement, contents, origin, whole })
    }

    /// Whether every attachment has content, or else a `fileUrl`.
    pub fn is_whole(&self) -> bool {
        self.whole
    }
}

/// How a statement stands in this store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its verb.
    pub verb: String,
    /// Whether it is voided.
    pub voided: bool,
    /// When it happened, as it says.
    pub at: Micros,
    /// Where it was before, if it was imported.
    pub origin: Option<Origin>,
}

/// Where a statement comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Its place in the log.
    pub position: Position,
    /// When it was stored here.
    pub stored: Micros,
    /// The credential that brought it.
    pub credential: Option<Key>,
    /// Where it was before, if it was imported.
    pub origin: Option<Origin>,
    /// What is known of the import's run.
    pub run: Option<ImportRunFacts>,
    /// The authority that it had before, as JSON; erased people are replaced by accounts of this instance. None where
    /// it had none, was not imported, or its text is gone.
    pub authority: Option<String>,
}

impl Ingest {
    /// Stores imported statements of one version, in the manner of [`post`](Self::post).
    ///
    /// # Errors
    /// Each way in which nothing was stored.
    pub async fn import(
        &self,
        imported: &[&Imported],
        sender: Sender,
        version: Version,
    ) -> Result<Posted, IngestError> {
        let statements = imported.iter().map(|one| one.statement.clone()).collect();
        let origins: Vec<Origin> = imported.iter().map(|one| one.origin).collect();
        let mut contents = Contents::default();
        imported.iter().for_each(|one| contents.extend(&one.contents));
        self.store(statements, contents, &origins, sender, version).await
    }
}

impl Lrs {
    /// Takes down that a run of an import has begun (no counts) or ended (counts). Doing it again changes nothing.
    ///
    /// # Errors
    /// The log does not take it.
    pub async fn note_import(&self, facts: &ImportRunFacts) -> Result<(), IngestError> {
        let before = u64::from(facts.counts.is_some());
        let event = NewEvent {
            credential: Some(facts.credential),
            stream: Some((facts.run, Expected::Version(before))),
            ..facts.event(prepare::random().map_err(crate::failure::vault_failed)?)
        };
        let append = Append { events: vec![event], fence: None, raise_fence: false };
        match self.inner.log.append(append).await {
            Ok(_) | Err(AppendError::WrongVersion { .. }) => Ok(()),
            Err(error) => Err(refused(error)),
        }
    }
}

impl Query {
    /// How statements stand, in the order of their ids; none for those that are not here.
    ///
    /// # Errors
    /// [`QueryFailed::Unavailable`], [`QueryFailed::Internal`].
    pub async fn standing(&self, ids: &[Uuid]) -> Result<Vec<Option<Standing>>, QueryFailed> {
        let keys: Vec<Key> = ids.iter().map(|id| id.into_bytes()).collect();
        let found = self.log.find(&keys).await?;
        let positions: Vec<Position> = found.iter().flatten().copied().collect();
        let voided: HashSet<Position> =
            statements::voided_by(self.log.database(), &positions).await?.into_keys().collect();
        let mut standing: HashMap<Position, Standing> = HashMap::with_capacity(positions.len());
        for event in
            self.log.read_events_at(&positions).await?.into_iter().filter(|one| one.kind == STATEMENT)
        {
            let facts = StatementFacts::decode(event.schema, &event.facts)
                .map_err(|error| QueryFailed::Internal(error.to_string()))?;
            let voided = voided.contains(&event.position);
            let at = Micros(facts.happened(event.stored));
            standing.insert(event.position, Standing { verb: facts.verb, voided, at, origin: facts.origin });
        }
        Ok(found.iter().map(|position| standing.get(position.as_ref()?).cloned()).collect())
    }

    /// Where a statement comes from, be it voided or not; none where there is no such statement.
    ///
    /// # Errors
    /// [`QueryFailed::Unavailable`], [`QueryFailed::Internal`].
    pub async fn provenance(&self, id: Uuid) -> Result<Option<Provenance>, QueryFailed> {
        let found = self.log.find(&[id.into_bytes()]).await?;
        let Some(position) = found.into_iter().flatten().next() else { return Ok(None) };
        let read = reading::read(&self.log, &self.vault, &self.base_url, &[position]).await?;
        let Some(stored) = read.into_iter().next() else { return Ok(None) };
        let mut provenance = Provenance {
            position,
            stored: stored.stored(),
            credential: stored.event.credential,
            origin: stored.facts.origin,
            run: None,
            authority: None,
        };
        if let Some(origin) = provenance.origin {
            let event = self.log.latest(&[origin.run]).await?.into_iter().flatten().next();
            if let Some(event) = event.filter(|event| event.kind == ImportRunFacts::KIND) {
                let run = ImportRunFacts::decode(event.schema, &event.facts);
                provenance.run = Some(run.map_err(|error| QueryFailed::Internal(error.to_string()))?);
            }
            if let Text::Plain { text, .. } = &stored.text {
                let named = serde_json::from_str::<Authorized<'_>>(text).ok().and_then(|text| text.authority);
                provenance.authority = named.map(|authority| authority.get().to_owned());
            }
        }
        Ok(Some(provenance))
    }
}

#[derive(Deserialize)]
struct Authorized<'a> {
    #[serde(borrow, default)]
    authority: Option<&'a RawValue>,
}
