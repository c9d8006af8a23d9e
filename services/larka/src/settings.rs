//! Settings: flags override `LARKA_…` variables, which override the file, which overrides the defaults.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::HeaderValue;
use clap::Args;
use eventlog::projection::OnUnfoldable;
use lrs::Unversioned;
use serde::Deserialize;
use xapi::Version;

use crate::anchors::Schedule;
use crate::failure::Failure;

/// What every command takes: where the data is, and how to speak.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Common {
    /// Folder of the embedded databases, the lake and the keys [default: ./larka-data]
    #[arg(long, env = "LARKA_DATA_DIR", global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// PostgreSQL instead of the embedded database: postgres://…
    #[arg(long, env = "LARKA_DATABASE_URL", global = true, hide_env_values = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// The vault's own PostgreSQL database [default: the same server, name with _vault at the end]
    #[arg(long, env = "LARKA_VAULT_URL", global = true, hide_env_values = true, value_name = "URL")]
    pub(crate) vault_url: Option<String>,
    /// Folder of the master key and the keyring [default: keys in the data folder]
    #[arg(long, env = "LARKA_KEYS_DIR", global = true, value_name = "DIR")]
    pub(crate) keys_dir: Option<PathBuf>,
    /// File of settings, in TOML
    #[arg(long, env = "LARKA_CONFIG", global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Address that this instance is known by; stands in authorities [default: http://localhost:8080]
    #[arg(long, env = "LARKA_BASE_URL", global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// What a projection does about an event that it cannot fold: NAME=stop or NAME=set-aside, for progress and
    /// competence [default: stop]
    #[arg(
        long,
        env = "LARKA_ON_UNFOLDABLE",
        global = true,
        value_delimiter = ',',
        value_name = "NAME=CHOICE"
    )]
    pub(crate) on_unfoldable: Option<Vec<String>>,
    /// Days for which what was replaced or deleted in tools' documents is kept [default: 90]
    #[arg(long, env = "LARKA_KEEP_SUPERSEDED_DAYS", global = true, value_name = "DAYS")]
    pub(crate) keep_superseded_days: Option<u32>,
    /// Output that a program reads
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// How the program's own log is written: text or json [default: text]
    #[arg(long, env = "LARKA_LOG_FORMAT", global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
}

/// What `serve` takes beyond that.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeFlags {
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "LARKA_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Which services run here: lrs, admin, worker [default: all three]
    #[arg(long, env = "LARKA_ROLES", value_delimiter = ',', value_name = "ROLES")]
    pub(crate) roles: Option<Vec<String>>,
    /// Largest request body, without attachments, in bytes [default: 16777216]
    #[arg(long, env = "LARKA_BODY_LIMIT", value_name = "BYTES")]
    pub(crate) body_limit: Option<usize>,
    /// Most content of attachments in one request, in bytes [default: 268435456]
    #[arg(long, env = "LARKA_ATTACHMENT_LIMIT", value_name = "BYTES")]
    pub(crate) attachment_limit: Option<usize>,
    /// How many events may wait to be written [default: 20000]
    #[arg(long, env = "LARKA_QUEUE", value_name = "EVENTS")]
    pub(crate) queue: Option<usize>,
    /// xAPI version that serves a request without the header: 1.0.3, 2.0.0 or none; none:1.0.3 names 1.0.3 in
    /// the refusal [default: none, which names 2.0.0]
    #[arg(long, env = "LARKA_DEFAULT_XAPI_VERSION", value_name = "VERSION")]
    pub(crate) default_xapi_version: Option<String>,
    /// Web origins whose pages may use xAPI from a browser: https://tool.example,… or * [default: *]
    #[arg(long, env = "LARKA_XAPI_ORIGINS", value_delimiter = ',', value_name = "ORIGINS")]
    pub(crate) xapi_origins: Option<Vec<String>>,
    /// File to add signed heads of the log to; best on another machine's disk [default: none]
    #[arg(long, env = "LARKA_ANCHORS", value_name = "FILE")]
    pub(crate) anchors: Option<PathBuf>,
    /// Seconds between two signed heads [default: 3600]
    #[arg(long, env = "LARKA_ANCHOR_EVERY", value_name = "SECONDS")]
    pub(crate) anchor_every: Option<u64>,
}

/// The file. Unknown names are refused, so that a misspelt setting does not pass unseen.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    vault_url: Option<String>,
    keys_dir: Option<PathBuf>,
    base_url: Option<String>,
    on_unfoldable: Option<BTreeMap<String, String>>,
    keep_superseded_days: Option<u32>,
    log_format: Option<String>,
    listen: Option<String>,
    roles: Option<Vec<String>>,
    body_limit: Option<usize>,
    attachment_limit: Option<usize>,
    queue: Option<usize>,
    default_xapi_version: Option<String>,
    xapi_origins: Option<Vec<String>>,
    anchors: Option<PathBuf>,
    anchor_every: Option<u64>,
}

/// What the process runs with.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) data_dir: PathBuf,
    pub(crate) database_url: Option<String>,
    pub(crate) vault_url: Option<String>,
    pub(crate) keys_dir: PathBuf,
    pub(crate) base_url: String,
    /// By name of the projection.
    pub(crate) on_unfoldable: HashMap<String, OnUnfoldable>,
    pub(crate) keep_superseded: Duration,
    pub(crate) json: bool,
    pub(crate) log_json: bool,
    pub(crate) listen: SocketAddr,
    pub(crate) roles: Roles,
    pub(crate) body_limit: usize,
    pub(crate) attachment_limit: usize,
    pub(crate) queue: usize,
    pub(crate) unversioned: Unversioned,
    /// Each an origin, or one `*`.
    pub(crate) origins: Vec<HeaderValue>,
    pub(crate) anchors: Option<Schedule>,
}

/// Which services run in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) lrs: bool,
    pub(crate) admin: bool,
    pub(crate) worker: bool,
}

impl Settings {
    /// Joins flags, variables, the file and the defaults; the first that is wrong is named.
    pub(crate) fn read(common: &Common, serve: &ServeFlags) -> Result<Self, Failure> {
        let file = match &common.config {
            Some(path) => File::read(path)?,
            None => File::default(),
        };
        let data_dir =
            common.data_dir.clone().or(file.data_dir).unwrap_or_else(|| PathBuf::from("larka-data"));
        let database_url = common.database_url.clone().or(file.database_url);
        if let Some(url) = &database_url {
            expect_postgres("database-url", url)?;
        }
        let vault_url = match (common.vault_url.clone().or(file.vault_url), &database_url) {
            (Some(url), _) => {
                expect_postgres("vault-url", &url)?;
                Some(url)
            }
            (None, Some(url)) => Some(beside(url)),
            (None, None) => None,
        };
        let listen = serve.listen.clone().or(file.listen).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let listen = listen.parse().map_err(|_| {
            Failure::setting("listen", "an address and a port such as 127.0.0.1:8080 or [::1]:8080")
        })?;
        let base_url =
            common.base_url.clone().or(file.base_url).unwrap_or_else(|| "http://localhost:8080".to_owned());
        if !(base_url.starts_with("http://") || base_url.starts_with("https://")) {
            return Err(Failure::setting("base-url", "an address that begins with http:// or https://"));
        }
        let log_format = common.log_format.clone().or(file.log_format).unwrap_or_else(|| "text".to_owned());
        let log_json = match log_format.as_str() {
            "text" => false,
            "json" => true,
            _ => return Err(Failure::setting("log-format", "text or json")),
        };
        let days = common.keep_superseded_days.or(file.keep_superseded_days).unwrap_or(90);
        if days == 0 {
            // Who is reading a document just now has to find it.
            return Err(Failure::setting("keep-superseded-days", "at least 1 day"));
        }
        let body_limit = serve.body_limit.or(file.body_limit).unwrap_or(16 * 1024 * 1024);
        let attachment_limit = serve.attachment_limit.or(file.attachment_limit).unwrap_or(256 * 1024 * 1024);
        let queue = serve.queue.or(file.queue).unwrap_or(20_000);
        let every = serve.anchor_every.or(file.anchor_every).unwrap_or(3_600);
        if every == 0 {
            return Err(Failure::setting("anchor-every", "seconds, at least 1"));
        }
        let every = Duration::from_secs(every);
        if body_limit < 1024 {
            return Err(Failure::setting("body-limit", "at least 1024 bytes"));
        }
        if queue == 0 {
            return Err(Failure::setting("queue", "at least 1 event"));
        }
        let unversioned = match serve.default_xapi_version.clone().or(file.default_xapi_version).as_deref() {
            None | Some("none" | "none:2.0.0") => Unversioned::Refused(Version::V2_0_0),
            Some("none:1.0.3") => Unversioned::Refused(Version::V1_0_3),
            Some("1.0.3") => Unversioned::Served(Version::V1_0_3),
            Some("2.0.0") => Unversioned::Served(Version::V2_0_0),
            Some(_) => {
                return Err(Failure::setting("default-xapi-version", "1.0.3, 2.0.0, none or none:1.0.3"));
            }
        };
        Ok(Self {
            keys_dir: common.keys_dir.clone().or(file.keys_dir).unwrap_or_else(|| data_dir.join("keys")),
            data_dir,
            database_url,
            vault_url,
            base_url: base_url.trim_end_matches('/').to_owned(),
            on_unfoldable: on_unfoldable(common.on_unfoldable.as_deref(), file.on_unfoldable)?,
            keep_superseded: Duration::from_secs(u64::from(days) * 86_400),
            json: common.json,
            log_json,
            listen,
            roles: Roles::read(serve.roles.clone().or(file.roles))?,
            body_limit,
            attachment_limit,
            queue,
            unversioned,
            anchors: serve.anchors.clone().or(file.anchors).map(|file| Schedule { file, every }),
            origins: origins(&serve.xapi_origins.clone().or(file.xapi_origins))?,
        })
    }
}

impl File {
    fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Failure::new(format!("the settings file {} cannot be read: {e}", path.display())))?;
        toml::from_str(&text).map_err(|e| {
            Failure::new(format!("the settings file {} is wrong: {}", path.display(), e.message()))
        })
    }
}

impl Roles {
    fn read(names: Option<Vec<String>>) -> Result<Self, Failure> {
        let Some(names) = names else {
            return Ok(Self { lrs: true, admin: true, worker: true });
        };
        let mut roles = Self { lrs: false, admin: false, worker: false };
        for name in &names {
            match name.trim() {
                "lrs" => roles.lrs = true,
                "admin" => roles.admin = true,
                "worker" => roles.worker = true,
                _ => return Err(Failure::setting("roles", "a list of lrs, admin and worker")),
            }
        }
        Ok(roles)
    }
}

/// Origins as a browser sends them (RFC 6454): scheme, host and port, and nothing behind.
fn origins(given: &Option<Vec<String>>) -> Result<Vec<HeaderValue>, Failure> {
    let wrong = || Failure::setting("xapi-origins", "origins such as https://tool.example, or * alone");
    let any = ["*".to_owned()];
    let given = given.as_deref().unwrap_or(&any);
    given
        .iter()
        .map(|origin| {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let sound = match host {
                Some(host) => !host.is_empty() && !host.contains(['/', '*', '@', ' ']),
                None => origin == "*" && given.len() == 1,
            };
            if sound { HeaderValue::from_str(origin).map_err(|_| wrong()) } else { Err(wrong()) }
        })
        .collect()
}

/// What each projection does about an event that it cannot fold.
fn on_unfoldable(
    given: Option<&[String]>,
    file: Option<BTreeMap<String, String>>,
) -> Result<HashMap<String, OnUnfoldable>, Failure> {
    let wrong = || {
        let names = worker::PROJECTIONS.join(" or ");
        let expected = format!("NAME=stop or NAME=set-aside, with a name of {names}; the lake always stops");
        Failure::setting("on-unfoldable", &expected)
    };
    let pairs: Vec<(String, String)> = match given {
        Some(given) => {
            let pair = |one: &String| {
                let (name, choice) = one.split_once('=').ok_or_else(wrong)?;
                Ok((name.trim().to_owned(), choice.trim().to_owned()))
            };
            given.iter().map(pair).collect::<Result<_, Failure>>()?
        }
        None => file.unwrap_or_default().into_iter().collect(),
    };
    let choice = |(name, choice): (String, String)| {
        let choice = match choice.as_str() {
            "stop" => OnUnfoldable::Stop,
            "set-aside" => OnUnfoldable::SetAside,
            _ => return Err(wrong()),
        };
        if worker::PROJECTIONS.contains(&name.as_str()) { Ok((name, choice)) } else { Err(wrong()) }
    };
    pairs.into_iter().map(choice).collect()
}

pub(crate) fn expect_postgres(name: &str, url: &str) -> Result<(), Failure> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        Ok(())
    } else {
        Err(Failure::setting(name, "postgres://user:password@host/database"))
    }
}

/// The address of the vault's database where none is given: `_vault` behind the database's name.
fn beside(url: &str) -> String {
    match url.split_once('?') {
        Some((head, query)) => format!("{head}_vault?{query}"),
        None => format!("{url}_vault"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(common: Common, serve: ServeFlags) -> Result<Settings, String> {
        Settings::read(&common, &serve).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_was_expected() {
        let wrong = |serve: ServeFlags| read(Common::default(), serve).unwrap_err();
        let listen = ServeFlags { listen: Some("here".into()), ..Default::default() };
        assert!(wrong(listen).contains("listen"));
        let roles = ServeFlags { roles: Some(vec!["lrs".into(), "cook".into()]), ..Default::default() };
        assert!(wrong(roles).contains("lrs, admin and worker"));
        for wrong in ["tool.example", "https://tool.example/", "https://*.example", "*,https://tool.example"]
        {
            let given = wrong.split(',').map(str::to_owned).collect();
            let serve = ServeFlags { xapi_origins: Some(given), ..Default::default() };
            let failure = Settings::read(&Common::default(), &serve).unwrap_err().to_string();
            assert!(failure.contains("xapi-origins"), "{failure}");
        }
        let at_once = Common { keep_superseded_days: Some(0), ..Default::default() };
        assert!(read(at_once, ServeFlags::default()).unwrap_err().contains("at least 1 day"));
        let url = Common { database_url: Some("mysql://x".into()), ..Default::default() };
        assert!(read(url, ServeFlags::default()).unwrap_err().contains("postgres://"));
    }

    #[test]
    fn a_flag_overrides_the_file_and_an_unknown_name_in_the_file_is_refused() {
        let dir = std::env::temp_dir().join(format!("larka-settings-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("larka.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:9000\"\nqueue = 7\n").unwrap();
        let common = Common { config: Some(file.clone()), ..Default::default() };
        let flags = ServeFlags { listen: Some("127.0.0.1:9001".into()), ..Default::default() };
        let settings = read(common.clone(), flags).unwrap();
        assert_eq!((settings.listen.port(), settings.queue), (9001, 7));
        std::fs::write(&file, "lissten = \"127.0.0.1:9000\"\n").unwrap();
        assert!(read(common, ServeFlags::default()).unwrap_err().contains("lissten"));
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn what_to_do_about_an_unfoldable_event_is_chosen_by_projection() {
        let chosen = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(|one| (*one).to_owned()).collect();
            on_unfoldable(Some(&given), None).map_err(|failure| failure.to_string())
        };
        let both = chosen(&["progress=set-aside", "competence=stop"]).unwrap();
        assert_eq!((both["progress"], both["competence"]), (OnUnfoldable::SetAside, OnUnfoldable::Stop));
        for wrong in ["progress", "progress=skip", "lake=set-aside", "statements=stop"] {
            let failure = chosen(&[wrong]).unwrap_err();
            assert!(failure.contains("progress or competence") && failure.contains("the lake"), "{failure}");
        }
        let file: File = toml::from_str("[on_unfoldable]\nprogress = \"set-aside\"\n").unwrap();
        let chosen = on_unfoldable(None, file.on_unfoldable).unwrap();
        assert_eq!(chosen["progress"], OnUnfoldable::SetAside);
    }

    #[test]
    fn the_vault_stands_beside_the_database() {
        assert_eq!(beside("postgres://h/larka"), "postgres://h/larka_vault");
        assert_eq!(beside("postgres://h/larka?sslmode=require"), "postgres://h/larka_vault?sslmode=require");
    }
}
