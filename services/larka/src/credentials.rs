//! Keys of learning tools: the command, and the one place where it and the API for administrators meet.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use admin::{CredentialFailure, CredentialInput, CredentialTask};
use clap::{Args, Subcommand};
use eventlog::clock::Micros;
use futures_util::future::BoxFuture;
use lrs::{CredentialError, Wanted};
use serde_json::{Value, json};
use vault::{AccountId, Credential, NewCredential};

use crate::failure::Failure;
use crate::instance::Instance;
use crate::maintain::{self, Task};
use crate::settings::Settings;
use crate::sources;

/// Keys of learning tools.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a key and a secret; the secret is shown once
    Create(Create),
    /// List them, without secrets
    List,
    /// Give a key a new secret, which is shown once
    Rotate {
        /// The key
        key: String,
        /// For how long the old secret stays good: seconds, or a number with m, h or d
        #[arg(long, default_value = "0", value_name = "TIME", value_parser = seconds)]
        grace: u64,
    },
    /// Say what a key's statements may be about, in place of what was said before
    Rules {
        /// The key
        key: String,
        /// File with the rules as JSON; - for standard input; {} in it for none
        file: PathBuf,
    },
    /// Store what a key's rules refused, and kept, and now let in
    Replay {
        /// The key
        key: String,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
    },
    /// Throw away what was kept of a key
    Discard {
        /// The key
        key: String,
    },
    /// Refuse a key from now on
    Revoke {
        /// The key
        key: String,
    },
}

/// What `create` takes.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What it is for, as it stands in lists
    name: String,
    /// What it may do: all, all/read, statements/write, statements/read, statements/read/mine, state, define, profile
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "statements/write,statements/read/mine",
        value_name = "SCOPES"
    )]
    scopes: Vec<String>,
    /// The last day it is good (2027-06-30, UTC), or the instant from which it is refused [default: never]
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
    /// Requests a second that it may make [default: any number]
    #[arg(long, value_name = "N")]
    rate: Option<u32>,
    /// Requests it may make at once after a rest [default: as many as in a second]
    #[arg(long, value_name = "N", requires = "rate")]
    burst: Option<u32>,
    /// File with what its statements may be about, as JSON [default: anything]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
}

/// `larka credential`
pub(crate) async fn run(settings: Settings, command: Command) -> Result<(), Failure> {
    let json = settings.json;
    let task = match command {
        Command::Create(Create { name, scopes, expires, rate, burst, rules }) => {
            let rules = rules.map(|file| read_json(&file)).transpose()?;
            CredentialTask::Create(CredentialInput { name, scopes, expires, rate, burst, rules })
        }
        Command::List => CredentialTask::List,
        Command::Rotate { key, grace } => CredentialTask::Rotate { key, grace_seconds: grace },
        Command::Rules { key, file } => CredentialTask::SetRules { key, rules: read_json(&file)? },
        Command::Replay { key, dry_run } => CredentialTask::Replay { key, dry_run },
        Command::Discard { key } => CredentialTask::Discard { key },
        Command::Revoke { key } => CredentialTask::Revoke { key },
    };
    let mut answer = maintain::do_task(settings, Task::Credential(task)).await?;
    if !json {
        // For people the pace says it; hour by hour it is for programs and for the page.
        let rows = answer.get_mut("credentials").and_then(Value::as_array_mut).into_iter().flatten();
        for row in rows.filter_map(Value::as_object_mut) {
            row.remove("hours");
            row.remove("days");
        }
    }
    maintain::say(json, &answer);
    Ok(())
}

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

pub(crate) fn row(credential: &Credential) -> Value {
    let mut row = json!({
        "key": credential.key,
        "name": credential.name,
        "scopes": credential.scopes,
        "created": instant(credential.created),
        "revoked": credential.revoked.is_some(),
    });
    if let Some(expires) = credential.expires {
        row["expires"] = json!(instant(expires));
    }
    if let Some(rate) = credential.rate {
        row["rate"] = json!(rate.per_second);
        row["burst"] = json!(rate.burst);
    }
    if let Some(rules) = credential.rules.as_deref() {
        row["rules"] = serde_json::from_str(rules).unwrap_or_default();
    }
    row
}

fn read_json(file: &Path) -> Result<Value, Failure> {
    serde_json::from_str(&maintain::read(file)?)
        .map_err(|error| Failure::new(format!("{} is no JSON: {error}", file.display())))
}

pub(crate) fn instant(at: Micros) -> String {
    xapi::time::format_timestamp(at.0)
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

/// A length of time: `90`, `15m`, `24h`, `7d`.
fn seconds(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'm')) => (&text[..at], 60),
        Some((at, 'h')) => (&text[..at], 3600),
        Some((at, 'd')) => (&text[..at], 86_400),
        Some((at, 's')) => (&text[..at], 1),
        _ => (text, 1),
    };
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    number.ok_or_else(|| "expected seconds, or a number with m, h or d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_seconds_or_has_a_unit() {
        for (text, expected) in
            [("0", 0), ("90", 90), ("5s", 5), ("15m", 900), ("24h", 86_400), ("7d", 604_800)]
        {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for wrong in ["", "m", "-1", "1.5h", "1w", "ö", "99999999999999999999d"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
