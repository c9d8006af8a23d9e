//! Generations: each time that a projection is built anew, its rows get a place of their own, beside those that
//! answer queries meanwhile.
//!
//! A place is a file (`views.progress.3.db`) or a schema (`views_progress_3`) with the projection's tables, its
//! checkpoint and what it has set aside. Which generation answers stands in one table, `generation`, in the file or
//! schema that the views are opened with; the switch is one transaction on it, and a place is dropped whole.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::AssertSqlSafe;
use tokio::sync::OnceCell;

use crate::database::{Database, Durability, Location, Transaction, Tx, on_either};
use crate::rows::{int, uint};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS generation (projection text NOT NULL, number bigint NOT NULL, \
                     version bigint NOT NULL, standing text NOT NULL, PRIMARY KEY (projection, number))";

/// One time that a projection was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// Which time; rises.
    pub number: u64,
    /// The version of the projection that its rows have.
    pub version: u32,
}

/// The generations of a projection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The one that answers queries.
    pub(super) current: Option<Generation>,
    /// The one that is to take its place.
    pub(super) building: Option<Generation>,
    /// Those that are to be dropped.
    retired: Vec<u64>,
    last: u64,
}

impl Known {
    /// Whether a generation answers or is being built.
    pub(super) fn keeps(&self, generation: Generation) -> bool {
        self.current == Some(generation) || self.building == Some(generation)
    }
}

/// Why a view could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// There are no rows yet that this program can read.
    #[error("the view {0} is being built; its lag shows how far it has come")]
    Building(&'static str),
}

/// Where projections keep their rows. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Views {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    registry: Database,
    location: Location,
    places: Mutex<HashMap<(String, u64), Database>>,
    prepared: OnceCell<()>,
}

impl Views {
    /// Opens the views of a SQLite file or a PostgreSQL schema, and makes them where there are none. On a server each
    /// generation has as many connections as the location says, and so has what knows them. Their last
    /// commits may be lost in a power cut, whole and in order: they are folded again from the log.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn open(location: &Location) -> Result<Self, sqlx::Error> {
        let registry = Database::open_with(location, Durability::Rebuildable).await?;
        let (places, prepared) = (Mutex::default(), OnceCell::new());
        Ok(Self { inner: Arc::new(Inner { registry, location: location.clone(), places, prepared }) })
    }

    /// Asks the rows of a projection, where they have a version that the query can read. The query is handed the
    /// place of the generation that answers, and is asked again where another took over meanwhile; it must read
    /// what belongs together in one statement.
    ///
    /// # Errors
    /// The query's own, or there is nothing to ask yet.
    pub async fn read<T, F: Future<Output = Result<T, sqlx::Error>>>(
        &self,
        projection: &'static str,
        versions: RangeInclusive<u32>,
        query: impl Fn(Database) -> F,
    ) -> Result<T, ReadError> {
        loop {
            let known = self.known(projection).await?;
            let current = known.current.filter(|current| versions.contains(&current.version));
            let Some(current) = current else { return Err(ReadError::Building(projection)) };
            let answer = query(self.place(projection, current.number)?).await;
            match answer {
                Ok(rows) => return Ok(rows),
                Err(error) if self.known(projection).await?.current == Some(current) => {
                    return Err(error.into());
                }
                // Dropped under its hands.
                Err(_) => {}
            }
        }
    }

    /// Closes all connections, after what runs on them.
    pub async fn close(&self) {
        let places: Vec<Database> = self.places().drain().map(|(_, place)| place).collect();
        for place in places {
            place.close().await;
        }
        self.inner.registry.close().await;
    }

    /// The generations of a projection.
    pub(super) async fn known(&self, projection: &str) -> Result<Known, sqlx::Error> {
        self.prepare().await?;
        self.known_in(self.inner.registry.reader().await?.tx(), projection).await
    }

    /// The same in a transaction at hand.
    pub(super) async fn known_in(&self, tx: Tx<'_>, projection: &str) -> Result<Known, sqlx::Error> {
        let text = "SELECT number, version, standing FROM generation WHERE projection = $1 ORDER BY number";
        let rows: Vec<(i64, i64, String)> =
            on_either!(tx, connection => sqlx::query_as(text).bind(projection).fetch_all(connection).await?);
        let mut known = Known::default();
        for (number, version, standing) in rows {
            let number = uint(number);
            let generation = Generation { number, version: u32::try_from(version).unwrap_or(0) };
            known.last = number;
            match standing.as_str() {
                "current" => known.current = Some(generation),
                "building" => known.building = Some(generation),
                _ => known.retired.push(number),
            }
        }
        Ok(known)
    }

    /// Begins a transaction that may change which generations of a projection there are: one at a time.
    pub(super) async fn locked(&self, projection: &str) -> Result<Transaction, sqlx::Error> {
        self.prepare().await?;
        let mut transaction = self.inner.registry.begin().await?;
        if let Tx::Postgres(connection) = transaction.tx() {
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 7021880345))")
                .bind(projection)
                .execute(connection)
                .await?;
        }
        Ok(transaction)
    }

    /// The generation that a program with this version of a projection is to build, begun where there is none:
    /// the first of all, which answers from the beginning; one for a version that is newer than what is there; or, if
    /// `anew`, one more in any case. `None`: there is nothing to build.
    pub(super) async fn begin(
        &self,
        projection: &str,
        version: u32,
        anew: bool,
    ) -> Result<Option<Generation>, sqlx::Error> {
        let mut registry = self.locked(projection).await?;
        let known = self.known_in(registry.tx(), projection).await?;
        if !anew {
            match known.building {
                Some(building) if building.version == version => return Ok(Some(building)),
                Some(building) if building.version > version => return Ok(None),
                _ => {}
            }
            if known.current.is_some_and(|current| current.version >= version) {
                return Ok(None);
            }
        }
        if let Some(building) = known.building {
            stand(registry.tx(), projection, building.number, "retired").await?;
        }
        let generation = Generation { number: known.last + 1, version };
        // The registry may have been deleted by hand, and the places not.
        self.drop_place(registry.tx(), projection, generation.number).await?;
        let standing = if known.current.is_some() { "building" } else { "current" };
        let text = "INSERT INTO generation (projection, number, version, standing) VALUES ($1, $2, $3, $4)";
        on_either!(registry.tx(), connection => sqlx::query(text)
            .bind(projection)
            .bind(int(generation.number))
            .bind(i64::from(version))
            .bind(standing)
            .execute(connection)
            .await
            .map(drop))?;
        registry.commit().await?;
        Ok(Some(generation))
    }

    /// Lets one generation answer in place of another, in a transaction of [`Views::locked`].
    pub(super) async fn switch(
        &self,
        mut tx: Tx<'_>,
        projection: &str,
        from: Option<Generation>,
        to: Generation,
    ) -> Result<(), sqlx::Error> {
        if let Some(from) = from {
            stand(tx.reborrow(), projection, from.number, "retired").await?;
        }
        stand(tx, projection, to.number, "current").await
    }

    /// All generations that answer or are being built, each with its projection.
    pub(super) async fn all_kept(&self) -> Result<Vec<(String, u64)>, sqlx::Error> {
        self.prepare().await?;
        let text = "SELECT projection, number FROM generation WHERE standing <> 'retired' ORDER BY projection, number";
        let mut reader = self.inner.registry.reader().await?;
        let rows: Vec<(String, i64)> =
            on_either!(reader.tx(), connection => sqlx::query_as(text).fetch_all(connection).await?);
        Ok(rows.into_iter().map(|(projection, number)| (projection, uint(number))).collect())
    }

    /// Lets a generation answer no more, with nothing in its place.
    pub(super) async fn let_go(&self, projection: &str, number: u64) -> Result<(), sqlx::Error> {
        let mut registry = self.locked(projection).await?;
        stand(registry.tx(), projection, number, "retired").await?;
        registry.commit().await
    }

    /// Drops the places of generations that are no longer kept.
    pub(super) async fn sweep(&self, projection: &str) -> Result<(), sqlx::Error> {
        for number in self.known(projection).await?.retired {
            let mut registry = self.locked(projection).await?;
            self.drop_place(registry.tx(), projection, number).await?;
            let text = "DELETE FROM generation WHERE projection = $1 AND number = $2";
            on_either!(registry.tx(), connection => sqlx::query(text)
                .bind(projection).bind(int(number)).execute(connection).await.map(drop))?;
            registry.commit().await?;
        }
        // Another node may have dropped what this one has open.
        let known = self.known(projection).await?;
        let kept = [known.current, known.building].map(|one| one.map(|generation| generation.number));
        let left: Vec<(String, u64)> = (self.places().keys())
            .filter(|(name, number)| {
                name == projection && *number <= known.last && !kept.contains(&Some(*number))
            })
            .cloned()
            .collect();
        for key in left {
            self.close_place(&key.0, key.1).await;
        }
        Ok(())
    }

    /// The place of a generation, whether it is there or not.
    pub(super) fn place(&self, projection: &str, number: u64) -> Result<Database, sqlx::Error> {
        let mut places = self.places();
        if let Some(place) = places.get(&(projection.to_owned(), number)) {
            return Ok(place.clone());
        }
        let place = Database::open_lazily(&self.location(projection, number))?;
        places.insert((projection.to_owned(), number), place.clone());
        Ok(place)
    }

    /// The place of a generation, made where it is missing.
    pub(super) async fn made_place(
        &self,
        projection: &str,
        generation: Generation,
    ) -> Result<Database, sqlx::Error> {
        let place = self.place(projection, generation.number)?;
        place.make(&self.location(projection, generation.number)).await?;
        Ok(place)
    }

    fn location(&self, projection: &str, number: u64) -> Location {
        location_of(&self.inner.location, projection, number)
    }

    async fn drop_place(&self, tx: Tx<'_>, projection: &str, number: u64) -> Result<(), sqlx::Error> {
        self.close_place(projection, number).await;
        match (tx, self.location(projection, number)) {
            (Tx::Postgres(connection), Location::Postgres { schema: Some(schema), .. }) => {
                // A query on it that lasts is waited for another time. The name is the program's own.
                let text = format!("SET LOCAL lock_timeout = '5s'; DROP SCHEMA IF EXISTS {schema} CASCADE");
                sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await.map(drop)
            }
            (Tx::Sqlite(_), Location::Sqlite { file }) => {
                for ending in ["", "-wal", "-shm"] {
                    let mut path = file.clone().into_os_string();
                    path.push(ending);
                    match std::fs::remove_file(path) {
                        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                            return Err(error.into());
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
            // The registry and the places are on the same kind of database.
            _ => Ok(()),
        }
    }

    async fn close_place(&self, projection: &str, number: u64) {
        let open = self.places().remove(&(projection.to_owned(), number));
        if let Some(open) = open {
            open.close().await;
        }
    }

    /// Creates the registry where it is missing.
    async fn prepare(&self) -> Result<(), sqlx::Error> {
        let create = async || {
            let mut transaction = self.inner.registry.begin().await?;
            if let Tx::Postgres(connection) = transaction.tx() {
                sqlx::raw_sql("SELECT pg_advisory_xact_lock(7021880345)").execute(connection).await?;
            }
            transaction.tx().run(TABLE, TABLE).await?;
            transaction.commit().await
        };
        self.inner.prepared.get_or_try_init(create).await.map(drop)
    }

    fn places(&self) -> MutexGuard<'_, HashMap<(String, u64), Database>> {
        self.inner.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a generation of the views at a place is.
pub(super) fn location_of(views: &Location, projection: &str, number: u64) -> Location {
    match views {
        Location::Sqlite { file } => {
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            Location::sqlite(file.with_file_name(format!("{stem}.{projection}.{number}.db")))
        }
        Location::Postgres { url, schema, connections } => {
            let schema = schema.as_deref().unwrap_or("public");
            Location::postgres(url, &format!("{schema}_{projection}_{number}")).of_at_most(*connections)
        }
    }
}

async fn stand(tx: Tx<'_>, projection: &str, number: u64, standing: &str) -> Result<(), sqlx::Error> {
    let text = "UPDATE generation SET standing = $1 WHERE projection = $2 AND number = $3";
    on_either!(tx, connection => sqlx::query(text)
        .bind(standing).bind(projection).bind(int(number)).execute(connection).await.map(drop))
}
