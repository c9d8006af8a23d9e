//! The gate: from exact figures to what may be shown.

use crate::certificate::Given;
use crate::codes::{code, reason};
use crate::geometries::decide;
use crate::item::{Hidden, is_rate};
use crate::kinds::Kinds;
use crate::primary::margin;
use crate::rule::Rule;
use crate::weights::weigh;
use crate::{
    Atom, Axis, Figure, Full, Geometry, Measure, Need, Population, Preset, Reason, Released, ResultTable,
    Role, Section, Shown, Summary, Value, Withheld,
};
use std::collections::{BTreeMap, BTreeSet};

/// The one gate that figures about people pass.
#[derive(Debug, Clone)]
pub struct Gate {
    preset: Preset,
    without: Option<Rule>,
}

/// A result table that contradicts itself. Nothing of it is released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("result table: {place}: expected {expected}")]
pub struct TableError {
    /// Where, by index; no figures.
    pub place: String,
    /// What was expected there.
    pub expected: &'static str,
}

impl Gate {
    /// A gate with these rules.
    pub fn new(preset: Preset) -> Gate {
        Gate { preset, without: None }
    }

    /// A gate that lacks a rule, for the tests that show what the rule is for.
    #[doc(hidden)]
    pub fn without(preset: Preset, rule: Rule) -> Gate {
        Gate { preset, without: Some(rule) }
    }

    /// The gate's rules.
    pub fn preset(&self) -> &Preset {
        &self.preset
    }

    /// Decides on every figure of `table` and keeps what may be shown.
    ///
    /// # Errors
    /// [`TableError`] where the table contradicts itself (an index out of range, counts that do not add up, a
    /// parent after its child, an item twice for one population).
    pub fn apply(&self, table: ResultTable) -> Result<Released, TableError> {
        check(&table)?;
        let kinds = Kinds::of(&table);
        let is_published = |population: &Population| {
            population.geometry != Geometry::Kind && self.preset.geometries.contains(&population.geometry)
        };
        let mut table = table.only(is_published).0;
        let merged = without_merged(&mut table);
        let given = Given { preset: &self.preset, without: self.without };
        let decided = decide(&mut table, &kinds, given);
        let shown = table.sections.iter().zip(decided).map(|(section, decided)| {
            section.figures.iter().zip(decided).map(|(figure, hidden)| self.shown(figure, hidden)).collect()
        });
        let mut shown: Vec<Vec<Shown>> = shown.collect();
        weigh(&mut table, &mut shown, &self.preset);
        for ((section, shown), merged) in table.sections.iter_mut().zip(&mut shown).zip(merged) {
            shown.extend(merged.iter().map(|_| Shown::Hidden(Reason::Merged)));
            section.figures.extend(merged);
        }
        Ok(Released::build(table, self.preset.clone(), shown))
    }

    fn shown(&self, figure: &Figure, [summary, full]: Hidden) -> Shown {
        let (base, answered) = (figure.base, figure.answered);
        match (summary, full) {
            (true, _) if self.without == Some(Rule::Codes) => {
                Shown::Hidden(reason(&self.preset, self.preset.k_summary, figure))
            }
            (true, _) => Shown::Hidden(code(&self.preset, figure)),
            // A mean or a share positive of a few, exact or rounded, and one of their neighbours' give counts away.
            (false, true) => {
                let distribution = reason(&self.preset, self.preset.k_full, figure);
                Shown::Summary(Summary { base, answered, distribution })
            }
            (false, false) => Shown::Full(Full {
                base,
                answered,
                counts: figure.counts.clone(),
                score: figure.score,
                positive: figure.positive,
                interval: figure.interval,
                values: figure.values.clone(),
            }),
        }
    }
}

/// Takes out what is no figure, by section: those groups are no parts of others.
fn without_merged(table: &mut ResultTable) -> Vec<Vec<Figure>> {
    let merged = |figure: &mut Figure| figure.withheld == Withheld::Merged;
    table.sections.iter_mut().map(|section| section.figures.extract_if(.., merged).collect()).collect()
}

fn check(table: &ResultTable) -> Result<(), TableError> {
    let mut ids = BTreeSet::new();
    for (place, population) in table.populations.iter().enumerate() {
        let at = || format!("population {place}");
        expect(
            population.parent.into_iter().chain(population.also_in).all(|parent| parent < place),
            at,
            "a parent that stands before its child",
        )?;
    }
    let sizes = table.rolls.iter().map(|roll| sizes(table, roll)).collect::<Result<Vec<_>, _>>()?;
    for section in &table.sections {
        let at = || format!("section {}", section.id);
        expect(ids.insert(&section.id), at, "an id that no other section has")?;
        expect(!section.items.is_empty(), at, "at least one item")?;
        for nested in &section.within {
            let larger = table.sections.iter().find(|other| other.id == nested.section && !is_rate(section));
            expect(
                larger.is_some_and(|larger| fits(section, larger, nested.axis)),
                at,
                "to lie within larger sections",
            )?;
        }
        let made_of = |need: &Need| {
            let other = table.sections.iter().find(|other| other.id == need.section);
            need.item < section.items.len()
                && other.is_some_and(|other| {
                    other.needs.is_empty() && other.items.iter().any(|item| item.code == need.code)
                })
        };
        expect(
            section.needs.iter().all(made_of),
            at,
            "to be made of items of sections that are made of none",
        )?;
        let expected = match section.measure {
            Measure::Levels { .. }
            | Measure::Likert
            | Measure::Choices
            | Measure::PairedChange
            | Measure::PairedChoices => section.categories.len(),
            Measure::SelfVsDemonstrated => section.categories.len() * section.categories.len(),
            Measure::ResponseRate | Measure::Coverage | Measure::Index | Measure::Change => 0,
        };
        let levels = matches!(section.measure, Measure::Levels { .. } | Measure::SelfVsDemonstrated);
        let roles = section.categories.iter().all(|category| (category.role == Role::Level) == levels);
        expect(roles, at, "categories that are all levels, or all answers")?;
        let mut seen = BTreeSet::new();
        for (place, figure) in section.figures.iter().enumerate() {
            let at = || format!("section {}, figure {place}", section.id);
            expect(figure.population < table.populations.len(), at, "a population that exists")?;
            expect(figure.item < section.items.len(), at, "an item that exists")?;
            let size = sizes.get(section.roll(figure.item)).map(|sizes| sizes[figure.population]);
            expect(size == Some(figure.base), at, "a roll that exists, and a base as large as it says")?;
            expect(
                seen.insert((figure.population, figure.item)),
                at,
                "one figure for a population and an item",
            )?;
            expect(figure.counts.len() == expected, at, "one count for each category")?;
            let sum: u128 = figure.counts.iter().map(|count| u128::from(*count)).sum();
            expect(
                expected == 0 || sum == figure.answered.into(),
                at,
                "counts that add up to those who answered",
            )?;
            let parts =
                figure.positive.is_none_or(|share| share.part <= share.of && share.of <= figure.answered);
            expect(parts, at, "a share positive among those who answered")?;
            let declared = |value: &Value| section.values.contains(&value.kind);
            expect(figure.values.iter().all(declared), at, "values that the section declares")?;
            expect(
                figure.score.is_none_or(|score| score.n <= figure.answered),
                at,
                "a mean of those who answered",
            )?;
        }
    }
    Ok(())
}

/// How many people of a roll belong to each population.
fn sizes(table: &ResultTable, roll: &[Atom]) -> Result<Vec<u64>, TableError> {
    let mut sizes = vec![0; table.populations.len()];
    for (place, atom) in roll.iter().enumerate() {
        let at = || format!("people {place} of a roll");
        let exist = atom.populations.iter().all(|group| *group < table.populations.len());
        expect(exist, at, "groups that exist")?;
        expect(atom.populations.is_sorted_by(|one, next| one < next), at, "each group once, in order")?;
        atom.populations.iter().for_each(|group| sizes[*group] += atom.people);
    }
    Ok(sizes)
}

/// Whether the figures of a section can be parts of those of another, and are.
fn fits(section: &Section, larger: &Section, axis: Axis) -> bool {
    let (own, other) = (section.categories.len(), larger.categories.len());
    let cut = match axis {
        Axis::Whole => is_rate(larger) || other > 0 && own.is_multiple_of(other),
        Axis::Rows | Axis::Columns => own == other && section.measure == Measure::SelfVsDemonstrated,
    };
    // A rate belongs to all that the same people were asked.
    let item = |item: usize| {
        let same = larger.items.iter().position(|other| other.code == section.items[item].code);
        let of_rate = || is_rate(larger).then(|| larger.item_of_roll(section.roll(item))).flatten();
        same.or_else(of_rate)
    };
    let places = larger.figures.iter().map(|figure| ((figure.population, figure.item), figure));
    let figures: BTreeMap<(usize, usize), &Figure> = places.collect();
    let is_part = |figure: &Figure| {
        let of = item(figure.item);
        let Some(found) = of.and_then(|of| figures.get(&(figure.population, of))) else {
            return is_rate(larger);
        };
        let counts: Vec<i128> = figure.counts.iter().map(|count| (*count).into()).collect();
        let within = margin(&counts, found.counts.len(), axis);
        let all = found.counts.iter().zip(within).all(|(all, part)| i128::from(*all) >= part);
        all && figure.answered <= found.answered && figure.base == found.base
    };
    let of_rates = larger.within.iter().all(|nested| nested.axis == Axis::Whole);
    cut && of_rates && section.figures.iter().all(is_part)
}

fn expect(holds: bool, place: impl Fn() -> String, expected: &'static str) -> Result<(), TableError> {
    if holds { Ok(()) } else { Err(TableError { place: place(), expected }) }
}
