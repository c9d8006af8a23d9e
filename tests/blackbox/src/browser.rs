//! A browser of an administrator's, as far as forms go.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use reqwest::StatusCode;

use crate::Server;

/// A browser that is logged in.
pub struct Browser {
    /// What it asks with; it follows nothing.
    pub http: reqwest::Client,
    /// The server's address.
    pub address: String,
    /// Its session.
    pub cookie: String,
}

impl Browser {
    /// Logs in as the administrator.
    ///
    /// # Panics
    /// The server does not let it in.
    pub async fn enter(server: &Server) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let (user, password) = &server.administrator;
        let form =
            http.post(format!("{}/login", server.address)).form(&[("user", user), ("password", password)]);
        let entered = form.send().await.unwrap();
        let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { http, address: server.address.clone(), cookie }
    }

    /// A page.
    ///
    /// # Panics
    /// The server does not answer.
    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        let answer = self.http.get(format!("{}{path}", self.address)).header("Cookie", &self.cookie).send();
        let answer = answer.await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Sends a form; where it leads to, or the page that it gives.
    ///
    /// # Panics
    /// The server does not answer.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let form = self.http.post(format!("{}{path}", self.address)).form(fields);
        self.sent(form).await
    }

    /// Sends a request as its own page would; where it leads to, or the page that it gives.
    ///
    /// # Panics
    /// The server does not answer.
    pub async fn sent(&self, request: reqwest::RequestBuilder) -> (StatusCode, String) {
        let own = request.header("Cookie", &self.cookie).header("Sec-Fetch-Site", "same-origin");
        let answer = own.send().await.unwrap();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (
            answer.status(),
            match to {
                Some(to) => to,
                None => answer.text().await.unwrap(),
            },
        )
    }
}
