//! A file of answers as rows, whatever it is.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, Read as _};

use serde_json::Value as Json;

use super::excel;
use super::json::Objects;
use super::lines::{Input, Lines, unknown, unreadable};
use super::row::{Cell, EXPORT, Format, Row, broken, instead};
use super::structure::Structure;
use super::table::{Table, Writing};
use crate::refusal::Refusal;

/// The columns of a long table.
const LONG: [&str; 3] = ["respondent", "question", "answer"];
/// A column that a long table may have: when it was answered.
const TIME: &str = "time";
/// Most headings, or names in objects and long tables.
const MOST_HEADINGS: usize = 20_000;

/// A file that is read.
pub struct File {
    /// What it is.
    pub format: Format,
    /// What stands between its fields, where something does.
    pub separator: Option<char>,
    /// Its headings, or names met so far.
    pub headings: Vec<String>,
    places: HashMap<String, usize>,
    rows: Rows,
}

enum Rows {
    Table(Table),
    Objects(Objects),
    Sheet(std::vec::IntoIter<(u64, Vec<Cell>)>),
    Long(Long),
}

/// A long table, with the row that was read ahead.
struct Long {
    rows: Table,
    /// Where respondent, question, answer and time stand.
    columns: [Option<usize>; 4],
    ahead: Option<(u64, Vec<Cell>)>,
    /// Respondents that are done, by a hash.
    done: HashSet<u64>,
}

impl File {
    /// Sees what a file is, and reads its headings.
    ///
    /// # Errors
    /// It is none of those that are read, or one whose headings are texts.
    pub fn open(mut input: Input) -> Result<File, Refusal> {
        let failed = |error: &std::io::Error| unreadable(1, error);
        let ahead = input.fill_buf().map_err(|error| failed(&error))?;
        if ahead.starts_with(b"\xff\xfe") || ahead.starts_with(b"\xfe\xff") {
            let again = ("Spara den som UTF-8.", "Save it as UTF-8.");
            return Err(instead("1", ("texten är UTF-16", "the text is UTF-16"), again));
        }
        if ahead.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
        }
        let ahead = input.fill_buf().map_err(|error| failed(&error))?;
        if ahead.starts_with(b"PK") {
            let mut bytes = Vec::new();
            (&mut input).take(excel::MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
            if bytes.len() > excel::MAX_BYTES {
                let most = excel::MAX_BYTES;
                return Err(broken(1, format!("större än {most} byte"), format!("larger than {most} bytes")));
            }
            let (headings, rows) = excel::read(&bytes)?;
            return File::of(Format::Excel, None, headings, Rows::Sheet(rows.into_iter()));
        }
        if matches!(ahead.trim_ascii_start().first(), Some(b'{' | b'[')) {
            let (objects, limesurveys) = Objects::open(input)?;
            let format = if limesurveys { Format::Json } else { Format::SurveyJs };
            return File::of(format, None, Vec::new(), Rows::Objects(objects));
        }
        let table = Table::open(Lines::new(input))?;
        let place =
            |name: &str| table.headings.iter().position(|heading| heading.trim().eq_ignore_ascii_case(name));
        let columns = [place(LONG[0]), place(LONG[1]), place(LONG[2]), place(TIME)];
        let headings = table.headings.clone();
        match table.writing {
            Writing::Separated(_) if columns[..3].iter().all(Option::is_some) => {
                let headings = vec![LONG[0].to_owned(), TIME.to_owned()];
                let long = Long { rows: table, columns, ahead: None, done: HashSet::new() };
                File::of(Format::Long, None, headings, Rows::Long(long))
            }
            Writing::Separated(between) => {
                File::of(Format::Csv, Some(between as char), headings, Rows::Table(table))
            }
            Writing::Vv => File::of(Format::Vv, None, headings, Rows::Table(table)),
        }
    }

    fn of(
        format: Format,
        separator: Option<char>,
        headings: Vec<String>,
        rows: Rows,
    ) -> Result<File, Refusal> {
        let mut file = File { format, separator, headings: Vec::new(), places: HashMap::new(), rows };
        if matches!(format, Format::Csv | Format::Excel) {
            coded(&headings)?;
        }
        for heading in headings {
            // A code with its text behind it.
            let code = heading.split_once(". ").map_or(heading.as_str(), |(code, _)| code).trim().to_owned();
            if file.places.contains_key(&code) {
                let (sv, en) = (
                    format!("rubriken {code} står två gånger"),
                    format!("the heading {code} is there twice"),
                );
                return Err(broken(1, sv, en));
            }
            file.place(&code);
        }
        file.within(1)?;
        Ok(file)
    }

    /// Calls columns by the codes of their questions, where they have LimeSurvey's internal names (VV version 1).
    pub fn translate(&mut self, structure: &Structure) {
        for heading in &mut self.headings {
            if let Some(code) = structure.code(heading) {
                *heading = code;
            }
        }
        self.places = self.headings.iter().cloned().zip(0..).collect();
    }

    /// The place of a heading, which is new where it was not met before.
    fn place(&mut self, heading: &str) -> usize {
        if let Some(place) = self.places.get(heading) {
            return *place;
        }
        self.headings.push(heading.to_owned());
        self.places.insert(heading.to_owned(), self.headings.len() - 1);
        self.headings.len() - 1
    }

    /// Refuses more names than a survey has.
    fn within(&self, row: u64) -> Result<(), Refusal> {
        if self.headings.len() <= MOST_HEADINGS {
            return Ok(());
        }
        let (sv, en) = ("fler än", "more than");
        Err(broken(row, format!("{sv} {MOST_HEADINGS} kolumner"), format!("{en} {MOST_HEADINGS} columns")))
    }

    /// What the next respondent answered.
    ///
    /// # Errors
    /// The file is broken from there on, and nothing more can be read.
    pub fn row(&mut self) -> Result<Option<Row>, Refusal> {
        let wide = |(number, cells): (u64, Vec<Cell>)| Row {
            number,
            cells: cells.into_iter().enumerate().collect(),
        };
        match &mut self.rows {
            Rows::Table(table) => Ok(table.next()?.map(wide)),
            Rows::Sheet(rows) => Ok(rows.next().map(wide)),
            Rows::Objects(objects) => {
                let Some((number, object)) = objects.next()? else { return Ok(None) };
                if self.format == Format::Json && number == 1 {
                    coded(&object.keys().cloned().collect::<Vec<_>>())?;
                }
                let mut cells = Vec::with_capacity(object.len());
                for (name, value) in object {
                    cells.push((self.place(&name), of_json(value)));
                }
                self.within(number)?;
                Ok(Some(Row { number, cells }))
            }
            Rows::Long(_) => self.of_long(),
        }
    }

    /// The rows of one respondent, which stand together.
    fn of_long(&mut self) -> Result<Option<Row>, Refusal> {
        let mut found: Option<(String, Row)> = None;
        loop {
            let Rows::Long(long) = &mut self.rows else { return Ok(None) };
            let row = match long.ahead.take() {
                Some(row) => Some(row),
                None => long.rows.next()?,
            };
            let Some((number, cells)) = row else { break };
            let [who, question, answer, time] =
                long.columns.map(|at| at.and_then(|at| cells.get(at)).cloned());
            let who = who.and_then(|who| who.text()).unwrap_or_default();
            match &found {
                Some((one, _)) if *one != who => {
                    long.ahead = Some((number, cells));
                    break;
                }
                Some(_) => {}
                None => {
                    let mut hasher = DefaultHasher::new();
                    who.hash(&mut hasher);
                    if !long.done.insert(hasher.finish()) {
                        return Err(broken(
                            number,
                            "den svarandes rader står inte tillsammans; sortera tabellen på respondent",
                            "the respondent's rows do not stand together; sort the table by respondent",
                        ));
                    }
                    let cells = vec![(0, text_cell(&who)), (1, time.clone().unwrap_or(Cell::Unknown))];
                    found = Some((who, Row { number, cells }));
                }
            }
            let Some(question) = question.and_then(|question| question.text()) else {
                return Err(broken(number, "raden har ingen fråga (question)", "the row has no question"));
            };
            let place = self.place(question.trim());
            self.within(number)?;
            if let Some((_, row)) = &mut found {
                row.cells.push((place, answer.unwrap_or(Cell::Unknown)));
            }
        }
        Ok(found.map(|(_, row)| row))
    }
}

fn text_cell(text: &str) -> Cell {
    if text.is_empty() { Cell::Unknown } else { Cell::Answered(Json::from(text)) }
}

fn of_json(value: Json) -> Cell {
    match value {
        Json::Null => Cell::NotShown,
        Json::String(text) if text.is_empty() => Cell::Skipped,
        value => Cell::Answered(value),
    }
}

/// LimeSurvey's first column is `id`; as a text it has another name in every language.
fn coded(headings: &[String]) -> Result<(), Refusal> {
    let first = headings.first().map_or("", String::as_str);
    if first == "id" || first.starts_with("id. ") || headings.iter().any(|heading| heading == "submitdate") {
        return Ok(());
    }
    // LimeSurvey's texts stand beside brackets of texts, and there are more than a handful of its own columns.
    if headings.len() > 3 {
        return Err(instead(
            "1",
            (
                "rubrikerna är texter eller okända: LimeSurveys första kolumn heter id",
                "the headings are texts or unknown: LimeSurvey's first column is called id",
            ),
            EXPORT,
        ));
    }
    Err(unknown())
}
