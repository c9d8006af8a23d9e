//! The sentence that a section, and a report, begin with.

use crate::beside::{self, positive};
use crate::sentences;
use crate::texts::{self, Estimate};
use crate::view::View;
use crate::wording;
use disclosure::{LevelKind, Measure, Ratio, ReleasedSection, ReportKind, Role, Score, Shown, ValueKind};

/// The finding of the whole report. With levels in it: how many they are of, in how many competences half have
/// reached the target, and the greatest need; otherwise the first section's finding and the next one's of another
/// measure.
pub(crate) fn of_report<'a>(view: &View<'a>) -> String {
    if view.is_in_the_box() {
        return sentences::in_the_box(view.lang).to_owned();
    }
    if let Some(overall) = of_levels(view) {
        return overall;
    }
    let found: Vec<(Measure, String)> =
        view.sections().filter_map(|section| Some((section.measure(), of_section(view, section)?))).collect();
    let Some(((measure, first), rest)) = found.split_first() else {
        let reason = view.sections().next().and_then(|section| view.of_root(section, 0)?.reason());
        return sentences::nothing(view.place(), reason, view.released.preset().k_summary, view.lang);
    };
    match rest.iter().find(|(other, _)| is_rate(*other) != is_rate(*measure)) {
        Some((_, second)) => format!("{first} {second}"),
        None => first.clone(),
    }
}

/// From the first section of level bands of competences, rather than of their areas, that has something to say.
fn of_levels<'a>(view: &View<'a>) -> Option<String> {
    let levels = || view.sections().filter_map(|part| Some((kind(part)?, part)));
    let most = levels().map(|(_, part)| part.items().len()).max()?;
    levels().filter(|(_, part)| part.items().len() == most && part.categories().len() <= 4).find_map(
        |(kind, part)| {
            let need = of_section(view, part)?;
            let covered = sections_of(view, kind).and_then(|part| of_section(view, part));
            let overall = at_target(view, part).or_else(|| most_common(view, part));
            Some([covered, overall, Some(need)].into_iter().flatten().collect::<Vec<_>>().join(" "))
        },
    )
}

/// The section that says for how many a kind of level is known, by its id.
fn sections_of<'a>(view: &View<'a>, kind: LevelKind) -> Option<&'a ReleasedSection> {
    let id = match kind {
        LevelKind::SelfAssessed => "self-assessed-coverage",
        LevelKind::Demonstrated => "demonstrated-coverage",
        LevelKind::Attested => "attested-coverage",
    };
    view.sections().find(|section| section.id() == id)
}

fn kind(part: &ReleasedSection) -> Option<LevelKind> {
    match part.measure() {
        Measure::Levels { kind } if !part.values().contains(&ValueKind::AtTarget) => Some(kind),
        _ => None,
    }
}

fn is_rate(measure: Measure) -> bool {
    matches!(measure, Measure::ResponseRate | Measure::Coverage)
}

/// The finding of a section for the root of the view; `None` where nothing of it may be shown.
pub(crate) fn of_section(view: &View<'_>, section: &ReleasedSection) -> Option<String> {
    let figures = || {
        (0..section.items().len()).filter_map(|item| {
            let shown = section.figure(view.root()?, item)?;
            Some((item, shown))
        })
    };
    let name = |item: usize| section.items().get(item).map(|item| view.item(item)).unwrap_or_default();
    match section.measure() {
        Measure::Levels { kind } => {
            let needs = figures().filter_map(|(item, shown)| {
                let (answered, counts) = (shown.answered()?, shown.counts()?);
                let below = below_target(section, item);
                Some((item, below, counts[..below].iter().sum::<u64>(), answered))
            });
            let (item, below, part, of) = first_highest(needs, |need| (need.2, need.3))?;
            if section.values().contains(&ValueKind::AtTarget) {
                return Some(sentences::below_the_target(kind, &name(item), part, of, view.lang));
            }
            let bands = bands(view, section, below);
            Some(sentences::need(kind, &name(item), part, of, &bands, view.lang))
        }
        Measure::Likert => {
            let shares = || figures().filter_map(|(item, shown)| Some((item, positive(section, shown)?)));
            let high = first_highest(shares(), |share| share.1)?;
            let low = first_highest(shares(), |share| (share.1.1 - share.1.0, share.1.1));
            let low = low.filter(|low| low.0 != high.0).map(|low| (name(low.0), low.1));
            let low = low.as_ref().map(|(name, share)| (name.as_str(), share.0, share.1));
            let negative = section.id().ends_with("-reversed");
            Some(sentences::answers((&name(high.0), high.1.0, high.1.1), low, negative, view.lang))
        }
        Measure::Choices => {
            let shares = figures().filter_map(|(item, shown)| Some((item, positive(section, shown)?)));
            let high = first_highest(shares, |share| share.1)?;
            let ranked = beside::has_mean(section);
            Some(sentences::most_chosen(&name(high.0), high.1.0, high.1.1, ranked, view.lang))
        }
        measure @ (Measure::ResponseRate | Measure::Coverage) => {
            let rates =
                || figures().filter_map(|(item, shown)| Some((item, (shown.answered()?, shown.base()?))));
            let high = first_highest(rates(), |rate| rate.1)?;
            if measure == Measure::ResponseRate && view.estimate() == Estimate::All {
                return Some(sentences::estimated(high.1.0, high.1.1, view.lang));
            }
            if section.items().len() == 1 {
                return Some(sentences::rate(
                    measure,
                    view.text(section.title()),
                    high.1.0,
                    high.1.1,
                    view.lang,
                ));
            }
            if section.items().len() == 2 {
                let all: Vec<_> =
                    rates().map(|(item, (answered, base))| (name(item), answered, base)).collect();
                return Some(sentences::rates(&all, view.lang));
            }
            let low = first_highest(rates(), |rate| (rate.1.1.saturating_sub(rate.1.0), rate.1.1))?;
            let (low_name, high_name) = (name(low.0), name(high.0));
            Some(sentences::rate_range(
                (&low_name, low.1.0, low.1.1),
                (&high_name, high.1.0, high.1.1),
                view.lang,
            ))
        }
        Measure::Index => {
            let means = || figures().filter_map(|(item, shown)| Some((item, shown.score()?)));
            let mean = |score: &Score| score.mean().unwrap_or(Ratio::ZERO);
            // The first of equals.
            let high = means().reduce(|best, one| if mean(&one.1) > mean(&best.1) { one } else { best })?;
            let low = means().reduce(|best, one| if mean(&one.1) < mean(&best.1) { one } else { best })?;
            let said =
                |of: &(usize, Score)| (name(of.0), crate::number::mean(mean(&of.1), of.1.n, view.lang));
            let (high_said, low_said) = (said(&high), said(&low));
            let other = (low.0 != high.0).then_some((low_said.0.as_str(), low_said.1.as_str()));
            Some(wording::indexes((&high_said.0, &high_said.1), other, view.lang))
        }
        Measure::Change => {
            let verdicts: Vec<_> = figures().filter_map(|(_, shown)| beside::verdict(shown)).collect();
            let of = |way| verdicts.iter().filter(|verdict| **verdict == Some(way)).count();
            (!verdicts.is_empty()).then(|| wording::changes(of(true), of(false), verdicts.len(), view.lang))
        }
        Measure::PairedChange => {
            let up = figures()
                .filter_map(|(item, shown)| Some((item, *shown.counts()?.last()?, shown.answered()?)));
            let (item, up, of) = first_highest(up, |up| (up.1, up.2))?;
            let asked = view.released.kind() == ReportKind::Survey;
            Some(wording::most_up(&name(item), up, of, asked, view.lang))
        }
        Measure::PairedChoices => {
            let added = section.categories().iter().position(|category| category.role == Role::Positive)?;
            let of = figures()
                .filter_map(|(item, shown)| Some((item, *shown.counts()?.get(added)?, shown.answered()?)));
            let (item, part, of) = first_highest(of, |one| (one.1, one.2))?;
            let what = view.text(&section.categories()[added].label);
            Some(wording::most_added(what, &name(item), part, of, view.lang))
        }
        Measure::SelfVsDemonstrated => {
            let gaps = figures().flat_map(|(item, shown)| {
                let split = split(section, shown);
                let answered = shown.answered();
                [true, false].into_iter().filter_map(move |higher| {
                    let [lower, _, above] = split?;
                    Some((item, higher, if higher { above } else { lower }, answered?))
                })
            });
            let (item, higher, part, of) = first_highest(gaps, |gap| (gap.2, gap.3))?;
            Some(sentences::gap(&name(item), higher, part, of, view.lang))
        }
    }
}

/// In how many of the competences half or more are at the target; `None` where none is set, or targets differ.
fn at_target<'a>(view: &View<'a>, part: &'a ReleasedSection) -> Option<String> {
    let below = below_target(part, 0);
    let set = |item: usize| part.items()[item].target.is_some();
    if (0..part.items().len()).any(|item| !set(item) || below_target(part, item) != below) {
        return None;
    }
    let shown = || (0..part.items().len()).filter_map(|item| view.of_root(part, item)?.counts());
    let half = |counts: &[u64]| counts.iter().skip(below).sum::<u64>() * 2 >= counts.iter().sum::<u64>();
    let met = shown().filter(|counts| half(counts)).count();
    Some(sentences::at_target(kind(part)?, met, shown().count(), &bands(view, part, below), view.lang))
}

/// The band that is the most common one in the most competences, and in how many; the lower of equals.
fn most_common<'a>(view: &View<'a>, part: &'a ReleasedSection) -> Option<String> {
    let shown = || (0..part.items().len()).filter_map(|item| view.of_root(part, item)?.counts());
    let top = |counts: &[u64]| {
        counts.iter().enumerate().rev().max_by_key(|(_, count)| **count).map(|(band, _)| band)
    };
    let times = |band: usize| shown().filter(|counts| top(counts) == Some(band)).count();
    let band =
        (0..part.categories().len()).rev().max_by_key(|band| times(*band)).filter(|band| times(*band) > 0)?;
    let name = view.text(&part.categories()[band].label);
    Some(sentences::most_common(kind(part)?, name, times(band), shown().count(), view.lang))
}

/// How many bands lie below the target; the lowest one of four, or its two levels of eight, where none is set.
pub(crate) fn below_target(part: &ReleasedSection, item: usize) -> usize {
    let target = part.items().get(item).and_then(|item| item.target);
    target.unwrap_or(part.categories().len() / 4).max(1).min(part.categories().len())
}

/// People who rate themselves lower than, the same as, and higher than they have demonstrated.
pub(crate) fn split(section: &ReleasedSection, shown: &Shown) -> Option<[u64; 3]> {
    let side = section.categories().len();
    let mut split = [0; 3];
    for (place, count) in shown.counts()?.iter().enumerate() {
        let (own, demonstrated) = (place / side, place % side);
        split[match own.cmp(&demonstrated) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Greater => 2,
        }] += count;
    }
    Some(split)
}

/// "Bas" or "Bas eller Medel".
pub(crate) fn bands(view: &View<'_>, section: &ReleasedSection, below: usize) -> String {
    let names: Vec<&str> =
        section.categories().iter().take(below).map(|band| view.text(&band.label)).collect();
    match names.as_slice() {
        [.., last] if names.len() > 1 => {
            format!("{} {} {last}", names[..names.len() - 1].join(", "), texts::t(view.lang, "eller", "or"))
        }
        _ => names.join(""),
    }
}

/// The first of those with the highest share, compared exactly.
fn first_highest<T>(all: impl Iterator<Item = T>, share: impl Fn(&T) -> (u64, u64)) -> Option<T> {
    all.filter(|one| share(one).1 > 0).fold(None, |best: Option<T>, one| match best {
        None => Some(one),
        Some(best) => {
            let ((a, b), (c, d)) = (share(&one), share(&best));
            let more = u128::from(a) * u128::from(d) > u128::from(c) * u128::from(b);
            Some(if more { one } else { best })
        }
    })
}
