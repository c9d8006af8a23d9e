//! Figures that are made of other figures, or may not be shown for what another report does not show.

use std::collections::BTreeMap;

use crate::item::{FULL, Hidden, LinkedItem, Part, SUMMARY};
use crate::{Need, Preset, ResultTable, Withheld};

/// For each node of each part of an item, in which tiers it is hidden because it is withheld, because a figure that it is
/// made of is not shown, or because the two together would tell of the few whom it leaves out. `decided` has what the other sections show.
pub(crate) fn unmade(
    table: &ResultTable,
    item: &LinkedItem<'_>,
    decided: &[Vec<Hidden>],
    preset: &Preset,
) -> Vec<Vec<Hidden>> {
    let of_part = |part: &Part<'_>| {
        let withheld = |place: &usize| match part.of.figures[*place].withheld {
            Withheld::Nothing => [false; 2],
            Withheld::Distribution => [false, true],
            Withheld::All | Withheld::Merged => [true; 2],
        };
        let mut hidden: Vec<Hidden> = part.places.iter().map(withheld).collect();
        for need in &part.of.needs {
            let of = needed(table, need, decided);
            for (place, hidden) in part.places.iter().zip(&mut hidden) {
                let figure = &part.of.figures[*place];
                if figure.item == need.item {
                    let more = match of.get(&figure.population) {
                        Some((answered, shown)) => {
                            let left_out = answered.saturating_sub(figure.answered);
                            hidden_by(*shown, if need.among { left_out } else { 0 }, preset)
                        }
                        None => [true; 2],
                    };
                    *hidden = [hidden[SUMMARY] || more[SUMMARY], hidden[FULL] || more[FULL]];
                }
            }
        }
        hidden
    };
    item.parts.iter().map(of_part).collect()
}

/// By population, of how many the needed figures are, and in which tiers they are hidden.
fn needed(table: &ResultTable, need: &Need, decided: &[Vec<Hidden>]) -> BTreeMap<usize, (u64, Hidden)> {
    let found = table.sections.iter().zip(decided).find(|(section, _)| section.id == need.section);
    let Some((section, decided)) = found else { return BTreeMap::new() };
    let item = section.items.iter().position(|item| item.code == need.code);
    let figures = section.figures.iter().zip(decided).filter(|(figure, _)| Some(figure.item) == item);
    figures.map(|(figure, hidden)| (figure.population, (figure.answered, *hidden))).collect()
}

fn hidden_by(needed: Hidden, left_out: u64, preset: &Preset) -> Hidden {
    let few = |k: u64| (1..k).contains(&left_out);
    let summary = needed[SUMMARY] || few(preset.k_summary);
    [summary, summary || needed[FULL] || few(preset.k_full)]
}
