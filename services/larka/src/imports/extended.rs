//! Statements as MongoDB gives them out: dots in names as Learning Locker writes them, and MongoDB's Extended JSON.
//!
//! Nothing is read into numbers: what is not changed keeps its text.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Deeper than any statement that is taken.
const DEEPEST: usize = 200;

/// How Learning Locker writes a dot in a name.
const DOT: &str = "&46;";

/// The text with dots in names, and values of Extended JSON (version 1 and 2) as JSON writes them. None for what is
/// no JSON, or nests deeper than any statement.
pub(super) fn plain(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(DOT) && !text.contains("\"$") {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    write(text, &mut out, 0)?;
    Some(Cow::Owned(out))
}

/// An instant as an export writes it, in microseconds since 1970: a timestamp, with a blank for the T too and hours
/// alone for a zone; milliseconds since 1970; or either in `$date`.
pub(super) fn instant(json: &str) -> Option<i64> {
    match single(json) {
        Some((name, inner)) if name == "$date" => match single(inner) {
            Some((name, digits)) if name == "$numberLong" => {
                milliseconds(&serde_json::from_str::<Cow<'_, str>>(digits).ok()?)
            }
            _ => bare_instant(inner),
        },
        _ => bare_instant(json),
    }
}

fn bare_instant(json: &str) -> Option<i64> {
    match serde_json::from_str::<Cow<'_, str>>(json) {
        Ok(text) => timestamp(&text),
        Err(_) => milliseconds(json),
    }
}

fn milliseconds(digits: &str) -> Option<i64> {
    digits.trim().parse::<i64>().ok()?.checked_mul(1_000)
}

/// A timestamp as databases write it.
pub(super) fn timestamp(text: &str) -> Option<i64> {
    let text = text.trim().replacen(' ', "T", 1);
    let at = |text: &str| xapi::time::parse_timestamp(text).map(|timestamp| timestamp.micros);
    let zone = text.len().checked_sub(3).and_then(|at| text.get(at..)).unwrap_or_default();
    let hours = zone.strip_prefix(['+', '-']).is_some_and(|hours| hours.bytes().all(|b| b.is_ascii_digit()));
    if hours && text.contains(':') { at(&format!("{text}:00")) } else { at(&text) }
}

fn write(text: &str, out: &mut String, depth: usize) -> Option<()> {
    if depth > DEEPEST {
        return None;
    }
    match text.trim_start().as_bytes().first()? {
        b'{' => {
            if let Some(value) = single(text).and_then(|(name, value)| simple(&name, value)) {
                out.push_str(&value);
                return Some(());
            }
            let Entries(entries) = serde_json::from_str(text).ok()?;
            out.push('{');
            for (index, (name, value)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::to_string(&name.replace(DOT, ".")).ok()?);
                out.push(':');
                write(value.get(), out, depth + 1)?;
            }
            out.push('}');
        }
        b'[' => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(element.get(), out, depth + 1)?;
            }
            out.push(']');
        }
        _ => out.push_str(text),
    }
    Some(())
}

/// The value that an object of Extended JSON stands for, as JSON.
fn simple(name: &str, value: &str) -> Option<String> {
    match name {
        "$numberInt" | "$numberLong" | "$numberDouble" | "$numberDecimal" => {
            let number = serde_json::from_str::<Cow<'_, str>>(value).ok()?;
            serde_json::from_str::<&RawValue>(&number).ok().map(|_| ())?;
            number.starts_with(|c: char| c == '-' || c.is_ascii_digit()).then(|| number.into_owned())
        }
        "$oid" => Some(value.to_owned()),
        "$date" => Some(format!("\"{}\"", xapi::time::format_timestamp(instant(value)?))),
        _ => None,
    }
}

/// The name and value of an object that has exactly one.
fn single(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Entries(mut entries) = serde_json::from_str(text).ok()?;
    let (name, value) = entries.pop()?;
    entries.is_empty().then(|| (name, value.get()))
}

/// An object's names and values, in their order, repeated ones too.
struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;

        impl<'de> Visitor<'de> for Visit {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    entries.push((name, value));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_their_dots_back_and_numbers_keep_their_digits() {
        let text = r#"{"a":1.50, "extensions":{"https://larkby&46;example/x":{"y&46;z":[{"n":{"$numberLong":"9007199254740993"}}]},
            "d":{"$date":"2024-03-01T08:30:00.5Z"},"i":{"$numberInt":"-3"},"f":{"$numberDouble":"0.10"},"o":{"$oid":"ab"}},
            "t":"a&46;b"}"#;
        let expected = r#"{"a":1.50,"extensions":{"https://larkby.example/x":{"y.z":[{"n":9007199254740993}]},"d":"2024-03-01T08:30:00.500000Z","i":-3,"f":0.10,"o":"ab"},"t":"a&46;b"}"#;
        assert_eq!(plain(text).unwrap(), expected);
    }

    #[test]
    fn what_needs_no_change_keeps_its_text() {
        let text = r#"{ "a" : 1e3 , "a":2 }"#;
        assert!(matches!(plain(text), Some(Cow::Borrowed(same)) if same == text));
        // A name that only looks like Extended JSON, or a number that JSON cannot write, stays.
        for text in [r#"{"$numberLong":"x"}"#, r#"{"$numberDouble":"Infinity"}"#, r#"{"$date":"x"}"#] {
            assert_eq!(plain(text).unwrap(), text);
        }
        assert_eq!(plain(&format!("{}\"$\"{}", "[".repeat(300), "]".repeat(300))), None);
        assert_eq!(plain("{\"$a\":"), None);
    }

    #[test]
    fn instants_are_read_as_databases_write_them() {
        let at = Some(1_709_281_800_500_000);
        for json in [
            r#""2024-03-01T08:30:00.5Z""#,
            r#""2024-03-01 08:30:00.5+00""#,
            r#""2024-03-01 09:30:00.5+01""#,
            r#""2024-03-01T08:30:00.500000000Z""#,
            r#"{"$date":"2024-03-01T08:30:00.500Z"}"#,
            r#"{"$date":"2024-03-01T08:30:00.500+0000"}"#,
            r#"{"$date":{"$numberLong":"1709281800500"}}"#,
            r#"{"$date":1709281800500}"#,
        ] {
            assert_eq!(instant(json), at, "{json}");
        }
        for json in ["null", "\"\"", "{}", r#"{"$date":null}"#, "\"igår\"", "99999999999999999999"] {
            assert_eq!(instant(json), None, "{json}");
        }
    }
}
