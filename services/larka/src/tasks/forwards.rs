//! Places that statements are handed on to: the one place where the command, the API for administrators and the service
//! that hands on meet.

use std::sync::Arc;

use admin::{ForwardFailure, ForwardInput, ForwardTask};
use domain::Selection;
use eventlog::clock::Micros;
use forward::{ForwardError, Kind, Standing, Wanted, rests};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use vault::AccountId;

use crate::instance::Instance;

/// Does a task on an open instance; `by` is the account that asks, if one does.
pub(crate) async fn perform(
    instance: &Instance,
    task: ForwardTask,
    by: Option<AccountId>,
) -> Result<Value, ForwardFailure> {
    let forwards = &instance.forwards;
    match task {
        ForwardTask::Create(input) => {
            let made = forwards.create(wanted(*input)?, by).await.map_err(failure)?;
            let mut row = row(&made.standing);
            if let Some(secret) = made.secret {
                row["secret"] = json!(*secret);
            }
            Ok(row)
        }
        ForwardTask::List => {
            let all = forwards.list().await.map_err(failure)?;
            Ok(json!({ "forwards": all.iter().map(row).collect::<Vec<_>>() }))
        }
        ForwardTask::Pause { name } => Ok(row(&forwards.pause(&name, by).await.map_err(failure)?)),
        ForwardTask::Resume { name, from } => {
            Ok(row(&forwards.resume(&name, from, by).await.map_err(failure)?))
        }
        ForwardTask::Remove { name } => {
            forwards.remove(&name, by).await.map_err(failure)?;
            Ok(json!({ "removed": true }))
        }
    }
}

fn wanted(input: ForwardInput) -> Result<Wanted, ForwardFailure> {
    let ForwardInput { name, kind, to, user, password, versions, verbs, activities, units, from } = input;
    let kind = match kind.as_str() {
        "lrs" => Kind::Lrs,
        "webhook" => Kind::Webhook,
        _ => return Err(ForwardFailure::Invalid { at: "/kind".into(), expected: "lrs or webhook".into() }),
    };
    let selection = Selection { verbs, activities, units };
    Ok(Wanted { name, kind, to, user, password, versions, selection, from })
}

/// A forward as lists show it.
fn row(standing: &Standing) -> Value {
    let Standing { forward, terms, lag_events, lag_seconds, set_aside } = standing;
    let counts = &forward.counts;
    let mut row = json!({
        "name": forward.name,
        "kind": terms.kind,
        "to": terms.to,
        "created": instant(forward.created),
        "paused": forward.paused.is_some(),
        "position": forward.position,
        "lag_events": lag_events,
        "lag_seconds": lag_seconds,
        "sent": counts.sent,
        "conflicts": counts.conflicts,
        "refused": counts.set_aside,
        "passed_over": counts.passed_over,
        "erased": counts.erased,
    });
    if !terms.versions.is_empty() {
        row["versions"] = json!(terms.versions);
    }
    let Selection { verbs, activities, units } = &terms.selection;
    for (name, list) in [("verbs", verbs), ("activities", activities), ("units", units)] {
        if !list.is_empty() {
            row[name] = json!(list);
        }
    }
    match forward.paused {
        Some(rests::GONE) => row["paused_because"] = json!("the other side said that it is gone (410)"),
        Some(rests::REFUSED) => {
            row["paused_because"] = json!("the other side refused one statement after the other");
        }
        _ => {}
    }
    if let Some((at, error)) = &forward.failing {
        row["failing"] = json!({ "at": instant(*at), "error": error });
    }
    if !set_aside.is_empty() {
        let one = |one: &vault::secrets::SetAside| json!({ "position": one.position, "status": one.status, "at": instant(one.at) });
        row["set_aside"] = set_aside.iter().map(one).collect();
    }
    row
}

fn instant(at: Micros) -> String {
    xapi::time::format_timestamp(at.0)
}

fn failure(error: ForwardError) -> ForwardFailure {
    match error {
        ForwardError::Invalid { at, expected } => ForwardFailure::Invalid { at: at.to_owned(), expected },
        ForwardError::Unknown => ForwardFailure::Unknown,
        error => ForwardFailure::Failed(error.to_string()),
    }
}

/// The forwards of an instance, for the API.
pub(crate) struct ForApi(pub(crate) Arc<Instance>);

impl admin::Forwards for ForApi {
    fn perform(
        &self,
        task: ForwardTask,
        by: Option<AccountId>,
    ) -> BoxFuture<'_, Result<Value, ForwardFailure>> {
        Box::pin(perform(&self.0, task, by))
    }
}
