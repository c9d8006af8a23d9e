//! How the generations of views stand, seen without opening them.

use super::checkpoint::{self, Checkpoint, not_made};
use super::generation::location_of;
use super::status::Unfoldable;
use crate::database::{Location, on_either};
use crate::error::LogError;
use crate::event::Position;
use crate::looking::Look;
use crate::reach::Unreachable;
use crate::rows::uint;

/// How a generation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The projection.
    pub projection: String,
    /// Which time it was built.
    pub generation: u64,
    /// Whether it answers queries, or is being built to.
    pub answers: bool,
    /// How far it has come.
    pub position: Position,
    /// The hash of the log's chain there, in hexadecimal, where it was noted.
    pub hash: Option<String>,
    /// Where it stopped and why, if it did.
    pub stopped: Option<Unfoldable>,
    /// How many events it does without.
    pub set_aside: u64,
}

/// The generations of the views at a place that are kept; none where there are no views yet. `live`: a process works on them.
///
/// # Errors
/// A file or the database cannot be looked at; says which, why, and what to do.
pub async fn look(views: &Location, live: bool) -> Result<Vec<Looked>, Unreachable> {
    let of = |location: &Location, error: LogError| match error {
        LogError::Database(error) => Unreachable::of(location, &error),
        other => Unreachable::of(location, &sqlx::Error::Protocol(other.to_string())),
    };
    let Some(mut registry) = views.look(live).await? else { return Ok(Vec::new()) };
    let kept = kept(&mut registry).await.map_err(|error| of(views, error));
    registry.leave().await;
    let mut all = Vec::new();
    for (projection, number, standing) in kept? {
        let place = location_of(views, &projection, uint(number));
        let Some(mut look) = place.look(live).await? else { continue };
        let stood = stood(&mut look).await.map_err(|error| of(&place, error.into()));
        look.leave().await;
        let Some((Checkpoint { position, failed, .. }, hash, set_aside)) = stood? else { continue };
        all.push(Looked {
            projection,
            generation: uint(number),
            answers: standing == "current",
            position,
            hash,
            stopped: failed,
            set_aside,
        });
    }
    Ok(all)
}

async fn kept(registry: &mut Look) -> Result<Vec<(String, i64, String)>, LogError> {
    if !registry.holds("generation").await? {
        return Ok(Vec::new());
    }
    let text = "SELECT projection, CAST(number AS bigint), standing FROM generation \
                WHERE standing <> 'retired' ORDER BY projection, number";
    Ok(on_either!(registry.tx(), connection => sqlx::query_as(text).fetch_all(connection).await?))
}

async fn stood(look: &mut Look) -> Result<Option<(Checkpoint, Option<String>, u64)>, sqlx::Error> {
    let checkpoint = match checkpoint::load(look.tx()).await {
        Err(error) if not_made(&error) => return Ok(None),
        checkpoint => checkpoint?,
    };
    let Some(checkpoint) = checkpoint else { return Ok(None) };
    let hash = checkpoint::noted(look.tx(), checkpoint.position).await?;
    let (set_aside, _) = checkpoint::set_aside(look.tx(), 0).await?;
    Ok(Some((checkpoint, hash, set_aside)))
}
