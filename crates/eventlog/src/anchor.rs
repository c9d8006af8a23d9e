//! Signed heads. A chain proves nothing against whoever can rewrite all of it; a head that was signed and carried
//! elsewhere does.
//!
//! An anchor is one line of text, so that it can be appended to a file, mailed or printed:
//!
//! ```text
//! larka-anchor-1 <instance> <position> <stored> <hash> <signature>
//! ```
//!
//! Instance and hash in hexadecimal digits, `stored` in microseconds since 1970, the Ed25519 signature (RFC 8032)
//! over everything before the last space, in hexadecimal digits.

use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::clock::Micros;
use crate::event::{Head, Position};
use crate::hash::Hash;

const FORM: &str = "larka-anchor-1";

/// What the end of a log was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Whose log.
    pub instance: [u8; 16],
    /// Its last event.
    pub position: Position,
    /// When that was stored.
    pub stored: Micros,
    /// The hash there, which covers everything before.
    pub hash: Hash,
}

/// A line that is no anchor, or not one of this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// Not of the form.
    #[error("expected a line such as {FORM} INSTANCE POSITION STORED HASH SIGNATURE")]
    Form,
    /// Signed by another key, or changed afterwards.
    #[error("the signature is not one of this key over this line")]
    Signature,
}

/// Signs heads. The seed is a secret of the instance.
pub struct Signer(Ed25519KeyPair);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Signer {
    /// The signer of a seed. Every 32 bytes are one.
    pub fn new(seed: &[u8; 32]) -> Self {
        // A seed of the right length is never refused.
        match Ed25519KeyPair::from_seed_unchecked(seed) {
            Ok(pair) => Self(pair),
            Err(refused) => unreachable!("a seed of 32 bytes: {refused}"),
        }
    }

    /// The key that others check anchors with.
    pub fn public(&self) -> [u8; 32] {
        let mut public = [0; 32];
        public.copy_from_slice(self.0.public_key().as_ref());
        public
    }
}

impl Anchor {
    /// The anchor of a head.
    pub fn of(instance: [u8; 16], head: &Head) -> Self {
        Self { instance, position: head.position, stored: head.stored, hash: head.hash }
    }

    /// The line, signed.
    pub fn line(&self, signer: &Signer) -> String {
        let signed = self.signed();
        let signature = hex::encode(signer.0.sign(signed.as_bytes()));
        format!("{signed} {signature}")
    }

    /// Reads a line and checks that it was signed by the key and not changed since.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub fn read(line: &str, public: &[u8; 32]) -> Result<Self, AnchorError> {
        let (signed, signature) = line.trim_end().rsplit_once(' ').ok_or(AnchorError::Form)?;
        let parts: Vec<&str> = signed.split(' ').collect();
        let [FORM, instance, position, stored, hash] = parts[..] else { return Err(AnchorError::Form) };
        let mut anchor = Self {
            instance: [0; 16],
            position: Position(position.parse().map_err(|_| AnchorError::Form)?),
            stored: Micros(stored.parse().map_err(|_| AnchorError::Form)?),
            hash: [0; 32],
        };
        hex::decode_to_slice(instance, &mut anchor.instance).map_err(|_| AnchorError::Form)?;
        hex::decode_to_slice(hash, &mut anchor.hash).map_err(|_| AnchorError::Form)?;
        let signature = hex::decode(signature).map_err(|_| AnchorError::Form)?;
        UnparsedPublicKey::new(&ED25519, public)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| AnchorError::Signature)?;
        Ok(anchor)
    }

    fn signed(&self) -> String {
        format!(
            "{FORM} {} {} {} {}",
            hex::encode(self.instance),
            self.position.0,
            self.stored.0,
            hex::encode(self.hash)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor() -> Anchor {
        Anchor {
            instance: [7; 16],
            position: Position(42),
            stored: Micros(1_768_464_000_000_000),
            hash: [9; 32],
        }
    }

    #[test]
    fn a_line_is_read_back_and_a_changed_one_or_one_of_another_key_is_refused() {
        let signer = Signer::new(&[1; 32]);
        let line = anchor().line(&signer);
        assert_eq!(Anchor::read(&format!("{line}\n"), &signer.public()), Ok(anchor()));
        let changed = line.replace(" 42 ", " 41 ");
        assert_eq!(Anchor::read(&changed, &signer.public()), Err(AnchorError::Signature));
        let other = Signer::new(&[2; 32]).public();
        assert_eq!(Anchor::read(&line, &other), Err(AnchorError::Signature));
        for broken in
            ["", "larka-anchor-1", &line[1..], &line.replace("0909", "zz09"), &line[..line.len() - 1]]
        {
            assert_eq!(Anchor::read(broken, &signer.public()), Err(AnchorError::Form), "{broken}");
        }
    }

    #[test]
    fn the_form_is_fixed() {
        let line = anchor().line(&Signer::new(&[1; 32]));
        let start = "larka-anchor-1 07070707070707070707070707070707 42 1768464000000000 0909";
        assert!(line.starts_with(start), "{line}");
        assert_eq!(line.len(), start.len() + 60 + 1 + 128);
    }
}
