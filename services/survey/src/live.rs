//! What on a page shows and hides at once while it is filled in: for each part that hangs on answers of its own page,
//! whether it is there for each of the answers that there can be, as the server finds it. The script looks that up and
//! computes nothing, so that it never says otherwise than the server does at the next step.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDateTime;
use forms::Definition;
use forms::answers::{View, look};
use forms::expression::Node;
use forms::question::{Choice, Condition, Conditions, Kind, Question, Ref, code};
use serde_json::{Map, Value as Json};

/// Answers together that are tried for one part, and for one page. What hangs on more waits for the next step.
const MOST: usize = 256;
const MOST_OF_A_PAGE: usize = 1_024;
/// Choices of which several may be chosen.
const MOST_CHOICES: usize = 6;

/// A part of a page that may come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    /// A panel.
    Panel(usize),
    /// A question.
    Question(usize),
    /// Whether a question may be answered.
    Open(usize),
    /// A choice of a question, by its place.
    Choice(usize, usize),
    /// Whether it may be chosen.
    Enabled(usize, usize),
    /// A row of a matrix.
    Row(usize, usize),
    /// Whether it may be answered.
    RowOpen(usize, usize),
}

/// When a part is there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    /// The questions that it hangs on, by their places, with commas between them.
    pub(crate) on: String,
    /// 0 or 1 for each of their answers together; those of the last question change fastest.
    pub(crate) is: String,
}

/// What on a page comes and goes by itself.
#[derive(Debug, Default)]
pub(crate) struct Live {
    tables: HashMap<Part, Table>,
    drivers: BTreeSet<usize>,
}

impl Live {
    /// When a part is there, where that hangs on its page.
    pub(crate) fn table(&self, part: Part) -> Option<&Table> {
        self.tables.get(&part)
    }

    /// The values of a question that others hang on, in the order of the tables; nothing chosen is "", but where several
    /// may be chosen.
    pub(crate) fn codes(&self, definition: &Definition, at: usize) -> Option<String> {
        self.drivers.contains(&at).then(|| Json::from(codes(&definition.questions[at])).to_string())
    }

    /// Works it out for a page.
    pub(crate) fn of(view: &View<'_>, page: usize, now: NaiveDateTime) -> Live {
        let definition = view.definition;
        let mut groups: BTreeMap<Vec<usize>, Vec<Part>> = BTreeMap::new();
        for (part, needs) in parts(definition, page) {
            let Some(needs) = needs.filter(|needs| !needs.is_empty()) else { continue };
            let many = needs.iter().try_fold(1_usize, |product, at| {
                let of = answers_of(&definition.questions[*at])?;
                Some(product * of).filter(|product| *product <= MOST)
            });
            if many.is_some() {
                groups.entry(needs.into_iter().collect()).or_default().push(part);
            }
        }
        let mut live = Live::default();
        let mut left = MOST_OF_A_PAGE;
        for (on, parts) in groups {
            let sizes: Vec<usize> =
                on.iter().map(|at| answers_of(&definition.questions[*at]).unwrap_or(1)).collect();
            let many: usize = sizes.iter().product();
            if many > left {
                continue;
            }
            left -= many;
            let mut found = vec![String::with_capacity(many); parts.len()];
            let mut answers = view.answers.clone();
            for index in 0..many {
                let mut rest = index;
                for (at, size) in on.iter().zip(&sizes).rev() {
                    put(&mut answers, &definition.questions[*at], rest % size);
                    rest /= size;
                }
                let then = look(definition, &answers, now);
                for (part, found) in parts.iter().zip(&mut found) {
                    found.push(if is_there(&then, *part) { '1' } else { '0' });
                }
            }
            let names = on.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
            for (part, is) in parts.into_iter().zip(found) {
                live.tables.insert(part, Table { on: names.clone(), is });
            }
            live.drivers.extend(on);
        }
        live
    }
}

/// Whether a part is there.
pub(crate) fn is_there(view: &View<'_>, part: Part) -> bool {
    let choice = |at: usize, place: usize| view.definition.questions[at].choices().get(place);
    let row = |at: usize, place: usize| view.definition.questions[at].rows().get(place);
    match part {
        Part::Panel(at) => view.shows_panel(at),
        Part::Question(at) => view.shows(at),
        Part::Open(at) => view.is_open(at),
        Part::Choice(at, place) => choice(at, place).is_some_and(|choice| view.offers(choice)),
        Part::Enabled(at, place) => choice(at, place).is_some_and(|choice| view.enables(choice)),
        Part::Row(at, place) => row(at, place).is_some_and(|row| view.offers(row)),
        Part::RowOpen(at, place) => row(at, place).is_some_and(|row| view.enables(row)),
    }
}

/// The parts of a page that have conditions, each with the questions of the page that it hangs on; none where it hangs on
/// something that is not one of a few answers.
fn parts(definition: &Definition, page: usize) -> Vec<(Part, Option<BTreeSet<usize>>)> {
    let mut all = Vec::new();
    let needs = |mut conditions: &mut dyn Iterator<Item = &Condition>| {
        let mut needs = Needs { definition, page, found: BTreeSet::new(), seen: HashSet::new() };
        (&mut conditions).all(|condition| needs.add(condition)).then_some(needs.found)
    };
    let around = |panels: &[usize]| {
        let panels: Vec<&Conditions> =
            panels.iter().map(|panel| &definition.panels[*panel].conditions).collect();
        panels.into_iter()
    };
    let here = |(_, question): &(usize, &Question)| question.page == page;
    for (at, question) in definition.questions.iter().enumerate().filter(here) {
        let own = &question.conditions;
        let shown = around(&question.panels).chain([own]).filter_map(|one| one.visible_if.as_ref());
        let shown: Vec<&Condition> = shown.collect();
        all.push((Part::Question(at), needs(&mut shown.iter().copied())));
        let page = &definition.pages[page].conditions;
        let open = around(&question.panels).chain([own, page]).filter_map(|one| one.enable_if.as_ref());
        let open: Vec<&Condition> = open.collect();
        if !open.is_empty() {
            all.push((Part::Open(at), needs(&mut shown.iter().copied().chain(open))));
        }
        for (place, choice) in question.choices().iter().enumerate() {
            all.push((Part::Choice(at, place), needs(&mut choice.visible_if.iter())));
            all.push((Part::Enabled(at, place), needs(&mut choice.enable_if.iter())));
        }
        for (place, row) in question.rows().iter().enumerate() {
            all.push((Part::Row(at, place), needs(&mut row.visible_if.iter())));
            all.push((Part::RowOpen(at, place), needs(&mut row.enable_if.iter())));
        }
    }
    for (at, panel) in definition.panels.iter().enumerate().filter(|(_, panel)| panel.page == page) {
        let inside = definition.questions.iter().filter(|question| question.panels.contains(&at));
        let inside = inside.flat_map(|question| {
            around(&question.panels).chain([&question.conditions]).filter_map(|one| one.visible_if.as_ref())
        });
        let own = around(&panel.panels).chain([&panel.conditions]).filter_map(|one| one.visible_if.as_ref());
        all.push((Part::Panel(at), needs(&mut own.chain(inside))));
    }
    all
}

/// Gathers what conditions hang on.
struct Needs<'a> {
    definition: &'a Definition,
    page: usize,
    found: BTreeSet<usize>,
    seen: HashSet<usize>,
}

impl Needs<'_> {
    /// Whether everything that a condition hangs on can be tried out.
    fn add(&mut self, condition: &Condition) -> bool {
        // These name questions in texts.
        let reads = |node: &&Node| matches!(node, Node::Function(name, _) if ["displayvalue", "iscontainerready"].contains(&name.to_lowercase().as_str()));
        !condition.parsed.node.walk().iter().any(reads) && condition.refs.iter().all(|name| self.name(name))
    }

    fn name(&mut self, name: &Ref) -> bool {
        match name {
            Ref::Group | Ref::Unknown => true,
            Ref::Calculated(at) => {
                let expression = self.definition.calculated[*at].expression.as_ref();
                expression.is_none_or(|expression| self.add(expression))
            }
            Ref::Comment(at) => self.definition.questions[*at].page != self.page,
            Ref::Length(inner) => self.name(inner),
            Ref::Answer(at) | Ref::Row(at, _) | Ref::Item(at, _) => self.question(*at),
        }
    }

    fn question(&mut self, at: usize) -> bool {
        if !self.seen.insert(at) {
            return true;
        }
        let definition = self.definition;
        let question = &definition.questions[at];
        if question.page == self.page {
            match &question.kind {
                Kind::Expression(expression) => {
                    if !expression.as_ref().is_none_or(|expression| self.add(expression)) {
                        return false;
                    }
                }
                _ if answers_of(question).is_none() => return false,
                _ => {
                    self.found.insert(at);
                }
            }
        }
        let panels = question.panels.iter().map(|panel| &definition.panels[*panel].conditions);
        let around = panels.chain([&question.conditions, &definition.pages[question.page].conditions]);
        let choices = question.choices().iter().chain(question.rows());
        let deciding = around.filter_map(|one| one.visible_if.as_ref());
        deciding.chain(choices.filter_map(|choice| choice.visible_if.as_ref())).all(|one| self.add(one))
    }
}

/// How many answers a question can have, where they are few.
fn answers_of(question: &Question) -> Option<usize> {
    match &question.kind {
        Kind::Choice(choice) if choice.several => {
            (choice.choices.len() <= MOST_CHOICES).then(|| 1 << choice.choices.len())
        }
        Kind::Choice(_) | Kind::Rating(_) | Kind::Boolean(_) => Some(codes(question).len()),
        _ => None,
    }
}

fn codes(question: &Question) -> Vec<String> {
    let nothing = std::iter::once(String::new());
    match &question.kind {
        Kind::Choice(choice) if choice.several => choice.choices.iter().map(Choice::code).collect(),
        Kind::Boolean(boolean) => nothing.chain([code(&boolean.yes), code(&boolean.no)]).collect(),
        _ => nothing.chain(question.choices().iter().map(Choice::code)).collect(),
    }
}

/// Gives a question one of its answers, by its number.
fn put(answers: &mut Map<String, Json>, question: &Question, number: usize) {
    let choices = question.choices();
    let answer = match &question.kind {
        Kind::Choice(choice) if choice.several => {
            let chosen = choices.iter().enumerate().filter(|(place, _)| number >> place & 1 == 1);
            let chosen: Vec<Json> = chosen.map(|(_, choice)| choice.value.clone()).collect();
            (!chosen.is_empty()).then(|| Json::from(chosen))
        }
        Kind::Boolean(boolean) => {
            [&boolean.yes, &boolean.no].get(number.wrapping_sub(1)).map(|value| (*value).clone())
        }
        _ => choices.get(number.wrapping_sub(1)).map(|choice| choice.value.clone()),
    };
    match answer {
        Some(answer) => drop(answers.insert(question.name.clone(), answer)),
        None => drop(answers.remove(&question.name)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use serde_json::json;

    use super::*;

    fn now() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 11, 30).unwrap().and_hms_opt(10, 0, 0).unwrap()
    }

    fn live(elements: Json, before: Json) -> (Definition, Live) {
        let json = json!({"pages": [
            {"name": "p1", "elements": [{"type": "radiogroup", "name": "before", "choices": ["x", "y"]}]},
            {"name": "p2", "elements": elements},
        ]});
        let definition = forms::register(json.to_string().as_bytes(), None).unwrap();
        let answers = before.as_object().unwrap().clone();
        let live = Live::of(&look(&definition, &answers, now()), 1, now());
        (definition, live)
    }

    fn table(live: &Live, part: Part) -> Option<(&str, &str)> {
        live.table(part).map(|table| (table.on.as_str(), table.is.as_str()))
    }

    #[test]
    fn a_table_says_for_every_answer_what_the_server_says_also_through_others_that_come_and_go() {
        let elements = json!([
            {"type": "radiogroup", "name": "a", "choices": ["1", "01"]},
            {"type": "boolean", "name": "b", "visibleIf": "{a} = '1'"},
            {"type": "comment", "name": "c", "visibleIf": "{b} = true"},
            {"type": "checkbox", "name": "d", "choices": ["u", "v"]},
            {"type": "comment", "name": "e", "visibleIf": "{d} contains 'v' and {before} = 'x'"},
            {"type": "dropdown", "name": "f", "choices": ["g", {"value": "h", "visibleIf": "{a} notempty"}]},
        ]);
        let (definition, here) = live(elements.clone(), json!({"before": "x"}));
        // Nothing, 1, 01: codes are compared as they are written.
        assert_eq!(table(&here, Part::Question(2)), Some(("1", "010")));
        // And so for nothing, yes and no to what is shown after 1 alone.
        assert_eq!(table(&here, Part::Question(3)), Some(("1,2", "000010000")));
        assert_eq!(table(&here, Part::Question(5)), Some(("4", "0011")));
        assert_eq!(table(&here, Part::Choice(6, 1)), Some(("1", "011")));
        assert_eq!(here.codes(&definition, 4).as_deref(), Some(r#"["u","v"]"#));
        assert_eq!(here.codes(&definition, 2).as_deref(), Some(r#"["","true","false"]"#));
        assert_eq!(here.codes(&definition, 6), None);
        // What was answered on other pages is settled.
        let (_, there) = live(elements, json!({"before": "y"}));
        assert_eq!(table(&there, Part::Question(5)), Some(("4", "0000")));
    }

    #[test]
    fn what_hangs_on_more_than_a_few_answers_waits_for_the_next_step() {
        let scale = |name: &str| json!({"type": "rating", "name": name, "rateMax": 10});
        let (_, live) = live(
            json!([
                {"type": "text", "name": "age", "inputType": "number"},
                {"type": "comment", "name": "old", "visibleIf": "{age} > 60"},
                scale("r1"), scale("r2"), scale("r3"),
                {"type": "comment", "name": "sum", "visibleIf": "{r1} + {r2} + {r3} > 20"},
                {"type": "comment", "name": "shown", "visibleIf": "displayValue('r1') = '3'"},
                {"type": "comment", "name": "always"},
                {"type": "comment", "name": "two", "visibleIf": "{r1} + {r2} > 15"},
            ]),
            json!({}),
        );
        for at in [2, 6, 7, 8] {
            assert_eq!(live.table(Part::Question(at)), None, "{at}");
        }
        let (on, is) = table(&live, Part::Question(9)).unwrap();
        assert_eq!((on, is.len(), is.matches('1').count()), ("3,4", 121, 15));
    }
}
