//! Groups of respondents: what is wrong with them, and which of them are asked what.

use std::collections::HashMap;

use super::bind::conditions;
use super::model::Definition;
use crate::expression::{Binary, Node, Parsed, Scope, evaluate};
use crate::question::{Choice, Condition, Question, RESPONDENT_GROUP, Ref};
use crate::refusal::Refusals;
use crate::values::Value;

impl Definition {
    /// The groups that may be asked a question, or a row of it, by their ids: all but those of which its conditions say that they are
    /// not. Empty where it is asked whoever it is.
    pub fn asked_of(&self, question: &Question, row: Option<&Choice>) -> Vec<String> {
        let all = self.sidecar.groups.iter().map(|group| &group.id);
        let asked: Vec<String> = all.filter(|group| self.may_ask(question, row, group)).cloned().collect();
        if asked.len() == self.sidecar.groups.len() { Vec::new() } else { asked }
    }

    fn may_ask(&self, question: &Question, row: Option<&Choice>, group: &str) -> bool {
        let panels = question.panels.iter().map(|panel| &self.panels[*panel].conditions);
        let around = panels.chain([&question.conditions, &self.pages[question.page].conditions]);
        let conditions = around.filter_map(|one| one.visible_if.as_ref());
        let mut conditions = conditions.chain(row.and_then(|row| row.visible_if.as_ref()));
        conditions.all(|condition| self.settled(condition, group) != Some(false))
    }

    /// Whether a condition holds for a group whatever is answered.
    fn settled(&self, condition: &Condition, group: &str) -> Option<bool> {
        self.holds(&condition.parsed.node, condition, group)
    }

    fn holds(&self, node: &Node, condition: &Condition, group: &str) -> Option<bool> {
        match node {
            Node::Not(inner) => self.holds(inner, condition, group).map(|holds| !holds),
            Node::Binary(Binary::And, left, right) => {
                match (self.holds(left, condition, group), self.holds(right, condition, group)) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), other) | (other, Some(true)) => other,
                    (None, None) => None,
                }
            }
            Node::Binary(Binary::Or, left, right) => {
                match (self.holds(left, condition, group), self.holds(right, condition, group)) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), other) | (other, Some(false)) => other,
                    (None, None) => None,
                }
            }
            node => self.worth(node, condition, group).map(|value| value.holds()),
        }
    }

    /// What a part of a condition is worth for a group; none where that hangs on answers or the day.
    fn worth(&self, node: &Node, condition: &Condition, group: &str) -> Option<Value> {
        let mut values = HashMap::new();
        for part in node.walk() {
            match part {
                Node::Function(..) => return None,
                Node::Name(place) => {
                    values.insert(*place, self.of_group(condition.refs.get(*place)?, group)?);
                }
                _ => {}
            }
        }
        Some(evaluate(&Parsed { node: node.clone(), names: Vec::new() }, &Settled(values)))
    }

    fn of_group(&self, name: &Ref, group: &str) -> Option<Value> {
        match name {
            Ref::Group => Some(Value::Code(group.to_owned())),
            Ref::Calculated(place) => {
                let expression = self.calculated.get(*place)?.expression.as_ref()?;
                self.worth(&expression.parsed.node, expression, group)
            }
            _ => None,
        }
    }
}

/// Names whose values are known.
struct Settled(HashMap<usize, Value>);

impl Scope for Settled {
    fn value(&self, place: usize) -> Value {
        self.0.get(&place).cloned().unwrap_or(Value::Null)
    }

    fn display(&self, _: &str) -> Value {
        Value::Null
    }

    fn ready(&self, _: &str) -> bool {
        false
    }

    fn now(&self) -> chrono::NaiveDateTime {
        chrono::NaiveDateTime::default()
    }
}

/// That groups have ids of their own, that conditions name those there are, and that everything is asked of one.
pub(super) fn check(definition: &Definition, refusals: &mut Refusals) {
    let groups = &definition.sidecar.groups;
    for (at, group) in groups.iter().enumerate() {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let twice = groups[..at].iter().any(|other| other.id == group.id);
        if twice || group.id.is_empty() || !group.id.chars().all(plain) {
            refusals.add(
                &format!("/larka/groups/{at}/id"),
                "en grupps id är små bokstäver a–z, siffror, - och _, och dess eget",
                "a group's id is small letters a–z, digits, - and _, and its own",
            );
        }
    }
    let taken = definition.calculated.iter().any(|value| value.name.eq_ignore_ascii_case(RESPONDENT_GROUP));
    if !groups.is_empty() && (taken || definition.question(RESPONDENT_GROUP).is_some()) {
        refusals.add(
            "/larka/groups",
            format!("namnet {RESPONDENT_GROUP} är gruppens, och inte en frågas"),
            format!("the name {RESPONDENT_GROUP} is the group's, and no question's"),
        );
    }
    for condition in conditions(definition).filter(|condition| condition.refs.contains(&Ref::Group)) {
        if groups.is_empty() {
            refusals.add(
                &condition.place,
                format!("{{{RESPONDENT_GROUP}}} är inget utan grupper (larka.groups)"),
                format!("{{{RESPONDENT_GROUP}}} is nothing without groups (larka.groups)"),
            );
            continue;
        }
        for constant in compared(condition) {
            let known: Vec<&str> = groups.iter().map(|group| group.id.as_str()).collect();
            if !known.contains(&constant.as_str()) {
                let what =
                    (format!("det finns ingen grupp {constant}"), format!("there is no group {constant}"));
                let known = known.join(", ");
                refusals.instead(&condition.place, what, (&known, &known));
            }
        }
    }
    for question in definition.questions.iter().filter(|question| question.is_asked()) {
        if !groups.is_empty() && groups.iter().all(|group| !definition.may_ask(question, None, &group.id)) {
            refusals.add(
                &question.place,
                "frågan ställs inte till någon grupp",
                "the question is asked of no group",
            );
        }
    }
}

/// What a condition compares the group with.
fn compared(condition: &Condition) -> Vec<String> {
    let is_group =
        |node: &Node| matches!(node, Node::Name(place) if condition.refs.get(*place) == Some(&Ref::Group));
    let mut constants = Vec::new();
    for node in condition.parsed.node.walk() {
        let Node::Binary(_, left, right) = node else { continue };
        let other = match (is_group(left), is_group(right)) {
            (true, _) => right,
            (_, true) => left,
            _ => continue,
        };
        if matches!(**other, Node::Const(_) | Node::List(_)) {
            let values = other.walk().into_iter().filter_map(|node| match node {
                Node::Const(value) if !value.is_empty() => Some(value.text()),
                _ => None,
            });
            constants.extend(values);
        }
    }
    constants
}
