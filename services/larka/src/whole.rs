//! Files that are there whole or not at all.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

/// What the name of a file ends with until it is whole.
pub(crate) const UNFINISHED: &str = ".new";

/// Writes a file for its owner alone, beside where it belongs, and moves it there; one that is there is replaced. It is on
/// disk when this returns.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut beside =
        tempfile::Builder::new().prefix(&format!("{name}.")).suffix(UNFINISHED).tempfile_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    beside.persist(path)?;
    File::open(folder)?.sync_all()
}

/// The name that an unfinished file was to have; any other name as it is.
pub(crate) fn named(name: &str) -> &str {
    name.strip_suffix(UNFINISHED).map_or(name, |name| name.rsplit_once('.').map_or(name, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        for bytes in [b"first".as_slice(), b"", b"third"] {
            write(&path, bytes).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        // Where it cannot be written, what was there stays.
        assert!(write(&folder.path().join("report.html/x"), b"fourth").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"third");
        assert_eq!(["a-1.x7Yz.new", "a-1.new", "a-1"].map(named), ["a-1"; 3]);
    }
}
