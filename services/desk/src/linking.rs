//! Pseudonyms of a round's people: agents of the round's own, linked to the people of the roll by an event that names
//! pseudonyms alone. Everybody on the roll gets theirs at once, so that to have one says nothing.

use domain::events::{AgentsLinkedFacts, RoundFacts};
use domain::iris;
use domain::surveys::audience;
use domain::{Facts as _, PersonId};
use eventlog::{Append, AppendError};
use vault::Period;
use xapi::Identifier;

use crate::{Desk, DeskError};

/// People in one append.
const STEP: usize = 500;
/// How often it is begun again because another node did the same, or somebody was erased.
const ATTEMPTS: usize = 5;

impl Desk {
    /// How statements of a round name an agent of its own.
    pub(crate) fn agent_of(&self, round: &RoundFacts, name: String) -> Identifier {
        let home_page = format!("{}/rounds/{}", self.inner.base_url, iris::part(&round.id));
        Identifier::Account { home_page, name }
    }

    pub(crate) fn pseudonym(&self, round: &RoundFacts, person: PersonId) -> Identifier {
        self.agent_of(round, self.inner.codes.pseudonym(&round.id, person))
    }

    /// The pseudonym of somebody in a round, once everybody on its roll has one.
    pub(crate) async fn linked(&self, round: &RoundFacts, person: PersonId) -> Result<Identifier, DeskError> {
        let pseudonym = self.pseudonym(round, person);
        if !self.is_linked(&pseudonym, person).await? {
            self.link(round).await?;
        }
        Ok(pseudonym)
    }

    async fn is_linked(&self, pseudonym: &Identifier, person: PersonId) -> Result<bool, DeskError> {
        let agents = self.inner.vault.lookup(std::slice::from_ref(pseudonym)).await?;
        let Some(agent) = agents.into_iter().flatten().next() else { return Ok(false) };
        let municipality = self.inner.municipality.snapshot().municipality;
        Ok(municipality.organisation.listed_person_of(agent.0) == Some(person))
    }

    /// Whether somebody on a round's roll has no pseudonym yet. Asked of one of them: they get theirs together.
    pub(crate) async fn lacks_pseudonyms(&self, round: &RoundFacts) -> Result<bool, DeskError> {
        let organisation = &self.inner.municipality.snapshot().municipality.organisation;
        let mut people = audience(round, organisation).into_iter();
        match people.rfind(|person| !organisation.is_erased(*person)) {
            Some(last) => Ok(!self.is_linked(&self.pseudonym(round, last), last).await?),
            None => Ok(false),
        }
    }

    /// Gives everybody on a round's roll their pseudonym who has none. Doing it again changes nothing.
    pub(crate) async fn link(&self, round: &RoundFacts) -> Result<(), DeskError> {
        let inner = &self.inner;
        let _turn = inner.linking.lock().await;
        for attempt in 1.. {
            let municipality = inner.municipality.refresh().await?.municipality;
            let organisation = &municipality.organisation;
            let people: Vec<PersonId> = audience(round, organisation)
                .into_iter()
                .filter(|person| !organisation.is_erased(*person))
                .collect();
            let mut again = false;
            for people in people.chunks(STEP) {
                let fence = inner.log.fence();
                inner.vault.at_fence(fence);
                let names: Vec<Identifier> =
                    people.iter().map(|person| self.pseudonym(round, *person)).collect();
                let handles = inner.vault.resolve(&names, Period::of(inner.clock.now())).await?;
                let agents = people.iter().zip(handles.iter().map(|handle| handle.agent().0));
                let missing =
                    agents.filter(|(person, agent)| organisation.listed_person_of(*agent) != Some(**person));
                let events: Vec<_> = missing
                    .map(|(person, agent)| {
                        let mut agents = vec![*person, agent];
                        agents.sort_unstable();
                        let once = inner.codes.id(&[b"linked", round.id.as_bytes(), person]).into_bytes();
                        let event = AgentsLinkedFacts { agents }.event(once);
                        eventlog::NewEvent { dedupe: Some(once), ..event }
                    })
                    .collect();
                if events.is_empty() {
                    continue;
                }
                match inner.log.append(Append { events, fence: Some(fence), raise_fence: false }).await {
                    Ok(_) => {}
                    Err(AppendError::Exists(_) | AppendError::Fenced(_)) if attempt < ATTEMPTS => {
                        again = true
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            inner.municipality.refresh().await?;
            if !again {
                break;
            }
        }
        Ok(())
    }
}
