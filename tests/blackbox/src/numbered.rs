//! Statements by people who are told apart by a number.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that cannot go on has failed")]

use serde_json::Value;

use crate::samples::{agent, id, statement};
use crate::{Instance, Server};

/// Serves six statements by six people, and stops in order.
pub async fn served(instance: &Instance) -> Server {
    let mut server = instance.start().await.unwrap();
    post(&server, 1..7).await;
    server.settled().await.unwrap();
    assert!(server.stop().unwrap().success());
    server
}

/// Posts the statements of these numbers.
pub async fn post(server: &Server, numbers: std::ops::Range<u32>) {
    let all: Vec<Value> =
        numbers.map(|number| statement(&id(number), &format!("person{number}"), "a")).collect();
    assert_eq!(server.post(&Value::Array(all)).await.unwrap().status(), 200);
}

/// Forgets the person of a number; gives the receipt.
pub fn erase(instance: &Instance, number: u32) -> Value {
    let asked = agent(&format!("person{number}")).to_string();
    instance.run_json_with(&["erase", "--agent", "-"], Some(&asked)).unwrap()
}
