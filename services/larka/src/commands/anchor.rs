//! The log's head, signed.

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;
use crate::terminal;

/// `larka anchor`
pub(crate) async fn run(settings: Settings) -> Result<(), Failure> {
    let json = settings.json;
    let answer = door::do_task(settings, Task::Anchor).await?;
    match answer["anchor"].as_str().filter(|_| !json) {
        // Alone on its line, to be appended to a file.
        Some(line) => terminal::print(format!("{line}\n").as_bytes()),
        None => terminal::say(true, &answer),
    }
}
