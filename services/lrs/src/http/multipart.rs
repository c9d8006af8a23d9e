//! Bodies with attachments, in and out.

use std::fmt::Write as _;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use xapi::multipart;

use super::error::Refusal;
use super::json;
use crate::prepare;
use crate::query::GivenAttachment;

/// The boundary of a request with attachments, or none where it is JSON alone. Refuses whatever says it is neither.
pub(super) fn boundary(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(None)
    } else if essence.eq_ignore_ascii_case("multipart/mixed") {
        multipart::boundary(content_type)
            .map(Some)
            .map_err(|error| Refusal::bad_request(format!("Content-Type: {error}")))
    } else {
        Err(Refusal::bad_request("expected Content-Type application/json or multipart/mixed"))
    }
}

/// An answer: JSON alone, or where attachments were asked for (there may be none) JSON and their content.
pub(super) fn answer(
    statements: String,
    attachments: Option<&[GivenAttachment]>,
) -> Result<Response, Refusal> {
    let Some(attachments) = attachments else { return Ok(json(StatusCode::OK, statements)) };
    // 128 random bits: nobody can have sent content with it.
    let random = prepare::random().map_err(|error| Refusal::internal(&error.to_string()))?;
    let boundary = hex::encode(random);
    let content: usize = attachments.iter().map(|one| one.bytes.len() + 300).sum();
    let mut body = Vec::with_capacity(statements.len() + content + 200);
    body.extend_from_slice(format!("--{boundary}\r\nContent-Type: application/json\r\n\r\n").as_bytes());
    body.extend_from_slice(statements.as_bytes());
    for attachment in attachments {
        let mut headers = format!("\r\n--{boundary}\r\nContent-Type: {}\r\n", attachment.content_type);
        headers.push_str("Content-Transfer-Encoding: binary\r\n");
        // Writing to a string does not fail.
        let _ = write!(headers, "X-Experience-API-Hash: {}\r\n\r\n", attachment.sha2);
        body.extend_from_slice(headers.as_bytes());
        body.extend_from_slice(&attachment.bytes);
    }
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let content_type = format!("multipart/mixed; boundary={boundary}");
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, content_type)], body).into_response())
}
