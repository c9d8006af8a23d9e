//! Keys of learning tools.

use std::path::{Path, PathBuf};

use admin::{CredentialInput, CredentialTask};
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;
use crate::terminal;

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
    /// Say what a key's statements may be about and how they are taken, in place of what was said before
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
    /// List what was kept of a key: which, where it is wrong, and what was expected there
    Kept {
        /// The key
        key: String,
        /// Go on after this position
        #[arg(long, default_value_t = 0, value_name = "POSITION")]
        after: u64,
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
    /// What it may do: all, all/read, statements/write, statements/void, statements/read, statements/read/mine, state, define, profile
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
        Command::Kept { key, after } => CredentialTask::Kept { key, after },
        Command::Discard { key } => CredentialTask::Discard { key },
        Command::Revoke { key } => CredentialTask::Revoke { key },
    };
    let mut answer = door::do_task(settings, Task::Credential(task)).await?;
    if !json {
        // For people the pace says it; hour by hour it is for programs and for the page.
        let rows = answer.get_mut("credentials").and_then(Value::as_array_mut).into_iter().flatten();
        for row in rows.filter_map(Value::as_object_mut) {
            row.remove("hours");
            row.remove("days");
        }
    }
    terminal::say(json, &answer)
}

fn read_json(file: &Path) -> Result<Value, Failure> {
    serde_json::from_str(&terminal::read(file)?)
        .map_err(|error| Failure::new(format!("{} is no JSON: {error}", file.display())))
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
