//! Two builds side by side: the same statements posted by turns, and the same questions asked by turns, so that what
//! else the machine does is done to both. What counts is the ratio, not the figures.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use crate::asking::{Asker, Question, SAMPLED, Sample, Times, questions};
use crate::flags::{Backend, Flags};
use crate::place::Place;
use crate::sending::send;
use crate::server::Server;
use crate::work::Work;

/// How fast posting and lists have to be, of the other build's speed.
const WANTED: f64 = 0.98;
/// The same for a full page by agent.
const WANTED_FULL: f64 = 1.25;

/// All of one database.
#[derive(Debug, Serialize)]
pub(crate) struct Against {
    database: Backend,
    rounds: usize,
    compared: Vec<Compared>,
}

/// One figure of both builds.
#[derive(Debug, Serialize)]
struct Compared {
    name: &'static str,
    unit: &'static str,
    /// The other build's, of all rounds the one in the middle.
    old: f64,
    new: f64,
    /// How fast the new build is, of the other's speed, in each round.
    speeds: Vec<f64>,
    /// The one in the middle.
    speed: f64,
    wanted: f64,
}

/// What one build did in one round.
struct Round {
    posted: [f64; 2],
    /// Medians of [`Question::ALL`] in milliseconds, where it was answered.
    asked: Vec<Option<f64>>,
}

/// Compares the build of the flags with the one at `other`, in as many rounds as the flags say.
pub(crate) async fn measure(backend: Backend, flags: &Flags, work: &Work, other: &Path) -> Result<Against> {
    let old = Flags { larka: Some(other.to_owned()), ..flags.clone() };
    let samples: Vec<Sample> = work.statements().step_by(SAMPLED).filter_map(Sample::of).collect();
    let rounds = flags.rounds.max(1);
    let mut both = Vec::new();
    for round in 0..rounds {
        // Whoever comes second finds the disk as the first left it.
        let turns = if round.is_multiple_of(2) { [&old, flags] } else { [flags, &old] };
        let (first, second) = compare(backend, turns, work, &samples).await?;
        both.push(if round.is_multiple_of(2) { (first, second) } else { (second, first) });
    }
    let mut compared = vec![
        Compared::of("HTTP, 50 x 8", "a second", WANTED, &both, |round| Some(round.posted[0])),
        Compared::of("HTTP, 1 x 64", "a second", WANTED, &both, |round| Some(round.posted[1])),
    ];
    for (number, question) in Question::ALL.into_iter().enumerate() {
        let wanted = if question == Question::AgentFull { WANTED_FULL } else { WANTED };
        compared.push(Compared::of(question.name(), "ms", wanted, &both, |round| round.asked[number]));
    }
    Ok(Against { database: backend, rounds, compared: compared.into_iter().flatten().collect() })
}

/// One round of two builds: each posts, then both are asked by turns.
async fn compare(
    backend: Backend,
    builds: [&Flags; 2],
    work: &Work,
    samples: &[Sample],
) -> Result<(Round, Round)> {
    let limit = Duration::from_secs_f64(builds[0].seconds);
    let mut posted = [[0.0; 2]; 2];
    for (build, posted) in builds.iter().zip(&mut posted) {
        let place = Place::fresh(backend, build).await?;
        let server = Server::start(&place, build, work, "lrs,admin").await?;
        posted[1] = send(&server, server.requests(work.timed(1)), 64, limit).await?.rate().a_second();
        server.stop().await?;
        place.drop_now().await?;
    }
    let places = [Place::fresh(backend, builds[0]).await?, Place::fresh(backend, builds[1]).await?];
    let first = Server::start(&places[0], builds[0], work, "lrs,admin").await?;
    posted[0][0] = send(&first, first.requests(work.timed(50)), 8, limit).await?.rate().a_second();
    let second = Server::start(&places[1], builds[1], work, "lrs,admin").await?;
    posted[1][0] = send(&second, second.requests(work.timed(50)), 8, limit).await?.rate().a_second();
    for place in &places {
        place.settle().await?;
    }

    let (mut one, mut two) = (Asker::of(&first).await?, Asker::of(&second).await?);
    let (mut of_one, mut of_two) = (Vec::new(), Vec::new());
    for question in Question::ALL {
        let (mut times_one, mut times_two) = (Times::default(), Times::default());
        for (number, asked) in questions(question, samples, builds[0]).enumerate() {
            if number.is_multiple_of(2) {
                times_one.add(one.ask(&asked).await?);
                times_two.add(two.ask(&asked).await?);
            } else {
                times_two.add(two.ask(&asked).await?);
                times_one.add(one.ask(&asked).await?);
            }
        }
        of_one.push(times_one.within(0.5));
        of_two.push(times_two.within(0.5));
    }
    first.stop().await?;
    second.stop().await?;
    for place in places {
        place.drop_now().await?;
    }
    let [of_first, of_second] = posted;
    Ok((Round { posted: of_first, asked: of_one }, Round { posted: of_second, asked: of_two }))
}

impl Compared {
    /// A figure out of pairs of rounds, the other build's first; none where a round has none.
    fn of(
        name: &'static str,
        unit: &'static str,
        wanted: f64,
        both: &[(Round, Round)],
        figure: impl Fn(&Round) -> Option<f64>,
    ) -> Option<Self> {
        let pairs = both.iter().map(|(old, new)| Some((figure(old)?, figure(new)?)));
        let pairs: Vec<(f64, f64)> = pairs.collect::<Option<_>>()?;
        // Of times the shorter is the faster.
        let speed = |(old, new): &(f64, f64)| if unit == "ms" { old / new } else { new / old };
        let speeds: Vec<f64> = pairs.iter().map(speed).collect();
        Some(Self {
            name,
            unit,
            old: middle(pairs.iter().map(|(old, _)| *old)),
            new: middle(pairs.iter().map(|(_, new)| *new)),
            speed: middle(speeds.iter().copied()),
            speeds,
            wanted,
        })
    }
}

/// The one in the middle, or between the two there.
fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    match (values.get(half.wrapping_sub(1)), values.get(half)) {
        (Some(below), Some(above)) if values.len().is_multiple_of(2) => (below + above) / 2.0,
        (_, Some(one)) => *one,
        _ => 0.0,
    }
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:?}: two builds by turns, rounds: {}", self.database, self.rounds)?;
        writeln!(f, "{:<30}        old        new            speed  (least to most)   wanted", "")?;
        for one in &self.compared {
            let least = one.speeds.iter().copied().fold(f64::INFINITY, f64::min);
            let most = one.speeds.iter().copied().fold(0.0, f64::max);
            let word = if one.speed >= one.wanted { "PASS" } else { "MISS" };
            writeln!(
                f,
                "{:<30} {:>10.2} {:>10.2} {:<8} {:>7.3}  ({least:.3} to {most:.3}) {:>8.2}  {word}",
                one.name, one.old, one.new, one.unit, one.speed, one.wanted
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_in_the_middle() {
        assert_eq!(middle([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(middle([4.0, 1.0].into_iter()), 2.5);
    }

    #[test]
    fn of_rates_more_is_faster_and_of_times_less() {
        let round = |value| Round { posted: [value; 2], asked: vec![] };
        let both = [(round(10.0), round(20.0))];
        let speed = |unit| Compared::of("", unit, 1.0, &both, |round| Some(round.posted[0])).unwrap().speed;
        assert_eq!((speed("a second"), speed("ms")), (2.0, 0.5));
    }
}
