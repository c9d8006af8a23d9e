//! Weights against non-response: what a group's answers would be if each of its parts had answered as often. They are made of
//! figures that are shown and of nothing else, so that nothing that is hidden follows from them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Atom, Full, Measure, Population, Preset, Ratio, ResultTable, Role, Score, Section, Share, Shown, Value,
    ValueKind,
};

/// Decimals that weights are held to, and those that they are worked out with.
const HELD: i128 = 1_000_000_000_000;
const FINER: i128 = HELD * 1_000;

/// Adds to each question's shown figures the weighted share positive and mean, and Kish's design effect.
///
/// The parts of a group are those below it whose figures of the question are shown in full, largest first, each apart from
/// those before it, and the rest of the group as one: subtracted, as whoever reads the report can. Parts where fewer than
/// `k_full` answered are taken together with the smallest other; of a group that is then of one part there are no weights.
pub(crate) fn weigh(table: &mut ResultTable, shown: &mut [Vec<Shown>], preset: &Preset) {
    let ResultTable { weights: Some(strata), populations, rolls, sections, .. } = table else { return };
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); populations.len()];
    for (place, population) in populations.iter().enumerate().filter(|(_, part)| part.geometry.is_of(*strata))
    {
        population.parent.into_iter().for_each(|parent| parts[parent].push(place));
    }
    for parts in &mut parts {
        parts.sort_by_key(|place| (Reverse(populations[*place].base), &populations[*place].code));
    }
    let common: Vec<BTreeSet<(usize, usize)>> = rolls.iter().map(|roll| common(roll, populations)).collect();
    let is_weighed = |section: &Section| matches!(section.measure, Measure::Likert | Measure::Choices);
    let questions = sections.iter_mut().zip(shown).filter(|(section, _)| is_weighed(section));
    for (section, shown) in questions {
        let positive = section.categories.iter().any(|category| category.role == Role::Positive);
        let scored = section.values.contains(&ValueKind::Mean);
        let places = section.figures.iter().enumerate();
        let places: BTreeMap<(usize, usize), usize> =
            places.map(|(place, figure)| ((figure.population, figure.item), place)).collect();
        let weighed: Vec<Vec<Value>> = section
            .figures
            .iter()
            .zip(shown.iter())
            .map(|(figure, of)| {
                let Shown::Full(whole) = of else { return Vec::new() };
                let overlap = common.get(section.roll(figure.item));
                let mut apart: Vec<usize> = Vec::new();
                let mut cells: Vec<Part> = Vec::new();
                for part in &parts[figure.population] {
                    let Some(Shown::Full(full)) =
                        places.get(&(*part, figure.item)).and_then(|place| shown.get(*place))
                    else {
                        continue;
                    };
                    let meet =
                        |other: &usize| overlap.is_some_and(|pairs| pairs.contains(&pair(*other, *part)));
                    if !apart.iter().any(meet) {
                        apart.push(*part);
                        cells.push(Part::of(full));
                    }
                }
                let kinds = (positive.then_some(()), scored.then_some(()));
                values(Part::of(whole), cells, preset.k_full, kinds).unwrap_or_default()
            })
            .collect();
        if positive || scored {
            section.values.extend(positive.then_some(ValueKind::WeightedPositive));
            section.values.extend(scored.then_some(ValueKind::WeightedMean));
            section.values.push(ValueKind::DesignEffect);
        }
        for (shown, weighed) in shown.iter_mut().zip(weighed) {
            if let Shown::Full(full) = shown {
                full.values.extend(weighed);
            }
        }
    }
}

/// Groups below the same one that have people in common.
fn common(roll: &[Atom], populations: &[Population]) -> BTreeSet<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    for atom in roll.iter().filter(|atom| atom.people > 0) {
        for (at, one) in atom.populations.iter().enumerate() {
            let siblings = atom.populations[at + 1..].iter().filter(|other| {
                populations[**other].parent.is_some()
                    && populations[**other].parent == populations[*one].parent
            });
            pairs.extend(siblings.map(|other| pair(*one, *other)));
        }
    }
    pairs
}

fn pair(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}

/// People who are weighted alike.
#[derive(Debug, Clone, Copy)]
struct Part {
    base: u64,
    answered: u64,
    positive: Share,
    score: Score,
}

impl Part {
    fn of(full: &Full) -> Part {
        Part {
            base: full.base,
            answered: full.answered,
            positive: full.positive.unwrap_or(Share { part: 0, of: 0 }),
            score: full.score.unwrap_or(Score { sum: Ratio::ZERO, n: 0 }),
        }
    }

    fn minus(self, other: Part) -> Option<Part> {
        Some(Part {
            base: self.base.checked_sub(other.base)?,
            answered: self.answered.checked_sub(other.answered)?,
            positive: Share {
                part: self.positive.part.checked_sub(other.positive.part)?,
                of: self.positive.of.checked_sub(other.positive.of)?,
            },
            score: Score {
                sum: self.score.sum.plus(other.score.sum.times(Ratio::whole(-1))?)?,
                n: self.score.n.checked_sub(other.score.n)?,
            },
        })
    }

    fn plus(self, other: Part) -> Option<Part> {
        Some(Part {
            base: self.base + other.base,
            answered: self.answered + other.answered,
            positive: Share {
                part: self.positive.part + other.positive.part,
                of: self.positive.of + other.positive.of,
            },
            score: Score { sum: self.score.sum.plus(other.score.sum)?, n: self.score.n + other.score.n },
        })
    }

    /// A number of its answers, by weight: times N / n, in units of [`FINER`].
    fn weighed(&self, number: Ratio) -> Option<i128> {
        let above = number.num().checked_mul(self.base.into())?.checked_mul(FINER)?;
        Some(above.div_euclid(number.den().checked_mul(self.answered.into())?))
    }
}

/// The weighted numbers of a group from its parts; `None` where they are one, or a number does not fit.
fn values(
    whole: Part,
    mut parts: Vec<Part>,
    k: u64,
    (positive, scored): (Option<()>, Option<()>),
) -> Option<Vec<Value>> {
    let rest = parts.iter().try_fold(whole, |rest, part| rest.minus(*part))?;
    parts.extend((rest.base > 0).then_some(rest));
    parts.sort_by_key(|part| Reverse(part.answered));
    while let Some(small) = parts.last().copied().filter(|part| part.answered < k.max(1)) {
        parts.pop();
        let other = parts.pop()?;
        parts.push(other.plus(small)?);
        parts.sort_by_key(|part| Reverse(part.answered));
    }
    if parts.len() < 2 {
        return None;
    }
    let sum = |number: &dyn Fn(&Part) -> Ratio| {
        parts.iter().try_fold(0i128, |sum, part| sum.checked_add(part.weighed(number(part))?))
    };
    let whole_number = |number: u64| Ratio::new(number.into(), 1).unwrap_or(Ratio::ZERO);
    let share = |above: i128, below: i128| {
        (below > 0).then(|| Ratio::new((above.checked_mul(HELD)? + below / 2).div_euclid(below), HELD))?
    };
    let value = |kind, number| Value { kind, number, interval: None };
    let mut found = Vec::new();
    if positive.is_some() {
        let part = sum(&|part| whole_number(part.positive.part))?;
        let of = sum(&|part| whole_number(part.positive.of))?;
        found.extend(share(part, of).map(|number| value(ValueKind::WeightedPositive, number)));
    }
    if scored.is_some() {
        let total = sum(&|part| part.score.sum)?;
        let of = sum(&|part| whole_number(part.score.n))?;
        found.extend(share(total, of).map(|number| value(ValueKind::WeightedMean, number)));
    }
    // n Σw² / (Σw)², where each of n answers of a part weighs N/n and they weigh N together.
    let squares = sum(&|part| whole_number(part.base))?;
    let all = i128::from(whole.base).checked_mul(whole.base.into())?;
    let effect = squares.checked_mul(whole.answered.into())?.div_euclid(all.max(1));
    let rounded = (effect + FINER / HELD / 2).div_euclid(FINER / HELD);
    found.push(value(ValueKind::DesignEffect, Ratio::new(rounded, HELD)?));
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(base: u64, answered: u64, positive: u64) -> Part {
        let score = Score { sum: Ratio::new(positive.into(), 1).unwrap(), n: answered };
        Part { base, answered, positive: Share { part: positive, of: answered }, score }
    }

    fn numbers(whole: Part, parts: &[Part]) -> Option<Vec<Ratio>> {
        let found = values(whole, parts.to_vec(), 10, (Some(()), Some(())))?;
        Some(found.into_iter().map(|value| value.number).collect())
    }

    #[test]
    fn who_answered_less_often_weighs_more() {
        // 60 of 80 teachers answered, 45 of them positively; 10 of 40 others, 1 of them.
        let found = numbers(part(120, 70, 46), &[part(80, 60, 45), part(40, 10, 1)]).unwrap();
        let ratio = |num, den| Ratio::new(num, den).unwrap();
        // 80 · 45/60 + 40 · 1/10 of 120; 70 (80²/60 + 40²/10)/120².
        let near = |found: Ratio, expected: Ratio| {
            let apart = found.plus(expected.times(Ratio::whole(-1)).unwrap()).unwrap();
            apart < ratio(1, 100_000_000_000) && apart > ratio(-1, 100_000_000_000)
        };
        assert!(near(found[0], ratio(64, 120)) && near(found[1], ratio(64, 120)), "{found:?}");
        assert!(near(found[2], ratio(70 * 800, 14_400 * 3)), "{found:?}");
    }

    #[test]
    fn the_rest_is_a_part_and_what_is_few_goes_with_the_smallest_other() {
        let (teachers, others) = (part(80, 60, 45), part(40, 10, 1));
        assert_eq!(numbers(part(120, 70, 46), &[teachers]), numbers(part(120, 70, 46), &[teachers, others]));
        // Nine of a rest of 30 are too few: they go with the others, and weigh as they do.
        let whole = part(150, 79, 50);
        let merged = part(70, 19, 5);
        assert_eq!(numbers(whole, &[teachers, others]), numbers(whole, &[teachers, merged]));
        assert_eq!(numbers(part(110, 69, 50), &[teachers]), None, "one part is left");
        assert_eq!(numbers(whole, &[]), None);
    }
}
