//! Lists of choices: what questions share stands once.

use std::collections::{BTreeMap, BTreeSet};

use super::condition::filter;
use super::workbook::Row;
use crate::definition::Definition;
use crate::question::Choice;
use crate::readers::special_name;
use crate::sidecar::{Item, Score};

/// The sheet of choices as it grows.
pub(super) struct Lists<'a> {
    definition: &'a Definition,
    /// Each list with its rows.
    pub(super) all: Vec<(String, Vec<Row>)>,
}

impl<'a> Lists<'a> {
    pub(super) fn new(definition: &'a Definition) -> Self {
        Lists { definition, all: Vec::new() }
    }

    /// The name of a list with these choices, scored as the item is.
    pub(super) fn name(&mut self, question: &str, choices: &[Choice], item: Option<&Item>) -> String {
        let rows: Vec<Row> = choices.iter().map(|choice| self.row(choice, item)).collect();
        let scale = item.map(|item| item.scale.as_str());
        let same =
            |(name, known): &&(String, Vec<Row>)| *known == rows && scale.is_none_or(|scale| scale == name);
        if let Some((name, _)) = self.all.iter().find(same) {
            return name.clone();
        }
        let scales = &self.definition.sidecar.scales;
        let taken = |name: &String| {
            let of_scale = scales.iter().any(|known| known.id == *name) && scale != Some(name.as_str());
            of_scale || self.all.iter().any(|(known, _)| known == name)
        };
        let wanted = scale.unwrap_or(question).to_owned();
        let numbered = (2..).map(|number| format!("{wanted}_{number}"));
        let name = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken(name));
        let name = name.unwrap_or(wanted);
        self.all.push((name.clone(), rows));
        name
    }

    /// The column that says at which answers to a question choices are offered.
    pub(super) fn column(&self, question: usize) -> String {
        let name = self.definition.questions.get(question).map_or("", |question| &question.name);
        format!("by_{}", name.to_lowercase())
    }

    /// What filters choices, where something does; an error where no sheet says it.
    pub(super) fn filtered(&self, choices: &[Choice]) -> Result<Option<String>, ()> {
        let plain: Vec<&Choice> = choices.iter().filter(|choice| choice.special.is_none()).collect();
        if plain.iter().all(|choice| choice.visible_if.is_none()) {
            return Ok(None);
        }
        let by = plain.iter().map(|choice| Some(choice.visible_if.as_ref().and_then(filter)?.0));
        let by: BTreeSet<Option<usize>> = by.collect();
        match by.first() {
            Some(Some(question)) if by.len() == 1 => {
                let name = self.definition.questions.get(*question).map_or("", |question| &question.name);
                Ok(Some(format!("{} = ${{{name}}}", self.column(*question))))
            }
            _ => Err(()),
        }
    }

    fn row(&self, choice: &Choice, item: Option<&Item>) -> Row {
        let mut row = Row::new();
        let code = choice.code();
        super::workbook::texts(&mut row, "label", &choice.label, self.definition);
        let scale = self
            .definition
            .sidecar
            .scales
            .iter()
            .find(|scale| item.is_some_and(|item| item.scale == scale.id));
        if let Some(known) = scale.and_then(|scale| scale.codes.iter().find(|known| known.code == code)) {
            let yes = |yes: bool| if yes { "yes" } else { "" }.to_owned();
            row.insert("positive".to_owned(), yes(known.positive));
            row.insert("dont_know".to_owned(), yes(known.dont_know));
            row.insert("score".to_owned(), known.score.map_or(String::new(), score));
        }
        let levels: Option<&BTreeMap<String, u8>> =
            item.and_then(|item| item.feeds.as_ref()).map(|feed| &feed.levels);
        if let Some(level) = levels.and_then(|levels| levels.get(&code)) {
            row.insert("level".to_owned(), level.to_string());
        }
        row.insert("special".to_owned(), choice.special.map_or("", special_name).to_owned());
        if let Some((question, wanted)) = choice.visible_if.as_ref().and_then(filter) {
            row.insert(self.column(question), wanted.to_owned());
        }
        row.insert("name".to_owned(), code);
        row
    }
}

fn score(score: Score) -> String {
    match score {
        Score::Whole(number) => number.to_string(),
        Score::Fraction(numerator, denominator) => format!("{numerator}/{denominator}"),
    }
}
