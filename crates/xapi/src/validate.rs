//! The rules for a statement's structure (1.0.3 Data 2 and 4, IEEE 4.2), and what is found on the way.

mod activity;
mod agent;
mod context;
mod found;
mod leaf;

use std::borrow::Cow;
use std::ops::Range;

use crate::agents::AgentRole;
use crate::json::Value;
use crate::number::Decimal;
use crate::statement::{Attachment, Object, ResultFacts, Score, Statement, SubStatement, VOIDED};
use crate::{Identifier, Iris, Version};

use agent::{Actor, Allowed};
pub(crate) use found::Fault;
use found::{Checked, Found, Lists, MOST};
use leaf::{fields, required};

/// Checks `value`, which begins at byte `base` of what was read, and says what is known of it.
pub(crate) fn statement(value: Value<'_>, version: Version, iris: Iris) -> Checked<Statement> {
    let base = value.range().start;
    let mut found = Found { version, iris, base, in_sub_statement: false, lists: Lists::default() };
    let [id, actor, verb, object, result, context, timestamp, stored, authority, own_version, attachments] =
        fields(
            value,
            [
                "id",
                "actor",
                "verb",
                "object",
                "result",
                "context",
                "timestamp",
                "stored",
                "authority",
                "version",
                "attachments",
            ],
        )?;
    let id = id.map(leaf::uuid).transpose()?;
    let own_version = own_version.map(|v| statement_version(v, version)).transpose()?;
    stored.map(leaf::timestamp).transpose()?;
    authority.map(|a| found.authority(a)).transpose()?;
    let event = found.event(value, Event { actor, verb, object, result, context, timestamp, attachments })?;
    let Lists { mut agents, context_activities, definitions, attachments } = found.lists;
    if agents.len().max(attachments.len()) > MOST {
        return Err(Fault::at(value, "at most 10000 agents and groups, and as many attachments"));
    }
    agents.sort_by_key(|agent| agent.range.start);
    Ok(Statement {
        text: value.raw().to_owned(),
        id,
        version: own_version,
        actor_is_group: event.actor_is_group,
        verb: event.verb,
        verb_display: event.verb_display,
        object: event.object,
        result: event.result,
        registration: event.context.registration,
        timestamp: event.timestamp,
        context_statement: event.context.statement,
        context_activities,
        definitions,
        attachments,
        agents,
    })
}

/// Checks an agent or an identified group that stands by itself, as in a request's parameter.
pub(crate) fn identified(value: Value<'_>) -> Checked<Identifier> {
    let mut found = Found::of_nothing();
    match found.agent(value, AgentRole::Actor, Allowed::Both)? {
        Actor::AnonymousGroup { .. } => Err(Fault::at(value, "an agent or an identified group")),
        _ => Ok(found.lists.agents.swap_remove(0).identifier),
    }
}

/// Checks an agent that stands by itself and is no group.
pub(crate) fn lone_agent(value: Value<'_>) -> Checked<Identifier> {
    let mut found = Found::of_nothing();
    found.agent(value, AgentRole::Actor, Allowed::Agent)?;
    Ok(found.lists.agents.swap_remove(0).identifier)
}

/// Everybody who is identified in what need not be a statement: each object that has what identifies an agent.
pub(crate) fn anybody(value: Value<'_>) -> Vec<Identifier> {
    let (mut people, mut waiting) = (Vec::new(), vec![value]);
    while let Some(value) = waiting.pop() {
        people.extend(agent::identifiers(value));
        waiting.extend(value.entries().map(|(_, child)| child).chain(value.items()));
    }
    let mut seen = std::collections::HashSet::new();
    people.retain(|identifier| seen.insert(identifier.clone()));
    people
}

/// The properties that statements and SubStatements share.
struct Event<'t> {
    actor: Option<Value<'t>>,
    verb: Option<Value<'t>>,
    object: Option<Value<'t>>,
    result: Option<Value<'t>>,
    context: Option<Value<'t>>,
    timestamp: Option<Value<'t>>,
    attachments: Option<Value<'t>>,
}

struct CheckedEvent {
    actor_is_group: bool,
    verb: String,
    verb_display: Option<Range<usize>>,
    object: Object,
    result: Option<ResultFacts>,
    context: context::Facts,
    timestamp: Option<crate::Timestamp>,
}

impl Found {
    /// For what stands by itself.
    fn of_nothing() -> Self {
        let (version, iris, lists) = (Version::V2_0_0, Iris::Strict, Lists::default());
        Self { version, iris, base: 0, in_sub_statement: false, lists }
    }

    /// The range of `value` in the statement's own text.
    fn range(&self, value: Value<'_>) -> Range<usize> {
        let range = value.range();
        range.start - self.base..range.end - self.base
    }

    fn event(&mut self, value: Value<'_>, event: Event<'_>) -> Checked<CheckedEvent> {
        let actor = required(value, event.actor, "actor")?;
        let verb = required(value, event.verb, "verb")?;
        let object = required(value, event.object, "object")?;
        let actor = self.agent(actor, AgentRole::Actor, Allowed::Both)?;
        let (verb, verb_display) = self.verb(verb)?;
        let checked_object = self.object(object)?;
        if verb == VOIDED && !matches!(checked_object, Object::StatementRef(_)) {
            return Err(Fault::at(object, "a StatementRef, because the verb is voided"));
        }
        let result = event.result.map(result).transpose()?;
        let about_activity = checked_object.activity().is_some();
        let context = event.context.map(|c| self.context(c, about_activity)).transpose()?.unwrap_or_default();
        let timestamp = event.timestamp.map(leaf::timestamp).transpose()?;
        if let Some(attachments) = event.attachments {
            self.attachments(attachments)?;
        }
        Ok(CheckedEvent {
            actor_is_group: !matches!(actor, Actor::Agent),
            verb,
            verb_display,
            object: checked_object,
            result,
            context,
            timestamp,
        })
    }

    fn verb(&mut self, value: Value<'_>) -> Checked<(String, Option<Range<usize>>)> {
        let [id, display] = fields(value, ["id", "display"])?;
        let id = leaf::iri(required(value, id, "id")?, self.iris)?;
        display.map(leaf::language_map).transpose()?;
        Ok((id.into_owned(), display.map(|d| self.range(d))))
    }

    fn object(&mut self, value: Value<'_>) -> Checked<Object> {
        leaf::object(value)?;
        let object_type = value.get("objectType");
        match object_type.map(leaf::string).transpose()?.as_deref() {
            None | Some("Activity") => self.activity(value).map(Object::Activity),
            Some("Agent" | "Group") => match self.agent(value, AgentRole::Object, Allowed::Both)? {
                Actor::Agent => Ok(Object::Agent),
                _ => Ok(Object::Group),
            },
            Some("StatementRef") => leaf::statement_ref(value).map(Object::StatementRef),
            Some("SubStatement") if self.in_sub_statement => {
                Err(Fault::at(value, "no SubStatement within a SubStatement"))
            }
            Some("SubStatement") => self.sub_statement(value).map(|sub| Object::SubStatement(Box::new(sub))),
            Some(_) => Err(Fault::at(
                object_type.unwrap_or(value),
                "one of \"Activity\", \"Agent\", \"Group\", \"StatementRef\" and \"SubStatement\"",
            )),
        }
    }

    fn sub_statement(&mut self, value: Value<'_>) -> Checked<SubStatement> {
        let [_, actor, verb, object, result, context, timestamp, attachments] = fields(
            value,
            ["objectType", "actor", "verb", "object", "result", "context", "timestamp", "attachments"],
        )?;
        self.in_sub_statement = true;
        let event =
            self.event(value, Event { actor, verb, object, result, context, timestamp, attachments })?;
        self.in_sub_statement = false;
        Ok(SubStatement {
            verb: event.verb,
            object: event.object,
            result: event.result,
            registration: event.context.registration,
            timestamp: event.timestamp,
        })
    }

    /// An agent, or an anonymous group of an application and a user (1.0.3 Data 2.4.9).
    fn authority(&mut self, value: Value<'_>) -> Checked<()> {
        match self.agent(value, AgentRole::Authority, Allowed::Both)? {
            Actor::Agent => Ok(()),
            Actor::IdentifiedGroup => Err(Fault::at(value, "an agent, or an anonymous group of two agents")),
            Actor::AnonymousGroup { members } => {
                let has_account = self.lists.agents.iter().any(|a| {
                    a.role == AgentRole::AuthorityMember && matches!(a.identifier, Identifier::Account { .. })
                });
                if members == 2 && has_account {
                    Ok(())
                } else {
                    Err(Fault::at(
                        value,
                        "an agent, or an anonymous group of two agents, one with an account",
                    ))
                }
            }
        }
    }

    fn attachments(&mut self, value: Value<'_>) -> Checked<()> {
        for item in leaf::array(value)? {
            let [usage_type, display, description, content_type, length, sha2, file_url] = fields(
                item,
                ["usageType", "display", "description", "contentType", "length", "sha2", "fileUrl"],
            )?;
            let usage_type = leaf::iri(required(item, usage_type, "usageType")?, self.iris)?.into_owned();
            leaf::language_map(required(item, display, "display")?)?;
            description.map(leaf::language_map).transpose()?;
            let content_type_value = required(item, content_type, "contentType")?;
            let content_type = leaf::media_type(content_type_value)?.into_owned();
            if usage_type == Attachment::SIGNATURE && content_type != "application/octet-stream" {
                return Err(Fault::at(
                    content_type_value,
                    "application/octet-stream, because this is a signature",
                ));
            }
            let length = leaf::length(required(item, length, "length")?)?;
            let sha2 = leaf::sha2(required(item, sha2, "sha2")?)?.into_owned();
            let file_url = file_url.map(|url| leaf::iri(url, self.iris)).transpose()?.map(Cow::into_owned);
            self.lists.attachments.push(Attachment { usage_type, content_type, length, sha2, file_url });
        }
        Ok(())
    }
}

/// `version`: 1.0.3 serves its own, 2.0 keeps the older ones too (IEEE 4.2.4.2).
fn statement_version(value: Value<'_>, version: Version) -> Checked<String> {
    let text = leaf::string(value)?;
    match (Version::of_number(&text), version) {
        (Some(own), _) if own == version => Ok(text.into_owned()),
        (Some(_), Version::V2_0_0) => Ok(text.into_owned()),
        (_, Version::V1_0_3) => Err(Fault::at(value, "1.0 or 1.0.x")),
        (_, Version::V2_0_0) => Err(Fault::at(value, "1.0, 1.0.x, 2.0 or 2.0.x")),
    }
}

fn result(value: Value<'_>) -> Checked<ResultFacts> {
    let [score_value, success, completion, response, duration, extensions] =
        fields(value, ["score", "success", "completion", "response", "duration", "extensions"])?;
    extensions.map(leaf::extensions).transpose()?;
    Ok(ResultFacts {
        success: success.map(leaf::boolean).transpose()?,
        completion: completion.map(leaf::boolean).transpose()?,
        score: score_value.map(score).transpose()?.unwrap_or_default(),
        duration: duration.map(leaf::duration).transpose()?,
        response: response.map(leaf::string).transpose()?.map(Cow::into_owned),
    })
}

fn score(value: Value<'_>) -> Checked<Score> {
    let [scaled, raw, min, max] = fields(value, ["scaled", "raw", "min", "max"])?;
    let decimal = |v: Option<_>| v.map(leaf::number).transpose();
    let (scaled_n, raw_n, min_n, max_n) = (decimal(scaled)?, decimal(raw)?, decimal(min)?, decimal(max)?);
    let fault = |v: Option<_>, expected| Err(Fault::at(v.unwrap_or(value), expected));
    if scaled_n.is_some_and(|n| n < Decimal::new("-1") || n > Decimal::new("1")) {
        return fault(scaled, "a number from -1 to 1");
    }
    if raw_n.zip(min_n).is_some_and(|(raw, min)| raw < min) {
        return fault(raw, "a number not below min");
    }
    if raw_n.zip(max_n).is_some_and(|(raw, max)| raw > max) {
        return fault(raw, "a number not above max");
    }
    // Equal where there is nothing to score: docs/decisions/0024.
    if min_n.zip(max_n).is_some_and(|(min, max)| min > max) {
        return fault(min, "a number not above max");
    }
    let fixed = |n: Option<Decimal<'_>>| n.map(|n| n.to_fixed(6));
    Ok(Score { scaled: fixed(scaled_n), raw: fixed(raw_n), min: fixed(min_n), max: fixed(max_n) })
}
