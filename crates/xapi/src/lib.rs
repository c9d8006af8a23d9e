//! xAPI statements: parse, validate, compare, format; no I/O.
