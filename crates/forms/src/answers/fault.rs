//! What is wrong with an answer, in words for who answered.

use serde_json::Value as Json;

use crate::text::Localised;
use crate::words::{Lang, Words};

/// Something in the answers that cannot be taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The question's name; the page's or panel's with [`Wrong::RequiredInside`].
    pub name: String,
    /// The row of a matrix, where it is about one.
    pub row: Option<String>,
    /// The page that it is on; none for a name that there is not.
    pub page: Option<usize>,
    /// What is wrong.
    pub wrong: Wrong,
    /// What the author says of it.
    pub own: Option<Localised>,
}

impl Fault {
    /// Whether it is about a question; else about a page or panel, which may have the name of one.
    pub fn is_of_question(&self) -> bool {
        self.wrong != Wrong::RequiredInside
    }

    /// What is said: the author's words in the respondent's language, else Lärka's.
    pub fn text(&self, language: &str) -> String {
        if let Some(own) = self.own.as_ref().filter(|own| !own.is_empty()) {
            return own.get(language).to_owned();
        }
        let lang = if language.starts_with("sv") { Lang::Sv } else { Lang::En };
        self.wrong.words().get(lang).to_owned()
    }
}

/// What may be wrong.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Wrong {
    Required,
    RequiredInside,
    EveryRow,
    OtherWithoutText,
    NoSuchQuestion,
    NoSuchChoice,
    NoSuchRow,
    NotOpen,
    Shape,
    Twice,
    Alone,
    TooFew(usize),
    TooMany(usize),
    RankAll,
    SamePlace,
    NotANumber,
    NotWhole,
    NotADay,
    NotAMonth,
    NotAnAddress,
    NotALink,
    Least(String),
    Most(String),
    TooShort(usize),
    TooLong(usize),
    Digits,
    Pattern,
    Condition,
}

impl Wrong {
    /// In Lärka's words.
    pub fn words(&self) -> Words {
        let (sv, en) = match self {
            Wrong::Required => ("Svara på frågan.", "Answer the question."),
            Wrong::RequiredInside => {
                ("Svara på minst en av frågorna.", "Answer at least one of the questions.")
            }
            Wrong::EveryRow => ("Svara på varje rad.", "Answer each row."),
            Wrong::OtherWithoutText => {
                ("Skriv vad du menar med det svaret.", "Write what you mean by that answer.")
            }
            Wrong::NoSuchQuestion => ("Frågan finns inte i enkäten.", "The survey has no such question."),
            Wrong::NoSuchChoice => {
                ("Svaret finns inte bland alternativen.", "The answer is not one of the choices.")
            }
            Wrong::NoSuchRow => ("Raden finns inte i frågan.", "The question has no such row."),
            Wrong::NotOpen => ("Det svaret går inte att välja.", "That answer cannot be chosen."),
            Wrong::Shape => {
                ("Svaret har fel form för frågan.", "The answer has the wrong form for the question.")
            }
            Wrong::Twice => ("Samma svar står två gånger.", "The same answer is there twice."),
            Wrong::Alone => {
                ("Det svaret går inte att förena med andra.", "That answer cannot stand beside others.")
            }
            Wrong::TooFew(least) => return counted("Välj minst", "Choose at least", *least),
            Wrong::TooMany(most) => return counted("Välj högst", "Choose at most", *most),
            Wrong::RankAll => ("Ordna alla alternativ.", "Put all choices in order."),
            Wrong::SamePlace => (
                "Två har samma plats: ge var och en sin egen.",
                "Two have the same place: give each its own.",
            ),
            Wrong::NotWhole => ("Skriv ett heltal.", "Write a whole number."),
            Wrong::NotANumber => ("Skriv ett tal, till exempel 12,5.", "Write a number, for example 12.5."),
            Wrong::NotADay => ("Skriv en dag så här: 2026-05-03.", "Write a day like this: 2026-05-03."),
            Wrong::NotAMonth => ("Skriv en månad så här: 2026-05.", "Write a month like this: 2026-05."),
            Wrong::NotAnAddress => (
                "Skriv en e-postadress så här: namn@exempel.se.",
                "Write an e-mail address like this: name@example.org.",
            ),
            Wrong::NotALink => (
                "Skriv en webbadress som börjar med https://.",
                "Write a web address that begins with https://.",
            ),
            Wrong::Least(least) => {
                return Words::new(format!("Lägst {least}."), format!("At least {least}."));
            }
            Wrong::Most(most) => return Words::new(format!("Högst {most}."), format!("At most {most}.")),
            Wrong::TooShort(least) => {
                return Words::new(
                    format!("Skriv minst {least} tecken."),
                    format!("Write at least {least} characters."),
                );
            }
            Wrong::TooLong(most) => {
                return Words::new(
                    format!("Skriv högst {most} tecken."),
                    format!("Write at most {most} characters."),
                );
            }
            Wrong::Digits => ("Skriv utan siffror.", "Write without digits."),
            Wrong::Pattern => {
                ("Svaret är inte skrivet som det ska.", "The answer is not written as it has to be.")
            }
            Wrong::Condition => (
                "Svaret stämmer inte med enkätens villkor.",
                "The answer does not meet the survey's condition.",
            ),
        };
        Words::new(sv, en)
    }
}

fn counted(sv: &str, en: &str, count: usize) -> Words {
    Words::new(format!("{sv} {count}."), format!("{en} {count}."))
}

/// A limit as it is read: numbers with a decimal point, days as they are written.
pub(super) fn limit(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
