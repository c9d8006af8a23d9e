//! Surveys as their authors write them.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use domain::events::SurveyFacts;
use domain::input::{Problem, SurveysInput};
use domain::iris::escape;
use forms::question::Question;
use forms::{Definition, Refusal, Words};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::api::Api;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::terminal;

/// Surveys as their authors write them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what is read in a definition, or everything in it that Lärka does not take and what to use instead; needs no
    /// instance
    Check(Flags),
    /// Register a version of a survey, by the HTTP API
    Register(Register),
    /// List the surveys that are registered, by the HTTP API
    List {
        #[command(flatten)]
        api: Api,
    },
    /// Print a version's definition as it was registered, by the HTTP API
    Show {
        /// The survey's IRI
        id: String,
        /// Its version
        version: String,
        #[command(flatten)]
        api: Api,
    },
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

/// What `register` takes.
#[derive(Debug, Args)]
pub(crate) struct Register {
    #[command(flatten)]
    what: Flags,
    /// The survey's IRI, the same for all of its versions
    #[arg(long, value_name = "IRI")]
    id: String,
    /// Its version
    #[arg(long, default_value = "1", value_name = "VERSION")]
    version: String,
    /// Its title, where the definition has none
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    #[command(flatten)]
    api: Api,
}

/// `larka survey`
pub(crate) async fn run(settings: Settings, command: Command) -> Result<(), Failure> {
    let (file, done) = match command {
        Command::List { api } => {
            let all = api.json(&settings, Method::GET, "surveys", None).await?;
            return if settings.json {
                terminal::say(true, &all)
            } else {
                terminal::say(false, &listed(&all))
            };
        }
        Command::Show { id, version, api } => {
            let path = format!("surveys/{}/{}", escape(&id), escape(&version));
            let text = api.ask(&settings, Method::GET, &path, None).await?;
            let shown: Shown<'_> = serde_json::from_str(&text)?;
            return terminal::print(shown.definition.get().as_bytes());
        }
        Command::Register(Register { what: Flags { file, beside }, id, version, title, api }) => {
            let beside = beside.as_deref().map(terminal::read_bytes).transpose()?;
            // What is not taken is said as `check` says it, before anything is sent.
            let taken = definition(&file)?
                .and_then(|definition| forms::register(&definition, beside.as_deref()).map(|_| definition));
            let refusals = match taken {
                Err(refusals) => refusals,
                Ok(definition) => {
                    let survey = survey(&definition, beside.as_deref(), &id, &version, title.as_deref())?;
                    let taken = api.json(&settings, Method::POST, "surveys", Some(survey)).await?;
                    return terminal::say(settings.json, &taken);
                }
            };
            (file, Err(refusals))
        }
        Command::Check(flags) => {
            let beside = flags.beside.as_deref().map(terminal::read_bytes).transpose()?;
            let taken = match definition(&flags.file)? {
                Err(refusals) => Err(refusals),
                Ok(source) => match forms::register(&source, beside.as_deref()) {
                    Err(refusals) => Err(refusals),
                    Ok(definition) => {
                        registered(&source, beside.as_deref())?.map(|facts| read(&definition, &facts))
                    }
                },
            };
            (flags.file, taken.map(|read| terminal::say(settings.json, &read)))
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

/// What a definition would be registered as, but for its id and its version; or what is missing of it then.
fn registered(source: &[u8], beside: Option<&[u8]>) -> Result<Result<SurveyFacts, Vec<Refusal>>, Failure> {
    let survey = survey(source, beside, "urn:larka:new", "1", None)?;
    let survey: SurveysInput = serde_json::from_str(&survey)?;
    let refusal = |problem: Problem| {
        let place =
            problem.path.trim_start_matches("/surveys/0").trim_start_matches("/definition").to_owned();
        Refusal { place, what: problem.words(), instead: None }
    };
    Ok(match survey.register() {
        Ok(registered) => match registered.surveys.into_iter().next() {
            Some(survey) => Ok(survey.facts),
            None => return Err(Failure::new("nothing was read in the definition")),
        },
        Err(invalid) => Err(invalid.problems.into_iter().map(refusal).collect()),
    })
}

/// A survey as the API takes it, its definition byte by byte.
fn survey(
    definition: &[u8],
    scoring: Option<&[u8]>,
    id: &str,
    version: &str,
    title: Option<&str>,
) -> Result<String, Failure> {
    let raw = |bytes: &[u8]| {
        let text = std::str::from_utf8(bytes).map_err(|_| Failure::new("the survey is not UTF-8"))?;
        Ok::<_, Failure>(RawValue::from_string(text.trim_start_matches('\u{feff}').trim().to_owned())?)
    };
    let survey = Sent {
        id,
        version,
        title: title.map(|title| json!({ "sv": title })),
        definition: raw(definition)?,
        scoring: scoring.map(raw).transpose()?,
    };
    Ok(serde_json::to_string(&Surveys { surveys: [survey] })?)
}

#[derive(Serialize)]
struct Surveys<'a> {
    surveys: [Sent<'a>; 1],
}

#[derive(Serialize)]
struct Sent<'a> {
    id: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Value>,
    definition: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scoring: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Shown<'a> {
    #[serde(borrow)]
    definition: &'a RawValue,
}

/// What people read of each.
fn listed(all: &Value) -> Value {
    let one = |survey: &Value| {
        json!({
            "id": survey["id"], "version": survey["version"], "title": survey["title"]["sv"],
            "questions": survey["items"].as_array().map(Vec::len), "rounds": survey["rounds"],
        })
    };
    json!({ "surveys": all["surveys"].as_array().into_iter().flatten().map(one).collect::<Vec<_>>() })
}

/// The definition in a file; of a sheet the one that it stands for.
fn definition(file: &Path) -> Result<Result<Vec<u8>, Vec<Refusal>>, Failure> {
    let bytes = terminal::read_bytes(file)?;
    // Workbooks are zip archives.
    Ok(if bytes.starts_with(b"PK") { forms::read_xlsform(&bytes).map(String::into_bytes) } else { Ok(bytes) })
}

/// What was read, for its author to hold against what was meant.
fn read(definition: &Definition, facts: &SurveyFacts) -> Value {
    let sidecar = &definition.sidecar;
    let asked = definition.questions.iter().filter(|question| question.is_asked());
    json!({
        "title": definition.title.get(&definition.language),
        "languages": definition.languages.join(", "),
        "pages": definition.pages.len(),
        "questions": asked.clone().map(question).collect::<Vec<_>>(),
        "scales": facts.scales.len(),
        "items": facts.items.len(),
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
