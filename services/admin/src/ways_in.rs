//! The ways in for what reports need: organisation, courses, surveys, rounds. One JSON body each; what is
//! new or different becomes events, the rest is counted as unchanged. Provisional in form.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::State;
use domain::input::{self, Changes, SlotContent};
use domain::{AgentId, Municipality};
use eventlog::{Append, AppendError, NewEvent, Position};
use serde::Serialize;
use utoipa::ToSchema;
use vault::{AgentHandle, Binding, Envelope, Opened, Owner, Period};
use xapi::Identifier;

use crate::Admin;
use crate::auth::Administrator;
use crate::problem::{Body, Problem};

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

/// Takes in units, persons with duties and enrolments, and groups.
#[utoipa::path(post, path = "/api/v1/organisation", tag = "ways in", request_body = input::OrganisationInput, responses((status = OK, body = Taken)))]
pub(crate) async fn organisation(
    _: Administrator,
    State(admin): State<Admin>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let input: input::OrganisationInput = input::parse(&body)?;
    input.validate()?;
    let identifiers = input.identifiers();
    store(&admin, &identifiers, |known, handles, opened| {
        let agent =
            |identifier: &Identifier| handles.get(identifier).map(|handle: &AgentHandle| handle.agent().0);
        Ok(match opened {
            None => Step::Open(input.slots_to_compare(&known.organisation, agent)),
            Some(opened) => Step::Changes(input.changes(&known.organisation, agent, opened)?),
        })
    })
    .await
}

/// Takes in courses with their parts, and rules for competence.
#[utoipa::path(post, path = "/api/v1/courses", tag = "ways in", request_body = input::CoursesInput, responses((status = OK, body = Taken)))]
pub(crate) async fn courses(
    _: Administrator,
    State(admin): State<Admin>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let input: input::CoursesInput = input::parse(&body)?;
    input.validate()?;
    store(&admin, &[], |known, _, _| Ok(Step::Changes(input.changes(known)?))).await
}

/// Takes in surveys.
#[utoipa::path(post, path = "/api/v1/surveys", tag = "ways in", request_body = input::SurveysInput, responses((status = OK, body = Taken)))]
pub(crate) async fn surveys(
    _: Administrator,
    State(admin): State<Admin>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let input: input::SurveysInput = input::parse(&body)?;
    input.validate()?;
    store(&admin, &[], |known, _, _| Ok(Step::Changes(input.changes(known)))).await
}

/// Takes in rounds of surveys.
#[utoipa::path(post, path = "/api/v1/rounds", tag = "ways in", request_body = input::RoundsInput, responses((status = OK, body = Taken)))]
pub(crate) async fn rounds(
    _: Administrator,
    State(admin): State<Admin>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let input: input::RoundsInput = input::parse(&body)?;
    input.validate()?;
    store(&admin, &[], |known, _, _| Ok(Step::Changes(input.changes(known)?))).await
}

/// What a body needs next: slots opened to compare names, or nothing more.
enum Step {
    Open(Vec<Position>),
    Changes(Changes),
}

type Handles = HashMap<Identifier, AgentHandle>;
type OpenedSlots = BTreeMap<Position, Vec<u8>>;

/// Resolves people, works out what changed, seals and appends; again from the start if the fence was raised.
async fn store(
    admin: &Admin,
    identifiers: &[Identifier],
    work_out: impl Fn(&Municipality, &Handles, Option<&OpenedSlots>) -> Result<Step, Problem>,
) -> Result<Json<Taken>, Problem> {
    // One body at a time: two that describe the same thing must not both find it new.
    let _turn = admin.turn.lock().await;
    let mut changed = 0;
    for _ in 0..TRIES {
        let fence = admin.log.fence();
        admin.vault.at_fence(fence);
        let period = Period::of(admin.clock.now());
        let resolved = admin.vault.resolve(identifiers, period).await?;
        let handles: Handles = identifiers.iter().cloned().zip(resolved).collect();
        let known = admin.municipality.refresh().await?.municipality;
        let changes = match work_out(&known, &handles, None)? {
            Step::Changes(changes) => changes,
            Step::Open(positions) => {
                let opened = open(admin, &positions).await?;
                match work_out(&known, &handles, Some(&opened))? {
                    Step::Changes(changes) => changes,
                    Step::Open(_) => return Err(Problem::Internal),
                }
            }
        };
        let unchanged = changes.unchanged;
        let by_agent: HashMap<AgentId, &AgentHandle> =
            handles.values().map(|handle| (handle.agent().0, handle)).collect();
        let events = seal(admin, changes, &by_agent)?;
        match append(admin, events, fence).await {
            Ok(count) => {
                changed += count;
                let position = admin.municipality.refresh().await?.position.0;
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
async fn open(admin: &Admin, positions: &[Position]) -> Result<OpenedSlots, Problem> {
    let found = admin.log.read_at(positions).await?;
    let envelopes: Vec<_> =
        found.iter().map(|(event, slots)| Envelope { event: event.id, kind: &event.kind, slots }).collect();
    let opened = admin.vault.open_all(&envelopes).await?;
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
    admin: &Admin,
    changes: Changes,
    handles: &HashMap<AgentId, &AgentHandle>,
) -> Result<Vec<NewEvent>, Problem> {
    let class = admin.vault.class(CATALOGUE_CLASS);
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
                    Some(admin.vault.seal(&binding, &Owner::Class(&class), &plain)?)
                }
                Some(SlotContent::Agents(agents, plain)) => {
                    let owners: Vec<AgentHandle> =
                        agents.iter().filter_map(|agent| handles.get(agent).map(|h| (*h).clone())).collect();
                    Some(admin.vault.seal(&binding, &Owner::Several(&owners), &plain)?)
                }
            };
            Ok(NewEvent {
                id,
                kind: change.kind,
                schema: change.schema,
                credential: None,
                dedupe: None,
                stream: None,
                facts: change.facts,
                slots: slot.into_iter().collect(),
            })
        })
        .collect()
}

/// Appends in steps; on failure says how many were stored before.
async fn append(admin: &Admin, events: Vec<NewEvent>, fence: u64) -> Result<usize, (usize, AppendError)> {
    let mut stored = 0;
    let mut events = events.into_iter().peekable();
    while events.peek().is_some() {
        let step: Vec<_> = events.by_ref().take(STEP).collect();
        let count = step.len();
        let request = Append { events: step, fence: Some(fence), raise_fence: false };
        admin.log.append(request).await.map_err(|error| (stored, error))?;
        stored += count;
    }
    Ok(stored)
}

impl From<input::Invalid> for Problem {
    fn from(invalid: input::Invalid) -> Self {
        // The first is told in full; a body is mended one place at a time.
        match invalid.problems.into_iter().next() {
            Some(problem) => Self::Invalid { at: problem.path, expected: problem.expected },
            None => Self::Internal,
        }
    }
}
