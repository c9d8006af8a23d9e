//! Whether two statements are the same by the standard's rules (1.0.3 Data 2.3.1, IEEE 4.2).
//!
//! Each statement is written in one canonical form that all its equals share, and the forms are compared. Both
//! versions compare actor, verb id, object, result and context, and leave out id, stored, authority, version,
//! attachments, activity definitions and display. Group members may stand in any order, a context activity alone
//! or in an array, an `objectType` that is the default be written or not; numbers are equal by value, durations
//! to the hundredth of a second, UUIDs, hashes, language tags and the domains of mail addresses in either case.
//!
//! 2.0 leaves out timestamps, and case in every string. 1.0.3 compares timestamps as instants, to the
//! millisecond, which is the precision that a store must keep; where one side has none, the server set it.

use std::borrow::Cow;

use crate::agents::fold_mbox;
use crate::json::{Kind, Reader, Value, write_string};
use crate::number::Decimal;
use crate::{Statement, Version, time};

/// Whether two statements are the same by the rules of `version`, that of the request that brings one of them.
pub fn same(a: &Statement, b: &Statement, version: Version) -> bool {
    same_text(&a.text, &b.text, version)
}

/// As [`same`], for the texts of two statements that were found valid before. A text that is no JSON is the
/// same only as itself.
pub fn same_text(a: &str, b: &str, version: Version) -> bool {
    if a == b {
        return true;
    }
    match (Canonical::of(a, version), Canonical::of(b, version)) {
        (Some(a), Some(b)) => {
            let agree = |a: Option<i64>, b: Option<i64>| a.is_none() || b.is_none() || a == b;
            a.text == b.text
                && (version == Version::V2_0_0
                    || (agree(a.timestamp, b.timestamp) && agree(a.sub_timestamp, b.sub_timestamp)))
        }
        _ => false,
    }
}

/// What is compared of a statement.
struct Canonical {
    text: String,
    /// In milliseconds since 1970.
    timestamp: Option<i64>,
    sub_timestamp: Option<i64>,
}

impl Canonical {
    fn of(text: &str, version: Version) -> Option<Self> {
        let mut reader = Reader::new(text, usize::MAX).ok()?;
        let value = reader.value().ok()?;
        let mut writer = Writer { version, out: String::with_capacity(text.len()) };
        writer.event(value);
        let timestamp = |v: Option<Value<'_>>| {
            let instant = time::parse_timestamp(&v?.get("timestamp")?.string())?;
            Some(instant.micros.div_euclid(1000))
        };
        Some(Self {
            text: writer.out,
            timestamp: timestamp(Some(value)),
            sub_timestamp: timestamp(
                value.get("object").filter(|o| object_type(*o, "Activity") == "SubStatement"),
            ),
        })
    }
}

fn object_type<'t>(value: Value<'t>, default: &'static str) -> Cow<'t, str> {
    value.get("objectType").map_or(Cow::Borrowed(default), Value::string)
}

/// Writes canonical forms. They only have to be equal for equals and different for others; each part says what
/// it is, so that no two different statements can run together into one text.
struct Writer {
    version: Version,
    out: String,
}

impl Writer {
    /// A statement or SubStatement.
    fn event(&mut self, value: Value<'_>) {
        self.part("actor", value.get("actor"), Self::agent);
        self.part("verb", value.get("verb").and_then(|verb| verb.get("id")), Self::text);
        self.part("object", value.get("object"), Self::object);
        self.part("result", value.get("result"), Self::result);
        self.part("context", value.get("context"), Self::context);
    }

    /// `name:` and the value, if there is one.
    fn part(&mut self, name: &str, value: Option<Value<'_>>, write: impl Fn(&mut Self, Value<'_>)) {
        if let Some(value) = value {
            self.out.push_str(name);
            self.out.push(':');
            write(self, value);
            self.out.push(';');
        }
    }

    /// A string, whose case counts in 1.0.3 alone.
    fn text(&mut self, value: Value<'_>) {
        match self.version {
            Version::V1_0_3 => write_string(&mut self.out, &value.string()),
            Version::V2_0_0 => self.caseless(value),
        }
    }

    /// A string whose case counts in neither version.
    fn caseless(&mut self, value: Value<'_>) {
        write_string(&mut self.out, &value.string().to_lowercase());
    }

    fn agent(&mut self, value: Value<'_>) {
        let is_group = object_type(value, "Agent") == "Group";
        self.out.push_str(if is_group { "group" } else { "agent" });
        self.part("name", value.get("name"), Self::text);
        self.part("mbox", value.get("mbox"), Self::mbox);
        self.part("sha1", value.get("mbox_sha1sum"), Self::caseless);
        self.part("openid", value.get("openid"), Self::text);
        self.part("account", value.get("account"), |w, account| {
            w.part("home", account.get("homePage"), Self::text);
            w.part("name", account.get("name"), Self::text);
        });
        self.part("member", value.get("member"), |w, members| w.unordered(members.items(), Self::agent));
    }

    fn mbox(&mut self, value: Value<'_>) {
        match self.version {
            Version::V1_0_3 => write_string(&mut self.out, &fold_mbox(&value.string())),
            Version::V2_0_0 => self.caseless(value),
        }
    }

    fn object(&mut self, value: Value<'_>) {
        match &*object_type(value, "Activity") {
            "Agent" | "Group" => self.agent(value),
            "StatementRef" => self.part("statement", value.get("id"), Self::caseless),
            "SubStatement" => {
                self.out.push_str("sub(");
                self.event(value);
                self.out.push(')');
            }
            _ => self.activity(value),
        }
    }

    fn activity(&mut self, value: Value<'_>) {
        self.part("activity", value.get("id"), Self::text);
    }

    fn result(&mut self, value: Value<'_>) {
        self.part("score", value.get("score"), Self::any);
        self.part("success", value.get("success"), Self::any);
        self.part("completion", value.get("completion"), Self::any);
        self.part("response", value.get("response"), Self::text);
        self.part("duration", value.get("duration"), |w, duration| {
            match time::parse_duration(&duration.string()) {
                Some(length) => w.out.push_str(&format!("{:?}+{}", length.months, length.centiseconds)),
                None => w.text(duration),
            }
        });
        self.part("extensions", value.get("extensions"), Self::any);
    }

    fn context(&mut self, value: Value<'_>) {
        self.part("registration", value.get("registration"), Self::caseless);
        self.part("instructor", value.get("instructor"), Self::agent);
        self.part("team", value.get("team"), Self::agent);
        self.part("activities", value.get("contextActivities"), |w, activities| {
            for role in ["parent", "grouping", "category", "other"] {
                w.part(role, activities.get(role), |w, list| match list.kind() {
                    Kind::Array => list.items().for_each(|a| w.activity(a)),
                    _ => w.activity(list),
                });
            }
        });
        for (list, name) in [("contextAgents", "agent"), ("contextGroups", "group")] {
            self.part(list, value.get(list), |w, relations| {
                for relation in relations.items() {
                    w.part("relation", relation.get(name), Self::agent);
                    w.part("types", relation.get("relevantTypes"), Self::any);
                }
            });
        }
        self.part("revision", value.get("revision"), Self::text);
        self.part("platform", value.get("platform"), Self::text);
        self.part("language", value.get("language"), Self::caseless);
        self.part("statement", value.get("statement"), Self::object);
        self.part("extensions", value.get("extensions"), Self::any);
    }

    /// Any JSON: numbers by value, objects without regard to the order of their keys.
    fn any(&mut self, value: Value<'_>) {
        match value.kind() {
            Kind::Object => {
                self.out.push('{');
                self.unordered(value.entries(), |w, (key, entry)| {
                    w.text(key);
                    w.any(entry);
                });
                self.out.push('}');
            }
            Kind::Array => {
                self.out.push('[');
                for item in value.items() {
                    self.any(item);
                    self.out.push(',');
                }
                self.out.push(']');
            }
            Kind::String => self.text(value),
            Kind::Number => Decimal::new(value.raw()).write_canonical(&mut self.out),
            Kind::True | Kind::False | Kind::Null => self.out.push_str(value.raw()),
        }
    }

    /// Writes each item apart and puts them in an order that depends on nothing but what was written.
    fn unordered<T>(&mut self, items: impl Iterator<Item = T>, write: impl Fn(&mut Self, T)) {
        let before = std::mem::take(&mut self.out);
        let mut written: Vec<String> = items
            .map(|item| {
                write(self, item);
                std::mem::take(&mut self.out)
            })
            .collect();
        written.sort_unstable();
        self.out = before;
        for item in written {
            self.out.push_str(&item);
            self.out.push(',');
        }
    }
}

#[cfg(test)]
#[path = "equal/tests.rs"]
mod tests;
