//! Answers from files, however the file comes: read whole before anything is taken, so that one that cannot be taken leaves
//! nothing behind; then, respondent by respondent, into the round as answers from its pages are (`docs/answers.md`).

mod judge;
mod report;
mod spool;
mod terms;

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use domain::events::RoundMode;
use eventlog::Key;
use flate2::bufread::MultiGzDecoder;
use forms::Refusal;
use forms::files::{File, Format, Input, Reading, Structure};
use futures_util::future::try_join_all;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use self::judge::{Judge, Ready, opening};
use self::report::Report;
pub use self::report::refused;
use self::spool::Pile;
pub use self::spool::Spool;
use self::terms::is_anonymous;
pub use self::terms::{FileError, Source, Terms, Told};
use crate::asked::{Answers, Asked, Outcome};
use crate::book::Book;
use crate::storing::{Sender, is_open};
use crate::{Desk, DeskError, slip};

/// Respondents that are looked up at a time.
const AT_A_TIME: usize = 200;
/// Bytes that are read at a time.
const BUFFER: usize = 64 << 10;

/// A file on its way into a round.
struct Job<'a> {
    desk: &'a Desk,
    book: Arc<Book>,
    asked: &'a Asked,
    terms: &'a Terms,
    source: &'a dyn Source,
    /// Who is asked; nobody where nobody is to be known.
    people: BTreeSet<domain::PersonId>,
    sender: Sender,
}

/// An answer as it lies on the pile: its row, the unit, the role, whether it was sent in, what was answered.
type Lying = (u64, String, String, bool, Map<String, Json>);

/// What is done with answers.
enum Way {
    /// What would become of them is said.
    Look,
    /// They are taken.
    Take,
    /// They are kept until all are read: they are taken in an order by chance.
    Gather(Box<Pile>),
}

impl Desk {
    /// Takes the answers in a file into a round, or says what would be taken. A file that comes again changes nothing, and
    /// one that was cut off in the middle is taken on with when it comes again. Reads and waits on the disk: not for a
    /// thread that others wait for.
    ///
    /// # Errors
    /// [`FileError`], each; then nothing of it is taken, unless the desk failed in the middle.
    pub async fn take_file(
        &self,
        round: &str,
        terms: &Terms,
        source: &dyn Source,
    ) -> Result<Told, FileError> {
        self.inner.municipality.refresh().await.map_err(DeskError::from)?;
        let book = self.book();
        let Some(facts) = book.round(round) else {
            return Err(match book.municipality.surveys.round(round) {
                Some(_) => FileError::asked(
                    "omgången är ett utkast: ingen är tillfrågad ännu",
                    "the round is a draft: nobody was asked yet",
                ),
                None => FileError::asked(
                    format!("det finns ingen omgång {round}"),
                    format!("there is no round {round}"),
                ),
            });
        };
        // Of guardians beside others nothing but the unit is known.
        let beside = book.guardians_of(round).filter(|_| terms.is_of_guardians());
        let facts = beside.unwrap_or(facts);
        terms.fit(facts)?;
        let asked = self.asked(&book.municipality, facts, None).await?;
        if facts.mode == RoundMode::Unlinkable && !is_open(&asked) {
            return Err(FileError::asked(
                "omgången är inte öppen: dess valurna tar inte emot något",
                "the round is not open: its ballot box takes nothing",
            ));
        }
        let people = match is_anonymous(facts) {
            true => BTreeSet::new(),
            false => domain::surveys::audience(facts, &book.municipality.organisation),
        };
        if facts.mode == RoundMode::Pseudonymous && self.lacks_pseudonyms(facts).await? {
            self.link(facts).await?;
        }
        let authority = self.authority(terms.credential.as_deref()).await?;
        let sender = Sender { authority, patient: true };
        let job = Job { desk: self, book: Arc::clone(&book), asked: &asked, terms, source, people, sender };
        let mut report = Report::new(&asked.round, true);
        let reading = job.walk(&mut report, &mut Way::Look).await?;
        let refusals = job.kept_out(&reading);
        match (refusals.is_empty(), terms.dry_run) {
            (_, true) => return Ok(report.told(&reading, &refusals)),
            (false, false) => return Err(FileError::Refused(refusals)),
            (true, false) => {}
        }
        let mut report = Report::new(&asked.round, false);
        let mut way = match is_anonymous(&asked.round) {
            true => Way::Gather(Box::new(Pile::begin(&self.inner.folder)?)),
            false => Way::Take,
        };
        let reading = job.walk(&mut report, &mut way).await?;
        if let Way::Gather(all) = way {
            job.take_by_chance(*all, &mut report).await?;
        }
        Ok(report.told(&reading, &[]))
    }

    /// The credential that vouches for answers.
    async fn authority(&self, key: Option<&str>) -> Result<Option<Key>, FileError> {
        let Some(key) = key else { return Ok(None) };
        let known = self.inner.vault.credentials().await.map_err(DeskError::from)?;
        let found = known.into_iter().find(|one| one.key == key && one.revoked.is_none());
        found.map(|one| Some(one.id)).ok_or_else(|| {
            FileError::asked(
                "det finns inga uppgifter med den nyckeln; gör några med `larka credential`",
                "there is no credential with that key; make one with `larka credential`",
            )
        })
    }
}

impl Job<'_> {
    /// Reads all of the file and does with its answers what is asked for.
    async fn walk(&self, report: &mut Report<'_>, way: &mut Way) -> Result<Reading<'_>, FileError> {
        let mut reading = self.open()?;
        let mut judge = Judge::new(
            &self.asked.round,
            self.terms,
            &self.book.municipality.organisation,
            self.desk.inner.clock.now(),
        );
        let mut waiting = Vec::new();
        while let Some(filed) = reading.answer()? {
            let (row, came) = (filed.row, filed.came);
            waiting.extend(report.count(row, came, judge.judge(filed)));
            if waiting.len() == AT_A_TIME {
                self.settle(std::mem::take(&mut waiting), report, way).await?;
            }
        }
        self.settle(waiting, report, way).await?;
        Ok(reading)
    }

    fn open(&self) -> Result<Reading<'_>, FileError> {
        let round = &self.asked.round;
        let terms = forms::files::Terms {
            respondent: self.terms.respondent.clone(),
            unit: self.terms.unit.clone(),
            role: self.terms.role.clone().filter(|_| self.asked.round.mode == RoundMode::Unlinkable),
            groups: round
                .groups
                .iter()
                .flat_map(|group| group.roles.iter().map(|role| (role.clone(), group.id.clone())))
                .collect(),
            group: round
                .groups
                .first()
                .filter(|_| round.mode == RoundMode::Guardians)
                .map(|group| group.id.clone()),
            left_out: self.terms.leave_out.clone(),
            incomplete: self.asked.round.partial,
            now: opening(&self.asked.round),
        };
        let mut file = File::open(self.input()?)?;
        if let Some(structure) = &self.terms.structure {
            file.translate(&Structure::read(structure.as_bytes())?);
        }
        Ok(Reading::open(&self.asked.definition, file, terms)?)
    }

    /// The file's bytes, unpacked where they are packed.
    fn input(&self) -> Result<Input, FileError> {
        let mut file = BufReader::with_capacity(BUFFER, self.source.open()?);
        let packed = file.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        let most = self.source.most();
        let bounded = |read: Box<dyn Read + Send>| Bounded { read, left: most };
        Ok(Box::new(BufReader::with_capacity(
            BUFFER,
            bounded(if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) }),
        )))
    }

    /// Takes answers, or says what would become of them.
    async fn settle(&self, all: Vec<Ready>, report: &mut Report<'_>, way: &mut Way) -> Result<(), FileError> {
        match way {
            Way::Gather(pile) => {
                for Ready { row, unit, role, complete, answers, .. } in all {
                    pile.add(
                        &serde_json::to_vec(&(row, unit, role, complete, answers))
                            .map_err(io::Error::from)?,
                    )?;
                }
            }
            Way::Look if is_anonymous(&self.asked.round) => report.would_take(all.len() as u64),
            Way::Look | Way::Take => {
                let named: Vec<_> = all.iter().filter_map(|ready| ready.respondent.clone()).collect();
                let agents = self.desk.inner.vault.lookup(&named).await.map_err(DeskError::from)?;
                let organisation = &self.book.municipality.organisation;
                let (mut known, mut persons) = (Vec::new(), Vec::new());
                for (ready, agent) in all.into_iter().zip(agents) {
                    let person = agent.and_then(|agent| organisation.listed_person_of(agent.0));
                    match person.filter(|person| self.people.contains(person)) {
                        Some(person) => {
                            persons.push(person);
                            known.push(ready);
                        }
                        None => report.settle(ready.row, Outcome::NotOnRoll),
                    }
                }
                let sheets = self.desk.sheets(&self.book, self.asked, &persons).await?;
                let mut rows = Vec::with_capacity(known.len());
                let mut filled = Vec::with_capacity(known.len());
                for ((sheet, ready), person) in sheets.into_iter().zip(known).zip(persons) {
                    let Some(sheet) = sheet else {
                        report.settle(ready.row, Outcome::NotOnRoll);
                        continue;
                    };
                    rows.push((ready.row, ready.again));
                    let Ready { complete, answers: kept, at, .. } = ready;
                    // The same in whichever file it comes.
                    let said = slip::write(0, &kept);
                    let parts =
                        [&b"filed"[..], self.asked.round.id.as_bytes(), &person, &at.0.to_le_bytes(), &said];
                    let submission = self.desk.inner.codes.id(&parts).into_bytes();
                    filled.push((sheet, Answers { submission, kept, complete, at: Some(at) }));
                }
                let outcomes = match way {
                    Way::Take => self.desk.store_all(self.asked, &filled, self.sender).await?,
                    _ => self.desk.would_store_all(self.asked, &filled).await?,
                };
                for ((row, again), outcome) in rows.into_iter().zip(outcomes) {
                    // What only would be stored stands in nobody's way yet.
                    let replaces = again && outcome == Outcome::Taken;
                    report.settle(row, if replaces { Outcome::Replaced } else { outcome });
                }
            }
        }
        Ok(())
    }

    /// Takes answers of nobody, in an order by chance: into the ballot box, or as guardians'. The same row of the same file
    /// counts once.
    async fn take_by_chance(&self, mut pile: Pile, report: &mut Report<'_>) -> Result<(), FileError> {
        let round = &self.asked.round;
        let mut hash = Sha256::new();
        io::copy(&mut self.source.open()?, &mut hash)?;
        let file: [u8; 32] = hash.finalize().into();
        let submission = |row: u64| {
            let digest = Sha256::new().chain_update(file).chain_update(row.to_be_bytes()).finalize();
            std::array::from_fn(|at| digest[at])
        };
        ballot::shuffle(pile.places()).map_err(DeskError::from)?;
        let organisation = &self.book.municipality.organisation;
        let links = round.guardians.iter().flat_map(|guardians| &guardians.links);
        let below: Vec<_> = links.map(|link| (link, organisation.descendants(&link.unit))).collect();
        // Nothing is kept of when: guardians' answers are all of the moment at which the round opened.
        let at = Some(domain::rounds::times(round).0);
        let mut next = 0;
        loop {
            let (mut rows, mut of, mut filled) = (Vec::new(), Vec::new(), Vec::new());
            while rows.len() < AT_A_TIME
                && let Some(text) = pile.read(next)?
            {
                let (row, unit, role, complete, kept): Lying =
                    serde_json::from_slice(&text).map_err(io::Error::from)?;
                rows.push(row);
                of.push((unit, role));
                filled.push(Answers { submission: submission(row), kept, complete, at });
                next += 1;
            }
            if rows.is_empty() {
                return Ok(());
            }
            let outcomes = if round.mode == RoundMode::Unlinkable {
                let puts = of.iter().zip(&filled).map(|((unit, role), answers)| {
                    self.desk.put(&round.id, Some((unit.as_str(), role.as_str())), answers)
                });
                // At once: what waits together is written together.
                try_join_all(puts).await?
            } else {
                let sheets = of.iter().zip(filled).filter_map(|((unit, _), answers)| {
                    // Of two links above a unit the nearer one.
                    let above = below.iter().filter(|(_, units)| units.contains(unit.as_str()));
                    let (link, _) = above.min_by_key(|(_, units)| units.len())?;
                    let sheet = self.desk.sheet_of_nobody(&self.book, self.asked, link, answers.submission);
                    Some(sheet.map(|sheet| (sheet, answers)))
                });
                let sheets: Vec<_> = sheets.collect::<Result<_, DeskError>>()?;
                self.desk.store_all(self.asked, &sheets, self.sender).await?
            };
            rows.into_iter().zip(outcomes).for_each(|(row, outcome)| report.settle(row, outcome));
        }
    }

    /// What keeps all of a file out, though each row can be read.
    fn kept_out(&self, reading: &Reading<'_>) -> Vec<Refusal> {
        let mut refusals: Vec<Refusal> = reading.unknown().into_iter().map(report::unknown).collect();
        let Terms { respondent, unit, role, .. } = self.terms;
        let wanted = [respondent, unit, role].into_iter().flatten();
        refusals.extend(wanted.filter(|column| !reading.has(column)).map(|column| report::no_column(column)));
        let traced = is_anonymous(&self.asked.round) && !self.terms.drop_identities;
        if traced && reading.format() != Format::Long {
            refusals.extend(report::traces(reading));
        }
        refusals
    }
}

/// No more than so many bytes.
struct Bounded {
    read: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.read.read(bytes)?;
        let left = self.left.checked_sub(read as u64);
        self.left = left.ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(read)
    }
}
