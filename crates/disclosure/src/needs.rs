//! Figures that are made of other figures.

use std::collections::BTreeMap;

use crate::item::{FULL, LinkedItem, Part, Reasons, SUMMARY};
use crate::{Need, Preset, Reason, ResultTable};

/// For each node of each part of an item, in which tiers it is hidden because a figure that it is made of is not shown,
/// or because the two together would tell of the few whom it leaves out. `decided` has what the other sections show.
pub(crate) fn unmade(
    table: &ResultTable,
    item: &LinkedItem<'_>,
    decided: &[Vec<Reasons>],
    preset: &Preset,
) -> Vec<Vec<Reasons>> {
    let of_part = |part: &Part<'_>| {
        let mut hidden = vec![[None; 2]; part.nodes.len()];
        for need in &part.of.needs {
            let of = needed(table, need, decided);
            for (place, hidden) in part.places.iter().zip(&mut hidden) {
                let figure = &part.of.figures[*place];
                if figure.item == need.item {
                    let more = match of.get(&figure.population) {
                        Some((answered, reasons)) => {
                            let left_out = answered.saturating_sub(figure.answered);
                            hidden_by(*reasons, if need.among { left_out } else { 0 }, preset)
                        }
                        None => [Some(Reason::Protected); 2],
                    };
                    *hidden = [hidden[SUMMARY].or(more[SUMMARY]), hidden[FULL].or(more[FULL])];
                }
            }
        }
        hidden
    };
    item.parts.iter().map(of_part).collect()
}

/// By population, of how many the needed figures are and why they are hidden.
fn needed(table: &ResultTable, need: &Need, decided: &[Vec<Reasons>]) -> BTreeMap<usize, (u64, Reasons)> {
    let found = table.sections.iter().zip(decided).find(|(section, _)| section.id == need.section);
    let Some((section, decided)) = found else { return BTreeMap::new() };
    let item = section.items.iter().position(|item| item.code == need.code);
    let figures = section.figures.iter().zip(decided).filter(|(figure, _)| Some(figure.item) == item);
    figures.map(|(figure, reasons)| (figure.population, (figure.answered, *reasons))).collect()
}

fn hidden_by(needed: Reasons, left_out: u64, preset: &Preset) -> Reasons {
    let few = |k: u64| (1..k).contains(&left_out).then_some(Reason::Protected);
    let summary = needed[SUMMARY].or_else(|| few(preset.k_summary));
    [summary, summary.or(needed[FULL]).or_else(|| few(preset.k_full))]
}
