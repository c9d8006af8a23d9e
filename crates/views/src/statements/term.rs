//! The terms a statement is found by.

use domain::StatementFactsRef;
use domain::statement::AgentRole;
use eventlog::event::Key;
use ring::digest::{self, SHA256};
use uuid::Uuid;

/// A 16-byte digest of a kind of filter and its values: IRIs may be longer than an index entry can be.
pub(crate) type Term = [u8; 16];

/// What a digest stands for. The numbers are part of what is stored: `rebuild` follows a change.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Kind {
    /// An agent or group as actor or object, or as a member of one that is.
    Agent = 1,
    /// An agent or group anywhere else, and nowhere in those places.
    RelatedAgent = 2,
    Verb = 3,
    /// The activity that is the object.
    Activity = 4,
    /// An activity anywhere else, and not the object.
    RelatedActivity = 5,
    Registration = 6,
    /// An agent as for [`Kind::Agent`], and the verb, together.
    AgentVerb = 7,
    /// The credential that sent the statement: its authority.
    Credential = 8,
}

fn digest(kind: Kind, values: &[&[u8]]) -> Term {
    let length: usize = values.iter().map(|value| 8 + value.len()).sum();
    let mut text = Vec::with_capacity(1 + length);
    text.push(kind as u8);
    for value in values {
        text.extend_from_slice(&(value.len() as u64).to_be_bytes());
        text.extend_from_slice(value);
    }
    half_digest(&text)
}

fn half_digest(text: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest::digest(&SHA256, text).as_ref()[..16]);
    half
}

/// The term of an agent by itself, with a verb, or where it stands elsewhere: half of it says who, half what. An
/// agent's lists then lie next to each other in the index, and a statement touches one page for them, not two. Agent
/// ids are random and nobody's choice, so half a digest is enough to keep them apart.
fn agent_term(agent: &Key, kind: Kind, values: &[&[u8]]) -> Term {
    joined(&digest(Kind::Agent, &[agent]), &digest(kind, values))
}

fn joined(who: &Term, what: &Term) -> Term {
    let mut term = *who;
    term[8..].copy_from_slice(&what[..8]);
    term
}

/// The terms of one statement, each once: its whole index row.
pub(crate) fn of_statement(facts: &StatementFactsRef<'_>, credential: Option<&Key>) -> Vec<Term> {
    let mut direct: Vec<&Key> = Vec::new();
    let mut related: Vec<&Key> = Vec::new();
    for (role, agent) in &facts.agents {
        // The authority of what came with a credential is that credential, whatever the sender claims.
        if credential.is_some() && matches!(role, AgentRole::Authority | AgentRole::AuthorityMember) {
            continue;
        }
        let list = if role.is_direct() { &mut direct } else { &mut related };
        if !list.contains(&agent) {
            list.push(agent);
        }
    }
    related.retain(|agent| !direct.contains(agent));
    let verb = facts.verb.as_bytes();

    let mut terms = Vec::with_capacity(4 + 2 * direct.len() + related.len() + facts.activities.len());
    terms.push(digest(Kind::Verb, &[verb]));
    let (alone, with_verb) = (digest(Kind::Agent, &[]), digest(Kind::AgentVerb, &[verb]));
    for agent in &direct {
        let who = digest(Kind::Agent, &[agent.as_slice()]);
        terms.push(joined(&who, &alone));
        terms.push(joined(&who, &with_verb));
    }
    terms.extend(related.iter().map(|agent| agent_term(agent, Kind::RelatedAgent, &[])));
    let object = facts.activity();
    if let Some(id) = object {
        terms.push(digest(Kind::Activity, &[id.as_bytes()]));
    }
    let mut seen: Vec<&str> = object.into_iter().collect();
    let elsewhere = facts.activities.iter().map(|(_, id)| *id);
    for id in elsewhere.chain(facts.sub_activity()) {
        if !seen.contains(&id) {
            seen.push(id);
            terms.push(digest(Kind::RelatedActivity, &[id.as_bytes()]));
        }
    }
    if let Some(registration) = &facts.registration {
        terms.push(digest(Kind::Registration, &[registration.as_slice()]));
    }
    if let Some(credential) = credential {
        terms.push(digest(Kind::Credential, &[credential.as_slice()]));
    }
    terms
}

/// A digest of a whole index row: statements with the same one are found by the same filters.
pub(crate) type RowDigest = [u8; 16];

/// The digest of a statement's terms, in whatever order.
pub(crate) fn row_digest(terms: &[Term]) -> RowDigest {
    let mut sorted = terms.to_vec();
    sorted.sort_unstable();
    half_digest(sorted.as_flattened())
}

/// What a list of statements is asked for, resolved to pseudonyms. All that is given has to hold on one and the
/// same statement (or on one and the same statement that it refers to).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// `agent`, where one is asked for: who the identifier stands for.
    pub agent: Option<Subject>,
    /// `related_agents`
    pub related_agents: bool,
    /// `verb`
    pub verb: Option<String>,
    /// `activity`
    pub activity: Option<String>,
    /// `related_activities`
    pub related_activities: bool,
    /// `registration`
    pub registration: Option<Uuid>,
    /// Only statements that this credential sent; and where one is found by way of another that it refers to, that
    /// other was sent by it as well.
    pub own: Option<Key>,
}

/// Whom an identifier stands for: pseudonyms, a credential (as an authority), both or nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The pseudonyms, where the identifier has any: several that are one.
    pub agents: Vec<Key>,
    /// The credential, where the identifier is the account of one.
    pub credential: Option<Key>,
}

impl Filter {
    /// The term that all statements that are asked for have of themselves.
    pub(crate) fn own_term(&self) -> Option<Term> {
        self.own.map(|credential| digest(Kind::Credential, &[&credential]))
    }

    /// Whether it asks for nothing in particular.
    pub fn finds_all(&self) -> bool {
        self.conditions().is_empty()
    }

    /// The conditions: all of the outer list have to hold, by any term of the inner one. An inner list without
    /// terms can never hold. The first is the credential whose own is asked for, where one is.
    pub(crate) fn conditions(&self) -> Vec<Vec<Term>> {
        let mut conditions: Vec<Vec<Term>> = self.own_term().into_iter().map(|term| vec![term]).collect();
        let mut verb = self.verb.as_deref();
        if let Some(subject) = &self.agent {
            let mut terms = Vec::new();
            let with_verb = verb.filter(|_| !self.related_agents && !subject.agents.is_empty());
            for agent in &subject.agents {
                match with_verb {
                    Some(id) => terms.push(agent_term(agent, Kind::AgentVerb, &[id.as_bytes()])),
                    None => terms.push(agent_term(agent, Kind::Agent, &[])),
                }
                if self.related_agents {
                    terms.push(agent_term(agent, Kind::RelatedAgent, &[]));
                }
            }
            verb = verb.filter(|_| with_verb.is_none());
            if let (Some(credential), true) = (subject.credential, self.related_agents) {
                terms.push(digest(Kind::Credential, &[&credential]));
            }
            conditions.push(terms);
        }
        if let Some(id) = verb {
            conditions.push(vec![digest(Kind::Verb, &[id.as_bytes()])]);
        }
        if let Some(id) = &self.activity {
            let mut terms = vec![digest(Kind::Activity, &[id.as_bytes()])];
            if self.related_activities {
                terms.push(digest(Kind::RelatedActivity, &[id.as_bytes()]));
            }
            conditions.push(terms);
        }
        if let Some(registration) = &self.registration {
            conditions.push(vec![digest(Kind::Registration, &[registration.as_bytes()])]);
        }
        conditions
    }
}

/// The terms of an agent as actor or object, and of an activity as object.
pub(crate) fn pair(agent: &Key, activity: &str) -> (Term, Term) {
    (agent_term(agent, Kind::Agent, &[]), digest(Kind::Activity, &[activity.as_bytes()]))
}
