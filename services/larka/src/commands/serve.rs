//! The services, run until they are asked to stop.

use std::net::SocketAddr;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::serving;
use crate::settings::Settings;

/// `larka serve`
pub(crate) async fn run(settings: Settings) -> Result<(), Failure> {
    let listen = settings.listening.listen;
    // Bound before anything is opened: a taken address should not cost a start's time.
    let listener = serving::bind(listen).await?;
    let instance = Instance::make(settings).await?;
    if instance.settings.storage.database_url.is_some() && instance.log.could_rewrite().await? {
        tracing::warn!(
            "the database's role owns the log's tables, and could change them; see larka migrate --owner-url"
        );
    }
    let running = serving::start(instance, listener).await?;
    announce(running.address);
    serving::stop_signal().await;
    running.stop().await
}

#[allow(clippy::print_stdout, reason = "whoever started the server reads here where it listens")]
fn announce(address: SocketAddr) {
    println!("Lärka: http://{address}");
}
