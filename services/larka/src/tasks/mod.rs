//! What is done on an open instance, by the process that has it open: each a [`Task`], a subject a file. Some are asked
//! for by the API for administrators too.

pub(crate) mod accounts;
pub(crate) mod anchors;
pub(crate) mod answers;
pub(crate) mod asked;
pub(crate) mod credentials;
pub(crate) mod forwards;
pub(crate) mod imported;
pub(crate) mod invitations;
pub(crate) mod ordered;
mod outside;
mod person;
pub(crate) mod provenance;
pub(crate) mod reports;
mod sources;

use std::time::Duration;

use admin::{CredentialTask, ForwardTask};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::backups::erasures;
use crate::checks::everything;
use crate::failure::Failure;
use crate::finding::{self, Finding};
use crate::instance::Instance;
use crate::together::joined;

/// A task as it travels to the process that has the instance open.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    Credential(CredentialTask),
    Forward(ForwardTask),
    CreateUser { login: String },
    Erase { agent: String },
    Person { agent: String, as_of: Option<String> },
    Rebuild { projection: Option<String>, index: bool },
    Retention { dry_run: bool, keep_superseded: Duration },
    Verify { anchors: Option<String>, key: Option<String> },
    VerifyAll { anchors: Option<String>, key: Option<String> },
    Anchor,
    Twins { dry_run: bool },
    Import(imported::Batch),
    ImportRun(imported::Run),
    Standing { ids: Vec<imported::Id> },
    Provenance { statement: String },
    Report(asked::Asked),
    Outside(domain::input::OutsideInput),
}

/// Does a task on an open instance. What it answers is what `--json` prints.
pub(crate) async fn perform(instance: &Instance, task: Task) -> Result<Value, Failure> {
    match task {
        Task::Credential(task) => Ok(credentials::perform(instance, task, None).await?),
        Task::Forward(task) => Ok(forwards::perform(instance, task, None).await?),
        Task::CreateUser { login } => accounts::create(instance, &login).await,
        Task::Erase { agent } => {
            let receipt = instance.lrs.erase(&agent).await?;
            // Before the ratchet, after which nothing leads to them any more: then the same call tries it again.
            erasures::carry_over(instance).await.map_err(|failure| {
                failure.before(
                    "the keys are destroyed, but a restore would bring them back until the copy of the erasure journal says \
                     so; call it again",
                )
            })?;
            let until = instance.vault.backups_until().await?;
            // The keys are gone from the database; a new generation of key keys makes old copies of it worthless.
            instance.vault.ratchet().await?;
            Ok(json!({
                "agent": receipt.agent.to_string(),
                "agents": receipt.agents.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "keys": receipt.keys,
                "position": receipt.position.0,
                "at": receipt.at.to_datetime().to_rfc3339(),
                "in_backups_until": until.map(|until| until.to_datetime().to_rfc3339()),
                "erasures_to": instance.settings.storage.erasures_to,
            }))
        }
        Task::Person { agent, as_of } => person::competence(instance, &agent, as_of.as_deref()).await,
        Task::Rebuild { projection, index } => {
            if index {
                instance.log.rebuild_hooks().await?;
            }
            instance.worker.rebuild(projection.as_deref()).await?;
            Ok(json!({
                "rebuilt": true,
                "statement_index": index,
                "position": instance.log.head().await?.position.0,
            }))
        }
        Task::Retention { dry_run, keep_superseded } => {
            let dropped = instance.lrs.drop_superseded(keep_superseded, dry_run).await?;
            Ok(json!({ "superseded_documents": dropped, "deleted": !dry_run }))
        }
        Task::Verify { anchors, key } => {
            let head = instance.log.head().await?.position.0;
            let verified = instance.log.verify(1..=head, &mut |_| {}).await?;
            let mut apart = joined(&instance.parts().apart(true).await?.findings());
            if let Err(error) = instance.worker.lake_holds().await {
                apart = if apart.is_empty() { error.to_string() } else { format!("{apart}; {error}") };
            }
            if !apart.is_empty() {
                return Err(Failure::new(format!("the log is whole, but {apart}")));
            }
            let mut answer =
                json!({ "verified": true, "events": verified.events, "position": head, "together": true });
            if let Some(lines) = anchors {
                answer["anchors"] = anchors::verify(instance, &lines, key.as_deref()).await?.into();
            }
            Ok(answer)
        }
        Task::VerifyAll { anchors, key } => {
            let mut findings = everything::findings(instance).await?;
            if let Some(lines) = anchors {
                findings.push(match anchors::verify(instance, &lines, key.as_deref()).await {
                    Ok(count) => {
                        Finding::well("anchors", format!("{count} signed heads hold")).with("anchors", count)
                    }
                    Err(failure) => Finding::wrong("anchors", failure.to_string(), everything::AFTER_BREAK),
                });
            }
            Ok(finding::answer(&findings))
        }
        Task::Anchor => {
            let (anchor, key) = anchors::now(instance, 0).await?;
            Ok(json!({ "anchor": anchor, "key": key }))
        }
        Task::Twins { dry_run } => {
            let done = instance.lrs.bring_together(dry_run).await?;
            Ok(json!({ "events": done.events, "spellings": done.linked, "linked": !dry_run }))
        }
        Task::Import(batch) => imported::store(instance, batch).await,
        Task::ImportRun(run) => imported::note(instance, run).await,
        Task::Standing { ids } => imported::standing(instance, &ids).await,
        Task::Provenance { statement } => provenance::of(instance, &statement).await,
        Task::Outside(input) => outside::take(instance, &input).await,
        Task::Report(asked) => {
            Ok(json!({ "report": STANDARD.encode(reports::file(instance, &asked).await?) }))
        }
    }
}
