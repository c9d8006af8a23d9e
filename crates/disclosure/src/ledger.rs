//! What has been released before, and what of a later table may be seen beside it.
//!
//! Releases are taken on fixed days and folded in their order. A figure is taken from the later table where nobody or at
//! least k people can have moved between its cells since each release of it; else the released one is shown again with its
//! day. What several groups say together passes the same rule: the change of a group less the changes of its parts. What
//! was hidden stays so until k people have moved. How many have moved is counted from cells: nobody who moves changes less
//! than one of them by one.

use std::collections::{BTreeMap, BTreeSet};

use crate::changes::{Change, Unit, difference, moved, settle};
use crate::item::{FULL, Reasons, SUMMARY, is_rate};
use crate::linked::linked_sections;
use crate::primary::margin;
use crate::{Axis, Figure, Lang, Need, Preset, Reason, ResultTable, Text};

/// What has been released of one report, day by day.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    days: Vec<String>,
    told: BTreeMap<Place, Vec<Told>>,
    bases: BTreeMap<String, Vec<(usize, u64)>>,
}

/// A figure's section, item and population, by code.
type Place = (String, String, String);

/// What was told of a figure from one release on.
#[derive(Debug, Clone)]
struct Told {
    since: usize,
    /// The release that its numbers are of.
    taken: usize,
    figure: Figure,
    /// By tier, the figure as it was when it was first hidden.
    hidden: [Option<Figure>; 2],
}

/// What is released beside what was released before.
pub(crate) struct Held {
    /// By section and figure, what stays hidden.
    pub(crate) stay: Vec<Vec<Reasons>>,
    taken: Vec<Vec<usize>>,
}

impl Ledger {
    /// Puts what was released before in the place of what may not be seen beside it.
    pub(crate) fn hold(&self, table: &mut ResultTable, preset: &Preset) -> Held {
        let k = i128::from(preset.k_summary.max(preset.k_full));
        let now = self.days.len();
        let fresh = Fresh::of(self, table, k);
        for (population, fresh) in table.populations.iter_mut().zip(&fresh.bases) {
            let last = self.bases.get(&population.code).and_then(|bases| bases.last());
            if let (false, Some((_, base))) = (fresh, last) {
                population.base = *base;
            }
        }
        let mut held = Held { stay: Vec::new(), taken: Vec::new() };
        for number in 0..table.sections.len() {
            let (mut figures, mut stay, mut taken) = (Vec::new(), Vec::new(), Vec::new());
            let all = std::mem::take(&mut table.sections[number].figures);
            for (figure, fresh) in all.into_iter().zip(&fresh.figures[number]) {
                let last = self.told.get(&place(table, number, &figure)).and_then(|told| told.last());
                let Some(last) = last else {
                    // What has not been released and may not be seen is not there yet.
                    if *fresh {
                        figures.push(figure);
                        stay.push([None; 2]);
                        taken.push(now);
                    }
                    continue;
                };
                let still = |tier: usize| {
                    let first = last.hidden[tier].as_ref()?;
                    let change = difference(&cells(&figure), &cells(first));
                    (!fresh || moved(&change) < k).then_some(Reason::Protected)
                };
                stay.push([still(SUMMARY), still(FULL)]);
                taken.push(if *fresh { now } else { last.taken });
                figures.push(match fresh {
                    true => figure,
                    false => {
                        Figure { population: figure.population, item: figure.item, ..last.figure.clone() }
                    }
                });
            }
            table.sections[number].figures = figures;
            held.stay.push(stay);
            held.taken.push(taken);
        }
        held
    }

    /// Remembers what is told, and says of which days older figures are.
    pub(crate) fn keep(&mut self, table: &mut ResultTable, held: &Held, decided: &[Vec<Reasons>], day: &str) {
        let now = self.days.len();
        self.days.push(day.to_owned());
        for population in &table.populations {
            let bases = self.bases.entry(population.code.clone()).or_default();
            if bases.last().is_none_or(|(_, base)| *base != population.base) {
                bases.push((now, population.base));
            }
        }
        for (number, decided) in decided.iter().enumerate() {
            let mut older: BTreeMap<usize, BTreeMap<usize, Vec<&str>>> = BTreeMap::new();
            let section = &table.sections[number];
            for (at, figure) in section.figures.iter().enumerate() {
                let (reasons, taken) = (decided[at], held.taken[number][at]);
                let told = self.told.entry(place(table, number, figure)).or_default();
                let last = told.last();
                let first = |tier: usize| {
                    reasons[tier]?;
                    last.and_then(|last| last.hidden[tier].clone()).or_else(|| Some(bare(figure)))
                };
                let hidden = [first(SUMMARY), first(FULL)];
                let next = Told { since: now, taken, figure: bare(figure), hidden };
                match told.last_mut() {
                    Some(last) if last.figure == next.figure && last.hidden == next.hidden => {
                        last.taken = taken
                    }
                    _ => told.push(next),
                }
                if reasons[SUMMARY].is_none() && taken < now {
                    let items = older.entry(taken).or_default().entry(figure.population).or_default();
                    items.push(&section.items[figure.item].code);
                }
            }
            let notes: Vec<Text> = older
                .iter()
                .map(|(taken, groups)| self.note(table, *taken, groups, section.items.len()))
                .collect();
            table.sections[number].notes.extend(notes);
        }
    }

    fn note(
        &self,
        table: &ResultTable,
        taken: usize,
        groups: &BTreeMap<usize, Vec<&str>>,
        items: usize,
    ) -> Text {
        let named = |name: &dyn Fn(&Text) -> String| {
            let groups = groups.iter().map(|(population, codes)| {
                let label = name(&table.populations[*population].label);
                if codes.len() == items { label } else { format!("{label} ({})", codes.join(", ")) }
            });
            groups.collect::<Vec<_>>().join("; ")
        };
        let day = &self.days[taken];
        Text::new(
            format!("Siffror per {day}: {}.", named(&|text| text.get(Lang::Sv).to_owned())),
            format!("Figures as of {day}: {}.", named(&|text| text.get(Lang::En).to_owned())),
        )
    }

    /// The versions of the figures of some sections of one item and population that were told, each of the same shape
    /// as it is now.
    fn versions(&self, places: &[(Place, Option<&Figure>)]) -> Vec<(usize, Vec<Option<&Figure>>)> {
        let told: Vec<&[Told]> =
            places.iter().map(|(place, _)| self.told.get(place).map_or(&[][..], Vec::as_slice)).collect();
        let since: BTreeSet<usize> = told.iter().flat_map(|told| told.iter().map(|one| one.since)).collect();
        let at = |release: usize| {
            let figures = told.iter().zip(places).map(|(told, (_, now))| {
                let last = told.iter().rev().find(|one| one.since <= release)?;
                let fits = now.is_none_or(|now| now.counts.len() == last.figure.counts.len());
                fits.then_some(&last.figure)
            });
            (release, figures.collect())
        };
        since.into_iter().map(at).collect()
    }
}

/// Which numbers of a later table may be seen.
struct Fresh {
    bases: Vec<bool>,
    figures: Vec<Vec<bool>>,
}

impl Fresh {
    fn of(ledger: &Ledger, table: &ResultTable, k: i128) -> Fresh {
        let parents: Vec<_> =
            table.populations.iter().map(|population| (population.parent, population.geometry)).collect();
        let units: Vec<Option<Unit>> = table
            .populations
            .iter()
            .map(|population| {
                let of = |base: u64| vec![vec![i128::from(base)]];
                let told = ledger.bases.get(&population.code).into_iter().flatten();
                let then = told.map(|(since, base)| (*since, of(*base))).collect();
                Some(Unit { code: population.code.clone(), now: of(population.base), then, unseen: false })
            })
            .collect();
        let mut bases = vec![true; units.len()];
        settle(&units, &parents, &mut bases, k);
        // Rates that what is held of an item does not fit into are held as well.
        let mut rates_held = BTreeSet::new();
        loop {
            let figures = Self::figures(ledger, table, k, &bases, &parents, &rates_held);
            let before = rates_held.len();
            rates_held.extend(misfits(ledger, table, &figures));
            if rates_held.len() == before {
                return Fresh { bases, figures };
            }
        }
    }

    fn figures(
        ledger: &Ledger,
        table: &ResultTable,
        k: i128,
        bases: &[bool],
        parents: &[Change],
        rates_held: &BTreeSet<(usize, usize)>,
    ) -> Vec<Vec<bool>> {
        let mut figures: Vec<Vec<bool>> =
            table.sections.iter().map(|section| vec![true; section.figures.len()]).collect();
        let made = |group: &(Vec<usize>, Vec<usize>)| {
            group.1.iter().any(|section| !table.sections[*section].needs.is_empty())
        };
        let (made, plain): (Vec<_>, Vec<_>) = linked_sections(table).into_iter().partition(made);
        for (rates, sections) in plain.into_iter().chain(made) {
            let items = sections.iter().flat_map(|section| &table.sections[*section].items);
            let codes: BTreeSet<&str> = items.map(|item| item.code.as_str()).collect();
            for code in codes {
                let mut own: Vec<Vec<(usize, Option<usize>)>> = vec![Vec::new(); table.populations.len()];
                for section in &sections {
                    for (population, found) in figures_of(table, *section, code) {
                        own[population].push((*section, Some(found)));
                    }
                }
                let mut fresh: Vec<bool> = bases.to_vec();
                let units: Vec<Option<Unit>> = (0..own.len())
                    .map(|population| {
                        let of = &own[population];
                        if of.is_empty() {
                            return None;
                        }
                        fresh[population] &= of.iter().all(|(section, _)| {
                            !rates_held.contains(&(*section, population))
                                && needed_fresh(table, *section, code, population, &figures)
                        }) && rates.iter().all(|rate| {
                            figures_of_any(table, *rate, code, population).is_none_or(|at| figures[*rate][at])
                        });
                        Some(unit(ledger, table, code, population, of))
                    })
                    .collect();
                settle(&units, parents, &mut fresh, k);
                for (population, of) in own.iter().enumerate() {
                    for (section, at) in of {
                        if let Some(at) = at {
                            figures[*section][*at] = fresh[population];
                        }
                    }
                }
            }
        }
        figures
    }
}

/// One item of one population in its linked sections: its cells, and what a cross leaves out of its margins.
fn unit(
    ledger: &Ledger,
    table: &ResultTable,
    code: &str,
    population: usize,
    own: &[(usize, Option<usize>)],
) -> Unit {
    let key = |section: usize| {
        let population = &table.populations[population].code;
        (table.sections[section].id.clone(), code.to_owned(), population.clone())
    };
    let now: Vec<(Place, Option<&Figure>)> = own
        .iter()
        .map(|(section, at)| (key(*section), at.map(|at| &table.sections[*section].figures[at])))
        .collect();
    let sections: Vec<usize> = own.iter().map(|(section, _)| *section).collect();
    let current: Vec<Option<&Figure>> = now.iter().map(|(_, figure)| *figure).collect();
    let aspects = aspects(table, &sections, &current);
    let versions = ledger.versions(&now);
    let unseen = versions.iter().any(|(_, figures)| {
        // The numbers beside the cells changed although no cell did.
        figures.iter().zip(&current).any(|(then, now)| match (then, now) {
            (Some(then), Some(now)) => cells(then) == cells(now) && **then != bare(now),
            _ => false,
        })
    });
    let then =
        versions.iter().map(|(since, figures)| (*since, self::aspects(table, &sections, figures))).collect();
    Unit { code: table.populations[population].code.clone(), now: aspects, then, unseen }
}

fn aspects(table: &ResultTable, sections: &[usize], figures: &[Option<&Figure>]) -> Vec<Vec<i128>> {
    let mut all = Vec::new();
    for (section, figure) in sections.iter().zip(figures) {
        let of = &table.sections[*section];
        all.push(figure.map_or_else(Vec::new, cells));
        for nested in of.within.iter().filter(|nested| nested.axis != Axis::Whole) {
            let larger = sections.iter().position(|other| table.sections[*other].id == nested.section);
            let larger = larger.and_then(|larger| figures[larger]);
            all.push(match (figure, larger) {
                (Some(figure), Some(larger)) => {
                    let counts: Vec<i128> = figure.counts.iter().map(|count| (*count).into()).collect();
                    let within = margin(&counts, larger.counts.len(), nested.axis);
                    let rest = larger.counts.iter().zip(within).map(|(all, part)| i128::from(*all) - part);
                    std::iter::once(0).chain(rest).collect()
                }
                _ => Vec::new(),
            });
        }
    }
    all
}

/// Who has not answered, and who has, by category where there are any.
fn cells(figure: &Figure) -> Vec<i128> {
    let without = i128::from(figure.base) - i128::from(figure.answered);
    match figure.counts.is_empty() {
        true => vec![without, figure.answered.into()],
        false => std::iter::once(without).chain(figure.counts.iter().map(|count| (*count).into())).collect(),
    }
}

/// A figure without its places in one table.
fn bare(figure: &Figure) -> Figure {
    Figure { population: 0, item: 0, ..figure.clone() }
}

fn place(table: &ResultTable, section: usize, figure: &Figure) -> Place {
    let section = &table.sections[section];
    let population = &table.populations[figure.population].code;
    (section.id.clone(), section.items[figure.item].code.clone(), population.clone())
}

/// The populations that have a figure of an item, and where it stands.
fn figures_of(table: &ResultTable, section: usize, code: &str) -> Vec<(usize, usize)> {
    let section = &table.sections[section];
    let item = section.items.iter().position(|item| item.code == code);
    let figures = section.figures.iter().enumerate().filter(|(_, figure)| Some(figure.item) == item);
    figures.map(|(at, figure)| (figure.population, at)).collect()
}

/// Where a population's figure of an item stands in a section; of a rate with one item, that.
fn figures_of_any(table: &ResultTable, section: usize, code: &str, population: usize) -> Option<usize> {
    let of = &table.sections[section];
    let same = of.items.iter().position(|item| item.code == code);
    let item = same.or((is_rate(of) && of.items.len() == 1).then_some(0))?;
    of.figures.iter().position(|figure| figure.item == item && figure.population == population)
}

/// Whether all that a figure is made of is of today.
fn needed_fresh(
    table: &ResultTable,
    section: usize,
    code: &str,
    population: usize,
    figures: &[Vec<bool>],
) -> bool {
    let of = &table.sections[section];
    let fresh = |need: &Need| {
        let other = table.sections.iter().position(|other| other.id == need.section);
        let at = other.and_then(|other| Some((other, figures_of_any(table, other, &need.code, population)?)));
        at.is_none_or(|(other, at)| figures[other][at])
    };
    of.needs.iter().filter(|need| of.items[need.item].code == code).all(fresh)
}

/// Rates of which what is held of an item is no part: by section and population.
fn misfits(ledger: &Ledger, table: &ResultTable, figures: &[Vec<bool>]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (number, section) in table.sections.iter().enumerate() {
        for nested in &section.within {
            let rate = table.sections.iter().position(|other| other.id == nested.section && is_rate(other));
            let Some(rate) = rate else { continue };
            for (figure, _) in section.figures.iter().zip(&figures[number]).filter(|(_, fresh)| !**fresh) {
                let code = &section.items[figure.item].code;
                let Some(at) = figures_of_any(table, rate, code, figure.population) else { continue };
                let now = &table.sections[rate].figures[at];
                let told = ledger.told.get(&place(table, number, figure)).and_then(|told| told.last());
                let part = |told: &Told| told.figure.base == now.base && told.figure.answered <= now.answered;
                if figures[rate][at] && told.is_some_and(|told| !part(told)) {
                    found.push((rate, figure.population));
                }
            }
        }
    }
    found
}
