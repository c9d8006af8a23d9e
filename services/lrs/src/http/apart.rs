//! Requests of credentials that have kept what is no statement: it is set apart, and on disk with the rest or not at all.

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
use crate::failure::IngestError;
use crate::kept::{Kept, Refused, Unkept, Unstored};
use crate::linking;
use crate::rules::Rules;
use crate::{Lrs, Posted, Sender};

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

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everything in it has no id, or this one.
    pub(super) fn is_of(&self, id: Option<Uuid>) -> bool {
        self.0.iter().all(|(_, other)| other.id.is_none() || other.id == id)
    }

    /// Where in the request the statement stands that is the nth of those that are some.
    pub(super) fn place(&self, nth: usize) -> usize {
        self.0.iter().fold(nth, |at, (place, _)| if *place <= at { at + 1 } else { at })
    }

    /// All of the request, where the rest of it is refused.
    pub(super) fn with<'a>(&'a self, rest: Vec<Unstored<'a>>) -> Vec<Unstored<'a>> {
        self.among(rest, self.0.iter().map(|(_, other)| Unstored::invalid(other)))
    }

    /// Stores the statements of a request, and keeps what is none with them: all of it or, with the refusal that there would
    /// have been, nothing. Gives what became of the request, and the places in it of what is kept, ascending.
    pub(super) async fn store(
        &self,
        lrs: &Lrs,
        parts: &Parts,
        statements: &[Statement],
        (credential, sender): (&Credential, Sender),
        version: Version,
    ) -> Result<(Posted, Vec<usize>), Refusal> {
        let refused =
            Refused { credential, sent: self.with(Vec::new()), contents: &Contents::default(), version };
        let Kept { ids, conflicts, mut posted } =
            Box::pin(lrs.keep_beside(&refused, statements, sender)).await.map_err(|why| self.refusal(why))?;
        lrs.count_stored(posted.ids.len() - posted.conflicts.len(), posted.stored);
        let is_kept = |(nth, one)| conflicts.binary_search(&nth).is_err().then_some(one);
        let kept: Vec<_> = self.0.iter().enumerate().filter_map(is_kept).collect();
        if let Some((_, NoStatement { why, .. })) = kept.first() {
            let (tool, now) = (tool::of(&parts.headers), lrs.inner.clock.now());
            lrs.inner.uses.refused(&credential.key, &tool, now, &why.expected, &why.path);
        }
        let passed = posted.conflicts.iter().map(|nth| self.place(*nth));
        posted.conflicts = passed.chain(conflicts.iter().map(|nth| self.0[*nth].0)).collect();
        posted.conflicts.sort_unstable();
        posted.ids = self.among(posted.ids, ids.into_iter());
        Ok((posted, kept.into_iter().map(|(place, _)| *place).collect()))
    }

    /// The refusal of a request of which something would be kept that says who gave an answer in a round that nobody is to
    /// be linked in.
    pub(super) fn links(&self, lrs: &Lrs, statements: &[Statement]) -> Option<Refusal> {
        let municipality = &lrs.inner.municipality;
        let stored = || linking::first(municipality, statements).map(|nth| self.place(nth));
        let snapshot = municipality.snapshot();
        let surveys = &snapshot.municipality.surveys;
        let kept = self.0.iter().find(|(_, other)| linking::may_link(surveys, &other.text));
        let statement = kept.map(|(place, _)| *place).or_else(stored)?;
        Some(IngestError::Links { statement }.into())
    }

    fn refusal(&self, why: Unkept) -> Refusal {
        match why {
            Unkept::NoRoom => match self.0.first() {
                Some((place, first)) => Invalid { statement: *place, ..first.why.clone() }.into(),
                None => Refusal::internal("nothing was to be kept, and there was no room for it"),
            },
            Unkept::Taken(nth) => IngestError::Conflict { statement: self.0[nth].0 }.into(),
            Unkept::Failed(error) => Refusal::from(error).moved(|nth| self.place(nth)),
        }
    }

    /// What there is of each of the rest, and of each of its own in their places.
    fn among<T>(&self, rest: Vec<T>, own: impl Iterator<Item = T>) -> Vec<T> {
        let mut all = Vec::with_capacity(rest.len() + self.len());
        let mut rest = rest.into_iter();
        for ((place, _), own) in self.0.iter().zip(own) {
            let before = place.saturating_sub(all.len());
            all.extend(rest.by_ref().take(before));
            all.push(own);
        }
        all.extend(rest);
        all
    }
}

/// The answer, which says what of the request is kept.
pub(super) fn told(kept: &[usize], mut answer: Response) -> Response {
    let places: Vec<String> = kept.iter().map(usize::to_string).collect();
    if !places.is_empty()
        && let Ok(value) = HeaderValue::from_str(&places.join(","))
    {
        answer.headers_mut().insert(KEPT, value);
    }
    answer
}
