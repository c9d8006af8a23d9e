//! Computing expressions.

use super::functions;
use super::operators;
use super::scope::Scope;
use super::tree::{Node, Parsed};
use crate::values::Value;

/// Computes an expression.
pub fn evaluate(expression: &Parsed, scope: &dyn Scope) -> Value {
    node(&expression.node, scope)
}

fn node(part: &Node, scope: &dyn Scope) -> Value {
    match part {
        Node::Const(value) => value.clone(),
        Node::Name(place) => match scope.value(*place) {
            // Texts are read; codes stay, so that they are compared as they are.
            Value::Text(text) => Value::Text(text).plain().into_owned(),
            other => other,
        },
        Node::List(items) => Value::List(items.iter().map(|item| node(item, scope)).collect()),
        Node::Function(name, parameters) => {
            let given: Vec<Value> = parameters.iter().map(|parameter| node(parameter, scope)).collect();
            functions::call(name, &given, scope)
        }
        Node::Not(inner) => Value::Bool(!node(inner, scope).is_truthy()),
        Node::Empty(inner) => Value::Bool(node(inner, scope).is_empty()),
        Node::NotEmpty(inner) => Value::Bool(!node(inner, scope).is_empty()),
        Node::Binary(operator, left, right) => {
            operators::apply(*operator, &node(left, scope), &node(right, scope))
        }
    }
}
