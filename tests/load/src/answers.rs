//! Answers to 30 questions, handed in through the answer pages over 64 connections, beside single statements over as many
//! in the same run. An answer is acknowledged by the page that says thanks, which comes once it is on disk.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use domain::Date;
use domain::events::kind;
use eventlog::clock::SystemClock;
use eventlog::{EventLog, Options};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use views::municipality::Current;

use crate::client::{Connection, Request};
use crate::figures::{Http, Rate};
use crate::flags::{Backend, Flags};
use crate::place::Place;
use crate::sending::send;
use crate::server::{Server, encoded, form};
use crate::work::Work;

/// Questions of the survey.
const QUESTIONS: usize = 30;
const CONNECTIONS: usize = 64;
const SURVEY: &str = "https://larkby.example/enkater/belastning";
/// What the page says that thanks.
const THANKS: &str = "Tack, dina svar";
/// How many answers a second, of the single statements a second.
const WANTED: f64 = 0.5;
/// How long is waited for a round to open, and to be counted.
const PATIENCE: Duration = Duration::from_secs(120);
const REST: Duration = Duration::from_millis(50);

/// All of one database.
pub(crate) struct Answers {
    database: Backend,
    /// Single statements over as many connections.
    single: Http,
    modes: Vec<Handed>,
}

/// What became of the answers to one round.
struct Handed {
    mode: &'static str,
    /// People who were let in, and given the page with the questions.
    let_in: Rate,
    /// What was acknowledged; `stored` are answers that were found in the log at the end.
    http: Http,
    /// Statements that became of them.
    statements: u64,
}

/// One round on one database, of each mode so many people.
pub(crate) async fn measure(backend: Backend, flags: &Flags, work: &Work) -> Result<Answers> {
    let limit = Duration::from_secs_f64(flags.seconds);
    let place = Place::fresh(backend, flags).await?;
    let server = Server::start(&place, flags, work, "lrs,admin").await?;
    let single = send(&server, server.requests(work.timed(1)), CONNECTIONS, limit).await?;
    server.stop().await?;
    place.drop_now().await?;
    let mut modes = Vec::new();
    for mode in ["named", "unlinkable"] {
        modes.push(handed(backend, flags, work, mode).await?);
    }
    Ok(Answers { database: backend, single, modes })
}

async fn handed(backend: Backend, flags: &Flags, work: &Work, mode: &'static str) -> Result<Handed> {
    let limit = Duration::from_secs_f64(flags.seconds);
    let place = Place::fresh(backend, flags).await?;
    let server = Server::start(&place, flags, work, "lrs,admin,survey").await?;
    server.administer("organisation", &organisation(flags.answers)).await?;
    server.administer("surveys", &survey()).await?;
    server.administer("rounds", &json!({ "rounds": [round(mode)] })).await?;
    let invited = server.administered(&format!("rounds/{mode}/invitations")).await?;
    let typed = |code: &Value| code.as_str().unwrap_or_default().replace('-', "");
    let tokens: VecDeque<String> = invited["people"]
        .as_array()
        .context("nobody is invited")?
        .iter()
        .map(|one| typed(&one["code"]))
        .collect();
    let path = format!("/s/{}", typed(&invited["codes"][0]["code"]));
    opened(&server, &path).await?;

    let people = tokens.len() as u64;
    let began = Instant::now();
    let requests = let_in(&server, &path, tokens).await?;
    let let_in = Rate { count: people, seconds: began.elapsed().as_secs_f64() };
    let before = place.count(kind::STATEMENT).await?;
    let http = send(&server, requests, CONNECTIONS, limit).await?;
    let statements = place.count(kind::STATEMENT).await? - before;
    let stored = match mode {
        "unlinkable" => counted(&server, &place, mode).await?,
        _ => statements / (QUESTIONS as u64 + 1),
    };
    server.stop().await?;
    place.drop_now().await?;
    Ok(Handed { mode, let_in, http: Http { stored, ..http }, statements })
}

fn organisation(people: usize) -> Value {
    let person = |number: usize| {
        json!({
            "agents": [{ "account": { "homePage": "https://login.larkby.example", "name": format!("svarar-{number}") } }],
            "name": { "given": "Någon", "family": number.to_string() },
            "duties": [{ "unit": "BELASTNING", "role": "Lärare", "from": "2020-08-01" }],
        })
    };
    json!({
        "units": [{ "code": "BELASTNING", "name": "Belastade skolan", "kind": "huvudman" }],
        "persons": (0..people).map(person).collect::<Vec<_>>(),
    })
}

/// A staff survey: scales, two choices, two texts.
fn survey() -> Value {
    let question = |at: usize| {
        let mut question = match at % 15 {
            3 => json!({ "type": "radiogroup", "choices": ["1", "2", "3", "4"], "showDontKnowItem": true }),
            14 => json!({ "type": "comment", "maxLength": 500 }),
            _ => json!({ "type": "rating" }),
        };
        question["name"] = format!("q{at}").into();
        question["title"] = format!("Vad stämmer om påstående {at}?").into();
        question["isRequired"] = (at % 15 != 14).into();
        question
    };
    let questions: Vec<Value> = (0..QUESTIONS).map(question).collect();
    json!({ "surveys": [{
        "id": SURVEY, "version": "1", "title": { "sv": "Belastning" }, "definition": { "elements": questions },
    }] })
}

fn round(mode: &str) -> Value {
    let today = Date::in_sweden(SystemClock::shared().now());
    let day = |from_now: i32| Date::from_days(today.days() + from_now).to_string();
    json!({
        "id": mode, "survey": SURVEY, "version": "1", "title": { "sv": "Hösten" }, "mode": mode,
        "registration": "00000000-0000-4000-8000-00000000000b", "opens": day(-2), "closes": day(2),
        "audience": { "unit": "BELASTNING", "roles": ["Lärare"] },
    })
}

/// Waits until a round may be answered.
async fn opened(server: &Server<'_>, path: &str) -> Result<()> {
    let mut connection = Connection::open(server.address()).await?;
    let question = format!("GET {path} HTTP/1.1\r\nHost: load\r\nAccept-Language: sv\r\n\r\n");
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let (_, body) = connection.exchange(question.as_bytes()).await?;
        if String::from_utf8_lossy(body).contains("name=\"#token\"") {
            return Ok(());
        }
        tokio::time::sleep(REST).await;
    }
    bail!("the round does not open")
}

/// Lets everybody in, and gives what each of them hands in.
async fn let_in(server: &Server<'_>, path: &str, tokens: VecDeque<String>) -> Result<Vec<Request>> {
    let tokens = Arc::new(Mutex::new(tokens));
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (tokens, path) = (Arc::clone(&tokens), path.to_owned());
        let mut connection = Connection::open(server.address()).await?;
        tasks.spawn(async move {
            let next = || tokens.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let mut requests = Vec::new();
            while let Some(token) = next() {
                let begin = form(&path, &format!("%23go=start&%23lang=sv&%23token={token}"));
                let (status, body) = connection.exchange(&begin).await?;
                let page = std::str::from_utf8(body)?;
                let state = hidden(page, "#state").with_context(|| format!("answered {status}: {page}"))?;
                let bytes = form(&path, &filled_in(state, requests.len()));
                requests.push(Request { bytes, statements: 1, wanted: THANKS });
            }
            anyhow::Ok(requests)
        });
    }
    let mut all = Vec::new();
    while let Some(requests) = tasks.join_next().await {
        all.extend(requests??);
    }
    Ok(all)
}

/// The first value of a hidden field.
fn hidden<'a>(page: &'a str, name: &str) -> Option<&'a str> {
    let begin = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    page.split_once(&begin)?.1.split('"').next()
}

/// What a browser sends of the page.
fn filled_in(state: &str, number: usize) -> String {
    let mut text = format!("%23state={}&%23go=send", encoded(state.as_bytes(), b""));
    for at in 0..QUESTIONS {
        let answer = match at % 15 {
            14 => encoded(format!("Det fungerar för det mesta, sade nummer {number}.").as_bytes(), b""),
            _ => (1 + (number + at) % 4).to_string(),
        };
        text.push_str(&format!("&%23shown=q{at}&q{at}={answer}"));
    }
    text
}

/// Closes a round that nobody can link: how many answers came out of its box.
async fn counted(server: &Server<'_>, place: &Place, round: &str) -> Result<u64> {
    server.administer(&format!("rounds/{round}/close"), &json!({})).await?;
    let began = Instant::now();
    while place.count(kind::ROUND_BALLOTS).await? == 0 {
        if began.elapsed() > PATIENCE {
            bail!("the ballot box is not emptied");
        }
        tokio::time::sleep(REST).await;
    }
    let log = EventLog::open(Options::new(place.log(), SystemClock::shared())).await?;
    let municipality = Current::open(log.clone()).await?.snapshot().municipality;
    log.close().await;
    let emptied = municipality.surveys.emptied(round).context("nothing came out of the ballot box")?;
    if emptied.answers != emptied.voted {
        bail!("{} answers of {} who voted", emptied.answers, emptied.voted);
    }
    Ok(u64::from(emptied.answers))
}

impl Answers {
    /// The better of each figure.
    pub(crate) fn best(self, other: Self) -> Self {
        let better = |one: Handed, other: Handed| {
            if other.http.rate().a_second() > one.http.rate().a_second() { other } else { one }
        };
        let modes = self.modes.into_iter().zip(other.modes).map(|(one, other)| better(one, other)).collect();
        Self { single: self.single.best(other.single), modes, ..self }
    }

    /// Answers a second of the single statements a second.
    fn ratio(&self, handed: &Handed) -> f64 {
        handed.http.rate().a_second() / self.single.rate().a_second()
    }

    pub(crate) fn json(&self) -> Value {
        let modes = self.modes.iter().map(|handed| {
            json!({
                "mode": handed.mode, "let_in": handed.let_in, "handed_in": handed.http.json(),
                "statements": handed.statements, "ratio": self.ratio(handed), "wanted": WANTED,
            })
        });
        json!({ "database": self.database, "single": self.single.json(), "modes": modes.collect::<Vec<_>>() })
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}, answers to {QUESTIONS} questions", self.database.name())?;
        writeln!(
            f,
            "\nover HTTP, 64 connections      a second  batch  median    99 %  CPU client  server  database"
        )?;
        let mut line = |name: &str, http: &Http| {
            writeln!(
                f,
                "  {name:<28}{:>9.0}{:>7.1}{:>6.1} ms{:>6.1} ms{:>9.2} s{:>6.2} s{:>8.2} s",
                http.rate().a_second(),
                http.batch,
                http.median_ms,
                http.p99_ms,
                http.client_cpu,
                http.server_cpu,
                http.database_cpu
            )
        };
        line("single statements", &self.single)?;
        for handed in &self.modes {
            line(&format!("answers, {}", handed.mode), &handed.http)?;
        }
        writeln!(
            f,
            "\nof single statements           measured  wanted  statements a second  let in a second"
        )?;
        for handed in &self.modes {
            let statements = handed.statements as f64 / handed.http.seconds;
            writeln!(
                f,
                "  answers, {:<19}{:>9.2}{:>8.2}{statements:>21.0}{:>17.0}",
                handed.mode,
                self.ratio(handed),
                WANTED,
                handed.let_in.a_second()
            )?;
        }
        Ok(())
    }
}
