//! How long a workbook of 50,000 rows takes, beside the library alone with the same cells; each the best of five:
//! `cargo build --release --workspace --examples`, then `target/release/examples/xlsx_speed`, with a smaller number of questions (500) behind it for a try.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement, run by hand"
)]

use std::time::{Duration, Instant};

use disclosure::{
    Atom, Category, Figure, Gate, Geometry, Identity, Item, Lang, Measure, Population, Preset, ReportKind,
    ResultTable, Role, Section, Share, Text,
};
use render::View;
use rust_xlsxwriter::{Table, Workbook};

const UNITS: usize = 99;
const ITEMS: usize = 500;
const N: u64 = 60;

fn population(code: String, parent: Option<usize>, base: u64) -> Population {
    let kind = if parent.is_some() { "skola" } else { "huvudman" };
    Population {
        label: Text::sv(format!("Enhet {code}")),
        code,
        geometry: Geometry::Tree,
        parent,
        also_in: None,
        kind: kind.into(),
        order: 0,
        base,
    }
}

fn table(items: usize) -> ResultTable {
    let total = N * UNITS as u64;
    let mut populations = vec![population("L".into(), None, total)];
    populations.extend((1..=UNITS).map(|unit| population(format!("S{unit:03}"), Some(0), N)));
    let item = |item| Item {
        code: format!("q{item}"),
        label: Text::new(format!("Fråga {item}"), format!("Question {item}")),
        group: None,
        target: None,
    };
    let mut section = Section::new(
        "questions",
        Text::new("Frågor", "Questions"),
        Measure::Likert,
        (0..items).map(item).collect(),
    );
    let roles = [Role::Negative, Role::Negative, Role::Positive, Role::Positive];
    section.categories = roles
        .into_iter()
        .enumerate()
        .map(|(code, role)| Category {
            code: code.to_string(),
            label: Text::sv(format!("Svar {code}")),
            role,
        })
        .collect();
    for item in 0..items {
        for (place, population) in populations.iter().enumerate() {
            let fifth = population.base / 5;
            let counts = vec![fifth, fifth, fifth, population.base - 3 * fifth];
            let positive = Some(Share { part: counts[2] + counts[3], of: population.base });
            let figure = Figure::of(place, item, population.base, population.base);
            section.figures.push(Figure { counts, positive, ..figure });
        }
    }
    ResultTable {
        kind: ReportKind::Survey,
        title: Text::sv("Mätning"),
        subtitle: Text::sv(""),
        sources: Vec::new(),
        place: Text::sv("Lärkby kommun"),
        period: Text::sv("2026-06-12"),
        identity: Identity {
            position: 1,
            definition: "0".repeat(64),
            program: "larka".into(),
            horizon: 0,
            as_of: "2026-06-12".into(),
        },
        dated_ahead: 0,
        weights: None,
        outside: Vec::new(),
        rolls: vec![Atom::of_tree(&populations)],
        populations,
        sections: vec![section],
    }
}

/// The cells of the report's table, as the library takes them.
enum Cell {
    Number(f64),
    Text(String),
}

/// The library alone: with texts in their cells, with each text once, as the report has them, or so as one marked table.
#[derive(Clone, Copy, PartialEq)]
enum Alone {
    InCells,
    Once,
    Table,
}

fn alone(rows: &[Vec<Cell>], how: Alone) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = match how {
        Alone::InCells => book.add_worksheet_with_constant_memory(),
        Alone::Once | Alone::Table => book.add_worksheet_with_low_memory(),
    };
    let sheet = sheet.unwrap();
    if how == Alone::Table {
        sheet.add_table(0, 0, rows.len() as u32 - 1, rows[1].len() as u16 - 1, &Table::new()).unwrap();
    }
    // A table writes its heads itself.
    for (row, cells) in (0_u32..).zip(rows).skip((how == Alone::Table).into()) {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Number(number) => sheet.write_number(row, column, *number).unwrap(),
                Cell::Text(text) => sheet.write_string(row, column, text).unwrap(),
            };
        }
    }
    book.save_to_buffer().unwrap()
}

fn best(mut make: impl FnMut() -> usize) -> Duration {
    let once = |_| {
        let begun = Instant::now();
        std::hint::black_box(make());
        begun.elapsed()
    };
    (0..5).map(once).min().unwrap()
}

fn main() {
    let items = std::env::args().nth(1).map_or(ITEMS, |items| items.parse().unwrap());
    let released = Gate::new(Preset::named("gavle").unwrap()).apply(table(items)).unwrap();
    let view = View::new(&released, Lang::En);
    let csv = String::from_utf8(render::csv(&view)).unwrap();
    let cell = |text: &str| match text.parse() {
        Ok(number) => Cell::Number(number),
        Err(_) => Cell::Text(text.to_owned()),
    };
    // The labels have neither commas nor quotation marks.
    let of_questions = |line: &&str| line.starts_with("questions,") || line.contains("section_code");
    let rows: Vec<Vec<Cell>> =
        csv.lines().filter(of_questions).map(|line| line.split(',').skip(2).map(cell).collect()).collect();
    let ours = best(|| render::xlsx(&view).unwrap().len());
    println!("{} rows of {} cells; report {ours:.2?}", rows.len() - 1, rows[1].len());
    for (how, name) in [
        (Alone::InCells, "texts in their cells"),
        (Alone::Once, "each text once, as the report"),
        (Alone::Table, "so, as one table"),
    ] {
        let library = best(|| alone(&rows, how).len());
        let ratio = ours.as_secs_f64() / library.as_secs_f64();
        println!("library alone, {name}: {library:.2?}, {ratio:.2} times");
    }
}
