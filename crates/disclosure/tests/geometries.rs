//! Groups of several families: what follows from the organisation and roles together, though each by itself tells nothing.

#![allow(clippy::unwrap_used)]

mod made;

use disclosure::*;
use made::*;

/// People of a school, whether they are of a role, and what they answered.
type Kind = (usize, bool, [u64; 2]);

/// The second and third school of the second area have nobody who is not of the role, and the others nobody who is.
const WHOLE_SCHOOLS: [Kind; 8] = [
    (0, false, [2, 1]),
    (1, false, [1, 2]),
    (2, false, [5, 5]),
    (3, false, [5, 5]),
    (4, false, [2, 2]),
    (5, true, [2, 2]),
    (6, true, [2, 2]),
    (7, false, [5, 4]),
];

/// Two areas of four schools each, and a role of the second area.
fn table(kinds: &[Kind]) -> ResultTable {
    let sum = |is_in: &dyn Fn(&Kind) -> bool| {
        let own = kinds.iter().filter(|kind| is_in(kind));
        own.fold([0; 2], |sum, (.., own)| [sum[0] + own[0], sum[1] + own[1]])
    };
    let mut counts = vec![sum(&|_| true), sum(&|kind| kind.0 < 4), sum(&|kind| kind.0 >= 4)];
    counts.extend((0..8).map(|school| sum(&|kind| kind.0 == school)));
    counts.push(sum(&|kind| kind.1));
    let parent = |place: usize| match place {
        0 => None,
        1 | 2 => Some(0),
        3..7 => Some(1),
        _ => Some(2),
    };
    let groups = (0..).zip(&counts).map(|(place, counts)| (parent(place), counts.iter().sum()));
    let mut populations = populations(groups);
    populations[ROLE].geometry = Geometry::AreaRole;
    let figures = (0..).zip(&counts).map(|(place, counts)| figure(place, counts.iter().sum(), counts));
    let section = section("answers", Measure::Likert, 2, figures.collect());
    let mut table = made::table(ReportKind::Survey, populations, vec![section]);
    table.rolls = vec![
        kinds
            .iter()
            .map(|(school, is_of_role, counts)| {
                let mut populations = vec![0, 1 + school / 4, 3 + school];
                populations.extend(is_of_role.then_some(ROLE));
                Atom { populations, people: counts.iter().sum() }
            })
            .collect(),
    ];
    table
}

const ROLE: usize = 11;

fn preset(geometries: Vec<Geometry>) -> Preset {
    Preset { k_summary: 5, k_full: 5, geometries, ..Preset::default() }
}

fn is_shown(released: &Released, place: usize) -> bool {
    matches!(released.sections()[0].figure(place, 0), Some(Shown::Full(_)))
}

#[test]
fn a_group_across_schools_does_not_tell_of_one_that_is_hidden() {
    let both = || preset(vec![Geometry::Tree, Geometry::AreaRole]);
    // Twelve are hidden in the second area, and eight of them are of the role: the first school is the other four.
    let made = || table(&WHOLE_SCHOOLS);
    let apart = Gate::without(both(), Rule::Geometries).apply(made()).unwrap();
    assert!(is_shown(&apart, ROLE) && is_shown(&apart, 2) && is_shown(&apart, 10));
    assert!((7..10).all(|school| !is_shown(&apart, school)));
    let linked = Gate::new(both()).apply(made()).unwrap();
    assert!(!is_shown(&linked, ROLE));
    // Of the organisation the same is shown as without any other groups.
    let alone = Gate::new(preset(vec![Geometry::Tree])).apply(made()).unwrap();
    assert!((0..ROLE).all(|place| is_shown(&alone, place) == is_shown(&linked, place)));
}

#[test]
fn few_people_who_are_no_listed_group_do_not_follow() {
    // All schools are shown. The second one of the second area without those of the role is two people, each known by what they
    // answered, though no group that is hidden is narrowed by it.
    let mut kinds: Vec<Kind> = (0..8).map(|school| (school, false, [6, 6])).collect();
    kinds[5] = (5, true, [6, 6]);
    kinds.push((5, false, [1, 1]));
    let both = || preset(vec![Geometry::Tree, Geometry::AreaRole]);
    let without = Gate::without(both(), Rule::Few).apply(table(&kinds)).unwrap();
    assert!((0..=ROLE).all(|place| is_shown(&without, place)));
    let released = Gate::new(both()).apply(table(&kinds)).unwrap();
    assert!((0..ROLE).all(|place| is_shown(&released, place)) && !is_shown(&released, ROLE));
    // Five are no few.
    kinds[8].2 = [3, 2];
    let released = Gate::new(both()).apply(table(&kinds)).unwrap();
    assert!((0..=ROLE).all(|place| is_shown(&released, place)));
}

#[test]
fn a_role_that_a_report_of_its_own_does_not_tell_of_is_not_shown_beside_another() {
    let gate = Gate::new(preset(vec![Geometry::Tree, Geometry::AreaRole]));
    let mut kinds: Vec<Kind> = (0..8).map(|school| (school, false, [6, 6])).collect();
    kinds[5].1 = true;
    let mut own = table(&kinds);
    own.sections[0].figures.retain(|figure| figure.population != ROLE);
    let own = gate.apply(own).unwrap();
    let mut later = table(&kinds);
    later.sections[0].id = "earlier-answers".into();
    assert!(is_shown(&gate.apply(later.clone()).unwrap(), ROLE));
    later.withhold("earlier-", &own);
    let later = gate.apply(later).unwrap();
    assert!(!is_shown(&later, ROLE) && (0..ROLE).all(|place| is_shown(&later, place)));
}

#[test]
fn presets_with_roles_have_the_rules_of_those_without() {
    for (name, with) in [("default", "default-roles"), ("gavle", "gavle-roles")] {
        let (alone, both) = (Preset::named(name).unwrap(), Preset::named(with).unwrap());
        assert_eq!(both.geometries, [Geometry::Tree, Geometry::AreaRole, Geometry::MunicipalityRole]);
        let Preset { name, title, geometries, .. } = alone.clone();
        assert_eq!(Preset { name, title, geometries, ..both }, alone);
    }
}

#[test]
fn how_people_stand_who_are_in_the_same_groups_is_never_shown() {
    let mut table = table(&WHOLE_SCHOOLS);
    table.populations[ROLE].geometry = Geometry::Kind;
    table.populations[ROLE].parent = None;
    let released = Gate::new(preset(vec![Geometry::Tree, Geometry::AreaRole])).apply(table).unwrap();
    assert_eq!(released.populations().len(), ROLE);
    let text = include_str!("../../../schemas/disclosure/default.json");
    assert!(Preset::from_json(&text.replace("[\"tree\"]", "[\"tree\", \"kind\"]")).is_err());
}
