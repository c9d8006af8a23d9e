//! What an expression is once it is read.

use crate::values::Value;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// Its root.
    pub node: Node,
    /// What stands in its braces, each once.
    pub names: Vec<String>,
}

/// A part of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// What stands there.
    Const(Value),
    /// A name, by its place among the names.
    Name(usize),
    /// A list.
    List(Vec<Node>),
    /// A function and its parameters.
    Function(String, Vec<Node>),
    /// `!`.
    Not(Box<Node>),
    /// `empty`.
    Empty(Box<Node>),
    /// `notempty`.
    NotEmpty(Box<Node>),
    /// An operator between two.
    Binary(Binary, Box<Node>, Box<Node>),
}

impl Node {
    /// The node and all within it, in no order that matters.
    pub fn walk(&self) -> Vec<&Node> {
        let mut all = vec![self];
        let mut at = 0;
        while let Some(node) = all.get(at).copied() {
            match node {
                Node::Const(_) | Node::Name(_) => {}
                Node::List(items) | Node::Function(_, items) => all.extend(items),
                Node::Not(inner) | Node::Empty(inner) | Node::NotEmpty(inner) => all.push(inner),
                Node::Binary(_, left, right) => all.extend([&**left, &**right]),
            }
            at += 1;
        }
        all
    }

    /// The name in `{name} empty or {name} % 1 = 0`: a whole number is asked for.
    pub(crate) fn whole(&self) -> Option<usize> {
        let Node::Binary(Binary::Or, empty, equal) = self else { return None };
        let (Node::Empty(one), Node::Binary(Binary::Equal, rest, nothing)) = (&**empty, &**equal) else {
            return None;
        };
        let Node::Binary(Binary::Modulo, other, by) = &**rest else { return None };
        let number = |node: &Node, number: f64| *node == Node::Const(Value::Number(number));
        match **one {
            Node::Name(name) if one == other && number(by, 1.0) && number(nothing, 0.0) => Some(name),
            _ => None,
        }
    }
}

/// Operators between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Binary {
    Or,
    And,
    LessOrEqual,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Less,
    Greater,
    Plus,
    Minus,
    Times,
    Divided,
    Modulo,
    Power,
    Contains,
    NotContains,
    AnyOf,
    AllOf,
    NoneOf,
}
