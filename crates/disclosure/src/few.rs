//! Few people who are no listed group, and are what shown groups are when added and subtracted.
//!
//! Groups are sums of people who belong to the same ones (atoms). Numbers for atoms that are chance but for adding up to
//! nothing in each shown group add up to nothing in all that follows from these, and in anything else hardly ever: they are
//! remainders by a prime near 2⁶¹.

use std::collections::BTreeMap;

const PRIME: u64 = (1 << 61) - 1;
/// Of so many atoms at most three or four are looked at together, of more two.
const MANY: usize = 300;

/// Atoms that follow from the groups in `shown` but not from those in `known`, each group by its atoms: fewer than `k` people,
/// one to four atoms.
pub(crate) fn followed(
    people: &[i64],
    shown: &[Vec<usize>],
    known: &[Vec<usize>],
    k: i64,
) -> Vec<Vec<usize>> {
    let of = numbers(people.len(), shown);
    let small: Vec<usize> = (0..people.len()).filter(|atom| (1..k).contains(&people[*atom])).collect();
    let (mut found, mut left): (Vec<Vec<usize>>, Vec<usize>) = (Vec::new(), Vec::new());
    for atom in small {
        if of[atom] == 0 { found.push(vec![atom]) } else { left.push(atom) }
    }
    let few = |atoms: &[usize]| atoms.iter().map(|atom| people[*atom]).sum::<i64>() < k;
    let mut alone: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    left.iter().for_each(|atom| alone.entry(of[*atom]).or_default().push(*atom));
    let lacks = |atoms: &[usize]| atoms.iter().fold(0, |sum, atom| minus(sum, of[*atom]));
    let mut pairs: BTreeMap<u64, Vec<[usize; 2]>> = BTreeMap::new();
    for (place, one) in left.iter().enumerate() {
        let more = |atoms: &[usize], found: &mut Vec<Vec<usize>>| {
            let last = atoms.last().copied().unwrap_or(0);
            for other in alone.get(&lacks(atoms)).into_iter().flatten().filter(|other| **other > last) {
                let all: Vec<usize> = atoms.iter().copied().chain([*other]).collect();
                if few(&all) {
                    found.push(all);
                }
            }
        };
        more(&[*one], &mut found);
        if left.len() > MANY {
            continue;
        }
        for next in left[place + 1..].iter().filter(|next| few(&[*one, **next])) {
            more(&[*one, *next], &mut found);
            pairs.entry(plus(of[*one], of[*next])).or_default().push([*one, *next]);
        }
    }
    for (sum, pairs_of) in &pairs {
        for [one, next] in pairs_of {
            let others = pairs.get(&minus(0, *sum)).into_iter().flatten();
            for [third, last] in others.filter(|[third, _]| third > next) {
                let all = vec![*one, *next, *third, *last];
                if few(&all) {
                    found.push(all);
                }
            }
        }
    }
    if !found.is_empty() {
        let of = numbers(people.len(), known);
        found.retain(|atoms| atoms.iter().fold(0, |sum, atom| plus(sum, of[*atom])) != 0);
    }
    found
}

/// A number for each atom, by chance, so that those of each group add up to nothing.
fn numbers(many: usize, groups: &[Vec<usize>]) -> Vec<u64> {
    let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
    let mut numbers: Vec<u64> = (0..many)
        .map(|_| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (chance >> 3) % PRIME
        })
        .collect();
    // A group says what its first atom is by others, of which none is said by a group before.
    let mut said: Vec<Option<usize>> = vec![None; many];
    let mut rows: Vec<(usize, BTreeMap<usize, u64>)> = Vec::new();
    let mut order: Vec<&Vec<usize>> = groups.iter().collect();
    order.sort_by_key(|group| group.len());
    for group in order {
        let mut row: BTreeMap<usize, u64> = group.iter().map(|atom| (*atom, 1)).collect();
        let next = |row: &BTreeMap<usize, u64>| {
            row.iter().filter_map(|(atom, times)| Some((said[*atom]?, *times))).min()
        };
        while let Some((first, by)) = next(&row) {
            for (atom, times) in &rows[first].1 {
                let own = row.entry(*atom).or_default();
                *own = minus(*own, times_of(by, *times));
                if *own == 0 {
                    row.remove(atom);
                }
            }
        }
        if let Some((first, times)) = row.first_key_value().map(|(first, times)| (*first, *times)) {
            let by = inverse(times);
            row.values_mut().for_each(|times| *times = times_of(*times, by));
            said[first] = Some(rows.len());
            rows.push((first, row));
        }
    }
    for (first, row) in rows.iter().rev() {
        let others = row.iter().filter(|(atom, _)| *atom != first);
        numbers[*first] = others.fold(0, |sum, (atom, times)| minus(sum, times_of(*times, numbers[*atom])));
    }
    numbers
}

fn plus(one: u64, other: u64) -> u64 {
    (one + other) % PRIME
}

fn minus(one: u64, other: u64) -> u64 {
    (one + PRIME - other) % PRIME
}

fn times_of(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other) % u128::from(PRIME);
    u64::try_from(product).unwrap_or(0)
}

/// By Fermat: to the power of the prime less two.
fn inverse(number: u64) -> u64 {
    let (mut result, mut base, mut left) = (1, number, PRIME - 2);
    while left > 0 {
        if left & 1 == 1 {
            result = times_of(result, base);
        }
        base = times_of(base, base);
        left >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A school of three roles and one of two; the second has one who is alone in a role.
    #[test]
    fn who_is_left_of_groups_that_cut_each_other_is_found() {
        let people = [9, 8, 6, 7, 1];
        let all = vec![0, 1, 2, 3, 4];
        let schools = [vec![0, 1, 2], vec![3, 4]];
        let roles = [vec![0, 3], vec![1], vec![2, 4]];
        let mut shown = vec![all, schools[0].clone(), schools[1].clone(), roles[0].clone(), roles[1].clone()];
        // Of the third role six are in the first school: that is the school without the first two roles, and one of those is.
        assert_eq!(followed(&people, &shown, &[], 5), Vec::<Vec<usize>>::new());
        shown.push(vec![0]);
        assert_eq!(followed(&people, &shown, &[], 5), [vec![4]]);
        assert_eq!(followed(&people, &shown, &shown, 5), Vec::<Vec<usize>>::new());
        assert_eq!(followed(&people, &shown, &[], 1), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn two_who_follow_only_together_are_found() {
        let people = [9, 2, 2, 9];
        let shown = [vec![0, 1, 2, 3], vec![0, 3]];
        assert_eq!(followed(&people, &shown, &[], 5), [vec![1, 2]]);
        assert_eq!(followed(&people, &shown, &[], 4), Vec::<Vec<usize>>::new());
    }
}
