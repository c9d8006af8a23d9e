//! Who is invited to a round, and by which links.

use std::collections::{BTreeMap, BTreeSet};

use domain::PersonId;
use domain::events::{RoundFacts, RoundMode};
use domain::organisation::Organisation;
use domain::surveys::asked;
use xapi::Identifier;

use crate::book::{doors, doors_beside};
use crate::codes::grouped;
use crate::{Desk, DeskError, persons};

/// By what people come in to a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaysIn {
    /// The round's title, in Swedish and English.
    pub title: (String, String),
    /// The short codes: the round's and one for each unit of those on its roll, then of guardians one for each link's unit.
    pub doors: Vec<Door>,
}

/// A short code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The unit's code and name, where it is a unit's.
    pub unit: Option<(String, String)>,
    /// Whether it is for the guardians of the unit's pupils.
    pub guardians: bool,
    /// As it is typed.
    pub code: String,
    /// Where it leads.
    pub link: String,
}

/// Somebody's link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// First and last name; nothing of a protected identity.
    pub name: String,
    /// The mail address or account by which the roll names them; nothing of a protected identity.
    pub address: String,
    /// The code of the unit of their first duty that makes them be asked.
    pub unit: String,
    /// Its role.
    pub role: String,
    /// The personal code, as it is typed.
    pub code: String,
    /// A link with both codes; the personal one in the fragment, which browsers do not send.
    pub link: String,
}

impl Desk {
    /// The ways in to a round that is no draft.
    ///
    /// # Errors
    /// [`DeskError::Unknown`].
    pub fn ways_in(&self, round: &str) -> Result<WaysIn, DeskError> {
        let book = self.book();
        let round = book.round(round).ok_or(DeskError::Unknown)?;
        let organisation = &book.municipality.organisation;
        let name =
            |code: &str| organisation.unit(code).map_or(code.to_owned(), |unit| unit.facts.name.clone());
        let alone = round.mode == RoundMode::Guardians;
        let door = |unit: Option<&str>, guardians: bool| {
            let code = match unit.filter(|_| guardians && !alone) {
                Some(unit) => self.inner.codes.guardians(&round.id, unit),
                None => self.inner.codes.short(&round.id, unit),
            };
            let link = format!("{}/s/{code}", self.inner.links);
            let unit = unit.map(|code| (code.to_owned(), name(code)));
            Door { unit, guardians, code: grouped(&code), link }
        };
        // Of units below the round's those with somebody on its roll.
        let units: BTreeSet<&str> = places(round, organisation).into_values().map(|(unit, _)| unit).collect();
        let all = doors(round, organisation).into_iter();
        let all = all.filter(|unit| units.is_empty() || unit.is_none_or(|unit| units.contains(unit)));
        let title = (round.title.sv.clone(), round.title.english().to_owned());
        let mut doors: Vec<Door> = all.map(|unit| door(unit, alone)).collect();
        doors.extend(doors_beside(round).map(|unit| door(Some(unit), true)));
        Ok(WaysIn { title, doors })
    }

    /// Everybody on the roll of a round that is no draft, by unit and name; nobody where guardians alone answer.
    ///
    /// # Errors
    /// [`DeskError::Unknown`], or the log or the vault cannot be read.
    pub async fn invitations(&self, round: &str) -> Result<Vec<Invitation>, DeskError> {
        let (book, codes) = (self.book(), &self.inner.codes);
        let round = book.round(round).ok_or(DeskError::Unknown)?;
        let places = places(round, &book.municipality.organisation);
        let link = format!("{}/s/{}", self.inner.links, codes.short(&round.id, None));
        let all: Vec<PersonId> = places.keys().copied().collect();
        let known = persons::read(&self.inner.log, &self.inner.vault, &book.municipality, &all).await?;
        let mut people: Vec<Invitation> = places
            .into_iter()
            .filter_map(|(person, (unit, role))| {
                let personal = known.get(&person)?;
                let mail = personal.identifiers.iter().find(|one| matches!(one, Identifier::Mbox(_)));
                let (name, address) = match personal.protected {
                    true => Default::default(),
                    false => (
                        format!("{} {}", personal.given, personal.family),
                        mail.or_else(|| persons::identifier(personal)).map(address).unwrap_or_default(),
                    ),
                };
                let code = codes.personal(&round.id, person);
                Some(Invitation {
                    name,
                    address,
                    unit: unit.to_owned(),
                    role: role.to_owned(),
                    link: format!("{link}#{code}"),
                    code: grouped(&code),
                })
            })
            .collect();
        people.sort_unstable_by(|one, other| {
            (&one.unit, &one.name, &one.address).cmp(&(&other.unit, &other.name, &other.address))
        });
        Ok(people)
    }
}

/// Everybody on a round's roll, with the unit and the role of the first duty that makes them be asked.
fn places<'a>(
    round: &'a RoundFacts,
    organisation: &'a Organisation,
) -> BTreeMap<PersonId, (&'a str, &'a str)> {
    let mut places = BTreeMap::new();
    if round.mode != RoundMode::Guardians {
        for (person, duty) in asked(round, organisation) {
            places.entry(person).or_insert((duty.unit.as_str(), duty.role.as_str()));
        }
    }
    places
}

fn address(identifier: &Identifier) -> String {
    match identifier {
        Identifier::Mbox(address) => address.trim_start_matches("mailto:").to_owned(),
        Identifier::MboxSha1sum(text) | Identifier::OpenId(text) => text.clone(),
        Identifier::Account { name, .. } => name.clone(),
    }
}
