//! Urns as files of fixed places.
//!
//! A ballot is written into one of the free places of its file, chosen by chance, and the file has all of its blocks from
//! the beginning: where it lies, and what lies around it, says nothing of when it came. Marks are bytes in a file of fixed
//! places too. Both are doubled before they fill, by writing all anew to places by chance.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::disk::{self, gone};
use crate::values::{Cast, Key, RoundId, Sealed, Terms, Voter};
use crate::{BallotError, chance, seal};

/// Places of a new urn, if not more are asked: two for each who is, so that it grows for nobody while others wait.
const FIRST: usize = 512;
/// Bytes that those may take.
const ROOM: usize = 256 << 20;
/// Bytes of a key, of a voter and of what is compared after a crash.
const KEY: usize = 16;
/// Bytes of a place on the roll.
const ON_ROLL: usize = KEY + 1;

/// The urn of a round.
pub(crate) struct Urn {
    folder: PathBuf,
    terms: Terms,
    pub(crate) public: Vec<u8>,
    places: Mutex<Places>,
    roll: Mutex<Roll>,
}

/// What says what an urn is, in `terms.json`.
#[derive(Serialize, Deserialize)]
struct About {
    format: u32,
    smallest: u32,
    longest: u32,
    public: String,
}

struct Places {
    file: File,
    taken: HashMap<Key, usize>,
    free: Vec<usize>,
    closed: bool,
}

struct Roll {
    file: File,
    /// Where each stands, and whether they have voted.
    voters: BTreeMap<Voter, (u64, bool)>,
}

impl Urn {
    /// Makes the files of a round below `home`, whole or not at all.
    pub(crate) fn make(
        home: &Path,
        round: RoundId,
        terms: Terms,
        public: &[u8],
        roll: &[Voter],
    ) -> Result<(), BallotError> {
        let folder = folder_of(home, round);
        if folder.exists() {
            return Err(BallotError::Exists);
        }
        let new = folder.with_extension("new");
        // What a crash left behind was never of use to anybody.
        gone(fs::remove_dir_all(&new)).map_err(BallotError::at(&new))?;
        DirBuilder::new().recursive(true).mode(0o700).create(&new).map_err(BallotError::at(&new))?;
        let about = About {
            format: 1,
            smallest: terms.smallest,
            longest: terms.longest,
            public: hex::encode(public),
        };
        let about = serde_json::to_vec(&about).unwrap_or_default();
        write_whole(&new.join("terms.json"), [about.as_slice()])?;
        let mut sorted = roll.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let place = vec![0; place_length(terms)];
        let places = FIRST.max((2 * sorted.len()).min(ROOM / place.len()));
        write_whole(&new.join("ballots"), std::iter::repeat_n(place.as_slice(), places))?;
        let entries: Vec<u8> =
            sorted.iter().flat_map(|voter| voter.0.into_iter().chain(std::iter::once(0))).collect();
        write_whole(&new.join("roll"), [entries.as_slice()])?;
        fs::rename(&new, &folder).map_err(BallotError::at(&folder))?;
        sync_folder(home)
    }

    /// Opens the urn of a round. None where there is none.
    pub(crate) fn open(home: &Path, round: RoundId) -> Result<Option<Self>, BallotError> {
        let folder = folder_of(home, round);
        let file = folder.join("terms.json");
        let about = match fs::read(&file) {
            Ok(about) => about,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(BallotError::at(&file)(error)),
        };
        let unknown = |problem: String| BallotError::File { file: file.clone(), problem };
        let about: About = serde_json::from_slice(&about).map_err(|error| unknown(error.to_string()))?;
        if about.format != 1 {
            return Err(unknown(format!("its format is {}, and 1 is known", about.format)));
        }
        let terms = Terms { smallest: about.smallest, longest: about.longest };
        let public = hex::decode(&about.public).map_err(|error| unknown(error.to_string()))?;
        let ballots = folder.join("ballots");
        let places = Places::read(&ballots, place_length(terms), folder.join("closed").exists())
            .map_err(BallotError::at(&ballots))?;
        let roll = Roll::read(&folder.join("roll"))?;
        Ok(Some(Self { folder, terms, public, places: Mutex::new(places), roll: Mutex::new(roll) }))
    }

    pub(crate) fn terms(&self) -> Terms {
        self.terms
    }

    /// Puts sealed ballots in; what became of each. On disk when this returns.
    pub(crate) fn cast(&self, ballots: &[Sealed]) -> Result<Vec<Cast>, BallotError> {
        let file = self.folder.join("ballots");
        let mut cast = Vec::with_capacity(ballots.len());
        let written = {
            let mut places = self.places();
            if places.closed {
                return Err(BallotError::Closed);
            }
            for ballot in ballots {
                let standing = ballot.voter.map(|voter| self.standing(voter));
                cast.push(match standing {
                    _ if places.taken.contains_key(&ballot.key) => Cast::Before,
                    Some(None) => Cast::NotOnRoll,
                    Some(Some(true)) => Cast::Voted,
                    _ => {
                        self.place(&mut places, ballot)?;
                        Cast::Now
                    }
                });
            }
            places.file.try_clone().map_err(BallotError::at(&file))?
        };
        // Of one that lay there already, too: its first press may not be on disk yet.
        written.sync_data().map_err(BallotError::at(&file))?;
        Ok(cast)
    }

    /// Writes a ballot into a free place.
    fn place(&self, places: &mut Places, ballot: &Sealed) -> Result<(), BallotError> {
        if places.free.len() <= places.taken.len() {
            self.double(places)?;
        }
        let chosen = chance::below(places.free.len())?;
        let place = places.free.swap_remove(chosen);
        let written = places.file.write_all_at(&framed(ballot.key, &ballot.bytes), self.offset(place));
        if let Err(error) = written {
            // What was written in part is no ballot.
            places.free.push(place);
            return Err(BallotError::at(&self.folder.join("ballots"))(error));
        }
        places.taken.insert(ballot.key, place);
        Ok(())
    }

    /// Whether a ballot lies under this key.
    pub(crate) fn holds(&self, key: Key) -> bool {
        self.places().taken.contains_key(&key)
    }

    /// Whether somebody has voted; none where they are not on the roll.
    fn standing(&self, voter: Voter) -> Option<bool> {
        self.roll().voters.get(&voter).map(|(_, voted)| *voted)
    }

    /// Marks that these have voted, in the order given. On disk when this returns.
    pub(crate) fn mark(&self, voters: &[Voter]) -> Result<(), BallotError> {
        let path = self.folder.join("roll");
        let written = {
            let roll = self.roll();
            for voter in voters {
                let Some((place, _)) = roll.voters.get(voter).copied() else { continue };
                roll.file
                    .write_all_at(&[1], place * ON_ROLL as u64 + KEY as u64)
                    .map_err(BallotError::at(&path))?;
            }
            roll.file.try_clone().map_err(BallotError::at(&path))?
        };
        written.sync_data().map_err(BallotError::at(&path))?;
        let mut roll = self.roll();
        for voter in voters {
            if let Some((_, voted)) = roll.voters.get_mut(voter) {
                *voted = true;
            }
        }
        Ok(())
    }

    /// Takes no more.
    pub(crate) fn close(&self) -> Result<(), BallotError> {
        let mut places = self.places();
        if !places.closed {
            write_whole(&self.folder.join("closed"), [])?;
            sync_folder(&self.folder)?;
            places.closed = true;
        }
        Ok(())
    }

    /// Whether it is closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.places().closed
    }

    /// All sealed ballots.
    pub(crate) fn all(&self) -> Result<Vec<(Key, Vec<u8>)>, BallotError> {
        let places = self.places();
        let read = |(key, place): (&Key, &usize)| {
            let mut bytes = vec![0; place_length(self.terms)];
            places.file.read_exact_at(&mut bytes, self.offset(*place))?;
            Ok((*key, bytes.split_off(KEY + KEY)))
        };
        places.taken.iter().map(read).collect::<io::Result<_>>().map_err(BallotError::at(&self.folder))
    }

    /// How many are on the roll.
    pub(crate) fn on_roll(&self) -> usize {
        self.roll().voters.len()
    }

    /// Who has voted, in the order of the roll; and how many are on it.
    pub(crate) fn voted(&self) -> (Vec<Voter>, usize) {
        let roll = self.roll();
        let voted = roll.voters.iter().filter(|(_, (_, voted))| *voted).map(|(voter, _)| *voter);
        (voted.collect(), roll.voters.len())
    }

    /// Removes all files of a round.
    pub(crate) fn destroy(home: &Path, round: RoundId) -> Result<(), BallotError> {
        let folder = folder_of(home, round);
        gone(fs::remove_dir_all(&folder)).map_err(BallotError::at(&folder))?;
        if home.exists() { sync_folder(home) } else { Ok(()) }
    }

    /// Writes all anew to twice as many places.
    fn double(&self, places: &mut Places) -> Result<(), BallotError> {
        let path = self.folder.join("ballots");
        let length = place_length(self.terms);
        let count = 2 * (places.taken.len() + places.free.len());
        let mut free: Vec<usize> = (0..count).collect();
        chance::shuffle(&mut free)?;
        let new = path.with_extension("new");
        let empty = vec![0; length];
        write_whole(&new, std::iter::repeat_n(empty.as_slice(), count))?;
        let at = BallotError::at(&path);
        let file = OpenOptions::new().read(true).write(true).open(&new).map_err(&at)?;
        let mut taken = HashMap::with_capacity(places.taken.len());
        for (key, place) in &places.taken {
            let mut bytes = vec![0; length];
            places.file.read_exact_at(&mut bytes, self.offset(*place)).map_err(&at)?;
            let Some(place) = free.pop() else { break };
            file.write_all_at(&bytes, self.offset(place)).map_err(&at)?;
            taken.insert(*key, place);
        }
        file.sync_all().map_err(&at)?;
        fs::rename(&new, &path).map_err(&at)?;
        sync_folder(&self.folder)?;
        (places.file, places.taken, places.free) = (file, taken, free);
        Ok(())
    }

    fn offset(&self, place: usize) -> u64 {
        (place * place_length(self.terms)) as u64
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn roll(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    fn read(path: &Path, length: usize, closed: bool) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let count = usize::try_from(file.metadata()?.len()).unwrap_or(0) / length;
        let (mut taken, mut free) = (HashMap::new(), Vec::new());
        let mut bytes = vec![0; length];
        for place in 0..count {
            file.read_exact_at(&mut bytes, (place * length) as u64)?;
            match ballot(&bytes) {
                Some(key) => drop(taken.insert(key, place)),
                // Free, or cut off by a crash before anybody was thanked for it.
                None => free.push(place),
            }
        }
        Ok(Self { file, taken, free, closed })
    }
}

impl Roll {
    fn read(path: &Path) -> Result<Self, BallotError> {
        let at = BallotError::at(path);
        let bytes = fs::read(path).map_err(&at)?;
        let voters = bytes.chunks_exact(ON_ROLL).zip(0..).filter_map(|(entry, place)| {
            let (voter, mark) = entry.split_first_chunk::<KEY>()?;
            Some((Voter(*voter), (place, mark == [1])))
        });
        let voters = voters.collect();
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(&at)?;
        Ok(Self { file, voters })
    }
}

/// The rounds that have an urn below `home`.
pub(crate) fn rounds(home: &Path) -> Result<Vec<RoundId>, BallotError> {
    let entries = match fs::read_dir(home) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(BallotError::at(home)(error)),
    };
    let mut rounds = Vec::new();
    for entry in entries {
        let name = entry.map_err(BallotError::at(home))?.file_name();
        let mut id = [0; 16];
        if hex::decode_to_slice(name.as_encoded_bytes(), &mut id).is_ok() {
            rounds.push(RoundId(id));
        }
    }
    rounds.sort_unstable();
    Ok(rounds)
}

fn folder_of(home: &Path, round: RoundId) -> PathBuf {
    home.join(hex::encode(round.0))
}

/// A place: the key, what the ballot is compared with after a crash, and the sealed ballot.
fn place_length(terms: Terms) -> usize {
    KEY + KEY + seal::sealed_length(terms)
}

fn framed(key: Key, sealed: &[u8]) -> Vec<u8> {
    [&key.0, &checked(key, sealed)[..], sealed].concat()
}

/// The key of the ballot that lies in a place, if one does.
fn ballot(bytes: &[u8]) -> Option<Key> {
    let (key, rest) = bytes.split_first_chunk::<KEY>()?;
    let (check, sealed) = rest.split_first_chunk::<KEY>()?;
    let key = Key(*key);
    (key.0 != [0; KEY] && checked(key, sealed) == *check).then_some(key)
}

fn checked(key: Key, sealed: &[u8]) -> [u8; KEY] {
    let digest = Sha256::new_with_prefix(key.0).chain_update(sealed).finalize();
    let mut check = [0; KEY];
    check.copy_from_slice(&digest[..KEY]);
    check
}

/// Writes a file that others cannot read, with all its blocks, and syncs it.
fn write_whole<'a>(path: &Path, parts: impl IntoIterator<Item = &'a [u8]>) -> Result<(), BallotError> {
    let written = (|| {
        gone(fs::remove_file(path))?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut file = io::BufWriter::with_capacity(1 << 16, file);
        for part in parts {
            file.write_all(part)?;
        }
        file.flush()?;
        file.get_ref().sync_all()
    })();
    written.map_err(BallotError::at(path))
}

fn sync_folder(folder: &Path) -> Result<(), BallotError> {
    disk::sync_folder(folder).map_err(BallotError::at(folder))
}
