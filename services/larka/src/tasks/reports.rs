//! Reports, for the command and for the pages.

use std::sync::Arc;

use disclosure::{Lang, Preset, Released};
use eventlog::event::Position;
use futures_util::future::BoxFuture;
use render::{Format, Stylesheet, View};
use worker::reports::{Question, ReportError, Request};

use crate::failure::Failure;
use crate::instance::{Instance, house_preset};
use crate::pdf::PdfError;
use crate::tasks::asked::{Asked, Kind};

/// The report's file, made after everything in the log has reached the lake.
pub(crate) async fn file(instance: &Instance, asked: &Asked) -> Result<Vec<u8>, Failure> {
    instance.worker.catch_up_lake().await?;
    let released = instance.worker.report(request(asked)?).await?;
    let view = View::of_part(&released, asked.lang.map_or(Lang::Sv, Into::into), &asked.part())?;
    Ok(write(instance, &view, asked.format.unwrap_or(Format::Html)).await?)
}

/// What is asked of the worker.
pub(crate) fn request(asked: &Asked) -> Result<Request, Failure> {
    let question = match asked.report {
        Some(Kind::Competence) => Question::Competence,
        Some(Kind::Survey) => Question::Survey { round: asked.round.clone() },
        None => return Err(Failure::setting("report", "competence or survey")),
    };
    let preset = match &asked.preset {
        None => house_preset()?,
        Some(name) => Preset::named(name)
            .ok_or_else(|| Failure::setting("preset", "gavle, gavle-held, skolenkaten or default"))?,
    };
    let day = |setting, text: &Option<String>| match text {
        Some(text) => text.parse().map(Some).map_err(|_| Failure::setting(setting, "a date as YYYY-MM-DD")),
        None => Ok(None),
    };
    let request = Request {
        at: asked.at.map(Position),
        as_of: day("as-of", &asked.as_of)?,
        framework: asked.framework.clone(),
        since: day("since", &asked.since)?,
        weights: asked.weights,
        ..Request::new(question, preset)
    };
    Ok(request)
}

/// Why there is no report, as whoever asked may know; the log says the rest.
pub(crate) fn failure(error: &ReportError) -> admin::ReportFailure {
    match error {
        ReportError::Asked(_)
        | ReportError::NoRound
        | ReportError::NotReleased { .. }
        | ReportError::Weights(_) => admin::ReportFailure::Asked(error.to_string()),
        ReportError::NotYet { next, .. } => admin::ReportFailure::NotYet(*next, error.to_string()),
        ReportError::NotReady => admin::ReportFailure::NotReady,
        other => {
            tracing::error!(error = %other, "a report could not be made");
            admin::ReportFailure::Failed
        }
    }
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
        let request = Request::new(question, house_preset()?);
        made.push((name, instance.worker.report(request).await?));
    }
    Ok(made)
}

/// An id as part of a file's name.
fn file_name(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
}

/// A view of a released report as a file's bytes.
pub(crate) async fn write(
    instance: &Instance,
    view: &View<'_>,
    format: Format,
) -> Result<Vec<u8>, FileError> {
    Ok(match format {
        Format::Pdf => instance.pdf.make(&render::paper(view)).await?,
        Format::Html => render::document(view, Stylesheet::Inline).into_bytes(),
        Format::Xlsx => render::xlsx(view)?,
        Format::Csv => render::csv(view),
        Format::Parquet => {
            analytics::released::parquet(view.released(), view.sections(), &view.populations())?
        }
        Format::Json => render::json(view).into_bytes(),
    })
}

/// Why there is no file of a report.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The workbook cannot be written.
    #[error(transparent)]
    Workbook(#[from] render::WorkbookError),
    /// The long table cannot be written.
    #[error(transparent)]
    Parquet(#[from] analytics::released::ParquetError),
    /// The PDF cannot be made.
    #[error(transparent)]
    Pdf(#[from] PdfError),
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
            let request = Request {
                at: ask.at.map(Position),
                framework: ask.framework,
                since: ask.since,
                weights: ask.weights,
                ..Request::new(question, preset)
            };
            self.0.worker.report(request).await.map_err(|error| failure(&error))
        })
    }

    fn newest(&self) -> BoxFuture<'_, Result<Option<String>, admin::ReportFailure>> {
        Box::pin(async move { self.0.worker.newest().await.map_err(|error| failure(&error)) })
    }

    fn formats(&self) -> Vec<Format> {
        let made = |format: &Format| *format != Format::Pdf || self.0.pdf.is_there();
        Format::ALL.into_iter().filter(made).collect()
    }

    fn write<'a>(
        &'a self,
        view: &'a View<'a>,
        format: Format,
    ) -> BoxFuture<'a, Result<Vec<u8>, admin::ReportFailure>> {
        Box::pin(async move {
            write(&self.0, view, format).await.map_err(|error| match error {
                FileError::Pdf(PdfError::NotThere) => admin::ReportFailure::NoProgram(error.to_string()),
                FileError::Pdf(PdfError::TooLarge) => admin::ReportFailure::TooLarge(error.to_string()),
                error => {
                    tracing::error!(%error, format = format.name(), "a report's file could not be made");
                    admin::ReportFailure::Failed
                }
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
