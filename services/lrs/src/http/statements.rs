//! The statement resource (1.0.3 Communication 2.1, IEEE 4.1.6.1).

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use eventlog::Key;
use eventlog::clock::Micros;
use uuid::Uuid;
use vault::secrets::Credential;
use xapi::output::Languages;
use xapi::{Invalid, Iris, Statement, StatementQuery, Version, parse};

use super::answer::{headless, json, with_consistent_through, with_version};
use super::apart::{self, Apart};
use super::auth::{self, Breach, Right, authorized};
use super::error::{KEPT, Refusal};
use super::upload::{self, Opening};
use super::version::{answering, negotiate};
use super::{body, multipart, parameters, tool};
use crate::attachments::Taken;
use crate::intake;
use crate::query::{Found, QueryFailed};
use crate::rules::Rules;
use crate::{Asking, Lrs, Posted, Sender};

/// All methods of `/xapi/statements`.
pub(super) async fn statements(State(lrs): State<Lrs>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let version = answering(&lrs, &parts.headers).await;
    // A promise about a query has to be made before the query; one about a write may be made after it.
    let (answer, through) = match parts.method {
        Method::GET | Method::HEAD => match lrs.inner.log.consistent_through().await {
            Ok(through) => (Box::pin(get(&lrs, &parts)).await, lrs.promised(Some(through))),
            Err(error) => (Err(QueryFailed::from(error).into()), lrs.promised(None)),
        },
        Method::POST | Method::PUT => lrs.after(write(&lrs, &parts, body).await).await,
        _ => (Err(Refusal::method("GET, HEAD, POST, PUT")), lrs.promised(None)),
    };
    let answer = headless(answer.unwrap_or_else(Refusal::into_response), &parts.method);
    with_consistent_through(with_version(answer, version), through)
}

/// Finds one statement, or a list.
async fn get(lrs: &Lrs, parts: &Parts) -> Result<Response, Refusal> {
    let version = negotiate(lrs, &parts.headers).await?;
    let credential = authorized(lrs, &parts.headers, Right::ReadStatements).await?;
    let pairs = parameters::pairs(parts.uri.query())?;
    let languages = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let languages = Languages::parse(languages.unwrap_or_default());
    let own = auth::only_own(&credential);
    let asking = Asking { credential: credential.id, own, version, languages: &languages };
    // What else stands beside it is in the token already, and some clients write all of it again.
    if let Some((_, token)) = pairs.iter().find(|(name, _)| name == "more") {
        return listed(lrs, lrs.query().more(token, &asking).await?);
    }
    let query = StatementQuery::parse(pairs, auth::iris(lrs, &credential)?)?;
    let one = match (query.statement_id, query.voided_statement_id) {
        (Some(id), _) => Some((id, false)),
        (None, Some(id)) => Some((id, true)),
        (None, None) => None,
    };
    let Some((id, voided)) = one else {
        return listed(lrs, lrs.query().list(&query, &asking).await?);
    };
    match lrs.query().one(id, voided, query.format, query.attachments, &asking).await? {
        Some(found) => {
            let statement = found.statements.into_iter().next().unwrap_or_default();
            let answer = multipart::answer(&lrs.inner.log, statement, found.attachments)?;
            Ok(last_modified(answer, found.newest))
        }
        None => Err(Refusal::new(StatusCode::NOT_FOUND, "there is no such statement")),
    }
}

/// Stores statements, and takes down what became of them.
async fn write(lrs: &Lrs, parts: &Parts, body: Body) -> Result<Response, Refusal> {
    let version = negotiate(lrs, &parts.headers).await?;
    let credential = authorized(lrs, &parts.headers, Right::WriteStatements).await?;
    let _place = body::place(lrs, &parts.headers, credential.id)?;
    let stored = match parts.method {
        Method::PUT => put(lrs, parts, body, &credential, version).await,
        _ => post(lrs, parts, body, &credential, version).await,
    };
    let (key, tool, now) = (&credential.key, tool::of(&parts.headers), lrs.inner.clock.now());
    let answer = stored.and_then(|(posted, answer)| {
        let sent = posted.ids.len();
        lrs.inner.uses.stored(key, &tool, posted.stored, now);
        match posted.conflicts.first() {
            None => Ok(answer),
            Some(first) => {
                let kept = answer.headers().get(KEPT).cloned();
                Err(Refusal::passed_over(*first, sent, kept))
            }
        }
    });
    if let Err(refusal) = &answer
        && let Some(path) = refusal.path()
    {
        lrs.inner.uses.refused(key, &tool, now, refusal.reason(), path);
        if let Some(sent) = refusal.in_conflict() {
            lrs.inner.uses.conflicted(key, sent);
        }
    }
    answer
}

/// Stores one statement or several under ids of their own or new ones.
async fn post(
    lrs: &Lrs,
    parts: &Parts,
    body: Body,
    credential: &Credential,
    version: Version,
) -> Result<(Posted, Response), Refusal> {
    if !parameters::pairs(parts.uri.query())?.is_empty() {
        return Err(Refusal::bad_request("POST takes no parameters"));
    }
    let rules = auth::rules(lrs, credential)?;
    let limits = limits(lrs, rules.as_deref());
    let mut breach = None;
    let check = |statements: &[Statement]| {
        breach = auth::breach(rules.as_ref(), statements);
        breach.as_ref().map_or(Ok(()), |breach| breach.check(lrs, credential))
    };
    let taken = if apart::is_wanted(rules.as_deref(), parts)? {
        let parse = move |json: &[u8]| parse::each(json, version, &limits);
        Box::pin(apart::take(lrs, parts, body, parse, check)).await?
    } else {
        let parse = move |json: &[u8]| parse::statements(json, version, &limits);
        (
            take(Opening { lrs, credential: credential.id, version, parse, check }, parts, body).await?,
            Apart::default(),
        )
    };
    let sender = sender(credential, rules.as_deref());
    let (posted, kept) = store(lrs, parts, taken, breach, (credential, sender), version).await?;
    let ids: Vec<String> = posted.ids.iter().map(Uuid::to_string).collect();
    Ok((posted, apart::told(&kept, json(StatusCode::OK, serde_json::json!(ids).to_string()))))
}

/// Stores one statement under the id in the address.
async fn put(
    lrs: &Lrs,
    parts: &Parts,
    body: Body,
    credential: &Credential,
    version: Version,
) -> Result<(Posted, Response), Refusal> {
    let pairs = parameters::pairs(parts.uri.query())?;
    let query = match pairs.as_slice() {
        [(name, _)] if name == "statementId" => StatementQuery::parse(pairs, Iris::Strict)?,
        _ => return Err(Refusal::bad_request("expected the parameter statementId and no other")),
    };
    let rules = auth::rules(lrs, credential)?;
    let limits = limits(lrs, rules.as_deref());
    let id = query.statement_id;
    let differs = || Refusal::bad_request("the statement's id differs from the parameter statementId");
    let mut breach = None;
    let check = |statements: &[Statement]| {
        if statements.iter().any(|statement| statement.id != id) {
            return Err(differs());
        }
        breach = auth::breach(rules.as_ref(), statements);
        breach.as_ref().map_or(Ok(()), |breach| breach.check(lrs, credential))
    };
    let taken = if apart::is_wanted(rules.as_deref(), parts)? {
        let parse = move |json: &[u8]| {
            // An array has no id.
            if json.trim_ascii_start().starts_with(b"[") {
                parse::statement(json, version, &limits)?;
            }
            let mut each = parse::each(json, version, &limits)?;
            for one in &mut each {
                match one {
                    Ok(statement) => statement.id = statement.id.or(id),
                    Err(other) => other.id = other.id.or(id),
                }
            }
            Ok(each)
        };
        Box::pin(apart::take(lrs, parts, body, parse, check)).await?
    } else {
        let parse = move |json: &[u8]| {
            let statement = parse::statement(json, version, &limits)?;
            Ok::<_, Invalid>(vec![Statement { id: statement.id.or(id), ..statement }])
        };
        (
            take(Opening { lrs, credential: credential.id, version, parse, check }, parts, body).await?,
            Apart::default(),
        )
    };
    if !taken.1.is_of(id) {
        return Err(differs());
    }
    let sender = sender(credential, rules.as_deref());
    let (posted, kept) = store(lrs, parts, taken, breach, (credential, sender), version).await?;
    Ok((posted, apart::told(&kept, StatusCode::NO_CONTENT.into_response())))
}

/// Takes in statements, alone or with the content of their attachments.
async fn take<P, C>(opening: Opening<'_, P, C>, parts: &Parts, body: Body) -> Result<Taken, Refusal>
where
    P: FnOnce(&[u8]) -> Result<Vec<Statement>, Invalid> + Send + 'static,
    C: FnOnce(&[Statement]) -> Result<(), Refusal>,
{
    match multipart::boundary(&parts.headers)? {
        None => {
            let json = body::read(opening.lrs, &parts.headers, body).await?;
            Ok(Taken::alone(opening.statements(json).await?)?)
        }
        Some(boundary) => Box::pin(upload::take(opening, &parts.headers, body, &boundary)).await,
    }
}

/// Stores what was taken in, and keeps what was set apart with it; or where it breaks rules keeps and refuses it all. Gives
/// the places of what was kept of what was stored. Of content that no new statement has nothing stays.
async fn store(
    lrs: &Lrs,
    parts: &Parts,
    (Taken { statements, contents }, apart): (Taken, Apart),
    breach: Option<Breach>,
    (credential, sender): (&Credential, Sender),
    version: Version,
) -> Result<(Posted, Vec<usize>), Refusal> {
    let sent = statements.len() + apart.len();
    let staged: Vec<Key> = contents.staged.keys().copied().collect();
    let stored = match breach {
        None if apart.is_empty() => {
            let posted = lrs.ingest().post_with(statements, contents, sender, version).await;
            posted.map_err(Refusal::from).map(|posted| {
                lrs.count_stored(posted.ids.len() - posted.conflicts.len(), posted.stored);
                (posted, Vec::new())
            })
        }
        breach => match (apart.links(lrs, &statements), breach) {
            (Some(refusal), _) => Err(refusal),
            (None, None) => {
                Box::pin(apart.store(lrs, parts, &statements, (credential, sender), version)).await
            }
            (None, Some(breach)) => {
                let sent =
                    apart.with(statements.iter().map(|statement| breach.unstored(statement)).collect());
                let refusal = Box::pin(breach.keep(lrs, credential, sent, &contents, version)).await;
                Err(refusal.moved(|nth| apart.place(nth)))
            }
        },
    };
    intake::discard(&lrs.inner.log, staged.into_iter()).await;
    stored.map_err(|refusal| refusal.of(sent))
}

fn sender(credential: &Credential, rules: Option<&Rules>) -> Sender {
    let pass_conflicts = rules.is_some_and(|rules| rules.pass_conflicts);
    Sender { pass_conflicts, ..Sender::of(credential) }
}

/// A page of statements, and the address of the next.
fn listed(lrs: &Lrs, found: Found) -> Result<Response, Refusal> {
    let length: usize = found.statements.iter().map(|statement| statement.len() + 1).sum();
    let mut body = String::with_capacity(length + 200);
    body.push_str("{\"statements\":[");
    for (index, statement) in found.statements.iter().enumerate() {
        if index > 0 {
            body.push(',');
        }
        body.push_str(statement);
    }
    body.push_str("],\"more\":\"");
    if let Some(token) = &found.more {
        body.push_str("/xapi/statements?more=");
        body.push_str(token);
    }
    body.push_str("\"}");
    let answer = multipart::answer(&lrs.inner.log, body, found.attachments)?;
    Ok(last_modified(answer, found.newest))
}

/// `Last-Modified`, an HTTP date (RFC 9110, 8.8.2): 2.0 asks for it, and 1.0.3 would have it.
fn last_modified(mut answer: Response, stored: Option<Micros>) -> Response {
    if let Some(stored) = stored {
        let date = stored.to_datetime().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(value) = HeaderValue::from_str(&date) {
            answer.headers_mut().insert(header::LAST_MODIFIED, value);
        }
    }
    answer
}

fn limits(lrs: &Lrs, rules: Option<&Rules>) -> xapi::Limits {
    let limits = &lrs.inner.limits;
    let iris = rules.map_or(Iris::Strict, Rules::iris);
    xapi::Limits { bytes: limits.body_bytes, statements: limits.batch, iris, ..xapi::Limits::default() }
}

impl Lrs {
    /// The answer to a write, and what the log promises after it. Where the store could not be reached it is not
    /// asked once more, which would keep the client waiting.
    async fn after(&self, answer: Result<Response, Refusal>) -> (Result<Response, Refusal>, Micros) {
        let through = match &answer {
            Err(refusal) if refusal.is_unavailable() => self.promised(None),
            _ => self.through().await,
        };
        (answer, through)
    }

    /// What the log promises now.
    pub(super) async fn through(&self) -> Micros {
        self.promised(self.inner.log.consistent_through().await.ok())
    }

    /// The latest promise of the log: this one, or where it could not be asked the last that it gave.
    fn promised(&self, through: Option<Micros>) -> Micros {
        use std::sync::atomic::Ordering::Relaxed;
        match through {
            Some(through) => {
                self.inner.promised.fetch_max(through.0, Relaxed);
                through
            }
            None => Micros(self.inner.promised.load(Relaxed)),
        }
    }

    pub(crate) fn count_stored(&self, all: usize, stored: usize) {
        self.inner.metrics.stored.inc_by(stored as u64);
        self.inner.metrics.known.inc_by(all.saturating_sub(stored) as u64);
    }
}
