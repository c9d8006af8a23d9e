//! `larka import statements`: statements from files and from other stores, in batches, resumable, with what does not
//! fit set aside, and counted against the log at the end (`docs/migration.md`).
//!
//! A file's rows and values (`values`, `tables`) become statements (`source`, `extended`), as do the pages of another
//! store (`pull`, `other`); they go to the log by way of `feed`, and `store` is the side of the instance.

mod compare;
mod contents;
mod extended;
mod feed;
mod other;
mod pull;
mod source;
mod store;
mod tables;
mod values;

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;
use crate::maintain::{Door, say};
use crate::settings::Settings;
use contents::ContentStore;
use feed::{BATCH, BATCH_BYTES, Feed, Places, State, Terms};
use source::{Kind, Source};

pub(crate) use store::{Batch, Id, Run, note, standing, store};

/// What is imported.
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// xAPI statements from a file (gzip or not), or pulled from another LRS
    Statements(Flags),
}

/// What `import statements` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// The file
    #[arg(required_unless_present = "pull", conflicts_with = "pull")]
    file: Option<PathBuf>,
    /// What the file is [default: what its first statement looks like]
    #[arg(long, value_enum, conflicts_with = "pull")]
    from: Option<Kind>,
    /// Content of attachments: a folder of files named by their hash, or SQL LRS's table attachment
    #[arg(long, value_name = "PATH", conflicts_with = "pull")]
    attachments: Option<PathBuf>,
    /// Address of another LRS to ask over xAPI, without /statements
    #[arg(long, value_name = "URL", requires = "user")]
    pull: Option<String>,
    /// File with the other LRS's key and secret, key:secret on one line; - for standard input
    #[arg(long, value_name = "FILE", requires = "pull")]
    user: Option<PathBuf>,
    /// Statements to ask the other LRS for at a time
    #[arg(long, default_value = "250", value_name = "N", requires = "pull")]
    page: u32,
    /// Seconds before the latest statement that was pulled from which on to ask again
    #[arg(long, default_value = "60", value_name = "SECONDS", requires = "pull",
        value_parser = clap::value_parser!(u32).range(1..))]
    overlap: u32,
    /// Key of the credential that vouches for them: it becomes their authority
    #[arg(long, value_name = "KEY")]
    credential: String,
    /// xAPI version of statements that do not name theirs: 1.0.3 or 2.0.0 [default: 1.0.3 of what another LRS had,
    /// else 2.0.0]
    #[arg(long, value_name = "VERSION")]
    xapi_version: Option<String>,
    /// Where statements that do not fit are written, with line and reason [default: FILE.aside.jsonl]
    #[arg(long, value_name = "FILE")]
    aside: Option<PathBuf>,
}

/// `larka import statements`
pub(crate) async fn run(settings: Settings, Import::Statements(flags): Import) -> Result<(), Failure> {
    let json = settings.json;
    let (answer, table, agrees) = match (&flags.file, &flags.pull) {
        (Some(file), _) => from_file(settings, &flags, file).await?,
        (None, Some(url)) => pull::run(settings, &flags, url).await?,
        (None, None) => return Err(Failure::new("a file is needed, or --pull")),
    };
    report(json, answer, &table);
    if agrees {
        Ok(())
    } else {
        Err(Failure::differing("the log has not all that the source has, see above"))
    }
}

#[allow(clippy::print_stdout, reason = "a command answers on standard output")]
fn report(json: bool, mut answer: serde_json::Value, table: &str) {
    if json {
        return say(true, &answer);
    }
    let missing = answer["counts"]["missing"].take();
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("counts");
    }
    say(false, &answer);
    println!("\n{table}");
    let missing: Vec<&str> = missing.as_array().into_iter().flatten().filter_map(|id| id.as_str()).collect();
    if !missing.is_empty() {
        println!("\nnot here: {}", missing.join(" "));
    }
}

type Answer = (serde_json::Value, String, bool);

async fn from_file(settings: Settings, flags: &Flags, path: &Path) -> Result<Answer, Failure> {
    let unreadable = |error| Failure::new(format!("{} cannot be read: {error}", path.display()));
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata()?;
    let start = State { size: metadata.len(), modified: metadata.mtime(), ..State::default() };
    let places = Places {
        state: beside(path, "import"),
        tally: beside(path, "import-tally"),
        aside: flags.aside.clone().unwrap_or_else(|| beside(path, "aside.jsonl")),
    };
    let same = |before: &State| (before.size, before.modified) == (start.size, start.modified);
    let mut state = feed::kept(&places.state).filter(same).unwrap_or(start);
    let bar = if settings.json { ProgressBar::hidden() } else { ProgressBar::new(metadata.len()) };
    let style = "{bar:40} {bytes}/{total_bytes}  {eta}  {msg}";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let source = Source::open(Box::new(bar.wrap_read(file)), flags.from.or(state.kind))?;
    state.kind = Some(source.kind);
    let contents = match &flags.attachments {
        Some(place) => Some(ContentStore::open(place)?),
        // A dump may have the table of attachments beside that of statements.
        None if source.kind == Kind::SqlLrs => ContentStore::of_table(path)?,
        None => None,
    };
    let version = flags.xapi_version.as_deref().unwrap_or(source.kind.usual_version()).to_owned();
    let terms = Terms { credential: flags.credential.clone(), version, contents };

    let door = Door::open(settings).await?;
    let done = async {
        let mut feed = Feed::open(&door, terms, places, state)?;
        fill(&mut feed, source, &bar).await?;
        bar.set_message("comparing");
        let answer = feed.finish().await?;
        feed.forget()?;
        Ok(answer)
    }
    .await;
    door.close().await;
    bar.finish_and_clear();
    done
}

/// Takes in what a file has, from where an earlier attempt was broken off.
async fn fill(feed: &mut Feed<'_>, mut source: Source, bar: &ProgressBar) -> Result<(), Failure> {
    for _ in 0..feed.state.read {
        source.next()?;
    }
    loop {
        let (mut items, mut bytes, mut ended) = (Vec::new(), 0, false);
        while items.len() < BATCH && bytes < BATCH_BYTES {
            let Some(item) = source.next()? else {
                ended = true;
                break;
            };
            bytes += item.text.as_ref().map_or(0, String::len);
            items.push(item);
        }
        feed.take(items).await?;
        bar.set_message(feed.so_far());
        if ended {
            return Ok(());
        }
    }
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
