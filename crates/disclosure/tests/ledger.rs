//! What an outsider who keeps every release can subtract. Two dates show nobody who came, left or changed an answer.

#![allow(clippy::unwrap_used)]

mod made;

use disclosure::*;
use made::figure;

const K: u64 = 5;

type Unit = (Option<usize>, u64, Vec<u64>);

fn gate() -> Gate {
    Gate::new(Preset { k_summary: K, k_full: K, minimum_rate: None, ..Preset::default() })
}

fn release(ledger: &mut Ledger, day: &str, units: &[Unit]) -> Released {
    let figures = units.iter().enumerate().map(|(place, (_, base, counts))| figure(place, *base, counts));
    let section = made::section("fraga", Measure::Likert, units[0].2.len(), figures.collect());
    let groups = units.iter().map(|(parent, base, _)| (*parent, *base));
    let mut table = made::table(ReportKind::Survey, made::populations(groups), vec![section]);
    table.identity.as_of = day.to_owned();
    gate().release(table, ledger).unwrap()
}

fn counts(released: &Released) -> Vec<Option<Vec<u64>>> {
    released.sections()[0].figures().iter().map(|f| f.shown.counts().map(<[u64]>::to_vec)).collect()
}

fn notes(released: &Released) -> Vec<&str> {
    released.sections()[0].notes().iter().map(|note| note.get(Lang::Sv)).collect()
}

/// The counts that one group shows on the first day and on the second.
fn both(before: Unit, after: Unit) -> [Option<Vec<u64>>; 2] {
    let mut ledger = Ledger::default();
    let [first, second] = [("2026-01-04", before), ("2026-01-11", after)]
        .map(|(day, unit)| counts(&release(&mut ledger, day, &[unit])).remove(0));
    [first, second]
}

#[test]
fn what_a_newcomer_answered_does_not_follow_from_two_dates() {
    // n 10, mean 3.00; n 11, mean 3.18: the newcomer would have answered 5.
    let ten = vec![2, 2, 2, 2, 2];
    let mut ledger = Ledger::default();
    release(&mut ledger, "2026-01-04", &[(None, 10, ten.clone())]);
    let later = release(&mut ledger, "2026-01-11", &[(None, 11, vec![2, 2, 2, 2, 3])]);
    assert_eq!(counts(&later), [Some(ten)]);
    assert_eq!(later.populations()[0].base, Some(10));
    assert_eq!(notes(&later), ["Siffror per 2026-01-04: En enhet."]);
}

#[test]
fn who_leaves_and_who_changes_an_answer_is_not_seen_either() {
    let before = (None, 20, vec![5, 5, 5]);
    for after in [
        (None, 19, vec![4, 5, 5]),
        (None, 20, vec![4, 6, 5]),
        (None, 20, vec![5, 5, 4]),
        (None, 21, vec![5, 5, 5]),
    ] {
        let [first, second] = both(before.clone(), after.clone());
        assert!(first.is_some());
        assert_eq!(first, second, "{after:?}");
    }
}

#[test]
fn a_change_of_k_people_is_seen_unless_they_are_alike() {
    let before = (None, 20, vec![5, 5, 5]);
    assert_eq!(both(before.clone(), (None, 25, vec![7, 7, 6]))[1], Some(vec![7, 7, 6]));
    // All but one of the newcomers answered the same.
    assert_eq!(both(before.clone(), (None, 25, vec![9, 6, 5]))[1], Some(vec![5, 5, 5]));
    assert_eq!(both(before, (None, 24, vec![6, 7, 6]))[1], Some(vec![5, 5, 5]));
}

#[test]
fn a_change_is_counted_from_every_release_not_from_the_last() {
    let mut ledger = Ledger::default();
    release(&mut ledger, "2026-01-04", &[(None, 30, vec![8, 8, 8])]);
    let second = release(&mut ledger, "2026-01-11", &[(None, 36, vec![10, 10, 10])]);
    assert_eq!(counts(&second), [Some(vec![10, 10, 10])]);
    // Five fewer than the week before, one more than two weeks before.
    let third = release(&mut ledger, "2026-01-18", &[(None, 31, vec![9, 8, 8])]);
    assert_eq!(counts(&third), [Some(vec![10, 10, 10])]);
    assert_eq!(notes(&third), ["Siffror per 2026-01-11: En enhet."]);
    let fourth = release(&mut ledger, "2026-01-25", &[(None, 45, vec![13, 13, 13])]);
    assert_eq!(counts(&fourth), [Some(vec![13, 13, 13])]);
    assert!(notes(&fourth).is_empty());
}

#[test]
fn a_newcomer_does_not_follow_from_an_area_and_its_other_schools() {
    let before =
        [(None, 60, vec![20, 20, 20]), (Some(0), 30, vec![10, 10, 10]), (Some(0), 30, vec![10, 10, 10])];
    // One came to the first school, six to the second: the area's seven less the six are the one.
    let after =
        [(None, 67, vec![23, 22, 22]), (Some(0), 31, vec![11, 10, 10]), (Some(0), 36, vec![12, 12, 12])];
    let mut ledger = Ledger::default();
    let first = counts(&release(&mut ledger, "2026-01-04", &before));
    let second = counts(&release(&mut ledger, "2026-01-11", &after));
    assert_eq!(second[1], first[1], "one came");
    let change = |place: usize| {
        let n = |counts: &[Option<Vec<u64>>]| counts[place].as_ref().unwrap().iter().sum::<u64>();
        n(&second) - n(&first)
    };
    assert!(change(0) == change(2) || change(0) - change(2) >= K, "{second:?}");
}

#[test]
fn an_area_that_changes_by_one_whose_schools_do_not_shows_its_earlier_figures() {
    let before =
        [(None, 70, vec![23, 24, 23]), (Some(0), 30, vec![10, 10, 10]), (Some(0), 30, vec![10, 10, 10])];
    let after = [(None, 71, vec![24, 24, 23]), before[1].clone(), before[2].clone()];
    let mut ledger = Ledger::default();
    let first = counts(&release(&mut ledger, "2026-01-04", &before));
    let second = release(&mut ledger, "2026-01-11", &after);
    assert!(first.iter().all(Option::is_some));
    assert_eq!(counts(&second), first);
    assert_eq!(notes(&second).len(), 1, "only what is older says so");
}

#[test]
fn what_was_hidden_stays_so_until_k_have_come() {
    let mut ledger = Ledger::default();
    let day = |number: usize| format!("2026-02-{number:02}");
    let shown: Vec<bool> = [4, 5, 6, 8, 10]
        .into_iter()
        .enumerate()
        .map(|(at, n): (usize, u64)| {
            let spread = vec![n.div_ceil(3), (n + 1) / 3, n / 3];
            counts(&release(&mut ledger, &day(at + 1), &[(None, 40, spread)]))[0].is_some()
        })
        .collect();
    assert_eq!(shown, [false, false, false, false, true]);
}

#[test]
fn figures_of_linked_tables_are_of_one_day_and_what_a_cross_leaves_out_shows_nobody() {
    let groups = [(None, 60)];
    let linked = |own: [u64; 2], shown: [u64; 2], both: [u64; 4], day: &str| {
        let mut table = made::linked(&groups, &[own.to_vec()], &[shown.to_vec()], &[both.to_vec()]);
        table.identity.as_of = day.to_owned();
        table
    };
    let mut ledger = Ledger::default();
    let first = gate().release(linked([20, 20], [18, 18], [8, 5, 5, 8], "2026-01-04"), &mut ledger).unwrap();
    // Six more assessed themselves; of these five have shown as well, who had been neither: one is left out of the cross.
    let second =
        gate().release(linked([23, 23], [20, 21], [10, 6, 6, 9], "2026-01-11"), &mut ledger).unwrap();
    for id in ["own", "demonstrated", "both"] {
        let of = |released: &Released| released.section(id).unwrap().figures()[0].shown.clone();
        assert!(matches!(of(&first), Shown::Full(_)), "{id}");
        assert_eq!(of(&first), of(&second), "{id}");
    }
}

#[test]
fn the_same_releases_give_the_same_however_they_are_cut() {
    let days: Vec<Vec<Unit>> = (0..6)
        .map(|n| {
            let part = |more: u64| vec![10 + more, 9 + more / 2, 8 + more / 3];
            let parts = [part(n), part(3 * n), part(0)];
            let all = (0..3).map(|at| parts.iter().map(|part| part[at]).sum()).collect();
            let units = parts.into_iter().map(|part| (Some(0), 90, part));
            std::iter::once((None, 270, all)).chain(units).collect()
        })
        .collect();
    let fold = |ledger: &mut Ledger, from: usize, to: usize| {
        (from..to).map(|at| release(ledger, &format!("2026-03-{:02}", at + 1), &days[at])).next_back()
    };
    let whole = fold(&mut Ledger::default(), 0, 6);
    let mut kept = Ledger::default();
    fold(&mut kept, 0, 3);
    assert_eq!(fold(&mut kept.clone(), 3, 6), whole);
    assert_eq!(fold(&mut kept, 3, 6), whole);
}
