//! `larka verify --all`: everything that is kept, held against everything else.

use eventlog::verify::VerifyError;

use super::{guards, lake, people};
use crate::failure::Failure;
use crate::finding::Finding;
use crate::instance::Instance;
use crate::together::TOGETHER;

/// What to do about a log that is not what was written.
pub(crate) const AFTER_BREAK: &str = "docs/operations.md, What to do after verify names a position";

/// What is found; each part is looked at whatever was found of those before.
pub(crate) async fn findings(instance: &Instance) -> Result<Vec<Finding>, Failure> {
    let head = instance.log.head().await?.position;
    let mut findings = Vec::new();
    findings.push(match instance.log.verify(1..=head.0, &mut |_| {}).await {
        Ok(verified) => {
            Finding::well("chain", format!("it holds from the first event to position {}", head.0))
                .with("events", verified.events)
                .with("slots", verified.slots)
                .with("deleted_slots", verified.deleted_slots)
        }
        Err(VerifyError::Broken(broken)) => {
            Finding::wrong("chain", broken.to_string(), AFTER_BREAK).with("position", broken.position.0)
        }
        Err(error) => return Err(error.into()),
    });
    findings.push(guards::finding(&instance.log.broken_guards().await?));
    let apart = instance.parts().apart(true).await?.findings();
    if apart.is_empty() {
        findings.push(Finding::well(TOGETHER, "log, vault, views and lake are of one instance and one time"));
    }
    findings.extend(apart);
    findings.extend(or_wrong("people", people::findings(instance, head).await));
    let folder = tempfile::Builder::new().prefix("larka-verify-").tempdir()?;
    findings.extend(or_wrong("lake", lake::findings(&instance.worker, folder.path()).await));
    folder.close()?;
    Ok(findings)
}

/// What cannot be looked at is a finding too: the others are told all the same.
fn or_wrong(check: &'static str, found: Result<Vec<Finding>, Failure>) -> Vec<Finding> {
    found.unwrap_or_else(|failure| {
        let found = format!("it cannot be looked at: {failure}");
        vec![Finding::wrong(check, found, "mend that first, then call it again")]
    })
}
