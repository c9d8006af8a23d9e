//! How a body that describes part of the municipality is recorded: what is new or different becomes events, the rest is
//! counted as unchanged.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use domain::events::caused_by;
use domain::input::{Changes, SlotContent};
use domain::{AgentId, Municipality};
use eventlog::{Append, AppendError, NewEvent, Position};
use serde::Serialize;
use utoipa::ToSchema;
use vault::{AccountId, AgentHandle, Binding, Envelope, Opened, Owner, Period};
use xapi::Identifier;

use super::problem::Problem;
use super::state::Shell;

/// Events in one append: a large roster is stored in steps, so that it does not hold up statements.
const STEP: usize = 500;
/// How often a request is sealed again when people were erased meanwhile.
const TRIES: usize = 5;
/// The retention class of what describes courses and surveys: nobody is behind it.
const CATALOGUE_CLASS: u16 = 1;

/// What a body changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Taken {
    /// Things that were new or different.
    changed: usize,
    /// Things that were known as they are.
    unchanged: usize,
    /// Log position that holds it all.
    position: u64,
}

/// What a body needs next: slots opened to compare names, or nothing more.
pub(crate) enum Step {
    /// Slots to be opened.
    Open(Vec<Position>),
    /// What changed.
    Changes(Changes),
}

pub(crate) type Handles = HashMap<Identifier, AgentHandle>;
pub(crate) type OpenedSlots = BTreeMap<Position, Vec<u8>>;

/// Resolves people, works out what changed, seals and appends in the account's name; again from the start if the fence was raised.
pub(crate) async fn store(
    shell: &Shell,
    by: AccountId,
    identifiers: &[Identifier],
    work_out: impl Fn(&Municipality, &Handles, Option<&OpenedSlots>) -> Result<Step, Problem>,
) -> Result<Json<Taken>, Problem> {
    // One body at a time: two that describe the same thing must not both find it new.
    let _turn = shell.turn.lock().await;
    let mut changed = 0;
    for _ in 0..TRIES {
        let fence = shell.log.fence();
        shell.vault.at_fence(fence);
        let period = Period::of(shell.clock.now());
        let resolved = shell.vault.resolve(identifiers, period).await?;
        let handles: Handles = identifiers.iter().cloned().zip(resolved).collect();
        let known = shell.municipality.refresh().await?.municipality;
        let changes = match work_out(&known, &handles, None)? {
            Step::Changes(changes) => changes,
            Step::Open(positions) => {
                let opened = open(shell, &positions).await?;
                match work_out(&known, &handles, Some(&opened))? {
                    Step::Changes(changes) => changes,
                    Step::Open(_) => return Err(Problem::Internal),
                }
            }
        };
        let unchanged = changes.unchanged;
        let by_agent: HashMap<AgentId, &AgentHandle> =
            handles.values().map(|handle| (handle.agent().0, handle)).collect();
        let events = seal(shell, by, changes, &by_agent)?;
        match append(shell, events, fence).await {
            Ok(count) => {
                changed += count;
                let position = shell.municipality.refresh().await?.position.0;
                return Ok(Json(Taken { changed, unchanged, position }));
            }
            // Somebody was erased meanwhile: resolve and seal again.
            Err((count, AppendError::Fenced(_))) => changed += count,
            Err((_, AppendError::Full { retry_after })) => return Err(Problem::Full(retry_after)),
            Err((_, error)) => {
                tracing::error!(%error, "the municipality's events cannot be stored");
                return Err(Problem::Unavailable);
            }
        }
    }
    Err(Problem::Unavailable)
}

/// Slot 0 of these events in the clear; those that were erased are left out.
async fn open(shell: &Shell, positions: &[Position]) -> Result<OpenedSlots, Problem> {
    let found = shell.log.read_at(positions).await?;
    let envelopes: Vec<_> =
        found.iter().map(|(event, slots)| Envelope { event: event.id, kind: &event.kind, slots }).collect();
    let opened = shell.vault.open_all(&envelopes).await?;
    Ok(found
        .iter()
        .zip(opened)
        .filter_map(|((event, _), slots)| match slots.into_iter().next() {
            Some(Opened::Plain(plain)) => Some((event.position, plain)),
            Some(Opened::Erased) | None => None,
        })
        .collect())
}

fn seal(
    shell: &Shell,
    by: AccountId,
    changes: Changes,
    handles: &HashMap<AgentId, &AgentHandle>,
) -> Result<Vec<NewEvent>, Problem> {
    let class = shell.vault.class(CATALOGUE_CLASS);
    changes
        .changes
        .into_iter()
        .map(|change| {
            let mut id = [0_u8; 16];
            getrandom::fill(&mut id).map_err(|_| Problem::Internal)?;
            let binding = Binding { event: id, kind: change.kind, slot: 0 };
            let slot = match change.slot {
                None => None,
                Some(SlotContent::Class(plain)) => {
                    Some(shell.vault.seal(&binding, &Owner::Class(&class), &plain)?)
                }
                Some(SlotContent::Agents(agents, plain)) => {
                    let owners: Vec<AgentHandle> =
                        agents.iter().filter_map(|agent| handles.get(agent).map(|h| (*h).clone())).collect();
                    Some(shell.vault.seal(&binding, &Owner::Several(&owners), &plain)?)
                }
            };
            Ok(NewEvent {
                id,
                kind: change.kind,
                schema: change.schema,
                credential: None,
                dedupe: None,
                stream: None,
                facts: caused_by(change.facts, Some(by)),
                slots: slot.into_iter().collect(),
            })
        })
        .collect()
}

/// Appends in steps; on failure says how many were stored before.
async fn append(shell: &Shell, events: Vec<NewEvent>, fence: u64) -> Result<usize, (usize, AppendError)> {
    let mut stored = 0;
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let step: Vec<_> = events.by_ref().take(STEP).collect();
        let count = step.len();
        let request = Append { events: step, fence: Some(fence), raise_fence: false };
        shell.log.append(request).await.map_err(|error| (stored, error))?;
        stored += count;
    }
    Ok(stored)
}
