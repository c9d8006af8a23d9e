//! The tasks that hand statements on: one for each forward that this node has the lease of.

use std::collections::HashMap;
use std::time::Duration;

use eventlog::Position;
use eventlog::clock::Micros;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use vault::VaultError;
use vault::secrets::{Advance, Counts, Forward, ForwardId, SetAside};
use xapi::Version;

use crate::metrics::Gauges;
use crate::send::{self, Answer, Other};
use crate::terms::{Secret, Terms};
use crate::{ForwardError, Forwards, Kind, Statement, Stretch, rests};

/// Statements in one request, and their bytes.
const BATCH: usize = 50;
const BATCH_BYTES: usize = 1 << 20;
/// A checkpoint that moves over what is not wanted is written down this often.
const IDLE: Duration = Duration::from_secs(2);
/// The status of an answer that says that something else stands under a statement's id.
const CONFLICT: u16 = 409;
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
        let mut worker = Worker {
            forwards: self,
            forward,
            terms,
            other,
            reached,
            failures: 0,
            refused: 0,
            written: Instant::now(),
        };
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

/// Waits until the process stops.
async fn stopping(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// Waits until a forward is changed from how it is now; others' changes are none of its business.
async fn changes_of(changes: &mut watch::Receiver<HashMap<ForwardId, u64>>, id: ForwardId) {
    let before = changes.borrow_and_update().get(&id).copied();
    let _ = changes.wait_for(|counts| counts.get(&id).copied() != before).await;
}

/// Why handing on did not go on.
enum Held {
    /// The forward rests, is gone, or is another node's: nothing is to be done.
    Over,
    /// It is tried again later; why, and how long the other side asks to be left alone.
    Later(String, Option<Duration>),
}

/// What became of some statements that were sent, and the hashes of the content that went with them.
struct Delivery {
    answer: Answer,
    given: Vec<String>,
}

/// What works on one forward.
struct Worker<'a> {
    forwards: &'a Forwards,
    /// As the vault keeps it.
    forward: Forward,
    terms: Terms,
    other: Other,
    /// Everything up to here is done or not wanted: the checkpoint, or further where nothing was wanted.
    reached: Position,
    /// Tries that failed since the last that did not.
    failures: u32,
    /// Statements that were refused since the last that was not.
    refused: u32,
    /// When the checkpoint was written last.
    written: Instant,
}

impl Worker<'_> {
    async fn work(&mut self, mut shutdown: watch::Receiver<bool>) -> Result<(), ForwardError> {
        let inner = &self.forwards.inner;
        let mut heads = inner.log.subscribe();
        // Whoever pauses or resumes a forward should not have to wait for the end of a pause.
        let mut changes = inner.changed.subscribe();
        let mut changed = std::pin::pin!(changes_of(&mut changes, self.forward.id));
        while !*shutdown.borrow() {
            let head = *heads.borrow_and_update();
            if self.reached < head {
                match self.step(&shutdown).await {
                    Ok(()) => self.failures = 0,
                    Err(Held::Over) => return Ok(()),
                    Err(Held::Later(why, asked)) => {
                        let pause = self.failed(&why, asked).await?;
                        tokio::select! {
                            () = tokio::time::sleep(pause) => {}
                            () = &mut changed => return Ok(()),
                            () = stopping(&mut shutdown) => return Ok(()),
                        }
                    }
                }
                continue;
            }
            let unwritten = self.reached.0 != self.forward.position;
            tokio::select! {
                appended = heads.changed() => if appended.is_err() { return Ok(()) },
                () = &mut changed => return Ok(()),
                () = tokio::time::sleep(IDLE), if unwritten => {
                    if self.advance(self.reached, Counts::default(), Vec::new()).await.is_err() {
                        return Ok(());
                    }
                }
                () = stopping(&mut shutdown) => return Ok(()),
            }
        }
        Ok(())
    }

    /// Takes down that a try failed; gives how long to wait.
    async fn failed(&mut self, why: &str, asked: Option<Duration>) -> Result<Duration, ForwardError> {
        let inner = &self.forwards.inner;
        self.failures = self.failures.saturating_add(1);
        let pause = inner.pace.pause(self.failures, (inner.chance)(), asked);
        let name = self.forward.name.as_str();
        tracing::warn!(
            forward = name,
            why,
            pause_seconds = pause.as_secs_f64(),
            "a forward could not hand on"
        );
        inner.metrics.count_failure(name);
        inner.vault.note_forward_failure(self.forward.id, &inner.owner, why).await?;
        self.forward.failing = Some((inner.clock.now(), why.to_owned()));
        Ok(pause)
    }

    /// Hands on what is wanted of the next stretch of the log.
    async fn step(&mut self, shutdown: &watch::Receiver<bool>) -> Result<(), Held> {
        let source = &self.forwards.inner.source;
        let read = source.hand_on(self.reached, &self.terms.selection, self.terms.turned_into()).await;
        let Stretch { statements, through, erased } =
            read.map_err(|error| Held::Later(error.to_string(), None))?;
        if through <= self.reached {
            return Err(Held::Later("the log has no more events, though its head says so".into(), None));
        }
        let into = |statement: &Statement| self.terms.turned_into().unwrap_or(statement.received);
        let (taken, over): (Vec<_>, Vec<_>) =
            statements.into_iter().partition(|statement| self.terms.takes(into(statement)));
        let taken = batches(taken, self.terms.kind, into);
        for (index, (version, batch)) in taken.iter().enumerate() {
            if *shutdown.borrow() {
                return Err(Held::Over);
            }
            self.hand_over(batch, *version, &taken[index + 1..]).await?;
        }
        self.reached = through;
        let counts = Counts { erased, passed_over: over.len() as u64, ..Counts::default() };
        let failing = self.forward.failing.is_some();
        // A log that is never at rest must not make a filter that takes little of it look late.
        let old = self.written.elapsed() >= IDLE && through.0 != self.forward.position;
        if counts != Counts::default() || failing || old {
            self.advance(through, counts, Vec::new()).await?;
        }
        Ok(())
    }

    /// Hands statements over, in order: where the other side objects to one of them, or fails over and over with it, in
    /// halves until it is alone. `later` is what comes after them.
    async fn hand_over(
        &mut self,
        batch: &[Statement],
        version: Version,
        later: &[(Version, Vec<Statement>)],
    ) -> Result<(), Held> {
        let inner = &self.forwards.inner;
        // It has failed often enough for it to be one of these statements, and not a moment of its own.
        let mut splits = false;
        let mut waiting = vec![batch];
        while let Some(part) = waiting.pop() {
            let Some(last) = part.last() else { continue };
            let mut delivery = self.deliver(part, version).await?;
            if let Answer::Failed(_, why) = &delivery.answer {
                let why = why.clone();
                splits |= self.failures + 1 >= inner.pace.tries;
                if !splits {
                    return Err(Held::Later(why, None));
                }
                if let [alone] = part {
                    if !self.takes_one_of(&spread(version, &waiting, later)).await? {
                        return Err(Held::Later(why, None));
                    }
                    // Between two failures of this one it took another: it is not down, and was not just coming back.
                    delivery = self.deliver(std::slice::from_ref(alone), version).await?;
                }
            }
            let (mut counts, mut set_aside) = (Counts::default(), Vec::new());
            match delivery.answer {
                Answer::Taken => {
                    counts.sent = part.len() as u64;
                    self.refused = 0;
                }
                Answer::Conflict | Answer::Refused(_) | Answer::Failed(..) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    waiting.extend([second, first]);
                    continue;
                }
                Answer::Conflict => {
                    counts.conflicts = 1;
                    self.refused = 0;
                    set_aside.push(self.set_aside(last, CONFLICT));
                }
                Answer::Refused(status) | Answer::Failed(status, _) => {
                    // One whose content is gone may rightly be refused, and says nothing about the address.
                    if !lacks_content(last, &delivery.given) {
                        self.refused += 1;
                    }
                    if self.refused > inner.pace.refused_in_a_row {
                        self.rest(rests::REFUSED).await?;
                        return Err(Held::Over);
                    }
                    counts.set_aside = 1;
                    set_aside.push(self.set_aside(last, status));
                }
                Answer::Gone => {
                    self.rest(rests::GONE).await?;
                    return Err(Held::Over);
                }
                Answer::Later(why, asked) => return Err(Held::Later(why, asked)),
            }
            self.advance(last.done, counts, set_aside).await?;
        }
        Ok(())
    }

    /// Sends statements, with the content of the attachments where there is one of them.
    async fn deliver(&self, part: &[Statement], version: Version) -> Result<Delivery, Held> {
        let inner = &self.forwards.inner;
        let attachments = match part {
            [one] if one.attached && self.terms.kind == Kind::Lrs => {
                let read = inner.source.attachments(one.position).await;
                read.map_err(|error| Held::Later(error.to_string(), None))?
            }
            _ => Vec::new(),
        };
        let given = attachments.iter().map(|attachment| attachment.sha2.clone()).collect();
        let answer = self.other.send(part, version, attachments, inner.clock.now()).await;
        Ok(Delivery { answer, given })
    }

    /// Whether the other side takes one of some statements, each alone. What it takes so is sent again in its turn.
    async fn takes_one_of(&self, some: &[(Version, &[Statement])]) -> Result<bool, Held> {
        for (version, one) in some {
            match self.deliver(one, *version).await?.answer {
                Answer::Taken | Answer::Conflict => return Ok(true),
                Answer::Refused(_) | Answer::Failed(..) => {}
                Answer::Gone | Answer::Later(..) => return Ok(false),
            }
        }
        Ok(false)
    }

    /// Notes a statement that the other side did not take.
    fn set_aside(&self, statement: &Statement, status: u16) -> SetAside {
        let (forward, position) = (self.forward.name.as_str(), statement.position.0);
        tracing::warn!(
            forward,
            position,
            status,
            "the other side of a forward refused a statement; it is set aside"
        );
        SetAside { position, status, at: self.forwards.inner.clock.now() }
    }

    /// Moves the checkpoint.
    async fn advance(&mut self, to: Position, counts: Counts, set_aside: Vec<SetAside>) -> Result<(), Held> {
        let inner = &self.forwards.inner;
        let advance = Advance { position: to.0, counts, set_aside };
        let from = self.forward.position;
        let moved = inner.vault.advance_forward(self.forward.id, &inner.owner, from, &advance).await;
        match moved {
            Ok(true) => {
                inner.metrics.count(&self.forward.name, &counts);
                self.forward.position = to.0;
                // Where the next try begins, should this one fail after all.
                self.reached = to;
                self.written = Instant::now();
                self.forward.failing = None;
                if counts.sent + counts.conflicts + counts.set_aside > 0 {
                    self.failures = 0;
                }
                Ok(())
            }
            Ok(false) => Err(Held::Over),
            Err(error) => Err(Held::Later(error.to_string(), None)),
        }
    }

    async fn rest(&self, why: u8) -> Result<(), Held> {
        tracing::warn!(forward = self.forward.name, why, "a forward rests, by what the other side said");
        self.forwards.rest(&self.forward, why).await.map_err(|error| Held::Later(error.to_string(), None))
    }
}

/// Whether a statement has an attachment whose content neither lies elsewhere (`fileUrl`) nor was given along: it is
/// here no more, or never was.
fn lacks_content(statement: &Statement, given: &[String]) -> bool {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Whole {
        attachments: Vec<Attached>,
        object: Object,
    }
    /// A SubStatement has attachments of its own.
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Object {
        attachments: Vec<Attached>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Attached {
        sha2: Option<String>,
        file_url: Option<String>,
    }
    let Ok(Whole { attachments, object }) = serde_json::from_str(&statement.json) else { return false };
    let here = |sha2: &Option<String>| sha2.as_ref().is_some_and(|sha2| given.contains(sha2));
    attachments.iter().chain(&object.attachments).any(|one| one.file_url.is_none() && !here(&one.sha2))
}

/// Of what comes after a statement the first, and then always twice as far on, each alone: so a run of statements that
/// fail is told from a side that is down by few requests. `waiting` is of one batch, its next part last.
fn spread<'a>(
    version: Version,
    waiting: &[&'a [Statement]],
    later: &'a [(Version, Vec<Statement>)],
) -> Vec<(Version, &'a [Statement])> {
    let of_batch = waiting.iter().rev().map(|part| (version, *part));
    let parts = of_batch.chain(later.iter().map(|(version, batch)| (*version, batch.as_slice())));
    let all = parts.flat_map(|(version, part)| part.chunks(1).map(move |one| (version, one)));
    all.enumerate().filter(|(index, _)| (index + 1).is_power_of_two()).map(|(_, one)| one).collect()
}

/// Statements in their order, as they are sent together: to a record store those of one version, and those with
/// attachments each alone, whose content is read for one request.
fn batches(
    statements: Vec<Statement>,
    kind: Kind,
    into: impl Fn(&Statement) -> Version,
) -> Vec<(Version, Vec<Statement>)> {
    let mut all: Vec<(Version, Vec<Statement>)> = Vec::new();
    let mut bytes = 0;
    for statement in statements {
        let version = into(&statement);
        let joins = all.last().is_some_and(|(before, batch)| {
            let alone = kind == Kind::Lrs
                && (*before != version || statement.attached || batch.iter().any(|one| one.attached));
            !alone && batch.len() < BATCH && bytes + statement.json.len() <= BATCH_BYTES
        });
        bytes = if joins { bytes } else { 0 } + statement.json.len();
        match all.last_mut() {
            Some((_, batch)) if joins => batch.push(statement),
            _ => all.push((version, vec![statement])),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(position: u64, received: Version, attached: bool, length: usize) -> Statement {
        let position = Position(position);
        Statement { position, done: position, received, json: "x".repeat(length), attached }
    }

    fn sizes(statements: Vec<Statement>, kind: Kind) -> Vec<(Version, usize)> {
        let all = batches(statements, kind, |statement| statement.received);
        all.into_iter().map(|(version, batch)| (version, batch.len())).collect()
    }

    #[test]
    fn what_has_no_content_and_no_place_elsewhere_lacks_it() {
        let lacks = |json: &str, given: &[&str]| {
            let given: Vec<String> = given.iter().map(|sha2| (*sha2).to_owned()).collect();
            lacks_content(
                &Statement { json: json.to_owned(), ..statement(1, Version::V2_0_0, true, 0) },
                &given,
            )
        };
        let own = r#"{"object":{"id":"https://e.org"},"attachments":[{"sha2":"aa"},{"sha2":"bb"}]}"#;
        assert!(lacks(own, &["aa"]) && !lacks(own, &["bb", "aa"]));
        let elsewhere = r#"{"attachments":[{"sha2":"aa","fileUrl":"https://e.org/a"},{"sha2":"bb"}]}"#;
        assert!(lacks(elsewhere, &[]) && !lacks(elsewhere, &["bb"]));
        let inner = r#"{"object":{"objectType":"SubStatement","attachments":[{"sha2":"aa"}]}}"#;
        assert!(lacks(inner, &[]) && !lacks(inner, &["aa"]));
        assert!(!lacks(r#"{"object":{"id":"https://e.org"}}"#, &[]));
    }

    #[test]
    fn what_is_sent_together_is_of_one_version_bounded_and_in_order() {
        use Version::{V1_0_3, V2_0_0};
        let mixed = vec![
            statement(1, V1_0_3, false, 1),
            statement(2, V1_0_3, false, 1),
            statement(3, V2_0_0, false, 1),
            statement(4, V2_0_0, true, 1),
            statement(5, V2_0_0, false, 1),
            statement(6, V2_0_0, false, BATCH_BYTES),
            statement(7, V2_0_0, false, 1),
        ];
        let expected = [(V1_0_3, 2), (V2_0_0, 1), (V2_0_0, 1), (V2_0_0, 1), (V2_0_0, 1), (V2_0_0, 1)];
        assert_eq!(sizes(mixed.clone(), Kind::Lrs), expected);
        assert_eq!(sizes(mixed[..5].to_vec(), Kind::Webhook), [(V1_0_3, 5)], "a webhook takes any");
        let many = (1..=120).map(|position| statement(position, V2_0_0, false, 10)).collect();
        assert_eq!(sizes(many, Kind::Lrs), [(V2_0_0, 50), (V2_0_0, 50), (V2_0_0, 20)]);
    }
}
