//! Activity definitions merged over time (1.0.3 Data 2.4.4.1, IEEE 4.2.4.3).
//!
//! What is made here has one form: properties in the order below, no space, strings without needless escapes, the
//! keys inside an extension's value sorted. So the same definition, however a tool writes it, is the same text, and
//! whether something changed is a comparison of texts. Numbers stay as they were written.

use std::borrow::Cow;

use crate::json::{Kind, Reader, Value, write_string};

/// What grows larger than this by merging stays as it was, in bytes.
const LARGEST: usize = 256 << 10;

const COMPONENT_LISTS: [&str; 5] = ["choices", "scale", "source", "target", "steps"];

/// The definition after `update`, a valid definition as JSON, came to `known`, what this function gave before; or
/// none where that changes nothing.
///
/// Languages, extensions and components of an interaction are added. For one that is known the later value holds,
/// as for `type` and `moreInfo`. What an interaction asks and which answers are right is never changed again: a
/// later `interactionType` and `correctResponsesPattern` are passed over, and so are components that come with
/// another `interactionType`.
pub fn merge(known: Option<&str>, update: &str) -> Option<String> {
    let mut known_reader = Reader::new(known.unwrap_or("{}"), usize::MAX).ok()?;
    let mut update_reader = Reader::new(update, usize::MAX).ok()?;
    let (old, new) = (known_reader.value().ok()?, update_reader.value().ok()?);
    if old.kind() != Kind::Object || new.kind() != Kind::Object {
        return None;
    }
    let merged = merged(old, new);
    (known != Some(merged.as_str()) && merged.len() <= LARGEST).then_some(merged)
}

/// An activity as JSON.
pub fn activity(id: &str, definition: Option<&str>) -> String {
    let mut out = Object::default();
    out.add("objectType", "\"Activity\"");
    out.add("id", &written(id));
    if let Some(definition) = definition {
        out.add("definition", definition);
    }
    out.finish()
}

fn merged(old: Value<'_>, new: Value<'_>) -> String {
    let mut out = Object::default();
    let latest = |name| new.get(name).or_else(|| old.get(name)).map(normal);
    out.add_some("name", map(old.get("name"), new.get("name"), language));
    out.add_some("description", map(old.get("description"), new.get("description"), language));
    out.add_some("type", latest("type"));
    out.add_some("moreInfo", latest("moreInfo"));

    let interaction = old.get("interactionType").or_else(|| new.get("interactionType")).map(normal);
    let same = new.get("interactionType").map(normal) == interaction;
    let added = |name| new.get(name).filter(|_| same);
    let pattern = old.get("correctResponsesPattern").or_else(|| added("correctResponsesPattern"));
    out.add_some("interactionType", interaction.clone());
    out.add_some("correctResponsesPattern", pattern.map(normal));
    for name in COMPONENT_LISTS {
        out.add_some(name, components(old.get(name), added(name)));
    }
    out.add_some("extensions", map(old.get("extensions"), new.get("extensions"), exactly));
    out.finish()
}

/// Two objects as one: every key of both, by the later value where both have it. Keys are the same if `same` makes
/// the same of them.
fn map(old: Option<Value<'_>>, new: Option<Value<'_>>, same: fn(Cow<'_, str>) -> String) -> Option<String> {
    if old.is_none() && new.is_none() {
        return None;
    }
    let mut entries: Vec<(String, String, String)> = Vec::new();
    for (key, value) in [old, new].into_iter().flatten().flat_map(Value::entries) {
        let (compared, key, value) = (same(key.string()), written(&key.string()), normal(value));
        match entries.iter_mut().find(|(known, ..)| *known == compared) {
            Some(entry) => entry.2 = value,
            None => entries.push((compared, key, value)),
        }
    }
    let mut out = Object::default();
    for (_, key, value) in entries {
        out.add_written(&key, &value);
    }
    Some(out.finish())
}

/// Language tags are compared without case (RFC 5646, 2.1.1).
fn language(tag: Cow<'_, str>) -> String {
    tag.to_ascii_lowercase()
}

fn exactly(key: Cow<'_, str>) -> String {
    key.into_owned()
}

/// Two lists of interaction components as one, by id.
fn components(old: Option<Value<'_>>, new: Option<Value<'_>>) -> Option<String> {
    if old.is_none() && new.is_none() {
        return None;
    }
    type Component<'t> = (Cow<'t, str>, Option<Value<'t>>, Option<Value<'t>>);
    let mut all: Vec<Component<'_>> = Vec::new();
    let id = |component: Value<'_>| component.get("id").map(|id| id.string().into_owned());
    for component in old.into_iter().flat_map(Value::items) {
        all.push((id(component)?.into(), component.get("description"), None));
    }
    for component in new.into_iter().flat_map(Value::items) {
        let id = id(component)?;
        match all.iter_mut().find(|(known, ..)| *known == id) {
            Some(entry) => entry.2 = component.get("description"),
            None => all.push((id.into(), component.get("description"), None)),
        }
    }
    let written = all.into_iter().map(|(id, old, new)| {
        let mut out = Object::default();
        out.add("id", &written(&id));
        out.add_some("description", map(old, new, language));
        out.finish()
    });
    Some(format!("[{}]", written.collect::<Vec<_>>().join(",")))
}

/// A value in the one form that it has here.
fn normal(value: Value<'_>) -> String {
    match value.kind() {
        Kind::String => written(&value.string()),
        Kind::Array => {
            let items: Vec<String> = value.items().map(normal).collect();
            format!("[{}]", items.join(","))
        }
        Kind::Object => {
            let mut entries: Vec<(Cow<'_, str>, String)> =
                value.entries().map(|(key, value)| (key.string(), normal(value))).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            let mut out = Object::default();
            for (key, value) in entries {
                out.add_written(&written(&key), &value);
            }
            out.finish()
        }
        _ => value.raw().to_owned(),
    }
}

fn written(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    write_string(&mut json, text);
    json
}

/// An object on its way.
#[derive(Default)]
struct Object(String);

impl Object {
    /// Adds a property whose name needs no escapes.
    fn add(&mut self, name: &str, json: &str) {
        self.add_written(&format!("\"{name}\""), json);
    }

    fn add_some(&mut self, name: &str, json: Option<String>) {
        if let Some(json) = json {
            self.add(name, &json);
        }
    }

    fn add_written(&mut self, name: &str, json: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(name);
        self.0.push(':');
        self.0.push_str(json);
    }

    fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What comes of definitions that arrive one after another.
    fn over_time(definitions: &[&str]) -> String {
        let mut known: Option<String> = None;
        for update in definitions {
            if let Some(merged) = merge(known.as_deref(), update) {
                known = Some(merged);
            }
        }
        known.unwrap()
    }

    #[test]
    fn languages_and_extensions_are_added_and_the_later_value_of_one_holds() {
        let merged = over_time(&[
            r#"{"name":{"sv":"Källkritik","en":"Sources"},"type":"http://e.org/a"}"#,
            r#"{"description":{"sv":"Om källor"},"name":{"EN":"Source criticism","de":"Quellenkritik"}}"#,
            r#"{"extensions":{"http://e.org/x":1e400,"http://e.org/y":{"b":1,"a":[true,null]}}}"#,
            r#"{"extensions":{"http://e.org/x":2},"type":"http://e.org/b","moreInfo":"http://e.org/more"}"#,
        ]);
        let expected = concat!(
            r#"{"name":{"sv":"Källkritik","en":"Source criticism","de":"Quellenkritik"},"#,
            r#""description":{"sv":"Om källor"},"type":"http://e.org/b","moreInfo":"http://e.org/more","#,
            r#""extensions":{"http://e.org/x":2,"http://e.org/y":{"a":[true,null],"b":1}}}"#,
        );
        assert_eq!(merged, expected);
    }

    #[test]
    fn components_get_languages_and_company_and_right_answers_stay_right() {
        let merged = over_time(&[
            r#"{"interactionType":"choice","correctResponsesPattern":["a"],"choices":[{"id":"a","description":{"sv":"Ja"}},{"id":"b"}]}"#,
            r#"{"interactionType":"choice","correctResponsesPattern":["b"],"choices":[{"id":"c"},{"id":"a","description":{"en":"Yes"}}]}"#,
            r#"{"interactionType":"likert","scale":[{"id":"x"}]}"#,
        ]);
        let expected = concat!(
            r#"{"interactionType":"choice","correctResponsesPattern":["a"],"#,
            r#""choices":[{"id":"a","description":{"sv":"Ja","en":"Yes"}},{"id":"b"},{"id":"c"}]}"#,
        );
        assert_eq!(merged, expected);
    }

    #[test]
    fn the_same_definition_written_in_another_way_changes_nothing() {
        let known =
            merge(None, r#"{"name":{"sv":"å"},"extensions":{"http://e.org/x":{"a":1,"b":2}}}"#).unwrap();
        for same in [
            r#"{ "extensions": { "http:\/\/e.org\/x" : {"b":2, "a":1} }, "name": {"sv":"\u00e5"} }"#,
            r#"{"name":{"SV":"å"}}"#,
            "{}",
        ] {
            assert_eq!(merge(Some(&known), same), None, "{same}");
        }
        assert_eq!(merge(None, "{}").as_deref(), Some("{}"), "an empty one is known from then on");
    }

    #[test]
    fn a_definition_stops_growing() {
        let mut known = merge(None, "{}").unwrap();
        let filler = "x".repeat(50_000);
        for number in 0..20 {
            let update = format!(r#"{{"extensions":{{"http://e.org/{number}":"{filler}"}}}}"#);
            known = merge(Some(&known), &update).unwrap_or(known);
        }
        assert!(known.len() > LARGEST / 2 && known.len() <= LARGEST);
    }

    #[test]
    fn an_activity_is_given_with_or_without_a_definition() {
        assert_eq!(activity("http://e.org/\"", None), r#"{"objectType":"Activity","id":"http://e.org/\""}"#);
        assert_eq!(
            activity("http://e.org/a", Some("{}")),
            r#"{"objectType":"Activity","id":"http://e.org/a","definition":{}}"#
        );
    }

    fn definition() -> impl Strategy<Value = String> {
        let tags = prop::sample::subsequence(vec!["sv", "en", "de", "fi"], 0..4);
        (tags, "[a-zå\"\\\\]{0,5}", 0..9u8).prop_map(|(tags, text, number)| {
            let names: Vec<String> = tags.iter().map(|tag| format!("\"{tag}\":{}", written(&text))).collect();
            let names = names.join(",");
            format!(r#"{{"name":{{{names}}},"extensions":{{"http://e.org/{number}":{number}}}}}"#)
        })
    }

    proptest! {
        #[test]
        fn what_was_merged_changes_nothing_when_it_comes_again(a in definition(), b in definition()) {
            let first = merge(None, &a).unwrap();
            let both = merge(Some(&first), &b).unwrap_or(first);
            prop_assert_eq!(merge(Some(&both), &b), None);
            prop_assert_eq!(merge(Some(&both), &both), None);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&both).is_ok());
        }
    }
}
