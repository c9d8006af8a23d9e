//! Answers in files, for programs: what would be taken of one, or that it is taken.
//!
//! What a file is, and what becomes of its answers, is the business of whoever implements [`AnswerFiles`]; the command on the
//! server asks the same.

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::api::Id;
use super::shown::RefusedPart;
use crate::shell::body::FileBody;
use crate::shell::problem::{Path, Problem, Query};
use crate::shell::{Administrator, Shell};

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
    Asked(String),
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

    /// Takes a file that was received into a round, or says what would be taken.
    fn take<'a>(
        &'a self,
        file: &'a str,
        round: &'a str,
        asked: &'a AnswersAsked,
    ) -> BoxFuture<'a, Result<AnswersTold, AnswersFailed>>;

    /// Forgets a file.
    fn forget(&self, file: &str);
}

impl From<AnswersFailed> for Problem {
    fn from(failed: AnswersFailed) -> Self {
        match failed {
            AnswersFailed::Asked(why) => Self::Asked(why),
            AnswersFailed::Refused(why) => Self::Refused(why),
            AnswersFailed::TooLarge(limit) => Self::TooLarge(limit),
            AnswersFailed::Gone => Self::Asked("the file is not kept any more; send it again".to_owned()),
            AnswersFailed::Failed => Self::Unavailable,
        }
    }
}

/// Takes a file with answers into a round: LimeSurvey's exports, SurveyJS results, or a long table, gzip or not. With
/// `dry_run` it says what would be taken and what not. A file that comes again changes nothing. Of one that cannot be taken
/// nothing is: the problem has `refused`, each with its place.
#[utoipa::path(
    post,
    path = "/api/v1/rounds/{id}/answers",
    tag = "surveys",
    operation_id = "take_answers",
    params(Id, AnswersAsked),
    request_body(content = crate::shell::openapi::File, content_type = "application/octet-stream"),
    responses((status = OK, body = AnswersShown))
)]
pub(crate) async fn take(
    _: Administrator,
    State(shell): State<Shell>,
    State(files): State<Arc<dyn AnswerFiles>>,
    Path(Id { id }): Path<Id>,
    Query(asked): Query<AnswersAsked>,
    FileBody(pieces): FileBody,
) -> Result<Response, Problem> {
    let known = shell.municipality.refresh().await?.municipality;
    known.surveys.round(&id).ok_or(Problem::NotFound("round"))?;
    let file = files.receive(pieces).await?;
    let told = files.take(&file, &id, &asked).await;
    files.forget(&file);
    let unkept = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((unkept, Json(told?.json)).into_response())
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
