//! The xAPI resources.
