//! Runs the services in this process until it is asked to stop, and finishes what was taken.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::tasks::{anchors, credentials, forwards, provenance, reports};
use crate::{operations, socket, visitors};

/// Services that are running.
pub(crate) struct Running {
    /// Where they listen.
    pub(crate) address: SocketAddr,
    instance: Arc<Instance>,
    shutdown: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
    uses: JoinHandle<()>,
    sweeping: JoinHandle<()>,
    worker: Option<JoinHandle<()>>,
    dropping: Option<JoinHandle<()>>,
    anchors: Option<JoinHandle<()>>,
}

/// Takes an address to listen on.
pub(crate) async fn bind(listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).await.map_err(|error| {
        Failure::new(format!("cannot listen on {listen}: {error}; choose another address with --listen"))
    })
}

/// Starts the services that the settings ask for.
pub(crate) async fn start(instance: Arc<Instance>, listener: TcpListener) -> Result<Running, Failure> {
    let roles = instance.settings.listening.roles;
    let address = listener.local_addr()?;
    let (shutdown, stopping) = watch::channel(false);
    let router = router(&instance)?;
    let (municipality, following) = (instance.municipality.clone(), stopping.clone());
    tokio::spawn(async move { municipality.follow(following).await });
    let worker = roles.worker.then(|| {
        let (worker, forwards) = (instance.worker.clone(), instance.forwards.clone());
        let stopping = stopping.clone();
        tokio::spawn(async move { tokio::join!(worker.run(stopping.clone()), forwards.run(stopping)).0 })
    });
    let dropping = roles.worker.then(|| {
        let kept = instance.settings.upkeep.keep_superseded;
        tokio::spawn(instance.lrs.clone().keep_dropping(kept, stopping.clone()))
    });
    let anchors = instance
        .settings
        .anchors
        .clone()
        .map(|schedule| tokio::spawn(anchors::keep(Arc::clone(&instance), schedule, stopping.clone())));
    let uses = tokio::spawn(instance.lrs.clone().keep_uses(stopping.clone()));
    let sweeping = tokio::spawn(instance.lrs.clone().sweep_uploads(stopping.clone()));
    if instance.owns_folder() {
        socket::listen(&instance)?;
    }
    let server = tokio::spawn(serve(listener, router, stopping));
    tracing::info!(%address, lrs = roles.lrs, admin = roles.admin, worker = roles.worker, "listening");
    Ok(Running { address, instance, shutdown, server, uses, sweeping, worker, dropping, anchors })
}

/// Everything that the settings ask for, as one router.
pub(crate) fn router(instance: &Arc<Instance>) -> Result<Router, Failure> {
    let roles = instance.settings.listening.roles;
    let mut router =
        operations::router(Arc::clone(instance)).map_err(|error| Failure::new(error.to_string()))?;
    if roles.lrs {
        router = router.merge(lrs::router(instance.lrs.clone()));
    }
    if roles.admin {
        router = router.merge(admin::router(admin_of(instance))?);
    }
    Ok(visitors::known(router, &instance.settings.address, &instance.registry)?)
}

async fn serve(
    listener: TcpListener,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let stopped = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(stopped)
        .await
}

fn admin_of(instance: &Arc<Instance>) -> admin::Options {
    admin::Options {
        log: instance.log.clone(),
        vault: instance.vault.clone(),
        municipality: instance.municipality.clone(),
        reports: Arc::new(reports::ForPages(Arc::clone(instance))),
        followers: Arc::new(reports::ForPages(Arc::clone(instance))),
        credentials: Arc::new(credentials::ForApi(Arc::clone(instance))),
        statements: Arc::new(provenance::ForApi(Arc::clone(instance))),
        forwards: Arc::new(forwards::ForApi(Arc::clone(instance))),
        clock: instance.clock.clone(),
        registry: instance.registry.clone(),
        secure_cookies: instance.settings.address.base_url.starts_with("https://"),
    }
}

impl Running {
    /// Takes no more requests, finishes those that were taken, and closes the databases.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        tracing::info!("stopping: finishing what was taken");
        let _ = self.shutdown.send(true);
        self.instance.lrs.end_streams();
        // Connections that idle are closed at once; a request under way gets half a minute.
        match tokio::time::timeout(std::time::Duration::from_secs(30), self.server).await {
            Ok(Ok(result)) => result?,
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => tracing::warn!("some requests were still open after 30 seconds"),
        }
        for task in self.worker.into_iter().chain(self.dropping).chain(self.anchors) {
            let _ = task.await;
        }
        let _ = self.uses.await;
        let _ = self.sweeping.await;
        if let Err(error) = self.instance.lrs.write_uses().await {
            tracing::warn!(%error, "what credentials were used for last cannot be written down");
        }
        self.instance.close().await;
        Ok(())
    }
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn stop_signal() {
    let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(signal) => signal,
        Err(error) => {
            tracing::error!(%error, "cannot wait for SIGTERM; stop with SIGINT");
            let _ = tokio::signal::ctrl_c().await;
            return;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
