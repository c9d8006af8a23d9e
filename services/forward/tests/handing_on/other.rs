//! The other side: a record store or a webhook that does as it is told.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// What came with one request.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) status: u16,
}

impl Came {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The statements in it, whether JSON, the first part of several, or a delivery.
    pub(crate) fn statements(&self) -> Vec<Value> {
        let text = self.text();
        let json = match self.header("content-type").strip_prefix("multipart/mixed; boundary=") {
            None => text.as_str(),
            Some(boundary) => {
                let first = text.split(&format!("--{boundary}")).nth(1).unwrap();
                first.split_once("\r\n\r\n").unwrap().1.trim_end()
            }
        };
        match serde_json::from_str(json).unwrap() {
            Value::Array(statements) => statements,
            delivery => {
                let statements = delivery["statements"].as_array().unwrap();
                statements.iter().map(|one| one["statement"].clone()).collect()
            }
        }
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.statements().iter().map(|statement| statement["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// What to answer to statements with these ids, as the nth request (from 0): a status (0 to break the connection), and
/// `Retry-After`.
pub(crate) type Behaviour = dyn Fn(&[String], usize) -> (u16, Option<&'static str>) + Send + Sync;

struct Told {
    behaviour: Mutex<Arc<Behaviour>>,
    came: Mutex<Vec<Came>>,
    count: watch::Sender<usize>,
    /// Requests wait while this is true.
    hangs: watch::Sender<bool>,
}

pub(crate) struct Other {
    pub(crate) address: SocketAddr,
    told: Arc<Told>,
    /// Of its own, so that its connections go away with it.
    runtime: Option<Runtime>,
}

impl Drop for Other {
    fn drop(&mut self) {
        self.go_away();
    }
}

impl Other {
    pub(crate) fn start() -> Self {
        let told = Arc::new(Told {
            behaviour: Mutex::new(Arc::new(|_: &[String], _| (200, None))),
            came: Mutex::default(),
            count: watch::Sender::new(0),
            hangs: watch::Sender::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let runtime = Some(serve(listener, Arc::clone(&told)));
        Self { address, told, runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn behave(
        &self,
        behaviour: impl Fn(&[String], usize) -> (u16, Option<&'static str>) + Send + Sync + 'static,
    ) {
        *self.told.behaviour.lock().unwrap() = Arc::new(behaviour);
    }

    pub(crate) fn hang(&self, hangs: bool) {
        self.told.hangs.send_replace(hangs);
    }

    /// Nobody listens any more, and connections break.
    pub(crate) fn go_away(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    pub(crate) async fn come_back(&mut self) {
        // The one before may still be closing.
        let listener = loop {
            match TcpListener::bind(self.address) {
                Ok(listener) => break listener,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        self.runtime = Some(serve(listener, Arc::clone(&self.told)));
    }

    /// Every request so far.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.told.came.lock().unwrap().clone()
    }

    /// The ids of what was taken, each once, in the order it was.
    pub(crate) fn has(&self) -> Vec<String> {
        let mut all = Vec::new();
        for id in self.taken() {
            if !all.contains(&id) {
                all.push(id);
            }
        }
        all
    }

    /// The ids of what was taken, in the order it was.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.came().iter().filter(|came| (200..300).contains(&came.status)).flat_map(Came::ids).collect()
    }

    /// Waits until something holds; it is looked at with each request.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let mut count = self.told.count.subscribe();
        let waited = async {
            while !holds(self) {
                count.changed().await.unwrap();
            }
        };
        let patience = std::time::Duration::from_secs(60);
        assert!(
            tokio::time::timeout(patience, waited).await.is_ok(),
            "waited in vain: {what}: {:?}",
            self.taken()
        );
    }
}

fn serve(listener: TcpListener, told: Arc<Told>) -> Runtime {
    let router = Router::new()
        .route("/xapi/statements", post(take))
        .route("/hook", post(take))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(told);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    listener.set_nonblocking(true).unwrap();
    runtime.spawn(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        axum::serve(listener, router).await.unwrap();
    });
    runtime
}

async fn take(State(told): State<Arc<Told>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut hangs = told.hangs.subscribe();
    let _ = hangs.wait_for(|hangs| !*hangs).await;
    let mut came = Came { headers, body: body.to_vec(), status: 0 };
    let number = told.came.lock().unwrap().len();
    let behaviour = Arc::clone(&told.behaviour.lock().unwrap());
    let (status, retry_after) = behaviour(&came.ids(), number);
    came.status = status;
    told.came.lock().unwrap().push(came);
    told.count.send_modify(|count| *count += 1);
    assert!(status != 0, "the connection breaks, as it was told to");
    let mut answer = StatusCode::from_u16(status).unwrap().into_response();
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert("retry-after", seconds.parse().unwrap());
    }
    answer
}
