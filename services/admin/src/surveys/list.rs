//! The page that everything about surveys begins on: rounds with where they stand, and the surveys that they ask.

use std::cmp::Reverse;

use axum::extract::State;
use axum::response::Response;
use disclosure::Lang;
use domain::Municipality;
use domain::rounds::{self, Stage};
use domain::strata;
use eventlog::clock::Micros;
use maud::{Markup, html};
use render::components::{self, Column};
use views::definitions::Definitions;

use super::begun::{NEW, SHEET};
use super::preview;
use super::round::address;
use super::round_form::EDIT;
use super::words::{SURVEYS, mode, said, stage, times};
use crate::shell::problem::{Path, Problem};
use crate::shell::{Asked, Reader, Shell, Spoken, answer, escape, frame, other, show, t};

/// The address of a survey to be read.
pub(super) const SURVEY: &str = "/surveys/{id}/{version}";

/// `GET /surveys`
pub(crate) async fn page(
    reader: Reader,
    State(shell): State<Shell>,
    Asked(wanted): Asked<Spoken>,
) -> Response {
    let lang = wanted.lang();
    let made = async {
        let known = shell.municipality.refresh().await?.municipality;
        let body = body(&known, shell.clock.now(), shell.smallest, lang);
        Ok(show(frame(&shell, SURVEYS, lang, &reader, &known, SURVEYS.href(other(lang)), body)))
    };
    answer(&shell, lang, made.await)
}

fn body(known: &Municipality, now: Micros, smallest: u32, lang: Lang) -> Markup {
    let surveys: Vec<_> = known.surveys.surveys().collect();
    let new = format!("{NEW}?lang={}", lang.tag());
    if surveys.is_empty() {
        return components::empty_state(
            t(lang, "Ingen enkät finns ännu", "There is no survey yet"),
            t(
                lang,
                "Gör en från en färdig mall, ett kalkylblad eller en fil. Sedan frågar du den i en omgång.",
                "Make one from a ready-made template, a sheet or a file. Then ask it in a round.",
            ),
            Some((t(lang, "Gör en enkät", "Make a survey"), &new)),
        );
    }
    let stages: Vec<_> =
        known.surveys.rounds().map(|round| (round, rounds::stage(round, &known.surveys, now))).collect();
    let open = stages.iter().filter(|(_, stage)| *stage == Stage::Open).count();
    let lead = match (lang, open) {
        (Lang::Sv, 0) => "Ingen omgång är öppen.".to_owned(),
        (Lang::Sv, 1) => "1 omgång är öppen.".to_owned(),
        (Lang::Sv, open) => format!("{open} omgångar är öppna."),
        (Lang::En, 0) => "No round is open.".to_owned(),
        (Lang::En, 1) => "1 round is open.".to_owned(),
        (Lang::En, open) => format!("{open} rounds are open."),
    };
    let columns = [
        Column::text(t(lang, "Omgång", "Round")),
        Column::text(t(lang, "Läge", "Stage")),
        Column::text(t(lang, "Svaren är", "Answers are")),
        Column::text(t(lang, "Öppnar", "Opens")),
        Column::text(t(lang, "Stänger", "Closes")),
    ];
    let row = |(round, at): &(&domain::events::RoundFacts, Stage)| {
        let (opens, closes) = times(round);
        vec![
            html! { a href=(address(&round.id, lang)) { (said(&round.title, lang)) } },
            html! {
                (stage(*at, lang))
                @if *at < Stage::Open && strata::too_few(round, &known.organisation, smallest).is_some() {
                    ", " strong { (t(lang, "kan inte öppnas", "cannot be opened")) }
                }
            },
            html! { (mode(round.mode, lang).0) },
            html! { (opens) },
            html! { (closes) },
        ]
    };
    let mut stages: Vec<_> = stages.iter().collect();
    stages.sort_by_key(|(round, stage)| (*stage != Stage::Open, Reverse((round.opens, &round.id))));
    let rows: Vec<_> = stages.into_iter().map(row).collect();
    html! {
        p class="lead" { (lead) }
        p class="actions" {
            a class="action" href=(format!("{EDIT}?lang={}", lang.tag())) { (t(lang, "Ny omgång", "New round")) }
            a href=(new) { (t(lang, "Gör en enkät", "Make a survey")) }
        }
        @if !rows.is_empty() { (components::plain_table(t(lang, "Omgångar", "Rounds"), &columns, &rows)) }
        h2 id="surveys" { (t(lang, "Vad som frågas", "What is asked")) }
        ul {
            @for survey in &surveys {
                li {
                    a href=(format!("/surveys/{}/{}?lang={}", escape(&survey.id), escape(&survey.version), lang.tag())) {
                        (said(&survey.title, lang)) ", " (t(lang, "version", "version")) " " (survey.version)
                    }
                }
            }
        }
    }
}

/// The IRI and the version in an address.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Version {
    id: String,
    version: String,
}

/// `GET /surveys/{id}/{version}`
pub(crate) async fn survey(
    reader: Reader,
    State(shell): State<Shell>,
    State(definitions): State<Definitions>,
    Path(Version { id, version }): Path<Version>,
    Asked(wanted): Asked<Spoken>,
) -> Response {
    let lang = wanted.lang();
    let made = async {
        let known = shell.municipality.refresh().await?.municipality;
        let facts = &known.surveys.survey(&id, &version).ok_or(Problem::NotFound("survey"))?.facts;
        let read = definitions.read(&known, &id, &version).await?;
        let rounds = known.surveys.rounds().filter(|round| round.survey == id && !round.draft);
        let last = rounds.max_by_key(|round| round.opens).map(|round| escape(&round.id));
        let (id, version) = (escape(&id), escape(&version));
        let asks = format!("survey={id}&version={version}&lang={}", lang.tag());
        let body = html! {
            p class="quiet" { code { (facts.id) } ", " (t(lang, "version", "version")) " " (facts.version) }
            p class="actions" {
                a class="action" href=(format!("{EDIT}?{asks}")) { (t(lang, "Fråga den i en omgång", "Ask it in a round")) }
                @if let Some(last) = &last {
                    a href=(format!("{EDIT}?{asks}&like={last}")) { (t(lang, "Ny omgång som den senaste", "New round like the last")) }
                }
                a href=(format!("{NEW}?{asks}")) { (t(lang, "Gör nästa version", "Make the next version")) }
                a href=(format!("{SHEET}?{asks}")) { (t(lang, "Hämta som kalkylblad", "Get as a sheet")) }
            }
            @match &read {
                Some(read) => {
                    h2 { (t(lang, "Så möter den som svarar enkäten", "How respondents meet the survey")) }
                    (preview::sheet(read, lang))
                }
                None => p { (t(
                    lang,
                    "Den här versionen är från tiden innan definitioner lästes, och kan inte visas.",
                    "This version is from before definitions were read, and cannot be shown.",
                )) }
            }
        };
        let there = format!("/surveys/{id}/{version}?lang={}", other(lang).tag());
        let mut frame = frame(&shell, SURVEYS, lang, &reader, &known, there, body);
        frame.title = said(&facts.title, lang).to_owned();
        Ok(show(frame))
    };
    answer(&shell, lang, made.await)
}
