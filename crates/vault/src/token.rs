//! Keyed hashes and tokens, under keys of their own that no ratchet changes.

use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

use crate::{Vault, VaultError, crypto};

const FORMAT: u8 = 1;
const NONCE: usize = 24;
const TAG: usize = 16;

impl Vault {
    /// A hash that only this instance can make, the same for good: for the keys of document streams and the like.
    /// `purpose` keeps uses apart. Over agent ids, never over identifiers, which could be tried out.
    pub fn keyed_hash(&self, purpose: &str, bytes: &[u8]) -> [u8; 16] {
        let keyring = self.inner.keyring();
        let hash = crypto::keyed_hash(&keyring.hash, &[b"larka hash 1", purpose.as_bytes(), bytes]);
        let mut short = [0; 16];
        short.copy_from_slice(&hash[..16]);
        short
    }

    /// Encrypts and authenticates something that others carry about, such as a cursor. 41 bytes longer than `plain`.
    ///
    /// # Errors
    /// [`VaultError::Stopped`] where the operating system gives no random bytes.
    pub fn seal_token(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce: [u8; NONCE] = crypto::random()?;
        let mut token = Vec::with_capacity(1 + NONCE + plain.len() + TAG);
        token.push(FORMAT);
        token.extend_from_slice(&nonce);
        token.extend_from_slice(plain);
        let tag = self
            .token_cipher(purpose)
            .encrypt_in_place_detached(XNonce::from_slice(&nonce), &[FORMAT], &mut token[1 + NONCE..])
            .map_err(|_| VaultError::Invalid("a token is shorter"))?;
        token.extend_from_slice(&tag);
        Ok(token)
    }

    /// What was sealed for the same purpose by this instance; `None` for anything else.
    pub fn open_token(&self, purpose: &str, token: &[u8]) -> Option<Vec<u8>> {
        let (&[FORMAT], sealed) = token.split_first_chunk::<1>()? else { return None };
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let (coded, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG)?)?;
        let mut plain = coded.to_vec();
        self.token_cipher(purpose)
            .decrypt_in_place_detached(XNonce::from_slice(nonce), &[FORMAT], &mut plain, tag.into())
            .ok()?;
        Some(plain)
    }

    fn token_cipher(&self, purpose: &str) -> XChaCha20Poly1305 {
        let info: [&[u8]; 3] = [b"larka token 1", &self.inner.instance, purpose.as_bytes()];
        let key = crypto::expand(&self.inner.keyring().token, &info);
        XChaCha20Poly1305::new(key.expose().into())
    }
}
