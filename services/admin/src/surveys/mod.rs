//! Surveys and their rounds.

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
    Subject {
        pages: &[],
        routes: OpenApiRouter::new()
            .routes(routes!(api::surveys))
            .routes(routes!(api::rounds))
            .routes(routes!(api::outside)),
    }
}
