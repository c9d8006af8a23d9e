//! What readers may rely on in every format.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{gallery, gate};
use disclosure::*;
use quick_xml::Reader;
use quick_xml::events::Event;
use render::{Format, Stylesheet, View, csv, document, fragment, json, paper, xlsx};
use std::collections::BTreeSet;

/// A survey of three units: one shown, one hidden by itself, one hidden for its sake.
fn small() -> ResultTable {
    let mut table = common::survey();
    table.populations.truncate(1);
    table.populations[0].base = 60;
    for (code, label, base) in
        [("A", "Älvängens förskola", 30), ("B", "Öbo förskola", 20), ("C", "Åsens förskola", 10)]
    {
        let mut unit = table.populations[0].clone();
        unit.code = code.into();
        unit.label = Text::sv(label);
        unit.parent = Some(0);
        unit.base = base;
        table.populations.push(unit);
    }
    let answers: [&[u64]; 4] = [&[4, 9, 20, 8, 2], &[3, 5, 11, 6, 1], &[1, 3, 6, 2, 1], &[0, 1, 3, 0, 0]];
    table.rolls = vec![Atom::of_tree(&table.populations)];
    table.sections[1].items.truncate(1);
    for section in &mut table.sections {
        let likert = section.measure == Measure::Likert;
        let figure = |(population, counts): (usize, &&[u64])| {
            let answered: u64 = counts.iter().sum();
            let scored: u64 = counts[..4].iter().sum();
            let sum: u64 = counts.iter().zip(1u64..5).map(|(count, score)| count * score).sum();
            Figure {
                counts: if likert { counts.to_vec() } else { vec![] },
                score: likert.then(|| Score { sum: Ratio::whole(sum as i64), n: scored }),
                positive: likert.then(|| Share { part: counts[2] + counts[3], of: answered }),
                ..Figure::of(population, 0, table.populations[population].base, answered)
            }
        };
        section.figures = answers.iter().enumerate().map(figure).collect();
    }
    table
}

fn pages() -> Vec<(String, String)> {
    let text = |(name, bytes): (String, Vec<u8>)| Some((name, String::from_utf8(bytes).ok()?));
    gallery().into_iter().filter(|(name, _)| name.ends_with(".html")).filter_map(text).collect()
}

fn drawings(page: &str) -> Vec<&str> {
    let mut rest = page;
    let mut found = Vec::new();
    while let Some(start) = rest.find("<svg ") {
        let end = start + rest[start..].find("</svg>").expect("an svg that ends") + 6;
        found.push(&rest[start..end]);
        rest = &rest[end..];
    }
    found
}

#[test]
fn the_formats_stay_as_they_are() {
    let released = gate("skolenkaten").apply(small()).unwrap();
    for lang in [Lang::Sv, Lang::En] {
        let view = View::new(&released, lang);
        insta::assert_snapshot!(
            format!("csv_{}", lang.tag()),
            String::from_utf8(csv(&view)).unwrap().replace("\r\n", "\n")
        );
        let html = fragment(&view).into_string().replace("><", ">\n<");
        insta::assert_snapshot!(format!("html_{}", lang.tag()), html);
    }
    insta::assert_snapshot!("json", json(&View::new(&released, Lang::Sv)));
}

#[test]
fn the_same_report_gives_the_same_bytes_however_its_figures_were_found() {
    let mut other = common::competence();
    for section in &mut other.sections {
        section.figures.reverse();
    }
    let formats = |table: ResultTable| {
        let released = gate("default").apply(table).unwrap();
        let view = View::new(&released, Lang::Sv);
        (json(&view), csv(&view), xlsx(&view).unwrap(), document(&view, Stylesheet::Inline))
    };
    assert!(formats(common::competence()) == formats(other));
}

#[test]
fn every_drawing_is_well_formed_and_says_its_finding() {
    for (name, page) in pages() {
        for svg in drawings(&page).iter().filter(|svg| svg.contains("class=\"drawing\"")) {
            let mut reader = Reader::from_str(svg);
            reader.config_mut().check_end_names = true;
            let (mut depth, mut texts, mut inside) = (0i32, Vec::new(), None);
            loop {
                match reader.read_event().unwrap_or_else(|error| panic!("{name}: {error}")) {
                    Event::Start(tag) => {
                        depth += 1;
                        assert!(tag.attributes().all(|attribute| attribute.is_ok()), "{name}: {tag:?}");
                        inside = matches!(tag.name().as_ref(), b"title" | b"desc").then_some(());
                    }
                    Event::Text(text) if inside.take().is_some() => texts.push(text.len()),
                    Event::End(_) => depth -= 1,
                    Event::Eof => break,
                    _ => {}
                }
            }
            assert_eq!(depth, 0, "{name}");
            let height = svg.split(" height=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
            assert!(
                height.parse::<u32>().unwrap() < 960,
                "{name}: taller than a sheet of A4 with its margins"
            );
            assert!(
                texts.len() == 2 && texts.iter().all(|length| *length > 3),
                "{name}: a title and a description"
            );
            assert!(svg.contains("role=\"img\""), "{name}");
        }
    }
}

#[test]
fn every_drawing_has_its_table_beneath() {
    for (name, page) in pages().iter().filter(|(name, _)| !name.starts_with("login")) {
        let last = page.rfind("class=\"drawing\"").unwrap_or_else(|| panic!("{name} has a drawing"));
        assert!(page[last..].contains("<table"), "{name}");
        assert!(page.matches("<figure").count() <= page.matches("<table").count(), "{name}");
    }
}

#[test]
fn a_report_says_its_finding_then_shows_it_then_how_it_was_made() {
    let competence = gate("default").apply(common::competence()).unwrap();
    let survey = gate("gavle").apply(common::survey()).unwrap();
    for (released, finding) in
        [(&competence, "I 13 av 21 kompetenser"), (&survey, "59\u{a0}% har svarat: 307 av 516.")]
    {
        let page = document(&View::new(released, Lang::Sv), Stylesheet::Inline);
        let order = [
            "Lärkby kommun · ",
            finding,
            "class=\"finding\"",
            "class=\"base\"",
            "<figure ",
            "<table",
            "id=\"metod\"",
        ];
        let places = order.map(|part| page.find(part).unwrap_or_else(|| panic!("{part}")));
        assert!(places.is_sorted(), "{places:?}");
        assert!(!page[places[6]..].contains("<figure "), "the method comes last");
    }
}

#[test]
fn a_group_that_cannot_be_shown_at_all_still_has_a_page_that_says_so() {
    let mut table = small();
    table.populations.iter_mut().for_each(|population| population.base = 3);
    table.sections.iter_mut().flat_map(|section| &mut section.figures).for_each(|figure| figure.base = 3);
    // The same three in all of them.
    table.rolls = vec![vec![Atom { populations: (0..table.populations.len()).collect(), people: 3 }]];
    let released = gate("default").apply(table).unwrap();
    let page = document(&View::new(&released, Lang::En), Stylesheet::Inline);
    assert!(
        page.contains("No figures are shown for Lärkby kommun: fewer than 5 people")
            && page.contains("There is nothing to show here")
            && page.contains("are not shown (")
            && !page.contains("<figure")
    );
}

#[test]
fn ids_are_unique_and_links_within_a_page_arrive() {
    for (name, page) in pages().iter().filter(|(name, _)| !name.starts_with("oversikt")) {
        let mut ids = BTreeSet::new();
        for part in page.split(" id=\"").skip(1) {
            assert!(ids.insert(part.split('"').next().unwrap()), "{name}: twice the id {}", &part[..20]);
        }
        for part in page.split("href=\"#").skip(1) {
            assert!(ids.contains(part.split('"').next().unwrap()), "{name}: {}", &part[..20]);
        }
        for part in page.split("url(#").skip(1) {
            assert!(ids.contains(part.split(')').next().unwrap()), "{name}: {}", &part[..20]);
        }
    }
}

#[test]
fn pages_name_their_language_and_need_no_script() {
    for (name, page) in pages() {
        let lang = if name.contains(".en.") { "en" } else { "sv" };
        assert!(page.contains(&format!("<html lang=\"{lang}\">")), "{name}");
        assert!(
            !page.contains("<script") && !page.contains("http:") || page.contains("www.w3.org"),
            "{name}"
        );
        assert!(!page.contains("javascript:") && !page.contains(" on="), "{name}");
    }
}

/// Whether `number` stands in `text` by itself, not as a part of a longer number.
fn has_number(text: &str, number: &str) -> bool {
    text.match_indices(number).any(|(at, _)| {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        !digit(text[..at].chars().next_back()) && !digit(text[at + number.len()..].chars().next())
    })
}

#[test]
fn no_hidden_number_appears_in_any_format() {
    // Numbers that nothing else on the page can be: of a unit hidden by itself and of the one hidden for its sake.
    let units: [(u64, [u64; 3]); 3] =
        [(88_813, [20_011, 20_021, 20_023]), (71_327, [31_013, 1, 0]), (74_353, [13_007, 13_009, 15_013])];
    let mut table = small();
    table.populations[0].base = units.iter().map(|unit| unit.0).sum();
    let mut total = [0; 3];
    for (place, (base, counts)) in units.iter().enumerate() {
        table.populations[place + 1].base = *base;
        total.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let all = [(table.populations[0].base, total), units[0], units[1], units[2]];
    table.sections[1].categories.truncate(3);
    for (population, (base, _)) in table.populations.iter_mut().zip(&all) {
        population.base = *base;
    }
    table.rolls = vec![Atom::of_tree(&table.populations)];
    // A response rate has no categories to be unanimous in; here it is the distribution that hides.
    table.sections.remove(0);
    table.sections[0].figures = all
        .iter()
        .enumerate()
        .map(|(population, (base, counts))| {
            let answered = counts.iter().sum();
            Figure {
                counts: counts.to_vec(),
                score: Some(Score { sum: Ratio::whole((counts[0] + 2 * counts[1]) as i64), n: answered }),
                positive: Some(Share { part: counts[2], of: answered }),
                ..Figure::of(population, 0, *base, answered)
            }
        })
        .collect();
    let released = gate("skolenkaten").apply(table).unwrap();
    let shown = |unit: usize| released.sections()[0].figure(unit, 0).unwrap().answered().is_some();
    assert_eq!([0, 1, 2, 3].map(shown), [true, true, false, false]);
    for lang in [Lang::Sv, Lang::En] {
        let view = View::new(&released, lang);
        for text in [
            json(&view),
            String::from_utf8(csv(&view)).unwrap(),
            document(&view, Stylesheet::Linked("/".into())),
            paper(&view),
        ] {
            for hidden in [2, 3] {
                let (base, counts) = all[hidden];
                let sum: u64 = counts.iter().sum();
                for number in [base, sum, counts[0], counts[0] + 2 * counts[1]]
                    .into_iter()
                    .chain(counts)
                    .filter(|n| *n > 1)
                {
                    assert!(!has_number(&text, &number.to_string()), "{number}");
                    assert!(!has_number(&text, &render::count(number)), "{number}");
                }
            }
            let published = all[1].1[0];
            assert!(
                has_number(&text, &published.to_string()) || has_number(&text, &render::count(published))
            );
        }
    }
}

/// A CSV file as a program reads it: lines of cells, the first of them names.
struct Csv(Vec<Vec<String>>);

impl Csv {
    fn of(released: &Released, lang: Lang) -> Csv {
        let text = String::from_utf8(csv(&View::new(released, lang))).unwrap();
        let text = text.strip_prefix('\u{feff}').expect("a byte order mark, by which Excel knows UTF-8");
        let separator = if lang == Lang::Sv { ';' } else { ',' };
        let (mut lines, mut line, mut cell, mut inside) = (vec![], vec![], String::new(), false);
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                '"' if inside && rest.peek() == Some(&'"') => cell.extend(rest.next()),
                '"' => inside = !inside,
                c if c == separator && !inside => line.push(std::mem::take(&mut cell)),
                '\r' if !inside => {
                    assert_eq!(rest.next(), Some('\n'));
                    line.push(std::mem::take(&mut cell));
                    lines.push(std::mem::take(&mut line));
                }
                c => cell.push(c),
            }
        }
        assert!(!inside && cell.is_empty() && line.is_empty(), "the last line ends like the others");
        assert!(lines.iter().all(|line| line.len() == lines[0].len()), "one table");
        Csv(lines)
    }

    /// Where the column of this name is.
    fn at(&self, name: &str) -> usize {
        self.0[0].iter().position(|head| head == name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// The cells of one column in the rows that have these in others.
    fn find(&self, column: &str, having: &[(&str, &str)]) -> Vec<&str> {
        let has = |row: &&Vec<String>| having.iter().all(|(name, value)| row[self.at(name)] == *value);
        self.0.iter().skip(1).filter(has).map(|row| row[self.at(column)].as_str()).collect()
    }
}

#[test]
fn csv_has_a_row_for_each_place_and_item_and_every_label_of_a_value_once() {
    let released = gate("default").apply(common::competence()).unwrap();
    let view = View::new(&released, Lang::Sv);
    let table = Csv::of(&released, Lang::Sv);
    let figures: usize = released.sections().iter().map(|section| section.figures().len()).sum();
    let about = table.find("text", &[("avsnitt_kod", "about")]).len();
    assert_eq!(table.0.len(), 1 + figures + about);
    let heads: BTreeSet<&String> = table.0[0].iter().collect();
    assert_eq!(heads.len(), table.0[0].len(), "no name of a column stands twice");
    // What the report was made from, in the file's last rows, and in those alone.
    let said = |code| table.find("text", &[("avsnitt_kod", "about"), ("fråga_kod", code)]);
    assert_eq!(said("as_of"), ["2026-06-12"]);
    assert_eq!(said("position"), ["50412"]);
    assert_eq!(said("dated_ahead"), ["3"]);
    assert!(
        table.0[1 + figures..].iter().all(|row| row[0] == "about" && row[table.at("enhet_kod")].is_empty())
    );
    // The same as in JSON, cell by cell.
    let exact: serde_json::Value = serde_json::from_str(&json(&view)).unwrap();
    for section in exact["sections"].as_array().unwrap() {
        let categories = section["categories"].as_array().unwrap();
        for figure in section["figures"].as_array().unwrap() {
            let row = [
                ("avsnitt_kod", section["id"].as_str().unwrap()),
                ("fråga_kod", figure["item"].as_str().unwrap()),
                ("enhet_kod", figure["population"].as_str().unwrap()),
            ];
            let number =
                |value: &serde_json::Value| value.as_u64().map(|n| n.to_string()).unwrap_or_default();
            assert_eq!(table.find("n", &row), [number(&figure["answered"])]);
            assert_eq!(table.find("bas", &row), [number(&figure["base"])]);
            assert_eq!(table.find("kod", &row), [figure["reason"].as_str().unwrap_or_default()]);
            if section["measure"] == "levels" {
                for (place, category) in categories.iter().enumerate() {
                    let (code, label) = (&category["code"], &category["label"]["sv"]);
                    let column = format!("{} ({})", label.as_str().unwrap(), code.as_str().unwrap());
                    let count = figure["counts"][place].as_u64().map_or("..".to_owned(), |n| n.to_string());
                    assert_eq!(table.find(&column, &row), [count]);
                }
            }
        }
    }
}

#[test]
fn a_hidden_value_in_csv_is_two_dots_with_its_code_and_no_n() {
    let mut small = small();
    small.sections[1].figures[1].score = None;
    let released = gate("skolenkaten").apply(small).unwrap();
    let table = Csv::of(&released, Lang::Sv);
    for (unit, code) in [("B", "protected"), ("C", "small_group")] {
        let rows: Vec<&Vec<String>> =
            table.0.iter().filter(|row| row[table.at("enhet_kod")] == unit).collect();
        assert_eq!(rows.len(), 2);
        for row in rows {
            let cells = ["n", "bas", "kod"].map(|name| row[table.at(name)].as_str());
            assert_eq!(cells, ["", "", code]);
            let values = &row[table.at("text") + 1..];
            assert!(values.iter().all(|value| value == ".." || value.is_empty()), "{values:?}");
            assert!(values.iter().any(|value| value == ".."));
        }
        let reason = table.find("text", &[("avsnitt_kod", "about"), ("fråga", code)]);
        assert!(reason[0].starts_with("visas inte"), "{reason:?}");
    }
    let answers = [("enhet_kod", "A"), ("fråga_kod", "stod")];
    assert_eq!(table.find("n", &answers), ["26"]);
    assert_eq!(table.find("kod", &answers), [""]);
    assert_eq!(table.find("medelvärde (mean)", &answers), ["."], "there is none, and nothing is hidden");
    assert_eq!(table.find("enhet", &answers), ["Älvängens förskola"]);
    assert_eq!(table.find("andel av basen, procent (rate)", &answers), ["86,7"]);
}

#[test]
fn numbers_stay_numbers_in_csv_also_negative_ones() {
    let mut table = small();
    for figure in &mut table.sections[1].figures {
        figure.score = figure.score.map(|score| Score { sum: Ratio::whole(-60), ..score });
    }
    let released = gate("skolenkaten").apply(table).unwrap();
    for (lang, unit, mean, expected) in [
        (Lang::Sv, "enhet_kod", "medelvärde (mean)", "-2,40"),
        (Lang::En, "unit_code", "mean (mean)", "-2.40"),
    ] {
        let view = View::new(&released, lang);
        let table = Csv::of(&released, lang);
        let items = if lang == Lang::Sv { "fråga_kod" } else { "item_code" };
        assert_eq!(table.find(mean, &[(unit, "A"), (items, "stod")]), [expected]);
        assert!(String::from_utf8(csv(&view)).unwrap().contains(expected), "as it is, without quotes");
    }
}

#[test]
fn a_text_that_a_spreadsheet_would_run_is_inert_in_csv_and_comes_back_the_same() {
    let names = [
        "=HYPERLINK(\"x\");<script>alert(1)</script>",
        "+46 70 123",
        "-5",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "'=1",
        "'Åsens förskola'",
        "''",
        " =1 ",
        "a,=1;b",
        "\"=1\"",
        "Öbo\r\nförskola",
        "Åsens förskola",
    ];
    for name in names {
        let mut table = small();
        table.populations[1].label = Text::sv(name);
        let released = gate("skolenkaten").apply(table).unwrap();
        for (lang, unit, label) in [(Lang::Sv, "enhet_kod", "enhet"), (Lang::En, "unit_code", "unit")] {
            let table = Csv::of(&released, lang);
            for read in table.find(label, &[(unit, "A")]) {
                let runs = read.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
                assert!(!runs, "{read:?}");
                assert_eq!(read.strip_prefix('\'').unwrap_or(read), name, "without one ' before it");
            }
        }
        assert!(!document(&View::new(&released, Lang::Sv), Stylesheet::Inline).contains("<script>"));
    }
    // Whatever a spreadsheet goes by, comma or semicolon, no cell begins within a text.
    let mut table = small();
    table.populations[1].label = Text::sv("a,=1;=2");
    let released = gate("skolenkaten").apply(table).unwrap();
    assert!(String::from_utf8(csv(&View::new(&released, Lang::Sv))).unwrap().contains("\"a,=1;=2\""));
}

#[test]
fn how_many_statements_are_dated_ahead_is_said_with_the_method() {
    let said = |dated_ahead, lang| {
        let mut table = small();
        table.dated_ahead = dated_ahead;
        let released = gate("default").apply(table).unwrap();
        let page = document(&View::new(&released, lang), Stylesheet::Inline);
        page[page.find("id=\"metod\"").unwrap()..].to_owned()
    };
    assert!(said(0, Lang::Sv).contains("Ingen händelse i loggen är daterad senare än den togs emot."));
    assert!(
        said(1, Lang::Sv).contains("1 händelse i loggen är daterad senare, och räknas när den togs emot.")
    );
    assert!(said(1_234, Lang::Sv).contains("1\u{a0}234 händelser i loggen är daterade senare"));
    assert!(said(0, Lang::En).contains("No statement in the log is dated later"));
    assert!(
        said(2, Lang::En)
            .contains("2 statements in the log are dated later, and count when they were received.")
    );
}

#[test]
fn a_unit_s_report_holds_that_unit_and_what_is_below_it() {
    let released = gate("default").apply(common::competence()).unwrap();
    let view = View::of_unit(&released, Lang::Sv, "CENTRUM").unwrap();
    let page = document(&view, Stylesheet::Inline);
    assert!(
        page.contains("Kvarnskolan") && !page.contains("Näs skola") && !page.contains("Rektorsområde Norr")
    );
    assert!(!json(&view).contains("NORR") && View::of_unit(&released, Lang::Sv, "okänd").is_none());
}

#[test]
fn a_view_of_some_sections_and_kinds_of_units_holds_those_alone_in_every_form() {
    let released = gate("default").apply(common::competence()).unwrap();
    let whole = || View::new(&released, Lang::En);
    let id = released.sections()[1].id().to_owned();
    let view = whole().of_sections(std::slice::from_ref(&id)).unwrap();
    let sections = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["sections"].clone();
    let (some, all) = (sections(&json(&view)), sections(&json(&whole())));
    assert_eq!(some.as_array().unwrap().as_slice(), &all.as_array().unwrap()[1..2]);
    let first = |csv: &[u8]| -> std::collections::BTreeSet<String> {
        let rows = std::str::from_utf8(csv).unwrap().lines().skip(1);
        rows.filter_map(|row| row.split(',').next().map(str::to_owned)).collect()
    };
    assert_eq!(first(&csv(&view)), ["about".to_owned(), id].into());
    let page = document(&view, Stylesheet::Inline);
    for (place, section) in released.sections().iter().enumerate() {
        assert_eq!(page.contains(section.title().get(Lang::En)), place == 1, "{}", section.id());
    }

    let areas = whole().of_kinds(&["rektorsomrade".to_owned()]).unwrap();
    let page = document(&areas, Stylesheet::Inline);
    assert!(
        page.contains("Rektorsområde Norr")
            && page.contains("Lärkby kommun")
            && !page.contains("Kvarnskolan")
    );
    assert!(!json(&areas).contains("Kvarnskolan"));
    let missing = whole().of_kinds(&["area".to_owned()]).unwrap_err().to_string();
    assert!(missing.contains("no area") && missing.contains("rektorsomrade"), "{missing}");
    assert!(
        whole()
            .of_sections(&["levels".to_owned()])
            .unwrap_err()
            .to_string()
            .contains(released.sections()[0].id())
    );
}

mod contrast {
    use std::collections::BTreeMap;

    fn tokens(css: &str) -> BTreeMap<String, String> {
        let line = |line: &str| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(':')?;
            Some((name.to_owned(), value.trim().trim_end_matches(';').to_owned()))
        };
        css.lines().filter_map(line).collect()
    }

    /// Relative luminance (WCAG 2.1).
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
    }

    fn ratio(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_and_marks_stand_out_in_light_and_in_dark() {
        let css = include_str!("../assets/style.css");
        let (light, rest) = css.split_once("@media screen and (prefers-color-scheme: dark)").unwrap();
        let (light, dark) = (tokens(light), tokens(rest.split_once("/* Ground */").unwrap().0));
        assert_eq!(
            light.keys().collect::<Vec<_>>(),
            dark.keys().collect::<Vec<_>>(),
            "both schemes name every token"
        );
        let mut wrong = Vec::new();
        for (scheme, colours) in [("light", &light), ("dark", &dark)] {
            let mut expect = |least: f64, a: &str, b: &str| {
                let found = ratio(&colours[a], &colours[b]);
                if found < least {
                    wrong.push(format!("{scheme}: {a} on {b} is {found:.2}, expected {least}"));
                }
            };
            for ground in ["paper", "raised"] {
                for text in ["ink", "quiet", "accent", "fault"] {
                    expect(4.5, text, ground);
                }
            }
            expect(4.5, "on-accent", "accent");
            expect(4.5, "on-neutral", "neutral");
            for mark in ["neutral", "edge", "focus", "accent", "fault"] {
                expect(3.0, mark, "paper");
            }
            expect(3.0, "level-2", "raised");
            for step in 1..=4 {
                expect(3.0, &format!("level-{step}"), "paper");
                expect(4.5, &format!("on-level-{step}"), &format!("level-{step}"));
                expect(4.5, if step == 4 { "on-shade-4" } else { "on-shade" }, &format!("shade-{step}"));
            }
            for side in ["negative", "positive"] {
                for step in 1..=3 {
                    expect(3.0, &format!("{side}-{step}"), "paper");
                    expect(4.5, &format!("on-{side}-{step}"), &format!("{side}-{step}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_four_levels_are_even_steps_of_lightness() {
        let css = include_str!("../assets/style.css");
        let (light, rest) = css.split_once("@media screen and (prefers-color-scheme: dark)").unwrap();
        for colours in [tokens(light), tokens(rest)] {
            let lightness = |step: usize| 116.0 * luminance(&colours[&format!("level-{step}")]).cbrt() - 16.0;
            let steps: Vec<f64> = (1..4).map(|step| lightness(step + 1) - lightness(step)).collect();
            assert!(
                steps.iter().all(|step| step.signum() == steps[0].signum() && step.abs() > 10.0),
                "{steps:?}"
            );
            let (least, most) =
                steps.iter().fold((f64::MAX, 0f64), |(l, m), s| (l.min(s.abs()), m.max(s.abs())));
            assert!(most / least < 1.25, "{steps:?}");
        }
    }
}

#[test]
fn a_form_is_found_by_its_name_and_by_no_other() {
    for format in Format::ALL {
        assert_eq!(Format::named(format.name()), Some(format));
        assert!(format.name().bytes().all(|c| c.is_ascii_lowercase()));
    }
    let names: BTreeSet<_> = Format::ALL.iter().map(|format| format.name()).collect();
    assert_eq!(names.len(), Format::ALL.len());
    assert_eq!(Format::named("HTML"), None);
}

#[test]
fn competences_are_ranked_by_what_needs_training_most_and_units_never() {
    let released = gate("default").apply(common::competence()).unwrap();
    let html = document(&View::new(&released, Lang::En), Stylesheet::Inline);
    let block =
        html.split("id=\"training\"").nth(1).and_then(|rest| rest.split("</section>").next()).unwrap();
    let tables: Vec<&str> = block.split("<table").skip(1).collect();
    assert_eq!(tables.len(), 2, "self-assessed and demonstrated apart");
    for table in tables {
        let shares: Vec<u32> = table
            .split("<small>")
            .skip(1)
            .map(|rest| rest.split('%').next().unwrap().parse().unwrap())
            .collect();
        assert!(shares.len() > 10 && shares.is_sorted(), "{shares:?}");
        assert!(!table.contains("Blåklintens") && !table.contains("href"));
    }
}
