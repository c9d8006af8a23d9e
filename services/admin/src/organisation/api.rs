//! The way in for units, people's places in them, and groups. Provisional in form.

use axum::Json;
use axum::extract::State;
use domain::input;
use vault::AgentHandle;
use xapi::Identifier;

use crate::shell::body::Body;
use crate::shell::problem::Problem;
use crate::shell::recording::{Step, Taken, store};
use crate::shell::{Administrator, Shell};

/// Takes in units, persons with duties and enrolments, and groups.
#[utoipa::path(post, path = "/api/v1/organisation", tag = "ways in", request_body = input::OrganisationInput, responses((status = OK, body = Taken)))]
pub(crate) async fn organisation(
    administrator: Administrator,
    State(shell): State<Shell>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let input: input::OrganisationInput = input::parse(&body)?;
    input.validate()?;
    let identifiers = input.identifiers();
    store(&shell, administrator.account, &identifiers, |known, handles, opened| {
        let agent =
            |identifier: &Identifier| handles.get(identifier).map(|handle: &AgentHandle| handle.agent().0);
        Ok(match opened {
            None => Step::Open(input.slots_to_compare(&known.organisation, agent)),
            Some(opened) => Step::Changes(input.changes(&known.organisation, agent, opened)?),
        })
    })
    .await
}
