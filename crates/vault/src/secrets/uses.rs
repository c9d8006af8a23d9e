//! What credentials were used for: when they were last seen, what was stored and what was refused.

use std::collections::BTreeMap;

use eventlog::clock::Micros;
use sqlx::Row;

use crate::store::on_either;
use crate::{Vault, VaultError};

/// Refusals that are kept of each credential: the newest.
pub const REFUSALS_KEPT: usize = 50;

/// What one credential was used for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Use {
    /// When it last came with its secret.
    pub seen: Micros,
    /// Statements stored.
    pub stored: u64,
    /// Requests refused for what a statement said.
    pub refused: u64,
    /// The newest of them, newest first, at most [`REFUSALS_KEPT`].
    pub refusals: Vec<RefusalNote>,
}

/// A request that was refused for what a statement said. Holds nothing of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalNote {
    /// When.
    pub at: Micros,
    /// Why, in one line.
    pub reason: String,
    /// Where in the statement, as a JSON pointer.
    pub path: String,
}

impl Vault {
    /// Adds to what is known of the use of credentials, by their keys.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`]; then nothing was added.
    pub async fn add_uses(&self, uses: &BTreeMap<String, Use>) -> Result<(), VaultError> {
        let count = "INSERT INTO credential_use (key, seen, stored, refused) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (key) DO UPDATE SET stored = credential_use.stored + excluded.stored, \
            refused = credential_use.refused + excluded.refused, \
            seen = CASE WHEN excluded.seen > credential_use.seen THEN excluded.seen ELSE credential_use.seen END";
        let note = "INSERT INTO credential_refusal (key, refused, reason, path) VALUES ($1, $2, $3, $4)";
        let trim = "DELETE FROM credential_refusal WHERE key = $1 AND refused < \
            (SELECT refused FROM credential_refusal WHERE key = $1 ORDER BY refused DESC LIMIT 1 OFFSET $2)";
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut transaction = self.inner.store.begin_secrets().await?;
        // By key: two nodes that write at once never wait for each other in a circle.
        for (key, used) in uses {
            on_either!(transaction.tx(), connection => {
                sqlx::query(count)
                    .bind(key.clone())
                    .bind(used.seen.0)
                    .bind(number(used.stored))
                    .bind(number(used.refused))
                    .execute(&mut *connection)
                    .await
                    .map(drop)?;
                for refusal in &used.refusals {
                    sqlx::query(note)
                        .bind(key.clone())
                        .bind(refusal.at.0)
                        .bind(refusal.reason.clone())
                        .bind(refusal.path.clone())
                        .execute(&mut *connection)
                        .await
                        .map(drop)?;
                }
                if !used.refusals.is_empty() {
                    let last = number(REFUSALS_KEPT as u64 - 1);
                    sqlx::query(trim).bind(key.clone()).bind(last).execute(&mut *connection).await.map(drop)?;
                }
            });
        }
        transaction.commit().await?;
        Ok(())
    }

    /// What credentials were used for, by their keys, as far as it was added.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn uses(&self) -> Result<BTreeMap<String, Use>, VaultError> {
        let counts = "SELECT key, seen, stored, refused FROM credential_use";
        let notes = "SELECT key, refused, reason, path FROM credential_refusal ORDER BY refused DESC";
        let number = |column: i64| u64::try_from(column).unwrap_or(0);
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let mut uses = BTreeMap::new();
            for row in sqlx::query(counts).fetch_all(&mut *connection).await? {
                let (seen, stored, refused) = (Micros(row.try_get(1)?), number(row.try_get(2)?), number(row.try_get(3)?));
                uses.insert(row.try_get(0)?, Use { seen, stored, refused, refusals: Vec::new() });
            }
            for row in sqlx::query(notes).fetch_all(&mut *connection).await? {
                let known = uses.get_mut(row.try_get::<&str, _>(0)?).filter(|known: &&mut Use| known.refusals.len() < REFUSALS_KEPT);
                if let Some(known) = known {
                    known.refusals.push(RefusalNote { at: Micros(row.try_get(1)?), reason: row.try_get(2)?, path: row.try_get(3)? });
                }
            }
            Ok(uses)
        })
    }
}
