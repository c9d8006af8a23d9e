//! The primary rules: what a single figure, or what can be derived by subtraction, must fulfil by itself.

use crate::rule::Rule;
use crate::{Axis, Figure, Measure, MustBe, Preset, Section};

/// The two tiers of publication; the rules run once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    Summary,
    Full,
}

/// How the counts of a mass fall into the parts that unanimity is tested on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Each count is a part.
    Distribution,
    /// Each count but the last, of those who did not choose something: that is of many things one did not choose.
    Chosen,
    /// A square table with this many rows: each row sum and each column sum is a part.
    Cross(usize),
    /// Those who have answered and those who have not, out of all.
    LiveRate,
    /// No parts: n itself is all there is.
    Plain,
}

/// The people behind a figure, or behind a difference of figures (then numbers may be negative).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mass {
    pub(crate) base: i128,
    pub(crate) answered: i128,
    pub(crate) counts: Vec<i128>,
}

impl Mass {
    pub(crate) fn of(figure: &Figure) -> Mass {
        Mass {
            base: figure.base.into(),
            answered: figure.answered.into(),
            counts: figure.counts.iter().map(|count| i128::from(*count)).collect(),
        }
    }

    pub(crate) fn minus(&mut self, other: &Mass) {
        self.base -= other.base;
        self.answered -= other.answered;
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine -= theirs;
        }
    }

    pub(crate) fn add(&mut self, other: &Mass) {
        self.base += other.base;
        self.answered += other.answered;
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }

    /// How many people it says something about, at most: where people belong to two groups a difference has
    /// negative counts, and each of them is about somebody.
    pub(crate) fn people(&self) -> i128 {
        self.counts.iter().map(|count| count.abs()).sum::<i128>().max(self.answered.abs())
    }

    /// Whether there is nobody in it, with or without an answer.
    pub(crate) fn is_nobody(&self) -> bool {
        self.base == 0 && self.people() == 0
    }
}

/// The primary rules of one section in one tier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) preset: &'a Preset,
    /// A rule that is left out, to see what it is for.
    pub(crate) without: Option<Rule>,
    pub(crate) tier: Tier,
    pub(crate) shape: Shape,
}

impl Rules<'_> {
    pub(crate) fn k(&self) -> i128 {
        match self.tier {
            Tier::Summary => self.preset.k_summary.into(),
            Tier::Full => self.preset.k_full.into(),
        }
    }

    /// Whether `mass` may not be shown by itself.
    pub(crate) fn fails(&self, mass: &Mass) -> bool {
        let (people, base) = (mass.people(), mass.base.abs());
        self.on(Rule::SmallGroup) && is_few(self.k(), people, base)
            || self.on(Rule::LowRate) && people < fewest(self.preset, base)
            || self.on(Rule::Unanimity) && self.is_unanimous(mass)
    }

    pub(crate) fn on(&self, rule: Rule) -> bool {
        self.without != Some(rule)
    }

    /// All, or all but one, in one part: then everybody (or everybody to the one who differs) knows each answer.
    fn is_unanimous(&self, mass: &Mass) -> bool {
        let is_all = |parts: &[i128]| parts.iter().any(|part| part.abs() >= mass.people() - 1);
        match self.shape {
            Shape::Plain => false,
            Shape::Distribution => is_all(&mass.counts),
            Shape::Chosen => is_all(mass.counts.split_last().map_or(&[], |(_, chosen)| chosen)),
            Shape::Cross(side) => {
                [Axis::Rows, Axis::Columns].iter().any(|axis| is_all(&margin(&mass.counts, side, *axis)))
            }
            Shape::LiveRate => {
                let parts = [mass.answered, mass.base - mass.answered];
                parts.iter().any(|part| part.abs() >= mass.base.abs() - 1)
            }
        }
    }
}

/// Whether so many of so many people are a group that is too small.
pub(crate) fn is_few(k: i128, people: i128, base: i128) -> bool {
    people < k || base < k
}

/// The fewest of so many people that the minimum rate asks for.
pub(crate) fn fewest(preset: &Preset, base: i128) -> i128 {
    let Some(minimum) = preset.minimum_rate else { return 0 };
    let limit = base.saturating_mul(minimum.percent.into());
    match minimum.must_be {
        MustBe::Exceeded => limit.div_euclid(100) + 1,
        MustBe::Reached => -(-limit).div_euclid(100),
    }
}

/// The shape of a section's figures.
pub(crate) fn shape(section: &Section) -> Shape {
    match section.measure {
        Measure::Levels { .. } | Measure::Likert | Measure::PairedChange => Shape::Distribution,
        Measure::Choices | Measure::PairedChoices => Shape::Chosen,
        Measure::SelfVsDemonstrated => Shape::Cross(section.categories.len()),
        Measure::ResponseRate | Measure::Coverage if section.live => Shape::LiveRate,
        Measure::ResponseRate | Measure::Coverage | Measure::Index | Measure::Change => Shape::Plain,
    }
}

/// What counts add up to in a larger section of so many categories.
pub(crate) fn margin(counts: &[i128], categories: usize, axis: Axis) -> Vec<i128> {
    let mut sums = vec![0; categories];
    for (place, count) in counts.iter().enumerate() {
        if let Some(sum) = sums.get_mut(slot(place, counts.len(), categories, axis)) {
            *sum += count;
        }
    }
    sums
}

/// Which category of a larger section one of so many is part of.
pub(crate) fn slot(place: usize, of: usize, categories: usize, axis: Axis) -> usize {
    match axis {
        Axis::Whole => place * categories / of.max(1),
        Axis::Rows => place / categories.max(1),
        Axis::Columns => place % categories.max(1),
    }
}
