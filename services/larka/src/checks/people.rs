//! Keys against the log: each row of the vault unwraps, each slot opens or is of somebody who was erased. Keys that are not there
//! although nobody was erased were deleted by hand, or came with an older copy.

use std::collections::{BTreeMap, BTreeSet};

use eventlog::Position;
use vault::{Envelope, Row, Tried};

use crate::backups::erasures;
use crate::failure::Failure;
use crate::finding::{Finding, some};
use crate::instance::Instance;

/// Events whose slots are tried at a time.
const PAGE: u64 = 500;
const BACK: &str = "bring the row back out of a copy of the vault's database (larka backup; larka restore makes one aside), taken since the row was \
                    made and under the generation of keys that is in force; what it sealed is unreadable until then, and stays in the log";

/// What was found of the slots of a log.
#[derive(Default)]
struct Slots {
    opened: u64,
    /// Where slots are of keys that are not there.
    missing: BTreeMap<Row, u64>,
    /// Slots that do not open though their keys are there.
    damaged: Vec<String>,
}

/// All rows, and all slots up to a position.
pub(super) async fn findings(instance: &Instance, through: Position) -> Result<Vec<Finding>, Failure> {
    let rows = instance.vault.examine_rows().await?;
    let slots = slots(instance, through).await?;
    // After the slots: whoever was erased meanwhile is in it.
    let erased = erasures::known(&instance.log, &instance.vault).await?;
    let (gone, deleted): (Vec<Row>, Vec<Row>) =
        slots.missing.keys().copied().partition(|row| erased.contains_key(&row.agent));

    let mut findings = Vec::new();
    if rows.damaged.is_empty() {
        let found = format!("{} people and {} keys unwrap", rows.agents, rows.keys);
        findings.push(Finding::well("keys", found).with("people", rows.agents).with("keys", rows.keys));
    } else {
        let names: Vec<String> = rows.damaged.iter().map(ToString::to_string).collect();
        let found = format!("{} rows of the vault do not unwrap: {}", names.len(), some(&names));
        findings.push(Finding::wrong("keys", found, BACK).with("rows", names));
    }
    let people = |rows: &[Row]| rows.iter().map(|row| row.agent).collect::<BTreeSet<_>>().len();
    if deleted.is_empty() {
        let found = match people(&gone) {
            0 => "no key is missing that the log needs".to_owned(),
            count => {
                format!("no key is missing that the log needs, but those of {count} people who were erased")
            }
        };
        findings.push(Finding::well("erasures", found).with("erased", erased.len()));
    } else {
        let names: Vec<String> = deleted.iter().map(ToString::to_string).collect();
        let found = format!(
            "keys of {} people are gone, and neither the log nor the journal says that they were erased: deleted by hand, or an older \
             copy of the vault: {}",
            people(&deleted),
            some(&names)
        );
        let to_do = format!("{BACK}; where somebody was to be erased: larka erase, which says so in the log");
        findings
            .push(Finding::wrong("erasures", found, to_do).with("rows", names).with("erased", erased.len()));
    }
    findings.push(if slots.damaged.is_empty() {
        Finding::well("slots", format!("{} slots open", slots.opened)).with("opened", slots.opened)
    } else {
        let found =
            format!("{} slots do not open with their keys: {}", slots.damaged.len(), some(&slots.damaged));
        let to_do = "docs/operations.md, What to do after verify names a position; lists go on without them";
        Finding::wrong("slots", found, to_do).with("slots", slots.damaged).with("opened", slots.opened)
    });
    Ok(findings)
}

async fn slots(instance: &Instance, through: Position) -> Result<Slots, Failure> {
    let mut found = Slots::default();
    let mut examiner = instance.vault.examiner();
    let mut after = Position(0);
    while after < through {
        let limit = PAGE.min(through.0 - after.0);
        let events = instance.log.read_whole(after, limit).await?;
        let envelopes: Vec<Envelope<'_>> = events
            .iter()
            .map(|(event, slots)| Envelope { event: event.id, kind: &event.kind, slots })
            .collect();
        for ((event, slots), tried) in events.iter().zip(examiner.try_all(&envelopes).await?) {
            for (slot, tried) in slots.iter().zip(tried) {
                match tried {
                    Tried::Opens => found.opened += 1,
                    Tried::Missing(rows) => {
                        rows.into_iter().for_each(|row| *found.missing.entry(row).or_default() += 1);
                    }
                    // Its row is named already.
                    Tried::Key(_) => {}
                    Tried::Damaged(why) => {
                        let (slot, position) = (slot.number, event.position.0);
                        found.damaged.push(format!("slot {slot} at position {position} ({why})"));
                    }
                }
            }
        }
        after = Position(after.0 + limit);
    }
    Ok(found)
}
