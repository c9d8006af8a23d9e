//! What keeps the log append-only inside its database.

use crate::finding::{Finding, some};

/// What is said of the guards that are missing or not as they were made.
pub(super) fn finding(broken: &[String]) -> Finding {
    if broken.is_empty() {
        return Finding::well(
            "append_only",
            "the triggers that keep the log append-only are there, as they were made",
        );
    }
    let found = format!("what keeps the log append-only is gone, switched off or changed: {}", some(broken));
    let to_do = "find out who may change the database's tables; larka verify --all, and --anchors with the heads that are kept \
                 elsewhere, say whether the log was changed; docs/operations.md, What the doctor says, puts the triggers back";
    Finding::wrong("append_only", found, to_do).with("triggers", broken.to_vec())
}
