//! Other people's figures, from files.

use std::path::PathBuf;

use clap::Args;
use domain::Text;
use domain::input::{OutsideInput, OutsideSetInput};

use crate::door;
use crate::failure::Failure;
use crate::imports::outside::{kolada, table};
use crate::settings::Settings;
use crate::tasks::Task;

/// What `outside` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// What identifies the set: the same again takes the place of what was there
    #[arg(long)]
    id: String,
    /// Who publishes the figures, and what, as reports print it
    #[arg(long)]
    source: String,
    /// The same in English
    #[arg(long, value_name = "SOURCE")]
    source_en: Option<String>,
    /// Licence that they are used under
    #[arg(long)]
    licence: Option<String>,
    /// Date on which they were retrieved, YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    retrieved: String,
    /// Table with columns kpi, survey, item and statistic: which of Kolada's figures are of which question
    #[arg(long, value_name = "FILE")]
    items: Option<PathBuf>,
    /// Whose a municipality's figures are in a file from Kolada, as CODE=NAME [default: 0000=Riket]
    #[arg(long, value_name = "CODE=NAME")]
    whose: Vec<String>,
    /// Table with columns survey, item, statistic, whose, period, value and unit, or what Kolada's API v3 answers; none takes
    /// the set back
    file: Option<PathBuf>,
}

/// `larka outside`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let read = |file: &PathBuf| {
        std::fs::read(file)
            .map_err(|error| Failure::new(format!("{} cannot be read: {error}", file.display())))
    };
    let figures = match &flags.file {
        None => Vec::new(),
        Some(file) => {
            let bytes = read(file)?;
            let wrong = |error: String| Failure::new(format!("{}: {error}", file.display()));
            match bytes.trim_ascii_start().first() {
                Some(b'{') => {
                    let items = flags.items.as_ref().ok_or_else(|| {
                        Failure::setting(
                            "items",
                            "a table that says which of Kolada's figures are of which question",
                        )
                    })?;
                    kolada(&bytes, &read(items)?, &flags.whose).map_err(wrong)?
                }
                _ => table(&bytes).map_err(wrong)?,
            }
        }
    };
    let retrieved =
        flags.retrieved.parse().map_err(|_| Failure::setting("retrieved", "a date as YYYY-MM-DD"))?;
    let source = Text { sv: flags.source, en: flags.source_en };
    let set = OutsideSetInput { id: flags.id, source, licence: flags.licence, retrieved, figures };
    door::tell(settings, Task::Outside(OutsideInput { sets: vec![set] })).await
}
