//! What has changed from one released report to a later one of the same definition.

use super::{Definition, PROGRAM};
use crate::statistics::{cohens_h, newcombe, welch_of};
use disclosure::{Differences, Identity, Ratio, Released, Share, Spread, Value, ValueKind};

/// The changes as a report: shares with Newcombe's interval, means with Welch's, rates without, as everybody is in them.
/// Those of the two times are taken for different people, which makes intervals wider rather than narrower where they
/// are mostly the same. Everything follows from what both reports show.
pub fn changes(now: &Released, earlier: &Released) -> Released {
    let differences = Differences { shares, rates, means };
    let definition =
        [now.identity(), earlier.identity()].iter().fold(Definition::of("changes"), |all, of| {
            all.with(of.definition.as_bytes()).with(of.as_of.as_bytes()).with(&of.position.to_be_bytes())
        });
    let identity =
        Identity { definition: definition.hash(), program: PROGRAM.to_owned(), ..now.identity().clone() };
    now.since(earlier, &differences, identity)
}

fn shares(now: Share, then: Share) -> Vec<Value> {
    let Some(change) = newcombe(now, then) else { return Vec::new() };
    let interval = Some(change.interval);
    let size = cohens_h(now, then).map(|number| Value { kind: ValueKind::CohensH, number, interval: None });
    let change = Value { kind: ValueKind::ShareChange, number: change.difference, interval };
    [change].into_iter().chain(size).collect()
}

fn rates(now: Share, then: Share) -> Vec<Value> {
    let change = newcombe(now, then);
    let value = |number| Value { kind: ValueKind::ShareChange, number, interval: None };
    change.map(|change| value(change.difference)).into_iter().collect()
}

fn means(now: Spread, then: Spread) -> Vec<Value> {
    let value = |kind, number, interval| Value { kind, number, interval };
    let of = |spread: Spread| Some((spread.mean, spread.deviation?, spread.n));
    if let Some((difference, interval, g)) = of(now).zip(of(then)).and_then(|(now, then)| welch_of(now, then))
    {
        return vec![
            value(ValueKind::MeanChange, difference, Some(interval)),
            value(ValueKind::HedgesG, g, None),
        ];
    }
    let difference = then.mean.times(Ratio::whole(-1)).and_then(|less| now.mean.plus(less));
    difference.map(|number| value(ValueKind::MeanChange, number, None)).into_iter().collect()
}
