//! Who may do what to the log's tables.

use crate::database::{Database, Location};
use crate::error::LogError;
use crate::log::EventLog;
use crate::{postgres, stores};

impl EventLog {
    /// Makes the role of `owner` own the log's tables, which are created where they are missing, and lets the role of
    /// `service` use them and no more: it cannot change or drop them, nor what keeps them append-only. In the schemas
    /// `others` of the same database, made where they are missing, it may make what it likes. For PostgreSQL; done
    /// again it changes nothing.
    ///
    /// # Errors
    /// The database cannot be reached, one role cannot be told from the other, or the owner may not do it: it has to
    /// be a superuser, or a member of the role that owns the tables until now.
    pub async fn separate_roles(
        owner: &Location,
        service: &Location,
        others: &[Location],
    ) -> Result<(), LogError> {
        let database = Database::open(owner).await?;
        stores::prepare_tables(&database).await?;
        let serving = Database::open(service).await?;
        let (Database::Postgres(pool), Database::Postgres(service)) = (&database, &serving) else {
            return Err(LogError::Unexpected("roles are PostgreSQL's".to_owned()));
        };
        let role = "SELECT current_user::text";
        let owning: String = sqlx::query_scalar(role).fetch_one(pool).await?;
        let role: String = sqlx::query_scalar(role).fetch_one(service).await?;
        if owning == role {
            return Err(LogError::Unexpected("the owner and the service log in as one role".to_owned()));
        }
        postgres::rights::separate(pool, &role).await?;
        for other in others {
            let other = Database::open(other).await?;
            if let Database::Postgres(pool) = &other {
                postgres::rights::lend(pool, &role).await?;
            }
            other.close().await;
        }
        database.close().await;
        serving.close().await;
        Ok(())
    }

    /// Whether the role that this log was opened with could take away what keeps it append-only. On SQLite whoever
    /// can write the file can.
    ///
    /// # Errors
    /// The database fails.
    pub async fn could_rewrite(&self) -> Result<bool, LogError> {
        match self.database() {
            Database::Sqlite(_) => Ok(true),
            Database::Postgres(pool) => {
                Ok(postgres::rights::could_rewrite(&mut *pool.acquire().await?).await?)
            }
        }
    }
}
