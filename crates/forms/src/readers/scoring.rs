//! What figures are made with, in columns of the sheets that other programs take no notice of.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::choices::{Choice, texts};
use super::sheet::{Sheet, yes};
use crate::refusal::Refusals;
use crate::sidecar::{Code, Feed, Group, Index, Item, Scale, Score, Sidecar, Wording};

/// Columns of `survey` that say how a question is scored.
pub(super) const OF_QUESTIONS: [&str; 3] = ["reverse", "competence", "index"];
/// Columns of `choices` that make a list a scale.
const OF_CHOICES: [&str; 3] = ["score", "positive", "dont_know"];

/// A question with one of a list's choices as its answer, or a row of a matrix.
pub(super) struct Asked<'a> {
    /// Its name as an item.
    pub(super) item: String,
    pub(super) list: &'a str,
    pub(super) number: usize,
    pub(super) row: &'a [String],
}

/// The sheets.
pub(super) struct Sheets<'a> {
    pub(super) survey: &'a Sheet,
    pub(super) indexes: Option<&'a Sheet>,
    pub(super) settings: Option<&'a Sheet>,
    pub(super) groups: Option<&'a Sheet>,
}

/// Reads what is scored; none where nothing is.
pub(super) fn read(
    sheets: &Sheets<'_>,
    lists: &BTreeMap<String, Vec<Choice>>,
    asked: &[Asked<'_>],
    refusals: &mut Refusals,
) -> Option<Sidecar> {
    let setting = |name: &str| {
        let (_, row) = sheets.settings?.rows.first()?;
        Some(sheets.settings?.get(row, name)).filter(|text| !text.is_empty())
    };
    let mut sidecar = Sidecar::default();
    for (list, choices) in lists {
        if choices.iter().any(|choice| OF_CHOICES.iter().any(|column| choice.more.contains_key(*column))) {
            let codes = choices.iter().map(|choice| code(choice, refusals)).collect();
            sidecar.scales.push(Scale { id: list.clone(), codes });
        }
    }
    let mut named: Vec<(&str, Vec<String>)> = Vec::new();
    for one in asked {
        let cell = |column: &str| sheets.survey.get(one.row, column);
        if !sidecar.scales.iter().any(|scale| scale.id == one.list) {
            if let Some(column) = OF_QUESTIONS.iter().find(|column| !cell(column).is_empty()) {
                let (sv, en) = (
                    format!("listan {} har inga poäng: fyll i score i choices", one.list),
                    format!("the list {} has no scores: fill in score in choices", one.list),
                );
                refusals.add(&sheets.survey.place(one.number, column), sv, en);
            }
            continue;
        }
        let competence = Some(cell("competence")).filter(|text| !text.is_empty());
        if competence.is_some() && setting("framework").is_none() {
            refusals.add(
                &sheets.survey.place(one.number, "competence"),
                "inställningen framework saknas i settings, till exempel digcomp-3.0",
                "the setting framework is missing in settings, such as digcomp-3.0",
            );
        }
        let feeds = competence.map(|competence| Feed {
            framework: setting("framework").unwrap_or_default().to_owned(),
            competence: competence.to_owned(),
            levels: levels(&lists[one.list], refusals),
        });
        let item = Item { scale: one.list.to_owned(), reverse: yes(cell("reverse")), feeds };
        sidecar.items.insert(one.item.clone(), item);
        for index in cell("index").split_whitespace() {
            match named.iter_mut().find(|(name, _)| *name == index) {
                Some((_, items)) => items.push(one.item.clone()),
                None => named.push((index, vec![one.item.clone()])),
            }
        }
    }
    sidecar.indexes = indexes(sheets.indexes, named, refusals);
    sidecar.groups = groups(sheets.groups, refusals);
    sidecar.instrument = setting("instrument").map(str::to_owned);
    sidecar.source = sheets.settings.and_then(|sheet| {
        let (number, row) = sheet.rows.first()?;
        texts(sheet, *number, row, "source", refusals).map(wording)
    });
    (sidecar != Sidecar::default()).then_some(sidecar)
}

/// Groups of respondents in the order of their sheet.
fn groups(sheet: Option<&Sheet>, refusals: &mut Refusals) -> Vec<Group> {
    let rows = sheet.iter().flat_map(|sheet| sheet.rows.iter().map(move |row| (sheet, row)));
    let mut groups = Vec::new();
    for (sheet, (number, row)) in rows {
        for (column, _) in sheet.cells(row) {
            if !["name", "label"].contains(&column.split("::").next().unwrap_or_default()) {
                let what =
                    (format!("kolumnen {column} tas inte emot"), format!("the column {column} is not taken"));
                refusals.instead(&sheet.place(*number, column), what, ("name, label", "name, label"));
            }
        }
        let id = sheet.get(row, "name").to_owned();
        if id.is_empty() {
            refusals.add(&sheet.place(*number, "name"), "gruppen har inget namn", "the group has no name");
        }
        let title =
            texts(sheet, *number, row, "label", refusals).map_or_else(|| Wording::Plain(id.clone()), wording);
        groups.push(Group { id, title });
    }
    groups
}

fn wording(texts: Json) -> Wording {
    let Json::Object(texts) = texts else { return Wording::Plain(String::new()) };
    let mut texts: BTreeMap<String, String> = texts
        .into_iter()
        .map(|(language, text)| (language, text.as_str().unwrap_or_default().to_owned()))
        .collect();
    match texts.remove("default") {
        Some(plain) if texts.is_empty() => Wording::Plain(plain),
        _ => Wording::ByLanguage(texts),
    }
}

fn code(choice: &Choice, refusals: &mut Refusals) -> Code {
    let cell = |column: &str| choice.more.get(column).map_or("", String::as_str);
    let score = match cell("score") {
        "" => None,
        text => {
            let read = score(text);
            if read.is_none() {
                let (sv, en) = (
                    "ska vara ett tal: 4, 3,5 eller 10/3 (som text)",
                    "has to be a number: 4, 3.5 or 10/3 (as text)",
                );
                refusals.add(&format!("choices, {}, score", choice.number), sv, en);
            }
            read
        }
    };
    Code {
        code: choice.name.clone(),
        score,
        positive: yes(cell("positive")),
        dont_know: yes(cell("dont_know")),
    }
}

/// A score as people write it: a whole number, decimals, or a fraction.
fn score(text: &str) -> Option<Score> {
    if let Some((numerator, denominator)) = text.split_once('/') {
        let (numerator, denominator) = (numerator.trim().parse().ok()?, denominator.trim().parse().ok()?);
        return (denominator > 0).then_some(Score::Fraction(numerator, denominator));
    }
    let Some((whole, decimals)) = text.split_once(['.', ',']) else {
        return text.parse().ok().map(Score::Whole);
    };
    if decimals.is_empty() || decimals.len() > 6 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let denominator = 10_u32.pow(u32::try_from(decimals.len()).ok()?);
    Some(Score::Fraction(format!("{whole}{decimals}").parse().ok()?, denominator))
}

/// The level that each choice claims.
fn levels(choices: &[Choice], refusals: &mut Refusals) -> BTreeMap<String, u8> {
    let mut levels = BTreeMap::new();
    for choice in choices {
        match choice.more.get("level").map(|level| level.parse()) {
            None => {}
            Some(Ok(level)) => {
                levels.insert(choice.name.clone(), level);
            }
            Some(Err(_)) => refusals.add(
                &format!("choices, {}, level", choice.number),
                "ska vara en nivå: 1 till 8",
                "has to be a level: 1 to 8",
            ),
        }
    }
    levels
}

/// Indexes in the order of their sheet; those that have no row there are called what questions call them, and come first.
fn indexes(
    sheet: Option<&Sheet>,
    mut named: Vec<(&str, Vec<String>)>,
    refusals: &mut Refusals,
) -> Vec<Index> {
    let mut described = Vec::new();
    for (sheet, (number, row)) in
        sheet.iter().flat_map(|sheet| sheet.rows.iter().map(move |row| (sheet, row)))
    {
        let id = sheet.get(row, "name");
        let items = named.iter().position(|(name, _)| *name == id).map(|at| named.remove(at).1);
        let ends = match sheet.get(row, "ends") {
            "" => None,
            text => {
                let mut ends = text.split_whitespace().map(str::parse);
                let read = match (ends.next(), ends.next(), ends.next()) {
                    (Some(Ok(low)), Some(Ok(high)), None) => Some((low, high)),
                    _ => None,
                };
                if read.is_none() {
                    let (sv, en) = ("ska vara skalans ändar: 1 5", "has to be the ends of the scale: 1 5");
                    refusals.add(&sheet.place(*number, "ends"), sv, en);
                }
                read
            }
        };
        described.push(Index {
            id: id.to_owned(),
            title: texts(sheet, *number, row, "label", refusals)
                .map_or_else(|| Wording::Plain(id.to_owned()), wording),
            items: items.unwrap_or_default(),
            parts: sheet.get(row, "parts").split_whitespace().map(str::to_owned).collect(),
            by_items: yes(sheet.get(row, "by_items")),
            ends,
        });
    }
    let plain = named.into_iter().map(|(id, items)| Index {
        id: id.to_owned(),
        title: Wording::Plain(id.to_owned()),
        items,
        parts: Vec::new(),
        by_items: false,
        ends: None,
    });
    plain.chain(described).collect()
}
