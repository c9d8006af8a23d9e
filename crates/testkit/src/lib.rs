//! Throw-away servers and fixtures for tests.

pub mod node;
pub mod postgres;
pub mod signing;
