//! Another LRS, with the habits that a test gives it; [`Store`] is one that keeps statements.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use serde_json::{Value, json};

/// How a request is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Status, headers in addition, body.
    With(u16, Vec<(&'static str, String)>, String),
    /// Not at all: the connection stays open, and silent.
    Never,
}

/// A server that answers one request a connection, on a thread of its own, until the process ends.
pub struct Other {
    /// `http://127.0.0.1:PORT`
    pub address: String,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

impl Other {
    /// Starts one. `answer` is given the number of the request, counted from 0, and its target.
    ///
    /// # Errors
    /// No port is free.
    pub fn start(mut answer: impl FnMut(usize, &str) -> Reply + Send + 'static) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("http://{}", listener.local_addr()?);
        let seen: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
        let other = Self { address, seen: Arc::clone(&seen) };
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for connection in listener.incoming().map_while(Result::ok) {
                let Ok((target, headers)) = read(&connection) else { continue };
                let number = {
                    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.push((target.clone(), headers));
                    seen.len() - 1
                };
                match answer(number, &target) {
                    Reply::Never => silent.push(connection),
                    // Whoever has gone away meanwhile needs no answer.
                    Reply::With(status, headers, body) => drop(write(&connection, status, &headers, &body)),
                }
            }
        });
        Ok(other)
    }

    /// The targets that were asked for, each with the headers of the request in small letters.
    pub fn seen(&self) -> Vec<(String, String)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What another store makes of `since` and `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// As the standard has it: when a statement was stored. Lists come in that order.
    Stored,
    /// As Ralph has it: when it happened, and lists in that order.
    Happened,
    /// It answers so.
    Fails(u16),
}

/// A store of statements, which a test adds to while it is asked.
#[derive(Clone)]
pub struct Store {
    /// What it has.
    pub statements: Arc<Mutex<Vec<Value>>>,
    /// The ids of those that are voided: they are in no list.
    pub voided: Arc<Mutex<Vec<String>>>,
    /// What it answers to a list from this place on, if to any.
    pub fails: Arc<Mutex<Option<(usize, u16)>>>,
}

impl Store {
    /// Starts one that has these statements.
    ///
    /// # Errors
    /// No port is free.
    pub fn start(statements: Vec<Value>, since: Since) -> Result<(Other, Self)> {
        let store = Self {
            statements: Arc::new(Mutex::new(statements)),
            voided: Arc::default(),
            fails: Arc::default(),
        };
        let kept = store.clone();
        let other = Other::start(move |_, target| match kept.answer(target, since) {
            Ok(body) => Reply::With(200, vec![], body.to_string()),
            // Whoever is asked too much is asked again at once, so that a test need not wait.
            Err(429) => Reply::With(429, vec![("Retry-After", "0".into())], "{}".into()),
            Err(status) => Reply::With(status, vec![], "{}".into()),
        })?;
        Ok((other, store))
    }

    fn answer(&self, target: &str, since: Since) -> Result<Value, u16> {
        let url = reqwest::Url::parse(&format!("http://store.example{target}")).map_err(|_| 400_u16)?;
        if url.path().ends_with("/about") {
            return Ok(json!({ "version": ["1.0.3"] }));
        }
        let asked =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if let (Since::Fails(status), Some(_)) = (since, asked("since")) {
            return Err(status);
        }
        let at = if since == Since::Happened { "timestamp" } else { "stored" };
        let instant = |text: &str| text.trim_end_matches(['Z', '0']).trim_end_matches('.').to_owned();
        let of = |one: &Value| instant(one[at].as_str().unwrap_or_default());
        let mut all = self.statements.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.retain(|one| {
            asked("since").is_none_or(|since| of(one) > instant(&since))
                && asked("until").is_none_or(|until| of(one) <= instant(&until))
        });
        all.sort_by_key(of);
        let voided = self.voided.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_voided =
            |one: &Value| one["id"].as_str().is_some_and(|id| voided.iter().any(|voided| voided == id));
        if let Some(id) = asked("voidedStatementId") {
            return all.into_iter().find(|one| one["id"] == *id && is_voided(one)).ok_or(404);
        }
        all.retain(|one| !is_voided(one));
        let number = |name: &str| asked(name).and_then(|number| number.parse::<usize>().ok());
        let (from, limit) = (number("from").unwrap_or(0), number("limit").unwrap_or(100));
        if let Some((place, status)) = *self.fails.lock().unwrap_or_else(PoisonError::into_inner)
            && from >= place
        {
            return Err(status);
        }
        let page: Vec<Value> = all.iter().skip(from).take(limit).cloned().collect();
        let more = if from + limit >= all.len() {
            String::new()
        } else {
            let kept: Vec<String> = ["since", "until"]
                .into_iter()
                .filter_map(|name| Some(format!("&{name}={}", asked(name)?)))
                .collect();
            format!("{}?from={}&limit={limit}{}", url.path(), from + limit, kept.concat())
        };
        Ok(json!({ "statements": page, "more": more }))
    }
}

fn read(connection: &TcpStream) -> std::io::Result<(String, String)> {
    let mut lines = BufReader::new(connection).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let mut headers = String::new();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        headers.push_str(&line.to_lowercase());
        headers.push('\n');
    }
    Ok((first.split(' ').nth(1).unwrap_or_default().to_owned(), headers))
}

fn write(
    mut connection: &TcpStream,
    status: u16,
    headers: &[(&'static str, String)],
    body: &str,
) -> std::io::Result<()> {
    let mut text = format!("HTTP/1.1 {status} As asked\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    connection.write_all(text.as_bytes())
}
