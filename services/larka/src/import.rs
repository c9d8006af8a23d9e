//! `larka import statements`: statements from files, in batches, resumable, with what does not fit set aside.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use flate2::bufread::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::instance::Instance;
use crate::maintain::{Door, Task, say};
use crate::settings::Settings;

/// Statements, or bytes of statements, that go in at a time.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 4 << 20;
/// A value that is longer than this is no statement; a broken array would otherwise fill the memory.
const LONGEST: usize = 16 << 20;

/// What is imported.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// xAPI statements: one a line, or a JSON array; gzip or not
    Statements(Flags),
}

/// What `import statements` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// The file
    file: PathBuf,
    /// Key of the credential that vouches for them: it becomes their authority
    #[arg(long, value_name = "KEY")]
    credential: String,
    /// xAPI version of statements that do not name theirs: 1.0.3 or 2.0.0
    #[arg(long, default_value = "2.0.0", value_name = "VERSION")]
    xapi_version: String,
    /// Where statements that do not fit are written, with line and reason [default: FILE.aside.jsonl]
    #[arg(long, value_name = "FILE")]
    aside: Option<PathBuf>,
}

/// A statement on its way: its text, and the id it gets where it has none.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sent {
    text: String,
    id: [u8; 16],
}

/// What became of a batch.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    stored: usize,
    known: usize,
    /// Which of the batch, where in it, and what was expected there.
    aside: Vec<(usize, String, String)>,
}

/// How far an import has come, kept beside the file.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// The file's size and time, by which it is known again.
    size: u64,
    modified: i64,
    read: u64,
    stored: u64,
    known: u64,
    aside: u64,
}

/// `larka import statements`
pub(crate) async fn run(settings: Settings, Import::Statements(flags): Import) -> Result<(), Failure> {
    let json = settings.json;
    let unreadable = |error| Failure::new(format!("{} cannot be read: {error}", flags.file.display()));
    let file = File::open(&flags.file).map_err(unreadable)?;
    let metadata = file.metadata()?;
    let start = Progress { size: metadata.len(), modified: metadata.mtime(), ..Progress::default() };
    let mark = beside(&flags.file, "import");
    let mut progress = match std::fs::read(&mark).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
        Some(Progress { size, modified, .. }) if (size, modified) != (start.size, start.modified) => start,
        Some(before) => before,
        None => start,
    };
    let bar = if json { ProgressBar::hidden() } else { ProgressBar::new(metadata.len()) };
    let style = "{bar:40} {bytes}/{total_bytes}  {eta}  {msg}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let values = Values::open(Box::new(bar.wrap_read(file)))?;
    let aside = flags.aside.clone().unwrap_or_else(|| beside(&flags.file, "aside.jsonl"));

    let door = Door::open(settings).await?;
    let done = feed(&door, &flags, values, &mut progress, &mark, &aside, &bar).await;
    door.close().await;
    bar.finish_and_clear();
    done?;
    if mark.exists() {
        std::fs::remove_file(&mark)?;
    }
    let mut answer = json!({
        "read": progress.read, "stored": progress.stored, "known": progress.known, "aside": progress.aside,
    });
    if progress.aside > 0 {
        answer["aside_file"] = aside.display().to_string().into();
    }
    say(json, &answer);
    Ok(())
}

async fn feed(
    door: &Door,
    flags: &Flags,
    mut values: Values,
    progress: &mut Progress,
    mark: &Path,
    aside: &Path,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    for _ in 0..progress.read {
        values.next()?;
    }
    loop {
        let mut batch: Vec<(u64, Sent)> = Vec::new();
        let mut rejected = Vec::new();
        let (mut bytes, mut ended) = (0, false);
        while batch.len() + rejected.len() < BATCH && bytes < BATCH_BYTES {
            let Some((line, value)) = values.next()? else {
                ended = true;
                break;
            };
            match value {
                Ok(text) => {
                    bytes += text.len();
                    let id = stand_in(line, &text);
                    batch.push((line, Sent { text, id }));
                }
                Err(expected) => rejected.push((line, String::new(), expected.to_owned(), String::new())),
            }
        }
        let read = batch.len() + rejected.len();
        let (lines, sent): (Vec<u64>, Vec<Sent>) = batch.into_iter().unzip();
        let texts: Vec<String> = sent.iter().map(|sent| sent.text.clone()).collect();
        let task = Task::Import {
            credential: flags.credential.clone(),
            version: flags.xapi_version.clone(),
            statements: sent,
        };
        let outcome: Outcome = serde_json::from_value(door.perform(task).await?)?;
        for (at, path, expected) in outcome.aside {
            rejected.push((lines[at], path, expected, texts[at].clone()));
        }
        set_aside(aside, &rejected)?;
        progress.read += read as u64;
        progress.stored += outcome.stored as u64;
        progress.known += outcome.known as u64;
        progress.aside += rejected.len() as u64;
        std::fs::write(mark, serde_json::to_vec(progress)?)?;
        bar.set_message(format!(
            "{} stored, {} known, {} aside",
            progress.stored, progress.known, progress.aside
        ));
        if ended {
            return Ok(());
        }
    }
}

/// Adds what did not fit to a file that its owner alone can read: it holds what people did.
fn set_aside(file: &Path, rejected: &[(u64, String, String, String)]) -> Result<(), Failure> {
    if rejected.is_empty() {
        return Ok(());
    }
    let mut open = File::options().create(true).append(true).mode(0o600).open(file)?;
    for (line, path, expected, statement) in rejected {
        let entry = json!({ "line": line, "path": path, "expected": expected, "statement": statement });
        writeln!(open, "{entry}")?;
    }
    Ok(())
}

/// The id of a statement that has none: the same file gives the same ids, so that it can be imported again.
fn stand_in(line: u64, text: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(b"larka/import/1");
    hash.update(line.to_be_bytes());
    hash.update(text);
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    // RFC 9562, version 8.
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    id
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Stores a batch where the instance is.
pub(crate) async fn perform(
    instance: &Instance,
    credential: &str,
    version: &str,
    sent: Vec<Sent>,
) -> Result<Value, Failure> {
    let known = instance.vault.credentials().await?;
    let credential = known.iter().find(|one| one.key == credential).ok_or_else(|| {
        Failure::new("there is no credential with that key; make one with `larka credential`")
    })?;
    let may_define = credential.scopes.iter().any(|scope| ["all", "define"].contains(&scope.as_str()));
    let sender = lrs::Sender { credential: Some(credential.id), may_define };
    let wrong = || Failure::setting("xapi-version", "1.0.3 or 2.0.0");
    let usual = xapi::Version::negotiate(Some(version), None).map_err(|_| wrong())?;
    let mut outcome = Outcome::default();
    let mut open: Vec<(usize, xapi::Version, xapi::Statement)> = Vec::new();
    for (at, Sent { text, id }) in sent.into_iter().enumerate() {
        match parsed(&text, id, usual) {
            Ok((version, statement)) => open.push((at, version, statement)),
            Err(invalid) => outcome.aside.push((at, invalid.path, invalid.expected)),
        }
    }
    // Statements of one version go in together, in their order.
    while let Some((_, version, _)) = open.first() {
        let version = *version;
        let (same, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, one, _)| *one == version);
        open = others;
        store(instance, sender, version, same, &mut outcome).await?;
    }
    Ok(serde_json::to_value(outcome)?)
}

async fn store(
    instance: &Instance,
    sender: lrs::Sender,
    version: xapi::Version,
    mut batch: Vec<(usize, xapi::Version, xapi::Statement)>,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let mut later = Vec::new();
    while !batch.is_empty() {
        let statements: Vec<xapi::Statement> = batch.iter().map(|(.., one)| one.clone()).collect();
        match instance.lrs.ingest().post(statements, sender, version).await {
            Ok(posted) => {
                outcome.stored += posted.stored;
                outcome.known += batch.len() - posted.stored;
                batch = std::mem::take(&mut later);
            }
            Err(lrs::IngestError::Conflict { statement }) => {
                let (at, ..) = batch.remove(statement);
                outcome.aside.push((at, "/id".to_owned(), "an id that no other statement has".to_owned()));
            }
            // Of twins in one batch the second goes in after the first, and is known then, or in conflict.
            Err(lrs::IngestError::Repeated { statement }) => later.push(batch.remove(statement)),
            Err(lrs::IngestError::Full { retry_after }) => {
                tokio::time::sleep(std::time::Duration::from_secs(retry_after.into())).await;
            }
            Err(error) => return Err(error.into()),
        }
        if batch.is_empty() {
            batch = std::mem::take(&mut later);
        }
    }
    Ok(())
}

fn parsed(
    text: &str,
    id: [u8; 16],
    usual: xapi::Version,
) -> Result<(xapi::Version, xapi::Statement), xapi::Invalid> {
    let named = serde_json::from_str::<Named<'_>>(text).ok().and_then(|named| named.version);
    let version = match named {
        Some(version) if version.starts_with("1.") => xapi::Version::V1_0_3,
        Some(_) => xapi::Version::V2_0_0,
        None => usual,
    };
    let mut statement = xapi::parse::statement(text.as_bytes(), version, &xapi::Limits::default())?;
    if let Some(at) = statement.attachments.iter().position(|one| one.file_url.is_none()) {
        return Err(xapi::Invalid {
            statement: 0,
            path: format!("/attachments/{at}"),
            expected: "a fileUrl: the file has no content of attachments".to_owned(),
        });
    }
    statement.id.get_or_insert_with(|| uuid::Uuid::from_bytes(id));
    Ok((version, statement))
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    version: Option<std::borrow::Cow<'a, str>>,
}

/// The values of a file: one a line, or the elements of one array.
struct Values {
    bytes: Box<dyn BufRead + Send>,
    line: u64,
    array: bool,
}

/// A value with the line it begins on, or what was expected there.
type Numbered = (u64, Result<String, &'static str>);

impl Values {
    fn open(file: Box<dyn Read + Send>) -> Result<Self, Failure> {
        let mut file = BufReader::with_capacity(1 << 16, file);
        let bytes: Box<dyn BufRead + Send> = match file.fill_buf()? {
            [0x1f, 0x8b, ..] => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file))),
            _ => Box::new(file),
        };
        let mut values = Self { bytes, line: 1, array: false };
        if values.bytes.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            values.bytes.consume(3);
        }
        if values.peek()? == Some(b'[') {
            values.bytes.consume(1);
            values.array = true;
        }
        Ok(values)
    }

    fn next(&mut self) -> Result<Option<Numbered>, Failure> {
        if self.array { self.element() } else { self.whole_line() }
    }

    fn whole_line(&mut self) -> Result<Option<Numbered>, Failure> {
        if self.peek()?.is_none() {
            return Ok(None);
        }
        let at = self.line;
        let mut bytes = Vec::new();
        let read = (&mut self.bytes).take(LONGEST as u64 + 1).read_until(b'\n', &mut bytes)?;
        if read > LONGEST {
            // The rest of the line is passed over.
            while bytes.last() != Some(&b'\n') {
                bytes.clear();
                if (&mut self.bytes).take(LONGEST as u64).read_until(b'\n', &mut bytes)? == 0 {
                    break;
                }
            }
            self.line += 1;
            return Ok(Some((at, Err("a statement of at most 16 MiB"))));
        }
        self.line += 1;
        Ok(Some((at, String::from_utf8(bytes).map(|text| text.trim().to_owned()).map_err(|_| "UTF-8"))))
    }

    /// The next element of the array: from its first byte to the comma or bracket behind it.
    fn element(&mut self) -> Result<Option<Numbered>, Failure> {
        if self.peek()? == Some(b',') {
            self.bytes.consume(1);
        }
        let Some(first) = self.peek()? else { return Err(self.broken("] at the end of the array")) };
        if first == b']' {
            return Ok(None);
        }
        let at = self.line;
        let (mut text, mut depth, mut quoted, mut escaped) = (Vec::new(), 0_u32, false, false);
        loop {
            let Some(byte) = self.bytes.fill_buf()?.first().copied() else {
                return Err(self.broken("] at the end of the array"));
            };
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'{' | b'[' => depth += 1,
                b',' | b']' if depth == 0 => break,
                b'}' | b']' => {
                    depth = depth.checked_sub(1).ok_or_else(|| self.broken("an opening bracket"))?;
                }
                _ => {}
            }
            self.line += u64::from(byte == b'\n');
            self.bytes.consume(1);
            text.push(byte);
            if text.len() > LONGEST {
                return Err(self.broken("statements of at most 16 MiB"));
            }
        }
        Ok(Some((at, String::from_utf8(text).map(|text| text.trim().to_owned()).map_err(|_| "UTF-8"))))
    }

    /// The next byte that is no white space, left where it is.
    fn peek(&mut self) -> Result<Option<u8>, Failure> {
        loop {
            match self.bytes.fill_buf()?.first() {
                Some(byte) if byte.is_ascii_whitespace() => {
                    self.line += u64::from(*byte == b'\n');
                    self.bytes.consume(1);
                }
                byte => return Ok(byte.copied()),
            }
        }
    }

    fn broken(&self, expected: &str) -> Failure {
        Failure::new(format!("the file is broken at line {}: expected {expected}", self.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Result<Vec<Numbered>, String> {
        let mut values =
            Values::open(Box::new(std::io::Cursor::new(text.to_vec()))).map_err(|e| e.to_string())?;
        let mut found = Vec::new();
        while let Some(value) = values.next().map_err(|e| e.to_string())? {
            found.push(value);
        }
        Ok(found)
    }

    fn good(line: u64, text: &str) -> Numbered {
        (line, Ok(text.to_owned()))
    }

    #[test]
    fn lines_and_arrays_are_taken_apart_with_their_numbers() {
        let lines = all(b"\xef\xbb\xbf{\"a\":1}\n\n  {\"b\":\r\nnot json\n\xff\n{\"c\":3}").unwrap();
        let expected = [
            good(1, "{\"a\":1}"),
            good(3, "{\"b\":"),
            good(4, "not json"),
            (5, Err("UTF-8")),
            good(6, "{\"c\":3}"),
        ];
        assert_eq!(lines, expected);
        let array = all(b"\n[ {\"a\":[1,2,\"]}\\\"\"]},\n{\"b\":{}} , 7\n]\n").unwrap();
        assert_eq!(array, [good(2, "{\"a\":[1,2,\"]}\\\"\"]}"), good(3, "{\"b\":{}}"), good(3, "7")]);
        assert_eq!(all(b"").unwrap(), []);
        assert_eq!(all(b"[]").unwrap(), []);
        assert!(all(b"[{\"a\":1},\n{\"b\":").unwrap_err().contains("line 2"));
        assert!(all(b"[}]").unwrap_err().contains("opening"));
    }

    #[test]
    fn gzip_is_read_as_it_is() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"{\"a\":1}\n{\"b\":2}\n").unwrap();
        assert_eq!(all(&packed.finish().unwrap()).unwrap(), [good(1, "{\"a\":1}"), good(2, "{\"b\":2}")]);
    }

    #[test]
    fn the_same_line_stands_in_for_the_same_id_and_another_for_another() {
        let id = uuid::Uuid::from_bytes(stand_in(3, "{}"));
        assert_eq!((id.get_version_num(), id.get_variant()), (8, uuid::Variant::RFC4122));
        assert_eq!(stand_in(3, "{}"), stand_in(3, "{}"));
        assert!(stand_in(3, "{}") != stand_in(4, "{}") && stand_in(3, "{}") != stand_in(3, "{ }"));
    }
}
