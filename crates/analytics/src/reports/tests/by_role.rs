//! Roles beside the organisation: what the gate is told of for it, and what it shows.

use super::*;
use disclosure::{Gate, Preset, Released, Shown};

const SINCE: &str = "2020-08-01";

fn rule(level: u8) -> RuleFacts {
    RuleFacts {
        competence: "1.1".into(),
        low: level,
        high: level,
        weight: 1000,
        types: domain::competence::TypeSet::EMPTY,
        valid_months: None,
    }
}

/// Three roles of three schools: a quarter has passed one course, a quarter another; and one who works in two schools.
fn log() -> Log {
    let mut log = Log::default();
    units(&mut log);
    log.add(&CompetenceRulesFacts {
        framework: "digcomp-3.0".into(),
        activity: COURSE.into(),
        rules: vec![rule(3)],
    });
    let more = format!("{COURSE}/mer");
    log.add(&CompetenceRulesFacts {
        framework: "digcomp-3.0".into(),
        activity: more.clone(),
        rules: vec![rule(5)],
    });
    let people = [
        ("a1", "Lärare", 30),
        ("a1", "Assistent", 16),
        ("a2", "Lärare", 24),
        ("a2", "Assistent", 18),
        ("b1", "Lärare", 26),
        ("b1", "Assistent", 28),
        ("b1", "Vaktmästare", 3),
    ];
    let mut agent = 1000;
    for (unit, role, many) in people {
        for place in 0..many {
            agent += 1;
            log.person(&[agent], &[(unit, role, SINCE, None)]);
            if place % 2 == 0 {
                log.pass("2026-02-10", agent, if place % 4 == 0 { &more } else { COURSE }, None);
            }
        }
    }
    log.person(&[9000], &[("a1", "Lärare", SINCE, None), ("a2", "Lärare", SINCE, None)]);
    log.add(&CompetenceTargetsFacts {
        framework: "digcomp-3.0".into(),
        role: None,
        levels: [("1.1".to_owned(), 3)].into(),
    });
    log.add(&CompetenceTargetsFacts {
        framework: "digcomp-3.0".into(),
        role: Some("Assistent".into()),
        levels: [("1.1".to_owned(), 5)].into(),
    });
    log
}

fn made(log: &Log, by_role: bool) -> ResultTable {
    let (_dir, snapshot) = log.lake();
    let parameters = competence::Parameters {
        as_of: Some(date("2026-06-10")),
        by_role,
        ..competence::Parameters::new("digcomp-3.0")
    };
    competence::report(&snapshot, &log.municipality(snapshot.position()), &parameters).unwrap()
}

fn released(table: ResultTable, preset: &str) -> Released {
    Gate::new(Preset::named(preset).unwrap()).apply(table).unwrap()
}

/// The counts that are shown of a group and an item, where they are.
fn counts(released: &Released, id: &str, group: &str, item: &str) -> Option<Vec<u64>> {
    let section = released.section(id)?;
    let item = section.items().iter().position(|one| one.code == item)?;
    let place = released.populations().iter().position(|one| one.code == group)?;
    section.figure(place, item).and_then(Shown::counts).map(<[u64]>::to_vec)
}

#[test]
fn the_gate_is_told_how_those_stand_who_are_in_the_same_groups() {
    let log = log();
    let (plain, by_role) = (made(&log, false), made(&log, true));
    assert!(plain.populations.iter().all(|group| group.geometry != Geometry::Kind));
    let place = |code: &str| by_role.populations.iter().position(|group| group.code == code).unwrap();
    assert_eq!(by_role.populations[place("a/Lärare")].also_in, Some(place("k/Lärare")));
    assert_eq!(by_role.populations[place("k/Lärare")].also_in, None);
    // Each of the seven alone, and who works in two schools of an area.
    let kinds: Vec<usize> = (0..by_role.populations.len())
        .filter(|place| by_role.populations[*place].geometry == Geometry::Kind)
        .collect();
    assert_eq!(kinds.iter().map(|kind| by_role.populations[*kind].base).sum::<u64>(), 146);
    assert_eq!(kinds.len(), 8);
    for atom in &by_role.rolls[0] {
        let own: Vec<&usize> = atom.populations.iter().filter(|place| kinds.contains(place)).collect();
        let [kind] = own[..] else { panic!("one kind: {own:?}") };
        assert_eq!(by_role.populations[*kind].base, atom.people);
    }
    assert_ne!(plain.identity.definition, by_role.identity.definition);
}

#[test]
fn roles_are_shown_where_a_preset_names_them_and_cost_the_organisation_nothing() {
    let log = log();
    let both = released(made(&log, true), "default-roles");
    let alone = released(made(&log, false), "default");
    let levels = "demonstrated-competences";
    assert_eq!(counts(&both, levels, "k/Lärare", "1.1"), Some(vec![0, 19, 21, 0]));
    assert_eq!(counts(&both, levels, "b/Vaktmästare", "1.1"), None);
    for section in alone.sections() {
        let beside = both.section(section.id()).unwrap();
        for figure in section.figures() {
            let code = &alone.populations()[figure.population].code;
            let place = both.populations().iter().position(|group| group.code == *code).unwrap();
            let item = &section.items()[figure.item].code;
            let item = beside.items().iter().position(|one| one.code == *item).unwrap();
            assert_eq!(beside.figure(place, item), Some(&figure.shown), "{} {code}", section.id());
        }
    }
}

#[test]
fn a_role_is_held_against_its_own_target_in_an_item_of_its_own() {
    let table = made(&log(), true);
    let of = |group, item| counted(figure(&table, "demonstrated-target", group, item));
    // They are at level 3 or 5; the assistants' target is 5.
    assert_eq!(of("a/Assistent", "1.1"), (34, 17, vec![0, 0, 17]));
    assert_eq!(of("a/Assistent", "1.1/Assistent"), (34, 17, vec![8, 0, 9]));
    let section = section(&table, "demonstrated-target");
    let own = section.items.iter().position(|item| item.code == "1.1/Assistent").unwrap();
    let groups = section.figures.iter().filter(|figure| figure.item == own);
    let groups: Vec<&str> = groups.map(|figure| table.populations[figure.population].code.as_str()).collect();
    assert!(
        groups.contains(&"k/Assistent") && groups.iter().all(|code| code.contains("/Assistent")),
        "{groups:?}"
    );
    let needs: Vec<_> =
        section.needs.iter().filter(|need| need.item == own).map(|need| need.code.as_str()).collect();
    assert_eq!(needs, ["1.1"]);
}
