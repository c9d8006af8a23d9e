//! A report before the gate: exact figures about populations. Nothing here may be shown to anyone.

use crate::{Ratio, Strata, Text};
use serde::{Deserialize, Serialize};

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportKind {
    /// Digital competence by framework, competence and unit.
    Competence,
    /// The answers of one survey round.
    Survey,
    /// Who has started and completed what.
    Progress,
    /// Which units have picked up and adapted which courses.
    Adoption,
}

/// A report's exact figures. Only [`crate::Gate::apply`] makes something showable of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultTable {
    /// What it is about.
    pub kind: ReportKind,
    /// Its title, for instance the round's name.
    pub title: Text,
    /// What the title leaves out, for instance the framework or the survey; may be empty.
    pub subtitle: Text,
    /// What has to be said of other people's texts in it: source, licence, translation.
    pub sources: Vec<Text>,
    /// The place it covers, for instance the municipality's name.
    pub place: Text,
    /// The period it covers, in words.
    pub period: Text,
    /// What it was made from; the same identity gives the same bytes.
    pub identity: Identity,
    /// How many statements up to the position are dated later than they were stored, and count when they were stored.
    /// Of statements, not of people, and of the whole log: it says nothing of anybody.
    pub dated_ahead: u64,
    /// The parts of groups by which answers are weighted against non-response, where that is asked for.
    pub weights: Option<Strata>,
    /// Other people's figures to set beside these.
    pub outside: Vec<Outside>,
    /// The groups of people; a parent stands before its children.
    pub populations: Vec<Population>,
    /// Who belongs where: all people that an item is about, by [`Section::rolls`].
    pub rolls: Vec<Vec<Atom>>,
    /// The parts of the report, in reading order.
    pub sections: Vec<Section>,
}

impl ResultTable {
    /// The table with some of its groups; and which figure each is that is left, by section.
    pub(crate) fn only(mut self, is_kept: impl Fn(&Population) -> bool) -> (ResultTable, Vec<Vec<usize>>) {
        let mut places: Vec<Option<usize>> = Vec::with_capacity(self.populations.len());
        let mut populations: Vec<Population> = Vec::new();
        for population in &self.populations {
            let is_kept = is_kept(population);
            places.push(is_kept.then_some(populations.len()));
            if is_kept {
                let mut above = population.parent;
                while let Some(parent) = above.filter(|parent| places[*parent].is_none()) {
                    above = self.populations[parent].parent;
                }
                let parent = above.and_then(|parent| places[parent]);
                let also_in = population.also_in.and_then(|other| places[other]);
                populations.push(Population { parent, also_in, ..population.clone() });
            }
        }
        self.populations = populations;
        for atom in self.rolls.iter_mut().flatten() {
            atom.populations = atom.populations.iter().filter_map(|place| places[*place]).collect();
        }
        let mut left = Vec::with_capacity(self.sections.len());
        for section in &mut self.sections {
            let figures = section.figures.iter().enumerate();
            left.push(
                figures.filter(|(_, one)| places[one.population].is_some()).map(|(at, _)| at).collect(),
            );
            section.figures.retain_mut(|figure| {
                let place = places[figure.population];
                figure.population = place.unwrap_or(figure.population);
                place.is_some()
            });
        }
        (self, left)
    }
}

/// A figure of somebody else's that is set beside a report's own and is part of none of them. Nobody of ours is behind it, and
/// the gate passes it on as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    /// The section of the item.
    pub section: String,
    /// The item's code.
    pub item: String,
    /// The code of the unit that it is about; none: of no unit of ours.
    pub unit: Option<String>,
    /// What it is.
    pub kind: OutsideKind,
    /// Whose it is.
    pub whose: Text,
    /// When it is of.
    pub period: String,
    /// How much: of a share in parts of one.
    pub value: Ratio,
    /// Who publishes it.
    pub source: Text,
    /// The licence that it is used under.
    pub licence: Option<String>,
    /// The day on which it was retrieved, `YYYY-MM-DD`.
    pub retrieved: String,
}

/// What such a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutsideKind {
    /// A share of positive answers.
    Positive,
    /// A mean.
    Mean,
}

impl OutsideKind {
    /// The stable code in exports.
    pub fn code(self) -> &'static str {
        match self {
            OutsideKind::Positive => "positive",
            OutsideKind::Mean => "mean",
        }
    }
}

/// What a report was made from: the same four fields give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The log position up to which events were read, inclusive.
    pub position: u64,
    /// SHA-256 of the report's definition, in lower-case hex.
    pub definition: String,
    /// The program's name and version.
    pub program: String,
    /// The position of the last erasure that is honoured; 0 where there is none.
    pub horizon: u64,
    /// The day that duties and validity are read on, `YYYY-MM-DD`.
    pub as_of: String,
}

/// Which family of groups a population belongs to. Children of one parent and one geometry are a partition of it
/// (people outside all of them may exist, people in two of them make the sum exceed the total).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Geometry {
    /// The organisation tree, all roles together (G1).
    Tree,
    /// Area by role (G2).
    AreaRole,
    /// Municipality by role (G3).
    MunicipalityRole,
    /// People who belong to the same of all other groups. Never shown: they tell the gate how those stand whom no group tells
    /// apart. Needed where groups of several families are shown; without them it looks for how they might.
    Kind,
}

impl Geometry {
    /// Whether its groups are such parts.
    pub fn is_of(self, strata: Strata) -> bool {
        match self {
            Geometry::Tree => strata == Strata::Unit,
            Geometry::AreaRole | Geometry::MunicipalityRole => strata == Strata::Role,
            Geometry::Kind => false,
        }
    }
}

/// A group of people, named once for the whole table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// The unit's code, stable over time; breaks ties.
    pub code: String,
    /// The unit's name.
    pub label: Text,
    /// The family it belongs to.
    pub geometry: Geometry,
    /// Index of the group that this one is a part of; less than its own index.
    pub parent: Option<usize>,
    /// Index of another group that it is a part of, less than its own: of a role of an area the same role of the whole.
    pub also_in: Option<usize>,
    /// The unit's kind, for instance `rektorsomrade` or `forskola`.
    pub kind: String,
    /// Its place among its siblings; never by result.
    pub order: u32,
    /// N: how many people belong to it on the as-of date.
    pub base: u64,
}

/// People who belong to the same groups, and to no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atom {
    /// Indexes into [`ResultTable::populations`], ascending; with a group those that it is part of. But where a question has
    /// another answer for each group (was one there before?), somebody may be there as two, each with some of the groups.
    pub populations: Vec<usize>,
    /// How many they are.
    pub people: u64,
}

impl Atom {
    /// The roll of groups that are apart from each other, but for those that they are part of.
    pub fn of_tree(populations: &[Population]) -> Vec<Atom> {
        let path = |place: usize| {
            let mut path: Vec<usize> =
                std::iter::successors(Some(place), |group| populations[*group].parent).collect();
            path.reverse();
            path
        };
        let own = |(place, group): (usize, &Population)| {
            let parts = populations.iter().filter(|part| part.parent == Some(place));
            let people = group.base.checked_sub(parts.map(|part| part.base).sum())?;
            (people > 0).then(|| Atom { populations: path(place), people })
        };
        populations.iter().enumerate().filter_map(own).collect()
    }
}

/// What the figures of a section are, which decides their form and their chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "measure")]
pub enum Measure {
    /// Counts per level band ([`Role::Level`], rising). `answered` are those with a known level.
    Levels {
        /// How the levels are known.
        kind: LevelKind,
    },
    /// Counts per answer of a scale, from negative to positive, don't-know answers last.
    Likert,
    /// Who chose it, where several may be chosen, or in which place: an item for each choice, those of a question under its
    /// heading; the last category is who did not choose it. `positive` are those of the first category. Of a group all choices of a
    /// question are shown, or none.
    Choices,
    /// `answered` of `base`, no counts.
    ResponseRate,
    /// A square table of counts, row by row: rows are self-assessed bands, columns demonstrated ones, both in the
    /// order of the categories. `answered` are those with both.
    SelfVsDemonstrated,
    /// `answered` of `base` have anything known, no counts.
    Coverage,
    /// The mean of several items, no counts. `answered` are those with a score in any of them.
    Index,
    /// How the answers differ from those of an earlier time that nobody's are linked with: [`Figure::values`], no counts.
    /// `answered` are those of the later time.
    Change,
    /// What became of the same people: counts of those who went down, stayed and went up. `answered` are those who answered
    /// both times.
    PairedChange,
    /// What became of the same people's choices, where several may be chosen: an item for each choice, as of [`Measure::Choices`];
    /// the last category is of those who did not choose it. `answered` are those who answered the question both times.
    PairedChoices,
}

/// A number that follows from the distribution behind a figure. Shares and their differences are parts of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// The mean once more, for its interval.
    Mean,
    /// The standard deviation of the scores.
    Deviation,
    /// The net promoter score, between -1 and 1.
    NetPromoterScore,
    /// Cronbach's alpha of an index.
    Alpha,
    /// The difference of two shares positive, later minus earlier.
    ShareChange,
    /// Cohen's h of that difference.
    CohensH,
    /// The difference of two means, later minus earlier.
    MeanChange,
    /// Hedges' g of that difference.
    HedgesG,
    /// Cliff's delta, later above earlier.
    CliffsDelta,
    /// The mean change of the same people in mean deviations of before and after.
    DAv,
    /// The share at the target of those with a known level; as its interval the least and the most that it can be of all.
    AtTarget,
    /// The share positive, weighted against non-response.
    WeightedPositive,
    /// The mean, weighted against non-response.
    WeightedMean,
    /// Kish's design effect of those weights: n Σw²/(Σw)².
    DesignEffect,
    /// Answers of guardians over pupils; may be more than one.
    AnswersPerPupil,
}

impl ValueKind {
    /// The stable code in exports, as in JSON.
    pub fn code(self) -> &'static str {
        match self {
            ValueKind::Mean => "mean",
            ValueKind::Deviation => "deviation",
            ValueKind::NetPromoterScore => "net_promoter_score",
            ValueKind::Alpha => "alpha",
            ValueKind::ShareChange => "share_change",
            ValueKind::CohensH => "cohens_h",
            ValueKind::MeanChange => "mean_change",
            ValueKind::HedgesG => "hedges_g",
            ValueKind::CliffsDelta => "cliffs_delta",
            ValueKind::DAv => "d_av",
            ValueKind::AtTarget => "at_target",
            ValueKind::WeightedPositive => "weighted_positive",
            ValueKind::WeightedMean => "weighted_mean",
            ValueKind::DesignEffect => "design_effect",
            ValueKind::AnswersPerPupil => "answers_per_pupil",
        }
    }

    /// The codes of the ends of its interval, for kinds that have one.
    pub fn ends(self) -> Option<[&'static str; 2]> {
        match self {
            ValueKind::Mean => Some(["mean_low", "mean_high"]),
            ValueKind::ShareChange => Some(["share_change_low", "share_change_high"]),
            ValueKind::MeanChange => Some(["mean_change_low", "mean_change_high"]),
            ValueKind::AtTarget => Some(["at_target_low", "at_target_high"]),
            _ => None,
        }
    }
}

/// One such number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// Which.
    pub kind: ValueKind,
    /// How much.
    pub number: Ratio,
    /// Its 95 % interval, where it has one; of [`ValueKind::AtTarget`] its bounds.
    pub interval: Option<Interval>,
}

/// How a level is known. The kinds are never mixed into one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LevelKind {
    /// By a passed activity that a rule names.
    Demonstrated,
    /// By a survey item.
    SelfAssessed,
    /// By a leader's approval.
    Attested,
}

/// A part of a report: one measure over items and populations.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Stable id within the report: lower-case letters, digits and `-`.
    pub id: String,
    /// Its heading.
    pub title: Text,
    /// What its figures are.
    pub measure: Measure,
    /// What `counts` count; empty for measures without counts. People with nothing known
    /// are no category: they are `base - answered`.
    pub categories: Vec<Category>,
    /// The questions, competences or courses. At least one; a response rate has one for the survey as a whole.
    pub items: Vec<Item>,
    /// At most one for each population and item; one that is left out is shown as not applicable.
    pub figures: Vec<Figure>,
    /// Larger figures that this section's figures are parts of.
    pub within: Vec<Nested>,
    /// Figures of other sections that this section's figures are made of.
    pub needs: Vec<Need>,
    /// What its figures may have in [`Figure::values`], in the order of columns.
    pub values: Vec<ValueKind>,
    /// Whom each item is about: indexes into [`ResultTable::rolls`]; the first for those that are not listed.
    pub rolls: Vec<usize>,
    /// True while people can still answer: then a rate of almost nobody or almost everybody is hidden too. One without
    /// figures then has them in a ballot box.
    pub live: bool,
    /// Sentences about how it was computed that are particular to this section, such as whether don't-know answers
    /// are in the base.
    pub notes: Vec<Text>,
}

impl Section {
    /// A section of these items, as yet without categories, figures and notes.
    pub fn new(id: impl Into<String>, title: Text, measure: Measure, items: Vec<Item>) -> Section {
        Section {
            id: id.into(),
            title,
            measure,
            categories: Vec::new(),
            items,
            figures: Vec::new(),
            within: Vec::new(),
            needs: Vec::new(),
            values: Vec::new(),
            rolls: Vec::new(),
            live: false,
            notes: Vec::new(),
        }
    }

    /// The only item about all of a roll, of a rate.
    pub(crate) fn item_of_roll(&self, roll: usize) -> Option<usize> {
        let mut items = (0..self.items.len()).filter(|item| self.roll(*item) == roll);
        items.next().filter(|_| items.next().is_none())
    }

    /// The roll of those whom an item is about.
    pub(crate) fn roll(&self, item: usize) -> usize {
        self.rolls.get(item).copied().unwrap_or(0)
    }
}

/// A figure of `item` follows from the figure that the same population has in another section, and is shown only where
/// that is, in the same tier. Where the population has none there it is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Index into [`Section::items`] of this section.
    pub item: usize,
    /// The id of the other section, which needs none itself.
    pub section: String,
    /// The code of its item.
    pub code: String,
    /// Whether everyone behind the figure is behind the other too. Then those whom it leaves out are nobody, or not
    /// fewer than a group that may be shown.
    pub among: bool,
}

/// Everyone behind a figure of this section is also behind the figure of `section` for the same population and the
/// item of the same code (of a rate, its only one about the same roll); `axis` says how the counts add up to that figure's categories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested {
    /// The id of the larger section.
    pub section: String,
    /// How the counts add up; of a cross table, which margin has the larger section's categories.
    pub axis: Axis,
}

/// How counts add up to those of a larger section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Each of the larger section's categories is as many of this one's, in their order; a rate has none.
    Whole,
    /// Sums over columns: self-assessed.
    Rows,
    /// Sums over rows: demonstrated.
    Columns,
}

/// A level band or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Stable code.
    pub code: String,
    /// What readers see.
    pub label: Text,
    /// What it means, which decides its colour and its side.
    pub role: Role,
}

/// What a category means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A band of levels; the categories stand in rising order.
    Level,
    /// An answer on the positive side.
    Positive,
    /// An answer in the middle.
    Neutral,
    /// An answer on the negative side.
    Negative,
    /// "Vet ej": an answer, apart from the scale.
    DontKnow,
}

/// A question, a competence or a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Stable code, for instance `1.1`.
    pub code: String,
    /// What readers see.
    pub label: Text,
    /// The heading it stands under, for instance a competence area.
    pub group: Option<ItemGroup>,
    /// Index of the category that is the target, where one is set.
    pub target: Option<usize>,
}

/// A heading over items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemGroup {
    /// Stable code, for instance `1`.
    pub code: String,
    /// What readers see.
    pub label: Text,
}

/// The exact figures of one population and one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Index into [`ResultTable::populations`].
    pub population: usize,
    /// Index into [`Section::items`].
    pub item: usize,
    /// N: how many people could be behind the figure.
    pub base: u64,
    /// n: how many people are.
    pub answered: u64,
    /// People per category; adds up to `answered`.
    pub counts: Vec<u64>,
    /// The mean, where there is one.
    pub score: Option<Score>,
    /// The share of positive answers, where there is one.
    pub positive: Option<Share>,
    /// A 95 % interval of `positive`. Shown with the full tier only.
    pub interval: Option<Interval>,
    /// What else follows from the distribution. Shown with the full tier only.
    pub values: Vec<Value>,
    /// What of it may not be shown, whatever it is.
    pub withheld: Withheld,
}

/// What of a figure may not be shown, since another report of the same people's answers does not show it, or since nobody
/// knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Withheld {
    /// Nothing.
    #[default]
    Nothing,
    /// Its distribution, and what follows from that.
    Distribution,
    /// All of it.
    All,
    /// All of it, as it is no figure: of people who are not told apart some are in its group and some are not, and its
    /// numbers are of all of them. No rule looks at it.
    Merged,
}

impl Figure {
    /// How many of how many, and nothing else.
    pub fn of(population: usize, item: usize, base: u64, answered: u64) -> Figure {
        Figure {
            population,
            item,
            base,
            answered,
            counts: Vec::new(),
            score: None,
            positive: None,
            interval: None,
            values: Vec::new(),
            withheld: Withheld::Nothing,
        }
    }
}

/// An exact mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Score {
    /// The sum of the scores.
    pub sum: Ratio,
    /// How many people were scored (don't-know answers are not).
    pub n: u64,
}

impl Score {
    /// The mean; `None` where nobody was scored.
    pub fn mean(&self) -> Option<Ratio> {
        self.sum.times(Ratio::new(1, self.n.into())?)
    }
}

/// An exact share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub part: u64,
    /// Of how many.
    pub of: u64,
}

impl Share {
    /// The share as a fraction; `None` where it is of nobody.
    pub fn ratio(&self) -> Option<Ratio> {
        Ratio::new(self.part.into(), self.of.into())
    }
}

/// An interval with both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The lower end.
    pub low: Ratio,
    /// The upper end.
    pub high: Ratio,
}
