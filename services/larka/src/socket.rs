//! Commands that change state talk to the running server over a local socket, where one runs.
//!
//! The socket lies in the data folder with the rights of its owner alone; whoever can open it could
//! read the databases too, so it asks for no log-in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use desk::files::Terms;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::{UnixListener, UnixStream};

use crate::failure::Failure;
use crate::instance::Instance;
use crate::settings::Settings;
use crate::tasks::answers::{self, Taken, Unreceived};
use crate::tasks::{self, Task};

/// A task, and the database that it is meant for: one folder may have been used with several.
#[derive(Deserialize)]
struct Handed {
    database: Option<String>,
    task: Task,
}

/// Bytes of a task: a batch of an import, with room for the longest statement in its JSON.
const LARGEST: usize = 64 << 20;

const OTHER_DATABASE: &str = "the server that runs on this folder works on another database; stop it first";
/// Bytes of a file that travel at a time.
const PIECE: usize = 64 << 10;

/// The socket's place.
fn path(folder: &Path) -> PathBuf {
    folder.join("larka.sock")
}

/// Listens for commands until the process ends.
pub(crate) fn listen(instance: &Arc<Instance>) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let path = path(&instance.settings.storage.data_dir);
    if path.exists() {
        // The folder's lock is ours, so whoever made this socket is gone.
        std::fs::remove_file(&path).map_err(Failure::at(&path))?;
    }
    let listener = UnixListener::bind(&path).map_err(Failure::at(&path))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(Failure::at(&path))?;
    let router = Router::new()
        .route("/task", post(answer))
        .layer(DefaultBodyLimit::max(LARGEST))
        .route("/answers", post(take_file))
        .with_state(Arc::clone(instance));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the local socket has closed");
        }
    });
    Ok(())
}

async fn answer(
    State(instance): State<Arc<Instance>>,
    Json(Handed { database, task }): Json<Handed>,
) -> Response {
    if database != instance.settings.storage.database_url {
        return (StatusCode::CONFLICT, Json(json!({ "failure": OTHER_DATABASE }))).into_response();
    }
    match tasks::perform(&instance, task).await {
        Ok(value) => Json(value).into_response(),
        Err(failure) => {
            (StatusCode::CONFLICT, Json(json!({ "failure": failure.to_string() }))).into_response()
        }
    }
}

/// A file of answers on its way: what is before the first line's end, as JSON; the file follows.
#[derive(Serialize, Deserialize)]
struct HandedFile {
    database: Option<String>,
    round: String,
    terms: Terms,
}

/// Bytes of what is before a file.
const LONGEST_HEAD: usize = 64 << 20;

async fn take_file(State(instance): State<Arc<Instance>>, body: Body) -> Response {
    match taken(instance, body).await {
        Ok(taken) => Json(taken).into_response(),
        Err(failure) => {
            (StatusCode::CONFLICT, Json(json!({ "failure": failure.to_string() }))).into_response()
        }
    }
}

async fn taken(instance: Arc<Instance>, body: Body) -> Result<Taken, Failure> {
    let mut pieces = body.into_data_stream().map_err(std::io::Error::other).boxed();
    let mut head = Vec::new();
    let rest = loop {
        let cut = || Failure::new("the command was cut off");
        let piece = pieces.next().await.ok_or_else(cut)?.map_err(|_| cut())?;
        let end = piece.iter().position(|byte| *byte == b'\n');
        head.extend_from_slice(&piece[..end.unwrap_or(piece.len())]);
        if let Some(end) = end {
            break piece.slice(end + 1..);
        }
        if head.len() > LONGEST_HEAD {
            return Err(Failure::new("the command is too long"));
        }
    };
    let HandedFile { database, round, terms } = serde_json::from_slice(&head)?;
    if database != instance.settings.storage.database_url {
        return Err(Failure::new(OTHER_DATABASE));
    }
    let pieces = stream::once(async { Ok(rest) }).chain(pieces).boxed();
    let spool = answers::receive(&instance, u64::MAX, pieces).await.map_err(|error| match error {
        Unreceived::Disk(error) => error.into(),
        Unreceived::Cut | Unreceived::TooLarge => Failure::new("the file was cut off"),
    })?;
    answers::take(instance, round, terms, spool).await
}

/// Hands a file of answers to the server that runs on this folder.
pub(crate) async fn hand_over_file(
    settings: &Settings,
    round: &str,
    terms: &Terms,
    file: tokio::fs::File,
) -> Result<Taken, Failure> {
    let database = settings.storage.database_url.clone();
    let head = HandedFile { database, round: round.to_owned(), terms: terms.clone() };
    let mut head = serde_json::to_vec(&head)?;
    head.push(b'\n');
    let read = |mut file: tokio::fs::File| async move {
        let mut piece = Vec::with_capacity(PIECE);
        let read = file.read_buf(&mut piece).await?;
        Ok::<_, std::io::Error>((read > 0).then_some((piece, file)))
    };
    let body = stream::once(async { Ok(head) }).chain(stream::try_unfold(file, read));
    let response =
        client(settings)?.post("http://larka/answers").body(reqwest::Body::wrap_stream(body)).send().await?;
    let done = response.status().is_success();
    let value = response.json::<Value>().await?;
    match done {
        true => Ok(serde_json::from_value(value)?),
        false => Err(failure_in(&value)),
    }
}

/// A server that runs on a folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Serving {
    /// How many files it may open, where the system says so.
    pub(crate) open_files: Option<u64>,
}

/// The server that runs on this folder, if one does.
pub(crate) async fn server(settings: &Settings) -> Option<Serving> {
    let stream = UnixStream::connect(path(&settings.storage.data_dir)).await.ok()?;
    let process = stream.peer_cred().ok().and_then(|peer| peer.pid());
    let limits = process.and_then(|id| std::fs::read_to_string(format!("/proc/{id}/limits")).ok());
    let open_files = limits.and_then(|limits| {
        let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
        line.split_whitespace().next()?.parse().ok()
    });
    Some(Serving { open_files })
}

/// Whether a server runs on this folder. A socket that a crashed one left behind takes no connection.
pub(crate) async fn answers(settings: &Settings) -> bool {
    UnixStream::connect(path(&settings.storage.data_dir)).await.is_ok()
}

/// Hands a task to the server that runs on this folder.
pub(crate) async fn hand_over(settings: &Settings, task: &Task) -> Result<Value, Failure> {
    let handed = json!({ "database": settings.storage.database_url, "task": task });
    let response = client(settings)?.post("http://larka/task").json(&handed).send().await?;
    let done = response.status().is_success();
    let value = response.json::<Value>().await?;
    if done {
        return Ok(value);
    }
    Err(failure_in(&value))
}

fn client(settings: &Settings) -> Result<reqwest::Client, Failure> {
    Ok(reqwest::Client::builder().unix_socket(path(&settings.storage.data_dir)).no_proxy().build()?)
}

fn failure_in(value: &Value) -> Failure {
    Failure::new(value["failure"].as_str().unwrap_or("the server could not do it").to_owned())
}
