//! Reports for programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use disclosure::{Lang, ReportKind, Strata};
use domain::Date;
use render::{Format, View};
use serde::Deserialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, RefOr, ResponseBuilder, ResponsesBuilder, Schema};
use utoipa::{IntoParams, IntoResponses, PartialSchema as _};

use super::ask::{Ask, Question, Reports};
use crate::shell::openapi::{File, one_of};
use crate::shell::problem::{Path, Problem, Query};
use crate::shell::{Administrator, lang_named};

/// The kind of report in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Kind {
    /// `competence` or `survey`.
    #[param(schema_with = kinds)]
    pub(crate) kind: String,
}

fn kinds() -> RefOr<Schema> {
    one_of(&["competence", "survey"])
}

fn formats() -> RefOr<Schema> {
    one_of(&Format::ALL.map(Format::name))
}

fn strata() -> RefOr<Schema> {
    one_of(&Strata::ALL.map(Strata::name))
}

/// What may stand behind a report's address.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// The form of the file; none: `json`.
    #[param(schema_with = formats, required = false)]
    pub(crate) format: Option<String>,
    /// `en`, or else Swedish.
    pub(crate) lang: Option<String>,
    /// The code of a unit; none: all of the organisation.
    pub(crate) unit: Option<String>,
    /// The framework of a competence report; none: `digcomp-3.0`.
    pub(crate) framework: Option<String>,
    /// An earlier date that competence is compared with, `YYYY-MM-DD`.
    pub(crate) since: Option<String>,
    /// The id of a survey's round; none: the newest whose answers are let out.
    pub(crate) round: Option<String>,
    /// The parts of groups by which a survey's answers are weighted against non-response: the units right below, or the
    /// roles; none: they are not.
    #[param(schema_with = strata, required = false)]
    pub(crate) weights: Option<String>,
    /// The log position; none: the newest.
    pub(crate) at: Option<u64>,
}

impl Wanted {
    /// The form of the file; JSON unless asked otherwise.
    pub(super) fn format(&self) -> Result<Format, Problem> {
        let Some(name) = self.format.as_deref() else { return Ok(Format::Json) };
        let expected = || format!("one of {}", Format::ALL.map(Format::name).join(", "));
        Format::named(name).ok_or_else(|| Problem::Invalid { at: "?format".to_owned(), expected: expected() })
    }

    /// The language; Swedish unless asked otherwise.
    pub(crate) fn lang(&self) -> Lang {
        lang_named(self.lang.as_deref())
    }

    /// The unit asked for; none: all of the organisation.
    pub(crate) fn unit(&self) -> Option<&str> {
        self.unit.as_deref().filter(|unit| !unit.is_empty())
    }

    /// The round asked for; none: the newest whose answers are let out.
    pub(crate) fn round(&self) -> Option<&str> {
        self.round.as_deref().filter(|round| !round.is_empty())
    }

    /// The earlier date to compare with.
    fn since(&self) -> Result<Option<Date>, Problem> {
        let wrong =
            |_| Problem::Invalid { at: "?since".to_owned(), expected: "a date as YYYY-MM-DD".to_owned() };
        self.since
            .as_deref()
            .filter(|since| !since.is_empty())
            .map(|since| since.parse().map_err(wrong))
            .transpose()
    }

    /// How answers are weighted.
    pub(crate) fn weights(&self) -> Result<Option<Strata>, Problem> {
        let Some(name) = self.weights.as_deref().filter(|name| !name.is_empty()) else { return Ok(None) };
        let wrong =
            || Problem::Invalid { at: "?weights".to_owned(), expected: "one of unit, role".to_owned() };
        Strata::named(name).map(Some).ok_or_else(wrong)
    }

    /// The question to put for a kind of report.
    pub(crate) fn ask(&self, kind: &str) -> Result<Ask, Problem> {
        let question = match kind {
            "competence" => Question::Competence,
            "survey" => Question::Survey { round: self.round().map(str::to_owned) },
            _ => return Err(Problem::NotFound("report; there are competence and survey")),
        };
        let framework = self.framework.clone().filter(|framework| !framework.is_empty());
        Ok(Ask {
            at: self.at,
            framework,
            since: self.since()?,
            weights: self.weights()?,
            ..Ask::new(question)
        })
    }
}

/// A report in one of its forms, as it is described.
pub(super) struct Made;

impl IntoResponses for Made {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let of_type = |of| RefOr::T(Schema::from(ObjectBuilder::new().schema_type(of)));
        let schema = |format| match format {
            Format::Json => of_type(Type::Object),
            Format::Csv | Format::Html => of_type(Type::String),
            Format::Pdf | Format::Parquet | Format::Xlsx => File::schema(),
        };
        let made = Format::ALL.into_iter().fold(ResponseBuilder::new(), |made, format| {
            made.content(format.media_type(), Content::new(Some(schema(format))))
        });
        let no_program = ResponseBuilder::new().description("The program that makes PDF is not installed");
        ResponsesBuilder::new().response("200", made).response("501", no_program).build().into()
    }
}

/// Makes a report: `competence` or `survey`.
#[utoipa::path(get, path = "/api/v1/reports/{kind}", tag = "reports", params(Kind, Wanted), responses(Made))]
pub(crate) async fn report(
    _: Administrator,
    State(reports): State<Arc<dyn Reports>>,
    Path(Kind { kind }): Path<Kind>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let format = wanted.format()?;
    let released = reports.make(wanted.ask(&kind)?).await?;
    let view = match wanted.unit() {
        None => View::new(&released, wanted.lang()),
        Some(unit) => View::of_unit(&released, wanted.lang(), unit).ok_or(Problem::NotFound("unit"))?,
    };
    file(&*reports, &view, format, "").await
}

/// A report as a file to be kept; `what` tells files of one kind apart in their names.
pub(super) async fn file(
    reports: &dyn Reports,
    view: &View<'_>,
    format: Format,
    what: &str,
) -> Result<Response, Problem> {
    let bytes = reports.write(view, format).await?;
    let mut response = ([(header::CONTENT_TYPE, format.media_type())], bytes).into_response();
    let headers = response.headers_mut();
    let released = view.released();
    let kind = if released.kind() == ReportKind::Survey { "survey" } else { "competence" };
    let as_of = &released.identity().as_of;
    let name = format!("attachment; filename=\"larka-{kind}{what}-{as_of}.{}\"", format.name());
    if let Ok(value) = name.parse() {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
