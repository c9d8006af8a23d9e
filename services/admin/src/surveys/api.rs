//! The ways in for surveys and their rounds. Provisional in form.

use axum::Json;
use axum::extract::State;
use domain::input;

use crate::shell::body::Body;
use crate::shell::problem::Problem;
use crate::shell::recording::{Step, Taken, store};
use crate::shell::{Administrator, Shell};

/// Takes in surveys.
#[utoipa::path(post, path = "/api/v1/surveys", tag = "ways in", request_body = input::SurveysInput, responses((status = OK, body = Taken)))]
pub(crate) async fn surveys(
    administrator: Administrator,
    State(shell): State<Shell>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let surveys = input::parse::<input::SurveysInput>(&body)?.register()?;
    store(&shell, administrator.account, &[], |known, _, _| Ok(Step::Changes(surveys.changes(known)?))).await
}

/// Takes in other people's figures, to be shown beside a survey's own.
#[utoipa::path(post, path = "/api/v1/outside-figures", tag = "ways in", request_body = input::OutsideInput, responses((status = OK, body = Taken)))]
pub(crate) async fn outside(
    administrator: Administrator,
    State(shell): State<Shell>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let input: input::OutsideInput = input::parse(&body)?;
    input.validate()?;
    store(&shell, administrator.account, &[], |known, _, _| Ok(Step::Changes(input.changes(known)?))).await
}

/// Takes in rounds of surveys.
#[utoipa::path(post, path = "/api/v1/rounds", tag = "ways in", request_body = input::RoundsInput, responses((status = OK, body = Taken)))]
pub(crate) async fn rounds(
    administrator: Administrator,
    State(shell): State<Shell>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let input: input::RoundsInput = input::parse(&body)?;
    input.validate()?;
    store(&shell, administrator.account, &[], |known, _, _| Ok(Step::Changes(input.changes(known)?))).await
}
