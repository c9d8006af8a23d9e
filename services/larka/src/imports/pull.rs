//! Statements that are asked of another LRS over xAPI: page by page, oldest first, again later only what is new.
//!
//! Voided statements are in no list; each is asked for by its id once the statement that voids it is seen.

use std::collections::HashSet;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use indicatif::ProgressBar;
use reqwest::StatusCode;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::door::Door;
use crate::failure::Failure;
use crate::imports::asking::{refused, tell};
use crate::imports::feed::{self, BATCH, Feed, Places, State, Terms};
use crate::imports::flags::{Answer, Flags};
use crate::imports::glance::Glance;
use crate::imports::other::{Other, Page, endpoint};
use crate::imports::source::{Item, Kind};
use crate::imports::trail::{Doubt, Order};
use crate::settings::Settings;
use crate::tasks::imported::Id;
use crate::terminal;

/// `larka import statements --pull`
pub(crate) async fn run(settings: Settings, flags: &Flags, url: &str) -> Result<Answer, Failure> {
    let base = endpoint(url, settings.reach)?;
    let user = user(flags.user.as_deref())?;
    let folder =
        settings.storage.data_dir.join("imports").join(&hex::encode(Sha256::digest(base.as_str()))[..16]);
    let places = Places {
        state: folder.join("state.json"),
        tally: folder.join("tally"),
        aside: flags.aside.clone().unwrap_or_else(|| folder.join("aside.jsonl")),
    };
    let mut state = feed::kept(&places.state).unwrap_or_default();
    state.kind = Some(Kind::Pull);
    let bar = if settings.json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    let reach = settings.reach;
    let version = flags.xapi_version.as_deref().unwrap_or(Kind::Pull.usual_version()).to_owned();
    let terms = Terms { credential: flags.credential.clone(), version, contents: None };

    let door = Door::open(settings).await?;
    let done = async {
        let mut other = Other::meet(base, user, flags.page, reach, bar.clone()).await?;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut feed = Feed::open(&door, terms, places, state)?;
        let doubt = walk(&mut feed, &mut other, flags.overlap, &bar).await?;
        let gone = gone(&mut feed, &other).await?;
        bar.set_message("comparing");
        let (mut answer, table, mut agrees) = feed.finish().await?;
        feed.save()?;
        answer["attachments"] = other.attachments.into();
        if let Some(doubt) = doubt {
            answer["from_start"] = doubt.to_string().into();
        }
        if let Some(gone) = gone {
            agrees = false;
            answer["agrees"] = false.into();
            answer["gone"] = gone.to_string().into();
        }
        Ok((answer, table, agrees))
    }
    .await;
    door.close().await;
    bar.finish_and_clear();
    done
}

/// Takes in everything that the other side has since the last time, or all that it has: then it says why, if there was a
/// last time.
async fn walk(
    feed: &mut Feed<'_>,
    other: &mut Other,
    overlap: u32,
    bar: &ProgressBar,
) -> Result<Option<Doubt>, Failure> {
    let mut asked_for = HashSet::new();
    let (mut doubted, mut furthest) = (None, None);
    let mut start = start(feed, other, overlap).await?;
    loop {
        let anew = start.is_err();
        let since = match start {
            Ok(since) => since,
            Err(doubt) => {
                tell(bar, &format!("the other LRS is read from the start: {doubt}"));
                doubted = Some(doubt);
                asked_for.clear();
                None
            }
        };
        start = match list(feed, other, since, anew, &mut asked_for, bar).await? {
            Listed::Whole => return Ok(doubted),
            Listed::Doubtful(doubt) => Err(doubt),
            // Such addresses do not last. What was reached is asked for anew, if that is further than before.
            Listed::Broken(status, order) => {
                if !order.moves(furthest) {
                    return Err(refused(status));
                }
                furthest = order.latest;
                self::start(feed, other, overlap).await?
            }
        };
    }
}

/// From when on the other side is asked: a while before what was reached, if it shows that it gives what it stored from
/// then on.
async fn start(feed: &Feed<'_>, other: &Other, overlap: u32) -> Result<Result<Option<i64>, Doubt>, Failure> {
    let State { trail, tally, owed, .. } = &feed.state;
    if *tally == 0 {
        // All was to be read anew, and that had not begun.
        return Ok(if owed.is_some() { Err(Doubt::Unknown) } else { Ok(None) });
    }
    let (witness, last) = match (trail.witness(), trail.last) {
        (Ok(witness), Some(last)) => (witness, last),
        (Ok(_), None) => return Ok(Err(Doubt::Unknown)),
        (Err(doubt), _) => return Ok(Err(doubt)),
    };
    Ok(match other.lists_by_stored(&witness).await? {
        Ok(true) => Ok(Some(last.stored.saturating_sub(i64::from(overlap) * 1_000_000))),
        Ok(false) => Err(Doubt::Happened),
        Err(status) => Err(about_since(status)?),
    })
}

/// What a refusal of `since` says of it: nothing, where whatever is asked would be refused so, as to who may not read or
/// asks too much.
fn about_since(status: StatusCode) -> Result<Doubt, Failure> {
    match status.as_u16() {
        400 | 404 | 422 | 500..=599 => Ok(Doubt::Refused(status)),
        _ => Err(refused(status)),
    }
}

/// What became of a list.
enum Listed {
    /// All of it was taken in.
    Whole,
    /// It is not to be relied on.
    Doubtful(Doubt),
    /// It could not be gone on with.
    Broken(StatusCode, Order),
}

/// Takes in a list. Where that is `anew`, what was read before is forgotten once the other side gives it.
async fn list(
    feed: &mut Feed<'_>,
    other: &mut Other,
    since: Option<i64>,
    anew: bool,
    asked_for: &mut HashSet<Uuid>,
    bar: &ProgressBar,
) -> Result<Listed, Failure> {
    let mut order = Order::default();
    let mut missing = feed.state.trail.last.filter(|_| since.is_some()).map(|last| last.id);
    let mut url = other.list(since);
    let mut page = match other.first(&mut url, since).await? {
        Ok(page) => page,
        Err(status) if since.is_some() => {
            // It may not have been the attachments that were refused.
            other.attachments = true;
            return Ok(Listed::Doubtful(about_since(status)?));
        }
        Err(status) => return Err(refused(status)),
    };
    if anew {
        feed.begin_anew()?;
    }
    loop {
        take(feed, other, &page, asked_for, &mut order, &mut missing).await?;
        bar.set_message(feed.so_far());
        bar.tick();
        let Some(next) = other.next(&url, page.more.as_deref())? else {
            return Ok(if missing.is_some() { Listed::Doubtful(Doubt::Lost) } else { Listed::Whole });
        };
        if next == url {
            return Err(Failure::new("the other LRS gives the address of the same page as the next one"));
        }
        url = next;
        page = match other.get(&url).await? {
            Ok(page) => page,
            Err(status) if status.is_client_error() => return Ok(Listed::Broken(status, order)),
            Err(status) => return Err(refused(status)),
        };
    }
}

/// Takes in a page, with the voided statements that it tells of. `missing` is a statement that has to be in the list.
async fn take(
    feed: &mut Feed<'_>,
    other: &mut Other,
    page: &Page,
    asked_for: &mut HashSet<Uuid>,
    order: &mut Order,
    missing: &mut Option<Id>,
) -> Result<(), Failure> {
    let mut items = Vec::with_capacity(page.statements.len());
    let mut trail = feed.state.trail.clone();
    let mut owed = feed.state.owed;
    for text in &page.statements {
        let glance = Glance::of(text);
        if let Some(target) = glance.voids.filter(|target| asked_for.insert(*target))
            && let Some(voided) = other.voided(target).await?
        {
            items.extend(voided.statements.iter().map(|text| voided.item(text, true)));
        }
        order.see(glance.stored);
        trail.see(&glance);
        trail.unordered |= order.broken;
        let id = glance.id.map(Uuid::into_bytes);
        for expected in [&mut *missing, &mut owed] {
            expected.take_if(|expected| Some(*expected) == id);
        }
        items.push(page.item(text, false));
    }
    let first = feed.state.read + 1;
    let mut items = (first..).zip(items).map(|(line, item)| Item { line, ..item }).peekable();
    while items.peek().is_some() {
        feed.take(items.by_ref().take(BATCH).collect()).await?;
    }
    // Only now: a page that was not taken in whole is asked for again.
    feed.state.trail = trail;
    feed.state.owed = owed;
    feed.save()
}

/// The statement that an earlier pull ended with, where everything was read anew and it was not there: the other side has
/// lost it, or is another one.
async fn gone(feed: &mut Feed<'_>, other: &Other) -> Result<Option<Uuid>, Failure> {
    let Some(owed) = feed.state.owed.take().map(Uuid::from_bytes) else { return Ok(None) };
    // What was voided meanwhile is in no list.
    Ok(other.voided(owed).await?.is_none().then_some(owed))
}

/// The other LRS's key and secret.
fn user(file: Option<&Path>) -> Result<(String, String), Failure> {
    let text = file.map(terminal::read).transpose()?.unwrap_or_default();
    let line = text.trim_end_matches(['\r', '\n']);
    let (key, secret) =
        line.split_once(':').ok_or_else(|| Failure::setting("user", "key:secret on one line"))?;
    Ok((key.to_owned(), secret.to_owned()))
}
