//! Other ways to write a definition.

mod choices;
mod matrix;
mod offered;
mod scoring;
mod settings;
mod sheet;
mod xlsform;
mod xpath;

pub(crate) use offered::special_name;
pub(crate) use sheet::plain;
pub use xlsform::read_xlsform;
