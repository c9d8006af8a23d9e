//! Which attachments a statement lists, for whoever gives it back with their content (1.0.3 Data 2.4.11, IEEE
//! 4.2.2.6).

use crate::json::{Kind, Reader, Value};

/// What stands in a statement of an attachment, as far as its content is sent along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// `sha2`, as it came.
    pub sha2: String,
    /// `contentType`, as it came.
    pub content_type: String,
}

/// The attachments of a statement that was found valid before, a SubStatement's after its own. None of a text that is
/// no JSON.
pub fn listed(text: &str) -> Vec<Listed> {
    let Ok(mut reader) = Reader::again(text, usize::MAX) else { return Vec::new() };
    let Ok(statement) = reader.value() else { return Vec::new() };
    let own = statement.get("attachments");
    let sub = statement.get("object").and_then(|object| object.get("attachments"));
    own.into_iter().chain(sub).flat_map(Value::items).filter_map(one).collect()
}

fn one(attachment: Value<'_>) -> Option<Listed> {
    let text = |name| attachment.get(name).filter(|value| value.kind() == Kind::String);
    Some(Listed {
        sha2: text("sha2")?.string().into_owned(),
        content_type: text("contentType")?.string().into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attachments_are_listed_with_those_of_the_sub_statement() {
        let text = r#"{"object":{"objectType":"SubStatement","attachments":[{"sha2":"bb","contentType":"b/b","length":1}]},
            "attachments":[{"contentType":"a\/a","sha2":"aa"},{"sha2":7}]}"#;
        let listed = listed(text);
        let pairs: Vec<_> = listed.iter().map(|one| (one.sha2.as_str(), one.content_type.as_str())).collect();
        assert_eq!(pairs, [("aa", "a/a"), ("bb", "b/b")]);
        for text in ["", "{", "{}", "[]", r#"{"attachments":{}}"#, r#"{"object":"attachments"}"#] {
            assert!(super::listed(text).is_empty(), "{text}");
        }
    }
}
