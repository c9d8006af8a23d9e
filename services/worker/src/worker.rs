//! The worker itself: what it keeps up, for as long as it runs or once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use analytics::lake::Place;
use eventlog::clock::SharedClock;
use eventlog::projection::{OnUnfoldable, Runner, Views};
use eventlog::{EventLog, Position, Projection};
use tokio::sync::watch;
use views::municipality::Current;

use crate::chain::Walker;
use crate::error::WorkerError;
use crate::lake::{Keeper, LAKE};
use crate::ordered::Orders;
use crate::reports::calendar::Begun;
use crate::reports::ledgers::Ledgers;
use crate::reports::question::{self, Made};
use crate::standing::Standing;

/// The projections that a worker keeps up, by name.
pub const PROJECTIONS: [&str; 2] = [views::progress::NAME, views::competence::NAME];

/// All that follow the log: the projections and the lake.
pub const FOLLOWERS: [&str; 3] = [views::progress::NAME, views::competence::NAME, LAKE];

/// What a worker is opened with.
pub struct Options {
    /// The log to follow.
    pub log: EventLog,
    /// Where the projections' rows are.
    pub views: Views,
    /// What projections do about an event that they cannot fold, by name; those that are not here stop. The lake
    /// always does: reports made from it name a log position, and stand for all that came before.
    pub on_unfoldable: HashMap<String, OnUnfoldable>,
    /// Where the lake is.
    pub lake: Place,
    /// The municipality as the log tells it.
    pub municipality: Current,
    /// The time, for leases and lag.
    pub clock: SharedClock,
    /// Where the metrics go.
    pub registry: prometheus::Registry,
    /// A name that no other worker has.
    pub owner: String,
}

/// The projections and the lake, and the reports made from it. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
    runner: Runner,
    walker: Walker,
    orders: Orders,
    pub(crate) keeper: Keeper,
    pub(crate) municipality: Current,
    pub(crate) made: Arc<Made>,
    pub(crate) begun: Arc<Begun>,
    pub(crate) ledgers: Arc<Ledgers>,
    pub(crate) log: EventLog,
    pub(crate) clock: SharedClock,
}

impl Worker {
    /// Opens the lake and readies the projections; nothing follows the log before [`Worker::run`].
    ///
    /// # Errors
    /// The lake's folder cannot be used, or holds something else.
    pub async fn open(options: Options) -> Result<Self, WorkerError> {
        let keeper =
            Keeper::open(options.log.clone(), options.lake, options.clock.clone(), &options.registry)?;
        let walker = Walker::new(options.log.clone(), &options.registry).map_err(std::io::Error::other)?;
        let runner = Runner::with_choices(
            options.log.clone(),
            options.views,
            projections(&options.log),
            options.on_unfoldable,
            options.clock.clone(),
            options.owner,
        );
        let orders = Orders::new(options.log.clone(), keeper.clone(), options.clock.clone());
        Ok(Self {
            runner,
            walker,
            orders,
            keeper,
            municipality: options.municipality,
            made: question::made(),
            begun: Arc::default(),
            ledgers: Arc::default(),
            log: options.log,
            clock: options.clock,
        })
    }

    /// Follows the log until `shutdown` becomes true.
    pub async fn run(&self, shutdown: watch::Receiver<bool>) {
        tokio::join!(
            self.runner.run(shutdown.clone()),
            self.keeper.run(shutdown.clone()),
            self.walker.run(shutdown.clone()),
            self.orders.keep_due(shutdown)
        );
    }

    /// Ordered reports and their schedules.
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// Brings every projection and the lake up to the head as it is now.
    ///
    /// # Errors
    /// The first follower that stopped.
    pub async fn catch_up(&self) -> Result<(), WorkerError> {
        self.runner.catch_up().await?;
        self.keeper.catch_up().await
    }

    /// The same of the lake alone, which is all that reports are made from.
    ///
    /// # Errors
    /// It stopped, or another process keeps it.
    pub async fn catch_up_lake(&self) -> Result<(), WorkerError> {
        self.keeper.catch_up().await
    }

    /// Folds the whole log again, into a projection or the lake, or into all of them where none is named, beside what
    /// answers; each takes over when it has seen all.
    ///
    /// # Errors
    /// A follower stopped, another worker builds it, or none has this name.
    pub async fn rebuild(&self, only: Option<&str>) -> Result<(), WorkerError> {
        match only {
            None => {
                for name in PROJECTIONS {
                    self.runner.rebuild(name).await?;
                }
                self.keeper.rebuild().await
            }
            Some(LAKE) => self.keeper.rebuild().await,
            Some(name) if PROJECTIONS.contains(&name) => Ok(self.runner.rebuild(name).await?),
            Some(_) => Err(WorkerError::Unknown(format!("{}, {LAKE}", PROJECTIONS.join(", ")))),
        }
    }

    /// Where the lake stands, if that is not upon this log.
    ///
    /// # Errors
    /// The lake or the log cannot be read.
    pub async fn foreign_lake(&self) -> Result<Option<Position>, WorkerError> {
        self.keeper.foreign().await
    }

    /// Lets go of the lake: it is written anew from the log's first event.
    ///
    /// # Errors
    /// Another process keeps it, or it cannot be written.
    pub async fn let_go_of_lake(&self) -> Result<(), WorkerError> {
        self.keeper.let_go().await
    }

    /// Which followers have failed: they stopped at an event, or cannot be read. Their metrics tell how they stand.
    pub async fn failed(&self) -> Vec<(&'static str, bool)> {
        let (views, lake) = tokio::join!(self.runner.status(), self.keeper.standing());
        let of_view = |name: &'static str| {
            let of = views.as_ref().ok().and_then(|all| all.iter().find(|one| one.name == name));
            (name, of.is_none_or(|one| Standing::of(one.clone()).stopped()))
        };
        let mut all: Vec<_> = PROJECTIONS.into_iter().map(of_view).collect();
        all.push((LAKE, lake.map_or(true, |one| one.stopped())));
        all
    }

    /// Where the chain was found broken by the walk in the background, if it was.
    pub fn broken(&self) -> Option<Position> {
        self.walker.broken()
    }

    /// Whether this instance wrote the lake's manifest, as far as there is one that can be read.
    ///
    /// # Errors
    /// It did not.
    pub async fn lake_holds(&self) -> Result<(), WorkerError> {
        self.keeper.holds().await
    }

    /// The lake's files that are not as they were written.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn damaged_lake(&self) -> Result<Vec<String>, WorkerError> {
        self.keeper.damaged().await
    }

    /// What of the lake does not follow from the log: it is written once more, into an empty folder that has to have room for it, and
    /// held against that.
    ///
    /// # Errors
    /// The log or the lake cannot be read, or the folder not be written.
    pub async fn differing_lake(&self, folder: &Path) -> Result<Vec<String>, WorkerError> {
        self.keeper.differing(folder).await
    }

    /// How every projection and the lake stand.
    ///
    /// # Errors
    /// The databases cannot be read.
    pub async fn status(&self) -> Result<Vec<Standing>, WorkerError> {
        let mut all: Vec<_> = self.runner.status().await?.into_iter().map(Standing::of).collect();
        all.push(self.keeper.standing().await?);
        Ok(all)
    }
}

/// The projections that a worker keeps up.
fn projections(log: &EventLog) -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(views::progress::ProgressProjection::new(log.clone())),
        Arc::new(views::competence::CompetenceProjection::new(log.clone())),
    ]
}
