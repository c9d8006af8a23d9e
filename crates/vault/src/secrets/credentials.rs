//! The credentials of tools: a key that names them and a secret that proves it (HTTP Basic).

use std::time::Duration;

use eventlog::clock::Micros;
use sha2::{Digest, Sha256};
use sqlx::Row;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::store::{bytes, on_either};
use crate::{Vault, VaultError, crypto};

/// A credential's id: random, the same for good, and what events carry.
pub type CredentialId = [u8; 16];

/// How long a revocation on another node may stay unnoticed.
const FRESH: Duration = Duration::from_secs(5);

/// A tool that may use the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// What events carry.
    pub id: CredentialId,
    /// What the tool names itself by.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What it may do, in the caller's words.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created: Micros,
    /// When it was revoked, if it was.
    pub revoked: Option<Micros>,
}

/// A credential just made, with its secret, which is never shown again.
pub struct NewCredential {
    /// The credential.
    pub credential: Credential,
    /// 256 random bits as 64 hexadecimal digits; only their SHA-256 is kept.
    pub secret: Zeroizing<String>,
}

impl std::fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCredential").field("credential", &self.credential).finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub(super) struct Cached {
    credential: Credential,
    secret: [u8; 32],
    read_at: Duration,
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
            },
            secret: bytes($row.try_get(2)?)?,
            read_at: $read_at,
        }
    };
}

impl Vault {
    /// Makes a credential. Scopes are words without spaces.
    ///
    /// # Errors
    /// [`VaultError::Invalid`] for a scope with a space, [`VaultError::Unavailable`].
    pub async fn create_credential(&self, name: &str, scopes: &[&str]) -> Result<NewCredential, VaultError> {
        let secret = new_secret()?;
        let credential = Credential {
            id: crypto::random()?,
            key: hex::encode(crypto::random::<16>()?),
            name: name.to_owned(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            created: self.inner.clock.now(),
            revoked: None,
        };
        if scopes.iter().any(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
            return Err(VaultError::Invalid("a scope is a word without spaces"));
        }
        let sql =
            "INSERT INTO credential (id, key, secret, name, scopes, created) VALUES ($1, $2, $3, $4, $5, $6)";
        let mut transaction = self.inner.store.begin_secrets().await?;
        on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(credential.id.to_vec())
            .bind(credential.key.clone())
            .bind(Sha256::digest(secret.as_bytes()).to_vec())
            .bind(credential.name.clone())
            .bind(scopes.join(" "))
            .bind(credential.created.0)
            .execute(connection)
            .await
            .map(drop)?);
        transaction.commit().await?;
        Ok(NewCredential { credential, secret })
    }

    /// Gives a credential a new secret; the old one is refused from then on. `None` where there is no such key, or
    /// it was revoked.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn rotate_credential(&self, key: &str) -> Result<Option<NewCredential>, VaultError> {
        let secret = new_secret()?;
        let sql = "UPDATE credential SET secret = $1 WHERE key = $2 AND revoked IS NULL";
        let mut transaction = self.inner.store.begin_secrets().await?;
        let changed = on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(Sha256::digest(secret.as_bytes()).to_vec())
            .bind(key.to_owned())
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
        let sql =
            "SELECT id, key, secret, name, scopes, created, revoked FROM credential ORDER BY created, id";
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let rows = sqlx::query(sql).fetch_all(connection).await?;
            rows.iter().map(|row| Ok(cached!(row, Duration::ZERO).credential)).collect()
        })
    }

    /// The credential with this key, if the secret is its own and it was not revoked. Compares in constant time;
    /// mostly answered from memory, so that a revocation on another node counts after five seconds.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn verify_credential(&self, key: &str, secret: &str) -> Result<Option<Credential>, VaultError> {
        let now = self.inner.clock.elapsed();
        let cache = &self.inner.secrets.credentials;
        let cached = cache.get(&key.to_owned()).filter(|cached| now.saturating_sub(cached.read_at) < FRESH);
        let cached = match cached {
            Some(cached) => Some(cached),
            None => {
                let epoch = cache.epoch();
                let read = self.read_credential(key).await?;
                cache.insert_all(epoch, read.iter().map(|read| (key.to_owned(), read.clone())));
                read
            }
        };
        // The same work whether or not the key is known.
        let expected = cached.as_ref().map_or([0; 32], |cached| cached.secret);
        let same = bool::from(Sha256::digest(secret.as_bytes()).as_slice().ct_eq(&expected));
        Ok(cached.map(|cached| cached.credential).filter(|credential| same && credential.revoked.is_none()))
    }

    async fn read_credential(&self, key: &str) -> Result<Option<Cached>, VaultError> {
        let now = self.inner.clock.elapsed();
        let sql = "SELECT id, key, secret, name, scopes, created, revoked FROM credential WHERE key = $1";
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let row = sqlx::query(sql).bind(key.to_owned()).fetch_optional(connection).await?;
            row.map(|row| Ok(cached!(row, now))).transpose()
        })
    }
}

fn new_secret() -> Result<Zeroizing<String>, VaultError> {
    let bits = Zeroizing::new(crypto::random::<32>()?);
    Ok(Zeroizing::new(hex::encode(bits.as_slice())))
}
