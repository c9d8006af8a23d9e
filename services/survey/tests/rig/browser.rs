//! A browser without scripts: it sends what the form before it has.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use std::net::SocketAddr;
use tower::ServiceExt as _;

/// An answer, read.
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
}

impl Page {
    /// The tags of the page that begin so.
    fn tags<'a>(&'a self, begin: &'a str) -> impl Iterator<Item = &'a str> {
        self.html.match_indices(begin).map(|(at, _)| {
            let rest = &self.html[at..];
            &rest[..rest.find('>').unwrap_or(rest.len())]
        })
    }

    /// The value of the first field of a name.
    pub fn value(&self, name: &str) -> String {
        let begin = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
        let found = self.tags(&begin).next();
        found
            .map(|tag| tag[begin.len()..].split('"').next().unwrap_or_default().to_owned())
            .unwrap_or_default()
    }

    /// What the form sends by itself: the state, and which questions could be answered.
    fn own(&self) -> Vec<(String, String)> {
        let mut fields = vec![("#state".to_owned(), self.value("#state"))];
        let begin = "<input type=\"hidden\" name=\"#shown\" value=\"";
        let shown = self.tags(begin).filter(|tag| !tag.contains(" disabled"));
        fields.extend(shown.map(|tag| {
            let value = tag[begin.len()..].split('"').next().unwrap_or_default();
            ("#shown".to_owned(), value.to_owned())
        }));
        fields
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.html.contains(text), "{text} is not in {}", self.html);
        self
    }

    #[track_caller]
    pub fn is_silent_of(&self, text: &str) -> &Self {
        assert!(!self.html.contains(text), "{text} is in {}", self.html);
        self
    }
}

/// Asks the pages from one address.
pub struct Browser {
    pub pages: Router,
    pub from: [u8; 4],
    pub language: &'static str,
}

impl Browser {
    pub fn new(pages: Router) -> Self {
        Self { pages, from: [192, 0, 2, 1], language: "sv" }
    }

    pub async fn get(&self, path: &str) -> Page {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = fields
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect::<Vec<_>>()
            .join("&");
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    /// Presses a button of a page with a form that was filled in.
    pub async fn send(&self, code: &str, page: &Page, go: &str, filled: &[(&str, &str)]) -> Page {
        self.press(code, page, ("#go", go), filled).await
    }

    /// Presses the button of another language.
    pub async fn speak(&self, code: &str, page: &Page, language: &str, filled: &[(&str, &str)]) -> Page {
        self.press(code, page, ("#lang", language), filled).await
    }

    async fn press(&self, code: &str, page: &Page, button: (&str, &str), filled: &[(&str, &str)]) -> Page {
        let own = page.own();
        let mut fields: Vec<(&str, &str)> = own.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        fields.push(button);
        fields.extend(filled);
        self.post(&format!("/s/{code}"), &fields).await
    }

    pub async fn begin(&self, code: &str) -> Page {
        self.post(&format!("/s/{code}"), &[("#go", "start"), ("#lang", self.language)]).await
    }

    /// How many bytes a file is, compressed as it is served.
    pub async fn weight(&self, path: &str) -> usize {
        let request = Request::get(path).header("accept-encoding", "gzip").body(Body::empty()).unwrap();
        self.bytes(request).await
    }

    /// How many bytes the first page of a survey is.
    pub async fn begun_weight(&self, code: &str) -> usize {
        let request = Request::post(format!("/s/{code}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept-encoding", "gzip, deflate, br");
        self.bytes(request.body(Body::from("%23go=start")).unwrap()).await
    }

    async fn bytes(&self, request: Request<Body>) -> usize {
        let answer = self.pages.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        to_bytes(answer.into_body(), usize::MAX).await.unwrap().len()
    }

    pub async fn ask(&self, mut request: Request<Body>) -> Page {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((self.from, 5000))));
        request.headers_mut().insert("accept-language", self.language.parse().unwrap());
        let answer = self.pages.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let html = String::from_utf8_lossy(&bytes).into_owned();
        Page { status: parts.status, headers: parts.headers, html }
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
