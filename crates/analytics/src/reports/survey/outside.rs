//! Other people's figures of the same questions.

use super::super::text;
use super::answers::Round;
use super::sections::standing;
use disclosure::{Outside, OutsideKind, Ratio, Section};
use domain::events::{OutsideFacts, OutsideFigure, Statistic, SurveyFacts};

/// Whether a set has figures of a survey.
pub(super) fn concerns(set: &OutsideFacts, survey: &SurveyFacts) -> bool {
    set.figures.iter().any(|figure| figure.survey == survey.id)
}

/// A set's figures of a round's survey, where the report has the item or the index.
pub(super) fn figures(set: &OutsideFacts, round: &Round<'_>, answers: &[Section]) -> Vec<Outside> {
    let survey = round.survey;
    let one = |figure: &OutsideFigure| {
        let item = survey.items.iter().position(|item| item.name == figure.item);
        let index = survey.indexes.iter().find(|index| index.id == figure.item);
        let (section, item) = match (item, index) {
            (Some(item), _) => standing(answers, round, item)?,
            (None, Some(index)) => ("indexes".to_owned(), index.id.clone()),
            (None, None) => return None,
        };
        Some(Outside {
            section,
            item,
            unit: figure.unit.clone(),
            kind: match figure.statistic {
                Statistic::Positive => OutsideKind::Positive,
                Statistic::Mean => OutsideKind::Mean,
            },
            whose: text(&figure.whose),
            period: figure.period.clone(),
            value: Ratio::new(figure.value.0.into(), figure.value.1.into())?,
            source: text(&set.source),
            licence: set.licence.clone(),
            retrieved: set.retrieved.to_string(),
        })
    };
    set.figures.iter().filter(|figure| figure.survey == survey.id).filter_map(one).collect()
}
