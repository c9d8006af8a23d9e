//! What is answered in place of a statement whose people were erased.

use uuid::Uuid;

use super::parts::json_string;
use crate::statement::{ContextRole, ResultFacts, Score};
use crate::{Version, time};

/// An account that stands for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account<'a> {
    /// The home page, an IRI.
    pub home_page: &'a str,
    /// The name on it.
    pub name: &'a str,
}

/// What is known of a statement whose text is gone.
#[derive(Debug, Clone)]
pub struct Anonymous<'a> {
    /// The statement's id.
    pub id: Uuid,
    /// In the actor's place.
    pub actor: Account<'a>,
    /// The verb's id.
    pub verb: &'a str,
    /// What was acted on.
    pub object: AnonymousObject<'a>,
    /// The result's facts. Neither the duration's text nor the response is looked at.
    pub result: Option<&'a ResultFacts>,
    /// The duration in hundredths of a second, where it is known.
    pub duration_centiseconds: Option<i64>,
    /// `context.registration`
    pub registration: Option<Uuid>,
    /// The context activities; those of a SubStatement are passed over.
    pub context_activities: &'a [(ContextRole, String)],
    /// In microseconds since 1970; where the sender gave none, `stored`.
    pub timestamp: i64,
    /// In microseconds since 1970.
    pub stored: i64,
    /// The authority as JSON.
    pub authority: Option<&'a str>,
    /// The version of the request that brought the statement.
    pub received: Version,
}

/// What an anonymous statement is about.
#[derive(Debug, Clone, Copy)]
pub enum AnonymousObject<'a> {
    /// An activity, by id. Also what a caller gives in the place of a SubStatement.
    Activity(&'a str),
    /// Another statement.
    StatementRef(Uuid),
    /// In an agent's place.
    Agent(Account<'a>),
    /// In a group's place.
    Group(Account<'a>),
}

pub(super) fn anonymous(facts: &Anonymous<'_>) -> String {
    let quoted_time = |micros| json_string(&time::format_timestamp(micros));
    let mut properties = vec![
        ("id", json_string(&facts.id.to_string())),
        ("actor", agent("Agent", facts.actor)),
        ("verb", object([("id", json_string(facts.verb))])),
        ("object", about(facts.object)),
    ];
    let result = facts.result.map(|r| result(r, facts.duration_centiseconds)).unwrap_or_default();
    if !result.is_empty() {
        properties.push(("result", object(result)));
    }
    let context = context(facts);
    if !context.is_empty() {
        properties.push(("context", object(context)));
    }
    properties.push(("timestamp", quoted_time(facts.timestamp)));
    properties.push(("stored", quoted_time(facts.stored)));
    properties.extend(facts.authority.map(|authority| ("authority", authority.to_owned())));
    properties.push(("version", json_string(facts.received.statement_default())));
    object(properties)
}

fn object(properties: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let properties: Vec<_> =
        properties.into_iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
    format!("{{{}}}", properties.join(","))
}

fn agent(object_type: &str, account: Account<'_>) -> String {
    let account = object([("homePage", json_string(account.home_page)), ("name", json_string(account.name))]);
    object([("objectType", json_string(object_type)), ("account", account)])
}

fn about(about: AnonymousObject<'_>) -> String {
    match about {
        AnonymousObject::Activity(id) => {
            object([("objectType", json_string("Activity")), ("id", json_string(id))])
        }
        AnonymousObject::StatementRef(id) => {
            object([("objectType", json_string("StatementRef")), ("id", json_string(&id.to_string()))])
        }
        AnonymousObject::Agent(account) => agent("Agent", account),
        AnonymousObject::Group(account) => agent("Group", account),
    }
}

fn result(facts: &ResultFacts, centiseconds: Option<i64>) -> Vec<(&'static str, String)> {
    let mut result = Vec::new();
    let score = score(facts.score);
    if !score.is_empty() {
        result.push(("score", object(score)));
    }
    result.extend(facts.success.map(|yes| ("success", yes.to_string())));
    result.extend(facts.completion.map(|yes| ("completion", yes.to_string())));
    result.extend(centiseconds.map(|cs| ("duration", format!("\"PT{}.{:02}S\"", cs / 100, cs % 100))));
    result
}

fn score(score: Score) -> Vec<(&'static str, String)> {
    let Score { scaled, raw, min, max } = score;
    let parts = [("scaled", scaled), ("raw", raw), ("min", min), ("max", max)];
    parts.into_iter().filter_map(|(name, n)| n.map(|n| (name, decimal(n)))).collect()
}

fn decimal(millionths: i64) -> String {
    let (sign, n) =
        if millionths < 0 { ("-", millionths.unsigned_abs()) } else { ("", millionths.unsigned_abs()) };
    let scale = Score::SCALE.unsigned_abs();
    let text = format!("{sign}{}.{:06}", n / scale, n % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn context(facts: &Anonymous<'_>) -> Vec<(&'static str, String)> {
    const ROLES: [(ContextRole, &str); 4] = [
        (ContextRole::Parent, "parent"),
        (ContextRole::Grouping, "grouping"),
        (ContextRole::Category, "category"),
        (ContextRole::Other, "other"),
    ];
    let lists = ROLES.into_iter().filter_map(|(role, name)| {
        let of_role = facts.context_activities.iter().filter(|(r, _)| *r == role);
        let ids: Vec<_> = of_role.map(|(_, id)| object([("id", json_string(id))])).collect();
        (!ids.is_empty()).then(|| (name, format!("[{}]", ids.join(","))))
    });
    let lists: Vec<_> = lists.collect();
    let mut context = Vec::new();
    context.extend(facts.registration.map(|id| ("registration", json_string(&id.to_string()))));
    if !lists.is_empty() {
        context.push(("contextActivities", object(lists)));
    }
    context
}
