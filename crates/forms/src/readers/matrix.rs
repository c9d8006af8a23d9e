//! Groups shown as a table.

use serde_json::{Value as Json, json};

use super::places::ROW;

/// A matrix of a group's questions; none where they are not alike.
pub(super) fn matrix(mut group: Json, inside: &[Json]) -> Option<Json> {
    let first = inside.first()?;
    let rows = inside.iter().map(|question| {
        let known = |property: &String| {
            ["type", "name", "title", "isRequired", "choices", ROW].contains(&property.as_str())
        };
        let alike = ["type", "choices", "isRequired"]
            .iter()
            .all(|property| question.get(property) == first.get(property));
        let row =
            json!({"value": question["name"], "text": question.get("title").unwrap_or(&question["name"]), ROW: question[ROW]});
        (alike && question["type"] == "radiogroup" && question.as_object()?.keys().all(known)).then_some(row)
    });
    group["rows"] = rows.collect::<Option<Vec<Json>>>()?.into();
    group["columns"] = first["choices"].clone();
    if first.get("isRequired").is_some() {
        group["eachRowRequired"] = true.into();
    }
    Some(group)
}
