//! Which statements go together, and which are tried alone.

use serde::Deserialize;
use xapi::Version;

use crate::{Kind, Statement};

/// Statements in one request, and their bytes.
const BATCH: usize = 50;
const BATCH_BYTES: usize = 1 << 20;

/// The furthest statement after one that is tried for it: eight are.
pub(crate) const FURTHEST: usize = 128;

/// Whether a statement has an attachment whose content neither lies elsewhere (`fileUrl`) nor was given along: it is
/// here no more, or never was.
pub(crate) fn lacks_content(statement: &Statement, given: &[String]) -> bool {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Whole {
        attachments: Vec<Attached>,
        object: Object,
    }
    /// A SubStatement has attachments of its own.
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Object {
        attachments: Vec<Attached>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Attached {
        sha2: Option<String>,
        file_url: Option<String>,
    }
    let Ok(Whole { attachments, object }) = serde_json::from_str(&statement.json) else { return false };
    let here = |sha2: &Option<String>| sha2.as_ref().is_some_and(|sha2| given.contains(sha2));
    attachments.iter().chain(&object.attachments).any(|one| one.file_url.is_none() && !here(&one.sha2))
}

/// Of what comes after a statement the first, and then always twice as far on, each alone: so a run of statements that
/// fail is told from a side that is down by few requests. `passed` counts what came before these, and then these too.
pub(crate) fn spread<'a>(
    parts: impl Iterator<Item = (Version, &'a [Statement])>,
    passed: &mut usize,
) -> Vec<(Version, &'a [Statement])> {
    let all = parts.flat_map(|(version, part)| part.chunks(1).map(move |one| (version, one)));
    let counted = all.map(|one| {
        *passed += 1;
        (*passed, one)
    });
    counted
        .filter(|(number, _)| number.is_power_of_two() && *number <= FURTHEST)
        .map(|(_, one)| one)
        .collect()
}

/// Batches, as [`spread`] takes them.
pub(crate) fn parts(all: &[(Version, Vec<Statement>)]) -> impl Iterator<Item = (Version, &[Statement])> {
    all.iter().map(|(version, batch)| (*version, batch.as_slice()))
}

/// Statements in their order, as they are sent together: to a record store those of one version, and those with
/// attachments each alone, whose content is read for one request.
pub(crate) fn batches(
    statements: Vec<Statement>,
    kind: Kind,
    into: impl Fn(&Statement) -> Version,
) -> Vec<(Version, Vec<Statement>)> {
    let mut all: Vec<(Version, Vec<Statement>)> = Vec::new();
    let mut bytes = 0;
    for statement in statements {
        let version = into(&statement);
        let joins = all.last().is_some_and(|(before, batch)| {
            let alone = kind == Kind::Lrs
                && (*before != version || statement.attached || batch.iter().any(|one| one.attached));
            !alone && batch.len() < BATCH && bytes + statement.json.len() <= BATCH_BYTES
        });
        bytes = if joins { bytes } else { 0 } + statement.json.len();
        match all.last_mut() {
            Some((_, batch)) if joins => batch.push(statement),
            _ => all.push((version, vec![statement])),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use eventlog::Position;

    use super::*;

    fn statement(position: u64, received: Version, attached: bool, length: usize) -> Statement {
        let position = Position(position);
        Statement { position, done: position, received, json: "x".repeat(length), attached }
    }

    fn sizes(statements: Vec<Statement>, kind: Kind) -> Vec<(Version, usize)> {
        let all = batches(statements, kind, |statement| statement.received);
        all.into_iter().map(|(version, batch)| (version, batch.len())).collect()
    }

    #[test]
    fn what_has_no_content_and_no_place_elsewhere_lacks_it() {
        let lacks = |json: &str, given: &[&str]| {
            let given: Vec<String> = given.iter().map(|sha2| (*sha2).to_owned()).collect();
            lacks_content(
                &Statement { json: json.to_owned(), ..statement(1, Version::V2_0_0, true, 0) },
                &given,
            )
        };
        let own = r#"{"object":{"id":"https://e.org"},"attachments":[{"sha2":"aa"},{"sha2":"bb"}]}"#;
        assert!(lacks(own, &["aa"]) && !lacks(own, &["bb", "aa"]));
        let elsewhere = r#"{"attachments":[{"sha2":"aa","fileUrl":"https://e.org/a"},{"sha2":"bb"}]}"#;
        assert!(lacks(elsewhere, &[]) && !lacks(elsewhere, &["bb"]));
        let inner = r#"{"object":{"objectType":"SubStatement","attachments":[{"sha2":"aa"}]}}"#;
        assert!(lacks(inner, &[]) && !lacks(inner, &["aa"]));
        assert!(!lacks(r#"{"object":{"id":"https://e.org"}}"#, &[]));
    }

    #[test]
    fn what_is_sent_together_is_of_one_version_bounded_and_in_order() {
        use Version::{V1_0_3, V2_0_0};
        let mixed = vec![
            statement(1, V1_0_3, false, 1),
            statement(2, V1_0_3, false, 1),
            statement(3, V2_0_0, false, 1),
            statement(4, V2_0_0, true, 1),
            statement(5, V2_0_0, false, 1),
            statement(6, V2_0_0, false, BATCH_BYTES),
            statement(7, V2_0_0, false, 1),
        ];
        let expected = [(V1_0_3, 2), (V2_0_0, 1), (V2_0_0, 1), (V2_0_0, 1), (V2_0_0, 1), (V2_0_0, 1)];
        assert_eq!(sizes(mixed.clone(), Kind::Lrs), expected);
        assert_eq!(sizes(mixed[..5].to_vec(), Kind::Webhook), [(V1_0_3, 5)], "a webhook takes any");
        let many = (1..=120).map(|position| statement(position, V2_0_0, false, 10)).collect();
        assert_eq!(sizes(many, Kind::Lrs), [(V2_0_0, 50), (V2_0_0, 50), (V2_0_0, 20)]);
    }
}
