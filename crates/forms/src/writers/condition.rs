//! Conditions as XLSForm writes them.

use crate::definition::Definition;
use crate::expression::{Binary, Node};
use crate::question::{Condition, RESPONDENT_GROUP, Ref};
use crate::values::Value;

/// A condition in XPath; none where that says it otherwise.
pub(super) fn xpath(condition: &Condition, definition: &Definition) -> Option<String> {
    Written { condition, definition }.node(&one_by_one(condition))
}

/// A condition in which "the group is any of these" stands as sheets say it: is the one, or is the other.
pub(super) fn one_by_one(condition: &Condition) -> Node {
    split(&condition.parsed.node, condition)
}

fn split(node: &Node, condition: &Condition) -> Node {
    let is_group =
        |node: &Node| matches!(node, Node::Name(place) if condition.refs.get(*place) == Some(&Ref::Group));
    match node {
        Node::Binary(Binary::AnyOf, name, list) if is_group(name) => {
            let Node::List(items) = &**list else { return node.clone() };
            let each =
                items.iter().map(|item| Node::Binary(Binary::Equal, name.clone(), Box::new(item.clone())));
            each.reduce(|one, other| Node::Binary(Binary::Or, Box::new(one), Box::new(other)))
                .unwrap_or_else(|| node.clone())
        }
        Node::Binary(operator, left, right) => {
            Node::Binary(*operator, Box::new(split(left, condition)), Box::new(split(right, condition)))
        }
        Node::Not(inner) => Node::Not(Box::new(split(inner, condition))),
        node => node.clone(),
    }
}

struct Written<'a> {
    condition: &'a Condition,
    definition: &'a Definition,
}

impl Written<'_> {
    fn node(&self, node: &Node) -> Option<String> {
        Some(match node {
            Node::Binary(Binary::And, left, right) => {
                format!("{} and {}", self.part(left)?, self.part(right)?)
            }
            Node::Binary(Binary::Or, left, right) => format!("{} or {}", self.part(left)?, self.part(right)?),
            Node::Binary(Binary::Contains, left, right) => {
                format!("selected({}, {})", self.name(left)?, said(right)?)
            }
            Node::Binary(operator, left, right) => {
                let sign = match operator {
                    Binary::Equal => "=",
                    Binary::NotEqual => "!=",
                    Binary::Less => "<",
                    Binary::LessOrEqual => "<=",
                    Binary::Greater => ">",
                    Binary::GreaterOrEqual => ">=",
                    _ => return None,
                };
                format!("{} {sign} {}", self.name(left)?, said(right)?)
            }
            Node::Empty(inner) => format!("{} = ''", self.name(inner)?),
            Node::NotEmpty(inner) => format!("{} != ''", self.name(inner)?),
            Node::Not(inner) => format!("not({})", self.node(inner)?),
            _ => return None,
        })
    }

    fn part(&self, node: &Node) -> Option<String> {
        let text = self.node(node)?;
        Some(if matches!(node, Node::Binary(Binary::And | Binary::Or, ..)) {
            format!("({text})")
        } else {
            text
        })
    }

    fn name(&self, node: &Node) -> Option<String> {
        let Node::Name(place) = node else { return None };
        match self.condition.refs.get(*place)? {
            Ref::Answer(question) => {
                self.definition.questions.get(*question).map(|asked| format!("${{{}}}", asked.name))
            }
            Ref::Row(_, row) => Some(format!("${{{row}}}")),
            Ref::Group => Some(format!("${{{RESPONDENT_GROUP}}}")),
            _ => None,
        }
    }
}

fn said(node: &Node) -> Option<String> {
    match node {
        Node::Const(Value::Number(number)) => Some(crate::values::number_text(*number)),
        Node::Const(Value::Text(text)) if !text.contains('\'') => Some(format!("'{text}'")),
        _ => None,
    }
}
