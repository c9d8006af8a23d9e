//! How the page draws on which a survey is made.

use axum::http::StatusCode;
use axum::response::Response;
use disclosure::Lang;
use domain::Municipality;
use domain::input::{Problem as Wrong, in_swedish};
use forms::{Definition, Refusal};
use maud::{Markup, html};
use render::components::{self, Field};

use super::begun::{Made, NEW, READ, SHEET};
use super::preview;
use super::ready::READY;
use super::refusing;
use super::words::{SURVEYS, said};
use crate::shell::problem::Problem;
use crate::shell::{Reader, Shell, escape, frame, other, show, t};

/// What is said about what was begun with or written.
#[derive(Default)]
pub(super) struct Told {
    /// What is not taken.
    pub(super) refused: Vec<Refusal>,
    /// What is wrong with the form's other fields.
    pub(super) wrong: Vec<Wrong>,
    /// What a sheet cannot say.
    pub(super) unsaid: Vec<Refusal>,
    pub(super) preview: Option<Definition>,
}

pub(super) fn shown(
    shell: &Shell,
    reader: &Reader,
    made: &Made,
    told: Told,
    lang: Lang,
) -> Result<Response, Problem> {
    let municipality = shell.municipality.snapshot().municipality;
    let wrong = !told.refused.is_empty() || !told.wrong.is_empty();
    let nothing = made.definition.is_empty() && !wrong;
    let body = html! {
        (faults(&told, lang))
        @if nothing { (beginnings(&municipality, lang)) }
        @else if let Some(read) = &told.preview { h2 id="survey" { (read.title.get(lang.tag())) } }
        form class="form wide" id="made" method="post" action=(in_lang(NEW, lang)) {
            @if nothing {
                details { summary { (t(lang, "Skriv en definition i SurveyJS JSON", "Write a definition in SurveyJS JSON")) } (fields(made, &told, lang)) (buttons(lang)) }
            } @else {
                (buttons(lang))
                details open[wrong] { summary { (t(lang, "Id, version och definition", "Id, version and definition")) } (fields(made, &told, lang)) }
            }
        }
        @if !nothing { (by_sheet(made, lang)) }
        @if let Some(read) = &told.preview {
            h2 id="preview" { (t(lang, "Så möter den som svarar enkäten", "How respondents meet the survey")) }
            (preview::sheet(read, lang))
        }
    };
    let there = in_lang(NEW, other(lang));
    let mut frame = frame(shell, SURVEYS, lang, reader, &municipality, there, body);
    frame.title = t(lang, "Gör en enkät", "Make a survey").to_owned();
    let mut response = show(frame);
    if wrong || !told.unsaid.is_empty() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

fn in_lang(path: &str, lang: Lang) -> String {
    format!("{path}?lang={}", lang.tag())
}

/// All that a survey can begin with.
fn beginnings(known: &Municipality, lang: Lang) -> Markup {
    let links = |asked: &str, title: &str| {
        html! {
            a href=(format!("{}&{asked}", in_lang(NEW, lang))) { (title) } " "
            a class="quiet" href=(format!("{}&{asked}", in_lang(SHEET, lang))) {
                (t(lang, "som kalkylblad", "as a sheet")) span class="unseen" { ": " (title) }
            }
        }
    };
    html! {
        p class="lead" { (t(lang, "Börja med en färdig enkät, en som finns, eller en fil.", "Begin with a ready-made survey, one that there is, or a file.")) }
        h2 { (t(lang, "Färdiga enkäter", "Ready-made surveys")) }
        ul {
            @for ready in &READY {
                @if let Ok(read) = forms::register(ready.definition.as_bytes(), None) {
                    li {
                        (links(&format!("ready={}", ready.name), read.title.get(lang.tag())))
                        @if let Some(source) = &read.sidecar.source { br; span class="quiet" { (source.localised().get(lang.tag())) } }
                    }
                }
            }
        }
        @if known.surveys.surveys().next().is_some() {
            h2 { (t(lang, "Enkäter som finns", "Surveys that there are")) }
            ul {
                @for survey in known.surveys.surveys() {
                    @let title = format!("{}, version {}", said(&survey.title, lang), survey.version);
                    li { (links(&format!("survey={}&version={}", escape(&survey.id), escape(&survey.version)), &title)) }
                }
            }
        }
        h2 { (t(lang, "En fil", "A file")) }
        (file(None, lang))
    }
}

/// The way to change a survey where one does not program.
fn by_sheet(made: &Made, lang: Lang) -> Markup {
    html! {
        h2 { (t(lang, "Ändra frågorna", "Change the questions")) }
        p { (t(
            lang,
            "Hämta enkäten som kalkylblad, ändra den i Excel eller LibreOffice och läs in den igen. Poäng och index följer med.",
            "Get the survey as a sheet, change it in Excel or LibreOffice and read it in again. Scores and indexes come with it.",
        )) }
        p { button type="submit" form="made" name="action" value="sheet" { (t(lang, "Hämta kalkylbladet", "Get the sheet")) } }
        (file(Some(made), lang))
    }
}

fn file(made: Option<&Made>, lang: Lang) -> Markup {
    html! {
        form class="form" method="post" action=(in_lang(READ, lang)) enctype="multipart/form-data" {
            @if let Some(made) = made {
                input type="hidden" name="id" value=(made.id);
                input type="hidden" name="version" value=(made.version);
            }
            (components::field(&Field {
                name: "file".into(),
                label: t(lang, "Fil", "File").into(),
                kind: "file".into(),
                hint: Some(t(
                    lang,
                    "Ett kalkylblad i XLSForm (.xlsx eller .ods) eller en definition i SurveyJS JSON.",
                    "A sheet in XLSForm (.xlsx or .ods), or a definition in SurveyJS JSON.",
                ).into()),
                required: true,
                ..Field::default()
            }))
            (components::button(t(lang, "Läs filen", "Read the file")))
        }
    }
}

fn buttons(lang: Lang) -> Markup {
    html! {
        p class="actions" {
            button class="main" type="submit" name="action" value="save" { (t(lang, "Spara enkäten", "Save the survey")) }
            button type="submit" name="action" value="check" { (t(lang, "Granska", "Check")) }
        }
    }
}

fn fields(made: &Made, told: &Told, lang: Lang) -> Markup {
    html! {
            (components::field(&Field {
                name: "id".into(),
                label: t(lang, "Enkätens id", "The survey's id").into(),
                value: made.id.clone(),
                hint: Some(t(
                    lang,
                    "En IRI som bara denna enkät har, och som nästa version av den också har, till exempel urn:larka:trivsel.",
                    "An IRI that this survey alone has, and its next version too, such as urn:larka:wellbeing.",
                ).into()),
                error: error(told, "/id", lang),
                required: true,
                ..Field::default()
            }))
            (components::field(&Field {
                name: "version".into(),
                label: t(lang, "Version", "Version").into(),
                value: made.version.clone(),
                error: error(told, "/version", lang),
                required: true,
                ..Field::default()
            }))
            (components::field(&Field {
                name: "title".into(),
                label: t(lang, "Titel, om den inte är definitionens", "Title, where it is not the definition's").into(),
                value: made.title.clone(),
                error: error(told, "/title", lang),
                ..Field::default()
            }))
            (area("definition", t(lang, "Definition, SurveyJS JSON", "Definition, SurveyJS JSON"), &made.definition, 20, true))
            (area("scoring", t(
                lang,
                "Poäng, index och kompetenser, om de inte står i definitionen (larka)",
                "Scores, indexes and competences, where they are not in the definition (larka)",
            ), &made.scoring, 4, false))
    }
}

fn area(name: &str, label: &str, value: &str, rows: usize, required: bool) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (label) }
            textarea id=(name) name=(name) rows=(rows) required[required] spellcheck="false" { "\n" (value) }
        }
    }
}

/// What is wrong with a field of the form itself.
fn error(told: &Told, field: &str, lang: Lang) -> Option<String> {
    let wrong = told.wrong.iter().find(|wrong| wrong.path.ends_with(field))?;
    Some(
        match (field, wrong.expected.contains("another version")) {
            ("/version", true) => t(
                lang,
                "En omgång frågar den här versionen, och dess svar behåller sina frågor. Välj en ny version.",
                "A round asks this version, and its answers keep their questions. Choose a new version.",
            ),
            ("/title", _) => {
                t(lang, "Definitionen har ingen titel. Ange en.", "The definition has no title. Give one.")
            }
            ("/version", false) => t(lang, "Ange en version.", "Give a version."),
            _ => t(
                lang,
                "Ange en IRI, till exempel urn:larka:trivsel.",
                "Give an IRI, such as urn:larka:wellbeing.",
            ),
        }
        .to_owned(),
    )
}

/// Everything that is not taken, with its place.
fn faults(told: &Told, lang: Lang) -> Markup {
    html! {
        @if !told.unsaid.is_empty() {
            div class="notice" role="alert" {
                p { strong { (t(lang, "Den här enkäten säger mer än ett kalkylblad kan.", "This survey says more than a sheet can.")) } }
                ul { (refusing::items(&told.unsaid, lang)) }
            }
        }
        @if !told.refused.is_empty() || !told.wrong.is_empty() {
            div class="notice" role="alert" {
                p { strong { (t(lang, "Enkäten kan inte sparas som den är. Inget av det du skrev har gått förlorat.", "The survey cannot be saved as it is. Nothing that you wrote is lost.")) } }
                ul {
                    (refusing::items(&told.refused, lang))
                    @for wrong in &told.wrong {
                        @let said = if lang == Lang::Sv { in_swedish(&wrong.expected) } else { Some(wrong.expected.as_str()) };
                        li {
                            code { (wrong.path.trim_start_matches("/surveys/0").trim_start_matches("/definition")) }
                            (t(lang, " väntat: ", " expected: ")) span lang=[said.is_none().then_some("en")] { (said.unwrap_or(&wrong.expected)) }
                        }
                    }
                }
            }
        }
    }
}
