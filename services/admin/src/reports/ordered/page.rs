//! The pages of ordered reports: the list with its forms, a report, and what has changed since the one before.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use disclosure::Lang;
use maud::{Markup, html};
use render::components::{self, Column, Field};
use render::{Format, View};
use serde::Deserialize;

use super::super::ask::{ReportFailure, Reports};
use super::api::Id;
use super::keeper::{
    Opened, OrderFailure, OrderInput, OrderedReport, Orders, OrdersListed, ReportSchedule, ScheduleInput,
};
use super::words::{ORDERED, kind, recurrence, stage};
use crate::shell::problem::{Path, Problem};
use crate::shell::{Asked, Reader, Shell, Spoken, answer, form, frame, other, show, t};

/// More than any form of these pages has.
pub(crate) const FORM_LIMIT: usize = 64 << 10;
/// How long a page waits for its report before it says how far it has come.
const PATIENCE: Duration = Duration::from_secs(2);
const EXAMPLE: &str = "report = \"competence\"\n";

/// What a form was sent with, and why it was refused.
#[derive(Default)]
struct Refused {
    name: String,
    definition: String,
    why: Option<String>,
}

/// `GET /reports/ordered`
pub(crate) async fn list(
    reader: Reader,
    State(shell): State<Shell>,
    State(orders): State<Arc<dyn Orders>>,
    Asked(wanted): Asked<Spoken>,
) -> Response {
    let made = listed(&reader, &shell, &*orders, wanted.lang(), Refused::default(), None);
    answer(&shell, wanted.lang(), made.await)
}

/// `POST /reports/ordered`
pub(crate) async fn order(
    reader: Reader,
    State(shell): State<Shell>,
    State(orders): State<Arc<dyn Orders>>,
    Asked(wanted): Asked<Spoken>,
    request: Request,
) -> Response {
    let lang = wanted.lang();
    let made = async {
        let input: OrderInput = form(&shell, request, FORM_LIMIT).await?;
        match orders.order(input.clone(), reader.account).await {
            Ok(ordered) => Ok(to(&report_path(&ordered.id), lang)),
            Err(failure) => {
                let refused =
                    Refused { name: input.name, definition: input.definition, why: Some(why(failure)?) };
                listed(&reader, &shell, &*orders, lang, refused, None).await
            }
        }
    };
    answer(&shell, lang, made.await)
}

/// What the form of a schedule carries.
#[derive(Debug, Clone, Deserialize)]
struct ScheduleForm {
    name: String,
    definition: String,
    every: String,
    day: String,
    at: String,
}

/// `POST /reports/schedules`
pub(crate) async fn schedule(
    reader: Reader,
    State(shell): State<Shell>,
    State(orders): State<Arc<dyn Orders>>,
    Asked(wanted): Asked<Spoken>,
    request: Request,
) -> Response {
    let lang = wanted.lang();
    let made = async {
        let sent: ScheduleForm = form(&shell, request, FORM_LIMIT).await?;
        // What is no number is no day either.
        let day = Some(sent.day.trim()).filter(|day| !day.is_empty()).map(|day| day.parse().unwrap_or(0));
        let ScheduleForm { name, definition, every, at, .. } = sent.clone();
        match orders.schedule(ScheduleInput { name, definition, every, day, at }, reader.account).await {
            Ok(_) => Ok(to(ORDERED.path, lang)),
            Err(failure) => {
                let refused = Some((sent, why(failure)?));
                listed(&reader, &shell, &*orders, lang, Refused::default(), refused).await
            }
        }
    };
    answer(&shell, lang, made.await)
}

/// `POST /reports/schedules/{id}/remove`
pub(crate) async fn unschedule(
    reader: Reader,
    State(shell): State<Shell>,
    State(orders): State<Arc<dyn Orders>>,
    Path(Id { id }): Path<Id>,
    Asked(wanted): Asked<Spoken>,
    request: Request,
) -> Response {
    let made = async {
        let Nothing {} = form(&shell, request, FORM_LIMIT).await?;
        orders.unschedule(id, reader.account).await?;
        Ok(to(ORDERED.path, wanted.lang()))
    };
    answer(&shell, wanted.lang(), made.await)
}

/// A form that is a button.
#[derive(Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
struct NameForm {
    name: String,
}

/// `POST /reports/ordered/{id}/name`
pub(crate) async fn rename(
    _: Reader,
    State(shell): State<Shell>,
    State(orders): State<Arc<dyn Orders>>,
    Path(Id { id }): Path<Id>,
    Asked(wanted): Asked<Spoken>,
    request: Request,
) -> Response {
    let made = async {
        let NameForm { name } = form(&shell, request, FORM_LIMIT).await?;
        orders.rename(id.clone(), name).await?;
        Ok(to(&report_path(&id), wanted.lang()))
    };
    answer(&shell, wanted.lang(), made.await)
}

/// `POST /reports/ordered/{id}/remove`
pub(crate) async fn remove(
    reader: Reader,
    State(shell): State<Shell>,
    State(orders): State<Arc<dyn Orders>>,
    Path(Id { id }): Path<Id>,
    Asked(wanted): Asked<Spoken>,
    request: Request,
) -> Response {
    let made = async {
        let Nothing {} = form(&shell, request, FORM_LIMIT).await?;
        orders.remove(id, reader.account).await?;
        Ok(to(ORDERED.path, wanted.lang()))
    };
    answer(&shell, wanted.lang(), made.await)
}

/// `GET /reports/ordered/{id}`
pub(crate) async fn report(
    reader: Reader,
    State(shell): State<Shell>,
    State(orders): State<Arc<dyn Orders>>,
    State(reports): State<Arc<dyn Reports>>,
    Path(Id { id }): Path<Id>,
    Asked(wanted): Asked<Spoken>,
) -> Response {
    let about = About { reader, shell: shell.clone(), lang: wanted.lang(), changes: false };
    answer(&shell, wanted.lang(), about.page(&*orders, &*reports, &id).await)
}

/// `GET /reports/ordered/{id}/changes`
pub(crate) async fn changes(
    reader: Reader,
    State(shell): State<Shell>,
    State(orders): State<Arc<dyn Orders>>,
    State(reports): State<Arc<dyn Reports>>,
    Path(Id { id }): Path<Id>,
    Asked(wanted): Asked<Spoken>,
) -> Response {
    let about = About { reader, shell: shell.clone(), lang: wanted.lang(), changes: true };
    answer(&shell, wanted.lang(), about.page(&*orders, &*reports, &id).await)
}

/// What somebody does wrong in a form, in words; other failures are the page's.
fn why(failure: OrderFailure) -> Result<String, Problem> {
    match failure {
        OrderFailure::Invalid { at, expected } => Ok(format!("{}: {expected}", at.trim_start_matches('/'))),
        OrderFailure::Report(ReportFailure::Asked(detail) | ReportFailure::NotYet(_, detail)) => Ok(detail),
        failure => Err(failure.into()),
    }
}

fn report_path(id: &str) -> String {
    format!("{}/{id}", ORDERED.path)
}

fn in_lang(path: &str, lang: Lang) -> String {
    format!("{path}?lang={}", lang.tag())
}

fn to(path: &str, lang: Lang) -> Response {
    Redirect::to(&in_lang(path, lang)).into_response()
}

async fn listed(
    reader: &Reader,
    shell: &Shell,
    orders: &dyn Orders,
    lang: Lang,
    refused: Refused,
    refused_schedule: Option<(ScheduleForm, String)>,
) -> Result<Response, Problem> {
    let OrdersListed { reports, schedules } = orders.list().await?;
    let municipality = shell.municipality.snapshot().municipality;
    let wrong = refused.why.is_some() || refused_schedule.is_some();
    let body = html! {
        p class="lead" {
            (t(
                lang,
                "En beställd rapport är den senaste som finns nu, och visar samma siffror varje gång den öppnas.",
                "An ordered report is the newest that there is now, and shows the same figures whenever it is opened.",
            ))
        }
        @if reports.is_empty() {
            p { (t(lang, "Ingen rapport är beställd ännu.", "No report has been ordered yet.")) }
        } @else { (reports_table(&reports, lang)) }
        h2 id="order" { (t(lang, "Beställ en rapport", "Order a report")) }
        (order_form(&refused, lang))
        h2 id="schedules" { (t(lang, "Rapporter på schema", "Reports on a schedule")) }
        @if !schedules.is_empty() { (schedules_table(&schedules, lang)) }
        (schedule_form(refused_schedule, lang))
    };
    let there = ORDERED.href(other(lang));
    let mut response = show(frame(shell, ORDERED, lang, reader, &municipality, there, body));
    if wrong {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

fn reports_table(reports: &[OrderedReport], lang: Lang) -> Markup {
    let columns = [
        Column::text(t(lang, "Namn", "Name")),
        Column::text(t(lang, "Rapport", "Report")),
        Column::text(t(lang, "Läget den", "As of")),
        Column::number(t(lang, "Loggposition", "Log position")),
        Column::text(t(lang, "Beställd", "Ordered")),
        Column::text(t(lang, "Av", "By")),
        Column::text(t(lang, "Läge", "State")),
        Column::text(t(lang, "Jämförelse", "Comparison")),
    ];
    let row = |report: &OrderedReport| {
        let path = report_path(&report.id);
        vec![
            html! { a href=(in_lang(&path, lang)) { (report.name) } },
            html! { (kind(&report.report, lang)) },
            html! { (report.as_of) },
            html! { (render::count(report.position)) },
            html! { (report.ordered.get(..10).unwrap_or(&report.ordered)) },
            html! { (by(report, lang)) },
            html! { (stage(&report.stage, lang)) },
            html! {
                @if report.before.is_some() {
                    a href=(in_lang(&format!("{path}/changes"), lang)) {
                        (t(lang, "Med den förra", "With the one before"))
                        span class="unseen" { ": " (report.name) }
                    }
                }
            },
        ]
    };
    let rows: Vec<_> = reports.iter().map(row).collect();
    components::plain_table(t(lang, "Beställda rapporter", "Ordered reports"), &columns, &rows)
}

fn by(report: &OrderedReport, lang: Lang) -> &str {
    match (&report.by, &report.schedule) {
        (Some(by), _) => by,
        (None, Some(_)) => t(lang, "Schema", "Schedule"),
        (None, None) => t(lang, "Okänd", "Unknown"),
    }
}

fn schedules_table(schedules: &[ReportSchedule], lang: Lang) -> Markup {
    let columns = [
        Column::text(t(lang, "Namn", "Name")),
        Column::text(t(lang, "När", "When")),
        Column::text(t(lang, "Nästa gång", "Next")),
        Column::text(t(lang, "Av", "By")),
        Column::text(t(lang, "Avsluta", "End")),
    ];
    let row = |schedule: &ReportSchedule| {
        let remove = format!("/reports/schedules/{}/remove", schedule.id);
        vec![
            html! { (schedule.name) },
            html! { (recurrence(&schedule.every, schedule.day, &schedule.at, lang)) },
            html! { (schedule.next.as_deref().and_then(|next| next.get(..10)).unwrap_or("–")) },
            html! { (schedule.by.as_deref().unwrap_or("–")) },
            html! {
                form method="post" action=(in_lang(&remove, lang)) {
                    button type="submit" {
                        (t(lang, "Ta bort", "Remove")) span class="unseen" { " " (schedule.name) }
                    }
                }
            },
        ]
    };
    let rows: Vec<_> = schedules.iter().map(row).collect();
    components::plain_table(t(lang, "Scheman", "Schedules"), &columns, &rows)
}

fn name_field(id: &str, value: &str, lang: Lang) -> Markup {
    html! {
        div class="field" {
            label for=(id) { (t(lang, "Namn", "Name")) }
            input id=(id) name="name" type="text" value=(value) maxlength="200" required;
        }
    }
}

fn definition_field(id: &str, value: &str, lang: Lang) -> Markup {
    let hint = format!("{id}-hint");
    html! {
        div class="field" {
            label for=(id) { (t(lang, "Definition", "Definition")) }
            p class="hint" id=(hint) {
                (t(
                    lang,
                    "Samma text som larka report --definition läser, till exempel: ",
                    "The text that larka report --definition reads, for instance: ",
                ))
                code { "report = \"survey\", unit = \"R03\", sections = [\"response-rate\"]" }
                (t(lang, ", en rad för varje.", ", one line for each."))
            }
            textarea id=(id) name="definition" rows="8" required aria-describedby=(hint) spellcheck="false" {
                "\n" (if value.is_empty() { EXAMPLE } else { value })
            }
        }
    }
}

/// Why a form was refused; the reasons are the program's own, in English.
fn refusal(why: Option<&str>, lang: Lang) -> Markup {
    html! {
        @if let Some(why) = why {
            div class="notice" role="alert" {
                p {
                    (t(lang, "Det gick inte. ", "That did not work. "))
                    span lang=[(lang == Lang::Sv).then_some("en")] { (why) }
                }
            }
        }
    }
}

fn order_form(refused: &Refused, lang: Lang) -> Markup {
    html! {
        form class="form" method="post" action=(in_lang(ORDERED.path, lang)) {
            (refusal(refused.why.as_deref(), lang))
            (name_field("name", &refused.name, lang))
            (definition_field("definition", &refused.definition, lang))
            (components::main_button(t(lang, "Beställ", "Order")))
        }
    }
}

fn schedule_form(refused: Option<(ScheduleForm, String)>, lang: Lang) -> Markup {
    let (sent, why) = match refused {
        Some((sent, why)) => (Some(sent), Some(why)),
        None => (None, None),
    };
    let value = |of: fn(&ScheduleForm) -> &str, usual: &str| sent.as_ref().map_or(usual, of).to_owned();
    let every = value(|sent| &sent.every, "month");
    let choices = [
        ("month", t(lang, "Varje månad", "Every month")),
        ("week", t(lang, "Varje vecka", "Every week")),
        ("day", t(lang, "Varje dag", "Every day")),
    ];
    html! {
        details open[why.is_some()] {
            summary { (t(lang, "Nytt schema", "New schedule")) }
            form class="form" method="post" action=(in_lang("/reports/schedules", lang)) {
                (refusal(why.as_deref(), lang))
                (name_field("schedule-name", &value(|sent| &sent.name, ""), lang))
                (definition_field("schedule-definition", &value(|sent| &sent.definition, ""), lang))
                div class="field" {
                    label for="every" { (t(lang, "Hur ofta", "How often")) }
                    select id="every" name="every" {
                        @for (code, label) in choices { option value=(code) selected[every == code] { (label) } }
                    }
                }
                (components::field(&Field {
                    name: "day".into(),
                    label: t(lang, "Dag", "Day").into(),
                    value: value(|sent| &sent.day, "1"),
                    hint: Some(t(
                        lang,
                        "I månaden (en månad som inte har dagen tar sin sista), eller i veckan från 1 för måndag.",
                        "Of the month (one that does not have it takes its last), or of the week from 1 for Monday.",
                    ).into()),
                    ..Field::default()
                }))
                (components::field(&Field {
                    name: "at".into(),
                    label: t(lang, "Klockslag, svensk tid", "Time, Swedish time").into(),
                    value: value(|sent| &sent.at, "06:00"),
                    required: true,
                    ..Field::default()
                }))
                (components::button(t(lang, "Lägg till", "Add")))
            }
        }
    }
}

/// Who looks at a report, or at its changes.
struct About {
    reader: Reader,
    shell: Shell,
    lang: Lang,
    changes: bool,
}

impl About {
    async fn page(&self, orders: &dyn Orders, reports: &dyn Reports, id: &str) -> Result<Response, Problem> {
        let lang = self.lang;
        let making = async {
            if self.changes { orders.changes(id.to_owned()).await } else { orders.open(id.to_owned()).await }
        };
        let opened = match tokio::time::timeout(PATIENCE, making).await {
            Ok(Ok(opened)) => Some(Ok(opened)),
            Ok(Err(OrderFailure::Report(ReportFailure::Asked(why) | ReportFailure::NotYet(_, why)))) => {
                Some(Err(why))
            }
            Ok(Err(failure)) => return Err(failure.into()),
            Err(_) => None,
        };
        let listed = orders.list().await?;
        let report = listed.reports.iter().find(|report| report.id == id);
        let report = report.ok_or(Problem::NotFound("ordered report"))?;
        let before = report.before.as_ref().and_then(|id| listed.reports.iter().find(|one| one.id == *id));
        let shown = match &opened {
            Some(Ok(opened)) => self.shown(opened),
            Some(Err(why)) => Err(why.clone()),
            None => Ok(self.progress(report)),
        };
        let (there, body) = match shown {
            Ok(body) => (matches!(opened, Some(Ok(_))), body),
            Err(why) => (false, html! { (self.heading(report)) (refusal(Some(&why), lang)) }),
        };
        let body = html! {
            (self.around(report, before, there, &reports.formats()))
            (body)
            (self.upkeep(report))
        };
        let municipality = self.shell.municipality.snapshot().municipality;
        let path = if self.changes { format!("{}/changes", report_path(id)) } else { report_path(id) };
        let address = in_lang(&path, other(lang));
        let mut frame = frame(&self.shell, ORDERED, lang, &self.reader, &municipality, address, body);
        frame.heading = false;
        frame.title = report.name.clone();
        Ok(show(frame))
    }

    fn shown(&self, opened: &Opened) -> Result<Markup, String> {
        let view =
            View::of_part(&opened.released, self.lang, &opened.part).map_err(|error| error.to_string())?;
        Ok(render::fragment(&view))
    }

    fn heading(&self, report: &OrderedReport) -> Markup {
        html! { h1 { (report.name) } }
    }

    /// What the report is, and its files.
    fn around(
        &self,
        report: &OrderedReport,
        before: Option<&OrderedReport>,
        there: bool,
        formats: &[Format],
    ) -> Markup {
        let lang = self.lang;
        let path = report_path(&report.id);
        let last = if self.changes { "changes" } else { "file" };
        let file = |format: &Format| {
            format!(
                "/api/v1/ordered-reports/{}/{last}?format={}&lang={}",
                report.id,
                format.name(),
                lang.tag()
            )
        };
        html! {
            div class="choices" {
                p {
                    a href=(ORDERED.href(lang)) { (ORDERED.title(lang)) } " › "
                    @if self.changes {
                        a href=(in_lang(&path, lang)) { (report.name) } " › "
                        (t(lang, "Jämförd med ", "Compared with "))
                        @if let Some(before) = before {
                            a href=(in_lang(&report_path(&before.id), lang)) { (before.name) } " (" (before.as_of) ")"
                        }
                    } @else {
                        (report.name)
                        @if before.is_some() {
                            " · "
                            a href=(in_lang(&format!("{path}/changes"), lang)) {
                                (t(lang, "Jämför med den förra", "Compare with the one before"))
                            }
                        }
                    }
                }
                @if there {
                    p class="files" {
                        (t(lang, "Hämta som", "Download as")) " "
                        @for (before, format) in formats.iter().enumerate() {
                            @if before == formats.len() - 1 { (t(lang, " eller ", " or ")) } @else if before > 0 { ", " }
                            a href=(file(format)) { (format.label()) }
                        }
                    }
                }
            }
        }
    }

    /// How far a report has come that is not there yet.
    fn progress(&self, report: &OrderedReport) -> Markup {
        let lang = self.lang;
        let steps = [
            t(lang, "Beställd", "Ordered"),
            t(lang, "Väntar på andra rapporter", "Waits for other reports"),
            t(lang, "Räknas", "Being computed"),
            t(lang, "Klar", "Ready"),
        ];
        let done = match report.stage.as_str() {
            "waiting" => 1,
            "making" => 2,
            "made" => 3,
            _ => 0,
        };
        let path = if self.changes {
            format!("{}/changes", report_path(&report.id))
        } else {
            report_path(&report.id)
        };
        html! {
            (self.heading(report))
            p role="status" { (t(lang, "Rapporten görs: ", "The report is being made: ")) (steps[done]) "." }
            progress value=(done) max="3" aria-label=(t(lang, "Hur långt rapporten har kommit", "How far the report has come")) {}
            p { a class="action" href=(in_lang(&path, lang)) { (t(lang, "Se efter igen", "Look again")) } }
        }
    }

    /// The report's order, and the forms that change it.
    fn upkeep(&self, report: &OrderedReport) -> Markup {
        let lang = self.lang;
        let path = report_path(&report.id);
        html! {
            details {
                summary { (t(lang, "Om beställningen", "About the order")) }
                p {
                    (t(lang, "Beställd ", "Ordered ")) (report.ordered) " · " (by(report, lang)) " · "
                    (t(lang, "loggposition ", "log position ")) (render::count(report.position)) " · " (report.program)
                }
                pre { code { (report.definition) } }
                form class="form" method="post" action=(in_lang(&format!("{path}/name"), lang)) {
                    (name_field("name", &report.name, lang))
                    (components::button(t(lang, "Byt namn", "Rename")))
                }
                form class="form" method="post" action=(in_lang(&format!("{path}/remove"), lang)) {
                    p { (t(
                        lang,
                        "Rapporten tas bort ur listan. Det som den är gjord av finns kvar, och den går att beställa igen.",
                        "The report is taken off the list. What it is made from stays, and it can be ordered again.",
                    )) }
                    (components::button(t(lang, "Ta bort rapporten", "Remove the report")))
                }
            }
        }
    }
}
