//! From a file's rows to the answers of a definition, checked as all answers are.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use serde_json::{Map, Value as Json};

use super::code::{Unlike, chosen, member, plain, whole};
use super::file::File;
use super::heading::{Beside, Target, target};
use super::row::{Cell, Format, Row, instead};
use crate::answers::{Wrong, look};
use crate::definition::Definition;
use crate::question::{Input, Kind, Question, RESPONDENT_GROUP, Special};
use crate::refusal::Refusal;
use crate::values::date;
use crate::words::Words;

/// How a file is to be read.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// The column that says who answered.
    pub respondent: Option<String>,
    /// The column that says of which unit respondents are.
    pub unit: Option<String>,
    /// The column that says in which role.
    pub role: Option<String>,
    /// The group of respondents that each role is of, where the round has groups. A column of the name
    /// [`RESPONDENT_GROUP`] says it as well.
    pub groups: BTreeMap<String, String>,
    /// The group that all are of, where it is one.
    pub group: Option<String>,
    /// Columns that are left out though they may hold answers.
    pub left_out: Vec<String>,
    /// Whether answers that were not sent in count, as far as they go.
    pub incomplete: bool,
    /// The time in Sweden of what has none in the file.
    pub now: NaiveDateTime,
}

/// How far an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// Sent in; a file that says nothing of it has only such.
    Whole,
    /// Begun and not sent in.
    Part,
    /// Nothing was answered.
    Empty,
}

/// What one respondent answered, against the definition.
#[derive(Debug, Clone)]
pub struct Filed {
    /// The row of the file.
    pub row: u64,
    /// Who, as it stands in the column that was asked for.
    pub respondent: Option<String>,
    /// Of which unit, where that column was asked for.
    pub unit: Option<String>,
    /// In which role, where that column was asked for.
    pub role: Option<String>,
    /// When, as the file has it: the clock of the machine that it comes from.
    pub at: Option<NaiveDateTime>,
    /// How far it came.
    pub came: Came,
    /// What is kept; or what of it cannot be taken, by question or column, never with the answer.
    pub answers: Result<Map<String, Json>, Vec<(String, Words)>>,
}

/// What was counted of a column or question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// Cells with an answer.
    pub answered: u64,
    /// Shown and left out.
    pub skipped: u64,
    /// Not shown.
    pub not_shown: u64,
    /// Nothing, and not known which of the two.
    pub unknown: u64,
}

/// A file that is read against a definition.
pub struct Reading<'d> {
    definition: &'d Definition,
    file: File,
    terms: Terms,
    targets: Vec<Target>,
    /// Counts by heading.
    counts: Vec<Count>,
    /// How many answers were dropped as the definition does not show their questions, by question.
    hidden: BTreeMap<String, u64>,
}

/// An answer in the making.
#[derive(Default)]
struct Draft {
    answers: Map<String, Json>,
    ranks: BTreeMap<usize, Vec<(usize, Json)>>,
    wrong: Vec<(String, Words)>,
    complete: Option<bool>,
    at: Option<NaiveDateTime>,
    touched: Option<NaiveDateTime>,
    respondent: Option<String>,
    unit: Option<String>,
    role: Option<String>,
    group: Option<String>,
}

/// What LimeSurvey writes for a day of sending in where it keeps none.
const NO_DAY: &str = "1980-01-01 00:00:00";
impl<'d> Reading<'d> {
    /// Reads a file's headings against a definition.
    ///
    /// # Errors
    /// The file cannot be read as what it is, or has no column of respondents though one was asked for.
    pub fn open(definition: &'d Definition, file: File, terms: Terms) -> Result<Reading<'d>, Refusal> {
        let mut reading = Reading {
            definition,
            file,
            terms,
            targets: Vec::new(),
            counts: Vec::new(),
            hidden: BTreeMap::new(),
        };
        reading.find_targets();
        if reading.file.format == Format::Vv {
            reading.refuse_internal_names()?;
        }
        Ok(reading)
    }

    /// What the file is.
    pub fn format(&self) -> Format {
        self.file.format
    }

    /// What stands between its fields, where something does.
    pub fn separator(&self) -> Option<char> {
        self.file.separator
    }

    /// Whether there is such a column.
    pub fn has(&self, column: &str) -> bool {
        self.file.headings.iter().any(|heading| heading == column)
    }

    /// Headings that no question is called by, though there are answers under them.
    pub fn unknown(&self) -> Vec<&str> {
        let of = |(at, target): (usize, &Target)| {
            (*target == Target::Unknown && self.counts[at].answered > 0)
                .then(|| self.file.headings[at].as_str())
        };
        self.targets.iter().enumerate().filter_map(of).collect()
    }

    /// Columns that are not answers, why, and how many cells of each are filled.
    pub fn beside(&self) -> Vec<(&str, Beside, u64)> {
        let of = |(at, target): (usize, &Target)| match target {
            Target::Beside(why) => Some((self.file.headings[at].as_str(), *why, self.counts[at].answered)),
            _ => None,
        };
        self.targets.iter().enumerate().filter_map(of).collect()
    }

    /// What was counted of each column with answers.
    pub fn counts(&self) -> impl Iterator<Item = (&str, &Count)> {
        let answers = self.targets.iter().zip(&self.counts).zip(&self.file.headings);
        answers
            .filter(|((target, _), _)| !matches!(target, Target::Beside(_) | Target::Unknown))
            .map(|((_, count), heading)| (heading.as_str(), count))
    }

    /// How many answers were dropped as the definition does not show their questions, by question.
    pub fn hidden(&self) -> &BTreeMap<String, u64> {
        &self.hidden
    }

    /// What the next respondent answered.
    ///
    /// # Errors
    /// The file is broken, or one whose answers are not codes: nothing of it can be taken.
    pub fn answer(&mut self) -> Result<Option<Filed>, Refusal> {
        let Some(row) = self.file.row()? else { return Ok(None) };
        self.find_targets();
        let Row { number, cells } = row;
        let mut draft = Draft::default();
        for (heading, cell) in cells {
            self.cell(number, heading, cell, &mut draft)?;
        }
        Ok(Some(self.filed(number, draft)))
    }

    /// Finds out what headings stand for that are new.
    fn find_targets(&mut self) {
        let headings = &self.file.headings;
        for heading in &headings[self.targets.len()..] {
            let said = |name: &String| name == heading;
            let target = if self.terms.respondent.as_ref().is_some_and(said) {
                Target::Beside(Beside::Respondent)
            } else if [&self.terms.unit, &self.terms.role].into_iter().flatten().any(said) {
                Target::Beside(Beside::Place)
            } else if self.terms.left_out.iter().any(said) {
                Target::Beside(Beside::AsAsked)
            } else if self.file.format == Format::Long && self.targets.len() < 2 {
                Target::Beside(if self.targets.is_empty() { Beside::Identity } else { Beside::Time })
            } else {
                target(self.definition, self.file.format, heading, headings)
            };
            self.targets.push(target);
            self.counts.push(Count::default());
        }
    }

    /// VV of version 1 names columns by numbers that only the other survey knows.
    fn refuse_internal_names(&self) -> Result<(), Refusal> {
        let internal = |heading: &String| {
            let numbers: Vec<&str> = heading.splitn(3, 'X').collect();
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            numbers.len() == 3 && digits(numbers[0]) && digits(numbers[1])
        };
        if !self.file.headings.iter().any(internal) {
            return Ok(());
        }
        let what = (
            "filen är VV version 1: kolumnerna heter som LimeSurvey kallar dem inom sig, inte som frågorna",
            "the file is VV version 1: columns are called as LimeSurvey calls them inside, not as the questions",
        );
        let again = (
            "Exportera VV version 2, eller lägg enkätens struktur till (--structure FIL.lss).",
            "Export VV version 2, or add the survey's structure (--structure FILE.lss).",
        );
        Err(instead("1", what, again))
    }

    fn cell(&mut self, row: u64, heading: usize, cell: Cell, draft: &mut Draft) -> Result<(), Refusal> {
        let target = self.targets[heading].clone();
        let cell = self.told(&target, cell);
        let count = &mut self.counts[heading];
        match &cell {
            Cell::Answered(_) | Cell::Lost => count.answered += 1,
            Cell::Skipped => count.skipped += 1,
            Cell::NotShown => count.not_shown += 1,
            Cell::Unknown => count.unknown += 1,
        }
        if let Target::Beside(beside) = target {
            self.beside_answers(heading, beside, &cell, draft);
            return Ok(());
        }
        let name = &self.file.headings[heading];
        let value = match cell {
            Cell::Answered(value) => value,
            Cell::Lost => {
                let (sv, en) = (
                    "svaret är en formel eller ett fel i arbetsboken; exportera till CSV",
                    "the answer is a formula or an error in the workbook; export to CSV",
                );
                draft.wrong.push((name.clone(), Words::new(sv, en)));
                return Ok(());
            }
            _ => return Ok(()),
        };
        let definition = self.definition;
        let texts = self.file.format != Format::SurveyJs;
        let unusable = |found: Unlike| found.refuse(row, name);
        match target {
            Target::Whole(at) => {
                let question = &definition.questions[at];
                let value = if texts { whole(question, value).map_err(unusable)? } else { Some(value) };
                let several = matches!(&question.kind, Kind::Choice(choice) if choice.several);
                match value {
                    // A long table has a row for each choice.
                    Some(value) if several && texts && !value.is_array() => {
                        push(&mut draft.answers, question, value)
                    }
                    Some(value) => {
                        draft.answers.insert(question.name.clone(), value);
                    }
                    None => {}
                }
            }
            Target::Choice(at, place) => {
                let question = &definition.questions[at];
                if chosen(&value).map_err(unusable)? {
                    push(&mut draft.answers, question, question.choices()[place].value.clone());
                }
            }
            Target::Other(at) => {
                let question = &definition.questions[at];
                if matches!(&question.kind, Kind::Choice(choice) if choice.several) {
                    let other =
                        question.choices().iter().find(|choice| choice.special == Some(Special::Other));
                    other
                        .into_iter()
                        .for_each(|other| push(&mut draft.answers, question, other.value.clone()));
                }
                draft.answers.insert(question.comment_key(), plain(value));
            }
            Target::Comment(at) => {
                draft.answers.insert(definition.questions[at].comment_key(), plain(value));
            }
            Target::Row(at, place) => {
                let question = &definition.questions[at];
                let value = member(question.choices(), value).map_err(unusable)?;
                let rows =
                    draft.answers.entry(question.name.clone()).or_insert_with(|| Json::Object(Map::new()));
                if let Json::Object(rows) = rows {
                    rows.insert(question.rows()[place].code(), value);
                }
            }
            Target::Rank(at, place) => {
                let value = member(definition.questions[at].choices(), value).map_err(unusable)?;
                draft.ranks.entry(at).or_default().push((place, value));
            }
            Target::Beside(_) | Target::Unknown => {}
        }
        Ok(())
    }

    /// What an empty cell can say: numbers and days that were skipped look as if they had not been shown.
    fn told(&self, target: &Target, cell: Cell) -> Cell {
        let blind = match target {
            Target::Whole(at) => matches!(
                &self.definition.questions[*at].kind,
                Kind::Text(field) if matches!(field.input, Input::Number | Input::Date | Input::Month)
            ),
            _ => false,
        };
        if cell == Cell::NotShown && (blind || self.file.format == Format::SurveyJs) {
            Cell::Unknown
        } else {
            cell
        }
    }

    fn beside_answers(&self, heading: usize, beside: Beside, cell: &Cell, draft: &mut Draft) {
        let name = self.file.headings[heading].as_str();
        let text = cell.text();
        if beside == Beside::Respondent {
            draft.respondent = text.clone().map(|text| text.trim().to_owned());
        }
        if beside == Beside::Group {
            draft.group = text.clone().map(|text| text.trim().to_owned());
        }
        if beside == Beside::Place {
            let said = text.clone().map(|text| text.trim().to_owned());
            let is_unit = self.terms.unit.as_deref() == Some(name);
            *(if is_unit { &mut draft.unit } else { &mut draft.role }) = said;
        }
        let day = text.as_deref().filter(|text| *text != NO_DAY).and_then(date);
        match (self.file.format, name) {
            (Format::Long, "time") => draft.at = day,
            (Format::SurveyJs | Format::Long, _) => {}
            (_, "submitdate") => {
                draft.complete = Some(text.is_some());
                draft.at = day;
            }
            (_, "datestamp") => draft.touched = day,
            _ => {}
        }
    }

    fn filed(&mut self, row: u64, draft: Draft) -> Filed {
        let Draft { mut answers, ranks, mut wrong, complete, at, touched, respondent, unit, role, group } =
            draft;
        for (question, mut places) in ranks {
            places.sort_by_key(|(place, _)| *place);
            let question = &self.definition.questions[question];
            let gap = places.iter().zip(1..).any(|((place, _), wanted)| *place != wanted);
            if gap {
                let (sv, en) = ("en plats i rangordningen är tom", "a place in the ranking is empty");
                wrong.push((question.name.clone(), Words::new(sv, en)));
            }
            answers.insert(question.name.clone(), places.into_iter().map(|(_, choice)| choice).collect());
        }
        let came = match complete {
            _ if answers.is_empty() && wrong.is_empty() => Came::Empty,
            Some(false) => Came::Part,
            _ => Came::Whole,
        };
        let at = at.or(touched);
        if !self.definition.sidecar.groups.is_empty() && came != Came::Empty {
            let of_role = || self.terms.groups.get(role.as_ref()?).cloned();
            match group.or_else(of_role).or_else(|| self.terms.group.clone()) {
                Some(group) => drop(answers.insert(RESPONDENT_GROUP.to_owned(), group.into())),
                None => {
                    let (sv, en) = (
                        "det står inte vilken grupp av svarande",
                        "it does not say which group of respondents",
                    );
                    wrong.push((RESPONDENT_GROUP.to_owned(), Words::new(sv, en)));
                }
            }
        }
        let checked = look(self.definition, &answers, at.unwrap_or(self.terms.now)).check();
        for name in &checked.dropped {
            *self.hidden.entry(name.clone()).or_default() += 1;
        }
        let part = came == Came::Part && self.terms.incomplete;
        let missing =
            |wrong: &Wrong| matches!(wrong, Wrong::Required | Wrong::RequiredInside | Wrong::EveryRow);
        let faults = checked.faults.iter().filter(|fault| !(part && missing(&fault.wrong)));
        wrong.extend(faults.map(|fault| {
            let place = match &fault.row {
                Some(row) => format!("{}.{row}", fault.name),
                None => fault.name.clone(),
            };
            (place, fault.wrong.words())
        }));
        let answers = if wrong.is_empty() { Ok(checked.kept) } else { Err(wrong) };
        Filed { row, respondent, unit, role, at, came, answers }
    }
}

fn push(answers: &mut Map<String, Json>, question: &Question, value: Json) {
    let items = answers.entry(question.name.clone()).or_insert_with(|| Json::Array(Vec::new()));
    if let Json::Array(items) = items {
        items.push(value);
    }
}
