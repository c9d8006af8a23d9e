//! The pages of reports: the choice of place and round above, the report, and the same as files.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use disclosure::{Geometry, Lang, Released, Strata};
use domain::events::RoundFacts;
use domain::{Date, Municipality, rounds};
use eventlog::clock::Micros;
use maud::{Markup, html};
use render::components;
use render::{Format, UNIT, View};

use super::api::Wanted;
use super::ask::{ReportFailure, Reports};
use super::words::{COMPETENCE, OVERVIEW, SURVEY};
use crate::shell::problem::Problem;
use crate::shell::{Asked, Page, Reader, Shell, answer, escape, frame, other, show, t};

/// `GET /reports/competence`
pub(crate) async fn competence(
    reader: Reader,
    State(shell): State<Shell>,
    State(reports): State<Arc<dyn Reports>>,
    Asked(wanted): Asked<Wanted>,
) -> Response {
    let made = report_page(COMPETENCE, &reader, &shell, &*reports, &wanted).await;
    answer(&shell, wanted.lang(), made)
}

/// `GET /reports/survey`
pub(crate) async fn survey(
    reader: Reader,
    State(shell): State<Shell>,
    State(reports): State<Arc<dyn Reports>>,
    Asked(wanted): Asked<Wanted>,
) -> Response {
    let made = report_page(SURVEY, &reader, &shell, &*reports, &wanted).await;
    answer(&shell, wanted.lang(), made)
}

async fn report_page(
    page: Page,
    reader: &Reader,
    shell: &Shell,
    reports: &dyn Reports,
    wanted: &Wanted,
) -> Result<Response, Problem> {
    let lang = wanted.lang();
    let municipality = shell.municipality.refresh().await?.municipality;
    let now = shell.clock.now();
    let named = wanted.round().is_some() || page != SURVEY;
    let meant = if named { wanted.round.clone() } else { reports.newest().await? };
    let wanted = &Wanted { round: meant, ..wanted.clone() };
    let there = wanted.address(page, other(lang));
    let released = match reports.make(wanted.ask(kind(page))?).await {
        Ok(released) => released,
        Err(ReportFailure::Asked(_) | ReportFailure::NotYet(..))
            if page != SURVEY || wanted.round().is_none() =>
        {
            return Ok(show(frame(shell, page, lang, reader, &municipality, there, no_report(lang))));
        }
        Err(failure) => match not_yet(&failure, wanted, &municipality, now) {
            Some(on) => {
                let body = comes(wanted.round().unwrap_or_default(), on, lang);
                return Ok(show(frame(shell, page, lang, reader, &municipality, there, body)));
            }
            None => return Err(failure.into()),
        },
    };
    let view = match wanted.unit() {
        Some(unit) => View::of_unit(&released, lang, unit),
        None => Some(View::new(&released, lang)),
    };
    let body = html! {
        (choices(page, &released, &offered(&municipality, now, wanted), &reports.formats(), wanted))
        @match view {
            Some(view) => { (render::fragment(&view.linked(wanted.links(page)))) }
            None => {
                h1 { (released.title().get(lang)) }
                (components::empty_state(
                    t(lang, "Platsen ingår inte i rapporten", "The place is not in the report"),
                    t(
                        lang,
                        "Ingen som rapporten handlar om finns där. Välj en annan del av organisationen.",
                        "Nobody that the report is about is there. Choose another part of the organisation.",
                    ),
                    None,
                ))
            }
        }
    };
    let mut frame = frame(shell, page, lang, reader, &municipality, there, body);
    frame.heading = false;
    frame.title = match wanted.unit().and_then(|code| released.populations().iter().find(|p| p.code == code))
    {
        Some(unit) => format!("{}: {}", released.title().get(lang), unit.label.get(lang)),
        None => released.title().get(lang).to_owned(),
    };
    Ok(show(frame))
}

/// The report that a page shows, as the API names it.
fn kind(page: Page) -> &'static str {
    if page == SURVEY { "survey" } else { "competence" }
}

fn no_report(lang: Lang) -> Markup {
    components::empty_state(
        t(lang, "Det finns ingen rapport ännu", "There is no report yet"),
        t(
            lang,
            "Rapporten görs när det finns något att räkna på.",
            "The report is made once there is something to count.",
        ),
        Some((t(lang, "Till översikten", "To the overview"), &OVERVIEW.href(lang))),
    )
}

/// Whether the report of a round that there is comes by itself, though there is none yet; and on which day, where that is to come.
fn not_yet(
    failure: &ReportFailure,
    wanted: &Wanted,
    known: &Municipality,
    now: Micros,
) -> Option<Option<Date>> {
    let round = &known.surveys.round(wanted.round()?)?.facts;
    match failure {
        ReportFailure::NotYet(on, _) => Some(Some(*on)),
        // What came out of a ballot box just now is counted once what reports are made of has it.
        ReportFailure::Asked(_) if wanted.at.is_none() && rounds::has_report(round, &known.surveys, now) => {
            Some(rounds::reported_on(round, &known.surveys).filter(|day| day.begins() > now))
        }
        _ => None,
    }
}

/// That a round's report comes.
fn comes(round: &str, on: Option<Date>, lang: Lang) -> Markup {
    let text = match (lang, on) {
        (Lang::Sv, Some(on)) => format!("Den görs i ordning, och kommer senast den {on}."),
        (Lang::En, Some(on)) => format!("It is being made ready, and comes on {on} at the latest."),
        (Lang::Sv, None) => "Svaren räknas just nu. Ladda om sidan om en stund.".to_owned(),
        (Lang::En, None) => "The answers are being counted. Load the page again in a while.".to_owned(),
    };
    let back = format!("/surveys/rounds/{}?lang={}", escape(round), lang.tag());
    components::empty_state(
        t(lang, "Rapporten är inte klar ännu", "The report is not ready yet"),
        &text,
        Some((t(lang, "Till omgången", "To the round"), &back)),
    )
}

/// The form above a report: which round, which place; and the same report as files.
fn choices(
    page: Page,
    released: &Released,
    rounds: &[&RoundFacts],
    formats: &[Format],
    wanted: &Wanted,
) -> Markup {
    let lang = wanted.lang();
    let file = |format: Format| wanted.file(page, format, released.identity().position);
    html! {
        form class="choices" method="get" action=(page.path) {
            input type="hidden" name="lang" value=(lang.tag());
            @if page == SURVEY {
                div class="field" {
                    label for="round" { (t(lang, "Enkätomgång", "Round of a survey")) }
                    select id="round" name="round" {
                        @for round in rounds {
                            option value=(round.id) selected[wanted.round() == Some(&round.id)] { (title(round, lang)) }
                        }
                    }
                }
            }
            div class="field" {
                label for="unit" { (t(lang, "Del av organisationen", "Part of the organisation")) }
                select id="unit" name="unit" {
                    @for (depth, code, name) in places(released, lang) {
                        option value=(if depth == 0 { "" } else { code }) selected[wanted.unit() == Some(code)] {
                            ("\u{2003}".repeat(depth)) (name)
                        }
                    }
                }
            }
            @if page == SURVEY {
                div class="field" {
                    label for="weights" { (t(lang, "Vikta svaren", "Weight the answers")) }
                    select id="weights" name="weights" {
                        option value="" { (t(lang, "nej", "no")) }
                        @for strata in Strata::ALL.into_iter().filter(|strata| released.preset().shows(*strata)) {
                            option value=(strata.name()) selected[wanted.weights.as_deref() == Some(strata.name())] {
                                (weighted_by(strata, lang))
                            }
                        }
                    }
                }
            }
            (components::button(t(lang, "Visa", "Show")))
            p class="files" {
                (t(lang, "Hämta som", "Download as")) " "
                @for (before, format) in formats.iter().enumerate() {
                    @if before == formats.len() - 1 { (t(lang, " eller ", " or ")) } @else if before > 0 { ", " }
                    a href=(file(*format)) { (format.label()) }
                }
            }
        }
    }
}

fn weighted_by(strata: Strata, lang: Lang) -> &'static str {
    match strata {
        Strata::Unit => t(lang, "efter enhet", "by unit"),
        Strata::Role => t(lang, "efter roll", "by role"),
    }
}

/// The rounds that have a report, the latest first.
pub(super) fn rounds(municipality: &Municipality, now: Micros) -> Vec<&RoundFacts> {
    let surveys = &municipality.surveys;
    let mut rounds: Vec<_> =
        surveys.rounds().filter(|round| rounds::has_report(round, surveys, now)).collect();
    rounds.sort_by_key(|round| std::cmp::Reverse((round.opens, &round.id)));
    rounds
}

/// The rounds to choose among: those that have a report, and the one that is shown.
fn offered<'a>(municipality: &'a Municipality, now: Micros, wanted: &Wanted) -> Vec<&'a RoundFacts> {
    let mut offered = rounds(municipality, now);
    let shown = wanted.round().and_then(|id| municipality.surveys.round(id)).map(|held| &held.facts);
    offered.extend(shown.filter(|shown| offered.iter().all(|round| round.id != shown.id)));
    offered
}

pub(super) fn title(round: &RoundFacts, lang: Lang) -> &str {
    if lang == Lang::En { round.title.english() } else { &round.title.sv }
}

/// The report's places in tree order: depth, code, name.
fn places(released: &Released, lang: Lang) -> Vec<(usize, &str, &str)> {
    let mut depths: Vec<usize> = Vec::new();
    let mut places = Vec::new();
    for population in released.populations() {
        let depth = population.parent.map_or(0, |parent| depths[parent] + 1);
        depths.push(depth);
        if population.geometry == Geometry::Tree {
            places.push((depth, population.code.as_str(), population.label.get(lang)));
        }
    }
    places
}

impl Wanted {
    /// The same page in a language.
    fn address(&self, page: Page, lang: Lang) -> String {
        self.of(page.path, lang, self.unit(), "")
    }

    /// The pattern of the addresses of other places' pages.
    fn links(&self, page: Page) -> String {
        let address = self.of(page.path, self.lang(), None, "");
        format!("{address}&unit={UNIT}")
    }

    /// The same report as a file.
    fn file(&self, page: Page, format: Format, position: u64) -> String {
        let more = format!("&format={}&at={position}", format.name());
        self.of(&format!("/api/v1/reports/{}", kind(page)), self.lang(), self.unit(), &more)
    }

    fn of(&self, path: &str, lang: Lang, unit: Option<&str>, more: &str) -> String {
        let mut address = format!("{path}?lang={}", lang.tag());
        let weights = self.weights.as_deref().filter(|weights| !weights.is_empty());
        for (name, value) in [("round", self.round()), ("unit", unit), ("weights", weights)] {
            if let Some(value) = value {
                address.push_str(&format!("&{name}={}", escape(value)));
            }
        }
        if let Some(at) = self.at.filter(|_| more.is_empty()) {
            address.push_str(&format!("&at={at}"));
        }
        address + more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_language_and_the_files_are_of_the_same_round_place_and_position() {
        let wanted = Wanted {
            round: Some("vår/26".into()),
            unit: Some("a 1".into()),
            at: Some(7),
            weights: Some("unit".into()),
            ..Wanted::default()
        };
        let same = "round=v%C3%A5r%2F26&unit=a%201&weights=unit";
        assert_eq!(wanted.address(SURVEY, Lang::En), format!("/reports/survey?lang=en&{same}&at=7"));
        assert_eq!(
            wanted.file(SURVEY, Format::Csv, 9),
            format!("/api/v1/reports/survey?lang=sv&{same}&format=csv&at=9")
        );
        let pattern = "/reports/survey?lang=sv&round=v%C3%A5r%2F26&weights=unit&at=7&unit={unit}";
        assert_eq!(wanted.links(SURVEY), pattern);
    }
}
