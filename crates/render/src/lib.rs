//! Released result tables to HTML, SVG, XLSX, CSV and JSON, in Swedish and English.
//!
//! Takes nothing but [`disclosure::Released`], so nothing that the gate holds back can get onto a page. No clock, no
//! chance, no map order: the same report and language give the same bytes.
//!
//! * [`View`]: what one reader looks at (language, unit and down)
//! * [`Format`]; [`json`], [`csv`], [`xlsx`], [`document`], [`fragment`]: the formats
//! * [`paper`]: the report as a document, from which `larka-pdf` makes PDF
//! * [`page`] and [`components`]: the frame and the pieces that every page of the house is made of
//! * [`assets`]: style sheet and fonts
//!
//! Charts come from one module, `charts`; words from one, `texts`, findings from one, `sentences`; numbers from one, `number`.

mod assets;
mod beside;
mod charts;
pub mod components;
mod csv;
mod findings;
mod format;
mod json;
mod method;
mod number;
mod outside;
mod page;
mod paper;
mod piece;
mod report;
mod rows;
mod sentences;
mod tables;
mod texts;
mod values;
mod view;
mod wording;
mod xlsx;

pub use assets::{Asset, assets, colours};
pub use csv::csv;
pub use format::Format;
pub use json::json;
pub use number::{count, date, mean, percent};
pub use page::{NavLink, PageFrame, Stylesheet, page};
pub use paper::paper;
pub use report::{document, finding, fragment, glimpse};
pub use view::{NoPart, NotThere, Part, UNIT, View};
pub use xlsx::{WorkbookError, xlsx};
