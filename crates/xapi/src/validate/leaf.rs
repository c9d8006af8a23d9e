//! Values of the standard's simple types, and what objects have in common.

use std::borrow::Cow;

use uuid::Uuid;

use super::found::{Checked, Fault, standard_name};
use crate::json::{Kind, Value};
use crate::number::Decimal;
use crate::statement::{Duration, Timestamp};
use crate::{Iris, lexical, time};

/// The values of an object's properties, in the order of `names`. Refuses any other property, and one that
/// comes twice.
pub(super) fn fields<'t, const N: usize>(
    value: Value<'t>,
    names: [&'static str; N],
) -> Checked<[Option<Value<'t>>; N]> {
    object(value)?;
    let mut found = [None; N];
    for (key, field) in value.entries() {
        let Some(n) = names.iter().position(|name| key.is(name)) else {
            return Err(Fault::at(
                value,
                match standard_name(key) {
                    Some(name) => Cow::Owned(format!("an object without the property \"{name}\"")),
                    None => {
                        Cow::Borrowed("an object, but it has a property that the standard does not define")
                    }
                },
            ));
        };
        found[n] = Some(field);
    }
    Ok(found)
}

/// A property that must be there.
pub(super) fn required<'t>(parent: Value<'t>, field: Option<Value<'t>>, name: &str) -> Checked<Value<'t>> {
    field.ok_or_else(|| Fault::at(parent, format!("an object with the property \"{name}\"")))
}

/// An object in which no property comes twice.
pub(super) fn object(value: Value<'_>) -> Checked<()> {
    if value.kind() != Kind::Object {
        return Err(Fault::at(value, "an object"));
    }
    if value.repeats_a_key() {
        return Err(Fault::at(value, "an object that has each property once"));
    }
    Ok(())
}

/// The elements of an array.
pub(super) fn array<'t>(value: Value<'t>) -> Checked<impl Iterator<Item = Value<'t>>> {
    if value.kind() == Kind::Array { Ok(value.items()) } else { Err(Fault::at(value, "an array")) }
}

pub(super) fn string<'t>(value: Value<'t>) -> Checked<Cow<'t, str>> {
    if value.kind() == Kind::String { Ok(value.string()) } else { Err(Fault::at(value, "a string")) }
}

pub(super) fn boolean(value: Value<'_>) -> Checked<bool> {
    match value.kind() {
        Kind::True => Ok(true),
        Kind::False => Ok(false),
        _ => Err(Fault::at(value, "true or false")),
    }
}

pub(super) fn number<'t>(value: Value<'t>) -> Checked<Decimal<'t>> {
    if value.kind() == Kind::Number {
        Ok(Decimal::new(value.raw()))
    } else {
        Err(Fault::at(value, "a number"))
    }
}

pub(super) fn length(value: Value<'_>) -> Checked<u64> {
    number(value)?.to_u64().ok_or_else(|| Fault::at(value, "a whole number of bytes"))
}

/// A string that `accepts`, else a fault that says it has to be `expected`.
fn formed<'t>(
    value: Value<'t>,
    accepts: impl FnOnce(&str) -> bool,
    expected: &'static str,
) -> Checked<Cow<'t, str>> {
    if value.kind() == Kind::String {
        let text = value.string();
        if accepts(&text) {
            return Ok(text);
        }
    }
    Err(Fault::at(value, expected))
}

pub(super) fn iri<'t>(value: Value<'t>, iris: Iris) -> Checked<Cow<'t, str>> {
    formed(value, |text| iris.take(text), "an absolute IRI (RFC 3987)")
}

pub(super) fn uri<'t>(value: Value<'t>) -> Checked<Cow<'t, str>> {
    formed(value, lexical::is_uri, "an absolute URI (RFC 3986)")
}

pub(super) fn mailto<'t>(value: Value<'t>) -> Checked<Cow<'t, str>> {
    formed(value, lexical::is_mailto, "mailto: and one address")
}

pub(super) fn sha1<'t>(value: Value<'t>) -> Checked<Cow<'t, str>> {
    formed(value, lexical::is_sha1, "a SHA-1 in 40 hexadecimal digits")
}

pub(super) fn sha2<'t>(value: Value<'t>) -> Checked<Cow<'t, str>> {
    formed(value, lexical::is_sha2, "a SHA-2 in hexadecimal digits")
}

pub(super) fn media_type<'t>(value: Value<'t>) -> Checked<Cow<'t, str>> {
    formed(value, lexical::is_media_type, "an Internet media type")
}

pub(super) fn language_tag<'t>(value: Value<'t>) -> Checked<Cow<'t, str>> {
    formed(value, lexical::is_language_tag, "a language tag (RFC 5646)")
}

pub(super) fn uuid(value: Value<'_>) -> Checked<Uuid> {
    let text = if value.kind() == Kind::String { value.string() } else { Cow::Borrowed("") };
    lexical::uuid(&text).ok_or_else(|| Fault::at(value, "a UUID in its standard form"))
}

pub(super) fn timestamp(value: Value<'_>) -> Checked<Timestamp> {
    let text = if value.kind() == Kind::String { value.string() } else { Cow::Borrowed("") };
    time::parse_timestamp(&text)
        .ok_or_else(|| Fault::at(value, "a date and time of ISO 8601 whose zone, if any, is known"))
}

pub(super) fn duration(value: Value<'_>) -> Checked<Duration> {
    let text = if value.kind() == Kind::String { value.string() } else { Cow::Borrowed("") };
    let Some(length) = time::parse_duration(&text) else {
        return Err(Fault::at(value, "a duration of ISO 8601 such as PT1H30M or P4W"));
    };
    let centiseconds = if length.months.is_some() { None } else { Some(length.centiseconds) };
    Ok(Duration { text: text.into_owned(), centiseconds })
}

/// 1.0.3 Data 4.2. A fault is one of the whole map: its keys are the sender's.
pub(super) fn language_map(value: Value<'_>) -> Checked<()> {
    object(value)?;
    for (key, text) in value.entries() {
        if !lexical::is_language_tag(&key.string()) {
            return Err(Fault::at(value, "language tags (RFC 5646) as names"));
        }
        if text.kind() != Kind::String {
            return Err(Fault::at(value, "strings as values"));
        }
    }
    Ok(())
}

/// 1.0.3 Data 4.1: the keys are IRIs, the values anything.
pub(super) fn extensions(value: Value<'_>) -> Checked<()> {
    object(value)?;
    if value.entries().all(|(key, _)| lexical::is_iri(&key.string())) {
        Ok(())
    } else {
        Err(Fault::at(value, "absolute IRIs (RFC 3987) as names"))
    }
}

/// 1.0.3 Data 2.4.4.3
pub(super) fn statement_ref(value: Value<'_>) -> Checked<Uuid> {
    let [object_type, id] = fields(value, ["objectType", "id"])?;
    named(required(value, object_type, "objectType")?, "StatementRef")?;
    uuid(required(value, id, "id")?)
}

/// The string `name` and no other.
pub(super) fn named(value: Value<'_>, name: &'static str) -> Checked<()> {
    if value.is(name) { Ok(()) } else { Err(Fault::at(value, format!("\"{name}\""))) }
}
