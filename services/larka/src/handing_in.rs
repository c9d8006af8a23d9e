//! Answers that are handed in, stored as statements in the name of the survey service.

use desk::{StoreError, Stored};
use eventlog::Key;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lrs::{IngestError, Lrs, Sender};
use uuid::Uuid;
use vault::Vault;
use xapi::Version;

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

    async fn post(&self, statements: Vec<String>) -> Result<Stored, StoreError> {
        let limits = xapi::Limits::default();
        let parsed = statements.iter().map(|text| xapi::parse::statement(text.as_bytes(), VERSION, &limits));
        let parsed: Result<Vec<_>, _> = parsed.collect();
        // Says where and what was expected, and nothing of what stands there.
        let parsed = parsed
            .map_err(|invalid| StoreError::Failed(format!("{}: {}", invalid.path, invalid.expected)))?;
        let sender = Sender { credential: Some(self.authority), ..Sender::default() };
        match self.lrs.ingest().post(parsed, sender, VERSION).await {
            Ok(posted) if posted.stored == 0 => Ok(Stored::Before),
            Ok(_) => Ok(Stored::New),
            Err(IngestError::Conflict { .. }) => Err(StoreError::Conflict),
            Err(error) => Err(StoreError::Failed(error.to_string())),
        }
    }
}

impl desk::Store for ByLrs {
    fn post(&self, statements: Vec<String>) -> BoxFuture<'_, Result<Stored, StoreError>> {
        self.post(statements).boxed()
    }

    fn known<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<bool>, StoreError>> {
        async move {
            let standing = self.lrs.query().standing(ids).await;
            let standing = standing.map_err(|error| StoreError::Failed(error.to_string()))?;
            Ok(standing.iter().map(Option::is_some).collect())
        }
        .boxed()
    }
}
