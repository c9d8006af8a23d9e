//! Conditions as XLSForm writes them.

use crate::definition::Definition;
use crate::expression::{Binary, Node};
use crate::question::{Condition, Ref};
use crate::values::Value;

/// A condition in XPath; none where that says it otherwise.
pub(super) fn xpath(condition: &Condition, definition: &Definition) -> Option<String> {
    Written { condition, definition }.node(&condition.parsed.node)
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
