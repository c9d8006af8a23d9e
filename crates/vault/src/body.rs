//! The sealed body of a slot: a small clear header, a nonce, the ciphertext. Format: docs/formats/vault.md.

use eventlog::{Key, Slot};

use crate::compress::{self, Framed, MAX_PLAIN};
use crate::crypto::{self, Secret};
use crate::xchacha::{self, NONCE, TAG};
use crate::{AgentId, Owner, Period, VaultError};

const FORMAT: u8 = 1;
const CLASS: u8 = 0;
const AGENT: u8 = 1;
const SEVERAL: u8 = 2;

/// The event and slot that a body belongs to. A body moved to another one does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding<'a> {
    /// Id of the event.
    pub event: Key,
    /// Kind of the event.
    pub kind: &'a str,
    /// Number of the slot.
    pub slot: u16,
}

/// Whose keys open a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SealedFor {
    Class(u16),
    /// One agent, or several: ascending, distinct.
    Agents(Vec<AgentId>, Period),
}

/// The parts of a body that stand in the clear.
#[derive(Debug)]
pub(crate) struct Header {
    coding: u8,
    pub(crate) sealed_for: SealedFor,
    length: usize,
}

/// Seals with the given nonce, which is random everywhere but in the tests of the format.
pub(crate) fn seal(
    instance: &[u8; 16],
    binding: &Binding<'_>,
    owner: &Owner<'_>,
    plain: &[u8],
    nonce: [u8; NONCE],
) -> Result<Slot, VaultError> {
    if plain.len() > MAX_PLAIN {
        return Err(VaultError::Invalid("a slot holds at most 1 GiB"));
    }
    let combined;
    let (key, owner, period, agents) = match owner {
        Owner::Class(class) => (&*class.key, None, class.class, Vec::new()),
        Owner::Agent(agent) => (&*agent.key, Some(agent.agent), agent.period.0, Vec::new()),
        Owner::Several(handles) => {
            let mut handles: Vec<_> = handles.iter().collect();
            handles.sort_by_key(|handle| handle.agent);
            handles.dedup_by_key(|handle| handle.agent);
            let first = *handles.first().ok_or(VaultError::Invalid("a slot of several has an owner"))?;
            if handles.iter().any(|handle| handle.period != first.period) {
                return Err(VaultError::Invalid("the keys of several are of one quarter"));
            }
            if handles.len() == 1 {
                (&*first.key, Some(first.agent), first.period.0, Vec::new())
            } else {
                combined = crypto::combine(handles.iter().map(|handle| &*handle.key));
                let agents = handles.iter().map(|handle| handle.agent).collect();
                (&combined, Some(first.agent), first.period.0, agents)
            }
        }
    };

    let mut body = Vec::with_capacity(5 + agents.len() * 16 + NONCE + plain.len() + TAG);
    let kind = match (&owner, agents.len()) {
        (None, _) => CLASS,
        (Some(_), 0) => AGENT,
        (Some(_), _) => SEVERAL,
    };
    body.extend_from_slice(&[FORMAT, 0, kind]);
    if kind == SEVERAL {
        let count = u16::try_from(agents.len())
            .map_err(|_| VaultError::Invalid("a slot belongs to at most 65535 agents"))?;
        body.extend_from_slice(&count.to_be_bytes());
        agents.iter().for_each(|agent| body.extend_from_slice(&agent.0));
    }
    let header = body.len();
    body.extend_from_slice(&nonce);
    body[1] = compress::compress(plain, &mut body);
    let owner = owner.map(|agent| agent.0);
    let data = associated(instance, binding, &body[..header], owner, period);
    let tag = xchacha::seal(&key_of(key, binding), &nonce, &data, &mut body[header + NONCE..])
        .ok_or(VaultError::Invalid("a slot holds at most 1 GiB"))?;
    body.extend_from_slice(&tag);
    Ok(Slot { number: binding.slot, owner, period, body })
}

/// Reads the clear header of a slot.
pub(crate) fn header(binding: &Binding<'_>, slot: &Slot) -> Result<Header, VaultError> {
    let body = slot.body.as_slice();
    let refuse = |problem| Err(VaultError::damaged(name(binding), problem));
    let (Some(&[format, coding, kind]), owner) = (body.first_chunk::<3>(), slot.owner.map(AgentId)) else {
        return refuse("expected a header");
    };
    if format != FORMAT {
        return refuse("expected format 1");
    }
    let period = Period(slot.period);
    let (sealed_for, length) = match (kind, owner) {
        (CLASS, None) => (SealedFor::Class(slot.period), 3),
        (AGENT, Some(owner)) => (SealedFor::Agents(vec![owner], period), 3),
        (SEVERAL, Some(owner)) => {
            let count =
                body.get(3..5).map_or(0, |bytes| usize::from(u16::from_be_bytes([bytes[0], bytes[1]])));
            let Some(ids) = body.get(5..5 + count * 16) else { return refuse("expected the owners' ids") };
            let agents: Vec<_> = ids.as_chunks().0.iter().map(|id| AgentId(*id)).collect();
            if agents.len() < 2 || agents[0] != owner || !agents.is_sorted_by(|a, b| a < b) {
                return refuse("expected several owners, ascending, of which the slot names the first");
            }
            (SealedFor::Agents(agents, period), 5 + count * 16)
        }
        _ => return refuse("expected the slot's owner to be of the body's kind"),
    };
    if body.len() < length + NONCE + TAG {
        return refuse("expected a nonce and a tag");
    }
    Ok(Header { coding, sealed_for, length })
}

/// Opens a slot whose keys were found: one for a class or an agent, all in order for several.
pub(crate) fn open(
    instance: &[u8; 16],
    binding: &Binding<'_>,
    header: &Header,
    keys: &[&Secret],
    slot: &Slot,
) -> Result<Vec<u8>, VaultError> {
    let combined;
    let key = match keys {
        [key] => *key,
        keys => {
            combined = crypto::combine(keys.iter().copied());
            &combined
        }
    };
    let (clear, sealed) = slot.body.split_at(header.length);
    let unauthentic = || VaultError::damaged(name(binding), "it does not authenticate in this place");
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(unauthentic)?;
    let (coded, tag) = sealed.split_at(sealed.len() - TAG);
    let data = associated(instance, binding, clear, slot.owner, slot.period);
    let mut framed = Framed::new(coded);
    xchacha::open(&key_of(key, binding), nonce, &data, framed.coded(), tag).ok_or_else(unauthentic)?;
    compress::decompress(header.coding, framed)
        .ok_or_else(|| VaultError::damaged(name(binding), "expected a coding that this program knows"))
}

/// The key of a slot alone.
fn key_of(key: &Secret, binding: &Binding<'_>) -> Secret {
    crypto::expand(key, &[b"larka slot 1", &binding.event, &binding.slot.to_be_bytes()])
}

/// What the tag covers beside the ciphertext.
fn associated(
    instance: &[u8; 16],
    binding: &Binding<'_>,
    header: &[u8],
    owner: Option<Key>,
    period: u16,
) -> Vec<u8> {
    let kind = binding.kind.as_bytes();
    let mut data = Vec::with_capacity(80 + kind.len() + header.len());
    data.extend_from_slice(b"larka body 1");
    data.extend_from_slice(instance);
    data.extend_from_slice(header);
    data.extend_from_slice(&binding.event);
    data.extend_from_slice(&(kind.len() as u64).to_be_bytes());
    data.extend_from_slice(kind);
    data.extend_from_slice(&binding.slot.to_be_bytes());
    data.extend_from_slice(&owner.unwrap_or_default());
    data.extend_from_slice(&period.to_be_bytes());
    data
}

fn name(binding: &Binding<'_>) -> String {
    format!("slot {} of event {}", binding.slot, hex::encode(binding.event))
}
