//! Commands that change state talk to the running server over a local socket, where one runs.
//!
//! The socket lies in the data folder with the rights of its owner alone; whoever can open it could
//! read the databases too, so it asks for no log-in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::{UnixListener, UnixStream};

use crate::failure::Failure;
use crate::instance::Instance;
use crate::settings::Settings;
use crate::tasks::{self, Task};

/// A task, and the database that it is meant for: one folder may have been used with several.
#[derive(Deserialize)]
struct Handed {
    database: Option<String>,
    task: Task,
}

/// Bytes of a task: a batch of an import, with room for the longest statement in its JSON.
const LARGEST: usize = 64 << 20;

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
        std::fs::remove_file(&path)?;
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let router = Router::new()
        .route("/task", post(answer))
        .layer(DefaultBodyLimit::max(LARGEST))
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
        let failure = "the server that runs on this folder works on another database; stop it first";
        return (StatusCode::CONFLICT, Json(json!({ "failure": failure }))).into_response();
    }
    match tasks::perform(&instance, task).await {
        Ok(value) => Json(value).into_response(),
        Err(failure) => {
            (StatusCode::CONFLICT, Json(json!({ "failure": failure.to_string() }))).into_response()
        }
    }
}

/// Whether a server runs on this folder. A socket that a crashed one left behind takes no connection.
pub(crate) async fn answers(settings: &Settings) -> bool {
    UnixStream::connect(path(&settings.storage.data_dir)).await.is_ok()
}

/// Hands a task to the server that runs on this folder.
pub(crate) async fn hand_over(settings: &Settings, task: &Task) -> Result<Value, Failure> {
    let client =
        reqwest::Client::builder().unix_socket(path(&settings.storage.data_dir)).no_proxy().build()?;
    let handed = json!({ "database": settings.storage.database_url, "task": task });
    let response = client.post("http://larka/task").json(&handed).send().await?;
    let done = response.status().is_success();
    let value = response.json::<Value>().await?;
    if done {
        return Ok(value);
    }
    Err(Failure::new(value["failure"].as_str().unwrap_or("the server could not do it").to_owned()))
}
