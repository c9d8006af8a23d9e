//! Answers to a survey from a file (`docs/migration.md`): read whole before anything is taken, so that a file that cannot be
//! taken leaves nothing behind; then, respondent by respondent, into what takes them.

mod judge;
mod report;
mod roll;
mod sink;

pub(crate) use report::refused;

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use clap::Args;
use domain::events::RoundMode;
use flate2::bufread::MultiGzDecoder;
use forms::files::{Format, Input, Reading, Structure, Terms};
use forms::{Definition, Refusal};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value as Json;

use crate::door::Door;
use crate::failure::Failure;
use crate::imports::answers::judge::{Judge, Verdict};
use crate::imports::answers::report::Report;
use crate::imports::answers::roll::Roll;
use crate::imports::answers::sink::{Ballots, Done, Sink, Statements};
use crate::settings::Settings;
use crate::tasks::Task;
use crate::tasks::rounds::Round;

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
    /// Column that says of which unit respondents are, by its code: of rounds that nobody can link
    #[arg(long, value_name = "COLUMN", requires = "role")]
    unit: Option<String>,
    /// Column that says in which role: of rounds that nobody can link
    #[arg(long, value_name = "COLUMN", requires = "unit")]
    role: Option<String>,
    /// Key of the credential that vouches for them: it becomes their authority. Not where nobody can be linked
    #[arg(long, value_name = "KEY")]
    credential: Option<String>,
    /// Column to leave out though it may hold answers
    #[arg(long, value_name = "COLUMN")]
    leave_out: Vec<String>,
    /// The survey's structure (.lss), for VV of version 1
    #[arg(long, value_name = "FILE")]
    structure: Option<PathBuf>,
    /// It is known that the file names or traces people, and that this is dropped: of rounds that nobody can link
    #[arg(long)]
    drop_identities: bool,
}

/// What comes of it: what `--json` prints, and whether all of the file was taken.
pub(crate) type Outcome = Result<(Json, bool), Vec<Refusal>>;

/// `larka import survey FILE`
pub(crate) async fn run(settings: Settings, flags: &Flags) -> Result<Outcome, Failure> {
    let bar = if settings.json { ProgressBar::hidden() } else { ProgressBar::new(0) };
    let door = Door::open(settings).await?;
    let done = walk(&door, flags, &bar).await;
    door.close().await;
    bar.finish_and_clear();
    done
}

async fn walk(door: &Door, flags: &Flags, bar: &ProgressBar) -> Result<Outcome, Failure> {
    let asked = door.perform(Task::Round { id: flags.round.clone() }).await?;
    let round: Round = serde_json::from_value(asked)?;
    let definition =
        forms::register(round.definition.as_bytes(), round.scoring.as_deref().map(str::as_bytes));
    let definition =
        definition.map_err(|_| Failure::new("the survey's definition is none that is taken any more"))?;
    ask_for_flags(&round, flags)?;

    let mut report = Report::new(&round, flags.dry_run);
    let mut judge = Judge::new(&round, flags.home_page.as_deref());
    let mut reading = match open(flags, &round, &definition, None) {
        Ok(reading) => reading,
        Err(Refused::File(refusal)) => return Ok(Err(vec![refusal])),
        Err(Refused::Failed(failure)) => return Err(failure),
    };
    let mut roll = Roll::new(door, &round);
    loop {
        match reading.answer() {
            Ok(Some(filed)) => {
                let (row, came) = (filed.row, filed.came);
                if let Some(answer) = report.count(row, came, judge.judge(filed)) {
                    report.settled(roll.add(answer).await?);
                }
            }
            Ok(None) => break,
            Err(refusal) => return Ok(Err(vec![refusal])),
        }
    }
    report.settled(roll.settle().await?);
    report.read(&reading);
    let refusals = kept_out(&round, &reading, flags);
    if !refusals.is_empty() && !flags.dry_run {
        return Ok(Err(refusals));
    }
    if flags.dry_run {
        let whole = report.is_whole() && refusals.is_empty();
        return Ok(Ok((report.json(&refusals), whole)));
    }
    let style = "{bar:40} {bytes}/{total_bytes}  {eta}  {msg}";
    bar.set_length(std::fs::metadata(&flags.file)?.len());
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let (name, taken, whole) = if round.mode == RoundMode::Unlinkable {
        take(door, flags, &round, &definition, Ballots::open(door, &flags.file, &round)?, bar).await?
    } else {
        let credential = flags.credential.clone();
        let needed = || Failure::new("--credential KEY is needed: it vouches for the answers");
        let sink = Statements::open(door, &flags.file, &round, &definition, credential.ok_or_else(needed)?)?;
        take(door, flags, &round, &definition, sink, bar).await?
    };
    let mut answer = report.json(&[]);
    answer[name] = taken;
    Ok(Ok((answer, whole && report.is_whole())))
}

/// Hands what can be taken to what takes it.
async fn take(
    door: &Door,
    flags: &Flags,
    round: &Round,
    definition: &Definition,
    mut sink: impl Sink,
    bar: &ProgressBar,
) -> Result<Done, Failure> {
    let changed = || Failure::new(format!("{} was changed while it was read", flags.file.display()));
    let mut judge = Judge::new(round, flags.home_page.as_deref());
    let mut roll = Roll::new(door, round);
    let mut reading = open(flags, round, definition, Some(bar)).map_err(|_| changed())?;
    while let Some(filed) = reading.answer().map_err(|_| changed())? {
        if let Verdict::Taken(answer) = judge.judge(filed) {
            for answer in roll.add(answer).await?.into_iter().flatten() {
                sink.take(answer).await?;
            }
            bar.set_message(sink.so_far());
        }
    }
    for answer in roll.settle().await?.into_iter().flatten() {
        sink.take(answer).await?;
    }
    sink.finish().await
}

/// What a round has to be told, and what it cannot be.
fn ask_for_flags(round: &Round, flags: &Flags) -> Result<(), Failure> {
    if round.draft {
        return Err(Failure::new("the round is a draft: nobody was asked yet"));
    }
    match (round.mode, &flags.respondent) {
        (RoundMode::Named | RoundMode::Pseudonymous, None) => Err(Failure::new(
            "the round knows its respondents: name the column that says who answered with --respondent COLUMN",
        )),
        (RoundMode::Named | RoundMode::Pseudonymous, Some(_)) => Ok(()),
        (RoundMode::Guardians, _) => Err(Failure::new("answers of guardians do not come in files")),
        (RoundMode::Unlinkable, Some(_)) => Err(Failure::new(
            "nobody can be linked in the round: it has no respondents, leave --respondent out",
        )),
        (RoundMode::Unlinkable, None) if flags.unit.is_none() => Err(Failure::new(
            "the round tells groups apart: name the columns that say of which unit and role respondents are with --unit COLUMN --role COLUMN",
        )),
        (RoundMode::Unlinkable, None) => Ok(()),
    }
}

/// Why a file cannot be opened.
enum Refused {
    File(Refusal),
    Failed(Failure),
}

fn open<'d>(
    flags: &Flags,
    round: &Round,
    definition: &'d Definition,
    bar: Option<&ProgressBar>,
) -> Result<Reading<'d>, Refused> {
    let terms = Terms {
        respondent: flags.respondent.clone(),
        place: flags.unit.clone().zip(flags.role.clone()),
        left_out: flags.leave_out.clone(),
        incomplete: round.partial,
        now: judge::opening(round),
    };
    let input = input(&flags.file, bar).map_err(Refused::Failed)?;
    let mut file = forms::files::File::open(input).map_err(Refused::File)?;
    if let Some(structure) = &flags.structure {
        let structure = crate::terminal::read_bytes(structure).map_err(Refused::Failed)?;
        file.translate(&Structure::read(&structure).map_err(Refused::File)?);
    }
    Reading::open(definition, file, terms).map_err(Refused::File)
}

/// A file's bytes, unpacked where they are packed.
fn input(path: &Path, bar: Option<&ProgressBar>) -> Result<Input, Failure> {
    let unreadable = |error| Failure::new(format!("{} cannot be read: {error}", path.display()));
    let mut file = File::open(path).map_err(unreadable)?;
    let mut begins = Vec::new();
    (&mut file).take(2).read_to_end(&mut begins).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    let file: Box<dyn std::io::Read + Send> = match bar {
        Some(bar) => Box::new(bar.wrap_read(file)),
        None => Box::new(file),
    };
    let file = BufReader::with_capacity(1 << 16, file);
    Ok(match begins.as_slice() {
        [0x1f, 0x8b] => Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file))),
        _ => Box::new(file),
    })
}

/// What keeps all of a file out, though each row can be read.
fn kept_out(round: &Round, reading: &Reading<'_>, flags: &Flags) -> Vec<Refusal> {
    let mut refusals: Vec<Refusal> = reading.unknown().into_iter().map(report::unknown).collect();
    let wanted = [&flags.respondent, &flags.unit, &flags.role].into_iter().flatten();
    refusals.extend(wanted.filter(|column| !reading.has(column)).map(|column| report::no_column(column)));
    let traced =
        round.mode == RoundMode::Unlinkable && !flags.drop_identities && reading.format() != Format::Long;
    if traced {
        refusals.extend(report::traces(reading));
    }
    refusals
}
