//! The way of commands to an instance's HTTP API, wherever it runs, as one of its administrators.

use std::path::PathBuf;

use clap::Args;
use reqwest::{Method, StatusCode, header};
use serde_json::Value;

use crate::failure::Failure;
use crate::settings::Settings;
use crate::terminal;

/// Where the API is, and as whom it is asked. A password never stands in a command line: others can read it there.
#[derive(Debug, Clone, Args)]
pub(crate) struct Api {
    /// Address of the instance [default: where its links lead, --base-url]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// File with an administrator's name and password, name:password on one line; - for standard input
    #[arg(long, value_name = "FILE")]
    user: PathBuf,
}

impl Api {
    /// Asks for what is below `/api/v1/`, with a body of JSON where there is one, and gives the answer's text.
    ///
    /// # Errors
    /// The instance does not answer, or does not do it: then its own words, in one line.
    pub(crate) async fn ask(
        &self,
        settings: &Settings,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<String, Failure> {
        let line = terminal::read(&self.user)?;
        let user = line.trim_end_matches(['\r', '\n']).split_once(':');
        let (name, password) = user.ok_or_else(|| Failure::setting("user", "name:password on one line"))?;
        let links = settings.links();
        let server = self.server.as_deref().unwrap_or(&links).trim_end_matches('/');
        let away = |error: reqwest::Error| {
            Failure::from(error.without_url()).before(&format!("the instance at {server} does not answer"))
        };
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let mut request =
            http.request(method, format!("{server}/api/v1/{path}")).basic_auth(name, Some(password));
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        let response = request.send().await.map_err(away)?;
        let status = response.status();
        let text = response.text().await.map_err(away)?;
        if status.is_success() { Ok(text) } else { Err(refused(status, &text)) }
    }

    /// The same, for answers that are JSON.
    pub(crate) async fn json(
        &self,
        settings: &Settings,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Value, Failure> {
        Ok(serde_json::from_str(&self.ask(settings, method, path, body).await?)?)
    }
}

/// A problem (RFC 9457) in one line.
fn refused(status: StatusCode, text: &str) -> Failure {
    let problem: Value = serde_json::from_str(text).unwrap_or_default();
    match problem["detail"].as_str() {
        Some(detail) => Failure::new(detail.to_owned()),
        None if status.is_redirection() => {
            Failure::new("the instance has another address: give it with --server")
        }
        None => Failure::new(format!("the instance answers {status}")),
    }
}
