//! The xAPI resources: a router for `/xapi/`, and what stands behind it.
//!
//! [`Ingest`] takes statements that were found valid and stores them; [`Query`] finds them again. Both know
//! nothing of HTTP. [`router`] puts the standard's resources before them.
//!
//! A request travels: `http` (credentials, version, limits) → `xapi` (parse, validate) → [`Ingest`] (known ids,
//! pseudonyms, facts, sealing) → the log. Back: the index in `views` → the log → the vault → `xapi::output`.

mod already;
mod attachments;
mod compare;
mod content;
mod credentials;
mod cursor;
mod definitions;
mod documents;
mod erase;
mod failure;
mod follow;
mod http;
mod import;
mod ingest;
mod intake;
mod kept;
mod limits;
mod linking;
mod lrs;
mod metrics;
mod people;
mod prepare;
mod query;
mod reading;
mod replay;
mod rules;
mod twins;
mod uses;
mod voiding;
mod waiting;

pub use content::GivenAttachment;
pub use credentials::{CredentialError, SCOPES, Wanted};
pub use domain::Untracked;
pub use domain::events::{ImportCounts, ImportRunFacts};
pub use domain::statement::Origin;
pub use erase::{EraseError, Receipt};
pub use failure::IngestError;
pub use follow::{Following, Passed, PassedAttachment, Stretch};
pub use http::{described, router};
pub use import::{Imported, Provenance, Standing};
pub use ingest::{Ingest, Posted, Sender};
pub use limits::Limits;
pub use linking::EXPECTED as UNLINKED;
pub use lrs::{Lrs, LrsOptions, Unversioned, hooks};
pub use query::{Asking, Found, Query, QueryFailed};
pub use replay::Replayed;
pub use twins::BroughtTogether;
pub use waiting::WaitingStatement;
