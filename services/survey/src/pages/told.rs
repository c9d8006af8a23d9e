//! What is told instead of questions: thanks, and what stands in the way.

use chrono::{NaiveDateTime, NaiveTime};
use maud::html;

use super::about::{action, languages, title_of};
use crate::desk::{Asked, Entry, Mode, Outcome};
use crate::frame::Page;
use crate::step::field;
use crate::tongue::Tongue;

/// The answers are in. `sealed` brings this page back.
pub(crate) fn thanks(asked: &Asked, tag: &str, sealed: &str, number: &str) -> String {
    let tongue = Tongue::new(tag, &asked.definition.language);
    let title = tongue.bare("Tack, dina svar är inskickade", "Thank you, your answers are in");
    let body = html! {
        h1 tabindex="-1" autofocus { (tongue.words("Tack, dina svar är inskickade", "Thank you, your answers are in")) }
        p { (tongue.words("Du kan stänga sidan.", "You can close this page.")) }
        @if asked.mode == Mode::Unlinkable {
            p { (tongue.words("De går inte att koppla till dig.", "They cannot be tied to you.")) }
        }
        form method="post" action=(action(asked)) data-number=(number) data-sent hidden {
            input type="hidden" name=(field::STATE) value=(sealed);
        }
        @if asked.definition.languages.len() > 1 {
            form method="post" action=(action(asked)) {
                input type="hidden" name=(field::STATE) value=(sealed);
                (languages(asked, tongue))
            }
        }
    };
    let survey = Some(tongue.said(&asked.title));
    Page { tongue, survey, title: format!("{title} – {}", title_of(asked, tongue)), body }.html()
}

/// What stands in the way of answering a survey that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Barred {
    /// It opens later.
    Scheduled(NaiveDateTime),
    /// It should have opened.
    Late,
    /// It is closed, and nothing of this visit was kept or lost.
    Closed,
    /// It closed before the answers were handed in.
    ClosedMeanwhile,
    /// An answer is in already.
    Answered,
    /// The personal code is of nobody on the roll.
    NotOnRoll,
    /// The answers are longer than may be.
    TooLong,
    /// The desk did not answer; what was sent may be sent again.
    NotNow,
}

/// The page that says so. `again` are the fields that bring it back in another language; none: its address does.
pub(crate) fn barred(asked: &Asked, tag: &str, why: Barred, again: &[(&str, &str)]) -> String {
    let tongue = Tongue::new(tag, &asked.definition.language);
    let ((title_sv, title_en), (sv, en)) = match why {
        Barred::Scheduled(opens) => {
            let (day, time) = (opens.date().to_string(), opens.format("%H.%M").to_string());
            let said = if opens.time() == NaiveTime::MIN {
                (format!("Den öppnar {day}. Kom tillbaka då."), format!("It opens on {day}. Come back then."))
            } else {
                (
                    format!("Den öppnar {day} kl. {time}. Kom tillbaka då."),
                    format!("It opens on {day} at {time}. Come back then."),
                )
            };
            (("Enkäten har inte öppnat", "The survey has not opened"), said)
        }
        Barred::Late => (
            ("Enkäten har inte öppnat", "The survey has not opened"),
            plain(
                "Den skulle ha öppnat nu. Försök igen om en stund; öppnar den inte då heller, säg till den som bjöd in dig.",
                "It should have opened by now. Try again in a while; if it does not open then, tell whoever invited you.",
            ),
        ),
        Barred::Closed => (
            ("Enkäten är stängd", "The survey is closed"),
            plain("Den går inte att svara på längre.", "It cannot be answered any more."),
        ),
        Barred::ClosedMeanwhile => (
            ("Enkäten har stängt", "The survey has closed"),
            plain(
                "Dina svar hann inte skickas in, och inget av dem är sparat.",
                "Your answers were not handed in in time, and none of them is kept.",
            ),
        ),
        Barred::Answered => (
            ("Du har redan svarat", "You have answered already"),
            plain(
                "Svaret som kom in först gäller. Du behöver inte göra något mer.",
                "The answer that came in first counts. You need not do anything more.",
            ),
        ),
        Barred::NotOnRoll => (
            ("Koden gäller inte", "The code is not valid"),
            plain(
                "Den personliga koden gäller inte den här enkäten. Inget är inskickat.",
                "The personal code is not for this survey. Nothing was handed in.",
            ),
        ),
        Barred::TooLong => (
            ("Svaren är för långa", "The answers are too long"),
            plain(
                "Inget är inskickat. Gå tillbaka i webbläsaren, skriv kortare och skicka igen.",
                "Nothing was handed in. Go back in the browser, write less and send again.",
            ),
        ),
        Barred::NotNow => (
            ("Det gick inte just nu", "That did not work just now"),
            plain(
                "Inget är förlorat: ladda om sidan om en stund, så skickas svaren igen. De räknas bara en gång.",
                "Nothing is lost: load the page again in a while, and the answers are sent again. They count once only.",
            ),
        ),
    };
    let body = html! {
        h1 tabindex="-1" autofocus { (tongue.words(title_sv, title_en)) }
        p { (tongue.words(&sv, &en)) }
        @if asked.definition.languages.len() > 1 {
            form method=(if again.is_empty() { "get" } else { "post" }) action=(action(asked)) {
                @for (name, value) in again { input type="hidden" name=(name) value=(value); }
                (languages(asked, tongue))
            }
        }
    };
    let survey = Some(tongue.said(&asked.title));
    let title = format!("{} – {}", tongue.bare(title_sv, title_en), title_of(asked, tongue));
    Page { tongue, survey, title, body }.html()
}

/// What the desk's outcome means for the page, where the answers are not in.
pub(crate) fn refused(outcome: Outcome) -> Option<Barred> {
    match outcome {
        Outcome::Taken | Outcome::TakenBefore | Outcome::Replaced => None,
        Outcome::AnsweredAlready => Some(Barred::Answered),
        Outcome::NotOnRoll => Some(Barred::NotOnRoll),
        Outcome::Closed => Some(Barred::ClosedMeanwhile),
        Outcome::TooLong => Some(Barred::TooLong),
    }
}

/// The state that came with a page is none of ours: what was on that page can be kept, and the rest is begun anew.
pub(crate) fn unreadable(asked: &Asked, tag: &str, carried: &[(String, String)]) -> String {
    let tongue = Tongue::new(tag, &asked.definition.language);
    let title = ("Dina tidigare svar gick inte att läsa", "Your earlier answers could not be read");
    let body = html! {
        h1 tabindex="-1" autofocus { (tongue.words(title.0, title.1)) }
        p { (tongue.words(
            "Inget är inskickat. Svaren från den här sidan följer med om du börjar om; de andra behöver du fylla i igen.",
            "Nothing was handed in. The answers of this page come along if you begin again; the others you need to fill in again.")) }
        form method="post" action=(action(asked)) autocomplete="off" {
            input type="hidden" name=(field::SPOKEN) value=(tag);
            @for (name, value) in carried { input type="hidden" name=(name) value=(value); }
            @if asked.entry == Entry::Personal {
                label class="title" for="token" { (tongue.words("Din personliga kod", "Your personal code")) }
                input id="token" name=(field::TOKEN) type="text" autocomplete="off" spellcheck="false" required;
            }
            p class="buttons" { button class="main" type="submit" name=(field::GO) value="start" { (tongue.words("Börja om", "Begin again")) } }
            (languages(asked, tongue))
        }
    };
    let survey = Some(tongue.said(&asked.title));
    Page { tongue, survey, title: tongue.bare(title.0, title.1).to_owned(), body }.html()
}

/// What stands in the way of everything, in both languages at once, as no survey's is known.
pub(crate) fn plainly(title: (&str, &str), text: (&str, &str)) -> String {
    let tongue = Tongue::new("sv", "sv");
    let body = html! {
        h1 tabindex="-1" autofocus { (title.0) }
        p { (text.0) }
        div lang="en" { h2 { (title.1) } p { (text.1) } }
    };
    Page { tongue, survey: None, title: format!("{} – {}", title.0, title.1), body }.html()
}

fn plain(sv: &str, en: &str) -> (String, String) {
    (sv.to_owned(), en.to_owned())
}
