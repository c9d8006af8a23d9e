//! Accounts of people who administer, and their sessions. Single sign-on stands beside it, not here.

use std::time::Duration;

use eventlog::clock::Micros;
use sha2::{Digest, Sha256};
use sqlx::Row;
use zeroize::Zeroizing;

use super::passwords::{hash_password, password_is};
use crate::store::{bytes, on_either};
use crate::{Vault, VaultError, crypto};

/// An account's id: random, the same for good, and what events carry.
pub type AccountId = [u8; 16];

/// Somebody who can log in.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// What events carry.
    pub id: AccountId,
    /// What the person logs in as.
    pub login: String,
    /// What the account may do, in the caller's words.
    pub role: String,
    /// What the person is called.
    pub display_name: String,
    /// When it was made.
    pub created: Micros,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("id", &hex::encode(self.id))
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// A session just begun.
pub struct NewSession {
    /// 256 random bits as 64 hexadecimal digits; only their SHA-256 is kept.
    pub token: Zeroizing<String>,
    /// When it ends by itself.
    pub expires: Micros,
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSession").field("expires", &self.expires).finish_non_exhaustive()
    }
}

/// A row of either database: the types differ, the columns do not.
macro_rules! account {
    ($row:expr) => {
        Account {
            id: bytes($row.try_get(0)?)?,
            login: $row.try_get(1)?,
            role: $row.try_get(2)?,
            display_name: $row.try_get(3)?,
            created: Micros($row.try_get(4)?),
        }
    };
}

impl Vault {
    /// Makes an account. Passwords have 15 to 1024 bytes and are kept as argon2id hashes.
    ///
    /// # Errors
    /// [`VaultError::Invalid`] for the password's length, [`VaultError::Exists`] where the login is taken,
    /// [`VaultError::Unavailable`].
    pub async fn create_account(
        &self,
        login: &str,
        password: &str,
        role: &str,
        display_name: &str,
    ) -> Result<Account, VaultError> {
        let hash = hash_password(password).await?;
        let account = Account {
            id: crypto::random()?,
            login: login.to_owned(),
            role: role.to_owned(),
            display_name: display_name.to_owned(),
            created: self.inner.clock.now(),
        };
        let sql = "INSERT INTO account (id, login, password, role, display_name, created) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (login) DO NOTHING";
        let mut transaction = self.inner.store.begin_secrets().await?;
        let made = on_either!(transaction.tx(), connection => sqlx::query(sql)
            .bind(account.id.to_vec())
            .bind(account.login.clone())
            .bind(hash)
            .bind(account.role.clone())
            .bind(account.display_name.clone())
            .bind(account.created.0)
            .execute(connection)
            .await?
            .rows_affected());
        transaction.commit().await?;
        if made == 0 { Err(VaultError::Exists("an account with this login")) } else { Ok(account) }
    }

    /// Gives an account a new password and ends its sessions. False where there is no such login.
    ///
    /// # Errors
    /// [`VaultError::Invalid`] for the password's length, [`VaultError::Unavailable`].
    pub async fn set_password(&self, login: &str, password: &str) -> Result<bool, VaultError> {
        let hash = hash_password(password).await?;
        let end = "DELETE FROM session WHERE account IN (SELECT id FROM account WHERE login = $1)";
        let change = "UPDATE account SET password = $1 WHERE login = $2";
        let mut transaction = self.inner.store.begin_secrets().await?;
        on_either!(transaction.tx(), connection => {
            sqlx::query(end).bind(login.to_owned()).execute(connection).await.map(drop)?;
        });
        let changed = on_either!(transaction.tx(), connection => {
            sqlx::query(change).bind(hash).bind(login.to_owned()).execute(connection).await?.rows_affected()
        });
        transaction.commit().await?;
        Ok(changed > 0)
    }

    /// All accounts, by login.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn accounts(&self) -> Result<Vec<Account>, VaultError> {
        let sql = "SELECT id, login, role, display_name, created FROM account ORDER BY login";
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let rows = sqlx::query(sql).fetch_all(connection).await?;
            rows.iter().map(|row| Ok(account!(row))).collect()
        })
    }

    /// The account with this login, if the password is its own, which was verified a moment ago, and nothing was changed
    /// since. Hashes nothing, and so says nothing of others.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn recall_password(&self, login: &str, password: &str) -> Result<Option<Account>, VaultError> {
        let verified = &self.inner.secrets.passwords;
        let held = self.account_of(login).await?.filter(|(_, stored)| {
            verified.holds(&verified.mark(login, password, stored), self.inner.clock.elapsed())
        });
        Ok(held.map(|(account, _)| account))
    }

    /// The account with this login, if the password is its own. Takes as long for a login that is not known; where the
    /// same was asked a moment ago and nothing was changed it takes no time.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn verify_password(&self, login: &str, password: &str) -> Result<Option<Account>, VaultError> {
        let known = self.account_of(login).await?;
        let (account, stored) = known.map_or((None, None), |(account, stored)| (Some(account), Some(stored)));
        let verified = &self.inner.secrets.passwords;
        let mark = stored.as_deref().map(|stored| verified.mark(login, password, stored));
        if mark.is_some_and(|mark| verified.holds(&mark, self.inner.clock.elapsed())) {
            return Ok(account);
        }
        let same = password_is(password, stored).await?;
        if let Some(mark) = mark.filter(|_| same) {
            verified.remember(mark, self.inner.clock.elapsed());
        }
        Ok(account.filter(|_| same))
    }

    /// An account, and its password as it is stored.
    async fn account_of(&self, login: &str) -> Result<Option<(Account, String)>, VaultError> {
        let sql = "SELECT id, login, role, display_name, created, password FROM account WHERE login = $1";
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let row = sqlx::query(sql).bind(login.to_owned()).fetch_optional(connection).await?;
            row.map(|row| Ok((account!(row), row.try_get(5)?))).transpose()
        })
    }

    /// Begins a session of an account.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn begin_session(&self, account: AccountId, lasts: Duration) -> Result<NewSession, VaultError> {
        let bits = Zeroizing::new(crypto::random::<32>()?);
        let token = Zeroizing::new(hex::encode(bits.as_slice()));
        let now = self.inner.clock.now();
        let expires = Micros(now.0.saturating_add(i64::try_from(lasts.as_micros()).unwrap_or(i64::MAX)));
        let tidy = "DELETE FROM session WHERE expires <= $1";
        let begin = "INSERT INTO session (token, account, created, expires) VALUES ($1, $2, $3, $4)";
        let mut transaction = self.inner.store.begin_secrets().await?;
        on_either!(transaction.tx(), connection => {
            sqlx::query(tidy).bind(now.0).execute(connection).await.map(drop)?;
        });
        on_either!(transaction.tx(), connection => sqlx::query(begin)
            .bind(Sha256::digest(token.as_bytes()).to_vec())
            .bind(account.to_vec())
            .bind(now.0)
            .bind(expires.0)
            .execute(connection)
            .await
            .map(drop)?);
        transaction.commit().await?;
        Ok(NewSession { token, expires })
    }

    /// The account that a token's session belongs to, while it lasts.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn session(&self, token: &str) -> Result<Option<Account>, VaultError> {
        // The table is searched by a hash, so how long a comparison takes tells nothing of a token.
        let sql = "SELECT a.id, a.login, a.role, a.display_name, a.created FROM session AS s \
                   JOIN account AS a ON a.id = s.account WHERE s.token = $1 AND s.expires > $2";
        let (token, now) = (Sha256::digest(token.as_bytes()).to_vec(), self.inner.clock.now());
        let mut reading = self.inner.store.read().await?;
        on_either!(reading.tx(), connection => {
            let row = sqlx::query(sql).bind(token).bind(now.0).fetch_optional(connection).await?;
            row.map(|row| Ok(account!(row))).transpose()
        })
    }

    /// Ends a session. Whoever has none loses nothing.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn end_session(&self, token: &str) -> Result<(), VaultError> {
        let token = Sha256::digest(token.as_bytes()).to_vec();
        let mut transaction = self.inner.store.begin_secrets().await?;
        on_either!(transaction.tx(), connection => {
            sqlx::query("DELETE FROM session WHERE token = $1").bind(token).execute(connection).await.map(drop)?;
        });
        Ok(transaction.commit().await?)
    }
}
