//! A round's keys, and what is sealed with them: HPKE in base mode (RFC 9180) with X25519, HKDF-SHA256 and
//! ChaCha20-Poly1305.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use zeroize::Zeroizing;

use crate::values::{Key, RoundId};
use crate::{BallotError, Terms, disk};

type Private = <X25519HkdfSha256 as Kem>::PrivateKey;
type Public = <X25519HkdfSha256 as Kem>::PublicKey;
type Encapped = <X25519HkdfSha256 as Kem>::EncappedKey;

/// What says what is sealed.
const INFO: &[u8] = b"larka ballot 1";
/// Bytes of a public key, and of what a sealed ballot begins with.
const POINT: usize = 32;
/// Bytes that authenticate a sealed ballot.
const TAG: usize = 16;
/// Bytes of the public half that stand in the name of the file with the private one.
const NAMED: usize = 8;
const SUFFIX: &str = ".key";
/// Bytes of the length that stands before an answer.
const LENGTH: usize = 4;

/// How long every sealed ballot of a round is.
pub(crate) fn sealed_length(terms: Terms) -> usize {
    POINT + LENGTH + terms.longest as usize + TAG
}

/// What seals ballots of a round.
#[derive(Clone)]
pub(crate) struct Sealing {
    round: RoundId,
    terms: Terms,
    public: Public,
}

impl Sealing {
    pub(crate) fn new(round: RoundId, terms: Terms, public: &[u8]) -> Option<Self> {
        Some(Self { round, terms, public: Public::from_bytes(public).ok()? })
    }

    /// Pads and seals an answer; it opens only under this key.
    pub(crate) fn seal(&self, key: Key, answer: &[u8]) -> Result<Vec<u8>, BallotError> {
        let too_long = || BallotError::TooLong { length: answer.len(), longest: self.terms.longest };
        let length = u32::try_from(answer.len()).ok().filter(|length| *length <= self.terms.longest);
        let length = length.ok_or_else(too_long)?;
        let end = POINT + LENGTH + self.terms.longest as usize;
        // What is padded is sealed where it lies, so that nothing is left of it to be wiped.
        let mut sealed = Zeroizing::new(vec![0; end + TAG]);
        sealed[POINT..POINT + LENGTH].copy_from_slice(&length.to_le_bytes());
        sealed[POINT + LENGTH..POINT + LENGTH + answer.len()].copy_from_slice(answer);
        let (encapped, tag) =
            hpke::single_shot_seal_inout_detached::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
                &OpModeS::Base,
                &self.public,
                INFO,
                (&mut sealed[POINT..end]).into(),
                &bound(self.round, key),
            )
            .map_err(|error| BallotError::Chance(error.to_string()))?;
        sealed[..POINT].copy_from_slice(&encapped.to_bytes());
        sealed[end..].copy_from_slice(&tag.to_bytes());
        Ok(std::mem::take(&mut *sealed))
    }
}

/// A round and a place: what a sealed ballot is bound to.
fn bound(round: RoundId, key: Key) -> Vec<u8> {
    [round.0, key.0].concat()
}

/// The private half of a round's key, in its file. The file is named by the public half too: of two nodes that make a
/// round's box at once, each makes a key, and one of them the box.
pub(crate) struct KeyFile(PathBuf);

impl KeyFile {
    pub(crate) fn of(folder: &Path, round: RoundId, public: &[u8]) -> Self {
        let half = &public[..public.len().min(NAMED)];
        Self(folder.join(format!("{}{}{SUFFIX}", prefix(round), hex::encode(half))))
    }

    /// Makes a new key; gives its public half beside it.
    pub(crate) fn make(folder: &Path, round: RoundId) -> Result<(Self, Vec<u8>), BallotError> {
        let (private, public) = X25519HkdfSha256::gen_keypair();
        let (private, public) = (Zeroizing::new(private.to_bytes().to_vec()), public.to_bytes().to_vec());
        let made = Self::of(folder, round, &public);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&made.0)
            .map_err(|error| made.failed(&error))?;
        file.write_all(&private).and_then(|()| file.sync_all()).map_err(|error| made.failed(&error))?;
        made.sync_folder()?;
        Ok((made, public))
    }

    /// Destroys all keys of a round: that of its box, and those of boxes that a crash kept from being.
    pub(crate) fn destroy_all(folder: &Path, round: RoundId) -> Result<(), BallotError> {
        let failed = |error: std::io::Error| Self(folder.to_owned()).failed(&error);
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(&prefix(round)) && name.ends_with(SUFFIX) {
                Self(path).destroy()?;
            }
        }
        Ok(())
    }

    /// Whether it is here.
    pub(crate) fn is_there(&self) -> bool {
        self.0.is_file()
    }

    /// Opens sealed ballots: the answers, in no order that says anything.
    pub(crate) fn open(
        &self,
        round: RoundId,
        ballots: Vec<(Key, Vec<u8>)>,
    ) -> Result<Vec<Vec<u8>>, BallotError> {
        let bytes = Zeroizing::new(fs::read(&self.0).map_err(|error| self.failed(&error))?);
        let private = Private::from_bytes(&bytes)
            .map_err(|_| BallotError::KeyFile { file: self.0.clone(), problem: "it holds no key".into() })?;
        let all = ballots.len();
        let answers: Vec<_> =
            ballots.into_iter().filter_map(|(key, sealed)| opened(&private, round, key, &sealed)).collect();
        match all - answers.len() {
            0 => Ok(answers),
            wrong => Err(BallotError::Sealed(wrong)),
        }
    }

    /// Overwrites and removes it. Nothing where there is none.
    pub(crate) fn destroy(&self) -> Result<(), BallotError> {
        let mut file = match fs::OpenOptions::new().write(true).open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.failed(&error)),
        };
        file.write_all(&[0; POINT])
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::remove_file(&self.0))
            .map_err(|error| self.failed(&error))?;
        self.sync_folder()
    }

    fn sync_folder(&self) -> Result<(), BallotError> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        disk::sync_folder(folder).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &std::io::Error) -> BallotError {
        BallotError::KeyFile { file: self.0.clone(), problem: error.to_string() }
    }
}

fn prefix(round: RoundId) -> String {
    format!("ballots-{}-", hex::encode(round.0))
}

fn opened(private: &Private, round: RoundId, key: Key, sealed: &[u8]) -> Option<Vec<u8>> {
    let (encapped, body) = sealed.split_at_checked(POINT)?;
    let padded = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        private,
        &Encapped::from_bytes(encapped).ok()?,
        INFO,
        body,
        &bound(round, key),
    );
    let padded = Zeroizing::new(padded.ok()?);
    let (length, rest) = padded.split_first_chunk::<LENGTH>()?;
    rest.get(..u32::from_le_bytes(*length) as usize).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUND: RoundId = RoundId([7; 16]);

    #[test]
    fn sealed_ballots_are_of_one_length_open_where_they_lie_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let (file, public) = KeyFile::make(folder.path(), ROUND).unwrap();
        let terms = Terms { smallest: 5, longest: 40 };
        let sealing = Sealing::new(ROUND, terms, &public).unwrap();
        let (here, there) = (Key([1; 16]), Key([2; 16]));
        for answer in [&b""[..], b"ja", &[9; 40]] {
            let sealed = sealing.seal(here, answer).unwrap();
            assert_eq!(sealed.len(), sealed_length(terms));
            assert_eq!(file.open(ROUND, vec![(here, sealed.clone())]).unwrap(), [answer]);
            for (round, key) in [(ROUND, there), (RoundId([8; 16]), here)] {
                assert!(matches!(file.open(round, vec![(key, sealed.clone())]), Err(BallotError::Sealed(1))));
            }
        }
        assert!(matches!(
            sealing.seal(here, &[0; 41]),
            Err(BallotError::TooLong { length: 41, longest: 40 })
        ));
        let sealed = sealing.seal(here, b"ja").unwrap();
        let (other, _) = KeyFile::make(folder.path(), RoundId([8; 16])).unwrap();
        KeyFile::destroy_all(folder.path(), ROUND).unwrap();
        file.destroy().unwrap();
        assert!(!file.is_there() && other.is_there());
        assert!(matches!(file.open(ROUND, vec![(here, sealed)]), Err(BallotError::KeyFile { .. })));
    }
}
