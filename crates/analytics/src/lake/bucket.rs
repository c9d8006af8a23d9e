//! A bucket of a store that speaks S3. Called from threads that may wait, never from the runtime's own.

use super::error::LakeError;
use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::path::Path;
use object_store::{
    ClientOptions, Error, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload, RetryConfig, UpdateVersion,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// How long one request may take: a file has some megabytes.
const REQUEST: Duration = Duration::from_secs(30);
/// How long a store that fails is tried: a report waits for it.
const TRIED: Duration = Duration::from_secs(20);

/// What begins alike in a bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) prefix: Path,
    pub(super) runtime: Handle,
}

impl Bucket {
    /// The bucket of an address like `s3://bucket/prefix`. Region, credentials and endpoint are `options`, by the names of
    /// AWS's environment variables (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, …); names that say nothing to this are passed over.
    /// Nothing is asked of the store yet.
    ///
    /// # Errors
    /// What the address or an option should be.
    pub fn open(
        url: &str,
        options: impl IntoIterator<Item = (String, String)>,
        runtime: Handle,
    ) -> Result<Self, String> {
        let rest = url.strip_prefix("s3://").ok_or("expected s3://bucket or s3://bucket/prefix")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        // Letters beyond ASCII become percent signs in some programs, and stay letters in others.
        let odd = !rest.is_ascii() || rest.contains(['?', '#', '%', ' ', '@']) || rest.contains("//");
        if bucket.is_empty() || odd {
            return Err("expected s3://bucket/prefix of plain letters, digits, . _ - and /".to_owned());
        }
        let prefix = Path::parse(prefix).map_err(|error| error.to_string())?;
        let retry = RetryConfig { max_retries: 4, retry_timeout: TRIED, ..RetryConfig::default() };
        let known = options.into_iter().filter_map(|(name, value)| {
            let key: AmazonS3ConfigKey = name.to_ascii_lowercase().parse().ok()?;
            Some((key, value))
        });
        let client = ClientOptions::new().with_timeout(REQUEST).with_connect_timeout(Duration::from_secs(5));
        let builder = AmazonS3Builder::new().with_client_options(client).with_retry(retry);
        let builder = known.fold(builder, |builder, (key, value)| builder.with_config(key, value));
        // Several may write only where what each replaces is compared.
        let builder = builder.with_conditional_put(S3ConditionalPut::ETagMatch).with_bucket_name(bucket);
        let store = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { store: Arc::new(store), prefix, runtime })
    }

    /// A file's bytes and which version of it they are.
    ///
    /// # Errors
    /// `NotFound` where it is not there, or as the store says.
    pub fn read(&self, path: &str) -> std::io::Result<(Vec<u8>, UpdateVersion)> {
        let read = async {
            let got = self.store.get(&self.at(path)).await?;
            let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
            Ok((got.bytes().await?.to_vec(), version))
        };
        self.runtime.block_on(read).map_err(io)
    }

    /// Writes a file, or writes it again.
    ///
    /// # Errors
    /// As the store says.
    pub fn write(&self, path: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        let at = self.at(path);
        let put = self.store.put(&at, PutPayload::from(bytes));
        self.runtime.block_on(put).map(drop).map_err(|e| LakeError::io(path, io(e)))
    }

    /// Writes a file in the place of the version that is known, or where it is not there yet.
    ///
    /// # Errors
    /// [`LakeError::Overtaken`] where another is there, or as the store says.
    pub fn replace(
        &self,
        path: &str,
        bytes: Vec<u8>,
        known: &Option<UpdateVersion>,
    ) -> Result<UpdateVersion, LakeError> {
        let mode = known.clone().map_or(PutMode::Create, PutMode::Update);
        let at = self.at(path);
        let put = self.store.put_opts(&at, PutPayload::from(bytes), mode.into());
        match self.runtime.block_on(put) {
            Ok(put) => Ok(put.into()),
            Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => Err(LakeError::Overtaken),
            Err(e) => Err(LakeError::io(path, io(e))),
        }
    }

    /// The files of a table, or in a folder.
    ///
    /// # Errors
    /// As the store says.
    pub fn list(&self, table: &str) -> std::io::Result<Vec<String>> {
        let folder = self.at(table);
        let list = self.store.list(Some(&folder)).try_collect();
        let found: Vec<object_store::ObjectMeta> = self.runtime.block_on(list).map_err(io)?;
        let name = |meta: &object_store::ObjectMeta| Some(format!("{table}/{}", meta.location.filename()?));
        Ok(found.iter().filter_map(name).collect())
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// As the store says.
    pub fn remove(&self, path: &str) -> std::io::Result<()> {
        match self.runtime.block_on(self.store.delete(&self.at(path))) {
            Err(Error::NotFound { .. }) => Ok(()),
            other => other.map_err(io),
        }
    }

    fn at(&self, path: &str) -> Path {
        path.split('/').fold(self.prefix.clone(), |path, part| path.join(part))
    }
}

/// The store's answer as one of a file system.
fn io(error: Error) -> std::io::Error {
    match error {
        Error::NotFound { .. } => {
            std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such object")
        }
        error => std::io::Error::other(error),
    }
}
