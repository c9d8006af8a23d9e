//! `schemas/openapi/larka.json`: everything that is mounted, as one document.

use std::path::Path;

use anyhow::bail;

#[path = "../../services/larka/src/openapi.rs"]
mod described;

/// Writes the document, or fails where the committed one differs.
pub(crate) fn generate(root: &Path, check: bool) -> anyhow::Result<()> {
    let path = root.join("schemas/openapi/larka.json");
    let fresh = format!("{}\n", serde_json::to_string_pretty(&described::document()?)?);
    if !check {
        std::fs::create_dir_all(root.join("schemas/openapi"))?;
        std::fs::write(&path, fresh)?;
    } else if std::fs::read_to_string(&path).unwrap_or_default() != fresh {
        bail!("{} is not what the code describes; run `cargo xtask generate`", path.display());
    }
    Ok(())
}
