//! Where data comes from: what each credential was used for, by which tools, how fast, and what waits.

use std::collections::BTreeMap;

use admin::CredentialFailure;
use eventlog::clock::Micros;
use lrs::WaitingStatement;
use serde_json::{Value, json};
use vault::{Credential, DAYS_KEPT, HOURS_KEPT, RefusalNote, Stored, ToolUse, Use};
use views::kept::Waiting;

use crate::instance::Instance;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// All credentials, with what each was used for; what other nodes have counted in the last seconds comes later.
pub(crate) async fn list(instance: &Instance) -> Result<Vec<Value>, CredentialFailure> {
    let failed = |error: &dyn std::fmt::Display| CredentialFailure::Failed(error.to_string());
    instance.lrs.write_uses().await.map_err(|error| failed(&error))?;
    let uses = instance.vault.uses().await.map_err(|error| failed(&error))?;
    let kept = instance.lrs.kept().await.map_err(|error| failed(&error))?;
    let all = instance.vault.credentials().await.map_err(|error| failed(&error))?;
    let now = instance.clock.now();
    let source = |credential: &Credential| {
        let mut row = row(credential);
        if let Some(used) = uses.get(&credential.key) {
            add_use(&mut row, used, now);
        }
        if let Some(Waiting { statements, bytes }) = kept.get(&credential.id) {
            row["kept"] = json!({ "statements": statements, "bytes": bytes });
        }
        row
    };
    Ok(all.iter().map(source).collect())
}

/// A credential as lists show it, without its secret.
pub(super) fn row(credential: &Credential) -> Value {
    let mut row = json!({
        "key": credential.key,
        "name": credential.name,
        "scopes": credential.scopes,
        "created": instant(credential.created),
        "revoked": credential.revoked.is_some(),
    });
    if let Some(expires) = credential.expires {
        row["expires"] = json!(instant(expires));
    }
    if let Some(rate) = credential.rate {
        row["rate"] = json!(rate.per_second);
        row["burst"] = json!(rate.burst);
    }
    if let Some(rules) = credential.rules.as_deref() {
        row["rules"] = serde_json::from_str(rules).unwrap_or_default();
    }
    row
}

/// A kept statement as lists show it.
pub(super) fn waiting(kept: &WaitingStatement) -> Value {
    let mut row = json!({
        "position": kept.position.0,
        "id": kept.id.to_string(),
        "received": instant(kept.received),
        "bytes": kept.bytes,
    });
    let texts = [("rule", kept.rule), ("path", kept.path.as_deref()), ("expected", kept.expected.as_deref())];
    for (name, text) in texts {
        if let Some(text) = text {
            row[name] = json!(text);
        }
    }
    row
}

fn instant(at: Micros) -> String {
    xapi::time::format_timestamp(at.0)
}
fn add_use(row: &mut Value, used: &Use, now: Micros) {
    if used.seen > Micros(0) {
        row["seen"] = json!(instant(used.seen));
    }
    row["stored"] = json!(used.stored.statements);
    row["refused"] = json!(used.refused);
    let recently = |stored: &Stored| {
        let hours = recent(&stored.hours, now.0.div_euclid(HOUR), HOURS_KEPT);
        (hours, recent(&stored.days, now.0.div_euclid(DAY), DAYS_KEPT))
    };
    let (hours, days) = recently(&used.stored);
    row["pace"] = json!(pace(total(&hours), total(&days)));
    let parts = |stored: &[(i64, u64)], length: i64| {
        let part =
            |(at, stored): &(i64, u64)| json!({ "from": instant(Micros(at * length)), "stored": stored });
        stored.iter().map(part).collect::<Vec<_>>()
    };
    let tool = |(tool, done): (&String, &ToolUse)| {
        let (hours, days) = recently(&done.stored);
        let pace = pace(total(&hours), total(&days));
        json!({ "tool": tool, "seen": instant(done.seen), "stored": done.stored.statements, "pace": pace, "refused": done.refused })
    };
    let refusal = |note: &RefusalNote| json!({ "at": instant(note.at), "tool": note.tool, "reason": note.reason, "path": note.path });
    let lists = [
        ("hours", parts(&hours, HOUR)),
        ("days", parts(&days, DAY)),
        ("tools", used.tools.iter().map(tool).collect()),
        ("refusals", used.refusals.iter().map(refusal).collect()),
    ];
    for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        row[name] = json!(list);
    }
    if used.unkept > 0 {
        row["unkept"] = json!(used.unkept);
    }
    if used.conflicts.requests > 0 {
        row["conflicts"] =
            json!({ "requests": used.conflicts.requests, "statements": used.conflicts.statements });
    }
}

/// Of some hours or days those that end with now.
fn recent(stored: &BTreeMap<i64, u64>, now: i64, length: i64) -> Vec<(i64, u64)> {
    stored.range(now + 1 - length..=now).map(|(at, stored)| (*at, *stored)).collect()
}

fn total(stored: &[(i64, u64)]) -> u64 {
    stored.iter().map(|(_, stored)| stored).sum()
}

/// Statements stored an hour over the last day; where that is less than one, a day over the last month.
fn pace(last_day: u64, last_month: u64) -> String {
    let (hours, days) = (HOURS_KEPT.unsigned_abs(), DAYS_KEPT.unsigned_abs());
    if last_day >= hours {
        format!("{}/h", (last_day + hours / 2) / hours)
    } else if last_month >= days {
        format!("{}/d", (last_month + days / 2) / days)
    } else {
        format!("{last_month}/{days}d")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_told_by_the_hour_the_day_or_the_month() {
        assert_eq!(pace(2_880, 90_000), "120/h");
        assert_eq!([pace(24, 24), pace(35, 35), pace(36, 36)], ["1/h", "1/h", "2/h"]);
        assert_eq!([pace(23, 300), pace(0, 30), pace(5, 29), pace(0, 0)], ["10/d", "1/d", "29/30d", "0/30d"]);
    }

    #[test]
    fn only_hours_that_end_with_now_count() {
        let stored: BTreeMap<i64, u64> = [(10, 1), (11, 2), (34, 3), (35, 4)].into();
        assert_eq!(recent(&stored, 34, 24), [(11, 2), (34, 3)]);
    }
}
