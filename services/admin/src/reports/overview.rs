//! The sentences of the overview, each with number, base, date and a link. All figures come from released reports, so
//! what is hidden there is hidden here.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use disclosure::{Lang, Measure, Released, ReleasedSection};
use domain::Municipality;
use domain::rounds::{Stage, stage};
use eventlog::clock::Micros;
use maud::{Markup, html};
use render::View;
use render::components::{self, Card};

use super::ask::{Ask, Question, ReportFailure, Reports};
use super::page::{rounds, title};
use super::words::{COMPETENCE, OVERVIEW, SURVEY};
use crate::shell::problem::Problem;
use crate::shell::{Asked, Reader, Shell, Spoken, answer, escape, frame, other, show, t};

/// At most this many rounds of surveys stand on the overview, the latest first.
const ROUNDS: usize = 3;

/// `GET /`
pub(crate) async fn page(
    reader: Reader,
    State(shell): State<Shell>,
    State(reports): State<Arc<dyn Reports>>,
    Asked(wanted): Asked<Spoken>,
) -> Response {
    let lang = wanted.lang();
    let made = async {
        let municipality = shell.municipality.refresh().await?.municipality;
        let body = if municipality.organisation.units().next().is_none() {
            components::empty_state(
                t(lang, "Här finns inget ännu", "Nothing here yet"),
                t(
                    lang,
                    "När organisationen, kurserna och enkäterna har lästs in och lärverktygen har börjat skicka \
                     händelser visas läget här.",
                    "Once the organisation, the courses and the surveys are in, and the learning tools have begun to \
                     post, this page shows how things stand.",
                ),
                None,
            )
        } else {
            body(&*reports, &municipality, shell.clock.now(), lang).await?
        };
        let there = OVERVIEW.href(other(lang));
        Ok(show(frame(&shell, OVERVIEW, lang, &reader, &municipality, there, body)))
    };
    answer(&shell, lang, made.await)
}

/// What the overview says: how far the courses reach, what is known of competence, what the latest surveys got.
async fn body(
    reports: &dyn Reports,
    municipality: &Municipality,
    now: Micros,
    lang: Lang,
) -> Result<Markup, Problem> {
    let competence = make(reports, Question::Competence).await?;
    let mut surveys = Vec::new();
    for round in rounds(municipality, now).into_iter().take(ROUNDS) {
        let question = Question::Survey { round: Some(round.id.clone()) };
        surveys.extend(make(reports, question).await?.map(|released| (round.id.clone(), released)));
    }
    if competence.is_none() && surveys.is_empty() {
        return Ok(components::empty_state(
            t(lang, "Det finns inget att räkna på ännu", "There is nothing to count yet"),
            t(
                lang,
                "Organisationen är inläst. När lärverktygen har börjat skicka händelser visas läget här.",
                "The organisation is in. Once the learning tools have begun to post, this page shows how things stand.",
            ),
            None,
        ));
    }
    let view = competence.as_deref().map(|released| View::new(released, lang));
    let known = competence.as_deref().map(|released| known(released, lang)).unwrap_or_default();
    let answered: Vec<Card> =
        surveys.iter().flat_map(|(round, released)| response(released, round, lang)).collect();
    let known_rounds = &municipality.surveys;
    let open: Vec<_> =
        known_rounds.rounds().filter(|round| stage(round, known_rounds, now) == Stage::Open).collect();
    Ok(html! {
        @if let Some(view) = &view {
            p class="lead" { (render::finding(view)) }
        }
        @if !known.is_empty() {
            h2 { (t(lang, "Medarbetarnas digitala kompetens", "Employees' digital competence")) }
            (components::cards(&known))
        }
        @if let Some(view) = &view { (render::glimpse(view)) }
        @if !answered.is_empty() {
            h2 { (t(lang, "Senaste enkäterna", "Latest surveys")) }
            (components::cards(&answered))
        }
        @if !open.is_empty() {
            h2 { (t(lang, "Öppna för svar", "Open for answers")) }
            ul {
                @for round in open {
                    li {
                        a href=(format!("/surveys/rounds/{}?lang={}", escape(&round.id), lang.tag())) { (title(round, lang)) }
                        (t(lang, ", till och med ", ", until ")) (render::date(&round.closes.to_string(), lang))
                    }
                }
            }
        }
    })
}

async fn make(reports: &dyn Reports, question: Question) -> Result<Option<Arc<Released>>, Problem> {
    match reports.make(Ask::new(question)).await {
        Ok(released) => Ok(Some(released)),
        // Nothing to count yet is not a fault of the overview.
        Err(ReportFailure::Asked(_) | ReportFailure::NotYet(..)) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// One card for each rate of the competence report.
fn known(released: &Released, lang: Lang) -> Vec<Card> {
    let sections = released.sections().iter().filter(|section| section.measure() == Measure::Coverage);
    let card = |section: &ReleasedSection| {
        let (heading, sentence) = match section.id() {
            "reached" => (
                t(lang, "Nådda", "Reached"),
                t(
                    lang,
                    "av medarbetarna har börjat på minst en kurs.",
                    "of the employees have begun at least one course.",
                ),
            ),
            "self-assessed-coverage" => (
                t(lang, "Egen skattning", "Self-assessed"),
                t(lang, "har skattat sin digitala kompetens.", "have assessed their digital competence."),
            ),
            "demonstrated-coverage" => (
                t(lang, "Visad nivå", "Demonstrated"),
                t(
                    lang,
                    "har visat sin nivå i minst en kompetens, genom en godkänd kurs.",
                    "have demonstrated their level in at least one competence, by a passed course.",
                ),
            ),
            _ => return None,
        };
        let link =
            (t(lang, "Se per enhet", "See by unit").to_owned(), format!("{}#units", COMPETENCE.href(lang)));
        Some(Card {
            heading: heading.to_owned(),
            link: Some(link),
            ..counted(released, (section, 0), sentence, lang)?
        })
    };
    sections.filter_map(card).collect()
}

/// How many have answered a round; of one with groups of respondents, of each.
fn response(released: &Released, round: &str, lang: Lang) -> Vec<Card> {
    let mut sections = released.sections().iter();
    let Some(section) = sections.find(|section| section.measure() == Measure::ResponseRate) else {
        return Vec::new();
    };
    let address = format!("{}?lang={}&round={}", SURVEY.path, lang.tag(), escape(round));
    let sentence = if section.live() {
        t(lang, "har svarat hittills.", "have answered so far.")
    } else {
        t(lang, "har svarat.", "have answered.")
    };
    let several = section.items().len() > 1;
    let card = |(item, about): (usize, &disclosure::Item)| {
        let title = released.title().get(lang);
        let heading = if several { format!("{title}: {}", about.label.get(lang)) } else { title.to_owned() };
        Some(Card {
            heading,
            link: Some((t(lang, "Se svaren", "See the answers").to_owned(), address.clone())),
            ..counted(released, (section, item), sentence, lang)?
        })
    };
    section.items().iter().enumerate().filter_map(card).collect()
}

/// The number of the whole organisation with its base and date.
fn counted(
    released: &Released,
    (section, item): (&ReleasedSection, usize),
    sentence: &str,
    lang: Lang,
) -> Option<Card> {
    let root = released.populations().iter().position(|population| population.parent.is_none())?;
    let shown = section.figure(root, item)?;
    let date = render::date(&released.identity().as_of, lang);
    let (number, base) = match (shown.answered(), shown.base()) {
        (Some(part), Some(of)) => {
            let (share, part, of) = (render::percent(part, of, lang), render::count(part), render::count(of));
            (share, format!("{part} {} {of}, {date}.", t(lang, "av", "of")))
        }
        _ => (
            "..".to_owned(),
            t(lang, "Visas inte för att skydda enskilda.", "Not shown, to protect individuals.").to_owned(),
        ),
    };
    Some(Card {
        heading: String::new(),
        number,
        sentence: sentence.to_owned(),
        base,
        change: None,
        link: None,
    })
}
