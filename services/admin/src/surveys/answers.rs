//! Answers in files, for programs: what would be taken of one, or that it is taken.
//!
//! What a file is, and what becomes of its answers, is the business of whoever implements [`AnswerFiles`]; the command on the
//! server asks the same.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use forms::Words;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::api::Id;
use super::shown::RefusedPart;
use crate::shell::body::{FileBody, is};
use crate::shell::problem::{Path, Problem, Query};
use crate::shell::{Administrator, Shell, Upload};

/// A file, piece by piece.
pub type Pieces<'a> = BoxStream<'a, io::Result<Bytes>>;

/// How a file is to be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AnswersAsked {
    /// Whether only to say what would be taken and what not.
    #[serde(default)]
    pub dry_run: bool,
    /// The column that says who answered, of named and pseudonymous rounds.
    #[serde(default)]
    pub respondent: Option<String>,
    /// What respondents' accounts are of (homePage); without it the column has e-mail addresses.
    #[serde(default)]
    pub home_page: Option<String>,
    /// The column that says of which unit respondents are, by its code: of guardians, and where nobody can be linked. In a round
    /// that asks guardians beside others a file where this alone is named is guardians'.
    #[serde(default)]
    pub unit: Option<String>,
    /// The column that says in which role, where nobody can be linked.
    #[serde(default)]
    pub role: Option<String>,
    /// Columns to leave out though they may hold answers, with commas between them.
    #[serde(default)]
    pub leave_out: Option<String>,
    /// Whether it is known that the file names or traces people, and that this is dropped: where nobody is to be known.
    #[serde(default)]
    pub drop_identities: bool,
    /// Key of the credential that vouches for the answers; without it the survey service does.
    #[serde(default)]
    pub credential: Option<String>,
}

/// What is said of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswersTold {
    /// What is taken, what not and why.
    pub json: Value,
    /// Whether everything that was sent in is taken.
    pub whole: bool,
}

/// Why nothing is said of a file, or nothing of it taken.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswersFailed {
    /// It was asked for as the round cannot have it.
    Asked(Words),
    /// The file is none that can be taken; why, by place.
    Refused(Value),
    /// It is larger than it may be: so many bytes.
    TooLarge(usize),
    /// It is not kept any more.
    Gone,
    /// A database or the disk fails; whoever takes files has said why in the log of the program.
    Failed,
}

/// Takes answers in files.
pub trait AnswerFiles: Send + Sync {
    /// Receives a file and keeps it for a while, where nobody can read it; gives what it is called until it is forgotten.
    fn receive<'a>(&'a self, pieces: Pieces<'a>) -> BoxFuture<'a, Result<String, AnswersFailed>>;

    /// Takes a file that was received into a round, or says what would be taken. `structure` is another one: LimeSurvey's
    /// structure of the survey, without which some files say nothing of which question is which.
    fn take<'a>(
        &'a self,
        file: &'a str,
        structure: Option<&'a str>,
        round: &'a str,
        asked: &'a AnswersAsked,
    ) -> BoxFuture<'a, Result<AnswersTold, AnswersFailed>>;

    /// Forgets a file.
    fn forget(&self, file: &str);
}

impl From<AnswersFailed> for Problem {
    fn from(failed: AnswersFailed) -> Self {
        match failed {
            AnswersFailed::Asked(why) => Self::Asked(why.en),
            AnswersFailed::Refused(why) => Self::Refused(why),
            AnswersFailed::TooLarge(limit) => Self::TooLarge(limit),
            AnswersFailed::Gone => Self::Asked("the file is not kept any more; send it again".to_owned()),
            AnswersFailed::Failed => Self::Unavailable,
        }
    }
}

/// The most bytes of a field that is no file.
const FIELD: usize = 16 << 10;

/// What a form with files brings.
#[derive(Default)]
pub(super) struct Received {
    /// What the file of answers is called, where it carries one.
    pub(super) file: Option<String>,
    /// What LimeSurvey's structure of the survey is called, where it carries one.
    pub(super) structure: Option<String>,
    pub(super) fields: BTreeMap<String, String>,
}

/// Receives a form with files.
pub(super) async fn received(
    shell: &Shell,
    files: &Arc<dyn AnswerFiles>,
    request: Request,
) -> Result<Received, Problem> {
    let mut upload = Upload::of(shell, request).await?;
    let mut received = Received::default();
    while let Some(field) = upload.next().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let place = match name.as_str() {
            "file" => Some(&mut received.file),
            "structure" => Some(&mut received.structure),
            _ => None,
        };
        if let Some(place) = place {
            let mut pieces = field.map_err(io::Error::other).boxed();
            // A form without a file has an empty one.
            let first = pieces.next().await;
            let Some(first) = first.filter(|first| !first.as_ref().is_ok_and(|first| first.is_empty()))
            else {
                continue;
            };
            let all = futures_util::stream::once(async { first }).chain(pieces);
            *place = Some(files.receive(all.boxed()).await?);
        } else {
            let mut value = Vec::new();
            let mut pieces = field;
            while let Some(piece) = pieces.next().await {
                value.extend(piece.map_err(|_| Problem::Asked("the form cannot be read".to_owned()))?);
                if value.len() > FIELD {
                    return Err(Problem::TooLarge(FIELD));
                }
            }
            received.fields.insert(name, String::from_utf8_lossy(&value).into_owned());
        }
    }
    Ok(received)
}

/// Takes a file with answers into a round: LimeSurvey's exports, SurveyJS results, or a long table, gzip or not. With
/// `dry_run` it says what would be taken and what not. A file that comes again changes nothing. Of one that cannot be taken
/// nothing is: the problem has `refused`, each with its place. LimeSurvey's VV of version 1 comes in a form, with the survey's
/// structure (`.lss`).
#[utoipa::path(
    post,
    path = "/api/v1/rounds/{id}/answers",
    tag = "surveys",
    operation_id = "take_answers",
    params(Id, AnswersAsked),
    request_body(content(
        (crate::shell::openapi::File = "application/octet-stream"),
        (AnswersForm = "multipart/form-data"),
    )),
    responses((status = OK, body = AnswersShown))
)]
pub(crate) async fn take(
    _: Administrator,
    State(shell): State<Shell>,
    State(files): State<Arc<dyn AnswerFiles>>,
    Path(Id { id }): Path<Id>,
    Query(asked): Query<AnswersAsked>,
    request: Request,
) -> Result<Response, Problem> {
    let known = shell.municipality.refresh().await?.municipality;
    known.surveys.round(&id).ok_or(Problem::NotFound("round"))?;
    let (file, structure) = if is(request.headers(), "multipart/form-data") {
        let Received { file, structure, .. } = received(&shell, &files, request).await?;
        let none = || Problem::Asked("the form has no field `file` with a file".to_owned());
        (file.ok_or_else(none)?, structure)
    } else {
        let FileBody(pieces) = FileBody::from_request(request, &()).await?;
        (files.receive(pieces).await?, None)
    };
    let told = files.take(&file, structure.as_deref(), &id, &asked).await;
    [Some(file), structure].iter().flatten().for_each(|file| files.forget(file));
    let unkept = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((unkept, Json(told?.json)).into_response())
}

/// A form with files, as the API's document has it.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what is received")]
pub(crate) struct AnswersForm {
    /// The file with answers.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// LimeSurvey's structure of the survey (`.lss`).
    #[schema(value_type = Option<String>, format = Binary)]
    structure: Option<Vec<u8>>,
}

/// What is said of a file, as the API's document has it; it is written by whoever takes files.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what whoever takes files says")]
pub(crate) struct AnswersShown {
    /// The round's id.
    round: String,
    /// The round's mode.
    mode: String,
    /// Whether nothing was taken because nothing was to be.
    dry_run: bool,
    /// Respondents in the file.
    rows: u64,
    /// Of them those who sent in.
    complete: u64,
    /// Those who did not.
    incomplete: u64,
    /// Those who answered nothing.
    empty: u64,
    /// Those whose answers are in, or would be.
    taken: u64,
    /// Those whose answers are not taken.
    not_taken: u64,
    /// Of those that are taken, how many are new; where that can be known.
    answers: Option<Counted>,
    /// What the file was read as: `limesurvey-csv`, `limesurvey-json`, `limesurvey-vv`, `limesurvey-excel`, `surveyjs` or
    /// `long-table`.
    format: String,
    /// What stands between its fields.
    separator: Option<String>,
    /// Columns that are no answers.
    dropped: Vec<Dropped>,
    /// Whether times of answering are kept.
    times_kept: bool,
    /// Columns with empty cells of which the file does not say whether their questions were shown.
    cannot_tell_shown_from_skipped: Vec<Blind>,
    /// Answers to questions that the definition does not show beside the others, by question.
    #[schema(value_type = Object)]
    hidden_answers_dropped: Value,
    /// What to do better.
    advice: Option<domain::Text>,
    /// The first hundred that are not taken, and why.
    why_not: Option<Vec<WhyNot>>,
    /// Why nothing of the file is taken; in a dry run alone.
    refused: Option<Vec<RefusedPart>>,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what whoever takes files says")]
struct Counted {
    /// New ones.
    new: u64,
    /// Those that take the place of an earlier answer.
    replaced: u64,
    /// Those that were in already.
    before: u64,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what whoever takes files says")]
struct Dropped {
    column: String,
    /// `identity`, `time`, `order`, `upload`, `computed`, `as-asked` or `other`.
    why: String,
    /// How many cells are filled.
    filled: u64,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what whoever takes files says")]
struct Blind {
    column: String,
    cells: u64,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what whoever takes files says")]
struct WhyNot {
    /// The row of the file.
    row: u64,
    /// The question or column.
    at: String,
    why: domain::Text,
}
