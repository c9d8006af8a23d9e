//! Who people on a roll are: what of them is sealed.

use std::collections::HashMap;

use domain::events::{PersonFacts, PersonPersonal};
use domain::{Facts as _, Municipality, PersonId};
use eventlog::{EventLog, Position};
use vault::{Envelope, Opened, Vault};
use xapi::Identifier;

use crate::DeskError;

/// People that are read in one stretch.
const PAGE: usize = 500;

/// What is known of some people; whoever was erased is left out.
pub(crate) async fn read(
    log: &EventLog,
    vault: &Vault,
    municipality: &Municipality,
    people: &[PersonId],
) -> Result<HashMap<PersonId, PersonPersonal>, DeskError> {
    vault.at_fence(log.fence());
    let at: HashMap<Position, PersonId> = people
        .iter()
        .filter_map(|person| Some((municipality.organisation.person(*person)?.position, *person)))
        .collect();
    let positions: Vec<Position> = at.keys().copied().collect();
    let mut known = HashMap::with_capacity(people.len());
    for page in positions.chunks(PAGE) {
        let described = log.read_with_slots(page).await?;
        let envelopes: Vec<Envelope<'_>> = described
            .iter()
            .map(|one| Envelope { event: one.event.id, kind: PersonFacts::KIND, slots: &one.slots })
            .collect();
        for (one, slots) in described.iter().zip(vault.open_all(&envelopes).await?) {
            if let (Some(person), Some(Opened::Plain(plain))) = (at.get(&one.event.position), slots.first())
                && let Ok(personal) = PersonPersonal::decode(plain)
            {
                known.insert(*person, personal);
            }
        }
    }
    Ok(known)
}

/// Whom statements name: the person's account, or the first of what the roll names them by.
pub(crate) fn identifier(personal: &PersonPersonal) -> Option<&Identifier> {
    let is_account = |identifier: &&Identifier| matches!(identifier, Identifier::Account { .. });
    personal.identifiers.iter().find(is_account).or_else(|| personal.identifiers.first())
}
