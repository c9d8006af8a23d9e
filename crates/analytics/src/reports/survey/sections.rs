//! From answers to figures in each group.

use super::super::{ReportError, text};
use super::answers::Round;
use super::rate::RATE;
use super::respondents::{Asked, Respondents};
use crate::statistics::{PositiveBase, Sample, mean_interval, net_promoter_score, share_positive, wilson};
use disclosure::{
    Axis, Category, Figure, Interval, Item, Measure, Nested, Ratio, Role, Section, Strata, Text, Value,
    ValueKind,
};
use domain::events::{Code, Scale};

/// The answers to the items that are wanted, one section for each scale and polarity. Who skipped an item is the
/// difference between the usable answers and its n; a section of its own would show n where the gate hides the figure.
pub(super) fn items(
    round: &Round<'_>,
    respondents: &Respondents<'_>,
    asked: &[Asked],
    base: PositiveBase,
) -> Result<Vec<Section>, ReportError> {
    let scales = &round.survey.scales;
    let mut sections = Vec::new();
    for (number, scale) in (1..).zip(scales) {
        for reverse in [false, true] {
            let is_of = |asked: &&Asked| {
                let item = &round.survey.items[asked.item];
                item.scale == scale.id && item.reverse == reverse && !item.several
            };
            let items: Vec<Asked> = asked.iter().filter(is_of).copied().collect();
            if !items.is_empty() {
                let scale = Polarised::new(scale, reverse);
                let title = if scales.len() > 1 { scale.title() } else { plain_title(reverse) };
                let id = format!("answers-{number}{}", if reverse { "-reversed" } else { "" });
                let items_of = items.iter().map(|asked| labelled(round, respondents, *asked)).collect();
                let mut section = Section::new(id, title, Measure::Likert, items_of);
                section.rolls = items.iter().map(|asked| asked.group).collect();
                section.within = vec![Nested { section: RATE.into(), axis: Axis::Whole }];
                sections.push(answered(section, &scale, &items, (round, respondents), base)?);
            }
        }
    }
    Ok(sections)
}

/// The section, and the code in it, under which a group's answers to an item stand.
pub(super) fn standing(
    sections: &[Section],
    round: &Round<'_>,
    respondents: &Respondents<'_>,
    asked: Asked,
) -> Option<(String, String)> {
    with(sections, &respondents.code(&round.survey.items.get(asked.item)?.name, asked.group))
}

/// The section that has an item of a code, and the code.
pub(super) fn with(sections: &[Section], code: &str) -> Option<(String, String)> {
    let has = |section: &&Section| section.items.iter().any(|item| item.code == code);
    sections.iter().find(has).map(|section| (section.id.clone(), code.to_owned()))
}

fn answered(
    mut section: Section,
    scale: &Polarised<'_>,
    items: &[Asked],
    (round, respondents): (&Round<'_>, &Respondents<'_>),
    base: PositiveBase,
) -> Result<Section, ReportError> {
    let promoters = scale.is_from_nought_to_ten();
    for (place, Asked { item, group }) in items.iter().enumerate() {
        for (population, members) in respondents.members(*group) {
            let mut counts = vec![0; scale.order.len()];
            for code in members.iter().filter_map(|&person| round.code(person, *item)) {
                counts[scale.place[code]] += 1;
            }
            let n = members.len() as u64;
            let mut figure = Figure::of(population, place, n, counts.iter().sum());
            if scale.has_scores() {
                let sample = round.sample(members, *item)?;
                figure.score = (sample.n() > 0).then(|| sample.score());
                figure.values = of_scores(&sample, round.whole(*group, n));
            }
            if promoters {
                let answers =
                    scale.order.iter().zip(&counts).filter_map(|(code, count)| {
                        Some((u8::try_from(scale.score(code)?.num()).ok()?, *count))
                    });
                let number = net_promoter_score(answers);
                figure.values.extend(number.map(|number| value(ValueKind::NetPromoterScore, number, None)));
            }
            if scale.has_positive() {
                let of_role = |role| {
                    let counted = scale.roles.iter().zip(&counts);
                    counted.filter(|(r, _)| **r == role).map(|(_, count)| count).sum::<u64>()
                };
                let positive = of_role(Role::Positive);
                let share = share_positive(positive, figure.answered, of_role(Role::DontKnow), base);
                figure.positive = (share.of > 0).then_some(share);
                figure.interval = wilson(share, round.whole(*group, n));
            }
            figure.counts = counts;
            section.figures.push(figure);
        }
    }
    let categories = scale.order.iter().zip(&scale.roles);
    section.categories = categories
        .map(|(code, role)| Category { code: code.code.clone(), label: text(&code.label), role: *role })
        .collect();
    if scale.has_scores() {
        section.values.extend([ValueKind::Mean, ValueKind::Deviation]);
    }
    section.values.extend(promoters.then_some(ValueKind::NetPromoterScore));
    let is_estimated = |asked: &&Asked| round.is_estimated(asked.group);
    let some = items.iter().any(|asked| is_estimated(&asked));
    section.notes = notes(scale, base, items.iter().all(|asked| is_estimated(&asked)));
    section.notes.extend(some.then(|| uncorrected(respondents)));
    Ok(section)
}

/// The mean's interval and the deviation.
pub(super) fn of_scores(sample: &Sample, population: Option<u64>) -> Vec<Value> {
    let mean = sample.mean().zip(mean_interval(sample, population));
    let mean = mean.map(|(mean, interval)| value(ValueKind::Mean, mean, Some(interval)));
    let deviation = sample.deviation().map(|number| value(ValueKind::Deviation, number, None));
    mean.into_iter().chain(deviation).collect()
}

fn value(kind: ValueKind, number: Ratio, interval: Option<Interval>) -> Value {
    Value { kind, number, interval }
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

    /// Whether its scores are those of recommending: every whole number from 0 to 10, once.
    fn is_from_nought_to_ten(&self) -> bool {
        let scores: Vec<Ratio> = self.order.iter().filter_map(|code| self.score(code)).collect();
        scores == (0..=10).map(Ratio::whole).collect::<Vec<_>>()
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

fn notes(scale: &Polarised<'_>, base: PositiveBase, estimated: bool) -> Vec<Text> {
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
        notes.extend((!estimated).then(|| Text::new(
            "95 %-intervall för andelen positiva: Wilsons, med n(N − 1)/(N − n) i stället för n, som om bortfallet vore \
             slumpmässigt. Där alla har svarat finns inget intervall.",
            "95% interval of the share positive: Wilson's, with n(N − 1)/(N − n) instead of n, as if non-response were \
             random. Where all have answered there is no interval.",
        )));
    }
    if scale.has_scores() {
        notes.extend((!estimated).then(|| Text::new(
            "Medelvärdet är utan ”vet ej”; dess 95 %-intervall är ± t · s/√n · √(1 − n/N), som om bortfallet vore \
             slumpmässigt.",
            "The mean leaves out “don't know”; its 95% interval is ± t · s/√n · √(1 − n/N), as if non-response were \
             random.",
        )));
        notes.extend(scale.is_from_nought_to_ten().then(|| {
            Text::new(
                "NPS är andelen som har svarat 9 eller 10 minus andelen som har svarat 0 till 6.",
                "NPS is the share who answered 9 or 10 minus the share who answered 0 to 6.",
            )
        }));
    }
    if scale.reverse {
        notes.push(Text::new(
            "Frågorna är negativt ställda: skala och poäng är vända.",
            "The questions are put negatively: scale and scores are turned round.",
        ));
    }
    notes
}

/// What is said of intervals where the base is estimated.
pub(super) fn uncorrected(respondents: &Respondents<'_>) -> Text {
    if respondents.len() > 1 {
        return Text::new(
            "Vårdnadshavarnas 95 %-intervall är utan korrektion för gruppens storlek, som är uppskattad, och som om de som svarade \
             vore ett slumpmässigt urval.",
            "The guardians' 95% intervals are without correction for the group's size, which is estimated, and as if those who \
             answered were a random sample.",
        );
    }
    Text::new(
        "95 %-intervallen är Wilsons för andelar och ± t · s/√n för medelvärden, utan korrektion för gruppens storlek, som är \
         uppskattad, och som om de som svarade vore ett slumpmässigt urval.",
        "The 95% intervals are Wilson's for shares and ± t · s/√n for means, without correction for the group's size, which is \
         estimated, and as if those who answered were a random sample.",
    )
}

/// What is said of weights where questions have them.
pub(super) fn note_weights(sections: &mut [Section], strata: Option<Strata>) {
    let note = match strata {
        None => return,
        Some(Strata::Unit) => Text::new(
            "Viktat efter enhet: svaren från var och en av enheterna närmast under väger N/n, så många som tillfrågades där av \
             så många som svarade på frågan. Enheter som inte visas, eller där för få har svarat, vägs tillsammans. Viktad andel \
             är Σw·positiva/Σw·svar, viktat medel Σw·poäng/Σw. Designeffekten (Kish) är n·Σw²/(Σw)²: 1,5 säger att svaren är \
             värda två tredjedelar så många. Vikter rättar till att enheter har svarat olika ofta, inte att de som svarade skiljer \
             sig från de övriga i samma enhet.",
            "Weighted by unit: the answers from each of the units right below weigh N/n, as many as were asked there over as many \
             as answered the question. Units that are not shown, or where too few answered, are weighted together. The weighted \
             share is Σw·positive/Σw·answers, the weighted mean Σw·score/Σw. The design effect (Kish) is n·Σw²/(Σw)²: 1.5 says \
             that the answers are worth two thirds as many. Weights make up for units that answered more or less often, not for \
             how those who answered differ from the others in their unit.",
        ),
        Some(Strata::Role) => Text::new(
            "Viktat efter roll: svaren från var och en av rollerna i gruppen väger N/n, så många som tillfrågades av så många som \
             svarade på frågan. Roller som inte visas, eller där för få har svarat, vägs tillsammans. Viktad andel är \
             Σw·positiva/Σw·svar, viktat medel Σw·poäng/Σw. Designeffekten (Kish) är n·Σw²/(Σw)²: 1,5 säger att svaren är värda två \
             tredjedelar så många. Vikter rättar till att roller har svarat olika ofta, inte att de som svarade skiljer sig från \
             de övriga i samma roll.",
            "Weighted by role: the answers from each of the roles in the group weigh N/n, as many as were asked over as many as \
             answered the question. Roles that are not shown, or where too few answered, are weighted together. The weighted share \
             is Σw·positive/Σw·answers, the weighted mean Σw·score/Σw. The design effect (Kish) is n·Σw²/(Σw)²: 1.5 says that the \
             answers are worth two thirds as many. Weights make up for roles that answered more or less often, not for how those \
             who answered differ from the others in their role.",
        ),
    };
    let is_weighed = |section: &&mut Section| matches!(section.measure, Measure::Likert | Measure::Choices);
    let questions = sections.iter_mut().filter(is_weighed);
    questions.for_each(|section| section.notes.push(note.clone()));
}

/// An item that a group is asked.
pub(super) fn labelled(round: &Round<'_>, respondents: &Respondents<'_>, asked: Asked) -> Item {
    let item = &round.survey.items[asked.item];
    respondents.item(&item.name, text(&item.text), None, asked.group)
}
