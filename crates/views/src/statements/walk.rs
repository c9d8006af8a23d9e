//! Walking along references: who lends a row to whom.

use std::collections::{HashMap, HashSet};

use domain::StatementFactsRef;
use eventlog::database::Tx;
use eventlog::event::{Event, Key, Position};
use eventlog::fold::FoldError;

use super::store::{self, Reference, Stored, TermRow};
use super::term::{self, Term};

/// How many statements one new statement may tie together under the log's lock. What goes beyond is noted in
/// `statement_walk_rest`, for a projection to continue.
pub(crate) const WALK_LIMIT: usize = 1000;

/// A statement as the walk sees it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: Key,
    pub(crate) position: Position,
    pub(crate) refers_to: Option<Key>,
    pub(crate) voids: bool,
    pub(crate) terms: Vec<Term>,
}

impl Node {
    /// A statement's event.
    pub(crate) fn of_event(event: &Event) -> Result<Self, FoldError> {
        let id = event.dedupe.ok_or_else(|| FoldError::event(event.position, "a statement without an id"))?;
        Self::of_facts(id, event.position, event.schema, event.credential.as_ref(), &event.facts)
    }

    fn of_stored(stored: &Stored) -> Result<Self, FoldError> {
        Self::of_facts(stored.id, stored.position, stored.schema, stored.credential.as_ref(), &stored.facts)
    }

    fn of_facts(
        id: Key,
        position: Position,
        schema: u16,
        credential: Option<&Key>,
        facts: &[u8],
    ) -> Result<Self, FoldError> {
        let facts =
            StatementFactsRef::decode(schema, facts).map_err(|error| FoldError::event(position, error))?;
        let terms = term::of_statement(&facts, credential);
        Ok(Self { id, position, refers_to: facts.refers_to(), voids: facts.voids().is_some(), terms })
    }
}

/// What the arrival of some statements adds to the index beyond their own rows.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<TermRow>,
    /// The voided and the one that voids it.
    pub(crate) voided: Vec<(Position, Position)>,
    /// Whose walk was cut short.
    pub(crate) cut: Vec<Position>,
}

/// Follows the references of new statements, and those that waited for them. The new ones' own references have to
/// be in `statement_reference` already, and `waiting` is who refers to any of them.
pub(crate) async fn walk(mut tx: Tx<'_>, new: &[Node], waiting: &[Reference]) -> Result<Found, FoldError> {
    let mut found = Found::default();
    if waiting.is_empty() && new.iter().all(|node| node.refers_to.is_none()) {
        return Ok(found);
    }
    let mut graph = Graph { nodes: new.iter().map(|node| (node.id, Some(node.clone()))).collect() };
    for node in new {
        let awaited = waiting.iter().any(|reference| reference.target == node.id);
        if node.refers_to.is_none() && !awaited {
            continue;
        }
        let mut room = WALK_LIMIT;
        let lenders = graph.forward(tx.reborrow(), node, &mut room).await?;
        let borrowers = graph.backward(tx.reborrow(), node, &mut room).await?;
        if room == 0 {
            found.cut.push(node.position);
        }
        found.lend(&lenders, &borrowers, node.position);
        if node.voids {
            if let Some(target) = lenders.get(1).filter(|target| !target.voids) {
                found.voided.push((target.position, node.position));
            }
        } else if let Some(first) = waiting.iter().find(|other| other.target == node.id && other.voids) {
            found.voided.push((node.position, first.position));
        }
    }
    Ok(found)
}

impl Found {
    /// Every borrower gets the whole row of every lender, as far as the limit allows.
    fn lend(&mut self, lenders: &[Node], borrowers: &[Position], arrived: Position) {
        let pairs =
            borrowers.iter().flat_map(|borrower| lenders.iter().map(move |lender| (*borrower, lender)));
        let mut room = WALK_LIMIT;
        for (borrower, lender) in pairs.filter(|(borrower, lender)| lender.position != *borrower) {
            if room == 0 {
                self.cut.push(arrived);
                break;
            }
            room -= 1;
            let (position, via) = (borrower.0, lender.position.0);
            self.rows.extend(lender.terms.iter().map(|term| TermRow { term: *term, position, via }));
        }
    }
}

/// Statements that were looked up on the way. Ids are chosen by clients, so a walk may come back to where it
/// started: each statement is visited once.
struct Graph {
    nodes: HashMap<Key, Option<Node>>,
}

impl Graph {
    /// The statement itself, then whom it refers to, and so on. A statement refers to one other at most.
    async fn forward(
        &mut self,
        mut tx: Tx<'_>,
        from: &Node,
        room: &mut usize,
    ) -> Result<Vec<Node>, FoldError> {
        let mut lenders = vec![from.clone()];
        let mut visited = HashSet::from([from.id]);
        let mut next = from.refers_to;
        while let Some(id) = next {
            if !visited.insert(id) {
                break;
            }
            let Some(node) = self.node(tx.reborrow(), id).await? else { break };
            if *room == 0 {
                break;
            }
            *room -= 1;
            next = node.refers_to;
            lenders.push(node);
        }
        Ok(lenders)
    }

    /// The statement itself, then those that refer to it, and so on, breadth first.
    async fn backward(
        &mut self,
        mut tx: Tx<'_>,
        to: &Node,
        room: &mut usize,
    ) -> Result<Vec<Position>, FoldError> {
        let mut borrowers = vec![to.position];
        let mut visited = HashSet::from([to.id]);
        let mut level = vec![to.id];
        while !level.is_empty() && *room > 0 {
            let referrers: Vec<Reference> = store::referrers(tx.reborrow(), &level).await?;
            level.clear();
            for referrer in referrers {
                if *room > 0 && visited.insert(referrer.id) {
                    *room -= 1;
                    borrowers.push(referrer.position);
                    level.push(referrer.id);
                }
            }
        }
        Ok(borrowers)
    }

    async fn node(&mut self, tx: Tx<'_>, id: Key) -> Result<Option<Node>, FoldError> {
        if let Some(known) = self.nodes.get(&id) {
            return Ok(known.clone());
        }
        let node = match store::by_id(tx, &[id]).await?.first() {
            Some(stored) => Some(Node::of_stored(stored)?),
            None => None,
        };
        self.nodes.insert(id, node.clone());
        Ok(node)
    }
}
