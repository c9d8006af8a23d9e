//! What is sent compressed.

use std::io::Write as _;

use axum::http::{HeaderMap, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Whether a browser takes gzip.
pub(crate) fn takes_gzip(asked: &HeaderMap) -> bool {
    let accepts = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    accepts.split(',').any(|part| {
        let mut part = part.split(';').map(str::trim);
        part.next() == Some("gzip") && part.next() != Some("q=0")
    })
}

/// Bytes compressed.
pub(crate) fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}
