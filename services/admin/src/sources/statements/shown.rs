//! What is shown of single statements, as the API's document says it; it is written by whoever reads them.

use utoipa::ToSchema;

/// Where a statement comes from.
#[derive(ToSchema)]
#[schema(as = Provenance)]
#[allow(dead_code, reason = "describes what the reader of statements shows")]
pub(crate) struct ProvenanceShown {
    #[schema(format = "uuid")]
    statement: String,
    position: u64,
    #[schema(format = DateTime)]
    stored: String,
    /// The key of the credential that vouches for it.
    credential: Option<String>,
    /// Where it was before, if it was imported.
    original: Option<Original>,
}

/// Where an imported statement was before.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the reader of statements shows")]
struct Original {
    /// The run of the import.
    #[schema(format = "uuid")]
    run: String,
    #[schema(format = DateTime)]
    stored: Option<String>,
    /// What it came out of.
    source: Option<String>,
    /// Whether that run has ended.
    ended: Option<bool>,
    /// Who vouched for it there: an xAPI agent, as long as nobody in it was erased.
    authority: Option<serde_json::Value>,
}
