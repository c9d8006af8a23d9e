//! `larka import survey FILE`: answers to a survey from a file, handed to where the instance is (`docs/answers.md`).

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use desk::files::Terms;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::settings::Settings;
use crate::tasks::answers::{self, Taken};
use crate::{socket, terminal};

/// What `import survey` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// LimeSurvey's CSV with codes, JSON, VV or Excel, SurveyJS results, or a table with the columns respondent,
    /// question and answer
    file: PathBuf,
    /// Id of the round that was answered
    #[arg(long, value_name = "ID")]
    round: String,
    /// Say what would be taken and what not, and take nothing
    #[arg(long)]
    dry_run: bool,
    /// Column that says who answered, of named and pseudonymous rounds
    #[arg(long, value_name = "COLUMN")]
    respondent: Option<String>,
    /// What respondents' accounts are of (homePage); without it the column has e-mail addresses
    #[arg(long, value_name = "IRI", requires = "respondent")]
    home_page: Option<String>,
    /// Column that says of which unit respondents are, by its code: of guardians, and where nobody can be linked
    #[arg(long, value_name = "COLUMN")]
    unit: Option<String>,
    /// Column that says in which role, where nobody can be linked
    #[arg(long, value_name = "COLUMN", requires = "unit")]
    role: Option<String>,
    /// Key of the credential that vouches for them: it becomes their authority [default: the survey service]
    #[arg(long, value_name = "KEY")]
    credential: Option<String>,
    /// Column to leave out though it may hold answers
    #[arg(long, value_name = "COLUMN")]
    leave_out: Vec<String>,
    /// The survey's structure (.lss), for VV of version 1
    #[arg(long, value_name = "FILE")]
    structure: Option<PathBuf>,
    /// It is known that the file names or traces people, and that this is dropped: where nobody is to be known
    #[arg(long)]
    drop_identities: bool,
}

/// `larka import survey FILE`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<Taken, Failure> {
    let Flags { file, round, structure, .. } = flags;
    let terms = Terms {
        dry_run: flags.dry_run,
        respondent: flags.respondent,
        home_page: flags.home_page,
        unit: flags.unit,
        role: flags.role,
        leave_out: flags.leave_out,
        drop_identities: flags.drop_identities,
        structure: structure.as_deref().map(terminal::read).transpose()?,
        credential: flags.credential,
    };
    let unreadable = |error| Failure::new(format!("{} cannot be read: {error}", file.display()));
    let opened = tokio::fs::File::open(&file).await.map_err(unreadable)?;
    if socket::answers(&settings).await {
        return socket::hand_over_file(&settings, &round, &terms, opened).await;
    }
    let instance = Instance::open(settings).await?;
    let taken = answers::take(Arc::clone(&instance), round, terms, file).await;
    instance.close().await;
    taken
}
