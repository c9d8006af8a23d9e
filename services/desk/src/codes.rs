//! Codes that are typed or stand in a link. None of them is stored: each follows from a secret of the instance, which
//! whoever copies the databases without the keys does not have.

use ballot::{RoundId, Voter};
use domain::PersonId;
use uuid::{Builder, Uuid};
use vault::Vault;

/// Letters and digits that are not mistaken for each other; 32 of them.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Letters of a short code: 40 bits, to be typed in a classroom.
const SHORT: usize = 8;
/// Letters of a personal code: 80 bits.
const PERSONAL: usize = 16;

/// Makes codes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Codes(pub(crate) Vault);

impl Codes {
    /// The code of a round, or of a unit's part of it.
    pub(crate) fn short(&self, round: &str, unit: Option<&str>) -> String {
        let parts = [round.as_bytes(), unit.unwrap_or_default().as_bytes()];
        letters(&self.hash("survey code", &parts), SHORT)
    }

    /// The code of guardians of a unit, in a round that asks others too.
    pub(crate) fn guardians(&self, round: &str, unit: &str) -> String {
        let parts = [round.as_bytes(), unit.as_bytes(), b"guardians"];
        letters(&self.hash("survey code", &parts), SHORT)
    }

    /// The code of somebody on a round's roll.
    pub(crate) fn personal(&self, round: &str, person: PersonId) -> String {
        letters(&self.hash("survey person", &[round.as_bytes(), &person]), PERSONAL)
    }

    /// What follows from a personal code, and leads back to nobody without it. Rolls are searched by it: how long that
    /// takes tells nothing of the codes on them.
    pub(crate) fn voter(&self, round: &str, token: &str) -> Voter {
        Voter(self.hash("survey voter", &[round.as_bytes(), token.as_bytes()]))
    }

    /// A round's ballot box.
    pub(crate) fn urn(&self, round: &str) -> RoundId {
        RoundId(self.hash("survey urn", &[round.as_bytes()]))
    }

    /// What somebody is called in a pseudonymous round.
    pub(crate) fn pseudonym(&self, round: &str, person: PersonId) -> String {
        hex::encode(self.hash("survey pseudonym", &[round.as_bytes(), &person]))
    }

    /// What a guardians' answer is called, of whom nothing is known.
    pub(crate) fn nobody(&self, round: &str, submission: &[u8; 16]) -> String {
        hex::encode(self.hash("survey nobody", &[round.as_bytes(), submission]))
    }

    /// The id of something that is stored once.
    pub(crate) fn id(&self, parts: &[&[u8]]) -> Uuid {
        Builder::from_sha1_bytes(self.hash("survey answer", parts)).into_uuid()
    }

    /// A key by which an event is stored once.
    pub(crate) fn key(&self, what: &str, round: &str) -> [u8; 16] {
        self.hash("survey event", &[what.as_bytes(), round.as_bytes()])
    }

    fn hash(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 16] {
        self.0.keyed_hash(purpose, &joined(parts))
    }
}

/// Parts with their lengths, so that no two lists are one.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Five bits a letter, of at most 128.
fn letters(bits: &[u8; 16], count: usize) -> String {
    let bits = u128::from_be_bytes(*bits);
    (0..count).map(|at| char::from(LETTERS[(bits >> (123 - 5 * at)) as usize & 31])).collect()
}

/// A code in groups of four, as it is shown.
pub fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_their_bits_and_no_letters_that_look_alike() {
        assert_eq!(letters(&[0; 16], SHORT), "22222222");
        assert_eq!(letters(&[255; 16], PERSONAL), "Z".repeat(16));
        // 00001 00010 00011 00100 00101 00110 00111 01000
        assert_eq!(
            letters(&[0x08, 0x86, 0x42, 0x98, 0xe8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], SHORT),
            "3456789A"
        );
        for mistaken in "01IO".bytes() {
            assert!(!LETTERS.contains(&mistaken));
        }
        const { assert!(PERSONAL * 5 >= 80) }
        assert_eq!(grouped("23456789ABCDEFGH"), "2345-6789-ABCD-EFGH");
    }

    #[test]
    fn parts_that_run_together_are_told_apart() {
        assert_ne!(joined(&[b"ab", b"c"]), joined(&[b"a", b"bc"]));
        assert_ne!(joined(&[b"a", b""]), joined(&[b"a"]));
    }
}
