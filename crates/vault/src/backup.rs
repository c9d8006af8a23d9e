//! A copy of the vault for a backup: its rows, wrapped as they are, and the keyring of the same moment, sealed under a key
//! that only the master key gives. The master key is in no backup.

use eventlog::clock::Micros;

use crate::blocking::blocking;
use crate::crypto::{self, Secret};
use crate::sealed::{self, PIECE, Place, Record};
use crate::store::{self, Seen, dump};
use crate::{Vault, VaultError, files};

/// How often it is begun again when a ratchet turned between two of its steps.
const ATTEMPTS: usize = 4;
/// Files beside the keys that are copied too: what is made once, and nothing else makes again.
const MADE_ONCE: [&str; 2] = ["instance", "anchor"];

/// Who takes the pieces of a copy.
pub trait Pieces: Send {
    /// What may go wrong.
    type Error: From<VaultError>;

    /// Takes the next bytes.
    ///
    /// # Errors
    /// As whoever takes them says; then no more come.
    fn take(&mut self, bytes: Vec<u8>) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// What was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BackedUp {
    /// The generation of the keys.
    pub generation: u32,
    /// Rows of all tables.
    pub rows: u64,
}

impl Vault {
    /// Hands on a copy of the vault as it is now, with the keys of the generation in force and of no other. `seen`: where
    /// the log's copy ends, which was made before this one.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`], [`VaultError::File`], or whoever takes it says so.
    pub async fn back_up<P: Pieces>(&self, seen: Seen, pieces: &mut P) -> Result<BackedUp, P::Error> {
        for _ in 0..ATTEMPTS {
            let mut snapshot = self.inner.store.snapshot().await?;
            let about = store::about(snapshot.tx()).await?;
            let about = about.ok_or_else(|| VaultError::Mismatch("it was emptied while in use".into()))?;
            let (key_files, generation) = (self.inner.files.clone(), about.generation);
            let keyring = blocking(move || key_files.of_generation(generation)).await?;
            let Some(keyring) = keyring else { continue };
            let id = crypto::random()?;
            let place = Place { instance: self.inner.instance, id, number: 0, last: false };
            let mut sealing = Sealing {
                key: self.inner.files.backup_key(&id),
                place,
                plain: Vec::with_capacity(PIECE * 2),
                rows: 0,
                pieces,
            };
            sealing.pieces.take(sealed::header(&place.instance, &id)).await?;
            sealing.put(&Record::Head {
                position: seen.position.0,
                hash: seen.hash,
                format: about.format,
                generation,
            });
            sealing.put(&Record::File("keyring".to_owned(), keyring));
            for name in MADE_ONCE {
                let file = self.inner.files.dir().join(name);
                if let Some(content) = blocking(move || files::read_private(&file)).await? {
                    sealing.put(&Record::File(name.to_owned(), content));
                }
            }
            for table in dump::tables(snapshot.tx()).await? {
                sealing.put(&Record::Table(table.clone()));
                dump::each(snapshot.tx(), &table, &mut sealing).await?;
            }
            snapshot.rollback().await.map_err(VaultError::from)?;
            let rows = sealing.rows;
            sealing.end().await?;
            return Ok(BackedUp { generation, rows });
        }
        Err(VaultError::Invalid("the keys change all the time; try again").into())
    }

    /// Notes that a backup was made from which people can be brought back until `expires`.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn note_backup(&self, taken: Micros, expires: Micros) -> Result<(), VaultError> {
        let mut transaction = self.inner.store.begin_secrets().await?;
        store::note_backup(transaction.tx(), taken.0, expires.0).await?;
        Ok(transaction.commit().await?)
    }

    /// Until when whoever is erased now could be brought back from a backup that was noted, by whoever has the master key;
    /// none where there is no such backup.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn backups_until(&self) -> Result<Option<Micros>, VaultError> {
        let now = self.inner.clock.now().0;
        let until = store::backups_until(self.inner.store.read().await?.tx(), now).await?;
        Ok(until.map(Micros))
    }

    /// When the last backup was taken that was noted and has not been forgotten.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn last_backup(&self) -> Result<Option<Micros>, VaultError> {
        let last = store::last_backup(self.inner.store.read().await?.tx()).await?;
        Ok(last.map(|(taken, _)| Micros(taken)))
    }
}

/// Records on their way into pieces.
struct Sealing<'a, P> {
    key: Secret,
    place: Place,
    plain: Vec<u8>,
    rows: u64,
    pieces: &'a mut P,
}

impl<P: Pieces> Sealing<'_, P> {
    fn put(&mut self, record: &Record) {
        sealed::put(&mut self.plain, record);
    }

    async fn seal(&mut self) -> Result<(), P::Error> {
        let plain = std::mem::replace(&mut self.plain, Vec::with_capacity(PIECE * 2));
        let piece = sealed::seal(&self.key, &self.place, plain)?;
        self.place.number += 1;
        self.pieces.take(piece).await
    }

    async fn end(mut self) -> Result<(), P::Error> {
        self.place.last = true;
        self.seal().await
    }
}

impl<P: Pieces> dump::Rows for Sealing<'_, P> {
    type Error = P::Error;

    async fn take(&mut self, row: Vec<dump::Value>) -> Result<(), P::Error> {
        self.put(&Record::Row(row));
        self.rows += 1;
        if self.plain.len() >= PIECE { self.seal().await } else { Ok(()) }
    }
}
