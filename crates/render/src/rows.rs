//! From what is shown of a figure to a row of a chart.

use crate::charts::{LEVELS, Mark, NEGATIVE, POSITIVE, Part, Row};
use crate::number::percent;
use crate::outside;
use crate::texts::{self, Word, word};
use crate::view::View;
use disclosure::{Category, Lang, Measure, ReleasedSection, Role, Shown};

/// A row of a chart and of the table beneath it.
#[derive(Debug, Clone)]
pub(crate) struct Pick<'a> {
    pub(crate) label: String,
    /// Where the name leads in a table; drawings hold no links.
    pub(crate) href: Option<String>,
    pub(crate) depth: usize,
    pub(crate) tree: bool,
    pub(crate) target: Option<usize>,
    /// The population, where it is shown or may be.
    pub(crate) place: Option<usize>,
    pub(crate) shown: Option<&'a Shown>,
    /// The item.
    pub(crate) item: usize,
}

pub(crate) fn mark_rows(view: &View<'_>, part: &ReleasedSection, picks: &[Pick<'_>]) -> Vec<Row> {
    let row = |pick: &Pick<'_>| Row {
        label: pick.label.clone(),
        depth: pick.depth,
        tree: pick.tree,
        right: pick.shown.and_then(|shown| n_text(part.measure(), shown, view.lang)).unwrap_or_default(),
        mark: match pick.shown {
            None => Mark::Words(word(Word::NotApplicable, view.lang).into()),
            Some(shown) => mark(view, part, pick, shown),
        },
    };
    picks.iter().map(row).collect()
}

fn mark(view: &View<'_>, part: &ReleasedSection, pick: &Pick<'_>, shown: &Shown) -> Mark {
    let is_rate = matches!(part.measure(), Measure::ResponseRate | Measure::Coverage);
    if is_rate && let (Some(answered), Some(base)) = (shown.answered(), shown.base()) {
        let interval = match shown {
            Shown::Full(full) => full.interval.map(|interval| (interval.low, interval.high)),
            _ => None,
        };
        return Mark::Bar { part: answered, of: base, interval };
    }
    let Some((counts, answered)) = shown.counts().zip(shown.answered()) else {
        return Mark::Hatched(view.why(shown).unwrap_or_default());
    };
    match part.measure() {
        Measure::Levels { .. } => {
            let total = shown.base().unwrap_or(answered).max(answered);
            let mut parts: Vec<Part> = counts
                .iter()
                .enumerate()
                .map(|(place, count)| Part { count: *count, class: level_class(place, counts.len()) })
                .collect();
            parts.push(Part { count: total - answered, class: "unknown" });
            Mark::Stack {
                parts,
                total,
                tick: pick.target.and_then(|target| Some(counts.get(..target)?.iter().sum())),
            }
        }
        Measure::Choices => {
            let interval = match shown {
                Shown::Full(full) => full.interval.map(|interval| (interval.low, interval.high)),
                _ => None,
            };
            Mark::Bar { part: counts.first().copied().unwrap_or(0), of: answered, interval }
        }
        _ => {
            let classes = answer_classes(part.categories());
            let of = |role: Role| -> Vec<Part> {
                let categories = part.categories().iter().zip(counts).zip(&classes);
                let chosen = categories.filter(|((category, _), _)| category.role == role);
                chosen.map(|((_, count), class)| Part { count: *count, class }).collect()
            };
            let sum = |role: Role| of(role).iter().map(|part| part.count).sum();
            Mark::Diverging {
                left: of(Role::Negative),
                middle: sum(Role::Neutral),
                right: of(Role::Positive),
                apart: sum(Role::DontKnow),
                total: answered,
                line: reference(view, part, pick, shown),
            }
        }
    }
}

/// Where a share positive from outside would end, in millionths of those who answered.
fn reference(view: &View<'_>, part: &ReleasedSection, pick: &Pick<'_>, shown: &Shown) -> Option<u64> {
    let outside = outside::line(view, part, pick.item, pick.place?)?;
    outside::of_answers(outside.value, shown.positive()?, shown.answered()?)
}

/// The colour of the band at `place` of `bands`: four steps; eight levels share them in pairs.
pub(crate) fn level_class(place: usize, bands: usize) -> &'static str {
    LEVELS[(place * LEVELS.len() / bands.max(1)).min(LEVELS.len() - 1)]
}

/// The colours of a scale's answers: the outermost are the strongest.
pub(crate) fn answer_classes(categories: &[Category]) -> Vec<&'static str> {
    let negative = categories.iter().filter(|category| category.role == Role::Negative).count();
    let positive = categories.iter().filter(|category| category.role == Role::Positive).count();
    let (mut from_left, mut from_middle) = (0, 0);
    let step = |outward: usize, of: usize| if of <= 2 && outward == 1 { 2 } else { outward.min(2) };
    let class = |category: &Category| match category.role {
        Role::Negative => {
            from_left += 1;
            NEGATIVE[step(from_left - 1, negative)]
        }
        Role::Positive => {
            from_middle += 1;
            POSITIVE[step(positive - from_middle, positive)]
        }
        Role::DontKnow => "apart",
        Role::Neutral | Role::Level => "mid-answer",
    };
    categories.iter().map(class).collect()
}

/// What stands to the right of a mark.
pub(crate) fn n_text(measure: Measure, shown: &Shown, lang: Lang) -> Option<String> {
    let (answered, base) = (shown.answered()?, shown.base()?);
    Some(match measure {
        Measure::ResponseRate | Measure::Coverage => {
            format!("{} · {}", texts::n_of(answered, base, lang), percent(answered, base, lang))
        }
        Measure::Choices => match shown.positive() {
            Some(share) => format!(
                "{} · {}",
                texts::n_of(share.part, share.of, lang),
                percent(share.part, share.of, lang)
            ),
            None => texts::answers_n(answered, lang),
        },
        Measure::Levels { .. } => texts::n_of(answered, base, lang),
        Measure::PairedChange | Measure::PairedChoices => texts::n_of(answered, base, lang),
        Measure::Likert | Measure::SelfVsDemonstrated | Measure::Index | Measure::Change => {
            texts::answers_n(answered, lang)
        }
    })
}
