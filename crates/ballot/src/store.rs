//! Where urns are kept: files or PostgreSQL.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use eventlog::{Database, Location};
use sqlx::PgPool;

use crate::values::{About, Cast, Key, RoundId, Sealed, Terms, Voter};
use crate::{BallotError, files, postgres};

/// Where urns are.
#[derive(Debug, Clone)]
pub enum Home {
    /// Each in a folder of its own below this one, which one process uses at a time.
    Files(PathBuf),
    /// A schema of a PostgreSQL database, which several nodes may use.
    Postgres {
        /// `postgres://user:password@host:port/database`
        url: String,
        /// Its name.
        schema: String,
        /// How many connections there may be at a time.
        connections: u32,
    },
}

/// The urns of all rounds.
pub(crate) enum Store {
    Files { home: PathBuf, open: Mutex<HashMap<RoundId, Arc<files::Urn>>> },
    Postgres(PgPool),
}

impl Store {
    pub(crate) async fn open(home: &Home) -> Result<Self, BallotError> {
        match home {
            Home::Files(home) => Ok(Self::Files { home: home.clone(), open: Mutex::default() }),
            Home::Postgres { url, schema, connections } => {
                let location = Location::postgres(url, schema).of_at_most(*connections);
                match Database::open(&location).await? {
                    Database::Postgres(pool) => {
                        postgres::prepare(&pool).await?;
                        Ok(Self::Postgres(pool))
                    }
                    Database::Sqlite(_) => Err(sqlx::Error::Configuration("not PostgreSQL".into()).into()),
                }
            }
        }
    }

    pub(crate) async fn make(
        &self,
        round: RoundId,
        terms: Terms,
        public: Vec<u8>,
        roll: Vec<Voter>,
    ) -> Result<(), BallotError> {
        match self {
            Self::Files { home, .. } => {
                let home = home.clone();
                blocking(move || files::Urn::make(&home, round, terms, &public, &roll)).await
            }
            Self::Postgres(pool) => postgres::make(pool, round, terms, &public, &roll).await,
        }
    }

    pub(crate) async fn about(&self, round: RoundId) -> Result<About, BallotError> {
        match self {
            Self::Files { .. } => {
                let urn = self.files(round).await?;
                let (terms, public, on_roll) = (urn.terms(), urn.public.clone(), urn.on_roll());
                Ok(About { terms, public, closed: urn.is_closed(), on_roll })
            }
            Self::Postgres(pool) => postgres::about(pool, round).await?.ok_or(BallotError::Unknown),
        }
    }

    /// Puts sealed ballots in; what became of each, in their order. On disk when this returns.
    pub(crate) async fn cast(&self, round: RoundId, ballots: Vec<Sealed>) -> Result<Vec<Cast>, BallotError> {
        match self {
            Self::Files { .. } => {
                let urn = self.files(round).await?;
                blocking(move || urn.cast(&ballots)).await
            }
            Self::Postgres(pool) => postgres::cast(pool, round, ballots).await,
        }
    }

    pub(crate) async fn holds(&self, round: RoundId, key: Key) -> Result<bool, BallotError> {
        match self {
            Self::Files { .. } => Ok(self.files(round).await?.holds(key)),
            Self::Postgres(pool) => postgres::holds(pool, round, key).await,
        }
    }

    pub(crate) async fn mark(&self, round: RoundId, voters: Vec<Voter>) -> Result<(), BallotError> {
        match self {
            Self::Files { .. } => {
                let urn = self.files(round).await?;
                blocking(move || urn.mark(&voters)).await
            }
            Self::Postgres(pool) => postgres::mark(pool, round, &voters).await,
        }
    }

    pub(crate) async fn close(&self, round: RoundId) -> Result<(), BallotError> {
        match self {
            Self::Files { .. } => {
                let urn = self.files(round).await?;
                blocking(move || urn.close()).await
            }
            Self::Postgres(pool) => postgres::close(pool, round).await,
        }
    }

    pub(crate) async fn all(&self, round: RoundId) -> Result<Vec<(Key, Vec<u8>)>, BallotError> {
        match self {
            Self::Files { .. } => {
                let urn = self.files(round).await?;
                blocking(move || urn.all()).await
            }
            Self::Postgres(pool) => postgres::all(pool, round).await,
        }
    }

    /// Who has voted, in the order of the roll; and how many are on it.
    pub(crate) async fn voted(&self, round: RoundId) -> Result<(Vec<Voter>, usize), BallotError> {
        match self {
            Self::Files { .. } => Ok(self.files(round).await?.voted()),
            Self::Postgres(pool) => postgres::voted(pool, round).await,
        }
    }

    pub(crate) async fn rounds(&self) -> Result<Vec<RoundId>, BallotError> {
        match self {
            Self::Files { home, .. } => {
                let home = home.clone();
                blocking(move || files::rounds(&home)).await
            }
            Self::Postgres(pool) => postgres::rounds(pool).await,
        }
    }

    pub(crate) async fn destroy(&self, round: RoundId) -> Result<(), BallotError> {
        match self {
            Self::Files { home, open } => {
                open.lock().unwrap_or_else(PoisonError::into_inner).remove(&round);
                let home = home.clone();
                blocking(move || files::Urn::destroy(&home, round)).await
            }
            Self::Postgres(pool) => postgres::destroy(pool, round).await,
        }
    }

    /// The files of a round, opened once.
    async fn files(&self, round: RoundId) -> Result<Arc<files::Urn>, BallotError> {
        let Self::Files { home, open } = self else { return Err(BallotError::Unknown) };
        let kept = || open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(urn) = kept().get(&round) {
            return Ok(Arc::clone(urn));
        }
        let path = home.clone();
        let urn = blocking(move || files::Urn::open(&path, round)).await?.ok_or(BallotError::Unknown)?;
        // Whoever opened it first has the one that counts.
        Ok(Arc::clone(kept().entry(round).or_insert_with(|| Arc::new(urn))))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BallotError> + Send + 'static,
) -> Result<T, BallotError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| BallotError::Stopped(error.to_string()))?
}
