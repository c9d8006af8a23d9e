//! People's accounts.

use clap::Subcommand;

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;

/// People's accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an administrator; the password is shown once
    Create {
        /// Name to log in with
        login: String,
    },
}

/// `larka user`
pub(crate) async fn run(settings: Settings, command: Command) -> Result<(), Failure> {
    let Command::Create { login } = command;
    door::tell(settings, Task::CreateUser { login }).await
}
