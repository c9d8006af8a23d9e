//! Statements as they are stored, as server-sent events (HTML Living Standard, 9.2).
//!
//! An open stream holds a position and nothing else: what is sent is read from the log when the reader has taken what
//! went before. The id of an event is the position of its statement; who comes back with it misses nothing and gets
//! nothing twice.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::Selection;
use eventlog::{Key, Position};
use tokio::sync::watch;
use tokio::time::Instant;
use xapi::{Identifier, Iris, StatementQuery, Version};

use super::answer::with_version;
use super::auth::{self, Right};
use super::error::Refusal;
use super::parameters;
use super::places::Place;
use super::version::{answering, negotiate};
use crate::Lrs;
use crate::follow::Watch;
use crate::query::QueryFailed;

/// How long a reader should wait before it comes back, in milliseconds.
const COME_BACK: u32 = 2_000;

/// `GET /api/v1/statements/stream?verb=&activity=&unit=&agent=`
pub(super) async fn stream(State(lrs): State<Lrs>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let version = answering(&lrs, &parts.headers).await;
    let answer = match parts.method {
        Method::GET => open(lrs, parts).await,
        _ => Err(Refusal::method("GET")),
    };
    with_version(answer.unwrap_or_else(Refusal::into_response), version)
}

async fn open(lrs: Lrs, parts: Parts) -> Result<Response, Refusal> {
    let version = negotiate(&lrs, &parts.headers).await?;
    let credential = auth::authorized(&lrs, &parts.headers, Right::ReadStatements).await?;
    let place =
        lrs.inner.streams.take(credential.id, Instant::now()).ok_or_else(Refusal::too_many_streams)?;
    let (selection, agent) = wanted(&parts)?;
    let own = auth::only_own(&credential).then_some(credential.id);
    if own.is_some() && !selection.units.is_empty() {
        // What comes through would say where its people belong.
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "the parameter unit: expected a credential that may read all statements",
        ));
    }
    // A unit that is not there is answered as one with nobody in it.
    selection.check().map_err(|(name, expected)| {
        let name = match name {
            "verbs" => "verb",
            "activities" => "activity",
            _ => "unit",
        };
        Refusal::bad_request(format!("the parameter {name}: expected {expected}"))
    })?;
    let heads = lrs.inner.log.subscribe();
    let head = lrs.inner.log.head().await.map_err(QueryFailed::from)?.position;
    let position = match parts.headers.get("last-event-id") {
        None => head,
        Some(id) => {
            let id = id.to_str().ok().and_then(|id| id.parse().ok());
            let expected = "Last-Event-ID: expected the id of an event of this stream";
            Position(id.ok_or_else(|| Refusal::bad_request(expected))?).min(head)
        }
    };
    let ending = lrs.inner.ending.subscribe();
    let (headers, checked) = (parts.headers, Instant::now());
    let open = Open {
        lrs,
        headers,
        version,
        selection,
        agent,
        own,
        position,
        heads,
        ending,
        checked,
        begun: false,
        place,
    };
    let body = futures_util::stream::unfold(open, |mut open| async move {
        let bytes = open.next().await?;
        Some((Ok::<_, Infallible>(bytes), open))
    });
    let mut answer = (StatusCode::OK, Body::from_stream(body)).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // What stands between would wait for more before it lets anything through.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(answer)
}

/// What the parameters ask for: verb, activity and unit any number of times, agent once.
fn wanted(parts: &Parts) -> Result<(Selection, Option<Identifier>), Refusal> {
    let (mut selection, mut agent) = (Selection::default(), Vec::new());
    for (name, value) in parameters::pairs(parts.uri.query())? {
        match name.as_str() {
            "verb" => selection.verbs.push(value),
            "activity" => selection.activities.push(value),
            "unit" => selection.units.push(value),
            "agent" => agent.push((name, value)),
            _ => {
                return Err(Refusal::bad_request(
                    "expected the parameters verb, activity, unit and agent alone",
                ));
            }
        }
    }
    Ok((selection, StatementQuery::parse(agent, Iris::Strict)?.agent))
}

/// A stream that somebody reads.
struct Open {
    lrs: Lrs,
    /// Those of the request: its credential may be revoked while the stream is open.
    headers: HeaderMap,
    version: Version,
    selection: Selection,
    agent: Option<Identifier>,
    own: Option<Key>,
    /// Everything up to here was sent.
    position: Position,
    heads: watch::Receiver<Position>,
    ending: watch::Receiver<bool>,
    checked: Instant,
    begun: bool,
    place: Place,
}

impl Open {
    /// What is to be sent next, as soon as there is something; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        // Asked only when the reader has taken what went before.
        if !self.place.keep(Instant::now()) {
            return None;
        }
        if !std::mem::replace(&mut self.begun, true) {
            return Some(format!("retry: {COME_BACK}\nid: {}\n\n", self.position.0).into());
        }
        let heartbeat = Duration::from_secs(self.lrs.inner.limits.heartbeat_seconds.max(1));
        loop {
            if *self.ending.borrow() {
                return None;
            }
            if self.checked.elapsed() >= heartbeat {
                if !auth::still_good(&self.lrs, &self.headers, self.own).await {
                    return None;
                }
                self.checked = Instant::now();
                // An id without data is not shown to the reader, but is where it comes back to.
                return Some(format!(": still here\nid: {}\n\n", self.position.0).into());
            }
            let head = *self.heads.borrow_and_update();
            if self.position < head {
                match self.stretch().await {
                    Ok(text) if text.is_empty() => continue,
                    Ok(text) => return Some(text.into()),
                    Err(error) => {
                        tracing::warn!(%error, "a stream of statements was ended; its reader may come back");
                        return None;
                    }
                }
            }
            tokio::select! {
                changed = self.heads.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.checked + heartbeat) => {}
                _ = self.ending.wait_for(|ending| *ending) => return None,
            }
        }
    }

    /// The next statements that are wanted, if there are any in the next stretch of the log.
    async fn stretch(&mut self) -> Result<String, QueryFailed> {
        // Looked up each time: who is not known yet may be by then.
        let agent = match &self.agent {
            Some(identifier) => Some(self.lrs.query().subject(identifier).await?),
            None => None,
        };
        let watch = Watch { selection: &self.selection, agent, own: self.own, version: self.version };
        let stretch = self.lrs.following().watch(self.position, &watch).await?;
        self.position = stretch.through;
        let mut text = String::with_capacity(stretch.statements.iter().map(|one| one.json.len() + 40).sum());
        for statement in &stretch.statements {
            event(&mut text, statement.position, &statement.json);
        }
        Ok(text)
    }
}

/// Writes an event. A text that has lines of its own is sent line by line: between its words a line's end is as good
/// as another space, and within them there is none.
fn event(out: &mut String, position: Position, json: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "id: {}", position.0);
    for line in json.split(['\r', '\n']).filter(|line| !line.is_empty()) {
        let _ = writeln!(out, "data: {line}");
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_several_lines_stays_one_event() {
        let mut out = String::new();
        event(&mut out, Position(7), "{\r\n \"a\":\n\r1}");
        assert_eq!(out, "id: 7\ndata: {\ndata:  \"a\":\ndata: 1}\n\n");
    }
}
