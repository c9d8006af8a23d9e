//! A report after the gate: everything in it may be shown.

use crate::{
    Category, Geometry, Identity, Interval, Item, Measure, Outside, Preset, ReportKind, ResultTable, Score,
    Section, Share, Text, Value, ValueKind,
};
use serde::{Deserialize, Serialize};

/// A result table that has passed the gate. Made by [`crate::Gate::apply`] and by nothing else; it holds no number
/// that may not be shown.
///
/// ```compile_fail
/// let released = disclosure::Released { sections: Vec::new() };
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Released {
    kind: ReportKind,
    title: Text,
    subtitle: Text,
    sources: Vec<Text>,
    place: Text,
    period: Text,
    identity: Identity,
    dated_ahead: u64,
    preset: Preset,
    outside: Vec<Outside>,
    populations: Vec<ReleasedPopulation>,
    sections: Vec<ReleasedSection>,
}

/// A group of people as readers may know it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleasedPopulation {
    /// The unit's code.
    pub code: String,
    /// The unit's name.
    pub label: Text,
    /// The family it belongs to.
    pub geometry: Geometry,
    /// Index of the group that this one is a part of.
    pub parent: Option<usize>,
    /// The unit's kind.
    pub kind: String,
    /// Its place among its siblings.
    pub order: u32,
    /// N, where at least one figure of the group is shown.
    pub base: Option<u64>,
}

/// A part of a released report.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleasedSection {
    id: String,
    title: Text,
    measure: Measure,
    categories: Vec<Category>,
    items: Vec<Item>,
    figures: Vec<ShownFigure>,
    intervals: bool,
    values: Vec<ValueKind>,
    live: bool,
    notes: Vec<Text>,
}

/// What may be shown of one population and one item.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownFigure {
    /// Index into [`Released::populations`].
    pub population: usize,
    /// Index into [`ReleasedSection::items`].
    pub item: usize,
    /// How much of it.
    pub shown: Shown,
}

/// How much of a figure may be shown.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "most of what a report reads are figures in full")]
pub enum Shown {
    /// Everything, the distribution included.
    Full(Full),
    /// How many, and of how many.
    Summary(Summary),
    /// Nothing but why.
    Hidden(Reason),
}

/// A figure of which everything is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Full {
    /// N.
    pub base: u64,
    /// n.
    pub answered: u64,
    /// People per category, as in [`crate::Figure::counts`].
    pub counts: Vec<u64>,
    /// The mean.
    pub score: Option<Score>,
    /// The share of positive answers.
    pub positive: Option<Share>,
    /// A 95 % interval of the share.
    pub interval: Option<Interval>,
    /// What else follows from the distribution.
    pub values: Vec<Value>,
}

/// A figure without its distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// N.
    pub base: u64,
    /// n.
    pub answered: u64,
    /// Why the distribution is not shown.
    pub distribution: Reason,
}

/// Why something is not shown. All reasons but the group's own size and rate share one code and one text, because
/// to say which it was is to say something about the people. [`Merged`](Self::Merged) is said of how they were asked, before
/// anybody had answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The group itself is too small.
    SmallGroup,
    /// Too few of the group have answered.
    LowRate,
    /// To protect other groups.
    Protected,
    /// Nobody knows: people were asked who are not told apart, and some of them are in the group and some are not.
    Merged,
}

impl Reason {
    /// The stable code in exports: `small_group`, `low_rate`, `protected` or `merged`.
    pub fn code(self) -> &'static str {
        match self {
            Reason::SmallGroup => "small_group",
            Reason::LowRate => "low_rate",
            Reason::Protected => "protected",
            Reason::Merged => "merged",
        }
    }
}

impl Shown {
    /// A change with all that is shown of it.
    pub(crate) fn of_change(base: u64, answered: u64, values: Vec<Value>) -> Shown {
        let (counts, score, positive, interval) = (Vec::new(), None, None, None);
        Shown::Full(Full { base, answered, counts, score, positive, interval, values })
    }

    /// n, unless hidden.
    pub fn answered(&self) -> Option<u64> {
        match self {
            Shown::Full(full) => Some(full.answered),
            Shown::Summary(summary) => Some(summary.answered),
            Shown::Hidden(_) => None,
        }
    }

    /// N, unless hidden.
    pub fn base(&self) -> Option<u64> {
        match self {
            Shown::Full(full) => Some(full.base),
            Shown::Summary(summary) => Some(summary.base),
            Shown::Hidden(_) => None,
        }
    }

    /// People per category, in the full tier.
    pub fn counts(&self) -> Option<&[u64]> {
        match self {
            Shown::Full(full) => Some(&full.counts),
            _ => None,
        }
    }

    /// The mean, where there is one and it may be shown.
    pub fn score(&self) -> Option<Score> {
        match self {
            Shown::Full(full) => full.score,
            _ => None,
        }
    }

    /// The share of positive answers, where there is one and it may be shown.
    pub fn positive(&self) -> Option<Share> {
        match self {
            Shown::Full(full) => full.positive,
            _ => None,
        }
    }

    /// A number that follows from the distribution, in the full tier.
    pub fn value(&self, kind: ValueKind) -> Option<Value> {
        match self {
            Shown::Full(full) => full.values.iter().find(|value| value.kind == kind).copied(),
            _ => None,
        }
    }

    /// Why anything of it is missing.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Shown::Full(_) => None,
            Shown::Summary(summary) => Some(summary.distribution),
            Shown::Hidden(reason) => Some(*reason),
        }
    }
}

impl Released {
    /// What the report is about.
    pub fn kind(&self) -> ReportKind {
        self.kind
    }

    /// Its title.
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// What the title leaves out; may be empty.
    pub fn subtitle(&self) -> &Text {
        &self.subtitle
    }

    /// What has to be said of other people's texts in it.
    pub fn sources(&self) -> &[Text] {
        &self.sources
    }

    /// The place it covers.
    pub fn place(&self) -> &Text {
        &self.place
    }

    /// The period it covers.
    pub fn period(&self) -> &Text {
        &self.period
    }

    /// What it was made from.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// How many statements of the whole log are dated later than they were stored, and count when they were stored.
    pub fn dated_ahead(&self) -> u64 {
        self.dated_ahead
    }

    /// The rules that it passed.
    pub fn preset(&self) -> &Preset {
        &self.preset
    }

    /// Other people's figures to set beside these.
    pub fn outside(&self) -> &[Outside] {
        &self.outside
    }

    /// The groups of people; a parent stands before its children.
    pub fn populations(&self) -> &[ReleasedPopulation] {
        &self.populations
    }

    /// The parts of the report, in reading order.
    pub fn sections(&self) -> &[ReleasedSection] {
        &self.sections
    }

    /// The section called `id`.
    pub fn section(&self, id: &str) -> Option<&ReleasedSection> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// The same report with other sections.
    pub(crate) fn with_sections(
        &self,
        period: Text,
        sections: Vec<ReleasedSection>,
        identity: Identity,
    ) -> Released {
        Released { period, sections, identity, outside: Vec::new(), ..self.clone() }
    }

    pub(crate) fn build(table: ResultTable, preset: Preset, shown: Vec<Vec<Shown>>) -> Released {
        let mut visible = vec![false; table.populations.len()];
        for (section, shown) in table.sections.iter().zip(&shown) {
            for (figure, shown) in section.figures.iter().zip(shown) {
                visible[figure.population] |= !matches!(shown, Shown::Hidden(_));
            }
        }
        let populations =
            table.populations.into_iter().zip(visible).map(|(population, visible)| ReleasedPopulation {
                code: population.code,
                label: population.label,
                geometry: population.geometry,
                parent: population.parent,
                kind: population.kind,
                order: population.order,
                base: visible.then_some(population.base),
            });
        Released {
            kind: table.kind,
            title: table.title,
            subtitle: table.subtitle,
            sources: table.sources,
            place: table.place,
            period: table.period,
            identity: table.identity,
            dated_ahead: table.dated_ahead,
            preset,
            outside: table.outside,
            populations: populations.collect(),
            sections: table
                .sections
                .into_iter()
                .zip(shown)
                .map(|(s, shown)| ReleasedSection::build(s, shown))
                .collect(),
        }
    }
}

fn any_interval(figures: &[ShownFigure]) -> bool {
    figures.iter().any(|figure| matches!(&figure.shown, Shown::Full(full) if full.interval.is_some()))
}

impl ReleasedSection {
    /// Changes from one report to another.
    pub(crate) fn of_changes(
        id: String,
        title: Text,
        items: Vec<Item>,
        figures: Vec<ShownFigure>,
        values: Vec<ValueKind>,
    ) -> ReleasedSection {
        let (categories, notes) = (Vec::new(), Vec::new());
        let (measure, intervals) = (Measure::Change, any_interval(&figures));
        ReleasedSection {
            id,
            title,
            measure,
            categories,
            items,
            figures,
            intervals,
            values,
            live: false,
            notes,
        }
    }

    fn build(section: Section, shown: Vec<Shown>) -> ReleasedSection {
        let mut figures: Vec<ShownFigure> = section
            .figures
            .iter()
            .zip(shown)
            .map(|(figure, shown)| ShownFigure { population: figure.population, item: figure.item, shown })
            .collect();
        // Exports must not depend on the order in which analytics happened to find things.
        figures.sort_by_key(|figure| (figure.item, figure.population));
        ReleasedSection {
            id: section.id,
            title: section.title,
            measure: section.measure,
            categories: section.categories,
            items: section.items,
            intervals: any_interval(&figures),
            figures,
            values: section.values,
            live: section.live,
            notes: section.notes,
        }
    }

    /// Stable id within the report.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether any of its figures has an interval of its share.
    pub fn has_intervals(&self) -> bool {
        self.intervals
    }

    /// Its heading.
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// What its figures are.
    pub fn measure(&self) -> Measure {
        self.measure
    }

    /// What the counts count.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// The questions, competences or courses.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// What is shown, by item, then population.
    pub fn figures(&self) -> &[ShownFigure] {
        &self.figures
    }

    /// What is shown of one population and item; `None` where it does not apply.
    pub fn figure(&self, population: usize, item: usize) -> Option<&Shown> {
        let place =
            self.figures.binary_search_by_key(&(item, population), |figure| (figure.item, figure.population));
        self.figures.get(place.ok()?).map(|figure| &figure.shown)
    }

    /// What its figures may have beside counts, mean and share, in the order of columns.
    pub fn values(&self) -> &[ValueKind] {
        &self.values
    }

    /// True while people can still answer.
    pub fn live(&self) -> bool {
        self.live
    }

    /// Whether its figures are in a ballot box, in which nobody can look before all have answered.
    pub fn is_in_the_box(&self) -> bool {
        self.live && self.figures.is_empty()
    }

    /// Sentences about how this section was computed.
    pub fn notes(&self) -> &[Text] {
        &self.notes
    }
}
