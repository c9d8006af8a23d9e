//! Several connections that post batches with ids of their own, and take down what they were told.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Method;
use serde_json::Value;

use crate::{Server, samples, until};

/// Load that is under way.
pub struct Load {
    told: Arc<Told>,
    posters: Vec<tokio::task::JoinHandle<()>>,
}

#[derive(Default)]
struct Told {
    stop: AtomicBool,
    batches: AtomicUsize,
    number: AtomicU64,
    outcome: Mutex<Outcome>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Ids of all statements of batches that were answered with 200.
    pub acknowledged: Vec<String>,
    /// Batches whose answer never came.
    pub unanswered: Vec<Vec<Value>>,
    /// Batches that were refused, and how.
    pub refused: Vec<Refused>,
}

/// An answer other than 200.
#[derive(Debug)]
pub struct Refused {
    /// The batch.
    pub batch: Vec<Value>,
    /// The status.
    pub status: u16,
    /// `Retry-After`.
    pub retry_after: Option<String>,
    /// The body.
    pub body: String,
}

impl Load {
    /// Begins to post from some connections, until told to stop or the server is gone.
    pub fn begin(server: &Server, connections: usize, batch: usize) -> Self {
        let told = Arc::new(Told::default());
        let posters = (0..connections)
            .map(|_| {
                let told = Arc::clone(&told);
                let to = server
                    .xapi(Method::POST, "statements", "2.0.0")
                    .header("Content-Type", "application/json");
                tokio::spawn(async move {
                    while !told.stop.load(Ordering::SeqCst) {
                        let first = told.number.fetch_add(batch as u64, Ordering::SeqCst);
                        let batch: Vec<Value> =
                            (first..first + batch as u64).map(samples::ordinary).collect();
                        let Some(to) = to.try_clone() else { return };
                        if !told.post(to, batch).await {
                            return;
                        }
                    }
                })
            })
            .collect();
        Self { told, posters }
    }

    /// Waits until so many batches more have been acknowledged.
    pub async fn goes_on(&self, batches: usize) {
        let goal = self.told.batches.load(Ordering::SeqCst) + batches;
        until("batches are acknowledged", || async {
            (self.told.batches.load(Ordering::SeqCst) >= goal).then_some(())
        })
        .await;
    }

    /// How many batches were refused so far.
    pub fn refused(&self) -> usize {
        self.told.outcome.lock().unwrap_or_else(PoisonError::into_inner).refused.len()
    }

    /// Stops posting, and waits for every answer that still comes.
    pub async fn end(self) -> Outcome {
        self.told.stop.store(true, Ordering::SeqCst);
        for poster in self.posters {
            let _ = poster.await;
        }
        std::mem::take(&mut *self.told.outcome.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Told {
    /// Whether the server is still there.
    async fn post(&self, to: reqwest::RequestBuilder, batch: Vec<Value>) -> bool {
        let answered = async {
            let answer = to.body(Value::Array(batch.clone()).to_string()).send().await?;
            let retry_after =
                answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
            Ok::<_, reqwest::Error>((answer.status().as_u16(), retry_after, answer.text().await?))
        };
        let answered = answered.await;
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        match answered {
            Ok((200, _, _)) => {
                let id = |statement: &Value| statement["id"].as_str().map(str::to_owned);
                outcome.acknowledged.extend(batch.iter().filter_map(id));
                self.batches.fetch_add(1, Ordering::SeqCst);
                true
            }
            Ok((status, retry_after, body)) => {
                outcome.refused.push(Refused { batch, status, retry_after, body });
                true
            }
            Err(_) => {
                outcome.unanswered.push(batch);
                false
            }
        }
    }
}
