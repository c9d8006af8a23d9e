//! The definitions of registered surveys, opened and read when they are asked for and kept in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::Municipality;
use domain::events::SurveyDocuments;
use eventlog::EventLog;
use eventlog::event::Position;
use forms::Definition;
use vault::{Envelope, Opened, Vault};

use crate::ViewError;

/// Reads definitions out of the log. Cheap to clone; all clones keep what they read together.
#[derive(Clone)]
pub struct Definitions {
    log: EventLog,
    vault: Vault,
    kept: Arc<Mutex<BTreeMap<Position, Arc<Definition>>>>,
}

/// So many are kept; a municipality asks a few at a time.
const KEPT: usize = 64;

impl Definitions {
    /// A reader of a log.
    pub fn new(log: EventLog, vault: Vault) -> Self {
        Self { log, vault, kept: Arc::default() }
    }

    /// What a version of a survey asks, with its scoring. `None` where there is no such version, and where it was
    /// registered when definitions were not read and is none that is taken.
    ///
    /// # Errors
    /// The log or the vault cannot be read.
    pub async fn read(
        &self,
        known: &Municipality,
        survey: &str,
        version: &str,
    ) -> Result<Option<Arc<Definition>>, ViewError> {
        let Some(position) = known.surveys.survey(survey, version).map(|held| held.position) else {
            return Ok(None);
        };
        if let Some(kept) = self.kept().get(&position) {
            return Ok(Some(kept.clone()));
        }
        let Some(documents) = self.documents_at(position).await? else { return Ok(None) };
        let Some(read) = documents.read().ok().map(Arc::new) else { return Ok(None) };
        let mut kept = self.kept();
        if kept.len() == KEPT {
            kept.pop_first();
        }
        kept.insert(position, read.clone());
        Ok(Some(read))
    }

    /// A version of a survey as it was sent.
    ///
    /// # Errors
    /// As [`Definitions::read`].
    pub async fn documents(
        &self,
        known: &Municipality,
        survey: &str,
        version: &str,
    ) -> Result<Option<SurveyDocuments>, ViewError> {
        match known.surveys.survey(survey, version).map(|held| held.position) {
            Some(position) => self.documents_at(position).await,
            None => Ok(None),
        }
    }

    async fn documents_at(&self, position: Position) -> Result<Option<SurveyDocuments>, ViewError> {
        let found = self.log.read_at(&[position]).await.map_err(|error| ViewError::Log(error.to_string()))?;
        let Some((event, slots)) = found.first() else { return Ok(None) };
        let envelope = Envelope { event: event.id, kind: &event.kind, slots };
        let opened = self.vault.open_all(&[envelope]).await;
        let opened = opened.map_err(|error| ViewError::Log(error.to_string()))?;
        let Some(Opened::Plain(plain)) = opened.into_iter().flatten().next() else { return Ok(None) };
        let documents = SurveyDocuments::decode(&plain);
        documents
            .map(Some)
            .map_err(|error| ViewError::Fold { position: position.0, reason: error.to_string() })
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<Position, Arc<Definition>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
