//! Bodies with attachments, in and out.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use eventlog::EventLog;
use futures_util::TryStreamExt as _;
use xapi::multipart;

use super::answer::json;
use super::error::Refusal;
use crate::attachments::Kept;
use crate::content::{self, GivenAttachment};
use crate::prepare;

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

/// An answer: JSON alone, or where attachments were asked for (there may be none) JSON and their content, which is read
/// from the log as the answer is.
pub(super) fn answer(
    log: &EventLog,
    statements: String,
    attachments: Option<Vec<GivenAttachment>>,
) -> Result<Response, Refusal> {
    let Some(attachments) = attachments else { return Ok(json(StatusCode::OK, statements)) };
    // 128 random bits: nobody can have sent content with it.
    let random = prepare::random().map_err(|error| Refusal::internal(&error.to_string()))?;
    let boundary = hex::encode(random);
    let text = |text: String| Kept::Whole(text.into_bytes());
    let mut pieces = Vec::with_capacity(attachments.len() * 2 + 2);
    pieces.push(text(multipart::opening(&boundary, &statements)));
    for GivenAttachment { content_type, sha2, content } in attachments {
        pieces.push(text(multipart::heading(&boundary, &content_type, &sha2)));
        pieces.push(content);
    }
    pieces.push(text(multipart::closing(&boundary)));
    let length: u64 = pieces.iter().map(Kept::length).sum();
    // The answer has begun: the client learns of a failure by the connection's end.
    let content = content::in_turn(log.clone(), pieces)
        .inspect_err(|error| tracing::error!(%error, "an attachment cannot be read"));
    let body = Body::from_stream(content);
    let content_type = format!("multipart/mixed; boundary={boundary}");
    let headers = [(header::CONTENT_TYPE, content_type), (header::CONTENT_LENGTH, length.to_string())];
    Ok((StatusCode::OK, headers, body).into_response())
}
