//! Canonical definitions of activities: the last `activity_defined` event of each.
//!
//! Each activity is a stream of its own in the log, so that the last event is found at once and of racing merges
//! one wins. The key is a plain digest: the activity's IRI stands in the clear in the same event.

use domain::Facts as _;
use domain::events::ActivityDefinedFacts;
use eventlog::EventLog;
use eventlog::event::Key;
use sha2::{Digest as _, Sha256};

use crate::ViewError;

/// What is held to be true of an activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The whole definition as JSON, every language in it.
    pub json: String,
    /// The version of its stream: how often it was changed.
    pub version: u64,
}

/// The stream of an activity's definitions.
pub fn stream(activity: &str) -> Key {
    let mut key = Key::default();
    let digest = Sha256::new_with_prefix(b"larka activity definition\0").chain_update(activity).finalize();
    key.copy_from_slice(&digest[..16]);
    key
}

/// The canonical definitions of some activities, in the order asked; none where nothing is known of one. One query.
///
/// # Errors
/// The log cannot be read.
pub async fn definitions(log: &EventLog, activities: &[&str]) -> Result<Vec<Option<Definition>>, ViewError> {
    let streams: Vec<Key> = activities.iter().map(|activity| stream(activity)).collect();
    let events = log.latest(&streams).await?;
    let found = events.into_iter().map(|event| {
        let Some(event) = event else { return Ok(None) };
        let facts = ActivityDefinedFacts::decode(event.schema, &event.facts)
            .map_err(|error| ViewError::Fold { position: event.position.0, reason: error.to_string() })?;
        Ok(event.stream.map(|(_, version)| Definition { json: facts.definition, version }))
    });
    found.collect()
}
