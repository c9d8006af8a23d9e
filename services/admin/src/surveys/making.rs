//! The page on which a survey is made: from a ready-made one, from one that there is, from a sheet or from JSON. What is
//! not taken is told of with its place, and nothing that was written is lost.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Redirect, Response};
use disclosure::Lang;
use domain::Text;
use domain::input::{Problem as Wrong, SurveyInput, SurveysInput};
use serde_json::value::RawValue;
use views::definitions::Definitions;

use super::begun::{FORM_LIMIT, From, Made, begin, new_id};
use super::keep;
use super::making_form::{Told, shown};
use super::words::plain;
use crate::shell::problem::Problem;
use crate::shell::{Asked, Reader, Shell, answer, escape, form, lang_named, upload};

/// `GET /surveys/new`
pub(crate) async fn page(
    reader: Reader,
    State(shell): State<Shell>,
    State(definitions): State<Definitions>,
    Asked(from): Asked<From>,
) -> Response {
    let lang = lang_named(from.lang.as_deref());
    let made = async {
        let (begun, told) = begun(&shell, &definitions, &from).await?;
        shown(&shell, &reader, &begun, told, lang)
    };
    answer(&shell, lang, made.await)
}

/// What the page begins with, and what is said of it.
async fn begun(shell: &Shell, definitions: &Definitions, from: &From) -> Result<(Made, Told), Problem> {
    let begun = begin(shell, definitions, from).await?;
    let mut told = Told::default();
    if !begun.definition.is_empty() {
        check(&begun, &mut told);
    }
    Ok((begun, told))
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
        let mut made = Made { definition, ..Made::default() };
        if told.refused.is_empty() {
            check(&made, &mut told);
        }
        let known = shell.municipality.refresh().await?.municipality;
        let mut text =
            |name: &str| String::from_utf8_lossy(&sent.remove(name).unwrap_or_default()).trim().to_owned();
        (made.id, made.version) = (text("id"), text("version"));
        if let (true, Some(read)) = (made.id.is_empty(), &told.preview) {
            (made.id, made.version) = new_id(&known, read.title.get(lang.tag()));
        }
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
        check(&sent, &mut told);
        if sent.action == "sheet" {
            return workbook(&shell, &reader, &sent, told, lang);
        }
        if told.preview.is_none() || sent.action == "check" {
            return shown(&shell, &reader, &sent, told, lang);
        }
        told.wrong.clear();
        match stored(&shell, &reader, &sent).await {
            Ok(()) => {
                let (id, version) = (escape(sent.id.trim()), escape(sent.version.trim()));
                Ok(Redirect::to(&format!("/surveys/{id}/{version}?lang={}", lang.tag())).into_response())
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
    let survey = survey_of(sent).ok_or(Err(Problem::Internal))?;
    let registered = SurveysInput { surveys: vec![survey] }.register();
    let registered = registered.map_err(|invalid| Ok(invalid.problems))?;
    match keep::surveys(shell, reader.account, &registered).await {
        Ok(_) => Ok(()),
        Err(Problem::Invalid { at, expected }) => Err(Ok(vec![Wrong { path: at, expected }])),
        Err(problem) => Err(Err(problem)),
    }
}

/// What was sent as the domain takes it; none where the definition or the scoring is no JSON.
fn survey_of(sent: &Made) -> Option<SurveyInput> {
    let raw = |text: &str| RawValue::from_string(text.trim().to_owned()).ok();
    let scoring = Some(&sent.scoring).filter(|text| !text.trim().is_empty());
    Some(SurveyInput {
        id: sent.id.trim().to_owned(),
        version: sent.version.trim().to_owned(),
        title: Some(sent.title.trim())
            .filter(|title| !title.is_empty())
            .map(|title| Text { sv: title.to_owned(), en: None }),
        definition: raw(&sent.definition)?,
        scoring: match scoring {
            Some(text) => Some(raw(text)?),
            None => None,
        },
        activities: BTreeMap::new(),
    })
}

/// Says what of it could not be saved, before anybody tries; its id and its version aside, which may be to come.
fn check(made: &Made, told: &mut Told) {
    let scoring = Some(made.scoring.trim()).filter(|text| !text.is_empty());
    match forms::register(made.definition.trim().as_bytes(), scoring.map(str::as_bytes)) {
        Ok(definition) => told.preview = Some(definition),
        Err(refused) => return told.refused = refused,
    }
    let named = |survey| SurveyInput { id: "urn:larka:new".into(), version: "1".into(), ..survey };
    let registered = survey_of(made).map(|survey| SurveysInput { surveys: vec![named(survey)] }.register());
    if let Some(Err(invalid)) = registered {
        told.wrong = invalid.problems;
    }
}

/// `GET /surveys/sheet`: what the page would begin with, as a workbook to change it in.
pub(crate) async fn sheet(
    reader: Reader,
    State(shell): State<Shell>,
    State(definitions): State<Definitions>,
    Asked(from): Asked<From>,
) -> Response {
    let lang = lang_named(from.lang.as_deref());
    let made = async {
        let (begun, told) = begun(&shell, &definitions, &from).await?;
        workbook(&shell, &reader, &begun, told, lang)
    };
    answer(&shell, lang, made.await)
}

fn workbook(
    shell: &Shell,
    reader: &Reader,
    made: &Made,
    mut told: Told,
    lang: Lang,
) -> Result<Response, Problem> {
    match told.preview.as_ref().map(forms::write_xlsform) {
        Some(Ok(book)) => {
            let name = plain(made.id.rsplit([':', '/']).next().unwrap_or_default());
            let headers = [
                (
                    CONTENT_TYPE,
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned(),
                ),
                (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.xlsx\"")),
            ];
            return Ok((headers, book).into_response());
        }
        Some(Err(unsaid)) => told.unsaid = unsaid,
        None => {}
    }
    shown(shell, reader, made, told, lang)
}
