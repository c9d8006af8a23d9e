//! The rounds of today, answered as people would: on the answer pages, several at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::Date;
use domain::surveys::Surveys;
use serde_json::Value;
use synthetic::{Asked, Sheet, World};
use tokio::task::JoinSet;

use super::posting::Poster;
use crate::failure::Failure;
use crate::instance::Instance;

/// People who answer at the same time.
const AT_ONCE: usize = 16;
/// More pages than any of the surveys has.
const PAGES: usize = 20;
/// How often is looked whether a round has opened or closed, and for how long.
const PAUSE: Duration = Duration::from_millis(50);
const LOOKS: usize = 600;

/// A round that anybody can answer now.
pub(super) struct Open {
    /// Its id.
    pub(super) round: String,
    /// Its short code.
    pub(super) code: String,
    /// Its address as an SVG image.
    pub(super) qr: String,
}

/// Asks the staff in a round that nobody can link, closes it and has its ballot box emptied; gives its id.
pub(super) async fn staff(instance: &Instance, to: &Poster, world: &World) -> Result<String, Failure> {
    let Asked { round, sheets } = world.staff(Date::in_sweden(instance.clock.now()));
    let id = round.id.clone();
    post(to, &round).await?;
    until(instance, &id, |surveys| surveys.opened(&id).is_some()).await?;
    let invited = to.get_json(&format!("rounds/{id}/invitations")).await?;
    let code = typed(&invited["codes"][0]["code"]);
    let people = invited["people"].as_array().into_iter().flatten();
    let tokens: HashMap<&str, String> =
        people.filter_map(|one| Some((one["address"].as_str()?, typed(&one["code"])))).collect();
    // Who has left by now is not asked.
    let sheets = sheets.into_iter().filter_map(|sheet| {
        let token = tokens.get(sheet.who.as_str())?.clone();
        Some(Visit { code: code.clone(), token, sheet })
    });
    hand_in(to, sheets.collect()).await?;
    to.post_json(&format!("rounds/{id}/close"), &()).await?;
    until(instance, &id, |surveys| surveys.emptied(&id).is_some()).await?;
    Ok(id)
}

/// Asks guardians in a round, and closes it; gives its id.
pub(super) async fn guardians(instance: &Instance, to: &Poster, world: &World) -> Result<String, Failure> {
    let asked = world.guardians(Date::in_sweden(instance.clock.now()));
    let Open { round, .. } = by_links(instance, to, asked).await?;
    to.post_json(&format!("rounds/{round}/close"), &()).await?;
    Ok(round)
}

/// Asks them once more, in a round that stays open; gives the way in to it.
pub(super) async fn guardians_again(
    instance: &Instance,
    to: &Poster,
    world: &World,
) -> Result<Open, Failure> {
    by_links(instance, to, world.guardians_again(Date::in_sweden(instance.clock.now()))).await
}

async fn by_links(instance: &Instance, to: &Poster, asked: Asked) -> Result<Open, Failure> {
    let Asked { round, sheets } = asked;
    post(to, &round).await?;
    instance.municipality.refresh().await?;
    let invited = to.get_json(&format!("rounds/{}/invitations", round.id)).await?;
    let doors = invited["codes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let codes: HashMap<&str, String> =
        doors.iter().filter_map(|door| Some((door["unit"].as_str()?, typed(&door["code"])))).collect();
    let sheets = sheets.into_iter().filter_map(|sheet| {
        let code = codes.get(sheet.who.as_str())?.clone();
        Some(Visit { code, token: String::new(), sheet })
    });
    hand_in(to, sheets.collect()).await?;
    let door = doors.first().ok_or_else(|| Failure::new("a round of guardians has no code".to_owned()))?;
    Ok(Open {
        round: round.id,
        code: typed(&door["code"]),
        qr: door["qr"].as_str().unwrap_or_default().to_owned(),
    })
}

async fn post(to: &Poster, round: &domain::input::RoundInput) -> Result<(), Failure> {
    to.post_json("rounds", &domain::input::RoundsInput { rounds: vec![round.clone()] }).await
}

/// A code as it stands in an address.
fn typed(code: &Value) -> String {
    code.as_str().unwrap_or_default().replace('-', "")
}

/// Has the desk do what is due until it is done, rather than wait for its own turn, which may come between.
async fn until(instance: &Instance, round: &str, done: impl Fn(&Surveys) -> bool) -> Result<(), Failure> {
    let mut wrong = None;
    for _ in 0..LOOKS {
        instance.municipality.refresh().await?;
        let failed = instance.desk.turn().await;
        if failed.is_empty() && done(&instance.municipality.snapshot().municipality.surveys) {
            return Ok(());
        }
        wrong = failed.into_values().next().or(wrong);
        tokio::time::sleep(PAUSE).await;
    }
    let wrong = wrong.unwrap_or_else(|| "nothing is known of why".to_owned());
    Err(Failure::new(format!("the round {round} does not open or close: {wrong}")))
}

/// Somebody with a link.
struct Visit {
    code: String,
    /// The personal code; empty where there is none.
    token: String,
    sheet: Sheet,
}

async fn hand_in(to: &Poster, visits: Vec<Visit>) -> Result<(), Failure> {
    let visits = Arc::new(std::sync::Mutex::new(visits.into_iter()));
    let mut people = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (to, visits) = (to.clone(), Arc::clone(&visits));
        people.spawn(async move {
            loop {
                let next = visits.lock().map_or(None, |mut visits| visits.next());
                let Some(visit) = next else { return Ok::<(), Failure>(()) };
                answer(&to, &visit).await?;
            }
        });
    }
    while let Some(done) = people.join_next().await {
        done??;
    }
    Ok(())
}

/// Goes from page to page until there are no questions any more.
async fn answer(to: &Poster, visit: &Visit) -> Result<(), Failure> {
    let address = format!("{}/s/{}", to.address, visit.code);
    let mut form: Vec<(&str, String)> =
        vec![("#go", "start".to_owned()), ("#lang", "sv".to_owned()), ("#token", visit.token.clone())];
    for _ in 0..PAGES {
        let response = to.http.post(&address).form(&form).send().await?;
        let status = response.status();
        let page = response.text().await?;
        let shown: Vec<&str> = hidden(&page, "#shown").collect();
        let state = hidden(&page, "#state").next();
        let (true, Some(state)) = (status.is_success(), state) else {
            return Err(Failure::new(format!("an answer page was refused: {status}")));
        };
        if shown.is_empty() {
            return Ok(());
        }
        form = vec![("#go", "send".to_owned()), ("#state", state.to_owned())];
        let answers = visit.sheet.answers.iter().filter(|(question, _)| shown.contains(question));
        form.extend(answers.map(|(question, code)| (*question, (*code).to_owned())));
        form.extend(shown.into_iter().map(|question| ("#shown", question.to_owned())));
    }
    Err(Failure::new("a survey does not end".to_owned()))
}

/// The values of a page's hidden fields of a name. Those that are read are words without anything to unescape.
fn hidden<'a>(page: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let begin = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let values: Vec<&str> = page.split(&begin).skip(1).filter_map(|rest| rest.split('"').next()).collect();
    values.into_iter()
}
