//! What a survey is made of at first: a ready-made one, one that there is, or nothing.

use domain::Municipality;
use domain::events::SurveyDocuments;
use serde::Deserialize;
use views::definitions::Definitions;

use super::ready::READY;
use super::words::plain;
use crate::shell::Shell;
use crate::shell::problem::Problem;

/// The page's address.
pub(super) const NEW: &str = "/surveys/new";
/// Where a file is sent that the page is to begin with.
pub(super) const READ: &str = "/surveys/read";
/// Where a survey is to be had as a sheet.
pub(super) const SHEET: &str = "/surveys/sheet";
/// A definition of the greatest size, with what a form makes of it.
pub(super) const FORM_LIMIT: usize = 13 << 20;

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct From {
    pub(super) lang: Option<String>,
    /// A ready-made survey, by name.
    ready: Option<String>,
    /// A survey that there is, by IRI.
    survey: Option<String>,
    /// Its version.
    version: Option<String>,
}

/// What the form carries.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Made {
    pub(super) id: String,
    pub(super) version: String,
    /// Where the definition has none.
    #[serde(default)]
    pub(super) title: String,
    pub(super) definition: String,
    #[serde(default)]
    pub(super) scoring: String,
    #[serde(default)]
    pub(super) action: String,
}

pub(super) async fn begin(shell: &Shell, definitions: &Definitions, from: &From) -> Result<Made, Problem> {
    let known = shell.municipality.refresh().await?.municipality;
    if let Some(ready) = from.ready.as_deref().and_then(|name| READY.iter().find(|ready| ready.name == name))
    {
        let id = format!("urn:larka:{}", ready.name);
        return Ok(Made {
            version: next_version(&known, &id),
            id,
            definition: ready.definition.to_owned(),
            ..Made::default()
        });
    }
    let (Some(id), Some(version)) = (&from.survey, &from.version) else { return Ok(Made::default()) };
    let held = definitions.documents(&known, id, version).await?;
    let SurveyDocuments { definition, scoring } = held.ok_or(Problem::NotFound("survey"))?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| Problem::Internal);
    Ok(Made {
        id: id.clone(),
        version: next_version(&known, id),
        definition: text(definition)?,
        scoring: scoring.map(text).transpose()?.unwrap_or_default(),
        ..Made::default()
    })
}

/// The number after the greatest of a survey's versions.
fn next_version(known: &Municipality, id: &str) -> String {
    let versions = known.surveys.surveys().filter(|survey| survey.id == id);
    let numbers = versions.filter_map(|survey| survey.version.parse::<u64>().ok());
    (numbers.max().unwrap_or_default() + 1).to_string()
}

/// The id of a survey with this title, and its next version.
pub(super) fn new_id(known: &Municipality, title: &str) -> (String, String) {
    let id = format!("urn:larka:{}", plain(title));
    let version = next_version(known, &id);
    (id, version)
}
