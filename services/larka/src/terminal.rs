//! What a command reads and prints.

use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;

/// The text of a file that was named; `-` names standard input.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let text = String::from_utf8(read_bytes(path)?);
    text.map_err(|_| Failure::new(format!("{} cannot be read: it is not UTF-8", path.display())))
}

/// The same with whatever bytes it has.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes)?;
    } else {
        bytes = std::fs::read(path)
            .map_err(|e| Failure::new(format!("{} cannot be read: {e}", path.display())))?;
    }
    Ok(bytes)
}

/// Prints a text. Whoever reads only its beginning, such as `head`, has what they wanted.
pub(crate) fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("standard output cannot be written to: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says on standard error what went wrong, if anybody reads it.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "larka: {line}");
}

/// Prints an answer: JSON for programs, a line per property for people.
pub(crate) fn say(json: bool, answer: &Value) -> Result<(), Failure> {
    let mut text = String::new();
    if json {
        text = format!("{answer}\n");
    } else {
        lines(answer, "", &mut text);
    }
    print(text.as_bytes())
}

fn lines(answer: &Value, indent: &str, text: &mut String) {
    let Value::Object(properties) = answer else {
        text.push_str(&format!("{indent}{answer}\n"));
        return;
    };
    for (name, value) in properties {
        match value {
            Value::String(value) => text.push_str(&format!("{indent}{name}: {value}\n")),
            Value::Array(items) if items.iter().any(Value::is_object) => {
                text.push_str(&format!("{indent}{name}:\n"));
                for item in items {
                    lines(item, &format!("{indent}  "), text);
                    text.push('\n');
                }
            }
            Value::Object(_) => {
                text.push_str(&format!("{indent}{name}:\n"));
                lines(value, &format!("{indent}  "), text);
            }
            other => text.push_str(&format!("{indent}{name}: {other}\n")),
        }
    }
}
