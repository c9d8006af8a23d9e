//! Requests of credentials that have kept what is no statement: it is set apart and on disk before the rest is stored.

use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::Response;
use uuid::Uuid;
use vault::Credential;
use xapi::parse::NoStatement;
use xapi::{Invalid, Statement, Version};

use super::error::{KEPT, Refusal};
use super::{body, multipart, tool, upload};
use crate::attachments::{Contents, Taken};
use crate::kept::{Refused, Unstored};
use crate::rules::Rules;
use crate::{Lrs, Posted};

/// What of a request is no statement, with its place in the request, ascending.
#[derive(Debug, Default)]
pub(super) struct Apart(Vec<(usize, NoStatement)>);

/// Whether rules want it set apart. Content of attachments is for statements: a request with it is whole or refused.
pub(super) fn is_wanted(rules: Option<&Rules>, parts: &Parts) -> Result<bool, Refusal> {
    Ok(rules.is_some_and(|rules| rules.keep_invalid) && multipart::boundary(&parts.headers)?.is_none())
}

/// Takes in a request; `check` sees what is a statement.
pub(super) async fn take<P, C>(
    lrs: &Lrs,
    parts: &Parts,
    body: Body,
    parse: P,
    check: C,
) -> Result<(Taken, Apart), Refusal>
where
    P: FnOnce(&[u8]) -> Result<Vec<Result<Statement, NoStatement>>, Invalid> + Send + 'static,
    C: FnOnce(&[Statement]) -> Result<(), Refusal>,
{
    let json = body::read(lrs, &parts.headers, body).await?;
    let (mut statements, mut apart) = (Vec::new(), Apart::default());
    for (place, one) in upload::aside(json, parse).await?.into_iter().enumerate() {
        match one {
            Ok(statement) => statements.push(statement),
            Err(other) => apart.0.push((place, other)),
        }
    }
    check(&statements)?;
    let moved = |invalid: Invalid| Refusal::from(invalid).moved(|nth| apart.place(nth));
    let taken = Taken::alone(statements).map_err(moved)?;
    Ok((taken, apart))
}

impl Apart {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether everything in it has no id, or this one.
    pub(super) fn is_of(&self, id: Option<Uuid>) -> bool {
        self.0.iter().all(|(_, other)| other.id.is_none() || other.id == id)
    }

    /// Where in the request the statement stands that is the nth of those that are some.
    pub(super) fn place(&self, nth: usize) -> usize {
        self.0.iter().fold(nth, |at, (place, _)| if *place <= at { at + 1 } else { at })
    }

    /// Keeps it, all of it or, with the refusal that there would have been, nothing. Gives the ids under which it would
    /// be stored.
    pub(super) async fn keep(
        &self,
        lrs: &Lrs,
        parts: &Parts,
        credential: &Credential,
        version: Version,
    ) -> Result<Vec<Uuid>, Refusal> {
        let Some((place, first)) = self.0.first() else { return Ok(Vec::new()) };
        let why = Invalid { statement: *place, ..first.why.clone() };
        let sent = self.0.iter().map(|(_, other)| Unstored::invalid(other)).collect();
        let refused = Refused { credential, sent, contents: &Contents::default(), version, whole: true };
        let kept = Box::pin(lrs.keep(&refused)).await?;
        if kept.unkept > 0 {
            return Err(why.into());
        }
        let (tool, now) = (tool::of(&parts.headers), lrs.inner.clock.now());
        lrs.inner.uses.refused(&credential.key, &tool, now, &why.expected, &why.path);
        Ok(kept.ids)
    }

    /// What became of the whole request, where the rest of it was stored.
    pub(super) fn among(&self, mut posted: Posted, kept: Vec<Uuid>) -> Posted {
        for conflict in &mut posted.conflicts {
            *conflict = self.place(*conflict);
        }
        for ((place, _), id) in self.0.iter().zip(kept) {
            posted.ids.insert(*place, id);
        }
        posted
    }

    /// The answer, which says what of the request is kept.
    pub(super) fn told(&self, mut answer: Response) -> Response {
        let places: Vec<String> = self.0.iter().map(|(place, _)| place.to_string()).collect();
        if !places.is_empty()
            && let Ok(value) = HeaderValue::from_str(&places.join(","))
        {
            answer.headers_mut().insert(KEPT, value);
        }
        answer
    }
}
