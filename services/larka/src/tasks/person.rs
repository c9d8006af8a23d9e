//! What is known of one person's competence, and why: for that person, who asks for what is kept about them. Nobody else is
//! told; there is no page and no route.

use domain::Date;
use domain::competence::{FULL_SUPPORT, Kind, State};
use domain::frameworks::framework;
use eventlog::clock::Micros;
use serde_json::{Value, json};
use views::competence::{CompetenceLevel, EvidenceRow, of_person};

use crate::failure::Failure;
use crate::instance::Instance;

/// The levels of whoever is behind an agent's JSON on a day, each with its rule and all evidence that was looked at.
pub(crate) async fn competence(
    instance: &Instance,
    agent: &str,
    as_of: Option<&str>,
) -> Result<Value, Failure> {
    let agents: Vec<_> = instance.lrs.agents_of(agent).await?.into_iter().map(|agent| agent.0).collect();
    instance.worker.catch_up().await?;
    let now = instance.municipality.refresh().await?;
    let on = match as_of {
        Some(text) => text.parse().map_err(|_| Failure::setting("as-of", "a date as YYYY-MM-DD"))?,
        None => Date::in_sweden(instance.clock.now()),
    };
    let levels = of_person(&instance.views, &now.municipality, &agents, now.position, on).await?;
    Ok(json!({
        "as_of": on.to_string(),
        "position": now.position.0,
        "competences": levels.iter().map(level).collect::<Vec<_>>(),
    }))
}

fn level(of: &CompetenceLevel) -> Value {
    let (state, levels) = match of.state {
        State::Level(levels) => ("level", Some([levels.low, levels.high])),
        State::Unknown => ("unknown", None),
        State::Expired => ("expired", None),
        State::NotApplicable => ("not_applicable", None),
    };
    let name = framework(&of.framework).and_then(|framework| framework.competence(&of.competence));
    let mut said = json!({
        "framework": of.framework,
        "competence": of.competence,
        "name": name.map(|competence| &competence.name),
        "kind": of.kind.name(),
        "state": state,
        "level": levels,
        "rule": rule(of.kind),
        "evidence": of.evidence.iter().map(evidence).collect::<Vec<_>>(),
    });
    if let Some((survey, version)) = &of.instrument {
        said["survey"] = json!({ "id": survey, "version": version });
    }
    said
}

/// How the level follows from the evidence.
fn rule(kind: Kind) -> Value {
    let (sv, en) = match kind {
        Kind::Demonstrated => (
            format!(
                "Den högsta nivå där vikterna av det som räknas, på nivån eller högre, är minst {FULL_SUPPORT} tusendelar. \
                 Kopior av en aktivitet och omtag räknas en gång. Ett intervall räknas en gång med sin lägre och en gång \
                 med sin övre ände: nivån är mellan dem."
            ),
            format!(
                "The highest level where the weights of what counts, at the level or above, are {FULL_SUPPORT} thousandths or \
                 more. Copies of an activity and retakes count once. An interval counts once with its lower and once with its \
                 upper end: the level is between them."
            ),
        ),
        Kind::SelfAssessed => (
            "Det senaste svaret på enkäten där minst hälften av frågorna är besvarade: medelvärdet av frågorna om kompetensen, \
             avrundat. Med under hälften av dem besvarade är nivån okänd."
                .into(),
            "The latest answer to the survey with at least half of its questions answered: the mean of the questions about the \
             competence, rounded. With under half of them answered the level is unknown."
                .into(),
        ),
        Kind::Attested => (
            "Det senaste intyget av någon annan som inte är återkallat.".into(),
            "The latest attestation by somebody else that is not revoked.".into(),
        ),
    };
    json!({ "sv": sv, "en": en })
}

fn evidence(row: &EvidenceRow) -> Value {
    json!({
        "activity": row.activity,
        "counts_as": row.root,
        "observed": Date::in_sweden(Micros(row.observed_at)).to_string(),
        "level": [row.low, row.high],
        "weight": row.weight,
        "valid_until": row.valid_until.map(|day| day.to_string()),
        "counts": row.counts,
        "position": row.position.0,
    })
}
