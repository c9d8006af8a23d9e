//! A file that came over the network, for as long as it is looked at: on disk without a name, and under a key that is in
//! memory alone. Whatever becomes of the process, nothing of it can be read afterwards.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _, StreamCipherSeek as _};

use super::terms::Source;

/// Bytes that are sealed or opened at a time.
const PIECE: usize = 64 << 10;

/// A file as it came.
pub struct Spool {
    file: Arc<File>,
    key: [u8; 32],
    written: ChaCha20,
    most: u64,
}

/// The key is used for one file.
fn cipher(key: &[u8; 32]) -> ChaCha20 {
    ChaCha20::new(key.into(), &[0; 12].into())
}

impl Spool {
    /// An empty one in a folder, for a file of at most so many bytes, unpacked too.
    ///
    /// # Errors
    /// The folder cannot be written to, or the system gives no randomness.
    pub fn begin(folder: &Path, most: u64) -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|_| io::Error::other("the system gives no randomness"))?;
        let file = Arc::new(tempfile::tempfile_in(folder)?);
        Ok(Self { file, key, written: cipher(&key), most })
    }

    /// Adds what came.
    ///
    /// # Errors
    /// The disk fails.
    pub fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            let mut piece = piece.to_vec();
            self.written.apply_keystream(&mut piece);
            (&*self.file).write_all(&piece)?;
        }
        Ok(())
    }
}

impl Source for Spool {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Opened { file: Arc::clone(&self.file), cipher: cipher(&self.key), at: 0 }))
    }

    fn most(&self) -> u64 {
        self.most
    }
}

/// Texts that lie so, to be taken up in whichever order: in memory is where each is.
pub(super) struct Pile {
    spool: Spool,
    places: Vec<(u64, usize)>,
    end: u64,
}

impl Pile {
    pub(super) fn begin(folder: &Path) -> io::Result<Self> {
        Ok(Self { spool: Spool::begin(folder, u64::MAX)?, places: Vec::new(), end: 0 })
    }

    pub(super) fn add(&mut self, text: &[u8]) -> io::Result<()> {
        self.spool.add(text)?;
        self.places.push((self.end, text.len()));
        self.end += text.len() as u64;
        Ok(())
    }

    /// Where each text is, to be brought into another order.
    pub(super) fn places(&mut self) -> &mut [(u64, usize)] {
        &mut self.places
    }

    /// The text at a place in that order; none behind the last.
    pub(super) fn read(&self, place: usize) -> io::Result<Option<Vec<u8>>> {
        let Some((at, length)) = self.places.get(place).copied() else { return Ok(None) };
        let mut text = vec![0; length];
        self.spool.file.read_exact_at(&mut text, at)?;
        let mut cipher = cipher(&self.spool.key);
        cipher.try_seek(at).map_err(|_| io::ErrorKind::FileTooLarge)?;
        cipher.apply_keystream(&mut text);
        Ok(Some(text))
    }
}

struct Opened {
    file: Arc<File>,
    cipher: ChaCha20,
    at: u64,
}

impl Read for Opened {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.at)?;
        self.cipher.apply_keystream(&mut bytes[..read]);
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_back_as_it_came_and_lies_nowhere_in_the_clear() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::begin(folder.path(), 1 << 20).unwrap();
        let text = "anna@larkby.example;".repeat(10_000);
        text.as_bytes().chunks(777).for_each(|piece| spool.add(piece).unwrap());
        for _ in 0..2 {
            let mut back = String::new();
            spool.open().unwrap().read_to_string(&mut back).unwrap();
            assert!(back == text);
        }
        let mut lies = vec![0; text.len()];
        spool.file.read_exact_at(&mut lies, 0).unwrap();
        assert!(!lies.windows(6).any(|bytes| bytes == b"larkby"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
    }

    #[test]
    fn what_lies_on_a_pile_is_taken_up_in_any_order_and_lies_nowhere_in_the_clear() {
        let folder = tempfile::tempdir().unwrap();
        let mut pile = Pile::begin(folder.path()).unwrap();
        let text = |number: usize| format!("svar {number} {}", "larkby".repeat(number * number));
        (0..200).for_each(|number| pile.add(text(number).as_bytes()).unwrap());
        pile.places().reverse();
        for place in (0..200).step_by(7) {
            assert_eq!(pile.read(place).unwrap().unwrap(), text(199 - place).as_bytes());
        }
        assert!(pile.read(200).unwrap().is_none());
        let mut lies = vec![0; usize::try_from(pile.end).unwrap()];
        pile.spool.file.read_exact_at(&mut lies, 0).unwrap();
        assert!(!lies.windows(6).any(|bytes| bytes == b"larkby"));
    }
}
