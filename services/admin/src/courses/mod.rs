//! Courses, and what competence they give.

mod api;

use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::shell::{Shell, Subject};

pub(crate) fn subject<S>() -> Subject<S>
where
    S: Clone + Send + Sync + 'static,
    Shell: FromRef<S>,
{
    Subject { pages: &[], routes: OpenApiRouter::new().routes(routes!(api::courses)) }
}
