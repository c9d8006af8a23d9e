//! What the gate promises, each rule by a case that only that rule protects. The attacker subtracts published
//! figures from each other and knows N.

#![allow(clippy::unwrap_used)]

mod made;

use disclosure::*;
use made::figure;
use proptest::prelude::*;

/// A unit for a table of one item: parent, N, and people per category.
type Unit = (Option<usize>, u64, Vec<u64>);

fn preset(k: u64, minimum_rate: Option<MinimumRate>) -> Preset {
    Preset { k_summary: k, k_full: k, minimum_rate, ..Preset::default() }
}

fn table(units: &[Unit]) -> ResultTable {
    let categories = units.first().map_or(0, |unit| unit.2.len());
    let figures = units.iter().enumerate().map(|(place, (_, base, counts))| figure(place, *base, counts));
    let section = made::section("fraga", Measure::Likert, categories, figures.collect());
    let groups = units.iter().map(|(parent, base, _)| (*parent, *base));
    made::table(ReportKind::Survey, made::populations(groups), vec![section])
}

/// n people who answer as differently as they can.
fn spread(n: u64) -> Vec<u64> {
    vec![n.div_ceil(3), (n + 1) / 3, n / 3]
}

/// A parent with these children and nobody else, everybody having answered.
fn family(children: &[u64]) -> Vec<Unit> {
    let mut total = vec![0; 3];
    let mut units: Vec<Unit> = Vec::new();
    for n in children {
        let counts = spread(*n);
        total.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
        units.push((Some(0), *n, counts));
    }
    units.insert(0, (None, children.iter().sum(), total));
    units
}

fn reasons(released: &Released) -> Vec<Option<Reason>> {
    let figures = released.sections()[0].figures();
    figures.iter().map(|f| if let Shown::Hidden(reason) = f.shown { Some(reason) } else { None }).collect()
}

fn hidden(k: u64, units: &[Unit]) -> Vec<Option<Reason>> {
    reasons(&Gate::new(preset(k, None)).apply(table(units)).unwrap())
}

const SMALL: Option<Reason> = Some(Reason::SmallGroup);
const RATE: Option<Reason> = Some(Reason::LowRate);
const OTHER: Option<Reason> = Some(Reason::Protected);

#[test]
fn a_small_child_takes_its_smallest_sibling_with_it() {
    assert_eq!(hidden(5, &family(&[12, 14, 3])), [None, OTHER, None, SMALL]);
}

#[test]
fn small_children_that_hold_too_few_together_take_a_large_one_with_them() {
    // Hiding 2 and 1 alone leaves a residual of 3.
    assert_eq!(hidden(5, &family(&[20, 2, 1])), [None, OTHER, SMALL, SMALL]);
    // 4 + 4 is at least k but not 2k.
    assert_eq!(hidden(5, &family(&[20, 30, 4, 4])), [None, OTHER, None, SMALL, SMALL]);
    assert_eq!(hidden(5, &family(&[20, 30, 4, 4, 2])), [None, None, None, SMALL, SMALL, SMALL]);
}

#[test]
fn equal_siblings_are_chosen_by_code() {
    assert_eq!(hidden(5, &family(&[12, 12, 3])), [None, OTHER, None, SMALL]);
}

#[test]
fn too_few_answers_too_few_people_and_too_low_a_rate_hide_a_group() {
    assert_eq!(hidden(5, &[(None, 20, vec![2, 2, 0])]), [SMALL]);
    assert_eq!(hidden(5, &[(None, 20, vec![2, 3, 0])]), [None]);
    // An estimated rate can exceed 100 %: N by itself is tested too.
    assert_eq!(hidden(5, &[(None, 4, vec![2, 3, 1])]), [SMALL]);
    let gavle = Gate::new(Preset::named("gavle").unwrap());
    let of = |n: u64, base| reasons(&gavle.apply(table(&[(None, base, spread(n))])).unwrap());
    assert_eq!(of(9, 12), [SMALL]);
    // Of 10 people too few would be 9 at most, and enough all of them: a code of its own would count them.
    assert_eq!(of(9, 10), [OTHER]);
    assert_eq!(of(10, 10), [None]);
    assert_eq!(of(35, 100), [RATE], "35 % is not more than 35 %");
    assert_eq!(of(36, 100), [None]);
    let reached = preset(5, Some(MinimumRate { percent: 35, must_be: MustBe::Reached }));
    assert_eq!(reasons(&Gate::new(reached).apply(table(&[(None, 100, spread(35))])).unwrap()), [None]);
}

#[test]
fn almost_everybody_in_one_category_hides_a_group_without_saying_so() {
    // n 11 and mean 3.91 would give (0, 0, 1, 10).
    assert_eq!(hidden(5, &[(None, 11, vec![0, 0, 1, 10])]), [OTHER]);
    assert_eq!(hidden(5, &[(None, 11, vec![0, 0, 2, 9])]), [None]);
    // The parent would make the sibling of the published child unanimous.
    assert_eq!(
        hidden(5, &[(None, 12, vec![0, 0, 12]), (Some(0), 8, vec![0, 0, 8]), (Some(0), 4, vec![0, 0, 4])])[0],
        OTHER
    );
}

#[test]
fn a_residual_that_is_unanimous_is_not_left_over() {
    // 6 and 6 hold 2k together, but all of them answered alike.
    let units = [
        (None, 42, vec![10, 10, 22]),
        (Some(0), 30, vec![10, 10, 10]),
        (Some(0), 6, vec![0, 0, 6]),
        (Some(0), 6, vec![0, 0, 6]),
    ];
    assert_eq!(hidden(5, &units), [None, OTHER, OTHER, OTHER]);
}

#[test]
fn a_residual_of_too_low_a_rate_is_not_left_over() {
    let preset = preset(5, Some(MinimumRate { percent: 35, must_be: MustBe::Exceeded }));
    let units = [
        (None, 160, vec![28, 26, 26]),
        (Some(0), 60, spread(60)),
        (Some(0), 50, spread(10)),
        (Some(0), 50, spread(10)),
    ];
    assert_eq!(reasons(&Gate::new(preset).apply(table(&units)).unwrap()), [None, OTHER, RATE, RATE]);
}

#[test]
fn people_of_the_parent_outside_all_children_are_not_left_over_alone() {
    let mut units = family(&[12, 14]);
    units[0].1 += 2;
    units[0].2[0] += 2;
    assert_eq!(hidden(5, &units), [None, OTHER, OTHER]);
    units[0].1 += 10;
    units[0].2[1] += 10;
    assert_eq!(hidden(5, &units), [None, None, None]);
}

#[test]
fn people_counted_in_two_children_are_not_given_away_by_the_difference() {
    let mut units = family(&[12, 14]);
    units[0].1 -= 2;
    units[0].2[0] -= 2;
    let atom = |populations: &[usize], people| Atom { populations: populations.to_vec(), people };
    let mut table = table(&units);
    table.rolls = vec![vec![atom(&[0, 1], 10), atom(&[0, 2], 12), atom(&[0, 1, 2], 2)]];
    let released = Gate::new(preset(5, None)).apply(table).unwrap();
    assert_eq!(reasons(&released), [None, OTHER, OTHER]);
}

#[test]
fn as_many_outside_all_children_as_in_two_of_them_do_not_cancel_out() {
    let mut units = family(&[12, 14]);
    units[0].2[0] += 2;
    units[0].2[1] -= 2;
    let atom = |populations: &[usize], people| Atom { populations: populations.to_vec(), people };
    let mut table = table(&units);
    table.rolls = vec![vec![atom(&[0], 2), atom(&[0, 1], 10), atom(&[0, 1, 2], 2), atom(&[0, 2], 12)]];
    let released = Gate::new(preset(5, None)).apply(table).unwrap();
    assert_eq!(reasons(&released), [None, OTHER, OTHER]);
}

#[test]
fn what_is_published_below_a_hidden_group_is_subtracted_above_it() {
    // The area of 22 goes with the area of 6. What is not published of the two is 12 people who answered alike.
    let units = [
        (None, 58, vec![15, 16, 27]),
        (Some(0), 30, vec![10, 10, 10]),
        (Some(0), 22, vec![5, 6, 11]),
        (Some(0), 6, vec![0, 0, 6]),
        (Some(2), 16, vec![5, 6, 5]),
        (Some(2), 6, vec![0, 0, 6]),
    ];
    assert_eq!(hidden(5, &units), [None, OTHER, OTHER, OTHER, None, OTHER]);
}

#[test]
fn a_hidden_group_is_not_the_sum_of_its_published_parts() {
    // The area of 16 has to go with the area of 3; then one of its two schools has to go as well.
    let units = [
        (None, 49, vec![16, 16, 17]),
        (Some(0), 30, vec![10, 10, 10]),
        (Some(0), 16, vec![5, 5, 6]),
        (Some(0), 3, vec![1, 1, 1]),
        (Some(2), 8, vec![3, 3, 2]),
        (Some(2), 8, vec![2, 2, 4]),
    ];
    let hidden = hidden(5, &units);
    assert_eq!(hidden[..4], [None, None, OTHER, SMALL]);
    assert_eq!(hidden[4..].iter().filter(|reason| reason.is_some()).count(), 1);
}

#[test]
fn distributions_and_means_need_more_people_than_a_number_of_answers() {
    let mut table = table(&[(None, 9, vec![3, 3, 3]), (None, 10, vec![4, 3, 3])]);
    for (figure, sum) in table.sections[0].figures.iter_mut().zip([18, 19]) {
        figure.score = Some(Score { sum: Ratio::whole(sum), n: figure.answered });
        figure.interval = Some(Interval { low: Ratio::ZERO, high: Ratio::whole(1) });
    }
    let released = Gate::new(Preset::default()).apply(table).unwrap();
    let [few, enough] = released.sections()[0].figures() else { panic!("two figures") };
    assert!(matches!(&few.shown, Shown::Summary(summary) if summary.distribution == Reason::SmallGroup));
    assert_eq!((few.shown.counts(), few.shown.score()), (None, None));
    assert!(matches!(&enough.shown, Shown::Full(full) if full.interval.is_some()));
}

#[test]
fn a_rate_passes_the_gate_and_a_live_one_does_not_tell_on_the_last_one() {
    let mut table = table(&[(None, 20, vec![]), (None, 20, vec![]), (None, 20, vec![]), (None, 20, vec![])]);
    table.sections[0].measure = Measure::ResponseRate;
    for (figure, answered) in table.sections[0].figures.iter_mut().zip([20, 19, 12, 3]) {
        figure.answered = answered;
    }
    let closed = Gate::new(preset(5, None)).apply(table.clone()).unwrap();
    assert_eq!(reasons(&closed), [None, None, None, SMALL]);
    table.sections[0].live = true;
    let live = Gate::new(preset(5, None)).apply(table).unwrap();
    assert_eq!(reasons(&live), [OTHER, OTHER, None, SMALL]);
}

#[test]
fn a_cross_table_of_all_but_a_few_does_not_give_the_few_away() {
    let level = |code: &str| Category { code: code.into(), label: Text::sv(code), role: Role::Level };
    let cross = |counts: &[u64]| {
        let mut table = table(&[(None, 40, vec![10, 12])]);
        table.sections[0].measure = Measure::Levels { kind: LevelKind::SelfAssessed };
        table.sections[0].categories = vec![level("a"), level("b")];
        let mut cross = table.sections[0].clone();
        cross.id = "bada".into();
        cross.measure = Measure::SelfVsDemonstrated;
        cross.within = vec![Nested { section: "fraga".into(), axis: Axis::Rows }];
        cross.figures = vec![figure(0, 40, counts)];
        table.sections.push(cross);
        Gate::new(preset(5, None)).apply(table).unwrap()
    };
    // 20 of 22: the two who are left out are both of level b.
    assert!(matches!(
        cross(&[5, 5, 5, 5]).sections()[1].figures()[0].shown,
        Shown::Hidden(Reason::Protected)
    ));
    assert!(matches!(cross(&[5, 5, 6, 6]).sections()[1].figures()[0].shown, Shown::Full(_)));
    assert!(matches!(cross(&[3, 3, 3, 3]).sections()[1].figures()[0].shown, Shown::Full(_)));
    // Everyone demonstrates the same level, whatever they think themselves.
    assert!(matches!(
        cross(&[6, 0, 6, 0]).sections()[1].figures()[0].shown,
        Shown::Hidden(Reason::Protected)
    ));
}

#[test]
fn nothing_of_a_geometry_that_the_preset_does_not_publish_is_released() {
    let mut units = family(&[12, 14]);
    let below = units[2].clone();
    units.push((Some(2), below.1, below.2));
    let mut table = table(&units);
    table.populations[2].geometry = Geometry::AreaRole;
    let preset = Preset { geometries: vec![Geometry::Tree], ..preset(5, None) };
    let released = Gate::new(preset).apply(table).unwrap();
    assert_eq!(reasons(&released), [None, None, None]);
    let found: Vec<_> = released.populations().iter().map(|p| (p.code.as_str(), p.parent)).collect();
    assert_eq!(found, [("000", None), ("001", Some(0)), ("003", Some(0))]);
}

#[test]
fn a_hidden_group_keeps_its_size_to_itself() {
    let released = Gate::new(preset(5, None)).apply(table(&family(&[12, 14, 3]))).unwrap();
    let bases: Vec<_> = released.populations().iter().map(|population| population.base).collect();
    assert_eq!(bases, [Some(29), None, Some(14), None]);
}

#[test]
fn a_table_that_contradicts_itself_is_refused() {
    let apply = |change: &dyn Fn(&mut ResultTable)| {
        let mut table = table(&family(&[12, 14]));
        change(&mut table);
        Gate::new(preset(5, None)).apply(table)
    };
    assert!(apply(&|_| ()).is_ok());
    assert!(apply(&|table| table.populations[0].parent = Some(1)).is_err());
    assert!(apply(&|table| table.rolls[0][0].people += 1).is_err());
    assert!(apply(&|table| table.rolls[0][1].populations = vec![2]).is_err());
    assert!(apply(&|table| table.sections[0].rolls = vec![1]).is_err());
    assert!(apply(&|table| table.sections[0].figures[1].answered += 1).is_err());
    assert!(apply(&|table| table.sections[0].figures[1].population = 9).is_err());
    assert!(apply(&|table| table.sections[0].figures[1].population = 0).is_err());
    assert!(apply(&|table| table.sections[0].figures[1].item = 1).is_err());
    assert!(
        apply(&|table| {
            table.sections[0].figures[1].counts.pop();
        })
        .is_err()
    );
    assert!(apply(&|table| table.sections[0].figures[1].positive = Some(Share { part: 3, of: 2 })).is_err());
    assert!(apply(&|table| table.sections[0].categories[0].role = Role::Level).is_err());
    let error = apply(&|table| table.sections[0].items.clear()).unwrap_err();
    assert_eq!(error.to_string(), "result table: section fraga: expected at least one item");
}

/// Whether `target` is a linear combination of `rows`: elimination modulo a large prime, so a "no" is exact only
/// with overwhelming probability, and a "yes" for 0/1 rows of laminar families is exact.
fn in_span(rows: &[Vec<i64>], target: &[i64]) -> bool {
    const P: i128 = (1 << 61) - 1;
    let inverse = |value: i128| {
        let (mut result, mut base, mut power) = (1, value, P - 2);
        while power > 0 {
            if power & 1 == 1 {
                result = result * base % P;
            }
            base = base * base % P;
            power >>= 1;
        }
        result
    };
    let field = |row: &[i64]| row.iter().map(|v| i128::from(*v).rem_euclid(P)).collect::<Vec<_>>();
    let mut basis: Vec<(usize, Vec<i128>)> = Vec::new();
    let reduce = |basis: &[(usize, Vec<i128>)], mut row: Vec<i128>| {
        for (pivot, other) in basis {
            let factor = row[*pivot];
            row.iter_mut().zip(other).for_each(|(a, b)| *a = (*a - factor * b % P).rem_euclid(P));
        }
        row
    };
    for row in rows {
        let row = reduce(&basis, field(row));
        if let Some(pivot) = row.iter().position(|value| *value != 0) {
            let scale = inverse(row[pivot]);
            basis.push((pivot, row.iter().map(|value| value * scale % P).collect()));
        }
    }
    reduce(&basis, field(target)).iter().all(|value| *value == 0)
}

/// A tree of three storeys: areas with units, and staff of the area's own.
fn trees() -> impl Strategy<Value = Vec<Unit>> {
    let counts = || prop_oneof![prop::collection::vec(0u64..9, 3), prop::collection::vec(0u64..3, 3)];
    let unit = (counts(), 0u64..12);
    let area = (prop::collection::vec(unit, 0..5), prop_oneof![Just(vec![0, 0, 0]), counts()]);
    prop::collection::vec(area, 1..6).prop_map(|areas| {
        let mut units: Vec<Unit> = vec![(None, 0, vec![0; 3])];
        for (children, own) in areas {
            let area = units.len();
            units.push((Some(0), own.iter().sum(), own));
            for (counts, silent) in children {
                let base = counts.iter().sum::<u64>() + silent;
                units[area].1 += base;
                for (sum, count) in
                    units[area].2.clone().iter().zip(&counts).enumerate().map(|(i, (a, b))| (i, a + b))
                {
                    units[area].2[sum] = count;
                }
                units.push((Some(area), base, counts));
            }
            let (base, counts) = (units[area].1, units[area].2.clone());
            units[0].1 += base;
            units[0].2.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        units
    })
}

/// The disjoint pieces of the tree: for each unit the people who belong to it and to none of its children. The
/// membership of each unit over these pieces, leaving out pieces without people.
fn memberships(units: &[Unit]) -> Vec<Vec<i64>> {
    let mut own: Vec<i64> = units.iter().map(|unit| unit.1 as i64).collect();
    for (parent, base, _) in units {
        if let Some(parent) = parent {
            own[*parent] -= *base as i64;
        }
    }
    let within = |mut piece: usize, unit: usize| loop {
        if piece == unit {
            return 1;
        }
        match units[piece].0 {
            Some(parent) => piece = parent,
            None => return 0,
        }
    };
    let pieces: Vec<usize> = (0..units.len()).filter(|piece| own[*piece] > 0).collect();
    (0..units.len()).map(|unit| pieces.iter().map(|piece| within(*piece, unit)).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_hidden_group_follows_from_the_published_ones(units in trees(), percent in prop_oneof![Just(None), Just(Some(35))]) {
        let rate = percent.map(|percent| MinimumRate { percent, must_be: MustBe::Exceeded });
        let reasons = reasons(&Gate::new(preset(5, rate)).apply(table(&units)).unwrap());
        let rows = memberships(&units);
        let published: Vec<_> = (0..units.len()).filter(|u| reasons[*u].is_none()).map(|u| rows[u].clone()).collect();
        for unit in (0..units.len()).filter(|unit| reasons[*unit].is_some() && units[*unit].1 > 0) {
            prop_assert!(!in_span(&published, &rows[unit]), "unit {} follows from the rest", unit);
        }
    }

    #[test]
    fn a_parent_minus_its_published_parts_is_nobody_or_passes_the_rules(units in trees()) {
        let reasons = hidden(5, &units);
        for parent in (0..units.len()).filter(|unit| reasons[*unit].is_none()) {
            let mut rest = units[parent].2.clone();
            // The topmost published units below the parent.
            let mut open = vec![parent];
            while let Some(above) = open.pop() {
                for child in (0..units.len()).filter(|child| units[*child].0 == Some(above)) {
                    if reasons[child].is_some() {
                        open.push(child);
                    } else {
                        rest.iter_mut().zip(&units[child].2).for_each(|(sum, count)| *sum -= count);
                    }
                }
            }
            let (n, largest) = (rest.iter().sum::<u64>(), rest.iter().max().copied().unwrap_or(0));
            prop_assert!(n == 0 || (n >= 5 && largest < n - 1), "{} leaves {:?}", parent, rest);
        }
    }

    #[test]
    fn hiding_does_not_depend_on_how_the_figures_are_ordered(units in trees(), seed in 0usize..1000) {
        let mut shuffled = table(&units);
        let len = shuffled.sections[0].figures.len();
        shuffled.sections[0].figures.rotate_left(seed % len);
        let gate = Gate::new(preset(5, None));
        prop_assert_eq!(gate.apply(table(&units)).unwrap(), gate.apply(shuffled).unwrap());
    }

    #[test]
    fn what_is_shown_in_full_is_shown_in_summary(units in trees()) {
        let apply = |k_summary, k_full| {
            let preset = Preset { k_summary, k_full, ..Preset::default() };
            reasons(&Gate::new(preset).apply(table(&units)).unwrap())
        };
        // A stricter rule for distributions takes no summary away.
        prop_assert_eq!(apply(5, 5), apply(5, 10));
    }
}

/// Weighted figures of a question with these answers, positive and not, by group.
fn weighted(rolls: Vec<Atom>, groups: &[(Option<usize>, u64, [u64; 2])]) -> Vec<Option<[Ratio; 2]>> {
    let categories = [Role::Positive, Role::Negative].map(|role| Category {
        code: format!("{role:?}"),
        label: Text::sv("svar"),
        role,
    });
    let figures = groups.iter().enumerate().map(|(place, (_, base, counts))| {
        let positive = Some(Share { part: counts[0], of: counts.iter().sum() });
        Figure { positive, ..figure(place, *base, counts) }
    });
    let mut section = made::section("fraga", Measure::Likert, 2, figures.collect());
    section.categories = categories.to_vec();
    let populations = made::populations(groups.iter().map(|(parent, base, _)| (*parent, *base)));
    let mut table = made::table(ReportKind::Survey, populations, vec![section]);
    table.weights = Some(Strata::Unit);
    if !rolls.is_empty() {
        table.rolls = vec![rolls];
    }
    let released = Gate::new(preset(5, None)).apply(table).unwrap();
    let section = &released.sections()[0];
    assert_eq!(section.values(), [ValueKind::WeightedPositive, ValueKind::DesignEffect]);
    let number = |shown: &Shown, kind| shown.value(kind).map(|value| value.number);
    let both = |figure: &ShownFigure| {
        number(&figure.shown, ValueKind::WeightedPositive).zip(number(&figure.shown, ValueKind::DesignEffect))
    };
    section.figures().iter().map(|figure| both(figure).map(|(share, effect)| [share, effect])).collect()
}

#[test]
fn weights_follow_from_what_is_shown_and_from_nothing_else() {
    // The third and fourth child are hidden: however their answers lie, the parent's weights are of the two as one.
    let with = |third, fourth| {
        weighted(
            vec![],
            &[
                (None, 100, [30, 30]),
                (Some(0), 30, [5, 15]),
                (Some(0), 40, [10, 10]),
                (Some(0), 5, third),
                (Some(0), 25, fourth),
            ],
        )
    };
    let (one, other) = (with([2, 1], [13, 4]), with([1, 2], [14, 3]));
    assert_eq!(one, other);
    assert!(one[0].is_some() && one[1..].iter().all(Option::is_none), "{one:?}");
    let expected = Ratio::new(30 * 5 * 20 + 40 * 10 * 20 + 30 * 15 * 20, 400 * 100).unwrap();
    assert_eq!(one[0].unwrap()[0], expected);
}

#[test]
fn parts_that_have_people_in_common_are_not_weighted_apart() {
    let groups = [(None, 60, [25, 20]), (Some(0), 40, [20, 10]), (Some(0), 30, [10, 15])];
    let atom = |populations: &[usize], people| Atom { populations: populations.to_vec(), people };
    let rolls = vec![atom(&[0, 1], 30), atom(&[0, 1, 2], 10), atom(&[0, 2], 20)];
    let found = weighted(rolls, &groups)[0].unwrap();
    // The larger one, and who is in the smaller alone: 20 people, of whom 15 answered, 5 positively.
    let near = Ratio::new(40 * 20 * 15 + 20 * 5 * 30, 450 * 60).unwrap();
    let apart = found[0].plus(near.times(Ratio::whole(-1)).unwrap()).unwrap();
    assert!(apart.round(9).scaled == 0, "{found:?}");
}

#[test]
fn rules_that_show_no_roles_have_no_weights_by_role() {
    assert!(Preset::default().shows(Strata::Unit) && !Preset::default().shows(Strata::Role));
    let roles = Preset { geometries: vec![Geometry::Tree, Geometry::AreaRole], ..Preset::default() };
    assert!(roles.shows(Strata::Role));
}

#[test]
fn what_a_report_of_its_own_hides_is_not_shown_beside_another() {
    // A report hides two schools' answers. Another has them too, and would show them by its own rules.
    let released = |sizes: [u64; 3]| {
        let groups = made::populations([(None, 60), (Some(0), 20), (Some(0), 20), (Some(0), 20)]);
        let all = sizes.iter().sum::<u64>();
        let figures = [all, sizes[0], sizes[1], sizes[2]].into_iter().zip([60, 20, 20, 20]).zip(0..);
        let figures = figures
            .map(|((answered, base), place)| figure(place, base, &[answered / 2, answered - answered / 2]));
        let section = made::section("answers-1", Measure::Likert, 2, figures.collect());
        made::table(ReportKind::Survey, groups, vec![section])
    };
    let gate = Gate::new(Preset::named("skolenkaten").unwrap());
    let own = gate.apply(released([3, 12, 14])).unwrap();
    let shown = |released: &Released| {
        let section = &released.sections()[0];
        (0..4).map(|place| matches!(section.figure(place, 0), Some(Shown::Full(_)))).collect::<Vec<_>>()
    };
    assert_eq!(shown(&own), [true, false, false, true]);

    let mut later = released([11, 12, 14]);
    later.sections[0].id = "earlier-answers-1".into();
    assert_eq!(shown(&gate.apply(later.clone()).unwrap()), [true; 4]);
    later.withhold("earlier-", &own);
    assert_eq!(shown(&gate.apply(later).unwrap()), [true, false, false, true]);
}
