//! What is asked for, and what comes of it.

use std::path::PathBuf;

use clap::Args;

use crate::imports::source::Kind;

/// What `import statements` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// The file
    #[arg(required_unless_present = "pull", conflicts_with = "pull")]
    pub(crate) file: Option<PathBuf>,
    /// What the file is [default: what its first statement looks like]
    #[arg(long, value_enum, conflicts_with = "pull")]
    pub(super) from: Option<Kind>,
    /// Content of attachments: a folder of files named by their hash, or SQL LRS's table attachment
    #[arg(long, value_name = "PATH", conflicts_with = "pull")]
    pub(super) attachments: Option<PathBuf>,
    /// Address of another LRS to ask over xAPI, without /statements
    #[arg(long, value_name = "URL", requires = "user")]
    pub(crate) pull: Option<String>,
    /// File with the other LRS's key and secret, key:secret on one line; - for standard input
    #[arg(long, value_name = "FILE", requires = "pull")]
    pub(super) user: Option<PathBuf>,
    /// Statements to ask the other LRS for at a time
    #[arg(long, default_value = "250", value_name = "N", requires = "pull")]
    pub(super) page: u32,
    /// Seconds before the latest statement that was pulled from which on to ask again
    #[arg(long, default_value = "60", value_name = "SECONDS", requires = "pull",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) overlap: u32,
    /// Key of the credential that vouches for them: it becomes their authority
    #[arg(long, value_name = "KEY")]
    pub(super) credential: String,
    /// xAPI version of statements that do not name theirs: 1.0.3 or 2.0.0 [default: 1.0.3 of what another LRS had,
    /// else 2.0.0]
    #[arg(long, value_name = "VERSION")]
    pub(super) xapi_version: Option<String>,
    /// Where statements that do not fit are written, with line and reason [default: FILE.aside.jsonl]
    #[arg(long, value_name = "FILE")]
    pub(super) aside: Option<PathBuf>,
}

/// What `--json` prints, the table for people, and whether the log has all that the source has.
pub(crate) type Answer = (serde_json::Value, String, bool);
