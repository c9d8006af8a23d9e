//! Generates `schemas/frameworks/digcomp-3.0.json` from the European Commission's data supplement.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

const SOURCE: &str = "schemas/frameworks/source/digcomp-3.0-data-supplement.jsonld";
const TARGET: &str = "schemas/frameworks/digcomp-3.0.json";

/// Areas, as the Swedish administration names them.
const AREAS_SV: [&str; 5] = [
    "Sökning, bedömning och hantering av information",
    "Kommunikation och samarbete",
    "Skapande av innehåll",
    "Säkerhet, välbefinnande och ansvarsfullt användande",
    "Problemidentifiering och problemlösning",
];

/// Bands: code, the source's name, the Swedish name.
const BANDS: [(&str, &str, &str); 4] = [
    ("basic", "Basic", "Bas"),
    ("intermediate", "Intermediate", "Medel"),
    ("advanced", "Advanced", "Avancerad"),
    ("highly_advanced", "Highly advanced", "Mycket avancerad"),
];

/// Competences: our own translation.
const COMPETENCES_SV: [(&str, &str); 21] = [
    ("1.1", "Navigera, söka och filtrera information"),
    ("1.2", "Värdera information"),
    ("1.3", "Hantera information"),
    ("2.1", "Interagera genom och med digital teknik"),
    ("2.2", "Dela genom digital teknik"),
    ("2.3", "Delta i samhället genom digital teknik"),
    ("2.4", "Samarbeta genom digital teknik"),
    ("2.5", "Digitalt uppförande"),
    ("2.6", "Hantera digital identitet"),
    ("3.1", "Utveckla digitalt innehåll"),
    ("3.2", "Integrera och omarbeta digitalt innehåll"),
    ("3.3", "Upphovsrätt och licenser"),
    ("3.4", "Datalogiskt tänkande och programmering"),
    ("4.1", "Skydda enheter"),
    ("4.2", "Skydda personuppgifter och integritet"),
    ("4.3", "Främja välbefinnande"),
    ("4.4", "Den digitala teknikens miljöpåverkan"),
    ("5.1", "Identifiera och lösa tekniska problem"),
    ("5.2", "Identifiera behov och digitala lösningar"),
    ("5.3", "Hitta kreativa lösningar med digital teknik"),
    ("5.4", "Identifiera och möta behov av digital kompetens"),
];

/// Writes the frameworks under `root`, or with `check` compares what is there with what would be written.
pub(crate) fn generate(root: &Path, check: bool) -> anyhow::Result<()> {
    let source = std::fs::read_to_string(root.join(SOURCE)).with_context(|| format!("reading {SOURCE}"))?;
    let source: Value = serde_json::from_str(&source).with_context(|| format!("reading {SOURCE}"))?;
    let mut text = serde_json::to_string_pretty(&digcomp_3_0(&source)?)?;
    text.push('\n');
    let target = root.join(TARGET);
    if !check {
        return std::fs::write(&target, text).with_context(|| format!("writing {TARGET}"));
    }
    let there = std::fs::read_to_string(&target).with_context(|| format!("reading {TARGET}"))?;
    if there != text {
        bail!("{TARGET} is not what its source gives: run `cargo xtask generate`");
    }
    Ok(())
}

fn digcomp_3_0(source: &Value) -> anyhow::Result<Value> {
    let nodes = source["@graph"].as_array().context("the source has no @graph")?;
    let of_type = |name: &'static str| nodes.iter().filter(move |node| node["@type"] == name);
    let areas = of_type("CompetenceArea")
        .zip(AREAS_SV)
        .map(|(node, sv)| {
            Ok(json!({
                "code": tail(node, "@id")?,
                "name": { "sv": sv, "en": text(node, "name")? },
                "description": text(node, "description")?,
            }))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;

    let outcomes = of_type("LearningOutcome")
        .map(|node| {
            let kind = text(node, "type")?;
            let kind = TYPES.iter().find(|(name, _)| *name == kind).context("an outcome of no known type")?;
            Ok(json!({
                "code": tail(node, "@id")?,
                "competence": tail(node, "competence_id")?,
                "band": band(&tail(node, "four_levels_proficiency_name")?)?.0,
                "type": kind.1,
                "text": text(node, "description")?,
            }))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let competences = of_type("Competence")
        .map(|node| {
            let code = tail(node, "@id")?;
            let (_, sv) = COMPETENCES_SV
                .iter()
                .find(|(known, _)| *known == code)
                .with_context(|| format!("competence {code} has no Swedish name"))?;
            Ok(json!({
                "code": code,
                "area": tail(node, "competence_area_id")?,
                "name": { "sv": sv, "en": text(node, "name")? },
                "description": text(node, "description")?,
            }))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;

    let mut levels: Vec<_> = of_type("ProficiencyLevel").collect();
    levels.sort_by_key(|node| node["eight_levels_mapping"].as_u64());
    let bands = BANDS
        .iter()
        .map(|(code, en, sv)| {
            let mut within = levels.iter().filter(|node| node["four_levels_name"] == *en);
            let first = within.next().with_context(|| format!("the band {en} has no levels"))?;
            let last = within.next_back().unwrap_or(first);
            Ok(json!({
                "code": code,
                "name": { "sv": sv, "en": en },
                "low": first["eight_levels_mapping"],
                "high": last["eight_levels_mapping"],
                "description": text(first, "four_levels_description")?,
            }))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let levels = levels
        .iter()
        .map(|node| {
            Ok(json!({
                "level": node["eight_levels_mapping"],
                "band": band(&text(node, "four_levels_name")?)?.0,
                "label": text(node, "six_levels_mapping")?,
                "description": text(node, "eight_levels_description")?,
            }))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;

    if (areas.len(), competences.len(), levels.len(), outcomes.len()) != (5, 21, 8, 523) {
        bail!("expected 5 areas, 21 competences, 8 levels and 523 learning outcomes in {SOURCE}");
    }
    Ok(json!({
        "id": "digcomp-3.0",
        "version": "3.0",
        "name": { "sv": "DigComp 3.0", "en": "DigComp 3.0" },
        "source": {
            "publisher": "European Commission, Joint Research Centre",
            "title": "DigComp 3.0: European Digital Competence Framework, data supplement",
            "identifier": "JRC144121",
            "date": "2025-11-24",
            "license": "CC-BY-4.0",
            "attribution": {
                "sv": "DigComp 3.0, © Europeiska unionen 2025, Gemensamma forskningscentrumet (JRC144121), CC BY 4.0",
                "en": "DigComp 3.0, © European Union 2025, Joint Research Centre (JRC144121), CC BY 4.0",
            },
            "translation": {
                "sv": "De svenska namnen är vår egen översättning. Europeiska kommissionen har inte godkänt den.",
                "en": "The Swedish names are our own translation, not endorsed by the European Commission.",
            },
        },
        "areas": areas,
        "competences": competences,
        "bands": bands,
        "levels": levels,
        "outcomes": outcomes,
    }))
}

/// Types of outcome: the source's name and ours, in the order in which they are listed.
const TYPES: [(&str, &str); 3] = [("Knowledge", "knowledge"), ("Skill", "skill"), ("Attitude", "attitude")];

fn band(name: &str) -> anyhow::Result<&'static (&'static str, &'static str, &'static str)> {
    BANDS.iter().find(|(_, en, _)| *en == name).with_context(|| format!("no band is called {name}"))
}

fn text(node: &Value, field: &str) -> anyhow::Result<String> {
    Ok(node[field].as_str().with_context(|| format!("{} has no {field}", node["@id"]))?.to_owned())
}

/// What stands after the slash of an identifier such as `Competence/1.1`.
fn tail(node: &Value, field: &str) -> anyhow::Result<String> {
    let text = text(node, field)?;
    Ok(text.rsplit('/').next().unwrap_or_default().to_owned())
}
