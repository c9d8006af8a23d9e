//! Pieces that pages are made of: sentence cards, tables, form fields, empty states, funnels, the log-in page.
//!
//! Every text is the caller's, in the page's language, except where a piece has words of its own.

use crate::charts::{self, Frame, Mark, Row};
use crate::number::{count, percent};
use crate::page::{PageFrame, Stylesheet, page};
use crate::texts::{self, t};
use disclosure::{Lang, Preset, Shown};
use maud::{Markup, html};

/// One of the sentences of an overview: a number, of whom, when, what has changed, and where to read more.
#[derive(Debug, Clone)]
pub struct Card {
    /// What it is about, for instance "Nådda".
    pub heading: String,
    /// The number, ready to print, for instance "76 %".
    pub number: String,
    /// The sentence that it belongs to.
    pub sentence: String,
    /// Base and date.
    pub base: String,
    /// What has changed, if known.
    pub change: Option<String>,
    /// Where to read more: text and address.
    pub link: Option<(String, String)>,
}

/// The sentences of an overview side by side.
pub fn cards(cards: &[Card]) -> Markup {
    html! {
        ul class="cards" {
            @for card in cards {
                li class="card" {
                    h2 { (card.heading) }
                    p class="big" { (card.number) }
                    p { (card.sentence) }
                    p class="quiet" { (card.base) @if let Some(change) = &card.change { " " (change) } }
                    @if let Some((text, href)) = &card.link { p { a href=(href) { (text) } } }
                }
            }
        }
    }
}

/// A column of a plain table.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its head.
    pub label: String,
    /// Whether its cells are numbers, which stand to the right.
    pub number: bool,
}

impl Column {
    /// A column of text.
    pub fn text(label: impl Into<String>) -> Column {
        Column { label: label.into(), number: false }
    }

    /// A column of numbers.
    pub fn number(label: impl Into<String>) -> Column {
        Column { label: label.into(), number: true }
    }
}

/// A table with a caption; the first cell of each row is its heading.
pub fn plain_table(caption: &str, columns: &[Column], rows: &[Vec<Markup>]) -> Markup {
    let class = |place: usize| columns.get(place).is_some_and(|column| column.number).then_some("number");
    html! {
        div class="scroll" role="region" tabindex="0" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr {
                    @for (place, column) in columns.iter().enumerate() { th scope="col" class=[class(place)] { (column.label) } }
                } }
                tbody {
                    @for row in rows {
                        tr {
                            @for (place, cell) in row.iter().enumerate() {
                                @if place == 0 { th scope="row" class=[class(0)] { (cell) } }
                                @else { td class=[class(place)] { (cell) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A form field with its label above it and its error beside it.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// The name it is sent under, also its id.
    pub name: String,
    /// What it asks for.
    pub label: String,
    /// The HTML input type; `text` where empty.
    pub kind: String,
    /// What it holds.
    pub value: String,
    /// Help, shown under the label.
    pub hint: Option<String>,
    /// What is wrong with it and what to do.
    pub error: Option<String>,
    /// The HTML autocomplete token.
    pub autocomplete: Option<String>,
    /// Whether it has to be filled in.
    pub required: bool,
}

/// A form field.
pub fn field(field: &Field) -> Markup {
    let Field { name, label, kind, value, hint, error, autocomplete, required } = field;
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described: Vec<&str> =
        [hint.as_ref().map(|_| hint_id.as_str()), error.as_ref().map(|_| error_id.as_str())]
            .into_iter()
            .flatten()
            .collect();
    html! {
        div class=(if error.is_some() { "field wrong" } else { "field" }) {
            label for=(name) { (label) }
            @if let Some(hint) = hint { p class="hint" id=(hint_id) { (hint) } }
            @if let Some(error) = error { p class="error" id=(error_id) { (error) } }
            input id=(name) name=(name) type=(if kind.is_empty() { "text" } else { kind }) value=(value)
                autocomplete=[autocomplete.as_deref()] required[*required]
                aria-invalid=[error.as_ref().map(|_| "true")]
                aria-describedby=[(!described.is_empty()).then(|| described.join(" "))];
        }
    }
}

/// The page's one main button.
pub fn main_button(label: &str) -> Markup {
    html! { button class="main" type="submit" { (label) } }
}

/// A button of less weight.
pub fn button(label: &str) -> Markup {
    html! { button type="submit" { (label) } }
}

/// A page, or a part of one, that has nothing yet: what it will hold, and what to do next.
pub fn empty_state(heading: &str, text: &str, next: Option<(&str, &str)>) -> Markup {
    html! {
        div class="empty" {
            h2 { (heading) }
            p { (text) }
            @if let Some((label, href)) = next { p { a class="action" href=(href) { (label) } } }
        }
    }
}

/// A message about what has happened; `fault` where something of the system has failed.
pub fn notice(text: &str, fault: bool) -> Markup {
    html! { div class=(if fault { "notice fault" } else { "notice" }) role=(if fault { "alert" } else { "status" }) { p { (text) } } }
}

/// What a step of a funnel counts.
#[derive(Debug, Clone)]
pub enum StepValue<'a> {
    /// Units or courses: things, not people. Number and of how many.
    Things(u64, u64),
    /// People: `answered` of `base`, through the gate.
    People(&'a Shown),
}

/// A step of a funnel.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// What those who reached it have done.
    pub label: String,
    /// How many have.
    pub value: StepValue<'a>,
}

/// A funnel as plain bars from zero, with counts and shares and its table. `id` is unique in the page, `finding` is
/// its point in one sentence.
pub fn funnel(
    id: &str,
    title: &str,
    finding: &str,
    steps: &[Step<'_>],
    preset: &Preset,
    lang: Lang,
) -> Markup {
    let values: Vec<(&str, Counted)> = steps
        .iter()
        .map(|step| {
            let value = match &step.value {
                StepValue::Things(part, of) => Ok((*part, *of)),
                StepValue::People(shown) => match (shown.answered(), shown.base(), shown.reason()) {
                    (Some(part), Some(of), _) => Ok((part, of)),
                    (_, _, Some(reason)) => Err(texts::reason(reason, preset.k_summary, preset, lang)),
                    _ => Err(String::new()),
                },
            };
            (step.label.as_str(), value)
        })
        .collect();
    let row = |(label, value): &(&str, Counted)| Row {
        label: (*label).to_owned(),
        depth: 0,
        tree: false,
        right: match value {
            Ok((part, of)) => format!("{} · {}", texts::n_of(*part, *of, lang), percent(*part, *of, lang)),
            Err(_) => String::new(),
        },
        mark: match value {
            Ok((part, of)) => Mark::Bar { part: *part, of: *of, interval: None },
            Err(reason) => Mark::Hatched(reason.clone()),
        },
    };
    let rows: Vec<Row> = values.iter().map(row).collect();
    let frame = Frame::new(id, title, finding);
    let columns = [
        Column::text(t(lang, "Steg", "Step")),
        Column::number(t(lang, "Antal", "Number")),
        Column::number(t(lang, "Av", "Of")),
        Column::number(t(lang, "Andel", "Share")),
    ];
    let cells = values.iter().map(|(label, value)| match value {
        Ok((part, of)) => vec![
            html! { (label) },
            html! { (count(*part)) },
            html! { (count(*of)) },
            html! { (percent(*part, *of, lang)) },
        ],
        Err(reason) => {
            vec![html! { (label) }, html! { ".." }, html! {}, html! { span class="quiet" { (reason) } }]
        }
    });
    html! {
        figure class="funnel" {
            figcaption { (title) }
            (charts::bars(&frame, &rows, None))
        }
        (plain_table(title, &columns, &cells.collect::<Vec<_>>()))
    }
}

/// Counts of things over time, as columns from zero with their table beneath: labels and values in their order, at least
/// one. `id` is unique in the page, `finding` is the point in one sentence; `head` is the label's column.
pub fn over_time(
    id: &str,
    title: &str,
    finding: &str,
    head: &str,
    values: &[(String, u64)],
    lang: Lang,
) -> Markup {
    let columns = [Column::text(head), Column::number(t(lang, "Antal", "Number"))];
    let rows: Vec<_> =
        values.iter().map(|(label, value)| vec![html! { (label) }, html! { (count(*value)) }]).collect();
    html! {
        figure {
            figcaption { (title) }
            (charts::columns(&Frame::new(id, title, finding), values, t(lang, "som mest", "at most")))
        }
        details class="as-table" {
            summary { (t(lang, "Som tabell: ", "As a table: ")) (title) }
            (plain_table(title, &columns, &rows))
        }
    }
}

/// A number and of how many, or why it is not shown.
type Counted = Result<(u64, u64), String>;

/// The log-in page.
#[derive(Debug, Clone)]
pub struct Login {
    /// The language.
    pub lang: Lang,
    /// Where the style comes from.
    pub stylesheet: Stylesheet,
    /// The municipality, if it has a name yet.
    pub place: Option<String>,
    /// Where the form is sent.
    pub action: String,
    /// The same page in the other language.
    pub other_language: Option<(Lang, String)>,
    /// Fields that are sent unseen: name and value.
    pub hidden: Vec<(String, String)>,
    /// The user name that was tried.
    pub user: String,
    /// What went wrong.
    pub error: Option<String>,
}

/// A whole log-in page; its fields are `user` and `password`.
pub fn login_page(login: &Login) -> String {
    let lang = login.lang;
    let body = html! {
        @if let Some(error) = &login.error { (notice(error, false)) }
        form class="form" method="post" action=(login.action) {
            @for (name, value) in &login.hidden { input type="hidden" name=(name) value=(value); }
            (field(&Field {
                name: "user".into(),
                label: t(lang, "Användarnamn", "User name").into(),
                value: login.user.clone(),
                autocomplete: Some("username".into()),
                required: true,
                ..Field::default()
            }))
            (field(&Field {
                name: "password".into(),
                label: t(lang, "Lösenord", "Password").into(),
                kind: "password".into(),
                autocomplete: Some("current-password".into()),
                required: true,
                ..Field::default()
            }))
            (main_button(t(lang, "Logga in", "Log in")))
        }
        p class="quiet" {
            (t(lang,
                "Har du inget konto? Den som förvaltar Lärka i din kommun kan ge dig ett.",
                "No account? Whoever runs Lärka in your municipality can give you one."))
        }
    };
    let mut frame = PageFrame::new(lang, t(lang, "Logga in", "Log in"), login.stylesheet.clone(), body);
    frame.place = login.place.clone();
    frame.other_language = login.other_language.clone();
    page(&frame)
}
