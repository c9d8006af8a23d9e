//! `If-Match`, `If-None-Match` and `ETag` (RFC 9110, 8.8.3 and 13.1; 1.0.3 Communication 3.1, IEEE 4.1.4).

use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use eventlog::clock::Micros;

use super::error::Refusal;

/// What a request demands of what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    /// `*`
    Any,
    List(Vec<Tag>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    weak: bool,
    opaque: String,
}

impl Conditions {
    /// Reads the headers.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        Ok(Self {
            if_match: tags(headers, &header::IF_MATCH)?,
            if_none_match: tags(headers, &header::IF_NONE_MATCH)?,
        })
    }

    /// Whether nothing is demanded.
    pub(crate) fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Whether what is there, by its tag, or that there is nothing, meets the demands.
    pub(crate) fn hold(&self, current: Option<&str>) -> bool {
        self.matches(current) && !self.is_known(current)
    }

    /// Whether `If-Match` holds. A weak tag never matches: it says nothing of the bytes.
    fn matches(&self, current: Option<&str>) -> bool {
        match &self.if_match {
            None => true,
            Some(Tags::Any) => current.is_some(),
            Some(Tags::List(tags)) => {
                tags.iter().any(|tag| !tag.weak && Some(tag.opaque.as_str()) == current)
            }
        }
    }

    /// Whether `If-None-Match` names what is there, weakly or not.
    fn is_known(&self, current: Option<&str>) -> bool {
        match &self.if_none_match {
            None => false,
            Some(Tags::Any) => current.is_some(),
            Some(Tags::List(tags)) => tags.iter().any(|tag| Some(tag.opaque.as_str()) == current),
        }
    }

    /// The answer to a reader of what has this tag and was last changed then: `answer`, or 304 where the reader has
    /// it already, or 412.
    pub(super) fn reading(&self, mut answer: Response, tag: &str, changed: Option<Micros>) -> Response {
        if !self.matches(Some(tag)) {
            return Refusal::precondition().into_response();
        }
        if self.is_known(Some(tag)) {
            answer = StatusCode::NOT_MODIFIED.into_response();
        }
        let headers = answer.headers_mut();
        tagged(headers, Some(tag));
        if let Some(date) = changed.and_then(http_date) {
            headers.insert(header::LAST_MODIFIED, date);
        }
        answer
    }
}

/// Says the tag of what is there, if something is.
pub(super) fn tagged(headers: &mut HeaderMap, tag: Option<&str>) {
    if let Some(Ok(value)) = tag.map(|tag| HeaderValue::from_str(&format!("\"{tag}\""))) {
        headers.insert(header::ETAG, value);
    }
}

/// The tag of some content: its SHA-1 in hexadecimal digits, as 1.0.3 demands.
pub(crate) fn tag(content: &[u8]) -> String {
    use sha1::Digest as _;
    hex::encode(sha1::Sha1::digest(content))
}

/// An HTTP date (RFC 9110, 5.6.7).
fn http_date(at: Micros) -> Option<HeaderValue> {
    HeaderValue::from_str(&at.to_datetime().format("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Refusal> {
    let mut lines = headers.get_all(name).iter().peekable();
    if lines.peek().is_none() {
        return Ok(None);
    }
    let refused =
        || Refusal::bad_request(format!("expected * or a list of entity tags in the header {name}"));
    let lines: Vec<&str> = lines.map(HeaderValue::to_str).collect::<Result<_, _>>().map_err(|_| refused())?;
    parse(&lines.join(",")).map(Some).ok_or_else(refused)
}

/// Reads `*` or a list of tags. A tag without quotes is taken as well: clients that reckon it themselves forget them.
fn parse(text: &str) -> Option<Tags> {
    let mut rest = text.trim();
    if rest == "*" {
        return Some(Tags::Any);
    }
    let mut tags = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
            continue;
        }
        let (weak, strong) = match rest.strip_prefix("W/") {
            Some(strong) => (true, strong),
            None => (false, rest),
        };
        let (opaque, after) = match strong.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => strong.split_at(strong.find(',').unwrap_or(strong.len())),
        };
        let (opaque, after) = (opaque.trim_end(), after.trim_start());
        let bare = !strong.starts_with('"');
        if (bare && (opaque.is_empty() || opaque.contains(['"', '*', ' '])))
            || !(after.is_empty() || after.starts_with(','))
        {
            return None;
        }
        tags.push(Tag { weak, opaque: opaque.to_owned() });
        rest = after;
    }
    (!tags.is_empty()).then_some(Tags::List(tags))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(if_match: Option<&str>, if_none_match: Option<&str>) -> Conditions {
        let read = |text: &str| parse(text).unwrap_or_else(|| panic!("{text}"));
        Conditions { if_match: if_match.map(read), if_none_match: if_none_match.map(read) }
    }

    #[test]
    fn a_write_needs_the_tag_it_names() {
        for named in ["\"a\"", "\"x\", \"a\"", "W/\"a\",\"a\"", "a", "*", ",, \"a\" ,", "\"x,y\",\"a\""] {
            assert!(conditions(Some(named), None).hold(Some("a")), "{named}");
        }
        for other in ["\"b\"", "W/\"a\"", "\"x\", \"y\"", "W/a", "\"A\"", "\"\"", "\"*\""] {
            assert!(!conditions(Some(other), None).hold(Some("a")), "{other}");
        }
        for any in ["*", "\"a\"", "\"\""] {
            assert!(!conditions(Some(any), None).hold(None), "nothing matches {any} where nothing is");
        }
    }

    #[test]
    fn a_write_that_wants_nothing_there_fails_on_any_tag_it_names_weak_or_not() {
        for named in ["*", "\"a\"", "W/\"a\"", "\"x\", W/\"a\"", "a"] {
            assert!(!conditions(None, Some(named)).hold(Some("a")), "{named}");
            assert!(conditions(None, Some(named)).hold(None), "{named}");
        }
        assert!(conditions(None, Some("\"b\"")).hold(Some("a")));
        assert!(conditions(None, None).hold(Some("a")) && conditions(None, None).hold(None));
        assert!(!conditions(Some("\"a\""), Some("*")).hold(Some("a")), "both have to hold");
        assert!(conditions(None, None).is_empty() && !conditions(Some("*"), None).is_empty());
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for broken in ["", " ", ",", "\"a", "\"a\"b", "\"a\" \"b\"", "*, \"a\"", "a b", "W/", "a\""] {
            assert_eq!(parse(broken), None, "{broken}");
        }
        let mut headers = HeaderMap::new();
        headers.append(header::IF_MATCH, HeaderValue::from_static("\"a\""));
        headers.append(header::IF_MATCH, HeaderValue::from_static("\"b\""));
        let read = Conditions::read(&headers).unwrap();
        assert!(read.hold(Some("a")) && read.hold(Some("b")) && !read.hold(Some("c")));
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(""));
        assert!(Conditions::read(&headers).is_err());
    }
}
