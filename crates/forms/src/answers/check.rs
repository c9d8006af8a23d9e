//! Checking answers: what is wrong, and what is kept.

use chrono::NaiveDateTime;
use serde_json::{Map, Value as Json};

use super::fault::{Fault, Wrong};
use super::shape;
use super::view::View;
use crate::definition::{Definition, HiddenAnswers};
use crate::question::{Conditions, Kind, Page, Panel, Question, RESPONDENT_GROUP, Rule, Special, Validator};
use crate::text::Localised;
use crate::values::{Value, number};

/// What came of checking answers.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What is kept if nothing is wrong: answers to shown questions as they were sent, texts beside them, calculated
    /// values that are kept.
    pub kept: Map<String, Json>,
    /// What is wrong, in the order of the questions.
    pub faults: Vec<Fault>,
    /// Names of answers that are dropped, as their questions are not shown.
    pub dropped: Vec<String>,
}

/// Looks at a definition beside answers, at a time in Sweden.
pub fn look<'a>(definition: &'a Definition, answers: &'a Map<String, Json>, now: NaiveDateTime) -> View<'a> {
    View::new(definition, answers, now, ready)
}

impl View<'_> {
    /// Checks all answers.
    pub fn check(&self) -> Checked {
        let mut faults: Vec<Fault> =
            (0..self.definition.questions.len()).flat_map(|question| self.faults(question)).collect();
        faults.extend(self.containers().filter_map(|container| self.nothing_inside(&container)));
        let kept = self.kept_answers();
        let mut dropped = Vec::new();
        let groups = &self.definition.sidecar.groups;
        for (name, answer) in self.answers {
            let is_group = groups.iter().any(|group| answer.as_str() == Some(&group.id));
            match self.known(name) {
                Known::No if name == RESPONDENT_GROUP && is_group => {}
                Known::No => faults.push(fault(name, None, Wrong::NoSuchQuestion)),
                Known::Computed => {}
                Known::Answer(question) if self.shows(question) => {}
                Known::Comment(question) if self.comment(question).is_some() => {}
                Known::Answer(_) | Known::Comment(_) if kept.contains_key(name) => {}
                Known::Answer(_) | Known::Comment(_) => dropped.push(name.clone()),
            }
        }
        Checked { kept, faults, dropped }
    }

    /// Checks the answers on one page, as far as it is filled in.
    pub fn check_page(&self, page: usize) -> Vec<Fault> {
        let questions = self.definition.questions.iter().enumerate();
        let here = questions.filter(|(_, question)| question.page == page);
        let mut faults: Vec<Fault> = here.flat_map(|(at, _)| self.faults(at)).collect();
        let containers = self.containers().filter(|container| container.page == page);
        faults.extend(containers.filter_map(|container| self.nothing_inside(&container)));
        faults
    }

    fn known(&self, name: &str) -> Known {
        let place = |name: &str| {
            let at = self.definition.by_name.get(&name.to_lowercase()).copied();
            at.filter(|at| self.definition.questions[*at].name == name)
        };
        if let Some(at) = place(name) {
            let asked = self.definition.questions[at].is_asked();
            return if asked { Known::Answer(at) } else { Known::Computed };
        }
        let commented = name.strip_suffix("-Comment").and_then(place);
        if let Some(at) = commented.filter(|at| self.definition.questions[*at].takes_comment()) {
            return Known::Comment(at);
        }
        let calculated = self.definition.calculated.iter().any(|calculated| calculated.name == name);
        if calculated { Known::Computed } else { Known::No }
    }

    /// What is wrong with one answer.
    fn faults(&self, at: usize) -> Vec<Fault> {
        let question = &self.definition.questions[at];
        if !self.shows(at) || !question.is_asked() {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let mut add = |row: Option<String>, wrong: Wrong, own: Option<&Localised>| {
            let page = Some(question.page);
            faults.push(Fault { name: question.name.clone(), row, page, wrong, own: own.cloned() });
        };
        let answer = self.kept(at).filter(|answer| !is_blank(answer));
        match &answer {
            None if self.is_required(at) => {
                add(None, Wrong::Required, question.conditions.required_text.as_ref())
            }
            None => {}
            Some(answer) => {
                for (row, wrong) in shape::check(self, at, answer) {
                    add(row, wrong, None);
                }
            }
        }
        let wanted = match &question.kind {
            Kind::Matrix(matrix) => {
                matrix.every_row && self.is_open(at) && (answer.is_some() || !self.is_required(at))
            }
            _ => false,
        };
        if wanted {
            let given = answer.as_ref().and_then(Json::as_object);
            let empty = |row: &str| given.and_then(|rows| rows.get(row)).is_none_or(is_blank);
            let missing: Vec<String> =
                self.open_rows(at).map(|row| row.code()).filter(|row| empty(row)).collect();
            missing.into_iter().for_each(|row| add(Some(row), Wrong::EveryRow, None));
        }
        self.beside(at, question, &mut add);
        if faults.is_empty() && self.is_open(at) {
            let broken = question.validators.iter().filter_map(|rule| Some((self.broken(at, rule)?, rule)));
            let page = Some(question.page);
            faults.extend(broken.map(|(wrong, rule)| Fault {
                name: question.name.clone(),
                row: None,
                page,
                wrong,
                own: rule.text.clone(),
            }));
        }
        faults
    }

    /// The text beside an answer: there with "other", and not too long.
    fn beside(
        &self,
        at: usize,
        question: &Question,
        add: &mut impl FnMut(Option<String>, Wrong, Option<&Localised>),
    ) {
        let text = self.comment(at).filter(|text| !is_blank(text));
        if let Some(wrong) = text.and_then(shape::comment) {
            add(None, wrong, None);
        }
        let others = question.choices().iter().filter(|choice| choice.special == Some(Special::Other));
        let chosen = |code: &str| match self.value(at) {
            Value::List(items) => items.iter().any(|item| item.text() == code),
            value => value.text() == code,
        };
        if self.is_open(at) && text.is_none() && others.map(|other| other.code()).any(|code| chosen(&code)) {
            add(None, Wrong::OtherWithoutText, None);
        }
    }

    /// What of the author's own rules an answer breaks. Only conditions are asked of no answer.
    fn broken(&self, at: usize, validator: &Validator) -> Option<Wrong> {
        let value = self.value(at);
        if let Rule::Expression(expression) = &validator.rule {
            let whole = expression.as_ref().is_some_and(|condition| condition.asks_for_whole(at));
            let wrong = if whole { Wrong::NotWhole } else { Wrong::Condition };
            return (!self.holds(expression.as_ref(), true)).then_some(wrong);
        }
        if value.is_empty() {
            return None;
        }
        let text = value.text();
        let count = text.chars().count();
        let mut found = None;
        let mut add = |wrong: Wrong| found = Some(wrong);
        match &validator.rule {
            Rule::Numeric { least, most } => match value.plain().as_ref() {
                Value::Number(number) => {
                    if let Some(least) = least.filter(|least| number < least) {
                        add(Wrong::Least(crate::values::number_text(least)));
                    } else if let Some(most) = most.filter(|most| number > most) {
                        add(Wrong::Most(crate::values::number_text(most)));
                    }
                }
                _ => add(Wrong::NotANumber),
            },
            Rule::Text { least, most, digits } => {
                if let Some(least) = least.filter(|least| count < *least) {
                    add(Wrong::TooShort(least));
                } else if let Some(most) = most.filter(|most| count > *most) {
                    add(Wrong::TooLong(most));
                } else if !digits && text.chars().any(|c| c.is_ascii_digit()) {
                    add(Wrong::Digits);
                }
            }
            Rule::Email if !shape::is_address(&text) => add(Wrong::NotAnAddress),
            Rule::Regex(regex) if !regex.is_match(&text) => add(Wrong::Pattern),
            Rule::AnswerCount { least, most } => {
                if let Value::List(items) = value {
                    shape::counted(items.len(), *least, *most, &mut add);
                }
            }
            Rule::Email | Rule::Regex(_) | Rule::Expression(_) => {}
        }
        found
    }

    /// The pages and panels.
    fn containers(&self) -> impl Iterator<Item = Container<'_>> {
        let pages = self.definition.pages.iter().enumerate().map(|(page, read)| {
            let Page { name, conditions, .. } = read;
            Container { page, panel: None, name, conditions }
        });
        pages.chain(self.definition.panels.iter().enumerate().map(|(at, panel)| {
            let Panel { name, conditions, page, .. } = panel;
            Container { page: *page, panel: Some(at), name, conditions }
        }))
    }

    /// Where an answer is asked for in a page or panel, some can be given, and none is.
    fn nothing_inside(&self, container: &Container<'_>) -> Option<Fault> {
        if !self.requires(container.conditions) {
            return None;
        }
        let questions = self.definition.questions.iter().enumerate();
        let inside = questions.filter(|(_, question)| container.has(question) && question.is_asked());
        let mut can_be_answered = false;
        for (at, _) in inside {
            if self.kept(at).is_some_and(|answer| !is_blank(&answer)) {
                return None;
            }
            can_be_answered |= self.can_be_answered(at);
        }
        can_be_answered.then(|| Fault {
            own: container.conditions.required_text.clone(),
            ..fault(container.name, Some(container.page), Wrong::RequiredInside)
        })
    }

    /// A hidden answer and the text beside it, as far as they are what the question takes.
    fn hidden(&self, at: usize) -> impl Iterator<Item = (String, Json)> {
        let question = &self.definition.questions[at];
        let sent = |name: String| self.answers.get_key_value(&name).filter(|(_, sent)| !is_blank(sent));
        let takes = |answer: &Json| {
            let mut wrong = shape::check(self, at, answer).into_iter().map(|(_, wrong)| wrong);
            wrong.all(|wrong| wrong == Wrong::NotOpen)
        };
        let answer = sent(question.name.clone()).filter(|(_, answer)| takes(answer));
        let text = sent(question.comment_key())
            .filter(|(_, text)| question.takes_comment() && shape::comment(text).is_none());
        answer.into_iter().chain(text).map(|(name, sent)| (name.clone(), sent.clone()))
    }

    fn kept_answers(&self) -> Map<String, Json> {
        let mut kept = Map::new();
        for (at, question) in self.definition.questions.iter().enumerate() {
            if matches!(question.kind, Kind::Html(_)) {
                continue;
            }
            let name = question.name.clone();
            if let Some(answer) = self.kept(at) {
                kept.insert(name, answer);
                if let Some(text) = self.comment(at).filter(|text| !text.is_null()) {
                    kept.insert(question.comment_key(), text.clone());
                }
            } else if self.definition.hidden_answers == HiddenAnswers::Kept
                && question.is_asked()
                && !self.shows(at)
            {
                kept.extend(self.hidden(at));
            } else if let Some(text) = self.comment(at).filter(|text| !is_blank(text)) {
                kept.insert(question.comment_key(), text.clone());
            }
        }
        for (calculated, value) in self.definition.calculated.iter().zip(self.calculated()) {
            if calculated.kept && !value.is_empty() {
                kept.insert(calculated.name.clone(), value.json());
            }
        }
        kept
    }
}

/// A page or a panel.
struct Container<'a> {
    page: usize,
    panel: Option<usize>,
    name: &'a str,
    conditions: &'a Conditions,
}

impl Container<'_> {
    fn has(&self, question: &Question) -> bool {
        self.panel.map_or(question.page == self.page, |panel| question.panels.contains(&panel))
    }
}

enum Known {
    No,
    Computed,
    Answer(usize),
    Comment(usize),
}

/// Whether nothing stands in an answer: blanks alone are nothing.
pub fn is_blank(answer: &Json) -> bool {
    match answer {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.values().all(is_blank),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

fn fault(name: &str, page: Option<usize>, wrong: Wrong) -> Fault {
    Fault { name: name.to_owned(), row: None, page, wrong, own: None }
}

/// Whether everything that is shown on a page or in a panel is as it has to be.
fn ready(view: &View<'_>, container: &str) -> bool {
    let questions = view.definition.questions.iter().enumerate();
    let mut inside = questions.filter(|(_, question)| view.definition.stands_in(question, container));
    inside.all(|(at, _)| view.faults(at).is_empty())
}

/// The number that a text of an answer is, for readers of forms.
pub(super) fn as_number(text: &str) -> Option<Json> {
    number(text).map(crate::values::number_json)
}
