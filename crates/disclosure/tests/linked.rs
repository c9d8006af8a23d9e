//! Tables about the same people: what each rule protects, by cases that only that rule protects. The figures are small
//! enough to be followed by hand.

#![allow(clippy::unwrap_used)]

mod made;

use disclosure::*;

/// Two bands: self-assessed, demonstrated, and both, row by row.
struct Group {
    base: u64,
    own: [u64; 2],
    shown: [u64; 2],
    both: [u64; 4],
}

const fn group(base: u64, own: [u64; 2], shown: [u64; 2], both: [u64; 4]) -> Group {
    Group { base, own, shown, both }
}

/// Which groups are shown, by section: self-assessed, demonstrated, both. The first is the parent of the others.
fn shown(groups: &[Group]) -> [Vec<bool>; 3] {
    let counts = |of: fn(&Group) -> &[u64]| groups.iter().map(|group| of(group).to_vec()).collect::<Vec<_>>();
    let tree = groups.iter().enumerate().map(|(place, group)| ((place > 0).then_some(0), group.base));
    let tree: Vec<(Option<usize>, u64)> = tree.collect();
    let (own, demonstrated) = (counts(|group| &group.own), counts(|group| &group.shown));
    let table = made::linked(&tree, &own, &demonstrated, &counts(|group| &group.both));
    let preset = Preset { k_summary: 5, k_full: 5, ..Preset::default() };
    let released = Gate::new(preset).apply(table).unwrap();
    ["own", "demonstrated", "both"].map(|id| {
        let shown = made::shown(&released, id);
        assert_eq!(shown.len(), groups.len());
        shown.iter().map(|how| *how == "full").collect()
    })
}

#[test]
fn margins_cut_a_cross_that_is_hidden_apart() {
    let groups = [
        group(15, [6, 7], [6, 6], [5, 1, 0, 4]),
        group(7, [3, 3], [3, 4], [3, 0, 0, 3]),
        group(8, [3, 4], [3, 2], [2, 1, 0, 1]),
    ];
    let [own, demonstrated, both] = shown(&groups);
    assert_eq!((own, demonstrated), (vec![true; 3], vec![true; 3]));
    // With the parent's cross 3 and 1 at the second band would follow.
    assert_eq!(both, [false; 3]);
}

#[test]
fn a_margin_that_is_hidden_does_not_follow_from_the_other_and_the_cross_above() {
    let groups = [
        group(22, [9, 6], [11, 6], [5, 0, 0, 6]),
        group(5, [1, 2], [3, 2], [1, 0, 0, 2]),
        group(17, [8, 4], [8, 4], [4, 0, 0, 4]),
    ];
    let [own, demonstrated, both] = shown(&groups);
    assert_eq!(own, [true, false, false]);
    assert_eq!(demonstrated, [true; 3]);
    assert_eq!(both, [false; 3]);
}

#[test]
fn nor_where_people_stand_outside_the_cross() {
    let groups = [
        group(16, [10, 6], [5, 6], [5, 3, 0, 3]),
        group(6, [5, 1], [3, 3], [3, 2, 0, 1]),
        group(10, [5, 5], [2, 3], [2, 1, 0, 2]),
    ];
    let [own, demonstrated, both] = shown(&groups);
    assert_eq!(own, [true, false, false]);
    assert!(demonstrated[0]);
    assert_eq!(both, [false; 3]);
}

#[test]
fn an_area_with_one_school_and_its_principal_is_not_shown() {
    let school = group(14, [7, 7], [8, 6], [5, 2, 3, 4]);
    let groups = [group(15, [7, 8], [8, 7], [5, 2, 3, 5]), school];
    assert_eq!(shown(&groups), [const { [false; 2] }; 3].map(Vec::from));
}

#[test]
fn nor_one_whose_principal_has_not_answered() {
    let school = || group(14, [7, 7], [8, 6], [5, 2, 3, 4]);
    let groups = [Group { base: 15, ..school() }, school()];
    assert_eq!(shown(&groups), [const { [false; 2] }; 3].map(Vec::from));
}

#[test]
fn where_nothing_is_hidden_nothing_has_to_be() {
    let groups = [
        group(40, [20, 16], [18, 18], [14, 6, 4, 12]),
        group(20, [10, 8], [9, 9], [7, 3, 2, 6]),
        group(20, [10, 8], [9, 9], [7, 3, 2, 6]),
    ];
    assert_eq!(shown(&groups), [const { [true; 3] }; 3].map(Vec::from));
}

#[test]
fn a_cross_is_hidden_with_its_margin() {
    let groups = [
        group(44, [13, 13], [16, 15], [6, 4, 4, 6]),
        // Four self-assessed: hidden, and the next sibling with them. Its cross goes, too, and not the smallest.
        group(12, [2, 2], [5, 4], [1, 1, 1, 1]),
        group(12, [5, 5], [5, 5], [3, 2, 2, 3]),
        group(20, [6, 6], [6, 6], [2, 1, 1, 2]),
    ];
    let [own, _, both] = shown(&groups);
    assert_eq!(own, [true, false, false, true]);
    assert_eq!(both[1..], [false, false, true]);
}

#[test]
fn what_is_made_of_other_figures_is_shown_where_they_are() {
    // Three schools under one roof. The first question is too small in one of them, and one more goes with it.
    let groups = [(None, 60), (Some(0), 24), (Some(0), 20), (Some(0), 16)];
    let counts: [&[&[u64]]; 2] =
        [&[&[24, 19], &[12, 9], &[9, 6], &[3, 4]], &[&[30, 26], &[12, 11], &[10, 8], &[8, 7]]];
    let question = |(number, counts): (usize, &&[&[u64]])| {
        let figures = counts.iter().zip(groups).enumerate();
        let figures = figures.map(|(place, (counts, (_, base)))| made::figure(place, base, counts)).collect();
        made::section(&format!("q{number}"), Measure::Likert, 2, figures)
    };
    let mut sections: Vec<Section> = counts.iter().enumerate().map(question).collect();
    let index = |number: usize| Item {
        code: format!("i{number}"),
        label: Text::sv("Index"),
        group: None,
        target: None,
    };
    let mut indexes = Section::new("indexes", Text::sv("Index"), Measure::Index, vec![index(0), index(1)]);
    let need =
        |item: usize, section: &str| Need { item, section: section.into(), code: "1".into(), among: false };
    indexes.needs = vec![need(0, "q1"), need(1, "q1"), need(1, "q0")];
    indexes.figures = (0..2)
        .flat_map(|item| {
            groups
                .into_iter()
                .enumerate()
                .map(move |(place, (_, base))| Figure::of(place, item, base, base * 3 / 4))
        })
        .collect();
    sections.insert(0, indexes);
    let table = made::table(ReportKind::Survey, made::populations(groups), sections);
    let released = Gate::new(Preset::default()).apply(table).unwrap();
    assert_eq!(made::shown(&released, "q1"), ["full", "full", "full", "full"]);
    assert_eq!(made::shown(&released, "q0"), ["full", "full", "summary", "summary"]);
    assert_eq!(
        made::shown(&released, "indexes"),
        ["full", "full", "full", "full", "full", "full", "summary", "summary"]
    );
}

#[test]
fn the_few_who_answered_only_once_are_not_told_by_what_became_of_the_others() {
    let shown = |pairs: u64| {
        let figure = |counts: &[u64]| vec![made::figure(0, 60, counts)];
        let mut before = made::section("before", Measure::Likert, 2, figure(&[20, 20]));
        before.items[0].code = "q".into();
        let mut pair = made::section("pairs", Measure::PairedChange, 3, figure(&[pairs - 20, 10, 10]));
        pair.categories.iter_mut().for_each(|category| category.role = Role::Neutral);
        pair.needs = vec![Need { item: 0, section: "before".into(), code: "q".into(), among: true }];
        let table = made::table(ReportKind::Survey, made::populations([(None, 60)]), vec![pair, before]);
        made::shown(&Gate::new(Preset::default()).apply(table).unwrap(), "pairs")[0]
    };
    assert_eq!(
        [40, 39, 36, 35, 31, 30].map(shown),
        ["full", "hidden", "hidden", "summary", "summary", "full"]
    );
}
