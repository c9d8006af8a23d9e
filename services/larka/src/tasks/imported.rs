//! Imported statements where the instance is: stored, and how they stand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use xapi::{Invalid, Statement, Version};

use crate::failure::Failure;
use crate::instance::Instance;

/// Sixteen bytes: of a statement or of a run.
pub(crate) type Id = [u8; 16];

/// A batch on its way to the instance.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// Key of the credential that vouches for them.
    pub(crate) credential: String,
    /// xAPI version of statements that do not name theirs.
    pub(crate) version: String,
    /// The run of the import.
    pub(crate) run: Id,
    pub(crate) statements: Vec<Sent>,
}

/// A statement on its way: its text, and what stands beside it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sent {
    pub(crate) text: String,
    /// The id it gets where it has none.
    pub(crate) id: Id,
    /// When the other store had stored it, in microseconds since 1970.
    pub(crate) stored: Option<i64>,
    /// Content of its attachments, in base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) contents: Vec<String>,
}

/// What became of a batch.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) stored: u64,
    pub(crate) known: u64,
    pub(crate) without_content: u64,
    /// Which of the batch, where in it, and what was expected there.
    pub(crate) aside: Vec<(usize, String, String)>,
}

impl Outcome {
    /// Adds what became of a further batch, but for what was set aside.
    pub(crate) fn add(&mut self, other: Self) {
        self.stored += other.stored;
        self.known += other.known;
        self.without_content += other.without_content;
    }
}

/// A run of an import, as it begins or as it has ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) run: Id,
    pub(crate) source: String,
    /// Key of the credential that vouches for its statements.
    pub(crate) credential: String,
    /// Read, stored, known, set aside, without content; none as it begins.
    pub(crate) counts: Option<[u64; 5]>,
}

/// How a statement stands in the log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stands {
    pub(crate) verb: String,
    pub(crate) voided: bool,
    /// The run that imported it, if one did.
    pub(crate) run: Option<Id>,
    /// Its original `stored`, where it was imported with one.
    pub(crate) stored: Option<i64>,
}

/// Takes down that a run begins or has ended.
pub(crate) async fn note(instance: &Instance, run: Run) -> Result<Value, Failure> {
    let credential = credential(instance, &run.credential).await?;
    let facts = lrs::ImportRunFacts {
        run: run.run,
        source: run.source,
        credential: credential.id,
        counts: run.counts.map(|[read, stored, known, aside, without_content]| lrs::ImportCounts {
            read,
            stored,
            known,
            aside,
            without_content,
        }),
    };
    instance.lrs.note_import(&facts).await?;
    Ok(json!({}))
}

/// How statements stand, in the order of their ids.
pub(crate) async fn standing(instance: &Instance, ids: &[Id]) -> Result<Value, Failure> {
    let ids: Vec<Uuid> = ids.iter().copied().map(Uuid::from_bytes).collect();
    let standing = instance.lrs.query().standing(&ids).await?;
    let stands = |one: lrs::Standing| Stands {
        verb: one.verb,
        voided: one.voided,
        run: one.origin.map(|origin| origin.run),
        stored: one.origin.and_then(|origin| origin.stored),
    };
    Ok(serde_json::to_value(standing.into_iter().map(|one| one.map(stands)).collect::<Vec<_>>())?)
}

async fn credential(instance: &Instance, key: &str) -> Result<vault::Credential, Failure> {
    let known = instance.vault.credentials().await?;
    known
        .into_iter()
        .find(|one| one.key == key)
        .ok_or_else(|| Failure::new("there is no credential with that key; make one with `larka credential`"))
}

/// Stores a batch.
pub(crate) async fn store(instance: &Instance, batch: Batch) -> Result<Value, Failure> {
    let credential = credential(instance, &batch.credential).await?;
    let may_define = credential.scopes.iter().any(|scope| ["all", "define"].contains(&scope.as_str()));
    // Whoever imports takes over what was true in the other store.
    let credential = Some(credential.id);
    let sender = lrs::Sender { credential, may_define, may_void: true, pass_conflicts: false };
    let wrong = || Failure::setting("xapi-version", "1.0.3 or 2.0.0");
    let usual = Version::negotiate(Some(&batch.version), None).map_err(|_| wrong())?;
    let mut outcome = Outcome::default();
    let mut open: Vec<(usize, Version, lrs::Imported)> = Vec::new();
    for (at, sent) in batch.statements.into_iter().enumerate() {
        match imported(sent, batch.run, usual) {
            Ok((version, imported)) => {
                outcome.without_content += u64::from(!imported.is_whole());
                open.push((at, version, imported));
            }
            Err(invalid) => outcome.aside.push((at, invalid.path, invalid.expected)),
        }
    }
    // Statements of one version go in together, in their order.
    while let Some((_, version, _)) = open.first() {
        let version = *version;
        let (same, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, one, _)| *one == version);
        open = others;
        store_all(instance, sender, version, same, &mut outcome).await?;
    }
    Ok(serde_json::to_value(outcome)?)
}

async fn store_all(
    instance: &Instance,
    sender: lrs::Sender,
    version: Version,
    mut batch: Vec<(usize, Version, lrs::Imported)>,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let mut later = Vec::new();
    while !batch.is_empty() {
        let imported: Vec<&lrs::Imported> = batch.iter().map(|(.., one)| one).collect();
        match instance.lrs.ingest().import(&imported, sender, version).await {
            Ok(posted) => {
                outcome.stored += posted.stored as u64;
                outcome.known += (batch.len() - posted.stored) as u64;
                batch = std::mem::take(&mut later);
            }
            Err(lrs::IngestError::Conflict { statement }) => {
                let (at, ..) = batch.remove(statement);
                outcome.aside.push((at, "/id".to_owned(), "an id that no other statement has".to_owned()));
            }
            Err(lrs::IngestError::Links { statement }) => {
                let (at, ..) = batch.remove(statement);
                outcome.aside.push((at, "/context/registration".to_owned(), lrs::UNLINKED.to_owned()));
            }
            // Of twins in one batch the second goes in after the first, and is known then, or in conflict.
            Err(lrs::IngestError::Repeated { statement }) => later.push(batch.remove(statement)),
            Err(lrs::IngestError::Full { retry_after }) => {
                tokio::time::sleep(std::time::Duration::from_secs(retry_after.into())).await;
            }
            Err(error) => return Err(error.into()),
        }
        if batch.is_empty() {
            batch = std::mem::take(&mut later);
        }
    }
    Ok(())
}

/// A statement that is found valid, or what was expected of it. Without a `timestamp` it gets the other store's
/// `stored`, which is what that store gave back for one.
fn imported(sent: Sent, run: Id, usual: Version) -> Result<(Version, lrs::Imported), Invalid> {
    let named = serde_json::from_str::<Named<'_>>(&sent.text).ok().and_then(|named| named.version);
    let version = match named {
        Some(version) if version.starts_with("1.") => Version::V1_0_3,
        Some(_) => Version::V2_0_0,
        None => usual,
    };
    let parse = |text: &str| xapi::parse::statement(text.as_bytes(), version, &xapi::Limits::default());
    let mut statement = parse(&sent.text)?;
    if let (None, Some(stored)) = (statement.timestamp, sent.stored) {
        statement = parse(&with_timestamp(&statement, stored))?;
    }
    statement.id.get_or_insert(Uuid::from_bytes(sent.id));
    let contents = sent.contents.iter().map(|content| STANDARD.decode(content));
    let contents: Vec<Vec<u8>> = contents.collect::<Result<_, _>>().map_err(|_| Invalid {
        statement: 0,
        path: "/attachments".into(),
        expected: "content in base64".into(),
    })?;
    let origin = lrs::Origin { run, stored: sent.stored };
    Ok((version, lrs::Imported::new(statement, contents, origin, version)?))
}

fn with_timestamp(statement: &Statement, at: i64) -> String {
    let inside = statement.text.strip_prefix('{').unwrap_or_default();
    format!("{{\"timestamp\":\"{}\",{inside}", xapi::time::format_timestamp(at))
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow, default)]
    version: Option<std::borrow::Cow<'a, str>>,
}
