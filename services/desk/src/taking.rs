//! What becomes of answers that are handed in.

use std::collections::HashMap;

use ballot::{Ballot, BallotError, Submission, Taken};
use domain::PersonId;
use domain::events::{GuardianLink, RoundMode, Stratum};
use domain::surveys::group_of;
use serde_json::{Value as Json, json};
use xapi::Identifier;

use crate::asked::{Answers, Asked, HandedIn, Outcome};
use crate::book::{Book, nearest};
use crate::statements::Sheet;
use crate::storing::{Sender, is_open};
use crate::{Desk, DeskError, persons, slip};

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
                let group = group_of(round, role).and_then(|place| round.groups.get(place));
                let group = group.map(|group| group.id.clone());
                nearest(strata, &Stratum { unit, roles, people: 0, units: Vec::new(), group })
            }
            None => strata.iter().zip(0..).max_by_key(|(one, _)| one.people).map_or(0, |(_, at)| at),
        };
        let answer = slip::write(stratum, &answers.kept);
        let urn = self.inner.codes.urn(&round.id);
        cast(self.inner.urns.put(urn, Submission(answers.submission), &answer).await)
    }

    /// Whether somebody has answered a round that is not unlinkable, by whichever way.
    pub(crate) async fn has_answered(
        &self,
        book: &Book,
        asked: &Asked,
        person: PersonId,
    ) -> Result<bool, DeskError> {
        let sheet = self.sheet(book, asked, asked.round.registration, Json::Null, person)?;
        let own = self.known(&[sheet.id(0, None)]).await?;
        Ok(own.iter().any(Option::is_some) || !self.by_tools(asked, &[&sheet]).await?.is_empty())
    }

    async fn take_of(
        &self,
        book: &Book,
        asked: &Asked,
        person: PersonId,
        answers: &Answers,
    ) -> Result<Outcome, DeskError> {
        if asked.round.mode == RoundMode::Pseudonymous {
            self.linked(&asked.round, person).await?;
        }
        match self.sheets(book, asked, &[person]).await?.pop().flatten() {
            Some(sheet) => self.store(asked, &sheet, answers, Sender::default()).await,
            // Whoever was erased is on no roll any more.
            None => Ok(Outcome::NotOnRoll),
        }
    }

    /// What people on a round's roll answer upon, in their order; nothing for who was erased. In a pseudonymous round they
    /// have their pseudonyms.
    pub(crate) async fn sheets<'a>(
        &'a self,
        book: &'a Book,
        asked: &'a Asked,
        people: &[PersonId],
    ) -> Result<Vec<Option<Sheet<'a>>>, DeskError> {
        let known = match asked.round.mode {
            RoundMode::Pseudonymous => HashMap::new(),
            _ => persons::read(&self.inner.log, &self.inner.vault, &book.municipality, people).await?,
        };
        let one = |person: &PersonId| {
            let identifier = match asked.round.mode {
                RoundMode::Pseudonymous => Some(self.pseudonym(&asked.round, *person)),
                _ => known.get(person).and_then(persons::identifier).cloned(),
            };
            let sheet = |identifier: Identifier| {
                self.sheet(book, asked, asked.round.registration, agent(&identifier), *person)
            };
            identifier.map(sheet).transpose()
        };
        people.iter().map(one).collect()
    }

    /// What an answer of a guardian is upon, of whom nothing is known.
    pub(crate) fn sheet_of_nobody<'a>(
        &'a self,
        book: &'a Book,
        asked: &'a Asked,
        link: &GuardianLink,
        submission: [u8; 16],
    ) -> Result<Sheet<'a>, DeskError> {
        let name = self.inner.codes.nobody(&asked.round.id, &submission);
        let actor = agent(&self.agent_of(&asked.round, name));
        let sheet = self.sheet(book, asked, link.registration, actor, submission)?;
        Ok(Sheet { agents: Vec::new(), ..sheet })
    }

    async fn take_of_nobody(
        &self,
        book: &Book,
        asked: &Asked,
        answers: &Answers,
    ) -> Result<Outcome, DeskError> {
        let links = asked.round.guardians.iter().flat_map(|guardians| &guardians.links);
        let link = links.into_iter().find(|link| Some(&link.unit) == asked.unit.as_ref());
        let sheet = self.sheet_of_nobody(book, asked, link.ok_or(DeskError::Unknown)?, answers.submission)?;
        self.store(asked, &sheet, answers, Sender::default()).await
    }

    /// What somebody answers upon.
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
        let agents = book.municipality.organisation.agents_of(respondent);
        Ok(Sheet { codes, round, registration, survey, definition, actor, respondent, agents })
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

/// An agent as it stands in statements.
fn agent(identifier: &Identifier) -> Json {
    match identifier {
        Identifier::Mbox(value) => json!({ "objectType": "Agent", "mbox": value }),
        Identifier::MboxSha1sum(value) => json!({ "objectType": "Agent", "mbox_sha1sum": value }),
        Identifier::OpenId(value) => json!({ "objectType": "Agent", "openid": value }),
        Identifier::Account { home_page, name } => {
            json!({ "objectType": "Agent", "account": { "homePage": home_page, "name": name } })
        }
    }
}
