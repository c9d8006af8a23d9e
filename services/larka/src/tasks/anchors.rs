//! Signed heads: written on a schedule, printed on request, and held against the log.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use eventlog::anchor::{Anchor, Signer};
use eventlog::clock::rest;
use prometheus::IntGauge;
use tokio::sync::watch;

use crate::failure::Failure;
use crate::instance::Instance;
use crate::keys::{instance_id, made_once};
use crate::settings::Schedule;

/// The signed head as it is now, and the key to check it with. What is signed is walked first, from after a position.
///
/// # Errors
/// The chain is broken: what is signed would stand for what was never stored.
pub(crate) async fn now(instance: &Instance, after: u64) -> Result<(String, String), Failure> {
    let signer = signer(&instance.settings.storage.keys_dir)?;
    let head = instance.log.head().await?;
    if let Some(position) = instance.worker.broken() {
        return Err(Failure::new(format!(
            "the log is broken at position {}: its head is not signed",
            position.0
        )));
    }
    let walked = instance.log.verify(after + 1..=head.position.0, &mut |_| {}).await?;
    if (walked.through, walked.hash) != (head.position, head.hash) {
        return Err(Failure::new("the head does not belong to the last event: it is not signed"));
    }
    let anchor = Anchor::of(instance_id(&instance.settings.storage.keys_dir)?, &head);
    Ok((anchor.line(&signer), hex::encode(signer.public())))
}

/// Holds the log against lines that were signed earlier; gives how many there are. `key` is the public key in
/// hexadecimal digits as it was noted elsewhere; without it the instance's own is taken, which whoever took the whole
/// machine over could have used too.
pub(crate) async fn verify(instance: &Instance, lines: &str, key: Option<&str>) -> Result<usize, Failure> {
    let keys = &instance.settings.storage.keys_dir;
    let mut public = [0_u8; 32];
    match key {
        None => public = signer(keys)?.public(),
        Some(key) => hex::decode_to_slice(key.trim(), &mut public)
            .map_err(|_| Failure::setting("anchor-key", "64 hexadecimal digits"))?,
    }
    let own = instance_id(keys)?;
    let mut anchors = Vec::new();
    for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |what: &str| Failure::new(format!("line {} of the anchors: {what}", number + 1));
        let anchor = Anchor::read(line, &public).map_err(|error| wrong(&error.to_string()))?;
        if anchor.instance != own {
            return Err(wrong("it is of another instance"));
        }
        anchors.push(anchor);
    }
    if anchors.is_empty() {
        return Err(Failure::new("there is no anchor in the file; nothing could be held against it"));
    }
    instance.log.verify_anchors(&anchors).await?;
    Ok(anchors.len())
}

/// Writes signed heads until asked to stop, and one at the end.
pub(crate) async fn keep(instance: Arc<Instance>, schedule: Schedule, mut stopping: watch::Receiver<bool>) {
    let gauge = match gauge(&instance) {
        Ok(gauge) => gauge,
        Err(error) => return tracing::error!(%error, "no anchors are written"),
    };
    let (mut last, mut goes_on) = (0, true);
    loop {
        match write(&instance, &schedule.file, last).await {
            Ok(position) => {
                last = position;
                gauge.set(i64::try_from(position).unwrap_or(i64::MAX));
            }
            Err(error) => tracing::error!(%error, "the head could not be signed and written"),
        }
        if !goes_on {
            return;
        }
        goes_on = rest(schedule.every, &mut stopping).await;
    }
}

/// Adds the head if the log has grown; gives its position.
async fn write(instance: &Instance, file: &Path, last: u64) -> Result<u64, Failure> {
    let position = instance.log.head().await?.position.0;
    if position == last {
        return Ok(last);
    }
    let (line, _) = now(instance, last).await?;
    let mut open = File::options().create(true).append(true).open(file)?;
    open.write_all(format!("{line}\n").as_bytes())?;
    open.sync_all()?;
    Ok(position)
}

fn gauge(instance: &Instance) -> Result<IntGauge, prometheus::Error> {
    let gauge =
        IntGauge::new("larka_anchor_position", "Position of the last head that was signed and written.")?;
    instance.registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

/// The instance's signing key, made at the first use.
fn signer(keys: &Path) -> Result<Signer, Failure> {
    Ok(Signer::new(&made_once::<32>(keys, "anchor")?))
}
