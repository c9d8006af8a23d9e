//! What the parts of a report are made of. Layouts are written once, in these: as a page they are HTML, and
//! [`crate::paper`] takes them to paper.

use crate::charts::Drawing;
use crate::tables::{Cross, Table};
use crate::texts::{self, capital};
use disclosure::Lang;
use maud::{Markup, Render, html};

/// A part of a report with a heading of its own.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// Unique in the page.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) body: Vec<Piece>,
}

/// Something of a part, below what is before it.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    /// A paragraph, and what it is to the reader.
    Words(Words, String),
    /// A paragraph of the data's, with its language where that is another than the reader's.
    Said(String, Option<Lang>),
    /// A heading below the part's.
    Heading(String),
    /// Drawings under a name, with what explains them and stands between them.
    Figure(String, Vec<Piece>),
    /// The names of the colours (their classes first), and how the drawings are read.
    Key(Vec<(String, String)>, String),
    Drawing(Drawing),
    /// Side by side.
    Pair(Vec<Vec<Piece>>),
    /// Small ones of a kind side by side, each with a heading.
    Multiples(Vec<(String, Vec<Piece>)>),
    Table(Table),
    /// A table that a page keeps closed until it is asked for.
    Closed(Table),
    /// What a page keeps closed, one below the other, each under its heading.
    Opening(Vec<(String, Vec<Piece>)>),
    Crosses(Vec<Cross>),
    /// Why some are not shown, and which.
    Withheld(String, Vec<String>),
    List(Vec<String>),
    /// Terms, what they are, and whether that is a code rather than words.
    Terms(Vec<(&'static str, String, bool)>),
}

/// What a paragraph is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Words {
    Plain,
    /// A part's point.
    Finding,
    /// Of whom, and when.
    Base,
    /// A heading within a figure.
    Group,
    /// Which kind of level a drawing beside another shows.
    Kind,
    /// How a drawing is read.
    KeyNote,
    Note,
    Quiet,
}

impl Words {
    /// Its name in style sheets and on paper.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Words::Plain => "plain",
            Words::Finding => "finding",
            Words::Base => "base",
            Words::Group => "group",
            Words::Kind => "kind",
            Words::KeyNote => "key-note",
            Words::Note => "note",
            Words::Quiet => "quiet",
        }
    }
}

impl Render for Piece {
    fn render(&self) -> Markup {
        match self {
            Piece::Words(Words::Plain, text) => html! { p { (text) } },
            Piece::Words(role, text) => html! { p class=(role.class()) { (text) } },
            Piece::Said(text, lang) => html! { p lang=[lang.map(Lang::tag)] { (text) } },
            Piece::Heading(text) => html! { h3 { (text) } },
            Piece::Figure(name, pieces) => html! {
                figure role="group" aria-label=(name) { @for piece in pieces { (piece) } }
            },
            Piece::Key(entries, note) => html! {
                ul class="key" {
                    @for (class, label) in entries {
                        li { span class=(format!("swatch {class}")) aria-hidden="true" {} (label) }
                    }
                }
                p class="key-note" { (note) }
            },
            Piece::Drawing(drawing) => drawing.render(),
            Piece::Pair(columns) => html! {
                div class="pair" { @for pieces in columns { div { @for piece in pieces { (piece) } } } }
            },
            Piece::Multiples(small) => html! {
                div class="multiples" {
                    @for (heading, pieces) in small { div { h3 { (heading) } @for piece in pieces { (piece) } } }
                }
            },
            Piece::Table(table) => table.render(),
            Piece::Closed(table) => html! {
                details class="as-table" {
                    summary { (texts::as_table(&table.caption, table.lang)) }
                    (table)
                }
            },
            Piece::Opening(parts) => html! {
                div class="by-unit" {
                    @for (heading, pieces) in parts {
                        details { summary { (heading) } @for piece in pieces { (piece) } }
                    }
                }
            },
            Piece::Crosses(tables) => html! { div class="crosses" { @for table in tables { (table) } } },
            Piece::Withheld(why, names) => html! {
                div class="withheld" {
                    p { strong { (capital(why)) } }
                    ul { @for name in names { li { (name) } } }
                }
            },
            Piece::List(entries) => html! { ul { @for entry in entries { li { (entry) } } } },
            Piece::Terms(terms) => html! {
                dl class="identity" {
                    @for (term, text, code) in terms { dt { (term) } dd class=[code.then_some("hash")] { (text) } }
                }
            },
        }
    }
}
