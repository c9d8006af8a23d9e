//! A report, written to a file.

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;
pub(crate) use crate::tasks::reports::Flags;

/// `larka report`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let output = flags.output.clone();
    let answer = door::do_task(settings, Task::Report(flags)).await?;
    let text = answer["report"].as_str().unwrap_or_default();
    if output.as_os_str() == "-" {
        use std::io::Write;
        std::io::stdout().write_all(text.as_bytes())?;
        return Ok(());
    }
    std::fs::write(&output, text)
        .map_err(|e| Failure::new(format!("the report cannot be written to {}: {e}", output.display())))
}
