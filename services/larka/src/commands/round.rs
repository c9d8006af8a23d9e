//! Rounds of surveys, by the HTTP API.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::iris::escape;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::terminal::{print, read, say};

/// Rounds of surveys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make rounds, or change them as far as they may change
    Make {
        /// File with a round, or with several (`{"rounds": […]}`), as the API takes them; - for standard input
        file: PathBuf,
        #[command(flatten)]
        api: Api,
    },
    /// List them, with where they stand
    List {
        #[command(flatten)]
        api: Api,
    },
    /// A round and where it stands
    Show(One),
    /// Open one now
    Open(One),
    /// Close one now
    Close(One),
    /// Everybody's links and codes, and the text of an e-mail: whoever has them can answer in everybody's place
    Invite {
        #[command(flatten)]
        one: One,
        /// The list of personal links alone, as CSV for a mail merge
        #[arg(long)]
        csv: bool,
    },
}

/// A round.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// Its id
    id: String,
    #[command(flatten)]
    api: Api,
}

/// `larka round`
pub(crate) async fn run(settings: Settings, command: Command) -> Result<(), Failure> {
    let json = settings.json;
    match command {
        Command::Make { file, api } => {
            let rounds: Value = serde_json::from_str(&read(&file)?)
                .map_err(|error| Failure::new(format!("{} is no JSON: {error}", file.display())))?;
            let rounds = if rounds.get("rounds").is_some() { rounds } else { json!({ "rounds": [rounds] }) };
            say(json, &api.json(&settings, Method::POST, "rounds", Some(rounds.to_string())).await?)
        }
        Command::List { api } => {
            let all = api.json(&settings, Method::GET, "rounds", None).await?;
            if json { say(true, &all) } else { say(false, &json!({ "rounds": listed(&all) })) }
        }
        Command::Show(One { id, api }) => {
            say(json, &api.json(&settings, Method::GET, &format!("rounds/{}", escape(&id)), None).await?)
        }
        Command::Open(one) => turn(&settings, one, "open").await,
        Command::Close(one) => turn(&settings, one, "close").await,
        Command::Invite { one: One { id, api }, csv } => {
            let path = format!("rounds/{}/invitations", escape(&id));
            if csv {
                return print(
                    api.ask(&settings, Method::GET, &format!("{path}?format=csv"), None).await?.as_bytes(),
                );
            }
            let mut all = api.json(&settings, Method::GET, &path, None).await?;
            if !json {
                // Pictures are for pages.
                for code in all["codes"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut)
                {
                    code.remove("qr");
                }
            }
            say(json, &all)
        }
    }
}

async fn turn(settings: &Settings, One { id, api }: One, what: &str) -> Result<(), Failure> {
    let path = format!("rounds/{}/{what}", escape(&id));
    say(settings.json, &api.json(settings, Method::POST, &path, None).await?)
}

/// What people read of each.
fn listed(all: &Value) -> Vec<Value> {
    let one = |round: &Value| {
        let mut told = json!({
            "id": round["round"]["id"], "title": round["round"]["title"]["sv"], "stage": round["stage"],
            "survey": round["round"]["survey"], "version": round["round"]["version"], "mode": round["round"]["mode"],
            "opens_at": round["opens_at"], "closes_at": round["closes_at"], "asked": round["asked"],
        });
        if let Some(why) = round["cannot_open"]["en"].as_str() {
            told["cannot_open"] = why.into();
        }
        told
    };
    all["rounds"].as_array().into_iter().flatten().map(one).collect()
}
