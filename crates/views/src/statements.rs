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
//! References may arrive before what they refer to, and may form cycles: see `walk`. Voiding waits for its target
//! likewise, and a voided statement still lends its row. Voiding a statement that voids has no effect (1.0.3 Data
//! 2.3.2, IEEE 4.2.5).

#[doc(hidden)]
pub mod bare;
mod find;
mod read;
mod store;
mod term;
mod walk;

use std::sync::Arc;

use eventlog::database::Tx;
use eventlog::event::{Event, Key};
use eventlog::fold::{FoldError, InTransaction};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

pub(crate) use find::own_positions;
pub use find::{Bounds, Order, Page, find, is_voided};
pub use term::{Filter, Subject};

use store::{Reference, TermRow};
use walk::Node;

/// The kind of event that is a statement.
pub(crate) const STATEMENT: &str = domain::events::kind::STATEMENT;

/// The hook that writes the index; give it to the log when opening it.
pub fn hook() -> Arc<dyn InTransaction> {
    Arc::new(StatementIndex)
}

/// Folds statements into `statement_term` and the tables of references and voided statements.
#[derive(Debug)]
struct StatementIndex;

impl InTransaction for StatementIndex {
    fn name(&self) -> &'static str {
        "statement_index"
    }

    fn prepare<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>> {
        async { Ok(store::create(tx).await?) }.boxed()
    }

    fn reset<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>> {
        async { Ok(store::drop(tx).await?) }.boxed()
    }

    fn apply<'a>(&'a self, tx: Tx<'a>, events: &'a [Event]) -> BoxFuture<'a, Result<(), FoldError>> {
        fold(tx, events).boxed()
    }
}

async fn fold(mut tx: Tx<'_>, events: &[Event]) -> Result<(), FoldError> {
    let statements = events.iter().filter(|event| event.kind == STATEMENT);
    let new: Vec<Node> = statements.map(Node::of_event).collect::<Result<_, _>>()?;
    if new.is_empty() {
        return Ok(());
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
    let waiting = store::insert_own(tx.reborrow(), new.iter().flat_map(own).collect(), &ids).await?;
    let found = walk::walk(tx.reborrow(), &new, &waiting).await?;
    if !found.rows.is_empty() {
        store::insert_borrowed(tx.reborrow(), found.rows).await?;
    }
    if !found.voided.is_empty() {
        store::insert_voided(tx.reborrow(), &found.voided).await?;
    }
    for position in found.cut {
        store::insert_walk_rest(tx.reborrow(), position).await?;
    }
    Ok(())
}
