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

/// The id of the form of a page on which something is typed before the first question.
pub(super) const BEGIN: &str = "begin";

/// The languages of a page above its form, as buttons of that form: what was typed there stays. Enter presses the first button
/// of a form, which is not seen and does what the form is for.
pub(super) fn languages_above<'a>(
    tags: impl IntoIterator<Item = &'a str>,
    tongue: Tongue<'_>,
    field: &str,
    method: Option<&str>,
) -> Markup {
    html! {
        button class="unseen" type="submit" form=(BEGIN) tabindex="-1" aria-hidden="true" {}
        div class="languages above" role="group" aria-label=(tongue.bare("Språk", "Language")) {
            @for tag in tags {
                @if tag == tongue.tag { span lang=(tag) dir=(direction(tag)) aria-current="true" { (name(tag)) } }
                @else {
                    button type="submit" form=(BEGIN) name=(field) value=(tag) formmethod=[method] formnovalidate
                        lang=(tag) dir=(direction(tag)) { (name(tag)) }
                }
            }
        }
    }
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
