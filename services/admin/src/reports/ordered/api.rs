//! Ordered reports and schedules for programs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use disclosure::Lang;
use domain::input;
use render::{Format, View};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

use super::super::api::{Made, Wanted, file};
use super::super::ask::Reports;
use super::keeper::{Opened, OrderInput, OrderedReport, Orders, OrdersListed, ReportSchedule, ScheduleInput};
use crate::shell::body::Body;
use crate::shell::openapi::one_of;
use crate::shell::problem::{Path, Problem, Query};
use crate::shell::{Administrator, lang_named};

/// The id in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Id {
    /// The id.
    pub(crate) id: String,
}

/// What may stand behind the address of an ordered report's file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileWanted {
    /// The form of the file; none: `json`.
    #[param(schema_with = formats, required = false)]
    pub(crate) format: Option<String>,
    /// `sv` or `en`; none: as the definition says, or else Swedish.
    pub(crate) lang: Option<String>,
}

fn formats() -> RefOr<Schema> {
    one_of(&Format::ALL.map(Format::name))
}

/// A new name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rename {
    /// What the report is to be called.
    name: String,
}

/// What is no more.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoMore {
    /// True.
    removed: bool,
}

/// Lists ordered reports and schedules.
#[utoipa::path(get, path = "/api/v1/ordered-reports", tag = "reports", operation_id = "list_ordered_reports", responses((status = OK, body = OrdersListed)))]
pub(crate) async fn list(
    _: Administrator,
    State(orders): State<Arc<dyn Orders>>,
) -> Result<Json<OrdersListed>, Problem> {
    Ok(Json(orders.list().await?))
}

/// Orders the newest report that there is now.
#[utoipa::path(post, path = "/api/v1/ordered-reports", tag = "reports", operation_id = "order_report", request_body = OrderInput, responses((status = CREATED, body = OrderedReport)))]
pub(crate) async fn order(
    administrator: Administrator,
    State(orders): State<Arc<dyn Orders>>,
    Body(body): Body,
) -> Result<(StatusCode, Json<OrderedReport>), Problem> {
    let ordered = orders.order(input::parse(&body)?, administrator.account).await?;
    Ok((StatusCode::CREATED, Json(ordered)))
}

/// Calls an ordered report otherwise.
#[utoipa::path(patch, path = "/api/v1/ordered-reports/{id}", tag = "reports", operation_id = "rename_ordered_report", params(Id), request_body = Rename, responses((status = OK, body = OrderedReport)))]
pub(crate) async fn rename(
    _: Administrator,
    State(orders): State<Arc<dyn Orders>>,
    Path(Id { id }): Path<Id>,
    Body(body): Body,
) -> Result<Json<OrderedReport>, Problem> {
    let Rename { name } = input::parse(&body)?;
    Ok(Json(orders.rename(id, name).await?))
}

/// Keeps an ordered report no more.
#[utoipa::path(delete, path = "/api/v1/ordered-reports/{id}", tag = "reports", operation_id = "remove_ordered_report", params(Id), responses((status = OK, body = NoMore)))]
pub(crate) async fn remove(
    administrator: Administrator,
    State(orders): State<Arc<dyn Orders>>,
    Path(Id { id }): Path<Id>,
) -> Result<Json<NoMore>, Problem> {
    orders.remove(id, administrator.account).await?;
    Ok(Json(NoMore { removed: true }))
}

/// An ordered report's file: the same bytes each time.
#[utoipa::path(
    get,
    path = "/api/v1/ordered-reports/{id}/file",
    tag = "reports",
    operation_id = "ordered_report_file",
    params(Id, FileWanted),
    responses(Made)
)]
pub(crate) async fn made(
    _: Administrator,
    State(orders): State<Arc<dyn Orders>>,
    State(reports): State<Arc<dyn Reports>>,
    Path(Id { id }): Path<Id>,
    Query(wanted): Query<FileWanted>,
) -> Result<Response, Problem> {
    write(&*reports, &orders.open(id).await?, &wanted, "").await
}

/// What has changed since the report of the same definition before an ordered report, as a file of the same forms.
#[utoipa::path(
    get,
    path = "/api/v1/ordered-reports/{id}/changes",
    tag = "reports",
    operation_id = "ordered_report_changes",
    params(Id, FileWanted),
    responses(Made)
)]
pub(crate) async fn changes(
    _: Administrator,
    State(orders): State<Arc<dyn Orders>>,
    State(reports): State<Arc<dyn Reports>>,
    Path(Id { id }): Path<Id>,
    Query(wanted): Query<FileWanted>,
) -> Result<Response, Problem> {
    write(&*reports, &orders.changes(id).await?, &wanted, "-changes").await
}

/// Orders a report whenever its time has come.
#[utoipa::path(post, path = "/api/v1/report-schedules", tag = "reports", operation_id = "create_report_schedule", request_body = ScheduleInput, responses((status = CREATED, body = ReportSchedule)))]
pub(crate) async fn schedule(
    administrator: Administrator,
    State(orders): State<Arc<dyn Orders>>,
    Body(body): Body,
) -> Result<(StatusCode, Json<ReportSchedule>), Problem> {
    let schedule = orders.schedule(input::parse(&body)?, administrator.account).await?;
    Ok((StatusCode::CREATED, Json(schedule)))
}

/// Ends a schedule; the reports that it ordered stay.
#[utoipa::path(delete, path = "/api/v1/report-schedules/{id}", tag = "reports", operation_id = "remove_report_schedule", params(Id), responses((status = OK, body = NoMore)))]
pub(crate) async fn unschedule(
    administrator: Administrator,
    State(orders): State<Arc<dyn Orders>>,
    Path(Id { id }): Path<Id>,
) -> Result<Json<NoMore>, Problem> {
    orders.unschedule(id, administrator.account).await?;
    Ok(Json(NoMore { removed: true }))
}

async fn write(
    reports: &dyn Reports,
    opened: &Opened,
    wanted: &FileWanted,
    what: &str,
) -> Result<Response, Problem> {
    let format = Wanted { format: wanted.format.clone(), ..Wanted::default() }.format()?;
    let lang = wanted.lang.as_deref().map(|name| lang_named(Some(name)));
    let lang = lang.or(opened.lang).unwrap_or(Lang::Sv);
    let view = View::of_part(&opened.released, lang, &opened.part)
        .map_err(|error| Problem::Asked(error.to_string()))?;
    file(reports, &view, format, what).await
}
