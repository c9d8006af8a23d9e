//! What the pages of surveys say.

use disclosure::Lang;
use domain::Text;
use domain::events::{RoundFacts, RoundMode};
use domain::input::RoundInput;
use domain::rounds::Stage;

use crate::shell::{Page, t};

pub(super) const SURVEYS: Page = Page { path: "/surveys", sv: "Enkäter", en: "Surveys" };

/// A text in a language.
pub(super) fn said(text: &Text, lang: Lang) -> &str {
    match lang {
        Lang::Sv => &text.sv,
        Lang::En => text.english(),
    }
}

pub(super) fn stage(stage: Stage, lang: Lang) -> &'static str {
    match stage {
        Stage::Draft => t(lang, "Utkast", "Draft"),
        Stage::Scheduled => t(lang, "Öppnar av sig själv", "Opens by itself"),
        Stage::Open => t(lang, "Öppen", "Open"),
        Stage::Closed => t(lang, "Stängd", "Closed"),
        Stage::Reported => t(lang, "Rapporten finns", "Reported"),
    }
}

/// The modes in the order of the form.
pub(super) const MODES: [RoundMode; 4] =
    [RoundMode::Unlinkable, RoundMode::Pseudonymous, RoundMode::Named, RoundMode::Guardians];

/// A mode as a form sends it.
pub(super) fn mode_name(mode: RoundMode) -> &'static str {
    match mode {
        RoundMode::Named => "named",
        RoundMode::Pseudonymous => "pseudonymous",
        RoundMode::Guardians => "guardians",
        RoundMode::Unlinkable => "unlinkable",
    }
}

/// What a mode is called, and in one sentence what it means.
pub(super) fn mode(mode: RoundMode, lang: Lang) -> (&'static str, &'static str) {
    match mode {
        RoundMode::Unlinkable => (
            t(lang, "Anonym", "Anonymous"),
            t(
                lang,
                "Lärka vet vem som har svarat, men ingen kan koppla ett svar till en person; svar kan inte ändras eller följas till nästa omgång.",
                "Lärka knows who has answered, but nobody can tie an answer to a person; answers can be neither changed nor followed to the next round.",
            ),
        ),
        RoundMode::Pseudonymous => (
            t(lang, "Pseudonym", "Pseudonymous"),
            t(
                lang,
                "Svaren sparas under en pseudonym, så att samma personers svar före och efter kan jämföras i rapporter.",
                "Answers are kept under a pseudonym, so that reports can compare the same people's answers before and after.",
            ),
        ),
        RoundMode::Named => (
            t(lang, "Med konto", "By account"),
            t(
                lang,
                "Svaren sparas under den svarandes konto, och hör till det som personen kan få se och få raderat.",
                "Answers are kept under the respondent's account, and are among what they can ask to see and to have erased.",
            ),
        ),
        RoundMode::Guardians => (
            t(lang, "Vårdnadshavare", "Guardians"),
            t(
                lang,
                "Elevernas vårdnadshavare svarar genom en länk för varje enhet; ingen vet vem som svarar, och svarsfrekvensen är uppskattad.",
                "Pupils' guardians answer by a link for each unit; nobody knows who answers, and the response rate is estimated.",
            ),
        ),
    }
}

/// When a round opens and closes, as Swedish clocks show it.
pub(super) fn times(facts: &RoundFacts) -> (String, String) {
    let RoundInput { opens, closes, hours, .. } = RoundInput::of(facts);
    match hours {
        Some(hours) => (format!("{opens} {}", hours.opens), format!("{closes} {}", hours.closes)),
        None => (opens.to_string(), closes.to_string()),
    }
}

/// A title as a part of an id: letters, digits and hyphens.
pub(super) fn plain(title: &str) -> String {
    let plain = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_alphanumeric() => c,
        'å' | 'Å' | 'ä' | 'Ä' => 'a',
        'ö' | 'Ö' => 'o',
        'é' | 'É' => 'e',
        _ => '-',
    };
    let words: String = title.chars().map(plain).collect();
    words.split('-').filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}
