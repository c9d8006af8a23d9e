//! A definition as XLSForm.

use super::condition::xpath;
use super::lists::Lists;
use super::meaning::differences;
use super::workbook::{Row, Table, language_name, texts, workbook};
use crate::definition::{Definition, register};
use serde_json::Value as Json;

use crate::question::{
    Choice, Condition, Conditions, Element, Input, Kind, Page, Question, RESPONDENT_GROUP, Rule,
};
use crate::readers::read_xlsform;
use crate::refusal::{Refusal, Refusals};
use crate::sidecar::Wording;

const SURVEY: &[&str] = &[
    "type",
    "name",
    "label",
    "hint",
    "required",
    "required_message",
    "relevant",
    "appearance",
    "parameters",
    "reverse",
    "index",
    "competence",
    "lowest",
    "highest",
    "max_length",
    "some",
    "as",
];
const CHOICES: &[&str] =
    &["list_name", "name", "label", "special", "score", "positive", "dont_know", "level"];
const INDEXES: &[&str] = &["name", "label", "parts", "by_items", "ends"];
const GROUPS: &[&str] = &["name", "label"];
const SETTINGS: &[&str] = &[
    "form_title",
    "heading",
    "default_language",
    "style",
    "description",
    "source",
    "instrument",
    "framework",
];

/// Writes a definition as a workbook (`.xlsx`) that [`read_xlsform`] reads as the same: who does not program changes it there.
/// The same definition is the same bytes.
///
/// # Errors
/// Everything in it that a sheet does not say, by its place.
pub fn write_xlsform(definition: &Definition) -> Result<Vec<u8>, Vec<Refusal>> {
    let mut writer =
        Writer { definition, survey: Vec::new(), lists: Lists::new(definition), unsaid: Vec::new() };
    let groups = groups(definition);
    if !groups.is_empty() {
        writer.survey.push(row(&[("type", "hidden"), ("name", RESPONDENT_GROUP)]));
    }
    let paged = writer.pages();
    let settings = writer.settings(paged);
    let mut choices = Vec::new();
    for (list, rows) in writer.lists.all {
        choices.extend(rows.into_iter().map(|mut row| {
            row.insert("list_name".to_owned(), list.clone());
            row
        }));
    }
    let mut tables = vec![
        Table { name: "survey", columns: SURVEY, rows: writer.survey },
        Table { name: "choices", columns: CHOICES, rows: choices },
        Table { name: "indexes", columns: INDEXES, rows: indexes(definition) },
        Table { name: "settings", columns: SETTINGS, rows: vec![settings] },
    ];
    if !groups.is_empty() {
        tables.push(Table { name: "groups", columns: GROUPS, rows: groups });
    }
    let mut unsaid = writer.unsaid;
    let book = workbook(&tables, &definition.language).ok();
    // What was written is held against what it is read as: nothing is said otherwise in silence.
    if unsaid.is_empty() {
        let read = book.as_deref().map(read_xlsform).and_then(Result::ok);
        match read.and_then(|json| register(json.as_bytes(), None).ok()) {
            Some(read) => unsaid = differences(definition, &read),
            None => unsaid.push(String::new()),
        }
    }
    let mut refusals = Refusals::default();
    for place in unsaid {
        let what = ("ett kalkylblad kan inte säga detta", "a sheet cannot say this");
        refusals.add(&place, what.0, what.1);
    }
    book.filter(|_| refusals.is_empty()).ok_or_else(|| refusals.into_list())
}

struct Writer<'a> {
    definition: &'a Definition,
    survey: Vec<Row>,
    lists: Lists<'a>,
    /// Places of what a sheet has no like for.
    unsaid: Vec<String>,
}

fn length(into: &mut Row, most: Option<usize>) {
    into.insert("max_length".to_owned(), most.map_or(String::new(), |most| most.to_string()));
}

fn row(cells: &[(&str, &str)]) -> Row {
    cells.iter().map(|(column, cell)| ((*column).to_owned(), (*cell).to_owned())).collect()
}

impl Writer<'_> {
    /// All pages; whether groups stand for them.
    fn pages(&mut self) -> bool {
        let pages = &self.definition.pages;
        let plain = |page: &Page| {
            page.title.is_empty() && page.description.is_empty() && page.conditions.visible_if.is_none()
        };
        let paged = !matches!(pages.as_slice(), [page] if plain(page));
        for page in pages {
            if paged {
                let mut group =
                    row(&[("type", "begin_group"), ("name", &page.name), ("appearance", "field-list")]);
                self.texts(&mut group, "label", &page.title);
                self.texts(&mut group, "hint", &page.description);
                self.conditions(&mut group, &page.conditions);
                self.survey.push(group);
            }
            self.elements(&page.elements);
            if paged {
                self.survey.push(row(&[("type", "end_group")]));
            }
        }
        paged
    }

    fn elements(&mut self, elements: &[Element]) {
        for element in elements {
            match *element {
                Element::Question(place) => {
                    if let Some(question) = self.definition.questions.get(place) {
                        self.question(question);
                    }
                }
                Element::Panel(place) => {
                    let Some(panel) = self.definition.panels.get(place) else { continue };
                    let mut group = row(&[("type", "begin_group"), ("name", &panel.name)]);
                    self.texts(&mut group, "label", &panel.title);
                    self.texts(&mut group, "hint", &panel.description);
                    self.conditions(&mut group, &panel.conditions);
                    self.survey.push(group);
                    self.elements(&panel.elements);
                    self.survey.push(row(&[("type", "end_group")]));
                }
            }
        }
    }

    fn texts(&self, into: &mut Row, column: &str, text: &crate::Localised) {
        texts(into, column, text, self.definition);
    }

    fn conditions(&mut self, into: &mut Row, conditions: &Conditions) {
        let mut written = |column: &str, condition: &Option<Condition>| {
            let Some(condition) = condition else { return };
            match xpath(condition, self.definition) {
                Some(text) => drop(into.insert(column.to_owned(), text)),
                None => self.unsaid.push(condition.place.clone()),
            }
        };
        written("relevant", &conditions.visible_if);
        written("required", &conditions.required_if);
        if conditions.required {
            into.insert("required".to_owned(), "yes".to_owned());
        }
    }

    fn question(&mut self, question: &Question) {
        let mut cells = row(&[("name", &question.name)]);
        self.texts(&mut cells, "label", &question.title);
        self.texts(&mut cells, "hint", &question.description);
        if let Some(text) = &question.conditions.required_text {
            self.texts(&mut cells, "required_message", text);
        }
        self.conditions(&mut cells, &question.conditions);
        let mut appearance = "";
        let kind = match &question.kind {
            Kind::Matrix(_) => return self.matrix(question, cells),
            Kind::Choice(choice) => {
                appearance = if choice.menu { "minimal" } else { "" };
                let list = self.list(question, &question.name, &mut cells);
                format!("{} {list}", if choice.several { "select_multiple" } else { "select_one" })
            }
            Kind::Ranking(ranking) => {
                cells.insert("some".to_owned(), if ranking.selected { "yes" } else { "" }.to_owned());
                format!("rank {}", self.list(question, &question.name, &mut cells))
            }
            Kind::Boolean(boolean)
                if (&boolean.yes, &boolean.no) == (&Json::Bool(true), &Json::Bool(false)) =>
            {
                cells.insert("as".to_owned(), "boolean".to_owned());
                let choice = |value: &Json, label: &crate::Localised| Choice {
                    value: value.clone(),
                    label: label.clone(),
                    special: None,
                    visible_if: None,
                    enable_if: None,
                };
                let choices =
                    [choice(&boolean.yes, &boolean.yes_label), choice(&boolean.no, &boolean.no_label)];
                format!("select_one {}", self.lists.name(&question.name, &choices, None))
            }
            Kind::Rating(rating) => {
                self.texts(&mut cells, "lowest", &rating.lowest);
                self.texts(&mut cells, "highest", &rating.highest);
                let ends = [question.choices().first(), question.choices().get(1), question.choices().last()];
                let [Some(start), Some(next), Some(end)] = ends.map(|choice| choice?.value.as_f64()) else {
                    return self.unsaid.push(question.place.clone());
                };
                cells.insert(
                    "parameters".to_owned(),
                    format!("start={start} end={end} step={}", next - start),
                );
                "range".to_owned()
            }
            Kind::Text(field) => {
                length(&mut cells, field.max_length);
                match field.input {
                    Input::Text => "text",
                    Input::Date => "date",
                    Input::Tel => "phone number",
                    Input::Number
                        if question
                            .validators
                            .iter()
                            .any(|known| matches!(known.rule, Rule::Expression(_))) =>
                    {
                        "integer"
                    }
                    Input::Number => "decimal",
                    _ => return self.unsaid.push(question.place.clone()),
                }
                .to_owned()
            }
            Kind::Comment(field) => {
                length(&mut cells, field.max_length);
                appearance = "multiline";
                "text".to_owned()
            }
            Kind::Html(text) => {
                self.texts(&mut cells, "label", text);
                "note".to_owned()
            }
            Kind::Boolean(_) | Kind::Expression(_) => return self.unsaid.push(question.place.clone()),
        };
        cells.insert("type".to_owned(), kind);
        cells.insert("appearance".to_owned(), appearance.to_owned());
        self.survey.push(cells);
    }

    fn matrix(&mut self, question: &Question, mut group: Row) {
        group.remove("required");
        group.extend(row(&[("type", "begin_group"), ("appearance", "table-list")]));
        self.survey.push(group);
        for asked in question.rows() {
            let name = asked.code();
            let mut cells = row(&[("name", &name)]);
            self.texts(&mut cells, "label", &asked.label);
            if matches!(&question.kind, Kind::Matrix(matrix) if matrix.every_row) {
                cells.insert("required".to_owned(), "yes".to_owned());
            }
            let list = self.list(question, &format!("{}.{name}", question.name), &mut cells);
            cells.insert("type".to_owned(), format!("select_one {list}"));
            self.survey.push(cells);
        }
        self.survey.push(row(&[("type", "end_group")]));
    }

    /// The list of an item's choices, and how it is scored into its row.
    fn list(&mut self, question: &Question, name: &str, into: &mut Row) -> String {
        let sidecar = &self.definition.sidecar;
        let item = sidecar.items.get(name);
        if let Some(item) = item {
            let yes = if item.reverse { "yes" } else { "" };
            into.insert("reverse".to_owned(), yes.to_owned());
            let competence = item.feeds.as_ref().map_or("", |feed| &feed.competence);
            into.insert("competence".to_owned(), competence.to_owned());
            let indexes =
                sidecar.indexes.iter().filter(|index| index.items.iter().any(|known| known == name));
            let indexes: Vec<&str> = indexes.map(|index| index.id.as_str()).collect();
            into.insert("index".to_owned(), indexes.join(" "));
        }
        self.lists.name(&question.name, question.choices(), item)
    }

    fn settings(&self, paged: bool) -> Row {
        let definition = self.definition;
        let mut settings = row(&[
            ("form_title", definition.title.get(&definition.language)),
            ("default_language", language_name(&definition.language)),
            ("style", if paged { "pages" } else { "" }),
            ("instrument", definition.sidecar.instrument.as_deref().unwrap_or_default()),
        ]);
        if definition.languages.len() > 1 {
            self.texts(&mut settings, "heading", &definition.title);
        }
        self.texts(&mut settings, "description", &definition.description);
        if let Some(source) = &definition.sidecar.source {
            self.texts(&mut settings, "source", &source.localised());
        }
        let frameworks = definition.sidecar.items.values().find_map(|item| item.feeds.as_ref());
        if let Some(feed) = frameworks {
            settings.insert("framework".to_owned(), feed.framework.clone());
        }
        settings
    }
}

/// Groups of respondents, which conditions name.
fn groups(definition: &Definition) -> Vec<Row> {
    let rows = definition.sidecar.groups.iter().map(|group| {
        let mut cells = row(&[("name", &group.id)]);
        texts(&mut cells, "label", &group.title.localised(), definition);
        cells
    });
    rows.collect()
}

fn indexes(definition: &Definition) -> Vec<Row> {
    let rows = definition.sidecar.indexes.iter().map(|index| {
        let ends = index.ends.map_or(String::new(), |(low, high)| format!("{low} {high}"));
        let by_items = if index.by_items { "yes" } else { "" };
        let mut cells = row(&[
            ("name", &index.id),
            ("parts", &index.parts.join(" ")),
            ("by_items", by_items),
            ("ends", &ends),
        ]);
        texts(&mut cells, "label", &Wording::localised(&index.title), definition);
        cells
    });
    rows.collect()
}
