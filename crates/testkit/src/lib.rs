//! Throw-away servers and fixtures for tests.

pub mod postgres;
pub mod signing;
