//! Another LRS, asked over xAPI.

use std::collections::HashMap;

use forward::Reach;
use indicatif::ProgressBar;
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;
use xapi::multipart::{self, Event, Headers, MultipartError, Splitter};

use crate::failure::Failure;
use crate::imports::asking::{Asking, refused};
use crate::imports::glance::Glance;
use crate::imports::source::Item;
use crate::imports::trail::Step;

/// How far around the time that a statement was stored at it is looked for at most, in microseconds, and in how many
/// pages.
const AROUND: i64 = 1_000_000;
const PAGES: usize = 40;

/// The other LRS.
pub(super) struct Other {
    asking: Asking,
    /// Ends with a slash.
    base: Url,
    page: u32,
    /// Whether it gives the content of attachments.
    pub(super) attachments: bool,
}

/// Content of attachments by its hash, in small hexadecimal digits.
type Contents = HashMap<String, Vec<u8>>;

/// What it answered: statements, and the content of their attachments by hash.
pub(super) struct Page {
    pub(super) statements: Vec<String>,
    pub(super) more: Option<String>,
    contents: Contents,
}

impl Page {
    pub(super) fn item(&self, text: &str, voided: bool) -> Item {
        let listed = match self.contents.is_empty() {
            true => Vec::new(),
            false => xapi::attachments::listed(text),
        };
        let mut hashes: Vec<String> = listed.iter().map(|one| one.sha2.to_ascii_lowercase()).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Item {
            line: 0,
            text: Ok(text.to_owned()),
            stored: None,
            voided: Some(voided),
            contents: hashes.iter().filter_map(|hash| self.contents.get(hash).cloned()).collect(),
        }
    }
}

#[derive(Deserialize)]
struct About {
    #[serde(default)]
    version: Vec<String>,
}

#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    statements: Vec<&'a RawValue>,
    #[serde(default)]
    more: Option<String>,
}

impl Other {
    /// Asks which versions there are, and takes the latest.
    pub(super) async fn meet(
        base: Url,
        user: (String, String),
        page: u32,
        reach: Reach,
        bar: ProgressBar,
    ) -> Result<Self, Failure> {
        let asking = Asking::ready(user, reach, bar)?;
        let mut other = Self { asking, base, page, attachments: true };
        let answer = other.asking.send(&other.below("about"), true).await?;
        let about: Option<About> = match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(refused(answer.status)),
            status if status.is_success() => serde_json::from_slice(&answer.body).ok(),
            _ => None,
        };
        let versions = about.map(|about| about.version).unwrap_or_default();
        let latest =
            |major: &str| versions.iter().filter(|version| version.starts_with(major)).max().cloned();
        if let Some(version) = latest("2.0").or_else(|| latest("1.0")) {
            other.asking.version = version;
        }
        Ok(other)
    }

    fn below(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url
    }

    /// The address of a list, from an instant on.
    pub(super) fn list(&self, since: Option<i64>) -> Url {
        let mut url = self.below("statements");
        let mut query = url.query_pairs_mut();
        query.append_pair("ascending", "true").append_pair("limit", &self.page.to_string());
        if self.attachments {
            query.append_pair("attachments", "true");
        }
        if let Some(since) = since {
            query.append_pair("since", &xapi::time::format_timestamp(since));
        }
        drop(query);
        url
    }

    /// A voided statement; none where the other side has none with that id. Where it does not give its attachments,
    /// without them.
    pub(super) async fn voided(&self, id: Uuid) -> Result<Option<Page>, Failure> {
        let mut attachments = self.attachments;
        loop {
            let mut url = self.below("statements");
            url.query_pairs_mut().append_pair("voidedStatementId", &id.to_string());
            if attachments {
                url.query_pairs_mut().append_pair("attachments", "true");
            }
            match self.get(&url).await? {
                Ok(page) => return Ok(Some(page)),
                Err(StatusCode::NOT_FOUND) => return Ok(None),
                Err(status) if attachments && may_be_attachments(status) => attachments = false,
                Err(status) => return Err(refused(status)),
            }
        }
    }

    /// The first page of a list, or the status by which it was refused. Where the other side does not give attachments,
    /// without them.
    pub(super) async fn first(
        &mut self,
        url: &mut Url,
        since: Option<i64>,
    ) -> Result<Result<Page, StatusCode>, Failure> {
        loop {
            match self.get(url).await? {
                Err(status) if self.attachments && may_be_attachments(status) => {
                    self.attachments = false;
                    *url = self.list(since);
                }
                answer => return Ok(answer),
            }
        }
    }

    /// Whether a statement, which happened well before it was stored, is among those around the time that it was stored at;
    /// or the status by which that was refused.
    pub(super) async fn lists_by_stored(&self, witness: &Step) -> Result<Result<bool, StatusCode>, Failure> {
        let around = (witness.later / 2).min(AROUND);
        let mut url = self.below("statements");
        url.query_pairs_mut()
            .append_pair("ascending", "true")
            .append_pair("limit", &self.page.to_string())
            .append_pair("since", &xapi::time::format_timestamp(witness.stored - around))
            .append_pair("until", &xapi::time::format_timestamp(witness.stored + around));
        for _ in 0..PAGES {
            let page = match self.get(&url).await? {
                Ok(page) => page,
                Err(status) => return Ok(Err(status)),
            };
            let is_it = |text: &String| Glance::of(text).id == Some(Uuid::from_bytes(witness.id));
            if page.statements.iter().any(is_it) {
                return Ok(Ok(true));
            }
            match self.next(&url, page.more.as_deref())? {
                Some(next) if next != url => url = next,
                _ => break,
            }
        }
        Ok(Ok(false))
    }

    /// Where the list goes on. Whatever host an address names, only this one is asked; its own idea of scheme and port
    /// may be that of a machine behind a proxy.
    pub(super) fn next(&self, url: &Url, more: Option<&str>) -> Result<Option<Url>, Failure> {
        let Some(more) = more.filter(|more| !more.is_empty()) else { return Ok(None) };
        let wrong = || Failure::new("the other LRS goes on at no address: expected a URL in more");
        let joined = url.join(more).map_err(|_| wrong())?;
        if joined.host_str() != self.base.host_str() {
            return Err(Failure::new(format!(
                "the other LRS goes on at another host than {}, which is not asked",
                self.base.host_str().unwrap_or_default()
            )));
        }
        let mut next = self.base.clone();
        next.set_path(joined.path());
        next.set_query(joined.query());
        Ok(Some(next))
    }

    /// A page, or the status by which it was refused.
    pub(super) async fn get(&self, url: &Url) -> Result<Result<Page, StatusCode>, Failure> {
        let answer = self.asking.send(url, false).await?;
        if !answer.status.is_success() {
            return Ok(Err(answer.status));
        }
        let (json, contents) = match multipart::boundary(&answer.content_type) {
            Err(_) => (answer.body, Contents::new()),
            Ok(boundary) => parts(&answer.body, &boundary)
                .map_err(|error| Failure::new(format!("the other LRS's answer: {error}")))?,
        };
        let text = String::from_utf8(json).map_err(|_| unexpected())?;
        let page = match serde_json::from_str::<Listed<'_>>(&text) {
            Ok(listed) => Page {
                statements: listed.statements.iter().map(|one| one.get().to_owned()).collect(),
                more: listed.more,
                contents,
            },
            // A statement that was asked for by its id stands alone.
            Err(_) if Glance::of(&text).id.is_some() => Page { statements: vec![text], more: None, contents },
            Err(_) => return Err(unexpected()),
        };
        Ok(Ok(page))
    }
}

fn may_be_attachments(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 404 | 406 | 415 | 501)
}

fn unexpected() -> Failure {
    Failure::new("the other LRS's answer: expected an object with a list of statements")
}

/// The JSON of an answer of several parts, and its other parts by hash.
fn parts(body: &[u8], boundary: &str) -> Result<(Vec<u8>, Contents), MultipartError> {
    let mut all: Vec<(Headers, Vec<u8>)> = Vec::new();
    let mut splitter = Splitter::new(boundary);
    splitter.feed::<MultipartError>(body, &mut |event| {
        match event {
            Event::Part(headers) => all.push((headers, Vec::new())),
            Event::Content(bytes) => {
                if let Some((_, content)) = all.last_mut() {
                    content.extend_from_slice(bytes);
                }
            }
        }
        Ok(())
    })?;
    splitter.finish()?;
    let mut all = all.into_iter();
    let json = all.next().map(|(_, content)| content).unwrap_or_default();
    let by_hash = |(headers, content): (Headers, Vec<u8>)| {
        Some((headers.get("X-Experience-API-Hash")?.to_ascii_lowercase(), content))
    };
    Ok((json, all.filter_map(by_hash).collect()))
}

/// The address that resources are below, with a slash at the end.
pub(super) fn endpoint(url: &str, reach: Reach) -> Result<Url, Failure> {
    let wrong = || Failure::setting("pull", "the address of an LRS, such as https://lrs.example/xapi");
    let mut base = Url::parse(url).map_err(|_| wrong())?;
    if !matches!(base.scheme(), "http" | "https") || base.query().is_some() || base.fragment().is_some() {
        return Err(wrong());
    }
    if !base.username().is_empty() || base.password().is_some() {
        return Err(Failure::setting(
            "pull",
            "an address without a secret; that goes into the file of --user",
        ));
    }
    reach.check(&base).map_err(|why| Failure::setting("pull", &format!("another address: {why}")))?;
    let path = base.path().trim_end_matches('/');
    let path = path.strip_suffix("/statements").unwrap_or(path);
    let path = format!("{path}/");
    base.set_path(&path);
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(base: &str) -> Other {
        Other {
            asking: Asking::ready((String::new(), String::new()), Reach::Public, ProgressBar::hidden())
                .unwrap(),
            base: endpoint(base, Reach::Public).unwrap(),
            page: 10,
            attachments: false,
        }
    }

    #[test]
    fn an_endpoint_is_told_with_or_without_what_stands_behind_it() {
        for text in [
            "https://lrs.example/data/xAPI",
            "https://lrs.example/data/xAPI/",
            "https://lrs.example/data/xAPI/statements",
        ] {
            assert_eq!(endpoint(text, Reach::Public).unwrap().as_str(), "https://lrs.example/data/xAPI/");
        }
        for wrong in
            ["", "lrs.example", "ftp://lrs.example/", "https://a:b@lrs.example/", "https://lrs.example/?a=b"]
        {
            assert!(endpoint(wrong, Reach::Private).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_goes_on_at_the_same_host_and_nowhere_else() {
        let other = other("https://lrs.example:8443/data/xAPI");
        let list = other.list(Some(0));
        assert_eq!(
            list.as_str(),
            "https://lrs.example:8443/data/xAPI/statements?ascending=true&limit=10&since=1970-01-01T00%3A00%3A00.000000Z"
        );
        let next = |more: &str| other.next(&list, Some(more)).map(|url| url.map(String::from));
        let expected = Some("https://lrs.example:8443/x?more=a%2Fb".to_owned());
        for more in
            ["/x?more=a%2Fb", "https://lrs.example:8443/x?more=a%2Fb", "http://lrs.example/x?more=a%2Fb"]
        {
            assert_eq!(next(more).unwrap(), expected, "{more}");
        }
        assert_eq!(next("").unwrap(), None);
        for elsewhere in ["https://other.example/x", "//other.example/x"] {
            assert!(next(elsewhere).unwrap_err().to_string().contains("another host"), "{elsewhere}");
        }
    }
}
