//! Where backups and the copy of the erasure journal lie: a folder, or a bucket of a store that speaks S3. A file is there
//! whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use analytics::lake::{Bucket, BucketVersion, LakeError};

use crate::failure::Failure;
use crate::instance::bucket;
use crate::whole;

/// The file that those who write into a folder take turns by.
const LOCK: &str = "lock";
/// How often a file that others replace too is tried.
const ATTEMPTS: usize = 10;

/// A place.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Folder(PathBuf),
    Bucket(Bucket, String),
}

/// Which version of a file it was that was read; folders do not tell, there whoever writes holds the lock.
pub(crate) type Version = Option<BucketVersion>;

/// Held while a folder is written into.
pub(crate) struct Turn(#[allow(dead_code, reason = "held, not read")] Option<File>);

impl Place {
    /// The place of this name: `s3://bucket/prefix`, or a folder.
    pub(crate) fn named(name: &str) -> Result<Self, Failure> {
        if name.starts_with("s3://") {
            let bucket = bucket(name).map_err(|expected| Failure::new(format!("{name}: {expected}")))?;
            return Ok(Self::Bucket(bucket, name.trim_end_matches('/').to_owned()));
        }
        Ok(Self::Folder(PathBuf::from(name)))
    }

    /// As it was named.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Bucket(_, name) => name.clone(),
        }
    }

    /// Whether one is, or lies in, the other.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let within = |one: &Path, other: &Path| one.starts_with(other) || other.starts_with(one);
        match (self, other) {
            (Self::Folder(one), Self::Folder(other)) => {
                let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
                let (one, other) = (real(one).unwrap_or_default(), real(other).unwrap_or_default());
                within(&one, &other)
            }
            (Self::Bucket(_, one), Self::Bucket(_, other)) => within(Path::new(one), Path::new(other)),
            _ => false,
        }
    }

    /// Makes a folder where there is none, and takes the turn to write into it.
    ///
    /// # Errors
    /// Somebody else has it, where `wait` is false.
    pub(crate) async fn turn(&self, wait: bool) -> Result<Turn, Failure> {
        let Self::Folder(folder) = self.clone() else { return Ok(Turn(None)) };
        let name = self.name();
        blocking(move || {
            let failed = |error: io::Error| Failure::new(format!("{name} cannot be written into: {error}"));
            fs::create_dir_all(&folder).map_err(failed)?;
            let lock = folder.join(LOCK);
            let lock = File::options().create(true).truncate(false).write(true).open(lock).map_err(failed)?;
            if wait {
                lock.lock().map_err(failed)?;
            } else if lock.try_lock().is_err() {
                return Err(Failure::new(format!(
                    "another backup is being made into {name}; wait until it is done"
                )));
            }
            Ok(Turn(Some(lock)))
        })
        .await
    }

    /// A file's bytes and which version they are; none where it is not there.
    pub(crate) async fn read(&self, path: &str) -> Result<Option<(Vec<u8>, Version)>, Failure> {
        let (place, path) = (self.clone(), path.to_owned());
        blocking(move || {
            let read = match &place {
                Self::Folder(folder) => fs::read(folder.join(&path)).map(|bytes| (bytes, None)),
                Self::Bucket(bucket, _) => bucket.read(&path).map(|(bytes, version)| (bytes, Some(version))),
            };
            match read {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                read => read.map(Some).map_err(|error| place.failed(&path, "read", &error)),
            }
        })
        .await
    }

    /// Writes a file that nobody else writes. It is there, whole, when this returns.
    pub(crate) async fn write(&self, path: String, bytes: Vec<u8>) -> Result<(), Failure> {
        let place = self.clone();
        blocking(move || match &place {
            Self::Folder(folder) => {
                put(&folder.join(&path), &bytes).map_err(|error| place.failed(&path, "written", &error))
            }
            Self::Bucket(bucket, _) => {
                bucket.write(&path, bytes).map_err(|error| place.failed(&path, "written", &error))
            }
        })
        .await
    }

    /// Replaces a file of which this version was read; false where another has done that meanwhile.
    pub(crate) async fn replace(&self, path: &str, bytes: Vec<u8>, known: Version) -> Result<bool, Failure> {
        let Self::Bucket(bucket, _) = self else {
            return self.write(path.to_owned(), bytes).await.map(|()| true);
        };
        let (place, bucket, path) = (self.clone(), bucket.clone(), path.to_owned());
        blocking(move || match bucket.replace(&path, bytes, &known) {
            Ok(_) => Ok(true),
            Err(LakeError::Overtaken) => Ok(false),
            Err(error) => Err(place.failed(&path, "written", &error)),
        })
        .await
    }

    /// Changes a file that others may change too.
    pub(crate) async fn change(
        &self,
        path: &str,
        change: impl Fn(Option<Vec<u8>>) -> Result<Vec<u8>, Failure> + Send,
    ) -> Result<(), Failure> {
        let _turn = self.turn(true).await?;
        for _ in 0..ATTEMPTS {
            let (before, version) = match self.read(path).await? {
                Some((bytes, version)) => (Some(bytes), version),
                None => (None, None),
            };
            let after = change(before.clone())?;
            if before.as_ref() == Some(&after) || self.replace(path, after, version).await? {
                return Ok(());
            }
        }
        Err(Failure::new(format!("{path} in {} is written by others all the time; try again", self.name())))
    }

    /// The files in a folder of the place, by their paths.
    pub(crate) async fn list(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let (place, of) = (self.clone(), folder.to_owned());
        blocking(move || {
            let listed = match &place {
                Self::Folder(root) => match fs::read_dir(root.join(&of)) {
                    Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
                    entries => entries.and_then(|entries| {
                        let name = |entry: io::Result<fs::DirEntry>| {
                            Ok(format!("{of}/{}", entry?.file_name().to_string_lossy()))
                        };
                        entries.map(name).collect::<io::Result<Vec<String>>>()
                    }),
                },
                Self::Bucket(bucket, _) => bucket.list(&of),
            };
            listed.map_err(|error| place.failed(&of, "listed", &error))
        })
        .await
    }

    /// Removes a file, if it is there.
    pub(crate) async fn remove(&self, path: String) -> Result<(), Failure> {
        let place = self.clone();
        blocking(move || {
            let removed = match &place {
                Self::Folder(folder) => fs::remove_file(folder.join(&path)),
                Self::Bucket(bucket, _) => bucket.remove(&path),
            };
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    Err(place.failed(&path, "removed", &error))
                }
                _ => Ok(()),
            }
        })
        .await
    }

    fn failed(&self, path: &str, what: &str, error: &dyn std::error::Error) -> Failure {
        let mut why = error.to_string();
        if let Some(cause) = error.source().map(ToString::to_string).filter(|cause| !why.contains(cause)) {
            why.push_str(&format!(": {cause}"));
        }
        Failure::new(format!("{path} in {} cannot be {what}: {why}", self.name()))
    }
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    whole::write(path, bytes)
}

/// Work that waits for a disk or a network, where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await?
}
