//! Questions and panels as HTML.

mod choosing;
mod sheet;

use forms::Localised;
use forms::answers::Fault;
use forms::question::{Element, Input, Kind, Question, Special, TextField, code};
use maud::{Markup, PreEscaped, html};

use self::sheet::Control;
pub(crate) use self::sheet::Drawn;
use crate::live::Part;
use crate::step::field;
use crate::tongue::Tongue;

impl Drawn<'_> {
    /// What stands on a page or in a panel.
    pub(crate) fn elements(&self, elements: &[Element]) -> Markup {
        html! {
            @for element in elements {
                @match *element {
                    Element::Question(at) if self.may_show(Part::Question(at)) => (self.question(at)),
                    Element::Panel(at) if self.may_show(Part::Panel(at)) => (self.panel(at)),
                    _ => {}
                }
            }
        }
    }

    /// Where the first control of what a fault is about is.
    pub(crate) fn place(&self, fault: &Fault) -> String {
        let definition = self.view.definition;
        let of = |question: &Question| fault.is_of_question() && question.name == fault.name;
        let Some(at) = definition.questions.iter().position(of) else {
            let panel = definition.panels.iter().position(|panel| panel.name == fault.name);
            return panel.map_or("page".to_owned(), |panel| format!("p{panel}"));
        };
        let row = fault
            .row
            .as_ref()
            .and_then(|row| definition.questions[at].rows().iter().position(|known| known.code() == *row));
        match (row, &definition.questions[at].kind) {
            (row, Kind::Matrix(_)) => format!("q{at}-{}-0", row.unwrap_or(0)),
            _ => format!("q{at}-0"),
        }
    }

    /// Whether a fault is about the page as a whole.
    pub(crate) fn is_of_page(&self, fault: &Fault) -> bool {
        !fault.is_of_question() && self.view.definition.panels.iter().all(|panel| panel.name != fault.name)
    }

    /// What a fault says, in the page's language or marked as English.
    pub(crate) fn fault(&self, fault: &Fault) -> Markup {
        match fault.own.as_ref().filter(|own| !own.is_empty()) {
            Some(own) => self.tongue.said(own),
            None => {
                let words = fault.wrong.words();
                self.tongue.words(&words.sv, &words.en)
            }
        }
    }

    fn panel(&self, at: usize) -> Markup {
        let panel = &self.view.definition.panels[at];
        let (shown, table) = (self.view.shows_panel(at), self.live.table(Part::Panel(at)));
        let of = |fault: &&Fault| !fault.is_of_question() && fault.name == panel.name;
        let faults: Vec<&Fault> = self.faults.iter().filter(of).collect();
        html! {
            div class=(if faults.is_empty() { "panel" } else { "panel wrong" }) id=(format!("p{at}")) tabindex="-1"
                role=[(!panel.title.is_empty()).then_some("group")]
                aria-labelledby=[(!panel.title.is_empty()).then(|| format!("p{at}-t"))]
                hidden[!shown] data-on=[table.map(|table| &table.on)] data-is=[table.map(|table| &table.is)] {
                @if !panel.title.is_empty() { h2 id=(format!("p{at}-t")) { (self.tongue.said(&panel.title)) } }
                @if !panel.description.is_empty() { p class="hint" { (self.tongue.said(&panel.description)) } }
                @for fault in &faults { p class="error" { (self.fault(fault)) } }
                (self.elements(&panel.elements))
            }
        }
    }

    fn question(&self, at: usize) -> Markup {
        let question = &self.view.definition.questions[at];
        let (shown, table) = (self.view.shows(at), self.live.table(Part::Question(at)));
        let open = self.live.table(Part::Open(at));
        let of = |fault: &&Fault| fault.is_of_question() && fault.name == question.name;
        let faults: Vec<&Fault> = self.faults.iter().filter(of).filter(|fault| fault.row.is_none()).collect();
        let mut described = Vec::new();
        described.extend((!question.description.is_empty()).then(|| format!("q{at}-d")));
        described.extend(hint(question, self.tongue).is_some().then(|| format!("q{at}-h")));
        described.extend((!faults.is_empty()).then(|| format!("q{at}-e")));
        let control = Control {
            at,
            described: (!described.is_empty()).then(|| described.join(" ")),
            wrong: !faults.is_empty(),
            off: !self.view.is_open(at),
            required: self.view.is_required(at),
            must: self.view.is_required(at)
                || matches!(&question.kind, Kind::Matrix(matrix) if matrix.every_row && self.view.is_open(at)),
        };
        let wrong = self.faults.iter().any(|fault| of(&fault));
        let asked = question.is_asked();
        html! {
            div class=(if wrong { "q wrong" } else { "q" }) hidden[!shown]
                data-on=[table.map(|table| &table.on)] data-is=[table.map(|table| &table.is)]
                data-open-on=[open.map(|table| &table.on)] data-open=[open.map(|table| &table.is)]
                data-shut[asked && control.off && open.is_none() && (shown || question.conditions.read_only)]
                data-q=[self.live.codes(self.view.definition, at).map(|_| at)]
                data-codes=[self.live.codes(self.view.definition, at)] {
                @if asked { input type="hidden" name=(field::SHOWN) value=(question.name) disabled[control.off]; }
                @match &question.kind {
                    Kind::Html(text) => (self.html(text)),
                    Kind::Expression(_) => {
                        p { (self.tongue.said(&question.title)) ": " b { (self.shown_value(at)) } }
                        @if !question.description.is_empty() { p class="hint" { (self.tongue.said(&question.description)) } }
                    }
                    Kind::Text(text) => {
                        (self.head(question, &control, &faults, true))
                        (self.line(question, text, &control))
                    }
                    Kind::Comment(text) => {
                        (self.head(question, &control, &faults, true))
                        textarea id=(format!("q{at}-0")) name=(question.name) rows=(text.lines) disabled[control.off]
                            required[control.required] placeholder=[some(self.tongue, &text.placeholder)]
                            aria-invalid=[control.wrong.then_some("true")] aria-describedby=[control.described.as_ref()] {
                            // The first line end in it is none of the text.
                            "\n" (self.text(&question.name))
                        }
                    }
                    Kind::Choice(choice) if choice.menu && !choice.several => {
                        (self.head(question, &control, &faults, true))
                        (self.menu(question, &control))
                    }
                    kind => fieldset aria-describedby=[control.described.as_ref()] {
                        (self.head(question, &control, &faults, false))
                        @match kind {
                            Kind::Choice(choice) => (self.choices(question, &choice.choices, choice.several, &control)),
                            Kind::Rating(rating) => {
                                @if !rating.lowest.is_empty() || !rating.highest.is_empty() {
                                    p class="ends" { span { (self.tongue.said(&rating.lowest)) } span { (self.tongue.said(&rating.highest)) } }
                                }
                                div class="scale" { (self.choices(question, &rating.values, false, &control)) }
                            }
                            Kind::Boolean(boolean) => {
                                @for (place, (value, label)) in [(&boolean.yes, &boolean.yes_label), (&boolean.no, &boolean.no_label)].into_iter().enumerate() {
                                    (self.one(question, &control, place, (&code(value), self.tongue.label(label)), false, Part::Question(at)))
                                }
                                (self.none(question, &control))
                            }
                            Kind::Matrix(matrix) => (self.matrix(question, matrix, &control)),
                            Kind::Ranking(ranking) => (self.ranking(question, ranking, &control)),
                            _ => {}
                        }
                    },
                }
                @if asked { (self.beside(question, &control)) }
            }
        }
    }

    /// What is asked, what helps, what is wrong: the label of one control, or the legend of several.
    fn head(&self, question: &Question, control: &Control, faults: &[&Fault], one: bool) -> Markup {
        let at = control.at;
        let title = html! {
            (self.tongue.said(&question.title))
            @if control.must { " " span class="must" { "(" (self.tongue.words("måste besvaras", "must be answered")) ")" } }
        };
        html! {
            @if one { label class="title" for=(format!("q{at}-0")) { (title) } }
            @else { legend class="title" { (title) } }
            @if !question.description.is_empty() {
                p class="hint" id=(format!("q{at}-d")) { (self.tongue.said(&question.description)) }
            }
            @if let Some(hint) = hint(question, self.tongue) { p class="hint" id=(format!("q{at}-h")) { (hint) } }
            @if !faults.is_empty() {
                p class="error" id=(format!("q{at}-e")) {
                    @for fault in faults { (self.fault(fault)) " " }
                }
            }
        }
    }

    fn html(&self, text: &Localised) -> Markup {
        // It was cleaned when it was registered.
        let shown = text.get(self.tongue.tag);
        html! { div class="text" { (PreEscaped(shown)) } }
    }

    fn line(&self, question: &Question, text: &TextField, control: &Control) -> Markup {
        let (kind, mode, complete) = match text.input {
            Input::Text => ("text", None, "off"),
            Input::Number => ("text", Some("decimal"), "off"),
            Input::Date => ("date", None, "off"),
            Input::Month => ("month", None, "off"),
            Input::Email => ("email", None, "email"),
            Input::Tel => ("tel", None, "tel"),
            Input::Url => ("url", None, "url"),
        };
        // A day that is none cannot stand in a field for days.
        let kind =
            if control.wrong && matches!(text.input, Input::Date | Input::Month) { "text" } else { kind };
        html! {
            input id=(format!("q{}-0", control.at)) name=(question.name) type=(kind) inputmode=[mode] autocomplete=(complete)
                value=(self.text(&question.name)) disabled[control.off] required[control.required]
                placeholder=[some(self.tongue, &text.placeholder)]
                aria-invalid=[control.wrong.then_some("true")] aria-describedby=[control.described.as_ref()];
        }
    }

    /// The text beside an answer.
    fn beside(&self, question: &Question, control: &Control) -> Markup {
        if !question.takes_comment() {
            return html! {};
        }
        let (at, key) = (control.at, question.comment_key());
        let other = question.choices().iter().find(|choice| choice.special == Some(Special::Other));
        let label = match (&question.comment, other) {
            (Some(text), _) if !text.is_empty() => self.tongue.said(text),
            (None, Some(other)) => html! {
                (self.tongue.label(&other.label)) ": " (self.tongue.words("skriv vad du menar", "write what you mean"))
            },
            _ => self.tongue.words("Kommentar", "Comment"),
        };
        html! {
            div class="beside" {
                label for=(format!("q{at}-text")) { (label) }
                @if question.comment.is_some() {
                    textarea id=(format!("q{at}-text")) name=(key) rows="3" disabled[control.off] { "\n" (self.text(&key)) }
                } @else {
                    input id=(format!("q{at}-text")) name=(key) type="text" autocomplete="off" value=(self.text(&key)) disabled[control.off];
                }
            }
        }
    }
}

/// How an answer is to be written, where it is not plain from the question.
fn hint(question: &Question, tongue: Tongue<'_>) -> Option<Markup> {
    let most = match &question.kind {
        Kind::Text(TextField { max_length, .. }) => *max_length,
        Kind::Comment(comment) => comment.max_length,
        _ => None,
    };
    match &question.kind {
        Kind::Ranking(ranking) if ranking.selected => {
            let limits = limits(ranking.at_least, ranking.at_most);
            let (sv, en) =
                limits.map_or_else(Default::default, |(sv, en)| (format!(" {sv}"), format!(" {en}")));
            Some(tongue.words(
                &format!("Välj plats 1, 2, 3 … för dem du vill.{sv}"),
                &format!("Choose place 1, 2, 3 … for those you want.{en}"),
            ))
        }
        Kind::Ranking(_) => Some(
            tongue.words("Välj en plats för varje: 1 är först.", "Choose a place for each: 1 comes first."),
        ),
        Kind::Choice(choice) if choice.several => Some(match limits(choice.at_least, choice.at_most) {
            Some((sv, en)) => tongue.words(&sv, &en),
            None => tongue.words("Du kan välja flera.", "You may choose several."),
        }),
        _ => most.map(|most| {
            tongue.words(&format!("Högst {most} tecken."), &format!("At most {most} characters."))
        }),
    }
}

/// How many are to be chosen, where the author says so.
fn limits(least: Option<usize>, most: Option<usize>) -> Option<(String, String)> {
    Some(match (least, most) {
        (None, None) => return None,
        (Some(least), None) => (format!("Välj minst {least}."), format!("Choose at least {least}.")),
        (None, Some(most)) => (format!("Välj högst {most}."), format!("Choose at most {most}.")),
        (Some(least), Some(most)) if least == most => (format!("Välj {most}."), format!("Choose {most}.")),
        (Some(least), Some(most)) => {
            (format!("Välj {least} till {most}."), format!("Choose {least} to {most}."))
        }
    })
}

fn some(tongue: Tongue<'_>, text: &Localised) -> Option<String> {
    (!text.is_empty()).then(|| text.get(tongue.tag).to_owned())
}
