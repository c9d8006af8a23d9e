//! The pages: log-in, overview, reports, how the system stands. Read-only but for the log-in.

use std::sync::{Arc, LazyLock};

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use disclosure::{Lang, Released};
use domain::Municipality;
use maud::{Markup, html};
use render::components::{self, Column, Login};
use render::{Asset, NavLink, PageFrame, Stylesheet, View};
use serde::Deserialize;

use crate::api::Wanted;
use crate::auth::{self, Reader};
use crate::problem::Problem;
use crate::words::{Page, t};
use crate::{Admin, ReportFailure, overview};

/// Where style sheet and fonts are served.
const ASSETS: &str = "/assets/";

static FILES: LazyLock<Vec<Asset>> = LazyLock::new(render::assets);

/// What `POST /login` carries.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    user: String,
    password: String,
}

/// `GET /assets/…`: paths carry a hash, so browsers keep them for good.
pub(crate) async fn asset(Path(path): Path<String>) -> Response {
    match FILES.iter().find(|file| file.path == path) {
        Some(file) => {
            let headers = [
                (header::CONTENT_TYPE, file.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, file.bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /login`
pub(crate) async fn login(State(admin): State<Admin>, Query(wanted): Query<Wanted>) -> Response {
    Html(login_page(&admin, wanted.lang(), String::new(), None)).into_response()
}

/// `POST /login`
pub(crate) async fn log_in(
    State(admin): State<Admin>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
    Form(form): Form<LoginForm>,
) -> Result<Response, Problem> {
    if !auth::same_origin(&headers) {
        return Err(Problem::Unauthorized);
    }
    let lang = wanted.lang();
    let Some(account) = admin.vault.verify_password(&form.user, &form.password).await? else {
        let wrong = t(
            lang,
            "Namn eller lösenord stämmer inte. Försök igen.",
            "Name or password is wrong. Try again.",
        );
        let page = login_page(&admin, lang, form.user, Some(wrong.to_owned()));
        return Ok((StatusCode::UNAUTHORIZED, Html(page)).into_response());
    };
    let session = admin.vault.begin_session(account.id, auth::SESSION).await?;
    let mut response = Redirect::to(&Page::Overview.href(lang)).into_response();
    if let Some(cookie) = auth::cookie(&session.token, admin.secure_cookies) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /logout`
pub(crate) async fn log_out(State(admin): State<Admin>, headers: HeaderMap) -> Result<Response, Problem> {
    if !auth::same_origin(&headers) {
        return Err(Problem::Unauthorized);
    }
    if let Some(token) = auth::token(&headers) {
        admin.vault.end_session(token).await?;
    }
    let mut response = Redirect::to("/login").into_response();
    if let Some(cookie) = auth::cookie("", admin.secure_cookies) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `GET /`
pub(crate) async fn overview(
    reader: Reader,
    State(admin): State<Admin>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let lang = wanted.lang();
    let municipality = admin.municipality.refresh().await?.municipality;
    let body = if municipality.organisation.units().next().is_none() {
        components::empty_state(
            t(lang, "Här finns inget ännu", "Nothing here yet"),
            t(
                lang,
                "När organisationen, kurserna och enkäterna har lästs in och lärverktygen har börjat skicka händelser \
                 visas läget här.",
                "Once the organisation, the courses and the surveys are in, and the learning tools have begun to post, \
                 this page shows how things stand.",
            ),
            None,
        )
    } else {
        let cards = overview::cards(&admin, &municipality, lang).await?;
        html! { (components::cards(&cards)) }
    };
    Ok(show(frame(Page::Overview, lang, &reader, &municipality, Page::Overview.title(lang), body)))
}

/// `GET /reports/competence`
pub(crate) async fn competence(
    reader: Reader,
    State(admin): State<Admin>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    report_page(Page::Competence, &reader, &admin, &wanted).await
}

/// `GET /reports/survey`
pub(crate) async fn survey(
    reader: Reader,
    State(admin): State<Admin>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    report_page(Page::Survey, &reader, &admin, &wanted).await
}

async fn report_page(
    page: Page,
    reader: &Reader,
    admin: &Admin,
    wanted: &Wanted,
) -> Result<Response, Problem> {
    let lang = wanted.lang();
    let municipality = admin.municipality.refresh().await?.municipality;
    let made = admin.reports.make(wanted.ask(page.kind())?).await;
    let released: Arc<Released> = match made {
        Ok(released) => released,
        Err(ReportFailure::Asked(_)) if municipality.surveys.rounds().next().is_none() => {
            let body = components::empty_state(
                t(lang, "Det finns ingen rapport ännu", "There is no report yet"),
                t(
                    lang,
                    "Rapporten görs när det finns händelser att räkna på.",
                    "The report is made once there is something to count.",
                ),
                Some((t(lang, "Till översikten", "To the overview"), &Page::Overview.href(lang))),
            );
            return Ok(show(frame(page, lang, reader, &municipality, page.title(lang), body)));
        }
        Err(failure) => return Err(failure.into()),
    };
    let view = match &wanted.unit {
        Some(unit) if !unit.is_empty() => {
            View::of_unit(&released, lang, unit).ok_or(Problem::NotFound("unit"))?
        }
        _ => View::new(&released, lang),
    };
    let body = html! {
        (choices(page, &released, &municipality, wanted))
        (render::fragment(&view))
    };
    let mut frame = frame(page, lang, reader, &municipality, page.title(lang), body);
    frame.heading = false;
    Ok(show(frame))
}

/// The form above a report: which part, which round; and the same report as files.
fn choices(page: Page, released: &Released, municipality: &Municipality, wanted: &Wanted) -> Markup {
    let lang = wanted.lang();
    let units = tree(municipality);
    let mut rounds: Vec<_> = municipality.surveys.rounds().collect();
    rounds.sort_by_key(|round| std::cmp::Reverse((round.opens, round.id.clone())));
    let chosen_round = wanted.round.clone().or_else(|| rounds.first().map(|round| round.id.clone()));
    let title =
        |text: &domain::Text| if lang == Lang::En { text.english().to_owned() } else { text.sv.clone() };
    let file = |format: &str| {
        let mut address = format!("/api/v1/reports/{}?format={format}&lang={}", page.kind(), lang.tag());
        for (name, value) in [("unit", &wanted.unit), ("round", &wanted.round)] {
            if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
                address.push_str(&format!("&{name}={}", escape(value)));
            }
        }
        format!("{address}&at={}", released.identity().position)
    };
    html! {
        form class="choices" method="get" action=(page.path()) {
            input type="hidden" name="lang" value=(lang.tag());
            @if page == Page::Survey {
                div class="field" {
                    label for="round" { (t(lang, "Omgång", "Round")) }
                    select id="round" name="round" {
                        @for round in &rounds {
                            option value=(round.id) selected[chosen_round.as_deref() == Some(&round.id)] { (title(&round.title)) }
                        }
                    }
                }
            }
            div class="field" {
                label for="unit" { (t(lang, "Del av organisationen", "Part of the organisation")) }
                select id="unit" name="unit" {
                    @for (depth, code, name) in &units {
                        option value=(if *depth == 0 { "" } else { code.as_str() })
                            selected[wanted.unit.as_deref() == Some(code)] {
                            ("\u{2003}".repeat(*depth)) (name)
                        }
                    }
                }
            }
            (components::button(t(lang, "Visa", "Show")))
            p class="files" {
                (t(lang, "Hämta som", "Get as")) " "
                a href=(file("html")) { "HTML" } ", "
                a href=(file("csv")) { "CSV" } (t(lang, " eller ", " or "))
                a href=(file("json")) { "JSON" }
            }
        }
    }
}

/// `GET /system`
pub(crate) async fn system(
    reader: Reader,
    State(admin): State<Admin>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let lang = wanted.lang();
    let municipality = admin.municipality.snapshot().municipality;
    let head = admin.log.head().await?;
    let standing = admin.reports.standing().await?;
    let stopped = standing.iter().filter(|s| s.stopped.is_some()).count();
    let behind = standing.iter().map(|s| s.lag_events).max().unwrap_or(0);
    let finding = match (stopped, behind) {
        (0, 0) => t(lang, "Allt är i fas med loggen.", "Everything is up with the log.").to_owned(),
        (0, n) => match lang {
            Lang::Sv => format!("Vyerna ligger högst {} händelser efter loggen.", render::count(n)),
            Lang::En => format!("The views are at most {} events behind the log.", render::count(n)),
        },
        (n, _) => match lang {
            Lang::Sv => format!("{n} av vyerna har stannat och behöver en tekniker."),
            Lang::En => format!("{n} of the views have stopped and need a technician."),
        },
    };
    let rows: Vec<Vec<Markup>> = standing
        .iter()
        .map(|s| {
            vec![
                html! { (s.name) },
                html! { (render::count(s.position)) },
                html! { (render::count(s.lag_events)) },
                html! {
                    @match &s.stopped {
                        Some(reason) => { (t(lang, "Stannat: ", "Stopped: ")) (reason) }
                        None if s.lag_events == 0 => { (t(lang, "I fas", "Up to date")) }
                        None => { (t(lang, "Arbetar", "Working")) }
                    }
                },
            ]
        })
        .collect();
    let columns = [
        Column::text(t(lang, "Vy", "View")),
        Column::number(t(lang, "Position", "Position")),
        Column::number(t(lang, "Händelser kvar", "Events to go")),
        Column::text(t(lang, "Läge", "State")),
    ];
    let log = match lang {
        Lang::Sv => format!("Loggen har {} händelser. Den senaste lagrades", render::count(head.position.0)),
        Lang::En => format!("The log has {} events. The last was stored", render::count(head.position.0)),
    };
    let body = html! {
        p class="lead" { (finding) }
        p { (log) " " (head.stored.to_datetime().format("%Y-%m-%d %H:%M:%S UTC").to_string()) "." }
        (components::plain_table(t(lang, "Vyer och lakehouse", "Views and lake"), &columns, &rows))
    };
    Ok(show(frame(Page::System, lang, &reader, &municipality, Page::System.title(lang), body)))
}

/// Everything around a page's content.
fn frame(
    here: Page,
    lang: Lang,
    reader: &Reader,
    municipality: &Municipality,
    title: &str,
    body: Markup,
) -> PageFrame {
    let other = if lang == Lang::Sv { Lang::En } else { Lang::Sv };
    let mut frame = PageFrame::new(lang, title, Stylesheet::Linked(ASSETS.to_owned()), body);
    frame.place = place(municipality);
    frame.nav = Page::ALL
        .iter()
        .map(|page| NavLink {
            label: page.title(lang).to_owned(),
            href: page.href(lang),
            current: *page == here,
        })
        .collect();
    frame.other_language = Some((other, here.href(other)));
    frame.corner = Some(html! {
        form method="post" action="/logout" {
            span class="quiet" { (reader.name) } " "
            (components::button(t(lang, "Logga ut", "Log out")))
        }
    });
    frame
}

/// A page, with the headers that keep it from being framed, cached or fed with scripts.
fn show(frame: PageFrame) -> Response {
    secured(Html(render::page(&frame)).into_response())
}

fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn login_page(admin: &Admin, lang: Lang, user: String, error: Option<String>) -> String {
    components::login_page(&Login {
        lang,
        stylesheet: Stylesheet::Linked(ASSETS.to_owned()),
        place: place(&admin.municipality.snapshot().municipality),
        action: format!("/login?lang={}", lang.tag()),
        hidden: Vec::new(),
        user,
        error,
    })
}

/// The municipality's name: its topmost unit.
fn place(municipality: &Municipality) -> Option<String> {
    municipality.organisation.children(None).next().map(|unit| unit.name.clone())
}

/// Units in tree order: depth, code, name.
fn tree(municipality: &Municipality) -> Vec<(usize, String, String)> {
    fn walk(
        municipality: &Municipality,
        parent: Option<&str>,
        depth: usize,
        into: &mut Vec<(usize, String, String)>,
    ) {
        let mut children: Vec<_> = municipality.organisation.children(parent).collect();
        children.sort_by(|a, b| a.name.cmp(&b.name));
        for unit in children {
            into.push((depth, unit.code.clone(), unit.name.clone()));
            walk(municipality, Some(&unit.code), depth + 1, into);
        }
    }
    let mut units = Vec::new();
    walk(municipality, None, 0, &mut units);
    units
}

/// A value in the query part of an address.
fn escape(value: &str) -> String {
    use std::fmt::Write;
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
