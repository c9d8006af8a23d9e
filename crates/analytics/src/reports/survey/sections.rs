//! From answers to figures in each group.

use super::super::{ReportError, text};
use super::answers::Round;
use super::ballots::Emptied;
use super::respondents::{Asked, Respondents};
use crate::statistics::{PositiveBase, Sample, mean_interval, net_promoter_score, share_positive, wilson};
use disclosure::{
    Axis, Category, Figure, Interval, Item, Measure, Nested, Ratio, Role, Section, Strata, Text, Value,
    ValueKind,
};
use domain::events::{Code, Guardians, Scale};

/// The section that says how many have answered.
pub(super) const RATE: &str = "response-rate";

/// Usable answers out of who was asked.
pub(super) fn response_rate(round: &Round<'_>, respondents: &Respondents<'_>, live: bool) -> Section {
    let groups = 0..respondents.len();
    let item = |group| respondents.whole(text(&round.survey.title), group);
    let title = Text::new("Svarsfrekvens", "Response rate");
    let mut section = Section::new(RATE, title, Measure::ResponseRate, groups.clone().map(item).collect());
    section.rolls = groups.collect();
    let figures = respondents.all_members().map(|(group, population, members)| {
        let answered = members.iter().filter(|&&person| round.answers[person].is_some()).count();
        let mut figure = Figure::of(population, group, members.len() as u64, answered as u64);
        if round.is_estimated() {
            let pupils = members.iter().filter(|&&person| round.audience.expected[person]).count();
            let each = Ratio::new(answered as i128, pupils as i128);
            figure.values.extend(each.map(|each| value(ValueKind::AnswersPerPupil, each, None)));
        }
        figure
    });
    section.figures = figures.collect();
    section.live = live;
    if let Some(emptied) = &round.emptied {
        if live {
            // How many have answered is in the ballot box too.
            section.figures.clear();
        }
        section.notes = of_strata(emptied);
        section.notes.extend(respondents.note());
        return section;
    }
    if let Some(guardians) = &round.facts.guardians {
        section.title = Text::new("Uppskattad svarsfrekvens", "Estimated response rate");
        section.values = vec![ValueKind::AnswersPerPupil];
        section.notes = vec![of_pupils(guardians)];
        return section;
    }
    section.notes = vec![usable()];
    section.notes.extend(respondents.note());
    section
}

fn usable() -> Text {
    Text::new(
        "Användbara svar av dem som hade tjänst när enkäten öppnade. Ett svar är användbart när minst hälften \
         av de obligatoriska frågorna är besvarade.",
        "Usable answers out of who had a duty when the survey opened. An answer is usable when at least half \
         of the required questions are answered.",
    )
}

/// What is said where nobody can be linked: of whom figures can be, and how many may have voted twice.
fn of_strata(emptied: &Emptied<'_>) -> Vec<Text> {
    let smallest = emptied.smallest;
    let mut notes = vec![
        usable(),
        Text::new(
            format!(
                "Ingen kan kopplas till sitt svar: svaren låg i en valurna tills enkäten hade stängt. Med ett svar följde bara \
                 vilken grupp det kom ur, en roll på en enhet. Grupper med färre än {smallest} personer räknades ihop med andra \
                 innan enkäten öppnade. Den som har flera tjänster räknas på en av dem. En enhet eller roll som bara har en del \
                 av en sådan grupp visas inte, för vilka av gruppens svar som är dess vet ingen."
            ),
            format!(
                "Nobody can be linked to their answer: the answers lay in a ballot box until the survey had closed. With an answer \
                 came only which group it is from, a role at a unit. Groups of fewer than {smallest} people were counted together \
                 with others before the survey opened. Who has several duties counts with one of them. A unit or role that has a \
                 part of such a group is not shown, since nobody knows which of the group's answers are its own."
            ),
        ),
    ];
    let again = (emptied.answers.len() as u64).saturating_sub(emptied.voted.into());
    if again > 0 {
        notes.push(Text::new(
            format!(
                "Vid ett avbrott gick det förlorat att {again} hade svarat. Så många kan som mest ha svarat två gånger; svaren \
                 går inte att ta bort, eftersom ingen vet vilka de är."
            ),
            format!(
                "That {again} had answered was lost in an interruption. At most so many may have answered twice; these answers \
                 cannot be taken out, since nobody knows which they are."
            ),
        ));
    }
    notes
}

/// What is said of a rate that is estimated: by which numbers, and from where.
fn of_pupils(guardians: &Guardians) -> Text {
    let counted = guardians.links.iter().any(|link| link.pupils.is_none());
    let enrolled = Text::new(
        "elever som var inskrivna när enkäten öppnade",
        "pupils who were enrolled when the survey opened",
    );
    let all = guardians.source.as_ref().map(text).into_iter().chain(counted.then_some(enrolled));
    let all: Vec<Text> = all.collect();
    let sources = |lang| all.iter().map(|source| source.get(lang)).collect::<Vec<_>>().join("; ");
    Text::new(
        format!(
            "Vårdnadshavare har svarat genom en länk för varje enhet, och ingen vet hur många de är. Svarsfrekvensen är \
             uppskattad: användbara svar av antalet elever (källa: {}). Där svaren är fler än eleverna är basen antalet svar, och \
             svar per elev är över 100 %. Räknat på två vårdnadshavare per elev är svarsfrekvensen minst hälften av svar per elev.",
            sources(disclosure::Lang::Sv)
        ),
        format!(
            "Guardians answered by a link for each unit, and nobody knows how many they are. The response rate is estimated: \
             usable answers out of the number of pupils (source: {}). Where there are more answers than pupils the base is the \
             number of answers, and answers per pupil are above 100%. Reckoned with two guardians a pupil the response rate is \
             at least half of the answers per pupil.",
            sources(disclosure::Lang::En)
        ),
    )
}

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
    let code = respondents.code(&round.survey.items.get(asked.item)?.name, asked.group);
    let has = |section: &&Section| section.items.iter().any(|item| item.code == code);
    sections.iter().find(has).map(|section| (section.id.clone(), code.clone()))
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
                figure.values = of_scores(&sample, round.whole(n));
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
                figure.interval = wilson(share, round.whole(n));
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
    section.notes = notes(scale, base, round.is_estimated());
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
    notes.extend(estimated.then(uncorrected));
    if scale.reverse {
        notes.push(Text::new(
            "Frågorna är negativt ställda: skala och poäng är vända.",
            "The questions are put negatively: scale and scores are turned round.",
        ));
    }
    notes
}

/// What is said of intervals where the base is estimated.
pub(super) fn uncorrected() -> Text {
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
    let questions = sections.iter_mut().filter(|section| section.measure == Measure::Likert);
    questions.for_each(|section| section.notes.push(note.clone()));
}

/// An item that a group is asked.
pub(super) fn labelled(round: &Round<'_>, respondents: &Respondents<'_>, asked: Asked) -> Item {
    let item = &round.survey.items[asked.item];
    respondents.item(&item.name, text(&item.text), None, asked.group)
}
