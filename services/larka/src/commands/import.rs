//! `larka import`: statements and answers from files and from other stores (`docs/migration.md`).

use clap::Subcommand;

use crate::failure::Failure;
use crate::imports::{Flags, answers, file, pull};
use crate::settings::Settings;
use crate::tasks::answers::Taken;
use crate::terminal::{print, say};

/// What is imported.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// xAPI statements from a file (gzip or not), or pulled from another LRS
    Statements(Flags),
    /// Answers to a survey from a file: LimeSurvey's exports, SurveyJS results, a long table
    Survey(answers::Flags),
}

/// `larka import`
pub(crate) async fn run(settings: Settings, what: Import) -> Result<(), Failure> {
    match what {
        Import::Statements(flags) => statements(settings, flags).await,
        Import::Survey(flags) => survey(settings, flags).await,
    }
}

async fn survey(settings: Settings, flags: answers::Flags) -> Result<(), Failure> {
    let json = settings.json;
    match answers::run(settings, flags).await? {
        Taken::Told(answer, whole) => {
            say(json, &answer)?;
            match whole {
                true => Ok(()),
                false => Err(Failure::differing("not all of the file is taken, see above")),
            }
        }
        Taken::Refused(refused) => {
            say(json, &serde_json::json!({ "refused": refused }))?;
            Err(Failure::differing("nothing of the file is taken, see above"))
        }
    }
}

async fn statements(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let json = settings.json;
    let (answer, table, agrees) = match (&flags.file, &flags.pull) {
        (Some(file), _) => file::run(settings, &flags, file).await?,
        (None, Some(url)) => pull::run(settings, &flags, url).await?,
        (None, None) => return Err(Failure::new("a file is needed, or --pull")),
    };
    let gone = answer["gone"].is_string();
    report(json, answer, &table)?;
    match agrees {
        true => Ok(()),
        false if gone => {
            Err(Failure::differing("the source no longer has what the last pull ended with, see above"))
        }
        false => Err(Failure::differing("the log has not all that the source has, see above")),
    }
}

fn report(json: bool, mut answer: serde_json::Value, table: &str) -> Result<(), Failure> {
    if json {
        return say(true, &answer);
    }
    let missing = answer["counts"]["missing"].take();
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("counts");
    }
    say(false, &answer)?;
    let mut text = format!("\n{table}\n");
    let missing: Vec<&str> = missing.as_array().into_iter().flatten().filter_map(|id| id.as_str()).collect();
    if !missing.is_empty() {
        text.push_str(&format!("\nnot here: {}\n", missing.join(" ")));
    }
    print(text.as_bytes())
}
