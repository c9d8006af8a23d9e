//! Places that statements are handed on to: the command, and the one place where it, the API for administrators, the
//! record store and the service that hands on meet.

use std::path::PathBuf;
use std::sync::Arc;

use admin::{ForwardFailure, ForwardInput, ForwardTask};
use clap::{Args, Subcommand};
use domain::Selection;
use eventlog::Position;
use eventlog::clock::Micros;
use forward::{Attachment, ForwardError, Kind, SourceError, Standing, Statement, Stretch, Wanted, rests};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use lrs::Following;
use serde_json::{Value, json};
use vault::AccountId;
use xapi::Version;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::maintain::{self, Task};
use crate::settings::Settings;

/// Places that statements are handed on to.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hand statements on to another place; a webhook's secret is shown once
    Create(Create),
    /// List them, with how they stand
    List,
    /// Let one rest
    Pause {
        /// Its name
        name: String,
    },
    /// Let one go on
    Resume {
        /// Its name
        name: String,
        /// Go on after this position of the log [default: where it was]
        #[arg(long, value_name = "POSITION")]
        from: Option<u64>,
    },
    /// Forget one, with its secret and how far it has come
    Remove {
        /// Its name
        name: String,
    },
}

/// What `create` takes. A password never stands in a command line: others can read it there.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What it is called: letters a to z, digits and hyphens
    name: String,
    /// A record store's xAPI endpoint (https://lrs.example/xapi), or a webhook's address
    #[arg(long, value_name = "URL")]
    to: String,
    /// What stands there: lrs or webhook
    #[arg(long, value_name = "KIND")]
    kind: String,
    /// The record store's user
    #[arg(long, value_name = "USER", requires = "password")]
    user: Option<String>,
    /// File with the record store's password; - for standard input
    #[arg(long, value_name = "FILE", requires = "user")]
    password: Option<PathBuf>,
    /// Versions of xAPI that the record store takes [default: 1.0.3,2.0.0]
    #[arg(long, value_delimiter = ',', value_name = "VERSIONS")]
    versions: Vec<String>,
    /// Hand on statements with this verb; may be given several times [default: any]
    #[arg(long = "verb", value_name = "IRI")]
    verbs: Vec<String>,
    /// Hand on statements about activities that begin so; may be given several times [default: any]
    #[arg(long = "activity", value_name = "IRI")]
    activities: Vec<String>,
    /// Hand on statements of people at this unit or below it; may be given several times [default: anybody]
    #[arg(long = "unit", value_name = "CODE")]
    units: Vec<String>,
    /// Begin after this position of the log; 0 for all of it [default: its end]
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
}

/// `larka forward`
pub(crate) async fn run(settings: Settings, command: Command) -> Result<(), Failure> {
    let json = settings.json;
    let task = match command {
        Command::Create(Create {
            name,
            to,
            kind,
            user,
            password,
            versions,
            verbs,
            activities,
            units,
            from,
        }) => {
            let password = password.map(|file| maintain::read(&file)).transpose()?;
            // An editor ends a file with a line's end, which no password has.
            let password = password.map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
            let input =
                ForwardInput { name, kind, to, user, password, versions, verbs, activities, units, from };
            ForwardTask::Create(Box::new(input))
        }
        Command::List => ForwardTask::List,
        Command::Pause { name } => ForwardTask::Pause { name },
        Command::Resume { name, from } => ForwardTask::Resume { name, from },
        Command::Remove { name } => ForwardTask::Remove { name },
    };
    let answer = maintain::do_task(settings, Task::Forward(task)).await?;
    maintain::say(json, &answer);
    Ok(())
}

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

/// The record store as the place that statements come from.
pub(crate) struct FromLrs(pub(crate) Following);

impl forward::Source for FromLrs {
    fn hand_on<'a>(
        &'a self,
        after: Position,
        selection: &'a Selection,
        version: Option<Version>,
    ) -> BoxFuture<'a, Result<Stretch, SourceError>> {
        let statement = |passed: lrs::Passed| {
            let lrs::Passed { position, done, received, json, attached } = passed;
            Statement { position, done, received, json, attached }
        };
        async move {
            let read = self.0.hand_on(after, selection, version).await;
            let lrs::Stretch { statements, through, erased } =
                read.map_err(|e| SourceError(e.to_string()))?;
            Ok(Stretch { statements: statements.into_iter().map(statement).collect(), through, erased })
        }
        .boxed()
    }

    fn attachments(&self, position: Position) -> BoxFuture<'_, Result<Vec<Attachment>, SourceError>> {
        async move {
            let read = self.0.attachments(position).await.map_err(|e| SourceError(e.to_string()))?;
            let streamed = |passed: lrs::PassedAttachment| {
                let lrs::PassedAttachment { content_type, sha2, length, content } = passed;
                let content = content.map_err(|e| SourceError(e.to_string())).boxed();
                Attachment { content_type, sha2, length, content }
            };
            Ok(read.into_iter().map(streamed).collect())
        }
        .boxed()
    }
}

/// A number from 0 up to 1 from the operating system; a half where it gives none.
pub(crate) fn chance() -> f64 {
    let mut bytes = [0_u8; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
        Err(_) => 0.5,
    }
}
