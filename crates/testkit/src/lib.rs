//! Throw-away servers and fixtures for tests.
