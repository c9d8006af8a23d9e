//! All connections of a listener: how many there are, and who makes room.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use prometheus::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::connection;
use crate::limits::Limits;
use crate::metrics::{Metrics, Reason};
use crate::pulse::Pulse;

/// After how long it is looked again whether one can make room, where all are worked on.
const AGAIN: Duration = Duration::from_millis(50);
/// How long a client has to be waited for before its connection makes room: what it sends or takes may be on the way.
const GRACE: Duration = Duration::from_millis(500);
/// How long nothing is taken when the system gives no more sockets, and no connection here can make room.
const PAUSE: Duration = Duration::from_secs(1);

/// The edge of one process. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Edge {
    limits: Limits,
    /// Whether browsers are told to come over TLS alone.
    https: bool,
    metrics: Metrics,
}

impl Edge {
    /// An edge with these limits; `https` where everybody comes over TLS.
    ///
    /// # Errors
    /// The metrics are registered already: one registry is for one edge.
    pub fn new(limits: Limits, https: bool, registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self { limits, https, metrics: Metrics::new(registry)? })
    }

    /// The same for a listener that has so many connections of its own.
    #[must_use]
    pub fn apart(&self, connections: usize) -> Self {
        let mut apart = self.clone();
        apart.limits.connections = connections;
        apart
    }

    /// Answers what comes in, until `stopping`; then takes no more, and waits for the requests that were taken.
    pub async fn serve(self, listener: TcpListener, router: Router, stopping: watch::Receiver<bool>) {
        serve(self, listener, router, stopping).await;
    }
}

/// The places for connections, and who has them.
struct Connections {
    places: Arc<Semaphore>,
    open: Mutex<Open>,
    metrics: Metrics,
}

#[derive(Default)]
struct Open {
    next: u64,
    by_number: HashMap<u64, (Arc<Pulse>, AbortHandle)>,
}

/// The place of a connection. Given back when dropped, also where its task was ended for others.
struct Place {
    number: u64,
    connections: Arc<Connections>,
    reason: Reason,
    _permit: OwnedSemaphorePermit,
}

/// Takes connections until `stopping`, then waits for those that are worked on.
async fn serve(edge: Edge, listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) {
    // Made ready once, not for each connection.
    let router = router.with_state(());
    let most = u32::try_from(edge.limits.connections.max(1)).unwrap_or(u32::MAX);
    let connections = Arc::new(Connections {
        places: Arc::new(Semaphore::new(most as usize)),
        open: Mutex::default(),
        metrics: edge.metrics.clone(),
    });
    let told = stopping.clone();
    let taking = async {
        loop {
            let (stream, from) = connections.accept(&listener).await;
            let Some(permit) = connections.place().await else { return };
            connections.clone().take(&edge, (stream, from), router.clone(), permit, told.clone());
        }
    };
    tokio::select! {
        () = taking => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
    drop(listener);
    let _ = connections.places.acquire_many(most).await;
}

impl Connections {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next connection. Where the system has no sockets left, one here makes room.
    async fn accept(&self, listener: &TcpListener) -> (TcpStream, SocketAddr) {
        loop {
            match listener.accept().await {
                Ok(taken) => return taken,
                Err(error) if is_of_one(&error) => {}
                Err(error) => {
                    let made = self.make_room();
                    tracing::warn!(%error, made_room = made, "a connection cannot be taken");
                    sleep(if made { AGAIN } else { PAUSE }).await;
                }
            }
        }
    }

    /// A place, as soon as there is one.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
                return Some(permit);
            }
            self.make_room();
            if let Ok(permit) = timeout(AGAIN, Arc::clone(&self.places).acquire_owned()).await {
                return permit.ok();
            }
        }
    }

    /// Ends one connection of those on which the client is waited for; whether there is one.
    fn make_room(&self) -> bool {
        let Some(then) = Instant::now().checked_sub(GRACE) else { return false };
        let open = self.open();
        let waiting = open.by_number.values().filter(|(_, task)| !task.is_finished());
        let waiting = waiting.filter_map(|(pulse, task)| Some((pulse.yields(then)?, task)));
        let first = waiting.min_by_key(|(order, _)| *order);
        first.map(|(_, task)| task.abort()).is_some()
    }

    fn take(
        self: Arc<Self>,
        edge: &Edge,
        (stream, from): (TcpStream, SocketAddr),
        router: Router,
        permit: OwnedSemaphorePermit,
        stopping: watch::Receiver<bool>,
    ) {
        // What is written is whole: it need not wait for more.
        let _ = stream.set_nodelay(true);
        let (pulse, bounds) = (Arc::new(Pulse::new(edge.limits)), (edge.limits, edge.https));
        let connections = Arc::clone(&self);
        // Held until it stands among the others, so that it cannot be gone before.
        let mut open = self.open();
        let number = open.next;
        open.next += 1;
        self.metrics.open.inc();
        let place = Place { number, connections, reason: Reason::Room, _permit: permit };
        let own = Arc::clone(&pulse);
        let speaking = async move { connection::speak(bounds, stream, from, router, own, stopping).await };
        let task = tokio::spawn(place.hold(speaking));
        open.by_number.insert(number, (pulse, task.abort_handle()));
    }
}

impl Place {
    /// Is held for as long as that takes which has it.
    async fn hold(mut self, speaking: impl Future<Output = Reason>) {
        self.reason = speaking.await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open().by_number.remove(&self.number);
        self.connections.metrics.closed(self.reason);
        self.connections.metrics.open.dec();
    }
}

/// Whether an error is one connection's alone.
fn is_of_one(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}
