//! Whether respondents are on a round's roll, and as whom they answer.

use forms::Words;

use crate::door::Door;
use crate::failure::Failure;
use crate::imports::answers::judge::Answer;
use crate::tasks::Task;
use crate::tasks::rounds::{Known, Round};

/// Respondents that are asked about at a time.
const AT_A_TIME: usize = 200;

/// An answer whose respondent is known, or its row and why it cannot be taken.
pub(super) type Settled = Result<Answer, (u64, Words)>;

/// Asks about the respondents of answers, some at a time.
pub(super) struct Roll<'a> {
    door: &'a Door,
    round: &'a Round,
    waiting: Vec<Answer>,
}

impl<'a> Roll<'a> {
    pub(super) fn new(door: &'a Door, round: &'a Round) -> Roll<'a> {
        Roll { door, round, waiting: Vec::new() }
    }

    /// Takes an answer, and gives those that are settled by then, in their order.
    pub(super) async fn add(&mut self, answer: Answer) -> Result<Vec<Settled>, Failure> {
        self.waiting.push(answer);
        if self.waiting.len() < AT_A_TIME { Ok(Vec::new()) } else { self.settle().await }
    }

    /// Settles those that are left.
    pub(super) async fn settle(&mut self) -> Result<Vec<Settled>, Failure> {
        let waiting = std::mem::take(&mut self.waiting);
        let named: Vec<_> = waiting.iter().filter_map(|answer| answer.respondent.clone()).collect();
        let known: Vec<Known> = match named.is_empty() {
            true => Vec::new(),
            false => {
                let task = Task::Respondents { round: self.round.id.clone(), named };
                serde_json::from_value(self.door.perform(task).await?)?
            }
        };
        let mut known = known.into_iter();
        let settled = |mut answer: Answer| {
            if answer.respondent.is_none() {
                return Ok(answer);
            }
            let words = match known.next() {
                Some(Known::As(agent)) => {
                    answer.respondent = Some(agent);
                    return Ok(answer);
                }
                Some(Known::Answered) => {
                    Words::new("har svarat redan, på svarssidan", "has answered already, on the answer page")
                }
                _ => Words::new(
                    "är inte bland dem som omgången frågar",
                    "is not among those whom the round asks",
                ),
            };
            Err((answer.row, words))
        };
        Ok(waiting.into_iter().map(settled).collect())
    }
}
