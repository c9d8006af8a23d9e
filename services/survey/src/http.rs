//! Requests and answers.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Form, Path, Query, Request, State as Shared};
use axum::http::{Extensions, HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::middleware::{Next as Inner, from_fn_with_state};
use axum::routing::get;
use chrono::NaiveDateTime;
use forms::answers::{Fault, MAX_ANSWER_BYTES, look};
use forms::question::RESPONDENT_GROUP;
use serde_json::Map;
use tokio::sync::Semaphore;

use crate::desk::{Admitted, Asked, Desk, DeskFailure, Entry, HandedIn, Stage, typed_code};
use crate::drawn::Drawn;
use crate::guesses::Guesses;
use crate::limits::Limits;
use crate::live::Live;
use crate::pages::{self, Barred, Questions, TokenFault};
use crate::refusing::{accepts, busy, later, too_often, unknown, unread};
use crate::seal::{NoChance, Seal, State, drawn};
use crate::step::{self, Go, Next, Notice, field};
use crate::tongue::{Tongue, wanted};
use crate::{assets, frame};

/// Longest code that is looked for.
const LONGEST_CODE: usize = 64;

/// What the pages are made of.
pub struct Options {
    /// Keeps rounds and takes answers.
    pub desk: Arc<dyn Desk>,
    /// A secret of the instance, the same on every node: answers so far are sealed under it.
    pub key: [u8; 32],
    /// The time in Sweden.
    pub now: Arc<dyn Fn() -> NaiveDateTime + Send + Sync>,
    /// The network that a wrong code counts for; none where an address may be everybody's, as a proxy's is.
    pub visitor: Arc<dyn Fn(IpAddr) -> Option<IpAddr> + Send + Sync>,
    /// How much is taken of strangers.
    pub limits: Limits,
}

/// The pages: `/s/`, `/s/{code}` and `/s/assets/{file}`. The address of who asks is read in `ConnectInfo`.
pub fn router(options: Options) -> Router {
    let Options { desk, key, now, visitor, limits } = options;
    let (seal, guesses, places) = (Seal::new(&key), Guesses::new(&limits), Semaphore::new(limits.at_once));
    let door = Arc::new(Door { desk, seal, now, visitor, guesses, places });
    Router::new()
        .route("/s/", get(type_code).post(go_to_code))
        .route("/s/{code}", get(start).post(step_on))
        .route("/s/assets/{file}", get(asset))
        .layer(DefaultBodyLimit::max(limits.body))
        .layer(from_fn_with_state(Arc::clone(&door), bounded))
        .with_state(door)
}

struct Door {
    desk: Arc<dyn Desk>,
    seal: Seal,
    now: Arc<dyn Fn() -> NaiveDateTime + Send + Sync>,
    visitor: Arc<dyn Fn(IpAddr) -> Option<IpAddr> + Send + Sync>,
    guesses: Guesses,
    places: Semaphore,
}

type Answer = Response<Body>;
/// A field of a form: name and value.
type Fields = Vec<(String, String)>;
/// What stands behind an address.
type Wanted = Result<Query<Fields>, QueryRejection>;

async fn bounded(Shared(door): Shared<Arc<Door>>, request: Request, inner: Inner) -> Answer {
    match door.places.try_acquire() {
        Ok(_place) => inner.run(request).await,
        Err(_) => busy(request.headers()),
    }
}

async fn asset(path: Result<Path<String>, PathRejection>, headers: HeaderMap) -> Answer {
    path.ok().and_then(|Path(name)| assets::file(&name, &headers)).unwrap_or_else(|| {
        let html = pages::plainly(("Sidan finns inte", "There is no such page"), ("", ""));
        frame::answer(StatusCode::NOT_FOUND, html, &headers)
    })
}

async fn type_code(query: Wanted, headers: HeaderMap) -> Answer {
    let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
    let lang = match value(&query, "lang") {
        "sv" => "sv",
        "en" => "en",
        _ => pages::own_language(accepts(&headers)),
    };
    frame::answer(StatusCode::OK, pages::code(lang, value(&query, field::CODE), false), &headers)
}

async fn go_to_code(headers: HeaderMap, form: Result<Form<Fields>, FormRejection>) -> Answer {
    let fields = match form {
        Ok(Form(fields)) => fields,
        Err(rejection) => return unread(&rejection, &headers),
    };
    let code = typed_code(value(&fields, field::CODE));
    if !is_code(&code) {
        return unknown(value(&fields, field::CODE), &headers);
    }
    let mut answer = frame::answer(StatusCode::SEE_OTHER, String::new(), &headers);
    if let Ok(place) = HeaderValue::try_from(format!("/s/{code}")) {
        answer.headers_mut().insert(header::LOCATION, place);
    }
    answer
}

async fn start(
    Shared(door): Shared<Arc<Door>>,
    path: Result<Path<String>, PathRejection>,
    query: Wanted,
    headers: HeaderMap,
    extensions: Extensions,
) -> Answer {
    let asked = match door.find(path, &headers, &extensions, |_| false).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
    // A link, or a form's button.
    let wanted = if chosen(&query).is_empty() { value(&query, "lang") } else { chosen(&query) };
    let tag = language(&asked, wanted, &headers);
    match stands_open(&asked, (door.now)()) {
        Ok(()) => frame::answer(StatusCode::OK, pages::start(&asked, &tag, "", None, &[]), &headers),
        Err(why) => frame::answer(StatusCode::OK, pages::barred(&asked, &tag, why, &[]), &headers),
    }
}

async fn step_on(
    Shared(door): Shared<Arc<Door>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    extensions: Extensions,
    form: Result<Form<Fields>, FormRejection>,
) -> Answer {
    let fields = match form {
        Ok(Form(fields)) => fields,
        Err(rejection) => return unread(&rejection, &headers),
    };
    let mut state = None;
    let sealed = value(&fields, field::STATE);
    let found = door.find(path, &headers, &extensions, |asked| {
        state = door.seal.open(asked, sealed);
        state.is_some()
    });
    let asked = match found.await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let visit = Visit { door: &door, asked: &asked, headers: &headers };
    let answered = match state {
        Some(state) => visit.step(state, &fields).await,
        None if sealed.is_empty() => visit.begin(&fields, door.network(&extensions)).await,
        None => {
            let tag = language(&asked, chosen(&fields), &headers);
            let html = pages::unreadable(&asked, &tag, &carried(&fields));
            Ok(visit.answer(StatusCode::BAD_REQUEST, html))
        }
    };
    answered.unwrap_or_else(|Unwell| busy(&headers))
}

/// Nothing can be answered at the moment, through no fault of who asks.
struct Unwell;

impl From<NoChance> for Unwell {
    fn from(error: NoChance) -> Self {
        tracing::error!(%error, "answer pages cannot be made");
        Self
    }
}

impl From<DeskFailure> for Unwell {
    fn from(error: DeskFailure) -> Self {
        tracing::error!(%error, "answer pages cannot be made");
        Self
    }
}

impl Door {
    fn network(&self, extensions: &Extensions) -> Option<IpAddr> {
        let from = extensions.get::<ConnectInfo<SocketAddr>>();
        from.and_then(|ConnectInfo(from)| (self.visitor)(from.ip()))
    }

    /// The round that a code leads to. Who tried too many that are none waits, but for those who are at it already
    /// (`inside`).
    async fn find(
        &self,
        path: Result<Path<String>, PathRejection>,
        headers: &HeaderMap,
        extensions: &Extensions,
        inside: impl FnOnce(&Asked) -> bool,
    ) -> Result<Asked, Answer> {
        let code = path.map(|Path(code)| typed_code(&code)).unwrap_or_default();
        let found = if is_code(&code) { self.desk.find(&code).await } else { Ok(None) };
        let found = found.map_err(|failure| {
            let Unwell = failure.into();
            busy(headers)
        })?;
        if let Some(asked) = found.as_ref().filter(|asked| inside(asked)) {
            return Ok(asked.clone());
        }
        let (network, now) = (self.network(extensions), Instant::now());
        if let Some(seconds) = self.guesses.wait(network, now) {
            return Err(too_often(seconds, headers));
        }
        found.ok_or_else(|| {
            self.guesses.wrong(network, now);
            unknown(&code, headers)
        })
    }
}

/// A request about one round.
struct Visit<'a> {
    door: &'a Door,
    asked: &'a Asked,
    headers: &'a HeaderMap,
}

impl Visit<'_> {
    fn answer(&self, status: StatusCode, html: String) -> Answer {
        frame::answer(status, html, self.headers)
    }

    /// Lets somebody in and shows the first page.
    async fn begin(&self, fields: &Fields, network: Option<IpAddr>) -> Result<Answer, Unwell> {
        let asked = self.asked;
        let tag = language(asked, chosen(fields), self.headers);
        if let Err(why) = stands_open(asked, (self.door.now)()) {
            return Ok(self.answer(StatusCode::OK, pages::barred(asked, &tag, why, &[])));
        }
        let typed = value(fields, field::TOKEN);
        // Where the button of another language was pressed, no other was.
        if !value(fields, field::LANGUAGE).is_empty() && value(fields, field::GO).is_empty() {
            let html = pages::start(asked, &tag, typed, None, &carried(fields));
            return Ok(self.answer(StatusCode::OK, html));
        }
        let token = (asked.entry == Entry::Personal).then(|| typed_code(typed));
        let mut group = asked.group.clone();
        if let Some(token) = &token {
            let fault = match token.as_str() {
                "" => Some(TokenFault::Missing),
                token if !is_code(token) => Some(TokenFault::Unknown),
                token => match self.door.desk.admit(asked, token).await? {
                    Admitted::Unknown => Some(TokenFault::Unknown),
                    Admitted::Answered(_) if !asked.rules.again => {
                        let again = [(field::TOKEN, typed), (field::GO, "start")];
                        let html = pages::barred(asked, &tag, Barred::Answered, &again);
                        return Ok(self.answer(StatusCode::OK, html));
                    }
                    Admitted::Answered(own) | Admitted::Welcome(own) => {
                        group = own;
                        None
                    }
                },
            };
            if let Some(fault) = fault {
                if fault == TokenFault::Unknown {
                    self.door.guesses.wrong(network, Instant::now());
                }
                let html = pages::start(asked, &tag, typed, Some(fault), &carried(fields));
                return Ok(self.answer(StatusCode::OK, html));
            }
        }
        let mut state =
            State { submission: drawn()?, token, language: tag, page: 0, answers: Map::new(), sent: false };
        state.answers.extend(group.map(|group| (RESPONDENT_GROUP.to_owned(), group.into())));
        step::fill_in(&asked.definition, &mut state, fields);
        state.page = step::first_page(&look(&asked.definition, &state.answers, (self.door.now)()));
        self.page(&state, &[], None)
    }

    /// Goes on from a page that was filled in.
    async fn step(&self, mut state: State, fields: &Fields) -> Result<Answer, Unwell> {
        let asked = self.asked;
        let wanted = value(fields, field::LANGUAGE);
        if let Some(tag) = asked.definition.languages.iter().find(|tag| *tag == wanted) {
            state.language.clone_from(tag);
        }
        if state.sent {
            return self.thanks(state);
        }
        let barred = match asked.stage {
            Stage::Scheduled { opens } => Some(scheduled(opens, (self.door.now)())),
            Stage::Closed { late: false } => Some(Barred::ClosedMeanwhile),
            Stage::Open { .. } | Stage::Closed { late: true } => None,
        };
        if let Some(why) = barred {
            return self.barred(&state, why, StatusCode::OK);
        }
        let mut go = match value(fields, field::GO) {
            // A language was chosen.
            "" if !wanted.is_empty() => Go::Stay,
            pressed => Go::named(pressed),
        };
        if go == Go::SendPart && !asked.rules.partial {
            go = Go::Send;
        }
        let next = step::step(&asked.definition, &mut state, fields, go, (self.door.now)());
        if serde_json::to_string(&state.answers).map_or(0, |text| text.len()) > MAX_ANSWER_BYTES {
            return self.barred(&state, Barred::TooLong, StatusCode::PAYLOAD_TOO_LARGE);
        }
        match next {
            Next::Page { faults, notice } => self.page(&state, &faults, notice),
            Next::HandIn { answers, complete } => {
                let (token, submission) = (state.token.clone(), state.submission);
                let handed = HandedIn { token, submission, answers, complete };
                let outcome = match self.door.desk.take(asked, handed).await {
                    Ok(outcome) => outcome,
                    Err(failure) => {
                        let Unwell = failure.into();
                        let answer = self.barred(&state, Barred::NotNow, StatusCode::SERVICE_UNAVAILABLE)?;
                        return Ok(later(answer, 10));
                    }
                };
                match pages::refused(outcome) {
                    None => self.thanks(state),
                    Some(Barred::TooLong) => {
                        self.barred(&state, Barred::TooLong, StatusCode::PAYLOAD_TOO_LARGE)
                    }
                    Some(why) => self.barred(&state, why, StatusCode::OK),
                }
            }
        }
    }

    /// What stands in the way of answers that were begun.
    fn barred(&self, state: &State, why: Barred, status: StatusCode) -> Result<Answer, Unwell> {
        // What is too long is not sent to and fro once more.
        let sealed = match why {
            Barred::TooLong => None,
            _ => Some(self.door.seal.close(self.asked, state)?),
        };
        let again: Vec<(&str, &str)> = sealed.iter().map(|sealed| (field::STATE, sealed.as_str())).collect();
        let html = pages::barred(self.asked, &state.language, why, &again);
        Ok(self.answer(status, html))
    }

    /// The state's page.
    fn page(&self, state: &State, faults: &[Fault], notice: Option<Notice>) -> Result<Answer, Unwell> {
        let (asked, now) = (self.asked, (self.door.now)());
        let definition = &asked.definition;
        let view = look(definition, &state.answers, now);
        let mut state = state.clone();
        if !view.shows_page(state.page) {
            state.page = view.pages().find(|page| *page > state.page).or(view.pages().last()).unwrap_or(0);
        }
        let live = Live::of(&view, state.page, now);
        let tongue = Tongue::new(&state.language, &definition.language);
        let questions = Questions {
            asked,
            page: state.page,
            notice,
            sealed: self.door.seal.close(asked, &state)?,
            number: number(&state),
            drawn: Drawn { view: &view, tongue, live: &live, faults },
        };
        Ok(self.answer(StatusCode::OK, questions.html()))
    }

    /// The page that says that the answers are in, and what brings it back.
    fn thanks(&self, mut state: State) -> Result<Answer, Unwell> {
        (state.sent, state.token, state.answers) = (true, None, Map::new());
        let sealed = self.door.seal.close(self.asked, &state)?;
        let html = pages::thanks(self.asked, &state.language, &sealed, &number(&state));
        Ok(self.answer(StatusCode::OK, html))
    }
}

/// What tells one submission from another in a browser's history, and nothing else.
fn number(state: &State) -> String {
    state.submission.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a round may be begun now.
fn stands_open(asked: &Asked, now: NaiveDateTime) -> Result<(), Barred> {
    match asked.stage {
        Stage::Open { .. } => Ok(()),
        Stage::Scheduled { opens } => Err(scheduled(opens, now)),
        Stage::Closed { .. } => Err(Barred::Closed),
    }
}

/// What stands in the way of a round that has not opened.
fn scheduled(opens: NaiveDateTime, now: NaiveDateTime) -> Barred {
    if opens > now { Barred::Scheduled(opens) } else { Barred::Late }
}

/// A language of the survey: the one that was chosen, else one that the browser wants.
fn language(asked: &Asked, chosen: &str, headers: &HeaderMap) -> String {
    let languages = &asked.definition.languages;
    match languages.iter().find(|tag| *tag == chosen) {
        Some(tag) => tag.clone(),
        None => wanted(languages, accepts(headers)).to_owned(),
    }
}

/// What was filled in on a page, to be carried on to the next.
fn carried(fields: &Fields) -> Fields {
    fields.iter().filter(|(name, _)| !name.starts_with('#') || name == field::SHOWN).cloned().collect()
}

/// The language that was asked for, else the page's own.
fn chosen(fields: &[(String, String)]) -> &str {
    let asked = [field::LANGUAGE, field::SPOKEN].map(|name| value(fields, name));
    asked.into_iter().find(|tag| !tag.is_empty()).unwrap_or_default()
}

fn value<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

fn is_code(code: &str) -> bool {
    !code.is_empty() && code.len() <= LONGEST_CODE && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
