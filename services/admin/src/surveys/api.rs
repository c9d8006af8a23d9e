//! Surveys and their rounds for programs: taken in, checked, read, opened, closed.

use axum::Json;
use axum::extract::State;
use domain::input;
use domain::input::{SurveyInput, SurveysInput};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::IntoParams;
use views::definitions::Definitions;

use super::keep::{self, Turn};
use super::shown::{Checked, RoundShown, RoundsListed, SurveyListed, SurveyShown, SurveysListed, items};
use crate::shell::body::{Body, Sheet};
use crate::shell::problem::{Path, Problem};
use crate::shell::recording::{Step, Taken, store};
use crate::shell::{Administrator, Shell};

/// The IRI and the version in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Version {
    /// The survey's IRI, percent-encoded.
    id: String,
    /// Its version.
    version: String,
}

/// The id in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Id {
    /// The round's id.
    pub(super) id: String,
}

/// Takes in surveys.
#[utoipa::path(post, path = "/api/v1/surveys", tag = "ways in", request_body = input::SurveysInput, responses((status = OK, body = Taken)))]
pub(crate) async fn surveys(
    administrator: Administrator,
    State(shell): State<Shell>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let surveys = input::parse::<SurveysInput>(&body)?.register()?;
    keep::surveys(&shell, administrator.account, &surveys).await
}

/// Says what would be read in a survey, or everything in it that is not taken; nothing is stored.
#[utoipa::path(post, path = "/api/v1/surveys/check", tag = "surveys", operation_id = "check_survey", request_body = SurveyInput, responses((status = OK, body = Checked)))]
pub(crate) async fn check(_: Administrator, Body(body): Body) -> Result<Json<Checked>, Problem> {
    let survey: SurveyInput = input::parse(&body)?;
    Ok(Json(checked(survey, None)))
}

/// Says what would be read in a survey written as a sheet (XLSForm), or everything in it that is not taken, and gives the
/// definition that it stands for; nothing is stored.
#[utoipa::path(
    post,
    path = "/api/v1/surveys/check-sheet",
    tag = "surveys",
    operation_id = "check_survey_sheet",
    request_body(content = crate::shell::openapi::File, content_type = "application/octet-stream"),
    responses((status = OK, body = Checked))
)]
pub(crate) async fn check_sheet(_: Administrator, Sheet(body): Sheet) -> Result<Json<Checked>, Problem> {
    let json = match forms::read_xlsform(&body) {
        Ok(json) => json,
        Err(refusals) => {
            let refused = refusals.into_iter().map(Into::into).collect();
            return Ok(Json(Checked { refused, items: Vec::new(), definition: None }));
        }
    };
    let definition = RawValue::from_string(json).map_err(|_| Problem::Internal)?;
    let survey = SurveyInput {
        id: "urn:sheet".to_owned(),
        version: "1".to_owned(),
        // A sheet may have none; it is given beside the definition then.
        title: Some(domain::Text::new("Enkät", "Survey")),
        definition: definition.clone(),
        scoring: None,
        activities: Default::default(),
    };
    Ok(Json(checked(survey, Some(definition))))
}

fn checked(survey: SurveyInput, definition: Option<Box<RawValue>>) -> Checked {
    let refused = match survey.read() {
        Err(refusals) => refusals.into_iter().map(Into::into).collect(),
        Ok(_) => match (SurveysInput { surveys: vec![survey] }).register() {
            Ok(registered) => {
                let items = registered.surveys.iter().flat_map(|survey| items(&survey.facts)).collect();
                return Checked { refused: Vec::new(), items, definition };
            }
            Err(invalid) => invalid.problems.into_iter().map(Into::into).collect(),
        },
    };
    Checked { refused, items: Vec::new(), definition }
}

/// Lists all versions of all surveys.
#[utoipa::path(get, path = "/api/v1/surveys", tag = "surveys", operation_id = "list_surveys", responses((status = OK, body = SurveysListed)))]
pub(crate) async fn list(
    _: Administrator,
    State(shell): State<Shell>,
) -> Result<Json<SurveysListed>, Problem> {
    let known = shell.municipality.refresh().await?.municipality;
    let surveys = known.surveys.surveys().map(|facts| SurveyListed::of(facts, &known.surveys)).collect();
    Ok(Json(SurveysListed { surveys }))
}

/// A version of a survey with its definition.
#[utoipa::path(get, path = "/api/v1/surveys/{id}/{version}", tag = "surveys", operation_id = "survey", params(Version), responses((status = OK, body = SurveyShown)))]
pub(crate) async fn survey(
    _: Administrator,
    State(shell): State<Shell>,
    State(definitions): State<Definitions>,
    Path(Version { id, version }): Path<Version>,
) -> Result<Json<SurveyShown>, Problem> {
    let known = shell.municipality.refresh().await?.municipality;
    let held = known.surveys.survey(&id, &version).ok_or(Problem::NotFound("survey"))?;
    let documents = definitions.documents(&known, &id, &version).await?.ok_or(Problem::NotFound("survey"))?;
    let raw = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).map_err(|_| Problem::Internal)?;
        RawValue::from_string(text).map_err(|_| Problem::Internal)
    };
    Ok(Json(SurveyShown {
        survey: SurveyListed::of(&held.facts, &known.surveys),
        definition: raw(documents.definition)?,
        scoring: documents.scoring.map(raw).transpose()?,
    }))
}

/// Takes in other people's figures, to be shown beside a survey's own.
#[utoipa::path(post, path = "/api/v1/outside-figures", tag = "ways in", request_body = input::OutsideInput, responses((status = OK, body = Taken)))]
pub(crate) async fn outside(
    administrator: Administrator,
    State(shell): State<Shell>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    let input: input::OutsideInput = input::parse(&body)?;
    input.validate()?;
    store(&shell, administrator.account, &[], |known, _, _| Ok(Step::Changes(input.changes(known)?))).await
}

/// Takes in rounds of surveys. What of one may change follows from where it stands.
#[utoipa::path(
    post,
    path = "/api/v1/rounds",
    tag = "ways in",
    request_body(content = input::RoundsInput, example = json!({ "rounds": [{
        "id": "arbetsdagen-2026-ht", "survey": "https://larkby.example/enkater/arbete", "version": "1",
        "title": { "sv": "Arbetsdagen i höst", "en": "The working day this autumn" }, "mode": "unlinkable",
        "opens": "2026-10-01", "closes": "2026-10-21", "hours": { "opens": "08:00", "closes": "16:00" },
        "audience": { "unit": "K1", "roles": ["Lärare"] }
    }] })),
    responses((status = OK, body = Taken))
)]
pub(crate) async fn rounds(
    administrator: Administrator,
    State(shell): State<Shell>,
    Body(body): Body,
) -> Result<Json<Taken>, Problem> {
    keep::rounds(&shell, administrator.account, &input::parse(&body)?).await
}

/// Lists all rounds with where they stand.
#[utoipa::path(get, path = "/api/v1/rounds", tag = "surveys", operation_id = "list_rounds", responses((status = OK, body = RoundsListed)))]
pub(crate) async fn list_rounds(
    _: Administrator,
    State(shell): State<Shell>,
) -> Result<Json<RoundsListed>, Problem> {
    let known = shell.municipality.refresh().await?.municipality;
    let now = shell.clock.now();
    let rounds =
        known.surveys.rounds().map(|facts| RoundShown::of(facts, &known, now, shell.smallest)).collect();
    Ok(Json(RoundsListed { rounds }))
}

/// A round and where it stands.
#[utoipa::path(get, path = "/api/v1/rounds/{id}", tag = "surveys", operation_id = "round", params(Id), responses((status = OK, body = RoundShown)))]
pub(crate) async fn round(
    _: Administrator,
    State(shell): State<Shell>,
    Path(Id { id }): Path<Id>,
) -> Result<Json<RoundShown>, Problem> {
    shown(&shell, &id).await
}

/// Opens a draft or a round that waits for its time, now.
#[utoipa::path(post, path = "/api/v1/rounds/{id}/open", tag = "surveys", operation_id = "open_round", params(Id), responses((status = OK, body = RoundShown)))]
pub(crate) async fn open(
    administrator: Administrator,
    State(shell): State<Shell>,
    Path(Id { id }): Path<Id>,
) -> Result<Json<RoundShown>, Problem> {
    keep::turn(&shell, administrator.account, &id, Turn::Open).await?;
    shown(&shell, &id).await
}

/// Closes a round that is open, now.
#[utoipa::path(post, path = "/api/v1/rounds/{id}/close", tag = "surveys", operation_id = "close_round", params(Id), responses((status = OK, body = RoundShown)))]
pub(crate) async fn close(
    administrator: Administrator,
    State(shell): State<Shell>,
    Path(Id { id }): Path<Id>,
) -> Result<Json<RoundShown>, Problem> {
    keep::turn(&shell, administrator.account, &id, Turn::Close).await?;
    shown(&shell, &id).await
}

async fn shown(shell: &Shell, id: &str) -> Result<Json<RoundShown>, Problem> {
    let known = shell.municipality.refresh().await?.municipality;
    let held = known.surveys.round(id).ok_or(Problem::NotFound("round"))?;
    Ok(Json(RoundShown::of(&held.facts, &known, shell.clock.now(), shell.smallest)))
}
