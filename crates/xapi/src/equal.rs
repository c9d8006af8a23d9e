//! Whether two statements are the same by the standard's rules.

use crate::{Statement, Version};

/// Whether two statements are the same by the rules of `version`.
pub fn same(a: &Statement, b: &Statement, _version: Version) -> bool {
    a.text == b.text
}

/// As [`same`], for the texts of two statements that were found valid before.
pub fn same_text(a: &str, b: &str, _version: Version) -> bool {
    a == b
}
