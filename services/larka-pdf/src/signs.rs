//! Characters that no font has. One of them would end the export, and an empty box says nothing: each is replaced by
//! its code, and named.

use std::collections::BTreeMap;

use serde_json::Value;

/// Replaces what cannot be set in every text of a document. Returns what stands in the texts now (`[U+1F600]`) with
/// the characters' names, in the order of their codes.
pub(crate) fn replace(document: &mut Value, have: impl Fn(char) -> bool) -> Vec<(String, String)> {
    let mut missing = BTreeMap::new();
    walk(document, &have, &mut missing);
    missing.into_iter().map(|(c, sign)| (sign, name(c))).collect()
}

fn walk(value: &mut Value, have: &impl Fn(char) -> bool, missing: &mut BTreeMap<char, String>) {
    match value {
        Value::String(text) if !text.chars().all(|c| have(c) || c == '\n') => {
            let mut whole = String::with_capacity(text.len() + 16);
            for c in text.chars().filter(|c| *c == '\n' || have(*c) || !unseen(*c)) {
                if c == '\n' || have(c) {
                    whole.push(c);
                } else {
                    let sign = || format!("[U+{:04X}]", u32::from(c));
                    whole.push_str(missing.entry(c).or_insert_with(sign));
                }
            }
            *text = whole;
        }
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, have, missing)),
        Value::Object(object) => object.values_mut().for_each(|value| walk(value, have, missing)),
        _ => {}
    }
}

/// Characters that only tell how their neighbours look: joiners, selectors, directions. Without their glyph nothing is
/// lost.
fn unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// What Unicode calls a character, in small letters, as in a sentence.
fn name(c: char) -> String {
    match unicode_names2::name(c) {
        Some(name) => name.to_string().to_lowercase(),
        None if c.is_control() => "control character".to_owned(),
        None => "character without a name".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_character_without_a_glyph_is_replaced_by_its_code_and_named_once() {
        let mut document = json!({ "a": ["bra 😀!", "❤\u{fe0f}"], "b": { "c": "åäö 😀", "d": 1 } });
        let missing = replace(&mut document, |c| c.is_ascii() || "åäö".contains(c));
        assert_eq!(
            document,
            json!({ "a": ["bra [U+1F600]!", "[U+2764]"], "b": { "c": "åäö [U+1F600]", "d": 1 } })
        );
        let names = [("[U+2764]", "heavy black heart"), ("[U+1F600]", "grinning face")];
        assert_eq!(missing, names.map(|(sign, name)| (sign.to_owned(), name.to_owned())));
    }

    #[test]
    fn a_control_character_does_not_reach_the_layout() {
        let mut document = json!("a\u{1}b\nc");
        let missing = replace(&mut document, |c| !c.is_control());
        assert_eq!(document, json!("a[U+0001]b\nc"));
        assert_eq!(missing, [("[U+0001]".to_owned(), "control character".to_owned())]);
    }
}
