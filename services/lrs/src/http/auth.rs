//! Who asks, and what they may do.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eventlog::Key;
use vault::secrets::Credential;
use xapi::{Iris, Statement, Version};

use super::error::Refusal;
use super::tool;
use crate::Lrs;
use crate::attachments::Contents;
use crate::kept::{Refused, Unstored};
use crate::query::QueryFailed;
use crate::rules::{self, Broken, Rules};

/// What a request needs to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// Store statements.
    WriteStatements,
    /// Find statements: only its own where [`only_own`] says so.
    ReadStatements,
    /// Read documents of the state resource.
    ReadState,
    /// Write and delete documents of the state resource.
    WriteState,
    /// Read activity and agent profiles.
    ReadProfile,
    /// Write and delete activity and agent profiles.
    WriteProfile,
    /// Ask what is known of an activity or an agent.
    Describe,
}

impl Right {
    pub(super) fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::WriteStatements => &["statements/write", "all"],
            Self::ReadStatements => &["statements/read", "statements/read/mine", "all/read", "all"],
            Self::ReadState => &["state", "all/read", "all"],
            Self::WriteState => &["state", "all"],
            Self::ReadProfile => &["profile", "all/read", "all"],
            Self::WriteProfile => &["profile", "all"],
            Self::Describe => {
                &["statements/read", "statements/read/mine", "state", "profile", "all/read", "all"]
            }
        }
    }
}

/// The credential of a request, by HTTP Basic, if it may do this and has not asked too often.
pub(super) async fn authorized(lrs: &Lrs, headers: &HeaderMap, right: Right) -> Result<Credential, Refusal> {
    let credential = known(lrs, headers).await?;
    lrs.inner.uses.seen(&credential.key, &tool::of(headers), lrs.inner.clock.now());
    if let Some(rate) = credential.rate {
        let taken = lrs.inner.buckets.take(credential.id, rate, lrs.inner.clock.elapsed());
        taken.map_err(Refusal::rate_limited)?;
    }
    if credential.scopes.iter().any(|scope| right.scopes().contains(&scope.as_str())) {
        return Ok(credential);
    }
    let scopes = right.scopes().join(", ");
    Err(Refusal::new(
        StatusCode::FORBIDDEN,
        format!("the credential lacks a scope: expected one of {scopes}"),
    ))
}

/// The credential of a request, whatever it may do.
pub(super) async fn known(lrs: &Lrs, headers: &HeaderMap) -> Result<Credential, Refusal> {
    let (key, secret) = basic(headers).ok_or_else(Refusal::unauthorized)?;
    let verified = lrs.inner.vault.verify_credential(&key, &secret).await;
    verified.map_err(QueryFailed::from)?.ok_or_else(Refusal::unauthorized)
}

/// Whether the credential of a request that is being answered still may read: all statements, or where it saw its own
/// alone still those. Where the vault cannot be reached that is not known, and the answer goes on.
pub(super) async fn still_good(lrs: &Lrs, headers: &HeaderMap, own: Option<Key>) -> bool {
    let Some((key, secret)) = basic(headers) else { return false };
    match lrs.inner.vault.verify_credential(&key, &secret).await {
        Ok(Some(credential)) => {
            let reads = Right::ReadStatements.scopes();
            credential.scopes.iter().any(|scope| reads.contains(&scope.as_str()))
                && (own.is_some() || !only_own(&credential))
        }
        Ok(None) => false,
        Err(_) => true,
    }
}

/// Whether this credential sees, of all statements, only those that it sent itself.
pub(super) fn only_own(credential: &Credential) -> bool {
    !credential.scopes.iter().any(|scope| matches!(scope.as_str(), "statements/read" | "all/read" | "all"))
}

/// A request of which a statement is not let in by the rules of its credential.
pub(super) struct Breach {
    rules: Arc<Rules>,
    /// Which statement, counted from 0.
    at: usize,
    broken: Broken,
}

/// The rules of a credential, if it has some.
pub(super) fn rules(lrs: &Lrs, credential: &Credential) -> Result<Option<Arc<Rules>>, Refusal> {
    lrs.inner.rules.of(credential).map_err(|_| Refusal::internal("a credential's rules are damaged"))
}

/// How the rules of a credential have IRIs read.
pub(super) fn iris(lrs: &Lrs, credential: &Credential) -> Result<Iris, Refusal> {
    Ok(rules(lrs, credential)?.map_or(Iris::Strict, |rules| rules.iris()))
}

/// The version that serves a request which names none, where its credential says so.
pub(super) async fn default_version(lrs: &Lrs, headers: &HeaderMap) -> Option<Version> {
    let (key, secret) = basic(headers)?;
    let credential = lrs.inner.vault.verify_credential(&key, &secret).await.ok().flatten()?;
    rules(lrs, &credential).ok().flatten()?.default_version()
}

/// The first statement that rules do not let in.
pub(super) fn breach(rules: Option<&Arc<Rules>>, statements: &[Statement]) -> Option<Breach> {
    let rules = rules?;
    let broken = |(at, statement)| Some((at, rules.broken(statement)?));
    let (at, broken) = statements.iter().enumerate().find_map(broken)?;
    Some(Breach { rules: rules.clone(), at, broken })
}

impl Breach {
    /// Refuses the request before anything else of it is taken in, unless it is to be kept.
    pub(super) fn check(&self, lrs: &Lrs, credential: &Credential) -> Result<(), Refusal> {
        if self.rules.keep { Ok(()) } else { Err(self.refusal(lrs, credential)) }
    }

    /// Of a statement of the request: how it stands with the rules.
    pub(super) fn unstored<'a>(&self, statement: &'a Statement) -> Unstored<'a> {
        Unstored::against(&self.rules, statement)
    }

    /// Keeps what was sent, which is on disk before it is refused; then the refusal.
    pub(super) async fn keep(
        self,
        lrs: &Lrs,
        credential: &Credential,
        sent: Vec<Unstored<'_>>,
        contents: &Contents,
        version: Version,
    ) -> Refusal {
        match lrs.keep(&Refused { credential, sent, contents, version }).await {
            Ok(_) => self.refusal(lrs, credential),
            Err(error) => error.into(),
        }
    }

    /// The refusal, counted.
    fn refusal(&self, lrs: &Lrs, credential: &Credential) -> Refusal {
        let labels = [&hex::encode(credential.id), rules::name(self.broken.rule)];
        lrs.inner.metrics.refused.with_label_values(&labels).inc();
        Refusal::against_rules(self.at, &self.broken)
    }
}

/// Key and secret of an `Authorization: Basic` header (RFC 7617).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, coded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(STANDARD.decode(coded.trim()).ok()?).ok()?;
    let (key, secret) = plain.split_once(':')?;
    Some((key.to_owned(), secret.to_owned()))
}
