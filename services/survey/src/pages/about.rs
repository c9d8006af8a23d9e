//! What all pages of a survey have.

use maud::{Markup, html};

use crate::desk::Asked;
use crate::step::field;
use crate::tongue::{Tongue, direction, name};

/// Where a survey's forms go.
pub(super) fn action(asked: &Asked) -> String {
    format!("/s/{}", asked.code)
}

/// What a survey is called.
pub(super) fn title_of(asked: &Asked, tongue: Tongue<'_>) -> String {
    asked.title.get(tongue.tag).to_owned()
}

/// The survey's other languages, as buttons at the end of a form: the first one of a form is pressed by Enter.
pub(super) fn languages(asked: &Asked, tongue: Tongue<'_>) -> Markup {
    let others = asked.definition.languages.iter().filter(|tag| *tag != tongue.tag);
    html! {
        @if asked.definition.languages.len() > 1 {
            div class="languages" role="group" aria-label=(tongue.bare("Språk", "Language")) {
                @for tag in others {
                    button type="submit" name=(field::LANGUAGE) value=(tag) lang=(tag) dir=(direction(tag)) { (name(tag)) }
                }
            }
        }
    }
}
