//! What all subjects share: who asks, what a page has around it, how a refusal is told, how events are recorded. It
//! knows no subject.

mod attempts;
pub(crate) mod body;
mod browser;
mod cookies;
mod entrance;
mod form;
mod frame;
mod login;
mod metrics;
pub(crate) mod openapi;
pub(crate) mod problem;
pub(crate) mod recording;
mod room;
mod session;
mod state;
mod words;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::{get, post};

pub(crate) use attempts::Attempts;
pub use attempts::held_against;
pub(crate) use domain::iris::escape;
pub(crate) use form::{FORMS, Upload, form, upload};
pub(crate) use frame::{Asked, Reader, answer, enter_first, frame, not_so, nowhere, show};
pub(crate) use metrics::Metrics;
pub(crate) use session::Administrator;
pub(crate) use state::{Page, Shell, Subject};
pub(crate) use words::{Spoken, lang_named, other, t};

/// Addresses of what everybody may ask for.
pub(crate) const OPEN: [&str; 3] = ["/login", "/logout", "/assets/{*path}"];

/// The ways in and out, and what pages are made of.
pub(crate) fn routes<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    Shell: FromRef<S>,
{
    let [login, logout, assets] = OPEN;
    Router::new()
        .route(login, get(login::page).post(login::log_in).layer(DefaultBodyLimit::max(login::FORM_LIMIT)))
        .route(logout, post(login::log_out))
        .route(assets, get(frame::asset))
}
