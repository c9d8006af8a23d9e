//! The xAPI resources as a document (OpenAPI 3.1). The standard says what stands here in words; parameters and scopes
//! come from the code that reads them, the shape of statements from `schemas/xapi/statement.json`.

use axum::http::header;
use serde_json::{Map, Value, json};
use xapi::documents::{DocumentAction, DocumentResource};
use xapi::query;

use super::answer::{CONSISTENT_THROUGH, VERSION};
use super::auth::Right;

const STATEMENT: &str = include_str!("../../../../schemas/xapi/statement.json");

/// Paths, schemas and ways to log in of the xAPI resources.
///
/// # Errors
/// The schema of statements is no JSON, which its own tests would have said.
pub fn described() -> Result<Value, serde_json::Error> {
    Ok(json!({
        "paths": {
            "/xapi/statements": statements(),
            "/xapi/activities": activities(),
            "/xapi/activities/state": documents(DocumentResource::State),
            "/xapi/activities/profile": documents(DocumentResource::ActivityProfile),
            "/xapi/agents": agents(),
            "/xapi/agents/profile": documents(DocumentResource::AgentProfile),
            "/xapi/about": about(),
            "/api/v1/statements/stream": stream(),
        },
        "components": {
            "schemas": schemas()?,
            "responses": refusals(),
            "securitySchemes": {
                "credential": {
                    "type": "http", "scheme": "basic",
                    "description": "Key and secret of a learning tool's credential. A requirement names the scopes of \
                                    which it needs one.",
                },
            },
        },
    }))
}

fn schemas() -> Result<Value, serde_json::Error> {
    let file: Value = serde_json::from_str(&STATEMENT.replace("#/$defs/", "#/components/schemas/"))?;
    let mut schemas = file["$defs"].clone();
    schemas["Refusal"] = json!({
        "description": "Why a request is not served. Never repeats what was sent.",
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": { "type": "string" },
            "statement": { "type": "integer", "minimum": 0, "description": "Which of the statements, counted from 0" },
            "path": { "type": "string", "description": "Where in it, as a JSON pointer" },
            "expected": { "type": "string", "description": "What was expected there" },
        },
        "additionalProperties": false,
    });
    Ok(schemas)
}

/// Statuses of refusals, and what they mean.
const REFUSALS: [(&str, &str); 12] = [
    ("400", "The request is not as the standard demands"),
    ("401", "No credential, or none that is good"),
    ("403", "The credential lacks a scope, or its rules do not let the statement in"),
    ("404", "There is nothing of that name"),
    ("408", "The body did not arrive in time"),
    ("409", "A different one is there already"),
    ("412", "The document is not as If-Match or If-None-Match demand"),
    ("413", "The body is larger than is taken"),
    ("415", "The body is packed, by a Content-Encoding"),
    ("429", "More than is taken at once; Retry-After says when to come back"),
    ("500", "A fault of the server; nothing was changed"),
    (
        "503",
        "The store cannot be reached; nothing was changed, unless the answer says that this is not known",
    ),
];

fn refusals() -> Value {
    let refusal = |(status, description): &(&str, &str)| {
        let mut headers = json!({ VERSION: served() });
        match *status {
            "401" => headers["WWW-Authenticate"] = header_of(&json!({ "type": "string" }), true),
            "429" | "503" => {
                headers["Retry-After"] = header_of(&json!({ "type": "integer", "minimum": 0 }), true);
            }
            _ => {}
        }
        let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Refusal" } } });
        (
            format!("Xapi{status}"),
            json!({ "description": description, "headers": headers, "content": content }),
        )
    };
    REFUSALS.iter().map(refusal).collect::<Map<_, _>>().into()
}

fn header_of(schema: &Value, required: bool) -> Value {
    json!({ "required": required, "schema": schema })
}

/// The header that names the version that served the request.
fn served() -> Value {
    header_of(&json!({ "enum": xapi::Version::ALL.map(xapi::Version::header_value) }), true)
}

/// One operation.
struct Operation {
    id: String,
    summary: String,
    right: Option<Right>,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: Map<String, Value>,
}

impl Operation {
    fn new(id: impl Into<String>, summary: impl Into<String>, right: Option<Right>) -> Self {
        let operation = Self {
            id: id.into(),
            summary: summary.into(),
            right,
            parameters: Vec::new(),
            body: None,
            responses: Map::new(),
        };
        match right {
            Some(_) => operation
                .header(VERSION, version(), true)
                .refused(&["400", "401", "403", "429", "500", "503"]),
            None => operation,
        }
    }

    fn header(mut self, name: &str, schema: Value, required: bool) -> Self {
        self.parameters.push(json!({ "name": name, "in": "header", "required": required, "schema": schema }));
        self
    }

    /// `If-Match` and `If-None-Match`.
    fn conditional(self) -> Self {
        let tags = || json!({ "type": "string", "format": "entity-tags" });
        self.header("If-Match", tags(), false).header("If-None-Match", tags(), false).refused(&["412"])
    }

    fn parameters(mut self, names: &[&str], required: &[&str]) -> Self {
        self.parameters.extend(names.iter().map(|name| parameter(name, required.contains(name))));
        self
    }

    fn body(mut self, content: Value) -> Self {
        self.body = Some(json!({ "required": true, "content": content }));
        self.refused(&["408", "409", "413", "415"])
    }

    fn refused(mut self, statuses: &[&str]) -> Self {
        for status in statuses {
            let named = json!({ "$ref": format!("#/components/responses/Xapi{status}") });
            self.responses.insert((*status).to_owned(), named);
        }
        self
    }

    fn answers(mut self, status: &str, description: &str, headers: &[&str], content: Value) -> Self {
        let mut named = json!({ VERSION: served() });
        for name in headers {
            named[*name] = header_of(&json!({ "type": "string" }), *name != header::LAST_MODIFIED.as_str());
        }
        let mut response = json!({ "description": description, "headers": named });
        if !content.is_null() {
            response["content"] = content;
        }
        self.responses.insert(status.to_owned(), response);
        self
    }

    fn described(&self) -> Value {
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "tags": ["xAPI"],
            "parameters": self.parameters,
            "responses": self.responses,
            "security": [],
        });
        if let Some(right) = self.right {
            operation["security"] = json!([{ "credential": right.scopes() }]);
        }
        if let Some(body) = &self.body {
            operation["requestBody"] = body.clone();
        }
        operation
    }

    /// The same for HEAD: no content.
    fn headless(&self) -> Value {
        let mut operation = self.described();
        operation["operationId"] = format!("{}Head", self.id).into();
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            let description = REFUSALS.iter().find(|(refused, _)| refused == status);
            if let Some((_, description)) = description {
                *response = json!({ "description": description, "headers": { VERSION: served() } });
            } else if let Some(response) = response.as_object_mut() {
                response.remove("content");
            }
        }
        operation
    }
}

fn version() -> Value {
    json!({ "type": "string", "pattern": r"^[12]\.0(\.[0-9]+)?$", "examples": ["1.0.3", "2.0.0"] })
}

/// A parameter of the standard, by its name.
fn parameter(name: &str, required: bool) -> Value {
    let of = |schema: &str| json!({ "$ref": format!("#/components/schemas/{schema}") });
    let schema = match name {
        "agent" => {
            let agent = json!({ "oneOf": [of("Agent"), of("IdentifiedGroup")] });
            let content = json!({ "application/json": { "schema": agent } });
            return json!({ "name": name, "in": "query", "required": required, "content": content });
        }
        "statementId" | "voidedStatementId" | "registration" => of("Uuid"),
        "verb" | "activity" | "activityId" => of("Iri"),
        "since" | "until" => of("Instant"),
        "related_activities" | "related_agents" | "attachments" | "ascending" => json!({ "type": "boolean" }),
        "limit" => json!({ "type": "integer", "minimum": 0 }),
        "format" => json!({ "enum": ["ids", "exact", "canonical"] }),
        _ => json!({ "type": "string" }),
    };
    json!({ "name": name, "in": "query", "required": required, "schema": schema })
}

fn statements() -> Value {
    let statement = json!({ "$ref": "#/components/schemas/Statement" });
    let many = json!({ "type": "array", "items": statement });
    let multipart = json!({ "schema": { "type": "string", "format": "multipart-statements" } });
    let found = json!({
        "application/json": { "schema": { "oneOf": [{ "$ref": "#/components/schemas/StatementResult" }, statement] } },
        "multipart/mixed": { "schema": { "type": "string" } },
    });
    let more = json!({
        "name": "more", "in": "query", "required": false, "schema": { "type": "string" },
        "description": "Stands in the addresses of further pages; beside it no other parameter counts",
    });
    let language = json!({ "type": "string" });
    let mut get = Operation::new(
        "getStatements",
        "One statement, or a page of those that match",
        Some(Right::ReadStatements),
    )
    .header("Accept-Language", language, false)
    .parameters(&query::NAMES, &[])
    .answers("200", "Statements", &[CONSISTENT_THROUGH, header::LAST_MODIFIED.as_str()], found)
    .refused(&["404"]);
    get.parameters.push(more);
    let ids = json!({ "application/json": { "schema": { "type": "array", "items": { "$ref": "#/components/schemas/Uuid" } } } });
    let one_or_many = json!({ "schema": { "oneOf": [statement, many] } });
    let post = Operation::new(
        "postStatements",
        "Stores statements, in order, all or none",
        Some(Right::WriteStatements),
    )
    .body(json!({ "application/json": one_or_many, "multipart/mixed": multipart }))
    .answers("200", "The ids of the statements, in their order", &[CONSISTENT_THROUGH], ids);
    let put =
        Operation::new("putStatement", "Stores one statement under an id", Some(Right::WriteStatements))
            .parameters(&["statementId"], &["statementId"])
            .body(json!({ "application/json": { "schema": statement }, "multipart/mixed": multipart }))
            .answers("204", "It is stored", &[CONSISTENT_THROUGH], Value::Null);
    json!({ "get": get.described(), "head": get.headless(), "post": post.described(), "put": put.described() })
}

fn activities() -> Value {
    let activity = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Activity" } } });
    let get = Operation::new("getActivity", "What is known of an activity", Some(Right::Describe))
        .parameters(&["activityId"], &["activityId"])
        .answers("200", "The activity with its canonical definition", &[], activity);
    json!({ "get": get.described(), "head": get.headless() })
}

fn agents() -> Value {
    let person = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Person" } } });
    let get = Operation::new("getAgent", "A Person: what is known of an agent", Some(Right::Describe))
        .parameters(&["agent"], &["agent"])
        .conditional()
        .answers("200", "The Person", &["etag"], person)
        .answers("304", "As the reader has it", &["etag"], Value::Null);
    json!({ "get": get.described(), "head": get.headless() })
}

/// Not of the standard, but with its credentials and its statements.
fn stream() -> Value {
    let several = |name: &str, of: Value| {
        let schema = json!({ "type": "array", "items": of });
        json!({ "name": name, "in": "query", "required": false, "schema": schema })
    };
    let iri = json!({ "$ref": "#/components/schemas/Iri" });
    let text = json!({ "type": "string" });
    let events = json!({ "text/event-stream": { "schema": text } });
    let mut get =
        Operation::new("streamStatements", "Statements as they are stored", Some(Right::ReadStatements))
            .parameters(&["agent"], &[])
            .header("Last-Event-ID", json!({ "type": "integer", "minimum": 0 }), false)
            .answers(
                "200",
                "Server-sent events, without an end; each has the log position of its statement as id",
                &[],
                events,
            );
    let selecting = [("verb", iri.clone()), ("activity", iri), ("unit", text)];
    get.parameters.extend(selecting.map(|(name, of)| several(name, of)));
    json!({ "get": get.described() })
}

fn about() -> Value {
    let body = json!({
        "type": "object",
        "required": ["version"],
        "properties": {
            "version": { "type": "array", "items": { "type": "string" } },
            "extensions": { "type": "object" },
        },
    });
    let get = Operation::new("getAbout", "Which versions are served", None).answers(
        "200",
        "The versions",
        &[],
        json!({ "application/json": { "schema": body } }),
    );
    json!({ "get": get.described(), "head": get.headless() })
}

fn documents(resource: DocumentResource) -> Value {
    let (name, what, read, write) = match resource {
        DocumentResource::State => ("State", "state", Right::ReadState, Right::WriteState),
        DocumentResource::ActivityProfile => {
            ("ActivityProfile", "profile of an activity", Right::ReadProfile, Right::WriteProfile)
        }
        DocumentResource::AgentProfile => {
            ("AgentProfile", "profile of an agent", Right::ReadProfile, Right::WriteProfile)
        }
    };
    let owner: &[&str] = match resource {
        DocumentResource::State => &["activityId", "agent"],
        DocumentResource::ActivityProfile => &["activityId"],
        DocumentResource::AgentProfile => &["agent"],
    };
    let with_id: Vec<&str> = owner.iter().copied().chain([resource.id_name()]).collect();
    let operation = |method: &str, summary: String, right, action, required: &[&str]| {
        Operation::new(format!("{method}{name}"), summary, Some(right))
            .parameters(resource.names(action), required)
            .conditional()
    };
    let any = json!({ "*/*": { "schema": {} } });
    let get = operation("get", format!("One {what}, or the ids of all"), read, DocumentAction::Read, owner)
        .answers(
            "200",
            "The document as it came, or a list of ids",
            &["etag", header::LAST_MODIFIED.as_str()],
            any,
        )
        .answers("304", "As the reader has it", &["etag", header::LAST_MODIFIED.as_str()], Value::Null)
        .refused(&["404"]);
    let changed =
        |operation: Operation, told: &[&'static str]| operation.answers("204", "It is so", told, Value::Null);
    let stored = |operation: Operation| changed(operation, &["etag"]);
    let bytes = json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } }, "application/json": { "schema": {} } });
    let put = stored(
        operation("put", format!("Stores one {what}"), write, DocumentAction::Write, &with_id).body(bytes),
    );
    let object = json!({ "application/json": { "schema": { "type": "object" } } });
    let post = stored(
        operation("post", format!("Merges into one {what}"), write, DocumentAction::Write, &with_id)
            .body(object),
    );
    let (which, required) = match resource {
        DocumentResource::State => ("Deletes one state, or all", owner),
        _ => ("Deletes one profile", with_id.as_slice()),
    };
    let delete = changed(
        operation("delete", which.to_owned(), write, DocumentAction::Delete, required).refused(&["409"]),
        &[],
    );
    json!({
        "get": get.described(),
        "head": get.headless(),
        "put": put.described(),
        "post": post.described(),
        "delete": delete.described(),
    })
}
