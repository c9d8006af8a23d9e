//! Other people's figures, on an open instance.

use domain::events::caused_by;
use domain::input::OutsideInput;
use eventlog::{Append, NewEvent};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::instance::Instance;

/// Takes sets in; what is as it was is counted.
pub(crate) async fn take(instance: &Instance, input: &OutsideInput) -> Result<Value, Failure> {
    let wrong = |invalid: domain::input::Invalid| Failure::new(invalid.to_string());
    input.validate().map_err(wrong)?;
    let known = instance.municipality.refresh().await?.municipality;
    let changes = input.changes(&known).map_err(wrong)?;
    let (changed, unchanged) = (changes.changes.len(), changes.unchanged);
    let mut events = Vec::new();
    for change in changes.changes {
        let mut id = [0_u8; 16];
        getrandom::fill(&mut id).map_err(|e| Failure::new(format!("the system gives no randomness: {e}")))?;
        let facts = caused_by(change.facts, None);
        let (kind, schema) = (change.kind, change.schema);
        events.push(NewEvent {
            id,
            kind,
            schema,
            credential: None,
            dedupe: None,
            stream: None,
            facts,
            slots: Vec::new(),
        });
    }
    if !events.is_empty() {
        instance.log.append(Append { events, fence: None, raise_fence: false }).await?;
    }
    Ok(json!({ "changed": changed, "unchanged": unchanged }))
}
