//! How the demo speaks to its instance: as an administrator, and as a learning tool.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;

/// Somebody who may post: address, key or log-in, secret or password.
#[derive(Clone)]
pub(super) struct Poster {
    pub(super) http: reqwest::Client,
    pub(super) address: String,
    pub(super) name: String,
    pub(super) secret: String,
}

impl Poster {
    /// Posts a description of the municipality.
    pub(super) async fn post_json(&self, resource: &str, body: &impl Serialize) -> Result<(), Failure> {
        let request = self.http.post(format!("{}/api/v1/{resource}", self.address)).json(body);
        self.expect_success(resource, request).await.map(drop)
    }

    /// Asks for something.
    pub(super) async fn get_json(&self, resource: &str) -> Result<Value, Failure> {
        let request = self.http.get(format!("{}/api/v1/{resource}", self.address));
        Ok(self.expect_success(resource, request).await?.json().await?)
    }

    /// Posts a batch; a full queue is waited for, as a learning tool would.
    pub(super) async fn post_statements(&self, body: String) -> Result<(), Failure> {
        loop {
            let response = self
                .http
                .post(format!("{}/xapi/statements", self.address))
                .basic_auth(&self.name, Some(&self.secret))
                .header("X-Experience-API-Version", "2.0.0")
                .header("Content-Type", "application/json")
                .body(body.clone())
                .send()
                .await?;
            match response.status().as_u16() {
                200 => return Ok(()),
                429 => {
                    let pause = response
                        .headers()
                        .get("retry-after")
                        .and_then(|value| value.to_str().ok()?.parse().ok())
                        .unwrap_or(1);
                    tokio::time::sleep(Duration::from_secs(pause)).await;
                }
                _ => {
                    let status = response.status();
                    let said = response.text().await.unwrap_or_default();
                    return Err(Failure::new(format!("the server refused statements: {status}: {said}")));
                }
            }
        }
    }

    async fn expect_success(&self, what: &str, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.basic_auth(&self.name, Some(&self.secret)).send().await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let said = response.text().await.unwrap_or_default();
        Err(Failure::new(format!("the server refused {what}: {status}: {said}")))
    }
}
