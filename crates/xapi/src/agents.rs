//! Agents and groups in a statement: who they are, where they stand.

use std::borrow::Cow;
use std::ops::Range;

/// Who an agent or an identified group is: its inverse functional identifier, decoded and otherwise exactly as
/// sent, but for the case of a hash (1.0.3 Data 2.4.2.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Identifier {
    /// A `mailto:` IRI.
    Mbox(String),
    /// The SHA-1 of a `mailto:` IRI, 40 hexadecimal digits in lower case.
    MboxSha1sum(String),
    /// An OpenID URI.
    OpenId(String),
    /// An account on a system.
    Account {
        /// The system's home page.
        home_page: String,
        /// The account's name there.
        name: String,
    },
}

impl Identifier {
    /// The spelling by which it is compared, where it came in another: a mail address's domain knows no case, and the
    /// local part keeps its own (1.0.3 Data 2.3.1). Everything else is exact.
    pub fn folded(&self) -> Option<Self> {
        match self {
            Self::Mbox(mbox) => match fold_mbox(mbox) {
                Cow::Owned(folded) => Some(Self::Mbox(folded)),
                Cow::Borrowed(_) => None,
            },
            _ => None,
        }
    }
}

/// A `mailto:` IRI with its domain in lower case.
pub(crate) fn fold_mbox(mbox: &str) -> Cow<'_, str> {
    match mbox.rsplit_once('@') {
        Some((local, domain)) if domain.chars().any(char::is_uppercase) => {
            Cow::Owned(format!("{local}@{}", domain.to_lowercase()))
        }
        _ => Cow::Borrowed(mbox),
    }
}

/// An identified agent or group in a statement's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSpan {
    /// Where it stands.
    pub role: AgentRole,
    /// Who it is.
    pub identifier: Identifier,
    /// Whether it is a group.
    pub is_group: bool,
    /// The whole object, from `{` to `}`. A group's range contains its members' ranges.
    pub range: Range<usize>,
    /// For a group with `member`: the range of that array, from `[` to `]`.
    pub members: Option<Range<usize>>,
}

impl AgentSpan {
    /// The parts of [`range`](Self::range) that belong to nobody else: all of it, or what stands before and
    /// after the `member` array.
    pub fn pieces(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (first, second) = match &self.members {
            None => (self.range.clone(), None),
            Some(members) => (self.range.start..members.start, Some(members.end..self.range.end)),
        };
        std::iter::once(first).chain(second)
    }
}

/// Where an agent or group stands in a statement. The codes never change; those of a SubStatement are the
/// statement's plus 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum AgentRole {
    /// `actor`
    Actor = 1,
    /// A member of the group that is `actor`.
    ActorMember = 2,
    /// `object`
    Object = 3,
    /// A member of the group that is `object`.
    ObjectMember = 4,
    /// `authority`
    Authority = 5,
    /// A member of the group that is `authority`.
    AuthorityMember = 6,
    /// `context.instructor`
    Instructor = 7,
    /// A member of the group that is `context.instructor`.
    InstructorMember = 8,
    /// `context.team`
    Team = 9,
    /// A member of `context.team`.
    TeamMember = 10,
    /// The `agent` of one of `context.contextAgents`.
    ContextAgent = 11,
    /// The `group` of one of `context.contextGroups`.
    ContextGroup = 12,
    /// A member of the `group` of one of `context.contextGroups`.
    ContextGroupMember = 13,
    /// The SubStatement's `actor`.
    SubActor = 33,
    /// A member of the group that is the SubStatement's `actor`.
    SubActorMember = 34,
    /// The SubStatement's `object`.
    SubObject = 35,
    /// A member of the group that is the SubStatement's `object`.
    SubObjectMember = 36,
    /// The SubStatement's `context.instructor`.
    SubInstructor = 39,
    /// A member of the group that is the SubStatement's `context.instructor`.
    SubInstructorMember = 40,
    /// The SubStatement's `context.team`.
    SubTeam = 41,
    /// A member of the SubStatement's `context.team`.
    SubTeamMember = 42,
    /// The `agent` of one of the SubStatement's `context.contextAgents`.
    SubContextAgent = 43,
    /// The `group` of one of the SubStatement's `context.contextGroups`.
    SubContextGroup = 44,
    /// A member of the `group` of one of the SubStatement's `context.contextGroups`.
    SubContextGroupMember = 45,
}

impl AgentRole {
    /// Every role, by code.
    pub const ALL: [Self; 24] = [
        Self::Actor,
        Self::ActorMember,
        Self::Object,
        Self::ObjectMember,
        Self::Authority,
        Self::AuthorityMember,
        Self::Instructor,
        Self::InstructorMember,
        Self::Team,
        Self::TeamMember,
        Self::ContextAgent,
        Self::ContextGroup,
        Self::ContextGroupMember,
        Self::SubActor,
        Self::SubActorMember,
        Self::SubObject,
        Self::SubObjectMember,
        Self::SubInstructor,
        Self::SubInstructorMember,
        Self::SubTeam,
        Self::SubTeamMember,
        Self::SubContextAgent,
        Self::SubContextGroup,
        Self::SubContextGroupMember,
    ];

    /// The role's number in storage.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The role with this [`code`](Self::code).
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// Whether the plain `agent` filter looks here: actor, object and their members. All other roles are for
    /// `related_agents` only.
    pub fn is_direct(self) -> bool {
        matches!(self, Self::Actor | Self::ActorMember | Self::Object | Self::ObjectMember)
    }

    /// The same place in a SubStatement, for the places that a SubStatement has.
    pub(crate) fn in_sub_statement(self) -> Self {
        Self::from_code(self.code() + 32).unwrap_or(self)
    }

    /// The role of the members of a group in this role.
    pub(crate) fn of_member(self) -> Self {
        match self {
            Self::Actor => Self::ActorMember,
            Self::Object => Self::ObjectMember,
            Self::Authority => Self::AuthorityMember,
            Self::Instructor => Self::InstructorMember,
            Self::Team => Self::TeamMember,
            Self::ContextGroup => Self::ContextGroupMember,
            Self::SubActor => Self::SubActorMember,
            Self::SubObject => Self::SubObjectMember,
            Self::SubInstructor => Self::SubInstructorMember,
            Self::SubTeam => Self::SubTeamMember,
            Self::SubContextGroup => Self::SubContextGroupMember,
            other => other,
        }
    }
}
