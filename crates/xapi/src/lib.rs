//! xAPI statements, versions 1.0.3 and 2.0.0: parse, validate, compare, format. Pure: no I/O, no clock.
//!
//! A statement is kept as the text that came ([`Statement::text`]); everything else here is found in that text
//! by byte range, and what is given back is that text with the standard's exceptions applied ([`output`]).
//!
//! The standard: "Data" and "Communication" are the two parts of xAPI 1.0.3, "IEEE" is IEEE 9274.1.1-2023.

pub mod about;
pub mod agents;
pub mod attachments;
pub mod definition;
pub mod documents;
pub mod equal;
mod json;
pub mod lexical;
pub mod multipart;
mod number;
pub mod output;
pub mod parse;
pub mod person;
pub mod query;
pub mod signature;
pub mod statement;
pub mod time;
mod validate;
mod version;

pub use agents::{AgentRole, AgentSpan, Identifier};
pub use lexical::Iris;
pub use parse::{Invalid, Limits};
pub use query::{Format, QueryError, StatementQuery};
pub use statement::{
    Activity, Attachment, ContextRole, Duration, InteractionType, Object, ResultFacts, Score, Statement,
    SubStatement, Timestamp, VOIDED,
};
pub use version::{UnsupportedVersion, Version};
