//! The pages for everybody: log-in and log-out, overview, how the system stands.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use disclosure::Lang;
use maud::{Markup, html};
use render::components::{self, Column, Login};
use serde::Deserialize;

use crate::auth::{self, Reader};
use crate::shell::{self, Asked, answer, frame, other, show};
use crate::words::{Page, escape, follower, t};
use crate::{Admin, Rebuilding, Standing, Unfoldable, overview};

/// What may stand behind the log-in's address.
#[derive(Default, Deserialize)]
pub(crate) struct Entry {
    lang: Option<String>,
    /// The page that was asked for: a path of this site.
    next: Option<String>,
}

impl Entry {
    fn lang(&self) -> Lang {
        if self.lang.as_deref() == Some("en") { Lang::En } else { Lang::Sv }
    }

    /// Where to go on to; never to another site.
    fn next(&self) -> Option<&str> {
        let path = self.next.as_deref()?;
        let own =
            path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t']);
        own.then_some(path)
    }

    fn address(&self, lang: Lang) -> String {
        match self.next() {
            Some(next) => format!("/login?lang={}&next={}", lang.tag(), escape(next)),
            None => format!("/login?lang={}", lang.tag()),
        }
    }
}

/// What `POST /login` carries.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    user: String,
    password: String,
}

/// `GET /login`
pub(crate) async fn login(State(admin): State<Admin>, Query(entry): Query<Entry>) -> Response {
    let asked = entry
        .next()
        .is_some()
        .then(|| t(entry.lang(), "Logga in för att se sidan.", "Log in to see the page.").to_owned());
    login_page(&admin, &entry, String::new(), asked)
}

/// `POST /login`
pub(crate) async fn log_in(
    State(admin): State<Admin>,
    headers: HeaderMap,
    Query(entry): Query<Entry>,
    Form(form): Form<LoginForm>,
) -> Response {
    let lang = entry.lang();
    let made = async {
        shell::own_form(&headers)?;
        let Some(account) = admin.vault.verify_password(&form.user, &form.password).await? else {
            let wrong = t(
                lang,
                "Användarnamnet eller lösenordet stämmer inte. Försök igen.",
                "The user name or the password is wrong. Try again.",
            );
            let mut response = login_page(&admin, &entry, form.user, Some(wrong.to_owned()));
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            return Ok(response);
        };
        let session = admin.vault.begin_session(account.id, auth::SESSION).await?;
        let home = Page::Overview.href(lang);
        let mut response = Redirect::to(entry.next().unwrap_or(&home)).into_response();
        if let Some(cookie) = auth::cookie(&session.token, admin.secure_cookies) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        Ok(response)
    };
    answer(&admin, lang, made.await)
}

/// `POST /logout`
pub(crate) async fn log_out(
    State(admin): State<Admin>,
    headers: HeaderMap,
    Query(entry): Query<Entry>,
) -> Response {
    let lang = entry.lang();
    let made = async {
        shell::own_form(&headers)?;
        if let Some(token) = auth::token(&headers) {
            admin.vault.end_session(token).await?;
        }
        let mut response = Redirect::to(&format!("/login?lang={}", lang.tag())).into_response();
        if let Some(cookie) = auth::cookie("", admin.secure_cookies) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        Ok(response)
    };
    answer(&admin, lang, made.await)
}

fn login_page(admin: &Admin, entry: &Entry, user: String, error: Option<String>) -> Response {
    let lang = entry.lang();
    let page = components::login_page(&Login {
        lang,
        stylesheet: shell::stylesheet(),
        place: shell::place(&admin.municipality.snapshot().municipality),
        action: entry.address(lang),
        other_language: Some((other(lang), entry.address(other(lang)))),
        hidden: Vec::new(),
        user,
        error,
    });
    shell::secured(Html(page).into_response())
}

/// `GET /`
pub(crate) async fn overview(reader: Reader, State(admin): State<Admin>, Asked(wanted): Asked) -> Response {
    let lang = wanted.lang();
    let made = async {
        let municipality = admin.municipality.refresh().await?.municipality;
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
            overview::body(&admin, &municipality, lang).await?
        };
        let there = Page::Overview.href(other(lang));
        Ok(show(frame(Page::Overview, lang, &reader, &municipality, there, body)))
    };
    answer(&admin, lang, made.await)
}

/// `GET /system`
pub(crate) async fn system(reader: Reader, State(admin): State<Admin>, Asked(wanted): Asked) -> Response {
    let lang = wanted.lang();
    let made = async {
        let municipality = admin.municipality.snapshot().municipality;
        let head = admin.log.head().await?;
        let standing = admin.reports.standing().await?;
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
        let there = Page::System.href(other(lang));
        Ok(show(frame(Page::System, lang, &reader, &municipality, there, body)))
    };
    answer(&admin, lang, made.await)
}

/// How the followers stand, in one sentence.
fn finding(standing: &[Standing], lang: Lang) -> String {
    let stopped = standing.iter().filter(|s| s.stopped.is_some()).count();
    let behind = standing.iter().map(|s| s.lag_events).max().unwrap_or(0);
    let without: u64 = standing.iter().map(|s| s.set_aside).sum();
    match (stopped, behind, lang) {
        (0, 0, Lang::Sv) if without == 1 => {
            "Allt är genomgånget, men en händelse har lagts åt sidan.".to_owned()
        }
        (0, 0, Lang::En) if without == 1 => {
            "All has been gone through, but one event was set aside.".to_owned()
        }
        (0, 0, Lang::Sv) if without > 0 => {
            format!("Allt är genomgånget, men {} händelser har lagts åt sidan.", render::count(without))
        }
        (0, 0, Lang::En) if without > 0 => {
            format!("All has been gone through, but {} events were set aside.", render::count(without))
        }
        (0, 0, Lang::Sv) => "Allt som har kommit in syns i sidor och rapporter.".to_owned(),
        (0, 0, Lang::En) => "Everything that has come in shows in pages and reports.".to_owned(),
        (0, n, Lang::Sv) => {
            format!("Sidor och rapporter ligger som mest {} händelser efter.", render::count(n))
        }
        (0, n, Lang::En) => format!("Pages and reports are at most {} events behind.", render::count(n)),
        (1, _, Lang::Sv) => "Ett av underlagen har stannat och behöver en tekniker.".to_owned(),
        (1, _, Lang::En) => "One of the views has stopped and needs a technician.".to_owned(),
        (n, _, Lang::Sv) => format!("{n} av underlagen har stannat och behöver en tekniker."),
        (n, _, Lang::En) => format!("{n} of the views have stopped and need a technician."),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_in_leads_on_to_pages_of_this_site_alone() {
        let entry = |next: &str| Entry { lang: None, next: Some(next.to_owned()) };
        assert_eq!(entry("/reports/survey?lang=en&unit=a").next(), Some("/reports/survey?lang=en&unit=a"));
        for elsewhere in ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "x"] {
            assert_eq!(entry(elsewhere).next(), None, "{elsewhere}");
        }
        assert_eq!(entry("/system?lang=en").address(Lang::En), "/login?lang=en&next=%2Fsystem%3Flang%3Den");
    }
}
