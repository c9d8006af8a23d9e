//! How pages tell of what is not taken: each with its place, why, and what to do instead.

use disclosure::Lang;
use forms::{Refusal, Words};
use maud::{Markup, html};

use crate::shell::t;

/// A sentence as a page says it: without the flags by which commands are told what fields of the page ask for.
pub(super) fn words(words: &Words, lang: Lang) -> String {
    let mut rest = match lang {
        Lang::Sv => words.sv.as_str(),
        Lang::En => words.en.as_str(),
    };
    let mut said = String::with_capacity(rest.len());
    while let Some((before, after)) = rest.split_once(" (")
        && let Some((within, behind)) = after.split_once(')')
    {
        said.push_str(before);
        if !within.contains("--") {
            said.push_str(&format!(" ({within})"));
        }
        rest = behind;
    }
    said + rest
}

/// The items of a list of refusals.
pub(super) fn items(refused: &[Refusal], lang: Lang) -> Markup {
    html! {
        @for refusal in refused {
            li {
                @if !refusal.place.is_empty() { code { (refusal.place) } ": " }
                (words(&refusal.what, lang))
                @if let Some(instead) = &refusal.instead { ". " (t(lang, "I stället: ", "Instead: ")) (words(instead, lang)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_nothing_of_flags_and_all_else() {
        let said = |sv: &str| words(&Words::new(sv, ""), Lang::Sv);
        assert_eq!(said("Lägg strukturen till (--structure FIL.lss)."), "Lägg strukturen till.");
        assert_eq!(said("en struktur (.lss) saknas (--structure)"), "en struktur (.lss) saknas");
        assert_eq!(said("raden (1 (två"), "raden (1 (två");
    }
}
