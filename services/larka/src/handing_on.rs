//! The record store as the place that statements come from which are handed on.

use domain::Selection;
use eventlog::Position;
use forward::{Attachment, SourceError, Statement, Stretch};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use lrs::Following;
use xapi::Version;

/// The record store as the place that statements come from.
pub(crate) struct FromLrs(pub(crate) Following);

impl forward::Source for FromLrs {
    fn hand_on<'a>(
        &'a self,
        after: Position,
        selection: &'a Selection,
        version: Option<Version>,
    ) -> BoxFuture<'a, Result<Stretch, SourceError>> {
        let statement = |passed: lrs::Passed| {
            let lrs::Passed { position, done, received, json, attached } = passed;
            Statement { position, done, received, json, attached }
        };
        async move {
            let read = self.0.hand_on(after, selection, version).await;
            let lrs::Stretch { statements, through, erased } =
                read.map_err(|e| SourceError(e.to_string()))?;
            Ok(Stretch { statements: statements.into_iter().map(statement).collect(), through, erased })
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

/// A number from 0 up to 1 from the operating system; a half where it gives none.
pub(crate) fn chance() -> f64 {
    let mut bytes = [0_u8; 4];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
        Err(_) => 0.5,
    }
}
