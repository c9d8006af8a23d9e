//! Other ways to write a definition.

mod choices;
mod columns;
mod constraint;
mod matrix;
mod offered;
mod places;
mod rows;
mod scoring;
mod settings;
mod sheet;
mod typed;
mod xlsform;
mod xpath;

pub(crate) use offered::special_name;
pub(crate) use sheet::plain;
pub use xlsform::read_xlsform;
