//! The links of a round, for the API for administrators.

use std::sync::Arc;

use admin::{Door, InvitationsFailed, InvitedPerson, WaysIn};
use desk::DeskError;
use domain::Text;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::instance::Instance;

/// The API's way to the desk.
pub(crate) struct ForApi(pub(crate) Arc<Instance>);

impl admin::Invitations for ForApi {
    fn ways_in(&self, round: &str) -> Result<Option<WaysIn>, InvitationsFailed> {
        found(self.0.desk.ways_in(round).map(|desk::WaysIn { title: (sv, en), doors }| {
            let door = |desk::Door { unit, guardians, code, link }| Door { unit, guardians, code, link };
            WaysIn { title: Text::new(sv, en), doors: doors.into_iter().map(door).collect() }
        }))
    }

    fn people<'a>(
        &'a self,
        round: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<InvitedPerson>>, InvitationsFailed>> {
        let person = |desk::Invitation { name, address, unit, role, code, link }| InvitedPerson {
            name,
            address,
            unit,
            role,
            code,
            link,
        };
        async move {
            let invited = self.0.desk.invitations(round).await;
            found(invited.map(|people| people.into_iter().map(person).collect()))
        }
        .boxed()
    }
}

/// What there is; nothing of a round that there is not.
fn found<T>(found: Result<T, DeskError>) -> Result<Option<T>, InvitationsFailed> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(DeskError::Unknown) => Ok(None),
        Err(error) => {
            tracing::error!(%error, "invitations cannot be read");
            Err(InvitationsFailed)
        }
    }
}
