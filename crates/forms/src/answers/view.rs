//! What of a definition is shown, offered and worth what, given some answers.

use chrono::NaiveDateTime;
use serde_json::{Map, Value as Json};

use crate::definition::{Definition, Step};
use crate::expression::{Scope, evaluate};
use crate::question::{Choice, Condition, Conditions, Kind, Question, RESPONDENT_GROUP, Ref, Special, code};
use crate::values::Value;

/// A definition beside answers. A hidden question's answer is nothing for everything that looks at it.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// The definition.
    pub definition: &'a Definition,
    /// Answers by question, as they were sent.
    pub answers: &'a Map<String, Json>,
    now: NaiveDateTime,
    ready: fn(&View<'_>, &str) -> bool,
    pages: Vec<bool>,
    panels: Vec<bool>,
    questions: Vec<bool>,
    values: Vec<Value>,
    calculated: Vec<Value>,
}

impl<'a> View<'a> {
    /// Works everything out at a time in Sweden. `ready` says whether everything in a page or panel is as it has to be.
    pub(super) fn new(
        definition: &'a Definition,
        answers: &'a Map<String, Json>,
        now: NaiveDateTime,
        ready: fn(&View<'_>, &str) -> bool,
    ) -> View<'a> {
        let mut view = View {
            definition,
            answers,
            now,
            ready,
            pages: vec![false; definition.pages.len()],
            panels: vec![false; definition.panels.len()],
            questions: vec![false; definition.questions.len()],
            values: vec![Value::Null; definition.questions.len()],
            calculated: vec![Value::Null; definition.calculated.len()],
        };
        for step in &definition.order {
            match *step {
                Step::Page(at) => {
                    let conditions = &definition.pages[at].conditions;
                    view.pages[at] = !conditions.hidden && view.holds(conditions.visible_if.as_ref(), true);
                }
                Step::Panel(at) => {
                    let panel = &definition.panels[at];
                    view.panels[at] = view.around(panel.page, &panel.panels)
                        && !panel.conditions.hidden
                        && view.holds(panel.conditions.visible_if.as_ref(), true);
                }
                Step::Question(at) => {
                    let question = &definition.questions[at];
                    view.questions[at] = view.around(question.page, &question.panels)
                        && !question.conditions.hidden
                        && view.holds(question.conditions.visible_if.as_ref(), true);
                    if view.questions[at] {
                        view.values[at] = view.worth(question);
                    }
                }
                Step::Calculated(at) => {
                    let expression = definition.calculated[at].expression.as_ref();
                    view.calculated[at] =
                        expression.map_or(Value::Null, |condition| view.computed(condition));
                }
            }
        }
        view
    }

    fn around(&self, page: usize, panels: &[usize]) -> bool {
        panels.last().map_or(self.pages[page], |panel| self.panels[*panel])
    }

    /// Whether a condition holds; `otherwise` where there is none.
    pub(super) fn holds(&self, condition: Option<&Condition>, otherwise: bool) -> bool {
        condition.map_or(otherwise, |condition| self.computed(condition).holds())
    }

    fn computed(&self, condition: &Condition) -> Value {
        evaluate(&condition.parsed, &Named { view: self, condition })
    }

    /// What the answer to a shown question is worth: without choices and rows that are not offered.
    fn worth(&self, question: &Question) -> Value {
        if let Kind::Expression(expression) = &question.kind {
            return expression.as_ref().map_or(Value::Null, |condition| self.computed(condition));
        }
        match self.offered_of(question) {
            Some(json) => Value::of(&json, question.has_codes()),
            None => self
                .answers
                .get(&question.name)
                .map_or(Value::Null, |json| Value::of(json, question.has_codes())),
        }
    }

    /// The answer without what is not offered, where something is only offered on a condition.
    fn offered_of(&self, question: &Question) -> Option<Json> {
        let json = self.answers.get(&question.name)?;
        let conditional = |choice: &Choice| choice.visible_if.is_some();
        if !question.choices().iter().chain(question.rows()).any(conditional) {
            return None;
        }
        let refused = |choices: &[Choice], value: &str| {
            let mut choices = choices.iter().filter(|choice| conditional(choice));
            choices.any(|choice| choice.code() == value && !self.holds(choice.visible_if.as_ref(), true))
        };
        let gone = |value: &Json| refused(question.choices(), &code(value));
        Some(match json {
            Json::Array(items) => items.iter().filter(|item| !gone(item)).cloned().collect(),
            Json::Object(rows) => {
                let rows =
                    rows.iter().filter(|(row, column)| !refused(question.rows(), row) && !gone(column));
                rows.map(|(row, column)| (row.clone(), column.clone())).collect()
            }
            other if gone(other) => Json::Null,
            other => other.clone(),
        })
    }

    /// The answer to a shown question as it is kept; nothing where it is empty or the question is not shown.
    pub(super) fn kept(&self, at: usize) -> Option<Json> {
        let question = &self.definition.questions[at];
        if matches!(question.kind, Kind::Expression(_)) {
            let value = &self.values[at];
            return (self.questions[at] && !value.is_empty()).then(|| value.json());
        }
        if !self.questions[at] || self.values[at].is_empty() {
            return None;
        }
        self.offered_of(question).or_else(|| self.answers.get(&question.name).cloned())
    }

    /// Whether a page is shown: its condition holds and something on it is shown.
    pub fn shows_page(&self, page: usize) -> bool {
        let mut here = self.definition.questions.iter().zip(&self.questions);
        self.pages[page] && here.any(|(question, shown)| *shown && question.page == page)
    }

    /// The pages that are shown, in order.
    pub fn pages(&self) -> impl Iterator<Item = usize> {
        (0..self.pages.len()).filter(|page| self.shows_page(*page))
    }

    /// Whether a panel is shown: its condition holds and something in it is shown.
    pub fn shows_panel(&self, panel: usize) -> bool {
        let mut here = self.definition.questions.iter().zip(&self.questions);
        self.panels[panel] && here.any(|(question, shown)| *shown && question.panels.contains(&panel))
    }

    /// Whether a question is shown.
    pub fn shows(&self, question: usize) -> bool {
        self.questions[question]
    }

    /// Whether a question may be answered: shown, and neither it nor anything around it is read only or disabled.
    pub fn is_open(&self, at: usize) -> bool {
        let question = &self.definition.questions[at];
        let around = question.panels.iter().map(|panel| &self.definition.panels[*panel].conditions);
        let mut all = around.chain([&question.conditions, &self.definition.pages[question.page].conditions]);
        self.questions[at]
            && !self.definition.read_only
            && question.is_asked()
            && all.all(|conditions| !conditions.read_only && self.holds(conditions.enable_if.as_ref(), true))
    }

    /// Whether a question must be answered. Where there is a condition for it, that alone decides; where no answer can be
    /// given, none must.
    pub fn is_required(&self, at: usize) -> bool {
        self.can_be_answered(at) && self.requires(&self.definition.questions[at].conditions)
    }

    /// Whether conditions ask for an answer.
    pub(super) fn requires(&self, conditions: &Conditions) -> bool {
        self.holds(conditions.required_if.as_ref(), conditions.required)
    }

    /// Whether a question is open, and has something that may be chosen where there is a choice.
    pub(super) fn can_be_answered(&self, at: usize) -> bool {
        let question = &self.definition.questions[at];
        let has_choice = question.choices().is_empty() || self.open_choices(at).next().is_some();
        let has_row = question.rows().is_empty() || self.open_rows(at).next().is_some();
        self.is_open(at) && has_choice && has_row
    }

    /// What an answer is worth in conditions.
    pub fn value(&self, question: usize) -> &Value {
        &self.values[question]
    }

    /// The calculated values, in the definition's order.
    pub fn calculated(&self) -> &[Value] {
        &self.calculated
    }

    /// The choices of a question that may be chosen.
    pub fn open_choices(&self, question: usize) -> impl Iterator<Item = &'a Choice> {
        let choices = self.definition.questions[question].choices().iter();
        choices.filter(|choice| self.offers(choice) && self.enables(choice))
    }

    /// Whether a choice is offered, or a row is shown.
    pub fn offers(&self, choice: &Choice) -> bool {
        self.holds(choice.visible_if.as_ref(), true)
    }

    /// Whether a choice may be chosen where it is offered, or a row answered where it is shown.
    pub fn enables(&self, choice: &Choice) -> bool {
        self.holds(choice.enable_if.as_ref(), true)
    }

    /// The rows of a matrix that may be answered.
    pub(super) fn open_rows(&self, question: usize) -> impl Iterator<Item = &'a Choice> {
        let rows = self.definition.questions[question].rows().iter();
        rows.filter(|row| self.offers(row) && self.enables(row))
    }

    /// The text beside an answer, where one may stand there: in a comment field, or with "other".
    pub(super) fn comment(&self, at: usize) -> Option<&'a Json> {
        let question = &self.definition.questions[at];
        let other = |code: &str| {
            let mut choices = question.choices().iter();
            choices.any(|choice| choice.special == Some(Special::Other) && choice.code() == code)
        };
        let chosen = match &self.values[at] {
            Value::Code(code) => other(code),
            Value::List(items) => items.iter().any(|item| other(&item.text())),
            _ => false,
        };
        let takes = self.questions[at] && question.takes_comment() && (question.comment.is_some() || chosen);
        takes.then(|| self.answers.get(&question.comment_key())).flatten()
    }

    /// What a question shows of its answer, in a language.
    pub fn display(&self, at: usize, language: &str) -> Value {
        let question = &self.definition.questions[at];
        let label = |value: &Value| {
            let text = value.text();
            let choice = question.choices().iter().find(|choice| choice.code() == text);
            choice.map_or(text, |choice| choice.label.get(language).to_owned())
        };
        match (&self.values[at], &question.kind) {
            (Value::List(items), _) => Value::Text(items.iter().map(label).collect::<Vec<_>>().join(", ")),
            (Value::Map(_), _) => Value::Null,
            (value, Kind::Boolean(boolean)) if !value.is_empty() => {
                let yes = value.text() == code(&boolean.yes);
                let label = if yes { &boolean.yes_label } else { &boolean.no_label };
                Value::Text(label.get(language).to_owned())
            }
            (value, _) if value.is_empty() => Value::Null,
            (value, _) if question.choices().is_empty() => value.clone(),
            (value, _) => Value::Text(label(value)),
        }
    }

    fn named(&self, name: &Ref) -> Value {
        match name {
            Ref::Answer(question) => self.values[*question].clone(),
            Ref::Comment(question) => {
                self.comment(*question).map_or(Value::Null, |json| Value::of(json, false))
            }
            Ref::Calculated(calculated) => self.calculated[*calculated].clone(),
            Ref::Row(question, row) => match &self.values[*question] {
                Value::Map(rows) => {
                    rows.iter().find(|(name, _)| name == row).map_or(Value::Null, |(_, value)| value.clone())
                }
                _ => Value::Null,
            },
            Ref::Item(question, index) => match &self.values[*question] {
                Value::List(items) => {
                    let index = if *index < 0 { index + items.len() as i64 } else { *index };
                    usize::try_from(index)
                        .ok()
                        .and_then(|index| items.get(index))
                        .cloned()
                        .unwrap_or(Value::Null)
                }
                _ => Value::Null,
            },
            Ref::Length(inner) => Value::Number(match self.named(inner) {
                Value::List(items) => items.len() as f64,
                Value::Text(text) | Value::Code(text) => text.encode_utf16().count() as f64,
                _ => 0.0,
            }),
            Ref::Group => match self.answers.get(RESPONDENT_GROUP) {
                Some(Json::String(group)) => Value::Code(group.clone()),
                _ => Value::Null,
            },
            Ref::Unknown => Value::Null,
        }
    }
}

struct Named<'a> {
    view: &'a View<'a>,
    condition: &'a Condition,
}

impl Scope for Named<'_> {
    fn value(&self, place: usize) -> Value {
        self.condition.refs.get(place).map_or(Value::Null, |name| self.view.named(name))
    }

    fn display(&self, question: &str) -> Value {
        let definition = self.view.definition;
        let at = definition.by_name.get(&question.to_lowercase());
        at.map_or(Value::Null, |at| self.view.display(*at, &definition.language))
    }

    fn ready(&self, container: &str) -> bool {
        (self.view.ready)(self.view, container)
    }

    fn now(&self) -> NaiveDateTime {
        self.view.now
    }
}
