//! Passwords: how they are hashed and verified, and which were verified a moment ago.

use std::time::Duration;

use argon2::password_hash::{Output, PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use crate::blocking::blocking;
use crate::cache::Cache;
use crate::crypto::{self, Secret};
use crate::{VaultError, crypto::keyed_hash};

/// Shorter passwords are refused (NIST SP 800-63B-4, 3.1.1.2, asks for at least 15 where nothing else protects).
const SHORTEST: usize = 15;
/// Longer ones too: hashing must not become a way to keep the server busy.
const LONGEST: usize = 1024;
/// How long a password that was verified need not be hashed again.
const REMEMBERED: Duration = Duration::from_secs(600);
/// The memory that is asked for, in blocks of 1 KiB. A hash uses [`Params::DEFAULT_M_COST`] of them, and the rest is
/// never touched; but more than 32 MiB are, by every allocator of the C library, taken from the system and given back
/// to it when they are let go, where 19 MiB stay with the process, once for each thread that ever hashed.
const ASKED_FOR: usize = 34 << 10;

/// Passwords that were verified a moment ago, as keyed hashes over login, password and what is stored: programs that
/// log in with each request cost one argon2 in ten minutes, and with another stored hash none of it holds any more.
pub(crate) struct Verified {
    key: Secret,
    until: Cache<[u8; 32], Duration>,
}

impl Verified {
    pub(crate) fn new() -> Result<Self, VaultError> {
        Ok(Self { key: Secret::random()?, until: Cache::new(1_000) })
    }

    /// What stands for this password of this login, as long as this hash is stored.
    pub(crate) fn mark(&self, login: &str, password: &str, stored: &str) -> [u8; 32] {
        keyed_hash(&self.key, &[login.as_bytes(), password.as_bytes(), stored.as_bytes()])
    }

    pub(crate) fn holds(&self, mark: &[u8; 32], now: Duration) -> bool {
        self.until.get(mark).is_some_and(|until| now < until)
    }

    pub(crate) fn remember(&self, mark: [u8; 32], now: Duration) {
        self.until.insert_all(self.until.epoch(), std::iter::once((mark, now + REMEMBERED)));
    }
}

/// An argon2id hash to store.
///
/// # Errors
/// [`VaultError::Invalid`] for the password's length.
pub(crate) async fn hash_password(password: &str) -> Result<String, VaultError> {
    if !(SHORTEST..=LONGEST).contains(&password.len()) {
        return Err(VaultError::Invalid("a password has 15 to 1024 characters"));
    }
    let password = Zeroizing::new(password.to_owned());
    blocking(move || {
        let failed = |error: argon2::password_hash::Error| VaultError::Stopped(error.to_string());
        let salt = crypto::random::<16>()?;
        let params = Params::DEFAULT;
        let hash =
            digest(&password, &salt, &params).ok_or(VaultError::Invalid("a password that can be hashed"))?;
        let salt = SaltString::encode_b64(&salt).map_err(failed)?;
        let stored = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&params).try_into().map_err(failed)?,
            salt: Some(salt.as_salt()),
            hash: Some(hash),
        };
        Ok(stored.to_string())
    })
    .await
}

/// Whether a password is the one of a stored hash. Takes as long where none is stored.
pub(crate) async fn password_is(password: &str, stored: Option<String>) -> Result<bool, VaultError> {
    let password = Zeroizing::new(password.to_owned());
    blocking(move || Ok(same(&password, stored.as_deref()))).await
}

fn same(password: &str, stored: Option<&str>) -> bool {
    let parsed =
        stored.filter(|_| password.len() <= LONGEST).and_then(|stored| PasswordHash::new(stored).ok());
    let known = parsed.as_ref().and_then(|parsed| {
        let mut salt = [0; 64];
        let salt = parsed.salt?.decode_b64(&mut salt).ok()?.to_vec();
        Some((salt, Params::try_from(parsed).ok()?, parsed.hash?))
    });
    match known {
        Some((salt, params, hash)) => digest(password, &salt, &params).is_some_and(|digest| digest == hash),
        None => {
            // The same work as for a login that is known.
            let _ = digest("a password", b"sixteen bytes of", &Params::DEFAULT);
            false
        }
    }
}

/// argon2id 1.3.
fn digest(password: &str, salt: &[u8], params: &Params) -> Option<Output> {
    let mut memory = Vec::with_capacity(ASKED_FOR.max(params.block_count()));
    memory.resize(params.block_count(), Block::new());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    Output::init_with(params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN), |out| {
        let hashed = argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, &mut memory);
        hashed.map_err(Into::into)
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[tokio::test]
    async fn what_is_stored_is_argon2id_as_everybody_writes_it() {
        let password = "a password of many words";
        let stored = hash_password(password).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        let parsed = PasswordHash::new(&stored).unwrap();
        assert!(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        let salt = SaltString::encode_b64(b"sixteen bytes of").unwrap();
        let other = Argon2::default().hash_password(password.as_bytes(), &salt).unwrap().to_string();
        assert!(password_is(password, Some(other.clone())).await.unwrap());
        assert!(!password_is("another password", Some(other)).await.unwrap());
        assert!(!password_is(password, None).await.unwrap());
    }

    #[test]
    fn what_was_verified_holds_for_a_while_and_for_what_is_stored_alone() {
        let verified = Verified::new().unwrap();
        let now = Duration::from_secs(1);
        verified.remember(verified.mark("anna", "password", "stored"), now);
        let holds = |login, password, stored, later| {
            verified.holds(&verified.mark(login, password, stored), now + Duration::from_secs(later))
        };
        assert!(holds("anna", "password", "stored", 599));
        assert!(!holds("anna", "password", "stored", 600));
        for (login, password, stored) in
            [("anna", "other", "stored"), ("bo", "password", "stored"), ("anna", "password", "new")]
        {
            assert!(!holds(login, password, stored, 0));
        }
    }
}
