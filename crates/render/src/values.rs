//! What files of tables are filled with: the values of a figure, and what is said of the report itself.

use crate::beside::{has_mean, has_skipped, positive, skipped};
use crate::texts::{self, Word, t, word};
use crate::view::View;
use crate::wording;
use disclosure::{Measure, Ratio, Reason, ReleasedSection, Rounded, Shown, ValueKind};
use std::borrow::Cow;

/// What stands in place of a value that is not shown.
pub(crate) const HIDDEN: &str = "..";
/// What stands in place of a value that there is not, such as the mean of nobody.
pub(crate) const MISSING: &str = ".";

/// One value of a figure.
pub(crate) struct Value<'a> {
    /// Stable; with `name` it says which column the value belongs in.
    pub(crate) code: Cow<'a, str>,
    pub(crate) name: Cow<'a, str>,
    pub(crate) cell: Cell,
}

/// What stands in a cell.
pub(crate) enum Cell {
    /// People, exactly.
    Count(u64),
    /// A share in per cent with one decimal, or a mean with two.
    Decimal(Rounded),
    /// It may not be shown.
    Hidden,
    /// There is none.
    Missing,
}

/// What is to be said of the report itself, by code: with its name, and in words or numbers.
pub(crate) fn about(view: &View<'_>) -> Vec<(&'static str, String, String)> {
    let lang = view.lang;
    let released = view.released;
    let identity = released.identity();
    let row = |code, name: &str, text: &str| (code, name.to_owned(), text.to_owned());
    let mut rows = vec![
        row("title", t(lang, "Rapport", "Report"), view.text(released.title())),
        row("subtitle", t(lang, "Underrubrik", "Subtitle"), view.text(released.subtitle())),
        row("place", t(lang, "Plats", "Place"), view.text(released.place())),
        row("period", t(lang, "Period", "Period"), view.text(released.period())),
        row("as_of", word(Word::AsOf, lang), &identity.as_of),
        row("position", word(Word::Position, lang), &identity.position.to_string()),
        row("horizon", word(Word::Horizon, lang), &identity.horizon.to_string()),
        row("program", word(Word::Program, lang), &identity.program),
        row("definition", word(Word::DefinitionHash, lang), &identity.definition),
        row("rules", word(Word::Rules, lang), view.text(&released.preset().title)),
        row("dated_ahead", word(Word::DatedAhead, lang), &released.dated_ahead().to_string()),
    ];
    let sources = released.sources().iter();
    rows.extend(sources.map(|source| row("source", t(lang, "Källa", "Source"), view.text(source))));
    let is_sign = |sign: &str| matches!(sign, HIDDEN | MISSING);
    let signs = signs(view).into_iter();
    rows.extend(signs.map(|(sign, text)| row(if is_sign(sign) { "sign" } else { "code" }, sign, &text)));
    rows.retain(|(_, _, text)| !text.is_empty());
    rows
}

/// What stands in place of values, and the codes of reasons, each in words.
pub(crate) fn signs(view: &View<'_>) -> Vec<(&'static str, String)> {
    let (lang, preset) = (view.lang, view.released.preset());
    let code = |reason: Reason| (reason.code(), texts::reason(reason, preset.k_summary, preset, lang));
    let is_merged = |section: &ReleasedSection| {
        section.figures().iter().any(|figure| figure.shown == Shown::Hidden(Reason::Merged))
    };
    let merged = view.released.sections().iter().any(is_merged).then(|| code(Reason::Merged));
    let signs = [
        (HIDDEN, t(lang, "visas inte; kod säger varför", "not shown; code says why").to_owned()),
        (MISSING, t(lang, "finns inte", "there is none").to_owned()),
        code(Reason::SmallGroup),
        code(Reason::LowRate),
        code(Reason::Protected),
    ];
    signs.into_iter().chain(merged).collect()
}

/// The values of a place's figure, the same ones whether shown or hidden, so that hiding moves nothing.
pub(crate) fn values<'a>(
    view: &View<'_>,
    section: &'a ReleasedSection,
    at: (usize, usize),
    shown: &Shown,
) -> Vec<Value<'a>> {
    let lang = view.lang;
    let percent = |part: u64, of: u64| {
        Ratio::new(part.into(), of.into()).map(|ratio| Cell::Decimal(ratio.round_percent(1)))
    };
    let full = matches!(shown, Shown::Full(_));
    let summary = !matches!(shown, Shown::Hidden(_));
    // Of what may be shown, what is not there is missing.
    let of = |code: Cow<'a, str>, name: Cow<'a, str>, may: bool, cell: Option<Cell>| Value {
        code,
        name,
        cell: cell.unwrap_or(if may { Cell::Missing } else { Cell::Hidden }),
    };
    let value =
        |code: &'a str, name: &'a str, may: bool, cell: Option<Cell>| of(code.into(), name.into(), may, cell);
    let rate = shown.answered().zip(shown.base()).and_then(|(part, of)| percent(part, of));
    let mut values = Vec::with_capacity(16);
    let counted =
        |place: usize| shown.counts().and_then(|counts| counts.get(place)).map(|count| Cell::Count(*count));
    let categories = section.categories();
    match section.measure() {
        Measure::Levels { .. }
        | Measure::Likert
        | Measure::Choices
        | Measure::PairedChange
        | Measure::PairedChoices => {
            for (place, category) in categories.iter().enumerate() {
                let label = category.label.get(lang);
                values.push(value(&category.code, label, full, counted(place)));
            }
        }
        Measure::SelfVsDemonstrated => {
            for place in 0..categories.len() * categories.len() {
                let (own, demonstrated) =
                    (&categories[place / categories.len()], &categories[place % categories.len()]);
                let names = [view.text(&own.label), view.text(&demonstrated.label)].join(" / ");
                let code = format!("{}/{}", own.code, demonstrated.code);
                values.push(of(code.into(), names.into(), full, counted(place)));
            }
        }
        Measure::ResponseRate | Measure::Coverage | Measure::Index | Measure::Change => {}
    }
    if section.measure() == Measure::Likert {
        let positive = positive(section, shown).and_then(|(part, of)| percent(part, of));
        let name = t(lang, "andel positiva, procent", "share positive, per cent");
        values.push(value("positive", name, summary, positive));
    }
    if section.measure() == Measure::Choices {
        let share = shown.positive().and_then(|share| percent(share.part, share.of));
        values.push(value("first_share", texts::first_share(lang), summary, share));
    }
    if has_mean(section) {
        let mean = shown.score().and_then(|score| score.mean());
        let mean = mean.map(|mean| Cell::Decimal(mean.round(2)));
        values.push(value("mean", t(lang, "medelvärde", "mean"), summary, mean));
    }
    if section.has_intervals() {
        let interval = match shown {
            Shown::Full(full) => full.interval,
            _ => None,
        };
        let low = interval.map(|interval| Cell::Decimal(interval.low.round_percent(1)));
        let high = interval.map(|interval| Cell::Decimal(interval.high.round_percent(1)));
        values.push(value("interval_low", t(lang, "95 %-intervall, från", "95% interval, from"), full, low));
        values.push(value("interval_high", t(lang, "95 %-intervall, till", "95% interval, to"), full, high));
    }
    for kind in section.values() {
        let (code, found) = (kind.code(), shown.value(*kind));
        let decimal = |number: Ratio| Cell::Decimal(rounded(*kind, number));
        let name = wording::name(*kind, lang).to_lowercase();
        // The mean has a column already.
        if *kind != ValueKind::Mean {
            let name = name.clone().into();
            values.push(of(code.into(), name, full, found.map(|found| decimal(found.number))));
        }
        if let Some([low, high]) = kind.ends() {
            let interval = found.and_then(|found| found.interval);
            let [from, to] = wording::ends(*kind, lang).map(|end| format!("{name}, {end}"));
            values.push(of(low.into(), from.into(), full, interval.map(|ends| decimal(ends.low))));
            values.push(of(high.into(), to.into(), full, interval.map(|ends| decimal(ends.high))));
        }
    }
    if has_skipped(section) {
        let skipped = skipped(view, section, at, shown);
        let name = t(lang, "hoppade över, antal", "skipped, number");
        values.push(value("skipped", name, summary, skipped.map(|skipped| Cell::Count(skipped.part))));
        let name =
            t(lang, "hoppade över, procent av dem som fick frågan", "skipped, per cent of those shown it");
        let share = skipped.and_then(|skipped| percent(skipped.part, skipped.of));
        values.push(value("skipped_share", name, summary, share));
    }
    let name = t(lang, "andel av basen, procent", "share of the base, per cent");
    values.push(value("rate", name, summary, rate));
    values
}

/// A number beside counts as files have it: shares in per cent with one decimal, net promoter scores with none, others with
/// two.
fn rounded(kind: ValueKind, number: Ratio) -> Rounded {
    match kind {
        ValueKind::NetPromoterScore => number.round_percent(0),
        ValueKind::ShareChange
        | ValueKind::AtTarget
        | ValueKind::WeightedPositive
        | ValueKind::AnswersPerPupil => number.round_percent(1),
        _ => number.round(2),
    }
}
