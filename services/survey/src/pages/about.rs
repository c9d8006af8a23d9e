//! What all pages of a survey have.

use crate::desk::Asked;
use crate::tongue::Tongue;

/// Where a survey's forms go.
pub(super) fn action(asked: &Asked) -> String {
    format!("/s/{}", asked.code)
}

/// What a survey is called.
pub(super) fn title_of(asked: &Asked, tongue: Tongue<'_>) -> String {
    asked.title.get(tongue.tag).to_owned()
}
