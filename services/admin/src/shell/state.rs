//! What every handler may use, and what a subject brings along.

use std::sync::Arc;

use disclosure::Lang;
use eventlog::EventLog;
use eventlog::clock::SharedClock;
use tokio::sync::{Mutex, Semaphore};
use utoipa_axum::router::OpenApiRouter;
use vault::Vault;
use views::municipality::Current;

use super::attempts::Attempts;
use super::metrics::Metrics;
use super::room::Room;
use super::words::{self, t};

/// What every handler may use. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    /// The municipality as the log tells it.
    pub(crate) municipality: Current,
    pub(crate) clock: SharedClock,
    /// The smallest group that answers are told of.
    pub(crate) smallest: u32,
    /// Whether browsers must send the session's cookie over TLS alone.
    pub(crate) secure_cookies: bool,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) metrics: Metrics,
    /// The pages of all subjects, in the order of the navigation.
    pub(crate) pages: Arc<[Page]>,
    /// The room for bodies that come in.
    pub(crate) room: Room,
    /// Places for log-ins' forms that do not come at once.
    pub(crate) forms: Arc<Semaphore>,
    /// Held by whoever records what a body describes.
    pub(crate) turn: Arc<Mutex<()>>,
}

/// A subject: its pages in the order of the navigation, and the routes of its pages and its part of the API. A route of
/// the API stands once, in the attribute over its handler, for the router and for the document.
pub(crate) struct Subject<S> {
    pub(crate) pages: &'static [Page],
    pub(crate) routes: OpenApiRouter<S>,
}

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// Its path.
    pub(crate) path: &'static str,
    /// Its title in Swedish.
    pub(crate) sv: &'static str,
    /// And in English.
    pub(crate) en: &'static str,
}

impl Page {
    /// Its address in a language.
    pub(crate) fn href(&self, lang: Lang) -> String {
        words::in_language(self.path, lang)
    }

    /// Its title.
    pub(crate) fn title(&self, lang: Lang) -> &'static str {
        t(lang, self.sv, self.en)
    }
}
