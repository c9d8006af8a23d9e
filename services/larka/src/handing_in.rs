//! Answers that are handed in, stored as statements in the name of the survey service.

use desk::{StoreError, Stored};
use domain::AgentId;
use eventlog::Key;
use eventlog::clock::Micros;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lrs::{IngestError, Lrs, Sender};
use uuid::Uuid;
use vault::Vault;
use xapi::{Statement, Version};

/// The version under which answers become statements.
const VERSION: Version = Version::V2_0_0;

/// Statements of the survey service, stored as any others.
pub(crate) struct ByLrs {
    lrs: Lrs,
    /// Who vouches for them: the service, which has no secret and is in no list of credentials.
    authority: Key,
}

impl ByLrs {
    pub(crate) fn new(lrs: &Lrs, vault: &Vault) -> Self {
        Self { lrs: lrs.clone(), authority: vault.keyed_hash("survey service", b"authority") }
    }

    async fn post(&self, statements: &[String], authority: Option<Key>) -> Result<Stored, StoreError> {
        let authority = authority.unwrap_or(self.authority);
        // What takes the place of another answer voids it, whoever brought that.
        let sender = Sender { credential: Some(authority), may_void: true, ..Sender::default() };
        match self.lrs.ingest().post(parsed(statements)?, sender, VERSION).await {
            Ok(posted) if posted.stored == 0 => Ok(Stored::Before),
            Ok(_) => Ok(Stored::New),
            Err(IngestError::Conflict { .. }) => Err(StoreError::Conflict),
            Err(IngestError::Full { retry_after }) => Err(StoreError::Full(retry_after)),
            Err(error) => Err(StoreError::Failed(error.to_string())),
        }
    }
}

impl desk::Store for ByLrs {
    fn post(
        &self,
        statements: Vec<String>,
        authority: Option<Key>,
    ) -> BoxFuture<'_, Result<Stored, StoreError>> {
        async move { self.post(&statements, authority).await }.boxed()
    }

    fn known<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Option<Micros>>, StoreError>> {
        async move {
            let standing = self.lrs.query().standing(ids).await.map_err(failed)?;
            Ok(standing.iter().map(|one| Some(one.as_ref()?.at)).collect())
        }
        .boxed()
    }

    fn stand(&self, statements: Vec<String>) -> BoxFuture<'_, Result<Vec<Option<bool>>, StoreError>> {
        async move { self.lrs.ingest().stand(&parsed(&statements)?, VERSION).await.map_err(failed) }.boxed()
    }

    fn answered<'a>(
        &'a self,
        agents: &'a [AgentId],
        registration: Uuid,
    ) -> BoxFuture<'a, Result<Vec<desk::Said>, StoreError>> {
        async move { self.lrs.query().answered(agents, registration).await.map_err(failed) }.boxed()
    }
}

fn failed(error: impl std::fmt::Display) -> StoreError {
    StoreError::Failed(error.to_string())
}

/// Says where and what was expected, and nothing of what stands there.
fn parsed(statements: &[String]) -> Result<Vec<Statement>, StoreError> {
    let limits = xapi::Limits::default();
    let parsed = statements.iter().map(|text| xapi::parse::statement(text.as_bytes(), VERSION, &limits));
    let parsed: Result<_, _> = parsed.collect();
    parsed.map_err(|invalid| StoreError::Failed(format!("{}: {}", invalid.path, invalid.expected)))
}
