//! Content that is too large for a slot: sealed in chunks under a key of its own, which stands in a slot. Whoever
//! destroys the slot's key destroys the content. Format: docs/formats/vault.md.

use eventlog::Key;

use crate::VaultError;
use crate::crypto::{self, Secret};
use crate::xchacha::{self, NONCE, TAG};

/// The key of one content, random, for its chunks alone. Wiped from memory when dropped; no formatter shows it.
#[derive(Debug)]
pub struct ContentKey(Secret);

/// A chunk's place: chunks cannot be exchanged, left out or cut off at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkPlace {
    /// The set of chunks it belongs to.
    pub set: Key,
    /// Its number, from 0.
    pub number: u32,
    /// Whether it is the set's last.
    pub last: bool,
}

impl ContentKey {
    /// A new key.
    ///
    /// # Errors
    /// [`VaultError::Stopped`] where the operating system gives no random bytes.
    pub fn random() -> Result<Self, VaultError> {
        Ok(Self(Secret::random()?))
    }

    /// The key as it stands in a slot.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::from_bytes(bytes))
    }

    /// Its bytes, to be sealed in a slot and nothing else.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// Seals a chunk: 40 bytes longer than `plain`.
    ///
    /// # Errors
    /// [`VaultError::Stopped`] where the operating system gives no random bytes.
    pub fn seal(&self, place: &ChunkPlace, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.seal_with(place, plain, crypto::random()?)
    }

    /// With the given nonce, which is random everywhere but in the test of the format.
    fn seal_with(&self, place: &ChunkPlace, plain: &[u8], nonce: [u8; NONCE]) -> Result<Vec<u8>, VaultError> {
        let mut body = Vec::with_capacity(NONCE + plain.len() + TAG);
        body.extend_from_slice(&nonce);
        body.extend_from_slice(plain);
        let tag = xchacha::seal(&self.0, &nonce, &place.associated(), &mut body[NONCE..])
            .ok_or(VaultError::Invalid("a chunk holds at most 256 GiB"))?;
        body.extend_from_slice(&tag);
        Ok(body)
    }

    /// Opens a chunk where it stands; it is overwritten.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where it does not authenticate in its place.
    pub fn open(&self, place: &ChunkPlace, mut body: Vec<u8>) -> Result<Vec<u8>, VaultError> {
        let name = || format!("chunk {} of set {}", place.number, hex::encode(place.set));
        let Some(end) = body.len().checked_sub(TAG).filter(|end| *end >= NONCE) else {
            return Err(VaultError::damaged(name(), "expected a nonce and a tag"));
        };
        let unauthentic = || VaultError::damaged(name(), "it does not authenticate in this place");
        let (clear, tag) = body.split_at_mut(end);
        let (nonce, coded) = clear.split_first_chunk_mut::<NONCE>().ok_or_else(unauthentic)?;
        xchacha::open(&self.0, nonce, &place.associated(), coded, tag).ok_or_else(unauthentic)?;
        body.truncate(end);
        body.drain(..NONCE);
        Ok(body)
    }
}

impl ChunkPlace {
    fn associated(&self) -> Vec<u8> {
        let last = [u8::from(self.last)];
        [b"larka chunk 1".as_slice(), &self.set, &self.number.to_be_bytes(), &last].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> ChunkPlace {
        ChunkPlace { set: [1; 16], number: 2, last: false }
    }

    #[test]
    fn a_chunk_opens_only_under_its_key_in_its_place_and_unchanged() {
        let key = ContentKey::random().unwrap();
        let body = key.seal(&place(), b"content").unwrap();
        assert_eq!(body.len(), 7 + 40);
        assert_eq!(key.open(&place(), body.clone()).unwrap(), b"content");
        let elsewhere = [
            ChunkPlace { set: [3; 16], ..place() },
            ChunkPlace { number: 3, ..place() },
            ChunkPlace { last: true, ..place() },
        ];
        for other in elsewhere {
            assert!(key.open(&other, body.clone()).is_err(), "{other:?}");
        }
        assert!(ContentKey::random().unwrap().open(&place(), body.clone()).is_err());
        for byte in 0..body.len() {
            let mut changed = body.clone();
            changed[byte] ^= 1;
            assert!(key.open(&place(), changed).is_err(), "byte {byte}");
        }
        assert!(key.open(&place(), body[..39].to_vec()).is_err());
        assert_ne!(key.seal(&place(), b"content").unwrap(), body, "nonces are random");
    }

    #[test]
    fn the_bytes_of_a_chunk_are_the_ones_that_were_committed() {
        let key = ContentKey::from_bytes([4; 32]);
        let body = key.seal_with(&place(), b"content", [5; 24]).unwrap();
        let fixture = "050505050505050505050505050505050505050505050505";
        assert_eq!(hex::encode(&body), format!("{fixture}f76c7145a1e342b005650a169d5c427e07156183c8ab9c"));
        assert_eq!(key.open(&place(), body).unwrap(), b"content");
    }
}
