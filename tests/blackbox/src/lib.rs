//! A running `larka` to test against: the real binary, a real database, real sockets.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

/// Which database the server under test keeps its log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// The embedded one.
    Sqlite,
    /// A fresh database on the throw-away server of `testkit`.
    Postgres,
}

/// Both databases, in the order the suites go through them.
pub const BACKENDS: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

/// Where one instance keeps everything, and how it is reached. Survives the server, so that a test can
/// kill and start it again.
pub struct Instance {
    folder: TempDir,
    database: Option<testkit::postgres::TestDatabase>,
}

/// A running server and one credential with all rights.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub address: String,
    /// Key and secret of a credential with the scope `all`.
    pub credential: (String, String),
    /// Log-in and password of the administrator.
    pub administrator: (String, String),
    /// A client without a proxy and with a patient time limit.
    pub http: reqwest::Client,
}

/// The binary under test: `LARKA_BIN`, or the dev build of this workspace.
pub fn binary() -> PathBuf {
    std::env::var_os("LARKA_BIN").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/larka"),
        PathBuf::from,
    )
}

impl Instance {
    /// A fresh, empty instance.
    pub async fn fresh(backend: Backend) -> Result<Self> {
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => {
                let mut database = testkit::postgres::database().await?;
                database.sibling("_vault").await?;
                Some(database)
            }
        };
        Ok(Self { folder: tempfile::tempdir()?, database })
    }

    /// The data folder.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A command of the binary on this instance, with its output kept.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--data-dir").arg(self.folder()).stdin(Stdio::null());
        command.env_remove("RUST_LOG").env("NO_COLOR", "1");
        if let Some(database) = &self.database {
            command.arg("--database-url").arg(database.url());
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Result<Output> {
        self.command(arguments).output().context("the binary could not be started")
    }

    /// Runs a command with `--json` and reads what it prints.
    pub fn run_json(&self, arguments: &[&str]) -> Result<Value> {
        let mut all = arguments.to_vec();
        all.push("--json");
        let output = self.run(&all)?;
        if !output.status.success() {
            bail!("larka {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("larka {arguments:?} printed no JSON: {:?}", output.stdout))
    }

    /// Makes a credential and an administrator, and starts the server.
    pub async fn start(&self) -> Result<Server> {
        self.start_with(&[]).await
    }

    /// The same with more flags for `serve`.
    pub async fn start_with(&self, flags: &[&str]) -> Result<Server> {
        let credential = self.run_json(&["credential", "create", "test", "--scopes", "all"])?;
        let login = format!("test{}", uuid::Uuid::new_v4().simple());
        let user = self.run_json(&["user", "create", &login])?;
        let text = |value: &Value, name: &str| -> Result<String> {
            Ok(value[name].as_str().with_context(|| format!("no {name} in {value}"))?.to_owned())
        };
        self.serve(
            flags,
            (text(&credential, "key")?, text(&credential, "secret")?),
            (login, text(&user, "password")?),
        )
        .await
    }

    /// Starts the server with a credential and an administrator that are there already.
    pub async fn serve(
        &self,
        flags: &[&str],
        credential: (String, String),
        administrator: (String, String),
    ) -> Result<Server> {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
        arguments.extend(flags);
        let mut child = self
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(if std::env::var_os("LARKA_TEST_VERBOSE").is_some() { Stdio::inherit() } else { Stdio::null() })
            .spawn()
            .context("the server could not be started")?;
        let out = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(out).lines();
        let address = loop {
            match lines.next() {
                Some(line) => {
                    if let Some(address) = line?.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:")) {
                        break address.trim_end_matches('/').to_owned();
                    }
                }
                None => bail!("the server ended before it listened: {:?}", child.wait()?),
            }
        };
        // The rest of its output is read away, so that it never blocks on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(120)).build()?;
        Ok(Server { child, address, credential, administrator, http })
    }
}

impl Server {
    /// A request on the xAPI resources with the credential and the version header.
    pub fn xapi(&self, method: reqwest::Method, path: &str, version: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/xapi/{path}", self.address))
            .basic_auth(&self.credential.0, Some(&self.credential.1))
            .header("X-Experience-API-Version", version)
    }

    /// A request on the administration's API as the administrator.
    pub fn api(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/api/v1/{path}", self.address))
            .basic_auth(&self.administrator.0, Some(&self.administrator.1))
    }

    /// Ends it at once, as a power cut would the process.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, as an operator would, and waits until it has.
    pub fn stop(&mut self) -> Result<std::process::ExitStatus> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status()?;
        let patience = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if patience.elapsed() > Duration::from_secs(60) {
                bail!("the server did not stop within a minute");
            }
            std::thread::yield_now();
        }
    }

    /// Waits until every projection and the lake have seen the whole log.
    pub async fn settled(&self) -> Result<()> {
        for _ in 0..1200 {
            let status: Value = self.api(reqwest::Method::GET, "status").send().await?.json().await?;
            if status["settled"] == Value::Bool(true) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the views did not catch up within a minute")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
