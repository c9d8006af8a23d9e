//! `POST /api/v1/outside-figures`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Change, Changes, Invalid, Problems};
use crate::events::{OutsideFacts, OutsideFigure, Statistic};
use crate::{Date, Municipality, Text};

/// The body of `POST /api/v1/outside-figures`. A set is stated whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutsideInput {
    /// Sets of figures.
    pub sets: Vec<OutsideSetInput>,
}

/// A set of other people's figures; without figures it is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutsideSetInput {
    /// What identifies it.
    pub id: String,
    /// Who publishes them, and what.
    pub source: Text,
    /// The licence that they are used under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The day on which they were retrieved.
    pub retrieved: Date,
    /// The figures.
    #[serde(default)]
    pub figures: Vec<OutsideFigureInput>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutsideFigureInput {
    /// The IRI of a survey.
    pub survey: String,
    /// The name of its item, or the id of its index.
    pub item: String,
    /// What it is.
    pub statistic: Statistic,
    /// Whose it is, for instance the country's.
    pub whose: Text,
    /// When it is of, for instance a year.
    pub period: String,
    /// How much, as a decimal number in text: of a share positive in per cent, of a mean in scores.
    pub value: String,
    /// The code of the unit that it is about; none: it is no unit's of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

impl OutsideInput {
    /// Checks the body by itself.
    ///
    /// # Errors
    /// [`Invalid`] with every place that is wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        let mut ids = BTreeSet::new();
        for (i, set) in self.sets.iter().enumerate() {
            let at = |rest: &str| format!("/sets/{i}/{rest}");
            problems.check(!set.id.trim().is_empty(), || at("id"), "an id");
            problems.check(ids.insert(&set.id), || at("id"), "an id that stands once in the body");
            problems.check(!set.source.sv.trim().is_empty(), || at("source/sv"), "whose figures they are");
            for (j, figure) in set.figures.iter().enumerate() {
                let at = |field: &str| at(&format!("figures/{j}/{field}"));
                problems.check(!figure.whose.sv.trim().is_empty(), || at("whose/sv"), "whose figure it is");
                problems.check(!figure.period.trim().is_empty(), || at("period"), "a period");
                problems.check(
                    figure.value().is_some(),
                    || at("value"),
                    "a decimal number, of a share in per cent from 0 to 100",
                );
            }
        }
        problems.result()
    }

    /// The events of what is new or different. The body has passed [`validate`](Self::validate).
    ///
    /// # Errors
    /// [`Invalid`] where a figure does not go with what is known: no such survey, item, index or unit.
    pub fn changes(&self, known: &Municipality) -> Result<Changes, Invalid> {
        let mut problems = Problems::default();
        let mut changes = Changes::default();
        for (i, set) in self.sets.iter().enumerate() {
            for (j, figure) in set.figures.iter().enumerate() {
                let at = |field: &str| format!("/sets/{i}/figures/{j}/{field}");
                let mut versions =
                    known.surveys.surveys().filter(|survey| survey.id == figure.survey).peekable();
                problems.check(versions.peek().is_some(), || at("survey"), "a survey that was posted before");
                let has = versions.any(|survey| {
                    survey.items.iter().any(|item| item.name == figure.item)
                        || survey.indexes.iter().any(|index| index.id == figure.item)
                });
                problems.check(
                    has,
                    || at("item"),
                    "the name of an item, or the id of an index, of the survey",
                );
                let unit = figure.unit.as_ref().is_none_or(|unit| known.organisation.unit(unit).is_some());
                problems.check(unit, || at("unit"), "the code of a unit");
            }
            let facts = set.facts();
            let held = known.surveys.outside(&set.id);
            let same = held.map_or(facts.figures.is_empty(), |held| *held == facts);
            changes.add(same, || Change::clear(&facts));
        }
        problems.result()?;
        Ok(changes)
    }
}

impl OutsideSetInput {
    fn facts(&self) -> OutsideFacts {
        let figure = |figure: &OutsideFigureInput| {
            Some(OutsideFigure {
                survey: figure.survey.clone(),
                item: figure.item.clone(),
                statistic: figure.statistic,
                whose: figure.whose.clone(),
                period: figure.period.clone(),
                value: figure.value()?,
                unit: figure.unit.clone(),
            })
        };
        OutsideFacts {
            id: self.id.clone(),
            source: self.source.clone(),
            licence: self.licence.clone(),
            retrieved: self.retrieved,
            figures: self.figures.iter().filter_map(figure).collect(),
        }
    }
}

impl OutsideFigureInput {
    /// The value as a fraction: of a share in parts of one.
    fn value(&self) -> Option<(i64, u32)> {
        let text = self.value.trim().replace(',', ".");
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let digits = decimals.trim_end_matches('0');
        let unsigned = whole.strip_prefix('-').unwrap_or(whole);
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if unsigned.is_empty() || digits.len() > 7 || !plain(unsigned) || !plain(decimals) {
            return None;
        }
        let number: i64 = format!("{whole}{digits}").parse().ok()?;
        let parts = 10_u32.checked_pow(u32::try_from(digits.len()).ok()?)?;
        match self.statistic {
            Statistic::Mean => Some((number, parts)),
            Statistic::Positive => {
                let parts = parts.checked_mul(100)?;
                (0..=i64::from(parts)).contains(&number).then_some((number, parts))
            }
        }
    }
}
