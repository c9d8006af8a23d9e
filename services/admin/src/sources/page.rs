//! The page of data sources: per credential when it was seen, how fast it sends, what was refused and why, what waits for
//! replay, and what to do next. It shows tools, never people: nothing of what was sent is known here.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use disclosure::Lang;
use eventlog::clock::Micros;
use maud::{Markup, html};
use render::components::{self, Column};

use super::credentials::{CredentialFailure, CredentialTask, Credentials};
use super::source::{Listed, Part, Refusal, Source, Tool};
use super::words::{SOURCES, finding, moment, next_steps, rate};
use crate::shell::{Asked, Reader, Shell, Spoken, answer, frame, other, show, t};

/// `GET /sources`
pub(crate) async fn page(
    reader: Reader,
    State(shell): State<Shell>,
    State(credentials): State<Arc<dyn Credentials>>,
    Asked(wanted): Asked<Spoken>,
) -> Response {
    let lang = wanted.lang();
    let made = async {
        let municipality = shell.municipality.snapshot().municipality;
        let listed = credentials.perform(CredentialTask::List, None).await?;
        let read = serde_json::from_value(listed);
        let Listed { mut credentials } =
            read.map_err(|error| CredentialFailure::Failed(format!("the list of credentials: {error}")))?;
        // What was revoked and has nothing waiting is history.
        credentials.retain(|source| !source.revoked || source.kept.statements > 0);
        let body = body(&credentials, shell.clock.now(), lang);
        let there = SOURCES.href(other(lang));
        Ok(show(frame(&shell, SOURCES, lang, &reader, &municipality, there, body)))
    };
    answer(&shell, lang, made.await)
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
            "unkept": 2, "kept": { "statements": 5, "bytes": 900 }, "conflicts": { "requests": 3, "statements": 150 }, "rules": { "verbs": {}, "keep": true },
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
            "3 anrop med sammanlagt 150 händelser nekades hela",
            "larka credential kept abc",
            "<span lang=\"en\">a verb</span>",
            "Nyckeln har aldrig använts",
            "40 händelser lagrades det senaste dygnet",
        ] {
            assert!(sv.contains(expected), "{expected} in {sv}");
        }
        let en = body(&[used()], NOW, Lang::En).into_string();
        assert!(en.contains("1 of 1 data sources have sent") && en.contains("5 refused statements wait"));
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
