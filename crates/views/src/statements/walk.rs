//! Walking along references: who lends a row to whom.
//!
//! A statement lends its whole index row to whoever refers to it, and they hand it on. Each has any row once: what
//! is lent by two statements whose rows are alike says the same, so that a thousand comments of one person on each
//! other have two rows each and not a thousand. That one is there already is also what ends a walk, where it meets
//! rows that went another way or a cycle; ids are chosen by clients.
//!
//! A walk is a list of errands. It is done in rounds, each a few queries, and within a bound: what is left when the
//! bound is reached is written down, and done piece by piece while the log's lock is held for a moment each time.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::StatementFactsRef;
use domain::statement::may_void;
use eventlog::database::Tx;
use eventlog::event::{Event, Key, Position};
use eventlog::fold::FoldError;

use super::errands::{self, Errand, Lent, What};
use super::store::{self, Reference, Stored, TermRow};
use super::term::{self, RowDigest, Term};

/// How much is done at a time under the log's lock: rows that are looked at, a round counted as [`ROUND`] of them.
pub(crate) const BOUND: usize = 2_000;
/// What a round costs beside what it looks at: some queries.
const ROUND: usize = 30;
/// Errands of one round, and rows that each looks at: a round is never much more than the whole bound.
const ERRANDS: usize = 50;
const PIECE: usize = 64;

/// A statement as the walk sees it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: Key,
    pub(crate) position: Position,
    pub(crate) refers_to: Option<Key>,
    pub(crate) voids: bool,
    /// Whether it voids what the same credential sent alone.
    voids_own: bool,
    credential: Option<Key>,
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
        Ok(Self {
            id,
            position,
            refers_to: facts.refers_to(),
            voids: facts.voids().is_some(),
            voids_own: facts.voids_own,
            credential: credential.copied(),
            terms,
        })
    }

    /// Whether it voids a statement to which it refers.
    fn is_to_void(&self, target: &Self) -> bool {
        self.voids && !target.voids && may_void(self.voids_own, self.credential, target.credential)
    }
}

/// Which of some new statements are voided, and which of them void: the voided and the one that voids it. `waiting`
/// is who refers to any of them.
pub(crate) async fn voided(
    mut tx: Tx<'_>,
    new: &[Node],
    waiting: &[Reference],
) -> Result<Vec<(Position, Position)>, FoldError> {
    let mut found = Vec::new();
    let targets: Vec<Key> = new.iter().filter(|node| node.voids).filter_map(|node| node.refers_to).collect();
    if !targets.is_empty() {
        let stored = store::by_id(tx.reborrow(), &targets).await?;
        let targets = stored.iter().map(Node::of_stored).collect::<Result<Vec<_>, _>>()?;
        for node in new.iter().filter(|node| node.voids) {
            let target = targets.iter().find(|target| Some(target.id) == node.refers_to);
            let target = target.filter(|target| node.is_to_void(target));
            found.extend(target.map(|target| (target.position, node.position)));
        }
    }
    let voiding: Vec<Position> =
        waiting.iter().filter(|other| other.voids).map(|other| other.position).collect();
    if !voiding.is_empty() {
        let stored = store::by_position(tx, &voiding).await?;
        let mut voiding = stored.iter().map(Node::of_stored).collect::<Result<Vec<_>, _>>()?;
        voiding.sort_unstable_by_key(|other| other.position);
        for node in new {
            let first =
                voiding.iter().find(|other| other.refers_to == Some(node.id) && other.is_to_void(node));
            found.extend(first.map(|first| (node.position, first.position)));
        }
    }
    Ok(found)
}

/// What the arrival of some statements makes necessary. `waiting` is who refers to any of them.
pub(crate) fn errands(new: &[Node], waiting: &[Reference]) -> Vec<Errand> {
    let awaited: HashSet<&Key> = waiting.iter().map(|reference| &reference.target).collect();
    let mut errands = Vec::new();
    for node in new {
        let since = node.position;
        if let Some(from) = node.refers_to {
            errands.push(Errand { since, what: What::Take { borrower: since, from, after: None } });
        }
        if awaited.contains(&node.id) {
            let what = What::HandOn { target: node.id, lender: since, after: Position(0) };
            errands.push(Errand { since, what });
        }
    }
    errands
}

/// Does errands up to the bound, and gives what is left. `new` are statements that are at hand.
pub(crate) async fn walk(
    mut tx: Tx<'_>,
    new: &[Node],
    errands: Vec<Errand>,
    bound: usize,
) -> Result<Vec<Errand>, FoldError> {
    let mut walk = Walk::default();
    for node in new {
        walk.keep(node.clone());
    }
    let mut errands = errands;
    let mut room = bound;
    while !errands.is_empty() && room > 0 {
        let later = errands.split_off(errands.len().min(ERRANDS));
        let (mut next, looked_at) = walk.round(tx.reborrow(), errands).await?;
        room = room.saturating_sub(ROUND + looked_at);
        next.extend(later);
        errands = next;
    }
    Ok(errands)
}

/// Statements that were looked up on the way.
#[derive(Default)]
struct Walk {
    nodes: HashMap<Position, (Node, RowDigest)>,
    ids: HashMap<Key, Position>,
}

/// A row on its way from one statement to another, and since when.
struct Offer {
    borrower: Position,
    lender: Position,
    since: Position,
}

impl Walk {
    /// Does a piece of each errand; gives what follows, and how many rows were looked at.
    async fn round(
        &mut self,
        mut tx: Tx<'_>,
        errands: Vec<Errand>,
    ) -> Result<(Vec<Errand>, usize), FoldError> {
        let mut next = Vec::new();
        let mut offers = self.hand_on(tx.reborrow(), &errands, &mut next).await?;
        offers.append(&mut self.take(tx.reborrow(), &errands, &mut next).await?);
        let looked_at = offers.len() + errands.len();

        self.look_up(tx.reborrow(), offers.iter().flat_map(|offer| [offer.borrower, offer.lender])).await?;
        let mut lent: BTreeMap<(Position, RowDigest), Offer> = BTreeMap::new();
        for offer in offers {
            let (Some((_, own)), Some((_, row))) =
                (self.nodes.get(&offer.borrower), self.nodes.get(&offer.lender))
            else {
                continue;
            };
            if own != row {
                lent.entry((offer.borrower, *row)).or_insert(offer);
            }
        }
        let rows: Vec<Lent> = lent
            .iter()
            .map(|((position, row), offer)| Lent { position: *position, row: *row, via: offer.lender })
            .collect();
        let new = errands::insert_lent(tx.reborrow(), &rows).await?;
        let mut terms = Vec::new();
        for key in new {
            let Some(Offer { borrower, lender, since }) = lent.remove(&key) else { continue };
            let (Some((borrower, _)), Some((lent, _))) = (self.nodes.get(&borrower), self.nodes.get(&lender))
            else {
                continue;
            };
            let (position, via) = (borrower.position.0, lender.0);
            terms.extend(lent.terms.iter().map(|term| TermRow { term: *term, position, via }));
            let what = What::HandOn { target: borrower.id, lender, after: Position(0) };
            next.push(Errand { since, what });
        }
        if !terms.is_empty() {
            store::insert_borrowed(tx, terms).await?;
        }
        Ok((next, looked_at))
    }

    /// Offers rows to those who refer to a statement.
    async fn hand_on(
        &mut self,
        tx: Tx<'_>,
        errands: &[Errand],
        next: &mut Vec<Errand>,
    ) -> Result<Vec<Offer>, FoldError> {
        // One look at who refers to a statement serves all rows that are handed on there.
        let mut lenders: BTreeMap<(Key, Position), Vec<(Position, Position)>> = BTreeMap::new();
        for Errand { since, what } in errands {
            if let What::HandOn { target, lender, after } = what {
                lenders.entry((*target, *after)).or_default().push((*lender, *since));
            }
        }
        let asked: Vec<(Key, Position)> = lenders.keys().copied().collect();
        let mut found: HashMap<(Key, Position), Vec<Position>> = HashMap::new();
        for (target, after, referrer) in errands::referrers_after(tx, &asked, PIECE).await? {
            found.entry((target, after)).or_default().push(referrer);
        }
        let mut offers = Vec::new();
        for (place, lenders) in lenders {
            let Some(borrowers) = found.get(&place) else { continue };
            for (lender, since) in lenders {
                let others = borrowers.iter().filter(|borrower| **borrower != lender);
                offers.extend(others.map(|borrower| Offer { borrower: *borrower, lender, since }));
                if let (true, Some(last)) = (borrowers.len() == PIECE, borrowers.last()) {
                    let what = What::HandOn { target: place.0, lender, after: *last };
                    next.push(Errand { since, what });
                }
            }
        }
        Ok(offers)
    }

    /// Offers to statements what those that they refer to have.
    async fn take(
        &mut self,
        mut tx: Tx<'_>,
        errands: &[Errand],
        next: &mut Vec<Errand>,
    ) -> Result<Vec<Offer>, FoldError> {
        let takes = || {
            errands.iter().filter_map(|errand| match &errand.what {
                What::Take { borrower, from, after } => Some((errand.since, *borrower, *from, *after)),
                What::HandOn { .. } => None,
            })
        };
        let missing: Vec<Key> =
            takes().map(|(_, _, from, _)| from).filter(|from| !self.ids.contains_key(from)).collect();
        if !missing.is_empty() {
            for stored in store::by_id(tx.reborrow(), &missing).await? {
                self.keep(Node::of_stored(&stored)?);
            }
        }
        // What is not there yet lends when it comes.
        let takes: Vec<_> = takes()
            .filter_map(|(since, borrower, from, after)| {
                Some((since, borrower, from, *self.ids.get(&from)?, after))
            })
            .collect();
        let mut asked: Vec<(Position, Option<RowDigest>)> =
            takes.iter().map(|(_, _, _, target, after)| (*target, *after)).collect();
        asked.sort_unstable();
        asked.dedup();
        let mut found: HashMap<(Position, Option<RowDigest>), Vec<Lent>> = HashMap::new();
        for (after, lent) in errands::lent_after(tx, &asked, PIECE).await? {
            found.entry((lent.position, after)).or_default().push(lent);
        }
        let mut offers = Vec::new();
        for (since, borrower, from, target, after) in takes {
            if after.is_none() && target != borrower {
                offers.push(Offer { borrower, lender: target, since });
            }
            let Some(lent) = found.get(&(target, after)) else { continue };
            let others = lent.iter().filter(|lent| lent.via != borrower);
            offers.extend(others.map(|lent| Offer { borrower, lender: lent.via, since }));
            if let (true, Some(last)) = (lent.len() == PIECE, lent.last()) {
                next.push(Errand { since, what: What::Take { borrower, from, after: Some(last.row) } });
            }
        }
        Ok(offers)
    }

    /// Has the statements at these positions at hand.
    async fn look_up(
        &mut self,
        tx: Tx<'_>,
        positions: impl Iterator<Item = Position>,
    ) -> Result<(), FoldError> {
        let mut missing: Vec<Position> =
            positions.filter(|position| !self.nodes.contains_key(position)).collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            for stored in store::by_position(tx, &missing).await? {
                self.keep(Node::of_stored(&stored)?);
            }
        }
        Ok(())
    }

    fn keep(&mut self, node: Node) {
        let digest = term::row_digest(&node.terms);
        self.ids.insert(node.id, node.position);
        self.nodes.insert(node.position, (node, digest));
    }
}
