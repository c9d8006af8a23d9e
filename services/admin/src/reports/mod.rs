//! Reports: their pages, the overview of what they say, and the same for programs.

mod api;
mod ask;
mod ordered;
mod overview;
mod page;
mod words;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use ask::{Ask, Question, ReportFailure, Reports};
pub use ordered::{
    Opened, OrderFailure, OrderInput, OrderedReport, Orders, OrdersListed, ReportSchedule, ScheduleInput,
};

use crate::shell::{Shell, Subject};
use ordered::{ORDERED, page as orders};
use words::{COMPETENCE, OVERVIEW, SURVEY};

/// Pages that are not in the navigation.
pub(crate) const BELOW: [&str; 6] = ordered::BELOW;

pub(crate) fn subject<S>() -> Subject<S>
where
    S: Clone + Send + Sync + 'static,
    Shell: FromRef<S>,
    Arc<dyn Reports>: FromRef<S>,
    Arc<dyn Orders>: FromRef<S>,
{
    let routes = OpenApiRouter::new()
        .route(OVERVIEW.path, get(overview::page))
        .route(COMPETENCE.path, get(page::competence))
        .route(SURVEY.path, get(page::survey))
        .routes(routes!(api::report))
        .merge(ordered_reports());
    Subject { pages: &[OVERVIEW, COMPETENCE, SURVEY, ORDERED], routes }
}

fn ordered_reports<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Shell: FromRef<S>,
    Arc<dyn Reports>: FromRef<S>,
    Arc<dyn Orders>: FromRef<S>,
{
    let [report, name, remove, changes, schedules, unschedule] = BELOW;
    let forms = OpenApiRouter::new()
        .route(ORDERED.path, get(orders::list).post(orders::order))
        .route(report, get(orders::report))
        .route(name, post(orders::rename))
        .route(remove, post(orders::remove))
        .route(changes, get(orders::changes))
        .route(schedules, post(orders::schedule))
        .route(unschedule, post(orders::unschedule))
        .layer(DefaultBodyLimit::max(orders::FORM_LIMIT));
    forms
        .routes(routes!(ordered::api::list, ordered::api::order))
        .routes(routes!(ordered::api::rename, ordered::api::remove))
        .routes(routes!(ordered::api::made))
        .routes(routes!(ordered::api::changes))
        .routes(routes!(ordered::api::schedule))
        .routes(routes!(ordered::api::unschedule))
}
