//! The manifest: which files make up the lake, and up to which position. Replacing it is what commits.

use super::blocks::Block;
use super::error::LakeError;
use eventlog::event::Key;
use serde::{Deserialize, Serialize};

/// Version of the tables' columns and of the manifest itself. A lake of another version is written anew.
pub(crate) const FORMAT: u32 = 4;

/// The manifest's file name.
pub(crate) const FILE: &str = "manifest.json";

/// The state of a lake at a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// Whose lake it is: the id of the log's first event, in hexadecimal; empty for an empty lake.
    pub(crate) instance: String,
    /// The hash of the log's chain at `position`, in hexadecimal, which no other log has there; none in a lake that a program
    /// wrote that did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<String>,
    /// The code of the unit without one above it that was registered last; `None` before the first.
    pub(crate) municipality: Option<String>,
    /// The last event that went in; 0 for an empty lake.
    pub(crate) position: u64,
    /// Ascending, without gaps: the blocks of `position`.
    pub(crate) blocks: Vec<Files>,
    /// Voiding statements whose target had not come by `position`, ascending. These ids name statements
    /// that do not exist, so they join no row of the lake to a statement.
    pub(crate) awaiting: Vec<Awaiting>,
    /// Of the manifest without it, under a key of the instance, in hexadecimal; none where nobody seals it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mac: Option<String>,
}

/// The files of one block, one for each table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Files {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) statements: File,
    pub(crate) voids: File,
}

/// One Parquet file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// Relative to the lake's directory, with `/`.
    pub(crate) path: String,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// Of the whole file, in hexadecimal.
    pub(crate) sha256: String,
}

/// A voiding statement whose target is not in the log yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Awaiting {
    pub(crate) voiding: u64,
    /// The awaited statement's id, in hexadecimal.
    pub(crate) target: String,
    /// The credential that has to have sent it, in hexadecimal, where only that one's may be voided; empty where there
    /// is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) own: Option<String>,
}

impl Awaiting {
    /// Whether it may void a statement, by the credential that sent that.
    pub(crate) fn may_void(&self, target: Option<Key>) -> bool {
        let credential = self.own.as_deref().filter(|own| !own.is_empty());
        self.own.is_none() || (credential.is_some() && credential == target.map(hex::encode).as_deref())
    }
}

impl Manifest {
    /// The manifest of a lake that holds nothing.
    pub(crate) fn empty() -> Self {
        Self {
            format: FORMAT,
            instance: String::new(),
            hash: None,
            municipality: None,
            position: 0,
            blocks: Vec::new(),
            awaiting: Vec::new(),
            mac: None,
        }
    }

    /// Reads a manifest's text.
    pub(crate) fn of_text(text: &[u8]) -> Result<Self, LakeError> {
        // The version is read by itself, as another version may have other fields.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let broken = |e: serde_json::Error| LakeError::Manifest(e.to_string());
        let Version { format } = serde_json::from_slice(text).map_err(broken)?;
        if format != FORMAT {
            return Err(LakeError::Format { found: format, expected: FORMAT });
        }
        serde_json::from_slice(text).map_err(broken)
    }

    /// The text that is written, indented so that two manifests can be compared by eye.
    pub(crate) fn to_text(&self) -> Result<Vec<u8>, LakeError> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|e| LakeError::Manifest(e.to_string()))?;
        text.push(b'\n');
        Ok(text)
    }

    /// Every file that belongs to the lake.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.blocks.iter().flat_map(|block| [&block.statements, &block.voids])
    }
}

impl Files {
    /// The range of positions.
    pub(crate) fn block(&self) -> Block {
        Block { first: self.first, last: self.last }
    }
}
