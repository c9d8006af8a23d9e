//! The way to where tasks are done.
//!
//! Where a server runs on the folder, a task is handed to it over the local socket; else this process opens the
//! instance and does it itself.

use std::sync::Arc;

use serde_json::Value;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::settings::Settings;
use crate::tasks::{self, Task};
use crate::{socket, terminal};

/// The way to where tasks are done: the server that runs on the instance, or this process.
pub(crate) enum Door {
    Server(Box<Settings>),
    Here(Arc<Instance>),
}

impl Door {
    /// Finds the server, or opens the instance, which has to be there.
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
            Self::Here(instance) => tasks::perform(instance, task).await,
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

/// Does a task and prints what it answers.
pub(crate) async fn tell(settings: Settings, task: Task) -> Result<(), Failure> {
    let json = settings.json;
    let answer = do_task(settings, task).await?;
    terminal::say(json, &answer)
}
