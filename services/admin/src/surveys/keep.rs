//! What is done with surveys and rounds, for programs and for pages alike.

use axum::Json;
use domain::events::RoundFacts;
use domain::input::{Change, Changes, Registered, RoundsInput};
use domain::rounds::{self, Stage};
use domain::strata;
use forms::Words;

use crate::shell::Shell;
use crate::shell::problem::Problem;
use crate::shell::recording::{Step, Taken, store};

/// Records surveys.
pub(super) async fn surveys(
    shell: &Shell,
    by: vault::AccountId,
    surveys: &Registered,
) -> Result<Json<Taken>, Problem> {
    store(shell, by, &[], |known, _, _| Ok(Step::Changes(surveys.changes(known)?))).await
}

/// Records rounds.
pub(super) async fn rounds(
    shell: &Shell,
    by: vault::AccountId,
    input: &RoundsInput,
) -> Result<Json<Taken>, Problem> {
    input.validate()?;
    // Drawn beforehand, as drawing may fail: one for each round and each link.
    let links = |round: &domain::input::RoundInput| round.guardians.as_ref().map_or(0, |g| g.links.len());
    let count = input.rounds.iter().map(|round| 1 + links(round)).sum();
    let mut drawn = vec![[0; 16]; count];
    for one in &mut drawn {
        getrandom::fill(one).map_err(|_| Problem::Internal)?;
        *one = uuid::Builder::from_random_bytes(*one).into_uuid().into_bytes();
    }
    let now = shell.clock.now();
    store(shell, by, &[], |known, _, _| {
        let mut drawn = drawn.iter().copied();
        let draw = || drawn.next().unwrap_or_default();
        Ok(Step::Changes(input.changes(known, now, draw)?))
    })
    .await
}

/// What is done to a round by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It opens now.
    Open,
    /// It closes now.
    Close,
}

/// Opens or closes a round; one that is so already stays as it is.
pub(super) async fn turn(shell: &Shell, by: vault::AccountId, id: &str, turn: Turn) -> Result<(), Problem> {
    let now = shell.clock.now();
    let _taken = store(shell, by, &[], |known, _, _| {
        let held = known.surveys.round(id).map(|held| &held.facts).ok_or(Problem::NotFound("round"))?;
        let facts = match (turn, rounds::stage(held, &known.surveys, now)) {
            (Turn::Open, Stage::Open) | (Turn::Close, Stage::Closed | Stage::Reported) => None,
            (Turn::Open, Stage::Draft | Stage::Scheduled) => {
                if let Some(people) = strata::too_few(held, &known.organisation, shell.smallest) {
                    return Err(Problem::Asked(not_opened(people, shell.smallest).en));
                }
                // What waits for its strata since its time came is being opened.
                let waits = !held.draft && rounds::times(held).0 <= now;
                let opened = rounds::open_now(held, now)
                    .ok_or_else(|| cannot("a round whose last day has not passed"))?;
                (!waits).then_some(opened)
            }
            (Turn::Close, Stage::Open) => Some(rounds::close_now(held, now)),
            (Turn::Open, _) => return Err(cannot("a round that has not closed")),
            (Turn::Close, _) => return Err(cannot("a round that is open")),
        };
        Ok(Step::Changes(stated(facts)))
    })
    .await?;
    Ok(())
}

/// Why a round that nobody can link cannot be opened: so many people are asked, in all or in one of its groups.
pub(super) fn not_opened(people: u32, smallest: u32) -> Words {
    let (who, are) = match people {
        0 => ("ingen tillfrågas".to_owned(), "nobody is asked".to_owned()),
        1 => ("1 person tillfrågas".to_owned(), "1 person is asked".to_owned()),
        people => (format!("{people} personer tillfrågas"), format!("{people} people are asked")),
    };
    Words::new(
        format!(
            "omgången kan inte öppnas: {who}, i omgången eller i en av dess grupper, och inget berättas om färre än \
             {smallest}; fråga fler, eller välj ett annat sätt att spara svaren"
        ),
        format!(
            "the round cannot be opened: {are}, in the round or in one of its groups, and nothing is told of fewer than \
             {smallest}; ask more people, or choose another way to keep answers"
        ),
    )
}

fn stated(facts: Option<RoundFacts>) -> Changes {
    let unchanged = usize::from(facts.is_none());
    Changes { changes: facts.iter().map(Change::clear).collect(), unchanged }
}

fn cannot(expected: &str) -> Problem {
    Problem::Invalid { at: "/id".to_owned(), expected: expected.to_owned() }
}
