//! Reports: their pages, the overview of what they say, and the same for programs.

mod api;
mod ask;
mod overview;
mod page;
mod words;

use std::sync::Arc;

use axum::extract::FromRef;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use ask::{Ask, Question, ReportFailure, Reports};

use crate::shell::{Shell, Subject};
use words::{COMPETENCE, OVERVIEW, SURVEY};

pub(crate) fn subject<S>() -> Subject<S>
where
    S: Clone + Send + Sync + 'static,
    Shell: FromRef<S>,
    Arc<dyn Reports>: FromRef<S>,
{
    let routes = OpenApiRouter::new()
        .route(OVERVIEW.path, get(overview::page))
        .route(COMPETENCE.path, get(page::competence))
        .route(SURVEY.path, get(page::survey))
        .routes(routes!(api::report));
    Subject { pages: &[OVERVIEW, COMPETENCE, SURVEY], routes }
}
