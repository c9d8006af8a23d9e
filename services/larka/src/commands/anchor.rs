//! The log's head, signed.

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;

/// `larka anchor`
#[allow(clippy::print_stdout, reason = "a command answers on standard output")]
pub(crate) async fn run(settings: Settings) -> Result<(), Failure> {
    let json = settings.json;
    let answer = door::do_task(settings, Task::Anchor).await?;
    match answer["anchor"].as_str().filter(|_| !json) {
        // Alone on its line, to be appended to a file.
        Some(line) => println!("{line}"),
        None => println!("{answer}"),
    }
    Ok(())
}
