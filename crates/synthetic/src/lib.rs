//! The made-up municipality.
