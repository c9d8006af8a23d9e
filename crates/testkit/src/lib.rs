//! Throw-away servers and fixtures for tests.

pub mod postgres;
