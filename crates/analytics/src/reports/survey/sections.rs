//! From answers to figures in each group.

use super::super::populations::Populations;
use super::super::{ReportError, text};
use super::answers::Answer;
use crate::statistics::{PositiveBase, Sample, share_positive, wilson};
use disclosure::{Category, Figure, Item, Measure, Ratio, Role, Section, Text};
use domain::events::{Code, Scale, SurveyFacts, SurveyItem};

/// Usable answers out of who was asked.
pub(super) fn response_rate(
    survey: &SurveyFacts,
    populations: &Populations,
    answers: &[Option<Answer>],
    live: bool,
) -> Section {
    let item = Item { code: "all".into(), label: text(&survey.title), group: None, target: None };
    let figures = (0..).zip(&populations.members).map(|(population, members)| {
        let answered = members.iter().filter(|&&person| answers[person].is_some()).count();
        figure(population, 0, members.len() as u64, answered as u64)
    });
    Section {
        id: "response-rate".into(),
        title: Text::new("Svarsfrekvens", "Response rate"),
        measure: Measure::ResponseRate,
        categories: Vec::new(),
        items: vec![item],
        figures: figures.collect(),
        within: Vec::new(),
        live,
        notes: vec![Text::new(
            "Användbara svar av dem som hade tjänst när enkäten öppnade. Ett svar är användbart när minst hälften \
             av de obligatoriska frågorna är besvarade.",
            "Usable answers out of who had a duty when the survey opened. An answer is usable when at least half \
             of the required questions are answered.",
        )],
    }
}

/// The answers to the items, one section for each scale and polarity. Who skipped an item is the difference
/// between the usable answers and its n; a section of its own would show n where the gate hides the figure.
pub(super) fn items(
    survey: &SurveyFacts,
    populations: &Populations,
    answers: &[Option<Answer>],
    base: PositiveBase,
) -> Result<Vec<Section>, ReportError> {
    let mut sections = Vec::new();
    for (number, scale) in (1..).zip(&survey.scales) {
        for reverse in [false, true] {
            let items: Vec<(usize, &SurveyItem)> = (0..)
                .zip(&survey.items)
                .filter(|(_, item)| item.scale == scale.id && item.reverse == reverse)
                .collect();
            if !items.is_empty() {
                let scale = Polarised::new(scale, reverse);
                let title = if survey.scales.len() > 1 { scale.title() } else { plain_title(reverse) };
                let id = format!("answers-{number}{}", if reverse { "-reversed" } else { "" });
                sections.push(answered(id, title, &scale, &items, populations, answers, base)?);
            }
        }
    }
    Ok(sections)
}

fn answered(
    id: String,
    title: Text,
    scale: &Polarised<'_>,
    items: &[(usize, &SurveyItem)],
    populations: &Populations,
    answers: &[Option<Answer>],
    base: PositiveBase,
) -> Result<Section, ReportError> {
    let mut figures = Vec::new();
    for (population, members) in populations.members.iter().enumerate() {
        for (place, (item, facts)) in items.iter().enumerate() {
            let mut counts = vec![0; scale.order.len()];
            for code in members.iter().filter_map(|&person| answers[person].as_ref()?[*item]) {
                counts[scale.place[code]] += 1;
            }
            let n = members.len() as u64;
            let mut figure = figure(population, place, n, counts.iter().sum());
            if scale.has_scores() {
                let counted = scale.order.iter().map(|code| scale.score(code)).zip(counts.iter().copied());
                let sample =
                    Sample::of(counted).ok_or_else(|| ReportError::Scores { item: facts.name.clone() })?;
                figure.score = (sample.n() > 0).then(|| sample.score());
            }
            if scale.has_positive() {
                let of_role = |role| {
                    let counted = scale.roles.iter().zip(&counts);
                    counted.filter(|(r, _)| **r == role).map(|(_, count)| count).sum::<u64>()
                };
                let positive = of_role(Role::Positive);
                let share = share_positive(positive, figure.answered, of_role(Role::DontKnow), base);
                figure.positive = (share.of > 0).then_some(share);
                figure.interval = wilson(share, Some(n));
            }
            figure.counts = counts;
            figures.push(figure);
        }
    }
    let categories = scale.order.iter().zip(&scale.roles);
    Ok(Section {
        id,
        title,
        measure: Measure::Likert,
        categories: categories
            .map(|(code, role)| Category { code: code.code.clone(), label: text(&code.label), role: *role })
            .collect(),
        items: items.iter().map(|(_, item)| labelled(item)).collect(),
        figures,
        within: Vec::new(),
        live: false,
        notes: notes(scale, base),
    })
}

/// The heading where all questions have one scale.
fn plain_title(reverse: bool) -> Text {
    match reverse {
        false => Text::new("Svaren på frågorna", "The answers to the questions"),
        true => Text::new("Frågor som är negativt ställda", "Questions that are put negatively"),
    }
}

/// A scale as one side of items reads it: from negative to positive, "don't know" last.
struct Polarised<'a> {
    scale: &'a Scale,
    reverse: bool,
    order: Vec<&'a Code>,
    /// What each of `order` means.
    roles: Vec<Role>,
    /// Where each of the scale's codes stands in `order`.
    place: Vec<usize>,
}

impl<'a> Polarised<'a> {
    fn new(scale: &'a Scale, reverse: bool) -> Self {
        let (mut indexes, knows_not): (Vec<usize>, Vec<usize>) =
            (0..scale.codes.len()).partition(|&index| !scale.codes[index].dont_know);
        let score = |index: usize| scale.score(&scale.codes[index].code, reverse).and_then(ratio);
        if indexes.iter().all(|&index| score(index).is_some()) {
            indexes.sort_by_key(|&index| score(index));
        } else if reverse {
            indexes.reverse();
        }
        indexes.extend(knows_not);
        let order: Vec<&Code> = indexes.iter().map(|&index| &scale.codes[index]).collect();
        let is_positive = |code: &Code| scale.is_positive(&code.code, reverse);
        let (known, positive) = (
            order.iter().filter(|code| !code.dont_know).count(),
            order.iter().filter(|code| is_positive(code)).count(),
        );
        // As many codes from the other end as are positive are negative; what is between is neither.
        let negative = positive.min(known - positive);
        let roles = order.iter().enumerate().map(|(place, code)| match code {
            code if code.dont_know => Role::DontKnow,
            code if is_positive(code) => Role::Positive,
            _ if place < negative => Role::Negative,
            _ => Role::Neutral,
        });
        let mut place = vec![0; indexes.len()];
        for (at, &index) in indexes.iter().enumerate() {
            place[index] = at;
        }
        Self { scale, reverse, roles: roles.collect(), order, place }
    }

    fn score(&self, code: &Code) -> Option<Ratio> {
        ratio(self.scale.score(&code.code, self.reverse)?)
    }

    fn has_scores(&self) -> bool {
        self.order.iter().any(|code| code.score.is_some())
    }

    fn has_positive(&self) -> bool {
        self.roles.contains(&Role::Positive)
    }

    fn title(&self) -> Text {
        let ends = |of: fn(&Code) -> &str| {
            let mut known = self.order.iter().filter(|code| !code.dont_know);
            let first = known.next().map_or("", |code| of(code));
            (first.to_owned(), known.next_back().map_or("", |code| of(code)).to_owned())
        };
        let (sv, en) = (ends(|code| &code.label.sv), ends(|code| code.label.english()));
        Text::new(format!("Svar: {} – {}", sv.0, sv.1), format!("Answers: {} – {}", en.0, en.1))
    }
}

fn ratio((numerator, denominator): (i64, u32)) -> Option<Ratio> {
    Ratio::new(numerator.into(), denominator.into())
}

fn notes(scale: &Polarised<'_>, base: PositiveBase) -> Vec<Text> {
    let mut notes = vec![Text::new(
        "Av de användbara svaren. ”Vet ej” är ett svar; de användbara svar som saknas har hoppat över frågan.",
        "Of the usable answers. “Don't know” is an answer; the usable answers that are missing skipped the question.",
    )];
    if scale.has_positive() {
        let knows_not = scale.roles.contains(&Role::DontKnow);
        notes.extend(knows_not.then(|| match base {
            PositiveBase::WithDontKnow => Text::new(
                "Andelen positiva är av alla som har besvarat frågan, ”vet ej” inräknat.",
                "The share positive is out of all who answered the question, “don't know” included.",
            ),
            PositiveBase::WithoutDontKnow => Text::new(
                "Andelen positiva är av dem som har tagit ställning, utan ”vet ej”.",
                "The share positive is out of those who took a stand, without “don't know”.",
            ),
        }));
        notes.push(Text::new(
            "95 % konfidensintervall för andelen positiva (Wilson, med korrektion för ändlig population), som om \
             bortfallet vore slumpmässigt.",
            "95 % interval of the share positive (Wilson, corrected for the finite population), as if non-response \
             were random.",
        ));
    }
    if scale.has_scores() {
        notes.push(Text::new("Medelvärdet är utan ”vet ej”.", "The mean leaves out “don't know”."));
    }
    if scale.reverse {
        notes.push(Text::new(
            "Frågorna är negativt ställda: skala och poäng är vända.",
            "The questions are put negatively: scale and scores are turned round.",
        ));
    }
    notes
}

fn labelled(item: &SurveyItem) -> Item {
    Item { code: item.name.clone(), label: text(&item.text), group: None, target: None }
}

fn figure(population: usize, item: usize, base: u64, answered: u64) -> Figure {
    Figure {
        population,
        item,
        base,
        answered,
        counts: Vec::new(),
        score: None,
        positive: None,
        interval: None,
    }
}
