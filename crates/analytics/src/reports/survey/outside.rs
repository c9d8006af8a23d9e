//! Other people's figures of the same questions.

use super::super::text;
use disclosure::{Outside, OutsideKind, Ratio, Section};
use domain::events::{OutsideFacts, OutsideFigure, Statistic, SurveyFacts};

/// Whether a set has figures of a survey.
pub(super) fn concerns(set: &OutsideFacts, survey: &SurveyFacts) -> bool {
    set.figures.iter().any(|figure| figure.survey == survey.id)
}

/// A set's figures of a round's survey, where the report has the item or the index.
pub(super) fn figures(set: &OutsideFacts, survey: &SurveyFacts, sections: &[&Section]) -> Vec<Outside> {
    let one = |figure: &OutsideFigure| {
        let has = |section: &&&Section| section.items.iter().any(|item| item.code == figure.item);
        Some(Outside {
            section: sections.iter().find(has)?.id.clone(),
            item: figure.item.clone(),
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
