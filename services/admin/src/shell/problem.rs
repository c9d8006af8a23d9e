//! The one place where this service's failures become a status and a `problem+json` (RFC 9457).

use axum::Json;
use axum::extract::{self, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::input;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A roster of a large municipality fits; more is posted in parts.
pub(crate) const BODY_LIMIT: usize = 64 << 20;

/// A failure that the caller is told about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// What was sent is not as expected. Where, and what was expected; never what stood there.
    Invalid {
        /// JSON pointer, or line and column where the text is no JSON.
        at: String,
        /// What was expected.
        expected: String,
    },
    /// Log-in or password is missing or wrong.
    Unauthorized,
    /// A page of another site asks, in a browser.
    Foreign,
    /// Too many log-ins; try again after this many seconds.
    TooOften(u32),
    /// The body is not of the kind that is taken, which is this.
    MediaType(&'static str),
    /// The body did not arrive in time.
    Slow,
    /// There is no such method here; which there are stands in `Allow`.
    Method,
    /// The body is larger than is taken: so many bytes.
    TooLarge(usize),
    /// Nothing of a file can be taken; why, by place.
    Refused(Value),
    /// There is nothing of that name.
    NotFound(&'static str),
    /// The question cannot be answered as put.
    Asked(String),
    /// The log's queue is full; try again after this many seconds.
    Full(u32),
    /// A database cannot be reached, or the disk is full; nothing was stored.
    Unavailable,
    /// What reports are made from is made anew for this version of the program.
    NotReady,
    /// What is asked for needs something that is not installed here.
    NotMade(String),
    /// What is asked for takes more than may be taken.
    TooMuch(String),
    /// A fault of the program; the log says which.
    Internal,
}

impl Problem {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Invalid { .. } | Self::Asked(_) | Self::Refused(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Foreign => StatusCode::FORBIDDEN,
            Self::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Full(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::NotMade(_) => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable | Self::NotReady | Self::TooMuch(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Invalid { at, expected } => format!("at {at}: expected {expected}"),
            Self::Unauthorized => "log in with an administrator's name and password".to_owned(),
            Self::Foreign => {
                "a page of another site may not ask for this in a browser; where it is a page of this \
                              one, its address is another than the --base-url"
                    .to_owned()
            }
            Self::TooOften(seconds) => format!("too many log-ins; try again in {seconds} seconds"),
            Self::MediaType(expected) => format!("expected a body of Content-Type {expected}"),
            Self::Slow => "the body did not arrive in time".to_owned(),
            Self::Method => "the header Allow names the methods that there are".to_owned(),
            Self::TooLarge(limit) => format!("expected at most {limit} bytes; send it in parts"),
            Self::Refused(_) => "nothing of the file can be taken; `refused` says why, by place".to_owned(),
            Self::NotFound(what) => format!("there is no such {what}"),
            Self::Asked(detail) | Self::NotMade(detail) | Self::TooMuch(detail) => detail.clone(),
            Self::Full(_) => "too much waits to be written; try again later".to_owned(),
            Self::Unavailable => {
                "a database cannot be reached; nothing was stored, try again later".to_owned()
            }
            Self::NotReady => {
                "what reports are made from is made anew for this version; try again in a while".to_owned()
            }
            Self::Internal => "a fault of the server; its log says more".to_owned(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let title = status.canonical_reason().unwrap_or("Error");
        let mut body = json!({ "title": title, "status": status.as_u16(), "detail": self.detail() });
        if let Self::Invalid { at, expected } = &self {
            body["at"] = json!(at);
            body["expected"] = json!(expected);
        }
        if let Self::Refused(why) = &self {
            body["refused"] = why.clone();
        }
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self {
            Self::Unauthorized => {
                let challenge = HeaderValue::from_static("Basic realm=\"larka\", charset=\"UTF-8\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::Full(seconds) | Self::TooOften(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            _ => {}
        }
        response
    }
}

/// What stands in an address's path; what cannot be read is a problem.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = extract::Path::from_request_parts(parts, state).await;
        read.map(|extract::Path(value)| Self(value))
            .map_err(|_| Problem::Asked("the path of the address is not percent-encoded UTF-8".to_owned()))
    }
}

/// What stands behind an address's question mark; what cannot be read is a problem.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = extract::Query::from_request_parts(parts, state).await;
        // What serde says of it repeats what was sent.
        read.map(|extract::Query(value)| Self(value)).map_err(|_| {
            Problem::Asked("the parameters of the address are not those that are expected there".to_owned())
        })
    }
}

impl From<vault::VaultError> for Problem {
    fn from(error: vault::VaultError) -> Self {
        tracing::error!(%error, "the vault failed");
        Self::Unavailable
    }
}

impl From<eventlog::LogError> for Problem {
    fn from(error: eventlog::LogError) -> Self {
        tracing::error!(%error, "the log cannot be read");
        Self::Unavailable
    }
}

impl From<views::ViewError> for Problem {
    fn from(error: views::ViewError) -> Self {
        tracing::error!(%error, "the views cannot be read");
        Self::Unavailable
    }
}

impl From<input::Invalid> for Problem {
    fn from(invalid: input::Invalid) -> Self {
        // The first is told in full; a body is mended one place at a time.
        match invalid.problems.into_iter().next() {
            Some(problem) => Self::Invalid { at: problem.path, expected: problem.expected },
            None => Self::Internal,
        }
    }
}
