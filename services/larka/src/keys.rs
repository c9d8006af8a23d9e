//! What lies beside the keys: bytes that are made once.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::failure::Failure;

/// The file of the instance's own id.
const INSTANCE: &str = "instance";

/// The instance's own id, kept beside the keys that are bound to it.
pub(crate) fn instance_id(keys: &Path) -> Result<[u8; 16], Failure> {
    made_once(keys, INSTANCE)
}

/// The instance's own id where it is; none is made.
pub(crate) fn read_id(keys: &Path) -> Result<Option<[u8; 16]>, Failure> {
    if keys.join(INSTANCE).exists() { read(&keys.join(INSTANCE)).map(Some) } else { Ok(None) }
}

/// Whether an instance's keys are here.
pub(crate) fn are_at(keys: &Path) -> bool {
    keys.join(INSTANCE).is_file()
}

/// Random bytes that are made once, and kept beside the keys in a file that nobody else can read.
pub(crate) fn made_once<const LENGTH: usize>(keys: &Path, name: &str) -> Result<[u8; LENGTH], Failure> {
    std::fs::create_dir_all(keys).map_err(Failure::at(keys))?;
    let path = keys.join(name);
    let mut bytes = [0_u8; LENGTH];
    if !path.exists() {
        let mut tag = [0_u8; 8];
        getrandom::fill(&mut bytes)
            .and_then(|()| getrandom::fill(&mut tag))
            .map_err(|e| Failure::new(format!("the system gives no randomness: {e}")))?;
        // Linked into place whole: of two nodes that start at once, one wins and both read the winner's.
        let draft = keys.join(format!("{name}.{}", hex::encode(tag)));
        let written = File::options().create_new(true).write(true).mode(0o600).open(&draft);
        written
            .and_then(|mut file| file.write_all(hex::encode(bytes).as_bytes()).and_then(|()| file.sync_all()))
            .map_err(Failure::at(&draft))?;
        let linked = std::fs::hard_link(&draft, &path);
        std::fs::remove_file(&draft).map_err(Failure::at(&draft))?;
        if let Err(error) = linked
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(Failure::at(&path)(error));
        }
    }
    read(&path)
}

fn read<const LENGTH: usize>(path: &Path) -> Result<[u8; LENGTH], Failure> {
    let mut bytes = [0_u8; LENGTH];
    let text = std::fs::read_to_string(path).map_err(Failure::at(path))?;
    hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
        let digits = LENGTH * 2;
        Failure::new(format!("{} is damaged: expected {digits} hexadecimal digits", path.display()))
    })?;
    Ok(bytes)
}
