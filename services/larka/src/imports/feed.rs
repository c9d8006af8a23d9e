//! From statements that were found to the log, in batches, each of which is taken down once it is done: an import that
//! was broken off goes on there.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

use crate::door::Door;
use crate::failure::Failure;
use crate::imports::compare::{self, Mark, Tally};
use crate::imports::contents::ContentStore;
use crate::imports::glance::Glance;
use crate::imports::source::{Item, Kind};
use crate::imports::trail::Trail;
use crate::tasks::Task;
use crate::tasks::imported::{Batch, Id, Outcome, Run, Sent};

/// Statements, or bytes of statements and attachments, that go in at a time.
pub(super) const BATCH: usize = 500;
pub(super) const BATCH_BYTES: usize = 4 << 20;
/// Bytes that travel to the instance at a time, if there is more than one statement to them.
const HEAVIEST: usize = 24 << 20;
/// Of those that were set aside, how many the answer lists; the file has all.
const LISTED: usize = 100;
/// Bytes of the attachments of one statement that are taken.
const MOST_CONTENT: usize = 32 << 20;

/// How far an import has come, kept between its batches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    /// The file's size and time, by which it is known again.
    pub(super) size: u64,
    pub(super) modified: i64,
    pub(super) kind: Option<Kind>,
    /// The run that is under way, and all there were before it.
    pub(super) run: Option<Id>,
    pub(super) runs: Vec<Id>,
    /// Whether the log knows of the run.
    pub(super) begun: bool,
    pub(super) read: u64,
    pub(super) stored: u64,
    pub(super) known: u64,
    pub(super) aside: u64,
    pub(super) without_content: u64,
    /// How long the files of marks and of what was set aside were.
    pub(super) tally: u64,
    pub(super) aside_bytes: u64,
    /// Where in the latter this run began.
    pub(super) aside_from: u64,
    /// The verbs that the marks count.
    pub(super) verbs: Vec<String>,
    /// How far a pull came.
    pub(super) trail: Trail,
    /// What an earlier pull ended with, while everything is read anew: it has to be there again.
    pub(super) owed: Option<Id>,
}

/// Where an import keeps what it has to know again.
pub(super) struct Places {
    pub(super) state: PathBuf,
    pub(super) tally: PathBuf,
    pub(super) aside: PathBuf,
}

/// What is the same for all statements of an import.
pub(super) struct Terms {
    pub(super) credential: String,
    pub(super) version: String,
    pub(super) contents: Option<ContentStore>,
}

/// An import under way.
pub(super) struct Feed<'d> {
    door: &'d Door,
    terms: Terms,
    places: Places,
    pub(super) state: State,
    tally: Tally,
}

/// A statement that did not fit: its line, where in it, what was expected there, and its text.
type Rejected = (u64, String, String, String);

/// A statement on its way, with its line, and which of the marks is its.
struct Ready {
    line: u64,
    mark: usize,
    sent: Sent,
}

impl<'d> Feed<'d> {
    /// Goes on with an import, or begins one.
    pub(super) fn open(
        door: &'d Door,
        terms: Terms,
        places: Places,
        mut state: State,
    ) -> Result<Self, Failure> {
        let tally = Tally::open(&places.tally, state.tally)?;
        let aside_bytes = std::fs::metadata(&places.aside).map_or(0, |metadata| metadata.len());
        if state.run.is_none() {
            let mut run = [0; 16];
            getrandom::fill(&mut run)
                .map_err(|e| Failure::new(format!("the system gives no randomness: {e}")))?;
            let run = uuid::Builder::from_random_bytes(run).into_uuid().into_bytes();
            state = State {
                run: Some(run),
                begun: false,
                read: 0,
                stored: 0,
                known: 0,
                aside: 0,
                without_content: 0,
                aside_bytes,
                aside_from: aside_bytes,
                ..state
            };
        } else if aside_bytes > state.aside_bytes {
            File::options().write(true).open(&places.aside)?.set_len(state.aside_bytes)?;
        }
        Ok(Self { door, terms, places, state, tally })
    }

    /// Takes statements in, and takes down that it was done.
    pub(super) async fn take(&mut self, items: Vec<Item>) -> Result<(), Failure> {
        let mut marks = Vec::with_capacity(items.len());
        let (mut ready, mut rejected) = (Vec::with_capacity(items.len()), Vec::new());
        let (read, mut weight, mut outcome) = (items.len() as u64, 0, Outcome::default());
        for item in items {
            let (line, voided, stored) = (item.line, item.voided, item.stored);
            let text = match item.text {
                Ok(text) => text,
                Err((expected, there)) => {
                    marks.push(Mark { aside: true, ..self.mark(line, &there, stored, voided) });
                    rejected.push((line, String::new(), expected, there));
                    continue;
                }
            };
            let mark = self.mark(line, &text, stored, voided);
            let contents = match self.contents(&text, item.contents)? {
                Ok(contents) => contents,
                Err(expected) => {
                    marks.push(Mark { aside: true, ..mark });
                    rejected.push((line, "/attachments".to_owned(), expected, text));
                    continue;
                }
            };
            let own = text.len() + contents.iter().map(String::len).sum::<usize>();
            if weight > 0 && weight + own > HEAVIEST {
                outcome.add(self.send(std::mem::take(&mut ready), &mut marks, &mut rejected).await?);
                weight = 0;
            }
            weight += own;
            let sent = Sent { text, id: mark.id.into_bytes(), stored: mark.stored, contents };
            ready.push(Ready { line, mark: marks.len(), sent });
            marks.push(mark);
        }
        outcome.add(self.send(ready, &mut marks, &mut rejected).await?);
        let tally = self.tally.add(&marks)?;
        rejected.sort_by_key(|(line, ..)| *line);
        self.set_aside(&rejected)?;
        let state = &mut self.state;
        state.tally = tally;
        state.read += read;
        state.stored += outcome.stored;
        state.known += outcome.known;
        state.without_content += outcome.without_content;
        state.aside += rejected.len() as u64;
        self.save()
    }

    /// Hands statements to the instance, and marks those that it does not take.
    async fn send(
        &mut self,
        ready: Vec<Ready>,
        marks: &mut [Mark],
        rejected: &mut Vec<Rejected>,
    ) -> Result<Outcome, Failure> {
        let Some(run) = self.state.run.filter(|_| !ready.is_empty()) else { return Ok(Outcome::default()) };
        if !self.state.begun {
            self.door.perform(Task::ImportRun(self.run(run, None))).await?;
            self.state.begun = true;
        }
        let places: Vec<(u64, usize)> = ready.iter().map(|one| (one.line, one.mark)).collect();
        let texts: Vec<String> = ready.iter().map(|one| one.sent.text.clone()).collect();
        let batch = Batch {
            credential: self.terms.credential.clone(),
            version: self.terms.version.clone(),
            run,
            statements: ready.into_iter().map(|one| one.sent).collect(),
        };
        let outcome: Outcome = serde_json::from_value(self.door.perform(Task::Import(batch)).await?)?;
        for (at, path, expected) in &outcome.aside {
            let (line, mark) = places[*at];
            marks[mark].aside = true;
            rejected.push((line, path.clone(), expected.clone(), texts[*at].clone()));
        }
        Ok(outcome)
    }

    /// Ends the run. What is said of it, and whether nothing was set aside.
    pub(super) async fn end(&mut self) -> Result<(Value, bool), Failure> {
        if let Some(run) = self.state.run.take() {
            let State { read, stored, known, aside, without_content, .. } = self.state;
            if self.state.begun {
                let counts = Some([read, stored, known, aside, without_content]);
                self.door.perform(Task::ImportRun(self.run(run, counts))).await?;
                self.state.runs.push(run);
            }
        }
        let state = &self.state;
        let mut answer = json!({
            "source": self.kind().name(),
            "read": state.read,
            "stored": state.stored,
            "known": state.known,
            "aside": state.aside,
            "without_content": state.without_content,
        });
        if state.begun
            && let Some(run) = state.runs.last()
        {
            answer["run"] = Uuid::from_bytes(*run).to_string().into();
        }
        if state.aside > 0 {
            answer["aside_file"] = self.places.aside.display().to_string().into();
            answer["set_aside"] = self.listed_aside()?.into();
        }
        Ok((answer, state.aside == 0))
    }

    /// Ends the run, and holds what the source gave against the log. Answers for programs, with the table for people.
    pub(super) async fn finish(&mut self) -> Result<(Value, String, bool), Failure> {
        let (mut answer, whole) = self.end().await?;
        let state = &self.state;
        let compared = compare::compare(self.door, &self.tally, &state.verbs, &state.runs).await?;
        let agrees = compared.agrees() && whole;
        answer["agrees"] = agrees.into();
        answer["counts"] = compared.json();
        Ok((answer, compared.table(), agrees))
    }

    /// The first of those that this run set aside.
    fn listed_aside(&self) -> Result<Vec<Value>, Failure> {
        let mut file = File::open(&self.places.aside)?;
        file.seek(SeekFrom::Start(self.state.aside_from))?;
        let lines = BufReader::new(file).lines().take(LISTED);
        lines.map(|line| Ok(serde_json::to_value(serde_json::from_str::<Aside>(&line?)?)?)).collect()
    }

    /// Forgets what was read so far, as all of it is read again: what is compared is what comes now.
    pub(super) fn begin_anew(&mut self) -> Result<(), Failure> {
        self.tally.forget()?;
        let state = &mut self.state;
        let last = std::mem::take(&mut state.trail).last.map(|step| step.id);
        state.owed = state.owed.or(last);
        state.verbs.clear();
        state.tally = 0;
        self.save()
    }

    /// What is to be kept for the next time.
    pub(super) fn save(&self) -> Result<(), Failure> {
        let draft = self.places.state.with_extension("draft");
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&draft)?;
        file.write_all(&serde_json::to_vec(&self.state)?)?;
        Ok(std::fs::rename(draft, &self.places.state)?)
    }

    /// Forgets everything about an import that is done.
    pub(super) fn forget(&self) -> Result<(), Failure> {
        for place in [&self.places.state, &self.places.tally] {
            if place.exists() {
                std::fs::remove_file(place)?;
            }
        }
        Ok(())
    }

    /// In short, while it goes on.
    pub(super) fn so_far(&self) -> String {
        format!("{} stored, {} known, {} aside", self.state.stored, self.state.known, self.state.aside)
    }

    fn kind(&self) -> Kind {
        self.state.kind.unwrap_or(Kind::Statements)
    }

    fn run(&self, run: Id, counts: Option<[u64; 5]>) -> Run {
        Run { run, source: self.kind().name().to_owned(), credential: self.terms.credential.clone(), counts }
    }

    /// What is compared at the end, of a statement or of what stands in place of one.
    fn mark(&mut self, line: u64, text: &str, stored: Option<i64>, voided: Option<bool>) -> Mark {
        let glance = Glance::of(text);
        let verb = glance.verb.unwrap_or_default();
        let known = self.state.verbs.iter().position(|one| *one == verb);
        let verb = known.unwrap_or_else(|| {
            self.state.verbs.push(verb);
            self.state.verbs.len() - 1
        });
        Mark {
            id: glance.id.unwrap_or_else(|| stand_in(line, text)),
            stored: glance.stored.or(stored),
            verb: u32::try_from(verb).unwrap_or(u32::MAX),
            voided,
            voids: glance.voids,
            aside: false,
        }
    }

    /// The content of a statement's attachments in base64, as far as it can be found; or what was expected.
    fn contents(&self, text: &str, mut came: Vec<Vec<u8>>) -> Result<Result<Vec<String>, String>, Failure> {
        if let Some(store) = self.terms.contents.as_ref().filter(|_| text.contains("\"attachments\"")) {
            let mut seen = std::collections::HashSet::new();
            for listed in xapi::attachments::listed(text) {
                if seen.insert(listed.sha2.to_ascii_lowercase()) {
                    came.extend(store.find(&listed.sha2)?);
                }
            }
        }
        if came.iter().map(Vec::len).sum::<usize>() > MOST_CONTENT {
            return Ok(Err("attachments of at most 32 MiB together".to_owned()));
        }
        Ok(Ok(came.iter().map(|content| STANDARD.encode(content)).collect()))
    }

    /// Adds what did not fit to a file that its owner alone can read: it holds what people did.
    fn set_aside(&mut self, rejected: &[Rejected]) -> Result<(), Failure> {
        if rejected.is_empty() {
            return Ok(());
        }
        let mut open = File::options().create(true).append(true).mode(0o600).open(&self.places.aside)?;
        for (line, path, expected, statement) in rejected {
            let entry = json!({ "line": line, "path": path, "expected": expected, "statement": statement });
            writeln!(open, "{entry}")?;
        }
        self.state.aside_bytes = open.metadata()?.len();
        Ok(())
    }
}

/// What is listed of a line of what was set aside: all but the statement.
#[derive(Serialize, Deserialize)]
struct Aside {
    line: u64,
    path: String,
    expected: String,
}

/// The state that was kept, if one was.
pub(super) fn kept(state: &Path) -> Option<State> {
    serde_json::from_slice(&std::fs::read(state).ok()?).ok()
}

/// The id of a statement that has none: the same source gives the same ids, so that it can be imported again.
fn stand_in(line: u64, text: &str) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(b"larka/import/1");
    hash.update(line.to_be_bytes());
    hash.update(text);
    let digest = hash.finalize();
    Builder::from_custom_bytes(std::array::from_fn(|at| digest[at])).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_line_stands_in_for_the_same_id_and_another_for_another() {
        let id = stand_in(3, "{}");
        assert_eq!((id.get_version_num(), id.get_variant()), (8, uuid::Variant::RFC4122));
        assert_eq!(stand_in(3, "{}"), stand_in(3, "{}"));
        assert!(stand_in(3, "{}") != stand_in(4, "{}") && stand_in(3, "{}") != stand_in(3, "{ }"));
    }
}
