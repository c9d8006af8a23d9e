//! Everything that is mounted, as one document (OpenAPI 3.1): at `/api/openapi.json`, and in `schemas/openapi/larka.json`.
//!
//! `xtask`, which writes that file, compiles this module too. It uses nothing of this crate, so that a generator need
//! not build what computes reports.

use serde_json::{Value, json};

/// The document.
///
/// # Errors
/// A schema in `schemas/` is no JSON.
pub(crate) fn document() -> Result<Value, serde_json::Error> {
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Lärka",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Learning record store (xAPI 1.0.3 and 2.0.0) and learning analytics for a municipality. \
                            Requests in the alternate syntax of xAPI 1.0.3 (POST with ?method=) mean one of the \
                            operations here, and are not described again.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "servers": [{ "url": "/" }],
        "paths": {},
        "components": { "schemas": {}, "responses": {}, "securitySchemes": {} },
    });
    for part in [lrs::described()?, admin::described(), operations()] {
        join(&mut document, part);
    }
    Ok(document)
}

/// Adds what a service describes. Two that use one name for different things would hide one of them, which the test
/// of names forbids.
fn join(document: &mut Value, part: Value) {
    match (document, part) {
        (Value::Object(there), Value::Object(more)) => {
            for (name, value) in more {
                join(there.entry(name).or_insert(Value::Null), value);
            }
        }
        (there, more) => *there = more,
    }
}

/// What an operator looks at, and this document.
fn operations() -> Value {
    let get = |id: &str, summary: &str, responses: Value| json!({ "get": { "operationId": id, "summary": summary, "tags": ["operation"], "security": [], "responses": responses } });
    let text = |description: &str, content_type: &str| json!({ "description": description, "content": { content_type: { "schema": { "type": "string" } } } });
    let state = |description: &str| {
        json!({
            "description": description,
            "content": { "application/json": { "schema": {
                "type": "object",
                "required": ["ready"],
                "properties": {
                    "ready": { "type": "boolean" },
                    "position": { "type": "integer", "minimum": 0, "description": "The log's head" },
                    "stopped_projections": { "type": "array", "items": { "type": "string" } },
                    "reason": { "type": "string" },
                },
            } } },
        })
    };
    let document = json!({ "200": { "description": "This document", "content": { "application/json": { "schema": { "type": "object" } } } } });
    json!({ "paths": {
        "/healthz": get("health", "The process answers", json!({ "200": text("It does", "text/plain; charset=utf-8") })),
        "/readyz": get("readiness", "The log can be read and no projection has stopped",
            json!({ "200": state("It is so"), "503": state("It is not") })),
        "/metrics": get("metrics", "Figures for Prometheus", json!({ "200": text("The figures", "text/plain; version=0.0.4") })),
        "/api/openapi.json": get("document", "What is described here", document),
    } })
}
