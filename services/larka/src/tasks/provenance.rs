//! Where a statement comes from: asked by the command and by the API for administrators.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::failure::Failure;
use crate::instance::Instance;

/// Does it on an open instance.
pub(crate) async fn of(instance: &Instance, statement: &str) -> Result<Value, Failure> {
    let id = Uuid::parse_str(statement).map_err(|_| Failure::new("expected a statement's id, a UUID"))?;
    let found = provenance(instance, id).await?;
    found.ok_or_else(|| Failure::new("there is no statement with that id"))
}

async fn provenance(instance: &Instance, id: Uuid) -> Result<Option<Value>, lrs::QueryFailed> {
    let Some(found) = instance.lrs.query().provenance(id).await? else { return Ok(None) };
    let key = |key: [u8; 16]| vault::AgentId(key).to_string();
    let mut answer = json!({
        "statement": id.to_string(),
        "position": found.position.0,
        "stored": xapi::time::format_timestamp(found.stored.0),
        "credential": found.credential.map(key),
    });
    if let Some(origin) = found.origin {
        let mut original = json!({ "run": Uuid::from_bytes(origin.run).to_string() });
        if let Some(stored) = origin.stored {
            original["stored"] = json!(xapi::time::format_timestamp(stored));
        }
        if let Some(run) = found.run {
            original["source"] = json!(run.source);
            original["ended"] = json!(run.counts.is_some());
        }
        if let Some(authority) = found.authority.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
            original["authority"] = authority;
        }
        answer["original"] = original;
    }
    Ok(Some(answer))
}

/// The statements of an instance, for the API.
pub(crate) struct ForApi(pub(crate) Arc<Instance>);

impl admin::Statements for ForApi {
    fn provenance(&self, id: [u8; 16]) -> BoxFuture<'_, Result<Option<Value>, admin::StatementsFailed>> {
        Box::pin(async move {
            provenance(&self.0, Uuid::from_bytes(id)).await.map_err(|error| {
                tracing::error!(%error, "where a statement comes from cannot be read");
                admin::StatementsFailed
            })
        })
    }
}
