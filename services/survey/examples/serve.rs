//! The answer pages with a desk in memory, to look at: `cargo run -p larka-survey --example serve`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "../tests/rig/mod.rs"]
mod rig;

use std::net::SocketAddr;

#[tokio::main]
async fn main() {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8088".to_owned());
    let listener = tokio::net::TcpListener::bind(&address).await.unwrap();
    println!(
        "http://{}/s/ (codes: ALLT, PERSON with ANNA1, DELVIS, STANGD, SNART)",
        listener.local_addr().unwrap()
    );
    let pages = rig::pages(&rig::desk(rig::EVERYTHING));
    axum::serve(listener, pages.into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
}
