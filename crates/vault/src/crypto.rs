//! The primitives, each behind one function with its label: random keys, wrapping, derivation, keyed hashes.
//!
//! Labels are part of the formats (docs/formats/vault.md) and never change.

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use ring::hmac::{self, HMAC_SHA256};
use zeroize::Zeroizing;

use crate::VaultError;

/// Length of a wrapped 32-byte key: nonce, key, tag.
pub(crate) const WRAPPED: usize = 12 + 32 + 16;

/// 32 bytes that are wiped from memory when dropped, and that no formatter shows.
pub(crate) struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn random() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// `N` bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], VaultError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// Wraps 32 bytes under `key` with AES-256-GCM-SIV: nonce ‖ ciphertext ‖ tag.
pub(crate) fn wrap(key: &Secret, nonce: [u8; 12], context: &[u8], secret: &[u8; 32]) -> Vec<u8> {
    let cipher = Aes256GcmSiv::new(key.expose().into());
    let mut wrapped = Vec::with_capacity(WRAPPED);
    wrapped.extend_from_slice(&nonce);
    match cipher.encrypt(Nonce::from_slice(&nonce), Payload { msg: secret, aad: context }) {
        Ok(sealed) => wrapped.extend_from_slice(&sealed),
        Err(_) => unreachable!("encryption fails only past 2^36 bytes"),
    }
    wrapped
}

/// The 32 bytes that were wrapped under `key` with this context; `None` where anything differs.
pub(crate) fn unwrap(key: &Secret, context: &[u8], wrapped: &[u8]) -> Option<Secret> {
    if wrapped.len() != WRAPPED {
        return None;
    }
    let (nonce, sealed) = wrapped.split_at(12);
    let cipher = Aes256GcmSiv::new(key.expose().into());
    let opened = cipher.decrypt(Nonce::from_slice(nonce), Payload { msg: sealed, aad: context }).ok()?;
    let opened = Zeroizing::new(opened);
    let mut secret = Zeroizing::new([0; 32]);
    if opened.len() != secret.len() {
        return None;
    }
    secret.copy_from_slice(&opened);
    Some(Secret(secret))
}

/// HKDF-Expand with SHA-256 (RFC 5869, 2.3), whose first 32 bytes are one HMAC. Every key here is uniformly random, so
/// the extract step is left out (3.3).
pub(crate) fn expand(key: &Secret, info: &[&[u8]]) -> Secret {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, key.expose()));
    info.iter().for_each(|part| mac.update(part));
    mac.update(&[1]);
    Secret(signed(mac))
}

/// HKDF-Extract with SHA-256 over several keys: without each of them the result cannot be had.
pub(crate) fn combine<'a>(keys: impl Iterator<Item = &'a Secret>) -> Secret {
    let mut material = Zeroizing::new(Vec::with_capacity(32 * 16));
    for key in keys {
        material.extend_from_slice(key.expose());
    }
    let mut mac = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, b"larka several 1"));
    mac.update(&material);
    Secret(signed(mac))
}

/// HMAC-SHA256 over parts, each of which is preceded by its length as eight bytes, big-endian.
pub(crate) fn keyed_hash(key: &Secret, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, key.expose()));
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    *signed(mac)
}

fn signed(mac: hmac::Context) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    bytes.copy_from_slice(mac.sign().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_opens_only_under_its_key_and_context_and_unchanged() {
        let (kek, other) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
        let wrapped = wrap(&kek, [3; 12], b"context", &[4; 32]);
        assert_eq!(wrapped.len(), WRAPPED);
        assert_eq!(unwrap(&kek, b"context", &wrapped).unwrap().expose(), &[4; 32]);
        assert!(unwrap(&other, b"context", &wrapped).is_none());
        assert!(unwrap(&kek, b"contexu", &wrapped).is_none());
        for byte in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[byte] ^= 1;
            assert!(unwrap(&kek, b"context", &changed).is_none(), "byte {byte}");
        }
        assert!(unwrap(&kek, b"context", &wrapped[..WRAPPED - 1]).is_none());
    }

    #[test]
    fn a_keyed_hash_tells_the_borders_of_its_parts() {
        let key = Secret::from_bytes([1; 32]);
        assert_ne!(keyed_hash(&key, &[b"ab", b"c"]), keyed_hash(&key, &[b"a", b"bc"]));
    }

    #[test]
    fn a_combined_key_needs_every_key() {
        let keys: Vec<_> = (0..3).map(|n| Secret::from_bytes([n; 32])).collect();
        assert_ne!(combine(keys.iter()).expose(), combine(keys[..2].iter()).expose());
    }

    #[test]
    fn no_formatter_shows_a_secret() {
        assert_eq!(format!("{:?}", Secret::from_bytes([65; 32])), "Secret");
    }
}
