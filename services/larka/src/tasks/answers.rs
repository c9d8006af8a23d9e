//! Answers in files where the instance is: received whole and sealed, looked at, taken.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use admin::{AnswersAsked, AnswersFailed, AnswersTold, Pieces};
use desk::files::{FileError, Source, Spool, Terms, Told, refused};
use forms::Words;
use forms::files::LONGEST_STRUCTURE;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::failure::Failure;
use crate::instance::Instance;

/// How long a file is kept for who looks at what would be taken of it.
const KEPT: Duration = Duration::from_secs(900);
/// Files that are kept at a time; the oldest makes room.
const MOST: usize = 16;
/// Files that are looked at or taken at a time.
const AT_ONCE: usize = 2;

/// What became of a file, as it travels and as it is printed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Taken {
    /// What is said of it, and whether all that was sent in is taken.
    Told(Value, bool),
    /// Why nothing of it can be.
    Refused(Value),
}

/// Takes a file, or says what would be taken. Goes on though whoever asked does not wait.
pub(crate) async fn take(
    instance: Arc<Instance>,
    round: String,
    terms: Terms,
    source: impl Source + 'static,
) -> Result<Taken, Failure> {
    match run(instance, round, terms, Arc::new(source)).await {
        Ok(Told { json, whole }) => Ok(Taken::Told(json, whole)),
        Err(FileError::Refused(refusals)) => Ok(Taken::Refused(refused(&refusals))),
        Err(error) => Err(error.into()),
    }
}

/// Files are read and unpacked on a thread that nobody else waits for.
async fn run(
    instance: Arc<Instance>,
    round: String,
    terms: Terms,
    source: Arc<dyn Source>,
) -> Result<Told, FileError> {
    let here = Handle::current();
    let done =
        tokio::task::spawn_blocking(move || here.block_on(instance.desk.take_file(&round, &terms, &*source)));
    done.await.unwrap_or_else(|error| Err(io::Error::other(error).into()))
}

/// Why a file was not received.
pub(crate) enum Unreceived {
    /// It is larger than it may be.
    TooLarge,
    /// It ended before it was whole.
    Cut,
    /// The disk fails.
    Disk(io::Error),
}

/// Receives a file of at most so many bytes.
pub(crate) async fn receive(
    instance: &Instance,
    most: u64,
    mut pieces: Pieces<'_>,
) -> Result<Spool, Unreceived> {
    let mut spool = Spool::begin(&instance.settings.storage.data_dir, most).map_err(Unreceived::Disk)?;
    let mut bytes = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Unreceived::Cut)?;
        bytes += piece.len() as u64;
        if bytes > most {
            return Err(Unreceived::TooLarge);
        }
        spool.add(&piece).map_err(Unreceived::Disk)?;
    }
    Ok(spool)
}

/// The API's and the pages' way to the desk with files.
pub(crate) struct ForApi {
    instance: Arc<Instance>,
    kept: Mutex<HashMap<String, Kept>>,
    places: Semaphore,
}

struct Kept {
    since: Instant,
    spool: Arc<Spool>,
}

impl ForApi {
    pub(crate) fn new(instance: &Arc<Instance>) -> Self {
        Self { instance: Arc::clone(instance), kept: Mutex::default(), places: Semaphore::new(AT_ONCE) }
    }

    fn most(&self) -> usize {
        self.instance.settings.limits.answer_file
    }

    fn spool(&self, file: &str) -> Result<Arc<Spool>, AnswersFailed> {
        self.kept().get(file).map(|one| Arc::clone(&one.spool)).ok_or(AnswersFailed::Gone)
    }

    /// The files that are kept, without those that nobody came back for.
    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<String, Kept>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, one| one.since.elapsed() < KEPT);
        kept
    }
}

impl admin::AnswerFiles for ForApi {
    fn receive<'a>(&'a self, pieces: Pieces<'a>) -> BoxFuture<'a, Result<String, AnswersFailed>> {
        async move {
            let spool =
                receive(&self.instance, self.most() as u64, pieces).await.map_err(|error| match error {
                    Unreceived::TooLarge => AnswersFailed::TooLarge(self.most()),
                    Unreceived::Cut => AnswersFailed::Asked(Words::new(
                        "filen tog slut innan hela hade kommit",
                        "the file ended before it was complete",
                    )),
                    Unreceived::Disk(error) => failed(&error),
                })?;
            let mut name = [0; 16];
            getrandom::fill(&mut name).map_err(|error| failed(&error))?;
            let name = hex::encode(name);
            let mut kept = self.kept();
            if kept.len() >= MOST
                && let Some(oldest) =
                    kept.iter().min_by_key(|(_, one)| one.since).map(|(name, _)| name.clone())
            {
                kept.remove(&oldest);
            }
            kept.insert(name.clone(), Kept { since: Instant::now(), spool: Arc::new(spool) });
            Ok(name)
        }
        .boxed()
    }

    fn take<'a>(
        &'a self,
        file: &'a str,
        structure: Option<&'a str>,
        round: &'a str,
        asked: &'a AnswersAsked,
    ) -> BoxFuture<'a, Result<AnswersTold, AnswersFailed>> {
        async move {
            let spool = self.spool(file)?;
            let structure = structure.map(|name| self.spool(name)).transpose()?;
            let structure =
                structure.map(|spool| structure_in(&*spool)).transpose().map_err(|error| failed(&error))?;
            let _place = self.places.acquire().await.map_err(|error| failed(&error))?;
            let instance = Arc::clone(&self.instance);
            let terms = Terms { structure, ..terms(asked) };
            match run(instance, round.to_owned(), terms, spool).await {
                Ok(Told { json, whole }) => Ok(AnswersTold { json, whole }),
                Err(FileError::Asked(why)) => Err(AnswersFailed::Asked(why)),
                Err(FileError::Refused(refusals)) => Err(AnswersFailed::Refused(refused(&refusals))),
                Err(error @ (FileError::Unread(_) | FileError::Desk(_))) => Err(failed(&error)),
            }
        }
        .boxed()
    }

    fn forget(&self, file: &str) {
        self.kept().remove(file);
    }
}

fn failed(error: &dyn std::fmt::Display) -> AnswersFailed {
    tracing::error!(%error, "answers in a file cannot be taken");
    AnswersFailed::Failed
}

/// A structure as a text; of a longer one than is read so much that it is refused.
fn structure_in(file: &dyn Source) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.open()?.take(LONGEST_STRUCTURE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn terms(asked: &AnswersAsked) -> Terms {
    let AnswersAsked { dry_run, respondent, home_page, unit, role, leave_out, drop_identities, credential } =
        asked.clone();
    let columns = leave_out.unwrap_or_default();
    let columns = columns.split(',').map(|column| column.trim().to_owned());
    Terms {
        dry_run,
        respondent,
        home_page,
        unit,
        role,
        leave_out: columns.filter(|column| !column.is_empty()).collect(),
        drop_identities,
        structure: None,
        credential,
    }
}
