//! The services, run until they are asked to stop.

use std::net::SocketAddr;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::serving::{self, Listeners};
use crate::settings::Settings;
use crate::terminal;

/// `larka serve`
pub(crate) async fn run(mut settings: Settings) -> Result<(), Failure> {
    // Bound before anything is opened: a taken address should not cost a start's time.
    let listeners = Listeners::bind(&mut settings.listening).await?;
    let instance = Instance::make(settings).await?;
    if instance.settings.storage.database_url.is_some() && instance.log.could_rewrite().await? {
        tracing::warn!(
            "the database's role owns the log's tables, and could change them; see larka migrate --owner-url"
        );
    }
    let links = instance.settings.links();
    let running = serving::start(instance, listeners).await?;
    announce(running.address, running.metrics, &links)?;
    serving::stop_signal().await;
    running.stop().await
}

/// Whoever started the server reads here where it listens, and where its links lead: those that people are invited by.
fn announce(address: SocketAddr, metrics: Option<SocketAddr>, links: &str) -> Result<(), Failure> {
    let metrics = metrics.map(|metrics| format!("Metrics: http://{metrics}/metrics\n")).unwrap_or_default();
    terminal::print(format!("Lärka: http://{address}\n{metrics}Links: {links}\n").as_bytes())
}
