//! The content of attachments that an export has beside its statements: files named by their hash, or the rows of SQL
//! LRS's table.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::imports::tables::{self, Tables, Writing};
use crate::imports::values::Bytes;

/// Bytes of the longest row with content: twice as many as the content has.
const LONGEST: usize = 128 << 20;
/// The column with the hash of the content, by which the table is known.
const HASH: &str = "attachment_sha";

enum Place {
    File(PathBuf),
    /// Where in the file the row is, its length, and which of its fields is the content.
    Row(u64, usize, usize),
}

/// Content by hash; what is looked for is read then.
pub(super) struct ContentStore {
    places: HashMap<String, Place>,
    table: Option<(File, Writing)>,
}

impl ContentStore {
    /// A folder with files named by their hash, or a file with SQL LRS's table `attachment`.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        if path.is_dir() {
            let mut places = HashMap::new();
            collect(path, &mut places).map_err(|error| unreadable(path, &error))?;
            return Ok(Self { places, table: None });
        }
        Self::of_table(path)?.ok_or_else(|| {
            let expected = "a folder of files named by their hash, or SQL LRS's table attachment";
            Failure::new(format!("{} holds no attachments: expected {expected}", path.display()))
        })
    }

    /// The rows of the table `attachment` in a file; none where it is no table at all.
    pub(super) fn of_table(path: &Path) -> Result<Option<Self>, Failure> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let Ok(mut tables) = Tables::of(Bytes::open(Box::new(file.try_clone()?))?, &[HASH], LONGEST)? else {
            return Ok(None);
        };
        let mut places = HashMap::new();
        while let Some(row) = tables.next()? {
            let column = |name| tables.columns.iter().position(|column| column == name);
            let (Ok(fields), Some(hash), Some(contents)) = (row.fields, column(HASH), column("contents"))
            else {
                continue;
            };
            if tables.are_packed() {
                return Err(Failure::new(format!(
                    "{} is packed: unpack it first, so that attachments can be looked up in it",
                    path.display()
                )));
            }
            if let Some(Some(hash)) = fields.get(hash) {
                let (start, length) = row.place;
                places.insert(hash.to_ascii_lowercase(), Place::Row(start, length, contents));
            }
        }
        Ok(Some(Self { places, table: Some((file, tables.writing())) }))
    }

    /// The content with this hash, in hexadecimal digits; none where there is none.
    pub(super) fn find(&self, sha2: &str) -> Result<Option<Vec<u8>>, Failure> {
        let (start, length, column) = match self.places.get(&sha2.to_ascii_lowercase()) {
            None => return Ok(None),
            Some(Place::File(path)) => {
                return std::fs::read(path).map(Some).map_err(|error| unreadable(path, &error));
            }
            Some(Place::Row(start, length, column)) => (*start, *length, *column),
        };
        let Some((file, writing)) = &self.table else { return Ok(None) };
        let mut row = vec![0; length];
        file.read_exact_at(&mut row, start)?;
        let fields = std::str::from_utf8(&row)
            .ok()
            .and_then(|text| tables::parse(text.trim_end_matches(['\r', '\n']), *writing));
        let field = fields.and_then(|fields| fields.into_iter().nth(column).flatten());
        // PostgreSQL writes bytes as \x and hexadecimal digits; SQLite's hex() writes the digits alone.
        let digits = field.as_deref().map(|field| field.strip_prefix("\\x").unwrap_or(field));
        let content = digits.and_then(|digits| hex::decode(digits).ok());
        content.map(Some).ok_or_else(|| {
            Failure::new(format!("the content of an attachment at byte {start}: expected hexadecimal digits"))
        })
    }
}

/// Files whose names begin with a SHA-2 in hexadecimal digits, wherever they lie in a folder.
fn collect(folder: &Path, places: &mut HashMap<String, Place>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, places)?;
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let hash = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
        if matches!(hash.len(), 56 | 64 | 96 | 128) && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            places.insert(hash, Place::File(path));
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} cannot be read: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_found_by_its_hash_in_folders_values_and_dumps() {
        let folder = std::env::temp_dir().join(format!("larka-contents-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("files/deeper")).unwrap();
        let hash = "ab".repeat(32);
        std::fs::write(folder.join(format!("files/deeper/{}.txt", hash.to_uppercase())), "in a file")
            .unwrap();
        std::fs::write(folder.join("files/readme.txt"), "no hash").unwrap();
        let hex = hex::encode("in \"a\" row");
        let csv = format!("attachment_sha,contents\nother,00\n{hash},{hex}\n");
        std::fs::write(folder.join("attachment.csv"), csv).unwrap();
        let dump = format!(
            "--\nCOPY public.attachment (id, attachment_sha, contents) FROM stdin;\n1\t{hash}\t\\\\x{hex}\n\\.\n"
        );
        std::fs::write(folder.join("dump.sql"), dump).unwrap();
        std::fs::write(folder.join("other.csv"), "a,b\n1,2\n").unwrap();
        for (name, content) in
            [("files", "in a file"), ("attachment.csv", "in \"a\" row"), ("dump.sql", "in \"a\" row")]
        {
            let store = ContentStore::open(&folder.join(name)).unwrap();
            assert_eq!(
                store.find(&hash.to_uppercase()).unwrap().as_deref(),
                Some(content.as_bytes()),
                "{name}"
            );
            assert_eq!(store.find(&"cd".repeat(32)).unwrap(), None);
        }
        let none = ContentStore::open(&folder.join("other.csv")).err().unwrap().to_string();
        assert!(none.contains("holds no attachments"), "{none}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
