//! Pages and API for administrators, by subject: a folder each, with its pages, its part of the API and its words side
//! by side. Subjects know the shell and nothing of each other; the shell knows none of them.
//!
//! Every figure that leaves here is a [`disclosure::Released`].

mod courses;
mod organisation;
mod reports;
mod shell;
mod sources;
mod surveys;
mod system;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware;
use eventlog::EventLog;
use eventlog::clock::SharedClock;
use prometheus::Registry;
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use vault::Vault;
use views::definitions::Definitions;
use views::municipality::Current;

pub use reports::{
    Ask, Opened, OrderFailure, OrderInput, OrderedReport, Orders, OrdersListed, Question, ReportFailure,
    ReportSchedule, Reports, ScheduleInput,
};
pub use shell::held_against;
pub use shell::problem::Problem;
pub use sources::{
    CredentialFailure, CredentialInput, CredentialTask, Credentials, ForwardFailure, ForwardInput,
    ForwardTask, Forwards, Statements, StatementsFailed,
};
pub use surveys::{AnswerFiles, AnswersAsked, AnswersFailed, AnswersTold, Pieces};
pub use surveys::{Door, Invitations, InvitationsFailed, InvitedPerson, WaysIn};
pub use system::{Followers, FollowersFailed, Rebuilding, Standing, Unfoldable};

use shell::{Attempts, Metrics, Shell, Subject};

/// The subjects, in the order of the navigation.
fn subjects() -> [Subject<Admin>; 6] {
    [
        reports::subject(),
        organisation::subject(),
        courses::subject(),
        surveys::subject(),
        sources::subject(),
        system::subject(),
    ]
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
    /// The keeper of ordered reports.
    pub orders: Arc<dyn Orders>,
    /// Who knows how the followers of the log stand.
    pub followers: Arc<dyn Followers>,
    /// The keeper of credentials.
    pub credentials: Arc<dyn Credentials>,
    /// Who knows where single statements come from.
    pub statements: Arc<dyn Statements>,
    /// Who knows the codes of rounds.
    pub invitations: Arc<dyn Invitations>,
    /// Who takes answers in files.
    pub answers: Arc<dyn AnswerFiles>,
    /// The keeper of forwards.
    pub forwards: Arc<dyn Forwards>,
    /// The time.
    pub clock: SharedClock,
    /// Where metrics go.
    pub registry: Registry,
    /// The smallest group that answers are told of.
    pub smallest: u32,
    /// Whether browsers must send the session's cookie over TLS alone.
    pub secure_cookies: bool,
    /// Whether the proxies are named in front of the service, so that an address of this machine or a private one is
    /// known to be a visitor's own.
    pub proxies_named: bool,
}

/// The service: the shell, and whom each subject asks. Cheap to clone.
#[derive(Clone)]
struct Admin {
    shell: Shell,
    reports: Arc<dyn Reports>,
    orders: Arc<dyn Orders>,
    followers: Arc<dyn Followers>,
    credentials: Arc<dyn Credentials>,
    statements: Arc<dyn Statements>,
    invitations: Arc<dyn Invitations>,
    answers: Arc<dyn AnswerFiles>,
    forwards: Arc<dyn Forwards>,
    definitions: Definitions,
}

/// Lets handlers ask for a part by its type.
macro_rules! parts {
    ($($part:ident: $kind:ty),* $(,)?) => {
        $(impl FromRef<Admin> for $kind {
            fn from_ref(admin: &Admin) -> Self {
                admin.$part.clone()
            }
        })*
    };
}

parts! {
    shell: Shell,
    reports: Arc<dyn Reports>,
    orders: Arc<dyn Orders>,
    followers: Arc<dyn Followers>,
    credentials: Arc<dyn Credentials>,
    statements: Arc<dyn Statements>,
    invitations: Arc<dyn Invitations>,
    answers: Arc<dyn AnswerFiles>,
    forwards: Arc<dyn Forwards>,
    definitions: Definitions,
}

/// The routes of pages (`/…`) and API (`/api/v1/…`). Who asks from where is expected in `ConnectInfo`, and that another
/// site's page asks in `Sec-Fetch-Site`, also of browsers that do not send it.
///
/// # Errors
/// The metrics are registered already.
pub fn router(options: Options) -> Result<Router, prometheus::Error> {
    let Options {
        log,
        vault,
        municipality,
        reports,
        orders,
        followers,
        credentials,
        statements,
        invitations,
        answers,
        forwards,
        clock,
        registry,
        smallest,
        secure_cookies,
        proxies_named,
    } = options;
    let pages = subjects().iter().flat_map(|subject| subject.pages).copied().collect();
    let definitions = Definitions::new(log.clone(), vault.clone());
    let shell = Shell {
        log,
        vault,
        municipality,
        clock,
        smallest,
        secure_cookies,
        attempts: Arc::new(Attempts::new(proxies_named)),
        metrics: Metrics::new(&registry)?,
        pages,
        room: Default::default(),
        forms: Arc::new(Semaphore::new(shell::FORMS)),
        turn: Arc::default(),
    };
    let admin = Admin {
        shell,
        reports,
        orders,
        followers,
        credentials,
        statements,
        invitations,
        answers,
        forwards,
        definitions,
    };
    let router = Router::from(mounted())
        .merge(shell::routes())
        .fallback(shell::nowhere)
        .method_not_allowed_fallback(shell::not_so)
        .layer(middleware::from_fn(shell::enter_first))
        .with_state(admin);
    Ok(router)
}

/// The API as a document (OpenAPI 3.1).
pub fn described() -> serde_json::Value {
    shell::openapi::described(mounted().into_openapi())
}

/// The addresses that are no part of the API: pages, the way in, and what pages are made of.
pub fn pages() -> Vec<&'static str> {
    let subjects = subjects();
    let pages = subjects.iter().flat_map(|subject| subject.pages).map(|page| page.path);
    pages.chain(reports::BELOW).chain(surveys::BELOW).chain(shell::OPEN).collect()
}

fn mounted() -> OpenApiRouter<Admin> {
    subjects().into_iter().fold(OpenApiRouter::new(), |all, subject| all.merge(subject.routes))
}
