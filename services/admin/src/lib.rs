//! Pages and API for administrators: the ways in, reports, status.
//!
//! Reports are asked for through [`Reports`], so that neither this service nor its tests build what
//! computes them. Every figure that leaves here is a [`disclosure::Released`].

mod api;
mod auth;
mod credentials;
mod forwards;
mod openapi;
mod overview;
mod pages;
mod problem;
mod report_page;
mod shell;
mod sources;
mod statements;
mod ways_in;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use disclosure::Released;
use eventlog::EventLog;
use eventlog::clock::SharedClock;
use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use vault::Vault;
use views::municipality::Current;

pub use credentials::{CredentialFailure, CredentialInput, CredentialTask, Credentials};
pub use forwards::{ForwardFailure, ForwardInput, ForwardTask, Forwards};
pub use openapi::described;
pub use problem::Problem;
pub use statements::{Statements, StatementsFailed};

/// A roster of a large municipality fits; more is posted in parts.
const BODY_LIMIT: usize = 64 << 20;

/// What is asked of the maker of reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Digital competence of those with duties.
    Competence,
    /// One round of a survey.
    Survey {
        /// The round's id; `None` for the one that opened last.
        round: Option<String>,
    },
}

/// A question, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What.
    pub question: Question,
    /// The log position; `None` for as far as the lake has come.
    pub at: Option<u64>,
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportFailure {
    /// The question cannot be answered as put; why, in words for whoever asked.
    Asked(String),
    /// The maker failed; its log says why.
    Failed,
}

/// An event that a follower of the log cannot fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unfoldable {
    /// Where it stands in the log.
    pub position: u64,
    /// Its kind.
    pub kind: String,
    /// What was wrong; nothing that it says.
    pub error: String,
    /// When it was set aside (RFC 3339), if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// How one follower of the log stands; as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Which time that a projection was built answers.
    pub generation: Option<u64>,
    /// Everything up to this log position is in it.
    pub position: u64,
    /// Events behind the head.
    pub lag_events: u64,
    /// Seconds behind.
    pub lag_seconds: f64,
    /// Where and why it stopped, if it did.
    pub stopped: Option<Unfoldable>,
    /// How many events it does without, because it could not fold them.
    pub set_aside: u64,
    /// The last few of those, the latest first.
    pub set_aside_latest: Vec<Unfoldable>,
    /// What is being built to take its place.
    pub rebuild: Option<Rebuilding>,
}

/// How far that is which is built anew, beside what answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rebuilding {
    /// Which time that a projection is built.
    pub generation: Option<u64>,
    /// Everything up to this log position is in it.
    pub position: u64,
    /// Events behind the head.
    pub lag_events: u64,
    /// Where and why it stopped, if it did; what answers goes on.
    pub stopped: Option<Unfoldable>,
    /// How many events it does without.
    pub set_aside: u64,
}

/// Makes reports, and says how the views stand.
pub trait Reports: Send + Sync {
    /// A report that has passed the gate.
    fn make(&self, ask: Ask) -> BoxFuture<'_, Result<Arc<Released>, ReportFailure>>;
    /// How the projections and the lake stand.
    fn standing(&self) -> BoxFuture<'_, Result<Vec<Standing>, ReportFailure>>;
}

/// What the service is made of.
pub struct Options {
    /// The log.
    pub log: EventLog,
    /// The vault.
    pub vault: Vault,
    /// The municipality as the log tells it.
    pub municipality: Current,
    /// The maker of reports.
    pub reports: Arc<dyn Reports>,
    /// The keeper of credentials.
    pub credentials: Arc<dyn Credentials>,
    /// Who knows where single statements come from.
    pub statements: Arc<dyn Statements>,
    /// The keeper of forwards.
    pub forwards: Arc<dyn Forwards>,
    /// The time.
    pub clock: SharedClock,
    /// Whether browsers must send the session's cookie over TLS alone.
    pub secure_cookies: bool,
}

/// The service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    pub(crate) municipality: Current,
    pub(crate) reports: Arc<dyn Reports>,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) statements: Arc<dyn Statements>,
    pub(crate) forwards: Arc<dyn Forwards>,
    pub(crate) clock: SharedClock,
    pub(crate) secure_cookies: bool,
    pub(crate) turn: Arc<Mutex<()>>,
}

/// The routes of pages (`/…`) and API (`/api/v1/…`).
pub fn router(options: Options) -> Router {
    let Options {
        log,
        vault,
        municipality,
        reports,
        credentials,
        statements,
        forwards,
        clock,
        secure_cookies,
    } = options;
    let turn = Arc::default();
    let admin = Admin {
        log,
        vault,
        municipality,
        reports,
        credentials,
        statements,
        forwards,
        clock,
        secure_cookies,
        turn,
    };
    Router::new()
        .route("/", get(pages::overview))
        .route("/login", get(pages::login).post(pages::log_in))
        .route("/logout", post(pages::log_out))
        .route("/reports/competence", get(report_page::competence))
        .route("/reports/survey", get(report_page::survey))
        .route("/sources", get(sources::page))
        .route("/system", get(pages::system))
        .route("/assets/{*path}", get(shell::asset))
        .merge(Router::from(api()))
        .fallback(shell::nowhere)
        .method_not_allowed_fallback(shell::not_so)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(admin)
}

/// The routes of the API. Each stands once, in the attribute over its handler, for the router and for the document.
fn api() -> OpenApiRouter<Admin> {
    OpenApiRouter::new()
        .routes(routes!(ways_in::organisation))
        .routes(routes!(ways_in::courses))
        .routes(routes!(ways_in::surveys))
        .routes(routes!(ways_in::rounds))
        .routes(routes!(api::report))
        .routes(routes!(api::status))
        .routes(routes!(credentials::list, credentials::create))
        .routes(routes!(credentials::revoke))
        .routes(routes!(credentials::rotate))
        .routes(routes!(credentials::set_rules))
        .routes(routes!(credentials::replay))
        .routes(routes!(credentials::discard))
        .routes(routes!(forwards::list, forwards::create))
        .routes(routes!(forwards::remove))
        .routes(routes!(forwards::pause))
        .routes(routes!(forwards::resume))
        .routes(routes!(statements::provenance))
}
