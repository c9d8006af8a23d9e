//! What is mounted, what is described, and who is let in agree. The router itself is asked: for its addresses by how
//! it prints itself, for the methods of each by what it answers to one that there is not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use base64::Engine as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::instance::Instance;
use crate::settings::{Common, ServeFlags, Settings};
use crate::{openapi, serving};

/// Not described: what answers where there is no resource.
const NOTHING: [&str; 3] = ["/xapi", "/xapi/", "/xapi/{*rest}"];
/// Open to everybody, by what they are for: no secret and nobody's data is behind them.
const OPEN: [&str; 11] = [
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/openapi.json",
    "/xapi/about",
    "/login",
    "/logout",
    "/assets/{*path}",
    // A short code leads to what a round asks, and a personal one to nothing but one's own answer.
    "/s/",
    "/s/{code}",
    "/s/assets/{file}",
];

struct World {
    instance: Arc<Instance>,
    router: Router,
    _folder: tempfile::TempDir,
}

impl World {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut common = Common::default();
        common.storage.data_dir = Some(folder.path().join("data"));
        let settings = Settings::read(&common, &ServeFlags::default()).unwrap();
        let instance = Instance::make(settings).await.unwrap();
        let router = serving::router(&instance).unwrap();
        Self { instance, router, _folder: folder }
    }

    /// Every address that something is mounted at.
    fn addresses(&self) -> BTreeSet<String> {
        let printed = format!("{:?}", self.router);
        let found: BTreeSet<_> = printed
            .split("RouteId(")
            .filter_map(|part| part.split_once("): \"")?.1.split_once('"'))
            .map(|(address, _)| address.to_owned())
            .filter(|address| !address.contains("__private__"))
            .collect();
        assert!(
            found.contains("/xapi/statements") && found.contains("/login"),
            "the router prints itself otherwise now"
        );
        found
    }

    async fn ask(&self, method: &str, address: &str, user: Option<(&str, &str)>) -> (StatusCode, HeaderMap) {
        let path = address.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        let mut request =
            Request::builder().method(method).uri(path).header("X-Experience-API-Version", "2.0.0");
        if let Some((name, word)) = user {
            let coded = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{word}"));
            request = request.header(header::AUTHORIZATION, format!("Basic {coded}"));
        }
        let answer = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        (answer.status(), answer.headers().clone())
    }

    /// The methods of an address; HEAD goes with GET.
    async fn methods(&self, address: &str) -> BTreeSet<String> {
        let (status, headers) = self.ask("TRACE", address, None).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{address}");
        let allowed =
            headers[header::ALLOW].to_str().unwrap().split(',').map(|method| method.trim().to_owned());
        allowed.filter(|method| method != "HEAD").collect()
    }

    /// Every address with its methods, the fallback of the xAPI resources left out.
    async fn mounted(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut mounted = BTreeMap::new();
        for address in self.addresses() {
            if !NOTHING.contains(&address.as_str()) {
                let methods = self.methods(&address).await;
                mounted.insert(address, methods);
            }
        }
        mounted
    }
}

fn described() -> BTreeMap<String, BTreeSet<String>> {
    let document = openapi::document().unwrap();
    let methods = |operations: &Value| {
        let names = operations.as_object().unwrap().keys().map(|method| method.to_uppercase());
        names.filter(|method| method != "HEAD").collect()
    };
    document["paths"].as_object().unwrap().iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_is_mounted_is_described_and_the_other_way_round() {
    let world = World::open().await;
    let mut mounted = world.mounted().await;
    for page in admin::pages() {
        assert!(mounted.remove(page).is_some(), "{page} is no page any more");
    }
    for page in OPEN.iter().filter(|page| page.starts_with("/s/")) {
        assert!(mounted.remove(*page).is_some(), "{page} is no page any more");
    }
    assert_eq!(mounted, described());
    world.instance.close().await;
}

/// A stranger, somebody with a wrong secret, and those who belong on the other side are refused by everything that is
/// not open to all, whatever it is.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_strangers_but_those_that_are_named_here() {
    let world = World::open().await;
    let wanted = |scope: &str| lrs::Wanted {
        name: "a tool".to_owned(),
        scopes: vec![scope.to_owned()],
        expires: None,
        rate: None,
        burst: None,
        rules: None,
    };
    let tool = world.instance.lrs.create_credential(wanted("all"), None).await.unwrap();
    let narrow = world.instance.lrs.create_credential(wanted("define"), None).await.unwrap();
    let (key, secret) = (tool.credential.key.as_str(), tool.secret.as_str());
    let mut asked = 0;
    for (address, methods) in world.mounted().await {
        if OPEN.contains(&address.as_str()) {
            continue;
        }
        for method in methods {
            asked += 1;
            let of = format!("{method} {address}");
            if admin::pages().contains(&address.as_str()) {
                let (status, headers) = world.ask(&method, &address, Some((key, secret))).await;
                assert!(status.is_redirection(), "{of}: {status}");
                assert!(headers[header::LOCATION].to_str().unwrap().starts_with("/login"), "{of}");
                continue;
            }
            for stranger in [None, Some((key, "wrong")), Some(("nobody", secret))] {
                let (status, headers) = world.ask(&method, &address, stranger).await;
                if status != StatusCode::TOO_MANY_REQUESTS {
                    assert_eq!(status, StatusCode::UNAUTHORIZED, "{of} {stranger:?}");
                    assert!(headers.contains_key(header::WWW_AUTHENTICATE), "{of}");
                }
            }
            if address.starts_with("/xapi/") || address == "/api/v1/statements/stream" {
                let user = Some((narrow.credential.key.as_str(), narrow.secret.as_str()));
                assert_eq!(world.ask(&method, &address, user).await.0, StatusCode::FORBIDDEN, "{of}");
            } else {
                let (status, _) = world.ask(&method, &address, Some((key, secret))).await;
                // After a few wrong names and passwords others are not tried any more.
                let refused = [StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS];
                assert!(refused.contains(&status), "{of}: a tool is no administrator: {status}");
            }
        }
    }
    assert!(asked > 25, "{asked}");
    world.instance.close().await;
}

#[test]
fn what_is_said_of_who_may_ask_is_what_the_tests_hold_to() {
    let document = openapi::document().unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let free = operation["security"].as_array().is_none_or(Vec::is_empty);
            assert_eq!(free, OPEN.contains(&path.as_str()), "{method} {path}");
            assert_eq!(free, operation["responses"].get("401").is_none(), "{method} {path}");
        }
    }
}

#[test]
fn services_do_not_use_one_name_for_two_things() {
    for kind in ["schemas", "responses", "securitySchemes"] {
        let (lrs, admin) = (lrs::described().unwrap(), admin::described());
        let names = |part: &Value| -> BTreeSet<String> {
            part["components"][kind].as_object().unwrap().keys().cloned().collect()
        };
        let both: Vec<_> = names(&lrs).intersection(&names(&admin)).cloned().collect();
        assert!(both.is_empty(), "{kind}: {both:?}");
    }
}

#[test]
fn what_the_document_refers_to_is_there() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    found.insert(reference.clone());
                }
                map.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = openapi::document().unwrap();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 30, "{}", found.len());
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
    let committed = include_str!("../../../schemas/openapi/larka.json");
    let committed: Value = serde_json::from_str(committed).unwrap();
    assert!(committed == document, "schemas/openapi/larka.json is old: cargo xtask generate");
}
