//! Where statements are handed on to: the terms, the secret shared with the other side, and how far it has come.
//!
//! The checkpoint lies here and not among the views: a view is made again from the log, and what was handed on
//! cannot be taken back.

use eventlog::clock::Micros;
use sqlx::Row;
use zeroize::Zeroizing;

use crate::store::{bytes, on_either};
use crate::{Vault, VaultError, crypto};

/// A forward's id: random, the same for good, and what events carry.
pub type ForwardId = [u8; 16];

/// Statements that the other side refused which are kept of each forward: the newest.
pub const SET_ASIDE_KEPT: usize = 50;

/// A place that statements are handed on to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forward {
    /// What events carry.
    pub id: ForwardId,
    /// What it is called; no other has this name.
    pub name: String,
    /// Where to and what, in the caller's words.
    pub terms: String,
    /// When it was made.
    pub created: Micros,
    /// Why it rests, in the caller's number, if it does.
    pub paused: Option<u8>,
    /// Everything up to this position of the log was handed on, or passed over.
    pub position: u64,
    /// What became of it.
    pub counts: Counts,
    /// When and why the last try failed, if none has succeeded since.
    pub failing: Option<(Micros, String)>,
}

/// What became of statements that came to a forward.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The other side took them.
    pub sent: u64,
    /// The other side has something else under their ids.
    pub conflicts: u64,
    /// The other side refused them, each by itself.
    pub set_aside: u64,
    /// Of a version that the other side does not take.
    pub passed_over: u64,
    /// Their actors were erased.
    pub erased: u64,
}

/// A statement that the other side refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetAside {
    /// Where it stands in the log.
    pub position: u64,
    /// The status it was refused with; 0 where no answer came.
    pub status: u16,
    /// When.
    pub at: Micros,
}

/// How far a forward has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advance {
    /// The position up to which everything is done now.
    pub position: u64,
    /// What is to be added to the counts.
    pub counts: Counts,
    /// What the other side refused.
    pub set_aside: Vec<SetAside>,
}

/// The columns that [`forward!`] reads.
macro_rules! columns {
    () => {
        "id, name, terms, created, paused, position, sent, conflicts, set_aside, passed_over, erased, failed_at, failed"
    };
}

/// A row of either database: the types differ, the columns do not.
macro_rules! forward {
    ($row:expr) => {
        Forward {
            id: bytes($row.try_get(0)?)?,
            name: $row.try_get(1)?,
            terms: $row.try_get(2)?,
            created: Micros($row.try_get(3)?),
            paused: $row.try_get::<Option<i64>, _>(4)?.map(|why| u8::try_from(why).unwrap_or(u8::MAX)),
            position: number($row.try_get(5)?),
            counts: Counts {
                sent: number($row.try_get(6)?),
                conflicts: number($row.try_get(7)?),
                set_aside: number($row.try_get(8)?),
                passed_over: number($row.try_get(9)?),
                erased: number($row.try_get(10)?),
            },
            failing: $row.try_get::<Option<i64>, _>(11)?.map(Micros).zip($row.try_get(12)?),
        }
    };
}

impl Vault {
    /// Notes a place that statements are to be handed on to, from after `position`. The secret is sealed.
    ///
    /// # Errors
    /// [`VaultError::Exists`] where the name is taken, [`VaultError::Unavailable`].
    pub async fn create_forward(
        &self,
        name: &str,
        terms: &str,
        secret: &[u8],
        position: u64,
    ) -> Result<Forward, VaultError> {
        let forward = Forward {
            id: crypto::random()?,
            name: name.to_owned(),
            terms: terms.to_owned(),
            created: self.inner.clock.now(),
            paused: None,
            position,
            counts: Counts::default(),
            failing: None,
        };
        let sealed = self.seal_token(&purpose(forward.id), secret)?;
        let sql = "INSERT INTO forward (id, name, terms, secret, created, position, sent, conflicts, set_aside, \
                   passed_over, erased, lease_until) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0, 0, 0) \
                   ON CONFLICT (name) DO NOTHING";
        let mut transaction = self.inner.store.begin_secrets().await?;
        let made = on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(forward.id.to_vec())
            .bind(forward.name.clone())
            .bind(forward.terms.clone())
            .bind(sealed)
            .bind(forward.created.0)
            .bind(int(position))
            .execute(connection)
            .await?
            .rows_affected());
        transaction.commit().await?;
        if made == 0 { Err(VaultError::Exists("a forward of this name")) } else { Ok(forward) }
    }

    /// All of them, by name.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn forwards(&self) -> Result<Vec<Forward>, VaultError> {
        let sql = concat!("SELECT ", columns!(), " FROM forward ORDER BY name");
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let rows = sqlx::query(sql).fetch_all(connection).await?;
            rows.iter().map(|row| Ok(forward!(row))).collect()
        })
    }

    /// The secret shared with the other side; `None` where the forward is gone.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where it cannot be opened, [`VaultError::Unavailable`].
    pub async fn forward_secret(&self, id: ForwardId) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        let sql = "SELECT secret FROM forward WHERE id = $1";
        let mut reading = self.inner.store.read().await?;
        let sealed: Option<Vec<u8>> = on_either!(reading.tx(), connection => {
            sqlx::query_scalar(sql).bind(id.to_vec()).fetch_optional(connection).await?
        });
        let Some(sealed) = sealed else { return Ok(None) };
        let secret = self.open_token(&purpose(id), &sealed);
        let secret = secret
            .ok_or_else(|| VaultError::damaged("a forward's secret", "expected one of this instance"))?;
        Ok(Some(Zeroizing::new(secret)))
    }

    /// Lets a forward rest, in the caller's number for why. False where it is gone, or rests already.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn pause_forward(&self, id: ForwardId, why: u8) -> Result<bool, VaultError> {
        let sql = "UPDATE forward SET paused = $1 WHERE id = $2 AND paused IS NULL";
        let mut transaction = self.inner.store.begin_secrets().await?;
        let changed = on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(i64::from(why))
            .bind(id.to_vec())
            .execute(connection)
            .await?
            .rows_affected());
        transaction.commit().await?;
        Ok(changed > 0)
    }

    /// Lets a forward go on, from where it was, or from after a position. Whoever works on it has to take its lease
    /// anew. False where it is gone.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn resume_forward(&self, id: ForwardId, after: Option<u64>) -> Result<bool, VaultError> {
        let sql = "UPDATE forward SET paused = NULL, failed_at = NULL, failed = NULL, owner = NULL, lease_until = 0, \
                   position = COALESCE(CAST($1 AS BIGINT), position) WHERE id = $2";
        let mut transaction = self.inner.store.begin_secrets().await?;
        let changed = on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(after.map(int))
            .bind(id.to_vec())
            .execute(connection)
            .await?
            .rows_affected());
        transaction.commit().await?;
        Ok(changed > 0)
    }

    /// Forgets a forward with its secret. False where it is gone already.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn remove_forward(&self, id: ForwardId) -> Result<bool, VaultError> {
        let mut transaction = self.inner.store.begin_secrets().await?;
        let removed = on_either!(transaction.tx(), connection => {
            let notes = "DELETE FROM forward_set_aside WHERE forward = $1";
            sqlx::query(notes).bind(id.to_vec()).execute(&mut *connection).await.map(drop)?;
            let sql = "DELETE FROM forward WHERE id = $1";
            sqlx::query(sql).bind(id.to_vec()).execute(&mut *connection).await?.rows_affected()
        });
        transaction.commit().await?;
        Ok(removed > 0)
    }

    /// Takes the lease of a forward until an instant, under a name that no other worker has. `None` where
    /// another has it, it rests, or it is gone.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn lease_forward(
        &self,
        id: ForwardId,
        owner: &str,
        until: Micros,
    ) -> Result<Option<Forward>, VaultError> {
        let take = "UPDATE forward SET owner = $1, lease_until = $2 WHERE id = $3 AND paused IS NULL \
                    AND (owner IS NULL OR owner = $1 OR lease_until <= $4)";
        let read = concat!("SELECT ", columns!(), " FROM forward WHERE id = $1");
        let now = self.inner.clock.now();
        let mut transaction = self.inner.store.begin_secrets().await?;
        let taken = on_either!(transaction.tx(), connection => {
            let taken = sqlx::query(take)
                .bind(owner.to_owned())
                .bind(until.0)
                .bind(id.to_vec())
                .bind(now.0)
                .execute(&mut *connection)
                .await?
                .rows_affected();
            if taken == 0 {
                None
            } else {
                let row = sqlx::query(read).bind(id.to_vec()).fetch_one(&mut *connection).await?;
                Some(forward!(row))
            }
        });
        transaction.commit().await?;
        Ok(taken)
    }

    /// Renews the lease of a forward until an instant. False where it is not the owner's any more, the forward rests,
    /// was resumed, or is gone.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn renew_forward(&self, id: ForwardId, owner: &str, until: Micros) -> Result<bool, VaultError> {
        let sql = "UPDATE forward SET lease_until = $1 WHERE id = $2 AND owner = $3 AND paused IS NULL";
        let mut transaction = self.inner.store.begin_secrets().await?;
        let renewed = on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(until.0)
            .bind(id.to_vec())
            .bind(owner.to_owned())
            .execute(connection)
            .await?
            .rows_affected());
        transaction.commit().await?;
        Ok(renewed > 0)
    }

    /// Gives the lease of a forward back.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`]; it then ends by itself.
    pub async fn release_forward(&self, id: ForwardId, owner: &str) -> Result<(), VaultError> {
        let sql = "UPDATE forward SET owner = NULL, lease_until = 0 WHERE id = $1 AND owner = $2";
        let mut transaction = self.inner.store.begin_secrets().await?;
        on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(id.to_vec())
            .bind(owner.to_owned())
            .execute(connection)
            .await
            .map(drop)?);
        Ok(transaction.commit().await?)
    }

    /// Moves a forward on from a position, if it still stands there, is still the owner's and does not rest; false if
    /// not, and then nothing was changed. What was failing is forgotten.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn advance_forward(
        &self,
        id: ForwardId,
        owner: &str,
        from: u64,
        advance: &Advance,
    ) -> Result<bool, VaultError> {
        let step = "UPDATE forward SET position = $1, sent = sent + $2, conflicts = conflicts + $3, \
                    set_aside = set_aside + $4, passed_over = passed_over + $5, erased = erased + $6, \
                    failed_at = NULL, failed = NULL \
                    WHERE id = $7 AND owner = $8 AND position = $9 AND paused IS NULL";
        let note = "INSERT INTO forward_set_aside (forward, position, status, at) VALUES ($1, $2, $3, $4)";
        let trim = "DELETE FROM forward_set_aside WHERE forward = $1 AND position < \
            (SELECT position FROM forward_set_aside WHERE forward = $1 ORDER BY position DESC LIMIT 1 OFFSET $2)";
        let Advance { position, counts, set_aside } = advance;
        let mut transaction = self.inner.store.begin_secrets().await?;
        let moved = on_either!(transaction.tx(), connection => {
            let moved = sqlx::query(step)
                .bind(int(*position))
                .bind(int(counts.sent))
                .bind(int(counts.conflicts))
                .bind(int(counts.set_aside))
                .bind(int(counts.passed_over))
                .bind(int(counts.erased))
                .bind(id.to_vec())
                .bind(owner.to_owned())
                .bind(int(from))
                .execute(&mut *connection)
                .await?
                .rows_affected();
            if moved > 0 && !set_aside.is_empty() {
                for one in set_aside {
                    sqlx::query(note)
                        .bind(id.to_vec())
                        .bind(int(one.position))
                        .bind(i64::from(one.status))
                        .bind(one.at.0)
                        .execute(&mut *connection)
                        .await
                        .map(drop)?;
                }
                let last = int(SET_ASIDE_KEPT as u64 - 1);
                sqlx::query(trim).bind(id.to_vec()).bind(last).execute(&mut *connection).await.map(drop)?;
            }
            moved
        });
        transaction.commit().await?;
        Ok(moved > 0)
    }

    /// Notes that a try failed, if the forward is still the owner's. The reason is shown to administrators; nothing
    /// personal belongs in it.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn note_forward_failure(
        &self,
        id: ForwardId,
        owner: &str,
        reason: &str,
    ) -> Result<(), VaultError> {
        let sql = "UPDATE forward SET failed_at = $1, failed = $2 WHERE id = $3 AND owner = $4";
        let now = self.inner.clock.now();
        let mut transaction = self.inner.store.begin_secrets().await?;
        on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(now.0)
            .bind(reason.to_owned())
            .bind(id.to_vec())
            .bind(owner.to_owned())
            .execute(connection)
            .await
            .map(drop)?);
        Ok(transaction.commit().await?)
    }

    /// The newest statements that the other side of a forward refused, newest first, at most [`SET_ASIDE_KEPT`].
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn forward_set_aside(&self, id: ForwardId) -> Result<Vec<SetAside>, VaultError> {
        let sql = "SELECT position, status, at FROM forward_set_aside WHERE forward = $1 \
                   ORDER BY position DESC, at DESC LIMIT $2";
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let rows = sqlx::query(sql)
                .bind(id.to_vec())
                .bind(int(SET_ASIDE_KEPT as u64))
                .fetch_all(connection)
                .await?;
            rows.iter()
                .map(|row| Ok(SetAside {
                    position: number(row.try_get(0)?),
                    status: u16::try_from(row.try_get::<i64, _>(1)?).unwrap_or(0),
                    at: Micros(row.try_get(2)?),
                }))
                .collect()
        })
    }
}

/// A secret is bound to its forward: moved to another row it does not open.
fn purpose(id: ForwardId) -> String {
    format!("forward secret {}", hex::encode(id))
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}
