//! Survey definitions: reading SurveyJS JSON and XLSForm, what is wrong with one, expressions, what is shown and
//! required, and checks of answers. Pure: no I/O, no clock; the caller hands in bytes and the time.

pub mod answers;
mod book;
pub mod definition;
pub mod expression;
pub mod files;
pub mod question;
mod readers;
mod refusal;
pub mod sidecar;
mod text;
pub mod values;
mod words;
mod writers;

pub use definition::{Definition, register, registered};
pub use readers::read_xlsform;
pub use refusal::Refusal;
pub use text::Localised;
pub use words::{Lang, Words};
pub use writers::write_xlsform;
