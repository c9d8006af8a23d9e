//! Surveys and their rounds.

mod api;
mod invitations;

use std::sync::Arc;

use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use invitations::{Door, Invitations, InvitationsFailed, Invited, InvitedPerson};

use crate::shell::{Shell, Subject};

pub(crate) fn subject<S>() -> Subject<S>
where
    S: Clone + Send + Sync + 'static,
    Shell: FromRef<S>,
    Arc<dyn Invitations>: FromRef<S>,
{
    Subject {
        pages: &[],
        routes: OpenApiRouter::new()
            .routes(routes!(api::surveys))
            .routes(routes!(api::rounds))
            .routes(routes!(api::outside))
            .routes(routes!(invitations::invitations)),
    }
}
