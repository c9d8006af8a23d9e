//! A definition that was taken.

use std::collections::HashMap;
use std::sync::Arc;

use crate::question::{Calculated, Condition, Page, Panel, Question};
use crate::sidecar::Sidecar;
use crate::text::Localised;

/// A survey's definition: what its author sent, and what Lärka reads in it.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The bytes as they were sent.
    pub source: Arc<[u8]>,
    /// SHA-256 of `source`.
    pub sha256: [u8; 32],
    /// SHA-256 of what makes answers comparable: names, types, values and scores, and no wording. Versions with the same
    /// one are one series.
    pub question_set: [u8; 32],
    /// The heading.
    pub title: Localised,
    /// What stands below it.
    pub description: Localised,
    /// The language of texts that name none.
    pub language: String,
    /// All languages with texts, that one first.
    pub languages: Vec<String>,
    /// Pages in order.
    pub pages: Vec<Page>,
    /// All panels.
    pub panels: Vec<Panel>,
    /// All questions and texts between them, in the order in which they stand.
    pub questions: Vec<Question>,
    /// Calculated values.
    pub calculated: Vec<Calculated>,
    /// What becomes of hidden answers.
    pub hidden_answers: HiddenAnswers,
    /// Whether nothing may be answered (`mode: "display"`).
    pub read_only: bool,
    /// Scores, polarity, codes that mean "don't know", indexes and competences.
    pub sidecar: Sidecar,
    /// In which order visibility and values are worked out, so that what is needed comes first.
    pub(crate) order: Vec<Step>,
    /// Questions by name in lower case.
    pub(crate) by_name: HashMap<String, usize>,
}

impl Definition {
    /// A question by its name, whatever its case.
    pub fn question(&self, name: &str) -> Option<&Question> {
        self.by_name.get(&name.to_lowercase()).and_then(|place| self.questions.get(*place))
    }

    /// Whether a question stands on a page or in a panel of this name, at whatever depth.
    pub fn stands_in(&self, question: &Question, container: &str) -> bool {
        let page = self.pages.get(question.page).is_some_and(|page| page.name == container);
        let mut panels = question.panels.iter().filter_map(|panel| self.panels.get(*panel));
        page || panels.any(|panel| panel.name == container)
    }
}

/// What becomes of answers to questions that are not shown in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HiddenAnswers {
    /// They are dropped (`onComplete`, and `onHidden` and `onHiddenContainer`, which say when, not whether).
    #[default]
    Dropped,
    /// They are kept (`none`).
    Kept,
}

/// Something to work out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// Whether a page is shown.
    Page(usize),
    /// Whether a panel is.
    Panel(usize),
    /// Whether a question is, and its value.
    Question(usize),
    /// A calculated value.
    Calculated(usize),
}

/// The conditions that decide whether a question is shown and what its answer is worth.
pub(crate) fn deciding(question: &Question) -> impl Iterator<Item = &Condition> {
    let choices = question.choices().iter().chain(question.rows());
    let own = match &question.kind {
        crate::question::Kind::Expression(expression) => expression.as_ref(),
        _ => None,
    };
    question
        .conditions
        .visible_if
        .iter()
        .chain(choices.filter_map(|choice| choice.visible_if.as_ref()))
        .chain(own)
}

/// The conditions that decide whether an answer is as it has to be.
pub(crate) fn checking(question: &Question) -> impl Iterator<Item = &Condition> {
    let rules = question.validators.iter().filter_map(|validator| match &validator.rule {
        crate::question::Rule::Expression(expression) => expression.as_ref(),
        _ => None,
    });
    let choices = question.choices().iter().chain(question.rows());
    let enabled = choices.filter_map(|choice| choice.enable_if.as_ref());
    question.conditions.enable_if.iter().chain(&question.conditions.required_if).chain(rules).chain(enabled)
}
