//! Other people's figures in files: a plain table, and what Kolada's API v3 answers.

use std::collections::BTreeMap;

use domain::Text;
use domain::events::Statistic;
use domain::input::OutsideFigureInput;
use serde::Deserialize;

use crate::imports::tables::{Writing, parse};

/// The figures of a table with the columns `survey`, `item`, `statistic` (`positive` or `mean`), `whose`, `period` and `value`,
/// and, where they are about a unit, `unit`; `;` or `,` between cells, a row a line.
///
/// # Errors
/// Which line is wrong, and what was expected there.
pub(crate) fn table(bytes: &[u8]) -> Result<Vec<OutsideFigureInput>, String> {
    let rows = rows(bytes, &["survey", "item", "statistic", "whose", "period", "value"])?;
    let one = |(line, row): Row| {
        let cell = |name: &str| row.get(name).cloned().unwrap_or_default();
        Ok(OutsideFigureInput {
            survey: cell("survey"),
            item: cell("item"),
            statistic: statistic(line, &cell("statistic"))?,
            whose: Text {
                sv: cell("whose"),
                en: row.get("whose_en").cloned().filter(|name| !name.is_empty()),
            },
            period: cell("period"),
            value: cell("value"),
            unit: Some(cell("unit")).filter(|unit| !unit.is_empty()),
        })
    };
    rows.into_iter().map(one).collect()
}

/// What Kolada's API v3 answers: values by key figure, municipality and period.
#[derive(Deserialize)]
struct Answer {
    values: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    kpi: String,
    municipality: String,
    period: i64,
    values: Vec<Valued>,
}

#[derive(Deserialize)]
struct Valued {
    gender: Option<String>,
    value: Option<serde_json::Number>,
}

/// Both sexes together.
const TOTAL: &str = "T";
const COUNTRY: (&str, &str) = ("0000", "Riket");

/// The figures of a file from Kolada; `items` is a table with the columns `kpi`, `survey`, `item` and `statistic`, `whose` are
/// names of municipalities as `CODE=NAME`. What has no value, of one sex, of a municipality without a name or of a key figure
/// that the table lacks is left out.
///
/// # Errors
/// It is no such file, or what is wrong with the table.
pub(crate) fn kolada(
    bytes: &[u8],
    items: &[u8],
    whose: &[String],
) -> Result<Vec<OutsideFigureInput>, String> {
    let answer: Answer = serde_json::from_slice(bytes)
        .map_err(|error| format!("expected what Kolada's API v3 answers to /v3/data/kpi: {error}"))?;
    let mut names: BTreeMap<&str, &str> = whose.iter().filter_map(|name| name.split_once('=')).collect();
    names.entry(COUNTRY.0).or_insert(COUNTRY.1);
    let questions = rows(items, &["kpi", "survey", "item", "statistic"])?;
    let mut figures = Vec::new();
    for series in &answer.values {
        let total = series.values.iter().find(|value| value.gender.as_deref().is_none_or(|of| of == TOTAL));
        let value = total.and_then(|total| total.value.as_ref());
        let (Some(value), Some(name)) = (value, names.get(series.municipality.as_str())) else { continue };
        for (line, row) in questions.iter().filter(|(_, row)| row.get("kpi") == Some(&series.kpi)) {
            let cell = |name: &str| row.get(name).cloned().unwrap_or_default();
            // Seven decimals, as Kolada's values are floating-point numbers.
            let value = value.as_f64().map_or_else(|| value.to_string(), |value| format!("{value:.7}"));
            figures.push(OutsideFigureInput {
                survey: cell("survey"),
                item: cell("item"),
                statistic: statistic(*line, &cell("statistic"))?,
                whose: Text { sv: (*name).to_owned(), en: None },
                period: series.period.to_string(),
                value,
                unit: None,
            });
        }
    }
    match figures.is_empty() {
        true => Err("it has no value of a key figure in the table and a municipality with a name".to_owned()),
        false => Ok(figures),
    }
}

fn statistic(line: usize, name: &str) -> Result<Statistic, String> {
    match name {
        "positive" => Ok(Statistic::Positive),
        "mean" => Ok(Statistic::Mean),
        _ => Err(format!("line {line}: expected positive or mean as statistic")),
    }
}

/// The line of a row, and its cells by the names of their columns.
type Row = (usize, BTreeMap<String, String>);

/// The rows of a table that has at least the columns wanted.
fn rows(bytes: &[u8], wanted: &[&str]) -> Result<Vec<Row>, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "expected a table in UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let (_, first) = lines.next().ok_or_else(|| "expected a table, and it is empty".to_owned())?;
    let writing = if first.contains(';') { Writing::Semicolon } else { Writing::Comma };
    let cells = |line: &str| -> Option<Vec<String>> {
        let cells = parse(line, writing)?;
        Some(cells.into_iter().map(|cell| cell.unwrap_or_default().trim().to_owned()).collect())
    };
    let heads = cells(first).unwrap_or_default();
    if let Some(missing) = wanted.iter().find(|name| !heads.iter().any(|head| head == *name)) {
        return Err(format!("line 1: expected a column {missing}"));
    }
    let row = |(number, line): (usize, &str)| match cells(line) {
        Some(cells) if cells.len() == heads.len() => Ok((number, heads.iter().cloned().zip(cells).collect())),
        _ => Err(format!("line {number}: expected {} cells", heads.len())),
    };
    lines.map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_by_the_names_of_its_columns() {
        let text = "\u{feff}item;survey;statistic;whose;period;value;unit\r\nq;s:1;positive;\"Riket; alla\";2025;85,2;\r\n\r\nx;s:1;mean;Skolan;2025;6.5;S1\r\n";
        let found = table(text.as_bytes()).unwrap();
        let said: Vec<_> = found
            .iter()
            .map(|f| (f.item.as_str(), f.whose.sv.as_str(), f.value.as_str(), f.unit.as_deref()))
            .collect();
        assert_eq!(said, [("q", "Riket; alla", "85,2", None), ("x", "Skolan", "6.5", Some("S1"))]);
        let wrong = |text: &str| table(text.as_bytes()).unwrap_err();
        assert_eq!(wrong("survey,item,statistic,whose,period\n"), "line 1: expected a column value");
        let head = "survey,item,statistic,whose,period,value\n";
        assert_eq!(wrong(&format!("{head}s,q,mean,R,2025\n")), "line 2: expected 6 cells");
        assert_eq!(
            wrong(&format!("{head}s,q,median,R,2025,1\n")),
            "line 2: expected positive or mean as statistic"
        );
    }

    #[test]
    fn kolada_is_read_by_key_figure_and_municipality() {
        let text = r#"{"count": 3, "values": [
            {"kpi": "N1", "municipality": "0000", "period": 2025, "values": [
                {"gender": "K", "value": 80.0, "status": "", "count": 1}, {"gender": "T", "value": 85.23, "status": "", "count": 1}]},
            {"kpi": "N1", "municipality": "0180", "period": 2025, "values": [{"gender": "T", "value": null, "status": "Missing", "count": 0}]},
            {"kpi": "N1", "municipality": "2180", "period": 2025, "values": [{"gender": "T", "value": 81, "status": "", "count": 1}]},
            {"kpi": "N2", "municipality": "0000", "period": 2025, "values": [{"gender": "T", "value": 1, "status": "", "count": 1}]}
        ], "next_url": null}"#;
        let items = "kpi,survey,item,statistic\nN1,s:1,q,positive\n";
        let read = |whose: &[&str]| {
            let whose: Vec<String> = whose.iter().map(|name| (*name).to_owned()).collect();
            let found = kolada(text.as_bytes(), items.as_bytes(), &whose).unwrap();
            found.into_iter().map(|f| (f.whose.sv, f.period, f.value)).collect::<Vec<_>>()
        };
        let one = |whose: &str, value: &str| (whose.to_owned(), "2025".to_owned(), value.to_owned());
        assert_eq!(read(&[]), [one("Riket", "85.2300000")]);
        assert_eq!(read(&["2180=Gävle"]), [one("Riket", "85.2300000"), one("Gävle", "81.0000000")]);
        let none = kolada(text.as_bytes(), b"kpi,survey,item,statistic\nN9,s,q,mean\n", &[]).unwrap_err();
        assert!(none.contains("no value"), "{none}");
        assert!(kolada(b"{}", items.as_bytes(), &[]).unwrap_err().contains("API v3"));
    }
}
