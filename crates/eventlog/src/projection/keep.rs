//! Keeping up: for each projection one task follows the log with the generation that answers, and another builds
//! the next one where there is one to build, and switches.

use std::time::Duration;

use tokio::sync::watch;

use super::checkpoint::{self, not_made};
use super::drive::{Folded, Work};
use super::generation::Generation;
use super::inner::{Inner, Kept};
use super::status::RunnerError;
use crate::clock::rest;
use crate::event::Position;

/// Events that may be folded while the generation that answers is held still.
const CLOSE: u64 = 1_000;

/// How often an idle worker renews its lease, looks at its lag and whether there is something to build.
const TICK: Duration = Duration::from_secs(5);
/// How long to wait after an error that may pass.
const PAUSE: Duration = Duration::from_secs(1);
/// How often to look whether another worker has finished the generation that was asked for.
const LOOK: Duration = Duration::from_millis(200);

/// How an attempt to switch went.
enum Switch {
    Done,
    NotYet,
}

impl Inner {
    /// Keeps the generation that answers up until the shutdown.
    pub(super) async fn keep_up(&self, kept: &Kept, mut shutdown: watch::Receiver<bool>) {
        let mut heads = self.log.subscribe();
        let mut at = None;
        while !*shutdown.borrow() {
            let head = *heads.borrow_and_update();
            let mut pause = TICK;
            let known_at = at.take();
            match self.follow(kept, head, known_at, &shutdown).await {
                Ok(reached) => at = reached,
                // What is appended is somebody else's work until the lease ends.
                Err(RunnerError::Leased { .. }) => {}
                Err(RunnerError::Replaced(_)) => continue,
                Err(error @ RunnerError::Newer { .. }) => tracing::warn!(%error, "a projection waits"),
                Err(RunnerError::Stopped { name, generation, event }) => {
                    let (position, kind, reason) = (event.position.0, event.kind, event.reason);
                    tracing::error!(projection = name, position, %kind, %reason, "a projection stopped");
                    if !self.wait_for_switch(kept, generation, &mut shutdown).await {
                        return;
                    }
                    continue;
                }
                Err(error) => {
                    tracing::warn!(projection = kept.name(), %error, "a projection waits");
                    pause = PAUSE;
                }
            }
            tokio::select! {
                changed = heads.changed(), if at.is_some() => if changed.is_err() { return },
                // Taking the lease again renews it.
                () = tokio::time::sleep(pause) => at = None,
                () = kept.switched.notified() => at = None,
                changed = shutdown.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Builds what there is to build until the shutdown.
    pub(super) async fn keep_building(&self, kept: &Kept, shutdown: watch::Receiver<bool>) {
        let mut stopped = None;
        let mut ending = shutdown.clone();
        while !*shutdown.borrow() {
            let mut pause = TICK;
            match self.build_wanted(kept, &mut stopped, &shutdown).await {
                Ok(()) | Err(RunnerError::Leased { .. } | RunnerError::Replaced(_)) => {}
                Err(RunnerError::Stopped { name, event, .. }) => {
                    let (position, kind, reason) = (event.position.0, event.kind, event.reason);
                    tracing::error!(
                        projection = name, position, %kind, %reason,
                        "building a projection anew stopped; its rows of before go on answering"
                    );
                }
                Err(error) => {
                    tracing::warn!(projection = kept.name(), %error, "building a projection waits");
                    pause = PAUSE;
                }
            }
            if !rest(pause, &mut ending).await {
                return;
            }
        }
    }

    /// Brings the generation that answers to `target`, and where its rows are of an older version the one that
    /// takes its place. Where another worker does that, it is waited for, or for its lease to end.
    pub(super) async fn bring_up(&self, kept: &Kept, target: Position) -> Result<(), RunnerError> {
        loop {
            match self.bring_up_here(kept, target).await {
                Err(RunnerError::Leased { .. }) => {}
                outcome => return outcome,
            }
            if self.was_brought_up(kept, target).await? {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether the generation that answers, which another worker keeps up, has come to `target`.
    async fn was_brought_up(&self, kept: &Kept, target: Position) -> Result<bool, RunnerError> {
        let name = kept.name();
        let Some(current) = self.views.known(name).await?.current else { return Ok(false) };
        if current.version != kept.projection.version() {
            return Ok(false);
        }
        let place = self.views.place(name, current.number)?;
        let known = checkpoint::load(place.reader().await?.tx()).await.ok().flatten().unwrap_or_default();
        match known.failed {
            Some(event) => Err(RunnerError::Stopped { name, generation: current.number, event }),
            None => Ok(known.position >= target),
        }
    }

    async fn bring_up_here(&self, kept: &Kept, target: Position) -> Result<(), RunnerError> {
        let generation = match self.own_current(kept).await {
            Err(RunnerError::Replaced(_)) => {
                let _turn = kept.turn.lock().await;
                let (name, version) = (kept.name(), kept.projection.version());
                match self.views.begin(name, version, false).await? {
                    Some(generation) => return self.complete(kept, generation, None).await,
                    None => self.own_current(kept).await?,
                }
            }
            current => current?,
        };
        let work = self.work(kept, generation, true)?;
        let outcome = self.drive(&work, target, None, None).await;
        self.give_back(&work).await;
        outcome.map(drop)
    }

    /// Builds a new generation, and lets it answer.
    pub(super) async fn build_anew(&self, kept: &Kept) -> Result<(), RunnerError> {
        let name = kept.name();
        let _turn = kept.turn.lock().await;
        if let Some(building) = self.views.known(name).await?.building {
            let place = self.views.place(name, building.number)?;
            let known = checkpoint::load(place.reader().await?.tx()).await.ok().flatten();
            let holder = known.as_ref().and_then(|known| known.holder(self.clock.now()));
            if let Some(owner) = holder.filter(|owner| *owner != self.owner) {
                return Err(RunnerError::Leased { name, owner: owner.to_owned() });
            }
        }
        let begun = self.views.begin(name, kept.projection.version(), true).await?;
        let generation = begun.ok_or(RunnerError::Replaced(name))?;
        loop {
            match self.complete(kept, generation, None).await {
                // Another worker saw it before we took it: it builds it for us.
                Err(RunnerError::Leased { .. }) => tokio::time::sleep(LOOK).await,
                outcome => return outcome,
            }
            if self.views.known(name).await?.current == Some(generation) {
                return Ok(());
            }
        }
    }

    /// Folds what is new into the generation that answers.
    async fn follow(
        &self,
        kept: &Kept,
        head: Position,
        at: Option<(Generation, Position)>,
        shutdown: &watch::Receiver<bool>,
    ) -> Result<Option<(Generation, Position)>, RunnerError> {
        let generation = match self.own_current(kept).await {
            Ok(generation) => generation,
            // The other task builds it.
            Err(RunnerError::Replaced(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let work = self.work(kept, generation, true)?;
        let from = at.filter(|(of, _)| *of == generation).map(|(_, position)| position);
        if from.is_none() {
            self.tell_set_aside(&work).await;
        }
        Ok(Some((generation, self.drive(&work, head, from, Some(shutdown)).await?)))
    }

    /// The generation that answers, if its rows have the program's version; the first is begun here.
    async fn own_current(&self, kept: &Kept) -> Result<Generation, RunnerError> {
        let (name, version) = (kept.name(), kept.projection.version());
        let current = match self.views.known(name).await?.current {
            Some(current) => current,
            None => self.views.begin(name, version, false).await?.ok_or(RunnerError::Replaced(name))?,
        };
        if current.version > version {
            return Err(RunnerError::Newer { name, found: current.version, own: version });
        }
        // Rows of another version are left as they are: a mixture would be of neither.
        if current.version < version { Err(RunnerError::Replaced(name)) } else { Ok(current) }
    }

    async fn build_wanted(
        &self,
        kept: &Kept,
        stopped: &mut Option<Generation>,
        shutdown: &watch::Receiver<bool>,
    ) -> Result<(), RunnerError> {
        let name = kept.name();
        let _turn = kept.turn.lock().await;
        self.sweep(name).await;
        let known = self.views.known(name).await?;
        if known.building.is_none() {
            self.log.metrics().rebuild_lag(name, 0);
        }
        // The first of all answers from the beginning, and is the other task's.
        let Some(current) = known.current else { return Ok(()) };
        let wanted = self.views.begin(name, kept.projection.version(), false).await?;
        let Some(generation) = wanted.filter(|wanted| *wanted != current && Some(*wanted) != *stopped) else {
            return Ok(());
        };
        let outcome = self.complete(kept, generation, Some(shutdown)).await;
        if matches!(outcome, Err(RunnerError::Stopped { .. })) {
            *stopped = Some(generation);
        }
        outcome
    }

    /// Brings a generation to the head and switches to it.
    async fn complete(
        &self,
        kept: &Kept,
        generation: Generation,
        shutdown: Option<&watch::Receiver<bool>>,
    ) -> Result<(), RunnerError> {
        let name = kept.name();
        let work = self.work(kept, generation, self.views.known(name).await?.current == Some(generation))?;
        let outcome = self.bring_to_switch(&work, shutdown).await;
        self.give_back(&work).await;
        if outcome? {
            self.log.metrics().rebuild_lag(name, 0);
            kept.switched.notify_one();
            self.sweep(name).await;
        }
        Ok(())
    }

    /// Whether it got there before the shutdown.
    async fn bring_to_switch(
        &self,
        work: &Work<'_>,
        shutdown: Option<&watch::Receiver<bool>>,
    ) -> Result<bool, RunnerError> {
        loop {
            let head = self.log.head().await?.position;
            let position = self.drive(work, head, None, shutdown).await?;
            if position < head {
                return Ok(false);
            }
            // What came meanwhile is folded before the switch: far behind as here, close behind while the old is held.
            let head = self.log.head().await?.position;
            if head.0.saturating_sub(position.0) > CLOSE {
                continue;
            }
            if let Switch::Done = self.switch(work, position, head).await? {
                return Ok(true);
            }
        }
    }

    /// Lets a generation that has seen all answer. What answered until now is held still meanwhile, so that no
    /// query sees less than the one before it did.
    async fn switch(
        &self,
        work: &Work<'_>,
        position: Position,
        head: Position,
    ) -> Result<Switch, RunnerError> {
        let name = work.name();
        let mut registry = self.views.locked(name).await?;
        let known = self.views.known_in(registry.tx(), name).await?;
        if known.current == Some(work.generation) {
            return Ok(Switch::Done);
        }
        if known.building != Some(work.generation) {
            return Err(RunnerError::Replaced(name));
        }
        let mut held = None;
        if let Some(old) = known.current {
            match checkpoint::hold(&self.views.place(name, old.number)?).await {
                Ok((transaction, old)) => {
                    held = Some(transaction);
                    if !matches!(self.fold_up(work, position, old.max(head), None).await?, Folded::To(_)) {
                        return Ok(Switch::NotYet);
                    }
                }
                Err(error) if !is_lost(&error) => return Err(error.into()),
                // Whoever builds anew because rows were lost must not need them.
                Err(error) => tracing::warn!(projection = name, %error, "the old rows cannot be read"),
            }
        }
        self.views.switch(registry.tx(), name, known.current, work.generation).await?;
        registry.commit().await?;
        if let Some(held) = held {
            held.rollback().await.ok();
        }
        let generation = work.generation.number;
        tracing::info!(projection = name, generation, "a projection that was built anew answers from now on");
        Ok(Switch::Done)
    }

    /// A stopped generation waits for another; its lag goes on being measured. False: there is nothing to wait for
    /// any more.
    async fn wait_for_switch(&self, kept: &Kept, stopped: u64, shutdown: &mut watch::Receiver<bool>) -> bool {
        let name = kept.name();
        loop {
            tokio::select! {
                () = kept.switched.notified() => return true,
                () = tokio::time::sleep(TICK) => {
                    let Ok(known) = self.views.known(name).await else { continue };
                    let Some(current) = known.current.filter(|current| current.number == stopped) else {
                        return true;
                    };
                    if let Ok(known) = self.checkpoint_of(name, current).await
                        && let Ok(head) = self.log.head().await
                    {
                        let _ = self.lag(name, known.position, head.position).await;
                    }
                }
                changed = shutdown.changed() => return changed.is_ok(),
            }
        }
    }

    async fn sweep(&self, name: &str) {
        if let Err(error) = self.views.sweep(name).await {
            tracing::warn!(projection = name, %error, "old rows are not dropped yet; that is tried again");
        }
    }

    async fn tell_set_aside(&self, work: &Work<'_>) {
        let counted = async {
            let mut reader = work.place.reader().await?;
            checkpoint::set_aside(reader.tx(), 0).await
        };
        // A place that is not made yet has none.
        let count = counted.await.map_or(0, |(count, _)| count);
        self.log.metrics().set_aside(work.name(), count);
    }
}

/// Whether rows are not there any more; whatever else keeps them from being read may pass.
fn is_lost(error: &sqlx::Error) -> bool {
    // 11 and 26: SQLite, of a file that is damaged or none of its own.
    let damaged = |code: &str| matches!(code, "11" | "26");
    not_made(error)
        || matches!(error, sqlx::Error::RowNotFound)
        || error.as_database_error().and_then(|error| error.code()).is_some_and(|code| damaged(&code))
}
