//! A report, written to a file.

use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;
pub(crate) use crate::tasks::reports::Flags;

/// `larka report`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let output = flags.output.clone();
    let answer = door::do_task(settings, Task::Report(flags)).await?;
    let bytes = BASE64_STANDARD.decode(answer["report"].as_str().unwrap_or_default())?;
    if output.as_os_str() == "-" {
        std::io::stdout().write_all(&bytes)?;
        return Ok(());
    }
    put(&output, &bytes)
        .map_err(|e| Failure::new(format!("the report cannot be written to {}: {e}", output.display())))
}

/// Writes a file beside where it belongs and moves it there whole; what is no file, such as a pipe, is written to as it is.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link is followed: it stays one.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if std::fs::metadata(&path).is_ok_and(|there| !there.is_file()) {
        return std::fs::write(&path, bytes);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(bytes)?;
    beside.persist(&path)?;
    Ok(())
}
