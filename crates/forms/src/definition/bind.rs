//! What names in expressions stand for, and what is wrong with expressions that can be read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::model::{Definition, Step, checking, deciding};
use crate::expression::{Binary, FUNCTIONS, Node};
use crate::question::{Condition, Kind, Question, RESPONDENT_GROUP, Ref, Rule};
use crate::refusal::Refusals;
use crate::text::distance;
use crate::values::Value;

/// Finds what every name stands for and the order in which things are worked out.
pub(super) fn bind(definition: &mut Definition, refusals: &mut Refusals) {
    let names = Names {
        calculated: (definition.calculated.iter().enumerate())
            .map(|(i, value)| (value.name.to_lowercase(), i))
            .collect(),
        questions: definition.by_name.clone(),
    };
    let bound: Vec<Vec<Ref>> = conditions(definition)
        .map(|condition| {
            condition.parsed.names.iter().map(|name| names.find(name, &definition.questions)).collect()
        })
        .collect();
    for (condition, refs) in conditions_mut(definition).zip(bound) {
        condition.refs = refs;
    }
    let containers: BTreeSet<&str> = definition
        .pages
        .iter()
        .map(|page| page.name.as_str())
        .chain(definition.panels.iter().map(|panel| panel.name.as_str()))
        .collect();
    for condition in conditions(definition) {
        let lint = Lint { definition, condition, containers: &containers };
        lint.unknown(&names, refusals);
        lint.nodes(refusals);
    }
    order(definition, refusals);
}

pub(super) fn conditions(definition: &Definition) -> impl Iterator<Item = &Condition> {
    let containers = definition.pages.iter().map(|page| &page.conditions);
    let containers = containers.chain(definition.panels.iter().map(|panel| &panel.conditions));
    let containers = containers.flat_map(|c| c.visible_if.iter().chain(&c.enable_if).chain(&c.required_if));
    let questions =
        definition.questions.iter().flat_map(|question| deciding(question).chain(checking(question)));
    containers
        .chain(questions)
        .chain(definition.calculated.iter().filter_map(|value| value.expression.as_ref()))
}

/// The same, in the same order.
fn conditions_mut(definition: &mut Definition) -> impl Iterator<Item = &mut Condition> {
    let containers = definition.pages.iter_mut().map(|page| &mut page.conditions);
    let containers = containers.chain(definition.panels.iter_mut().map(|panel| &mut panel.conditions));
    let containers =
        containers.flat_map(|c| c.visible_if.iter_mut().chain(&mut c.enable_if).chain(&mut c.required_if));
    let questions = definition.questions.iter_mut().flat_map(|question| {
        let Question { conditions, kind, validators, .. } = question;
        let mut visible = Vec::new();
        let mut enabled = Vec::new();
        let mut own = None;
        let lists: [&mut [crate::question::Choice]; 2] = match kind {
            Kind::Choice(choice) => [&mut choice.choices, &mut []],
            Kind::Ranking(ranking) => [&mut ranking.choices, &mut []],
            Kind::Rating(rating) => [&mut rating.values, &mut []],
            Kind::Matrix(matrix) => [&mut matrix.columns, &mut matrix.rows],
            Kind::Expression(expression) => {
                own = expression.as_mut();
                [&mut [], &mut []]
            }
            _ => [&mut [], &mut []],
        };
        for choice in lists.into_iter().flatten() {
            visible.extend(choice.visible_if.as_mut());
            enabled.extend(choice.enable_if.as_mut());
        }
        let rules = validators.iter_mut().filter_map(|validator| match &mut validator.rule {
            Rule::Expression(expression) => expression.as_mut(),
            _ => None,
        });
        let deciding = conditions.visible_if.iter_mut().chain(visible).chain(own);
        deciding
            .chain(&mut conditions.enable_if)
            .chain(&mut conditions.required_if)
            .chain(rules)
            .chain(enabled)
    });
    containers
        .chain(questions)
        .chain(definition.calculated.iter_mut().filter_map(|value| value.expression.as_mut()))
}

/// Everything that can be named, in lower case.
struct Names {
    questions: HashMap<String, usize>,
    calculated: HashMap<String, usize>,
}

impl Names {
    fn find(&self, name: &str, questions: &[Question]) -> Ref {
        let lower = name.to_lowercase();
        if let Some(question) = self.questions.get(&lower) {
            return Ref::Answer(*question);
        }
        if let Some(calculated) = self.calculated.get(&lower) {
            return Ref::Calculated(*calculated);
        }
        if lower == RESPONDENT_GROUP {
            return Ref::Group;
        }
        if let Some(question) = lower.strip_suffix("-comment").and_then(|base| self.questions.get(base)) {
            return if questions[*question].takes_comment() { Ref::Comment(*question) } else { Ref::Unknown };
        }
        if lower.ends_with(".length") {
            return match self.find(&name[..name.len() - ".length".len()], questions) {
                Ref::Unknown => Ref::Unknown,
                inner => Ref::Length(Box::new(inner)),
            };
        }
        if let Some((base, index)) = lower.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
            let question = self.questions.get(base);
            return question.zip(index.parse().ok()).map_or(Ref::Unknown, |(q, index)| Ref::Item(*q, index));
        }
        let dots = lower.match_indices('.').map(|(at, _)| at);
        dots.filter_map(|at| {
            let question = *self.questions.get(&lower[..at])?;
            let row = questions[question].rows().iter().map(|row| row.code());
            let row = row.into_iter().find(|row| row.to_lowercase() == lower[at + 1..])?;
            Some(Ref::Row(question, row))
        })
        .next()
        .unwrap_or(Ref::Unknown)
    }

    /// The name that is most like one that there is not.
    fn like(&self, name: &str) -> Option<&str> {
        let wanted = name.trim().to_lowercase();
        let all = self.questions.keys().chain(self.calculated.keys());
        all.map(|known| (distance(known, &wanted), known.as_str()))
            .filter(|(distance, _)| *distance <= 2)
            .min()
            .map(|(_, known)| known)
    }
}

struct Lint<'a> {
    definition: &'a Definition,
    condition: &'a Condition,
    containers: &'a BTreeSet<&'a str>,
}

impl Lint<'_> {
    fn unknown(&self, names: &Names, refusals: &mut Refusals) {
        let named = self.condition.parsed.names.iter().zip(&self.condition.refs);
        for (name, _) in named.filter(|(_, found)| **found == Ref::Unknown) {
            let what = (format!("ingen fråga heter {{{name}}}"), format!("no question is called {{{name}}}"));
            match names.like(name) {
                Some(like) => {
                    let like = format!("{{{like}}}");
                    refusals.instead(&self.condition.place, what, (&like, &like));
                }
                None => {
                    refusals.add(&self.condition.place, what.0, what.1);
                }
            }
        }
    }

    fn nodes(&self, refusals: &mut Refusals) {
        for node in self.condition.parsed.node.walk() {
            match node {
                Node::Function(name, parameters) => self.function(name, parameters, refusals),
                Node::Binary(operator, left, right) => self.compared(*operator, left, right, refusals),
                _ => {}
            }
        }
    }

    fn function(&self, name: &str, parameters: &[Node], refusals: &mut Refusals) {
        let place = &self.condition.place;
        let Some((_, takes)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<_> = FUNCTIONS.iter().map(|(known, _)| *known).collect();
            let known = known.join(", ");
            let what = (format!("funktionen {name} finns inte"), format!("there is no function {name}"));
            return refusals.instead(place, what, (&known, &known));
        };
        if !takes.contains(&parameters.len()) {
            let (least, most) = (takes.start(), takes.end());
            refusals.add(
                place,
                format!("{name} tar {least} till {most} värden"),
                format!("{name} takes {least} to {most} values"),
            );
            return;
        }
        let wanted = match (name, parameters) {
            ("displayValue" | "isContainerReady", [Node::Const(Value::Text(wanted))]) => wanted,
            ("displayValue" | "isContainerReady", _) => {
                refusals.add(
                    place,
                    format!("{name} tar ett namn inom citattecken"),
                    format!("{name} takes a name in quotes"),
                );
                return;
            }
            _ => return,
        };
        let known = match name {
            "displayValue" => self.definition.question(wanted).is_some(),
            _ => self.containers.contains(wanted.as_str()),
        };
        if !known {
            refusals.add(
                place,
                format!("det finns inget som heter {wanted}"),
                format!("nothing is called {wanted}"),
            );
        }
    }

    /// A comparison of codes with one that does not exist is never true.
    fn compared(&self, operator: Binary, left: &Node, right: &Node, refusals: &mut Refusals) {
        let (named, other) = match (left, right) {
            (Node::Name(place), other) | (other, Node::Name(place)) => {
                (self.condition.refs.get(*place), other)
            }
            _ => return,
        };
        let (question, whole) = match named {
            Some(Ref::Answer(question)) => (&self.definition.questions[*question], true),
            Some(Ref::Row(question, _) | Ref::Item(question, _)) => {
                (&self.definition.questions[*question], false)
            }
            _ => return,
        };
        let several = whole && matches!(&question.kind, Kind::Choice(choice) if choice.several);
        let checked = match operator {
            Binary::Equal | Binary::NotEqual | Binary::AnyOf | Binary::AllOf | Binary::NoneOf => true,
            // Of a single choice it looks for a part of the text.
            Binary::Contains | Binary::NotContains => several,
            _ => false,
        };
        if !checked || question.choices().is_empty() || (whole && !question.rows().is_empty()) {
            return;
        }
        let constants: Vec<&Value> = other
            .walk()
            .into_iter()
            .filter_map(|node| match node {
                Node::Const(value) if !value.is_empty() => Some(value),
                _ => None,
            })
            .collect();
        if !matches!(other, Node::Const(_) | Node::List(_)) {
            return;
        }
        for value in constants {
            let text = value.text();
            if question.choices().iter().any(|choice| choice.code() == text) {
                continue;
            }
            let alike = question.choices().iter().map(crate::question::Choice::code);
            let alike = alike.into_iter().find(|code| code.trim().eq_ignore_ascii_case(text.trim()));
            let (name, place) = (&question.name, &self.condition.place);
            let what = (format!("{name} har inget svar {text:?}"), format!("{name} has no answer {text:?}"));
            match alike {
                Some(code) => refusals.instead(place, what, (&code, &code)),
                None => {
                    refusals.add(place, what.0, what.1);
                }
            }
        }
    }
}

/// Works out in which order things are worked out. What needs itself, by whatever way round, is refused.
fn order(definition: &mut Definition, refusals: &mut Refusals) {
    let needs = needs(definition);
    let mut waiting: BTreeMap<Step, BTreeSet<Step>> = needs.clone();
    let mut wanted_by: BTreeMap<Step, Vec<Step>> = BTreeMap::new();
    for (step, needed) in &needs {
        for other in needed {
            wanted_by.entry(*other).or_default().push(*step);
        }
    }
    let mut ready: BTreeSet<Step> =
        waiting.iter().filter(|(_, needed)| needed.is_empty()).map(|(step, _)| *step).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(step) = ready.pop_first() {
        order.push(step);
        waiting.remove(&step);
        for other in wanted_by.get(&step).into_iter().flatten() {
            if let Some(needed) = waiting.get_mut(other) {
                needed.remove(&step);
                if needed.is_empty() {
                    ready.insert(*other);
                }
            }
        }
    }
    definition.order = order;
    circles(definition, &mut waiting, refusals);
}

/// Names each circle once: from what is left, whoever follows needs comes round.
fn circles(definition: &Definition, left: &mut BTreeMap<Step, BTreeSet<Step>>, refusals: &mut Refusals) {
    while let Some(first) = left.keys().next().copied() {
        let mut walked = vec![first];
        let circle = loop {
            let here = walked[walked.len() - 1];
            let next = left.get(&here).into_iter().flatten().find(|next| left.contains_key(next)).copied();
            match next {
                None => break Vec::new(),
                Some(next) => match walked.iter().position(|step| *step == next) {
                    Some(start) => break walked[start..].to_vec(),
                    None => walked.push(next),
                },
            }
        };
        if let Some(step) = circle.first() {
            let names: Vec<String> = circle.iter().map(|step| called(definition, *step)).collect();
            let (sv, en) = if names.len() == 1 {
                (format!("{} beror på sig själv", names[0]), format!("{} depends on itself", names[0]))
            } else {
                let names = names.join(", ");
                (format!("beror på varandra: {names}"), format!("depend on each other: {names}"))
            };
            refusals.add(&placed(definition, *step), sv, en);
        }
        let gone = if circle.is_empty() { walked } else { circle };
        left.retain(|step, _| !gone.contains(step));
    }
}

fn called(definition: &Definition, step: Step) -> String {
    match step {
        Step::Page(page) => definition.pages[page].name.clone(),
        Step::Panel(panel) => definition.panels[panel].name.clone(),
        Step::Question(question) => definition.questions[question].name.clone(),
        Step::Calculated(calculated) => definition.calculated[calculated].name.clone(),
    }
}

fn placed(definition: &Definition, step: Step) -> String {
    match step {
        Step::Page(page) => format!("/pages/{page}"),
        Step::Panel(panel) => definition.panels[panel].place.clone(),
        Step::Question(question) => definition.questions[question].place.clone(),
        Step::Calculated(calculated) => format!("/calculatedValues/{calculated}"),
    }
}

/// What each step needs.
fn needs(definition: &Definition) -> BTreeMap<Step, BTreeSet<Step>> {
    let of = |condition: &Condition| needed_by(definition, condition);
    let mut needs = BTreeMap::new();
    for (place, page) in definition.pages.iter().enumerate() {
        needs.insert(Step::Page(place), page.conditions.visible_if.iter().flat_map(of).collect());
    }
    for (place, panel) in definition.panels.iter().enumerate() {
        let mut needed: BTreeSet<Step> = panel.conditions.visible_if.iter().flat_map(of).collect();
        needed.insert(panel.panels.last().map_or(Step::Page(panel.page), |panel| Step::Panel(*panel)));
        needs.insert(Step::Panel(place), needed);
    }
    for (place, question) in definition.questions.iter().enumerate() {
        let mut needed: BTreeSet<Step> = deciding(question).flat_map(of).collect();
        needed.insert(question.panels.last().map_or(Step::Page(question.page), |panel| Step::Panel(*panel)));
        needs.insert(Step::Question(place), needed);
    }
    for (place, calculated) in definition.calculated.iter().enumerate() {
        needs.insert(Step::Calculated(place), calculated.expression.iter().flat_map(of).collect());
    }
    needs
}

fn needed_by(definition: &Definition, condition: &Condition) -> BTreeSet<Step> {
    let mut needed = BTreeSet::new();
    needed.extend(condition.refs.iter().filter_map(step));
    for node in condition.parsed.node.walk() {
        let Node::Function(name, parameters) = node else { continue };
        let [Node::Const(Value::Text(wanted))] = parameters.as_slice() else { continue };
        match name.as_str() {
            "displayValue" => {
                needed.extend(definition.by_name.get(&wanted.to_lowercase()).map(|q| Step::Question(*q)))
            }
            "isContainerReady" => {
                for (place, question) in definition.questions.iter().enumerate() {
                    if definition.stands_in(question, wanted) {
                        needed.insert(Step::Question(place));
                        let names = checking(question).flat_map(|condition| &condition.refs);
                        needed.extend(names.filter_map(step));
                    }
                }
            }
            _ => {}
        }
    }
    needed
}

fn step(name: &Ref) -> Option<Step> {
    match name {
        Ref::Length(inner) => step(inner),
        Ref::Calculated(calculated) => Some(Step::Calculated(*calculated)),
        other => other.question().map(Step::Question),
    }
}
