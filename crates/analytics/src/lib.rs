//! The lake, indicators and reports; the only polars.
