//! The links of a round, for the API for administrators.

use std::sync::Arc;

use admin::{Door, InvitationsFailed, Invited, InvitedPerson};
use desk::DeskError;
use domain::Text;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::instance::Instance;

/// The API's way to the desk.
pub(crate) struct ForApi(pub(crate) Arc<Instance>);

impl admin::Invitations for ForApi {
    fn of<'a>(&'a self, round: &'a str) -> BoxFuture<'a, Result<Option<Invited>, InvitationsFailed>> {
        async move {
            match self.0.desk.invitations(round).await {
                Ok(found) => Ok(Some(shown(found))),
                Err(DeskError::Unknown) => Ok(None),
                Err(error) => {
                    tracing::error!(%error, "invitations cannot be read");
                    Err(InvitationsFailed)
                }
            }
        }
        .boxed()
    }
}

fn shown(found: desk::Invitations) -> Invited {
    let door = |desk::Door { unit, guardians, code, link }| Door { unit, guardians, code, link };
    let person = |desk::Invitation { name, address, unit, role, code, link }| InvitedPerson {
        name,
        address,
        unit,
        role,
        code,
        link,
    };
    let (sv, en) = found.title;
    Invited {
        title: Text::new(sv, en),
        doors: found.doors.into_iter().map(door).collect(),
        people: found.people.into_iter().map(person).collect(),
    }
}
