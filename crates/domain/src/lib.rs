//! The municipality: events and pure folds.
