//! What a command reads and prints.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;

/// The text of a file that was named; `-` names standard input.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path)
            .map_err(|e| Failure::new(format!("{} cannot be read: {e}", path.display())))?;
    }
    Ok(text)
}

/// Prints an answer: JSON for programs, a line per property for people.
#[allow(clippy::print_stdout, reason = "a command answers on standard output")]
pub(crate) fn say(json: bool, answer: &Value) {
    if json {
        println!("{answer}");
        return;
    }
    lines(answer, "");
}

#[allow(clippy::print_stdout, reason = "a command answers on standard output")]
fn lines(answer: &Value, indent: &str) {
    let Value::Object(properties) = answer else {
        println!("{indent}{answer}");
        return;
    };
    for (name, value) in properties {
        match value {
            Value::String(text) => println!("{indent}{name}: {text}"),
            Value::Array(items) if items.iter().any(Value::is_object) => {
                println!("{indent}{name}:");
                for item in items {
                    lines(item, &format!("{indent}  "));
                    println!();
                }
            }
            Value::Object(_) => {
                println!("{indent}{name}:");
                lines(value, &format!("{indent}  "));
            }
            other => println!("{indent}{name}: {other}"),
        }
    }
}
