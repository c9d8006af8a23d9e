//! The page on which a survey is made: from a ready-made one, from one that there is, from a sheet or from JSON. What is
//! not taken is told of with its place, and nothing that was written is lost.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use disclosure::Lang;
use domain::Text;
use domain::events::SurveyDocuments;
use domain::input::{Problem as Wrong, SurveyInput, SurveysInput};
use forms::{Definition, Refusal};
use maud::{Markup, html};
use render::components::{self, Field};
use serde::Deserialize;
use serde_json::value::RawValue;
use views::definitions::Definitions;

use super::keep;
use super::preview;
use super::ready::READY;
use super::words::{SURVEYS, said};
use crate::shell::problem::Problem;
use crate::shell::{Asked, Reader, Shell, answer, escape, form, frame, lang_named, other, show, t, upload};

/// The page's address.
pub(super) const NEW: &str = "/surveys/new";
/// Where a file is sent that the page is to begin with.
pub(super) const READ: &str = "/surveys/read";
/// A definition of the greatest size, with what a form makes of it.
pub(super) const FORM_LIMIT: usize = 13 << 20;

/// What the page begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct From {
    lang: Option<String>,
    /// A ready-made survey, by name.
    ready: Option<String>,
    /// A survey that there is, by IRI.
    survey: Option<String>,
    /// Its version.
    version: Option<String>,
}

/// What the form carries.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Made {
    id: String,
    version: String,
    /// Where the definition has none.
    #[serde(default)]
    title: String,
    definition: String,
    #[serde(default)]
    scoring: String,
    #[serde(default)]
    action: String,
}

/// What is said above the form.
#[derive(Default)]
struct Told {
    refused: Vec<Refusal>,
    wrong: Vec<Wrong>,
    preview: Option<Definition>,
}

/// `GET /surveys/new`
pub(crate) async fn page(
    reader: Reader,
    State(shell): State<Shell>,
    State(definitions): State<Definitions>,
    Asked(from): Asked<From>,
) -> Response {
    let lang = lang_named(from.lang.as_deref());
    let made = async {
        let begun = begun(&shell, &definitions, &from).await?;
        shown(&shell, &reader, &begun, Told::default(), lang)
    };
    answer(&shell, lang, made.await)
}

async fn begun(shell: &Shell, definitions: &Definitions, from: &From) -> Result<Made, Problem> {
    if let Some(ready) = from.ready.as_deref().and_then(|name| READY.iter().find(|ready| ready.name == name))
    {
        return Ok(Made {
            id: format!("urn:larka:{}", ready.name),
            version: "1".to_owned(),
            definition: ready.definition.to_owned(),
            ..Made::default()
        });
    }
    let (Some(id), Some(version)) = (&from.survey, &from.version) else { return Ok(Made::default()) };
    let known = shell.municipality.refresh().await?.municipality;
    let held = definitions.documents(&known, id, version).await?;
    let SurveyDocuments { definition, scoring } = held.ok_or(Problem::NotFound("survey"))?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| Problem::Internal);
    Ok(Made {
        id: id.clone(),
        version: version.parse::<u64>().map(|number| (number + 1).to_string()).unwrap_or_default(),
        definition: text(definition)?,
        scoring: scoring.map(text).transpose()?.unwrap_or_default(),
        ..Made::default()
    })
}

/// `POST /surveys/read`
pub(crate) async fn read(
    reader: Reader,
    State(shell): State<Shell>,
    Asked(from): Asked<From>,
    request: Request,
) -> Response {
    let lang = lang_named(from.lang.as_deref());
    let made = async {
        let mut sent: BTreeMap<String, Vec<u8>> = upload(&shell, request, FORM_LIMIT).await?;
        let file = sent.remove("file").unwrap_or_default();
        // Workbooks are zip archives.
        let read = match file.starts_with(b"PK") {
            true => forms::read_xlsform(&file),
            false => Ok(String::from_utf8_lossy(&file).trim_start_matches('\u{feff}').to_owned()),
        };
        let (definition, refused) = match read {
            Ok(definition) => (definition, Vec::new()),
            Err(refused) => (String::new(), refused),
        };
        let mut told = Told { refused, ..Told::default() };
        if told.refused.is_empty() {
            check(&definition, "", &mut told);
        }
        let made =
            Made { id: "urn:larka:".to_owned(), version: "1".to_owned(), definition, ..Made::default() };
        shown(&shell, &reader, &made, told, lang)
    };
    answer(&shell, lang, made.await)
}

/// `POST /surveys/new`
pub(crate) async fn save(
    reader: Reader,
    State(shell): State<Shell>,
    Asked(from): Asked<From>,
    request: Request,
) -> Response {
    let lang = lang_named(from.lang.as_deref());
    let made = async {
        let mut sent: Made = form(&shell, request, FORM_LIMIT).await?;
        // A form sends lines with two characters at their ends; what was begun with has one.
        for text in [&mut sent.definition, &mut sent.scoring] {
            *text = text.replace("\r\n", "\n");
        }
        let mut told = Told::default();
        check(&sent.definition, &sent.scoring, &mut told);
        if told.preview.is_none() || sent.action == "check" {
            return shown(&shell, &reader, &sent, told, lang);
        }
        match stored(&shell, &reader, &sent).await {
            Ok(()) => {
                let to = format!("{}?lang={}#{}", SURVEYS.path, lang.tag(), "surveys");
                Ok(Redirect::to(&to).into_response())
            }
            Err(wrong) => {
                told.wrong = wrong?;
                shown(&shell, &reader, &sent, told, lang)
            }
        }
    };
    answer(&shell, lang, made.await)
}

/// Stores a survey; what is wrong with it is the form's, everything else the page's.
async fn stored(shell: &Shell, reader: &Reader, sent: &Made) -> Result<(), Result<Vec<Wrong>, Problem>> {
    let raw = |text: &str| RawValue::from_string(text.trim().to_owned()).map_err(|_| Err(Problem::Internal));
    let scoring = Some(&sent.scoring).filter(|text| !text.trim().is_empty());
    let survey = SurveyInput {
        id: sent.id.trim().to_owned(),
        version: sent.version.trim().to_owned(),
        title: Some(sent.title.trim())
            .filter(|title| !title.is_empty())
            .map(|title| Text { sv: title.to_owned(), en: None }),
        definition: raw(&sent.definition)?,
        scoring: scoring.map(|text| raw(text)).transpose()?,
        activities: BTreeMap::new(),
    };
    let registered = SurveysInput { surveys: vec![survey] }.register();
    let registered = registered.map_err(|invalid| Ok(invalid.problems))?;
    match keep::surveys(shell, reader.account, &registered).await {
        Ok(_) => Ok(()),
        Err(Problem::Invalid { at, expected }) => Err(Ok(vec![Wrong { path: at, expected }])),
        Err(problem) => Err(Err(problem)),
    }
}

fn check(definition: &str, scoring: &str, told: &mut Told) {
    let scoring = Some(scoring.trim()).filter(|text| !text.is_empty());
    match forms::register(definition.trim().as_bytes(), scoring.map(str::as_bytes)) {
        Ok(definition) => told.preview = Some(definition),
        Err(refused) => told.refused = refused,
    }
}

fn shown(shell: &Shell, reader: &Reader, made: &Made, told: Told, lang: Lang) -> Result<Response, Problem> {
    let municipality = shell.municipality.snapshot().municipality;
    let in_lang = |path: &str| format!("{path}?lang={}", lang.tag());
    let wrong = !told.refused.is_empty() || !told.wrong.is_empty();
    let begin = html! {
        p class="lead" { (t(lang, "Börja från en färdig enkät, en som finns, en fil, eller skriv.", "Begin with a ready-made survey, one that there is, a file, or write.")) }
        ul {
            @for ready in &READY {
                @if let Ok(read) = forms::register(ready.definition.as_bytes(), None) {
                    li {
                        a href=(format!("{}&ready={}", in_lang(NEW), ready.name)) { (read.title.get(lang.tag())) }
                        @if let Some(source) = &read.sidecar.source { " – " span class="quiet" { (source.localised().get(lang.tag())) } }
                    }
                }
            }
            @for survey in municipality.surveys.surveys() {
                li {
                    a href=(format!("{}&survey={}&version={}", in_lang(NEW), escape(&survey.id), escape(&survey.version))) {
                        (said(&survey.title, lang)) ", " (t(lang, "version", "version")) " " (survey.version)
                    }
                }
            }
        }
        form class="form" method="post" action=(in_lang(READ)) enctype="multipart/form-data" {
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
    };
    let body = html! {
        (faults(&told, lang))
        @if made.definition.is_empty() && !wrong { (begin) }
        h2 id="survey" { (t(lang, "Enkäten", "The survey")) }
        form class="form" method="post" action=(in_lang(NEW)) {
            (components::field(&Field {
                name: "id".into(),
                label: t(lang, "Enkätens id", "The survey's id").into(),
                value: made.id.clone(),
                hint: Some(t(
                    lang,
                    "En IRI som bara denna enkät har, och som nästa version av den också har, till exempel urn:larka:trivsel.",
                    "An IRI that this survey alone has, and its next version too, such as urn:larka:wellbeing.",
                ).into()),
                error: error(&told, "/id", lang),
                required: true,
                ..Field::default()
            }))
            (components::field(&Field {
                name: "version".into(),
                label: t(lang, "Version", "Version").into(),
                value: made.version.clone(),
                error: error(&told, "/version", lang),
                required: true,
                ..Field::default()
            }))
            (components::field(&Field {
                name: "title".into(),
                label: t(lang, "Titel, om den inte är definitionens", "Title, where it is not the definition's").into(),
                value: made.title.clone(),
                error: error(&told, "/title", lang),
                ..Field::default()
            }))
            (area("definition", t(lang, "Definition, SurveyJS JSON", "Definition, SurveyJS JSON"), &made.definition, 20, true))
            (area("scoring", t(
                lang,
                "Poäng, index och kompetenser, om de inte står i definitionen (larka)",
                "Scores, indexes and competences, where they are not in the definition (larka)",
            ), &made.scoring, 4, false))
            button type="submit" name="action" value="check" { (t(lang, "Granska", "Check")) }
            " "
            button class="main" type="submit" name="action" value="save" { (t(lang, "Spara enkäten", "Save the survey")) }
        }
        @if let Some(read) = &told.preview {
            h2 id="preview" { (t(lang, "Så möter den som svarar enkäten", "How respondents meet the survey")) ": " (read.title.get(lang.tag())) }
            (preview::sheet(read, lang))
        }
    };
    let mut frame =
        frame(shell, SURVEYS, lang, reader, &municipality, format!("{NEW}?lang={}", other(lang).tag()), body);
    frame.title = t(lang, "Gör en enkät", "Make a survey").to_owned();
    let mut response = show(frame);
    if wrong {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
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
    let words = |words: &forms::Words| match lang {
        Lang::Sv => words.sv.clone(),
        Lang::En => words.en.clone(),
    };
    html! {
        @if !told.refused.is_empty() || !told.wrong.is_empty() {
            div class="notice" role="alert" {
                p { strong { (t(lang, "Enkäten kan inte sparas som den är. Inget av det du skrev har gått förlorat.", "The survey cannot be saved as it is. Nothing that you wrote is lost.")) } }
                ul {
                    @for refusal in &told.refused {
                        li {
                            @if !refusal.place.is_empty() { code { (refusal.place) } ": " }
                            (words(&refusal.what))
                            @if let Some(instead) = &refusal.instead { ". " (t(lang, "I stället: ", "Instead: ")) (words(instead)) }
                        }
                    }
                    @for wrong in &told.wrong {
                        li { code { (wrong.path.trim_start_matches("/surveys/0")) } ": " span lang=[(lang == Lang::Sv).then_some("en")] { (wrong.expected) } }
                    }
                }
            }
        }
    }
}
