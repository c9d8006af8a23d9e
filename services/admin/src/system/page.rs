//! The page that says how the log and what follows it stand.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use disclosure::Lang;
use maud::{Markup, html};
use render::components::{self, Column};

use super::followers::{Followers, Rebuilding, Standing, Unfoldable};
use super::words::{SYSTEM, finding, follower};
use crate::shell::{Asked, Reader, Shell, Spoken, answer, frame, other, show, t};

/// `GET /system`
pub(crate) async fn page(
    reader: Reader,
    State(shell): State<Shell>,
    State(followers): State<Arc<dyn Followers>>,
    Asked(wanted): Asked<Spoken>,
) -> Response {
    let lang = wanted.lang();
    let made = async {
        let municipality = shell.municipality.snapshot().municipality;
        let head = shell.log.head().await?;
        let standing = followers.standing().await?;
        let stored = head.stored.to_datetime();
        let (day, time) = (stored.format("%Y-%m-%d").to_string(), stored.format("%H.%M.%S"));
        let (events, day) = (render::count(head.position.0), render::date(&day, lang));
        let log = match lang {
            Lang::Sv => format!("Loggen har {events} händelser. Den senaste kom {day} klockan {time} UTC."),
            Lang::En => format!("The log has {events} events. The last one came on {day} at {time} UTC."),
        };
        let body = html! {
            p class="lead" { (finding(&standing, lang)) }
            p { (log) }
            (standing_table(&standing, lang))
            (set_aside_table(&standing, lang))
        };
        let there = SYSTEM.href(other(lang));
        Ok(show(frame(&shell, SYSTEM, lang, &reader, &municipality, there, body)))
    };
    answer(&shell, lang, made.await)
}

fn standing_table(standing: &[Standing], lang: Lang) -> Markup {
    let row = |s: &Standing| {
        vec![
            html! { (follower(&s.name, lang)) },
            html! { (render::count(s.position)) },
            html! { (render::count(s.lag_events)) },
            html! {
                @match &s.stopped {
                    Some(event) => { (t(lang, "Stannat vid händelse ", "Stopped at event ")) (described(event)) }
                    None if s.lag_events == 0 => { (t(lang, "I fas", "Up to date")) }
                    None => { (t(lang, "Arbetar", "Working")) }
                }
                @if s.set_aside > 0 {
                    br;
                    (t(lang, "Händelser lagda åt sidan: ", "Events set aside: ")) (render::count(s.set_aside))
                }
                @if let Some(rebuild) = &s.rebuild {
                    br;
                    (rebuilding(rebuild, lang))
                }
            },
        ]
    };
    let columns = [
        Column::text(t(lang, "Underlag", "View")),
        Column::number(t(lang, "Händelser med", "Events in it")),
        Column::number(t(lang, "Händelser kvar", "Events to go")),
        Column::text(t(lang, "Läge", "State")),
    ];
    let caption = t(lang, "Vyer och rapportunderlag", "Views and the basis of reports");
    components::plain_table(caption, &columns, &standing.iter().map(row).collect::<Vec<_>>())
}

/// How far that has come which is built anew.
fn rebuilding(rebuild: &Rebuilding, lang: Lang) -> String {
    match &rebuild.stopped {
        Some(event) => {
            let stopped = t(
                lang,
                "Byggs om; det nya har stannat vid händelse",
                "Being built anew; the new one stopped at event",
            );
            format!("{stopped} {}", described(event))
        }
        None => {
            let left = t(lang, "Byggs om; händelser kvar:", "Being built anew; events to go:");
            format!("{left} {}", render::count(rebuild.lag_events))
        }
    }
}

fn described(event: &Unfoldable) -> String {
    format!("{} ({}): {}", render::count(event.position), event.kind, event.error)
}

/// What views do without, where there is any: the last few events of each.
fn set_aside_table(standing: &[Standing], lang: Lang) -> Markup {
    let rows: Vec<Vec<Markup>> = (standing.iter())
        .flat_map(|s| s.set_aside_latest.iter().map(move |event| (s, event)))
        .map(|(s, event)| {
            vec![
                html! { (follower(&s.name, lang)) },
                html! { (render::count(event.position)) },
                html! { (event.kind) },
                html! { (event.error) },
                html! { (event.at.as_deref().unwrap_or_default()) },
            ]
        })
        .collect();
    if rows.is_empty() {
        return html! {};
    }
    let columns = [
        Column::text(t(lang, "Underlag", "View")),
        Column::number(t(lang, "Händelse", "Event")),
        Column::text(t(lang, "Slag", "Kind")),
        Column::text(t(lang, "Fel", "Error")),
        Column::text(t(lang, "När", "When")),
    ];
    let caption = t(lang, "Händelser lagda åt sidan, de senaste", "Events set aside, the latest");
    components::plain_table(caption, &columns, &rows)
}
