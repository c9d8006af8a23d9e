//! The one task that writes: takes all that waits, decides each request on its own, writes once, syncs
//! once, answers all. There is no timer: a batch forms while the one before it commits.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use crate::decide::{Decision, Placed, decide};
use crate::event::{AppendError, Appended, Naming, Position, Unready};
use crate::fold::{InTransaction, Standing};
use crate::hooks;
use crate::rows::{Rows, Work};
use crate::shared::Shared;
use crate::store::{Change, Failure, Need};
use crate::stores::{Store, classify_fold};

/// No batch grows much beyond this, however large its events.
const BATCH_BYTES: usize = 32 << 20;
/// How long to wait before the database is asked again whether a commit arrived.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// How often a batch is tried again on a new connection.
const TRIES: u32 = 3;
/// For how many batches keys are looked up first once one was found in the log.
const WARY: u32 = 64;

/// A request that waits, and who waits for it.
pub(crate) struct Request {
    pub(crate) work: Work,
    pub(crate) answer: oneshot::Sender<Answer>,
    /// Its room in the queue, given back when the writer takes it.
    pub(crate) room: OwnedSemaphorePermit,
}

pub(crate) type Answer = Result<Appended, AppendError>;

/// The writer's own state.
pub(crate) struct Writer {
    pub(crate) store: Store,
    pub(crate) shared: Arc<Shared>,
    pub(crate) hooks: Vec<Arc<dyn InTransaction>>,
    pub(crate) requests: mpsc::UnboundedReceiver<Request>,
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) max_batch: usize,
    /// For how many more batches dedupe keys are looked up before the insert. Most are new, and the insert
    /// into their unique index finds the others.
    pub(crate) wary: u32,
}

/// A batch on its way: requests that have no answer yet.
type Waiting = Vec<(Work, oneshot::Sender<Answer>)>;

impl Writer {
    /// Writes until the log is closed or the disk fails.
    pub(crate) async fn run(mut self) {
        let mut left_over = None;
        loop {
            let first = match left_over.take() {
                Some(request) => Some(request),
                None => self.next().await,
            };
            let Some(first) = first else { break };
            let (batch, left) = self.gather(first).await;
            left_over = left;
            if self.shared.stopped.get().is_none() {
                self.write(batch).await;
            }
            // A piece after each batch: who waits in the queue waits for one piece at most.
            if self.is_behind() {
                self.go_on().await;
            }
            if let Some(reason) = self.shared.stopped.get() {
                tracing::error!(%reason, "the log has stopped");
                self.requests.close();
                let rest = left_over.take().into_iter();
                let mut queued = Vec::new();
                while let Ok(request) = self.requests.try_recv() {
                    queued.push(request);
                }
                for request in rest.chain(queued) {
                    let _ = request.answer.send(Err(AppendError::Stopped(reason.clone())));
                }
                return;
            }
        }
    }

    async fn next(&mut self) -> Option<Request> {
        let shared = Arc::clone(&self.shared);
        loop {
            if *self.closing.borrow() {
                self.requests.close();
                return self.requests.recv().await;
            }
            tokio::select! {
                biased;
                request = self.requests.recv() => return request,
                () = shared.behind.notified() => self.go_on().await,
                changed = self.closing.changed() => {
                    if changed.is_err() {
                        self.requests.close();
                        return self.requests.recv().await;
                    }
                }
            }
        }
    }

    fn is_behind(&self) -> bool {
        self.hooks.iter().any(|hook| hook.standing() == Standing::Behind)
    }

    /// Does a piece of what hooks put off. What fails is tried again when somebody asks or appends.
    async fn go_on(&mut self) {
        let mut done = match self.store.take(&Need::default()).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(failure),
        };
        for hook in &self.hooks {
            if done.is_ok() {
                done = match self.store.tx() {
                    Ok(tx) => hook.go_on(tx).await.map_err(|error| classify_fold(&error)),
                    Err(failure) => Err(failure),
                };
            }
        }
        if done.is_ok() {
            done = self.store.commit().await;
        }
        match done {
            Ok(()) if self.is_behind() => self.shared.behind.notify_one(),
            Ok(()) => {}
            Err(failure) => {
                self.store.rollback().await;
                if let Failure::Fatal(reason) = &failure {
                    let _ = self.shared.stopped.set(reason.clone());
                }
                tracing::warn!(?failure, "what an index put off could not be continued; it stays for later");
            }
        }
    }

    /// All that waits, up to the largest batch, and the first request that did not fit.
    async fn gather(&mut self, first: Request) -> (Waiting, Option<Request>) {
        // Whoever was just answered gets a chance to ask again before the batch is closed; this is what
        // keeps a batch from splitting into one that asked first and all the others.
        tokio::task::yield_now().await;
        let mut batch = Vec::new();
        let (mut events, mut bytes) = (0, 0);
        let mut next = Some(first);
        while let Some(request) = next {
            let (more, weight) = (request.work.append.events.len(), request.work.bytes);
            if !batch.is_empty() && (events + more > self.max_batch || bytes + weight > BATCH_BYTES) {
                return (batch, Some(request));
            }
            events += more;
            bytes += weight;
            drop(request.room);
            batch.push((request.work, request.answer));
            next = self.requests.try_recv().ok();
        }
        (batch, None)
    }

    /// Writes a batch and answers it. Where one event spoils it, the batch is halved until that one
    /// stands alone.
    async fn write(&mut self, batch: Waiting) {
        self.shared.metrics.queue_events.set(
            i64::try_from(self.shared.capacity.saturating_sub(self.shared.queue.available_permits()))
                .unwrap_or(i64::MAX),
        );
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            let timer = self.shared.metrics.commit_seconds.start_timer();
            let outcome = self.insist(&mut part).await;
            timer.observe_duration();
            match outcome {
                Ok(answers) => {
                    for ((_, asker), answer) in part.into_iter().zip(answers) {
                        self.answer(asker, answer);
                    }
                }
                Err(Failure::Refused(_)) if part.len() > 1 => {
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                    parts.push(part);
                }
                Err(failure) => {
                    let error = match failure {
                        Failure::Refused(reason) | Failure::Repeated(reason) => AppendError::Refused(reason),
                        Failure::Full(reason) => {
                            self.shared.failed(Unready::Full(reason));
                            AppendError::Unavailable(reason.to_owned())
                        }
                        Failure::Unavailable(reason) | Failure::Disconnected(reason) => {
                            self.shared.failed(Unready::Database(reason.clone()));
                            AppendError::Unavailable(reason)
                        }
                        Failure::Lost(reason) | Failure::Fatal(reason) => {
                            let _ = self.shared.stopped.set(reason.clone());
                            AppendError::Stopped(reason)
                        }
                    };
                    for (_, asker) in part {
                        self.answer(asker, Err(error.clone()));
                    }
                }
            }
        }
    }

    fn answer(&self, asker: oneshot::Sender<Answer>, answer: Answer) {
        if let Err(error) = &answer {
            let reason = match error {
                AppendError::Exists(_) => "exists",
                AppendError::WrongVersion { .. } => "wrong_version",
                AppendError::Fenced(_) => "fenced",
                AppendError::Full { .. } => "full",
                AppendError::Clock(_) => "clock",
                AppendError::Unavailable(_) => "unavailable",
                AppendError::Refused(_) => "refused",
                AppendError::Stopped(_) => "stopped",
            };
            self.shared.metrics.refused.with_label_values(&[reason]).inc();
        }
        // Whoever asked may have gone; what was stored stays stored.
        let _ = asker.send(answer);
    }

    /// Tries on new connections where the old one failed, and looks a lost commit up before anything else.
    async fn insist(&mut self, part: &mut Waiting) -> Result<Vec<Answer>, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let failure = match self.attempt(part).await {
                Ok(answers) => return Ok(answers),
                Err(Attempt { failure: Failure::Lost(reason), answers, first }) => {
                    if self.look_up(first, &reason).await? {
                        return Ok(answers);
                    }
                    Failure::Disconnected(reason)
                }
                Err(attempt) => attempt.failure,
            };
            match failure {
                Failure::Disconnected(_) if tries < TRIES => {}
                Failure::Repeated(_) => {}
                failure => return Err(failure),
            }
        }
    }

    /// Waits for the database to come back and say whether a commit arrived. Until then nothing else
    /// could be stored anyway: who else asks is refused.
    async fn look_up(&mut self, first: Option<(Position, [u8; 16])>, reason: &str) -> Result<bool, Failure> {
        let Some((position, id)) = first else { return Ok(false) };
        tracing::warn!(%reason, position = position.0, "the answer to a commit was lost; looking it up");
        loop {
            match self.store.committed(position, &id).await {
                Ok(committed) => return Ok(committed),
                Err(Failure::Fatal(reason)) => return Err(Failure::Fatal(reason)),
                Err(_) if *self.closing.borrow() || self.closing.has_changed().is_err() => {
                    return Err(Failure::Lost(format!(
                        "closed while its database was away ({reason}); whether this request was stored \
                         shows when it is back"
                    )));
                }
                Err(_) => {
                    self.refuse_waiting(reason);
                    let mut closing = self.closing.clone();
                    tokio::select! {
                        () = tokio::time::sleep(LOOK_AGAIN) => {}
                        _ = closing.changed() => {}
                    }
                }
            }
        }
    }

    /// Refuses what has not been taken yet, so that nobody waits in vain for a database that is away.
    fn refuse_waiting(&mut self, reason: &str) {
        while let Ok(request) = self.requests.try_recv() {
            self.answer(request.answer, Err(AppendError::Unavailable(reason.to_owned())));
        }
    }

    /// One transaction.
    async fn attempt(&mut self, part: &mut Waiting) -> Result<Vec<Answer>, Attempt> {
        let mut works: Vec<&mut Work> = part.iter_mut().map(|(work, _)| work).collect();
        let events = || works.iter().flat_map(|work| &work.append.events);
        let looks = self.wary > 0;
        let need = Need {
            dedupe: events().filter(|_| looks).filter_map(|event| event.dedupe).collect(),
            streams: events().filter_map(|event| event.stream.map(|(key, _)| key)).collect(),
        };
        let before = self.shared.elapsed();
        let taken = self.store.take(&need).await?;
        self.shared.saw_fence(taken.head.fence);
        if let Some(behind) = taken.hooks.filter(|position| *position < taken.head.position) {
            // Somebody appended without our hooks.
            let tx = self.store.tx()?;
            if let Err(error) = hooks::replay(tx, &self.hooks, behind, taken.head.position).await {
                self.store.rollback().await;
                return Err(Failure::Unavailable(error.to_string()).into());
            }
        }
        let now = match self.shared.trusted_now(taken.clock) {
            Ok(now) => now,
            Err(reason) => {
                self.store.rollback().await;
                return Ok(works.iter().map(|_| Err(AppendError::Clock(reason.clone()))).collect());
            }
        };
        let decision = decide(&taken.head, taken.known, now, works.iter().map(|work| &work.append));
        self.wary = match decision.refused.iter().any(|r| matches!(r, Some(AppendError::Exists(_)))) {
            true => WARY,
            false => self.wary.saturating_sub(1),
        };
        if decision.placed.is_empty() {
            self.store.rollback().await;
            return Ok(answers(decision));
        }
        let (rows, hash) = Rows::take(&decision.placed, &mut works, taken.head.hash);
        let mut head = decision.head;
        head.hash = hash;
        let change = Change {
            head,
            deletions: deletions(&decision.placed, &works),
            named: named(&decision.placed, &works),
        };
        let written = match self.put(&rows, &change).await {
            Ok(()) => self.store.commit().await,
            Err(failure) => Err(failure),
        };
        if let Err(failure) = written {
            let failure = match failure {
                // Once more, and this time looking first.
                Failure::Repeated(reason) if !looks => {
                    self.wary = WARY;
                    Failure::Repeated(reason)
                }
                Failure::Repeated(reason) => Failure::Refused(reason),
                failure => failure,
            };
            self.store.rollback().await;
            let first = rows.events.first().map(|event| (event.position, event.id));
            rows.give_back(&decision.placed, &mut works);
            return Err(Attempt { failure, answers: answers(decision), first });
        }
        self.shared.metrics.batch_events.observe(count(decision.placed.len()));
        self.shared.saw(head.position, head.fence);
        self.shared.stored();
        if self.hooks.iter().all(|hook| hook.standing() == Standing::Complete) {
            self.shared.wrote_through(head.stored, before);
        }
        Ok(answers(decision))
    }

    async fn put(&mut self, rows: &Rows, change: &Change) -> Result<(), Failure> {
        self.store.put(rows, change).await?;
        for hook in &self.hooks {
            hook.apply(self.store.tx()?, &rows.events).await.map_err(|error| classify_fold(&error))?;
        }
        Ok(())
    }
}

/// A transaction that failed, and what would be answered if it turns out that it did not.
struct Attempt {
    failure: Failure,
    answers: Vec<Answer>,
    first: Option<(Position, [u8; 16])>,
}

impl From<Failure> for Attempt {
    fn from(failure: Failure) -> Self {
        Self { failure, answers: Vec::new(), first: None }
    }
}

fn answers(decision: Decision) -> Vec<Answer> {
    let mut answers: Vec<Answer> = decision
        .refused
        .into_iter()
        .map(|refused| match refused {
            Some(error) => Err(error),
            None => Ok(Appended { events: Vec::new() }),
        })
        .collect();
    for place in decision.placed {
        if let Some(Ok(appended)) = answers.get_mut(place.request) {
            appended.events.push((place.position, place.stored));
        }
    }
    answers
}

/// What is deleted, each by the first event of its request.
fn deletions(placed: &[Placed], works: &[&mut Work]) -> Vec<(Position, u16, Position)> {
    placed
        .iter()
        .filter(|place| place.event == 0)
        .flat_map(|place| {
            let wanted = &works[place.request].deletions;
            wanted.iter().map(|(position, slot)| (*position, *slot, place.position))
        })
        .collect()
}

/// The sets of chunks that slots name, each with the position of its event.
fn named(placed: &[Placed], works: &[&mut Work]) -> Vec<(Position, Naming)> {
    let naming = placed.iter().filter(|place| !works[place.request].named.is_empty());
    let positions: HashMap<(usize, usize), Position> =
        naming.map(|place| ((place.request, place.event), place.position)).collect();
    let of = |(request, work): (usize, &&mut Work)| {
        let one = |naming: &Naming| Some((*positions.get(&(request, naming.event))?, naming.clone()));
        work.named.iter().filter_map(one).collect::<Vec<_>>()
    };
    if positions.is_empty() { Vec::new() } else { works.iter().enumerate().flat_map(of).collect() }
}

fn count(events: usize) -> f64 {
    f64::from(u32::try_from(events).unwrap_or(u32::MAX))
}
