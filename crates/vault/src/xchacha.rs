//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): the subkey by HChaCha20, the rest by ring, which takes less than half
//! the time for what is as short as a statement.

use chacha20::cipher::consts::U10;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, Tag, UnboundKey};

use crate::crypto::Secret;

pub(crate) const NONCE: usize = 24;
pub(crate) const TAG: usize = 16;

/// Encrypts where it stands; gives the tag. None past 256 GiB.
pub(crate) fn seal(key: &Secret, nonce: &[u8; NONCE], data: &[u8], plain: &mut [u8]) -> Option<[u8; TAG]> {
    let (key, nonce) = of(key, nonce)?;
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(data), plain).ok()?;
    tag.as_ref().try_into().ok()
}

/// Decrypts where it stands. None, and what stood there overwritten, where the tag is not that of all this.
pub(crate) fn open(
    key: &Secret,
    nonce: &[u8; NONCE],
    data: &[u8],
    coded: &mut [u8],
    tag: &[u8],
) -> Option<()> {
    let (key, nonce) = of(key, nonce)?;
    let tag = Tag::try_from(tag).ok()?;
    key.open_in_place_separate_tag(nonce, Aad::from(data), tag, coded, 0..).ok().map(|_| ())
}

/// The key and the nonce that ChaCha20-Poly1305 takes (section 2.3).
fn of(key: &Secret, nonce: &[u8; NONCE]) -> Option<(LessSafeKey, Nonce)> {
    let (first, last) = nonce.split_first_chunk::<16>()?;
    let subkey = Secret::from_bytes(chacha20::hchacha::<U10>(key.expose().into(), first.into()).into());
    let mut short = [0; 12];
    short[4..].copy_from_slice(last);
    let key = UnboundKey::new(&CHACHA20_POLY1305, subkey.expose()).ok()?;
    Some((LessSafeKey::new(key), Nonce::assume_unique_for_key(short)))
}

#[cfg(test)]
mod tests {
    use chacha20poly1305::aead::{Aead as _, Payload};
    use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_same_bytes_as_another_implementation(
            key: [u8; 32],
            nonce: [u8; NONCE],
            data in prop::collection::vec(any::<u8>(), 0..100),
            plain in prop::collection::vec(any::<u8>(), 0..1_500),
            changed: usize,
        ) {
            let other = XChaCha20Poly1305::new(&key.into());
            let theirs = other.encrypt(&nonce.into(), Payload { msg: &plain, aad: &data }).unwrap();
            let (key, mut text) = (Secret::from_bytes(key), plain.clone());
            let tag = seal(&key, &nonce, &data, &mut text).unwrap();
            prop_assert_eq!([text.as_slice(), &tag].concat(), theirs);

            let mut wrong = tag;
            wrong[changed % TAG] ^= 1;
            prop_assert!(open(&key, &nonce, &data, &mut text.clone(), &wrong).is_none());
            prop_assert!(open(&key, &nonce, &data, &mut text.clone(), &tag[..TAG - 1]).is_none());
            open(&key, &nonce, &data, &mut text, &tag).unwrap();
            prop_assert_eq!(text, plain);
        }
    }
}
