//! From what was passed and answered to levels, each with its evidence.

use std::collections::BTreeMap;

use domain::competence::{self, Instrument, ItemAnswer, Kind, Requirements, State};
use domain::statement::{AgentRole, ObjectFacts, Score, Version};
use domain::{Date, Municipality, StatementFacts, verbs};
use eventlog::clock::Micros;
use eventlog::event::{Key, Position};
use eventlog::projection::Views;

use super::rows;
use super::source::{Said, Source};
use crate::ViewError;

/// What can be said of a person's level in a competence, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompetenceLevel {
    /// The framework's id.
    pub framework: String,
    /// The competence's code.
    pub competence: String,
    /// From which kind of evidence. Kinds are never mixed.
    pub kind: Kind,
    /// For self-assessment the survey and its version: answers to two instruments are never merged.
    pub instrument: Option<(String, String)>,
    /// The level, or that there is none.
    pub state: State,
    /// Everything that was looked at, in the order of the log; also what no longer counts.
    pub evidence: Vec<EvidenceRow>,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceRow {
    /// The statement it comes from.
    pub position: Position,
    /// The agent that acted.
    pub agent: Key,
    /// The activity that was passed or answered.
    pub activity: String,
    /// What counts once: the root of the activity's chain of copies.
    pub root: String,
    /// The lowest level it shows.
    pub low: u8,
    /// The highest level it shows.
    pub high: u8,
    /// How much it counts, in thousandths.
    pub weight: u32,
    /// When it was observed, in microseconds since 1970.
    pub observed_at: i64,
    /// The last day on which it counts; none: it always does.
    pub valid_until: Option<Date>,
    /// Whether it counts on the day that was asked about; of what was demonstrated twice the latest does.
    pub counts: bool,
}

/// The levels of a person on a day, by framework, competence, kind and instrument: what all of the person's agents
/// passed and answered up to a position, by the rules and surveys of `municipality`.
///
/// # Errors
/// The database fails, or the view is being built.
pub async fn of_person(
    views: &Views,
    municipality: &Municipality,
    agents: &[Key],
    through: Position,
    on: Date,
) -> Result<Vec<CompetenceLevel>, ViewError> {
    let sources = rows::of_agents(views, agents, through).await?;
    let facts: Vec<StatementFacts> = sources.iter().map(facts).collect();
    let mut levels = demonstrated(municipality, &sources, &facts, on);
    levels.extend(self_assessed(municipality, &sources, &facts, on));
    Ok(levels)
}

fn demonstrated(
    municipality: &Municipality,
    sources: &[Source],
    facts: &[StatementFacts],
    on: Date,
) -> Vec<CompetenceLevel> {
    type Shown<'a> = (Vec<competence::Evidence<'a>>, Vec<EvidenceRow>);
    let mut found: BTreeMap<(&str, &str), Shown<'_>> = BTreeMap::new();
    for (source, facts) in sources.iter().zip(facts) {
        for evidence in municipality.evidence(facts, Micros(source.observed_at), source.position) {
            if evidence.kind == Kind::Demonstrated {
                let (all, rows) = found.entry((evidence.framework, evidence.competence)).or_default();
                rows.push(row(source, &evidence, on));
                all.push(evidence);
            }
        }
    }
    let level = |((framework, competence), (all, mut evidence)): ((&str, &str), Shown<'_>)| {
        for (row, counts) in evidence.iter_mut().zip(competence::counting(&all, on)) {
            row.counts = counts;
        }
        CompetenceLevel {
            framework: framework.to_owned(),
            competence: competence.to_owned(),
            kind: Kind::Demonstrated,
            instrument: None,
            state: competence::demonstrated(&all, &Requirements::none(), on),
            evidence,
        }
    };
    found.into_iter().map(level).collect()
}

/// All answers of one person to one version of a survey.
#[derive(Default)]
struct Answers<'a> {
    items: Vec<ItemAnswer<'a>>,
    rows: BTreeMap<(&'a str, &'a str), Vec<EvidenceRow>>,
}

fn self_assessed(
    municipality: &Municipality,
    sources: &[Source],
    facts: &[StatementFacts],
    on: Date,
) -> Vec<CompetenceLevel> {
    let mut instruments: BTreeMap<(&str, &str), (Instrument<'_>, Answers<'_>)> = BTreeMap::new();
    for (source, facts) in sources.iter().zip(facts) {
        let Some(asked) = municipality.answered(facts, Micros(source.observed_at)) else { continue };
        let key = (asked.survey.id.as_str(), asked.survey.version.as_str());
        let (_, answers) =
            instruments.entry(key).or_insert_with(|| (Instrument::of(asked.survey), Answers::default()));
        let evidence = municipality.evidence(facts, Micros(source.observed_at), source.position);
        let claim = evidence.iter().find(|evidence| evidence.kind == Kind::SelfAssessed);
        answers.items.push(ItemAnswer {
            sitting: source.registration,
            item: &asked.item.activity,
            level: claim.map(|evidence| evidence.low),
            points: None,
            observed_at: source.observed_at,
            position: source.position.0,
        });
        if let Some(claim) = claim {
            let rows = answers.rows.entry((claim.framework, claim.competence)).or_default();
            rows.push(row(source, claim, on));
        }
    }
    let mut levels = Vec::new();
    for ((survey, version), (instrument, mut answers)) in instruments {
        for ((framework, competence), state) in competence::self_assessed(&instrument, &answers.items, on) {
            levels.push(CompetenceLevel {
                framework: framework.to_owned(),
                competence: competence.to_owned(),
                kind: Kind::SelfAssessed,
                instrument: Some((survey.to_owned(), version.to_owned())),
                state,
                evidence: answers.rows.remove(&(framework, competence)).unwrap_or_default(),
            });
        }
    }
    levels
}

fn row(source: &Source, evidence: &competence::Evidence<'_>, on: Date) -> EvidenceRow {
    EvidenceRow {
        position: source.position,
        agent: source.agent,
        activity: source.activity.clone(),
        root: evidence.root.to_owned(),
        low: evidence.low,
        high: evidence.high,
        weight: evidence.weight,
        observed_at: source.observed_at,
        valid_until: evidence.valid_until,
        counts: evidence.counts_on(on),
    }
}

/// As much of the statement as evidence follows from, for domain's rules to judge.
fn facts(source: &Source) -> StatementFacts {
    let (verb, response) = match &source.said {
        Said::Passed => (verbs::PASSED, Vec::new()),
        Said::Answered(codes) => (verbs::ANSWERED, codes.clone()),
    };
    StatementFacts {
        id: Key::default(),
        agents: vec![(AgentRole::Actor, source.agent)],
        actor_is_group: false,
        verb: verb.to_owned(),
        object: ObjectFacts::Activity(source.activity.clone()),
        registration: source.registration,
        timestamp: Some(source.observed_at),
        success: None,
        completion: None,
        score: Score::default(),
        duration_cs: None,
        response,
        activities: Vec::new(),
        xapi_version: Version::V2_0_0,
        attachments_from: None,
        origin: None,
        untracked: false,
        voids_own: false,
    }
}
