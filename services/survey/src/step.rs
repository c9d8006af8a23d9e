//! One step through a survey: what was filled in on a page goes to the answers so far, and what comes next follows.

use std::collections::HashSet;

use chrono::NaiveDateTime;
use forms::Definition;
use forms::answers::{Checked, Fault, View, Wrong, is_blank, look, read_fields};
use serde_json::{Map, Value as Json};

use crate::seal::State;

/// The fields of our own: no question can have such a name.
pub(crate) mod field {
    /// The sealed state.
    pub(crate) const STATE: &str = "#state";
    /// Which button was pressed.
    pub(crate) const GO: &str = "#go";
    /// A question that could be answered on the page.
    pub(crate) const SHOWN: &str = "#shown";
    /// The language that is asked for.
    pub(crate) const LANGUAGE: &str = "#lang";
    /// The language that the page is in: a button may stand before it in the page, or after it.
    pub(crate) const SPOKEN: &str = "#in";
    /// The personal code.
    pub(crate) const TOKEN: &str = "#token";
    /// A short code.
    pub(crate) const CODE: &str = "#code";
}

/// Which way somebody goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Go {
    /// To the page before.
    Back,
    /// To the next one.
    Next,
    /// Nowhere: the page as it is.
    Stay,
    /// Hand in.
    Send,
    /// Hand in what there is.
    SendPart,
}

impl Go {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "back" => Self::Back,
            "stay" => Self::Stay,
            "send" => Self::Send,
            "part" => Self::SendPart,
            _ => Self::Next,
        }
    }
}

/// What is told above a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Of what was answered more questions follow.
    MoreQuestions,
    /// No other page follows: hand in.
    NoMorePages,
    /// Nothing is answered that could be handed in.
    Nothing,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    /// A page: the state's.
    Page {
        /// What is wrong on it.
        faults: Vec<Fault>,
        /// What is told above it.
        notice: Option<Notice>,
    },
    /// The answers are handed in.
    HandIn {
        /// What is kept of them.
        answers: Map<String, Json>,
        /// Whether nothing that is required is left open.
        complete: bool,
    },
}

/// Puts what was filled in into the answers, for the questions that the form had.
pub(crate) fn fill_in(definition: &Definition, state: &mut State, fields: &[(String, String)]) {
    let shown = shown(fields);
    let mut read =
        read_fields(definition, fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    for question in definition.questions.iter().filter(|question| shown.contains(question.name.as_str())) {
        for key in [question.name.clone(), question.comment_key()] {
            match read.remove(&key) {
                Some(answer) => drop(state.answers.insert(key, answer)),
                None => drop(state.answers.remove(&key)),
            }
        }
    }
}

/// Takes a step from the state's page, with what was filled in there.
pub(crate) fn step(
    definition: &Definition,
    state: &mut State,
    fields: &[(String, String)],
    go: Go,
    now: NaiveDateTime,
) -> Next {
    fill_in(definition, state, fields);
    let view = look(definition, &state.answers, now);
    let page = state.page;
    let following = view.pages().find(|next| *next > page);
    match go {
        Go::Stay => Next::Page { faults: Vec::new(), notice: None },
        Go::Back => {
            let before = view.pages().take_while(|before| *before < page).last();
            state.page = before.or(view.pages().next()).unwrap_or(0);
            Next::Page { faults: Vec::new(), notice: None }
        }
        Go::SendPart => match without_open(view.check()) {
            Ok(Next::HandIn { answers, .. }) if answers_nothing(&view, &answers) => {
                Next::Page { faults: Vec::new(), notice: Some(Notice::Nothing) }
            }
            Ok(part) => part,
            Err(faults) => faulty(state, faults),
        },
        Go::Next | Go::Send => {
            let faults = view.check_page(page);
            let shown = shown(fields);
            let new = |(at, question): (usize, &forms::question::Question)| {
                question.page == page && view.is_open(at) && !shown.contains(question.name.as_str())
            };
            if !faults.is_empty() && !only_unseen(definition, &faults, &shown) {
                Next::Page { faults, notice: None }
            } else if definition.questions.iter().enumerate().any(new) {
                Next::Page { faults: Vec::new(), notice: Some(Notice::MoreQuestions) }
            } else if let Some(following) = following {
                state.page = following;
                Next::Page { faults: Vec::new(), notice: None }
            } else if go == Go::Next {
                Next::Page { faults: Vec::new(), notice: Some(Notice::NoMorePages) }
            } else {
                let checked = view.check();
                if checked.faults.is_empty() && answers_nothing(&view, &checked.kept) {
                    Next::Page { faults: Vec::new(), notice: Some(Notice::Nothing) }
                } else if checked.faults.is_empty() {
                    Next::HandIn { answers: checked.kept, complete: true }
                } else {
                    faulty(state, checked.faults)
                }
            }
        }
    }
}

/// Whether something could be answered, and nothing is: it would count as an answer, or take the place of one.
fn answers_nothing(view: &View<'_>, kept: &Map<String, Json>) -> bool {
    let questions = view.definition.questions.iter().enumerate();
    let mut open = questions.filter(|(at, _)| view.is_open(*at)).map(|(_, question)| question).peekable();
    let answered = |key: &str| kept.get(key).is_some_and(|answer| !is_blank(answer));
    open.peek().is_some() && open.all(|one| !answered(&one.name) && !answered(&one.comment_key()))
}

/// The page with the first of some faults.
fn faulty(state: &mut State, faults: Vec<Fault>) -> Next {
    let page = faults.iter().find_map(|fault| fault.page).unwrap_or(state.page);
    state.page = page;
    let faults = faults.into_iter().filter(|fault| fault.page == Some(page)).collect();
    Next::Page { faults, notice: None }
}

/// Answers that are handed in though some are missing.
fn without_open(checked: Checked) -> Result<Next, Vec<Fault>> {
    let is_open =
        |fault: &Fault| matches!(fault.wrong, Wrong::Required | Wrong::RequiredInside | Wrong::EveryRow);
    let complete = checked.faults.is_empty();
    let wrong: Vec<Fault> = checked.faults.into_iter().filter(|fault| !is_open(fault)).collect();
    if wrong.is_empty() { Ok(Next::HandIn { answers: checked.kept, complete }) } else { Err(wrong) }
}

/// Whether nothing is wrong but that questions have no answer that were not to be seen yet.
fn only_unseen(definition: &Definition, faults: &[Fault], shown: &HashSet<&str>) -> bool {
    let seen = |fault: &Fault| {
        if fault.is_of_question() {
            return shown.contains(fault.name.as_str());
        }
        let mut inside = definition.questions.iter().filter(|q| definition.stands_in(q, &fault.name));
        inside.any(|question| shown.contains(question.name.as_str()))
    };
    faults.iter().all(|fault| fault.row.is_none() && !seen(fault))
}

fn shown(fields: &[(String, String)]) -> HashSet<&str> {
    fields.iter().filter(|(name, _)| name == field::SHOWN).map(|(_, value)| value.as_str()).collect()
}

/// The first page of a survey.
pub(crate) fn first_page(view: &View<'_>) -> usize {
    view.pages().next().unwrap_or(0)
}
