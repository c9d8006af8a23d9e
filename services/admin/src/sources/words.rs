//! The page's name, and how a source stands, in a reader's words.

use chrono::{DateTime, Utc};
use disclosure::Lang;
use maud::{Markup, html};

use super::source::Source;
use crate::shell::{Page, t};

pub(super) const SOURCES: Page = Page { path: "/sources", sv: "Datakällor", en: "Data sources" };

/// How many sent something in the last day, and whether anything waits.
pub(super) fn finding(sources: &[Source], lang: Lang) -> String {
    let all = sources.len();
    let active = sources.iter().filter(|source| !source.hours.is_empty()).count();
    let waiting: u64 = sources.iter().map(|source| source.kept.statements).sum();
    let sent = match lang {
        Lang::Sv => format!("{active} av {all} datakällor har lämnat händelser det senaste dygnet"),
        Lang::En => format!("{active} of {all} data sources have sent statements in the last 24 hours"),
    };
    match (waiting, lang) {
        (0, _) => format!("{sent}."),
        (n, Lang::Sv) => format!("{sent}. {} nekade händelser väntar på att spelas upp.", render::count(n)),
        (n, Lang::En) => format!("{sent}. {} refused statements wait for replay.", render::count(n)),
    }
}

/// A pace such as `120/h` in words.
pub(super) fn rate(pace: &str, lang: Lang) -> String {
    let Some((number, per)) = pace.split_once('/') else { return pace.to_owned() };
    let number = number.parse().map_or_else(|_| number.to_owned(), render::count);
    let per = match per {
        "h" => t(lang, "i timmen", "an hour"),
        "d" => t(lang, "om dagen", "a day"),
        _ => t(lang, "på 30 dagar", "in 30 days"),
    };
    format!("{number} {per}")
}

/// What whoever looks after the source should do, if anything.
pub(super) fn next_steps(source: &Source, now: DateTime<Utc>, lang: Lang) -> Markup {
    let key = &source.key;
    let keeps = source.rules.as_ref().is_some_and(|rules| rules.keep);
    let silent = source.seen.map(|seen| (now - seen).num_days());
    let waiting = render::count(source.kept.statements);
    let unkept = render::count(source.unkept);
    html! {
        ul {
            @if source.kept.statements > 0 {
                li { @match lang {
                    Lang::Sv => { (waiting) " nekade händelser väntar på att spelas upp." }
                    Lang::En => { (waiting) " refused statements wait for replay." }
                } }
                @for (what, command, more) in [
                    (t(lang, "Se vilka de är och vad som är fel:", "See which they are and what is wrong:"), "kept", ""),
                    (t(lang, "Rätta reglerna:", "Mend the rules:"), "rules", " FILE"),
                    (t(lang, "Spela sedan upp dem:", "Then replay them:"), "replay", ""),
                    (t(lang, "Eller kasta dem:", "Or throw them away:"), "discard", ""),
                ] {
                    li { (what) " " code { "larka credential " (command) " " (key) (more) } }
                }
            }
            @if source.unkept > 0 {
                li {
                    @match lang {
                        Lang::Sv => { (unkept) " nekade händelser fick inte plats och finns inte kvar. Verktyget behöver skicka dem igen." }
                        Lang::En => { (unkept) " refused statements had no room and are gone. The tool has to send them again." }
                    }
                }
            }
            @if source.conflicts.requests > 0 {
                li { (conflicts(source, lang)) }
            }
            @if source.rules.is_some() && !keeps && source.refused > 0 {
                li {
                    (t(
                        lang,
                        "Det som reglerna nekar sparas inte. Ska det kunna spelas upp senare behöver reglerna ",
                        "What the rules refuse is not kept. To be able to replay it later the rules need ",
                    ))
                    code { "\"keep\": true" } "."
                }
            }
            @match silent {
                None => li { (t(lang,
                    "Nyckeln har aldrig använts. Kontrollera att den är inlagd i verktyget.",
                    "The key has never been used. Check that it is entered in the tool.")) },
                Some(days) if days > 0 => li {
                    @match lang {
                        Lang::Sv => { "Den har varit tyst i " (days) " dygn. Kontrollera verktyget om det inte är väntat." }
                        Lang::En => { "It has been silent for " (days) " days. Check the tool unless that is expected." }
                    }
                },
                Some(_) if source.kept.statements == 0 && source.unkept == 0 => li { (t(lang,
                    "Den är i drift. Inget behöver göras.", "It is working. Nothing needs to be done.")) },
                Some(_) => {}
            }
        }
    }
}

/// What came under ids that are known, and what became of the rest of its requests.
fn conflicts(source: &Source, lang: Lang) -> String {
    let (requests, statements) = (source.conflicts.requests, source.conflicts.statements);
    let (requests, statements) = (render::count(requests), render::count(statements));
    let passed = source.rules.as_ref().is_some_and(|rules| rules.pass_conflicts);
    match (lang, passed) {
        (Lang::Sv, false) => format!(
            "{requests} anrop med sammanlagt {statements} händelser nekades hela, eftersom en annan händelse redan fanns \
             under samma id i dem (409). Verktyget behöver skicka resten igen."
        ),
        (Lang::Sv, true) => format!(
            "I {requests} anrop med sammanlagt {statements} händelser fanns en annan händelse redan under samma id (409). \
             Resten av dem lagras."
        ),
        (Lang::En, false) => format!(
            "{requests} requests with {statements} statements in all were refused whole, because another statement was \
             known under an id in them (409). The tool has to send the rest again."
        ),
        (Lang::En, true) => format!(
            "In {requests} requests with {statements} statements in all another statement was known under an id (409). \
             The rest of them is stored."
        ),
    }
}

pub(super) fn moment(at: DateTime<Utc>, lang: Lang) -> String {
    let day = render::date(&at.format("%Y-%m-%d").to_string(), lang);
    match lang {
        Lang::Sv => format!("{day} kl. {}", at.format("%H.%M")),
        Lang::En => format!("{day} at {}", at.format("%H:%M")),
    }
}
