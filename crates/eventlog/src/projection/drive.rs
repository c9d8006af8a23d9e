//! Folding: a generation is driven along the log, a page at a time, and a page that fails is halved until the
//! event is found that it fails on.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::watch;

use super::cause::{self, Cause};
use super::checkpoint::{self, Lease};
use super::generation::Generation;
use super::inner::{Inner, Kept};
use super::status::{OnUnfoldable, RunnerError, Unfoldable};
use crate::clock::Micros;
use crate::database::{Database, Transaction};
use crate::event::{Event, Position};
use crate::fold::{FoldError, Projection};

/// Events folded in one transaction at most.
const PAGE: usize = 1_000;

/// A generation to drive.
pub(super) struct Work<'p> {
    pub(super) kept: &'p Kept,
    pub(super) generation: Generation,
    pub(super) place: Database,
    /// Whether its lag is the view's: it answers queries.
    pub(super) answers: bool,
}

impl Work<'_> {
    pub(super) fn name(&self) -> &'static str {
        self.kept.name()
    }
}

/// How folding went.
pub(super) enum Folded {
    /// The checkpoint stands at the end that was asked for, or where the shutdown found it.
    To(Position),
    /// The checkpoint had moved, or the lease was lost: read it again.
    Moved,
    /// This event cannot be folded.
    Not(Unfoldable),
}

/// How one transaction went.
enum Once {
    Done,
    Moved,
    Not(String),
}

impl Inner {
    /// What there is to drive.
    pub(super) fn work<'p>(
        &self,
        kept: &'p Kept,
        generation: Generation,
        answers: bool,
    ) -> Result<Work<'p>, RunnerError> {
        let place = self.views.place(kept.name(), generation.number)?;
        Ok(Work { kept, generation, place, answers })
    }

    /// Folds up to `target`; gives the checkpoint after it. `from` is the checkpoint where the lease is known to be
    /// ours.
    pub(super) async fn drive(
        &self,
        work: &Work<'_>,
        target: Position,
        mut from: Option<Position>,
        shutdown: Option<&watch::Receiver<bool>>,
    ) -> Result<Position, RunnerError> {
        let name = work.name();
        loop {
            let position = match from.take() {
                Some(position) => position,
                None => self.lease(work).await?,
            };
            let folded = self.fold_up(work, position, target, shutdown).await;
            if matches!(folded, Err(_) | Ok(Folded::Not(_)))
                && !self.views.known(name).await?.keeps(work.generation)
            {
                return Err(RunnerError::Replaced(name));
            }
            match folded? {
                Folded::To(position) => return Ok(position),
                Folded::Moved => {}
                Folded::Not(event) => {
                    checkpoint::record_failure(&work.place, &self.owner, &event).await?;
                    return Err(RunnerError::Stopped { name, generation: work.generation.number, event });
                }
            }
        }
    }

    /// Folds up to `target` under a lease that is ours, reading the next page while one is folded.
    pub(super) async fn fold_up(
        &self,
        work: &Work<'_>,
        mut position: Position,
        target: Position,
        shutdown: Option<&watch::Receiver<bool>>,
    ) -> Result<Folded, RunnerError> {
        let mut page = self.page(work.kept.projection.as_ref(), position, target).await?;
        while position < target && !shutdown.is_some_and(|shutdown| *shutdown.borrow()) {
            let (events, end) = page;
            let (folded, next) = tokio::join!(
                self.fold(work, position, end, &events),
                self.page(work.kept.projection.as_ref(), end, target)
            );
            match folded? {
                Folded::To(end) => position = end,
                other => return Ok(other),
            }
            page = next?;
            self.tell_lag(work, position, target).await?;
        }
        self.tell_lag(work, position, target.max(position)).await?;
        Ok(Folded::To(position))
    }

    async fn lease(&self, work: &Work<'_>) -> Result<Position, RunnerError> {
        let (now, name) = (self.clock.now(), work.name());
        match checkpoint::acquire(
            &self.views,
            work.kept.projection.as_ref(),
            work.generation,
            &self.owner,
            now,
        )
        .await
        {
            Ok(Lease::Ours(position)) => Ok(position),
            Ok(Lease::Held(owner)) => Err(RunnerError::Leased { name, owner }),
            Ok(Lease::Gone) => Err(RunnerError::Replaced(name)),
            Err(FoldError::Database(error)) => Err(error.into()),
            Err(FoldError::Event { position, reason }) => {
                let event = Unfoldable { position, kind: String::new(), reason };
                Err(RunnerError::Stopped { name, generation: work.generation.number, event })
            }
        }
    }

    /// The next events for a projection, and how far one has then seen.
    async fn page(
        &self,
        projection: &dyn Projection,
        after: Position,
        target: Position,
    ) -> Result<(Vec<Event>, Position), RunnerError> {
        if after >= target {
            return Ok((Vec::new(), after));
        }
        let events = match projection.kinds() {
            None => self.log.read(after, PAGE).await?,
            Some(kinds) => self.log.read_kinds(kinds, after, PAGE).await?,
        };
        let last = events.last().map_or(after, |event| event.position);
        // Fewer than asked for: of these kinds there was nothing more, at least as far as the target.
        let end = if projection.kinds().is_some() && events.len() < PAGE { last.max(target) } else { last };
        Ok((events, end))
    }

    /// Folds a page. A part that fails is halved, the first half first, so that all before the event that cannot be
    /// folded is committed; what to do about that one is the projection's setting.
    async fn fold(
        &self,
        work: &Work<'_>,
        mut from: Position,
        end: Position,
        events: &[Event],
    ) -> Result<Folded, RunnerError> {
        // What is still to be folded, the next part on top.
        let mut parts = vec![(end, events)];
        while let Some((end, events)) = parts.pop() {
            let reason = match self.fold_once(work, (from, end), events).await? {
                Once::Done => {
                    from = end;
                    continue;
                }
                Once::Moved => return Ok(Folded::Moved),
                Once::Not(reason) => reason,
            };
            let (first, rest) = events.split_at(events.len() / 2);
            if let Some(last) = first.last() {
                parts.push((end, rest));
                parts.push((last.position, first));
                continue;
            }
            let [event] = rest else { return Ok(Folded::Moved) };
            let event = Unfoldable { position: event.position, kind: event.kind.clone(), reason };
            if work.kept.choice == OnUnfoldable::Stop {
                return Ok(Folded::Not(event));
            }
            if !self.set_aside(work, (from, end), &event).await? {
                return Ok(Folded::Moved);
            }
            from = end;
        }
        Ok(Folded::To(from))
    }

    /// Folds events and moves the checkpoint, in one transaction.
    async fn fold_once(
        &self,
        work: &Work<'_>,
        step: (Position, Position),
        events: &[Event],
    ) -> Result<Once, RunnerError> {
        let Some(mut transaction) = self.step(work, step).await? else { return Ok(Once::Moved) };
        let outcome = if events.is_empty() {
            Ok(Ok(()))
        } else {
            // What a fold that panicked has half done is undone with its transaction.
            let folding = async { work.kept.projection.apply(transaction.tx(), events).await };
            AssertUnwindSafe(folding).catch_unwind().await
        };
        let cause = match cause::of(outcome, events) {
            None => match transaction.commit().await {
                Ok(()) => return Ok(Once::Done),
                Err(error) if events.is_empty() => return Err(error.into()),
                Err(error) => cause::of_database(error),
            },
            Some(cause) => cause,
        };
        match cause {
            Cause::Event(reason) => Ok(Once::Not(reason)),
            Cause::Database(error) => Err(error.into()),
        }
    }

    /// Passes over an event and notes it; whether the checkpoint was ours to move.
    async fn set_aside(
        &self,
        work: &Work<'_>,
        step: (Position, Position),
        event: &Unfoldable,
    ) -> Result<bool, RunnerError> {
        let Some(mut transaction) = self.step(work, step).await? else { return Ok(false) };
        checkpoint::note_set_aside(transaction.tx(), event, self.clock.now()).await?;
        transaction.commit().await?;
        tracing::warn!(
            projection = work.name(),
            generation = work.generation.number,
            position = event.position.0,
            kind = %event.kind,
            reason = %event.reason,
            "an event was set aside"
        );
        if work.answers {
            self.log.metrics().set_aside.with_label_values(&[work.name()]).inc();
        }
        Ok(true)
    }

    async fn step(
        &self,
        work: &Work<'_>,
        step: (Position, Position),
    ) -> Result<Option<Transaction>, RunnerError> {
        let upon = self.log.hash_at(step.1).await?;
        Ok(checkpoint::advance(&work.place, &self.owner, step, upon, self.clock.now()).await?)
    }

    /// Tells the metrics how far behind a generation is.
    async fn tell_lag(&self, work: &Work<'_>, position: Position, head: Position) -> Result<(), RunnerError> {
        let name = work.name();
        if work.answers {
            self.lag(name, position, head).await.map(drop)
        } else {
            let events = head.0.saturating_sub(position.0);
            self.log.metrics().rebuild_lag(name, events);
            Ok(())
        }
    }

    /// Measures how far behind a view is, in events and seconds, and tells the metrics.
    pub(super) async fn lag(
        &self,
        name: &str,
        position: Position,
        head: Position,
    ) -> Result<(u64, f64), RunnerError> {
        let events = head.0.saturating_sub(position.0);
        let seconds = if events == 0 {
            0.0
        } else {
            match self.log.stored_at(Position(position.0 + 1)).await? {
                Some(Micros(stored)) => micros_to_seconds(self.clock.now().0.saturating_sub(stored)),
                None => 0.0,
            }
        };
        self.log.metrics().lag(name, events, seconds);
        Ok((events, seconds))
    }

    /// Gives a lease back that was only taken for a while.
    pub(super) async fn give_back(&self, work: &Work<'_>) {
        if self.at_work()
            || !self.views.known(work.name()).await.is_ok_and(|known| known.keeps(work.generation))
        {
            return;
        }
        if let Err(error) = checkpoint::release(&work.place, &self.owner).await {
            let projection = work.name();
            tracing::warn!(projection, %error, "a lease was not given back; it ends by itself");
        }
    }
}

fn micros_to_seconds(micros: i64) -> f64 {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0)).as_secs_f64()
}
