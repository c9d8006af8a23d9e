//! Requests to another LRS: one connection, one at a time. Where the other side is busy, away or failing it is asked
//! again, later each time, and whoever waits is told so.

use std::time::Duration;

use eventlog::clock::SystemClock;
use forward::Reach;
use indicatif::ProgressBar;
use reqwest::{StatusCode, Url, header};

use crate::failure::Failure;
use crate::terminal;

/// Bytes of the largest answer that is taken.
const LARGEST: usize = 256 << 20;
/// How often a request is sent again: to a side that is busy or away, and to one that fails.
const AGAIN: u32 = 9;
const AGAIN_FAILED: u32 = 4;
/// The longest time before the next, in milliseconds.
const LONGEST_WAIT: u64 = 60_000;
/// The longest that the other side may ask to be left alone, in seconds.
const LEFT_ALONE: u64 = 3_600;

/// The way to the other LRS.
pub(super) struct Asking {
    http: reqwest::Client,
    user: (String, String),
    /// The version of xAPI that it is asked by.
    pub(super) version: String,
    bar: ProgressBar,
}

/// What it answered.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) content_type: String,
    /// Seconds that the other side wants to be left alone for.
    retry_after: Option<u64>,
    pub(super) body: Vec<u8>,
}

impl Asking {
    /// Readies a client for what may be connected to.
    pub(super) fn ready(user: (String, String), reach: Reach, bar: ProgressBar) -> Result<Self, Failure> {
        let http = reach
            .client()
            .pool_max_idle_per_host(1)
            .connect_timeout(Duration::from_secs(20))
            .read_timeout(Duration::from_secs(120))
            .build()?;
        Ok(Self { http, user, version: "1.0.3".to_owned(), bar })
    }

    /// Sends a request until it is answered, later each time, and says so; gives the last answer where that is a failure
    /// too. The first meeting is not waited for, and may fail.
    pub(super) async fn send(&self, url: &Url, meeting: bool) -> Result<Answered, Failure> {
        let mut attempt = 0;
        loop {
            let answer = self.once(url).await;
            let (wait, most, why) = match &answer {
                Ok(Answered { status, retry_after, .. }) if is_passing(*status) => {
                    let most = if is_failing(*status) { AGAIN_FAILED } else { AGAIN };
                    (*retry_after, most, said(*status))
                }
                Err(failure) if !meeting => (None, AGAIN, failure.to_string()),
                _ => return answer,
            };
            attempt += 1;
            if attempt > most || (meeting && most == AGAIN_FAILED) {
                return answer;
            }
            let usual = (250 << attempt.min(8)).min(LONGEST_WAIT);
            let wait = wait.map_or(usual, |seconds| seconds.min(LEFT_ALONE) * 1_000);
            let (time, number, of) = (wait.div_ceil(1_000), attempt + 1, most + 1);
            tell(&self.bar, &format!("{why}; asked again in {time} s ({number} of {of})"));
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }

    async fn once(&self, url: &Url) -> Result<Answered, Failure> {
        let away = |error: reqwest::Error| {
            Failure::from(error.without_url()).before("the other LRS does not answer")
        };
        let request = self
            .http
            .get(url.clone())
            .basic_auth(&self.user.0, Some(&self.user.1))
            .header("X-Experience-API-Version", &self.version);
        let mut response = request.send().await.map_err(away)?;
        let text = |name: header::HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
        let retry_after = text(header::RETRY_AFTER).and_then(|value| seconds(&value));
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err(Failure::new(
                    "the other LRS's answer has more than 256 MiB: try a smaller --page",
                ));
            }
        }
        Ok(Answered { status, content_type, retry_after, body })
    }
}

/// Whether the same request may be answered later.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// Whether it is the other side that fails, perhaps with this very request.
fn is_failing(status: StatusCode) -> bool {
    status == StatusCode::INTERNAL_SERVER_ERROR
}

fn said(status: StatusCode) -> String {
    format!("the other LRS answers {status}")
}

pub(super) fn refused(status: StatusCode) -> Failure {
    let why = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ": it may not be read with this key and secret",
        status if status.is_redirection() => ": give the address that it redirects to",
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            " each time that it is asked; what came before is stored: pull again later, or with a smaller --page"
        }
        _ => "",
    };
    Failure::new(format!("{}{why}", said(status)))
}

/// Says on standard error what is being done, beside the bar of progress: also to whoever reads the answer by program.
pub(super) fn tell(bar: &ProgressBar, line: &str) {
    bar.suspend(|| terminal::complain(line));
}

/// `Retry-After` (RFC 9110, 10.2.3): seconds, or the time until then.
fn seconds(value: &str) -> Option<u64> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(seconds);
    }
    let until = chrono::DateTime::parse_from_rfc2822(value.trim()).ok()?.timestamp();
    let now = SystemClock::shared().now().0.div_euclid(1_000_000);
    u64::try_from(until.saturating_sub(now)).ok().or(Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_wait_is_seconds_or_a_date() {
        assert_eq!(seconds("17"), Some(17));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        assert!(seconds("Thu, 06 Nov 2994 08:49:37 GMT").is_some_and(|seconds| seconds > 1_000_000));
        assert_eq!(seconds("soon"), None);
    }
}
