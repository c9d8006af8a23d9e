//! The tables beneath the charts, and the shaded tables of self-assessed against demonstrated levels.

use crate::beside;
use crate::findings::split;
use crate::number::{count, percent, whole_percent};
use crate::rows::Pick;
use crate::texts::{self, Word, t, word};
use crate::view::View;
use disclosure::{Lang, Measure, ReleasedSection};
use maud::{Markup, Render, html};

/// A table of figures.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) lang: Lang,
    pub(crate) caption: String,
    /// Whether the caption is for readers to see: where no heading above says it already.
    pub(crate) captioned: bool,
    /// Whether the shares of a line are of one whole.
    pub(crate) of_one: bool,
    pub(crate) heads: Vec<String>,
    pub(crate) lines: Vec<Line>,
}

/// A row: its head and its cells.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) label: String,
    /// Where its name leads on a page.
    pub(crate) href: Option<String>,
    /// How deep in the tree of units, where it is of one.
    pub(crate) depth: Option<usize>,
    pub(crate) cells: Vec<Cell>,
}

/// A number with its share, a text, or a reason over the columns of what is not shown.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Counted(u64, u64),
    Text(String),
    Blank(String, usize),
}

/// A shaded table of people by own assessment (down) and demonstrated level (across).
#[derive(Debug, Clone)]
pub(crate) struct Cross {
    pub(crate) caption: String,
    /// What stands over the row heads.
    pub(crate) corner: &'static str,
    /// The bands, of rows and columns alike.
    pub(crate) bands: Vec<String>,
    /// Row by row: how many people, and the step of shading, 0 for nobody, up to 4.
    pub(crate) rows: Vec<Vec<(u64, u64)>>,
}

/// The table of a chart: one line for each of its rows.
pub(crate) fn table(
    view: &View<'_>,
    part: &ReleasedSection,
    caption: &str,
    first: &str,
    picks: &[Pick<'_>],
) -> Table {
    let line = |pick: &Pick<'_>| Line {
        label: pick.label.clone(),
        href: pick.href.clone(),
        depth: pick.tree.then_some(pick.depth),
        cells: cells(view, part, pick),
    };
    Table {
        lang: view.lang,
        caption: caption.to_owned(),
        captioned: false,
        of_one: true,
        heads: std::iter::once(first.to_owned()).chain(heads(view, part)).collect(),
        lines: picks.iter().map(line).collect(),
    }
}

/// Several rates side by side, one line for each unit of the page.
pub(crate) fn coverage_table(view: &View<'_>, caption: &str, parts: &[&ReleasedSection]) -> Table {
    let lang = view.lang;
    let rate = |part: &&ReleasedSection, place: usize| match part
        .figure(place, 0)
        .map(|shown| (shown, shown.answered(), shown.base()))
    {
        Some((_, Some(answered), Some(base))) => Cell::Counted(answered, base),
        Some((shown, ..)) => Cell::Blank(view.why(shown).unwrap_or_default(), 1),
        None => Cell::Blank(word(Word::NotApplicable, lang).into(), 1),
    };
    let line = |(place, depth): &(usize, usize)| {
        let base = view.released.populations()[*place].base;
        let people = Cell::Text(base.map_or_else(|| "..".to_owned(), count));
        Line {
            label: view.name(*place).to_owned(),
            href: if *depth == 0 { None } else { view.href(*place) },
            depth: Some(*depth),
            cells: std::iter::once(people).chain(parts.iter().map(|part| rate(part, *place))).collect(),
        }
    };
    let own = [Word::Unit, Word::People].map(|head| word(head, lang).to_owned());
    Table {
        lang,
        caption: caption.to_owned(),
        captioned: false,
        of_one: false,
        heads: own.into_iter().chain(parts.iter().map(|part| view.text(part.title()).to_owned())).collect(),
        lines: view.near.iter().map(line).collect(),
    }
}

impl Table {
    /// The same with its caption for readers to see.
    pub(crate) fn captioned(self) -> Table {
        Table { captioned: true, ..self }
    }

    /// That shares of one whole do not add up, where that is so.
    pub(crate) fn note(&self) -> Option<&'static str> {
        let uneven = self.of_one && self.lines.iter().any(|line| !adds_up(&line.cells));
        uneven.then(|| word(Word::NoSum, self.lang))
    }
}

impl Render for Table {
    fn render(&self) -> Markup {
        let head = |line: &Line| line.depth.map(|depth| format!("d{}", depth.min(4)));
        html! {
            div class="scroll" role="region" tabindex="0" aria-label=(self.caption) {
                table class="figures" {
                    caption class=[(!self.captioned).then_some("unseen")] { (self.caption) }
                    thead { tr { @for head in &self.heads { th scope="col" { (head) } } } }
                    tbody {
                        @for line in &self.lines {
                            tr {
                                th scope="row" class=[head(line)] {
                                    @if let Some(href) = &line.href { a href=(href) { (line.label) } } @else { (line.label) }
                                }
                                @for cell in &line.cells { (self::cell(cell, self.lang)) }
                            }
                        }
                    }
                }
            }
            @if let Some(note) = self.note() { p class="note" { (note) } }
        }
    }
}

fn heads(view: &View<'_>, part: &ReleasedSection) -> Vec<String> {
    let lang = view.lang;
    let own = |words: Word| word(words, lang).to_owned();
    let mut heads: Vec<String> = match part.measure() {
        Measure::Levels { .. }
        | Measure::Likert
        | Measure::Choices
        | Measure::PairedChange
        | Measure::PairedChoices => {
            part.categories().iter().map(|category| view.text(&category.label).to_owned()).collect()
        }
        Measure::SelfVsDemonstrated => vec![own(Word::Lower), own(Word::Same), own(Word::Higher)],
        Measure::ResponseRate | Measure::Coverage | Measure::Index | Measure::Change => vec![],
    };
    if matches!(part.measure(), Measure::Levels { .. }) {
        heads.push(own(Word::Unknown));
    }
    heads.extend(beside::heads(part, lang));
    heads.push(texts::n_head(part.measure(), lang).to_owned());
    match part.measure() {
        Measure::ResponseRate => heads.extend([own(Word::Base), own(Word::Rate)]),
        Measure::Coverage => heads.extend([own(Word::Base), own(Word::Coverage)]),
        _ => heads.push(own(Word::Base)),
    }
    heads
}

fn cells(view: &View<'_>, part: &ReleasedSection, pick: &Pick<'_>) -> Vec<Cell> {
    let width = heads(view, part).len();
    let (Some(shown), Some(place)) = (pick.shown, pick.place) else {
        return vec![Cell::Blank(word(Word::NotApplicable, view.lang).into(), width)];
    };
    let (Some(answered), Some(base)) = (shown.answered(), shown.base()) else {
        return vec![Cell::Blank(view.why(shown).unwrap_or_default(), width)];
    };
    let lang = view.lang;
    let mut cells = Vec::new();
    let spread = part.categories().len() + usize::from(matches!(part.measure(), Measure::Levels { .. }));
    match (part.measure(), shown.counts()) {
        (Measure::ResponseRate | Measure::Coverage | Measure::Index | Measure::Change, _) => {}
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
        (
            Measure::Likert | Measure::Choices | Measure::PairedChange | Measure::PairedChoices,
            Some(counts),
        ) => cells.extend(counts.iter().map(|count| Cell::Counted(*count, answered))),
    }
    cells.extend(beside::cells(view, part, (place, pick.item), shown).into_iter().map(Cell::Text));
    cells.push(Cell::Text(count(answered)));
    cells.push(Cell::Text(count(base)));
    if matches!(part.measure(), Measure::ResponseRate | Measure::Coverage) {
        cells.push(Cell::Text(percent(answered, base, lang)));
    }
    cells
}

fn cell(cell: &Cell, lang: Lang) -> Markup {
    match cell {
        Cell::Counted(number, of) => html! {
            td { (count(*number)) " " small { (percent(*number, *of, lang)) } }
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

/// An item's table of bands for the place; `None` where its distribution is not shown.
pub(crate) fn cross_table(view: &View<'_>, part: &ReleasedSection, item: usize) -> Option<Cross> {
    let counts = view.of_root(part, item)?.counts()?;
    let largest = counts.iter().max().copied().unwrap_or(0);
    let shaded = |row: &[u64]| row.iter().map(|number| (*number, shade(*number, largest))).collect();
    Some(Cross {
        caption: view.item(&part.items()[item]),
        corner: t(view.lang, "Egen \u{2193} Visat \u{2192}", "Self \u{2193} Shown \u{2192}"),
        bands: part.categories().iter().map(|band| view.text(&band.label).to_owned()).collect(),
        rows: counts.chunks(part.categories().len().max(1)).map(shaded).collect(),
    })
}

impl Render for Cross {
    fn render(&self) -> Markup {
        let class = |shade: u64, same: bool| format!("s{shade}{}", if same { " same" } else { "" });
        html! {
            table class="cross" {
                caption { (self.caption) }
                thead {
                    tr {
                        th scope="col" { (self.corner) }
                        @for band in &self.bands { th scope="col" { (band) } }
                    }
                }
                tbody {
                    @for (place, (band, cells)) in self.bands.iter().zip(&self.rows).enumerate() {
                        tr {
                            th scope="row" { (band) }
                            @for (column, (number, shade)) in cells.iter().enumerate() {
                                td class=(class(*shade, column == place)) { (count(*number)) }
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
