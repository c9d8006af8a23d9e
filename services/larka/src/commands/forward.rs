//! Places that statements are handed on to.

use std::path::PathBuf;

use admin::{ForwardInput, ForwardTask};
use clap::{Args, Subcommand};

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;
use crate::terminal;

/// Places that statements are handed on to.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Hand statements on to another place; a webhook's secret is shown once
    Create(Create),
    /// List them, with how they stand
    List,
    /// Let one rest
    Pause {
        /// Its name
        name: String,
    },
    /// Let one go on
    Resume {
        /// Its name
        name: String,
        /// Go on after this position of the log [default: where it was]
        #[arg(long, value_name = "POSITION")]
        from: Option<u64>,
    },
    /// Forget one, with its secret and how far it has come
    Remove {
        /// Its name
        name: String,
    },
}

/// What `create` takes. A password never stands in a command line: others can read it there.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What it is called: letters a to z, digits and hyphens
    name: String,
    /// A record store's xAPI endpoint (https://lrs.example/xapi), or a webhook's address
    #[arg(long, value_name = "URL")]
    to: String,
    /// What stands there: lrs or webhook
    #[arg(long, value_name = "KIND")]
    kind: String,
    /// The record store's user
    #[arg(long, value_name = "USER", requires = "password")]
    user: Option<String>,
    /// File with the record store's password; - for standard input
    #[arg(long, value_name = "FILE", requires = "user")]
    password: Option<PathBuf>,
    /// Versions of xAPI that the record store takes [default: 1.0.3,2.0.0]
    #[arg(long, value_delimiter = ',', value_name = "VERSIONS")]
    versions: Vec<String>,
    /// Hand on statements with this verb; may be given several times [default: any]
    #[arg(long = "verb", value_name = "IRI")]
    verbs: Vec<String>,
    /// Hand on statements about activities that begin so; may be given several times [default: any]
    #[arg(long = "activity", value_name = "IRI")]
    activities: Vec<String>,
    /// Hand on statements of people at this unit or below it; may be given several times [default: anybody]
    #[arg(long = "unit", value_name = "CODE")]
    units: Vec<String>,
    /// Begin after this position of the log; 0 for all of it [default: its end]
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
}

/// `larka forward`
pub(crate) async fn run(settings: Settings, command: Command) -> Result<(), Failure> {
    let task = match command {
        Command::Create(Create {
            name,
            to,
            kind,
            user,
            password,
            versions,
            verbs,
            activities,
            units,
            from,
        }) => {
            let password = password.map(|file| terminal::read(&file)).transpose()?;
            // An editor ends a file with a line's end, which no password has.
            let password = password.map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
            let input =
                ForwardInput { name, kind, to, user, password, versions, verbs, activities, units, from };
            ForwardTask::Create(Box::new(input))
        }
        Command::List => ForwardTask::List,
        Command::Pause { name } => ForwardTask::Pause { name },
        Command::Resume { name, from } => ForwardTask::Resume { name, from },
        Command::Remove { name } => ForwardTask::Remove { name },
    };
    door::tell(settings, Task::Forward(task)).await
}
