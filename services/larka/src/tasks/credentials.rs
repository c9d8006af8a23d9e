//! Keys of learning tools: the one place where the command and the API for administrators meet.

use std::sync::Arc;
use std::time::Duration;

use admin::{CredentialFailure, CredentialInput, CredentialTask};
use eventlog::Position;
use futures_util::future::BoxFuture;
use lrs::{CredentialError, Wanted};
use serde_json::{Value, json};
use vault::{AccountId, NewCredential};

use crate::instance::Instance;
use crate::tasks::sources::{self, row};

/// Does a task on an open instance; `by` is the account that asks, if one does.
pub(crate) async fn perform(
    instance: &Instance,
    task: CredentialTask,
    by: Option<AccountId>,
) -> Result<Value, CredentialFailure> {
    match task {
        CredentialTask::Create(CredentialInput { name, scopes, expires, rate, burst, rules }) => {
            let wanted = Wanted { name, scopes, expires, rate, burst, rules };
            Ok(with_secret(&instance.lrs.create_credential(wanted, by).await.map_err(failure)?))
        }
        CredentialTask::List => Ok(json!({ "credentials": sources::list(instance).await? })),
        CredentialTask::Rotate { key, grace_seconds } => {
            let grace = Duration::from_secs(grace_seconds);
            Ok(with_secret(&instance.lrs.rotate_credential(&key, grace, by).await.map_err(failure)?))
        }
        CredentialTask::SetRules { key, rules } => {
            let changed = instance.lrs.set_credential_rules(&key, &rules, by).await;
            Ok(row(&changed.map_err(failure)?))
        }
        CredentialTask::Replay { key, dry_run } => {
            let replayed = instance.lrs.replay_kept(&key, dry_run, by).await.map_err(failure)?;
            Ok(json!({
                "stored": replayed.stored, "known": replayed.known, "refused": replayed.refused,
                "conflict": replayed.conflict, "unreadable": replayed.unreadable, "dry_run": dry_run,
            }))
        }
        CredentialTask::Kept { key, after } => {
            let (kept, more) = instance.lrs.kept_of(&key, Position(after)).await.map_err(failure)?;
            let mut answer = json!({ "kept": kept.iter().map(sources::waiting).collect::<Vec<_>>() });
            if let Some(more) = more {
                answer["more"] = json!(more.0);
            }
            Ok(answer)
        }
        CredentialTask::Discard { key } => {
            let discarded = instance.lrs.discard_kept(&key, by).await.map_err(failure)?;
            Ok(json!({ "discarded": discarded }))
        }
        CredentialTask::Revoke { key } => {
            instance.lrs.revoke_credential(&key, by).await.map_err(failure)?;
            Ok(json!({ "revoked": true }))
        }
    }
}

/// The credentials of an instance, for the API.
pub(crate) struct ForApi(pub(crate) Arc<Instance>);

impl admin::Credentials for ForApi {
    fn perform(
        &self,
        task: CredentialTask,
        by: Option<AccountId>,
    ) -> BoxFuture<'_, Result<Value, CredentialFailure>> {
        Box::pin(perform(&self.0, task, by))
    }
}

fn with_secret(made: &NewCredential) -> Value {
    let mut row = row(&made.credential);
    row["secret"] = json!(*made.secret);
    row
}

fn failure(error: CredentialError) -> CredentialFailure {
    match error {
        CredentialError::Invalid { at, expected } => {
            CredentialFailure::Invalid { at: at.to_owned(), expected }
        }
        CredentialError::Unknown => CredentialFailure::Unknown,
        error => CredentialFailure::Failed(error.to_string()),
    }
}
