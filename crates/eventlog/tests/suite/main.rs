//! What the log promises, on both databases: each test runs once on SQLite and once on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod append;
mod append_only;
mod backup;
mod chunks;
mod hooks;
mod projections;
mod reading;
mod rebuilds;
mod roles;
mod unfoldable;
mod verify;
mod world;

/// Makes two tests of each function named: one with a SQLite world, one with a PostgreSQL world.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::world::World::sqlite()).await })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::world::World::postgres().await).await })+
        }
    };
}
pub(crate) use on_both;
