//! Hearing of appends by other nodes: LISTEN, and a look at the head now and then in case one was missed.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool};
use tokio::sync::watch;

use super::read::head;
use crate::clock::rest;
use crate::event::Position;

/// How often the head is looked at where no notification comes.
const POLL: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(500);

/// The channel of a log; channels are per database, so the schema stands in it.
pub(crate) fn channel(schema: Option<&str>) -> String {
    format!("larka_log_{}", schema.unwrap_or("public"))
}

/// Tells `saw` of what other nodes append, the head's position and the fence, until `closing` becomes true or its sender is gone.
pub(crate) async fn follow(
    pool: PgPool,
    channel: String,
    saw: impl Fn(Position, u64),
    mut closing: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            ended = listen(&pool, &channel, &saw) => {
                if let Err(error) = ended {
                    tracing::warn!(%error, "cannot hear of appends by other nodes; trying again");
                }
            }
            _ = closing.wait_for(|closing| *closing) => return,
        }
        if !rest(PAUSE, &mut closing).await {
            return;
        }
    }
}

async fn listen(pool: &PgPool, channel: &str, saw: &impl Fn(Position, u64)) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(channel).await?;
    loop {
        // Also right after listening began: what came before is not told.
        let (head, _) = head(&mut *pool.acquire().await?).await?;
        saw(head.position, head.fence);
        while let Ok(told) = tokio::time::timeout(POLL, listener.try_recv()).await {
            // `None`: the connection was lost, and has to be opened again.
            let Some(told) = told? else { return Ok(()) };
            if let Some((position, fence)) = parse(told.payload()) {
                saw(position, fence);
            }
        }
    }
}

/// Position and fence; between them stands `stored`.
fn parse(payload: &str) -> Option<(Position, u64)> {
    let mut words = payload.split(' ');
    let position = Position(words.next()?.parse().ok()?);
    Some((position, words.nth(1)?.parse().ok()?))
}
