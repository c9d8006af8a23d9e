//! Numbers beside counts as readers see them: shares and means with their uncertainty, changes, what was skipped.

use crate::number::{count, decimal_mark, mean, percent, percent_sign, range, signed};
use crate::texts::{self, Word, word};
use crate::view::View;
use crate::wording;
use disclosure::{Interval, Lang, Measure, Ratio, ReleasedSection, Role, Share, Shown, ValueKind};

/// A change in so many hundredths between a group's share of those asked and of the answers is told of.
const UNEVEN: i128 = 5;

/// The heads of a section's columns between its counts and n.
pub(crate) fn heads(part: &ReleasedSection, lang: Lang) -> Vec<String> {
    let with_interval = |name: &str| wording::with_interval(name, lang);
    let value = |kind: &ValueKind| match kind {
        ValueKind::ShareChange | ValueKind::MeanChange => with_interval(wording::name(*kind, lang)),
        ValueKind::AtTarget => wording::at_target(lang).to_owned(),
        kind => wording::name(*kind, lang).to_owned(),
    };
    let mut heads = Vec::new();
    if part.measure() == Measure::Likert {
        heads.push(with_interval(word(Word::Positive, lang)));
    }
    if part.measure() == Measure::Choices {
        heads.push(with_interval(texts::first_share(lang)));
    }
    if has_mean(part) {
        heads.push(with_interval(word(Word::Mean, lang)));
    }
    if part.measure() == Measure::Change {
        heads.push(wording::verdicts(lang).to_owned());
    }
    heads.extend(columns(part).map(|kind| value(&kind)));
    if has_skipped(part) {
        heads.push(wording::skipped(lang).to_owned());
    }
    heads
}

/// What stands in them for the figure of a place.
pub(crate) fn cells(
    view: &View<'_>,
    part: &ReleasedSection,
    at: (usize, usize),
    shown: &Shown,
) -> Vec<String> {
    let lang = view.lang;
    let dash = || "\u{2013}".to_owned();
    let mut cells = Vec::new();
    if matches!(part.measure(), Measure::Likert | Measure::Choices) {
        cells.push(positive(part, shown).map_or_else(dash, |(part, of)| share(part, of, shown, lang)));
    }
    if has_mean(part) {
        cells.push(scored(shown, lang).unwrap_or_else(dash));
    }
    if part.measure() == Measure::Change {
        cells.push(verdict(shown).map_or_else(dash, |up| wording::verdict(up, lang).to_owned()));
    }
    cells.extend(columns(part).map(|kind| value(shown, kind, lang).unwrap_or_else(dash)));
    if has_skipped(part) {
        let skipped = skipped(view, part, at, shown);
        cells.push(skipped.map_or_else(dash, |skipped| {
            format!("{} ({})", count(skipped.part), percent(skipped.part, skipped.of, lang))
        }));
    }
    cells
}

/// The kinds of numbers that have a column on a page, which has room for few; files have them all.
fn columns(part: &ReleasedSection) -> impl Iterator<Item = ValueKind> {
    use ValueKind::{CliffsDelta, CohensH, Deviation, Mean};
    part.values().iter().copied().filter(|kind| !matches!(kind, Mean | Deviation | CohensH | CliffsDelta))
}

/// Who was shown an item and skipped it, out of who was: those whose answers are usable. Known where both are shown.
pub(crate) fn skipped(
    view: &View<'_>,
    part: &ReleasedSection,
    (place, item): (usize, usize),
    shown: &Shown,
) -> Option<Share> {
    if !has_skipped(part) {
        return None;
    }
    let rate = view.sections().find(|section| section.id() == "response-rate")?;
    // Of its own group of respondents, where there are several.
    let group = part.items().get(item)?.code.rsplit('/').next();
    let own = rate.items().iter().position(|one| Some(one.code.as_str()) == group);
    let own = own.filter(|_| rate.items().len() > 1).unwrap_or(0);
    let of = rate.figure(place, own)?.answered()?;
    Some(Share { part: of.checked_sub(shown.answered()?)?, of })
}

/// Whether a section's figures have a mean: of scores, or of places.
pub(crate) fn has_mean(part: &ReleasedSection) -> bool {
    match part.measure() {
        Measure::Likert | Measure::Index => true,
        Measure::Choices => part.values().contains(&ValueKind::Mean),
        _ => false,
    }
}

/// Whether it is told how many skipped an item.
pub(crate) fn has_skipped(part: &ReleasedSection) -> bool {
    matches!(part.measure(), Measure::Likert | Measure::Choices) && !is_earlier(part)
}

/// Whether a section has the answers of the time before: what others are compared with, and no part of its own.
pub(crate) fn is_earlier(part: &ReleasedSection) -> bool {
    part.id().starts_with("earlier-")
}

/// Whether a change is certain, and which way: by the share positive, else by the mean. `None` where neither is shown.
pub(crate) fn verdict(shown: &Shown) -> Option<Option<bool>> {
    let value =
        [ValueKind::ShareChange, ValueKind::MeanChange].into_iter().find_map(|kind| shown.value(kind))?;
    let Interval { low, high } = value.interval?;
    Some(if low > Ratio::ZERO {
        Some(true)
    } else if high < Ratio::ZERO {
        Some(false)
    } else {
        None
    })
}

/// The parts of the place that are overrepresented or underrepresented among the answers: each family of parts by itself,
/// and only those of which the rate is shown.
pub(crate) fn uneven(view: &View<'_>, part: &ReleasedSection) -> Option<String> {
    // Groups of respondents are no parts of one whole.
    let root = view.root().filter(|_| part.items().len() == 1)?;
    let (answers, asked) = (view.of_root(part, 0)?.answered()?, view.of_root(part, 0)?.base()?);
    let all = view.released.populations();
    let groups = (0..all.len()).filter(|place| all[*place].parent == Some(root)).filter_map(|place| {
        let shown = part.figure(place, 0)?;
        let (answered, base) = (shown.answered()?, shown.base()?);
        let of_all = Ratio::new(base.into(), asked.into())?;
        let of_answers = Ratio::new(answered.into(), answers.into())?;
        let apart = of_answers.plus(of_all.times(Ratio::whole(-1))?)?;
        let far = apart.times(apart)? >= Ratio::new(UNEVEN * UNEVEN, 10_000)?;
        let of = |part, of| Share { part, of };
        far.then(|| (view.name(place).to_owned(), of(base, asked), of(answered, answers)))
    });
    let groups: Vec<_> = groups.collect();
    (!groups.is_empty()).then(|| wording::uneven(&groups, view.lang))
}

/// The share of positive answers: as computed, or else from the distribution, of all who answered.
pub(crate) fn positive(section: &ReleasedSection, shown: &Shown) -> Option<(u64, u64)> {
    if let Some(share) = shown.positive() {
        return Some((share.part, share.of));
    }
    let positive = section.categories().iter().map(|category| category.role == Role::Positive);
    if !positive.clone().any(|positive| positive) {
        return None;
    }
    let part =
        shown.counts()?.iter().zip(positive).filter(|(_, positive)| *positive).map(|(count, _)| count).sum();
    Some((part, shown.answered()?))
}

fn share(part: u64, of: u64, shown: &Shown, lang: Lang) -> String {
    let interval = match shown {
        Shown::Full(full) => full.interval,
        _ => None,
    };
    let text = |end: Ratio| end.round_percent(0).to_text(decimal_mark(lang));
    let ends = interval.map(|interval| ends(interval, text, lang));
    beside(percent(part, of, lang), ends)
}

/// The mean with its interval.
pub(crate) fn scored(shown: &Shown, lang: Lang) -> Option<String> {
    let score = shown.score()?;
    let interval = shown.value(ValueKind::Mean).and_then(|value| value.interval);
    let text = |value: Ratio| mean(value, score.n, lang);
    Some(beside(text(score.mean()?), interval.map(|interval| ends(interval, text, lang))))
}

fn value(shown: &Shown, kind: ValueKind, lang: Lang) -> Option<String> {
    let value = shown.value(kind)?;
    let few = shown.answered()? < 100;
    let text = |number: Ratio| match kind {
        ValueKind::NetPromoterScore | ValueKind::ShareChange => signed(number.round_percent(0), lang),
        ValueKind::AtTarget | ValueKind::WeightedPositive | ValueKind::AnswersPerPupil => {
            percent_sign(&number.round_percent(0).to_text(decimal_mark(lang)), lang)
        }
        ValueKind::MeanChange => signed(number.round(if few { 0 } else { 1 }), lang),
        ValueKind::Mean | ValueKind::Deviation | ValueKind::WeightedMean => {
            mean(number, shown.answered().unwrap_or(0), lang)
        }
        ValueKind::Alpha | ValueKind::DesignEffect => number.round(2).to_text(decimal_mark(lang)),
        ValueKind::CohensH | ValueKind::HedgesG | ValueKind::CliffsDelta | ValueKind::DAv => {
            signed(number.round(1), lang)
        }
    };
    Some(beside(text(value.number), value.interval.map(|interval| ends(interval, text, lang))))
}

fn ends(Interval { low, high }: Interval, text: impl Fn(Ratio) -> String, lang: Lang) -> String {
    range(&text(low), &text(high), lang)
}

fn beside(value: String, interval: Option<String>) -> String {
    match interval {
        Some(interval) => format!("{value} ({interval})"),
        None => value,
    }
}
