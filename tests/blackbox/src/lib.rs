//! A running `larka` to test against: the real binary, a real database, real sockets.
//!
//! [`Instance`] is where everything lies and outlives its servers; [`Server`] is a running process. [`promises!`]
//! makes a test of each promise on each database, [`load`] posts from several connections at once, [`samples`]
//! makes statements, [`marked`] a municipality of which much is hidden, [`walk`] reads all that a server says, [`other`]
//! is a store of somebody else, [`python`] runs programs beside the tests, [`imports`] takes statements from there,
//! [`bucket`] is a store for a lake, [`backups`] are places for backups, [`boxed`] a round that nobody can link, [`Browser`] an administrator's, [`respondent`] somebody who answers.

#![allow(clippy::print_stderr, reason = "a test that failed shows what the server said")]

pub mod backups;
pub mod boxed;
mod browser;
pub mod bucket;
pub mod grouped;
pub mod imports;
pub mod load;
pub mod marked;
pub mod numbered;
pub mod other;
pub mod python;
pub mod respondent;
pub mod samples;
mod server;
pub mod walk;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use domain::Date;
use eventlog::clock::SystemClock;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection};
use tempfile::TempDir;

pub use browser::Browser;
pub use server::Server;

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

/// A day so many days from today in Sweden.
pub fn day(from_now: i32) -> String {
    let today = Date::in_sweden(SystemClock::shared().now());
    Date::from_days(today.days() + from_now).to_string()
}

/// Makes a test of each promise, on each database.
#[macro_export]
macro_rules! promises {
    ($(async fn $name:ident($instance:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn promise($instance: $crate::Instance) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                promise($crate::Instance::fresh($crate::Backend::Sqlite).await.unwrap()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                promise($crate::Instance::fresh($crate::Backend::Postgres).await.unwrap()).await;
            }
        }
    )*};
}

/// Asks again and again until there is an answer.
///
/// # Panics
/// There was none within two minutes, which no machine needs.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let patience = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(patience.elapsed() < Duration::from_secs(120), "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Where one instance keeps everything, and how it is reached. Survives the server, so that a test can
/// kill and start it again.
pub struct Instance {
    backend: Backend,
    folder: TempDir,
    /// Where the data is instead, as this process sees it.
    elsewhere: Option<PathBuf>,
    /// The address of its PostgreSQL database, and that of the vault.
    urls: Option<(String, String)>,
    /// Where the keys are, unless they lie in the data folder.
    keys: Option<PathBuf>,
    /// Drops the databases at the end.
    _database: Option<testkit::postgres::TestDatabase>,
    /// Words before the program's name when it serves: what bounds it.
    wrapper: Vec<String>,
    /// What else every command finds in its environment.
    environment: Vec<(String, String)>,
    /// Whether it was made, by a server or by `migrate`.
    made: AtomicBool,
}

/// The binary under test: `LARKA_BIN`, or the dev build of this workspace.
pub fn binary() -> PathBuf {
    std::env::var_os("LARKA_BIN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/larka"), PathBuf::from)
}

impl Instance {
    /// A fresh, empty instance.
    pub async fn fresh(backend: Backend) -> Result<Self> {
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => Some(testkit::postgres::database().await?),
        };
        Self::with(backend, database).await
    }

    /// A fresh instance on PostgreSQL whose role owns nothing but its vault, and the URL of the role that is to own
    /// the log.
    pub async fn with_roles() -> Result<(Self, String)> {
        let mut database = testkit::postgres::database().await?;
        let (owner, service) = (database.url(), database.role("_service").await?);
        let mut instance = Self::with(Backend::Postgres, Some(database)).await?;
        if let Some((url, vault)) = &mut instance.urls {
            let mut connection = sqlx::PgConnection::connect(vault).await?;
            let (_, role) = service.split_once("//").context("a URL")?;
            let (role, _) = role.split_once('@').context("a URL with a role")?;
            let grant = format!(
                "GRANT CREATE ON DATABASE \"{0}_vault\" TO \"{role}\"",
                role.trim_end_matches("_service")
            );
            sqlx::raw_sql(AssertSqlSafe(grant)).execute(&mut connection).await?;
            connection.close().await?;
            *url = service;
        }
        Ok((instance, owner))
    }

    /// A fresh instance on a PostgreSQL server of one's own, to be stopped and started.
    pub async fn on(server: &testkit::postgres::Server) -> Result<Self> {
        Self::with(Backend::Postgres, Some(testkit::postgres::database_on(&server.url()).await?)).await
    }

    async fn with(backend: Backend, mut database: Option<testkit::postgres::TestDatabase>) -> Result<Self> {
        let urls = match &mut database {
            Some(database) => Some((database.url(), database.sibling("_vault").await?)),
            None => None,
        };
        Ok(Self {
            backend,
            folder: tempfile::tempdir()?,
            elsewhere: None,
            urls,
            keys: None,
            _database: database,
            wrapper: Vec::new(),
            environment: Vec::new(),
            made: AtomicBool::new(false),
        })
    }

    /// Another node on the same PostgreSQL databases and keys, with a folder of its own.
    pub fn second_node(&self) -> Result<Self> {
        Ok(Self {
            backend: self.backend,
            folder: tempfile::tempdir()?,
            elsewhere: None,
            urls: self.urls.clone(),
            keys: Some(self.folder().join("keys")),
            _database: None,
            wrapper: Vec::new(),
            environment: self.environment.clone(),
            made: AtomicBool::new(true),
        })
    }

    /// The same with its keys in another folder.
    pub fn with_keys(mut self, keys: PathBuf) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Makes the instance, unless that was done: no other command does.
    pub fn make(&self) -> Result<()> {
        if !self.made.swap(true, Ordering::SeqCst) {
            self.run_json(&["migrate"])?;
        }
        Ok(())
    }

    /// Fills the instance, which is fresh, as the demo does; its reports lie in the data folder.
    pub fn demo(&self, people: u32, statements: u64, seed: u64) -> Result<()> {
        let [people, statements, seed] = [people.to_string(), statements.to_string(), seed.to_string()];
        let filled = ["demo", "--people", &people, "--statements", &statements, "--seed", &seed];
        let output = self.run(&[&filled[..], &["--exit", "--listen", "127.0.0.1:0"]].concat())?;
        if !output.status.success() {
            bail!("the demo: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }

    /// Serves with these words before the program's name.
    pub fn wrapped(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Every command finds this in its environment from now on, and nothing else that was set this way.
    pub fn finding(&mut self, environment: Vec<(String, String)>) {
        self.environment = environment;
    }

    /// Looks for the data folder elsewhere from now on, which is where a server is that sees other mounts.
    pub fn seen_at(&mut self, folder: PathBuf) {
        self.elsewhere = Some(folder);
    }

    /// Which database it is on.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The addresses of its databases on PostgreSQL: of the log and the views, and of the vault.
    pub fn databases(&self) -> Option<(String, String)> {
        self.urls.clone()
    }

    /// The data folder.
    pub fn folder(&self) -> PathBuf {
        self.elsewhere.clone().unwrap_or_else(|| self.folder.path().join("data"))
    }

    /// A folder beside the data, for what a test writes.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What all servers of this instance wrote to standard error.
    pub fn said(&self) -> String {
        let bytes = std::fs::read(self.beside("server.log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A command of the binary on this instance, with its output kept.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.extend(Command::new(binary()), arguments)
    }

    fn extend(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).arg("--data-dir").arg(self.folder()).stdin(Stdio::null());
        command.env_remove("RUST_LOG").env("NO_COLOR", "1");
        // What is made up for a test is on this machine.
        command.env("LARKA_REACH_PRIVATE", "true");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some((url, _)) = &self.urls {
            command.arg("--database-url").arg(url);
        }
        if let Some(keys) = &self.keys {
            command.arg("--keys-dir").arg(keys);
        }
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Result<Output> {
        self.command(arguments).output().context("the binary could not be started")
    }

    /// Runs a command with `--json` and reads what it prints.
    pub fn run_json(&self, arguments: &[&str]) -> Result<Value> {
        self.run_json_with(arguments, None)
    }

    /// The same with something on standard input.
    pub fn run_json_with(&self, arguments: &[&str], input: Option<&str>) -> Result<Value> {
        let mut command = self.command(arguments);
        command.arg("--json").stdout(Stdio::piped()).stderr(Stdio::piped());
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().context("the binary could not be started")?;
        if let (Some(input), Some(mut pipe)) = (input, child.stdin.take()) {
            pipe.write_all(input.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("larka {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("larka {arguments:?} printed no JSON: {:?}", output.stdout))
    }

    /// A new credential: key and secret.
    pub fn credential(&self, scopes: &str) -> Result<(String, String)> {
        self.make()?;
        let made = self.run_json(&["credential", "create", "test", "--scopes", scopes])?;
        Ok((text(&made, "key")?, text(&made, "secret")?))
    }

    /// A new administrator: log-in and password.
    pub fn administrator(&self) -> Result<(String, String)> {
        self.make()?;
        let login = format!("test{}", uuid::Uuid::new_v4().simple());
        let made = self.run_json(&["user", "create", &login])?;
        Ok((login, text(&made, "password")?))
    }

    /// Makes a credential and an administrator, and starts the server.
    pub async fn start(&self) -> Result<Server> {
        self.start_with(&[]).await
    }

    /// The same with more flags for `serve`.
    pub async fn start_with(&self, flags: &[&str]) -> Result<Server> {
        self.serve(flags, self.credential("all")?, self.administrator()?).await
    }

    /// Starts the server again with those who were known to an earlier one.
    pub async fn restart(&self, before: &Server) -> Result<Server> {
        self.serve(&[], before.credential.clone(), before.administrator.clone()).await
    }

    /// Starts the server with a credential and an administrator that are there already.
    pub async fn serve(
        &self,
        flags: &[&str],
        credential: (String, String),
        administrator: (String, String),
    ) -> Result<Server> {
        self.made.store(true, Ordering::SeqCst);
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
        arguments.extend(flags);
        let mut words = self.wrapper.iter();
        let command = match words.next() {
            None => Command::new(binary()),
            Some(first) => {
                let mut command = Command::new(first);
                command.args(words).arg(binary());
                command
            }
        };
        let log = std::fs::File::options().create(true).append(true).open(self.beside("server.log"))?;
        let mut child = self
            .extend(command, &arguments)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("the server could not be started")?;
        let out = child.stdout.take().context("no standard output")?;
        let mut lines = BufReader::new(out).lines();
        let address = loop {
            match lines.next() {
                Some(line) => {
                    if let Some(address) =
                        line?.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:"))
                    {
                        break address.trim_end_matches('/').to_owned();
                    }
                }
                None => bail!("the server ended before it listened: {:?}: {}", child.wait()?, self.said()),
            }
        };
        // The rest of its output is read away, so that it never blocks on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(120)).build()?;
        Ok(Server { child, address, credential, administrator, http })
    }

    /// One number from the log's database, read beside the server.
    pub async fn number(&self, sql: &str) -> Result<i64> {
        self.number_in("log", sql).await
    }

    /// One number from a file of the data folder (its name without `.db`), or from the schema that stands for it on
    /// PostgreSQL.
    pub async fn number_in(&self, place: &str, sql: &str) -> Result<i64> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.urls {
            None => {
                let mut connection = self.file(place).await?;
                let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
                connection.close().await?;
                Ok(number)
            }
            Some((url, _)) => {
                let mut connection = schema(url, place).await?;
                let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
                connection.close().await?;
                Ok(number)
            }
        }
    }

    /// Carries out statements on the log's database.
    pub async fn execute(&self, sql: &str) -> Result<()> {
        self.execute_in("log", sql).await
    }

    /// The same in another place, named as for [`Instance::number_in`].
    pub async fn execute_in(&self, place: &str, sql: &str) -> Result<()> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.urls {
            None => {
                let mut connection = self.file(place).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await?;
            }
            Some((url, _)) => {
                let mut connection = schema(url, place).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await?;
            }
        }
        Ok(())
    }

    /// Carries out statements in the vault, which is a database of its own on PostgreSQL.
    pub async fn execute_in_vault(&self, sql: &str) -> Result<()> {
        let Some((_, vault)) = &self.urls else { return self.execute_in("vault", sql).await };
        let mut connection = schema(vault, "vault").await?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// One text from the vault.
    pub async fn text_in_vault(&self, sql: &str) -> Result<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.urls {
            None => Ok(sqlx::query_scalar(sql).fetch_one(&mut self.file("vault").await?).await?),
            Some((_, vault)) => {
                Ok(sqlx::query_scalar(sql).fetch_one(&mut schema(vault, "vault").await?).await?)
            }
        }
    }

    async fn file(&self, place: &str) -> Result<sqlx::SqliteConnection> {
        let file = self.folder().join(format!("{place}.db"));
        Ok(sqlx::SqliteConnection::connect(&format!("sqlite://{}?mode=rw", file.display())).await?)
    }

    /// Everything that is written down, by file, or by database as its dump.
    pub fn written(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut all = Vec::new();
        let mut folders = vec![self.folder()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() {
                    // A file may be gone again by now: write-ahead logs are.
                    let bytes = std::fs::read(&path).unwrap_or_default();
                    all.push((path.display().to_string(), bytes));
                }
            }
        }
        if let Some((log, vault)) = &self.urls {
            for url in [log, vault] {
                let dump = Command::new(testkit::postgres::program("pg_dump")?).arg(url).output()?;
                if !dump.status.success() {
                    bail!("pg_dump: {}", String::from_utf8_lossy(&dump.stderr));
                }
                all.push((url.clone(), dump.stdout));
            }
        }
        Ok(all)
    }

    /// `larka verify`, that positions have no gaps, and how many of the events are statements: the others say what
    /// statements taught of activities, and of the instance itself.
    pub async fn sound_statements(&self) -> Result<i64> {
        self.sound().await?;
        self.number("SELECT count(*) FROM event WHERE kind = 'statement'").await
    }

    /// `larka verify`, and that positions have no gaps: how many events there are.
    pub async fn sound(&self) -> Result<i64> {
        let verified = self.run_json(&["verify"])?;
        let count = self.number("SELECT count(*) FROM event").await?;
        let last = self.number("SELECT coalesce(max(position), 0) FROM event").await?;
        let first = self.number("SELECT coalesce(min(position), 1) FROM event").await?;
        if (first, last) != (1, count) {
            bail!("{count} events stand at positions {first} to {last}");
        }
        if verified["verified"] != true || verified["events"].as_i64() != Some(count) {
            bail!("{count} events, yet verify says {verified}");
        }
        Ok(count)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said.lines().collect();
            for line in &lines[lines.len().saturating_sub(40)..] {
                eprintln!("server: {line}");
            }
        }
    }
}

/// A text in an object.
fn text(value: &Value, name: &str) -> Result<String> {
    Ok(value[name].as_str().with_context(|| format!("no {name} in {value}"))?.to_owned())
}

async fn schema(url: &str, place: &str) -> Result<sqlx::PgConnection> {
    let mut connection = sqlx::PgConnection::connect(url).await?;
    let path = format!("SET search_path TO {}", place.replace('.', "_"));
    sqlx::raw_sql(AssertSqlSafe(path)).execute(&mut connection).await?;
    Ok(connection)
}
