//! What is sent to the other side, and what its answers mean.

use std::fmt::Write as _;
use std::time::Duration;

use eventlog::clock::Micros;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Body, Client, RequestBuilder, StatusCode, Url};
use ring::hmac::{self, HMAC_SHA256};
use xapi::{Version, multipart};

use crate::pace;
use crate::reach::Reach;
use crate::terms::Secret;
use crate::{Attachment, Kind, SourceError, Statement};

/// How long the other side may take to be reached.
const CONNECT: Duration = Duration::from_secs(10);

/// Bytes a second that the other side is expected to take at least.
const SLOWEST: u64 = 100_000;

/// In place of a status: the connection broke, or no answer came in time.
pub(crate) const NO_ANSWER: u16 = 0;

/// What the other side said to some statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has them.
    Taken,
    /// It has something else under one of their ids.
    Conflict,
    /// One of them is not to its liking; with the status it said so.
    Refused(u16),
    /// It failed with them, which may be because of one of them; the status ([`NO_ANSWER`] where it gave none), and why.
    Failed(u16, String),
    /// It is there no more.
    Gone,
    /// It could not be reached, or does not take anything at the moment; why, and how long it asks to be left alone.
    Later(String, Option<Duration>),
}

/// A client that follows no redirect: statements go where they were meant to go, or nowhere.
pub(crate) fn client(reach: Reach) -> reqwest::Result<Client> {
    let user_agent = concat!("larka/", env!("CARGO_PKG_VERSION"));
    reach.client().connect_timeout(CONNECT).user_agent(user_agent).build()
}

/// The other side of a forward.
pub(crate) struct Other {
    pub(crate) client: Client,
    /// What may be connected to.
    pub(crate) reach: Reach,
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) secret: Secret,
    /// How long it may take for a request that is small.
    pub(crate) patience: Duration,
}

impl Other {
    /// Sends statements of one version, and the content of their attachments where there is any.
    pub(crate) async fn send(
        &self,
        statements: &[Statement],
        version: Version,
        attachments: Vec<Attachment>,
        now: Micros,
    ) -> Answer {
        // Looked at each time: what may be connected to is a setting, and may have changed since this forward was made.
        let url = Url::parse(&self.secret.url).map_err(|_| "its address is damaged".to_owned());
        if let Err(why) = url.and_then(|url| self.reach.check(&url).map_err(|why| why.to_string())) {
            return Answer::Later(why, None);
        }
        let request = match self.kind {
            Kind::Lrs => self.to_lrs(statements, version, attachments),
            Kind::Webhook => Ok(self.to_webhook(statements, now)),
        };
        let request = match request {
            Ok(request) => request,
            Err(error) => return Answer::Later(error, None),
        };
        match request.send().await {
            Ok(answer) => self.meaning(answer.status(), answer.headers(), now),
            Err(error) if error.is_connect() || error.is_builder() => Answer::Later(unreached(&error), None),
            Err(error) => Answer::Failed(NO_ANSWER, unreached(&error)),
        }
    }

    fn to_lrs(
        &self,
        statements: &[Statement],
        version: Version,
        attachments: Vec<Attachment>,
    ) -> Result<RequestBuilder, String> {
        let url = format!("{}/statements", self.secret.url.trim_end_matches('/'));
        let request = self
            .client
            .post(url)
            .basic_auth(self.secret.user.as_deref().unwrap_or_default(), Some(&self.secret.secret))
            .header("X-Experience-API-Version", version.header_value());
        let mut json =
            String::with_capacity(statements.iter().map(|one| one.json.len() + 1).sum::<usize>() + 2);
        for (index, statement) in statements.iter().enumerate() {
            json.push(if index == 0 { '[' } else { ',' });
            json.push_str(&statement.json);
        }
        json.push(']');
        if attachments.is_empty() {
            let request = request.timeout(self.patience_for(json.len() as u64));
            return Ok(request.header(CONTENT_TYPE, "application/json").body(json));
        }
        // 128 random bits: nobody can have sent content with it.
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).map_err(|error| format!("the system gives no randomness: {error}"))?;
        let boundary = hex::encode(random);
        let content_type = format!("multipart/mixed; boundary={boundary}");
        let (length, content) = with_content(&boundary, &json, attachments);
        let request = request.timeout(self.patience_for(length)).header(CONTENT_TYPE, content_type);
        Ok(request.header(CONTENT_LENGTH, length).body(Body::wrap_stream(content)))
    }

    fn patience_for(&self, bytes: u64) -> Duration {
        self.patience + Duration::from_secs(bytes / SLOWEST)
    }

    fn to_webhook(&self, statements: &[Statement], now: Micros) -> RequestBuilder {
        let body = delivery(&self.name, statements);
        let seconds = now.0.div_euclid(1_000_000);
        let signature = signature(&self.secret.secret, seconds, &body);
        self.client
            .post(&self.secret.url)
            .timeout(self.patience_for(body.len() as u64))
            .header(CONTENT_TYPE, "application/json")
            .header("Larka-Timestamp", seconds)
            .header("Larka-Signature", format!("v1={signature}"))
            .body(body)
    }

    fn meaning(&self, status: StatusCode, headers: &HeaderMap, now: Micros) -> Answer {
        let code = status.as_u16();
        let asked = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let asked = asked.and_then(|asked| pace::retry_after(asked, now));
        match (self.kind, code) {
            (_, 200..=299) => Answer::Taken,
            (Kind::Lrs, 409) => Answer::Conflict,
            (Kind::Lrs, 400 | 413 | 422) => Answer::Refused(code),
            (Kind::Webhook, 410) => Answer::Gone,
            (_, 300..=399) => Answer::Later(
                format!("it answers {code}, and no redirect is followed: give its new address"),
                None,
            ),
            // Whoever says when to come back is busy, whatever it was sent.
            (_, 500..=599) if asked.is_none() => Answer::Failed(code, format!("it answers {code}")),
            (Kind::Webhook, 400 | 413 | 422) => Answer::Failed(code, format!("it answers {code}")),
            _ => Answer::Later(format!("it answers {code}"), asked),
        }
    }
}

/// Why nothing was answered, without the address: that may hold a secret.
fn unreached(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "it does not answer in time"
    } else if error.is_connect() {
        "it cannot be reached"
    } else {
        "the connection broke"
    };
    let mut cause = std::error::Error::source(error);
    let mut last = None;
    while let Some(inner) = cause {
        last = Some(inner.to_string());
        cause = inner.source();
    }
    last.map_or_else(|| what.to_owned(), |last| format!("{what}: {last}"))
}

/// Statements and the content of attachments (1.0.3 Communication 1.5.2, IEEE 4.1.3), and how many bytes that is.
fn with_content(
    boundary: &str,
    json: &str,
    attachments: Vec<Attachment>,
) -> (u64, BoxStream<'static, Result<Vec<u8>, SourceError>>) {
    let text = |text: String| (text.len() as u64, stream::iter([Ok(text.into_bytes())]).boxed());
    let mut parts = vec![text(multipart::opening(boundary, json))];
    for Attachment { content_type, sha2, length, content } in attachments {
        parts.push(text(multipart::heading(boundary, &content_type, &sha2)));
        parts.push((length, content));
    }
    parts.push(text(multipart::closing(boundary)));
    let length = parts.iter().map(|(length, _)| length).sum();
    (length, stream::iter(parts).flat_map(|(_, content)| content).boxed())
}

/// The body of a delivery to a webhook: see `docs/hand-on.md`.
fn delivery(name: &str, statements: &[Statement]) -> String {
    let length: usize = statements.iter().map(|one| one.json.len() + 60).sum();
    let mut body = String::with_capacity(length + 200);
    // Names are letters, digits and hyphens. Writing to a string does not fail.
    let _ = write!(body, "{{\"forward\":\"{name}\",\"statements\":[");
    for (index, Statement { position, json, .. }) in statements.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(body, "{comma}{{\"position\":{},\"statement\":{json}}}", position.0);
    }
    body.push_str("]}");
    body
}

/// HMAC-SHA256 over the time, a full stop and the body, in hexadecimal digits.
fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, secret.as_bytes()));
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    hex::encode(mac.sign())
}

#[cfg(test)]
mod tests {
    use eventlog::Position;

    use super::*;

    fn other(kind: Kind) -> Other {
        let secret = Secret { url: "https://there.example/x".into(), user: None, secret: "s".into() };
        Other {
            client: Client::new(),
            reach: Reach::Public,
            kind,
            name: "county".into(),
            secret,
            patience: Duration::from_secs(60),
        }
    }

    #[test]
    fn each_status_has_its_meaning() {
        let said = |kind, code: u16| {
            other(kind).meaning(StatusCode::from_u16(code).unwrap(), &HeaderMap::new(), Micros(0))
        };
        for kind in [Kind::Lrs, Kind::Webhook] {
            assert_eq!((said(kind, 200), said(kind, 204)), (Answer::Taken, Answer::Taken));
            for code in [301, 308, 401, 403, 404, 408, 429] {
                assert!(
                    matches!(said(kind, code), Answer::Later(why, None) if why.contains(&code.to_string()))
                );
            }
            for code in [500, 502, 503] {
                assert!(
                    matches!(said(kind, code), Answer::Failed(status, why) if status == code && why.contains(&code.to_string()))
                );
            }
        }
        assert_eq!(said(Kind::Lrs, 409), Answer::Conflict);
        assert_eq!(
            (said(Kind::Lrs, 400), said(Kind::Lrs, 413)),
            (Answer::Refused(400), Answer::Refused(413))
        );
        assert!(matches!(said(Kind::Lrs, 410), Answer::Later(..)));
        assert_eq!(said(Kind::Webhook, 410), Answer::Gone);
        assert!(matches!(said(Kind::Webhook, 400), Answer::Failed(400, _)));
        let busy = HeaderMap::from_iter([(RETRY_AFTER, "7".parse().unwrap())]);
        let answer = other(Kind::Lrs).meaning(StatusCode::SERVICE_UNAVAILABLE, &busy, Micros(0));
        assert!(matches!(answer, Answer::Later(_, Some(asked)) if asked == Duration::from_secs(7)));
    }

    #[test]
    fn whoever_is_sent_much_may_take_longer() {
        let seconds = |bytes: u64| other(Kind::Lrs).patience_for(bytes).as_secs();
        assert_eq!((seconds(1_000), seconds(100_000_000)), (60, 1_060));
    }

    #[test]
    fn a_delivery_holds_statements_as_they_are_and_is_signed_over_its_time() {
        let json = "{ \"a\": 1.50 }".to_owned();
        let at = Position(7);
        let statement =
            Statement { position: at, done: at, received: Version::V2_0_0, json, attached: false };
        let body = delivery("county", &[statement.clone(), statement]);
        let one = r#"{"position":7,"statement":{ "a": 1.50 }}"#;
        assert_eq!(body, format!(r#"{{"forward":"county","statements":[{one},{one}]}}"#));
        // Reckoned with another program over "12.what do ya want for nothing?".
        let signed = signature("Jefe", 12, "what do ya want for nothing?");
        assert_eq!(signed, "884f387af4fab053210fff358c2ae1ceb946a70c677f05c2b731ca65c7769498");
        assert_ne!(signed, signature("Jefe", 13, "what do ya want for nothing?"));
        assert_ne!(signed, signature("Jeff", 12, "what do ya want for nothing?"));
    }
}
