//! PostgreSQL to test against: a private cluster of this process, or the one a caller already started.
//!
//! [`database`] gives each test a fresh database. Where `LARKA_TEST_POSTGRES` holds the URL of a
//! superuser on loopback, that server is used; otherwise the process starts a cluster of its own, once,
//! in a temporary directory. A small shell watches over such a cluster: it waits for the end of its
//! standard input, which comes when this process ends in whatever way, and then stops the cluster and
//! removes the directory. Nothing else is ever stopped.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};
use sqlx::Connection;

/// Name of the variable that holds the URL of a server to use instead of starting one.
pub const SERVER_VARIABLE: &str = "LARKA_TEST_POSTGRES";

const WATCHDOG: &str = r#"
set -e
export LC_ALL=C
"$BIN/initdb" -D "$HOME_DIR/data" -U postgres --auth=trust --encoding=UTF8 --no-sync >"$HOME_DIR/initdb.log" 2>&1
"$BIN/pg_ctl" -D "$HOME_DIR/data" -w -l "$HOME_DIR/server.log" -o "$SETTINGS" start >"$HOME_DIR/start.log" 2>&1
echo ready
set +e
cat >/dev/null
"$BIN/pg_ctl" -D "$HOME_DIR/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$HOME_DIR"
"#;

/// A fresh, empty database; dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    server: String,
    name: String,
    siblings: Vec<String>,
    roles: Vec<String>,
}

/// A fresh database on the shared server of this process.
///
/// # Errors
/// PostgreSQL is not installed, does not start, or `LARKA_TEST_POSTGRES` names no superuser on loopback.
pub async fn database() -> Result<TestDatabase> {
    let server = tokio::task::spawn_blocking(shared_url).await??;
    database_on(&server).await
}

/// A fresh database on the server at `server`, the URL of a superuser.
///
/// # Errors
/// The server cannot be reached or refuses to create a database.
pub async fn database_on(server: &str) -> Result<TestDatabase> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("larka_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    create(server, &name).await?;
    Ok(TestDatabase { server: server.to_owned(), name, siblings: Vec::new(), roles: Vec::new() })
}

impl TestDatabase {
    /// The URL to connect to it with, as a superuser.
    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL of the server's maintenance database, as a superuser.
    pub fn server_url(&self) -> &str {
        &self.server
    }

    /// Creates another empty database, named like this one with `suffix` after it, and gives its URL. It
    /// is dropped with this one.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn sibling(&mut self, suffix: &str) -> Result<String> {
        let name = format!("{}{suffix}", self.name);
        create(&self.server, &name).await?;
        let url = with_database(&self.server, &name);
        self.siblings.push(name);
        Ok(url)
    }

    /// Creates a role that may log in and nothing more, named like this database with `suffix` after it, and gives
    /// the URL to connect with as that role. It is dropped with this database.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn role(&mut self, suffix: &str) -> Result<String> {
        let name = format!("{}{suffix}", self.name);
        let mut connection = sqlx::PgConnection::connect(&self.server).await?;
        let make = sqlx::AssertSqlSafe(format!("CREATE ROLE \"{name}\" LOGIN"));
        sqlx::raw_sql(make).execute(&mut connection).await?;
        connection.close().await?;
        let url = self.url();
        let host = url.rsplit_once('@').map(|(_, host)| host).context("a URL without a user")?;
        let url = format!("postgres://{name}@{host}");
        self.roles.push(name);
        Ok(url)
    }
}

impl Drop for TestDatabase {
    /// Best effort: on a server of this process the whole cluster goes at the end anyway.
    fn drop(&mut self) {
        let Ok(psql) = binaries().map(|dir| dir.join("psql")) else { return };
        let databases = self.siblings.iter().chain([&self.name]);
        let databases = databases.map(|name| format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"));
        let roles = self.roles.iter().map(|name| format!("DROP ROLE IF EXISTS \"{name}\""));
        for command in databases.chain(roles) {
            let _ = Command::new(&psql)
                .args(["--no-psqlrc", "--quiet", "--dbname", &self.server])
                .args(["--command", &command])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
    }
}

/// A cluster of its own, for tests that stop and start the server. Stopped and removed when dropped.
#[derive(Debug)]
pub struct Server {
    watchdog: Child,
    bin: PathBuf,
    home: PathBuf,
    settings: String,
    port: u16,
}

impl Server {
    /// Makes a cluster in a temporary directory and starts it on a free port of 127.0.0.1. Takes a few
    /// seconds, and blocks: call it from `spawn_blocking` inside a runtime.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or does not start; the message holds the end of its log.
    pub fn start() -> Result<Self> {
        let mut last = None;
        for _ in 0..3 {
            match Self::start_once() {
                Ok(server) => return Ok(server),
                // Another process may have taken the port in between.
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("PostgreSQL did not start")))
    }

    /// The URL of the maintenance database, as a superuser.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops the server the way a crash does: no checkpoint, recovery at the next start.
    ///
    /// # Errors
    /// `pg_ctl` fails.
    pub fn stop_immediate(&self) -> Result<()> {
        self.pg_ctl(&["-m", "immediate", "-w", "stop"])
    }

    /// Starts the server again after [`Server::stop_immediate`], on the same port.
    ///
    /// # Errors
    /// `pg_ctl` fails.
    pub fn start_again(&self) -> Result<()> {
        let log = self.home.join("server.log");
        self.pg_ctl(&["-w", "-l", &log.to_string_lossy(), "-o", &self.settings, "start"])
    }

    fn pg_ctl(&self, arguments: &[&str]) -> Result<()> {
        let mut command = Command::new(self.bin.join("pg_ctl"));
        command.arg("-D").arg(self.home.join("data")).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        as_server_user(&mut command)?;
        let status = command.status().context("pg_ctl cannot be run")?;
        if !status.success() {
            bail!("pg_ctl {arguments:?} ended with {status}");
        }
        Ok(())
    }

    fn start_once() -> Result<Self> {
        let bin = binaries()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let home = tempfile::Builder::new().prefix("larka-postgres-").tempdir()?.keep();
        if let Some((user, group)) = server_user()? {
            std::os::unix::fs::chown(&home, Some(user), Some(group))?;
        }
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=200 \
             -c shared_buffers=64MB -c log_min_messages=warning",
            home.display()
        );
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(WATCHDOG);
        command.env("BIN", &bin).env("HOME_DIR", &home).env("SETTINGS", &settings);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A process group of its own: what ends the tests' group must not end the watchdog before its work.
        command.process_group(0).current_dir("/");
        as_server_user(&mut command)?;
        let mut watchdog = command.spawn().context("/bin/sh cannot be run")?;
        let mut line = String::new();
        if let Some(out) = watchdog.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let server = Self { watchdog, bin, home, settings, port };
        if line.trim() != "ready" {
            bail!("PostgreSQL did not start: {}", server.last_words());
        }
        Ok(server)
    }

    fn last_words(&self) -> String {
        let mut text = String::new();
        for name in ["initdb.log", "start.log", "server.log"] {
            if let Ok(mut file) = std::fs::File::open(self.home.join(name)) {
                let _ = file.read_to_string(&mut text);
            }
        }
        let lines: Vec<&str> = text.lines().rev().take(10).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("; ")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

/// The URL of the server all tests of this process share, started when it is first asked for. Blocks.
///
/// # Errors
/// As [`database`].
pub fn shared_url() -> Result<String> {
    static SHARED: OnceLock<std::result::Result<Server, String>> = OnceLock::new();
    if let Ok(url) = std::env::var(SERVER_VARIABLE) {
        if !url.contains("127.0.0.1") && !url.contains("localhost") && !url.contains("[::1]") {
            bail!("{SERVER_VARIABLE} must name a throw-away server on loopback");
        }
        return Ok(url);
    }
    match SHARED.get_or_init(|| Server::start().map_err(|error| format!("{error:#}"))) {
        Ok(server) => Ok(server.url()),
        Err(reason) => bail!("the tests need PostgreSQL: {reason}"),
    }
}

/// A program of PostgreSQL, such as `pg_dump`.
///
/// # Errors
/// PostgreSQL is not installed.
pub fn program(name: &str) -> Result<PathBuf> {
    Ok(binaries()?.join(name))
}

async fn create(server: &str, name: &str) -> Result<()> {
    let mut admin = sqlx::PgConnection::connect(server).await.context("the test server cannot be reached")?;
    // Locale C: comparisons in tests must not depend on the machine.
    let sql =
        format!("CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut admin).await.context("no test database")?;
    admin.close().await?;
    Ok(())
}

fn with_database(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').map_or((server, ""), |(a, q)| (a, q));
    let host_end = address.find("://").map_or(0, |at| at + 3);
    let address = match address[host_end..].find('/') {
        Some(slash) => &address[..host_end + slash],
        None => address,
    };
    if query.is_empty() { format!("{address}/{name}") } else { format!("{address}/{name}?{query}") }
}

/// The directory that holds `initdb`, `pg_ctl` and `psql`: on the path, or the newest where Debian puts them.
fn binaries() -> Result<PathBuf> {
    let complete = |dir: &Path| ["initdb", "pg_ctl", "psql"].iter().all(|name| dir.join(name).is_file());
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(dir) = std::env::split_paths(&path).find(|dir| complete(dir)) {
        return Ok(dir);
    }
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, dir)| complete(dir))
        .collect();
    versions.sort();
    match versions.pop() {
        Some((_, dir)) => Ok(dir),
        None => bail!(
            "PostgreSQL is not installed (initdb, pg_ctl and psql are neither on the path nor in \
             /usr/lib/postgresql/*/bin), and {SERVER_VARIABLE} names no server"
        ),
    }
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody` where there is none.
fn server_user() -> Result<Option<(u32, u32)>> {
    if std::fs::metadata("/proc/self").map(|own| own.uid()).unwrap_or(1) != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").context("/etc/passwd cannot be read")?;
    for wanted in ["postgres", "nobody"] {
        for line in users.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            if fields.len() > 3 && fields[0] == wanted {
                return Ok(Some((fields[2].parse()?, fields[3].parse()?)));
            }
        }
    }
    bail!("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
}

fn as_server_user(command: &mut Command) -> Result<()> {
    if let Some((user, group)) = server_user()? {
        command.uid(user).gid(group);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_name_is_replaced_and_the_rest_of_the_url_kept() {
        assert_eq!(with_database("postgres://u@127.0.0.1:5/postgres", "x"), "postgres://u@127.0.0.1:5/x");
        assert_eq!(with_database("postgres://u@h:5?a=b", "x"), "postgres://u@h:5/x?a=b");
    }

    #[test]
    fn a_private_cluster_starts_crashes_starts_again_and_leaves_nothing() {
        let server = Server::start().unwrap();
        let home = server.home.clone();
        server.stop_immediate().unwrap();
        server.start_again().unwrap();
        drop(server);
        assert!(!home.exists());
    }

    #[tokio::test]
    async fn each_test_gets_an_empty_database_of_its_own() {
        let (first, mut second) = (database().await.unwrap(), database().await.unwrap());
        assert_ne!(first.url(), second.url());
        let sibling = second.sibling("_vault").await.unwrap();
        for url in [first.url(), second.url(), sibling] {
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            let tables: i64 =
                sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
                    .fetch_one(&mut connection)
                    .await
                    .unwrap();
            assert_eq!(tables, 0);
        }
    }
}
