//! Levels against what is aimed at: how many are at the target, below it, and perhaps at it.
//!
//! The target of a group of one role is that role's, of any other group everybody's: a target that differs between the
//! people of one group would tell, beside their distribution, what the few with another role can do. For the same reason
//! targets are where bands begin, so that the counts follow from the distribution (but for whose interval of levels passes
//! the target), and a figure is shown only where that is.

use super::known::Known;
use super::sections::{Report, competence_items, level_category, needs};
use disclosure::{Figure, Interval, Item, Lang, LevelKind, Measure, Ratio, Section, Text, Value, ValueKind};
use domain::catalogue::Catalogue;
use domain::frameworks::Framework;
use std::collections::BTreeSet;

/// Where somebody stands to a target, in the order of the categories.
const BELOW: usize = 0;
const PERHAPS: usize = 1;
const AT: usize = 2;

/// A section for each kind of level; none without targets.
/// Where roles are shown, a role with a target of its own is held against that in an item of its own.
pub(super) fn sections(
    report: &Report<'_>,
    catalogue: &Catalogue,
    known: &[Known],
    by_role: bool,
) -> Vec<Section> {
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
    // A competence against the target of everybody, and where roles are shown for each role with another against that.
    let mut asked: Vec<(usize, Option<&str>)> = Vec::new();
    let roles: BTreeSet<&str> = report.populations.roles.iter().flatten().map(String::as_str).collect();
    for place in &places {
        let target = |role| catalogue.target(framework, role, &all[*place].code);
        asked.push((*place, None));
        asked.extend(
            roles
                .iter()
                .filter(|role| by_role && target(Some(role)) != target(None))
                .map(|role| (*place, Some(*role))),
        );
    }
    let of_kind = |kind: LevelKind| {
        let item = |(place, role): &(usize, Option<&str>)| match role {
            None => all[*place].clone(),
            Some(role) => {
                let Item { code, label, .. } = &all[*place];
                let label =
                    Text::new(format!("{}, {role}", label.sv), format!("{}, {role}", label.get(Lang::En)));
                Item { code: format!("{code}/{role}"), label, ..all[*place].clone() }
            }
        };
        let items = asked.iter().map(item).collect();
        let mut section = report.section(kind, "target", Measure::Levels { kind }, items);
        section.categories = vec![
            level_category("below", Text::new("Under målet", "Below the target")),
            level_category("perhaps", Text::new("Kanske vid målet", "Perhaps at the target")),
            level_category("at", Text::new("Vid målet", "At the target")),
        ];
        section.values = vec![ValueKind::AtTarget];
        section.notes.push(note(by_role));
        let target = |population: usize, item: usize| {
            let (place, of_role) = asked[item];
            let own = report.populations.roles[population].as_deref();
            if of_role.is_some() && own != of_role {
                return None;
            }
            let role = if by_role { of_role } else { own };
            catalogue.target(framework, role, &all[place].code)
        };
        for (population, members) in report.populations.members.iter().enumerate() {
            for (item, (place, _)) in asked.iter().enumerate() {
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
        section.needs = needs(kind, asked.iter().map(|(place, _)| &all[*place]), false);
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

fn note(by_role: bool) -> Text {
    let (sv, en) = match by_role {
        false => (
            "Målet är det som gäller alla, i grupper av en roll den rollens.",
            "The target is everybody's, in groups of one role that role's.",
        ),
        true => (
            "Målet är det som gäller alla; en roll med ett eget mål står även för sig, mot det.",
            "The target is everybody's; a role with a target of its own stands by itself too, against that.",
        ),
    };
    Text::new(
        format!(
            "{sv} Vid målet är den vars nivå med säkerhet når det; kanske \
             vid målet den vars underlag är ett intervall över det. Andelen är av dem med känd nivå. Av alla är den som minst om \
             ingen annan når målet, som mest om alla gör det som kanske är där eller saknar känd nivå: 15 vid målet av 25 kända av \
             40 är 60 % av de kända, mellan 37,5 och 75 % av alla."
        ),
        format!(
            "{en} At the target is whose level certainly reaches it; \
             perhaps at it whose evidence is an interval across it. The share is of those with a known level. Of all it is least if \
             nobody else reaches the target, most if everybody does who perhaps is there or has no known level: 15 at the target of \
             25 known of 40 are 60% of those known, between 37.5 and 75% of all."
        ),
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
