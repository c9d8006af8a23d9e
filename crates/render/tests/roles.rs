//! Roles beside the organisation: in every form and both languages, where a preset names them, and nowhere else.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::gate;
use disclosure::*;
use render::{Part, Stylesheet, View, csv, document, json, paper, xlsx};

/// People of an area, of a role, and what they answered.
const KINDS: [(usize, usize, [u64; 2]); 6] = [
    (1, 0, [30, 20]),
    (1, 1, [15, 14]),
    (1, 2, [13, 14]),
    (2, 0, [24, 18]),
    (2, 1, [14, 12]),
    (2, 2, [3, 2]),
];
const ROLES: [&str; 3] = ["Lärare", "Barnskötare", "Kock"];

/// A municipality of two areas, with a rate and a question, by unit and role.
fn table() -> ResultTable {
    let mut table = common::survey();
    let like = table.populations[0].clone();
    let group = |code: String, geometry, parent, also_in| {
        let label = Text::sv(format!("Grupp {code}"));
        let kind = if geometry == Geometry::Tree { "rektorsomrade" } else { "role" };
        Population { code, label, geometry, parent, also_in, kind: kind.into(), ..like.clone() }
    };
    let unit = |place: usize| ["K", "A", "B"][place];
    table.populations =
        (0..3).map(|at| group(unit(at).into(), Geometry::Tree, [None, Some(0), Some(0)][at], None)).collect();
    let mut is_in: Vec<Box<dyn Fn(usize, usize) -> bool>> =
        vec![Box::new(|_, _| true), Box::new(|area, _| area == 1), Box::new(|area, _| area == 2)];
    for of in 0..3 {
        for (role, name) in ROLES.iter().enumerate() {
            let (family, also_in) = match of {
                0 => (Geometry::MunicipalityRole, None),
                _ => (Geometry::AreaRole, Some(3 + role)),
            };
            table.populations.push(group(format!("{}/{name}", unit(of)), family, Some(of), also_in));
            is_in.push(Box::new(move |area, one| one == role && (of == 0 || of == area)));
        }
    }
    for (area, role, _) in KINDS {
        table.populations.push(group(format!("alla {area} {role}"), Geometry::Kind, None, None));
        is_in.push(Box::new(move |of, one| (of, one) == (area, role)));
    }
    let atom = |(area, role, counts): &(usize, usize, [u64; 2])| Atom {
        populations: (0..is_in.len()).filter(|group| is_in[*group](*area, *role)).collect(),
        people: 2 * counts.iter().sum::<u64>(),
    };
    table.rolls = vec![KINDS.iter().map(atom).collect()];
    table.sections[1].items.truncate(1);
    table.sections[1].categories.truncate(2);
    for (number, section) in table.sections.iter_mut().enumerate() {
        section.figures.clear();
        for (group, is_in) in is_in.iter().enumerate() {
            let own = KINDS.iter().filter(|(area, role, _)| is_in(*area, *role));
            let counts = own.fold([0; 2], |sum, (.., own)| [sum[0] + own[0], sum[1] + own[1]]);
            let answered: u64 = counts.iter().sum();
            table.populations[group].base = 2 * answered;
            let counts = if number == 1 { counts.to_vec() } else { Vec::new() };
            section.figures.push(Figure { counts, ..Figure::of(group, 0, 2 * answered, answered) });
        }
    }
    table
}

fn released(preset: &str) -> Released {
    gate(preset).apply(table()).unwrap()
}

fn place(released: &Released, code: &str) -> usize {
    released.populations().iter().position(|group| group.code == code).unwrap()
}

fn figure<'a>(released: &'a Released, code: &str) -> Option<&'a Shown> {
    released.sections()[1].figure(place(released, code), 0)
}

#[test]
fn roles_stand_after_the_units_in_every_form_and_both_languages() {
    let released = released("gavle-roles");
    let Some(Shown::Full(full)) = figure(&released, "A/Lärare") else { panic!("50 of 100") };
    assert_eq!((full.base, full.answered, &full.counts), (100, 50, &vec![30, 20]));
    let why = figure(&released, "B/Kock").and_then(Shown::reason).expect("5 of 10").code();
    assert!(released.populations().iter().all(|group| group.geometry != Geometry::Kind));

    let exact: serde_json::Value = serde_json::from_str(&json(&View::new(&released, Lang::Sv))).unwrap();
    let groups = exact["populations"].as_array().unwrap();
    let geometries: Vec<_> = groups.iter().map(|group| group["geometry"].as_str().unwrap()).collect();
    assert_eq!(geometries[..3], ["tree"; 3]);
    assert_eq!((&geometries[3..6], &geometries[6..]), (&["municipality_role"; 3][..], &["area_role"; 6][..]));
    assert_eq!(groups[6]["parent"], "A");
    let figures = exact["sections"][1]["figures"].as_array().unwrap();
    let of = |code: &str| figures.iter().find(|figure| figure["population"] == code).unwrap();
    assert_eq!(of("A/Lärare")["counts"], serde_json::json!([30, 20]));
    assert_eq!(
        of("B/Kock"),
        &serde_json::json!({
            "population": "B/Kock", "item": "stod", "shown": "hidden", "reason": why,
        })
    );

    for (lang, whole, area, separator) in [
        (Lang::Sv, "Kommun och roll", "Område och roll", ';'),
        (Lang::En, "Municipality and role", "Area and role", ','),
    ] {
        let view = View::new(&released, lang);
        let table = String::from_utf8(csv(&view)).unwrap();
        let row = |code: &str| {
            table.lines().find(|line| line.starts_with("fragor") && line.contains(code)).unwrap()
        };
        assert!(row("A/Lärare").contains(&format!("{separator}50{separator}100{separator}")), "{table}");
        assert!(row("B/Kock").contains(why), "{table}");
        assert!(xlsx(&view).unwrap().starts_with(b"PK"));
        let page = document(&view, Stylesheet::Inline);
        let parts: Vec<&str> = page.split("<section ").collect();
        let part = |id: &str| *parts.iter().find(|part| part.starts_with(&format!("id=\"{id}\""))).unwrap();
        let (by_role, by_area) = (part("by-role"), part("by-area-and-role"));
        assert!(
            by_role.contains(whole) && by_role.contains("Grupp K/Lärare") && !by_role.contains("Grupp A/")
        );
        assert!(
            by_area.contains(area) && by_area.contains("Grupp A/Lärare") && !by_area.contains("Grupp K/")
        );
        assert!(
            page.find("id=\"fragor\"") < page.find("id=\"by-role\"")
                && page.find("id=\"by-area-and-role\"") < page.find("id=\"metod\"")
        );
        let sheet: serde_json::Value = serde_json::from_str(&paper(&view)).unwrap();
        let titles: Vec<_> = sheet["parts"].as_array().unwrap().iter().map(|part| &part["title"]).collect();
        assert_eq!(titles[titles.len() - 2..], [whole, area]);
        assert!(sheet["parts"].to_string().contains("Grupp A/Lärare"));
    }
}

#[test]
fn a_part_has_the_roles_of_its_areas_and_those_alone_that_are_asked_for() {
    let released = released("gavle-roles");
    let codes = |part: Part| -> Vec<String> {
        let view = View::of_part(&released, Lang::Sv, &part).unwrap();
        view.populations().into_iter().map(|place| released.populations()[place].code.clone()).collect()
    };
    let of_a = codes(Part { unit: Some("A".into()), ..Part::default() });
    assert_eq!(of_a, ["A", "A/Lärare", "A/Barnskötare", "A/Kock"].map(String::from).to_vec());
    let kinds = Some(vec!["role".to_owned()]);
    let of_roles = codes(Part { kinds, ..Part::default() });
    assert_eq!(of_roles.len(), 1 + 3 + 6);
    assert!(!of_roles.contains(&"A".to_owned()));
}

#[test]
fn the_organisation_is_shown_as_it_is_without_roles_and_no_other_preset_has_any() {
    for (preset, with) in [("gavle", "gavle-roles"), ("default", "default-roles")] {
        let (alone, both) = (released(preset), released(with));
        for (one, other) in alone.sections().iter().zip(both.sections()) {
            for figure in one.figures() {
                assert_eq!(other.figure(figure.population, figure.item), Some(&figure.shown), "{with}");
            }
        }
        assert!(alone.populations().iter().all(|group| group.geometry == Geometry::Tree));
        let page = document(&View::new(&alone, Lang::Sv), Stylesheet::Inline);
        assert!(!page.contains("by-role") && !page.contains("/Lärare"));
    }
}

#[test]
fn an_item_of_one_role_alone_stands_with_that_role() {
    let mut table = table();
    let section = &mut table.sections[1];
    section.items.push(Item {
        code: "stod/Lärare".into(),
        label: Text::sv("Stöd, mot lärarnas mål"),
        ..section.items[0].clone()
    });
    let roles: Vec<usize> = (0..table.populations.len())
        .filter(|place| table.populations[*place].code.ends_with("/Lärare"))
        .collect();
    let own: Vec<Figure> =
        section.figures.iter().filter(|figure| roles.contains(&figure.population)).cloned().collect();
    section.figures.extend(own.into_iter().map(|figure| Figure { item: 1, ..figure }));
    let released = gate("gavle-roles").apply(table).unwrap();
    let page = document(&View::new(&released, Lang::Sv), Stylesheet::Inline);
    let (units, by_role) = page.split_at(page.find("id=\"by-role\"").unwrap());
    assert!(!units.contains("Stöd, mot lärarnas mål") && by_role.contains("Stöd, mot lärarnas mål"));
}
