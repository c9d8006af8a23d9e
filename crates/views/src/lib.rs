//! Projections into SQL and the queries on them.
