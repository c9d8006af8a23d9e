//! Definitions in other forms.

mod condition;
mod lists;
mod meaning;
mod workbook;
mod xlsform;

pub use xlsform::write_xlsform;
