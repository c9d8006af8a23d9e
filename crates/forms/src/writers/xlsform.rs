//! A definition as XLSForm.

use super::condition::{calculation, constraint, xpath};
use super::lists::Lists;
use super::meaning::{Unsaid, differences};
use super::workbook::{Row, Table, language_name, texts, workbook};
use crate::definition::{Definition, register};
use serde_json::Value as Json;

use crate::question::{
    Choice, Condition, Conditions, Element, Input, Kind, Page, Question, RESPONDENT_GROUP, Rule,
};
use crate::readers::read_xlsform;
use crate::refusal::{Refusal, Refusals};
use crate::sidecar::Wording;
use crate::text::Localised;

const SURVEY: &[&str] = &[
    "type",
    "name",
    "label",
    "hint",
    "required",
    "required_message",
    "relevant",
    "constraint",
    "constraint_message",
    "calculation",
    "choice_filter",
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
    writer.calculated();
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
    let unsaid = writer.unsaid;
    let mut refusals = Refusals::default();
    let book = workbook(&tables, &definition.language).ok();
    // What was written is held against what it is read as: nothing is said otherwise in silence.
    let read = book.as_deref().filter(|_| unsaid.is_empty()).map(read_xlsform);
    let unsaid = match read {
        Some(Err(refused)) => {
            for Refusal { place, what, instead } in refused {
                refusals.push(&origin(definition, &tables, &place), what, instead);
            }
            unsaid
        }
        Some(Ok(json)) => match register(json.as_bytes(), None) {
            Ok(read) => differences(definition, &read),
            Err(refused) => return Err(refused),
        },
        None => unsaid,
    };
    for one in unsaid {
        refusals.add(&one.shown(), "ett kalkylblad kan inte säga detta", "a sheet cannot say this");
    }
    book.filter(|_| refusals.is_empty()).ok_or_else(|| refusals.into_list())
}

/// What a cell was written from: the place of its question with the cell's column, or else the cell.
fn origin(definition: &Definition, tables: &[Table], cell: &str) -> String {
    let mut parts = cell.split(", ");
    let table = parts.next().and_then(|sheet| tables.iter().find(|table| table.name == sheet));
    let row = parts.next().and_then(|row| table?.rows.get(row.parse::<usize>().ok()?.checked_sub(2)?));
    let name = row.filter(|row| row.contains_key("type")).and_then(|row| row.get("name"));
    let Some(name) = name else { return cell.to_owned() };
    let panel = definition.panels.iter().find(|panel| panel.name == *name).map(|panel| &panel.place);
    let place = definition.question(name).map(|question| &question.place).or(panel);
    let column = parts.next().unwrap_or_default();
    place.map_or_else(|| cell.to_owned(), |place| format!("{place} ({name}), {column}"))
}

struct Writer<'a> {
    definition: &'a Definition,
    survey: Vec<Row>,
    lists: Lists<'a>,
    /// What a sheet has no like for.
    unsaid: Vec<Unsaid>,
}

fn length(into: &mut Row, most: Option<usize>) {
    into.insert("max_length".to_owned(), most.map_or(String::new(), |most| most.to_string()));
}

fn row(cells: &[(&str, &str)]) -> Row {
    cells.iter().map(|(column, cell)| ((*column).to_owned(), (*cell).to_owned())).collect()
}

/// Whether the first that an answer has to be is a whole number.
fn is_whole(question: &Question, at: usize) -> bool {
    let first = question.validators.first().map(|validator| &validator.rule);
    matches!(&question.kind, Kind::Text(field) if field.input == Input::Number)
        && matches!(first, Some(Rule::Expression(Some(condition))) if condition.asks_for_whole(at))
}

/// A text without marks, as a note in a sheet has it.
fn unescaped(html: &str) -> String {
    let lines = html.replace("<br>", "\n").replace("&lt;", "<").replace("&gt;", ">");
    lines.replace("&nbsp;", "\u{a0}").replace("&amp;", "&")
}

impl Writer<'_> {
    /// All pages; whether groups stand for them.
    fn pages(&mut self) -> bool {
        let pages = &self.definition.pages;
        let plain = |page: &Page| {
            page.title.is_empty() && page.description.is_empty() && page.conditions.visible_if.is_none()
        };
        let paged = !matches!(pages.as_slice(), [page] if plain(page));
        for (at, page) in pages.iter().enumerate() {
            if paged {
                let mut group =
                    row(&[("type", "begin_group"), ("name", &page.name), ("appearance", "field-list")]);
                self.texts(&mut group, "label", &page.title);
                self.texts(&mut group, "hint", &page.description);
                self.conditions(&mut group, &page.conditions, &format!("/pages/{at}"));
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
                    self.conditions(&mut group, &panel.conditions, &panel.place);
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

    fn conditions(&mut self, into: &mut Row, conditions: &Conditions, place: &str) {
        let name = into.get("name").cloned().unwrap_or_default();
        let mut written = |column: &str, property: &'static str, condition: &Option<Condition>| {
            let Some(condition) = condition else { return };
            match xpath(condition, self.definition) {
                Some(text) => drop(into.insert(column.to_owned(), text)),
                None => self.unsaid.push(Unsaid { place: place.to_owned(), name: name.clone(), property }),
            }
        };
        written("relevant", "visibleIf", &conditions.visible_if);
        written("required", "requiredIf", &conditions.required_if);
        if conditions.required {
            into.insert("required".to_owned(), "yes".to_owned());
        }
    }

    /// Calculations, which stand in no group.
    fn calculated(&mut self) {
        for (at, value) in self.definition.calculated.iter().enumerate() {
            let written = value.expression.as_ref().and_then(|one| calculation(one, self.definition));
            match written {
                Some(text) => {
                    self.survey.push(row(&[
                        ("type", "calculate"),
                        ("name", &value.name),
                        ("calculation", &text),
                    ]));
                }
                None => self.unsaid.push(Unsaid {
                    place: format!("/calculatedValues/{at}"),
                    name: value.name.clone(),
                    property: "expression",
                }),
            }
        }
    }

    /// What answers have to be, but for whole numbers, which are a type.
    fn validators(&mut self, question: &Question, into: &mut Row) {
        let at = self.definition.by_name.get(&question.name.to_lowercase()).copied().unwrap_or_default();
        let mut rules = question.validators.iter().skip(usize::from(is_whole(question, at)));
        let Some(rule) = rules.next() else { return };
        let written = match &rule.rule {
            Rule::Regex(pattern) if !pattern.as_str().contains('\'') => {
                Some(format!("regex(., '{pattern}')"))
            }
            Rule::Expression(Some(condition)) => constraint(condition, self.definition, at),
            _ => None,
        };
        match written.filter(|_| rules.next().is_none()) {
            Some(text) => {
                into.insert("constraint".to_owned(), text);
                if let Some(text) = &rule.text {
                    self.texts(into, "constraint_message", text);
                }
            }
            None => self.unsaid.push(Unsaid::of(question, "validators")),
        }
    }

    fn question(&mut self, question: &Question) {
        let mut cells = row(&[("name", &question.name)]);
        self.texts(&mut cells, "label", &question.title);
        self.texts(&mut cells, "hint", &question.description);
        if let Some(text) = &question.conditions.required_text {
            self.texts(&mut cells, "required_message", text);
        }
        self.conditions(&mut cells, &question.conditions, &question.place);
        self.validators(question, &mut cells);
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
                    return self.unsaid.push(Unsaid::of(question, "rateValues"));
                };
                cells.insert(
                    "parameters".to_owned(),
                    format!("start={start} end={end} step={}", next - start),
                );
                "range".to_owned()
            }
            Kind::Text(field) => {
                length(&mut cells, field.max_length);
                let at = self.definition.by_name.get(&question.name.to_lowercase());
                let whole = at.is_some_and(|at| is_whole(question, *at));
                match field.input {
                    Input::Text => "text",
                    Input::Date => "date",
                    Input::Tel => "phone number",
                    Input::Number if whole => "integer",
                    Input::Number => "decimal",
                    _ => return self.unsaid.push(Unsaid::of(question, "inputType")),
                }
                .to_owned()
            }
            Kind::Comment(field) => {
                length(&mut cells, field.max_length);
                appearance = "multiline";
                "text".to_owned()
            }
            Kind::Html(text) => {
                let text = Localised {
                    default: unescaped(&text.default),
                    by_language: text
                        .by_language
                        .iter()
                        .map(|(tag, text)| (tag.clone(), unescaped(text)))
                        .collect(),
                };
                self.texts(&mut cells, "label", &text);
                "note".to_owned()
            }
            Kind::Boolean(_) => return self.unsaid.push(Unsaid::of(question, "valueTrue")),
            Kind::Expression(_) => return self.unsaid.push(Unsaid::of(question, "type")),
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
        match self.lists.filtered(question.choices()) {
            Ok(filter) => drop(into.insert("choice_filter".to_owned(), filter.unwrap_or_default())),
            Err(()) => self.unsaid.push(Unsaid::of(question, "choices")),
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
