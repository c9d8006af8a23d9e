//! The desk: what it is made of, and how rounds and people are found.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ballot::Urns;
use domain::events::{RoundFacts, RoundMode};
use domain::rounds::{self, Stage};
use domain::{Municipality, PersonId};
use eventlog::EventLog;
use eventlog::clock::{Micros, SharedClock};
use forms::Definition;
use vault::Vault;
use views::definitions::Definitions;
use views::municipality::Current;

use crate::DeskError;
use crate::asked::{Admitted, Asked, Store};
use crate::book::Book;
use crate::codes::Codes;

/// Microseconds. Rounds open and close at whole minutes.
const MINUTE: i64 = 60_000_000;

/// What a desk is made of.
pub struct Options {
    /// The log.
    pub log: EventLog,
    /// The vault, whose secret codes follow from.
    pub vault: Vault,
    /// The municipality, kept up by whoever opened it.
    pub municipality: Current,
    /// The ballot boxes.
    pub urns: Urns,
    /// Where statements are stored.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: SharedClock,
    /// The address that this instance is known by: what its pseudonyms are of.
    pub base_url: String,
    /// Where links lead.
    pub links: String,
    /// The smallest group that answers are told of.
    pub smallest: u32,
    /// Where what waits while a file is read lies, sealed and without a name.
    pub folder: PathBuf,
}

/// Keeps rounds and takes answers. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    pub(crate) municipality: Current,
    pub(crate) urns: Urns,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: SharedClock,
    pub(crate) base_url: String,
    pub(crate) links: String,
    pub(crate) smallest: u32,
    pub(crate) folder: PathBuf,
    pub(crate) codes: Codes,
    /// The rounds whose ballot box is gone for good.
    pub(crate) settled: Mutex<HashSet<String>>,
    /// The turn of whoever gives a round's people their pseudonyms.
    pub(crate) linking: tokio::sync::Mutex<()>,
    book: Mutex<Option<Arc<Book>>>,
    definitions: Definitions,
}

impl Desk {
    /// Puts a desk together.
    pub fn new(options: Options) -> Self {
        let Options { log, vault, municipality, urns, store, clock, base_url, links, smallest, folder } =
            options;
        let [base_url, links] = [base_url, links].map(|address| address.trim_end_matches('/').to_owned());
        let codes = Codes(vault.clone());
        let definitions = Definitions::new(log.clone(), vault.clone());
        let inner = Inner {
            log,
            vault,
            municipality,
            urns,
            store,
            clock,
            base_url,
            links,
            smallest,
            folder,
            codes,
            settled: Default::default(),
            linking: Default::default(),
            book: Mutex::default(),
            definitions,
        };
        Self { inner: Arc::new(inner) }
    }

    /// The round, or the unit's part of one, that a short code leads to. None: there is no such code. Drafts are not found.
    ///
    /// # Errors
    /// The definition cannot be read.
    pub async fn find(&self, code: &str) -> Result<Option<Asked>, DeskError> {
        let book = self.book();
        match book.find(code) {
            Some((round, unit)) => self.asked(&book.municipality, round, unit).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether a personal code is of a round's roll, and whether its answer is known to be in.
    ///
    /// # Errors
    /// [`DeskError::Unknown`], or the log cannot be read.
    pub async fn admit(&self, code: &str, token: &str) -> Result<Admitted, DeskError> {
        let book = self.book();
        let (round, unit) = book.find(code).ok_or(DeskError::Unknown)?;
        let Some(person) = self.person(&book, round, token) else { return Ok(Admitted::Unknown) };
        let group = book.roll(round, &self.inner.codes).group(person);
        if round.mode == RoundMode::Unlinkable {
            return Ok(Admitted::Welcome(group));
        }
        let asked = self.asked(&book.municipality, round, unit).await?;
        let answered = self.has_answered(&book, &asked, person).await?;
        Ok(if answered { Admitted::Answered(group) } else { Admitted::Welcome(group) })
    }

    /// A round as it is asked now.
    pub(crate) async fn asked(
        &self,
        municipality: &Municipality,
        round: &RoundFacts,
        unit: Option<&str>,
    ) -> Result<Asked, DeskError> {
        let definition = self.definition(municipality, round).await?;
        let now = self.inner.clock.now();
        let stage = rounds::stage(round, &municipality.surveys, now);
        let closed = matches!(stage, Stage::Closed | Stage::Reported);
        let began = round.mode != RoundMode::Unlinkable || municipality.surveys.opened(&round.id).is_some();
        let name = |unit: &str| municipality.organisation.unit(unit).map(|unit| unit.facts.name.clone());
        Ok(Asked {
            round: round.clone(),
            unit: unit.map(str::to_owned),
            unit_name: unit.and_then(name),
            definition,
            stage,
            at: Micros(now.0 - now.0.rem_euclid(MINUTE)),
            taken: rounds::taken(round, &municipality.surveys),
            late: closed && began && now < rounds::ends(round),
            smallest: self.inner.smallest,
        })
    }

    /// Whose code this is, of a round's roll.
    pub(crate) fn person(&self, book: &Book, round: &RoundFacts, token: &str) -> Option<PersonId> {
        let codes = &self.inner.codes;
        book.roll(round, codes).person(codes.voter(&round.id, token))
    }

    /// The codes as the municipality is now.
    pub(crate) fn book(&self) -> Arc<Book> {
        let now = self.inner.municipality.snapshot().municipality;
        let mut book = self.inner.book.lock().unwrap_or_else(PoisonError::into_inner);
        match &*book {
            Some(book) if Arc::ptr_eq(&book.municipality, &now) => Arc::clone(book),
            _ => Arc::clone(book.insert(Arc::new(Book::of(now, &self.inner.codes)))),
        }
    }

    /// What a round asks.
    pub(crate) async fn definition(
        &self,
        municipality: &Municipality,
        round: &RoundFacts,
    ) -> Result<Arc<Definition>, DeskError> {
        let read = self.inner.definitions.read(municipality, &round.survey, &round.version).await?;
        read.ok_or(DeskError::Definition)
    }
}
