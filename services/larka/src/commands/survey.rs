//! Surveys as their authors write them.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use forms::question::Question;
use forms::{Definition, Refusal, Words};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::settings::Settings;
use crate::terminal;

/// Surveys as their authors write them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what is read in a definition, or everything in it that Lärka does not take and what to use instead; needs no
    /// instance
    Check(Flags),
    /// Print the definition that a survey written as a sheet is, SurveyJS JSON; needs no instance
    Convert {
        /// File of the sheet, XLSForm in .xlsx or .ods; - for standard input
        file: PathBuf,
    },
}

/// What `check` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// File of the definition, SurveyJS JSON or XLSForm in .xlsx or .ods; - for standard input
    file: PathBuf,
    /// File of scores, polarity, indexes and competences, where they do not stand in the definition
    #[arg(long, value_name = "FILE")]
    beside: Option<PathBuf>,
}

/// `larka survey`
pub(crate) fn run(settings: &Settings, command: Command) -> Result<(), Failure> {
    let (file, done) = match command {
        Command::Check(flags) => {
            let beside = flags.beside.as_deref().map(terminal::read_bytes).transpose()?;
            let taken = definition(&flags.file)?
                .and_then(|definition| forms::register(&definition, beside.as_deref()));
            (flags.file, taken.map(|definition| terminal::say(settings.json, &read(&definition))))
        }
        Command::Convert { file } => {
            let converted = definition(&file)?;
            (file, converted.map(|definition| terminal::print(&definition)))
        }
    };
    done.unwrap_or_else(|refusals| {
        let all: Vec<Value> = refusals.iter().map(refused).collect();
        terminal::say(settings.json, &json!({ "refused": all }))?;
        Err(Failure::differing(&format!("{} cannot be taken as it is", file.display())))
    })
}

/// The definition in a file; of a sheet the one that it stands for.
fn definition(file: &Path) -> Result<Result<Vec<u8>, Vec<Refusal>>, Failure> {
    let bytes = terminal::read_bytes(file)?;
    // Workbooks are zip archives.
    Ok(if bytes.starts_with(b"PK") { forms::read_xlsform(&bytes).map(String::into_bytes) } else { Ok(bytes) })
}

/// What was read, for its author to hold against what was meant.
fn read(definition: &Definition) -> Value {
    let sidecar = &definition.sidecar;
    let asked = definition.questions.iter().filter(|question| question.is_asked());
    json!({
        "title": definition.title.get(&definition.language),
        "languages": definition.languages.join(", "),
        "pages": definition.pages.len(),
        "questions": asked.clone().map(question).collect::<Vec<_>>(),
        "scales": sidecar.scales.len(),
        "items": sidecar.items.len(),
        "indexes": sidecar.indexes.len(),
        "sha256": hex::encode(definition.sha256),
        "question_set": hex::encode(definition.question_set),
    })
}

fn question(question: &Question) -> Value {
    json!({
        "name": question.name,
        "type": question.kind.name(),
        "required": question.conditions.required,
        "conditional": question.conditions.visible_if.is_some(),
    })
}

fn refused(refusal: &Refusal) -> Value {
    let both = |words: &Words| json!({ "sv": words.sv, "en": words.en });
    let mut told = json!({ "place": refusal.place, "what": both(&refusal.what) });
    if let Some(instead) = &refusal.instead {
        told["instead"] = both(instead);
    }
    told
}
