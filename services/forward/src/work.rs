//! What works on one forward: reads what is wanted, hands it over, and moves the checkpoint.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use eventlog::Position;
use tokio::sync::watch;
use tokio::time::Instant;
use vault::secrets::{Advance, Counts, Forward, ForwardId, SetAside};
use xapi::Version;

use crate::parts::{FURTHEST, batches, lacks_content, parts, spread};
use crate::send::{Answer, Other};
use crate::terms::Terms;
use crate::{ForwardError, Forwards, Kind, Statement, rests};

/// A checkpoint that moves over what is not wanted is written down this often.
const IDLE: Duration = Duration::from_secs(2);
/// The status of an answer that says that something else stands under a statement's id.
const CONFLICT: u16 = 409;

/// Waits until the process stops.
pub(crate) async fn stopping(shutdown: &mut watch::Receiver<bool>) {
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

/// Some of the log, ready to be handed on.
struct Read {
    batches: Vec<(Version, Vec<Statement>)>,
    /// Up to where was looked.
    through: Position,
    /// What is wanted and not handed on.
    counts: Counts,
}

/// What became of some statements that were sent, and the hashes of the content that went with them.
struct Delivery {
    answer: Answer,
    given: Vec<String>,
}

/// What works on one forward.
pub(crate) struct Worker<'a> {
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
    /// Where another statement was sought in vain after one that failed: from a position up to which nothing is wanted.
    barren: BTreeMap<Position, Position>,
    /// When the checkpoint was written last.
    written: Instant,
}

impl<'a> Worker<'a> {
    /// `reached` is where it goes on.
    pub(crate) fn new(
        forwards: &'a Forwards,
        forward: Forward,
        terms: Terms,
        other: Other,
        reached: Position,
    ) -> Self {
        let written = Instant::now();
        let barren = BTreeMap::new();
        Self { forwards, forward, terms, other, reached, failures: 0, refused: 0, barren, written }
    }

    /// Works until the process stops, or the forward is changed.
    pub(crate) async fn work(&mut self, mut shutdown: watch::Receiver<bool>) -> Result<(), ForwardError> {
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
        let Read { batches, through, counts } = self.read(self.reached).await?;
        if through <= self.reached {
            return Err(Held::Later("the log has no more events, though its head says so".into(), None));
        }
        for (index, (version, batch)) in batches.iter().enumerate() {
            if *shutdown.borrow() {
                return Err(Held::Over);
            }
            self.hand_over(batch, *version, &batches[index + 1..], through).await?;
        }
        self.reached = through;
        let failing = self.forward.failing.is_some();
        // A log that is never at rest must not make a filter that takes little of it look late.
        let old = self.written.elapsed() >= IDLE && through.0 != self.forward.position;
        if counts != Counts::default() || failing || old {
            self.advance(through, counts, Vec::new()).await?;
        }
        Ok(())
    }

    /// Reads the next stretch of the log after a position.
    async fn read(&self, after: Position) -> Result<Read, Held> {
        let source = &self.forwards.inner.source;
        let read = source.hand_on(after, &self.terms.selection, self.terms.turned_into()).await;
        let read = read.map_err(|error| Held::Later(error.to_string(), None))?;
        let into = |statement: &Statement| self.terms.turned_into().unwrap_or(statement.received);
        let (taken, over): (Vec<_>, Vec<_>) =
            read.statements.into_iter().partition(|statement| self.terms.takes(into(statement)));
        let counts = Counts { erased: read.erased, passed_over: over.len() as u64, ..Counts::default() };
        Ok(Read { batches: batches(taken, self.terms.kind, into), through: read.through, counts })
    }

    /// Hands statements over, in order: where the other side objects to one of them, or fails over and over with it, in
    /// halves until it is alone. `later` is what comes after them in a stretch that goes up to `through`.
    async fn hand_over(
        &mut self,
        batch: &[Statement],
        version: Version,
        later: &[(Version, Vec<Statement>)],
        through: Position,
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
                    let of_batch = waiting.iter().rev().map(|part| (version, *part));
                    if !self.takes_another(of_batch.chain(parts(later)), through).await? {
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

    /// Whether the other side takes one of the statements that come after one: of what is left of its stretch, which
    /// goes up to `through`, and further on in the log, as a filter may take little of it. The next try reads on where
    /// this one ends. What the other side takes so is sent again in its turn.
    async fn takes_another<'b>(
        &mut self,
        rest: impl Iterator<Item = (Version, &'b [Statement])>,
        through: Position,
    ) -> Result<bool, Held> {
        let (mut passed, mut from) = (0, through);
        if let Some(takes) = self.takes_one_of(&spread(rest, &mut passed)).await? {
            return Ok(takes);
        }
        for _ in 0..self.forwards.inner.pace.ahead {
            if passed >= FURTHEST {
                break;
            }
            let after = self.barren.get(&from).copied().unwrap_or(from);
            let read = self.read(after).await?;
            if read.through <= after {
                break;
            }
            if read.batches.is_empty() {
                self.barren.insert(from, read.through);
                continue;
            }
            if let Some(takes) = self.takes_one_of(&spread(parts(&read.batches), &mut passed)).await? {
                return Ok(takes);
            }
            from = read.through;
        }
        Ok(false)
    }

    /// Whether the other side takes one of some statements, each alone; nothing where it fails with all of them.
    async fn takes_one_of(&self, some: &[(Version, &[Statement])]) -> Result<Option<bool>, Held> {
        for (version, one) in some {
            match self.deliver(one, *version).await?.answer {
                Answer::Taken | Answer::Conflict => return Ok(Some(true)),
                Answer::Refused(_) | Answer::Failed(..) => {}
                Answer::Gone | Answer::Later(..) => return Ok(Some(false)),
            }
        }
        Ok(None)
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
                self.barren.clear();
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
