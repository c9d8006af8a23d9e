//! Settings: flags override `LARKA_…` variables, which override the file, which overrides the defaults.
//!
//! A subject each. A new setting is a field of its subject's `Given` and of what becomes of it, read between the two.

mod address;
mod anchors;
mod answering;
mod connections;
mod counting;
mod given;
mod limits;
mod listening;
mod operation;
mod reach;
mod reports;
mod storage;
mod upkeep;
mod xapi;

use std::path::{Path, PathBuf};

use clap::Args;
use forward::Reach;
use toml::Table;

use crate::failure::Failure;
use connections::Connections;
use counting::Counting;
use limits::Limits;
use operation::Operation;
use reports::Reports;
use storage::Storage;
use upkeep::Upkeep;
use xapi::Xapi;

pub(crate) use address::{Address, Network};
pub(crate) use anchors::Schedule;
pub(crate) use listening::{Listening, USUAL};
pub(crate) use storage::expect_postgres;

/// What every command takes: where the data is, and how to speak.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) storage: storage::Given,
    /// File of settings, in TOML
    #[arg(long, env = "LARKA_CONFIG", global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    address: address::Given,
    #[command(flatten)]
    upkeep: upkeep::Given,
    #[command(flatten)]
    counting: counting::Given,
    #[command(flatten)]
    reach: reach::Given,
    #[command(flatten)]
    reports: reports::Given,
    /// Output that a program reads
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    operation: operation::Given,
}

/// What `serve` takes beyond that.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeFlags {
    #[command(flatten)]
    listening: listening::Given,
    #[command(flatten)]
    connections: connections::Given,
    #[command(flatten)]
    limits: limits::Given,
    #[command(flatten)]
    answering: answering::Given,
    #[command(flatten)]
    xapi: xapi::Given,
    #[command(flatten)]
    anchors: anchors::Given,
}

/// What the process runs with.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) storage: Storage,
    pub(crate) address: Address,
    pub(crate) upkeep: Upkeep,
    pub(crate) counting: Counting,
    /// Which machines forwards and pulls may go to.
    pub(crate) reach: Reach,
    pub(crate) reports: Reports,
    pub(crate) json: bool,
    pub(crate) operation: Operation,
    pub(crate) listening: Listening,
    pub(crate) connections: Connections,
    pub(crate) limits: Limits,
    /// How much is taken of those who answer surveys.
    pub(crate) answering: survey::Limits,
    pub(crate) xapi: Xapi,
    pub(crate) anchors: Option<Schedule>,
}

impl Settings {
    /// Joins flags, variables, the file and the defaults; the first that is wrong is named.
    pub(crate) fn read(common: &Common, serve: &ServeFlags) -> Result<Self, Failure> {
        let mut file = match &common.config {
            Some(path) => table(path)?,
            None => Table::new(),
        };
        let given = over(common, serve, &mut file).map_err(|wrong| {
            let path = common.config.as_deref().unwrap_or(Path::new("")).display();
            Failure::new(format!("the settings file {path} is wrong: {wrong}"))
        })?;
        let (Common { storage, address, upkeep, counting, reach, reports, json, operation, .. }, serve) =
            given;
        Ok(Self {
            storage: storage.read()?,
            address: address.read()?,
            upkeep: upkeep.read()?,
            counting: counting.read()?,
            reach: reach.read()?,
            reports: reports.read()?,
            json,
            operation: operation.read()?,
            listening: serve.listening.read()?,
            connections: serve.connections.read()?,
            limits: serve.limits.read()?,
            answering: serve.answering.read()?,
            xapi: serve.xapi.read()?,
            anchors: serve.anchors.read()?,
        })
    }
}

impl Settings {
    /// Where links lead.
    pub(crate) fn links(&self) -> String {
        self.address.links(self.listening.listen)
    }
}

fn table(path: &Path) -> Result<Table, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Failure::new(format!("the settings file {} cannot be read: {e}", path.display())))?;
    text.parse().map_err(|e: toml::de::Error| {
        Failure::new(format!("the settings file {} is wrong: {}", path.display(), e.message()))
    })
}

/// Flags and variables over the file. What is left of it nobody knows, and is refused, so that a misspelt setting does
/// not pass unseen.
fn over(common: &Common, serve: &ServeFlags, file: &mut Table) -> Result<(Common, ServeFlags), String> {
    let common = Common {
        storage: common.storage.over(file)?,
        config: None,
        address: common.address.over(file)?,
        upkeep: common.upkeep.over(file)?,
        counting: common.counting.over(file)?,
        reach: common.reach.over(file)?,
        reports: common.reports.over(file)?,
        json: common.json,
        operation: common.operation.over(file)?,
    };
    let serve = ServeFlags {
        listening: serve.listening.over(file)?,
        connections: serve.connections.over(file)?,
        limits: serve.limits.over(file)?,
        answering: serve.answering.over(file)?,
        xapi: serve.xapi.over(file)?,
        anchors: serve.anchors.over(file)?,
    };
    match file.keys().next() {
        None => Ok((common, serve)),
        Some(unknown) => Err(format!("unknown field `{unknown}`, expected one of {}", names().join(", "))),
    }
}

/// The names of all settings, as the file has them.
fn names() -> Vec<&'static str> {
    let subjects = [
        storage::Given::NAMES,
        address::Given::NAMES,
        upkeep::Given::NAMES,
        counting::Given::NAMES,
        reach::Given::NAMES,
        reports::Given::NAMES,
        operation::Given::NAMES,
        listening::Given::NAMES,
        connections::Given::NAMES,
        limits::Given::NAMES,
        answering::Given::NAMES,
        xapi::Given::NAMES,
        anchors::Given::NAMES,
    ];
    subjects.concat()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Everything {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        serve: ServeFlags,
    }

    fn read(line: &[&str]) -> Result<Settings, String> {
        let Everything { common, serve } = Everything::parse_from(["larka"].iter().chain(line));
        Settings::read(&common, &serve).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_was_expected() {
        let wrong = |flag: &str, value: &str| read(&[flag, value]).unwrap_err();
        assert!(wrong("--listen", "here").contains("listen"));
        assert!(wrong("--metrics-listen", "here").contains("metrics-listen"));
        assert!(wrong("--roles", "lrs,cook").contains("lrs, admin, worker and survey"));
        assert!(wrong("--max-connections", "0").contains("at least 1 connection"));
        assert!(wrong("--header-limit", "10").contains("4096"));
        assert!(wrong("--idle-seconds", "0").contains("idle-seconds"));
        for origins in
            ["tool.example", "https://tool.example/", "https://*.example", "*,https://tool.example"]
        {
            let failure = wrong("--xapi-origins", origins);
            assert!(failure.contains("xapi-origins"), "{failure}");
        }
        assert!(wrong("--answer-body-limit", "10").contains("65536"));
        assert!(wrong("--answer-file-limit", "10").contains("1024"));
        assert!(wrong("--answer-requests", "0").contains("answer-requests"));
        assert!(wrong("--code-guesses", "0").contains("at least 1 code"));
        assert!(wrong("--code-guess-seconds", "0").contains("code-guess-seconds"));
        assert!(wrong("--keep-superseded-days", "0").contains("at least 1 day"));
        assert!(wrong("--database-url", "mysql://x").contains("postgres://"));
        assert!(wrong("--untracked-actors", "guest-[").contains("* stands for anything"));
        assert!(read(&["--untracked-actors", ""]).is_ok());
    }

    #[test]
    fn a_flag_overrides_the_file_and_an_unknown_name_in_the_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("larka.toml");
        let config = file.to_str().unwrap();
        std::fs::write(&file, "listen = \"127.0.0.1:9000\"\nqueue = 7\n").unwrap();
        let settings = read(&["--config", config, "--listen", "127.0.0.1:9001"]).unwrap();
        assert_eq!((settings.listening.listen.port(), settings.limits.queue), (9001, 7));
        std::fs::write(&file, "lissten = \"127.0.0.1:9000\"\n").unwrap();
        assert!(read(&["--config", config]).unwrap_err().contains("lissten"));
        std::fs::write(&file, "reach_private = true\n").unwrap();
        assert_eq!(read(&["--config", config]).unwrap().reach, Reach::Private);
        assert_eq!(read(&["--config", config, "--reach-private=false"]).unwrap().reach, Reach::Public);
        assert_eq!(read(&["--reach-private"]).unwrap().reach, Reach::Private);
        assert_eq!(read(&["--reach-by-proxy"]).unwrap().reach, Reach::Proxies);
        std::fs::write(&file, "queue = \"many\"\n").unwrap();
        assert!(read(&["--config", config]).unwrap_err().contains("queue"));
    }

    #[test]
    fn every_setting_is_a_flag_a_variable_and_a_name_in_the_file() {
        let command = <Everything as clap::CommandFactory>::command();
        let mut flags = Vec::new();
        for flag in
            command.get_arguments().filter(|flag| !["config", "json"].contains(&flag.get_id().as_str()))
        {
            let name = flag.get_id().as_str();
            assert_eq!(flag.get_long(), Some(name.replace('_', "-").as_str()));
            let variable = flag.get_env().and_then(|variable| variable.to_str());
            assert_eq!(variable, Some(format!("LARKA_{}", name.to_uppercase()).as_str()));
            flags.push(name);
        }
        assert_eq!(flags, names());
    }
}
