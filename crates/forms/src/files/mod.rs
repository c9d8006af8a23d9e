//! Answers in files from elsewhere: LimeSurvey's exports, SurveyJS results, tables. What a file says of each cell is kept
//! apart as far as it says it: answered, shown and left out, not shown, or not known which of the two.

mod answers;
mod code;
mod excel;
mod file;
mod heading;
mod json;
mod lines;
mod row;
mod structure;
mod table;

pub use answers::{Came, Count, Filed, Reading, Terms};
pub use file::File;
pub use heading::Beside;
pub use lines::Input;
pub use row::{Cell, Format, Row};
pub use structure::{LONGEST_STRUCTURE, Structure};
pub use table::separated;
