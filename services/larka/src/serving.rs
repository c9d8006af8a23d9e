//! Runs the services in this process until it is asked to stop, and finishes what was taken.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use edge::Edge;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::backups::erasures;
use crate::failure::Failure;
use crate::instance::{Instance, smallest_group};
use crate::settings::Listening;
use crate::tasks::{anchors, answers, credentials, forwards, invitations, ordered, provenance, reports};
use crate::{answering, operations, socket, together, visitors};

/// Services that are running.
pub(crate) struct Running {
    /// Where they listen.
    pub(crate) address: SocketAddr,
    /// Where metrics are to be had, if that is elsewhere.
    pub(crate) metrics: Option<SocketAddr>,
    instance: Arc<Instance>,
    shutdown: watch::Sender<bool>,
    server: JoinHandle<()>,
    seen: JoinHandle<()>,
    uses: JoinHandle<()>,
    sweeping: JoinHandle<()>,
    worker: Option<JoinHandle<()>>,
    dropping: Option<JoinHandle<()>>,
    rounds: Option<JoinHandle<()>>,
    anchors: Option<JoinHandle<()>>,
    erasures: Option<JoinHandle<()>>,
}

/// Connections for metrics, where those are listened for elsewhere.
const WATCHERS: usize = 64;

/// Addresses that are taken to listen on.
pub(crate) struct Listeners {
    services: TcpListener,
    metrics: Option<TcpListener>,
}

impl Listeners {
    /// Takes the addresses that the settings name; of a port that the system chose (0) the settings know it then.
    pub(crate) async fn bind(listening: &mut Listening) -> Result<Self, Failure> {
        let services = bind("listen", listening.listen).await?;
        listening.listen = services.local_addr()?;
        let metrics = match listening.metrics {
            Some(address) => Some(bind("metrics-listen", address).await?),
            None => None,
        };
        Ok(Self { services, metrics })
    }
}

async fn bind(setting: &str, address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        Failure::new(format!("cannot listen on {address}: {error}; choose another address with --{setting}"))
    })
}

/// Starts the services that the settings ask for.
pub(crate) async fn start(instance: Arc<Instance>, listeners: Listeners) -> Result<Running, Failure> {
    let roles = instance.settings.listening.roles;
    let address = listeners.services.local_addr()?;
    let metrics = listeners.metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    let (shutdown, stopping) = watch::channel(false);
    let router = router(&instance)?;
    let edge = edge_of(&instance)?;
    if (roles.admin || roles.survey) && travels_openly(address, &instance.settings.links()) {
        tracing::warn!(
            "what browsers send goes over plain HTTP beyond this machine: put TLS before it, and name \
             the address that it is known by with --base-url https://…"
        );
    }
    let (municipality, following) = (instance.municipality.clone(), stopping.clone());
    tokio::spawn(async move { municipality.follow(following).await });
    let worker = roles.worker.then(|| {
        let (worker, forwards) = (instance.worker.clone(), instance.forwards.clone());
        let stopping = stopping.clone();
        tokio::spawn(async move { tokio::join!(worker.run(stopping.clone()), forwards.run(stopping)).0 })
    });
    // A node that takes ballots keeps the marks that wait in its memory when their round closes.
    let rounds = (roles.worker || roles.survey).then(|| {
        let (desk, stopping) = (instance.desk.clone(), stopping.clone());
        tokio::spawn(async move { desk.keep(stopping).await })
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
    let erasures = instance.settings.storage.erasures_to.is_some();
    let erasures = erasures.then(|| tokio::spawn(erasures::keep(Arc::clone(&instance), stopping.clone())));
    tokio::spawn(operations::watch(Arc::clone(&instance), stopping.clone()));
    let seen = tokio::spawn(together::keep(instance.log.clone(), instance.vault.clone(), stopping.clone()));
    let uses = tokio::spawn(instance.lrs.clone().keep_uses(stopping.clone()));
    let sweeping = tokio::spawn(instance.lrs.clone().sweep_uploads(stopping.clone()));
    if instance.owns_folder() {
        socket::listen(&instance)?;
    }
    let watched = operations::alive().merge(operations::observed(Arc::clone(&instance)));
    let server = tokio::spawn(async move {
        let watching =
            listeners.metrics.map(|listener| edge.apart(WATCHERS).serve(listener, watched, stopping.clone()));
        let watching = async {
            if let Some(watching) = watching {
                watching.await;
            }
        };
        tokio::join!(edge.clone().serve(listeners.services, router, stopping.clone()), watching);
    });
    let listening = &instance.settings.listening;
    tracing::info!(%address, roles = ?listening.roles, "listening");
    Ok(Running {
        address,
        metrics,
        instance,
        shutdown,
        server,
        seen,
        uses,
        sweeping,
        worker,
        dropping,
        rounds,
        anchors,
        erasures,
    })
}

/// Everything that the settings ask for, as one router.
pub(crate) fn router(instance: &Arc<Instance>) -> Result<Router, Failure> {
    let Listening { roles, metrics, .. } = instance.settings.listening;
    let described = operations::described().map_err(|error| Failure::new(error.to_string()))?;
    let mut router = described.merge(operations::alive());
    if metrics.is_none() {
        router = router.merge(operations::observed(Arc::clone(instance)));
    }
    if roles.lrs {
        router = router.merge(lrs::router(instance.lrs.clone()));
    }
    if roles.admin {
        router = router.merge(admin::router(admin_of(instance)?)?);
    }
    if roles.survey {
        router = router.merge(survey::router(answering::pages(instance)));
    }
    Ok(visitors::known(router, &instance.settings.address, &instance.registry)?)
}

/// The bounds of connections, as many as the limit of open files has room for.
fn edge_of(instance: &Instance) -> Result<Edge, Failure> {
    let connections = instance.settings.connections;
    let room = edge::room(connections.wanted);
    if let Some(files) = room.files {
        tracing::warn!(
            files,
            connections = room.connections,
            "few files may be open at a time, and each connection is one: raise the limit (ulimit -n, LimitNOFILE=)"
        );
    }
    let limits = edge::Limits { connections: room.connections, ..connections.limits };
    Ok(Edge::new(limits, is_https(&instance.settings.address.base_url), &instance.registry)?)
}

fn is_https(base_url: &str) -> bool {
    base_url.starts_with("https://")
}

/// Whether what browsers send may be read on its way: it is not under TLS, and comes from beyond this machine.
fn travels_openly(listen: SocketAddr, base_url: &str) -> bool {
    let host = base_url.split_once("://").map_or(base_url, |(_, host)| host);
    let host = host.split(['/', '?']).next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let near = name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    !(is_https(base_url) || near && listen.ip().is_loopback())
}

fn admin_of(instance: &Arc<Instance>) -> Result<admin::Options, Failure> {
    Ok(admin::Options {
        log: instance.log.clone(),
        vault: instance.vault.clone(),
        municipality: instance.municipality.clone(),
        reports: Arc::new(reports::ForPages(Arc::clone(instance))),
        orders: Arc::new(ordered::ForPages(Arc::clone(instance))),
        followers: Arc::new(reports::ForPages(Arc::clone(instance))),
        credentials: Arc::new(credentials::ForApi(Arc::clone(instance))),
        statements: Arc::new(provenance::ForApi(Arc::clone(instance))),
        invitations: Arc::new(invitations::ForApi(Arc::clone(instance))),
        answers: Arc::new(answers::ForApi::new(instance)),
        forwards: Arc::new(forwards::ForApi(Arc::clone(instance))),
        clock: instance.clock.clone(),
        registry: instance.registry.clone(),
        smallest: smallest_group()?,
        secure_cookies: is_https(&instance.settings.address.base_url),
        proxies_named: !instance.settings.address.proxies.is_empty(),
    })
}

impl Running {
    /// Takes no more requests, finishes those that were taken, and closes the databases.
    pub(crate) async fn stop(self) -> Result<(), Failure> {
        tracing::info!("stopping: finishing what was taken");
        let _ = self.shutdown.send(true);
        self.instance.lrs.end_streams();
        // Connections that idle are closed at once; a request under way gets half a minute.
        match tokio::time::timeout(std::time::Duration::from_secs(30), self.server).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => tracing::warn!("some requests were still open after 30 seconds"),
        }
        let others = self.dropping.into_iter().chain(self.rounds).chain(self.anchors).chain(self.erasures);
        for task in self.worker.into_iter().chain(others) {
            let _ = task.await;
        }
        let _ = self.seen.await;
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

#[cfg(test)]
mod tests {
    use super::travels_openly;

    #[test]
    fn what_goes_over_plain_http_beyond_this_machine_is_known() {
        for (listen, base_url, openly) in [
            ("127.0.0.1:8080", "http://localhost:8080", false),
            ("[::1]:8080", "http://[::1]:8080", false),
            ("127.0.0.1:8080", "http://127.0.0.1", false),
            ("0.0.0.0:8080", "http://localhost:8080", true),
            ("127.0.0.1:8080", "http://larka.example", true),
            ("127.0.0.1:8080", "http://localhost.example/", true),
            ("0.0.0.0:8080", "https://larka.example", false),
        ] {
            assert_eq!(travels_openly(listen.parse().unwrap(), base_url), openly, "{listen} {base_url}");
        }
    }
}
