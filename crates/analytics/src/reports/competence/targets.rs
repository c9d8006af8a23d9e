//! Levels against what is aimed at: how many are at the target, below it, and perhaps at it.
//!
//! The target of a group of one role is that role's, of any other group everybody's: a target that differs between the
//! people of one group would tell, beside their distribution, what the few with another role can do. For the same reason
//! targets are where bands begin, so that the counts follow from the distribution (but for whose interval of levels passes
//! the target), and a figure is shown only where that is.

use super::known::Known;
use super::sections::{Report, competence_items, level_category, needs};
use disclosure::{Figure, Interval, Item, LevelKind, Measure, Ratio, Section, Text, Value, ValueKind};
use domain::catalogue::Catalogue;
use domain::frameworks::Framework;

/// Where somebody stands to a target, in the order of the categories.
const BELOW: usize = 0;
const PERHAPS: usize = 1;
const AT: usize = 2;

/// A section for each kind of level; none without targets.
pub(super) fn sections(report: &Report<'_>, catalogue: &Catalogue, known: &[Known]) -> Vec<Section> {
    let framework = &report.framework.id;
    let any = |item: &Item| {
        let mut of = catalogue.targets().filter(|targets| targets.framework == *framework);
        of.any(|targets| targets.levels.contains_key(&item.code))
    };
    let all = competence_items(report.framework);
    let places: Vec<usize> = (0..all.len()).filter(|place| any(&all[*place])).collect();
    if places.is_empty() {
        return Vec::new();
    }
    let of_kind = |kind: LevelKind| {
        let items = places.iter().map(|place| all[*place].clone()).collect();
        let mut section = report.section(kind, "target", Measure::Levels { kind }, items);
        section.categories = vec![
            level_category("below", Text::new("Under målet", "Below the target")),
            level_category("perhaps", Text::new("Kanske vid målet", "Perhaps at the target")),
            level_category("at", Text::new("Vid målet", "At the target")),
        ];
        section.values = vec![ValueKind::AtTarget];
        section.notes.push(note());
        let target = |population: usize, item: usize| {
            let role = report.populations.roles[population].as_deref();
            catalogue.target(framework, role, &all[places[item]].code)
        };
        for (population, members) in report.populations.members.iter().enumerate() {
            for (item, place) in places.iter().enumerate() {
                let Some(target) = target(population, item) else { continue };
                let mut counts = vec![0; 3];
                for levels in members.iter().filter_map(|person| known[*person].of(kind)[*place]) {
                    let standing = match (levels.low >= target, levels.high >= target) {
                        (true, _) => AT,
                        (false, true) => PERHAPS,
                        (false, false) => BELOW,
                    };
                    counts[standing] += 1;
                }
                let answered = counts.iter().sum();
                let figure = Figure::of(population, item, members.len() as u64, answered);
                let values = share(&counts, figure.base).into_iter().collect();
                section.figures.push(Figure { counts, values, ..figure });
            }
        }
        section.needs = needs(kind, section.items.iter(), false);
        section
    };
    report.kinds_of_competences().into_iter().map(of_kind).collect()
}

/// Says of competences where the target of everybody begins.
pub(super) fn mark(sections: &mut [Section], framework: &Framework, catalogue: &Catalogue) {
    for section in sections.iter_mut().filter(|section| section.categories.len() == framework.bands.len()) {
        if let Measure::Levels { .. } = section.measure {
            for item in &mut section.items {
                let target = catalogue.target(&framework.id, None, &item.code);
                item.target = framework.bands.iter().position(|band| Some(band.low) == target);
            }
        }
    }
}

/// The share at the target of those known, and its bounds of all: least if nobody else is there, most if everybody is who
/// perhaps is or of whom nothing is known.
fn share(counts: &[u64], base: u64) -> Option<Value> {
    let known: u64 = counts.iter().sum();
    let of_all = |part: u64| Ratio::new(part.into(), base.into());
    let (low, high) = (of_all(counts[AT])?, of_all(base - counts[BELOW])?);
    let number = Ratio::new(counts[AT].into(), known.into())?;
    Some(Value { kind: ValueKind::AtTarget, number, interval: Some(Interval { low, high }) })
}

fn note() -> Text {
    Text::new(
        "Målet är det som gäller alla, i grupper av en roll den rollens. Vid målet är den vars nivå med säkerhet når det; kanske \
         vid målet den vars underlag är ett intervall över det. Andelen är av dem med känd nivå. Av alla är den som minst om \
         ingen annan når målet, som mest om alla gör det som kanske är där eller saknar känd nivå: 15 vid målet av 25 kända av \
         40 är 60 % av de kända, mellan 37,5 och 75 % av alla.",
        "The target is everybody's, in groups of one role that role's. At the target is whose level certainly reaches it; \
         perhaps at it whose evidence is an interval across it. The share is of those with a known level. Of all it is least if \
         nobody else reaches the target, most if everybody does who perhaps is there or has no known level: 15 at the target of \
         25 known of 40 are 60% of those known, between 37.5 and 75% of all.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_at_the_target_is_of_those_known_with_its_bounds_of_all() {
        let ratio = |num, den| Ratio::new(num, den).unwrap();
        let interval = |low, high| Some(Interval { low, high });
        // Of 40 known 25, at target 15.
        let value = share(&[10, 0, 15], 40).unwrap();
        assert_eq!(
            (value.number, value.interval),
            (ratio(60, 100), interval(ratio(375, 1000), ratio(75, 100)))
        );
        // Four of the ten are perhaps there.
        let value = share(&[6, 4, 15], 40).unwrap();
        assert_eq!(
            (value.number, value.interval),
            (ratio(60, 100), interval(ratio(375, 1000), ratio(85, 100)))
        );
        assert_eq!(share(&[0, 0, 0], 40), None);
    }
}
