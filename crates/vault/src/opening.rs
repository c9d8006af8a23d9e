//! Opening sealed slots, many at a time, and cutting and joining whole texts.

use std::collections::BTreeSet;

use eventlog::{Key, Slot};

use crate::agent::{AgentHandle, AgentId, Owner, Period};
use crate::body::{self, Binding, SealedFor};
use crate::pieces::{self, Pieces, Span};
use crate::{Vault, VaultError};

/// The sealed part of one event, as read from the log.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// Id of the event.
    pub event: Key,
    /// Kind of the event.
    pub kind: &'a str,
    /// Its slots, or some of them.
    pub slots: &'a [Slot],
}

/// What a slot held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The plain bytes.
    Plain(Vec<u8>),
    /// The key of an owner was destroyed: nobody can open it any more.
    Erased,
}

/// A text that was cut by the people in it, put together again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// The text. Where `erased` is empty it is byte for byte the one that was cut; else the spans of these agents
    /// were replaced.
    Plain {
        /// The text.
        text: String,
        /// Agents whose spans could not be opened, ascending.
        erased: Vec<AgentId>,
    },
    /// The actor was erased, and with it the text.
    Erased,
}

impl Vault {
    /// Opens the slots of one event; see [`Vault::open_all`].
    ///
    /// # Errors
    /// As [`Vault::open_all`].
    pub async fn open_slots(
        &self,
        kind: &str,
        event: Key,
        slots: &[Slot],
    ) -> Result<Vec<Opened>, VaultError> {
        let opened = self.open_all(&[Envelope { event, kind, slots }]).await?;
        Ok(opened.into_iter().flatten().collect())
    }

    /// Opens the slots of many events; the keys that are not in memory are read at once. Answers in the order of
    /// events and slots.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] for the first slot that does not authenticate where it stands,
    /// [`VaultError::Unavailable`].
    pub async fn open_all(&self, envelopes: &[Envelope<'_>]) -> Result<Vec<Vec<Opened>>, VaultError> {
        let inner = &self.inner;
        let epoch = inner.epochs().1;
        let mut headers = Vec::new();
        let mut wanted: BTreeSet<(AgentId, Period)> = BTreeSet::new();
        for envelope in envelopes {
            for slot in envelope.slots {
                let header = body::header(&envelope.binding(slot), slot)?;
                if let SealedFor::Agents(agents, period) = &header.sealed_for {
                    wanted.extend(agents.iter().map(|agent| (*agent, *period)));
                }
                headers.push(header);
            }
        }
        let wanted: Vec<_> = wanted.into_iter().collect();
        let keys = inner.load(&wanted, epoch).await?;

        let mut headers = headers.into_iter();
        let mut all = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            let mut opened = Vec::with_capacity(envelope.slots.len());
            for (slot, header) in envelope.slots.iter().zip(headers.by_ref()) {
                let class;
                let keys: Option<Vec<_>> = match &header.sealed_for {
                    SealedFor::Class(number) => {
                        class = self.class(*number);
                        Some(vec![&*class.key])
                    }
                    SealedFor::Agents(agents, period) => {
                        agents.iter().map(|agent| keys.get(&(*agent, *period)).map(|key| &**key)).collect()
                    }
                };
                opened.push(match keys {
                    None => Opened::Erased,
                    Some(keys) => {
                        let plain =
                            body::open(&inner.instance, &envelope.binding(slot), &header, &keys, slot);
                        Opened::Plain(plain.inspect_err(|_| inner.metrics.refused.inc())?)
                    }
                });
            }
            all.push(opened);
        }
        Ok(all)
    }

    /// Cuts a text by the people in it and seals each piece for its owner: slot 0 for the actor, or for all of
    /// `actors` together where a group without an identifier acted; one slot for each other agent. Handles for every
    /// agent in `spans` are found in `handles`, in any order.
    ///
    /// # Errors
    /// [`VaultError::Invalid`] where spans cross or leave the text, an agent has no handle, or there is no actor.
    pub fn seal_text(
        &self,
        kind: &str,
        event: Key,
        text: &str,
        spans: &[Span],
        actors: &[AgentHandle],
        handles: &[AgentHandle],
    ) -> Result<Vec<Slot>, VaultError> {
        let keep: Vec<_> = actors.iter().map(AgentHandle::agent).collect();
        let Pieces { rest, others } = pieces::split(text, spans, &keep)?;
        let mut slots = Vec::with_capacity(1 + others.len());
        slots.push(self.seal(&Binding { event, kind, slot: 0 }, &Owner::Several(actors), &rest)?);
        for (slot, (agent, piece)) in (1..).zip(&others) {
            let handle = handles.iter().find(|handle| handle.agent == *agent);
            let handle = handle.ok_or(VaultError::Invalid("every agent in the text has a handle"))?;
            slots.push(self.seal(&Binding { event, kind, slot }, &Owner::Agent(handle), piece)?);
        }
        Ok(slots)
    }

    /// Opens texts that [`Vault::seal_text`] sealed. Each outermost span of an agent that was erased becomes what
    /// `replace` returns for the agent and the span's tag.
    ///
    /// `slots` of an envelope are the text's alone, slot 0 first; what follows them in an event (attachments) is
    /// opened by [`Vault::open_all`]. A piece that was lawfully deleted from the log counts as erased for nobody: the
    /// caller leaves such an event out.
    ///
    /// # Errors
    /// As [`Vault::open_all`], and [`VaultError::Damaged`] where slots are not those of one text.
    pub async fn open_texts(
        &self,
        envelopes: &[Envelope<'_>],
        mut replace: impl FnMut(AgentId, u8) -> String,
    ) -> Result<Vec<Text>, VaultError> {
        let opened = self.open_all(envelopes).await?;
        envelopes.iter().zip(opened).map(|(envelope, opened)| text(envelope, opened, &mut replace)).collect()
    }
}

impl<'a> Envelope<'a> {
    pub(crate) fn binding(&self, slot: &Slot) -> Binding<'a> {
        Binding { event: self.event, kind: self.kind, slot: slot.number }
    }
}

fn text(
    envelope: &Envelope<'_>,
    opened: Vec<Opened>,
    replace: &mut impl FnMut(AgentId, u8) -> String,
) -> Result<Text, VaultError> {
    let mut opened = opened.into_iter();
    let rest = match opened.next() {
        Some(Opened::Plain(rest)) => rest,
        Some(Opened::Erased) => return Ok(Text::Erased),
        None => return Err(VaultError::Invalid("a text has a slot 0")),
    };
    let others: Vec<_> = opened
        .map(|opened| match opened {
            Opened::Plain(piece) => Some(piece),
            Opened::Erased => None,
        })
        .collect();
    let pieces: Vec<_> = others.iter().map(Option::as_deref).collect();
    let mut erased = BTreeSet::new();
    let text = pieces::join(&rest, &pieces, |index, tag| {
        let agent = AgentId(envelope.slots[index + 1].owner.unwrap_or_default());
        erased.insert(agent);
        replace(agent, tag)
    })?;
    Ok(Text::Plain { text, erased: erased.into_iter().collect() })
}
