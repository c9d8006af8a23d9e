//! A released report as one long table in Parquet: a row for each value, as programs filter and join it.
//! `docs/reports.md` says what stands in which column.

use crate::parquet;
use disclosure::{
    Item, Lang, Measure, Ratio, Released, ReleasedPopulation, ReleasedSection, ReportKind, Shown, Text,
    ValueKind,
};
use polars::prelude::*;

/// Rows of a row group.
const GROUP: usize = 100_000;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written as Parquet: {0}")]
pub struct ParquetError(#[from] PolarsError);

/// The report as Parquet, with the figures of some sections and of the populations whose indexes are in `populations`, in
/// their order. It holds
/// both languages, exact fractions beside their values, and in every row what the report was made from; the file's
/// metadata (`larka.title_sv` …) has what is said of the report as a whole.
///
/// # Errors
/// The table cannot be encoded.
pub fn parquet<'a>(
    released: &'a Released,
    sections: impl Iterator<Item = &'a ReleasedSection>,
    populations: &[usize],
) -> Result<Vec<u8>, ParquetError> {
    let mut rows = Vec::new();
    for section in sections {
        for (item, about) in section.items().iter().enumerate() {
            for place in populations {
                let (Some(unit), Some(shown)) =
                    (released.populations().get(*place), section.figure(*place, item))
                else {
                    continue;
                };
                let of = Of { section, item: about, unit, shown };
                rows.extend(values(section, shown).into_iter().map(|value| (of, value)));
            }
        }
    }
    Ok(parquet::encode(&table(released, &rows)?, GROUP, about(released))?)
}

/// What a row is about.
#[derive(Clone, Copy)]
struct Of<'a> {
    section: &'a ReleasedSection,
    item: &'a Item,
    unit: &'a ReleasedPopulation,
    shown: &'a Shown,
}

/// One value of a figure.
struct Value {
    /// `count`, `rate`, `positive`, `mean`, `interval_low`, `interval_high` or the code of a [`ValueKind`] or its ends.
    statistic: &'static str,
    /// What is counted: code, Swedish and English.
    category: Option<[String; 3]>,
    /// Whether it may be shown.
    shown: bool,
    value: Option<Ratio>,
    /// How many people it is of.
    people: Option<u64>,
}

/// The values of a figure, the same ones whether shown or hidden.
fn values(section: &ReleasedSection, shown: &Shown) -> Vec<Value> {
    let full = matches!(shown, Shown::Full(_));
    let summary = !matches!(shown, Shown::Hidden(_));
    let people = shown.answered();
    let counts = shown.counts().unwrap_or_default();
    let count = |place: usize, category: [String; 3]| Value {
        statistic: "count",
        category: Some(category),
        shown: full,
        value: counts.get(place).and_then(|count| Ratio::new((*count).into(), 1)),
        people: people.filter(|_| full),
    };
    let plain = |statistic, shown, value: Option<Ratio>, people: Option<u64>| Value {
        statistic,
        category: None,
        shown,
        value,
        people: people.filter(|_| value.is_some()),
    };
    let names = |code: &str, label: &Text| {
        [code.to_owned(), label.get(Lang::Sv).to_owned(), label.get(Lang::En).to_owned()]
    };
    let categories = section.categories();
    let mut values: Vec<Value> = match section.measure() {
        Measure::Levels { .. }
        | Measure::Likert
        | Measure::Choices
        | Measure::PairedChange
        | Measure::PairedChoices => categories
            .iter()
            .enumerate()
            .map(|(place, category)| count(place, names(&category.code, &category.label)))
            .collect(),
        Measure::SelfVsDemonstrated => (0..categories.len() * categories.len())
            .map(|place| {
                let own = &categories[place / categories.len()];
                let demonstrated = &categories[place % categories.len()];
                let (own, demonstrated) =
                    (names(&own.code, &own.label), names(&demonstrated.code, &demonstrated.label));
                let joined = |at: usize, by: &str| format!("{}{by}{}", own[at], demonstrated[at]);
                count(place, [joined(0, "/"), joined(1, " / "), joined(2, " / ")])
            })
            .collect(),
        Measure::ResponseRate | Measure::Coverage | Measure::Index | Measure::Change => Vec::new(),
    };
    let has = |of: fn(&Shown) -> bool| section.figures().iter().any(|figure| of(&figure.shown));
    if has(|shown| shown.positive().is_some()) {
        let positive = shown.positive();
        let of = positive.map(|share| share.of);
        values.push(plain("positive", summary, positive.and_then(|share| share.ratio()), of));
    }
    if has(|shown| shown.score().is_some()) {
        let score = shown.score();
        values.push(plain("mean", summary, score.and_then(|score| score.mean()), score.map(|score| score.n)));
    }
    let interval = |shown: &Shown| match shown {
        Shown::Full(full) => full.interval,
        _ => None,
    };
    if has(|shown| matches!(shown, Shown::Full(full) if full.interval.is_some())) {
        let (low, high) = (interval(shown).map(|ends| ends.low), interval(shown).map(|ends| ends.high));
        values.push(plain("interval_low", full, low, people));
        values.push(plain("interval_high", full, high, people));
    }
    for kind in section.values() {
        let found = shown.value(*kind);
        // The mean stands above.
        if *kind != ValueKind::Mean {
            values.push(plain(kind.code(), full, found.map(|found| found.number), people));
        }
        if let Some([low, high]) = kind.ends() {
            let interval = found.and_then(|found| found.interval);
            values.push(plain(low, full, interval.map(|ends| ends.low), people));
            values.push(plain(high, full, interval.map(|ends| ends.high), people));
        }
    }
    let rate = shown.answered().zip(shown.base()).and_then(|(part, of)| Ratio::new(part.into(), of.into()));
    values.push(plain("rate", summary, rate, shown.base()));
    values
}

fn table<'a>(released: &'a Released, rows: &'a [(Of<'a>, Value)]) -> Result<DataFrame, PolarsError> {
    let identity = released.identity();
    let text = |name: &str, of: &dyn Fn(&'a (Of<'a>, Value)) -> Option<&'a str>| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<Option<&str>>>())
    };
    let number = |name: &str, of: &dyn Fn(&(Of<'_>, Value)) -> Option<i64>| {
        Column::new(name.into(), rows.iter().map(of).collect::<Vec<Option<i64>>>())
    };
    let whole = |number: u64| i64::try_from(number).ok();
    let kind = match released.kind() {
        ReportKind::Competence => "competence",
        ReportKind::Survey => "survey",
        ReportKind::Progress => "progress",
        ReportKind::Adoption => "adoption",
    };
    let measure = |section: &ReleasedSection| match section.measure() {
        Measure::Levels { .. } => "levels",
        Measure::Likert => "likert",
        Measure::Choices => "choices",
        Measure::ResponseRate => "response_rate",
        Measure::SelfVsDemonstrated => "self_vs_demonstrated",
        Measure::Coverage => "coverage",
        Measure::Index => "index",
        Measure::Change => "change",
        Measure::PairedChange => "paired_change",
        Measure::PairedChoices => "paired_choices",
    };
    let parent = |unit: &ReleasedPopulation| -> Option<&'a str> {
        released.populations().get(unit.parent?).map(|parent| parent.code.as_str())
    };
    let state = |value: &Value| match (value.value, value.shown) {
        (Some(_), _) => "shown",
        (None, true) => "missing",
        (None, false) => "hidden",
    };
    // A fraction whose ends do not fit has its value alone.
    let ends = |value: &Value| -> Option<(i64, i64)> {
        let ratio = value.value?;
        Some((ratio.num().try_into().ok()?, ratio.den().try_into().ok()?))
    };
    let float = |ratio: Ratio| ratio.num() as f64 / ratio.den() as f64;
    DataFrame::new_infer_height(vec![
        text("report", &|_| Some(kind)),
        text("as_of", &|_| Some(&identity.as_of)),
        number("position", &|_| whole(identity.position)),
        number("horizon", &|_| whole(identity.horizon)),
        text("definition", &|_| Some(&identity.definition)),
        text("program", &|_| Some(&identity.program)),
        text("rules", &|_| Some(&released.preset().name)),
        text("section", &|(of, _)| Some(of.section.id())),
        text("section_sv", &|(of, _)| Some(of.section.title().get(Lang::Sv))),
        text("section_en", &|(of, _)| Some(of.section.title().get(Lang::En))),
        text("measure", &|(of, _)| Some(measure(of.section))),
        text("item_group", &|(of, _)| of.item.group.as_ref().map(|group| group.code.as_str())),
        text("item_group_sv", &|(of, _)| of.item.group.as_ref().map(|group| group.label.get(Lang::Sv))),
        text("item_group_en", &|(of, _)| of.item.group.as_ref().map(|group| group.label.get(Lang::En))),
        text("item", &|(of, _)| Some(&of.item.code)),
        text("item_sv", &|(of, _)| Some(of.item.label.get(Lang::Sv))),
        text("item_en", &|(of, _)| Some(of.item.label.get(Lang::En))),
        text("unit", &|(of, _)| Some(&of.unit.code)),
        text("unit_sv", &|(of, _)| Some(of.unit.label.get(Lang::Sv))),
        text("unit_en", &|(of, _)| Some(of.unit.label.get(Lang::En))),
        text("unit_kind", &|(of, _)| Some(&of.unit.kind)),
        text("unit_parent", &|(of, _)| parent(of.unit)),
        number("base", &|(of, _)| of.shown.base().and_then(whole)),
        number("answered", &|(of, _)| of.shown.answered().and_then(whole)),
        text("statistic", &|(_, value)| Some(value.statistic)),
        text("category", &|(_, value)| value.category.as_ref().map(|names| names[0].as_str())),
        text("category_sv", &|(_, value)| value.category.as_ref().map(|names| names[1].as_str())),
        text("category_en", &|(_, value)| value.category.as_ref().map(|names| names[2].as_str())),
        text("state", &|(_, value)| Some(state(value))),
        text("reason", &|(of, value)| of.shown.reason().filter(|_| !value.shown).map(|reason| reason.code())),
        Column::new(
            "value".into(),
            rows.iter().map(|(_, value)| value.value.map(float)).collect::<Vec<Option<f64>>>(),
        ),
        number("numerator", &|(_, value)| ends(value).map(|ends| ends.0)),
        number("denominator", &|(_, value)| ends(value).map(|ends| ends.1)),
        number("people", &|(_, value)| value.people.and_then(whole)),
    ])
}

/// What is said of the whole file.
fn about(released: &Released) -> Vec<(String, String)> {
    let mut about = vec![("larka.format".to_owned(), "larka-report-table/1".to_owned())];
    let texts = [
        ("title", released.title()),
        ("subtitle", released.subtitle()),
        ("place", released.place()),
        ("period", released.period()),
        ("rules", &released.preset().title),
    ];
    for lang in [Lang::Sv, Lang::En] {
        let tag = lang.tag();
        about.extend(texts.map(|(name, text)| (format!("larka.{name}_{tag}"), text.get(lang).to_owned())));
        let sources: Vec<&str> = released.sources().iter().map(|source| source.get(lang)).collect();
        about.push((format!("larka.sources_{tag}"), sources.join("\n")));
    }
    let outside = released.outside().iter().map(|figure| {
        serde_json::json!({
            "section": figure.section, "item": figure.item, "unit": figure.unit, "statistic": figure.kind.code(),
            "whose": figure.whose, "period": figure.period,
            "value": figure.value.num() as f64 / figure.value.den() as f64,
            "source": figure.source, "licence": figure.licence, "retrieved": figure.retrieved,
        })
    });
    let outside: Vec<_> = outside.collect();
    if !outside.is_empty() {
        about.push(("larka.outside".to_owned(), serde_json::Value::from(outside).to_string()));
    }
    about.push(("larka.dated_ahead".to_owned(), released.dated_ahead().to_string()));
    about
}
