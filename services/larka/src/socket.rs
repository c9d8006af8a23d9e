//! Commands that change state talk to the running server over a local socket, where one runs.
//!
//! The socket lies in the data folder with the rights of its owner alone; whoever can open it could
//! read the databases too, so it asks for no log-in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::UnixListener;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::maintain::{self, Task};
use crate::settings::Settings;

/// A task, and the database that it is meant for: one folder may have been used with several.
#[derive(Deserialize)]
struct Handed {
    database: Option<String>,
    task: Task,
}

/// The socket's place.
fn path(folder: &Path) -> PathBuf {
    folder.join("larka.sock")
}

/// Listens for commands until the process ends.
pub(crate) fn listen(instance: &Arc<Instance>) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    let path = path(&instance.settings.data_dir);
    if path.exists() {
        // The folder's lock is ours, so whoever made this socket is gone.
        std::fs::remove_file(&path)?;
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let router = Router::new().route("/task", post(answer)).with_state(Arc::clone(instance));
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
    if database != instance.settings.database_url {
        let failure = "the server that runs on this folder works on another database; stop it first";
        return (StatusCode::CONFLICT, Json(json!({ "failure": failure }))).into_response();
    }
    match maintain::perform(&instance, task).await {
        Ok(value) => Json(value).into_response(),
        Err(failure) => {
            (StatusCode::CONFLICT, Json(json!({ "failure": failure.to_string() }))).into_response()
        }
    }
}

/// Hands a task to the server that runs on this folder; `None` where none does.
pub(crate) async fn hand_over(settings: &Settings, task: &Task) -> Option<Result<Value, Failure>> {
    let path = path(&settings.data_dir);
    if !path.exists() {
        return None;
    }
    let client = reqwest::Client::builder().unix_socket(path).no_proxy().build().ok()?;
    let handed = json!({ "database": settings.database_url, "task": task });
    let response = match client.post("http://larka/task").json(&handed).send().await {
        Ok(response) => response,
        // A socket that a crashed server left behind: nobody is there to talk to.
        Err(error) if error.is_connect() => return None,
        Err(error) => return Some(Err(error.into())),
    };
    let done = response.status().is_success();
    Some(match response.json::<Value>().await {
        Ok(value) if done => Ok(value),
        Ok(value) => {
            Err(Failure::new(value["failure"].as_str().unwrap_or("the server could not do it").to_owned()))
        }
        Err(error) => Err(error.into()),
    })
}
