//! The real binary as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::client::{Connection, Request};
use crate::flags::Flags;
use crate::place::Place;
use crate::process;
use crate::work::{self, Body, Work};

const JSON: &str = "application/json";
/// No file has it.
const BOUNDARY: &str = "larka-load-4d1c9f0a7be2";

/// A running server with a municipality in it, warmed up.
pub(crate) struct Server<'a> {
    place: &'a Place,
    child: Child,
    address: SocketAddr,
    tool: String,
    administrator: String,
}

/// A request in its parts, to be changed before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    method: &'static str,
    resource: &'static str,
    credential: String,
    content_type: String,
    /// As a person would write it; encoded when it is sent.
    pub(crate) query: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

impl Raw {
    /// As it is sent: whatever was changed, a request with a length that is right.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let target = format!("/xapi/{}?{}", self.resource, encoded(&self.query, b"=&"));
        sent(self.method, &target, &self.credential, &self.content_type, &self.body)
    }
}

/// Counters at one moment.
pub(crate) struct Meters {
    pub(crate) position: u64,
    pub(crate) batch_sum: f64,
    pub(crate) batch_count: f64,
    pub(crate) commit_seconds: f64,
    pub(crate) client_cpu: f64,
    pub(crate) server_cpu: f64,
    pub(crate) database_cpu: f64,
}

impl<'a> Server<'a> {
    /// Starts a server on a fresh place, posts the municipality, and sends what comes before the clock starts.
    pub(crate) async fn start(place: &'a Place, flags: &Flags, work: &Work, roles: &str) -> Result<Self> {
        let binary = binary(flags)?;
        let made = |arguments: &[&str]| -> Result<Value> {
            let output = command(&binary, place, arguments).arg("--json").output()?;
            if !output.status.success() {
                bail!("larka {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
            }
            Ok(serde_json::from_slice(&output.stdout)?)
        };
        let basic = |value: &Value, name: &str, secret: &str| -> Result<String> {
            let text = |name: &str| value[name].as_str().with_context(|| format!("no {name}"));
            Ok(STANDARD.encode(format!("{}:{}", text(name)?, text(secret)?)))
        };
        made(&["migrate"])?;
        let tool = basic(&made(&["credential", "create", "load", "--scopes", "all"])?, "key", "secret")?;
        let administrator = basic(&made(&["user", "create", "load"])?, "login", "password")?;
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--roles", roles];
        let mut child = command(&binary, place, &arguments).stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().context("no standard output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let Some((_, address)) = line.trim().split_once("http://") else {
            bail!("the server ended before it listened: {:?}", child.wait()?);
        };
        let server = Self { place, child, address: address.parse()?, tool, administrator };
        let world = &work.world;
        for (path, body) in [
            ("organisation", serde_json::to_value(world.organisation())?),
            ("courses", serde_json::to_value(world.courses())?),
            ("surveys", serde_json::to_value(world.surveys())?),
            ("rounds", serde_json::to_value(world.rounds())?),
        ] {
            server.administer(path, &body).await?;
        }
        let mut connection = Connection::open(server.address).await?;
        for body in work.warm() {
            expect_200(connection.exchange(&server.request(&body).bytes).await?)?;
        }
        Ok(server)
    }

    /// Posts something to the administration's API.
    pub(crate) async fn administer(&self, path: &str, body: &Value) -> Result<()> {
        let mut connection = Connection::open(self.address).await?;
        let request = post(&format!("/api/v1/{path}"), &self.administrator, JSON, &body.to_string());
        expect_200(connection.exchange(&request).await?)?;
        Ok(())
    }

    /// Asks the administration's API for something.
    pub(crate) async fn administered(&self, path: &str) -> Result<Value> {
        let mut connection = Connection::open(self.address).await?;
        let request = sent("GET", &format!("/api/v1/{path}"), &self.administrator, JSON, b"");
        Ok(serde_json::from_slice(expect_200(connection.exchange(&request).await?)?)?)
    }

    pub(crate) fn place(&self) -> &Place {
        self.place
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The tool's key and secret, as HTTP Basic has them.
    pub(crate) fn tool(&self) -> &str {
        &self.tool
    }

    /// The administrator's name and password, likewise.
    pub(crate) fn administrator(&self) -> &str {
        &self.administrator
    }

    /// The requests that carry some bodies.
    pub(crate) fn requests(&self, bodies: impl Iterator<Item = Body>) -> Vec<Request> {
        bodies.map(|body| self.request(&body)).collect()
    }

    /// A request that posts statements, and the files attached to them.
    pub(crate) fn request(&self, body: &Body) -> Request {
        let (text, content_type) = packed(body);
        let bytes = post("/xapi/statements", &self.tool, &content_type, &text);
        Request { bytes, statements: body.statements, wanted: "" }
    }

    /// A request in its parts: a resource of xAPI, its parameters, and what it carries.
    pub(crate) fn raw(&self, method: &'static str, resource: &'static str, query: &str, body: Body) -> Raw {
        let (body, content_type) = packed(&body);
        let (credential, query) = (self.tool.clone(), query.as_bytes().to_vec());
        Raw { method, resource, credential, content_type, query, body: body.into_bytes() }
    }

    /// A request that asks for something.
    pub(crate) fn question(&self, resource: &str, parameters: &[(&str, &str)]) -> Vec<u8> {
        let parameters: Vec<String> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={}", encoded(value.as_bytes(), b"")))
            .collect();
        format!(
            "GET /xapi/{resource}?{} HTTP/1.1\r\nHost: load\r\nAuthorization: Basic {}\r\n\
             X-Experience-API-Version: 2.0.0\r\n\r\n",
            parameters.join("&"),
            self.tool
        )
        .into_bytes()
    }

    /// The log's last position.
    pub(crate) async fn head(&self) -> Result<u64> {
        Ok(self.meters().await?.position)
    }

    pub(crate) async fn meters(&self) -> Result<Meters> {
        let mut connection = Connection::open(self.address).await?;
        let request = b"GET /metrics HTTP/1.1\r\nHost: load\r\n\r\n";
        let text = String::from_utf8(expect_200(connection.exchange(request).await?)?.to_vec())?;
        let of = |name: &str| -> Result<f64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            Ok(line.with_context(|| format!("no metric {name}"))?.trim().parse()?)
        };
        Ok(Meters {
            position: of("larka_log_head_position")? as u64,
            batch_sum: of("larka_log_batch_events_sum")?,
            batch_count: of("larka_log_batch_events_count")?,
            commit_seconds: of("larka_log_commit_seconds_sum")?,
            client_cpu: process::cpu(std::process::id())?,
            server_cpu: process::cpu(self.pid())?,
            database_cpu: self.place.database_cpu().await?,
        })
    }

    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the server ended with {status}");
        }
        Ok(())
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary that is measured.
fn binary(flags: &Flags) -> Result<PathBuf> {
    if let Some(file) = flags.larka.clone().or_else(|| std::env::var_os("LARKA_BIN").map(PathBuf::from)) {
        return Ok(file);
    }
    let beside = std::env::current_exe()?.with_file_name("larka");
    if !beside.exists() {
        bail!("{} is missing: build it first, with the same profile", beside.display());
    }
    Ok(beside)
}

fn command(binary: &PathBuf, place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary);
    command.args(arguments).arg("--data-dir").arg(place.folder()).stdin(Stdio::null());
    command.env("RUST_LOG", "warn").env("NO_COLOR", "1");
    if let Some((url, vault)) = place.urls() {
        command.args(["--database-url", &url, "--vault-url", vault]);
    }
    command
}

fn post(path: &str, credential: &str, content_type: &str, body: &str) -> Vec<u8> {
    sent("POST", path, credential, content_type, body.as_bytes())
}

/// A form as a browser without cookies sends it.
pub(crate) fn form(path: &str, fields: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: load\r\nAccept-Language: sv\r\nAccept-Encoding: gzip;q=0\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{fields}",
        fields.len()
    )
    .into_bytes()
}

/// A whole request, as it is sent.
fn sent(method: &str, target: &str, credential: &str, content_type: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!(
        "{method} {target} HTTP/1.1\r\nHost: load\r\nAuthorization: Basic {credential}\r\n\
         X-Experience-API-Version: 2.0.0\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Statements, and the files attached to them: the text of a body and its type.
fn packed(body: &Body) -> (String, String) {
    if body.files.is_empty() {
        return (body.json.clone(), JSON.to_owned());
    }
    let mut parts = format!("--{BOUNDARY}\r\nContent-Type: {JSON}\r\n\r\n{}\r\n", body.json);
    for file in &body.files {
        parts.push_str(&format!(
            "--{BOUNDARY}\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\
             X-Experience-API-Hash: {}\r\n\r\n{file}\r\n",
            work::hash(file)
        ));
    }
    parts.push_str(&format!("--{BOUNDARY}--\r\n"));
    (parts, format!("multipart/mixed; boundary={BOUNDARY}"))
}

/// As it stands in an address (RFC 3986, 2.3), but for what is kept.
pub(crate) fn encoded(text: &[u8], kept: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        byte if kept.contains(byte) => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.iter().map(one).collect()
}

fn expect_200((status, body): (u16, &[u8])) -> Result<&[u8]> {
    if status != 200 {
        bail!("answered {status}: {}", String::from_utf8_lossy(body));
    }
    Ok(body)
}
