//! A vault made again from its backup, aside: rows of whoever was erased since are not taken in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eventlog::clock::Micros;
use eventlog::{Location, Tx};

use crate::crypto::Secret;
use crate::keyring::{self, KeyFiles};
use crate::sealed::{self, HEADER, Place, Record};
use crate::store::dump::{self, Table, Value};
use crate::store::{self, FORMAT, Seen, Store};
use crate::{AgentId, Journal, VaultError, files};

const NOT_OPENED: &str = "the master key does not open it: it is another's, or the backup was changed";
/// Rows that are inserted in one go.
const ROWS: usize = 2_000;
/// Tables in whose rows somebody is named, in the column `agent`.
const OF_PEOPLE: [&str; 2] = ["agent", "agent_key"];

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Whose it is.
    pub instance: [u8; 16],
    /// Where the log stood when it was copied, at least: who is named up to there is known, or was erased.
    pub seen: Seen,
    /// People that are found in it.
    pub agents: u64,
    /// People that were in the backup and have been erased since.
    pub left_out: u64,
}

/// A vault that is being made again.
pub struct Restoring {
    store: Store,
    keys: PathBuf,
    master: Secret,
    erased: BTreeMap<AgentId, Micros>,
    /// What has come and is no whole piece yet.
    bytes: Vec<u8>,
    place: Option<Place>,
    head: Option<(Seen, i32, u32)>,
    /// The table that rows are of, and its rows that are not inserted yet.
    table: Option<(Table, Vec<Vec<Value>>)>,
    agents: u64,
    left_out: u64,
}

impl std::fmt::Debug for Restoring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restoring").field("keys", &self.keys).finish_non_exhaustive()
    }
}

impl Restoring {
    /// Makes empty tables where `aside` says and an empty folder `keys`; what is there is taken away before. `master`: the
    /// file of the master key.
    ///
    /// # Errors
    /// The master key cannot be read, or the database or the disk refuses.
    pub async fn begin(
        aside: &Location,
        keys: &Path,
        master: &Path,
        erased: BTreeMap<AgentId, Micros>,
    ) -> Result<Self, VaultError> {
        let master = keyring::read_master(master)?;
        aside.remove().await.map_err(|error| VaultError::Unavailable(error.to_string()))?;
        if keys.exists() {
            std::fs::remove_dir_all(keys).map_err(files::at(keys))?;
        }
        files::ensure_dir(keys)?;
        let store = Store::open(aside).await?;
        Ok(Self {
            store,
            keys: keys.to_owned(),
            master,
            erased,
            bytes: Vec::new(),
            place: None,
            head: None,
            table: None,
            agents: 0,
            left_out: 0,
        })
    }

    /// Takes the next bytes in, as they were handed on.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where they are not what was sealed under this master key, or the database refuses.
    pub async fn take(&mut self, bytes: &[u8]) -> Result<(), VaultError> {
        self.bytes.extend_from_slice(bytes);
        let mut place = match self.place {
            Some(place) => place,
            None if self.bytes.len() < HEADER => return Ok(()),
            None => {
                let (instance, id) = sealed::read_header(&self.bytes)
                    .ok_or_else(|| damaged("it is none, or of a later version"))?;
                self.bytes.drain(..HEADER);
                Place { instance, id, number: 0, last: false }
            }
        };
        while let Some((length, last)) = sealed::framed(&self.bytes)? {
            if self.bytes.len() < length {
                break;
            }
            if place.last {
                return Err(damaged("something follows its last piece"));
            }
            place.last = last;
            let piece = self.bytes.drain(..length).collect::<Vec<u8>>();
            let key = keyring::backup_key(&self.master, &place.instance, &place.id);
            let records = sealed::open(&key, &place, &piece).ok_or_else(|| damaged(NOT_OPENED))?;
            if !last {
                place.number += 1;
            }
            for record in sealed::records(&records)? {
                self.record(&place.instance, record).await?;
            }
        }
        self.place = Some(place);
        Ok(())
    }

    /// Makes it a vault for a log that ends at `seen`, and puts the keys and the erasure journal beside it.
    ///
    /// # Errors
    /// It is not whole, or the database or the disk refuses.
    pub async fn finish(mut self, seen: Seen) -> Result<Restored, VaultError> {
        self.flush().await?;
        let whole = self.place.filter(|place| place.last && self.bytes.is_empty());
        let (Some(place), Some((copied, _, generation))) = (whole, self.head) else {
            return Err(damaged("its end is missing"));
        };
        let mut transaction = self.store.begin_secrets().await?;
        store::note_seen(transaction.tx(), seen).await?;
        dump::rewind_forwards(transaction.tx(), seen.position.0).await?;
        let about = store::about(transaction.tx()).await?;
        transaction.commit().await?;
        self.store.truncate().await?;
        self.store.close().await;
        let fits = about.is_some_and(|about| {
            about.format == FORMAT && about.instance == place.instance && about.generation == generation
        });
        if !fits {
            return Err(damaged("its tables do not say whose they are"));
        }
        let master = keyring::format_master(&self.master);
        files::create(&self.keys.join("master"), &master)?;
        let content = files::read_private(&self.keys.join("keyring"))?;
        let content = content.ok_or_else(|| damaged("there is no keyring in it"))?;
        let keyring = KeyFiles::with_master(&self.keys, place.instance, self.master).parse(&content)?;
        if !keyring.generations.contains_key(&generation) {
            return Err(VaultError::UnknownGeneration(generation));
        }
        let journal = Journal { instance: None, erased: self.erased };
        files::create(&self.keys.join("erasures"), journal.text().as_bytes())?;
        let (instance, agents, left_out) = (place.instance, self.agents, self.left_out);
        Ok(Restored { instance, seen: copied, agents, left_out })
    }

    async fn record(&mut self, instance: &[u8; 16], record: Record) -> Result<(), VaultError> {
        match record {
            Record::Head { position, hash, format, generation } => {
                if format > FORMAT {
                    return Err(damaged("a later version made it"));
                }
                let position = eventlog::Position(position);
                self.head = Some((Seen { position, hash }, format, generation));
            }
            Record::File(name, content) => {
                let known = name.bytes().all(|byte| byte.is_ascii_lowercase()) && name != "master";
                if !known || name.is_empty() {
                    return Err(damaged("a file in it has a name that is none of ours"));
                }
                if name == "instance" && content.trim_ascii() != hex::encode(instance).as_bytes() {
                    return Err(damaged("it is of two instances"));
                }
                files::create(&self.keys.join(name), &content)?;
            }
            Record::Table(table) => {
                self.flush().await?;
                self.table = Some((table, Vec::new()));
            }
            Record::Row(row) => self.row(row).await?,
        }
        Ok(())
    }

    async fn row(&mut self, row: Vec<Value>) -> Result<(), VaultError> {
        let Some((table, rows)) = &mut self.table else { return Err(damaged("a row is of no table")) };
        if row.len() != table.columns.len() {
            return Err(damaged("a row has other columns than its table"));
        }
        if OF_PEOPLE.contains(&table.name.as_str()) {
            let column = table.columns.iter().position(|(name, _)| name == "agent");
            let agent = match column.and_then(|column| row.get(column)) {
                Some(Value::Bytes(agent)) => AgentId(store::bytes(agent)?),
                _ => return Err(damaged("a row names nobody")),
            };
            let (erased, found) = (self.erased.contains_key(&agent), u64::from(table.name == "agent"));
            *(if erased { &mut self.left_out } else { &mut self.agents }) += found;
            if erased {
                return Ok(());
            }
        }
        rows.push(row);
        if rows.len() >= ROWS { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), VaultError> {
        let Some((table, rows)) = &mut self.table else { return Ok(()) };
        if rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(rows);
        let mut transaction = self.store.begin_secrets().await?;
        insert(transaction.tx(), table, &rows).await?;
        Ok(transaction.commit().await?)
    }
}

/// Looks whether a master key's file opens a backup, by how that begins.
///
/// # Errors
/// It does not, or what was given is no beginning of one.
pub fn expect_opens(master: &Path, beginning: &[u8]) -> Result<(), VaultError> {
    let master = keyring::read_master(master)?;
    let Some((instance, id)) = sealed::read_header(beginning) else {
        return Err(damaged("it is none, or of a later version"));
    };
    let pieces = beginning.get(HEADER..).unwrap_or_default();
    let Some((length, last)) = sealed::framed(pieces)?.filter(|(length, _)| *length <= pieces.len()) else {
        return Err(damaged("its first piece is not whole"));
    };
    let key = keyring::backup_key(&master, &instance, &id);
    sealed::open(&key, &Place { instance, id, number: 0, last }, &pieces[..length])
        .map(drop)
        .ok_or_else(|| damaged(NOT_OPENED))
}

async fn insert(mut tx: Tx<'_>, table: &Table, rows: &[Vec<Value>]) -> Result<(), VaultError> {
    // Columns that a later version gave up are none of ours.
    let known = dump::tables(tx.reborrow()).await?;
    let known = known.into_iter().find(|known| known.name == table.name);
    if !known.is_some_and(|known| table.columns.iter().all(|column| known.columns.contains(column))) {
        return Err(VaultError::Mismatch(format!(
            "this program has no table {} with these columns",
            table.name
        )));
    }
    dump::insert(tx, table, rows).await
}

fn damaged(problem: &'static str) -> VaultError {
    VaultError::damaged("the backup of the vault", problem)
}
