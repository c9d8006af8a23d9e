//! The credentials of tools: a key that names them and a secret that proves it (HTTP Basic).

use std::sync::Arc;
use std::time::Duration;

use eventlog::clock::Micros;
use sha2::{Digest, Sha256};
use sqlx::Row;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::credential::{Cached, Credential, NewCredential, Rate, Terms};
use crate::store::{bytes, on_either};
use crate::{Vault, VaultError, crypto};

/// How long a revocation on another node may stay unnoticed.
const FRESH: Duration = Duration::from_secs(5);
/// How old what is remembered has to be to be read again for a secret that does not fit it: so seldom that wrong secrets
/// are no burden, and so soon that a new one is known on every node when it arrives there.
const READ_AGAIN: Duration = Duration::from_millis(100);

/// The columns that [`cached!`] reads.
macro_rules! columns {
    () => {
        "id, key, secret, name, scopes, created, revoked, expires, rate, burst, former, former_until, rules"
    };
}

/// A row of either database: the types differ, the columns do not.
macro_rules! cached {
    ($row:expr, $read_at:expr) => {
        Cached {
            credential: Credential {
                id: bytes($row.try_get(0)?)?,
                key: $row.try_get(1)?,
                name: $row.try_get(3)?,
                scopes: $row.try_get::<String, _>(4)?.split_whitespace().map(str::to_owned).collect(),
                created: Micros($row.try_get(5)?),
                revoked: $row.try_get::<Option<i64>, _>(6)?.map(Micros),
                expires: $row.try_get::<Option<i64>, _>(7)?.map(Micros),
                rate: rate($row.try_get(8)?, $row.try_get(9)?),
                rules: $row.try_get::<Option<String>, _>(12)?.map(Arc::from),
            },
            secret: bytes($row.try_get(2)?)?,
            former: former($row.try_get(10)?, $row.try_get(11)?)?,
            read_at: $read_at,
        }
    };
}

impl Vault {
    /// Makes a credential that may do what the scopes say, for ever and without a limit.
    ///
    /// # Errors
    /// As [`Vault::create_credential_with`].
    pub async fn create_credential(&self, name: &str, scopes: &[&str]) -> Result<NewCredential, VaultError> {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.create_credential_with(name, Terms { scopes, ..Terms::default() }).await
    }

    /// Makes a credential.
    ///
    /// # Errors
    /// [`VaultError::Invalid`] for a scope with a space, [`VaultError::Unavailable`].
    pub async fn create_credential_with(
        &self,
        name: &str,
        terms: Terms,
    ) -> Result<NewCredential, VaultError> {
        let Terms { scopes, expires, rate, rules } = terms;
        if scopes.iter().any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
            return Err(VaultError::Invalid("a scope is a word without spaces"));
        }
        let secret = new_secret()?;
        let credential = Credential {
            id: crypto::random()?,
            key: hex::encode(crypto::random::<16>()?),
            name: name.to_owned(),
            scopes,
            created: self.inner.clock.now(),
            revoked: None,
            expires,
            rate,
            rules,
        };
        let sql = "INSERT INTO credential (id, key, secret, name, scopes, created, expires, rate, burst, rules) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let mut transaction = self.inner.store.begin_secrets().await?;
        on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(credential.id.to_vec())
            .bind(credential.key.clone())
            .bind(Sha256::digest(secret.as_bytes()).to_vec())
            .bind(credential.name.clone())
            .bind(credential.scopes.join(" "))
            .bind(credential.created.0)
            .bind(expires.map(|expires| expires.0))
            .bind(rate.map(|rate| i64::from(rate.per_second)))
            .bind(rate.map(|rate| i64::from(rate.burst)))
            .bind(credential.rules.as_deref().map(str::to_owned))
            .execute(connection)
            .await
            .map(drop)?);
        transaction.commit().await?;
        Ok(NewCredential { credential, secret })
    }

    /// Gives a credential a new secret. The old one is good until `grace` is over; one that was good for such a time
    /// already no longer is. `None` where there is no such key, or it was revoked.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn rotate_credential(
        &self,
        key: &str,
        grace: Duration,
    ) -> Result<Option<NewCredential>, VaultError> {
        let secret = new_secret()?;
        let grace = i64::try_from(grace.as_micros()).unwrap_or(i64::MAX);
        let until = (grace > 0).then(|| self.inner.clock.now().0.saturating_add(grace));
        let sql = "UPDATE credential SET former = CASE WHEN CAST($3 AS BIGINT) IS NULL THEN NULL ELSE secret END, \
                   former_until = $3, secret = $1 WHERE key = $2 AND revoked IS NULL";
        let mut transaction = self.inner.store.begin_secrets().await?;
        let changed = on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(Sha256::digest(secret.as_bytes()).to_vec())
            .bind(key.to_owned())
            .bind(until)
            .execute(connection)
            .await?
            .rows_affected());
        transaction.commit().await?;
        self.inner.secrets.credentials.clear();
        if changed == 0 {
            return Ok(None);
        }
        Ok(self
            .read_credential(key)
            .await?
            .map(|cached| NewCredential { credential: cached.credential, secret }))
    }

    /// Gives a credential other rules, or none; on other nodes they count after five seconds. `None` where there is no
    /// such key, or it was revoked.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn set_credential_rules(
        &self,
        key: &str,
        rules: Option<&str>,
    ) -> Result<Option<Credential>, VaultError> {
        let sql = "UPDATE credential SET rules = $1 WHERE key = $2 AND revoked IS NULL";
        let mut transaction = self.inner.store.begin_secrets().await?;
        let changed = on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(rules.map(str::to_owned))
            .bind(key.to_owned())
            .execute(connection)
            .await?
            .rows_affected());
        transaction.commit().await?;
        self.inner.secrets.credentials.clear();
        if changed == 0 { Ok(None) } else { self.credential(key).await }
    }

    /// Revokes a credential, for good. False where there is no such key, or it was revoked before.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn revoke_credential(&self, key: &str) -> Result<bool, VaultError> {
        let sql = "UPDATE credential SET revoked = $1 WHERE key = $2 AND revoked IS NULL";
        let now = self.inner.clock.now();
        let mut transaction = self.inner.store.begin_secrets().await?;
        let changed = on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(now.0)
            .bind(key.to_owned())
            .execute(connection)
            .await?
            .rows_affected());
        transaction.commit().await?;
        self.inner.secrets.credentials.clear();
        Ok(changed > 0)
    }

    /// All credentials, the revoked ones too, by when they were made.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn credentials(&self) -> Result<Vec<Credential>, VaultError> {
        let sql = concat!("SELECT ", columns!(), " FROM credential ORDER BY created, id");
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let rows = sqlx::query(sql).fetch_all(connection).await?;
            rows.iter().map(|row| Ok(cached!(row, Duration::ZERO).credential)).collect()
        })
    }

    /// The credential with this key, whether or not it is in force.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn credential(&self, key: &str) -> Result<Option<Credential>, VaultError> {
        Ok(self.read_credential(key).await?.map(|cached| cached.credential))
    }

    /// The credential with this key, if the secret is its own and it was not revoked and has not expired. Compares in
    /// constant time; mostly answered from memory, so that a revocation on another node, or the end of a secret that was
    /// rotated there, counts after five seconds. A new secret counts at once.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn verify_credential(&self, key: &str, secret: &str) -> Result<Option<Credential>, VaultError> {
        let (elapsed, now) = (self.inner.clock.elapsed(), self.inner.clock.now());
        let hash = Sha256::digest(secret.as_bytes());
        let cache = &self.inner.secrets.credentials;
        let will_do = |cached: &Cached| {
            let age = elapsed.saturating_sub(cached.read_at);
            age < READ_AGAIN || (age < FRESH && cached.is_secret(&hash, now))
        };
        let cached = match cache.get(&key.to_owned()).filter(will_do) {
            Some(cached) => Some(cached),
            None => {
                let epoch = cache.epoch();
                // Boxed, as everything on the way of a request that is hardly ever gone: it would make all of it large.
                let read = Box::pin(self.read_credential(key)).await?;
                cache.insert_all(epoch, read.iter().map(|read| (key.to_owned(), read.clone())));
                read
            }
        };
        let Some(cached) = cached else {
            // The same work whether or not the key is known.
            let _ = hash.as_slice().ct_eq(&[0; 32]) | hash.as_slice().ct_eq(&[1; 32]);
            return Ok(None);
        };
        let good = cached.is_secret(&hash, now) & cached.is_in_force(now);
        Ok(good.then_some(cached.credential))
    }

    async fn read_credential(&self, key: &str) -> Result<Option<Cached>, VaultError> {
        let now = self.inner.clock.elapsed();
        let sql = concat!("SELECT ", columns!(), " FROM credential WHERE key = $1");
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let row = sqlx::query(sql).bind(key.to_owned()).fetch_optional(connection).await?;
            row.map(|row| Ok(cached!(row, now))).transpose()
        })
    }
}

fn rate(per_second: Option<i64>, burst: Option<i64>) -> Option<Rate> {
    let number = |column: Option<i64>| Some(u32::try_from(column?).unwrap_or(u32::MAX).max(1));
    Some(Rate { per_second: number(per_second)?, burst: number(burst)? })
}

fn former(secret: Option<Vec<u8>>, until: Option<i64>) -> Result<Option<([u8; 32], Micros)>, VaultError> {
    secret.zip(until).map(|(secret, until)| Ok((bytes(&secret)?, Micros(until)))).transpose()
}

fn new_secret() -> Result<Zeroizing<String>, VaultError> {
    let bits = Zeroizing::new(crypto::random::<32>()?);
    Ok(Zeroizing::new(hex::encode(bits.as_slice())))
}
