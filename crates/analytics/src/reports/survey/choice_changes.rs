//! How questions of which several choices are one answer differ from the time before, choice by choice, and what became of the
//! choices of those who answered both times.

use super::super::ReportError;
use super::answers::Round;
use super::both::{BOTH, Both, Pair, found, needs, of_means, of_shares, places};
use super::choices::{Choice, all_of, labelled, place_of, sample};
use crate::statistics::paired_change;
use disclosure::{Category, Figure, Item, Measure, Ratio, Role, Section, Text, Value, ValueKind};

/// A choice now, and the question that it was a choice of then: its scale is the same.
struct Compared<'a> {
    now: Choice<'a>,
    then: Choice<'a>,
    pair: Pair,
}

/// The change of all, and of those who answered both times, of questions whose choices are ranked or all that are not. Without
/// items where nobody is known both times.
pub(super) fn sections(
    both: &Both<'_>,
    (pairs, ranked): (&[Pair], bool),
    answers: &[Section],
    earlier: &[Section],
) -> Result<[Section; 2], ReportError> {
    let of = |pairs: &[Pair]| {
        let now = all_of(both.now, pairs.iter().map(|pair| pair.now));
        let then = all_of(both.then, pairs.iter().map(|pair| pair.then));
        // Each choice with the pair of its own question and group.
        let compared = now.into_iter().filter_map(|now| {
            let pair = pairs.iter().find(|pair| pair.now == now.asked)?;
            let then = then.iter().find(|then| then.asked == pair.then && then.place == now.place)?;
            Some(Compared { now, then: *then, pair: *pair })
        });
        compared.collect::<Vec<_>>()
    };
    let linked: Vec<Pair> = pairs.iter().filter(|pair| both.is_linked(pair)).copied().collect();
    Ok([
        changes(both, (&of(pairs), ranked), answers, earlier)?,
        paired(both, (&of(&linked), ranked), answers, earlier),
    ])
}

impl Compared<'_> {
    fn item(&self, both: &Both<'_>) -> Item {
        labelled(&self.now, both.groups_now)
    }

    /// The codes under which it stands now, and then.
    fn codes(&self, both: &Both<'_>) -> [String; 2] {
        [self.now.code(both.groups_now), self.then.code(both.groups_then)]
    }
}

/// What the id of a section ends with, and what its title does.
fn kind(ranked: bool) -> (&'static str, &'static str, &'static str) {
    match ranked {
        false => ("choices", "flera val", "several choices"),
        true => ("rankings", "rangordning", "ranking"),
    }
}

fn changes(
    both: &Both<'_>,
    (compared, ranked): (&[Compared<'_>], bool),
    answers: &[Section],
    earlier: &[Section],
) -> Result<Section, ReportError> {
    let (id, sv, en) = kind(ranked);
    let mut section = Section::new(
        format!("change-{id}"),
        Text::new(format!("Ändring sedan förra gången: {sv}"), format!("Change since last time: {en}")),
        Measure::Change,
        compared.iter().map(|one| one.item(both)).collect(),
    );
    section.rolls = compared.iter().map(|one| one.now.asked.group).collect();
    section.values = vec![ValueKind::ShareChange, ValueKind::CohensH];
    if ranked {
        section.values.extend([ValueKind::MeanChange, ValueKind::HedgesG, ValueKind::CliffsDelta]);
        section.notes.push(place_note());
    }
    for (number, one) in compared.iter().enumerate() {
        let group = one.now.asked.group;
        let [code_now, code_then] = one.codes(both);
        section.needs.extend(needs(number, (answers, &code_now), (earlier, &code_then), false));
        for (population, members) in both.groups_now.members(group) {
            let now = found(answers, &code_now, population);
            let (Some(now), Some(then)) = (now, found(earlier, &code_then, population)) else { continue };
            let mut figure = Figure::of(population, number, now.base, now.answered);
            if let (Some(one), Some(other)) = (now.positive, then.positive) {
                figure.values.extend(of_shares(one, other));
            }
            if ranked {
                let members_then = &both.groups_then.populations[group].members[population];
                let (places_now, places_then) =
                    (sample(both.now, members, &one.now)?, sample(both.then, members_then, &one.then)?);
                figure.values.extend(of_means(&places_now, &places_then));
            }
            section.figures.push(figure);
        }
    }
    Ok(section)
}

/// Of those who answered the question both times, in the same group: who chose it when, or put it higher or lower.
fn paired(
    both: &Both<'_>,
    (compared, ranked): (&[Compared<'_>], bool),
    answers: &[Section],
    earlier: &[Section],
) -> Section {
    let (id, sv, en) = kind(ranked);
    let mut section = Section::new(
        format!("paired-change-{id}"),
        Text::new(
            format!("De som svarade båda gångerna: {sv}"),
            format!("Those who answered both times: {en}"),
        ),
        Measure::PairedChoices,
        compared.iter().map(|one| one.item(both)).collect(),
    );
    section.categories = categories(ranked);
    section.values = match ranked {
        false => vec![ValueKind::ShareChange],
        true => vec![ValueKind::MeanChange, ValueKind::DAv],
    };
    section.notes = notes(ranked);
    section.rolls = compared.iter().map(|one| BOTH * both.stayed.len() + one.now.asked.group).collect();
    let person_then = places(both.then);
    for (number, one) in compared.iter().enumerate() {
        let [code_now, code_then] = one.codes(both);
        section.needs.extend(needs(number, (answers, &code_now), (earlier, &code_then), true));
        for (population, members) in both.stayed.members(one.pair.now.group) {
            // The place then and now of each who answered both times; none: not chosen.
            let given = members.iter().filter_map(|now| {
                let then = *person_then.get(both.now.audience.people.get(*now)?)?;
                let place = |round: &Round<'_>, person, choice: &Choice<'_>| {
                    Some(place_of(round.several(person, choice.asked.item)?, choice))
                };
                Some((place(both.then, then, &one.then)?, place(both.now, *now, &one.now)?))
            });
            let given: Vec<(Option<usize>, Option<usize>)> = given.collect();
            let mut figure = Figure::of(population, number, members.len() as u64, given.len() as u64);
            figure.counts = vec![0; 4];
            given.iter().for_each(|places| figure.counts[category(ranked, *places)] += 1);
            figure.values = values(ranked, &given);
            section.figures.push(figure);
        }
    }
    section
}

/// Which of [`categories`] somebody's places then and now are in.
fn category(ranked: bool, places: (Option<usize>, Option<usize>)) -> usize {
    match (ranked, places) {
        (true, (Some(then), Some(now))) => (1 + now.cmp(&then) as isize) as usize,
        (false, (Some(_), Some(_))) => 0,
        (false, (Some(_), None)) => 1,
        (false, (None, Some(_))) => 2,
        _ => 3,
    }
}

fn values(ranked: bool, given: &[(Option<usize>, Option<usize>)]) -> Vec<Value> {
    let pair = |places: &(Option<usize>, Option<usize>)| match (ranked, places) {
        (false, (then, now)) => {
            let chosen = |place: &Option<usize>| Ratio::whole(place.is_some().into());
            Some(((chosen(then), chosen(now)), 1))
        }
        (true, (then, now)) => Some(((place(*then)?, place(*now)?), 1)),
    };
    let pairs: Vec<((Ratio, Ratio), u64)> = given.iter().filter_map(pair).collect();
    let Some(change) = paired_change(&pairs) else { return Vec::new() };
    let kind = if ranked { ValueKind::MeanChange } else { ValueKind::ShareChange };
    let mean = Value { kind, number: change.difference, interval: change.interval };
    let d_av = change.d_av.filter(|_| ranked);
    let d_av = d_av.map(|number| Value { kind: ValueKind::DAv, number, interval: None });
    std::iter::once(mean).chain(d_av).collect()
}

/// 1 for the first place.
fn place(at: Option<usize>) -> Option<Ratio> {
    at.map(|at| Ratio::whole(at as i64 + 1))
}

fn categories(ranked: bool) -> Vec<Category> {
    let category = |(code, sv, en, role): (&str, &str, &str, Role)| Category {
        code: code.into(),
        label: Text::new(sv, en),
        role,
    };
    let all = match ranked {
        false => [
            ("kept", "Valt båda gångerna", "Chosen both times", Role::Neutral),
            ("dropped", "Valt bara förra gången", "Chosen only last time", Role::Negative),
            ("added", "Valt bara den här gången", "Chosen only this time", Role::Positive),
            ("neither", "Valt ingen av gångerna", "Chosen neither time", Role::DontKnow),
        ],
        true => [
            ("higher_place", "Högre upp", "Higher up", Role::Positive),
            ("same_place", "Samma plats", "The same place", Role::Neutral),
            ("lower_place", "Längre ner", "Further down", Role::Negative),
            ("not_ranked", "Inte rangordnat båda gångerna", "Not ranked both times", Role::DontKnow),
        ],
    };
    all.map(category).into()
}

fn notes(ranked: bool) -> Vec<Text> {
    let together = Text::new(
        "Alla alternativ i en fråga visas för en grupp, eller inget.",
        "All choices of a question are shown for a group, or none.",
    );
    let own = match ranked {
        false => Text::new(
            "Ändringen är andelen som valde alternativet den här gången minus andelen förra gången, av dem som besvarade frågan \
             båda gångerna; dess 95 %-intervall är t för parade skillnader.",
            "The change is the share who chose it this time minus the share last time, of those who answered the question both \
             times; its 95% interval is by t of paired differences.",
        ),
        true => place_note(),
    };
    vec![own, together]
}

fn place_note() -> Text {
    Text::new(
        "Ett medel som har sjunkit säger att alternativet har kommit högre upp: plats 1 är först.",
        "A mean that has fallen says that the choice has come higher up: place 1 is first.",
    )
}
