//! Statements from a file, from where an earlier attempt was broken off.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use crate::door::Door;
use crate::failure::Failure;
use crate::imports::contents::ContentStore;
use crate::imports::feed::{self, BATCH, BATCH_BYTES, Feed, Places, State, Terms};
use crate::imports::flags::{Answer, Flags};
use crate::imports::source::{Kind, Source};
use crate::settings::Settings;

/// `larka import statements FILE`
pub(crate) async fn run(settings: Settings, flags: &Flags, path: &Path) -> Result<Answer, Failure> {
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

/// A file beside another, called as it with an ending.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
