//! Another LRS, with the habits that a test gives it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

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
