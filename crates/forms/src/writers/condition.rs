//! Conditions as XLSForm writes them.

use std::collections::BTreeSet;

use crate::definition::Definition;
use crate::expression::{Binary, Node};
use crate::question::{Condition, Input, Kind, RESPONDENT_GROUP, Ref};
use crate::values::Value;

/// A condition in XPath; none where that says it otherwise.
pub(super) fn xpath(condition: &Condition, definition: &Definition) -> Option<String> {
    Written { condition, definition, own: None }.node(&one_by_one(condition))
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
    /// The question that `.` is.
    own: Option<usize>,
}

/// What a calculation computes; none where XPath says it otherwise.
pub(super) fn calculation(condition: &Condition, definition: &Definition) -> Option<String> {
    let written = Written { condition, definition, own: None };
    let node = &condition.parsed.node;
    if let Node::Function(name, given) = node
        && let ("iif", [guards, term, Node::Const(Value::Text(nothing))]) = (name.as_str(), given.as_slice())
        && nothing.is_empty()
        && written.guards(guards, Binary::And) == Some(written.names(term))
    {
        return written.value(term);
    }
    written.value(node).or_else(|| written.node(node))
}

/// What an answer has to be, of a question that may be left out; none where XPath says it otherwise.
pub(super) fn constraint(condition: &Condition, definition: &Definition, own: usize) -> Option<String> {
    let Node::Binary(Binary::Or, empty, wanted) = &condition.parsed.node else { return None };
    let Node::Empty(name) = &**empty else { return None };
    let Node::Name(name) = **name else { return None };
    let asked = condition.refs.get(name) == Some(&Ref::Answer(own));
    asked.then(|| Written { condition, definition, own: Some(own) }.node(wanted))?
}

/// The question that a choice hangs on, and the answer at which it is offered; the empty one where there is none.
pub(super) fn filter(condition: &Condition) -> Option<(usize, &str)> {
    let (name, wanted) = match &condition.parsed.node {
        Node::Empty(name) => (name, ""),
        Node::Binary(Binary::Equal, name, wanted) => match &**wanted {
            Node::Const(Value::Text(wanted)) => (name, wanted.as_str()),
            _ => return None,
        },
        _ => return None,
    };
    let Node::Name(name) = **name else { return None };
    match condition.refs.get(name)? {
        Ref::Answer(question) => Some((*question, wanted)),
        _ => None,
    }
}

impl Written<'_> {
    fn node(&self, node: &Node) -> Option<String> {
        if let Some(compared) = self.guarded(node) {
            return self.compared(compared);
        }
        Some(match node {
            Node::Binary(Binary::And, left, right) => {
                format!("{} and {}", self.part(left)?, self.part(right)?)
            }
            Node::Binary(Binary::Or, left, right) => format!("{} or {}", self.part(left)?, self.part(right)?),
            Node::Binary(Binary::Contains, left, right) => {
                format!("selected({}, {})", self.name(left)?, said(right)?)
            }
            Node::Binary(..) => self.compared(node)?,
            Node::Empty(inner) => format!("{} = ''", self.name(inner)?),
            Node::NotEmpty(inner) => format!("{} != ''", self.name(inner)?),
            Node::Not(inner) => format!("not({})", self.node(inner)?),
            _ => return None,
        })
    }

    fn part(&self, node: &Node) -> Option<String> {
        let text = self.node(node)?;
        let joined = matches!(node, Node::Binary(Binary::And | Binary::Or, ..));
        Some(if joined && self.guarded(node).is_none() { format!("({text})") } else { text })
    }

    /// The comparison in one that says, too, what follows in XPath where one of its answers is empty.
    fn guarded<'n>(&self, node: &'n Node) -> Option<&'n Node> {
        let Node::Binary(joined, guards, compared) = node else { return None };
        let Node::Binary(operator, ..) = &**compared else { return None };
        let joins = if *operator == Binary::NotEqual { Binary::Or } else { Binary::And };
        let names = self.names(compared);
        let guarded = sign(*operator).is_some()
            && *joined == joins
            && !names.is_empty()
            && self.guards(guards, joins) == Some(names);
        guarded.then_some(&**compared)
    }

    /// The answers that are said to be there, or one of them not to be.
    fn guards(&self, node: &Node, joined: Binary) -> Option<BTreeSet<usize>> {
        match (node, joined) {
            (Node::NotEmpty(inner), Binary::And) | (Node::Empty(inner), Binary::Or) => match **inner {
                Node::Name(name) => Some(BTreeSet::from([name])),
                _ => None,
            },
            (Node::Binary(operator, left, right), _) if *operator == joined => {
                let mut names = self.guards(left, joined)?;
                names.extend(self.guards(right, joined)?);
                Some(names)
            }
            _ => None,
        }
    }

    /// The names in a part whose answers may be empty: how many were chosen never is.
    fn names(&self, node: &Node) -> BTreeSet<usize> {
        let names = node.walk().into_iter().filter_map(|node| match node {
            Node::Name(name) => Some(*name),
            _ => None,
        });
        names.filter(|name| !matches!(self.condition.refs.get(*name), Some(Ref::Length(_)))).collect()
    }

    fn compared(&self, node: &Node) -> Option<String> {
        let Node::Binary(operator, left, right) = node else { return None };
        let sign = sign(*operator)?;
        let day = self.is_day(left) || self.is_day(right);
        let side = |node: &Node| match node {
            Node::Const(Value::Text(text)) if day && crate::values::date(text).is_some() => {
                Some(format!("date('{text}')"))
            }
            node => self.value(node),
        };
        Some(format!("{} {sign} {}", side(left)?, side(right)?))
    }

    fn is_day(&self, node: &Node) -> bool {
        let Node::Name(name) = node else { return false };
        let Some(Ref::Answer(question)) = self.condition.refs.get(*name) else { return false };
        let asked = self.definition.questions.get(*question).map(|asked| &asked.kind);
        matches!(asked, Some(Kind::Text(field)) if field.input == Input::Date)
    }

    /// What is compared and computed with.
    fn value(&self, node: &Node) -> Option<String> {
        Some(match node {
            Node::Name(_) => self.name(node)?,
            Node::Const(_) => said(node)?,
            Node::Binary(operator, left, right) => {
                let sign = match operator {
                    Binary::Plus => "+",
                    Binary::Minus => "-",
                    Binary::Times => "*",
                    Binary::Divided => "div",
                    Binary::Modulo => "mod",
                    _ => return None,
                };
                format!("({} {sign} {})", self.value(left)?, self.value(right)?)
            }
            Node::Function(name, given) => match (name.as_str(), given.as_slice()) {
                ("today", []) => "today()".to_owned(),
                ("iif", [test, one, other]) => {
                    format!("if({}, {}, {})", self.node(test)?, self.value(one)?, self.value(other)?)
                }
                _ => return None,
            },
            _ => return None,
        })
    }

    fn name(&self, node: &Node) -> Option<String> {
        let Node::Name(place) = node else { return None };
        let asked = |question: &usize| self.definition.questions.get(*question);
        match self.condition.refs.get(*place)? {
            Ref::Answer(question) if self.own == Some(*question) => Some(".".to_owned()),
            Ref::Answer(question) => asked(question).map(|asked| format!("${{{}}}", asked.name)),
            Ref::Row(_, row) => Some(format!("${{{row}}}")),
            Ref::Group => Some(format!("${{{RESPONDENT_GROUP}}}")),
            Ref::Calculated(at) => {
                self.definition.calculated.get(*at).map(|one| format!("${{{}}}", one.name))
            }
            Ref::Length(inner) => match &**inner {
                Ref::Answer(question) if self.own == Some(*question) => Some("count-selected(.)".to_owned()),
                Ref::Answer(question) => {
                    asked(question).map(|asked| format!("count-selected(${{{}}})", asked.name))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn sign(operator: Binary) -> Option<&'static str> {
    Some(match operator {
        Binary::Equal => "=",
        Binary::NotEqual => "!=",
        Binary::Less => "<",
        Binary::LessOrEqual => "<=",
        Binary::Greater => ">",
        Binary::GreaterOrEqual => ">=",
        _ => return None,
    })
}

fn said(node: &Node) -> Option<String> {
    match node {
        Node::Const(Value::Number(number)) => Some(crate::values::number_text(*number)),
        Node::Const(Value::Text(text)) if !text.contains('\'') => Some(format!("'{text}'")),
        _ => None,
    }
}
