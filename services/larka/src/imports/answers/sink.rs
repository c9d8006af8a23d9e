//! Where answers go.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use forms::Definition;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::answered::Said;
use crate::door::Door;
use crate::failure::Failure;
use crate::imports::answers::judge::Answer;
use crate::imports::feed::{self, BATCH, Feed, Places, State, Terms};
use crate::imports::file::beside;
use crate::imports::source::{Item, Kind};
use crate::tasks::Task;
use crate::tasks::rounds::{Ballot, Cast, Round};

/// Takes what respondents answered, one after another.
pub(super) trait Sink {
    /// Takes the answers of one respondent, sooner or later.
    async fn take(&mut self, answer: Answer) -> Result<(), Failure>;
    /// In short, while it goes on.
    fn so_far(&self) -> String;
    /// Takes what was left.
    async fn finish(self) -> Result<Done, Failure>;
}

/// What was made of the answers, what is said of it, and whether all is in.
pub(super) type Done = (&'static str, Json, bool);

/// Into the log as statements, by the way that all imports go: in batches, known again where they are there already, resumed
/// where an earlier attempt was broken off.
pub(super) struct Statements<'a> {
    feed: Feed<'a>,
    round: &'a Round,
    definition: &'a Definition,
    waiting: Vec<Item>,
    /// How many an earlier attempt brought in.
    done: u64,
}

impl<'a> Statements<'a> {
    pub(super) fn open(
        door: &'a Door,
        file: &Path,
        round: &'a Round,
        definition: &'a Definition,
        credential: String,
    ) -> Result<Statements<'a>, Failure> {
        let metadata = fs::metadata(file)?;
        let start = State {
            size: metadata.len(),
            modified: metadata.mtime(),
            kind: Some(Kind::Answers),
            ..State::default()
        };
        // A file may be the answers of several rounds, one after another.
        let own = hex::encode(&Sha256::digest(&round.id)[..4]);
        let places = Places {
            state: beside(file, &format!("{own}.import")),
            tally: beside(file, &format!("{own}.import-tally")),
            aside: beside(file, "aside.jsonl"),
        };
        let same = |before: &State| (before.size, before.modified) == (start.size, start.modified);
        let state = feed::kept(&places.state).filter(same).unwrap_or(start);
        let terms = Terms { credential, version: Kind::Answers.usual_version().to_owned(), contents: None };
        let feed = Feed::open(door, terms, places, state)?;
        Ok(Statements { done: feed.state.read, feed, round, definition, waiting: Vec::new() })
    }
}

impl Sink for Statements<'_> {
    async fn take(&mut self, answer: Answer) -> Result<(), Failure> {
        let Answer { row, respondent, at, answers, .. } = answer;
        let Some(actor) = respondent else { return Ok(()) };
        let Round { id, registration, survey, activities, again, .. } = self.round;
        let said = Said { round: id, registration: *registration, survey, activities };
        // Where a later answer counts, it is told apart from the one before by when it was given.
        let submission = if *again { at.to_be_bytes().to_vec() } else { Vec::new() };
        for (_, text) in said.statements(self.definition, &actor, &answers, Some(at), &submission) {
            if self.done > 0 {
                self.done -= 1;
                continue;
            }
            self.waiting.push(Item {
                line: row,
                text: Ok(text),
                stored: None,
                voided: None,
                contents: Vec::new(),
            });
            if self.waiting.len() == BATCH {
                self.feed.take(std::mem::take(&mut self.waiting)).await?;
            }
        }
        Ok(())
    }

    fn so_far(&self) -> String {
        self.feed.so_far()
    }

    async fn finish(mut self) -> Result<Done, Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        self.feed.take(waiting).await?;
        let (answer, whole) = self.feed.end().await?;
        self.feed.forget()?;
        Ok(("statements", answer, whole))
    }
}

/// Into the ballot box of a round that nobody can link: without who, when, and in an order by chance. The same row of the same
/// file counts once.
pub(super) struct Ballots<'a> {
    door: &'a Door,
    round: &'a Round,
    /// SHA-256 of the file.
    file: [u8; 32],
    /// What orders them, drawn for this import.
    chance: [u8; 32],
    waiting: Vec<([u8; 32], Ballot)>,
}

/// Ballots that travel at a time.
const AT_A_TIME: usize = 200;

impl<'a> Ballots<'a> {
    pub(super) fn open(door: &'a Door, file: &Path, round: &'a Round) -> Result<Ballots<'a>, Failure> {
        let mut hash = Sha256::new();
        std::io::copy(&mut fs::File::open(file)?, &mut hash)?;
        let mut chance = [0; 32];
        getrandom::fill(&mut chance)
            .map_err(|e| Failure::new(format!("the system gives no randomness: {e}")))?;
        Ok(Ballots { door, round, file: hash.finalize().into(), chance, waiting: Vec::new() })
    }
}

impl Sink for Ballots<'_> {
    async fn take(&mut self, answer: Answer) -> Result<(), Failure> {
        let Some((unit, role)) = answer.place else { return Ok(()) };
        let hashed = |first: &[u8]| Sha256::new().chain_update(first).chain_update(answer.row.to_be_bytes());
        let mut submission = [0; 16];
        submission.copy_from_slice(&hashed(&self.file).finalize()[..16]);
        let order = hashed(&self.chance).finalize().into();
        let ballot = Ballot { submission, unit, role, answers: answer.answers, complete: answer.complete };
        self.waiting.push((order, ballot));
        Ok(())
    }

    fn so_far(&self) -> String {
        String::new()
    }

    async fn finish(mut self) -> Result<Done, Failure> {
        self.waiting.sort_unstable_by_key(|(order, _)| *order);
        let mut all = Cast::default();
        let mut waiting = self.waiting.into_iter().map(|(_, ballot)| ballot).peekable();
        while waiting.peek().is_some() {
            let ballots = waiting.by_ref().take(AT_A_TIME).collect();
            let task = Task::Ballots { round: self.round.id.clone(), ballots };
            let cast: Cast = serde_json::from_value(self.door.perform(task).await?)?;
            all.taken += cast.taken;
            all.before += cast.before;
            all.too_long += cast.too_long;
        }
        let whole = all.too_long == 0;
        Ok(("ballots", serde_json::to_value(all)?, whole))
    }
}
