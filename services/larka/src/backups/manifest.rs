//! What a place holds: written last, so that what it does not name does not count.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::place::{Place, Version, blocking};
use crate::failure::Failure;

pub(crate) const FILE: &str = "manifest.json";
const FORMAT: u32 = 1;
/// The folders of a place.
pub(crate) const LOG: &str = "log";
pub(crate) const VAULT: &str = "vault";

const WHAT_TO_DO: &str =
    "bring it back from a copy of the place; without it nothing of the place can be restored";

/// What a place holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// The instance's id.
    pub(crate) instance: String,
    /// The program that wrote it.
    pub(crate) version: String,
    pub(crate) log: Log,
    /// Copies of the vault, the newest last.
    pub(crate) vaults: Vec<Vault>,
}

/// The log, up to a position.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Log {
    pub(crate) position: u64,
    /// The chain's hash there.
    pub(crate) hash: String,
    /// How often the fence was raised.
    pub(crate) fence: u64,
    /// Segments, in order.
    pub(crate) segments: Vec<File>,
}

/// A copy of the vault, with its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Vault {
    /// Microseconds since 1970.
    pub(crate) taken: i64,
    /// When it is deleted, by the next backup after that.
    pub(crate) expires: i64,
    /// Where the log ended, which was copied before it.
    pub(crate) position: u64,
    pub(crate) hash: String,
    pub(crate) files: Vec<File>,
}

/// A file of the place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) path: String,
    /// The last position whose event is in it, or in one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) through: Option<u64>,
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

impl Manifest {
    /// What an empty place holds.
    pub(crate) fn new(instance: [u8; 16]) -> Self {
        Self {
            format: FORMAT,
            instance: hex::encode(instance),
            version: String::new(),
            log: Log::default(),
            vaults: Vec::new(),
        }
    }

    /// The manifest of a place, and which it is; none where there is none.
    ///
    /// # Errors
    /// It is none, or of a later version.
    pub(crate) async fn of(place: &Place) -> Result<Option<(Self, Version)>, Failure> {
        let Some((text, version)) = place.read(FILE).await? else { return Ok(None) };
        let wrong = |why: String| {
            Failure::new(format!("{FILE} in {} is no manifest of backups: {why}", place.name()))
        };
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(wrong(format!("it has format {}, and this program knows {FORMAT}", manifest.format)));
        }
        Ok(Some((manifest, version)))
    }

    /// All files that it names.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.log.segments.iter().chain(self.vaults.iter().flat_map(|vault| &vault.files))
    }
}

impl File {
    /// Writes a file and describes it.
    pub(crate) async fn write(
        place: &Place,
        path: String,
        through: Option<u64>,
        bytes: Vec<u8>,
    ) -> Result<Self, Failure> {
        let (length, hashed) = (bytes.len() as u64, path.clone());
        let (sha256, bytes) = blocking(move || Ok((hex::encode(Sha256::digest(&bytes)), bytes))).await?;
        place.write(path, bytes).await?;
        Ok(Self { path: hashed, through, bytes: length, sha256 })
    }

    /// Its bytes, held against what the manifest says of them.
    pub(crate) async fn read(&self, place: &Place) -> Result<Vec<u8>, Failure> {
        let Some((bytes, _)) = place.read(&self.path).await? else {
            return Err(Failure::new(format!("{} is missing in {}; {WHAT_TO_DO}", self.path, place.name())));
        };
        let (path, place) = (self.path.clone(), place.name());
        let (length, sha256) = (self.bytes, self.sha256.clone());
        blocking(move || {
            if bytes.len() as u64 != length {
                let found = bytes.len();
                return Err(Failure::new(format!(
                    "{path} in {place} is damaged: it has {found} bytes, and the manifest says {length}; {WHAT_TO_DO}"
                )));
            }
            if hex::encode(Sha256::digest(&bytes)) != sha256 {
                return Err(Failure::new(format!(
                    "{path} in {place} is damaged: it does not have the hash that the manifest says; {WHAT_TO_DO}"
                )));
            }
            Ok(bytes)
        })
        .await
    }
}
