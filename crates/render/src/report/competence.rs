//! The layout of a competence report: whom it is about, the place in one chart of all competences, the areas by unit,
//! each competence by unit, self-assessed against demonstrated, single levels.

use super::parts::{base, closed_table, groups, intro, item_picks, key, unit_picks};
use super::questions::{block, crossed, not_shown, of_items};
use super::training;
use crate::charts::{self, Frame};
use crate::findings;
use crate::piece::{Block, Piece, Words};
use crate::rows::mark_rows;
use crate::sentences;
use crate::tables::{coverage_table, table};
use crate::texts::{self, Word, word};
use crate::view::View;
use disclosure::{LevelKind, Measure, ReleasedSection, ValueKind};
use maud::{Markup, html};

/// So many items of a section by itself are drawn by unit too.
const ITEMS: usize = 10;

/// Rows of small multiples have room for so many characters.
const NARROW: usize = 40;

pub(super) fn blocks(view: &View<'_>) -> Vec<Block> {
    let parts = Parts::of(view);
    let mut blocks = Vec::new();
    blocks.extend(parts.coverage(view));
    blocks.extend(parts.competences(view));
    blocks.extend(training::block(view, &parts.competences));
    blocks.extend(parts.units(view));
    blocks.extend(parts.areas(view));
    blocks.extend(parts.by_unit(view));
    blocks.extend(parts.both(view));
    blocks.extend(
        view.sections().filter(|part| is_apart(part) && view.shows_any(part)).map(|part| apart(view, part)),
    );
    blocks.extend(parts.steps(view));
    blocks
}

/// A section by itself: for the place, and by unit where it has so few items that a page has room.
fn apart(view: &View<'_>, part: &ReleasedSection) -> Block {
    if part.items().len() <= ITEMS {
        return block(view, part);
    }
    let finding =
        findings::of_section(view, part).unwrap_or_else(|| sentences::nothing_here(view.lang).to_owned());
    let body = intro(view, part, &finding).into_iter().chain(of_items(view, part, &finding));
    Block { id: part.id().to_owned(), title: view.text(part.title()).to_owned(), body: body.collect() }
}

/// Whether a section is laid out by itself: what is beside the levels of competences and areas on the report's day.
fn is_apart(part: &ReleasedSection) -> bool {
    match part.measure() {
        Measure::Levels { .. } => part.values().contains(&ValueKind::AtTarget),
        Measure::Coverage => part.items().len() > 1,
        Measure::PairedChange => true,
        _ => false,
    }
}

/// The areas of the place in one chart, self-assessed where that is known.
pub(super) fn glimpse(view: &View<'_>) -> Markup {
    let lang = view.lang;
    let parts = Parts::of(view);
    let Some((kind, part)) = parts.areas.first() else { return html! {} };
    let items: Vec<usize> = (0..part.items().len()).collect();
    let picks = item_picks(view, part, &items);
    let finding = findings::of_section(view, part);
    let title = view.text(part.title());
    let frame = Frame::new("glimpse", title, finding.as_deref().unwrap_or(sentences::nothing_here(lang)));
    html! {
        figure {
            figcaption { (title) }
            @if let Some(key) = key(view, part) { (key) }
            (charts::stack(&frame, &mark_rows(view, part, &picks)))
        }
        (closed_table(view, part, texts::kind(*kind, lang), word(Word::Area, lang), &picks))
    }
}

/// The report's sections by what they are to this page; those of which nothing may be shown are left out.
struct Parts<'a> {
    coverage: Vec<&'a ReleasedSection>,
    /// Bands of every competence, self-assessed first.
    competences: Vec<(LevelKind, &'a ReleasedSection)>,
    /// Bands of whole areas.
    areas: Vec<(LevelKind, &'a ReleasedSection)>,
    /// More than four levels.
    steps: Vec<(LevelKind, &'a ReleasedSection)>,
    both: Option<&'a ReleasedSection>,
}

impl<'a> Parts<'a> {
    fn of(view: &View<'a>) -> Parts<'a> {
        let sections = || view.sections().filter(|part| view.shows_any(part) && !is_apart(part));
        let levels = |wanted: fn(&ReleasedSection) -> bool| {
            let of_kind = |kind| {
                let is =
                    move |part: &&ReleasedSection| part.measure() == Measure::Levels { kind } && wanted(part);
                sections().find(is).map(|part| (kind, part))
            };
            [LevelKind::SelfAssessed, LevelKind::Demonstrated, LevelKind::Attested]
                .into_iter()
                .filter_map(of_kind)
                .collect()
        };
        Parts {
            coverage: sections()
                .filter(|part| part.measure() == Measure::Coverage && part.items().len() == 1)
                .collect(),
            competences: levels(|part| grouped(part) && part.categories().len() <= 4),
            areas: levels(|part| !grouped(part) && part.categories().len() <= 4),
            steps: levels(|part| part.categories().len() > 4),
            both: sections().find(|part| part.measure() == Measure::SelfVsDemonstrated),
        }
    }

    /// Whom the figures are about: the place in one drawing, its units in a table that leads on to them.
    fn coverage(&self, view: &View<'_>) -> Option<Block> {
        let lang = view.lang;
        let first = self.coverage.first()?;
        let title = texts::about_whom(lang);
        let picks = self.coverage.iter().flat_map(|part| {
            let mut picks = item_picks(view, part, &[0]);
            picks.iter_mut().for_each(|pick| pick.label = view.text(part.title()).to_owned());
            picks
        });
        let picks: Vec<_> = picks.collect();
        let finding: Vec<String> =
            self.coverage.iter().filter_map(|part| findings::of_section(view, part)).collect();
        let frame = Frame::new("coverage-place", title, &finding.join(" "));
        let rows = mark_rows(view, first, &picks);
        let drawing = Piece::Drawing(charts::bars(&frame, &rows, None));
        let mut body = vec![base(view, first), Piece::Figure(title.to_owned(), vec![drawing])];
        if view.near.len() < 2 {
            body.push(Piece::Table(coverage_table(view, title, &self.coverage)));
        }
        Some(Block { id: "coverage".into(), title: title.to_owned(), body })
    }

    /// The same by unit, in a table that leads on to them.
    fn units(&self, view: &View<'_>) -> Option<Block> {
        if self.coverage.is_empty() || view.near.len() < 2 {
            return None;
        }
        let title = texts::units_of(view.lang);
        Some(Block {
            id: "units".into(),
            title: title.to_owned(),
            body: vec![Piece::Table(coverage_table(view, title, &self.coverage))],
        })
    }

    /// All competences of the place in one chart, by area, the kinds side by side.
    fn competences(&self, view: &View<'_>) -> Option<Block> {
        let lang = view.lang;
        let (_, first) = self.competences.first()?;
        let title = texts::levels_in_place(lang);
        let finding =
            findings::of_section(view, first).unwrap_or_else(|| sentences::nothing_here(lang).to_owned());
        let rights = self.competences.iter().flat_map(|(_, part)| {
            let all: Vec<usize> = (0..part.items().len()).collect();
            mark_rows(view, part, &item_picks(view, part, &all))
        });
        // Labels break alike in both columns, so that their rows stand side by side.
        let room = rights.map(|row| row.right.chars().count()).max().unwrap_or(0);
        let mut figure = Vec::from_iter(key(view, first));
        for (group, (heading, _)) in groups(view, first).into_iter().enumerate() {
            figure.extend(heading.map(|heading| Piece::Words(Words::Group, heading.to_owned())));
            let column = |(kind, part): &(LevelKind, &'a ReleasedSection)| {
                let kind = texts::kind(*kind, lang);
                let (_, items) = groups(view, part).into_iter().nth(group)?;
                let about = format!("{kind}: {}", heading.unwrap_or(title));
                let finding = findings::of_section(view, part);
                let said = finding.as_deref().unwrap_or(sentences::nothing_here(lang));
                let frame = Frame { room, ..Frame::new(format!("{}-{group}", part.id()), &about, said) };
                let rows = mark_rows(view, part, &item_picks(view, part, &items));
                let drawing = Piece::Drawing(charts::stack(&frame, &rows));
                Some(vec![Piece::Words(Words::Kind, kind.to_owned()), drawing])
            };
            figure.push(Piece::Pair(self.competences.iter().filter_map(column).collect()));
        }
        let mut body = Vec::from(intro(view, first, &finding));
        body.push(Piece::Figure(title.to_owned(), figure));
        body.extend(tables(view, &self.competences));
        Some(Block { id: "competences".into(), title: title.to_owned(), body })
    }

    /// Every area as a small multiple over the units, for each kind.
    fn areas(&self, view: &View<'_>) -> Vec<Block> {
        if view.near.len() < 2 {
            return Vec::new();
        }
        let lang = view.lang;
        let block = |(kind, part): &(LevelKind, &'a ReleasedSection)| {
            let finding = findings::of_section(view, part);
            let small = |item: &usize| {
                let name = view.item(&part.items()[*item]);
                let picks = unit_picks(view, part, *item);
                let about = format!("{}: {name}", texts::kind(*kind, lang));
                let said = finding.as_deref().unwrap_or(&about);
                let frame =
                    Frame { wrap: NARROW, ..Frame::new(format!("{}-{item}", part.id()), &about, said) };
                let drawing = Piece::Drawing(charts::stack(&frame, &mark_rows(view, part, &picks)));
                let table = closed_table(view, part, &name, word(Word::Unit, lang), &picks);
                (name, vec![drawing, table])
            };
            let said = finding.as_deref().unwrap_or(sentences::nothing_here(lang));
            let shown = shown(view, part);
            let multiples = Piece::Multiples(shown.iter().map(small).collect());
            let mut body = Vec::from(intro(view, part, said));
            let title = texts::areas_by_unit(*kind, lang);
            body.push(Piece::Figure(
                title.to_owned(),
                key(view, part).into_iter().chain([multiples]).collect(),
            ));
            let rest: Vec<usize> = (0..part.items().len()).filter(|item| !shown.contains(item)).collect();
            body.extend(not_shown(view, part, &rest));
            Block { id: part.id().to_owned(), title: title.to_owned(), body }
        };
        self.areas.iter().map(block).collect()
    }

    /// Each competence by unit, as tables that are closed until they are asked for.
    fn by_unit(&self, view: &View<'_>) -> Option<Block> {
        let lang = view.lang;
        let (_, first) = self.competences.first()?;
        if view.near.len() < 2 {
            return None;
        }
        let one = |item: usize| {
            let of_kind = |(kind, part): &(LevelKind, &'a ReleasedSection)| {
                let picks = unit_picks(view, part, item);
                if picks.iter().any(|pick| pick.shown.is_some_and(|shown| shown.answered().is_some())) {
                    let (caption, head) = (texts::kind(*kind, lang), word(Word::Unit, lang));
                    Piece::Table(table(view, part, caption, head, &picks).captioned())
                } else {
                    Piece::Words(Words::Note, texts::kind_hidden(*kind, lang))
                }
            };
            (view.item(&first.items()[item]), self.competences.iter().map(of_kind).collect())
        };
        Some(Block {
            id: "by-unit".into(),
            title: texts::each_by_unit(first.measure(), lang).to_owned(),
            body: vec![Piece::Opening((0..first.items().len()).map(one).collect())],
        })
    }

    fn both(&self, view: &View<'_>) -> Option<Block> {
        let part = self.both?;
        let finding = findings::of_section(view, part);
        let said = finding.as_deref().unwrap_or(sentences::nothing_here(view.lang));
        Some(Block {
            id: part.id().to_owned(),
            title: view.text(part.title()).to_owned(),
            body: intro(view, part, said).into_iter().chain(crossed(view, part)).collect(),
        })
    }

    /// Single levels, for whoever asks for them: tables, closed.
    fn steps(&self, view: &View<'_>) -> Option<Block> {
        let body = tables(view, &self.steps);
        let title = texts::single_levels(view.lang).to_owned();
        (!body.is_empty()).then(|| Block { id: "levels".into(), title, body })
    }
}

/// The place's figures of every kind as tables, closed.
fn tables(view: &View<'_>, parts: &[(LevelKind, &ReleasedSection)]) -> Vec<Piece> {
    let one = |(kind, part): &(LevelKind, &ReleasedSection)| {
        let items: Vec<usize> = (0..part.items().len()).collect();
        let (caption, head) = (texts::kind(*kind, view.lang), texts::item_head(part.measure(), view.lang));
        closed_table(view, part, caption, head, &item_picks(view, part, &items))
    };
    parts.iter().map(one).collect()
}

/// The items of which something is shown for some row of the page.
fn shown(view: &View<'_>, part: &ReleasedSection) -> Vec<usize> {
    let any = |item: &usize| {
        view.near.iter().any(|(place, _)| part.figure(*place, *item).is_some_and(|s| s.answered().is_some()))
    };
    (0..part.items().len()).filter(any).collect()
}

fn grouped(part: &ReleasedSection) -> bool {
    part.items().iter().all(|item| item.group.is_some())
}
