//! What came out of the source, held against what the log has of it.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::door::Door;
use crate::failure::Failure;
use crate::tasks::Task;
use crate::tasks::imported::{Id, Stands};

/// Statements that are asked for at a time.
const ASKED: usize = 1_000;
/// Ids of missing statements that are named.
const NAMED: usize = 100;
/// Bytes of a mark: id, `stored`, verb, flags, what it voids, nothing.
const MARK: usize = 48;

const STORED: u8 = 1;
const FLAGGED: u8 = 2;
const VOIDED: u8 = 4;
const VOIDS: u8 = 8;
const ASIDE: u8 = 16;

/// A statement as the source has it, cut down to what is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) id: Uuid,
    pub(super) stored: Option<i64>,
    /// Which of the tally's verbs.
    pub(super) verb: u32,
    /// Whether the source says that it is voided; none where it says nothing.
    pub(super) voided: Option<bool>,
    /// The statement that it voids.
    pub(super) voids: Option<Uuid>,
    /// Whether it was set aside: what has its id here, if anything does, is another statement.
    pub(super) aside: bool,
}

impl Mark {
    fn write(&self) -> [u8; MARK] {
        let mut bytes = [0; MARK];
        bytes[..16].copy_from_slice(self.id.as_bytes());
        bytes[16..24].copy_from_slice(&self.stored.unwrap_or_default().to_be_bytes());
        bytes[24..28].copy_from_slice(&self.verb.to_be_bytes());
        bytes[28] = [
            (self.stored.is_some(), STORED),
            (self.voided.is_some(), FLAGGED),
            (self.voided == Some(true), VOIDED),
            (self.voids.is_some(), VOIDS),
            (self.aside, ASIDE),
        ]
        .into_iter()
        .filter_map(|(is, flag)| is.then_some(flag))
        .sum();
        bytes[32..].copy_from_slice(self.voids.unwrap_or_default().as_bytes());
        bytes
    }

    fn read(bytes: &[u8; MARK]) -> Self {
        let key =
            |at: usize| bytes[at..].first_chunk::<16>().copied().map(Uuid::from_bytes).unwrap_or_default();
        let is = |flag: u8| bytes[28] & flag != 0;
        let stored = bytes[16..].first_chunk().copied().map(i64::from_be_bytes);
        Self {
            id: key(0),
            stored: stored.filter(|_| is(STORED)),
            verb: bytes[24..].first_chunk().copied().map(u32::from_be_bytes).unwrap_or_default(),
            voided: is(FLAGGED).then(|| is(VOIDED)),
            voids: is(VOIDS).then(|| key(32)),
            aside: is(ASIDE),
        }
    }
}

/// A file of marks, one for each statement that the source gave, in its order.
pub(super) struct Tally {
    path: PathBuf,
    file: File,
}

impl Tally {
    /// Opens the file, and forgets what was added after it had this length. Held by one import at a time.
    pub(super) fn open(path: &Path, length: u64) -> Result<Self, Failure> {
        let file = File::options().create(true).append(true).read(true).mode(0o600).open(path)?;
        file.try_lock()
            .map_err(|_| Failure::new(format!("another import works on {}; wait for it", path.display())))?;
        if file.metadata()?.len() < length {
            return Err(Failure::new(format!("{} is cut short: expected {length} bytes", path.display())));
        }
        file.set_len(length)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Forgets all marks.
    pub(super) fn forget(&mut self) -> Result<(), Failure> {
        Ok(self.file.set_len(0)?)
    }

    /// Adds marks; says how long the file is then.
    pub(super) fn add(&mut self, marks: &[Mark]) -> Result<u64, Failure> {
        let bytes: Vec<u8> = marks.iter().flat_map(Mark::write).collect();
        self.file.write_all(&bytes)?;
        Ok(self.file.metadata()?.len())
    }

    /// Every statement once, by id. Where the source gave one several times, that it was voided once counts, and
    /// whether the last of them was set aside.
    fn distinct(&self) -> Result<Vec<Mark>, Failure> {
        let mut bytes = Vec::new();
        File::open(&self.path)?.read_to_end(&mut bytes)?;
        let mut marks: Vec<Mark> = bytes.as_chunks().0.iter().map(Mark::read).collect();
        drop(bytes);
        marks.sort_by_key(|mark| mark.id);
        marks.dedup_by(|later, first| {
            let same = later.id == first.id;
            if same {
                first.voided = first.voided.max(later.voided);
                first.aside = later.aside;
            }
            same
        });
        Ok(marks)
    }
}

/// What is counted on either side.
#[derive(Debug, Default, PartialEq, Eq)]
struct Side {
    statements: u64,
    voided: u64,
    first: Option<i64>,
    last: Option<i64>,
    verbs: BTreeMap<String, u64>,
}

impl Side {
    fn count(&mut self, verb: &str, voided: bool, stored: Option<i64>) {
        self.statements += 1;
        self.voided += u64::from(voided);
        self.first = [self.first, stored].into_iter().flatten().min();
        self.last = [self.last, stored].into_iter().flatten().max();
        match self.verbs.get_mut(verb) {
            Some(count) => *count += 1,
            None => drop(self.verbs.insert(verb.to_owned(), 1)),
        }
    }
}

/// Both sides, and what is missing here.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    source: Side,
    here: Side,
    missing: Vec<Uuid>,
}

/// Holds a tally against the log. What came here another way than by these runs has no original `stored`, or another.
pub(super) async fn compare(
    door: &Door,
    tally: &Tally,
    verbs: &[String],
    runs: &[Id],
) -> Result<Comparison, Failure> {
    let marks = tally.distinct()?;
    let mut found = Comparison::default();
    // Where the source marks nothing as voided, its voiding statements say so; one that voids cannot be voided itself.
    let targets: HashSet<Uuid> = match marks.iter().any(|mark| mark.voided.is_some()) {
        true => HashSet::new(),
        false => marks.iter().filter_map(|mark| mark.voids).collect(),
    };
    for chunk in marks.chunks(ASKED) {
        let ids = chunk.iter().map(|mark| mark.id.into_bytes()).collect();
        let stands: Vec<Option<Stands>> =
            Deserialize::deserialize(door.perform(Task::Standing { ids }).await?)?;
        for (mark, stands) in chunk.iter().zip(stands) {
            let verb = usize::try_from(mark.verb).ok().and_then(|verb| verbs.get(verb));
            let voided = mark.voided == Some(true) || (mark.voids.is_none() && targets.contains(&mark.id));
            found.source.count(verb.map_or("", String::as_str), voided, mark.stored);
            match stands {
                Some(stands) if !mark.aside => {
                    let ours = stands.run.is_some_and(|run| runs.contains(&run));
                    let stored = if ours { stands.stored } else { mark.stored };
                    found.here.count(&stands.verb, stands.voided, stored);
                }
                _ => found.missing.push(mark.id),
            }
        }
    }
    Ok(found)
}

impl Comparison {
    /// Whether both sides have the same.
    pub(super) fn agrees(&self) -> bool {
        self.source == self.here
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let pair = |source: Value, here: Value| json!({ "source": source, "here": here });
        let verbs: BTreeMap<&String, [u64; 2]> = self.verbs();
        json!({
            "statements": pair(self.source.statements.into(), self.here.statements.into()),
            "voided": pair(self.source.voided.into(), self.here.voided.into()),
            "first_stored": pair(instant(self.source.first).into(), instant(self.here.first).into()),
            "last_stored": pair(instant(self.source.last).into(), instant(self.here.last).into()),
            "verbs": verbs
                .iter()
                .map(|(verb, [source, here])| json!({ "verb": verb, "source": source, "here": here }))
                .collect::<Vec<_>>(),
            "missing": self.missing.iter().take(NAMED).map(Uuid::to_string).collect::<Vec<_>>(),
        })
    }

    /// For people: a line for each thing that was counted.
    pub(super) fn table(&self) -> String {
        let at = |at: Option<i64>| instant(at).unwrap_or_else(|| "-".to_owned());
        let mut lines = vec![["".to_owned(), "source".to_owned(), "here".to_owned()]];
        let mut line = |name: &str, source: String, here: String| lines.push([name.to_owned(), source, here]);
        line("statements", self.source.statements.to_string(), self.here.statements.to_string());
        line("voided", self.source.voided.to_string(), self.here.voided.to_string());
        line("first stored", at(self.source.first), at(self.here.first));
        line("last stored", at(self.source.last), at(self.here.last));
        for (verb, [source, here]) in self.verbs() {
            line(if verb.is_empty() { "(no verb)" } else { verb }, source.to_string(), here.to_string());
        }
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let (name, source, here) = (width(0), width(1), width(2));
        let written = lines
            .iter()
            .map(|[what, of_source, of_log]| format!("{what:<name$}  {of_source:>source$}  {of_log:>here$}"));
        written.collect::<Vec<_>>().join("\n")
    }

    fn verbs(&self) -> BTreeMap<&String, [u64; 2]> {
        let mut verbs: BTreeMap<&String, [u64; 2]> = BTreeMap::new();
        for (index, side) in [&self.source, &self.here].into_iter().enumerate() {
            for (verb, count) in &side.verbs {
                verbs.entry(verb).or_default()[index] = *count;
            }
        }
        verbs
    }
}

fn instant(at: Option<i64>) -> Option<String> {
    at.map(xapi::time::format_timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(id: u128) -> Mark {
        Mark { id: Uuid::from_u128(id), stored: Some(7), verb: 3, voided: None, voids: None, aside: false }
    }

    #[test]
    fn marks_come_back_and_each_statement_counts_once() {
        let folder = std::env::temp_dir().join(format!("larka-tally-{}", std::process::id()));
        let marks = [
            mark(5),
            Mark { voided: Some(false), stored: None, ..mark(2) },
            Mark { voids: Some(Uuid::from_u128(2)), ..mark(9) },
            Mark { voided: Some(true), ..mark(2) },
        ];
        for mark in marks {
            assert_eq!(Mark::read(&mark.write()), mark);
        }
        let mut tally = Tally::open(&folder, 0).unwrap();
        let length = tally.add(&marks).unwrap();
        assert_eq!(length, 4 * MARK as u64);
        tally.add(&[mark(11)]).unwrap();
        assert!(Tally::open(&folder, length).is_err(), "one import at a time");
        drop(tally);
        // What came after the last mark of progress is forgotten.
        let tally = Tally::open(&folder, length).unwrap();
        let ids: Vec<_> =
            tally.distinct().unwrap().iter().map(|mark| (mark.id.as_u128(), mark.voided)).collect();
        assert_eq!(ids, [(2, Some(true)), (5, None), (9, None)]);
        std::fs::remove_file(folder).unwrap();
    }

    #[test]
    fn what_was_set_aside_is_remembered_until_one_of_that_id_is_accepted() {
        let file = std::env::temp_dir().join(format!("larka-tally-aside-{}", std::process::id()));
        let aside = |id| Mark { aside: true, ..mark(id) };
        assert_eq!(Mark::read(&aside(2).write()), aside(2));
        let length = Tally::open(&file, 0).unwrap().add(&[aside(2), mark(5), aside(9)]).unwrap();
        let mut tally = Tally::open(&file, length).unwrap();
        tally.add(&[mark(2), aside(5), mark(7)]).unwrap();
        let found: Vec<_> =
            tally.distinct().unwrap().iter().map(|mark| (mark.id.as_u128(), mark.aside)).collect();
        assert_eq!(found, [(2, false), (5, true), (7, false), (9, true)]);
        std::fs::remove_file(file).unwrap();
    }
}
