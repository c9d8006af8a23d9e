//! XLSForm: a survey as a workbook, into SurveyJS JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::choices::{self, Choice, texts};
use super::matrix;
use super::offered;
use super::scoring::{self, Asked, OF_QUESTIONS, Sheets};
use super::settings;
use super::sheet::{Sheet, sheets};
use super::xpath::{Kind, Known, compute, translate};
use crate::question::RESPONDENT_GROUP;
use crate::refusal::{Refusal, Refusals};

const COLUMNS: &[&str] = &[
    "type",
    "name",
    "label",
    "hint",
    "relevant",
    "required",
    "required_message",
    "constraint",
    "constraint_message",
    "calculation",
    "appearance",
    "choice_filter",
    "parameters",
    // Of our own.
    "lowest",
    "highest",
    "max_length",
    "some",
    "as",
];
/// Translates a workbook (`.xlsx`, `.ods`) into a definition, as text, which [`register`](crate::register) takes.
///
/// # Errors
/// Everything that has no like in a definition, or means different things on phones and in browsers, with sheet, row and
/// column.
pub fn read_xlsform(workbook: &[u8]) -> Result<String, Vec<Refusal>> {
    let mut refusals = Refusals::default();
    let sheets = sheets(workbook, &["survey", "choices", "settings", "indexes", "groups"], &mut refusals);
    let named = |name: &str| sheets.iter().find(|sheet| sheet.name == name);
    let Some(survey) = named("survey") else {
        return Err(refusals.into_list());
    };
    for column in ["type", "name"] {
        if !survey.columns.iter().any(|name| name == column) {
            let what = (format!("kolumnen {column} saknas"), format!("the column {column} is missing"));
            let heads =
                |(_, row): &&(usize, Vec<String>)| row.iter().any(|cell| cell.to_lowercase() == column);
            match survey.rows.iter().find(heads) {
                Some((number, _)) => {
                    let first = (
                        format!("flytta rubrikerna på rad {number} till bladets första rad"),
                        format!("move the headings in row {number} to the sheet's first row"),
                    );
                    refusals.instead("survey", what, (&first.0, &first.1));
                }
                None => {
                    refusals.add("survey", what.0, what.1);
                }
            }
        }
    }
    let lists = named("choices").map(|sheet| choices::read(sheet, &mut refusals)).unwrap_or_default();
    let mut definition = Map::new();
    let paged = named("settings").is_some_and(|sheet| settings::read(sheet, &mut definition, &mut refusals));
    let (calculated, asked) = (Vec::new(), Vec::new());
    let mut reader = Reader {
        survey,
        lists: &lists,
        known: known(survey, named("groups").is_some()),
        refusals,
        calculated,
        asked,
    };
    let elements = reader.rows();
    match paged {
        true => definition.insert("pages".to_owned(), reader.pages(elements)),
        false => definition.insert("elements".to_owned(), elements.into()),
    };
    if !reader.calculated.is_empty() {
        definition.insert("calculatedValues".to_owned(), reader.calculated.into());
    }
    let sheets =
        Sheets { survey, indexes: named("indexes"), settings: named("settings"), groups: named("groups") };
    if let Some(sidecar) = scoring::read(&sheets, &lists, &reader.asked, &mut reader.refusals) {
        definition.insert("larka".to_owned(), json!(sidecar));
    }
    if reader.refusals.is_empty() {
        Ok(Json::Object(definition).to_string())
    } else {
        Err(reader.refusals.into_list())
    }
}

/// The first word of a type and its list, whatever of the older spellings it is in.
fn typed(cell: &str) -> (String, String, bool) {
    let cell = cell.replace("select one", "select_one").replace("select multiple", "select_multiple");
    let cell = cell.replace("begin group", "begin_group").replace("end group", "end_group");
    let mut words = cell.split_whitespace();
    let first = words.next().unwrap_or_default().to_owned();
    let list = words.next().unwrap_or_default().to_owned();
    (first, list, words.next() == Some("or_other"))
}

/// The questions; the respondent's group is known beside them where there are groups.
fn known(survey: &Sheet, grouped: bool) -> Known {
    let kind = |word: &str| {
        Some(match word {
            "select_one" => Kind::One,
            "select_multiple" | "rank" => Kind::Many,
            "integer" | "int" | "decimal" | "range" | "calculate" => Kind::Number,
            "date" => Kind::Date,
            "text" | "string" | "phone" => Kind::Text,
            "acknowledge" => Kind::One,
            _ => return None,
        })
    };
    let mut known = Known::new();
    if grouped {
        known.insert(RESPONDENT_GROUP.to_owned(), (Kind::One, RESPONDENT_GROUP.to_owned()));
    }
    // The group around whose questions are rows of a matrix.
    let mut table = None;
    for (_, row) in &survey.rows {
        let name = survey.get(row, "name");
        match typed(survey.get(row, "type")).0.as_str() {
            "begin_group" => table = (survey.get(row, "appearance") == "table-list").then_some(name),
            "end_group" => table = None,
            word => {
                if let Some(kind) = kind(word) {
                    let called = table.map_or(name.to_owned(), |table| format!("{table}.{name}"));
                    known.insert(name.to_owned(), (kind, called));
                }
            }
        }
    }
    known
}

struct Reader<'a> {
    survey: &'a Sheet,
    lists: &'a BTreeMap<String, Vec<Choice>>,
    known: Known,
    refusals: Refusals,
    calculated: Vec<Json>,
    /// What has one of a list's choices as its answer.
    asked: Vec<Asked<'a>>,
}

impl<'a> Reader<'a> {
    /// The rows, with what stands in groups inside those.
    fn rows(&mut self) -> Vec<Json> {
        let mut open: Vec<(Json, Vec<Json>)> = Vec::new();
        let mut elements: Vec<Json> = Vec::new();
        let survey = self.survey;
        for (number, row) in &survey.rows {
            let cell = survey.get(row, "type");
            let (word, list, or_other) = typed(cell);
            for (column, _) in survey.cells(row) {
                let base = column.split("::").next().unwrap_or_default();
                if !COLUMNS.contains(&base) && !OF_QUESTIONS.contains(&base) {
                    self.column(*number, column);
                }
            }
            match word.as_str() {
                "begin_group" => {
                    let kind = match survey.get(row, "appearance") {
                        "" | "field-list" => "panel",
                        "table-list" => "matrix",
                        _ => {
                            self.cell(
                                *number,
                                "appearance",
                                "utseendet tas inte emot; skriv frågorna var för sig",
                                "the appearance is not taken; write the questions one by one",
                            );
                            "panel"
                        }
                    };
                    let group = json!({"type": kind, "name": survey.get(row, "name")});
                    open.push((self.common(*number, row, group), std::mem::take(&mut elements)));
                }
                "end_group" => match open.pop() {
                    Some((mut group, around)) => {
                        let inside = std::mem::replace(&mut elements, around);
                        if group["type"] == "matrix" {
                            elements.extend(self.matrix(*number, group, &inside));
                        } else {
                            group["elements"] = inside.into();
                            elements.push(group);
                        }
                    }
                    None => self.cell(*number, "type", "ingen grupp är öppen", "no group is open"),
                },
                // For programs that know no groups of respondents: a name that conditions may have.
                "hidden"
                    if self.known.contains_key(RESPONDENT_GROUP)
                        && survey.get(row, "name") == RESPONDENT_GROUP => {}
                _ => elements.extend(self.question(*number, row, &word, &list, or_other)),
            }
        }
        while let Some((panel, around)) = open.pop() {
            let name = panel["name"].as_str().unwrap_or_default().to_owned();
            self.refusals.add(
                "survey",
                format!("gruppen {name} slutar inte"),
                format!("the group {name} has no end"),
            );
            elements = around;
        }
        elements
    }

    /// A group whose questions have the same choices (`table-list`), as one question with a row for each.
    fn matrix(&mut self, number: usize, group: Json, inside: &[Json]) -> Option<Json> {
        let name = group["name"].as_str().unwrap_or_default().to_owned();
        let Some(matrix) = matrix::matrix(group, inside) else {
            self.cell(
                number,
                "type",
                "i table-list får bara select_one med samma lista stå, alla krävda eller ingen, utan villkor och hjälptext",
                "in table-list only select_one of the same list may stand, all of them required or none, without condition and hint",
            );
            return None;
        };
        let rows = self.asked.len().saturating_sub(inside.len());
        for row in self.asked.iter_mut().skip(rows) {
            row.item = format!("{name}.{}", row.item);
        }
        Some(matrix)
    }

    /// Groups as pages (`style` is `pages`).
    fn pages(&mut self, elements: Vec<Json>) -> Json {
        let pages = elements.into_iter().map(|mut page| {
            match page.as_object_mut().filter(|page| page.get("type") == Some(&json!("panel"))) {
                Some(page) => drop(page.shift_remove("type")),
                None => {
                    let name = page["name"].as_str().unwrap_or_default().to_owned();
                    let (sv, en) = (
                        format!("{name} står inte i någon grupp, som stilen pages gör till sidor"),
                        format!("{name} is in no group, which the style pages makes pages of"),
                    );
                    self.refusals.add("survey", sv, en);
                }
            }
            page
        });
        pages.collect()
    }

    fn cell(&mut self, number: usize, column: &str, sv: &str, en: &str) {
        self.refusals.add(&self.survey.place(number, column), sv, en);
    }

    fn column(&mut self, number: usize, column: &str) {
        let what = (format!("kolumnen {column} tas inte emot"), format!("the column {column} is not taken"));
        let alike = COLUMNS.iter().find(|known| {
            let letters = |text: &str| {
                let mut letters: Vec<char> = text.chars().collect();
                letters.sort_unstable();
                letters.dedup();
                letters
            };
            known.len().abs_diff(column.len()) < 2 && letters(known) == letters(column)
        });
        let place = self.survey.place(number, column);
        match alike {
            Some(known) => self.refusals.instead(&place, what, (known, known)),
            None => self.refusals.instead(
                &place,
                what,
                ("ta bort det som står där", "take away what stands there"),
            ),
        }
    }

    fn condition(&mut self, number: usize, column: &str, text: &str, own: Option<&str>) -> Option<String> {
        match translate(text, &self.known, own) {
            Ok(translated) => Some(translated),
            Err(words) => {
                self.refusals.push(&self.survey.place(number, column), words, None);
                None
            }
        }
    }

    /// What all rows may have.
    fn common(&mut self, number: usize, row: &[String], mut element: Json) -> Json {
        let survey = self.survey;
        for (column, property) in
            [("label", "title"), ("hint", "description"), ("required_message", "requiredErrorText")]
        {
            if let Some(text) = texts(survey, number, row, column, &mut self.refusals) {
                element[property] = text;
            }
        }
        let relevant = survey.get(row, "relevant");
        if !relevant.is_empty() {
            element["visibleIf"] = self.condition(number, "relevant", relevant, None).into();
        }
        match survey.get(row, "required").to_lowercase().as_str() {
            "" | "no" | "false" | "0" | "false()" => {}
            "yes" | "true" | "1" | "true()" => element["isRequired"] = true.into(),
            _ => {
                let required = survey.get(row, "required");
                element["requiredIf"] = self.condition(number, "required", required, None).into();
            }
        }
        element
    }

    fn question(
        &mut self,
        number: usize,
        row: &'a [String],
        word: &str,
        list: &str,
        or_other: bool,
    ) -> Option<Json> {
        let survey = self.survey;
        let name = survey.get(row, "name");
        let appearance = survey.get(row, "appearance");
        let mut taken = vec![""];
        let mut element = match word {
            "select_one" => {
                taken.push("minimal");
                json!({"type": if appearance == "minimal" { "dropdown" } else { "radiogroup" }})
            }
            "select_multiple" => {
                taken.push("minimal");
                json!({"type": if appearance == "minimal" { "tagbox" } else { "checkbox" }})
            }
            "rank" => json!({"type": "ranking"}),
            "integer" | "int" => json!({"type": "text", "inputType": "number",
                "validators": [{"type": "expression", "expression": format!("{{{name}}} empty or {{{name}}} % 1 = 0")}]}),
            "decimal" => json!({"type": "text", "inputType": "number"}),
            "date" => json!({"type": "text", "inputType": "date"}),
            "text" | "string" => {
                taken.push("multiline");
                json!({"type": if appearance == "multiline" { "comment" } else { "text" }})
            }
            "phone" if list == "number" => json!({"type": "text", "inputType": "tel"}),
            "note" => json!({"type": "html"}),
            "acknowledge" => json!({"type": "checkbox", "choices": [{"value": "OK", "text": "OK"}]}),
            "range" => offered::range(survey, number, row, &mut self.refusals)?,
            "calculate" => {
                let calculation = survey.get(row, "calculation");
                if !survey.get(row, "relevant").is_empty() {
                    self.cell(
                        number,
                        "relevant",
                        "en beräkning med villkor tas inte emot",
                        "a calculation with a condition is not taken",
                    );
                }
                let expression = match compute(calculation, &self.known) {
                    Ok(expression) => expression,
                    Err(words) => {
                        self.refusals.push(&survey.place(number, "calculation"), words, None);
                        return None;
                    }
                };
                self.calculated
                    .push(json!({"name": name, "expression": expression, "includeIntoResult": true}));
                return None;
            }
            _ => {
                let what = (format!("typen {word} tas inte emot"), format!("the type {word} is not taken"));
                let instead = match word {
                    "email" => (
                        "text; email är metadata som aldrig frågas efter",
                        "text; email is metadata that is never asked",
                    ),
                    "start" | "end" | "today" | "deviceid" | "username" | "phonenumber" | "audit" => (
                        "ta bort raden: den kan peka ut den som svarar",
                        "take the row away: it may name who answers",
                    ),
                    _ => (
                        "select_one, select_multiple, rank, integer, decimal, date, text, phone number, note, range, calculate, acknowledge eller begin_group (exakt så skrivet)",
                        "select_one, select_multiple, rank, integer, decimal, date, text, phone number, note, range, calculate, acknowledge or begin_group (written exactly so)",
                    ),
                };
                self.refusals.instead(&survey.place(number, "type"), what, instead);
                return None;
            }
        };
        if !taken.contains(&appearance) {
            self.cell(number, "appearance", "utseendet tas inte emot", "the appearance is not taken");
        }
        element["name"] = json!(name);
        if matches!(word, "select_one" | "select_multiple" | "rank") {
            let Some((list, choices)) = self.lists.get_key_value(list) else {
                let (sv, en) = (
                    format!("listan {list} finns inte i choices"),
                    format!("there is no list {list} in choices"),
                );
                self.refusals.add(&survey.place(number, "type"), sv, en);
                return None;
            };
            offered::choices(survey, number, row, choices, &mut element, &mut self.refusals)?;
            if or_other && word != "rank" {
                element["showOtherItem"] = true.into();
            }
            if word == "select_one" {
                self.asked.push(Asked { item: name.to_owned(), list, number, row });
            }
        }
        offered::own(survey, number, row, &mut element, &mut self.refusals);
        let mut element = self.common(number, row, element);
        if word == "note" {
            let title =
                element.as_object_mut().and_then(|fields| fields.shift_remove("title")).unwrap_or(json!(""));
            element["html"] = escaped(title);
            if ["description", "isRequired", "requiredIf"].iter().any(|name| element.get(name).is_some()) {
                self.cell(
                    number,
                    "type",
                    "en text har varken hjälptext eller krav",
                    "a note has neither hint nor requirement",
                );
            }
        } else {
            self.constraint(number, row, name, &mut element);
        }
        Some(element)
    }

    fn constraint(&mut self, number: usize, row: &[String], name: &str, element: &mut Json) {
        let constraint = self.survey.get(row, "constraint");
        if constraint.is_empty() {
            return;
        }
        let regex =
            constraint.strip_prefix("regex(.,").and_then(|rest| rest.strip_suffix(')')).map(str::trim);
        let mut validator = match regex.map(|pattern| pattern.trim_matches(['\'', '"'])) {
            Some(pattern) if pattern.starts_with('^') && pattern.ends_with('$') => {
                json!({"type": "regex", "regex": pattern})
            }
            Some(_) => {
                return self.cell(
                    number,
                    "constraint",
                    "mönstret ska börja med ^ och sluta med $; telefoner prövar hela texten, webbläsare en del",
                    "the pattern has to begin with ^ and end with $; phones try the whole text, browsers a part",
                );
            }
            None => match self.condition(number, "constraint", constraint, Some(name)) {
                Some(condition) => {
                    json!({"type": "expression", "expression": format!("{{{name}}} empty or {condition}")})
                }
                None => return,
            },
        };
        if let Some(text) = texts(self.survey, number, row, "constraint_message", &mut self.refusals) {
            validator["text"] = text;
        }
        match element.get_mut("validators").and_then(Json::as_array_mut) {
            Some(validators) => validators.push(validator),
            None => element["validators"] = json!([validator]),
        }
    }
}

fn escaped(text: Json) -> Json {
    let escape = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>")
    };
    match text {
        Json::Object(languages) => languages
            .into_iter()
            .map(|(language, text)| (language, json!(escape(text.as_str().unwrap_or_default()))))
            .collect(),
        other => json!(escape(other.as_str().unwrap_or_default())),
    }
}
