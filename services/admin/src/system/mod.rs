//! How the log and what follows it stand.

mod api;
mod followers;
mod page;
mod words;

use std::sync::Arc;

use axum::extract::FromRef;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use followers::{Followers, FollowersFailed, Rebuilding, Standing, Unfoldable};

use crate::shell::{Shell, Subject};
use words::SYSTEM;

pub(crate) fn subject<S>() -> Subject<S>
where
    S: Clone + Send + Sync + 'static,
    Shell: FromRef<S>,
    Arc<dyn Followers>: FromRef<S>,
{
    let routes = OpenApiRouter::new().route(SYSTEM.path, get(page::page)).routes(routes!(api::status));
    Subject { pages: &[SYSTEM], routes }
}
