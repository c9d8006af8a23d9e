//! The form of a round: what it holds, what round that is, how it is drawn.

use std::collections::{BTreeMap, BTreeSet};

use disclosure::Lang;
use domain::events::{RoundFacts, RoundMode, SurveyGroup};
use domain::input::{
    AudienceInput, GuardianLinkInput, GuardiansInput, HoursInput, RoundGroupInput, RoundInput,
};
use domain::organisation::PUPIL_ROLE;
use domain::{Date, Municipality, Text};
use maud::{Markup, html};
use render::components::{self, Field};

use super::words::{MODES, mode, mode_name, plain, said};
use crate::shell::t;

/// The form's address.
pub(super) const EDIT: &str = "/surveys/round";
/// What the names of fields begin with that have the roles of a group.
const ROLE_OF: &str = "role:";
/// More than the form has.
pub(super) const FORM_LIMIT: usize = 64 << 10;

/// What is wrong, and with which field.
pub(super) struct Wrong {
    field: String,
    expected: String,
}

impl Wrong {
    /// At a place in the body of a round.
    pub(super) fn at(at: &str, expected: &str) -> Self {
        let path = at.trim_start_matches("/rounds/0/");
        let field = match path {
            "audience/roles" => "role",
            "audience/unit" | "audience" => "unit",
            "hours/opens" => "opens_at",
            "hours/closes" => "closes_at",
            path => path.split('/').next().unwrap_or_default(),
        };
        Self { field: field.to_owned(), expected: expected.to_owned() }
    }

    /// In words; what has none of its own is in the program's, in English.
    fn said(&self, lang: Lang) -> Option<&'static str> {
        if self.expected.starts_with("as it was") {
            return Some(t(
                lang,
                "Av en öppen omgång går bara titeln och stängningstiden att ändra, och av en stängd ingenting.",
                "Of an open round the title and the closing time alone may change, and of a closed one nothing.",
            ));
        }
        Some(match self.field.as_str() {
            "title" => t(lang, "Ange en titel.", "Give a title."),
            "survey" => t(lang, "Välj en enkät.", "Choose a survey."),
            "mode" => t(lang, "Välj hur svaren sparas.", "Choose how answers are kept."),
            "unit" => t(lang, "Välj en enhet.", "Choose a unit."),
            "opens" => t(lang, "Ange en dag som 2026-09-15.", "Give a day such as 2026-09-15."),
            "closes" => t(
                lang,
                "Ange en dag som 2026-09-30, inte före den första och inte passerad.",
                "Give a day such as 2026-09-30, not before the first one and not past.",
            ),
            "opens_at" | "closes_at" => t(
                lang,
                "Ange ett klockslag som 08:00, efter att den har öppnat.",
                "Give a time such as 08:00, after it has opened.",
            ),
            "again" => t(
                lang,
                "Anonyma svar kan inte ersättas: ingen vet vilket som är vems.",
                "Anonymous answers cannot be replaced: nobody knows whose is whose.",
            ),
            "guardians" => t(
                lang,
                "Gruppen som vårdnadshavare är har inga roller.",
                "The group that guardians are has no roles.",
            ),
            "groups" => t(
                lang,
                "Enkäten har grupper av svarande: välj roller för minst en av dem, och varje roll i bara en grupp.",
                "The survey has groups of respondents: choose roles for at least one of them, and each role in one group only.",
            ),
            "grace" => t(lang, "Ange högst 1440 minuter.", "Give at most 1440 minutes."),
            _ => return None,
        })
    }
}

/// What the form holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Made {
    pub(super) id: String,
    /// The id of the round that a new one is to be like.
    pub(super) like: String,
    pub(super) title: String,
    pub(super) title_en: String,
    /// IRI and version, with a line's end between them.
    pub(super) survey: String,
    pub(super) mode: String,
    pub(super) unit: String,
    pub(super) roles: BTreeSet<String>,
    /// Of a survey with groups of respondents, the roles of each.
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
    /// The group that guardians are; empty: none is.
    pub(super) guardians: String,
    pub(super) opens: String,
    pub(super) opens_at: String,
    pub(super) closes: String,
    pub(super) closes_at: String,
    pub(super) again: bool,
    pub(super) partial: bool,
    pub(super) grace: String,
    pub(super) draft: bool,
}

impl Made {
    pub(super) fn of(facts: &RoundFacts) -> Self {
        let round = RoundInput::of(facts);
        let (opens_at, closes_at) = round.hours.map(|hours| (hours.opens, hours.closes)).unwrap_or_default();
        Self {
            id: round.id,
            like: String::new(),
            title: round.title.sv,
            title_en: round.title.en.unwrap_or_default(),
            survey: format!("{}\n{}", round.survey, round.version),
            mode: mode_name(round.mode).to_owned(),
            unit: round.audience.unit,
            roles: round.audience.roles.into_iter().collect(),
            guardians: round
                .groups
                .iter()
                .find(|group| group.roles.is_empty())
                .map(|group| group.id.clone())
                .unwrap_or_default(),
            groups: round
                .groups
                .into_iter()
                .map(|group| (group.id, group.roles.into_iter().collect()))
                .collect(),
            opens: round.opens.to_string(),
            opens_at,
            closes: round.closes.to_string(),
            closes_at,
            again: round.again,
            partial: round.partial,
            grace: round.grace.to_string(),
            draft: round.draft,
        }
    }

    /// A draft that is as another round was, from tomorrow on and for as long.
    pub(super) fn like(facts: &RoundFacts, today: Date) -> Self {
        let days = facts.closes.days() - facts.opens.days();
        Self {
            id: String::new(),
            like: facts.id.clone(),
            opens: Date::from_days(today.days() + 1).to_string(),
            closes: Date::from_days(today.days() + 1 + days).to_string(),
            draft: true,
            ..Self::of(facts)
        }
    }

    pub(super) fn sent(pairs: Vec<(String, String)>) -> Self {
        let mut made = Self::default();
        for (name, value) in pairs {
            let value = value.trim().replace("\r\n", "\n");
            match name.as_str() {
                "id" => made.id = value,
                "like" => made.like = value,
                "title" => made.title = value,
                "title_en" => made.title_en = value,
                "survey" => made.survey = value,
                "mode" => made.mode = value,
                "unit" => made.unit = value,
                "role" => {
                    made.roles.insert(value);
                }
                "guardians" => made.guardians = value,
                name if name.starts_with(ROLE_OF) => {
                    let group = name[ROLE_OF.len()..].to_owned();
                    made.groups.entry(group).or_default().insert(value);
                }
                "opens" => made.opens = value,
                "opens_at" => made.opens_at = value,
                "closes" => made.closes = value,
                "closes_at" => made.closes_at = value,
                "grace" => made.grace = value,
                "again" => made.again = true,
                "partial" => made.partial = true,
                "draft" => made.draft = true,
                _ => {}
            }
        }
        made
    }

    /// The round, or the field that is none; `held` is the round as it is.
    pub(super) fn round(
        &self,
        known: &Municipality,
        held: Option<&RoundFacts>,
    ) -> Result<RoundInput, &'static str> {
        let (survey, version) = self.survey.split_once('\n').ok_or("survey")?;
        let mode = MODES.into_iter().find(|mode| mode_name(*mode) == self.mode).ok_or("mode")?;
        let hours = match (self.opens_at.as_str(), self.closes_at.as_str()) {
            ("", "") => None,
            (opens, closes) => {
                let or =
                    |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
                Some(HoursInput { opens: or(opens, "00:00"), closes: or(closes, "24:00") })
            }
        };
        let groups = self.groups(known);
        let opens: Date = self.opens.parse().map_err(|_| "opens")?;
        let beside = groups.iter().any(|group| group.id == self.guardians);
        let guardians = (mode == RoundMode::Guardians || beside).then(|| {
            let same =
                held.filter(|held| held.unit == self.unit).and_then(|held| RoundInput::of(held).guardians);
            let like = known.surveys.round(&self.like).filter(|like| like.facts.unit == self.unit);
            let like = like.and_then(|like| like.facts.guardians.as_ref()).map(|guardians| GuardiansInput {
                source: None,
                links: guardians.links.iter().map(|one| link(&one.unit)).collect(),
            });
            same.or(like).unwrap_or_else(|| links(known, &self.unit))
        });
        Ok(RoundInput {
            id: if self.id.is_empty() { new_id(known, &self.title, opens) } else { self.id.clone() },
            survey: survey.to_owned(),
            version: version.to_owned(),
            title: Text {
                sv: self.title.clone(),
                en: Some(self.title_en.clone()).filter(|en| !en.is_empty()),
            },
            mode,
            registration: None,
            opens,
            closes: self.closes.parse().map_err(|_| "closes")?,
            audience: AudienceInput {
                unit: self.unit.clone(),
                roles: match guardians.is_some() || !groups.is_empty() {
                    true => Vec::new(),
                    false => self.roles.iter().cloned().collect(),
                },
            },
            without_dont_know: held.is_some_and(|held| held.without_dont_know),
            guardians,
            hours,
            draft: self.draft,
            again: self.again,
            grace: if self.grace.is_empty() { 0 } else { self.grace.parse().map_err(|_| "grace")? },
            partial: self.partial,
            groups: match mode {
                RoundMode::Guardians => groups
                    .iter()
                    .filter(|group| group.id == self.guardians)
                    .map(|group| RoundGroupInput { id: group.id.clone(), roles: Vec::new() })
                    .collect(),
                _ => groups
                    .iter()
                    .filter_map(|group| {
                        let roles = match self.groups.get(&group.id) {
                            Some(roles) => roles.iter().cloned().collect(),
                            None if group.id == self.guardians => Vec::new(),
                            None => return None,
                        };
                        Some(RoundGroupInput { id: group.id.clone(), roles })
                    })
                    .collect(),
            },
        })
    }
}

/// A unit's link, to be drawn.
fn link(unit: &str) -> GuardianLinkInput {
    GuardianLinkInput { unit: unit.to_owned(), registration: None, pupils: None }
}

impl Made {
    /// The groups of respondents of the survey that is chosen.
    fn groups<'k>(&self, known: &'k Municipality) -> &'k [SurveyGroup] {
        let survey = self.survey.split_once('\n').and_then(|(id, version)| known.surveys.survey(id, version));
        survey.map_or(&[], |survey| &survey.facts.groups)
    }
}

/// A link for each unit right below one, or for itself where there is none.
fn links(known: &Municipality, unit: &str) -> GuardiansInput {
    let mut links: Vec<_> = known.organisation.children(Some(unit)).map(|unit| link(&unit.code)).collect();
    if links.is_empty() {
        links.push(link(unit));
    }
    GuardiansInput { source: None, links }
}

/// An id that no round has, of its title and its first day.
fn new_id(known: &Municipality, title: &str, opens: Date) -> String {
    let base = format!("{}-{opens}", plain(title));
    let free = |id: &String| known.surveys.round(id).is_none();
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone()).chain(numbered).find(free).unwrap_or(base)
}

impl Made {
    /// The form; `wrong` is what is wrong with what was sent.
    pub(super) fn drawn(
        &self,
        known: &Municipality,
        today: Date,
        wrong: Option<&Wrong>,
        lang: Lang,
    ) -> Markup {
        let error = |field: &str| {
            let wrong = wrong.filter(|wrong| wrong.field == field)?;
            Some(wrong.said(lang).map_or_else(|| wrong.expected.clone(), str::to_owned))
        };
        let text = |name: &str, kind: &str, label: &str, value: &str, hint: Option<&str>, required: bool| {
            components::field(&Field {
                name: name.into(),
                label: label.into(),
                kind: kind.into(),
                value: value.into(),
                hint: hint.map(str::to_owned),
                error: error(name),
                required,
                ..Field::default()
            })
        };
        let choice = |name: &str, label: &str, chosen: &str, options: Vec<(String, String)>| {
            let (error, id) = (error(name), format!("{name}-error"));
            html! {
                div class=(if error.is_some() { "field wrong" } else { "field" }) {
                    label for=(name) { (label) }
                    @if let Some(error) = &error { p class="error" id=(id) { (error) } }
                    select id=(name) name=(name) aria-describedby=[error.as_ref().map(|_| &id)] aria-invalid=[error.as_ref().map(|_| "true")] {
                        @for (value, label) in options { option value=(value) selected[value == chosen] { (label) } }
                    }
                }
            }
        };
        let ticked = |name: &str, label: &str, on: bool| {
            html! {
                div class="field" {
                    @if let Some(error) = error(name) { p class="error" { (error) } }
                    label class="option" { input type="checkbox" name=(name) value="on" checked[on]; (label) }
                }
            }
        };
        let surveys = known.surveys.surveys().map(|survey| {
            let label = format!("{}, version {}", said(&survey.title, lang), survey.version);
            (format!("{}\n{}", survey.id, survey.version), label)
        });
        let units = known.organisation.units().map(|unit| (unit.code.clone(), unit.name.clone()));
        let mut roles: BTreeSet<&str> = known.organisation.roles_on(today);
        roles.insert(PUPIL_ROLE);
        roles.extend(self.roles.iter().chain(self.groups.values().flatten()).map(String::as_str));
        let groups = self.groups(known);
        let modes = MODES.map(|one| (mode_name(one).to_owned(), mode(one, lang).0.to_owned()));
        html! {
            @if let Some(wrong) = wrong {
                div class="notice" role="alert" { p {
                    (t(lang, "Omgången sparades inte. ", "The round was not saved. "))
                    @match wrong.said(lang) {
                        Some(said) => (said),
                        None => span lang=[(lang == Lang::Sv).then_some("en")] { (wrong.expected) },
                    }
                } }
            }
            form class="form" method="post" action=(format!("{EDIT}?lang={}", lang.tag())) {
                input type="hidden" name="id" value=(self.id);
                input type="hidden" name="like" value=(self.like);
                (text("title", "", t(lang, "Titel på svenska", "Title in Swedish"), &self.title, None, true))
                (text("title_en", "", t(lang, "Titel på engelska, om det behövs", "Title in English, if needed"), &self.title_en, None, false))
                (choice("survey", t(lang, "Enkät", "Survey"), &self.survey, surveys.collect()))
                (choice("mode", t(lang, "Svaren är", "Answers are"), &self.mode, modes.to_vec()))
                ul class="quiet" {
                    @for one in MODES { @let (called, means) = mode(one, lang); li { strong { (called) } ": " (means) } }
                }
                (choice("unit", t(lang, "Enhet, med alla under den", "Unit, with all below it"), &self.unit, units.collect()))
                @if groups.is_empty() {
                    fieldset class="field" {
                        legend { (t(lang, "Roller som tillfrågas (ingen vald: alla som har en tjänst)", "Roles that are asked (none chosen: all who have a duty)")) }
                        @if let Some(error) = error("role") { p class="error" { (error) } }
                        @for role in &roles {
                            label class="option" { input type="checkbox" name="role" value=(role) checked[self.roles.contains(*role)]; (role) }
                        }
                    }
                }
                @if let Some(error) = error("groups") { p class="error" { (error) } }
                @for group in groups {
                    fieldset class="field" {
                        legend { (t(lang, "Roller i gruppen ", "Roles in the group ")) (said(&group.title, lang)) (t(lang, " (ingen vald: gruppen tillfrågas inte)", " (none chosen: the group is not asked)")) }
                        @for role in &roles {
                            label class="option" { input type="checkbox" name=(format!("{ROLE_OF}{}", group.id)) value=(role) checked[self.groups.get(&group.id).is_some_and(|own| own.contains(*role))]; (role) }
                        }
                    }
                }
                @if !groups.is_empty() {
                    (choice("guardians", t(lang, "Vårdnadshavare, med en länk för varje enhet, är gruppen", "Guardians, by a link for each unit, are the group"), &self.guardians, {
                        let nobody = (String::new(), t(lang, "Ingen: de tillfrågas inte", "None: they are not asked").to_owned());
                        let groups = groups.iter().map(|group| (group.id.clone(), said(&group.title, lang).to_owned()));
                        std::iter::once(nobody).chain(groups).collect()
                    }))
                }
                (text("opens", "date", t(lang, "Första dagen", "First day"), &self.opens, None, true))
                (text("opens_at", "time", t(lang, "Öppnar klockan (tomt: vid midnatt)", "Opens at (empty: at midnight)"), &self.opens_at, None, false))
                (text("closes", "date", t(lang, "Sista dagen", "Last day"), &self.closes, None, true))
                (text("closes_at", "time", t(lang, "Stänger klockan (tomt: när dagen är slut)", "Closes at (empty: when the day ends)"), if self.closes_at == "24:00" { "" } else { &self.closes_at }, None, false))
                (ticked("again", t(lang, "Ett senare svar ersätter det förra (inte om svaren är anonyma)", "A later answer replaces the one before (not where answers are anonymous)"), self.again))
                (ticked("partial", t(lang, "Det går att lämna in utan att alla obligatoriska frågor är besvarade", "It can be handed in with required questions left open"), self.partial))
                (text("grace", "number", t(lang, "Minuter efter stängning för den som har börjat", "Minutes after closing for who has begun"), &self.grace, None, false))
                (ticked("draft", t(lang, "Utkast: ingen tillfrågas förrän du öppnar omgången", "Draft: nobody is asked until you open the round"), self.draft))
                (components::main_button(t(lang, "Spara omgången", "Save the round")))
            }
        }
    }
}
