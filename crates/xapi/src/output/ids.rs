//! `format=ids`.

use super::edits::{Edits, edited};
use super::parts::sub_statement;
use crate::json::{Kind, Value};

pub(super) fn ids(text: &str) -> String {
    edited(text, |statement, edits| {
        event(statement, edits);
        if let Some(authority) = statement.get("authority") {
            agent(authority, edits);
        }
        if let Some(sub) = sub_statement(statement) {
            event(sub, edits);
        }
    })
}

fn event(event: Value<'_>, edits: &mut Edits) {
    if let Some(actor) = event.get("actor") {
        agent(actor, edits);
    }
    if let Some(verb) = event.get("verb") {
        keep(verb, edits, &["id"]);
    }
    if let Some(value) = event.get("object") {
        object(value, edits);
    }
    let Some(context) = event.get("context") else { return };
    for name in ["instructor", "team"] {
        if let Some(someone) = context.get(name) {
            agent(someone, edits);
        }
    }
    for (_, list) in context.get("contextActivities").into_iter().flat_map(Value::entries) {
        match list.kind() {
            Kind::Array => list.items().for_each(|a| activity(a, edits)),
            _ => activity(list, edits),
        }
    }
    for (list, name) in [("contextAgents", "agent"), ("contextGroups", "group")] {
        for someone in context.get(list).into_iter().flat_map(Value::items).filter_map(|r| r.get(name)) {
            agent(someone, edits);
        }
    }
}

fn object(value: Value<'_>, edits: &mut Edits) {
    match value.get("objectType").map(Value::string).as_deref() {
        Some("Agent" | "Group") => agent(value, edits),
        Some("StatementRef" | "SubStatement") => {}
        _ => activity(value, edits),
    }
}

fn activity(value: Value<'_>, edits: &mut Edits) {
    // Without an objectType an object is an Activity.
    keep(value, edits, &["id"]);
}

fn agent(value: Value<'_>, edits: &mut Edits) {
    edits.replace(value, &minimal_agent(value));
}

/// An agent or identified group by its identifier, an anonymous group by its members'.
fn minimal_agent(value: Value<'_>) -> String {
    const IDENTIFIERS: [&str; 4] = ["mbox", "mbox_sha1sum", "openid", "account"];
    let identified = IDENTIFIERS.iter().any(|name| value.get(name).is_some());
    let properties = value.entries().filter_map(|(key, entry)| {
        let key_name = key.string();
        if key_name == "objectType" || IDENTIFIERS.contains(&&*key_name) {
            Some(format!("{}:{}", key.raw(), entry.raw()))
        } else if key_name == "member" && !identified {
            let members: Vec<_> = entry.items().map(minimal_agent).collect();
            Some(format!("{}:[{}]", key.raw(), members.join(",")))
        } else {
            None
        }
    });
    format!("{{{}}}", properties.collect::<Vec<_>>().join(","))
}

/// Drops every property but these.
fn keep(value: Value<'_>, edits: &mut Edits, names: &[&str]) {
    if value.entries().all(|(key, _)| names.contains(&&*key.string())) {
        return;
    }
    let kept = value.entries().filter(|(key, _)| names.contains(&&*key.string()));
    let kept: Vec<_> = kept.map(|(key, entry)| format!("{}:{}", key.raw(), entry.raw())).collect();
    edits.replace(value, &format!("{{{}}}", kept.join(",")));
}
