//! Rounds that nobody can link, in the log of an instance that is not running: one is opened and emptied, or one is read.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use domain::events::{
    Answered, Ballot, RoundBallotsFacts, RoundFacts, RoundMode, RoundOpenedFacts, Scale, Stratum,
    SurveyFacts, kind,
};
use domain::strata::{Roll, strata};
use domain::{Date, Facts, Municipality, Text};
use eventlog::clock::SystemClock;
use eventlog::{Append, EventLog, Location, Options, Position};
use serde_json::{Value, json};
use synthetic::{Asked, World};

use crate::Instance;

/// The smallest group of such a round.
const SMALLEST: u32 = 5;
/// More events than there are of the municipality.
const ALL: usize = 1_000_000;

/// A round like another, as [`add`] makes it.
#[derive(Debug, Clone)]
pub struct Boxed {
    /// The id of the round that it is like.
    pub like: String,
    /// Its own.
    pub id: String,
    /// Its first day and its last.
    pub days: [String; 2],
    /// Its registration.
    pub registration: [u8; 16],
}

/// Adds the round to an embedded instance's log: its strata, and the answers of four in five of those asked, made up from a
/// seed. Gives the round as whoever registers one says it, and with it, in `boxed`, its strata and answers.
pub async fn add(instance: &Instance, boxed: &Boxed, rounds: &Value, seed: u64) -> Result<Value> {
    let (log, municipality) = opened(instance).await?;
    let surveys = &municipality.surveys;
    let like = &surveys.round(&boxed.like).context("the round that it is like")?.facts;
    let survey = surveys.survey_of(like).context("its survey")?;
    let round = RoundFacts {
        id: boxed.id.clone(),
        title: Text::new("I valurnan", "In the box"),
        mode: RoundMode::Unlinkable,
        registration: boxed.registration,
        opens: boxed.days[0].parse().map_err(|_| anyhow::anyhow!("a date"))?,
        closes: boxed.days[1].parse().map_err(|_| anyhow::anyhow!("a date"))?,
        ..like.clone()
    };
    let Roll { strata, of } = strata(&round, &municipality.organisation, SMALLEST);
    let mut dice = seed.wrapping_mul(2_654_435_769) + 1;
    let mut throw = |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let scale = |id: &str| survey.scales.iter().find(|scale: &&Scale| scale.id == id);
    let mut answers = Vec::new();
    for stratum in of.values() {
        if throw(5) == 0 {
            continue;
        }
        let mut codes = Vec::new();
        let group = strata[*stratum as usize].group.as_deref();
        for (item, asked) in (0..).zip(&survey.items).filter(|(_, item)| item.is_asked_of(group)) {
            let codes_of = &scale(&asked.scale).context("a scale")?.codes;
            // Most are of one mind.
            let place = throw(codes_of.len() as u64).min(throw(codes_of.len() as u64));
            if throw(12) > 0 {
                // Of several two that stand beside each other, but at the end.
                let several = usize::from(asked.several);
                let chosen = codes_of.iter().skip(place as usize).take(1 + several);
                codes.push(Answered { item, codes: chosen.map(|code| code.code.clone()).collect() });
            }
        }
        answers.push(Ballot { stratum: *stratum, codes });
    }
    answers.sort();
    let told = told(survey, &strata, &answers);
    let number = |last: u8| {
        let mut id = boxed.registration;
        id[15] = 200 + last;
        id
    };
    let voted = u32::try_from(answers.len())?;
    let id = round.id.clone();
    let events = vec![
        round.event(number(1)),
        RoundOpenedFacts { round: id.clone(), smallest: SMALLEST, strata }.event(number(2)),
        RoundBallotsFacts { round: id, voted, answers }.event(number(3)),
    ];
    log.append(Append { events, ..Append::default() }).await?;
    log.close().await;

    let all = rounds["rounds"].as_array().context("rounds")?;
    let mut said = all.iter().find(|one| one["id"] == boxed.like.as_str()).context("the round")?.clone();
    said["id"] = boxed.id.as_str().into();
    said["title"] = json!({ "sv": "I valurnan", "en": "In the box" });
    said["mode"] = "unlinkable".into();
    said["opens"] = boxed.days[0].as_str().into();
    said["closes"] = boxed.days[1].as_str().into();
    said["boxed"] = told;
    Ok(said)
}

/// The rounds that the demo had answered today, in an instance that is not running, as [`add`] gives one.
pub async fn today(instance: &Instance, world: &World) -> Result<[Value; 3]> {
    let today = Date::in_sweden(SystemClock::shared().now());
    let staff = world.staff(today).round;
    let mut said = serde_json::to_value(&staff)?;
    said["closes"] = today.to_string().into();
    said["boxed"] = read(instance, &staff.id).await?;
    let mut guardians = of_links(&world.guardians(today))?;
    guardians["closes"] = today.to_string().into();
    Ok([said, guardians, of_links(&world.guardians_again(today))?])
}

/// A round of guardians, with its answers as of people of whom nobody knows more than the link they came by.
fn of_links(Asked { round, sheets }: &Asked) -> Result<Value> {
    let mut said = serde_json::to_value(round)?;
    let links = &round.guardians.as_ref().context("links")?.links;
    let strata = links.iter().map(|link| json!({ "units": [link.unit], "people": link.pupils }));
    let ballots = sheets.iter().map(|sheet| {
        let codes: BTreeMap<_, _> = sheet.answers.iter().map(|(item, code)| (item, [code])).collect();
        json!({ "stratum": links.iter().position(|link| link.unit == sheet.who), "codes": codes })
    });
    said["boxed"] = json!({ "strata": strata.collect::<Vec<_>>(), "ballots": ballots.collect::<Vec<_>>() });
    Ok(said)
}

async fn read(instance: &Instance, round: &str) -> Result<Value> {
    let (log, municipality) = opened(instance).await?;
    let surveys = &municipality.surveys;
    let facts = &surveys.round(round).context("the round")?.facts;
    let survey = surveys.survey_of(facts).context("its survey")?;
    let strata = &surveys.opened(round).context("its opening")?.strata;
    let at = surveys.emptied(round).context("its answers")?.position;
    let event =
        log.read_kinds(&[kind::ROUND_BALLOTS], Position(at.0 - 1), 1).await?.pop().context("its answers")?;
    let ballots = RoundBallotsFacts::decode(event.schema, &event.facts)?;
    log.close().await;
    Ok(told(survey, strata, &ballots.answers))
}

/// The log of an instance that is not running, and what is known in it.
async fn opened(instance: &Instance) -> Result<(EventLog, Municipality)> {
    let location = Location::sqlite(instance.folder().join("log.db"));
    let log = EventLog::open(Options::new(location, SystemClock::shared())).await?;
    let events = log.read_kinds(Municipality::KINDS, Position(0), ALL).await?;
    let municipality = Municipality::fold(&events)?;
    Ok((log, municipality))
}

fn told(survey: &SurveyFacts, strata: &[Stratum], answers: &[Ballot]) -> Value {
    let named = |ballot: &Ballot| {
        let chosen = ballot.codes.iter();
        let codes: BTreeMap<&str, &Vec<String>> =
            chosen.map(|one| (survey.items[usize::from(one.item)].name.as_str(), &one.codes)).collect();
        json!({ "stratum": ballot.stratum, "codes": codes })
    };
    let told: Vec<Value> = answers.iter().map(named).collect();
    let strata = strata.iter().map(
        |stratum| json!({ "units": stratum.all_units(), "roles": stratum.roles, "people": stratum.people, "group": stratum.group }),
    );
    json!({ "strata": strata.collect::<Vec<_>>(), "ballots": told })
}
