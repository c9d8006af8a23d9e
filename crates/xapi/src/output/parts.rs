//! What the forms of an answer have in common.

use crate::json::{Value, write_string};

pub(super) fn sub_statement(statement: Value<'_>) -> Option<Value<'_>> {
    statement.get("object").filter(|object| is_sub_statement(*object))
}

pub(super) fn is_sub_statement(object: Value<'_>) -> bool {
    object.get("objectType").is_some_and(|kind| kind.is("SubStatement"))
}

pub(super) fn json_string(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    write_string(&mut json, text);
    json
}
