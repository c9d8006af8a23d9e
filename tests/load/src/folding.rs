//! How fast projections fold the log into the views, beside reading it and nothing else.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use eventlog::clock::SystemClock;
use eventlog::projection::{Runner, Views};
use eventlog::{EventLog, Options, Position, Projection};
use views::competence::CompetenceProjection;
use views::progress::ProgressProjection;

use crate::figures::{Folding, Rate};
use crate::place::Place;

/// Events in a page, as the runner reads them.
const PAGE: usize = 1_000;

pub(crate) async fn measure(place: &Place) -> Result<Folding> {
    let mut options = Options::new(place.log(), SystemClock::shared());
    options.hooks = lrs::hooks();
    let log = EventLog::open(options).await?;
    let mut scan = Rate::default();
    // The first time warms the file's pages up, as they are after ingest.
    for _ in 0..2 {
        scan = self::scan(&log).await?;
    }
    let views = Views::open(&place.location("views")).await?;
    let mut rates = Vec::new();
    let projections: [Arc<dyn Projection>; 2] =
        [Arc::new(ProgressProjection::new(log.clone())), Arc::new(CompetenceProjection::new(log.clone()))];
    for projection in projections {
        let name = projection.name();
        let clock = SystemClock::shared();
        let runner = Runner::new(log.clone(), views.clone(), vec![projection], clock, "load".to_owned());
        let began = Instant::now();
        runner.rebuild(name).await?;
        rates.push(Rate { count: scan.count, seconds: began.elapsed().as_secs_f64() });
    }
    log.close().await;
    views.close().await;
    Ok(Folding { scan, progress: rates[0], competence: rates[1] })
}

async fn scan(log: &EventLog) -> Result<Rate> {
    let began = Instant::now();
    let (mut after, mut count) = (Position(0), 0);
    loop {
        let page = log.read(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        count += page.len() as u64;
        after = last.position;
    }
    Ok(Rate { count, seconds: began.elapsed().as_secs_f64() })
}
