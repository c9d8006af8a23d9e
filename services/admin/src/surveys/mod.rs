//! Surveys and their rounds: for programs, and the pages on which they are made, opened, followed and closed.

mod answering;
mod answers;
mod api;
mod begun;
mod invitations;
mod inviting;
mod keep;
mod list;
mod making;
mod making_form;
mod preview;
mod ready;
mod refusing;
mod round;
mod round_form;
mod shown;
mod words;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use views::definitions::Definitions;

pub use answers::{AnswerFiles, AnswersAsked, AnswersFailed, AnswersTold, Pieces};
pub use invitations::{Door, Invitations, InvitationsFailed, InvitedPerson, WaysIn};

use crate::shell::{Shell, Subject};
use words::SURVEYS;

/// Pages that are not in the navigation.
pub(crate) const BELOW: [&str; 9] = [
    begun::NEW,
    begun::READ,
    begun::SHEET,
    list::SURVEY,
    round_form::EDIT,
    round::ROUND,
    round::OPEN,
    round::CLOSE,
    answering::ANSWERS,
];

pub(crate) fn subject<S>() -> Subject<S>
where
    S: Clone + Send + Sync + 'static,
    Shell: FromRef<S>,
    Definitions: FromRef<S>,
    Arc<dyn Invitations>: FromRef<S>,
    Arc<dyn AnswerFiles>: FromRef<S>,
{
    let pages = OpenApiRouter::new()
        .route(SURVEYS.path, get(list::page))
        .route(list::SURVEY, get(list::survey))
        .route(begun::NEW, get(making::page).post(making::save))
        .route(begun::READ, post(making::read))
        .route(begun::SHEET, get(making::sheet))
        .route(round_form::EDIT, get(round::edit).post(round::save))
        .route(round::ROUND, get(round::page))
        .route(round::OPEN, post(round::open))
        .route(round::CLOSE, post(round::close))
        .layer(DefaultBodyLimit::max(begun::FORM_LIMIT))
        .merge(files());
    let routes = pages
        .routes(routes!(api::surveys, api::list))
        .routes(routes!(api::check))
        .routes(routes!(api::check_sheet))
        .routes(routes!(api::survey))
        .routes(routes!(api::rounds, api::list_rounds))
        .routes(routes!(api::round))
        .routes(routes!(api::open))
        .routes(routes!(api::close))
        .routes(routes!(api::outside))
        .routes(routes!(invitations::invitations));
    Subject { pages: &[SURVEYS], routes }
}

/// Where files of answers come in: whoever takes them bounds them.
fn files<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Shell: FromRef<S>,
    Arc<dyn AnswerFiles>: FromRef<S>,
{
    OpenApiRouter::new()
        .route(answering::ANSWERS, get(answering::page).post(answering::send))
        .layer(DefaultBodyLimit::disable())
        .routes(routes!(answers::take))
}
