//! What comes before the first question.

use chrono::{Duration, NaiveDateTime, NaiveTime};
use maud::{Markup, html};

use super::about::{BEGIN, action, languages_above, title_of};
use crate::desk::{Asked, Entry, Mode, Stage};
use crate::frame::Page;
use crate::step::field;
use crate::tongue::{Tongue, wanted};

/// The page on which a short code is typed. `unknown`: there was none such.
pub(crate) fn code(lang: &str, typed: &str, unknown: bool) -> String {
    let tongue = Tongue::new(lang, lang);
    let title = tongue.bare("Svara på en enkät", "Answer a survey");
    let body = html! {
        h1 { (title) }
        (languages_above(["sv", "en"], tongue, "lang", Some("get")))
        @if unknown { (trouble(tongue, "Det finns ingen enkät med den koden. Kontrollera koden och skriv den igen.",
            "There is no survey with that code. Check the code and type it again.")) }
        form id=(BEGIN) method="post" action="/s/" autocomplete="off" {
            label class="title" for="code" { (tongue.words("Enkätens kod", "The survey's code")) }
            p class="hint" id="code-hint" { (tongue.words(
                "Koden står i inbjudan eller på tavlan. Stora och små bokstäver spelar ingen roll.",
                "The code is in the invitation or on the board. Capital and small letters are the same.")) }
            input id="code" name=(field::CODE) type="text" value=(typed) autocapitalize="characters" spellcheck="false" required aria-describedby="code-hint";
            p class="buttons" { button class="main" type="submit" { (tongue.words("Till enkäten", "To the survey")) } }
        }
    };
    Page { tongue, survey: None, title: title.to_owned(), body }.html()
}

/// What was wrong with a personal code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    /// None was typed.
    Missing,
    /// It is of nobody who is asked.
    Unknown,
}

/// The page before the first question.
pub(crate) fn start(
    asked: &Asked,
    tag: &str,
    token: &str,
    fault: Option<TokenFault>,
    carried: &[(String, String)],
) -> String {
    let definition = &asked.definition;
    let tongue = Tongue::new(tag, &definition.language);
    let body = html! {
        h1 { (tongue.said(&asked.title)) }
        @if let Some(unit) = &asked.unit { p class="unit" { (tongue.said(unit)) } }
        @if definition.languages.len() > 1 {
            (languages_above(definition.languages.iter().map(String::as_str), tongue, field::LANGUAGE, None))
        }
        @if let Some(fault) = fault {
            @let (sv, en) = match fault {
                TokenFault::Missing => ("Skriv din personliga kod.", "Type your personal code."),
                TokenFault::Unknown => ("Den personliga koden gäller inte den här enkäten. Kontrollera den och skriv den igen.",
                    "The personal code is not for this survey. Check it and type it again."),
            };
            div class="summary" role="alert" tabindex="-1" autofocus { h2 { (tongue.words("Något är fel", "Something is wrong")) }
                ul { li { a href="#token" { (tongue.words(sv, en)) } } } }
        }
        @if !definition.description.is_empty() { p class="lead" { (tongue.said(&definition.description)) } }
        p class="who" { (who_sees(asked, tongue)) }
        ul class="rules" { @for rule in rules(asked, tongue) { li { (rule) } } }
        form id=(BEGIN) method="post" action=(action(asked)) autocomplete="off" data-start {
            input type="hidden" name=(field::SPOKEN) value=(tag);
            @for (name, value) in carried { input type="hidden" name=(name) value=(value); }
            @if asked.entry == Entry::Personal {
                label class="title" for="token" { (tongue.words("Din personliga kod", "Your personal code")) }
                p class="hint" id="token-hint" { (tongue.words("Den står i din inbjudan.", "It is in your invitation.")) }
                input id="token" name=(field::TOKEN) type="text" value=(token) autocomplete="off" autocapitalize="characters" spellcheck="false"
                    required aria-describedby="token-hint" aria-invalid=[fault.map(|_| "true")];
            }
            p class="buttons" { button class="main" type="submit" name=(field::GO) value="start" { (tongue.words("Börja", "Begin")) } }
        }
    };
    Page { tongue, survey: None, title: title_of(asked, tongue), body }.html()
}

/// Who sees what, in one plain sentence or two.
fn who_sees(asked: &Asked, tongue: Tongue<'_>) -> Markup {
    let least = asked.smallest;
    let (sv, en) = match asked.mode {
        Mode::Named => (
            format!(
                "Svaret sparas med ditt namn: den som sköter systemet kan se vad du har svarat, och rapporter visar bara grupper om minst {least} personer."
            ),
            format!(
                "Your answer is kept with your name: whoever runs the system can see what you answered, and reports show groups of at least {least} people only."
            ),
        ),
        Mode::Pseudonymous => (
            format!(
                "Svaret sparas under en pseudonym, så att det går att jämföra med vad du svarar en annan gång: bara den som sköter systemet kan ta reda på vem du är, och rapporter visar bara grupper om minst {least} personer."
            ),
            format!(
                "Your answer is kept under a pseudonym, so that it can be compared with what you answer another time: only whoever runs the system can find out who you are, and reports show groups of at least {least} people only."
            ),
        ),
        Mode::Unlinkable => (
            format!(
                "Svaret läggs utan namn i en digital valurna och går inte att koppla till dig i efterhand, inte ens för den som sköter systemet; rapporter visar bara grupper om minst {least} personer."
            ),
            format!(
                "Your answer goes without a name into a digital ballot box and cannot be tied to you afterwards, not even by whoever runs the system; reports show groups of at least {least} people only."
            ),
        ),
        Mode::Guardians => (
            format!(
                "Svaret sparas utan namn, och ingen frågar vem du är; rapporter visar bara grupper om minst {least} personer."
            ),
            format!(
                "Your answer is kept without a name, and nobody asks who you are; reports show groups of at least {least} people only."
            ),
        ),
    };
    tongue.words(&sv, &en)
}

/// What happens on answering twice, late and in part.
fn rules(asked: &Asked, tongue: Tongue<'_>) -> Vec<Markup> {
    let mut all =
        vec![tongue.words("Inget sparas förrän du skickar in.", "Nothing is kept before you hand in.")];
    all.push(match (&asked.entry, asked.rules.again) {
        (Entry::Personal, true) => tongue.words(
            "Svarar du en gång till ersätter det nya svaret det förra.",
            "If you answer again, the new answer takes the place of the one before.",
        ),
        (Entry::Personal, false) => tongue.words(
            "Du kan svara en gång; det du har skickat in går inte att ändra.",
            "You can answer once; what you have handed in cannot be changed.",
        ),
        (Entry::Open, _) => tongue.words(
            "Svara en gång; det du har skickat in går inte att ändra.",
            "Answer once; what you have handed in cannot be changed.",
        ),
    });
    if let Stage::Open { closes } = asked.stage {
        let grace = asked.rules.grace;
        let (mut sv, mut en) = match until(closes) {
            (day, None) => (
                format!("Du kan svara till och med {day}."),
                format!("You can answer up to and including {day}."),
            ),
            (day, Some(time)) => (
                format!("Du kan svara till {day} kl. {time}."),
                format!("You can answer until {day} at {time}."),
            ),
        };
        if grace > 0 {
            let minuter = if grace == 1 { "minut" } else { "minuter" };
            sv.push_str(&format!(" Har du börjat innan dess kan du skicka in i {grace} {minuter} till."));
            let minutes = if grace == 1 { "minute" } else { "minutes" };
            en.push_str(&format!(" What you began before that you can hand in for {grace} more {minutes}."));
        }
        all.push(tongue.words(&sv, &en));
    }
    all.push(if asked.rules.partial {
        tongue.words(
            "Du kan skicka in också när frågor är kvar utan svar.",
            "You can hand in with questions left unanswered as well.",
        )
    } else {
        tongue.words(
            "Frågor som måste besvaras är märkta; de andra kan du hoppa över.",
            "Questions that must be answered are marked; you can skip the others.",
        )
    });
    all
}

/// A moment as its day and time; at midnight the day before, which is the last one.
fn until(at: NaiveDateTime) -> (String, Option<String>) {
    if at.time() == NaiveTime::MIN {
        return ((at - Duration::days(1)).date().to_string(), None);
    }
    (at.date().to_string(), Some(at.format("%H.%M").to_string()))
}

/// The language of pages that are of no survey.
pub(crate) fn own_language(accepts: &str) -> &'static str {
    let both = ["sv".to_owned(), "en".to_owned()];
    match wanted(&both, accepts) {
        "en" => "en",
        _ => "sv",
    }
}

fn trouble(tongue: Tongue<'_>, sv: &str, en: &str) -> Markup {
    html! { div class="summary" role="alert" tabindex="-1" autofocus { p { a href="#code" { (tongue.words(sv, en)) } } } }
}
