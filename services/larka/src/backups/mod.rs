//! Backups: the log in segments, and the vault sealed, in a folder or a bucket; and what is made of them again.
//! Format: docs/formats/backup.md.

pub(crate) mod erasures;
pub(crate) mod making;
pub(crate) mod manifest;
pub(crate) mod place;
pub(crate) mod restoring;
