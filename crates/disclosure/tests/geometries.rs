//! Groups of several families: what follows from the organisation and roles together, though each by itself tells nothing.

#![allow(clippy::unwrap_used)]

mod made;

use disclosure::*;
use made::*;

/// Two areas of four schools each. The second and third school of the second area are large, which is a group across schools.
fn table() -> ResultTable {
    let schools = [[2, 1], [1, 2], [5, 5], [5, 5], [2, 2], [2, 2], [2, 2], [5, 4]];
    let sum = |some: &[[u64; 2]]| some.iter().fold([0; 2], |sum, own| [sum[0] + own[0], sum[1] + own[1]]);
    let mut counts = vec![sum(&schools), sum(&schools[..4]), sum(&schools[4..])];
    counts.extend(schools);
    counts.push(sum(&schools[5..7]));
    let parent = |place: usize| match place {
        0 => None,
        1 | 2 => Some(0),
        3..7 => Some(1),
        _ => Some(2),
    };
    let groups = (0..).zip(&counts).map(|(place, counts)| (parent(place), counts.iter().sum()));
    let mut populations = populations(groups);
    populations[LARGE].geometry = Geometry::AreaRole;
    let figures = (0..).zip(&counts).map(|(place, counts)| figure(place, counts.iter().sum(), counts));
    let section = section("answers", Measure::Likert, 2, figures.collect());
    let mut table = made::table(ReportKind::Survey, populations, vec![section]);
    table.rolls = vec![
        (0..8)
            .map(|school| {
                let mut populations = vec![0, 1 + school / 4, 3 + school];
                populations.extend((5..7).contains(&school).then_some(LARGE));
                Atom { populations, people: schools[school].iter().sum() }
            })
            .collect(),
    ];
    table
}

const LARGE: usize = 11;

fn preset(geometries: Vec<Geometry>) -> Preset {
    Preset { k_summary: 5, k_full: 5, geometries, ..Preset::default() }
}

fn is_shown(released: &Released, place: usize) -> bool {
    matches!(released.sections()[0].figure(place, 0), Some(Shown::Full(_)))
}

#[test]
fn a_group_across_schools_does_not_tell_of_one_that_is_hidden() {
    let both = || preset(vec![Geometry::Tree, Geometry::AreaRole]);
    // Twelve are hidden in the second area, and eight of them are large: the first school is the other four.
    let apart = Gate::without(both(), Rule::Geometries).apply(table()).unwrap();
    assert!(is_shown(&apart, LARGE) && is_shown(&apart, 2) && is_shown(&apart, 10));
    assert!((7..10).all(|school| !is_shown(&apart, school)));
    let linked = Gate::new(both()).apply(table()).unwrap();
    assert!(!is_shown(&linked, LARGE));
    // Of the organisation the same is shown as without any other groups.
    let alone = Gate::new(preset(vec![Geometry::Tree])).apply(table()).unwrap();
    assert!((0..LARGE).all(|place| is_shown(&alone, place) == is_shown(&linked, place)));
}

#[test]
fn what_few_people_follow_from_is_no_matter_of_any_one_count() {
    // By bounds alone the eight may be shown: each count of the first school is of two, who may be of either answer.
    let both = || preset(vec![Geometry::Tree, Geometry::AreaRole]);
    let released = Gate::without(both(), Rule::Few).apply(table()).unwrap();
    let linked = Gate::new(both()).apply(table()).unwrap();
    assert_eq!([&released, &linked].map(|released| is_shown(released, 2)), [true; 2]);
    assert!(!is_shown(&linked, LARGE));
}

#[test]
fn how_people_stand_who_are_in_the_same_groups_is_never_shown() {
    let mut table = table();
    table.populations[LARGE].geometry = Geometry::Kind;
    table.populations[LARGE].parent = None;
    let released = Gate::new(preset(vec![Geometry::Tree, Geometry::AreaRole])).apply(table).unwrap();
    assert_eq!(released.populations().len(), LARGE);
    let text = include_str!("../../../schemas/disclosure/default.json");
    assert!(Preset::from_json(&text.replace("[\"tree\"]", "[\"tree\", \"kind\"]")).is_err());
}
