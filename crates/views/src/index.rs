//! An index of one table, written in the append's transaction: what such indexes have in common.

use eventlog::database::Tx;
use eventlog::event::Event;
use eventlog::fold::{FoldError, InTransaction};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

type Folding<'a> = BoxFuture<'a, Result<(), FoldError>>;

/// An index of one table.
pub(crate) struct Index {
    pub(crate) name: &'static str,
    /// What makes the table where it is missing, on SQLite and on PostgreSQL.
    pub(crate) tables: (&'static str, &'static str),
    /// What drops it, on both.
    pub(crate) drop: &'static str,
    pub(crate) fold: for<'a> fn(Tx<'a>, &'a [Event]) -> Folding<'a>,
}

impl InTransaction for Index {
    fn name(&self) -> &'static str {
        self.name
    }

    fn prepare<'a>(&'a self, mut tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>> {
        async move { Ok(tx.run(self.tables.0, self.tables.1).await?) }.boxed()
    }

    fn reset<'a>(&'a self, mut tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>> {
        async move { Ok(tx.run(self.drop, self.drop).await?) }.boxed()
    }

    fn apply<'a>(&'a self, tx: Tx<'a>, events: &'a [Event]) -> BoxFuture<'a, Result<(), FoldError>> {
        (self.fold)(tx, events)
    }
}
