//! The pages of a round: made and changed by a form, opened, followed, closed, read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use disclosure::Lang;
use domain::events::{RoundFacts, RoundMode};
use domain::input::RoundsInput;
use domain::rounds::{self, Stage};
use domain::{Date, Municipality, strata};
use forms::Words;
use maud::{Markup, html};
use render::components;
use serde::Deserialize;

use super::api::Id;
use super::invitations::Invitations;
use super::inviting;
use super::keep::{self, Turn};
use super::refusing;
use super::round_form::{EDIT, FORM_LIMIT, Made, Wrong};
use super::words::{SURVEYS, mode, mode_name, said, stage, times};
use crate::shell::problem::{Path, Problem};
use crate::shell::{Asked, Reader, Shell, Spoken, answer, escape, form, frame, lang_named, other, show, t};

/// The addresses of a round, and of what is done to it.
pub(super) const ROUND: &str = "/surveys/rounds/{id}";
pub(super) const OPEN: &str = "/surveys/rounds/{id}/open";
pub(super) const CLOSE: &str = "/surveys/rounds/{id}/close";

/// A round's page.
pub(super) fn address(id: &str, lang: Lang) -> String {
    format!("/surveys/rounds/{}?lang={}", escape(id), lang.tag())
}

/// Where answers in files come into a round.
pub(super) fn files(id: &str, lang: Lang) -> String {
    format!("/surveys/rounds/{}/answers?lang={}", escape(id), lang.tag())
}

/// What the form begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct From {
    lang: Option<String>,
    /// A round that there is.
    id: Option<String>,
    /// A round that a new one is to be like.
    like: Option<String>,
    /// The survey that a new one asks.
    survey: Option<String>,
    version: Option<String>,
}

/// `GET /surveys/round`
pub(crate) async fn edit(reader: Reader, State(shell): State<Shell>, Asked(from): Asked<From>) -> Response {
    let lang = lang_named(from.lang.as_deref());
    let made = async {
        let known = shell.municipality.refresh().await?.municipality;
        let today = Date::in_sweden(shell.clock.now());
        let survey = format!("{}\n{}", from.survey.unwrap_or_default(), from.version.unwrap_or_default());
        let known_round = |id: &str| known.surveys.round(id).ok_or(Problem::NotFound("round"));
        let made = match (&from.id, &from.like) {
            (Some(id), _) => Made::of(&known_round(id)?.facts),
            (None, Some(id)) => Made { survey, ..Made::like(&known_round(id)?.facts, today) },
            (None, None) => Made {
                survey,
                mode: mode_name(RoundMode::Unlinkable).to_owned(),
                opens: Date::from_days(today.days() + 1).to_string(),
                closes: Date::from_days(today.days() + 15).to_string(),
                draft: true,
                ..Made::default()
            },
        };
        Ok(shown(&shell, &reader, &known, &made, None, lang))
    };
    answer(&shell, lang, made.await)
}

/// `POST /surveys/round`
pub(crate) async fn save(
    reader: Reader,
    State(shell): State<Shell>,
    Asked(from): Asked<From>,
    request: Request,
) -> Response {
    let lang = lang_named(from.lang.as_deref());
    let made = async {
        let made = Made::sent(form(&shell, request, FORM_LIMIT).await?);
        let known = shell.municipality.refresh().await?.municipality;
        let held = known.surveys.round(&made.id).map(|held| &held.facts);
        let refused = |at: &str, expected: &str| {
            Ok(shown(&shell, &reader, &known, &made, Some(Wrong::at(at, expected)), lang))
        };
        let round = match made.round(&known, held) {
            Ok(round) => round,
            Err(field) => return refused(field, ""),
        };
        let id = round.id.clone();
        match keep::rounds(&shell, reader.account, &RoundsInput { rounds: vec![round] }).await {
            Ok(_) => Ok(Redirect::to(&address(&id, lang)).into_response()),
            Err(Problem::Invalid { at, expected }) => refused(&at, &expected),
            Err(problem) => Err(problem),
        }
    };
    answer(&shell, lang, made.await)
}

/// `POST /surveys/rounds/{id}/open`
pub(crate) async fn open(
    reader: Reader,
    state: State<Shell>,
    id: Path<Id>,
    wanted: Asked<Spoken>,
    request: Request,
) -> Response {
    turned(reader, state, id, wanted, request, Turn::Open).await
}

/// `POST /surveys/rounds/{id}/close`
pub(crate) async fn close(
    reader: Reader,
    state: State<Shell>,
    id: Path<Id>,
    wanted: Asked<Spoken>,
    request: Request,
) -> Response {
    turned(reader, state, id, wanted, request, Turn::Close).await
}

/// A form that is a button.
#[derive(Deserialize)]
struct Nothing {}

async fn turned(
    reader: Reader,
    State(shell): State<Shell>,
    Path(Id { id }): Path<Id>,
    Asked(wanted): Asked<Spoken>,
    request: Request,
    turn: Turn,
) -> Response {
    let lang = wanted.lang();
    let made = async {
        let Nothing {} = form(&shell, request, FORM_LIMIT).await?;
        match keep::turn(&shell, reader.account, &id, turn).await {
            // What cannot be done any more is said by where the round stands.
            Ok(()) | Err(Problem::Invalid { .. } | Problem::Asked(_)) => {
                Ok(Redirect::to(&address(&id, lang)).into_response())
            }
            Err(problem) => Err(problem),
        }
    };
    answer(&shell, lang, made.await)
}

/// `GET /surveys/rounds/{id}`
pub(crate) async fn page(
    reader: Reader,
    State(shell): State<Shell>,
    State(invitations): State<Arc<dyn Invitations>>,
    Path(Id { id }): Path<Id>,
    Asked(wanted): Asked<Spoken>,
) -> Response {
    let lang = wanted.lang();
    let made = async {
        let known = shell.municipality.refresh().await?.municipality;
        let facts = &known.surveys.round(&id).ok_or(Problem::NotFound("round"))?.facts;
        let at = rounds::stage(facts, &known.surveys, shell.clock.now());
        let ways = match at {
            Stage::Scheduled | Stage::Open => invitations.ways_in(&id)?,
            Stage::Draft | Stage::Closed | Stage::Reported => None,
        };
        let inviting = ways.map(|ways| inviting::section(&id, &ways, lang)).transpose()?;
        let has_report = rounds::has_report(facts, &known.surveys, shell.clock.now());
        let comes = rounds::reported_on(facts, &known.surveys);
        let too_few = strata::too_few(facts, &known.organisation, shell.smallest);
        let cannot_open =
            too_few.filter(|_| at < Stage::Open).map(|people| keep::not_opened(people, shell.smallest));
        let standing = Standing { at, has_report, comes, cannot_open };
        let body = html! { (body(facts, &standing, &known, lang)) @if let Some(part) = inviting { (part) } };
        let mut frame = frame(&shell, SURVEYS, lang, &reader, &known, address(&id, other(lang)), body);
        frame.title = said(&facts.title, lang).to_owned();
        Ok(show(frame))
    };
    answer(&shell, lang, made.await)
}

/// Where a round stands.
struct Standing {
    at: Stage,
    has_report: bool,
    /// The first day on which its report has the answers, where that is known.
    comes: Option<Date>,
    /// Why it does not open.
    cannot_open: Option<Words>,
}

fn body(facts: &RoundFacts, standing: &Standing, known: &Municipality, lang: Lang) -> Markup {
    let Standing { at, has_report, comes, ref cannot_open } = *standing;
    let (opens, closes) = times(facts);
    let id = escape(&facts.id);
    let button = |turn: &str, label: &str| {
        html! {
            form method="post" action=(format!("/surveys/rounds/{id}/{turn}?lang={}", lang.tag())) {
                (components::main_button(label))
            }
        }
    };
    let lead = match at {
        Stage::Draft => t(
            lang,
            "Omgången är ett utkast. Ingen tillfrågas förrän den öppnas; då finns länkar att skicka här.",
            "The round is a draft. Nobody is asked until it opens; then there are links to send here.",
        )
        .to_owned(),
        Stage::Scheduled => t(lang, "Omgången öppnar av sig själv.", "The round opens by itself.").to_owned(),
        Stage::Open => t(lang, "Omgången är öppen för svar.", "The round is open for answers.").to_owned(),
        Stage::Closed => match (lang, comes) {
            (Lang::Sv, Some(day)) => format!("Omgången är stängd. Rapporten med svaren kommer den {day}."),
            (Lang::En, Some(day)) => {
                format!("The round is closed. Its report with the answers comes on {day}.")
            }
            (Lang::Sv, None) => {
                "Omgången är stängd och valurnan töms. Rapporten kommer dagen efter.".to_owned()
            }
            (Lang::En, None) => {
                "The round is closed and its ballot box is being emptied. The report comes the day after."
                    .to_owned()
            }
        },
        Stage::Reported => t(
            lang,
            "Omgången är stängd och rapporten kan läsas.",
            "The round is closed and its report can be read.",
        )
        .to_owned(),
    };
    let unit =
        known.organisation.unit(&facts.unit).map_or(facts.unit.as_str(), |unit| unit.facts.name.as_str());
    let survey =
        known.surveys.survey_of(facts).map_or(facts.survey.as_str(), |survey| said(&survey.title, lang));
    let asked = domain::surveys::audience(facts, &known.organisation).len();
    let groups = known.surveys.survey_of(facts).map_or(&[][..], |survey| &survey.groups);
    let group_title = |id: &str| {
        let group = groups.iter().find(|group| group.id == id);
        group.map_or(id.to_owned(), |group| said(&group.title, lang).to_owned())
    };
    let (mode_called, mode_means) = mode(facts.mode, lang);
    let yes =
        |yes: bool, sv: &'static str, en: &'static str, sv_no: &'static str, en_no: &'static str| match yes {
            true => t(lang, sv, en),
            false => t(lang, sv_no, en_no),
        };
    html! {
        // It does not open by itself where it does not open.
        @if cannot_open.is_none() || at == Stage::Draft { p class="lead" { (lead) } }
        @if let Some(why) = cannot_open { (components::notice(&sentence(&refusing::words(why, lang)), true)) }
        @if has_report {
            p class="actions" {
                a class="action" href=(format!("/reports/survey?round={id}&lang={}", lang.tag())) { (t(lang, "Läs rapporten", "Read the report")) }
                @if at == Stage::Open { span class="quiet" { (t(lang, "Där står svarsfrekvensen, räknad varje natt.", "The response rate stands there, counted every night.")) } }
            }
        }
        @if at < Stage::Open { (button("open", t(lang, "Öppna nu", "Open now"))) }
        dl class="identity" {
            dt { (t(lang, "Läge", "Stage")) } dd { (stage(at, lang)) }
            dt { (t(lang, "Enkät", "Survey")) }
            dd { a href=(format!("/surveys/{}/{}?lang={}", escape(&facts.survey), escape(&facts.version), lang.tag())) { (survey) } }
            dt { (t(lang, "Svaren är", "Answers are")) } dd { (mode_called) ". " (mode_means) }
            dt { (t(lang, "Vilka som tillfrågas", "Who is asked")) }
            dd {
                (unit) @if facts.mode != RoundMode::Guardians { " (" (people(asked, lang)) ")" }
                @if facts.groups.is_empty() && !facts.roles.is_empty() { ": " (facts.roles.join(", ")) }
                @if !facts.groups.is_empty() {
                    ul { @for group in &facts.groups { li {
                        (group_title(&group.id)) ": "
                        @if group.roles.is_empty() { (t(lang, "vårdnadshavare, med en länk för varje enhet", "guardians, by a link for each unit")) }
                        @else { (group.roles.join(", ")) }
                    } } }
                }
            }
            dt { (t(lang, "Öppnar", "Opens")) } dd { (opens) }
            dt { (t(lang, "Stänger", "Closes")) } dd { (closes) }
            dt { (t(lang, "Regler", "Rules")) }
            dd {
                (yes(facts.again, "Ett senare svar ersätter det förra.", "A later answer replaces the one before.", "Var och en svarar en gång.", "Everybody answers once.")) " "
                (yes(facts.partial, "Det går att lämna in utan att alla frågor är besvarade.", "It can be handed in with questions left open.", "Obligatoriska frågor måste besvaras.", "Required questions have to be answered."))
                @if facts.grace > 0 { " " (t(lang, "Den som har börjat får lämna in så många minuter efter stängning: ", "Who has begun may hand in so many minutes after closing: ")) (facts.grace) "." }
            }
        }
        @if at > Stage::Draft {
            p { a href=(files(&facts.id, lang)) { (t(lang, "Ta in svar från en fil", "Take in answers from a file")) } }
        }
        @if at <= Stage::Open {
            p { a href=(format!("{EDIT}?id={id}&lang={}", lang.tag())) { (t(lang, "Ändra omgången", "Change the round")) } }
        }
        @if at == Stage::Open {
            // What is closed stays so: a press that was none closes nothing.
            details {
                summary { (t(lang, "Stäng nu", "Close now")) }
                p { (t(lang, "Efter det tas inga svar emot, och omgången går inte att öppna igen.", "After that no answers are taken, and the round cannot be opened again.")) }
                (button("close", t(lang, "Stäng omgången", "Close the round")))
            }
        }
    }
}

/// Words that stand by themselves.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// How many are asked.
fn people(number: usize, lang: Lang) -> String {
    match (number, lang) {
        (0, Lang::Sv) => "ingen".to_owned(),
        (0, Lang::En) => "nobody".to_owned(),
        (1, Lang::Sv) => "1 person".to_owned(),
        (1, Lang::En) => "1 person".to_owned(),
        (number, Lang::Sv) => format!("{number} personer"),
        (number, Lang::En) => format!("{number} people"),
    }
}

fn shown(
    shell: &Shell,
    reader: &Reader,
    known: &Municipality,
    made: &Made,
    wrong: Option<Wrong>,
    lang: Lang,
) -> Response {
    let today = Date::in_sweden(shell.clock.now());
    let body = made.drawn(known, today, wrong.as_ref(), lang);
    let (title, there) = match made.id.is_empty() {
        true => (t(lang, "Ny omgång", "New round"), format!("{EDIT}?lang={}", other(lang).tag())),
        false => (
            t(lang, "Ändra omgången", "Change the round"),
            format!("{EDIT}?id={}&lang={}", escape(&made.id), other(lang).tag()),
        ),
    };
    let mut frame = frame(shell, SURVEYS, lang, reader, known, there, body);
    frame.title = title.to_owned();
    let mut response = show(frame);
    if wrong.is_some() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}
