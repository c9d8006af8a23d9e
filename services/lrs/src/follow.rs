//! Following the log: statements in the order they were stored, for places that they are handed on to and for open
//! streams. What is read here is what a query gives: exact, with the people who were erased left out of it.

mod following;
mod roster;

use std::collections::{HashMap, HashSet};

use domain::statement::may_void;
use domain::{Facts as _, Selection, StatementFacts};
use eventlog::{Event, Key, Position};
use futures_util::{StreamExt as _, TryStreamExt as _};
use vault::Text;
use views::municipality::Snapshot;
use views::statements::{self, Subject};
use xapi::{AgentRole, Version};

use crate::content::{self, GivenAttachment};
use crate::failure::ReadError;
use crate::prepare::STATEMENT;
use crate::query::QueryFailed;
use crate::reading::{self, Stored};
use crate::voiding;
pub(crate) use following::Watch;
pub use following::{Following, Passed, PassedAttachment, Stretch};
use roster::Roster;

/// Events that are looked at in one stretch.
const EVENTS: usize = 256;
/// Statements that are opened at a time, and bytes of them after which a stretch ends: what is in memory at once.
const OPENED: usize = 32;
const BYTES: usize = 1 << 20;

/// A statement that is wanted, and its event.
struct Wanted {
    event: Event,
    facts: StatementFacts,
}

impl Following {
    /// The next stretch of the log after a position, for handing it on: statements as they came, in `version` where one
    /// is given. What was voided is handed on and then voided: a statement that voids another that was, or may have
    /// been, handed on comes whatever it says itself, and also where it was stored before the other. Statements of
    /// erased actors do not come. Ends early where it becomes large.
    ///
    /// # Errors
    /// [`QueryFailed::Unavailable`], [`QueryFailed::Internal`].
    pub async fn hand_on(
        &self,
        after: Position,
        selection: &Selection,
        version: Option<Version>,
    ) -> Result<Stretch, QueryFailed> {
        let (events, end) = self.events(after).await?;
        let roster = self.roster(selection, facts(&events)).await?;
        let idle = self.idle(&events).await?;
        let (mut taken, mut others) = (Vec::new(), Vec::new());
        for wanted in events.into_iter().filter(|wanted| !idle.contains(&wanted.event.position)) {
            if roster.takes(selection, &wanted.facts) {
                taken.push(wanted);
            } else if !roster.hides(&wanted.facts) {
                others.push(wanted);
            }
        }
        let mut steps: Vec<(Position, Position)> =
            taken.iter().map(|wanted| (wanted.event.position, wanted.event.position)).collect();
        if !selection.is_all() {
            let voiding = self.voiding_taken(&others, selection, &roster.snapshot).await?;
            steps.extend(voiding.into_iter().map(|position| (position, position)));
        }
        let early = self.voided_early(&taken, after, selection, &roster).await?;
        for (target, voider) in early {
            // The voided one alone does not move the checkpoint past both.
            for step in steps.iter_mut().filter(|(position, _)| *position == target) {
                step.1 = Position(target.0 - 1);
            }
            steps.push((voider, target));
        }
        steps.sort_by_key(|(position, done)| ((*done).max(*position), *done));
        self.opened(&steps, end, version).await
    }

    /// The next stretch of the log after a position, for somebody who watches: what a query would find of it now, by
    /// what statements say themselves. Erased actors are anonymous. Ends early where it becomes large.
    ///
    /// # Errors
    /// [`QueryFailed::Unavailable`], [`QueryFailed::Internal`].
    pub(crate) async fn watch(&self, after: Position, watch: &Watch<'_>) -> Result<Stretch, QueryFailed> {
        let (events, end) = self.events(after).await?;
        let roster = self.roster(watch.selection, facts(&events)).await?;
        let mut positions: Vec<Position> = events
            .iter()
            .filter(|wanted| watch.own.is_none_or(|own| wanted.event.credential == Some(own)))
            .filter(|wanted| watch.agent.as_ref().is_none_or(|subject| is_with(&wanted.facts, subject)))
            .filter(|wanted| roster.takes(watch.selection, &wanted.facts))
            .map(|wanted| wanted.event.position)
            .collect();
        let voided = statements::voided_by(self.log.database(), &positions).await?;
        positions.retain(|position| !voided.contains_key(position));
        let mut stretch = Stretch { through: end, ..Stretch::default() };
        let mut bytes = 0;
        for part in positions.chunks(OPENED) {
            for stored in self.read(part).await? {
                let passed = self.passed(&stored, stored.event.position, Some(watch.version));
                bytes += passed.json.len();
                stretch.statements.push(passed);
            }
            if bytes > BYTES && part.last() != positions.last() {
                stretch.through = part.last().copied().unwrap_or(end);
                break;
            }
        }
        Ok(stretch)
    }

    /// The attachments of the statement at a position whose content is here, each once, as far as there are keys to it.
    ///
    /// # Errors
    /// [`QueryFailed::Unavailable`], [`QueryFailed::Internal`]; the same while content is read.
    pub async fn attachments(&self, position: Position) -> Result<Vec<PassedAttachment>, QueryFailed> {
        let stored = self.read(&[position]).await?;
        let all: Vec<&Stored> = stored.iter().collect();
        let (given, _) = content::given(&self.log, &self.vault, &all, u64::MAX).await?;
        let passed = given.into_iter().map(|GivenAttachment { content_type, sha2, content }| {
            let length = content.length();
            let read = content::in_turn(self.log.clone(), [content]);
            PassedAttachment { content_type, sha2, length, content: read.map_err(QueryFailed::from).boxed() }
        });
        Ok(passed.collect())
    }

    /// The statements among the next events, and the last position that was looked at.
    async fn events(&self, after: Position) -> Result<(Vec<Wanted>, Position), QueryFailed> {
        let events = self.log.read(after, EVENTS).await?;
        let end = events.last().map_or(after, |event| event.position);
        let statements = events.into_iter().filter(|event| event.kind == STATEMENT);
        Ok((statements.map(Wanted::of).collect::<Result<_, _>>()?, end))
    }

    /// Which of some statements void nothing here: their sender may void its own alone, and that is not what they name,
    /// or is not there yet. Elsewhere both would come from one sender, and they would.
    async fn idle(&self, events: &[Wanted]) -> Result<HashSet<Position>, QueryFailed> {
        let bound: Vec<(&Wanted, Key)> = events
            .iter()
            .filter(|wanted| wanted.facts.voids_own)
            .filter_map(|wanted| Some((wanted, wanted.facts.voids()?)))
            .collect();
        if bound.is_empty() {
            return Ok(HashSet::new());
        }
        let targets: Vec<Key> = bound.iter().map(|(_, target)| *target).collect();
        let senders = voiding::senders(&self.log, &targets).await?;
        let voids = |wanted: &Wanted, target: &Key| {
            senders.get(target).is_some_and(|(position, credential)| {
                *position < wanted.event.position && may_void(true, wanted.event.credential, *credential)
            })
        };
        let idle = bound.iter().filter(|(wanted, target)| !voids(wanted, target));
        Ok(idle.map(|(wanted, _)| wanted.event.position).collect())
    }

    /// Which of some statements void one that was, or may have been, wanted when it came by.
    async fn voiding_taken(
        &self,
        others: &[Wanted],
        selection: &Selection,
        snapshot: &Snapshot,
    ) -> Result<Vec<Position>, QueryFailed> {
        let (voiding, targets): (Vec<&Wanted>, Vec<Key>) =
            others.iter().filter_map(|wanted| Some((wanted, wanted.facts.voids()?))).unzip();
        let found = self.log.find(&targets).await?;
        let pairs = voiding.iter().zip(found).filter_map(|(wanted, target)| Some((*wanted, target?)));
        // What comes after the one that voids it is looked at when it comes by.
        let pairs: Vec<(&Wanted, Position)> =
            pairs.filter(|(wanted, target)| *target < wanted.event.position).collect();
        let mut taken = HashSet::new();
        let mut positions: Vec<Position> = pairs.iter().map(|(_, target)| *target).collect();
        positions.sort_unstable();
        positions.dedup();
        for event in self.log.read_events_at(&positions).await? {
            if event.kind == STATEMENT
                && self.may_have_taken(&Wanted::of(event.clone())?, selection, snapshot).await?
            {
                taken.insert(event.position);
            }
        }
        let voids_taken = pairs.iter().filter(|(_, target)| taken.contains(target));
        Ok(voids_taken.map(|(wanted, _)| wanted.event.position).collect())
    }

    /// Whether a statement was, or may have been, wanted when it came by: by where its actor belongs or ever belonged,
    /// or belonged by what was known when it was stored.
    async fn may_have_taken(
        &self,
        wanted: &Wanted,
        selection: &Selection,
        snapshot: &Snapshot,
    ) -> Result<bool, QueryFailed> {
        if selection.may_have_taken(&wanted.facts, &snapshot.municipality.organisation) {
            return Ok(true);
        }
        let anywhere = Selection { units: Vec::new(), ..selection.clone() };
        if selection.units.is_empty()
            || !anywhere.may_have_taken(&wanted.facts, &snapshot.municipality.organisation)
        {
            return Ok(false);
        }
        let then = self.municipality.at(wanted.event.position).await?;
        Ok(selection.may_have_taken(&wanted.facts, &then.municipality.organisation))
    }

    /// Wanted statements that others voided before they came: each with the one that voids it, where that is not wanted
    /// itself, or stands before this stretch. It may have come by before anything was handed on; a second time does no
    /// harm.
    async fn voided_early(
        &self,
        taken: &[Wanted],
        after: Position,
        selection: &Selection,
        roster: &Roster,
    ) -> Result<Vec<(Position, Position)>, QueryFailed> {
        let positions: Vec<Position> = taken.iter().map(|wanted| wanted.event.position).collect();
        let voided = statements::voided_by(self.log.database(), &positions).await?;
        let early: HashMap<Position, Position> =
            voided.into_iter().filter(|(target, voider)| voider < target).map(|(t, v)| (v, t)).collect();
        let voiders: Vec<Position> = early.keys().copied().collect();
        let mut pairs = Vec::new();
        for event in self.log.read_events_at(&voiders).await? {
            let voider = Wanted::of(event)?;
            let comes_by = voider.event.position > after
                && !voider.facts.voids_own
                && roster.takes(selection, &voider.facts);
            if !comes_by && let Some(target) = early.get(&voider.event.position) {
                pairs.push((*target, voider.event.position));
            }
        }
        Ok(pairs)
    }

    /// Opens statements: each with up to where everything is done once it is.
    async fn opened(
        &self,
        steps: &[(Position, Position)],
        end: Position,
        version: Option<Version>,
    ) -> Result<Stretch, QueryFailed> {
        let mut stretch = Stretch { through: end, ..Stretch::default() };
        let (mut bytes, mut looked) = (0, 0);
        for part in steps.chunks(OPENED) {
            looked += part.len();
            let positions: Vec<Position> = part.iter().map(|(position, _)| *position).collect();
            let read: HashMap<Position, Stored> =
                self.read(&positions).await?.into_iter().map(|one| (one.event.position, one)).collect();
            for (position, done) in part {
                match read.get(position) {
                    // Who voided it is nobody now; that it is void has to be known wherever it went.
                    Some(stored) if matches!(stored.text, Text::Erased) && stored.facts.voids().is_none() => {
                        stretch.erased += 1;
                    }
                    Some(stored) => {
                        let passed = self.passed(stored, *done, version);
                        bytes += passed.json.len();
                        stretch.statements.push(passed);
                    }
                    None => {}
                }
            }
            if bytes > BYTES && looked < steps.len() {
                stretch.through = part.last().map_or(end, |(_, done)| *done);
                break;
            }
        }
        Ok(stretch)
    }

    async fn read(&self, positions: &[Position]) -> Result<Vec<Stored>, ReadError> {
        reading::read(&self.log, &self.vault, &self.base_url, positions).await
    }

    fn passed(&self, stored: &Stored, done: Position, version: Option<Version>) -> Passed {
        let received = stored.facts.xapi_version;
        Passed {
            position: stored.event.position,
            done,
            received,
            json: stored.exact(&self.base_url, version.unwrap_or(received)),
            attached: stored.facts.attachments_from.is_some(),
        }
    }
}

impl Wanted {
    fn of(event: Event) -> Result<Self, ReadError> {
        let facts = StatementFacts::decode(event.schema, &event.facts)
            .map_err(|error| ReadError::Facts(event.position.0, error.to_string()))?;
        Ok(Self { event, facts })
    }
}

fn facts(wanted: &[Wanted]) -> impl Iterator<Item = &StatementFacts> {
    wanted.iter().map(|wanted| &wanted.facts)
}

/// Whether somebody is a statement's actor or object, or a member of either.
fn is_with(facts: &StatementFacts, subject: &Subject) -> bool {
    let near = |role| {
        matches!(
            role,
            AgentRole::Actor | AgentRole::ActorMember | AgentRole::Object | AgentRole::ObjectMember
        )
    };
    facts.agents.iter().any(|(role, agent)| near(*role) && subject.agents.contains(agent))
}
