//! Whoever keeps every release learns of no change of a few people: in generated histories of people who join, leave, move
//! and answer otherwise, between any two releases and in every group that the gate shows.

#![allow(clippy::unwrap_used)]

mod made;

use std::collections::BTreeMap;

use disclosure::ledger::{Items, Ledger, NO_ANSWER, NOTHING, Of, Placed, Standing};
use disclosure::*;
use made::figure;
use proptest::prelude::*;

/// One question with three answers.
struct Question;

impl Items for Question {
    fn items(&self) -> usize {
        1
    }

    fn facets(&self, _: usize) -> usize {
        1
    }

    fn shows(&self, _: usize, _: usize, value: u64) -> u64 {
        if value == 0 { NOTHING } else { NO_ANSWER + value }
    }

    fn of(&self, _: usize, _: usize) -> Of {
        Of::All
    }

    fn may(&self, _: &[u64], _: usize, _: u64) -> bool {
        true
    }
}

/// Where somebody is, and what they have answered; 0: nothing.
type People = BTreeMap<u32, (usize, u64)>;

const K: usize = 5;
const ANSWERS: usize = 3;
/// A whole, two areas, and three schools in each.
const PARENTS: [Option<usize>; 9] =
    [None, Some(0), Some(1), Some(1), Some(1), Some(0), Some(5), Some(5), Some(5)];

fn preset() -> Preset {
    Preset { k_summary: 5, k_full: 5, k_change: K as u64, ..Preset::default() }
}

/// A group and those above it.
fn path(group: usize) -> Vec<usize> {
    let mut path: Vec<usize> = std::iter::successors(Some(group), |group| PARENTS[*group]).collect();
    path.reverse();
    path
}

fn placed(places: &[&usize]) -> Placed {
    let groups = PARENTS.iter().map(|parent| (*parent, 0));
    (made::populations(groups), places.iter().map(|place| path(**place)).collect())
}

/// How people stand in each release.
fn releases(days: &[People]) -> Vec<People> {
    let mut ledger = Ledger::new(preset());
    for day in days {
        let standing = |(place, answer): &(usize, u64)| Standing { place: *place, values: vec![*answer] };
        ledger.release(
            &Question,
            &day.iter().map(|(person, own)| (*person, standing(own))).collect(),
            placed,
        );
    }
    assert_eq!(ledger.releases(), days.len());
    let of = |release| {
        ledger.people(release).map(|(person, own)| (*person, (*own.place, own.values[0]))).collect()
    };
    (0..days.len()).map(of).collect()
}

/// What the gate shows of people who stand so: by group.
fn shown(people: &People) -> Vec<bool> {
    let mut counts = vec![vec![0; ANSWERS]; PARENTS.len()];
    let mut bases = vec![0; PARENTS.len()];
    for (place, answer) in people.values() {
        for group in path(*place) {
            bases[group] += 1;
            if let Some(answer) = (*answer as usize).checked_sub(1) {
                counts[group][answer] += 1;
            }
        }
    }
    let figures = (0..PARENTS.len()).map(|group| figure(group, bases[group], &counts[group])).collect();
    let section = made::section("fraga", Measure::Likert, ANSWERS, figures);
    let groups = made::populations(PARENTS.iter().copied().zip(bases.iter().copied()));
    let table = made::table(ReportKind::Survey, groups, vec![section]);
    let released = Gate::new(preset()).apply(table).unwrap();
    released.sections()[0].figures().iter().map(|figure| !matches!(figure.shown, Shown::Hidden(_))).collect()
}

/// What somebody adds to a group, or to what it is less those below it that are shown.
fn adds(person: Option<&(usize, u64)>, group: usize, without: &[bool]) -> Option<u64> {
    let (place, answer) = person?;
    let path = path(*place);
    let own = path.iter().position(|one| *one == group)?;
    (!path[own + 1..].iter().any(|below| without[*below])).then_some(*answer)
}

/// The groups and remainders by which two releases differ by a few.
fn told(one: &People, other: &People) -> Vec<(usize, usize)> {
    let both: Vec<bool> = shown(one).into_iter().zip(shown(other)).map(|(one, other)| one && other).collect();
    let none = vec![false; PARENTS.len()];
    let mut told = Vec::new();
    for group in (0..PARENTS.len()).filter(|group| both[*group]) {
        for without in [&none, &both] {
            let everybody: std::collections::BTreeSet<&u32> = one.keys().chain(other.keys()).collect();
            let differs = |person: &&&u32| {
                adds(one.get(person), group, without) != adds(other.get(person), group, without)
            };
            let differ = everybody.iter().filter(differs).count();
            if (1..K).contains(&differ) {
                told.push((group, differ));
            }
        }
    }
    told
}

fn all_told(releases: &[People]) -> Vec<(usize, usize)> {
    let pairs = (0..releases.len()).flat_map(|one| (one + 1..releases.len()).map(move |other| (one, other)));
    pairs.flat_map(|(one, other)| told(&releases[one], &releases[other])).collect()
}

/// Who does something on a day: joins a group, leaves, moves, or answers otherwise.
type Step = (u32, u8, u8);

fn histories() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let day = prop::collection::vec((0u32..90, 0u8..10, any::<u8>()), 0..26);
    (prop::collection::vec((0u32..90, 0u8..10, any::<u8>()), 60..160), prop::collection::vec(day, 4..9))
        .prop_map(|(first, days)| [first].into_iter().chain(days).collect())
}

fn days(history: &[Vec<Step>]) -> Vec<People> {
    let mut people = People::new();
    history
        .iter()
        .map(|steps| {
            for (person, what, random) in steps {
                // Mostly in schools, each person in one of three, so that many move between the same.
                let place = [2, 3, 4, 6, 7, 8, 1][(*person as usize % 3 + *random as usize % 5) % 7];
                let answer = u64::from(random / 8 % 4);
                match what {
                    0 => _ = people.remove(person),
                    1 | 2 => people.entry(*person).or_insert((place, 0)).0 = place,
                    _ => people.entry(*person).or_insert((place, 0)).1 = answer,
                }
            }
            people.clone()
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn no_two_releases_differ_by_a_few_in_any_group_that_is_shown(history in histories()) {
        let days = days(&history);
        let releases = releases(&days);
        prop_assert_eq!(&releases[0], &days[0], "nothing was shown before");
        prop_assert_eq!(all_told(&releases), vec![]);
    }

    #[test]
    fn a_release_follows_from_those_before_it_alone(history in histories()) {
        let days = days(&history);
        let all = releases(&days);
        for end in 1..days.len() {
            prop_assert_eq!(&releases(&days[..end]), &all[..end]);
        }
    }
}

/// So many people in a school who gave these answers.
fn school(people: std::ops::Range<u32>, place: usize, answer: impl Fn(u32) -> u64) -> People {
    people.map(|person| (person, (place, answer(person)))).collect()
}

#[test]
fn without_the_ledger_days_tell_of_a_few_and_with_it_enough_is_let_through() {
    let mut state = 1_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let steps = |random: &mut dyn FnMut() -> u32, count: usize| -> Vec<Step> {
        (0..count).map(|_| (random() % 90, (random() % 10) as u8, (random() % 256) as u8)).collect()
    };
    let mut history = vec![steps(&mut random, 200)];
    history.extend((0..12).map(|_| steps(&mut random, 15)));
    let days = days(&history);
    assert!(!all_told(&days).is_empty());
    let releases = releases(&days);
    assert_eq!(all_told(&releases), []);
    let changed = releases.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changed >= 4, "{changed} of 12");
}

#[test]
fn an_eleventh_answer_is_not_told_and_five_are() {
    // As where ten with a mean of 3.00 are eleven with 3.18 a day later: then the newcomer answered 5.
    let ten = school(0..10, 2, |person| u64::from(person % 3 + 1));
    let more = |people: u32| {
        let mut day = ten.clone();
        day.extend(school(10..people, 2, |_| 3));
        day
    };
    let told = releases(&[ten.clone(), more(11), more(14), more(15), more(16)]);
    let many: Vec<usize> = told.iter().map(BTreeMap::len).collect();
    assert_eq!(many, [10, 10, 10, 15, 15]);
}

#[test]
fn a_group_that_was_not_shown_asks_for_nothing() {
    let four = school(0..4, 2, |_| 1);
    let five = school(0..5, 2, |_| 1);
    let told = releases(&[four, five.clone(), school(0..6, 2, |_| 1)]);
    assert_eq!(told[1], five);
    assert_eq!(told[2], five);
}

#[test]
fn what_a_group_is_less_those_below_it_changes_by_many_too() {
    // Ten at each of two schools; five at the first and one at the second answer otherwise.
    let mut people = school(0..10, 2, |person| u64::from(person % 3 + 1));
    people.extend(school(10..20, 3, |person| u64::from(person % 3 + 1)));
    let mut next = people.clone();
    for person in [0, 3, 6, 9, 1, 10] {
        next.get_mut(&person).unwrap().1 = 3;
    }
    let told = releases(&[people.clone(), next.clone()]);
    assert_eq!(told[1].iter().filter(|(person, own)| people[*person] != **own).count(), 5);
    assert_eq!(told[1][&10], people[&10]);
}

#[test]
fn who_was_released_and_changes_back_stays_where_one_release_before_would_tell_of_them() {
    let first = school(0..12, 2, |_| 1);
    let second = school(0..12, 2, |person| if person < 6 { 2 } else { 1 });
    // Five of the six change back: between the first and the third the sixth would stand alone.
    let third = school(0..12, 2, |person| if person == 5 { 2 } else { 1 });
    let told = releases(&[first.clone(), second.clone(), third, first.clone()]);
    assert_eq!(told[1], second);
    assert_eq!(told[2], second);
    assert_eq!(told[3], first);
}

#[test]
fn who_leaves_leaves_with_others() {
    let all = school(0..20, 2, |person| u64::from(person % 3 + 1));
    let without = |people: std::ops::Range<u32>| -> People {
        all.clone().into_iter().filter(|(person, _)| !people.contains(person)).collect()
    };
    let told = releases(&[all.clone(), without(0..4), without(0..5)]);
    assert_eq!((told[1].len(), told[2].len()), (20, 15));
}
