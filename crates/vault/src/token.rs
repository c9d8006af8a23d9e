//! Keyed hashes and tokens, under keys of their own that no ratchet changes.

use crate::crypto::{self, Secret};
use crate::xchacha::{self, NONCE, TAG};
use crate::{Vault, VaultError};

const FORMAT: u8 = 1;

impl Vault {
    /// A hash that only this instance can make, the same for good: for the keys of document streams and the like.
    /// `purpose` keeps uses apart. Over agent ids, never over identifiers, which could be tried out.
    pub fn keyed_hash(&self, purpose: &str, bytes: &[u8]) -> [u8; 16] {
        hash(&self.inner.keyring().hash, purpose, bytes)
    }

    /// Encrypts and authenticates something that others carry about, such as a cursor. 41 bytes longer than `plain`.
    ///
    /// # Errors
    /// [`VaultError::Stopped`] where the operating system gives no random bytes.
    pub fn seal_token(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        seal(&self.inner.keyring().token, &self.inner.instance, purpose, plain, crypto::random()?)
    }

    /// What was sealed for the same purpose by this instance; `None` for anything else.
    pub fn open_token(&self, purpose: &str, token: &[u8]) -> Option<Vec<u8>> {
        open(&self.inner.keyring().token, &self.inner.instance, purpose, token)
    }
}

pub(crate) fn hash(key: &Secret, purpose: &str, bytes: &[u8]) -> [u8; 16] {
    let hash = crypto::keyed_hash(key, &[b"larka hash 1", purpose.as_bytes(), bytes]);
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

pub(crate) fn seal(
    key: &Secret,
    instance: &[u8; 16],
    purpose: &str,
    plain: &[u8],
    nonce: [u8; NONCE],
) -> Result<Vec<u8>, VaultError> {
    let mut token = Vec::with_capacity(1 + NONCE + plain.len() + TAG);
    token.push(FORMAT);
    token.extend_from_slice(&nonce);
    token.extend_from_slice(plain);
    let tag = xchacha::seal(&key_for(key, instance, purpose), &nonce, &[FORMAT], &mut token[1 + NONCE..])
        .ok_or(VaultError::Invalid("a token is shorter than 256 GiB"))?;
    token.extend_from_slice(&tag);
    Ok(token)
}

pub(crate) fn open(key: &Secret, instance: &[u8; 16], purpose: &str, token: &[u8]) -> Option<Vec<u8>> {
    let (&[FORMAT], sealed) = token.split_first_chunk::<1>()? else { return None };
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    let (coded, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
    let mut plain = coded.to_vec();
    xchacha::open(&key_for(key, instance, purpose), nonce, &[FORMAT], &mut plain, tag)?;
    Some(plain)
}

fn key_for(key: &Secret, instance: &[u8; 16], purpose: &str) -> Secret {
    crypto::expand(key, &[b"larka token 1", instance, purpose.as_bytes()])
}
