//! Reports, for the command and for the pages.

use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueEnum};
use disclosure::{Lang, Preset, Released};
use eventlog::event::Position;
use futures_util::future::BoxFuture;
use render::{Format, Stylesheet, View};
use serde::{Deserialize, Serialize};
use worker::reports::{Question, ReportError, Request};

use crate::failure::Failure;
use crate::instance::Instance;

/// What `report` takes.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(crate) struct Flags {
    /// Which report
    #[arg(value_enum)]
    kind: Kind,
    /// Form of the file
    #[arg(long, value_parser = formats(), default_value = Format::Html.name())]
    format: Format,
    /// File to write; - for standard output
    #[arg(long, default_value = "-", value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Language: sv or en
    #[arg(long, value_enum, default_value = "sv")]
    lang: Language,
    /// Part of the organisation, by its code
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Log position that it is made from [default: the end of the log]
    #[arg(long, value_name = "POSITION")]
    at: Option<u64>,
    /// Date that it is about, YYYY-MM-DD [default: the day of the latest statement]
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Round of a survey, by its id [default: the latest]
    #[arg(long, value_name = "ID")]
    round: Option<String>,
    /// Rules of disclosure: gavle, skolenkaten or default
    #[arg(long, default_value = "gavle", value_name = "PRESET")]
    preset: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// Digital competence: levels per competence, area and unit
    Competence,
    /// One round of a survey
    Survey,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Language {
    Sv,
    En,
}

impl From<Language> for Lang {
    fn from(language: Language) -> Self {
        match language {
            Language::Sv => Lang::Sv,
            Language::En => Lang::En,
        }
    }
}

fn formats() -> impl clap::builder::TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .try_map(|name| Format::named(&name).ok_or("none of the forms of a report"))
}

/// The report's file, made after everything in the log has reached the lake.
pub(crate) async fn file(instance: &Instance, flags: &Flags) -> Result<Vec<u8>, Failure> {
    instance.worker.catch_up().await?;
    let question = match flags.kind {
        Kind::Competence => Question::Competence,
        Kind::Survey => Question::Survey { round: flags.round.clone() },
    };
    let preset = Preset::named(&flags.preset)
        .ok_or_else(|| Failure::setting("preset", "gavle, skolenkaten or default"))?;
    let as_of = match &flags.as_of {
        Some(text) => Some(text.parse().map_err(|_| Failure::setting("as-of", "a date as YYYY-MM-DD"))?),
        None => None,
    };
    let request = Request { question, at: flags.at.map(Position), as_of, preset };
    let released = instance.worker.report(request).await?;
    let view = match &flags.unit {
        None => View::new(&released, flags.lang.into()),
        Some(code) => View::of_unit(&released, flags.lang.into(), code)
            .ok_or_else(|| Failure::setting("unit", "the code of a unit in the organisation"))?,
    };
    write(&view, flags.format).await
}

/// Every report that there is something for: competence, and each round of a survey, by the name of its file.
pub(crate) async fn all(instance: &Instance) -> Result<Vec<(String, Arc<Released>)>, Failure> {
    let rounds: Vec<String> = instance
        .municipality
        .snapshot()
        .municipality
        .surveys
        .rounds()
        .map(|round| round.id.clone())
        .collect();
    let questions = std::iter::once(("competence".to_owned(), Question::Competence)).chain(
        rounds
            .into_iter()
            .map(|id| (format!("survey-{}", file_name(&id)), Question::Survey { round: Some(id) })),
    );
    let mut made = Vec::new();
    for (name, question) in questions {
        let request = Request { question, at: None, as_of: None, preset: house_preset()? };
        made.push((name, instance.worker.report(request).await?));
    }
    Ok(made)
}

/// The rules of disclosure that pages and the demo use.
fn house_preset() -> Result<Preset, Failure> {
    Preset::named("gavle").ok_or_else(|| Failure::new("the preset gavle is not built in"))
}

/// An id as part of a file's name.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
}

/// A view of a released report as a file's bytes.
pub(crate) async fn write(view: &View<'_>, format: Format) -> Result<Vec<u8>, Failure> {
    Ok(match format {
        Format::Html => render::document(view, Stylesheet::Inline).into_bytes(),
        Format::Xlsx => render::xlsx(view)?,
        Format::Csv => render::csv(view),
        Format::Parquet => analytics::released::parquet(view.released(), &view.populations())?,
        Format::Json => render::json(view).into_bytes(),
    })
}

/// What the pages ask for reports, and for how the log's followers stand.
pub(crate) struct ForPages(pub(crate) Arc<Instance>);

impl admin::Reports for ForPages {
    fn make(&self, ask: admin::Ask) -> BoxFuture<'_, Result<Arc<Released>, admin::ReportFailure>> {
        Box::pin(async move {
            let question = match ask.question {
                admin::Question::Competence => Question::Competence,
                admin::Question::Survey { round } => Question::Survey { round },
            };
            let preset = house_preset().map_err(|_| admin::ReportFailure::Failed)?;
            let request = Request { question, at: ask.at.map(Position), as_of: None, preset };
            let released = self.0.worker.report(request).await.map_err(|error| match &*error {
                ReportError::Asked(_) | ReportError::NoRound => {
                    admin::ReportFailure::Asked(error.to_string())
                }
                ReportError::NotReady => admin::ReportFailure::NotReady,
                other => {
                    tracing::error!(error = %other, "a report could not be made");
                    admin::ReportFailure::Failed
                }
            })?;
            Ok(released)
        })
    }

    fn write<'a>(
        &'a self,
        view: &'a View<'a>,
        format: Format,
    ) -> BoxFuture<'a, Result<Vec<u8>, admin::ReportFailure>> {
        Box::pin(async move {
            write(view, format).await.map_err(|error| {
                tracing::error!(%error, format = format.name(), "a report's file could not be made");
                admin::ReportFailure::Failed
            })
        })
    }
}

impl admin::Followers for ForPages {
    fn standing(&self) -> BoxFuture<'_, Result<Vec<admin::Standing>, admin::FollowersFailed>> {
        Box::pin(async move {
            let all = self.0.worker.status().await.map_err(|error| {
                tracing::error!(%error, "the views' standing cannot be read");
                admin::FollowersFailed
            })?;
            Ok(all
                .into_iter()
                .map(|s| admin::Standing {
                    name: s.name,
                    generation: s.generation,
                    position: s.position.0,
                    lag_events: s.lag_events,
                    lag_seconds: s.lag_seconds,
                    stopped: s.stopped.map(unfoldable),
                    set_aside: s.set_aside,
                    set_aside_latest: s.set_aside_latest.into_iter().map(set_aside).collect(),
                    rebuild: s.rebuild.map(|rebuild| admin::Rebuilding {
                        generation: rebuild.generation,
                        position: rebuild.position.0,
                        lag_events: rebuild.lag_events,
                        stopped: rebuild.stopped.map(unfoldable),
                        set_aside: rebuild.set_aside,
                    }),
                })
                .collect())
        })
    }
}

fn unfoldable(event: eventlog::projection::Unfoldable) -> admin::Unfoldable {
    admin::Unfoldable { position: event.position.0, kind: event.kind, error: event.reason, at: None }
}

fn set_aside(event: eventlog::projection::SetAside) -> admin::Unfoldable {
    admin::Unfoldable {
        position: event.position.0,
        kind: event.kind,
        error: event.error,
        at: Some(event.at.to_datetime().to_rfc3339()),
    }
}
