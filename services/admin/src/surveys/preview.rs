//! A survey as respondents meet it, to be read: nothing in it can be answered.

use disclosure::Lang;
use forms::question::{Choice, Element, Input, Kind, Question};
use forms::{Definition, Localised};
use maud::{Markup, html};

use crate::shell::t;

/// All pages of a survey, one below the other.
pub(super) fn sheet(definition: &Definition, lang: Lang) -> Markup {
    let drawn = Drawn { definition, lang };
    html! {
        @if !definition.description.is_empty() { p class="lead" { (drawn.text(&definition.description)) } }
        @for (number, page) in (1..).zip(&definition.pages) {
            section {
                h3 {
                    (t(lang, "Sida ", "Page ")) (number)
                    @if !page.title.is_empty() { ": " (drawn.text(&page.title)) }
                }
                @if page.conditions.visible_if.is_some() { (drawn.conditional()) }
                @if !page.description.is_empty() { p { (drawn.text(&page.description)) } }
                @for element in &page.elements { (drawn.element(*element)) }
            }
        }
    }
}

struct Drawn<'a> {
    definition: &'a Definition,
    lang: Lang,
}

impl Drawn<'_> {
    fn text<'t>(&self, text: &'t Localised) -> &'t str {
        text.get(self.lang.tag())
    }

    fn conditional(&self) -> Markup {
        let said = match self.definition.sidecar.groups.is_empty() {
            true => t(
                self.lang,
                "Visas bara ibland, efter tidigare svar.",
                "Shown only at times, by earlier answers.",
            ),
            false => t(
                self.lang,
                "Visas bara ibland, efter grupp eller tidigare svar.",
                "Shown only at times, by group or earlier answers.",
            ),
        };
        html! { p class="hint" { (said) } }
    }

    fn element(&self, element: Element) -> Markup {
        match element {
            Element::Question(place) => self
                .definition
                .questions
                .get(place)
                .map(|question| self.question(question))
                .unwrap_or_default(),
            Element::Panel(place) => {
                let Some(panel) = self.definition.panels.get(place) else { return Markup::default() };
                html! {
                    @if !panel.title.is_empty() { h4 { (self.text(&panel.title)) } }
                    @if panel.conditions.visible_if.is_some() { (self.conditional()) }
                    @if !panel.description.is_empty() { p { (self.text(&panel.description)) } }
                    @for element in &panel.elements { (self.element(*element)) }
                }
            }
        }
    }

    fn question(&self, question: &Question) -> Markup {
        if let Kind::Html(text) = &question.kind {
            // Cleaned when the definition was read.
            return html! { div { (maud::PreEscaped(self.text(text))) } };
        }
        let asked = self.asked_of(question);
        html! {
            div class="asked" {
                p {
                    strong { (self.text(&question.title)) }
                    @if question.conditions.required { " " span class="quiet" { "(" (t(self.lang, "måste besvaras", "required")) ")" } }
                }
                @if question.conditions.visible_if.is_some() { (self.conditional()) }
                @if !asked.is_empty() { p class="quiet" { (t(self.lang, "Ställs till: ", "Asked of: ")) (asked.join(", ")) } }
                @if !question.description.is_empty() { p class="hint" { (self.text(&question.description)) } }
                (self.answers(question))
            }
        }
    }

    /// The groups that a question is asked of, where it is not asked of everybody.
    fn asked_of(&self, question: &Question) -> Vec<String> {
        let groups = &self.definition.sidecar.groups;
        let asked = self.definition.asked_of(question, None);
        let asked = groups.iter().filter(|group| asked.contains(&group.id));
        asked.map(|group| group.title.localised().get(self.lang.tag()).to_owned()).collect()
    }

    fn answers(&self, question: &Question) -> Markup {
        match &question.kind {
            Kind::Boolean(boolean) => html! { ul {
                li { (or(self.text(&boolean.yes_label), t(self.lang, "Ja", "Yes"))) }
                li { (or(self.text(&boolean.no_label), t(self.lang, "Nej", "No"))) }
            } },
            Kind::Matrix(matrix) => html! {
                p { (t(self.lang, "För varje rad: ", "For each row: ")) (self.joined(&matrix.columns)) }
                ul { @for row in &matrix.rows { li { (self.text(&row.label)) } } }
            },
            Kind::Ranking(ranking) => html! {
                p { (t(self.lang, "Sätts i ordning:", "Put in order:")) }
                ul { @for choice in &ranking.choices { li { (self.text(&choice.label)) } } }
            },
            Kind::Comment(_) => {
                html! { p class="quiet" { (t(self.lang, "Svar i egna ord", "Answer in one's own words")) } }
            }
            Kind::Text(field) => html! { p class="quiet" { (match field.input {
                Input::Number => t(self.lang, "Ett tal", "A number"),
                Input::Date | Input::Month => t(self.lang, "Ett datum", "A date"),
                _ => t(self.lang, "En rad text", "A line of text"),
            }) } },
            Kind::Expression(_) => {
                html! { p class="quiet" { (t(self.lang, "Räknas ut av svaren", "Worked out of answers")) } }
            }
            kind => {
                let several = matches!(kind, Kind::Choice(choice) if choice.several);
                let (lowest, highest) = match kind {
                    Kind::Rating(rating) => (self.text(&rating.lowest), self.text(&rating.highest)),
                    _ => ("", ""),
                };
                html! {
                    @if !lowest.is_empty() { p class="hint" { (lowest) } }
                    @if several { p class="hint" { (t(self.lang, "Flera kan väljas:", "Several may be chosen:")) } }
                    ul { @for choice in question.choices() { li { (self.text(&choice.label)) } } }
                    @if !highest.is_empty() { p class="hint" { (highest) } }
                }
            }
        }
    }

    fn joined(&self, choices: &[Choice]) -> String {
        choices.iter().map(|choice| self.text(&choice.label)).collect::<Vec<_>>().join(" · ")
    }
}

fn or<'t>(text: &'t str, otherwise: &'t str) -> &'t str {
    if text.is_empty() { otherwise } else { text }
}
