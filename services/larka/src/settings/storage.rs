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
    }
}

/// Where the data is.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) data_dir: PathBuf,
    pub(crate) database_url: Option<String>,
    pub(crate) vault_url: Option<String>,
    pub(crate) keys_dir: PathBuf,
    /// Of ballot boxes; no backup takes it.
    pub(crate) ballot_keys_dir: PathBuf,
    pub(crate) lake_url: Option<String>,
}

impl Given {
    pub(super) fn read(self) -> Result<Storage, Failure> {
        let Self { data_dir, database_url, vault_url, keys_dir, ballot_keys_dir, lake_url } = self;
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
        Ok(Storage { data_dir, database_url, vault_url, keys_dir, ballot_keys_dir, lake_url })
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
    fn the_vault_stands_beside_the_database() {
        assert_eq!(beside("postgres://h/larka"), "postgres://h/larka_vault");
        assert_eq!(beside("postgres://h/larka?sslmode=require"), "postgres://h/larka_vault?sslmode=require");
    }
}
