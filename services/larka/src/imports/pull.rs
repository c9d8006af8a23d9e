//! Statements that are asked of another LRS over xAPI: page by page, oldest first, again later only what is new.
//!
//! Voided statements are in no list; each is asked for by its id once the statement that voids it is seen.

use std::collections::HashSet;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use indicatif::ProgressBar;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::door::Door;
use crate::failure::Failure;
use crate::imports::feed::{self, BATCH, Feed, Glance, Places, Terms};
use crate::imports::flags::{Answer, Flags};
use crate::imports::other::{Other, Page, endpoint, refused};
use crate::imports::source::{Item, Kind};
use crate::settings::Settings;
use crate::terminal;

/// `larka import statements --pull`
pub(crate) async fn run(settings: Settings, flags: &Flags, url: &str) -> Result<Answer, Failure> {
    let base = endpoint(url)?;
    let user = user(flags.user.as_deref())?;
    let folder =
        settings.storage.data_dir.join("imports").join(&hex::encode(Sha256::digest(base.as_str()))[..16]);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let places = Places {
        state: folder.join("state.json"),
        tally: folder.join("tally"),
        aside: flags.aside.clone().unwrap_or_else(|| folder.join("aside.jsonl")),
    };
    let mut state = feed::kept(&places.state).unwrap_or_default();
    state.kind = Some(Kind::Pull);
    let bar = if settings.json { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    let mut other = Other::meet(base, user, flags.page, bar.clone()).await?;
    let version = flags.xapi_version.as_deref().unwrap_or(Kind::Pull.usual_version()).to_owned();
    let terms = Terms { credential: flags.credential.clone(), version, contents: None };

    let door = Door::open(settings).await?;
    let done = async {
        let mut feed = Feed::open(&door, terms, places, state)?;
        walk(&mut feed, &mut other, flags.overlap, &bar).await?;
        bar.set_message("comparing");
        let (mut answer, table, agrees) = feed.finish().await?;
        feed.save()?;
        answer["attachments"] = other.attachments.into();
        Ok((answer, table, agrees))
    }
    .await;
    door.close().await;
    bar.finish_and_clear();
    done
}

/// Takes in everything that the other side has since the last time.
async fn walk(
    feed: &mut Feed<'_>,
    other: &mut Other,
    overlap: u32,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let mut asked_for = HashSet::new();
    loop {
        let before = feed.state.reached;
        let since = before.map(|at| at.saturating_sub(i64::from(overlap) * 1_000_000));
        let mut order = Order::default();
        let mut url = other.list(since);
        let mut page = other.first(&mut url, since).await?;
        loop {
            take(feed, other, &page, &mut asked_for, &mut order).await?;
            bar.set_message(feed.so_far());
            bar.tick();
            let Some(next) = other.next(&url, page.more.as_deref())? else {
                feed.state.reached = feed.state.reached.max(order.latest);
                return feed.save();
            };
            if next == url {
                return Err(Failure::new("the other LRS gives the address of the same page as the next one"));
            }
            url = next;
            page = match other.get(&url).await? {
                Ok(page) => page,
                // Such addresses do not last. What was reached is asked for anew, if that is further than before.
                Err(status) if status.is_client_error() && order.moves(before) => break,
                Err(status) => return Err(refused(status)),
            };
        }
    }
}

/// Whether a list comes oldest first, so that it can be gone on with where it was broken off.
#[derive(Default)]
struct Order {
    latest: Option<i64>,
    broken: bool,
}

impl Order {
    fn see(&mut self, stored: Option<i64>) {
        self.broken |= stored.is_none() || stored < self.latest;
        self.latest = self.latest.max(stored);
    }

    /// Whether it came further than what was reached before it, so that to begin anew comes to an end.
    fn moves(&self, before: Option<i64>) -> bool {
        !self.broken && self.latest > before
    }
}

/// Takes in a page, with the voided statements that it tells of.
async fn take(
    feed: &mut Feed<'_>,
    other: &mut Other,
    page: &Page,
    asked_for: &mut HashSet<Uuid>,
    order: &mut Order,
) -> Result<(), Failure> {
    let mut items = Vec::with_capacity(page.statements.len());
    for text in &page.statements {
        let glance = Glance::of(text);
        if let Some(target) = glance.voids.filter(|target| asked_for.insert(*target))
            && let Some(voided) = other.voided(target).await?
        {
            items.extend(voided.statements.iter().map(|text| voided.item(text, true)));
        }
        order.see(glance.stored);
        items.push(page.item(text, false));
    }
    let first = feed.state.read + 1;
    let mut items = (first..).zip(items).map(|(line, item)| Item { line, ..item }).peekable();
    while items.peek().is_some() {
        feed.take(items.by_ref().take(BATCH).collect()).await?;
    }
    if !order.broken {
        feed.state.reached = feed.state.reached.max(order.latest);
        feed.save()?;
    }
    Ok(())
}

/// The other LRS's key and secret.
fn user(file: Option<&Path>) -> Result<(String, String), Failure> {
    let text = file.map(terminal::read).transpose()?.unwrap_or_default();
    let line = text.trim_end_matches(['\r', '\n']);
    let (key, secret) =
        line.split_once(':').ok_or_else(|| Failure::setting("user", "key:secret on one line"))?;
    Ok((key.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_does_not_come_oldest_first_is_not_gone_on_with_in_the_middle() {
        let mut order = Order::default();
        for stored in [5, 5, 8] {
            order.see(Some(stored));
        }
        assert!(order.moves(Some(7)) && !order.moves(Some(8)));
        order.see(Some(7));
        assert!(!order.moves(None));
    }
}
