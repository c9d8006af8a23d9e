//! The page of data sources: per credential when it was seen, how fast it sends, what was refused and why, what waits for
//! replay, and what to do next. It shows tools, never people: nothing of what was sent is known here.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use disclosure::Lang;
use eventlog::clock::Micros;
use maud::{Markup, html};
use render::components::{self, Column};
use serde::Deserialize;

use crate::auth::Reader;
use crate::credentials::CredentialTask;
use crate::shell::{Asked, answer, frame, other, show};
use crate::words::{Page, t};
use crate::{Admin, CredentialFailure};

/// What the keeper of credentials says of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    key: String,
    name: String,
    revoked: bool,
    seen: Option<DateTime<Utc>>,
    stored: u64,
    refused: u64,
    pace: Option<String>,
    hours: Vec<Part>,
    days: Vec<Part>,
    tools: Vec<Tool>,
    refusals: Vec<Refusal>,
    unkept: u64,
    kept: Kept,
    rules: Option<Rules>,
}

/// Statements stored in an hour or a day, of the last day or month; those with none are left out.
#[derive(Debug, Deserialize)]
struct Part {
    from: DateTime<Utc>,
    stored: u64,
}

#[derive(Debug, Deserialize)]
struct Tool {
    tool: String,
    seen: DateTime<Utc>,
    stored: u64,
    pace: Option<String>,
    refused: u64,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    at: DateTime<Utc>,
    tool: String,
    reason: String,
    path: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kept {
    statements: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rules {
    keep: bool,
}

#[derive(Deserialize)]
struct Listed {
    credentials: Vec<Source>,
}

/// `GET /sources`
pub(crate) async fn page(reader: Reader, State(admin): State<Admin>, Asked(wanted): Asked) -> Response {
    let lang = wanted.lang();
    let made = async {
        let municipality = admin.municipality.snapshot().municipality;
        let listed = admin.credentials.perform(CredentialTask::List, None).await?;
        let read = serde_json::from_value(listed);
        let Listed { mut credentials } =
            read.map_err(|error| CredentialFailure::Failed(format!("the list of credentials: {error}")))?;
        // What was revoked and has nothing waiting is history.
        credentials.retain(|source| !source.revoked || source.kept.statements > 0);
        let body = body(&credentials, admin.clock.now(), lang);
        let there = Page::Sources.href(other(lang));
        Ok(show(frame(Page::Sources, lang, &reader, &municipality, there, body)))
    };
    answer(&admin, lang, made.await)
}

fn body(sources: &[Source], now: Micros, lang: Lang) -> Markup {
    if sources.is_empty() {
        let heading = t(lang, "Inget lärverktyg är anslutet", "No learning tool is connected");
        let text = t(
            lang,
            "Den som förvaltar Lärka ansluter ett verktyg med larka credential create NAMN. Sedan syns det här.",
            "Whoever runs Lärka connects a tool with larka credential create NAME. Then it shows here.",
        );
        return components::empty_state(heading, text, None);
    }
    let now = now.to_datetime();
    html! {
        p class="lead" { (finding(sources, lang)) }
        (overview(sources, lang))
        @for (number, source) in sources.iter().enumerate() {
            h2 { (source.name) }
            (next_steps(source, now, lang))
            @if !source.tools.is_empty() { (tools(source, lang)) }
            @if !source.days.is_empty() { (rates(number, source, now, lang)) }
            @if !source.refusals.is_empty() { (refusals(source, lang)) }
        }
        p class="quiet" {
            (t(
                lang,
                "Ett verktyg är det som det kallar sig när det ansluter. Sidan visar inget av det som skickades. Tider är UTC.",
                "A tool is what it calls itself when it connects. The page shows nothing of what was sent. Times are UTC.",
            ))
        }
    }
}

/// How many sent something in the last day, and whether anything waits.
fn finding(sources: &[Source], lang: Lang) -> String {
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

fn overview(sources: &[Source], lang: Lang) -> Markup {
    let columns = [
        Column::text(t(lang, "Källa", "Source")),
        Column::text(t(lang, "Senast sedd", "Last seen")),
        Column::number(t(lang, "Takt", "Rate")),
        Column::number(t(lang, "Händelser", "Statements")),
        Column::number(t(lang, "Nekade anrop", "Refused requests")),
        Column::number(t(lang, "Väntar", "Waiting")),
    ];
    let row = |source: &Source| {
        vec![
            html! { (source.name) @if source.revoked { " (" (t(lang, "återkallad", "revoked")) ")" } },
            html! { @match source.seen { Some(seen) => (moment(seen, lang)), None => (t(lang, "Aldrig", "Never")) } },
            html! { (source.pace.as_deref().map(|pace| rate(pace, lang)).unwrap_or_default()) },
            html! { (render::count(source.stored)) },
            html! { (render::count(source.refused)) },
            html! { (render::count(source.kept.statements)) },
        ]
    };
    let rows: Vec<_> = sources.iter().map(row).collect();
    components::plain_table(t(lang, "Alla datakällor", "All data sources"), &columns, &rows)
}

/// A pace such as `120/h` in words.
fn rate(pace: &str, lang: Lang) -> String {
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
fn next_steps(source: &Source, now: DateTime<Utc>, lang: Lang) -> Markup {
    let key = &source.key;
    let keeps = source.rules.as_ref().is_some_and(|rules| rules.keep);
    let silent = source.seen.map(|seen| (now - seen).num_days());
    let waiting = render::count(source.kept.statements);
    let unkept = render::count(source.unkept);
    html! {
        ul {
            @if source.kept.statements > 0 {
                li { @match lang {
                    Lang::Sv => { (waiting) " händelser som reglerna nekade väntar på att spelas upp." }
                    Lang::En => { (waiting) " statements that the rules refused wait for replay." }
                } }
                @for (what, command, more) in [
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

/// Two drawings: the last 24 hours, and the last 30 days.
fn rates(number: usize, source: &Source, now: DateTime<Utc>, lang: Lang) -> Markup {
    let hours = filled(&source.hours, now, 24, 3_600, |at| at.format(t(lang, "%H.00", "%H:00")).to_string());
    let days = filled(&source.days, now, 30, 86_400, |at| at.format("%Y-%m-%d").to_string());
    let total = |values: &[(String, u64)]| render::count(values.iter().map(|(_, stored)| stored).sum());
    let said = |total: String, sv: &str, en: &str| match lang {
        Lang::Sv => format!("{total} händelser lagrades {sv}."),
        Lang::En => format!("{total} statements were stored {en}."),
    };
    let drawings = [
        (
            format!("hours-{number}"),
            t(
                lang,
                "Lagrade händelser per timme, det senaste dygnet",
                "Statements stored an hour, last 24 hours",
            ),
            said(total(&hours), "det senaste dygnet", "in the last 24 hours"),
            t(lang, "Timme från", "Hour from"),
            hours,
        ),
        (
            format!("days-{number}"),
            t(
                lang,
                "Lagrade händelser per dag, de senaste 30 dagarna",
                "Statements stored a day, last 30 days",
            ),
            said(total(&days), "de senaste 30 dagarna", "in the last 30 days"),
            t(lang, "Dag", "Day"),
            days,
        ),
    ];
    html! {
        @for (id, title, finding, head, values) in &drawings {
            (components::over_time(id, title, finding, head, values, lang))
        }
    }
}

/// Every hour or day up to now, those without anything too.
fn filled(
    parts: &[Part],
    now: DateTime<Utc>,
    count: i64,
    seconds: i64,
    label: impl Fn(DateTime<Utc>) -> String,
) -> Vec<(String, u64)> {
    let last = now.timestamp().div_euclid(seconds);
    let value = |at: i64| {
        let of = |part: &&Part| part.from.timestamp().div_euclid(seconds) == at;
        let stored = parts.iter().filter(of).map(|part| part.stored).sum();
        (label(DateTime::from_timestamp(at * seconds, 0).unwrap_or_default()), stored)
    };
    (last + 1 - count..=last).map(value).collect()
}

fn tools(source: &Source, lang: Lang) -> Markup {
    let columns = [
        Column::text(t(lang, "Verktyg", "Tool")),
        Column::text(t(lang, "Senast sett", "Last seen")),
        Column::number(t(lang, "Händelser", "Statements")),
        Column::text(t(lang, "Takt", "Pace")),
        Column::number(t(lang, "Nekade anrop", "Refused requests")),
    ];
    let row = |tool: &Tool| {
        vec![
            html! { @match tool.tool.as_str() {
                "other" => (t(lang, "Övriga", "Others")),
                "unnamed" => (t(lang, "Utan namn", "Without a name")),
                name => (name),
            } },
            html! { (moment(tool.seen, lang)) },
            html! { (render::count(tool.stored)) },
            html! { (tool.pace.as_deref().map(|pace| rate(pace, lang)).unwrap_or_default()) },
            html! { (render::count(tool.refused)) },
        ]
    };
    let caption = t(lang, "Verktyg som använder nyckeln", "Tools that use the key");
    components::plain_table(caption, &columns, &source.tools.iter().map(row).collect::<Vec<_>>())
}

/// The reasons are the program's own, in English, as the tool got them.
fn refusals(source: &Source, lang: Lang) -> Markup {
    let columns = [
        Column::text(t(lang, "När", "When")),
        Column::text(t(lang, "Verktyg", "Tool")),
        Column::text(t(lang, "Väntat", "Expected")),
        Column::text(t(lang, "Plats i händelsen", "Place in the statement")),
    ];
    let row = |refusal: &Refusal| {
        vec![
            html! { (moment(refusal.at, lang)) },
            html! { (refusal.tool) },
            html! { span lang=[(lang == Lang::Sv).then_some("en")] { (refusal.reason) } },
            html! { @if refusal.path.is_empty() { (t(lang, "Hela anropet", "The whole request")) } @else { code { (refusal.path) } } },
        ]
    };
    let caption = t(lang, "Senast nekade anrop", "Latest refused requests");
    html! {
        details class="as-table" {
            summary { (caption) }
            (components::plain_table(caption, &columns, &source.refusals.iter().map(row).collect::<Vec<_>>()))
        }
    }
}

fn moment(at: DateTime<Utc>, lang: Lang) -> String {
    let day = render::date(&at.format("%Y-%m-%d").to_string(), lang);
    match lang {
        Lang::Sv => format!("{day} kl. {}", at.format("%H.%M")),
        Lang::En => format!("{day} at {}", at.format("%H:%M")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_768_464_000_000_000);

    fn source(value: serde_json::Value) -> Source {
        serde_json::from_value(value).unwrap()
    }

    fn used() -> Source {
        source(serde_json::json!({
            "key": "abc", "name": "Lärplattformen", "scopes": ["all"], "created": "2026-01-01T00:00:00Z",
            "revoked": false, "seen": "2026-01-15T07:59:00Z", "stored": 1200, "refused": 3, "pace": "50/h",
            "hours": [{ "from": "2026-01-15T07:00:00Z", "stored": 40 }],
            "days": [{ "from": "2026-01-14T00:00:00Z", "stored": 1160 }],
            "tools": [{ "tool": "Moodle/4.5", "seen": "2026-01-15T07:59:00Z", "stored": 1200, "pace": "4/d", "refused": 3 }],
            "refusals": [{ "at": "2026-01-15T07:00:00Z", "tool": "Moodle/4.5", "reason": "a verb", "path": "/verb/id" }],
            "unkept": 2, "kept": { "statements": 5, "bytes": 900 }, "rules": { "verbs": {}, "keep": true },
        }))
    }

    #[test]
    fn a_source_that_refuses_says_what_waits_and_what_to_do_in_both_languages() {
        let sv = body(&[used(), source(serde_json::json!({ "key": "d", "name": "H5P" }))], NOW, Lang::Sv)
            .into_string();
        for expected in [
            "1 av 2 datakällor har lämnat händelser det senaste dygnet. 5 nekade händelser väntar",
            "50 i timmen",
            "4 om dagen",
            "larka credential replay abc",
            "2 nekade händelser fick inte plats",
            "<span lang=\"en\">a verb</span>",
            "Nyckeln har aldrig använts",
            "40 händelser lagrades det senaste dygnet",
        ] {
            assert!(sv.contains(expected), "{expected} in {sv}");
        }
        let en = body(&[used()], NOW, Lang::En).into_string();
        assert!(
            en.contains("1 of 1 data sources have sent")
                && en.contains("5 statements that the rules refused wait")
        );
        assert!(!en.contains("lang=\"en\""));
        assert!(body(&[], NOW, Lang::En).into_string().contains("larka credential create NAME"));
    }

    #[test]
    fn every_hour_and_day_has_its_column() {
        let now = NOW.to_datetime();
        let hours = filled(&used().hours, now, 24, 3_600, |at| at.format("%H").to_string());
        assert_eq!((hours.len(), &hours[0], &hours[22]), (24, &("09".to_owned(), 0), &("07".to_owned(), 40)));
        let days = filled(&used().days, now, 30, 86_400, |at| at.format("%m-%d").to_string());
        assert_eq!(
            (days.len(), &days[28], &days[29]),
            (30, &("01-14".to_owned(), 1_160), &("01-15".to_owned(), 0))
        );
    }

    #[test]
    fn a_pace_is_told_in_words() {
        assert_eq!(rate("1200/h", Lang::En), format!("{} an hour", render::count(1_200)));
        assert_eq!([rate("3/d", Lang::Sv), rate("7/30d", Lang::Sv)], ["3 om dagen", "7 på 30 dagar"]);
    }
}
