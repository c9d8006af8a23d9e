//! Reading a definition whole: pages, panels, questions, calculated values.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::braces;
use super::kinds;
use super::model::{Definition, HiddenAnswers};
use super::reader::{Object, Reader};
use crate::question::{Calculated, Conditions, Element, Kind, Page, Panel, Question};
use crate::text::{Localised, alike};

/// Largest definition, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// Most questions.
pub const MAX_QUESTIONS: usize = 2_000;
/// How deep panels may stand in each other.
const MAX_PANELS: usize = 10;

const ROOT: &[&str] = &[
    "title",
    "description",
    "pages",
    "elements",
    "questions",
    "calculatedValues",
    "clearInvisibleValues",
    "locale",
    "mode",
    "larka",
];
const CONTAINER: &[&str] = &[
    "type",
    "name",
    "title",
    "description",
    "elements",
    "questions",
    "visible",
    "visibleIf",
    "enableIf",
    "requiredIf",
    "isRequired",
    "readOnly",
    "requiredErrorText",
];

/// A definition in the making.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) reader: Reader,
    pub(super) pages: Vec<Page>,
    pub(super) panels: Vec<Panel>,
    pub(super) questions: Vec<Question>,
    pub(super) calculated: Vec<Calculated>,
    pub(super) title: Localised,
    pub(super) description: Localised,
    pub(super) hidden_answers: HiddenAnswers,
    pub(super) read_only: bool,
}

/// Reads everything but names in expressions and the sidecar.
pub(super) fn draft(json: &Json, reader: Reader) -> Draft {
    let mut draft = Draft { reader, ..Draft::default() };
    let Some(root) = draft.reader.object(json, "") else { return draft };
    draft.reader.only(root, &[ROOT]);
    draft.reader.language =
        draft.reader.text(root, "locale").filter(|tag| !tag.is_empty()).unwrap_or("sv").to_owned();
    draft.title = draft.reader.localised(root, "title").unwrap_or_default();
    draft.description = draft.reader.localised(root, "description").unwrap_or_default();
    draft.hidden_answers = match draft.reader.text(root, "clearInvisibleValues") {
        None | Some("onComplete" | "onHidden" | "onHiddenContainer") => HiddenAnswers::Dropped,
        Some("none") => HiddenAnswers::Kept,
        Some(_) => {
            draft.reader.refusals.add(
                "/clearInvisibleValues",
                "ska vara onComplete, onHidden, onHiddenContainer eller none",
                "has to be onComplete, onHidden, onHiddenContainer or none",
            );
            HiddenAnswers::Dropped
        }
    };
    draft.read_only = match draft.reader.text(root, "mode") {
        None | Some("edit") => false,
        Some("display") => true,
        Some(_) => {
            draft.reader.refusals.add("/mode", "ska vara edit eller display", "has to be edit or display");
            false
        }
    };
    draft.pages(root);
    draft.calculated(root);
    draft.names();
    draft
}

impl Draft {
    fn pages(&mut self, root: Object<'_>) {
        let pages = self.reader.list(root, "pages");
        for (index, page) in pages.iter().enumerate() {
            let place = format!("/pages/{index}");
            if let Some(page) = self.reader.object(page, &place) {
                self.reader.only(page, &[CONTAINER]);
                self.page(page);
            }
        }
        // A survey of one page needs none.
        if ["elements", "questions"].iter().any(|name| root.get(name).is_some()) {
            let page = self.pages.len();
            self.pages.push(Page {
                name: format!("page{}", page + 1),
                title: Localised::default(),
                description: Localised::default(),
                conditions: Conditions::default(),
                elements: Vec::new(),
            });
            let elements = self.elements(root, page, &[]);
            self.pages[page].elements = elements;
        }
        if !self.questions.iter().any(Question::is_asked) && self.reader.refusals.is_empty() {
            self.reader.refusals.add("", "det finns inga frågor", "there are no questions");
        }
    }

    fn page(&mut self, object: Object<'_>) {
        let page = self.pages.len();
        let name = self.reader.text(object, "name").unwrap_or_default();
        let read = Page {
            name: if name.is_empty() { format!("page{}", page + 1) } else { name.to_owned() },
            title: self.reader.localised(object, "title").unwrap_or_default(),
            description: self.reader.localised(object, "description").unwrap_or_default(),
            conditions: self.reader.conditions(object),
            elements: Vec::new(),
        };
        self.pages.push(read);
        let elements = self.elements(object, page, &[]);
        self.pages[page].elements = elements;
    }

    fn elements(&mut self, object: Object<'_>, page: usize, panels: &[usize]) -> Vec<Element> {
        let mut elements = Vec::new();
        for list in ["elements", "questions"] {
            for (index, element) in self.reader.list(object, list).iter().enumerate() {
                let place = format!("{}/{index}", object.at(list));
                let Some(element) = self.reader.object(element, &place) else { continue };
                match self.reader.text(element, "type") {
                    Some("panel") => elements.extend(self.panel(element, page, panels)),
                    Some(kind) => elements.extend(self.question(element, kind, page, panels)),
                    None => {
                        self.reader.refusals.add(
                            &place,
                            "elementet har ingen typ (type)",
                            "the element has no type",
                        );
                    }
                }
            }
        }
        elements
    }

    fn panel(&mut self, object: Object<'_>, page: usize, panels: &[usize]) -> Option<Element> {
        self.reader.only(object, &[CONTAINER]);
        if panels.len() == MAX_PANELS {
            self.reader.refusals.add(
                object.place,
                format!("paneler i fler än {MAX_PANELS} nivåer"),
                format!("panels in more than {MAX_PANELS} levels"),
            );
            return None;
        }
        let place = self.panels.len();
        let name = self.reader.text(object, "name").unwrap_or_default();
        let read = Panel {
            name: if name.is_empty() { format!("panel{}", place + 1) } else { name.to_owned() },
            place: object.place.to_owned(),
            title: self.reader.localised(object, "title").unwrap_or_default(),
            description: self.reader.localised(object, "description").unwrap_or_default(),
            conditions: self.reader.conditions(object),
            elements: Vec::new(),
            page,
            panels: panels.to_vec(),
        };
        self.panels.push(read);
        let inside: Vec<usize> = panels.iter().copied().chain([place]).collect();
        let elements = self.elements(object, page, &inside);
        self.panels[place].elements = elements;
        Some(Element::Panel(place))
    }

    fn question(&mut self, object: Object<'_>, kind: &str, page: usize, panels: &[usize]) -> Option<Element> {
        if self.questions.len() == MAX_QUESTIONS {
            self.reader.refusals.add(
                object.place,
                format!("fler än {MAX_QUESTIONS} frågor"),
                format!("more than {MAX_QUESTIONS} questions"),
            );
            return None;
        }
        let read = kinds::read(&mut self.reader, object, kind)?;
        let name = self.reader.text(object, "name").unwrap_or_default().to_owned();
        let comment = (matches!(
            read,
            Kind::Choice(_) | Kind::Rating(_) | Kind::Boolean(_) | Kind::Matrix(_) | Kind::Ranking(_)
        ) && kinds::comment_area(&mut self.reader, object))
        .then(|| self.reader.localised(object, "commentText").unwrap_or_default());
        let question = Question {
            title: self.reader.localised(object, "title").unwrap_or_else(|| Localised::plain(name.clone())),
            name,
            place: object.place.to_owned(),
            description: self.reader.localised(object, "description").unwrap_or_default(),
            conditions: self.reader.conditions(object),
            validators: kinds::validators(&mut self.reader, object),
            comment,
            page,
            panels: panels.to_vec(),
            kind: read,
        };
        self.questions.push(question);
        Some(Element::Question(self.questions.len() - 1))
    }

    fn calculated(&mut self, root: Object<'_>) {
        for (index, item) in self.reader.list(root, "calculatedValues").iter().enumerate() {
            let place = format!("/calculatedValues/{index}");
            let Some(item) = self.reader.object(item, &place) else { continue };
            self.reader.only(item, &[&["name", "expression", "includeIntoResult"]]);
            let calculated = Calculated {
                name: self.reader.text(item, "name").unwrap_or_default().to_owned(),
                expression: self.reader.condition(item, "expression"),
                kept: self.reader.bool(item, "includeIntoResult") == Some(true),
            };
            self.calculated.push(calculated);
        }
    }

    /// Every name once, whatever its case; every name one that can be named.
    fn names(&mut self) {
        let questions = self.questions.iter().flat_map(|question| {
            let comment = question.takes_comment().then(|| (question.comment_key(), question.place.clone()));
            std::iter::once((question.name.clone(), question.place.clone())).chain(comment)
        });
        let calculated = self.calculated.iter().enumerate();
        let all = questions
            .chain(calculated.map(|(i, value)| (value.name.clone(), format!("/calculatedValues/{i}"))));
        let mut first: HashMap<String, String> = HashMap::new();
        let registered = self.reader.registered;
        let alike = |name: &str| alike(name, registered);
        let refusals = &mut self.reader.refusals;
        for (name, place) in all {
            let bad = name.trim() != name
                || name.chars().count() > 200
                || name.chars().any(|c| c.is_control() || "{}[]".contains(c))
                || name.starts_with(['#', '$']);
            if name.is_empty() {
                refusals.add(&place, "namnet (name) saknas", "the name is missing");
            } else if bad {
                refusals.add(
                    &place,
                    format!("namnet {name:?} går inte att använda: inga blanktecken ytterst, inga {{ }} [ ], högst 200 tecken"),
                    format!("the name {name:?} cannot be used: no outer blanks, no {{ }} [ ], at most 200 characters"),
                );
            } else if let Some(other) = first.insert(alike(&name), place.clone()) {
                refusals.add(
                    &place,
                    format!("namnet {name} finns redan ({other})"),
                    format!("the name {name} is there already ({other})"),
                );
            }
        }
        let mut containers = std::collections::HashSet::new();
        let pages = self.pages.iter().enumerate().map(|(i, page)| (&page.name, format!("/pages/{i}")));
        for (name, place) in pages.chain(self.panels.iter().map(|panel| (&panel.name, panel.place.clone()))) {
            if !containers.insert(alike(name)) {
                refusals.add(
                    &place,
                    format!("en sida eller panel heter redan {name}"),
                    format!("a page or panel is called {name} already"),
                );
            }
        }
        let known = |name: &str| {
            let name = alike(name);
            first.contains_key(&name) || containers.contains(&name)
        };
        if !registered {
            braces::check(&self.reader.braces, known, refusals);
        }
    }
}

/// Puts a definition together from a draft in which nothing is wrong.
pub(super) fn whole(draft: Draft, source: &[u8]) -> Definition {
    let language = draft.reader.language.clone();
    let mut languages = vec![language.clone()];
    languages.extend(draft.reader.languages.iter().filter(|tag| **tag != language).cloned());
    let by_name =
        draft.questions.iter().enumerate().map(|(i, question)| (question.name.to_lowercase(), i)).collect();
    Definition {
        source: source.into(),
        sha256: [0; 32],
        question_set: [0; 32],
        title: draft.title,
        description: draft.description,
        language,
        languages,
        pages: draft.pages,
        panels: draft.panels,
        questions: draft.questions,
        calculated: draft.calculated,
        hidden_answers: draft.hidden_answers,
        read_only: draft.read_only,
        sidecar: Default::default(),
        order: Vec::new(),
        by_name,
    }
}
