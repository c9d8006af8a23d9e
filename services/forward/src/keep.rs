//! The tasks that hand statements on: one for each forward that this node has the lease of.

use std::collections::HashMap;
use std::time::Duration;

use eventlog::Position;
use eventlog::clock::Micros;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use vault::VaultError;
use vault::secrets::{Forward, ForwardId};

use crate::metrics::Gauges;
use crate::send::{self, Other};
use crate::terms::{Secret, Terms};
use crate::work::{Worker, stopping};
use crate::{ForwardError, Forwards};

/// How long a request under way may take when the process stops.
const GRACE: Duration = Duration::from_secs(5);

impl Forwards {
    /// Hands statements on until `shutdown` becomes true. A forward that is in trouble holds up no other.
    pub async fn run(&self, mut shutdown: watch::Receiver<bool>) {
        let mut tasks: HashMap<ForwardId, JoinHandle<()>> = HashMap::new();
        let mut changed = self.inner.changed.subscribe();
        while !*shutdown.borrow() {
            tasks.retain(|_, task| !task.is_finished());
            match self.look().await {
                Ok(all) => {
                    for forward in all.into_iter().filter(|forward| forward.paused.is_none()) {
                        let start = || {
                            let (this, shutdown) = (self.clone(), shutdown.clone());
                            tokio::spawn(async move { this.keep(forward.id, &forward.name, shutdown).await })
                        };
                        tasks.entry(forward.id).or_insert_with(start);
                    }
                }
                Err(error) => tracing::warn!(%error, "forwards cannot be looked after"),
            }
            tokio::select! {
                () = tokio::time::sleep(self.inner.pace.look) => {}
                _ = changed.changed() => {}
                () = stopping(&mut shutdown) => {}
            }
        }
        for (_, task) in tasks {
            let _ = task.await;
        }
    }

    /// All forwards; tells the metrics how they stand.
    async fn look(&self) -> Result<Vec<Forward>, ForwardError> {
        let all = self.inner.vault.forwards().await?;
        let mut gauges = Vec::with_capacity(all.len());
        for forward in &all {
            let (lag_events, lag_seconds) = self.inner.lag(forward.position).await?;
            gauges.push(Gauges {
                name: forward.name.clone(),
                lag_events,
                lag_seconds,
                paused: forward.paused.is_some(),
                failing: forward.failing.is_some(),
            });
        }
        self.inner.metrics.set(&gauges);
        Ok(all)
    }

    /// Works on a forward while its lease is this node's, and gives it back.
    async fn keep(&self, id: ForwardId, name: &str, shutdown: watch::Receiver<bool>) {
        let leased = match self.lease(id).await {
            Ok(leased) => leased,
            Err(error) => return tracing::warn!(forward = name, %error, "a forward waits"),
        };
        let Some(forward) = leased else { return };
        if let Err(error) = self.keep_while_ours(forward, shutdown).await {
            tracing::warn!(forward = name, %error, "a forward waits");
        }
        if let Err(error) = self.inner.vault.release_forward(id, &self.inner.owner).await {
            tracing::warn!(forward = name, %error, "a lease was not given back; it ends by itself");
        }
    }

    async fn keep_while_ours(
        &self,
        forward: Forward,
        shutdown: watch::Receiver<bool>,
    ) -> Result<(), ForwardError> {
        let id = forward.id;
        let Some(secret) = self.inner.vault.forward_secret(id).await? else { return Ok(()) };
        let secret = Secret::of_bytes(&secret)
            .ok_or_else(|| ForwardError::Failed("what is shared with the other side is damaged".into()))?;
        let terms = Terms::of(&forward)?;
        let client = self.inner.client.get_or_try_init(|| async { send::client(self.inner.reach) }).await;
        let client = client.map_err(|error| ForwardError::Failed(error.to_string()))?.clone();
        let (reach, patience) = (self.inner.reach, self.inner.pace.request);
        let other = Other { client, reach, kind: terms.kind, name: forward.name.clone(), secret, patience };
        let head = self.inner.log.head().await?.position.0;
        if forward.position > head {
            // An older copy of the log was restored: what it lost was handed on, what comes now was not.
            tracing::warn!(
                forward = forward.name,
                position = forward.position,
                head,
                "a forward was ahead of the log"
            );
        }
        let reached = Position(forward.position.min(head));
        let mut worker = Worker::new(self, forward, terms, other, reached);
        let mut stopped = shutdown.clone();
        tokio::select! {
            done = worker.work(shutdown) => done,
            lost = self.renew(id) => lost,
            () = async { stopping(&mut stopped).await; tokio::time::sleep(GRACE).await } => Ok(()),
        }
    }

    async fn lease(&self, id: ForwardId) -> Result<Option<Forward>, VaultError> {
        self.inner.vault.lease_forward(id, &self.inner.owner, self.lease_end()).await
    }

    fn lease_end(&self) -> Micros {
        let lease = i64::try_from(self.inner.pace.lease.as_micros()).unwrap_or(i64::MAX);
        Micros(self.inner.clock.now().0.saturating_add(lease))
    }

    /// Renews the lease until it is lost, or the forward rests, is resumed, or is gone.
    async fn renew(&self, id: ForwardId) -> Result<(), ForwardError> {
        loop {
            tokio::time::sleep(self.inner.pace.lease / 3).await;
            if !self.inner.vault.renew_forward(id, &self.inner.owner, self.lease_end()).await? {
                return Ok(());
            }
        }
    }
}
