//! How a file is to be taken, and what comes of it.

use std::io::{self, Read};
use std::path::PathBuf;

use domain::events::{RoundFacts, RoundMode};
use forms::{Refusal, Words};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::DeskError;

/// How a file of answers is to be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// Only say what would be taken and what not.
    pub dry_run: bool,
    /// The column that says who answered, of named and pseudonymous rounds.
    pub respondent: Option<String>,
    /// What respondents' accounts are of; without it the column has e-mail addresses.
    pub home_page: Option<String>,
    /// The column that says of which unit respondents are, by its code: of guardians, and where nobody can be linked. In a round
    /// that asks others too a file where this alone is named is guardians'.
    pub unit: Option<String>,
    /// The column that says in which role, where nobody can be linked.
    pub role: Option<String>,
    /// Columns to leave out though they may hold answers.
    pub leave_out: Vec<String>,
    /// It is known that the file names or traces people, and that this is dropped.
    pub drop_identities: bool,
    /// The survey's structure (.lss), for VV of version 1.
    pub structure: Option<String>,
    /// Key of the credential that vouches for them; without it the survey service does.
    pub credential: Option<String>,
}

/// A file that may be read more than once, as it came: packed or not.
pub trait Source: Send + Sync {
    /// Its bytes from the start.
    ///
    /// # Errors
    /// It cannot be read.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;

    /// How many bytes it may have when it is unpacked.
    fn most(&self) -> u64 {
        u64::MAX
    }
}

impl Source for PathBuf {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(std::fs::File::open(self)?))
    }
}

/// What is said of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// What is taken, what not and why (`docs/answers.md`).
    pub json: Json,
    /// Whether everything that was sent in is taken.
    pub whole: bool,
}

/// Why nothing of a file is taken.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It was asked for as the round cannot have it.
    #[error("{}", .0.en)]
    Asked(Words),
    /// The file is none that can be taken.
    #[error("the file cannot be taken")]
    Refused(Vec<Refusal>),
    /// It cannot be read again.
    #[error("the file cannot be read: {0}")]
    Unread(#[from] io::Error),
    /// The desk fails.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl FileError {
    pub(super) fn asked(sv: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Asked(Words::new(sv, en))
    }
}

impl From<Refusal> for FileError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

/// Whether nobody is to be known by the answers of a round: neither who gave them, nor when, nor in which order.
pub(super) fn is_anonymous(round: &RoundFacts) -> bool {
    matches!(round.mode, RoundMode::Guardians | RoundMode::Unlinkable)
}

impl Terms {
    /// Whether they name the column of guardians, and no other.
    pub(super) fn is_of_guardians(&self) -> bool {
        self.unit.is_some() && self.respondent.is_none() && self.role.is_none()
    }

    /// What a round has to be told, and what it cannot be.
    pub(super) fn fit(&self, round: &RoundFacts) -> Result<(), FileError> {
        let (sv, en) = match (round.mode, &self.respondent, &self.unit, &self.role) {
            (RoundMode::Named | RoundMode::Pseudonymous, None, ..) => (
                "omgången vet vilka som svarar: säg i vilken kolumn det står vem som svarade (respondent; --respondent KOLUMN)",
                "the round knows its respondents: name the column that says who answered (respondent; --respondent COLUMN)",
            ),
            (RoundMode::Guardians | RoundMode::Unlinkable, Some(_), ..) => (
                "ingen är känd i omgången: den har inga svarande, lämna bort respondent",
                "nobody is known in the round: it has no respondents, leave respondent out",
            ),
            (RoundMode::Guardians, _, None, _) => (
                "vårdnadshavare svarar enhet för enhet: säg i vilken kolumn enheten står (unit; --unit KOLUMN)",
                "guardians answer by unit: name the column that says of which unit they are (unit; --unit COLUMN)",
            ),
            (RoundMode::Unlinkable, _, None, _) | (RoundMode::Unlinkable, _, _, None) => (
                "omgången skiljer på grupper: säg i vilka kolumner enheten och rollen står (unit och role; --unit KOLUMN --role KOLUMN)",
                "the round tells groups apart: name the columns that say of which unit and role respondents are (unit and role; --unit COLUMN --role COLUMN)",
            ),
            _ => return Ok(()),
        };
        Err(FileError::asked(sv, en))
    }
}
