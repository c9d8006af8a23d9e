//! A running process and how to talk to it.

use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

/// A running server and one credential with all rights.
pub struct Server {
    pub(crate) child: Child,
    /// `http://127.0.0.1:PORT`
    pub address: String,
    /// Key and secret of a credential with the scope `all`.
    pub credential: (String, String),
    /// Log-in and password of the administrator.
    pub administrator: (String, String),
    /// A client without a proxy and with a patient time limit.
    pub http: reqwest::Client,
}

impl Server {
    /// A request on the xAPI resources with the credential and the version header.
    pub fn xapi(&self, method: Method, path: &str, version: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/xapi/{path}", self.address))
            .basic_auth(&self.credential.0, Some(&self.credential.1))
            .header("X-Experience-API-Version", version)
    }

    /// A request on the administration's API as the administrator.
    pub fn api(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}/api/v1/{path}", self.address))
            .basic_auth(&self.administrator.0, Some(&self.administrator.1))
            .header("Content-Type", "application/json")
    }

    /// Posts one statement or several under 2.0.
    pub async fn post(&self, statements: &Value) -> Result<Response> {
        self.post_body(statements.to_string()).await
    }

    /// Posts a body as it is, said to be JSON.
    pub async fn post_body(&self, body: impl Into<reqwest::Body>) -> Result<Response> {
        let request =
            self.xapi(Method::POST, "statements", "2.0.0").header("Content-Type", "application/json");
        Ok(request.body(body).send().await?)
    }

    /// Asks for statements under 2.0.
    pub async fn get(&self, parameters: &[(&str, &str)]) -> Result<Response> {
        Ok(self.xapi(Method::GET, "statements", "2.0.0").query(parameters).send().await?)
    }

    /// One statement, which has to be there.
    pub async fn statement(&self, id: &str) -> Result<Value> {
        let answer = self.get(&[("statementId", id)]).await?;
        let status = answer.status();
        if status != 200 {
            bail!("statement {id}: {status}: {}", answer.text().await?);
        }
        Ok(answer.json().await?)
    }

    /// Every statement of a list, page by page.
    pub async fn list(&self, parameters: &[(&str, &str)]) -> Result<Vec<Value>> {
        let mut page: Value = self.get(parameters).await?.error_for_status()?.json().await?;
        let mut all = Vec::new();
        loop {
            all.extend(page["statements"].as_array().context("a list of statements")?.iter().cloned());
            let Some(more) = page["more"].as_str().filter(|more| !more.is_empty()) else { return Ok(all) };
            let more = more.strip_prefix("/xapi/").context("an address below /xapi/")?;
            page = self.xapi(Method::GET, more, "2.0.0").send().await?.error_for_status()?.json().await?;
        }
    }

    /// The ids of a list, in its order.
    pub async fn ids(&self, parameters: &[(&str, &str)]) -> Result<Vec<String>> {
        let id = |statement: &Value| statement["id"].as_str().unwrap_or_default().to_owned();
        Ok(self.list(parameters).await?.iter().map(id).collect())
    }

    /// The text that Prometheus reads.
    pub async fn metrics(&self) -> Result<String> {
        Ok(self
            .http
            .get(format!("{}/metrics", self.address))
            .send()
            .await?
            .error_for_status()?
            .text()
            .await?)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as a power cut would the process.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop, as an operator would, and does not wait.
    pub fn terminate(&self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        Ok(())
    }

    /// Asks it to stop, as an operator would, and waits until it has.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.terminate()?;
        let patience = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if patience.elapsed() > Duration::from_secs(60) {
                bail!("the server did not stop within a minute");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until every projection and the lake have seen the whole log.
    pub async fn settled(&self) -> Result<()> {
        for _ in 0..1200 {
            let status: Value = self.api(Method::GET, "status").send().await?.json().await?;
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
