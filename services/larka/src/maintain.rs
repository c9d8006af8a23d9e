//! Commands that look after an instance: accounts, erasure, rebuilding, verifying.
//!
//! Each is a [`Task`]. Where a server runs on the folder, the task is handed to it over the local socket;
//! else this process opens the instance and does it itself.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use admin::{CredentialTask, ForwardTask};
use clap::{Args, Subcommand};
use eventlog::{EventLog, Location};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::instance::Instance;
use crate::settings::{self, Settings};
use crate::{anchors, credentials, forwards, import, provenance, report, socket};

/// People's accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Make an administrator; the password is shown once
    Create {
        /// Name to log in with
        login: String,
    },
}

/// What `erase` takes. An identifier never stands in a command line: others can read it there.
#[derive(Debug, Args)]
pub(crate) struct Erase {
    /// File with the person's xAPI agent as JSON; - for standard input
    #[arg(long, value_name = "FILE")]
    agent: PathBuf,
}

/// What `rebuild` takes.
#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// Only this: progress, competence or lake
    #[arg(long, value_name = "NAME")]
    projection: Option<String>,
}

/// What `retention` takes.
#[derive(Debug, Args)]
pub(crate) struct Retention {
    /// Only count what would be deleted
    #[arg(long)]
    dry_run: bool,
}

/// What `verify` takes.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// File of signed heads to hold the log against, one a line; - for standard input
    #[arg(long, value_name = "FILE")]
    anchors: Option<PathBuf>,
    /// The public key they were signed with, as noted elsewhere [default: the instance's own]
    #[arg(long, value_name = "HEX", requires = "anchors")]
    anchor_key: Option<String>,
}

/// What `migrate` takes.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Role that is to own the log's tables on PostgreSQL, so that the service's role can only append: postgres://…
    #[arg(long, env = "LARKA_OWNER_URL", hide_env_values = true, value_name = "URL")]
    owner_url: Option<String>,
}

/// A task as it travels to the process that has the instance open.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    Credential(CredentialTask),
    Forward(ForwardTask),
    CreateUser { login: String },
    Erase { agent: String },
    Rebuild { projection: Option<String>, index: bool },
    Retention { dry_run: bool, keep_superseded: Duration },
    Verify { anchors: Option<String>, key: Option<String> },
    Anchor,
    Import(import::Batch),
    ImportRun(import::Run),
    Standing { ids: Vec<import::Id> },
    Provenance { statement: String },
    Report(report::Flags),
}

/// `larka user`
pub(crate) async fn user(settings: Settings, command: User) -> Result<(), Failure> {
    let json = settings.json;
    let User::Create { login } = command;
    let answer = do_task(settings, Task::CreateUser { login }).await?;
    say(json, &answer);
    Ok(())
}

/// `larka erase`
pub(crate) async fn erase(settings: Settings, flags: Erase) -> Result<(), Failure> {
    let json = settings.json;
    let agent = read(&flags.agent)?;
    let answer = do_task(settings, Task::Erase { agent }).await?;
    say(json, &answer);
    Ok(())
}

/// `larka rebuild`
pub(crate) async fn rebuild(settings: Settings, flags: Rebuild) -> Result<(), Failure> {
    let json = settings.json;
    let door = Door::open(settings).await?;
    // The index of statements is part of each append, and cannot be made anew beside itself: only where no server
    // answers from it.
    let index = flags.projection.is_none() && matches!(door, Door::Here(_));
    let answer = door.perform(Task::Rebuild { projection: flags.projection, index }).await;
    door.close().await;
    say(json, &answer?);
    Ok(())
}

/// `larka migrate`: not a task, as it comes before a server.
pub(crate) async fn migrate(settings: Settings, flags: Migrate) -> Result<(), Failure> {
    let json = settings.json;
    if let Some(owner) = &flags.owner_url {
        settings::expect_postgres("owner-url", owner)?;
        let Some(service) = &settings.database_url else {
            return Err(Failure::setting("owner-url", "a database-url beside it"));
        };
        let at = |schema| Location::postgres(owner, schema);
        let service = Location::postgres(service, "log");
        EventLog::separate_roles(&at("log"), &service, &[at("views")]).await?;
    }
    let instance = Instance::open(settings).await?;
    let position = instance.log.head().await?.position.0;
    let kept_by = if instance.log.could_rewrite().await? { "triggers" } else { "triggers and rights" };
    instance.close().await;
    say(json, &json!({ "position": position, "append_only_by": kept_by }));
    Ok(())
}

/// `larka retention`
pub(crate) async fn retention(settings: Settings, flags: Retention) -> Result<(), Failure> {
    let json = settings.json;
    let task = Task::Retention { dry_run: flags.dry_run, keep_superseded: settings.keep_superseded };
    let answer = do_task(settings, task).await?;
    say(json, &answer);
    Ok(())
}

/// `larka verify`
pub(crate) async fn verify(settings: Settings, flags: Verify) -> Result<(), Failure> {
    let json = settings.json;
    let anchors = flags.anchors.as_deref().map(read).transpose()?;
    let answer = do_task(settings, Task::Verify { anchors, key: flags.anchor_key }).await?;
    say(json, &answer);
    Ok(())
}

/// `larka anchor`
#[allow(clippy::print_stdout, reason = "a command answers on standard output")]
pub(crate) async fn anchor(settings: Settings) -> Result<(), Failure> {
    let json = settings.json;
    let answer = do_task(settings, Task::Anchor).await?;
    match answer["anchor"].as_str().filter(|_| !json) {
        // Alone on its line, to be appended to a file.
        Some(line) => println!("{line}"),
        None => println!("{answer}"),
    }
    Ok(())
}

/// The way to where tasks are done: the server that runs on the instance, or this process.
pub(crate) enum Door {
    Server(Box<Settings>),
    Here(Arc<Instance>),
}

impl Door {
    /// Finds the server, or opens the instance.
    pub(crate) async fn open(settings: Settings) -> Result<Self, Failure> {
        if socket::answers(&settings).await {
            return Ok(Self::Server(Box::new(settings)));
        }
        Ok(Self::Here(Instance::open(settings).await?))
    }

    /// Does a task.
    pub(crate) async fn perform(&self, task: Task) -> Result<Value, Failure> {
        match self {
            Self::Server(settings) => socket::hand_over(settings, &task).await,
            Self::Here(instance) => perform(instance, task).await,
        }
    }

    /// Closes what was opened.
    pub(crate) async fn close(&self) {
        if let Self::Here(instance) = self {
            instance.close().await;
        }
    }
}

/// Does a task where the instance is: in the server that runs on it, or here.
pub(crate) async fn do_task(settings: Settings, task: Task) -> Result<Value, Failure> {
    let door = Door::open(settings).await?;
    let answer = door.perform(task).await;
    door.close().await;
    answer
}

/// Does a task on an open instance. What it answers is what `--json` prints.
pub(crate) async fn perform(instance: &Instance, task: Task) -> Result<Value, Failure> {
    match task {
        Task::Credential(task) => Ok(credentials::perform(instance, task, None).await?),
        Task::Forward(task) => Ok(forwards::perform(instance, task, None).await?),
        Task::CreateUser { login } => {
            let password = password()?;
            instance.vault.create_account(&login, &password, "administrator", &login).await?;
            Ok(json!({ "login": login, "password": password }))
        }
        Task::Erase { agent } => {
            let receipt = instance.lrs.erase(&agent).await?;
            // The keys are gone from the database; a new generation of key keys makes old copies of it worthless.
            instance.vault.ratchet().await?;
            Ok(json!({
                "agent": receipt.agent.to_string(),
                "keys": receipt.keys,
                "position": receipt.position.0,
                "at": receipt.at.to_datetime().to_rfc3339(),
            }))
        }
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
            let mut answer = json!({ "verified": true, "events": verified.events, "position": head });
            if let Some(lines) = anchors {
                answer["anchors"] = anchors::verify(instance, &lines, key.as_deref()).await?.into();
            }
            Ok(answer)
        }
        Task::Anchor => {
            let (anchor, key) = anchors::now(instance).await?;
            Ok(json!({ "anchor": anchor, "key": key }))
        }
        Task::Import(batch) => import::store(instance, batch).await,
        Task::ImportRun(run) => import::note(instance, run).await,
        Task::Standing { ids } => import::standing(instance, &ids).await,
        Task::Provenance { statement } => provenance::of(instance, &statement).await,
        Task::Report(flags) => Ok(json!({ "report": report::text(instance, &flags).await? })),
    }
}

/// A password that nobody guesses and everybody can type: 20 characters of 32, without look-alikes.
pub(crate) fn password() -> Result<String, Failure> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0_u8; 20];
    getrandom::fill(&mut random).map_err(|e| Failure::new(format!("the system gives no randomness: {e}")))?;
    let letters: Vec<u8> = random.iter().map(|byte| LETTERS[usize::from(byte & 31)]).collect();
    Ok(letters.chunks(5).map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>().join("-"))
}

pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path)
            .map_err(|e| Failure::new(format!("{} cannot be read: {e}", path.display())))?;
    }
    Ok(text)
}

/// Prints an answer: JSON for programs, a line per property for people.
#[allow(clippy::print_stdout, reason = "a command answers on standard output")]
pub(crate) fn say(json: bool, answer: &Value) {
    if json {
        println!("{answer}");
        return;
    }
    lines(answer, "");
}

#[allow(clippy::print_stdout, reason = "a command answers on standard output")]
fn lines(answer: &Value, indent: &str) {
    let Value::Object(properties) = answer else {
        println!("{indent}{answer}");
        return;
    };
    for (name, value) in properties {
        match value {
            Value::String(text) => println!("{indent}{name}: {text}"),
            Value::Array(items) if items.iter().any(Value::is_object) => {
                println!("{indent}{name}:");
                for item in items {
                    lines(item, &format!("{indent}  "));
                    println!();
                }
            }
            Value::Object(_) => {
                println!("{indent}{name}:");
                lines(value, &format!("{indent}  "));
            }
            other => println!("{indent}{name}: {other}"),
        }
    }
}
