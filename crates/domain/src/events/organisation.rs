//! Units, persons and groups.

use minicbor::{Decode, Encode};
use xapi::Identifier;

use super::kind;
use crate::cbor::{facts, from_bytes, to_bytes};
use crate::{AgentId, BadFacts, Date, PersonId};

/// A unit of the organisation: the municipality itself, an area, a school.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct UnitFacts {
    /// What identifies it, as the roster codes it.
    #[n(0)]
    pub code: String,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// `huvudman`, `rektorsomrade`, `forskola`, `skola`, `gymnasieskola`, `forvaltning` or another word.
    #[n(2)]
    pub kind: String,
    /// The code of the unit above it.
    #[n(3)]
    pub parent: Option<String>,
    /// Skolverket's eight digits, where it has them.
    #[n(4)]
    pub school_unit_code: Option<String>,
}
facts!(UnitFacts, kind::UNIT);

/// A person of the roster: which agents they are, and where they serve and learn. The name is sealed beside it
/// ([`PersonPersonal`], slot 0).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PersonFacts {
    /// The person's id: their first agent when they were first seen.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub person: PersonId,
    /// All of their agents, ascending.
    #[cbor(n(1), with = "crate::cbor::keys")]
    pub agents: Vec<AgentId>,
    /// Their duties, past and coming ones too, ascending.
    #[cbor(n(2), default, skip_if = "Vec::is_empty")]
    pub duties: Vec<Duty>,
    /// Their enrolments, past and coming ones too, ascending.
    #[cbor(n(3), default, skip_if = "Vec::is_empty")]
    pub enrolments: Vec<Enrolment>,
}
facts!(PersonFacts, kind::PERSON);

/// A duty (SS 12000 `Duty`) of a person at a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Duty {
    /// The unit's code.
    #[n(0)]
    pub unit: String,
    /// The role, such as `Rektor` or `Lärare`.
    #[n(1)]
    pub role: String,
    /// The first day.
    #[n(2)]
    pub from: Date,
    /// The last day, if one is known.
    #[n(3)]
    pub to: Option<Date>,
}

/// An enrolment of a pupil at a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Enrolment {
    /// The unit's code.
    #[n(0)]
    pub unit: String,
    /// The school year (årskurs).
    #[n(1)]
    pub school_year: Option<u8>,
    /// The first day.
    #[n(2)]
    pub from: Date,
    /// The last day, if one is known.
    #[n(3)]
    pub to: Option<Date>,
}

/// What of a person is sealed: slot 0 of a `person` event, under the keys of all of their agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonPersonal {
    /// First name.
    pub given: String,
    /// Last name.
    pub family: String,
    /// A protected identity (SS 12000 `securityMarking`): the name is shown nowhere. Sealed with the name,
    /// because the mark beside a unit and a role would itself point at a person for ever.
    pub protected: bool,
    /// The identifiers by which the roster named them, in its order.
    pub identifiers: Vec<Identifier>,
}

impl PersonPersonal {
    /// The bytes to seal.
    pub fn encode(&self) -> Vec<u8> {
        to_bytes(&PersonSlot {
            given: self.given.clone(),
            family: self.family.clone(),
            protected: self.protected.then_some(true),
            identifiers: self.identifiers.iter().map(IdentifierSlot::of).collect(),
        })
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`BadFacts`] where the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadFacts> {
        let slot: PersonSlot = from_bytes(kind::PERSON, bytes)?;
        Ok(Self {
            given: slot.given,
            family: slot.family,
            protected: slot.protected.unwrap_or_default(),
            identifiers: slot.identifiers.into_iter().filter_map(IdentifierSlot::identifier).collect(),
        })
    }
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct PersonSlot {
    #[n(0)]
    given: String,
    #[n(1)]
    family: String,
    #[n(2)]
    protected: Option<bool>,
    #[n(3)]
    identifiers: Vec<IdentifierSlot>,
}

/// Type (1 mbox, 2 mbox_sha1sum, 3 openid, 4 account), value, and for an account its name.
#[derive(Encode, Decode)]
struct IdentifierSlot {
    #[n(0)]
    kind: u8,
    #[n(1)]
    value: String,
    #[n(2)]
    name: Option<String>,
}

impl IdentifierSlot {
    fn of(identifier: &Identifier) -> Self {
        match identifier {
            Identifier::Mbox(value) => Self { kind: 1, value: value.clone(), name: None },
            Identifier::MboxSha1sum(value) => Self { kind: 2, value: value.clone(), name: None },
            Identifier::OpenId(value) => Self { kind: 3, value: value.clone(), name: None },
            Identifier::Account { home_page, name } => {
                Self { kind: 4, value: home_page.clone(), name: Some(name.clone()) }
            }
        }
    }

    fn identifier(self) -> Option<Identifier> {
        match (self.kind, self.name) {
            (1, _) => Some(Identifier::Mbox(self.value)),
            (2, _) => Some(Identifier::MboxSha1sum(self.value)),
            (3, _) => Some(Identifier::OpenId(self.value)),
            (4, Some(name)) => Some(Identifier::Account { home_page: self.value, name }),
            _ => None,
        }
    }
}

/// A group of people at a unit (SS 12000 `Group`). The name is sealed beside it ([`GroupPersonal`], slot 0),
/// because groups are often called after their teacher.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GroupFacts {
    /// What identifies it, as the roster codes it.
    #[n(0)]
    pub id: String,
    /// The unit's code.
    #[n(1)]
    pub unit: String,
    /// `Klass`, `Undervisning`, `Mentor`, `Avdelning`, `Personalgrupp` or another word.
    #[n(2)]
    pub kind: String,
    /// Who belongs to it and when, ascending.
    #[cbor(n(3), default, skip_if = "Vec::is_empty")]
    pub members: Vec<Membership>,
}
facts!(GroupFacts, kind::GROUP);

/// A person's time in a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct Membership {
    /// The agent by which the roster names the member.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub agent: AgentId,
    /// The first day.
    #[n(1)]
    pub from: Date,
    /// The last day, if one is known.
    #[n(2)]
    pub to: Option<Date>,
}

/// What of a group is sealed: slot 0 of a `group` event, under a retention class.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GroupPersonal {
    /// Its name.
    #[n(0)]
    pub name: String,
}

impl GroupPersonal {
    /// The bytes to seal.
    pub fn encode(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`BadFacts`] where the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadFacts> {
        from_bytes(kind::GROUP, bytes)
    }
}
