//! Ordered reports, for pages and API: their definitions are read here, and the worker keeps and makes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use admin::{
    Opened, OrderFailure, OrderInput, OrderedReport, OrdersListed, ReportFailure, ReportSchedule,
    ScheduleInput,
};
use disclosure::Released;
use domain::events::{ReportOrderedFacts, ReportScheduleSetFacts};
use domain::ordered::{Ordered, OrderedReports};
use domain::recurrence::{Every, Recurrence};
use eventlog::clock::Micros;
use eventlog::event::{Key, Position};
use futures_util::future::BoxFuture;
use vault::AccountId;
use worker::reports::Request;
use worker::{OrderError, Stage};

use crate::instance::Instance;
use crate::tasks::asked::Asked;
use crate::tasks::reports;

/// What a name may have at most, in characters.
const NAME: usize = 200;
/// What a definition may have at most, in bytes.
const DEFINITION: usize = 16 << 10;

/// The ordered reports of an instance.
pub(crate) struct ForPages(pub(crate) Arc<Instance>);

impl ForPages {
    async fn all(&self) -> Result<Arc<OrderedReports>, OrderFailure> {
        self.0.worker.orders().all().await.map_err(failure)
    }

    /// Who the accounts are.
    async fn names(&self) -> Result<BTreeMap<AccountId, String>, OrderFailure> {
        let accounts = self.0.vault.accounts().await.map_err(|error| {
            tracing::error!(%error, "the accounts cannot be read");
            OrderFailure::Failed
        })?;
        Ok(accounts.into_iter().map(|account| (account.id, account.display_name)).collect())
    }

    async fn shown(&self, id: &Key) -> Result<OrderedReport, OrderFailure> {
        let (all, names) = (self.all().await?, self.names().await?);
        Ok(self.row(all.report(id).ok_or(OrderFailure::Unknown)?, &all, &names).await)
    }

    async fn row(
        &self,
        ordered: &Ordered,
        all: &OrderedReports,
        names: &BTreeMap<AccountId, String>,
    ) -> OrderedReport {
        let facts = &ordered.facts;
        let asked = Asked::defined(&facts.definition).unwrap_or_default();
        let standing = match request(ordered) {
            Ok(request) => self.0.worker.standing_of(&request, Position(facts.position)).await.ok(),
            Err(_) => None,
        };
        let (position, as_of, stage) = standing.unwrap_or((Position(facts.position), None, Stage::NotAsked));
        let stage = match stage {
            Stage::Waiting => "waiting",
            Stage::Making => "making",
            Stage::Made => "made",
            Stage::NotAsked => "not_asked",
        };
        OrderedReport {
            id: hex::encode(facts.report),
            name: facts.name.clone(),
            report: asked.report.map_or("competence", |kind| kind.name()).to_owned(),
            definition: facts.definition.clone(),
            position: position.0,
            as_of: as_of.unwrap_or(facts.as_of).to_string(),
            ordered: instant(ordered.at),
            by: facts.by.and_then(|by| names.get(&by).cloned()),
            schedule: facts.schedule.map(hex::encode),
            program: facts.program.clone(),
            stage: stage.to_owned(),
            before: all.before(facts).map(|before| hex::encode(before.facts.report)),
        }
    }

    fn schedule_row(
        &self,
        schedule: &ReportScheduleSetFacts,
        names: &BTreeMap<AccountId, String>,
    ) -> ReportSchedule {
        let Recurrence { every, day, minute } = schedule.recurrence;
        let every = match every {
            Every::Day => "day",
            Every::Week => "week",
            Every::Month => "month",
        };
        ReportSchedule {
            id: hex::encode(schedule.schedule),
            name: schedule.name.clone(),
            definition: schedule.definition.clone(),
            every: every.to_owned(),
            day,
            at: format!("{:02}:{:02}", minute / 60, minute % 60),
            next: schedule.recurrence.next(self.0.clock.now()).map(instant),
            by: schedule.by.and_then(|by| names.get(&by).cloned()),
        }
    }

    /// Makes a report; it goes on being made where nobody waits any more.
    async fn make(&self, ordered: &Ordered) -> Result<Arc<Released>, OrderFailure> {
        let request = request(ordered)?;
        let worker = self.0.worker.clone();
        let making = tokio::spawn(async move { worker.report(request).await });
        let made = making.await.map_err(|_| OrderFailure::Report(ReportFailure::Failed))?;
        made.map_err(|error| OrderFailure::Report(reports::failure(&error)))
    }

    async fn opened(
        &self,
        facts: &ReportOrderedFacts,
        released: Arc<Released>,
    ) -> Result<Opened, OrderFailure> {
        let asked = defined(&facts.definition)?;
        Ok(Opened { released, part: asked.part(), lang: asked.lang.map(Into::into) })
    }
}

impl admin::Orders for ForPages {
    fn list(&self) -> BoxFuture<'_, Result<OrdersListed, OrderFailure>> {
        Box::pin(async move {
            let (all, names) = (self.all().await?, self.names().await?);
            let mut reports = Vec::new();
            for ordered in all.reports() {
                reports.push(self.row(ordered, &all, &names).await);
            }
            let schedules = all.schedules().into_iter().map(|schedule| self.schedule_row(schedule, &names));
            Ok(OrdersListed { reports, schedules: schedules.collect() })
        })
    }

    fn order(&self, input: OrderInput, by: AccountId) -> BoxFuture<'_, Result<OrderedReport, OrderFailure>> {
        Box::pin(async move {
            let name = name(&input.name)?;
            let asked = defined(&input.definition)?;
            if asked.at.is_some() {
                return Err(invalid(
                    "/definition",
                    "no at: an ordered report is the newest that there is now",
                ));
            }
            let request =
                reports::request(&asked).map_err(|error| invalid("/definition", &error.to_string()))?;
            self.known(&asked)?;
            let id = self
                .0
                .worker
                .orders()
                .order(name, input.definition, request.as_of, Some(by))
                .await
                .map_err(failure)?;
            // It is begun at once; who opens it waits for the rest.
            let all = self.all().await?;
            if let Some(ordered) = all.report(&id)
                && let Ok(request) = self::request(ordered)
            {
                let worker = self.0.worker.clone();
                tokio::spawn(async move { worker.report(request).await });
            }
            self.shown(&id).await
        })
    }

    fn rename(&self, id: String, to: String) -> BoxFuture<'_, Result<OrderedReport, OrderFailure>> {
        Box::pin(async move {
            let (id, name) = (key(&id)?, name(&to)?);
            self.0.worker.orders().rename(&id, name).await.map_err(failure)?;
            self.shown(&id).await
        })
    }

    fn remove(&self, id: String, by: AccountId) -> BoxFuture<'_, Result<(), OrderFailure>> {
        Box::pin(async move { self.0.worker.orders().remove(&key(&id)?, Some(by)).await.map_err(failure) })
    }

    fn open(&self, id: String) -> BoxFuture<'_, Result<Opened, OrderFailure>> {
        Box::pin(async move {
            let all = self.all().await?;
            let ordered = all.report(&key(&id)?).ok_or(OrderFailure::Unknown)?;
            self.opened(&ordered.facts, self.make(ordered).await?).await
        })
    }

    fn changes(&self, id: String) -> BoxFuture<'_, Result<Opened, OrderFailure>> {
        Box::pin(async move {
            let all = self.all().await?;
            let ordered = all.report(&key(&id)?).ok_or(OrderFailure::Unknown)?;
            let before = all.before(&ordered.facts).ok_or(OrderFailure::Unknown)?;
            let (now, then) = tokio::join!(self.make(ordered), self.make(before));
            let mut opened =
                self.opened(&ordered.facts, Arc::new(analytics::reports::changes(&*now?, &*then?))).await?;
            // A comparison has sections of its own.
            let there = opened.released.sections().iter().map(|section| section.id().to_owned());
            let wanted = opened.part.sections.take();
            opened.part.sections = wanted.map(|wanted| {
                there.filter(|id| wanted.iter().any(|one| *id == format!("change-{one}"))).collect()
            });
            Ok(opened)
        })
    }

    fn schedule(
        &self,
        input: ScheduleInput,
        by: AccountId,
    ) -> BoxFuture<'_, Result<ReportSchedule, OrderFailure>> {
        Box::pin(async move {
            let name = name(&input.name)?;
            let asked = defined(&input.definition)?;
            if asked.at.is_some() || asked.as_of.is_some() {
                return Err(invalid("/definition", "neither at nor as-of: a schedule says when"));
            }
            reports::request(&asked).map_err(|error| invalid("/definition", &error.to_string()))?;
            self.known(&asked)?;
            let recurrence = recurrence(&input)?;
            let id = self
                .0
                .worker
                .orders()
                .schedule(name, input.definition, recurrence, Some(by))
                .await
                .map_err(failure)?;
            let (all, names) = (self.all().await?, self.names().await?);
            Ok(self.schedule_row(all.schedule(&id).ok_or(OrderFailure::Unknown)?, &names))
        })
    }

    fn unschedule(&self, id: String, by: AccountId) -> BoxFuture<'_, Result<(), OrderFailure>> {
        Box::pin(
            async move { self.0.worker.orders().unschedule(&key(&id)?, Some(by)).await.map_err(failure) },
        )
    }
}

impl ForPages {
    /// That there is what a definition names, as far as that shows before the report is made.
    fn known(&self, asked: &Asked) -> Result<(), OrderFailure> {
        let municipality = self.0.municipality.snapshot().municipality;
        if let Some(unit) = &asked.unit
            && municipality.organisation.unit(unit).is_none()
        {
            return Err(invalid("/definition", "a unit in the organisation, by its code"));
        }
        if let Some(round) = &asked.round
            && !municipality.surveys.rounds().any(|known| known.id == *round)
        {
            return Err(invalid("/definition", "a round of a survey, by its id"));
        }
        Ok(())
    }
}

/// What is asked of the worker for an ordered report: what was released when it was ordered, or was to be. Of the first days
/// of a log, in which nothing is released yet, what was there.
fn request(ordered: &Ordered) -> Result<Request, OrderFailure> {
    let facts = &ordered.facts;
    let asked = defined(&facts.definition)?;
    let mut request = reports::request(&asked).map_err(|error| invalid("/definition", &error.to_string()))?;
    request.at = Some(Position(facts.position));
    request.ordered = Some(facts.due.map_or(ordered.at, Micros));
    Ok(request)
}

fn defined(text: &str) -> Result<Asked, OrderFailure> {
    if text.len() > DEFINITION {
        return Err(invalid("/definition", &format!("at most {DEFINITION} bytes")));
    }
    Asked::defined(text).map_err(|error| invalid("/definition", &error))
}

fn name(text: &str) -> Result<String, OrderFailure> {
    let text = text.trim();
    let fits = !text.is_empty() && text.chars().count() <= NAME && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| invalid("/name", "1 to 200 characters in one line"))
}

fn recurrence(input: &ScheduleInput) -> Result<Recurrence, OrderFailure> {
    let every = match input.every.as_str() {
        "day" => Every::Day,
        "week" => Every::Week,
        "month" => Every::Month,
        _ => return Err(invalid("/every", "day, week or month")),
    };
    let minute = || {
        let (hours, minutes) = input.at.trim().split_once(':')?;
        let number = |text: &str, below: u16| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|number| digits && *number < below)
        };
        Some(number(hours, 24)? * 60 + number(minutes, 60)?)
    };
    let minute = minute().ok_or_else(|| invalid("/at", "a time as 06:00"))?;
    // Every day is every day, whichever is named.
    let day = if every == Every::Day { 1 } else { input.day.unwrap_or(1) };
    Recurrence::new(every, day, minute).ok_or_else(|| invalid("/day", "1 to 7 in a week, 1 to 31 in a month"))
}

fn key(id: &str) -> Result<Key, OrderFailure> {
    let mut key = [0; 16];
    hex::decode_to_slice(id, &mut key).map_err(|_| OrderFailure::Unknown)?;
    Ok(key)
}

fn invalid(at: &str, expected: &str) -> OrderFailure {
    OrderFailure::Invalid { at: at.to_owned(), expected: expected.trim_end().to_owned() }
}

fn instant(at: Micros) -> String {
    at.to_datetime().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn failure(error: OrderError) -> OrderFailure {
    match error {
        OrderError::Unknown => OrderFailure::Unknown,
        OrderError::Report(error) => OrderFailure::Report(reports::failure(&error)),
        error => {
            tracing::error!(%error, "ordered reports cannot be looked after");
            OrderFailure::Failed
        }
    }
}
