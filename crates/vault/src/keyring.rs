//! The key files: the master key, and the keyring that it wraps. Format: docs/formats/vault.md.
//!
//! Both live in one directory outside the database, so that a copy of the database alone opens nothing.
//! Which generation is in force stands in the database, moved in the transaction that rewraps the rows;
//! the keyring is only the set of generations that can be opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::VaultError;
use crate::crypto::{self, Secret, WRAPPED};
use crate::files;

const MASTER_TITLE: &str = "larka master key 1\n";
const KEYRING_TITLE: &[u8; 16] = b"larka keyring 1\n";
const ENTRY: usize = 1 + 4 + WRAPPED;

/// What an entry of the keyring is for; the numbers are part of the format.
const KEK: u8 = 1;
const LOOKUP: u8 = 2;
const HASH: u8 = 3;
const TOKEN: u8 = 4;
const CLASS: u8 = 5;

/// The keys of one generation, made and destroyed together.
pub(crate) struct Generation {
    /// Wraps the keys of agents.
    pub(crate) kek: Secret,
    /// Hashes identifiers.
    pub(crate) lookup: Secret,
}

impl Generation {
    pub(crate) fn random() -> Result<Self, VaultError> {
        Ok(Self { kek: Secret::random()?, lookup: Secret::random()? })
    }
}

/// All keys of the keyring file, opened.
#[derive(Clone)]
pub(crate) struct Keyring {
    pub(crate) generations: BTreeMap<u32, Arc<Generation>>,
    /// For keyed hashes, which outlive generations.
    pub(crate) hash: Arc<Secret>,
    /// For tokens, likewise.
    pub(crate) token: Arc<Secret>,
    /// What the keys of retention classes derive from.
    pub(crate) class: Arc<Secret>,
}

/// The directory of the key files, and the master key.
pub(crate) struct KeyFiles {
    dir: PathBuf,
    instance: [u8; 16],
    master: Secret,
}

impl KeyFiles {
    /// Opens the key files, or makes them. `used`: the database was used before, so that missing files
    /// are lost files, and making new ones would hide that.
    pub(crate) fn open(dir: &Path, instance: [u8; 16], used: bool) -> Result<(Self, Keyring), VaultError> {
        let _turn = files::lock(dir)?;
        let (master_file, keyring_file) = (dir.join("master"), dir.join("keyring"));
        let master = files::read_private(&master_file)?;
        let keyring = files::read_private(&keyring_file)?;
        let master = match master {
            Some(content) => parse_master(&master_file, &content)?,
            None if used || keyring.is_some() => return Err(lost(&master_file)),
            None => {
                let master = Secret::random()?;
                files::create(&master_file, &format_master(&master))?;
                master
            }
        };
        let files = Self { dir: dir.to_owned(), instance, master };
        let keyring = match keyring {
            Some(content) => files.parse(&content)?,
            None if used => return Err(lost(&keyring_file)),
            None => {
                let keyring = Keyring {
                    generations: BTreeMap::from([(1, Arc::new(Generation::random()?))]),
                    hash: Arc::new(Secret::random()?),
                    token: Arc::new(Secret::random()?),
                    class: Arc::new(Secret::random()?),
                };
                files::create(&keyring_file, &files.format(&keyring, crypto::random)?)?;
                keyring
            }
        };
        Ok((files, keyring))
    }

    /// The keyring of key files that are there; takes no turn, as that would write.
    pub(crate) fn look(dir: &Path, instance: [u8; 16]) -> Result<Keyring, VaultError> {
        let master_file = dir.join("master");
        let master = files::read_private(&master_file)?.ok_or_else(|| lost(&master_file))?;
        let master = parse_master(&master_file, &master)?;
        let keyring = files::read_private(&dir.join("keyring"))?.ok_or_else(|| lost(&dir.join("keyring")))?;
        Self::with_master(dir, instance, master).parse(&keyring)
    }

    /// The keyring as it is on disk now.
    pub(crate) fn read(&self) -> Result<Keyring, VaultError> {
        let _turn = files::lock(&self.dir)?;
        self.read_locked()
    }

    /// Changes the generations of the keyring on disk, in turn with other processes; returns the keyring
    /// after it. Where `change` returns false nothing is written.
    pub(crate) fn change(
        &self,
        change: impl FnOnce(&mut BTreeMap<u32, Arc<Generation>>) -> Result<bool, VaultError>,
    ) -> Result<Keyring, VaultError> {
        let _turn = files::lock(&self.dir)?;
        let mut keyring = self.read_locked()?;
        if change(&mut keyring.generations)? {
            files::replace(&self.dir.join("keyring"), &self.format(&keyring, crypto::random)?)?;
        }
        Ok(keyring)
    }

    /// Does something to a file beside the key files, in turn with other processes.
    pub(crate) fn in_turn<T>(&self, work: impl FnOnce() -> Result<T, VaultError>) -> Result<T, VaultError> {
        let _turn = files::lock(&self.dir)?;
        work()
    }

    /// The directory.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The keyring as a file that holds one generation alone; none where that is not in it.
    pub(crate) fn of_generation(&self, number: u32) -> Result<Option<Vec<u8>>, VaultError> {
        let mut keyring = self.read()?;
        keyring.generations.retain(|generation, _| *generation == number);
        if keyring.generations.is_empty() {
            return Ok(None);
        }
        self.format(&keyring, crypto::random).map(Some)
    }

    /// The key that a backup is sealed under, for each its own.
    pub(crate) fn backup_key(&self, id: &[u8; 16]) -> Secret {
        backup_key(&self.master, &self.instance, id)
    }

    fn read_locked(&self) -> Result<Keyring, VaultError> {
        let content = files::read_private(&self.dir.join("keyring"))?;
        content.ok_or_else(|| self.refused("is missing")).and_then(|content| self.parse(&content))
    }

    /// Key files that are not opened from disk.
    pub(crate) fn with_master(dir: &Path, instance: [u8; 16], master: Secret) -> Self {
        Self { dir: dir.to_owned(), instance, master }
    }

    pub(crate) fn format(
        &self,
        keyring: &Keyring,
        mut nonce: impl FnMut() -> Result<[u8; 12], VaultError>,
    ) -> Result<Vec<u8>, VaultError> {
        let fixed = [(HASH, 0, &*keyring.hash), (TOKEN, 0, &keyring.token), (CLASS, 0, &keyring.class)];
        let rotating = keyring
            .generations
            .iter()
            .flat_map(|(number, keys)| [(KEK, *number, &keys.kek), (LOOKUP, *number, &keys.lookup)]);
        let entries: Vec<_> = fixed.into_iter().chain(rotating).collect();
        let mut out = Vec::with_capacity(34 + entries.len() * ENTRY + 32);
        out.extend_from_slice(KEYRING_TITLE);
        out.extend_from_slice(&self.instance);
        out.extend_from_slice(&u16::try_from(entries.len()).unwrap_or(u16::MAX).to_be_bytes());
        for (purpose, number, secret) in entries {
            out.push(purpose);
            out.extend_from_slice(&number.to_be_bytes());
            let context = self.context(purpose, number);
            out.extend_from_slice(&crypto::wrap(&self.master, nonce()?, &context, secret.expose()));
        }
        let mac = self.mac(&out);
        out.extend_from_slice(&mac);
        Ok(out)
    }

    pub(crate) fn parse(&self, content: &[u8]) -> Result<Keyring, VaultError> {
        let not_a_keyring = || self.refused("is not a keyring of format 1");
        if content.len() < 34 + 32 || !content.starts_with(KEYRING_TITLE) {
            return Err(not_a_keyring());
        }
        if content[16..32] != self.instance {
            return Err(self.refused("belongs to another instance"));
        }
        let (body, mac) = content.split_at(content.len() - 32);
        if !bool::from(self.mac(body).ct_eq(mac)) {
            return Err(self.refused("is damaged, or was made under another master key"));
        }
        let count = usize::from(u16::from_be_bytes([body[32], body[33]]));
        let entries = &body[34..];
        if entries.len() != count * ENTRY {
            return Err(not_a_keyring());
        }
        let mut keys = BTreeMap::new();
        for entry in entries.chunks_exact(ENTRY) {
            let (purpose, number) = (entry[0], u32::from_be_bytes([entry[1], entry[2], entry[3], entry[4]]));
            let secret = crypto::unwrap(&self.master, &self.context(purpose, number), &entry[5..]);
            keys.insert((purpose, number), secret.ok_or_else(not_a_keyring)?);
        }
        let mut take = |purpose, number| keys.remove(&(purpose, number)).ok_or_else(not_a_keyring);
        let (hash, token, class) = (take(HASH, 0)?, take(TOKEN, 0)?, take(CLASS, 0)?);
        let mut generations = BTreeMap::new();
        while let Some((KEK, number)) = keys.keys().next().copied() {
            let (Some(kek), Some(lookup)) = (keys.remove(&(KEK, number)), keys.remove(&(LOOKUP, number)))
            else {
                return Err(not_a_keyring());
            };
            generations.insert(number, Arc::new(Generation { kek, lookup }));
        }
        if generations.is_empty() || !keys.is_empty() {
            return Err(not_a_keyring());
        }
        Ok(Keyring { generations, hash: Arc::new(hash), token: Arc::new(token), class: Arc::new(class) })
    }

    fn context(&self, purpose: u8, number: u32) -> Vec<u8> {
        [KEYRING_TITLE.as_slice(), &self.instance, &[purpose], &number.to_be_bytes()].concat()
    }

    fn mac(&self, body: &[u8]) -> [u8; 32] {
        crypto::keyed_hash(&crypto::expand(&self.master, &[b"larka keyring mac 1"]), &[body])
    }

    fn refused(&self, problem: &str) -> VaultError {
        VaultError::KeyFile { file: self.dir.join("keyring"), problem: problem.to_owned() }
    }
}

fn lost(file: &Path) -> VaultError {
    let problem = "is missing, and without it the vault cannot be opened: restore it from its backup";
    VaultError::KeyFile { file: file.to_owned(), problem: problem.into() }
}

/// The key that a backup is sealed under.
pub(crate) fn backup_key(master: &Secret, instance: &[u8; 16], id: &[u8; 16]) -> Secret {
    crypto::expand(master, &[b"larka backup 1", instance, id])
}

/// A master key out of its file.
pub(crate) fn read_master(file: &Path) -> Result<Secret, VaultError> {
    let content = std::fs::read(file).map_err(files::at(file))?;
    parse_master(file, &content)
}

pub(crate) fn format_master(master: &Secret) -> Zeroizing<Vec<u8>> {
    let digits = Zeroizing::new(hex::encode(master.expose()));
    Zeroizing::new(format!("{MASTER_TITLE}{}\n", digits.as_str()).into_bytes())
}

fn parse_master(file: &Path, content: &[u8]) -> Result<Secret, VaultError> {
    let digits = content.strip_prefix(MASTER_TITLE.as_bytes()).map(<[u8]>::trim_ascii_end);
    let mut master = Zeroizing::new([0; 32]);
    match digits.map(|digits| hex::decode_to_slice(digits, master.as_mut_slice())) {
        Some(Ok(())) => Ok(Secret::from_bytes(*master)),
        _ => Err(VaultError::KeyFile {
            file: file.to_owned(),
            problem: "is not a master key: expected its title line and 64 hexadecimal digits".into(),
        }),
    }
}
