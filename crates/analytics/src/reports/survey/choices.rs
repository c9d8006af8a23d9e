//! Items of which several choices are one answer: how many chose each, or put it in which place.

use super::super::{ReportError, text};
use super::answers::Round;
use super::rate::RATE;
use super::respondents::{Asked, Respondents, under};
use super::sections::{of_scores, uncorrected};
use crate::statistics::{Sample, wilson};
use disclosure::{
    Axis, Category, Figure, Item, ItemGroup, Measure, Nested, Ratio, Role, Section, Share, Text, ValueKind,
};
use domain::events::{Code, Scale, SurveyFacts, SurveyItem};

/// The section of all wanted items of which several may be chosen, and one for each ranking.
pub(super) fn sections(
    round: &Round<'_>,
    respondents: &Respondents<'_>,
    asked: &[Asked],
) -> Result<Vec<Section>, ReportError> {
    let items = &round.survey.items;
    let several = asked.iter().copied().filter(|asked| items[asked.item].several);
    let (ranked, chosen): (Vec<Asked>, Vec<Asked>) = several.partition(|asked| items[asked.item].ranked);
    let rankings = ranked.chunk_by(|one, other| one.item == other.item);
    let all = std::iter::once(&chosen[..]).chain(rankings);
    all.filter_map(|asked| Some(section(round, respondents, asked.first()?.item, asked))).collect()
}

/// A choice of an item that a group is asked: the code, and its place in the item's scale.
#[derive(Clone, Copy)]
pub(super) struct Choice<'a> {
    pub(super) asked: Asked,
    item: &'a SurveyItem,
    pub(super) place: usize,
    code: &'a Code,
}

impl Choice<'_> {
    /// The code of its item.
    pub(super) fn code(&self, respondents: &Respondents<'_>) -> String {
        respondents.code(&format!("{}/{}", self.item.name, self.code.code), self.asked.group)
    }
}

/// The choices of items, those of an item together: the groups' answers to one choice stand side by side.
pub(super) fn all_of<'a>(round: &Round<'a>, asked: impl Iterator<Item = Asked>) -> Vec<Choice<'a>> {
    let survey = round.survey;
    let asked: Vec<Asked> = asked.collect();
    let mut choices = Vec::new();
    for same in asked.chunk_by(|one, other| one.item == other.item) {
        let item = &survey.items[same[0].item];
        for (place, code) in codes(survey, item).iter().enumerate() {
            choices.extend(same.iter().map(|asked| Choice { asked: *asked, item, place, code }));
        }
    }
    choices
}

/// The codes of an item's scale.
fn codes<'a>(survey: &'a SurveyFacts, item: &SurveyItem) -> &'a [Code] {
    let scale = survey.scales.iter().find(|scale: &&Scale| scale.id == item.scale);
    scale.map_or(&[][..], |scale| scale.codes.as_slice())
}

/// In which place, from 0, somebody's codes have a choice; none: not chosen.
pub(super) fn place_of(given: &[usize], choice: &Choice<'_>) -> Option<usize> {
    given.iter().position(|code| *code == choice.place)
}

/// In which place people put a choice, of a ranking; 1 is the first.
pub(super) fn sample(
    round: &Round<'_>,
    people: &[usize],
    choice: &Choice<'_>,
) -> Result<Sample, ReportError> {
    let given = people.iter().filter_map(|&person| round.several(person, choice.asked.item));
    let places = given.map(|given| place_of(given, choice));
    let places = places.map(|place| (place.map(|place| Ratio::whole(place as i64 + 1)), 1));
    Sample::of(places).ok_or_else(|| ReportError::Scores { item: choice.item.name.clone() })
}

/// `first` is the first of the items, of a ranking the only one.
fn section(
    round: &Round<'_>,
    respondents: &Respondents<'_>,
    first: usize,
    all: &[Asked],
) -> Result<Section, ReportError> {
    let survey = round.survey;
    let choices = all_of(round, all.iter().copied());
    let ranked = survey.items[first].ranked;
    let (id, title) = match ranked {
        true => (format!("ranking-{}", first + 1), Text::new("Rangordning", "Ranking")),
        false => ("choices".to_owned(), Text::new("Frågor med flera val", "Questions with several choices")),
    };
    let labels = choices.iter().map(|choice| labelled(choice, respondents));
    let mut section = Section::new(id, title, Measure::Choices, labels.collect());
    section.rolls = choices.iter().map(|choice| choice.asked.group).collect();
    section.within = vec![Nested { section: RATE.into(), axis: Axis::Whole }];
    section.categories = categories(ranked.then(|| codes(survey, &survey.items[first]).len()));
    section.values = if ranked { vec![ValueKind::Mean, ValueKind::Deviation] } else { Vec::new() };
    section.notes = notes(ranked);
    section
        .notes
        .extend(all.iter().any(|asked| round.is_estimated(asked.group)).then(|| uncorrected(respondents)));
    for (number, choice) in choices.iter().enumerate() {
        for (population, members) in respondents.members(choice.asked.group) {
            let given = members.iter().filter_map(|&person| round.several(person, choice.asked.item));
            // In which place, from 0; none: not chosen.
            let places: Vec<Option<usize>> = given.map(|given| place_of(given, choice)).collect();
            let mut counts = vec![0; section.categories.len()];
            let last = counts.len() - 1;
            for place in &places {
                counts[place.map_or(last, |place| if ranked { place } else { 0 })] += 1;
            }
            let n = members.len() as u64;
            let mut figure = Figure::of(population, number, n, places.len() as u64);
            let share = Share { part: counts[0], of: figure.answered };
            figure.positive = (share.of > 0).then_some(share);
            figure.interval = wilson(share, round.whole(choice.asked.group, n));
            if ranked {
                let sample = sample(round, members, choice)?;
                figure.score = (sample.n() > 0).then(|| sample.score());
                figure.values = of_scores(&sample, round.whole(choice.asked.group, n));
            }
            figure.counts = counts;
            section.figures.push(figure);
        }
    }
    Ok(section)
}

/// A choice under its question; its label says both, as tables have no headings.
pub(super) fn labelled(choice: &Choice<'_>, respondents: &Respondents<'_>) -> Item {
    let (question, label) = (text(&choice.item.text), text(&choice.code.label));
    let code = format!("{}/{}", choice.item.name, choice.code.code);
    let label = under(&question, &label);
    let heading = ItemGroup { code: choice.item.name.clone(), label: question };
    respondents.item(&code, label, Some(heading), choice.asked.group)
}

/// Chosen or not; of a ranking of so many each place, and not ranked.
fn categories(places: Option<usize>) -> Vec<Category> {
    let category =
        |code: String, sv: String, en: String, role| Category { code, label: Text::new(sv, en), role };
    match places {
        None => vec![
            category("chosen".into(), "Valt".into(), "Chosen".into(), Role::Positive),
            category("not_chosen".into(), "Inte valt".into(), "Not chosen".into(), Role::Neutral),
        ],
        Some(places) => {
            let role = |place| if place == 1 { Role::Positive } else { Role::Neutral };
            let place = |at: usize| {
                category(format!("place_{at}"), format!("Plats {at}"), format!("Place {at}"), role(at))
            };
            let none =
                category("not_ranked".into(), "Inte rangordnat".into(), "Not ranked".into(), Role::DontKnow);
            (1..=places).map(place).chain([none]).collect()
        }
    }
}

fn notes(ranked: bool) -> Vec<Text> {
    let mut notes = vec![match ranked {
        false => Text::new(
            "Andelen är de som valde alternativet av dem som har besvarat frågan. Flera kan väljas, så andelarna summerar inte till \
             100 procent.",
            "The share is of those who chose it among those who answered the question. Several may be chosen, so that shares do \
             not add up to 100 per cent.",
        ),
        true => Text::new(
            "Andelen är de som satte alternativet först av dem som har besvarat frågan. Medelplatsen är av dem som har rangordnat \
             alternativet: 1 är först.",
            "The share is of those who put it first among those who answered the question. The mean place is of those who ranked \
             it: 1 is first.",
        ),
    }];
    notes.push(Text::new(
        "Alla alternativ i en fråga visas för en grupp, eller inget.",
        "All choices of a question are shown for a group, or none.",
    ));
    notes
}
