//! Indexes of several items.

use super::super::{ReportError, text};
use super::answers::Round;
use super::respondents::{Asked, Respondents};
use crate::statistics::{
    Alpha, Sample, cronbachs_alpha, mean_interval, mean_of_items, mean_of_parts, mean_of_persons, rescaled,
};
use disclosure::{Figure, Measure, Need, Ratio, Score, Section, Text, Value, ValueKind};
use domain::events::Index;

/// The survey's indexes in each group; `None` where it has none. `place` says where the answers to an item stand.
pub(super) fn section(
    round: &Round<'_>,
    respondents: &Respondents<'_>,
    place: impl Fn(Asked) -> Option<(String, String)>,
) -> Result<Option<Section>, ReportError> {
    let indexes = &round.survey.indexes;
    if indexes.is_empty() {
        return Ok(None);
    }
    // Of a group that is asked all of its questions.
    let is_asked = |index: &Index, group: usize| {
        let items = items_of(round, index);
        items.iter().all(|item| round.survey.items[*item].is_asked_of(respondents.id(group)))
    };
    let groups = 0..respondents.len();
    let of: Vec<(usize, usize)> = (0..indexes.len())
        .flat_map(|index| groups.clone().map(move |group| (index, group)))
        .filter(|(index, group)| is_asked(&indexes[*index], *group))
        .collect();
    if of.is_empty() {
        return Ok(None);
    }
    let label = |(index, group): &(usize, usize)| {
        respondents.alone(&indexes[*index].id, text(&indexes[*index].title), *group)
    };
    let mut section = Section::new(
        "indexes",
        Text::new("Index", "Indexes"),
        Measure::Index,
        of.iter().map(label).collect(),
    );
    section.rolls = of.iter().map(|(_, group)| *group).collect();
    section.values = vec![ValueKind::Mean, ValueKind::Alpha];
    section.notes = notes(indexes);
    let estimated = of.iter().any(|(_, group)| round.is_estimated(*group));
    section.notes.extend(estimated.then(|| super::sections::uncorrected(respondents)));
    for (number, (index, group)) in of.iter().enumerate() {
        for item in items_of(round, &indexes[*index]) {
            section.needs.extend(place(Asked { item, group: *group }).map(|(section, code)| Need {
                item: number,
                section,
                code,
                among: false,
            }));
        }
    }
    for (group, population, members) in respondents.all_members() {
        let base = members.len() as u64;
        // By the index: those that are made of others stand after them.
        let mut found: Vec<(usize, Figure)> = Vec::new();
        for (number, (at, _)) in of.iter().enumerate().filter(|(_, (_, own))| *own == group) {
            let index = &indexes[*at];
            let persons: Vec<Vec<Option<Ratio>>> = {
                let items = items_of(round, index);
                members
                    .iter()
                    .map(|&person| items.iter().map(|&item| round.score(person, item)).collect())
                    .collect()
            };
            let part = |id: &String| found.iter().find(|(place, _)| indexes[*place].id == *id);
            let parts: Vec<&Figure> = index.parts.iter().filter_map(part).map(|(_, part)| part).collect();
            let known = (Figure::of(population, number, base, 0), round.whole(group, base));
            let figure = figure(index, &persons, &parts, known);
            found.push((*at, figure.ok_or_else(|| ReportError::Scores { item: index.id.clone() })?));
        }
        section.figures.extend(found.into_iter().map(|(_, figure)| figure));
    }
    Ok(Some(section))
}

/// One index of one group, from the scores of its people by item and the figures of its parts.
fn figure(
    index: &Index,
    persons: &[Vec<Option<Ratio>>],
    parts: &[&Figure],
    (mut figure, whole): (Figure, Option<u64>),
) -> Option<Figure> {
    let of_persons = mean_of_persons(persons)?;
    figure.answered = of_persons.n();
    if !index.parts.is_empty() {
        let means: Option<Vec<Ratio>> = parts.iter().map(|part| part.score?.mean()).collect();
        figure.score = means.and_then(|means| scored(mean_of_parts(&means)?, figure.answered));
        return Some(figure);
    }
    let ends = |value: Ratio| match index.ends {
        Some((low, high)) => rescaled(value, Ratio::whole(low), Ratio::whole(high)),
        None => Some(value),
    };
    if index.by_items {
        let items: Option<Vec<Score>> = (0..index.items.len())
            .map(|item| Some(Sample::of(persons.iter().map(|scores| (scores[item], 1)))?.score()))
            .collect();
        figure.score = mean_of_items(&items?).and_then(|mean| scored(ends(mean)?, figure.answered));
    } else if let Some(mean) = of_persons.mean().and_then(ends) {
        figure.score = scored(mean, figure.answered);
        if let Some(interval) = mean_interval(&of_persons, whole) {
            let interval = disclosure::Interval { low: ends(interval.low)?, high: ends(interval.high)? };
            figure.values.push(Value { kind: ValueKind::Mean, number: mean, interval: Some(interval) });
        }
    }
    if let Some(alpha) = cronbachs_alpha(persons).filter(Alpha::is_shown) {
        figure.values.push(Value { kind: ValueKind::Alpha, number: alpha.alpha, interval: None });
    }
    Some(figure)
}

/// A mean as the sum that it is of so many; none where it is of nobody.
fn scored(mean: Ratio, n: u64) -> Option<Score> {
    (n > 0).then(|| Some(Score { sum: mean.times(Ratio::new(n.into(), 1)?)?, n }))?
}

/// The items that an index is made of, itself or by its parts.
fn items_of(round: &Round<'_>, index: &Index) -> Vec<usize> {
    let survey = round.survey;
    let of_parts = index.parts.iter().filter_map(|id| survey.indexes.iter().find(|other| other.id == *id));
    let mut items: Vec<usize> = of_parts.flat_map(|part| items_of(round, part)).collect();
    items.extend(
        index.items.iter().filter_map(|name| survey.items.iter().position(|item| item.name == *name)),
    );
    items
}

fn notes(indexes: &[Index]) -> Vec<Text> {
    let mut notes = Vec::new();
    if indexes.iter().any(|index| !index.items.is_empty() && !index.by_items) {
        notes.push(Text::new(
            "Index är personernas medelvärde: först varje persons medelvärde av de frågor som hen har poäng på, sedan \
             alla personers.",
            "Indexes are means of persons: first each person's mean of the questions that they have scores for, then of \
             all persons.",
        ));
    }
    let names = |wanted: fn(&Index) -> bool| {
        let of = |lang: disclosure::Lang| {
            let titles = indexes.iter().filter(|index| wanted(index)).map(|index| text(&index.title));
            titles.map(|title| title.get(lang).to_owned()).collect::<Vec<_>>().join(", ")
        };
        (of(disclosure::Lang::Sv), of(disclosure::Lang::En))
    };
    if indexes.iter().any(|index| index.by_items) {
        let (sv, en) = names(|index| index.by_items);
        notes.push(Text::new(
            format!("Medelvärde av frågornas medelvärden i stället: {sv}."),
            format!("The mean of the questions' means instead: {en}."),
        ));
    }
    if indexes.iter().any(|index| !index.parts.is_empty()) {
        let (sv, en) = names(|index| !index.parts.is_empty());
        notes.push(Text::new(
            format!("Medelvärde av sina delindex, som väger lika, utan intervall: {sv}."),
            format!("The mean of its parts, which weigh alike, without an interval: {en}."),
        ));
    }
    if indexes.iter().any(|index| index.ends.is_some()) {
        notes.push(Text::new(
            "Index från 0 till 100: (medelvärdet − lägsta poängen) · 100/(högsta − lägsta poängen); av 1 till 5 är det \
             (medelvärdet − 1) · 25.",
            "Indexes from 0 to 100: (mean − lowest score) · 100/(highest − lowest score); of 1 to 5 it is \
             (mean − 1) · 25.",
        ));
    }
    notes
}
