//! Where the data is.

use std::path::PathBuf;

use super::given::given;
use crate::failure::Failure;

given! {
    /// Where the data is.
    pub(crate) struct Given {
        /// Folder of the embedded databases, the lake and the keys [default: ./larka-data]
        #[arg(long, env = "LARKA_DATA_DIR", global = true, value_name = "DIR")]
        data_dir: Option<PathBuf>,
        /// PostgreSQL instead of the embedded database: postgres://…
        #[arg(long, env = "LARKA_DATABASE_URL", global = true, hide_env_values = true, value_name = "URL")]
        database_url: Option<String>,
        /// The vault's own PostgreSQL database [default: the same server, name with _vault at the end]
        #[arg(long, env = "LARKA_VAULT_URL", global = true, hide_env_values = true, value_name = "URL")]
        vault_url: Option<String>,
        /// Connections to PostgreSQL that this node takes at most; a fifth of them to the vault's database [default: 48]
        #[arg(long, env = "LARKA_DATABASE_CONNECTIONS", global = true, value_name = "CONNECTIONS")]
        database_connections: Option<u32>,
        /// Folder of the master key and the keyring [default: keys in the data folder]
        #[arg(long, env = "LARKA_KEYS_DIR", global = true, value_name = "DIR")]
        keys_dir: Option<PathBuf>,
        /// Folder of the keys of ballot boxes that are open, which no backup may take [default: ballot-keys in the data
        /// folder]
        #[arg(long, env = "LARKA_BALLOT_KEYS_DIR", global = true, value_name = "DIR")]
        ballot_keys_dir: Option<PathBuf>,
        /// Bucket of an S3-compatible store for the lake: s3://bucket/prefix; region, endpoint and credentials as AWS's
        /// own programs have them, in AWS_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and so on [default: the folder lake
        /// in the data folder]
        #[arg(long, env = "LARKA_LAKE_URL", global = true, value_name = "URL")]
        lake_url: Option<String>,
        /// Place apart from all backups where a copy of the erasure journal is kept, a folder or s3://bucket/prefix, so that
        /// no restore brings anybody back [default: none]
        #[arg(long, env = "LARKA_ERASURES_TO", global = true, value_name = "PLACE")]
        erasures_to: Option<String>,
    }
}

/// Where the data is.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) data_dir: PathBuf,
    pub(crate) database_url: Option<String>,
    pub(crate) vault_url: Option<String>,
    pub(crate) shares: Shares,
    pub(crate) keys_dir: PathBuf,
    /// Of ballot boxes; no backup takes it.
    pub(crate) ballot_keys_dir: PathBuf,
    pub(crate) lake_url: Option<String>,
    /// Where each erasure is noted too.
    pub(crate) erasures_to: Option<String>,
}

impl Given {
    pub(super) fn read(self) -> Result<Storage, Failure> {
        let Self {
            data_dir,
            database_url,
            vault_url,
            database_connections,
            keys_dir,
            ballot_keys_dir,
            lake_url,
            erasures_to,
        } = self;
        let shares = Shares::of(database_connections.unwrap_or(48))
            .ok_or_else(|| Failure::setting("database-connections", "from 22 to 1000 connections"))?;
        let data_dir = data_dir.unwrap_or_else(|| PathBuf::from("larka-data"));
        if let Some(url) = &database_url {
            expect_postgres("database-url", url)?;
        }
        let vault_url = match (vault_url, &database_url) {
            (Some(url), _) => {
                expect_postgres("vault-url", &url)?;
                Some(url)
            }
            (None, Some(url)) => Some(beside(url)),
            (None, None) => None,
        };
        let keys_dir = keys_dir.unwrap_or_else(|| data_dir.join("keys"));
        let ballot_keys_dir = ballot_keys_dir.unwrap_or_else(|| data_dir.join("ballot-keys"));
        Ok(Storage {
            data_dir,
            database_url,
            vault_url,
            shares,
            keys_dir,
            ballot_keys_dir,
            lake_url,
            erasures_to,
        })
    }
}

/// How many connections each part of an instance takes at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    pub(crate) log: u32,
    pub(crate) vault: u32,
    pub(crate) ballots: u32,
    /// What knows the views, and each of the two views, twice while they are built anew.
    pub(crate) view: u32,
}

impl Shares {
    /// Of so many in all; nobody has fewer than two, as a transaction may ask for something beside it.
    fn of(all: u32) -> Option<Self> {
        let (vault, ballots, view) = (all / 5, (all / 10).max(2), (all / 16).max(2));
        (22..=1_000).contains(&all).then(|| Self {
            log: all - vault - ballots - 5 * view,
            vault,
            ballots,
            view,
        })
    }
}

pub(crate) fn expect_postgres(name: &str, url: &str) -> Result<(), Failure> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        Ok(())
    } else {
        Err(Failure::setting(name, "postgres://user:password@host/database"))
    }
}

/// The address of the vault's database where none is given: `_vault` behind the database's name.
fn beside(url: &str) -> String {
    match url.split_once('?') {
        Some((head, query)) => format!("{head}_vault?{query}"),
        None => format!("{url}_vault"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_shared_out() {
        assert_eq!(Shares::of(48), Some(Shares { log: 20, vault: 9, ballots: 4, view: 3 }));
        for all in 22..=1_000 {
            let Shares { log, vault, ballots, view } = Shares::of(all).unwrap();
            assert_eq!(log + vault + ballots + 5 * view, all);
            assert!(log >= 6 && vault >= 4 && ballots >= 2 && view >= 2);
        }
        assert_eq!([0, 21, 1_001].map(Shares::of), [None; 3]);
    }

    #[test]
    fn the_vault_stands_beside_the_database() {
        assert_eq!(beside("postgres://h/larka"), "postgres://h/larka_vault");
        assert_eq!(beside("postgres://h/larka?sslmode=require"), "postgres://h/larka_vault?sslmode=require");
    }
}
