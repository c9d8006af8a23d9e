//! The rows of the sheet of questions.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::choices::{Choice, texts};
use super::columns;
use super::constraint;
use super::matrix;
use super::offered;
use super::places::{ROW, row_of};
use super::scoring::Asked;
use super::sheet::Sheet;
use super::typed::typed;
use super::xpath::{Known, compute, translate};
use crate::question::RESPONDENT_GROUP;
use crate::refusal::Refusals;

/// The questions in the making.
pub(super) struct Reader<'a> {
    pub(super) survey: &'a Sheet,
    pub(super) lists: &'a BTreeMap<String, Vec<Choice>>,
    pub(super) known: Known,
    pub(super) refusals: Refusals,
    pub(super) calculated: Vec<Json>,
    /// Whether a group is left out of what is read, with its names.
    pub(super) partial: bool,
    /// What has one of a list's choices as its answer.
    pub(super) asked: Vec<Asked<'a>>,
}

impl<'a> Reader<'a> {
    /// The rows, with what stands in groups inside those.
    pub(super) fn rows(&mut self) -> Vec<Json> {
        let mut open: Vec<(Json, Vec<Json>)> = Vec::new();
        let mut elements: Vec<Json> = Vec::new();
        let survey = self.survey;
        for (number, row) in &survey.rows {
            let cell = survey.get(row, "type");
            let (word, list, or_other) = typed(cell);
            columns::check(survey, *number, row, &mut self.refusals);
            match word.as_str() {
                "begin_group" => {
                    let kind = match survey.get(row, "appearance") {
                        "" | "field-list" => "panel",
                        "table-list" => "matrix",
                        _ => {
                            self.appearance(*number, row, ["field-list", "table-list"].as_slice());
                            "panel"
                        }
                    };
                    let group = json!({"type": kind, "name": survey.get(row, "name"), ROW: number});
                    self.name(*number, row);
                    open.push((self.common(*number, row, group), std::mem::take(&mut elements)));
                }
                "end_group" => match open.pop() {
                    Some((group, around)) => {
                        let inside = std::mem::replace(&mut elements, around);
                        elements.extend(self.group(*number, group, inside));
                    }
                    None => self.cell(*number, "type", "ingen grupp är öppen", "no group is open"),
                },
                // For programs that know no groups of respondents: a name that conditions may have.
                "hidden"
                    if self.known.contains_key(RESPONDENT_GROUP)
                        && survey.get(row, "name") == RESPONDENT_GROUP => {}
                _ => {
                    let question = self.question(*number, row, &word, &list, or_other);
                    // What is refused keeps its name, which conditions may say.
                    let name = survey.get(row, "name");
                    let kept = word != "calculate" && !name.is_empty();
                    let named = || json!({"type": "text", "name": name, ROW: number});
                    elements.extend(question.or_else(|| kept.then(named)));
                }
            }
        }
        while let Some((group, around)) = open.pop() {
            let name = group["name"].as_str().unwrap_or_default();
            let what = (format!("gruppen {name} slutar inte"), format!("the group {name} has no end"));
            let end = (
                "skriv en rad med end_group efter dess sista fråga",
                "write a row with end_group after its last question",
            );
            self.refusals.instead(&self.survey.place(row_of(&group), "type"), what, end);
            let inside = std::mem::replace(&mut elements, around);
            elements.extend(self.group(row_of(&group), group, inside));
        }
        elements
    }

    fn group(&mut self, number: usize, mut group: Json, inside: Vec<Json>) -> Option<Json> {
        if group["type"] == "matrix" {
            let matrix = self.matrix(number, group, &inside);
            self.partial |= matrix.is_none();
            return matrix;
        }
        group["elements"] = inside.into();
        Some(group)
    }

    /// Names are those of XML.
    fn name(&mut self, number: usize, row: &[String]) {
        let name = self.survey.get(row, "name");
        let fits = |(at, c): (usize, char)| {
            c == '_'
                || c.is_alphabetic()
                || (at > 0
                    && (c.is_alphanumeric()
                        || unicode_normalization::char::is_combining_mark(c)
                        || "-.".contains(c)))
        };
        if !name.chars().enumerate().all(fits) {
            let what =
                (format!("namnet {name} går inte att använda"), format!("the name {name} cannot be used"));
            let instead = (
                "en bokstav eller _, sedan bokstäver, siffror, _, - och punkt, utan blanktecken",
                "a letter or _, then letters, digits, _, - and points, without blanks",
            );
            self.refusals.instead(&self.survey.place(number, "name"), what, instead);
        }
    }

    fn appearance(&mut self, number: usize, row: &[String], taken: &[&str]) {
        let appearance = self.survey.get(row, "appearance");
        let what = (
            format!("utseendet {appearance} tas inte emot"),
            format!("the appearance {appearance} is not taken"),
        );
        let (mut sv, mut en) = ("ta bort det".to_owned(), "take it away".to_owned());
        if !taken.is_empty() {
            sv.push_str(&format!(", eller skriv {}", taken.join(" eller ")));
            en.push_str(&format!(", or write {}", taken.join(" or ")));
        }
        self.refusals.instead(&self.survey.place(number, "appearance"), what, (&sv, &en));
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
    pub(super) fn pages(&mut self, elements: Vec<Json>) -> Json {
        let pages = elements.into_iter().map(|mut page| {
            match page.as_object_mut().filter(|page| page.get("type") == Some(&json!("panel"))) {
                Some(page) => drop(page.shift_remove("type")),
                None => {
                    let name = page["name"].as_str().unwrap_or_default().to_owned();
                    let (sv, en) = (
                        format!("{name} står inte i någon grupp, som stilen pages gör till sidor"),
                        format!("{name} is in no group, which the style pages makes pages of"),
                    );
                    self.refusals.add(&self.survey.place(row_of(&page), "type"), sv, en);
                }
            }
            page
        });
        pages.collect()
    }

    fn cell(&mut self, number: usize, column: &str, sv: &str, en: &str) {
        self.refusals.add(&self.survey.place(number, column), sv, en);
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
            // Other programs take a bare word for the name of nothing.
            word if word.chars().all(char::is_alphanumeric) => self.cell(
                number,
                "required",
                "skriv yes eller no, eller ett villkor",
                "write yes or no, or a condition",
            ),
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
        self.name(number, row);
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
                        // Its name is known.
                        "0".to_owned()
                    }
                };
                self.calculated.push(
                    json!({"name": name, "expression": expression, "includeIntoResult": true, ROW: number}),
                );
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
            self.appearance(number, row, taken.get(1..).unwrap_or_default());
        }
        let labelled = |(column, _): (&str, &str)| column.split("::").next() == Some("label");
        if word != "note" && !survey.cells(row).any(labelled) {
            self.cell(number, "label", "frågan har ingen text", "the question has no text");
        }
        element["name"] = json!(name);
        element[ROW] = number.into();
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
            constraint::read(survey, number, row, &self.known, &mut element, &mut self.refusals);
        }
        Some(element)
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
