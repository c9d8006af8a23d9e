//! The pages of a round: made and changed by a form, opened, followed, closed, read.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use disclosure::Lang;
use domain::events::{RoundFacts, RoundMode};
use domain::input::RoundsInput;
use domain::rounds::{self, Stage};
use domain::{Date, Municipality};
use maud::{Markup, html};
use render::components;
use serde::Deserialize;

use super::api::Id;
use super::invitations::{Invitations, invited};
use super::inviting;
use super::keep::{self, Turn};
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
            Ok(()) | Err(Problem::Invalid { .. }) => Ok(Redirect::to(&address(&id, lang)).into_response()),
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
        let invited = match at {
            Stage::Scheduled | Stage::Open => invited(&invitations, &id).await?,
            Stage::Draft | Stage::Closed | Stage::Reported => None,
        };
        let inviting = invited.map(|invited| inviting::section(&id, &invited, lang)).transpose()?;
        let has_report = rounds::has_report(facts, &known.surveys, shell.clock.now());
        let body =
            html! { (body(facts, (at, has_report), &known, lang)) @if let Some(part) = inviting { (part) } };
        let mut frame = frame(&shell, SURVEYS, lang, &reader, &known, address(&id, other(lang)), body);
        frame.title = said(&facts.title, lang).to_owned();
        Ok(show(frame))
    };
    answer(&shell, lang, made.await)
}

fn body(facts: &RoundFacts, (at, has_report): (Stage, bool), known: &Municipality, lang: Lang) -> Markup {
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
            "Omgången är ett utkast. Ingen tillfrågas förrän den öppnas.",
            "The round is a draft. Nobody is asked until it opens.",
        ),
        Stage::Scheduled => t(lang, "Omgången öppnar av sig själv.", "The round opens by itself."),
        Stage::Open => t(lang, "Omgången är öppen för svar.", "The round is open for answers."),
        Stage::Closed => t(
            lang,
            "Omgången är stängd. Rapporten räknas varje natt.",
            "The round is closed. Its report is counted every night.",
        ),
        Stage::Reported => t(
            lang,
            "Omgången är stängd och rapporten kan läsas.",
            "The round is closed and its report can be read.",
        ),
    };
    let unit =
        known.organisation.unit(&facts.unit).map_or(facts.unit.as_str(), |unit| unit.facts.name.as_str());
    let survey =
        known.surveys.survey_of(facts).map_or(facts.survey.as_str(), |survey| said(&survey.title, lang));
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
        p class="lead" { (lead) }
        @if has_report {
            p class="actions" {
                a class="action" href=(format!("/reports/survey?round={id}&lang={}", lang.tag())) { (t(lang, "Läs rapporten", "Read the report")) }
                span class="quiet" { (t(lang, "Där står svarsfrekvensen, räknad varje natt.", "The response rate stands there, counted every night.")) }
            }
        }
        @if at < Stage::Open { (button("open", t(lang, "Öppna nu", "Open now"))) }
        @if at == Stage::Open { (button("close", t(lang, "Stäng nu", "Close now"))) }
        dl class="identity" {
            dt { (t(lang, "Läge", "Stage")) } dd { (stage(at, lang)) }
            dt { (t(lang, "Enkät", "Survey")) }
            dd { a href=(format!("/surveys/{}/{}?lang={}", escape(&facts.survey), escape(&facts.version), lang.tag())) { (survey) } }
            dt { (t(lang, "Svaren är", "Answers are")) } dd { (mode_called) ". " (mode_means) }
            dt { (t(lang, "Vilka som tillfrågas", "Who is asked")) }
            dd {
                (unit)
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
