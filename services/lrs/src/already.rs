//! What there is already under the ids of statements that are to be kept: kept before, or stored.

use domain::Facts as _;
use domain::events::{StatementRefusedFacts, kind};
use eventlog::{Event, EventLog, Key, Position, Slot};
use vault::{Envelope, Text, Vault};
use views::kept as index;

use crate::compare;
use crate::failure::{self, IngestError};

/// Texts that are opened at a stretch.
const STRETCH: usize = 32;

/// What there is under an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum There {
    /// Nothing; with the version of the stream in which it would be kept.
    Nothing { version: u64 },
    /// The same, kept or stored; or what nobody can compare any more because somebody in it was erased.
    Same,
    /// Something else, kept or stored.
    Another,
}

/// What there is under each id, given with its stream; `same` says of the nth of them whether it says what a text says.
pub(crate) async fn under(
    log: &EventLog,
    vault: &Vault,
    ids: &[(Key, Key)],
    same: impl Fn(usize, &str) -> bool,
) -> Result<Vec<There>, IngestError> {
    let (keys, streams): (Vec<Key>, Vec<Key>) = ids.iter().copied().unzip();
    let stored = log.find(&keys).await.map_err(failure::unreadable)?;
    let latest = log.latest(&streams).await.map_err(failure::unreadable)?;
    let events: Vec<(usize, &Event)> =
        latest.iter().enumerate().filter_map(|(place, event)| Some((place, event.as_ref()?))).collect();
    let mut there: Vec<There> = latest
        .iter()
        .map(|event| event.as_ref().and_then(|event| event.stream).map_or(0, |(_, version)| version))
        .map(|version| There::Nothing { version })
        .collect();
    let compared = |same| if same { There::Same } else { There::Another };
    // Opened before it is asked what still waits: a text that was deleted meanwhile was settled, and waits no more.
    let mut kept = Vec::with_capacity(events.len());
    for stretch in events.chunks(STRETCH) {
        for ((place, event), text) in stretch.iter().zip(opened(log, vault, stretch).await?) {
            kept.push((*place, event.position, compared(text.is_none_or(|text| same(*place, &text)))));
        }
        tokio::task::yield_now().await;
    }
    if !kept.is_empty() {
        let positions: Vec<Position> = kept.iter().map(|(_, position, _)| *position).collect();
        let waiting = index::among(log.database(), &positions).await.map_err(unreadable)?;
        for (place, _, found) in kept.iter().filter(|(_, at, _)| waiting.binary_search(at).is_ok()) {
            there[*place] = *found;
        }
    }
    let pairs: Vec<(usize, Position)> = stored
        .iter()
        .enumerate()
        .filter_map(|(place, at)| Some((place, (*at)?)))
        .filter(|(place, _)| there[*place] != There::Same)
        .collect();
    for stretch in pairs.chunks(STRETCH) {
        let found = compare::with_stored(log, vault, stretch, |place, text| same(*place, text)).await?;
        for ((place, _), same) in stretch.iter().zip(found) {
            there[*place] = compared(same);
        }
        tokio::task::yield_now().await;
    }
    Ok(there)
}

/// The texts of kept statements, without their attachments.
async fn opened(
    log: &EventLog,
    vault: &Vault,
    events: &[(usize, &Event)],
) -> Result<Vec<Option<String>>, IngestError> {
    let mut wanted = Vec::with_capacity(events.len());
    for (_, event) in events {
        let facts = StatementRefusedFacts::decode(event.schema, &event.facts)
            .map_err(|error| IngestError::Internal(error.to_string()))?;
        wanted.push((
            event.position,
            0..=facts.attachments_from.map_or(u16::MAX, |first| first.saturating_sub(1)),
        ));
    }
    let slots = log.read_slots(&wanted).await.map_err(failure::unreadable)?;
    let mut of_each: Vec<(Key, Vec<Slot>)> = events.iter().map(|(_, event)| (event.id, Vec::new())).collect();
    for (position, slot) in slots {
        if let Some(nth) = events.iter().position(|(_, event)| event.position == position) {
            of_each[nth].1.push(slot);
        }
    }
    let of_each: Vec<(Key, &[Slot])> = of_each.iter().map(|(id, slots)| (*id, slots.as_slice())).collect();
    texts(vault, &of_each).await
}

/// The texts of kept statements as they came, each from the id of its event and the slots of its text; none where anything
/// of it cannot be opened, or was deleted.
pub(crate) async fn texts(
    vault: &Vault,
    kept: &[(Key, &[Slot])],
) -> Result<Vec<Option<String>>, IngestError> {
    let is_whole = |slots: &[Slot]| {
        !slots.is_empty() && (0_u16..).zip(slots).all(|(number, slot)| slot.number == number)
    };
    let whole = kept.iter().filter(|(_, slots)| is_whole(slots));
    let envelopes: Vec<Envelope<'_>> =
        whole.map(|&(event, slots)| Envelope { event, kind: kind::STATEMENT_REFUSED, slots }).collect();
    let opened = vault.open_texts(&envelopes, |_, _| String::new()).await.map_err(failure::vault_failed)?;
    let mut opened = opened.into_iter();
    let text = |(_, slots): &(Key, &[Slot])| match is_whole(slots).then(|| opened.next()).flatten() {
        Some(Text::Plain { text, erased }) if erased.is_empty() => Some(text),
        _ => None,
    };
    Ok(kept.iter().map(text).collect())
}

pub(crate) fn unreadable(error: views::ViewError) -> IngestError {
    match error {
        views::ViewError::Fold { .. } => IngestError::Internal(error.to_string()),
        error => IngestError::Unavailable(error.to_string()),
    }
}
