//! Groups of respondents, each with the questions that it is asked, side by side. Nobody is in two, and no figure is of more than
//! one: of how many a group's figures are is its own roll.

use super::super::populations::Populations;
use super::super::text;
use super::answers::Round;
use disclosure::{Atom, Item, ItemGroup, Lang, Population, Section, Text, Withheld};
use domain::events::{SurveyFacts, SurveyGroup, UnitFacts};

/// The groups of a round, and the populations of a report with the people of each.
pub(super) struct Respondents<'a> {
    /// A group of the survey; none where all are asked alike.
    groups: Vec<Option<&'a SurveyGroup>>,
    pub(super) populations: Vec<Populations>,
}

/// An item that a group is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Asked {
    pub(super) item: usize,
    /// The group, by its place.
    pub(super) group: usize,
}

impl<'a> Respondents<'a> {
    /// Those of a round, in the populations below a unit.
    pub(super) fn of(round: &Round<'a>, units: &[&UnitFacts]) -> Self {
        let top = Some(round.facts.unit.as_str());
        let all = Populations::build(units, top, &round.audience.places);
        let part = |place: usize| {
            let own = all.part(|person| round.audience.groups[person] == place);
            match &round.emptied {
                None => own,
                Some(emptied) => own.with_lots(units, top, &emptied.places(round.group(place))),
            }
        };
        let groups: Vec<_> =
            (0..round.facts.groups.len().max(1)).map(|place| round.group_of(place)).collect();
        Self { populations: (0..groups.len()).map(part).collect(), groups }
    }

    /// These people of another time, in the groups and populations of `now`; nobody where there was no such group.
    pub(super) fn as_of(&self, now: &Respondents<'a>) -> Self {
        let then = |(group, now): (&Option<&SurveyGroup>, &Populations)| {
            let id = |group: &Option<&SurveyGroup>| group.map(|group| group.id.clone());
            let same = self.groups.iter().position(|other| id(other) == id(group));
            match same.and_then(|place| self.populations.get(place)) {
                Some(populations) => populations.as_groups_of(now),
                None => now.part(|_| false),
            }
        };
        let populations = now.groups.iter().zip(&now.populations).map(then).collect();
        Self { groups: now.groups.clone(), populations }
    }

    /// The same groups with other people.
    pub(super) fn with(&self, populations: Vec<Populations>) -> Self {
        Self { groups: self.groups.clone(), populations }
    }

    /// How many groups there are; one where all are asked alike.
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// A group's id.
    pub(super) fn id(&self, group: usize) -> Option<&'a str> {
        self.groups.get(group).copied().flatten().map(|group| group.id.as_str())
    }

    /// The items of a survey with the groups that are asked each, side by side.
    pub(super) fn asked(&self, survey: &SurveyFacts) -> Vec<Asked> {
        let of = |item: usize| {
            let groups = (0..self.len()).filter(move |group| survey.items[item].is_asked_of(self.id(*group)));
            groups.map(move |group| Asked { item, group })
        };
        (0..survey.items.len()).flat_map(of).collect()
    }

    /// The code of what a group is asked.
    pub(super) fn code(&self, code: &str, group: usize) -> String {
        match self.id(group).filter(|_| self.len() > 1) {
            Some(id) => format!("{code}/{id}"),
            None => code.to_owned(),
        }
    }

    /// What a group is asked as an item of a section, under a heading that all groups share.
    pub(super) fn item(&self, code: &str, label: Text, heading: Option<ItemGroup>, group: usize) -> Item {
        let title = self.groups.get(group).copied().flatten().filter(|_| self.len() > 1);
        let heading =
            heading.or_else(|| title.map(|_| ItemGroup { code: code.to_owned(), label: label.clone() }));
        let label = title.map_or(label.clone(), |group| under(&label, &text(&group.title)));
        Item { code: self.code(code, group), label, group: heading, target: None }
    }

    /// The same by itself, where nothing stands under headings.
    pub(super) fn alone(&self, code: &str, label: Text, group: usize) -> Item {
        Item { group: None, ..self.item(code, label, None, group) }
    }

    /// An item by which groups are told, such as of a rate.
    pub(super) fn whole(&self, label: Text, group: usize) -> Item {
        match self.groups.get(group).copied().flatten().filter(|_| self.len() > 1) {
            Some(group) => {
                Item { code: group.id.clone(), label: text(&group.title), group: None, target: None }
            }
            None => Item { code: "all".into(), label, group: None, target: None },
        }
    }

    /// The populations, each with the people of those groups of whom it is known how many they are there; where that is none, with
    /// all who may be.
    pub(super) fn list(&self) -> Vec<Population> {
        let list = self.populations.first().map_or(&[][..], |populations| &populations.list);
        let known = |place: usize| {
            let told = self.populations.iter().filter(move |group| !group.merged[place]);
            told.map(|group| group.members[place].len() as u64).sum::<u64>()
        };
        let of = |(place, population): (usize, &Population)| match known(place) {
            0 => population.clone(),
            base => Population { base, ..population.clone() },
        };
        list.iter().enumerate().map(of).collect()
    }

    /// Who belongs where, group by group.
    pub(super) fn rolls(&self) -> Vec<Vec<Atom>> {
        self.populations.iter().map(Populations::roll).collect()
    }

    /// The populations with people of a group, and those; of a single one all there are.
    pub(super) fn members(&self, group: usize) -> impl Iterator<Item = (usize, &Vec<usize>)> {
        let all = self.populations[group].members.iter().enumerate();
        all.filter(|(_, members)| self.len() == 1 || !members.is_empty())
    }

    /// All groups with all of their populations that have people of them.
    pub(super) fn all_members(&self) -> impl Iterator<Item = (usize, usize, &Vec<usize>)> {
        let of = |group| self.members(group).map(move |(population, members)| (group, population, members));
        (0..self.len()).flat_map(of)
    }

    /// What is said where there are several groups.
    pub(super) fn note(&self) -> Option<Text> {
        (self.len() > 1).then(|| {
            Text::new(
                "Grupperna av svarande har delvis olika frågor och står bredvid varandra; ingen siffra gäller flera av dem \
                 tillsammans. Den som har tjänster i flera hör till den första.",
                "The groups of respondents have partly different questions and stand side by side; no figure is of several of \
                 them together. Who has duties in several is in the first.",
            )
        })
    }

    /// Withholds the figures of populations that have a part of people who are not told apart.
    pub(super) fn merge(&self, section: &mut Section) {
        for figure in &mut section.figures {
            let group = section.rolls.get(figure.item).map_or(0, |roll| roll % self.len());
            if self.populations[group].merged[figure.population] {
                figure.withheld = Withheld::Merged;
            }
        }
    }
}

/// What stands under a heading, with the heading.
pub(super) fn under(heading: &Text, label: &Text) -> Text {
    let both = |lang| format!("{} – {}", heading.get(lang), label.get(lang));
    Text::new(both(Lang::Sv), both(Lang::En))
}
