//! Other people's figures beside a report's own: as lines in drawings, and in every file.

use crate::number::date;
use crate::texts::{Word, t, word};
use crate::view::View;
use disclosure::{Lang, Outside, OutsideKind, Ratio, ReleasedSection, Rounded, Share};

/// The id of their part, and their section in CSV.
pub(crate) const OUTSIDE: &str = "outside";

/// What their part is called.
pub(crate) fn title(lang: Lang) -> &'static str {
    t(lang, "Jämförelsetal utifrån", "Figures from outside")
}

/// Those of the sections and units that are looked at, each with its section and item.
pub(crate) fn all<'a>(view: &View<'a>) -> Vec<(&'a ReleasedSection, usize, &'a Outside)> {
    let of = |unit: &String| {
        let found = view.released.populations().iter().position(|place| place.code == *unit);
        view.rows.iter().any(|(place, _)| Some(*place) == found)
    };
    let one = |outside: &'a Outside| {
        let section = view.sections().find(|section| section.id() == outside.section)?;
        let item = section.items().iter().position(|item| item.code == outside.item)?;
        outside.unit.as_ref().is_none_or(of).then_some((section, item, outside))
    };
    view.released.outside().iter().filter_map(one).collect()
}

/// A figure as files have it: shares in per cent with one decimal, means with two.
pub(crate) fn rounded(outside: &Outside) -> Rounded {
    match outside.kind {
        OutsideKind::Positive => outside.value.round_percent(1),
        OutsideKind::Mean => outside.value.round(2),
    }
}

/// Whose it is, and of when.
pub(crate) fn whose(view: &View<'_>, outside: &Outside) -> String {
    format!("{} {}", view.text(&outside.whose), outside.period)
}

/// Who publishes it, under which licence, and when it was retrieved.
pub(crate) fn source(view: &View<'_>, outside: &Outside) -> String {
    let licence = outside.licence.as_ref().map(|licence| format!(", {licence}")).unwrap_or_default();
    let retrieved = t(view.lang, "hämtat", "retrieved");
    format!("{}{licence}, {retrieved} {}", view.text(&outside.source), date(&outside.retrieved, view.lang))
}

/// What it is.
pub(crate) fn kind(outside: &Outside, lang: Lang) -> &'static str {
    match outside.kind {
        OutsideKind::Positive => word(Word::Positive, lang),
        OutsideKind::Mean => word(Word::Mean, lang),
    }
}

/// The share positive that a row's line stands at: of the row's own unit, else of no unit of ours; with whose it is.
pub(crate) fn line<'a>(
    view: &View<'a>,
    part: &ReleasedSection,
    item: usize,
    place: usize,
) -> Option<&'a Outside> {
    let code = &part.items().get(item)?.code;
    let unit = view.released.populations().get(place).map(|place| place.code.as_str());
    let of = |outside: &&&Outside| {
        outside.kind == OutsideKind::Positive && outside.section == part.id() && outside.item == *code
    };
    let all = view.released.outside();
    let named = all
        .iter()
        .filter(|outside| of(&outside))
        .find(|outside| outside.unit.is_some() && outside.unit.as_deref() == unit);
    named.or_else(|| all.iter().filter(|outside| of(&outside)).find(|outside| outside.unit.is_none()))
}

/// How many of those who answered a share would be, in parts of a million of them, with the same base as the share beside it.
pub(crate) fn of_answers(value: Ratio, own: Share, answered: u64) -> Option<u64> {
    let part = value.times(Ratio::new(own.of.into(), answered.into())?)?.round(6).scaled;
    u64::try_from(part).ok()
}
