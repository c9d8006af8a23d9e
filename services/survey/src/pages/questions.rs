//! A page of questions.

use forms::Localised;
use forms::answers::Fault;
use maud::{Markup, html};

use super::about::{action, languages, title_of};
use crate::desk::Asked;
use crate::drawn::Drawn;
use crate::frame::Page;
use crate::step::{Notice, field};
use crate::tongue::base;

/// A page of questions.
pub(crate) struct Questions<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) drawn: Drawn<'a>,
    /// Its place among the definition's pages.
    pub(crate) page: usize,
    pub(crate) notice: Option<Notice>,
    /// The sealed state, and what tells one submission from another in the browser.
    pub(crate) sealed: String,
    pub(crate) number: String,
}

impl Questions<'_> {
    pub(crate) fn html(&self) -> String {
        let Drawn { view, tongue, faults, .. } = self.drawn;
        let pages: Vec<usize> = view.pages().collect();
        let at = pages.iter().position(|page| *page == self.page).unwrap_or(0);
        let (number, many) = (at + 1, pages.len().max(1));
        let page = &view.definition.pages[self.page];
        let place = tongue.bare(format!("Sida {number} av {many}"), format!("Page {number} of {many}"));
        let place = tongue.marked("en", &place, matches!(base(tongue.tag), "sv" | "en"));
        let calm = faults.is_empty() && self.notice.is_none();
        let body = html! {
            h1 tabindex="-1" autofocus[calm] {
                @if page.title.is_empty() { (place) } @else { (tongue.said(&page.title)) }
            }
            @if !page.title.is_empty() { p class="place" { (place) } }
            @if !page.description.is_empty() { p class="lead" { (tongue.said(&page.description)) } }
            (self.summary())
            @for fault in faults.iter().filter(|fault| self.drawn.is_of_page(fault)) {
                p class="error" id="page" tabindex="-1" { (self.drawn.fault(fault)) }
            }
            form method="post" action=(action(self.asked)) autocomplete="off" novalidate data-number=(self.number) {
                input type="hidden" name=(field::STATE) value=(self.sealed);
                (self.drawn.elements(&page.elements))
                div class="buttons" {
                    @if number == many {
                        button class="main" type="submit" name=(field::GO) value="send" { (tongue.words("Skicka in", "Hand in")) }
                    } @else {
                        button class="main" type="submit" name=(field::GO) value="next" { (tongue.words("Nästa", "Next")) }
                    }
                    @if number > 1 {
                        button type="submit" name=(field::GO) value="back" { (tongue.words("Tillbaka", "Back")) }
                    }
                    @if self.asked.rules.partial {
                        button class="part" type="submit" name=(field::GO) value="part" {
                            (tongue.words("Skicka in det jag har svarat", "Hand in what I have answered"))
                        }
                    }
                }
                (languages(self.asked, tongue))
            }
        };
        let title = title_of(self.asked, tongue);
        let mark = if faults.is_empty() { "" } else { tongue.bare("Fel: ", "Error: ") };
        let here = tongue.bare(format!("sida {number} av {many}"), format!("page {number} of {many}"));
        let survey = Some(tongue.said(&self.asked.title));
        Page { tongue, survey, title: format!("{mark}{title} – {here}"), body }.html()
    }

    fn summary(&self) -> Markup {
        let Drawn { tongue, faults, .. } = self.drawn;
        let said = match self.notice {
            Some(Notice::MoreQuestions) => Some((
                "Fler frågor följer av vad du har svarat. De står på den här sidan.",
                "More questions follow from what you answered. They are on this page.",
            )),
            Some(Notice::NoMorePages) => Some((
                "Det kommer inga fler frågor. Skicka in dina svar.",
                "There are no more questions. Hand in your answers.",
            )),
            Some(Notice::Nothing) => Some((
                "Du har inte svarat på någon fråga än. Inget är inskickat.",
                "You have not answered any question yet. Nothing was handed in.",
            )),
            None => None,
        };
        html! {
            @if !faults.is_empty() {
                div class="summary" role="alert" tabindex="-1" autofocus {
                    h2 { (tongue.words("Något behöver rättas", "Something needs to be put right")) }
                    ul { @for fault in faults { li { a href=(format!("#{}", self.drawn.place(fault))) {
                        (self.about(fault)) (self.drawn.fault(fault))
                    } } } }
                }
            } @else if let Some((sv, en)) = said {
                div class="notice" role="status" tabindex="-1" autofocus { p { (tongue.words(sv, en)) } }
            }
        }
    }

    /// What a fault is about.
    fn about(&self, fault: &Fault) -> Markup {
        let Drawn { view, tongue, .. } = self.drawn;
        let definition = view.definition;
        let question = definition.question(&fault.name).filter(|_| fault.is_of_question());
        let pages = definition.pages.iter().map(|page| (&page.name, &page.title));
        let mut containers = pages.chain(definition.panels.iter().map(|panel| (&panel.name, &panel.title)));
        let title: Option<&Localised> = match question {
            Some(question) => Some(&question.title),
            None => containers.find(|(name, _)| **name == fault.name).map(|(_, title)| title),
        };
        let title = title.filter(|title| !title.is_empty());
        let row = question.and_then(|question| {
            question.rows().iter().find(|row| fault.row.as_deref() == Some(row.code().as_str()))
        });
        html! {
            @if let Some(title) = title {
                (tongue.said(title)) @if let Some(row) = row { ", " (tongue.said(&row.label)) } " – "
            }
        }
    }
}
