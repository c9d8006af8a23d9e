//! The same writer and the same ingest without HTTP before them, in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use eventlog::clock::SystemClock;
use eventlog::{Append, EventLog, NewEvent, Options};
use lrs::{Limits, Lrs, LrsOptions, Sender};
use tokio::task::JoinSet;
use vault::Vault;
use views::municipality::Current;
use xapi::Version;

use crate::bare::Stored;
use crate::figures::Rate;
use crate::flags::{Backend, Flags};
use crate::place::Place;
use crate::work::{Body, Work};

/// Appends sealed events one a request from 64 tasks.
pub(crate) async fn append(
    backend: Backend,
    flags: &Flags,
    stored: &Stored,
    limit: Duration,
) -> Result<Rate> {
    let place = Place::fresh(backend, flags).await?;
    let log = open(&place, prometheus::Registry::new()).await?;
    let (warm, timed) = stored.events();
    for page in warm.chunks(500) {
        log.append(Append { events: page.to_vec(), fence: None, raise_fence: false }).await?;
    }
    let mut shares: Vec<Vec<NewEvent>> = (0..64).map(|_| Vec::new()).collect();
    for (number, event) in timed.into_iter().enumerate() {
        shares[number % 64].push(event);
    }
    place.settle().await?;
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for share in shares {
        let log = log.clone();
        tasks.spawn(async move {
            let mut count = 0;
            for event in share {
                if began.elapsed() > limit {
                    break;
                }
                log.append(Append { events: vec![event], fence: None, raise_fence: false }).await?;
                count += 1;
            }
            anyhow::Ok(count)
        });
    }
    let mut count = 0;
    while let Some(done) = tasks.join_next().await {
        count += done??;
    }
    let rate = Rate { count, seconds: began.elapsed().as_secs_f64() };
    if log.head().await?.position.0 != count + warm.len() as u64 {
        bail!("appended and stored differ");
    }
    log.close().await;
    place.drop_now().await?;
    Ok(rate)
}

/// Parses, seals and stores statements, `size` a request from so many tasks.
pub(crate) async fn ingest(
    backend: Backend,
    flags: &Flags,
    work: &Work,
    size: usize,
    tasks: usize,
    limit: Duration,
) -> Result<Rate> {
    let place = Place::fresh(backend, flags).await?;
    let registry = prometheus::Registry::new();
    let log = open(&place, registry.clone()).await?;
    let clock = SystemClock::shared();
    let vault = Vault::open(vault::Options {
        location: place.vault(),
        keys: place.folder().join("keys"),
        instance: [7; 16],
        clock: clock.clone(),
        registry: registry.clone(),
    })
    .await?;
    let lrs = Lrs::new(LrsOptions {
        log: log.clone(),
        vault: vault.clone(),
        municipality: Current::open(log.clone()).await?,
        untracked: lrs::Untracked::default(),
        clock,
        base_url: "http://localhost".to_owned(),
        unversioned: lrs::Unversioned::Refused(Version::V2_0_0),
        origins: Vec::new(),
        limits: Limits::default(),
        registry,
    })?;
    for body in work.warm() {
        post(&lrs, &body.json).await?;
    }
    let bodies: Arc<Vec<Body>> = Arc::new(work.timed(size).collect());
    let (next, count) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    place.settle().await?;
    let began = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let (lrs, bodies) = (lrs.clone(), Arc::clone(&bodies));
        let (next, count) = (Arc::clone(&next), Arc::clone(&count));
        running.spawn(async move {
            while began.elapsed() < limit {
                let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                post(&lrs, &body.json).await?;
                count.fetch_add(body.statements, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    let rate = Rate { count: count.load(Ordering::Relaxed), seconds: began.elapsed().as_secs_f64() };
    log.close().await;
    vault.close().await;
    place.drop_now().await?;
    Ok(rate)
}

async fn post(lrs: &Lrs, body: &str) -> Result<()> {
    let statements = xapi::parse::statements(body.as_bytes(), Version::V2_0_0, &xapi::Limits::default())?;
    let sender =
        Sender { credential: Some([9; 16]), may_define: true, may_void: true, pass_conflicts: false };
    lrs.ingest().post(statements, sender, Version::V2_0_0).await?;
    Ok(())
}

async fn open(place: &Place, registry: prometheus::Registry) -> Result<EventLog> {
    let mut options = Options::new(place.log(), SystemClock::shared());
    options.hooks = lrs::hooks();
    options.registry = registry;
    Ok(EventLog::open(options).await?)
}
