//! The way in for courses and rules for competence. Provisional in form.

use axum::Json;
use axum::extract::State;
use domain::input;

use crate::shell::body::Body;
use crate::shell::problem::Problem;
use crate::shell::recording::{Step, Taken, store};
use crate::shell::{Administrator, Shell};

/// Takes in courses with their parts, and rules for competence.
#[utoipa::path(post, path = "/api/v1/courses", tag = "ways in", request_body = input::CoursesInput, responses((status = OK, body = Taken)))]
pub(crate) async fn courses(
    administrator: Administrator,
    State(shell): State<Shell>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let input: input::CoursesInput = input::parse(&body)?;
    input.validate()?;
    store(&shell, administrator.account, &[], |known, _, _| Ok(Step::Changes(input.changes(known)?))).await
}
