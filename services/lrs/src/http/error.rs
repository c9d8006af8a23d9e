//! How errors become answers: the one place that knows statuses.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use xapi::{Invalid, QueryError};

use super::answer::json;
use crate::attachments::Unacceptable;
use crate::documents::DocumentError;
use crate::failure::IngestError;
use crate::intake::IntakeError;
use crate::linking::EXPECTED;
use crate::query::QueryFailed;
use crate::rules::{self, Broken};

/// Says in an answer which of the request, counted from 0, are kept and not stored.
pub(super) const KEPT: &str = "x-larka-kept";

/// A request that is not served. The body is JSON: `error`, and where something in a statement was wrong
/// `statement` (counted from 0), `path` (a JSON pointer) and `expected`. It never repeats what was sent.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: String,
    place: Option<(usize, String, String)>,
    /// How many statements the request had, where that is known.
    sent: usize,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), place: None, sent: 0, headers: Vec::new() }
    }

    pub(super) fn bad_request(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// 405, with the methods that there are.
    pub(super) fn method(allowed: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("expected one of {allowed}"))
            .with(header::ALLOW, HeaderValue::from_static(allowed))
    }

    /// 401 (RFC 7617).
    pub(super) fn unauthorized() -> Self {
        let challenge = HeaderValue::from_static("Basic realm=\"xAPI\", charset=\"UTF-8\"");
        Self::new(StatusCode::UNAUTHORIZED, "expected the key and secret of a credential by HTTP Basic")
            .with(header::WWW_AUTHENTICATE, challenge)
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than the limit of {limit} bytes"),
        )
    }

    pub(super) fn too_slow(seconds: u64) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, format!("the body did not arrive within {seconds} seconds"))
    }

    /// 408 for a body that stopped arriving.
    pub(super) fn stalled(seconds: u64) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, format!("nothing of the body arrived for {seconds} seconds"))
    }

    /// 401 for a form that does not say early enough whose it is.
    pub(super) fn late_authorization(bytes: usize) -> Self {
        let text = format!("expected Authorization within the first {bytes} bytes of the form");
        Self { error: text, ..Self::unauthorized() }
    }

    /// 415 for a body that is packed (RFC 9110, 15.5.16).
    pub(super) fn encoded() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "expected the body as it is, without a Content-Encoding such as gzip",
        )
        .with(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
    }

    /// 429, with when to come back.
    pub(super) fn too_many(retry_after: u32) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "more is being written than can be taken; try again later")
            .with(header::RETRY_AFTER, HeaderValue::from(retry_after))
    }

    /// 429 where as many streams are open as may be.
    pub(super) fn too_many_streams() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "as many streams are open as there may be; try again later")
            .with(header::RETRY_AFTER, HeaderValue::from(10))
    }

    /// 409 where only the statements with a conflict, of which this is the first, were passed over; `kept` says which are
    /// kept.
    pub(super) fn passed_over(statement: usize, sent: usize, kept: Option<HeaderValue>) -> Self {
        let mut refusal = Self::from(IngestError::Conflict { statement }).of(sent);
        refusal.error.push_str("; those of the request without such a conflict are stored");
        refusal.headers.extend(kept.map(|kept| (header::HeaderName::from_static(KEPT), kept)));
        refusal
    }

    /// The same, of a request with so many statements.
    pub(super) fn of(self, sent: usize) -> Self {
        Self { sent, ..self }
    }

    /// The same, where the statement that was counted stands elsewhere in the request.
    pub(super) fn moved(mut self, place: impl FnOnce(usize) -> usize) -> Self {
        if let Some((statement, ..)) = &mut self.place {
            *statement = place(*statement);
        }
        self
    }

    /// How many statements a request had that held a conflict; none where it held no other.
    pub(super) fn in_conflict(&self) -> Option<usize> {
        (self.status == StatusCode::CONFLICT).then_some(self.sent)
    }

    /// 403 for a statement that the rules of its credential do not let in.
    pub(super) fn against_rules(statement: usize, broken: &Broken) -> Self {
        let mut refusal = Self::new(
            StatusCode::FORBIDDEN,
            format!(
                "the rules of this credential for a statement's {} do not let it in",
                rules::name(broken.rule)
            ),
        );
        refusal.place = Some((statement, broken.path.into(), broken.expected.into()));
        refusal
    }

    /// 429 for a credential that asks more often than it may.
    pub(super) fn rate_limited(retry_after: u32) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "more requests than this credential may make; try again later",
        )
        .with(header::RETRY_AFTER, HeaderValue::from(retry_after))
    }

    /// 412: the document is not as the request demands.
    pub(super) fn precondition() -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, DocumentError::Precondition.to_string())
    }

    fn unavailable(reason: &str) -> Self {
        tracing::error!(reason, "a request could not be served");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the store cannot be reached; nothing was changed, try again later",
        )
        .with(header::RETRY_AFTER, HeaderValue::from(5))
    }

    fn unknown(reason: &str) -> Self {
        tracing::error!(reason, "a request could not be served");
        let error =
            "the store has stopped; whether it took this shows when it is sent again, under the same ids";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error).with(header::RETRY_AFTER, HeaderValue::from(5))
    }

    /// Where in a statement something was wrong, if it was; empty where it was the body as a whole. None where the
    /// request was not refused for what its body said: nothing of that is to be mended by whoever sent it.
    pub(super) fn path(&self) -> Option<&str> {
        match (&self.place, self.status) {
            (Some((_, path, _)), _) => Some(path),
            (
                None,
                StatusCode::BAD_REQUEST
                | StatusCode::CONFLICT
                | StatusCode::PAYLOAD_TOO_LARGE
                | StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ) => Some(""),
            (None, _) => None,
        }
    }

    /// What was wrong, in one line: what was expected, where that is known.
    pub(super) fn reason(&self) -> &str {
        self.place.as_ref().map_or(&self.error, |(_, _, expected)| expected)
    }

    /// Whether the store could not be reached.
    pub(super) fn is_unavailable(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    /// What went wrong is for the operator's log; the client can do nothing about it.
    pub(super) fn internal(reason: &str) -> Self {
        tracing::error!(reason, "an internal fault");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "an internal fault; nothing was changed")
    }

    fn with(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = serde_json::json!({ "error": self.error });
        if let Some((statement, path, expected)) = self.place {
            body["statement"] = statement.into();
            body["path"] = path.into();
            body["expected"] = expected.into();
        }
        let mut answer = json(self.status, body.to_string());
        answer.headers_mut().extend(self.headers);
        answer
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        let mut refusal = Self::bad_request("not a valid statement");
        refusal.place = Some((invalid.statement, invalid.path, invalid.expected));
        refusal
    }
}

impl From<Unacceptable> for Refusal {
    fn from(error: Unacceptable) -> Self {
        match error {
            Unacceptable::Statement(invalid) => invalid.into(),
            Unacceptable::TooMuch(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
            error => Self::bad_request(error.to_string()),
        }
    }
}

impl From<IntakeError> for Refusal {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Unacceptable(error) => error.into(),
            IntakeError::Store(error) => error.into(),
        }
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<IngestError> for Refusal {
    fn from(error: IngestError) -> Self {
        let placed = |status, statement| {
            let mut refusal = Self::new(status, error.to_string());
            refusal.place = Some((statement, "/id".into(), "an id that no other statement has".into()));
            refusal
        };
        match &error {
            IngestError::Repeated { statement } => placed(StatusCode::BAD_REQUEST, *statement),
            IngestError::Conflict { statement } => placed(StatusCode::CONFLICT, *statement),
            IngestError::VoidsOthers { statement } => {
                let mut refusal = Self::new(StatusCode::FORBIDDEN, error.to_string());
                let expected =
                    "a statement that this credential sent; others are voided with the scope statements/void";
                refusal.place = Some((*statement, "/object/id".into(), expected.into()));
                refusal
            }
            IngestError::Links { statement } => {
                let mut refusal = Self::bad_request(error.to_string());
                refusal.place = Some((*statement, "/context/registration".into(), EXPECTED.into()));
                refusal
            }
            IngestError::Full { retry_after } => Self::too_many(*retry_after),
            IngestError::Outdated => Self::unavailable(&error.to_string()),
            IngestError::Unavailable(reason) => Self::unavailable(reason),
            IngestError::Unknown(reason) => Self::unknown(reason),
            IngestError::Internal(reason) => Self::internal(reason),
        }
    }
}

impl From<DocumentError> for Refusal {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::Precondition => Self::precondition(),
            DocumentError::Conflict => Self::new(StatusCode::CONFLICT, error.to_string()),
            DocumentError::Unconditioned | DocumentError::NotMergeable(_) => {
                Self::bad_request(error.to_string())
            }
            DocumentError::TooLarge(limit) => Self::too_large(limit),
            DocumentError::Read(error) => error.into(),
            DocumentError::Write(error) => error.into(),
        }
    }
}

impl From<QueryFailed> for Refusal {
    fn from(error: QueryFailed) -> Self {
        match &error {
            QueryFailed::UnknownMore | QueryFailed::ExpiredMore => Self::bad_request(error.to_string()),
            QueryFailed::Unavailable(reason) => Self::unavailable(reason),
            QueryFailed::Internal(reason) => Self::internal(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{StatusCode, header};
    use eventlog::AppendError;

    use super::Refusal;
    use crate::failure;

    #[test]
    fn what_is_not_known_to_be_stored_is_not_said_to_be_unchanged() {
        let refusal = |error| Refusal::from(failure::refused(error));
        for (error, known) in
            [(AppendError::Stopped("x".into()), false), (AppendError::Unavailable("x".into()), true)]
        {
            let refusal = refusal(error);
            assert_eq!(refusal.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(refusal.headers.iter().any(|(name, _)| name == header::RETRY_AFTER));
            assert_eq!(refusal.error.contains("nothing was changed"), known);
            assert_eq!(refusal.error.contains("shows when it is sent again"), !known);
        }
    }
}
