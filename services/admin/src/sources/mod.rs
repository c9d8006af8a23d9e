//! Where statements come from and go to: the credentials of tools, the places that statements are handed on to, and
//! where a single statement is from.

mod credentials;
mod forwards;
mod page;
mod source;
mod statements;
mod words;

use std::sync::Arc;

use axum::extract::FromRef;
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use credentials::{CredentialFailure, CredentialInput, CredentialTask, Credentials};
pub use forwards::{ForwardFailure, ForwardInput, ForwardTask, Forwards};
pub use statements::{Statements, StatementsFailed};

use crate::shell::{Shell, Subject};
use words::SOURCES;

pub(crate) fn subject<S>() -> Subject<S>
where
    S: Clone + Send + Sync + 'static,
    Shell: FromRef<S>,
    Arc<dyn Credentials>: FromRef<S>,
    Arc<dyn Forwards>: FromRef<S>,
    Arc<dyn Statements>: FromRef<S>,
{
    let routes = OpenApiRouter::new()
        .route(SOURCES.path, get(page::page))
        .routes(routes!(credentials::list, credentials::create))
        .routes(routes!(credentials::revoke))
        .routes(routes!(credentials::rotate))
        .routes(routes!(credentials::set_rules))
        .routes(routes!(credentials::replay))
        .routes(routes!(credentials::kept, credentials::discard))
        .routes(routes!(forwards::list, forwards::create))
        .routes(routes!(forwards::remove))
        .routes(routes!(forwards::pause))
        .routes(routes!(forwards::resume))
        .routes(routes!(statements::provenance));
    Subject { pages: &[SOURCES], routes }
}
