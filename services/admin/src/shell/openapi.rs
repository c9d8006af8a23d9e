//! The API as a document (OpenAPI 3.1). Paths, bodies and answers stand in an attribute over each handler and in the
//! types that are read and written; what holds for every operation is added here.

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, RefOr, Schema};

use super::session::COOKIE;

/// The bytes of a file that is no text.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it is described, not made")]
pub(crate) struct File(Vec<u8>);

/// The paths and schemas of all subjects, with the ways to log in and what every operation has.
pub(crate) fn described(subjects: OpenApi) -> Value {
    let mut document = json!(subjects);
    for (_, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in operations.as_object_mut().into_iter().flatten() {
            complete(operation);
        }
    }
    let schema = ProblemShown::schema_named();
    document["components"]["schemas"]["Problem"] = schema;
    document["components"]["responses"]["Problem"] = json!({
        "description": "What was wrong (RFC 9457)",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    document["components"]["securitySchemes"] = json!({
        "administrator": {
            "type": "http", "scheme": "basic",
            "description": "Name and password of an administrator",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": COOKIE[0],
            "description": "The session of an administrator who has logged in on the pages; good for reading alone. \
                            Over TLS it is called __Host-larka_session",
        },
    });
    json!({ "paths": document["paths"], "components": document["components"] })
}

/// What every operation has: administrators alone may ask, and each refusal is a problem.
fn complete(operation: &mut Value) {
    let with_body = operation.get("requestBody").is_some();
    let with_parameters = operation.get("parameters").is_some();
    let reads = operation.get("requestBody").is_none() && operation["responses"].get("200").is_some();
    let mut refusals = vec!["401", "429", "500", "503"];
    if !reads {
        refusals.push("403");
    }
    if with_body {
        refusals.extend(["400", "408", "413", "415"]);
    }
    if with_parameters {
        refusals.extend(["400", "404"]);
    }
    // Where a handler says that something may not be installed.
    refusals.extend(operation["responses"].get("501").map(|_| "501"));
    for status in refusals {
        operation["responses"][status] = json!({ "$ref": "#/components/responses/Problem" });
    }
    operation["security"] = if reads {
        json!([{ "administrator": [] }, { "session": [] }])
    } else {
        json!([{ "administrator": [] }])
    };
}

/// A text that is one of a few.
pub(crate) fn one_of(values: &[&'static str]) -> RefOr<Schema> {
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values.iter().copied()));
    RefOr::T(Schema::Object(schema.build()))
}

/// What went wrong (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[allow(dead_code, reason = "describes what problem.rs writes")]
struct ProblemShown {
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// What was wrong and what was expected; never what was sent.
    detail: String,
    /// Where in the body, as a JSON pointer.
    at: Option<String>,
    /// What was expected there.
    expected: Option<String>,
}

impl ProblemShown {
    fn schema_named() -> Value {
        json!(<Self as utoipa::PartialSchema>::schema())
    }
}
