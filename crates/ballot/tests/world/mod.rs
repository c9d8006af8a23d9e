//! Where boxes are in tests, and what can be seen of them from outside.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses some of it")]

use std::path::PathBuf;

use ballot::{Home, RoundId, Submission, Urns};
use sha2::{Digest as _, Sha256};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tempfile::TempDir;

/// Runs each promise on both.
macro_rules! on_both {
    ($(async fn $name:ident($world:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn promise($world: &World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_files() {
                promise(&World::files()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_postgres() {
                promise(&World::postgres().await).await;
            }
        }
    )*};
}
pub(crate) use on_both;

pub(crate) struct World {
    pub(crate) folder: TempDir,
    home: Home,
    pub(crate) postgres: Option<(testkit::postgres::TestDatabase, PgPool)>,
}

impl World {
    pub(crate) fn files() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::Files(folder.path().join("urns"));
        Self { folder, home, postgres: None }
    }

    pub(crate) async fn postgres() -> Self {
        let fresh = testkit::postgres::database().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let home = Home::Postgres { url: fresh.url(), schema: "urn".into(), connections: 16 };
        let pool = PgPoolOptions::new().max_connections(1).connect(&fresh.url()).await.unwrap();
        Self { folder, home, postgres: Some((fresh, pool)) }
    }

    pub(crate) async fn open(&self) -> Urns {
        Urns::open(&self.home, self.folder.path().join("keys")).await.unwrap()
    }

    /// The files with keys of a round.
    pub(crate) fn keys(&self, round: RoundId) -> Vec<PathBuf> {
        let files = std::fs::read_dir(self.folder.path().join("keys")).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let of_round = format!("ballots-{}-", hex::encode(round.0));
        files.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with(&of_round)).collect()
    }

    /// The one file with a key of a round.
    pub(crate) fn key(&self, round: RoundId) -> PathBuf {
        let [key] = self.keys(round).try_into().unwrap();
        key
    }

    pub(crate) fn file(&self, round: RoundId, name: &str) -> PathBuf {
        self.folder.path().join("urns").join(hex::encode(round.0)).join(name)
    }

    /// All that lies in files, or in rows, but for keys.
    pub(crate) async fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        if let Some((_, pool)) = &self.postgres {
            for body in sqlx::query_scalar::<_, Vec<u8>>("SELECT sealed FROM urn.ballot")
                .fetch_all(pool)
                .await
                .unwrap()
            {
                all.extend(body);
            }
        } else {
            let round =
                std::fs::read_dir(self.folder.path().join("urns")).unwrap().next().unwrap().unwrap().path();
            for file in std::fs::read_dir(round).unwrap() {
                all.extend(std::fs::read(file.unwrap().path()).unwrap());
            }
        }
        all
    }

    /// The keys of ballots and the voters that are marked, each as they lie: by place in a file, or by the transaction and
    /// the place that PostgreSQL tells of each row.
    pub(crate) async fn rows(&self, round: RoundId) -> (Vec<[u8; 16]>, Vec<[u8; 16]>) {
        if let Some((_, pool)) = &self.postgres {
            let asked = |text: &'static str| sqlx::query_scalar(text).bind(round.0).fetch_all(pool);
            let ballots =
                asked("SELECT key FROM urn.ballot WHERE round = $1 ORDER BY xmin::text::bigint, ctid");
            let voters = asked(
                "SELECT voter FROM urn.voter WHERE round = $1 AND voted ORDER BY xmin::text::bigint, ctid",
            );
            return (ballots.await.unwrap(), voters.await.unwrap());
        }
        let Ok(ballots) = std::fs::read(self.file(round, "ballots")) else { return (vec![], vec![]) };
        let terms: serde_json::Value =
            serde_json::from_slice(&std::fs::read(self.file(round, "terms.json")).unwrap()).unwrap();
        let place = 32 + 32 + 4 + usize::try_from(terms["longest"].as_u64().unwrap()).unwrap() + 16;
        let keys = ballots.chunks_exact(place).map(|place| <[u8; 16]>::try_from(&place[..16]).unwrap());
        let roll = std::fs::read(self.file(round, "roll")).unwrap();
        let voters = roll.chunks_exact(17).filter(|entry| entry[16] == 1);
        (
            keys.filter(|key| *key != [0; 16]).collect(),
            voters.map(|entry| <[u8; 16]>::try_from(&entry[..16]).unwrap()).collect(),
        )
    }

    /// Spoils the end of one ballot, as a crash in the middle of writing it would.
    pub(crate) fn spoil_one(&self, round: RoundId) {
        let path = self.file(round, "ballots");
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes[last - 20..=last].fill(0);
        std::fs::write(path, bytes).unwrap();
    }
}

/// Sixteen bytes that look like chance.
pub(crate) fn number(what: &[u8], one: u32) -> [u8; 16] {
    Sha256::new_with_prefix(what).chain_update(one.to_le_bytes()).finalize()[..16].try_into().unwrap()
}

/// Where the ballot of a form lies, as whoever knows the form's number can work out.
pub(crate) fn lies_under(round: RoundId, submission: Submission) -> [u8; 16] {
    let hash = Sha256::new_with_prefix(b"larka ballot 1").chain_update(round.0).chain_update(submission.0);
    let mut key: [u8; 16] = hash.finalize()[..16].try_into().unwrap();
    key[0] |= 1;
    key
}
