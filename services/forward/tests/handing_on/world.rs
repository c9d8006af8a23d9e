//! A record store whose statements are handed on.

use std::sync::Arc;
use std::time::Duration;

use domain::Selection;
use eventlog::Position;
use forward::{
    Attachment, Forwards, Kind, Options, Pace, Reach, Source, SourceError, Standing, Statement, Stretch,
    Wanted,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use lrs::Following;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use xapi::Version;

use crate::other::Other;
use crate::rig::Rig;

/// Forwards that are at work.
pub(crate) struct Working {
    pub(crate) forwards: Forwards,
    shutdown: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Quick enough for a test.
pub(crate) fn pace() -> Pace {
    Pace {
        first: Duration::from_millis(20),
        longest: Duration::from_millis(100),
        look: Duration::from_millis(50),
        ahead: 2,
        refused_in_a_row: 5,
        ..Pace::default()
    }
}

impl Working {
    pub(crate) fn begin(rig: &Rig, owner: &str) -> Self {
        Self::within(rig, owner, Reach::Private)
    }

    /// The same with what may be connected to.
    pub(crate) fn within(rig: &Rig, owner: &str, reach: Reach) -> Self {
        let options = Options {
            log: rig.log.clone(),
            vault: rig.vault.clone(),
            municipality: rig.municipality.clone(),
            source: Arc::new(FromLrs(rig.lrs.following().clone())),
            clock: rig.clock.clone(),
            chance: Arc::new(|| 0.5),
            pace: pace(),
            reach,
            registry: prometheus::Registry::new(),
            owner: owner.into(),
        };
        let forwards = Forwards::new(options).unwrap();
        let (shutdown, stopping) = watch::channel(false);
        let running = forwards.clone();
        let task = tokio::spawn(async move { running.run(stopping).await });
        Self { forwards, shutdown, task }
    }

    pub(crate) async fn end(self) {
        self.shutdown.send_replace(true);
        self.task.await.unwrap();
    }

    pub(crate) async fn standing(&self, name: &str) -> Standing {
        let all = self.forwards.list().await.unwrap();
        all.into_iter().find(|standing| standing.forward.name == name).unwrap()
    }

    /// Waits until a forward stands so.
    pub(crate) async fn until(&self, name: &str, what: &str, holds: impl Fn(&Standing) -> bool) -> Standing {
        for _ in 0..3_000 {
            let standing = self.standing(name).await;
            if holds(&standing) {
                return standing;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("waited in vain: {what}: {:?}", self.standing(name).await);
    }

    /// Waits until a forward has come to the end of the log.
    pub(crate) async fn done(&self, name: &str) -> Standing {
        self.until(name, "it has come to the end", |standing| standing.lag_events == 0).await
    }
}

pub(crate) fn to_lrs(name: &str, other: &Other) -> Wanted {
    Wanted {
        name: name.into(),
        kind: Kind::Lrs,
        to: format!("{}/xapi/", other.url()),
        user: Some("lärka".into()),
        password: Some("hemligt".into()),
        versions: vec![],
        selection: Selection::default(),
        from: Some(0),
    }
}

pub(crate) fn to_webhook(name: &str, other: &Other) -> Wanted {
    let to = format!("{}/hook?token=hemligt", other.url());
    Wanted { kind: Kind::Webhook, to, user: None, password: None, ..to_lrs(name, other) }
}

struct FromLrs(Following);

impl Source for FromLrs {
    fn hand_on<'a>(
        &'a self,
        after: Position,
        selection: &'a Selection,
        version: Option<Version>,
    ) -> BoxFuture<'a, Result<Stretch, SourceError>> {
        async move {
            let read = self.0.hand_on(after, selection, version).await;
            let lrs::Stretch { statements, through, erased } =
                read.map_err(|e| SourceError(e.to_string()))?;
            let statements = statements.into_iter().map(|passed| {
                let lrs::Passed { position, done, received, json, attached } = passed;
                Statement { position, done, received, json, attached }
            });
            Ok(Stretch { statements: statements.collect(), through, erased })
        }
        .boxed()
    }

    fn attachments(&self, position: Position) -> BoxFuture<'_, Result<Vec<Attachment>, SourceError>> {
        async move {
            let read = self.0.attachments(position).await.map_err(|e| SourceError(e.to_string()))?;
            let streamed = |passed: lrs::PassedAttachment| {
                let lrs::PassedAttachment { content_type, sha2, length, content } = passed;
                let content = content.map_err(|e| SourceError(e.to_string())).boxed();
                Attachment { content_type, sha2, length, content }
            };
            Ok(read.into_iter().map(streamed).collect())
        }
        .boxed()
    }
}
