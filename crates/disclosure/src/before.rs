//! Two reports of the same answers: what one hides, the other does not show.

use std::collections::BTreeMap;

use crate::{Measure, Released, ResultTable, Shown, Withheld};

impl ResultTable {
    /// Withholds, in the sections whose ids begin with `prefix`, what a report of its own does not show of the same
    /// question and group: by codes. A group that the other does not know is nobody there.
    pub fn withhold(&mut self, prefix: &str, other: &Released) {
        let groups = other.populations();
        let mut hidden = BTreeMap::new();
        let own = |id: &str| !id.starts_with(prefix);
        let is_answers = |measure| matches!(measure, Measure::Likert | Measure::Choices);
        let answers = other.sections().iter().filter(|section| is_answers(section.measure()));
        for section in answers.filter(|section| own(section.id())) {
            for figure in section.figures() {
                let withheld = match figure.shown {
                    Shown::Full(_) => continue,
                    Shown::Summary(_) => Withheld::Distribution,
                    Shown::Hidden(_) => Withheld::All,
                };
                let item = section.items()[figure.item].code.as_str();
                hidden.insert((item, groups[figure.population].code.as_str()), withheld);
            }
        }
        for section in self.sections.iter_mut().filter(|section| section.id.starts_with(prefix)) {
            for figure in section.figures.iter_mut().filter(|figure| figure.withheld != Withheld::Merged) {
                let item = section.items[figure.item].code.as_str();
                let group = self.populations[figure.population].code.as_str();
                figure.withheld = hidden.get(&(item, group)).copied().unwrap_or_default();
            }
        }
    }
}
