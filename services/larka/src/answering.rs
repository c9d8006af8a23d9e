//! The desk as the answer pages ask it.

use std::net::IpAddr;
use std::sync::Arc;

use desk::DeskError;
use domain::events::RoundMode;
use domain::rounds::{self, Stage};
use domain::swedish;
use forms::Localised;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use survey::{Admitted, Asked, DeskFailure, Entry, HandedIn, Mode, Outcome, Rules};

use crate::instance::Instance;

/// What the answer pages are made of.
pub(crate) fn pages(instance: &Arc<Instance>) -> survey::Options {
    let proxies_named = !instance.settings.address.proxies.is_empty();
    let clock = instance.clock.clone();
    let half = |which: &[u8]| instance.vault.keyed_hash("answer pages", which);
    let mut key = [0; 32];
    key[..16].copy_from_slice(&half(b"1"));
    key[16..].copy_from_slice(&half(b"2"));
    survey::Options {
        desk: Arc::new(ForPages(Arc::clone(instance))),
        key,
        now: Arc::new(move || swedish(clock.now())),
        visitor: Arc::new(move |address: IpAddr| admin::held_against(address, proxies_named)),
        limits: instance.settings.answering,
    }
}

/// The desk as the pages ask it.
struct ForPages(Arc<Instance>);

impl survey::Desk for ForPages {
    fn find<'a>(&'a self, code: &'a str) -> BoxFuture<'a, Result<Option<Asked>, DeskFailure>> {
        async move {
            let found = self.0.desk.find(code).await.map_err(failed)?;
            Ok(found.map(|asked| shown(code, asked)))
        }
        .boxed()
    }

    fn admit<'a>(&'a self, asked: &'a Asked, token: &'a str) -> BoxFuture<'a, Result<Admitted, DeskFailure>> {
        async move {
            Ok(match self.0.desk.admit(&asked.code, token).await.map_err(failed)? {
                desk::Admitted::Unknown => Admitted::Unknown,
                desk::Admitted::Welcome(group) => Admitted::Welcome(group),
                desk::Admitted::Answered(group) => Admitted::Answered(group),
            })
        }
        .boxed()
    }

    fn take<'a>(&'a self, asked: &'a Asked, handed: HandedIn) -> BoxFuture<'a, Result<Outcome, DeskFailure>> {
        let HandedIn { token, submission, answers, complete } = handed;
        let answers = desk::Answers { submission, kept: answers, complete, at: None };
        async move {
            let taken = self.0.desk.take(&asked.code, desk::HandedIn { token, answers }).await;
            Ok(match taken.map_err(failed)? {
                desk::Outcome::Taken => Outcome::Taken,
                desk::Outcome::TakenBefore => Outcome::TakenBefore,
                desk::Outcome::Replaced => Outcome::Replaced,
                desk::Outcome::AnsweredAlready | desk::Outcome::AnsweredLater => Outcome::AnsweredAlready,
                desk::Outcome::NotOnRoll => Outcome::NotOnRoll,
                desk::Outcome::Closed => Outcome::Closed,
                desk::Outcome::TooLong => Outcome::TooLong,
                desk::Outcome::Incomplete => {
                    return Err(DeskFailure("required questions are open".to_owned()));
                }
            })
        }
        .boxed()
    }
}

fn failed(error: DeskError) -> DeskFailure {
    DeskFailure(error.to_string())
}

/// A round as the pages know it.
fn shown(code: &str, asked: desk::Asked) -> Asked {
    let desk::Asked { round, unit, unit_name, definition, stage, late, smallest, .. } = asked;
    let (opens, closes) = rounds::times(&round);
    let mode = match round.mode {
        RoundMode::Named => Mode::Named,
        RoundMode::Pseudonymous => Mode::Pseudonymous,
        RoundMode::Unlinkable => Mode::Unlinkable,
        RoundMode::Guardians => Mode::Guardians,
    };
    let entry = match mode {
        Mode::Guardians => Entry::Open,
        _ => Entry::Personal,
    };
    let stage = match stage {
        Stage::Draft | Stage::Scheduled => survey::Stage::Scheduled { opens: swedish(opens) },
        Stage::Open => survey::Stage::Open { closes: swedish(closes) },
        Stage::Closed | Stage::Reported => survey::Stage::Closed { late },
    };
    Asked {
        code: code.to_owned(),
        title: localised(&round.title),
        definition,
        mode,
        entry,
        unit: unit_name.or(unit).map(Localised::plain),
        stage,
        rules: Rules { again: round.again, grace: round.grace, partial: round.partial },
        smallest,
        // Of others it is the personal code that says which.
        group: round.groups.first().filter(|_| mode == Mode::Guardians).map(|group| group.id.clone()),
        round: round.id,
    }
}

fn localised(text: &domain::Text) -> Localised {
    let by_language = text.en.iter().map(|en| ("en".to_owned(), en.clone()));
    Localised { by_language: by_language.collect(), ..Localised::plain(text.sv.clone()) }
}
