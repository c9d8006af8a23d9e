//! The index behind xAPI queries, written in the append's transaction.
//!
//! A statement is found by *terms*: 16-byte digests of what a filter can ask for. `statement_term` holds one row
//! per term, statement and reason: `via` is 0 for what the statement says itself; where it refers to another
//! statement, over however many others, it also has all the terms of that one, with that one's position as `via`.
//! All conditions of a query have to be met by rows of the same position *and* the same `via`, so that the verb
//! of one statement and the agent of another never match together.
//!
//! Indexed, so that a page is read off the index: agent, verb, activity, registration, agent and verb together;
//! with `related_agents` or `related_activities` the related ones beside the others (two lists, merged). Every
//! other combination takes the list that is sparsest at the place where the page begins, looks the rest up by
//! position, and answers a partial page with a place to go on from once a bound of work is reached ([`find`]).
//!
//! References may arrive before what they refer to, form chains of any length, and cycles: see `walk`. Voiding waits for its target
//! likewise, and a voided statement still lends its row. Voiding a statement that voids has no effect (1.0.3 Data
//! 2.3.2, IEEE 4.2.5).

#[doc(hidden)]
pub mod bare;
mod errands;
mod find;
mod order;
mod read;
mod store;
mod term;
mod walk;

use std::sync::{Arc, Mutex, PoisonError};

use eventlog::database::Tx;
use eventlog::event::{Event, Key, Position};
use eventlog::fold::{FoldError, InTransaction, Standing};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

pub(crate) use find::own_positions;
pub use find::{MOST_LOOKED_AT, Page, find, locate, voided_by};
pub use order::{Bounds, Order};
#[doc(hidden)]
pub use read::{Asked, asked};
pub use term::{Filter, Subject};

use store::{Reference, TermRow};
use walk::Node;

/// The kind of event that is a statement.
pub(crate) const STATEMENT: &str = domain::events::kind::STATEMENT;

/// The hook that writes the index; give it to the log when opening it.
pub fn hook() -> Arc<dyn InTransaction> {
    hook_with_bound(walk::BOUND)
}

/// The hook, with less work that it does at a time along references: for tests, which thereby put more of it off.
#[doc(hidden)]
pub fn hook_with_bound(bound: usize) -> Arc<dyn InTransaction> {
    Arc::new(StatementIndex { standing: Mutex::new(Standing::Unknown), bound })
}

/// How many errands are taken up at a time.
const ERRANDS: usize = 256;

/// Folds statements into `statement_term` and the tables of references and voided statements.
#[derive(Debug)]
struct StatementIndex {
    standing: Mutex<Standing>,
    bound: usize,
}

impl StatementIndex {
    fn stands(&self, now: Standing) {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        // Events of other kinds finish nothing.
        if (*standing, now) != (Standing::Behind, Standing::Unknown) {
            *standing = now;
        }
    }
}

impl InTransaction for StatementIndex {
    fn name(&self) -> &'static str {
        "statement_index"
    }

    fn version(&self) -> u32 {
        2
    }

    fn prepare<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>> {
        async { Ok(store::create(tx).await?) }.boxed()
    }

    fn reset<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>> {
        async { Ok(store::drop(tx).await?) }.boxed()
    }

    fn apply<'a>(&'a self, tx: Tx<'a>, events: &'a [Event]) -> BoxFuture<'a, Result<(), FoldError>> {
        async {
            self.stands(fold(tx, events, self.bound).await?);
            Ok(())
        }
        .boxed()
    }

    fn standing(&self) -> Standing {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_on<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>> {
        async {
            self.stands(go_on(tx, self.bound).await?);
            Ok(())
        }
        .boxed()
    }

    fn unfinished<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<Option<Position>, FoldError>> {
        async { Ok(errands::first_errand(tx).await?) }.boxed()
    }
}

async fn fold(mut tx: Tx<'_>, events: &[Event], bound: usize) -> Result<Standing, FoldError> {
    let statements = events.iter().filter(|event| event.kind == STATEMENT);
    let new: Vec<Node> = statements.map(Node::of_event).collect::<Result<_, _>>()?;
    if new.is_empty() {
        return Ok(Standing::Unknown);
    }
    let own = |node: &Node| {
        let position = node.position.0;
        node.terms.iter().map(|term| TermRow { term: *term, position, via: 0 }).collect::<Vec<_>>()
    };
    let reference = |node: &Node| {
        let (position, id, voids) = (node.position, node.id, node.voids);
        node.refers_to.map(|target| Reference { target, position, id, voids })
    };
    let references: Vec<Reference> = new.iter().filter_map(reference).collect();
    if !references.is_empty() {
        store::insert_references(tx.reborrow(), &references).await?;
    }
    let ids: Vec<Key> = new.iter().map(|node| node.id).collect();
    let own: Vec<TermRow> = new.iter().flat_map(own).collect();
    let (waiting, mut behind) = store::insert_own(tx.reborrow(), own, &ids).await?;
    if !references.is_empty() || !waiting.is_empty() {
        let voided = walk::voided(tx.reborrow(), &new, &waiting).await?;
        if !voided.is_empty() {
            store::insert_voided(tx.reborrow(), &voided).await?;
        }
        let left = walk::walk(tx.reborrow(), &new, walk::errands(&new, &waiting), bound).await?;
        if !left.is_empty() {
            errands::insert_errands(tx, &left).await?;
            behind = true;
        }
    }
    Ok(if behind { Standing::Behind } else { Standing::Complete })
}

/// Does a piece of what earlier walks left.
async fn go_on(mut tx: Tx<'_>, bound: usize) -> Result<Standing, FoldError> {
    let errands = errands::take_errands(tx.reborrow(), ERRANDS).await?;
    let left = walk::walk(tx.reborrow(), &[], errands, bound).await?;
    if !left.is_empty() {
        errands::insert_errands(tx.reborrow(), &left).await?;
    }
    let behind = errands::first_errand(tx).await?.is_some();
    Ok(if behind { Standing::Behind } else { Standing::Complete })
}
