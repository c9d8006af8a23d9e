//! What becomes of answers that are handed in.

use ballot::{Ballot, BallotError, Submission, Taken};
use domain::PersonId;
use domain::events::{RoundMode, Stratum};
use domain::rounds::Stage;
use serde_json::{Value as Json, json};
use uuid::Uuid;
use xapi::Identifier;

use crate::answers::names;
use crate::asked::{Answers, Asked, HandedIn, Outcome, StoreError, Stored};
use crate::book::{Book, nearest};
use crate::statements::Sheet;
use crate::{Desk, DeskError, persons, slip};

/// How often somebody's answer may be replaced.
const MOST_TIMES: u32 = 1_000;

impl Desk {
    /// Takes answers that are handed in by a short code. Durable when it returns.
    ///
    /// # Errors
    /// [`DeskError::Unknown`], or they cannot be stored; then nothing was.
    pub async fn take(&self, code: &str, handed: HandedIn) -> Result<Outcome, DeskError> {
        let book = self.book();
        let (round, unit) = book.find(code).ok_or(DeskError::Unknown)?;
        let asked = self.asked(&book.municipality, round, unit).await?;
        let HandedIn { token, answers } = handed;
        if round.mode == RoundMode::Guardians {
            return self.take_of_nobody(&book, &asked, &answers).await;
        }
        let token = token.unwrap_or_default();
        let Some(person) = self.person(&book, round, &token) else { return Ok(Outcome::NotOnRoll) };
        match round.mode {
            RoundMode::Unlinkable => self.cast(&book, &asked, person, &answers).await,
            _ => self.take_of(&book, &asked, person, &answers).await,
        }
    }

    /// Takes the answers of somebody on the roll of a named or pseudonymous round, however they came.
    ///
    /// # Errors
    /// [`DeskError::Unknown`], [`DeskError::Mode`], or they cannot be stored; then nothing was.
    pub async fn take_for(
        &self,
        round: &str,
        person: PersonId,
        answers: &Answers,
    ) -> Result<Outcome, DeskError> {
        let book = self.book();
        let round = book.round(round).ok_or(DeskError::Unknown)?;
        if !matches!(round.mode, RoundMode::Named | RoundMode::Pseudonymous) {
            return Err(DeskError::Mode);
        }
        let codes = &self.inner.codes;
        let voter = codes.voter(&round.id, &codes.personal(&round.id, person));
        if book.roll(round, codes).person(voter).is_none() {
            return Ok(Outcome::NotOnRoll);
        }
        let asked = self.asked(&book.municipality, round, None).await?;
        self.take_of(&book, &asked, person, answers).await
    }

    /// Puts answers that came otherwise than by somebody's own hand into the ballot box of a round that nobody can link:
    /// of a unit and a role, or of anybody.
    ///
    /// # Errors
    /// [`DeskError::Unknown`], [`DeskError::Mode`], or they cannot be stored; then nothing was.
    pub async fn put(
        &self,
        round: &str,
        place: Option<(&str, &str)>,
        answers: &Answers,
    ) -> Result<Outcome, DeskError> {
        let book = self.book();
        let round = book.round(round).ok_or(DeskError::Unknown)?;
        if round.mode != RoundMode::Unlinkable {
            return Err(DeskError::Mode);
        }
        let asked = self.asked(&book.municipality, round, None).await?;
        if !is_open(&asked) {
            return Ok(Outcome::Closed);
        }
        let opened = book.municipality.surveys.opened(&round.id);
        let strata = opened.map_or(&[][..], |opened| &opened.strata);
        let stratum = match place {
            Some((unit, role)) => {
                let (unit, roles) = (unit.to_owned(), vec![role.to_owned()]);
                nearest(strata, &Stratum { unit, roles, people: 0, units: Vec::new() })
            }
            None => strata.iter().zip(0..).max_by_key(|(one, _)| one.people).map_or(0, |(_, at)| at),
        };
        let answer = slip::write(stratum, &answers.kept);
        let urn = self.inner.codes.urn(&round.id);
        cast(self.inner.urns.put(urn, Submission(answers.submission), &answer).await)
    }

    /// Whether somebody has answered a round that is not unlinkable.
    pub(crate) async fn has_answered(
        &self,
        book: &Book,
        asked: &Asked,
        person: PersonId,
    ) -> Result<bool, DeskError> {
        let id = self.sheet(book, asked, asked.round.registration, Json::Null, person)?.id(0, None);
        Ok(self.known(&[id]).await?.first() == Some(&true))
    }

    async fn take_of(
        &self,
        book: &Book,
        asked: &Asked,
        person: PersonId,
        answers: &Answers,
    ) -> Result<Outcome, DeskError> {
        let identifier = match asked.round.mode {
            RoundMode::Pseudonymous => Some(self.linked(&asked.round, person).await?),
            _ => {
                let (log, vault) = (&self.inner.log, &self.inner.vault);
                let known = persons::read(log, vault, &book.municipality, &[person]).await?;
                known.get(&person).and_then(persons::identifier).cloned()
            }
        };
        // Whoever was erased is on no roll any more.
        let Some(identifier) = identifier else { return Ok(Outcome::NotOnRoll) };
        let sheet = self.sheet(book, asked, asked.round.registration, agent(&identifier), person)?;
        self.store(asked, &sheet, answers).await
    }

    async fn take_of_nobody(
        &self,
        book: &Book,
        asked: &Asked,
        answers: &Answers,
    ) -> Result<Outcome, DeskError> {
        let links = asked.round.guardians.iter().flat_map(|guardians| &guardians.links);
        let link = links.into_iter().find(|link| Some(&link.unit) == asked.unit.as_ref());
        let registration = link.ok_or(DeskError::Unknown)?.registration;
        let name = self.inner.codes.nobody(&asked.round.id, &answers.submission);
        let actor = agent(&self.agent_of(&asked.round, name));
        let sheet = self.sheet(book, asked, registration, actor, answers.submission)?;
        self.store(asked, &sheet, answers).await
    }

    /// Stores statements, once, or in the place of those before.
    async fn store(&self, asked: &Asked, sheet: &Sheet<'_>, answers: &Answers) -> Result<Outcome, DeskError> {
        for nth in 0..MOST_TIMES {
            let whole = sheet.whole(nth, answers);
            let taken = self.known(&[sheet.id(nth, None)]).await?.first() == Some(&true);
            let mut statements = vec![whole];
            if !taken {
                if !is_open(asked) {
                    return Ok(Outcome::Closed);
                }
                if !answers.complete && !asked.round.partial {
                    return Ok(Outcome::Incomplete);
                }
                statements.extend(sheet.each(nth, answers));
                statements.extend(self.voiding(sheet, nth).await?);
            }
            match self.inner.store.post(statements).await {
                Ok(Stored::New) => return Ok(if nth == 0 { Outcome::Taken } else { Outcome::Replaced }),
                Ok(Stored::Before) => return Ok(Outcome::TakenBefore),
                // Another submission of theirs.
                Err(StoreError::Conflict) if asked.round.again => {}
                Err(StoreError::Conflict) => return Ok(Outcome::AnsweredAlready),
                Err(StoreError::Failed(why)) => return Err(DeskError::Store(why)),
            }
        }
        Ok(Outcome::AnsweredAlready)
    }

    /// What voids all of the answer before the nth one.
    async fn voiding(&self, sheet: &Sheet<'_>, nth: u32) -> Result<Vec<String>, DeskError> {
        let Some(before) = nth.checked_sub(1) else { return Ok(Vec::new()) };
        let names = names(sheet.definition);
        let all: Vec<Option<&str>> = names.iter().map(|name| Some(name.as_str())).chain([None]).collect();
        let ids: Vec<Uuid> = all.iter().map(|name| sheet.id(before, *name)).collect();
        let known = self.known(&ids).await?;
        let known = all.into_iter().zip(known).filter(|(_, known)| *known);
        Ok(known.map(|(name, _)| sheet.void(before, name)).collect())
    }

    pub(crate) async fn known(&self, ids: &[Uuid]) -> Result<Vec<bool>, DeskError> {
        self.inner.store.known(ids).await.map_err(|error| match error {
            StoreError::Conflict => DeskError::Store("a conflict".to_owned()),
            StoreError::Failed(why) => DeskError::Store(why),
        })
    }

    pub(crate) fn sheet<'a>(
        &'a self,
        book: &'a Book,
        asked: &'a Asked,
        registration: [u8; 16],
        actor: Json,
        respondent: [u8; 16],
    ) -> Result<Sheet<'a>, DeskError> {
        let (codes, Asked { round, definition, .. }) = (&self.inner.codes, asked);
        let survey = book.municipality.surveys.survey_of(round).ok_or(DeskError::Definition)?;
        Ok(Sheet { codes, round, registration, survey, definition, actor, respondent })
    }

    /// Into the ballot box. Nothing of it is said anywhere but to who hands it in.
    async fn cast(
        &self,
        book: &Book,
        asked: &Asked,
        person: PersonId,
        answers: &Answers,
    ) -> Result<Outcome, DeskError> {
        let (round, codes) = (&asked.round, &self.inner.codes);
        if !is_open(asked) {
            return Ok(Outcome::Closed);
        }
        if !answers.complete && !round.partial {
            return Ok(Outcome::Incomplete);
        }
        let answer = slip::write(book.roll(round, codes).stratum(person), &answers.kept);
        let voter = Some(codes.voter(&round.id, &codes.personal(&round.id, person)));
        let ballot = Ballot { submission: Submission(answers.submission), voter, answer: &answer };
        cast(self.inner.urns.cast(codes.urn(&round.id), ballot).await)
    }
}

fn cast(taken: Result<Taken, BallotError>) -> Result<Outcome, DeskError> {
    match taken {
        Ok(Taken::Now) => Ok(Outcome::Taken),
        Ok(Taken::Before) => Ok(Outcome::TakenBefore),
        Err(BallotError::Voted) => Ok(Outcome::AnsweredAlready),
        Err(BallotError::NotOnRoll) => Ok(Outcome::NotOnRoll),
        Err(BallotError::Closed) => Ok(Outcome::Closed),
        Err(BallotError::TooLong { .. }) => Ok(Outcome::TooLong),
        Err(error) => Err(error.into()),
    }
}

/// Whether answers are taken now.
fn is_open(asked: &Asked) -> bool {
    asked.stage == Stage::Open || asked.late
}

/// An agent as it stands in statements.
pub fn agent(identifier: &Identifier) -> Json {
    match identifier {
        Identifier::Mbox(value) => json!({ "objectType": "Agent", "mbox": value }),
        Identifier::MboxSha1sum(value) => json!({ "objectType": "Agent", "mbox_sha1sum": value }),
        Identifier::OpenId(value) => json!({ "objectType": "Agent", "openid": value }),
        Identifier::Account { home_page, name } => {
            json!({ "objectType": "Agent", "account": { "homePage": home_page, "name": name } })
        }
    }
}
