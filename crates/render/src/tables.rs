//! The tables beneath the charts, and the shaded tables of self-assessed against demonstrated levels.

use crate::findings::{positive, split};
use crate::number::{count, mean, percent, percent_sign, whole_percent};
use crate::rows::Pick;
use crate::texts::{self, Word, t, word};
use crate::view::View;
use disclosure::{Full, Lang, Measure, ReleasedSection, Shown};
use maud::{Markup, html};

/// A cell that spans what is not shown, or a number with its share.
enum Cell {
    Counted(u64, u64),
    Text(String),
    Blank(String, usize),
}

/// The table of a chart: one line for each of its rows.
pub(crate) fn table(
    view: &View<'_>,
    part: &ReleasedSection,
    caption: &str,
    first: &str,
    picks: &[Pick<'_>],
) -> Markup {
    titled(view, part, caption, Some("unseen"), first, picks)
}

/// The same with a caption for readers to see, where no heading above says it already.
pub(crate) fn captioned_table(
    view: &View<'_>,
    part: &ReleasedSection,
    caption: &str,
    first: &str,
    picks: &[Pick<'_>],
) -> Markup {
    titled(view, part, caption, None, first, picks)
}

fn titled(
    view: &View<'_>,
    part: &ReleasedSection,
    caption: &str,
    caption_class: Option<&str>,
    first: &str,
    picks: &[Pick<'_>],
) -> Markup {
    let heads = heads(view, part);
    let lines: Vec<(&Pick<'_>, Vec<Cell>)> =
        picks.iter().map(|pick| (pick, cells(view, part, pick.shown))).collect();
    let uneven = lines.iter().any(|(_, cells)| !adds_up(cells));
    html! {
        div class="scroll" role="region" tabindex="0" aria-label=(caption) {
            table class="figures" {
                caption class=[caption_class] { (caption) }
                thead { tr { th scope="col" { (first) } @for head in &heads { th scope="col" { (head) } } } }
                tbody {
                    @for (pick, cells) in &lines {
                        tr {
                            th scope="row" class=[pick.tree.then(|| format!("d{}", pick.depth.min(4)))] {
                                @if let Some(href) = &pick.href { a href=(href) { (pick.label) } } @else { (pick.label) }
                            }
                            @for cell in cells { (self::cell(view, cell)) }
                        }
                    }
                }
            }
        }
        @if uneven { p class="note" { (word(Word::NoSum, view.lang)) } }
    }
}

/// Several rates side by side, one line for each unit of the page.
pub(crate) fn coverage_table(view: &View<'_>, caption: &str, parts: &[&ReleasedSection]) -> Markup {
    let lang = view.lang;
    html! {
        div class="scroll" role="region" tabindex="0" aria-label=(caption) {
            table class="figures" {
                caption class="unseen" { (caption) }
                thead {
                    tr {
                        th scope="col" { (word(Word::Unit, lang)) }
                        th scope="col" { (word(Word::People, lang)) }
                        @for part in parts { th scope="col" { (view.text(part.title())) } }
                    }
                }
                tbody {
                    @for (place, depth) in &view.near {
                        @let population = &view.released.populations()[*place];
                        @let href = if *depth == 0 { None } else { view.href(*place) };
                        tr {
                            th scope="row" class=(format!("d{}", depth.min(&4))) {
                                @if let Some(href) = href { a href=(href) { (view.name(*place)) } } @else { (view.name(*place)) }
                            }
                            td { @match population.base { Some(base) => { (count(base)) } None => ".." } }
                            @for part in parts {
                                @match part.figure(*place, 0).map(|shown| (shown, shown.answered(), shown.base())) {
                                    Some((_, Some(answered), Some(base))) => { (cell(view, &Cell::Counted(answered, base))) }
                                    Some((shown, ..)) => { (cell(view, &Cell::Blank(view.why(shown).unwrap_or_default(), 1))) }
                                    None => { (cell(view, &Cell::Blank(word(Word::NotApplicable, lang).into(), 1))) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn heads(view: &View<'_>, part: &ReleasedSection) -> Vec<String> {
    let lang = view.lang;
    let own = |words: Word| word(words, lang).to_owned();
    let mut heads: Vec<String> = match part.measure() {
        Measure::Levels { .. } | Measure::Likert => {
            part.categories().iter().map(|category| view.text(&category.label).to_owned()).collect()
        }
        Measure::SelfVsDemonstrated => vec![own(Word::Lower), own(Word::Same), own(Word::Higher)],
        Measure::ResponseRate | Measure::Coverage => vec![],
    };
    match part.measure() {
        Measure::Levels { .. } => heads.push(own(Word::Unknown)),
        Measure::Likert => heads.extend([own(Word::Positive), own(Word::Mean)]),
        _ => {}
    }
    if has_intervals(part) {
        heads.push(own(Word::Interval));
    }
    heads.push(texts::n_head(part.measure(), lang).to_owned());
    match part.measure() {
        Measure::ResponseRate => heads.extend([own(Word::Base), own(Word::Rate)]),
        Measure::Coverage => heads.extend([own(Word::Base), own(Word::Coverage)]),
        Measure::Levels { .. } | Measure::Likert | Measure::SelfVsDemonstrated => heads.push(own(Word::Base)),
    }
    heads
}

fn cells(view: &View<'_>, part: &ReleasedSection, shown: Option<&Shown>) -> Vec<Cell> {
    let width = heads(view, part).len();
    let Some(shown) = shown else {
        return vec![Cell::Blank(word(Word::NotApplicable, view.lang).into(), width)];
    };
    let (Some(answered), Some(base)) = (shown.answered(), shown.base()) else {
        return vec![Cell::Blank(view.why(shown).unwrap_or_default(), width)];
    };
    let lang = view.lang;
    let mut cells = Vec::new();
    let spread = part.categories().len() + usize::from(matches!(part.measure(), Measure::Levels { .. }));
    match (part.measure(), shown.counts()) {
        (Measure::ResponseRate | Measure::Coverage, _) => {}
        (Measure::SelfVsDemonstrated, Some(_)) => {
            let split = split(part, shown).unwrap_or_default();
            cells.extend(split.map(|count| Cell::Counted(count, answered)));
        }
        (Measure::SelfVsDemonstrated, None) => {
            cells.push(Cell::Blank(view.why(shown).unwrap_or_default(), 3))
        }
        (_, None) => cells.push(Cell::Blank(view.why(shown).unwrap_or_default(), spread)),
        (Measure::Levels { .. }, Some(counts)) => {
            let total = base.max(answered);
            cells.extend(counts.iter().map(|count| Cell::Counted(*count, total)));
            cells.push(Cell::Counted(total - answered, total));
        }
        (Measure::Likert, Some(counts)) => {
            cells.extend(counts.iter().map(|count| Cell::Counted(*count, answered)))
        }
    }
    if part.measure() == Measure::Likert {
        let dash = || "\u{2013}".to_owned();
        cells.push(Cell::Text(positive(part, shown).map_or_else(dash, |(part, of)| percent(part, of, lang))));
        let score = shown.score().and_then(|score| Some((score.mean()?, score.n)));
        cells.push(Cell::Text(score.map_or_else(dash, |(value, n)| mean(value, n, lang))));
    }
    if has_intervals(part) {
        cells.push(Cell::Text(interval(shown, lang)));
    }
    cells.push(Cell::Text(count(answered)));
    cells.push(Cell::Text(count(base)));
    if matches!(part.measure(), Measure::ResponseRate | Measure::Coverage) {
        cells.push(Cell::Text(percent(answered, base, lang)));
    }
    cells
}

/// Whether any figure of the section comes with an interval; then its tables have a column for it.
fn has_intervals(part: &ReleasedSection) -> bool {
    part.figures().iter().any(|figure| matches!(&figure.shown, Shown::Full(full) if full.interval.is_some()))
}

/// The interval of a share in whole per cent, or of a mean.
fn interval(shown: &Shown, lang: Lang) -> String {
    let Shown::Full(Full { interval: Some(interval), positive, score, .. }) = shown else {
        return "\u{2013}".into();
    };
    match (positive, score) {
        (None, Some(score)) => {
            [interval.low, interval.high].map(|end| mean(end, score.n, lang)).join("\u{2013}")
        }
        _ => {
            let ends = [interval.low, interval.high].map(|end| end.round_percent(0).to_text(','));
            percent_sign(&ends.join("\u{2013}"), lang)
        }
    }
}

fn cell(view: &View<'_>, cell: &Cell) -> Markup {
    match cell {
        Cell::Counted(number, of) => html! {
            td { (count(*number)) " " small { (percent(*number, *of, view.lang)) } }
        },
        Cell::Text(text) => html! { td { (text) } },
        Cell::Blank(reason, width) => html! { td class="not-shown" colspan=(width) { (reason) } },
    }
}

/// Whether the rounded shares of a line add up to 100, or there are none.
fn adds_up(cells: &[Cell]) -> bool {
    let shares = cells.iter().filter_map(|cell| match cell {
        Cell::Counted(number, of) => whole_percent(*number, *of),
        _ => None,
    });
    let shares: Vec<i128> = shares.collect();
    shares.is_empty() || shares.iter().sum::<i128>() == 100
}

/// For each item a table of bands: own assessment down, demonstrated across.
pub(crate) fn cross_tables(view: &View<'_>, part: &ReleasedSection, items: &[usize]) -> Markup {
    html! {
        div class="crosses" {
            @for item in items {
                @if let Some(shown) = view.of_root(part, *item) {
                    (cross_table(view, part, &view.item(&part.items()[*item]), shown))
                }
            }
        }
    }
}

fn cross_table(view: &View<'_>, part: &ReleasedSection, caption: &str, shown: &Shown) -> Markup {
    let side = part.categories().len();
    let largest = shown.counts().and_then(|counts| counts.iter().max().copied()).unwrap_or(0);
    html! {
        table class="cross" {
            caption { (caption) }
            thead {
                tr {
                    th scope="col" { (t(view.lang, "Egen \u{2193} Visat \u{2192}", "Self \u{2193} Shown \u{2192}")) }
                    @for category in part.categories() { th scope="col" { (view.text(&category.label)) } }
                }
            }
            tbody {
                @for (row, category) in part.categories().iter().enumerate() {
                    tr {
                        th scope="row" { (view.text(&category.label)) }
                        @match shown.counts() {
                            Some(counts) => @for (column, number) in counts.iter().skip(row * side).take(side).enumerate() {
                                td class=(format!("s{}{}", shade(*number, largest), if row == column { " same" } else { "" })) { (count(*number)) }
                            }
                            None => @if row == 0 {
                                td class="not-shown" colspan=(side) rowspan=(side) { (view.why(shown).unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A step of shading, 0 for nobody, up to 4.
fn shade(number: u64, largest: u64) -> u64 {
    (number * 4).div_ceil(largest.max(1)).min(4)
}
