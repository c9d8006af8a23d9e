//! The same questions the time before: what was answered then, how the answers differ, and what became of those who
//! answered both times.

use super::super::{ReportError, text};
use super::answers::Round;
use super::both::{BOTH, Both, Pair, THEN, found, needs, of_means, of_shares, places};
use super::respondents::{Asked, Respondents};
use super::{choice_changes, choices, sections};
use crate::statistics::paired_change;
use disclosure::{Category, Figure, Item, Measure, Ratio, Role, Section, Text, Value, ValueKind};
use domain::events::RoundFacts;
use domain::surveys::Surveys;

/// What the ids begin with of sections that have the answers of the round before.
pub const EARLIER: &str = "earlier-";

/// The round before: the last of the same survey that had closed for the same unit and roles before this one opened, and of
/// which there are answers.
pub(super) fn round_before<'a>(surveys: &'a Surveys, round: &RoundFacts) -> Option<&'a RoundFacts> {
    surveys
        .rounds()
        .filter(|other| {
            other.survey == round.survey
                && (&other.unit, &other.roles) == (&round.unit, &round.roles)
                && other.guardians.is_some() == round.guardians.is_some()
                && other.closes < round.opens
                && surveys.is_counted(other)
        })
        .max_by_key(|other| (other.closes, &other.id))
}

/// The answers of the time before, the changes since, and the change of the same people. Nothing where no question can be
/// compared. `answers` has those of now.
pub(super) fn compared(both: &Both<'_>, answers: &[Section]) -> Result<Vec<Section>, ReportError> {
    let pairs = both.comparable();
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let mut asked: Vec<Asked> = pairs.iter().map(|pair| pair.then).collect();
    asked.sort_unstable();
    let mut earlier = sections::items(both.then, both.groups_then, &asked, both.base)?;
    earlier.extend(choices::sections(both.then, both.groups_then, &asked)?);
    let title = text(&both.then.facts.title);
    for section in &mut earlier {
        section.id = format!("{EARLIER}{}", section.id);
        // How many answered then is not in the report.
        section.within.clear();
        section.rolls.iter_mut().for_each(|roll| *roll += THEN * both.groups_then.len());
        section.title = Text::new(
            format!("{}: {}", title.sv, section.title.sv),
            format!("{}: {}", title.get(disclosure::Lang::En), section.title.get(disclosure::Lang::En)),
        );
    }
    let item = |asked: Asked| &both.now.survey.items[asked.item];
    let (several, single): (Vec<Pair>, Vec<Pair>) =
        pairs.into_iter().partition(|pair| item(pair.now).several);
    let (ranked, chosen): (Vec<Pair>, Vec<Pair>) =
        several.into_iter().partition(|pair| item(pair.now).ranked);
    let mut found = Vec::new();
    if !single.is_empty() {
        found.push(changes(both, &single, answers, &earlier)?);
        found.push(paired(both, &single, answers, &earlier)?);
    }
    for (pairs, ranked) in [(chosen, false), (ranked, true)] {
        if !pairs.is_empty() {
            found.extend(choice_changes::sections(both, (&pairs, ranked), answers, &earlier)?);
        }
    }
    found.retain(|section| !section.items.is_empty());
    // What is told of the same people stands behind what is told of all.
    found.sort_by_key(|section| section.measure != Measure::Change);
    for section in &mut found {
        section.notes.push(Text::new(
            format!(
                "Jämfört med ”{}” ({} – {}), frågor med samma skala.",
                title.sv, both.then.facts.opens, both.then.facts.closes
            ),
            format!(
                "Compared with “{}” ({} – {}), questions with the same scale.",
                title.get(disclosure::Lang::En),
                both.then.facts.opens,
                both.then.facts.closes
            ),
        ));
    }
    found.extend(earlier);
    Ok(found)
}

/// The codes under which a question stands now, and then.
fn codes(both: &Both<'_>, pair: &Pair) -> [String; 2] {
    let name = |round: &Round<'_>, asked: Asked| round.survey.items[asked.item].name.clone();
    [
        both.groups_now.code(&name(both.now, pair.now), pair.now.group),
        both.groups_then.code(&name(both.then, pair.then), pair.then.group),
    ]
}

fn labelled(both: &Both<'_>, pair: &Pair) -> Item {
    Item { group: None, ..sections::labelled(both.now, both.groups_now, pair.now) }
}

fn changes(
    both: &Both<'_>,
    pairs: &[Pair],
    answers: &[Section],
    earlier: &[Section],
) -> Result<Section, ReportError> {
    let mut section = Section::new(
        "change",
        Text::new("Ändring sedan förra gången", "Change since last time"),
        Measure::Change,
        pairs.iter().map(|pair| labelled(both, pair)).collect(),
    );
    section.rolls = pairs.iter().map(|pair| pair.now.group).collect();
    section.values = vec![
        ValueKind::ShareChange,
        ValueKind::CohensH,
        ValueKind::MeanChange,
        ValueKind::HedgesG,
        ValueKind::CliffsDelta,
    ];
    for (number, pair) in pairs.iter().enumerate() {
        let group = pair.now.group;
        let [code_now, code_then] = codes(both, pair);
        section.needs.extend(needs(number, (answers, &code_now), (earlier, &code_then), false));
        for (population, members) in both.groups_now.members(group) {
            let now = found(answers, &code_now, population);
            let (Some(now), Some(then)) = (now, found(earlier, &code_then, population)) else { continue };
            let mut figure = Figure::of(population, number, now.base, now.answered);
            if let (Some(one), Some(other)) = (now.positive, then.positive) {
                figure.values.extend(of_shares(one, other));
            }
            let members_then = &both.groups_then.populations[group].members[population];
            let scores_now = both.now.sample(members, pair.now.item)?;
            let scores_then = both.then.sample(members_then, pair.then.item)?;
            figure.values.extend(of_means(&scores_now, &scores_then));
            section.figures.push(figure);
        }
    }
    Ok(section)
}

/// Of those who answered a question with a score both times, in the same group.
fn paired(
    both: &Both<'_>,
    pairs: &[Pair],
    answers: &[Section],
    earlier: &[Section],
) -> Result<Section, ReportError> {
    let pairs = pairs.iter().filter(|pair| both.is_linked(pair) && both.now.is_scored(pair.now.item));
    let pairs: Vec<Pair> = pairs.copied().collect();
    let mut section = Section::new(
        "paired-change",
        Text::new("De som svarade båda gångerna", "Those who answered both times"),
        Measure::PairedChange,
        pairs.iter().map(|pair| labelled(both, pair)).collect(),
    );
    let category =
        |code: &str, sv: &str, en: &str, role| Category { code: code.into(), label: Text::new(sv, en), role };
    section.categories = vec![
        category("down", "Lägre", "Lower", Role::Negative),
        category("same", "Samma", "The same", Role::Neutral),
        category("up", "Högre", "Higher", Role::Positive),
    ];
    section.values = vec![ValueKind::MeanChange, ValueKind::DAv];
    section.rolls = pairs.iter().map(|pair| BOTH * both.stayed.len() + pair.now.group).collect();
    let person_then = places(both.then);
    for (number, pair) in pairs.iter().enumerate() {
        let [code_now, code_then] = codes(both, pair);
        section.needs.extend(needs(number, (answers, &code_now), (earlier, &code_then), true));
        for (population, members) in both.stayed.members(pair.now.group) {
            let scores = members.iter().filter_map(|now| {
                let then = *person_then.get(both.now.audience.people.get(*now)?)?;
                Some(((both.then.score(then, pair.then.item)?, both.now.score(*now, pair.now.item)?), 1))
            });
            let scores: Vec<((Ratio, Ratio), u64)> = scores.collect();
            let mut figure = Figure::of(population, number, members.len() as u64, scores.len() as u64);
            figure.counts = vec![0; 3];
            for ((before, after), count) in &scores {
                figure.counts[(1 + after.cmp(before) as isize) as usize] += count;
            }
            if let Some(change) = paired_change(&scores) {
                let mean = Value {
                    kind: ValueKind::MeanChange,
                    number: change.difference,
                    interval: change.interval,
                };
                figure.values.push(mean);
                let d_av = change.d_av.map(|number| Value { kind: ValueKind::DAv, number, interval: None });
                figure.values.extend(d_av);
            }
            section.figures.push(figure);
        }
    }
    Ok(section)
}

/// The groups of a round with who was asked in them the time before as well.
pub(super) fn stayed<'a>(
    (now, groups_now): (&Round<'a>, &Respondents<'a>),
    (then, groups_then): (&Round<'a>, &Respondents<'a>),
) -> Respondents<'a> {
    let person_then = places(then);
    let then = |person| person_then.get(now.audience.people.get(person)?).copied();
    let groups = groups_now.populations.iter().zip(&groups_then.populations);
    let both = groups.map(|(one, other)| {
        let [both, _] = one.shared(other, then);
        both
    });
    groups_now.with(both.collect())
}
