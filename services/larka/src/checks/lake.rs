//! The lake, held against the log.

use std::path::Path;

use worker::Worker;

use crate::failure::Failure;
use crate::finding::{Finding, some};

const CHECK: &str = "lake";
const ANEW: &str = "larka rebuild --projection lake";

/// Who wrote it, whether its files are as they were written, and whether their rows are those that the log gives.
pub(super) async fn findings(worker: &Worker, folder: &Path) -> Result<Vec<Finding>, Failure> {
    if let Err(error) = worker.lake_holds().await {
        return Ok(vec![Finding::wrong(CHECK, error.to_string(), ANEW)]);
    }
    let wrong =
        |found: String, files: &[String]| Finding::wrong(CHECK, found, ANEW).with("files", files.to_vec());
    let mut findings = Vec::new();
    let damaged = worker.damaged_lake().await?;
    if !damaged.is_empty() {
        findings.push(wrong(
            format!("files are missing, or not as they were written: {}", some(&damaged)),
            &damaged,
        ));
    }
    let differing = worker.differing_lake(folder).await?;
    if !differing.is_empty() {
        findings.push(wrong(
            format!("what is in it does not follow from the log: {}", some(&differing)),
            &differing,
        ));
    }
    if findings.is_empty() {
        findings
            .push(Finding::well(CHECK, "its files are as they were written, and have what the log gives"));
    }
    Ok(findings)
}
