//! The tables of an instance, made or brought to this version.

use clap::Args;
use eventlog::{EventLog, Location};
use serde_json::json;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::settings::{self, Settings};
use crate::terminal;
use crate::together::Loss;

/// What `migrate` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Role that is to own the log's tables on PostgreSQL, so that the service's role can only append: postgres://…
    #[arg(long, env = "LARKA_OWNER_URL", hide_env_values = true, value_name = "URL")]
    owner_url: Option<String>,
    /// Take what is there for the whole: people whom the vault does not know count as erased from then on, and what was
    /// stored after the log's end as never stored
    #[arg(long)]
    accept_loss: bool,
}

/// `larka migrate`: not a task, as it comes before a server.
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let json = settings.json;
    if let Some(owner) = &flags.owner_url {
        settings::expect_postgres("owner-url", owner)?;
        let Some(service) = &settings.storage.database_url else {
            return Err(Failure::setting("owner-url", "a database-url beside it"));
        };
        let at = |schema| Location::postgres(owner, schema);
        let service = Location::postgres(service, "log");
        EventLog::separate_roles(&at("log"), &service, &[at("views"), at("ballots")]).await?;
    }
    let loss = if flags.accept_loss { Loss::Accepted } else { Loss::Refused };
    let instance = Instance::assemble(settings, loss).await?;
    let position = instance.log.head().await?.position.0;
    let kept_by = if instance.log.could_rewrite().await? { "triggers" } else { "triggers and rights" };
    instance.close().await;
    terminal::say(json, &json!({ "position": position, "append_only_by": kept_by }))
}
