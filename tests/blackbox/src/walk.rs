//! Everything that a server says: what its document describes, the pages that lead on from the first one and the files that
//! they offer, how it refuses, its metrics and its log.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use anyhow::{Context, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use crate::Server;

/// One answer.
#[derive(Debug, Clone)]
pub struct Served {
    /// What was asked for: an address, or `log`.
    pub address: String,
    /// The status.
    pub status: u16,
    /// The media type, without its parameters.
    pub media_type: String,
    /// What came.
    pub body: Vec<u8>,
}

/// What to put where the document says that something is to be put: by the name of the parameter.
pub type Values<'a> = BTreeMap<&'a str, Vec<String>>;

/// Every route that is described and can be read, asked with each of the values once, the others left out, and with a value
/// that is none. Of the xAPI resources, where a parameter makes no sense without others, the queries are given whole.
///
/// # Errors
/// A route has a parameter that nothing is said of, or the server did not answer.
pub async fn described(
    server: &Server,
    values: &Values<'_>,
    queries: &[(&str, &str)],
) -> Result<Vec<Served>> {
    let document: Value =
        server.http.get(format!("{}/api/openapi.json", server.address)).send().await?.json().await?;
    let mut addresses = Vec::new();
    for (path, item) in document["paths"].as_object().context("paths")? {
        let Some(operation) = item.get("get") else { continue };
        let given = queries.iter().filter(|(of, _)| of == path).map(|(_, query)| format!("{path}{query}"));
        let given: Vec<String> = given.collect();
        addresses.extend(if given.is_empty() { filled(path, operation, values)? } else { given });
    }
    let mut all = Vec::new();
    for address in addresses {
        all.push(ask(server, &address).await?);
    }
    Ok(all)
}

/// The addresses of a route.
fn filled(path: &str, operation: &Value, values: &Values<'_>) -> Result<Vec<String>> {
    let mut bare = vec![path.to_owned()];
    let mut queries = vec![String::new()];
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().context("a name")?;
        if parameter["in"] == "header" {
            continue;
        }
        let Some(of) = values.get(name) else { bail!("nothing is said of what {name} of {path} may be") };
        let none = "none-such".to_owned();
        let of = of.iter().chain([&none]);
        if parameter["in"] == "path" {
            let part = format!("{{{name}}}");
            bare = of
                .flat_map(|value| bare.iter().map(|path| path.replace(&part, value)).collect::<Vec<_>>())
                .collect();
        } else {
            queries.extend(of.map(|value| format!("?{name}={value}")));
        }
    }
    Ok(bare.iter().flat_map(|path| queries.iter().map(move |query| format!("{path}{query}"))).collect())
}

/// Asks as whoever may.
async fn ask(server: &Server, address: &str) -> Result<Served> {
    let request = match address.strip_prefix("/xapi/") {
        Some(resource) => server.xapi(Method::GET, resource, "2.0.0"),
        None => match address.strip_prefix("/api/v1/") {
            Some(resource) if !resource.starts_with("statements/stream") => server.api(Method::GET, resource),
            _ => {
                let request = server.http.get(format!("{}{address}", server.address));
                let request = request.header("X-Experience-API-Version", "2.0.0");
                request.basic_auth(&server.credential.0, Some(&server.credential.1))
            }
        },
    };
    served(address, request.send().await?).await
}

async fn served(address: &str, answer: reqwest::Response) -> Result<Served> {
    let media_type =
        answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().to_owned();
    let status = answer.status().as_u16();
    Ok(Served { address: address.to_owned(), status, media_type, body: answer.bytes().await?.to_vec() })
}

/// Every page that leads on from these, in its order, and every file that they offer, of those that are wanted.
///
/// # Errors
/// The administrator cannot come in, or the server did not answer.
pub async fn pages(server: &Server, from: &[&str], is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Served>> {
    let browser =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
    let (user, password) = &server.administrator;
    let entered =
        browser.post(format!("{}/login", server.address)).form(&[("user", user), ("password", password)]);
    let entered = entered.send().await?;
    let cookie = entered.headers().get("set-cookie").context("a session")?.to_str()?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let mut waiting: VecDeque<String> = from.iter().map(|address| (*address).to_owned()).collect();
    let mut known: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut all = Vec::new();
    while let Some(address) = waiting.pop_front() {
        let answer =
            browser.get(format!("{}{address}", server.address)).header("Cookie", &cookie).send().await?;
        let next = answer.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let one = served(&address, answer).await?;
        let links =
            if one.media_type == "text/html" { links(&String::from_utf8_lossy(&one.body)) } else { vec![] };
        for link in links.into_iter().chain(next) {
            if link.starts_with('/')
                && !link.starts_with("/logout")
                && is_wanted(&link)
                && known.insert(link.clone())
            {
                waiting.push_back(link);
            }
        }
        all.push(one);
    }
    Ok(all)
}

/// Where a page leads, without places on pages.
fn links(page: &str) -> Vec<String> {
    let after = ["href=\"", "src=\""].into_iter().flat_map(|name| page.split(name).skip(1));
    let links = after.filter_map(|rest| rest.split(['"', '#']).next());
    links.map(|link| link.replace("&amp;", "&")).collect()
}

/// Writes them into a folder, with a list of them as `served.json`.
///
/// # Errors
/// A file cannot be written.
pub fn write(all: &[Served], folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut list = Vec::new();
    for (number, one) in all.iter().enumerate() {
        let file = number.to_string();
        std::fs::write(folder.join(&file), &one.body)?;
        list.push(
            json!({ "address": one.address, "status": one.status, "type": one.media_type, "file": file }),
        );
    }
    Ok(std::fs::write(folder.join("served.json"), Value::from(list).to_string())?)
}
