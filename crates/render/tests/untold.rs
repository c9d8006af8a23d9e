//! What readers are told where nobody can be linked: that the answers are in the ballot box, and which groups nobody knows.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::gate;
use disclosure::{Lang, Reason, Released, ResultTable, Shown, Withheld};
use render::{Stylesheet, View, csv, document, json, paper, xlsx};

fn released(table: ResultTable) -> Released {
    gate("default").apply(table).unwrap()
}

#[test]
fn before_the_box_was_emptied_every_form_says_so_and_has_no_figure() {
    let mut table = common::survey();
    table.sections.truncate(1);
    table.sections[0].figures.clear();
    table.sections[0].live = true;
    let released = released(table);
    for (lang, said, what_then, wrong) in [
        (Lang::Sv, "Svaren ligger i en valurna tills", "Vänta tills enkäten har stängt", "färre än"),
        (Lang::En, "The answers are in a ballot box until", "Wait until the survey has closed", "fewer than"),
    ] {
        let view = View::new(&released, lang);
        let page = document(&view, Stylesheet::Inline);
        let lead = page.split("class=\"lead\"").nth(1).unwrap().split("</p>").next().unwrap();
        assert!(lead.contains(said) && !lead.contains(wrong), "{lead}");
        assert!(page.contains(what_then));
        assert!(render::finding(&view).contains(said));
        assert!(paper(&view).to_string().contains(said));
        xlsx(&view).unwrap();
        let table = String::from_utf8(csv(&view)).unwrap();
        let rows = table.lines().skip(1).filter(|row| !row.starts_with("about"));
        assert_eq!(rows.count(), 0, "{table}");
        assert!(json(&view).contains("\"figures\": []") || json(&view).contains("\"figures\":[]"));
    }
}

#[test]
fn a_group_that_nobody_knows_has_a_reason_of_its_own_in_every_form() {
    let mut table = common::survey();
    let merged = table.populations.iter().position(|population| population.parent == Some(0)).unwrap();
    let code = table.populations[merged].code.clone();
    let plain = released(table.clone());
    for section in &mut table.sections {
        let figures = section.figures.iter_mut().filter(|figure| figure.population == merged);
        figures.for_each(|figure| figure.withheld = Withheld::Merged);
    }
    let released = released(table);
    for section in released.sections() {
        for item in 0..section.items().len() {
            assert_eq!(section.figure(merged, item), Some(&Shown::Hidden(Reason::Merged)));
        }
    }
    assert_eq!(released.populations()[merged].base, None);
    for (lang, said) in [
        (Lang::Sv, "visas inte: små grupper räknas här ihop med andra"),
        (Lang::En, "not shown: small groups are counted together with others here"),
    ] {
        let view = View::new(&released, lang);
        assert!(document(&view, Stylesheet::Inline).contains(said));
        let table = String::from_utf8(csv(&view)).unwrap();
        let between = if lang == Lang::Sv { ";" } else { "," };
        let of_group = |row: &&str| row.contains(&format!("{between}{code}{between}"));
        let rows: Vec<&str> = table.lines().filter(of_group).collect();
        let reason = format!("{between}{between}{between}merged{between}");
        assert!(!rows.is_empty() && rows.iter().all(|row| row.contains(&reason)), "{rows:?}");
        assert!(table.contains(said), "the code in words");
        assert!(json(&view).contains("\"merged\""));
        // Where there is none, nothing is said of it.
        let view = View::new(&plain, lang);
        assert!(!String::from_utf8(csv(&view)).unwrap().contains("merged"));
        let alone = View::of_unit(&released, lang, &code).unwrap();
        let lead = render::finding(&alone);
        assert!(
            lead.contains(
                ["counted together with others", "räknas här ihop med andra"][usize::from(lang == Lang::Sv)]
            ),
            "{lead}"
        );
    }
}
