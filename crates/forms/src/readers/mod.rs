//! Other ways to write a definition.

mod choices;
mod sheet;
mod xlsform;
mod xpath;

pub use xlsform::read_xlsform;
