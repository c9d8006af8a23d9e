//! The frame that every page has: head, place and period, navigation, content.

use crate::assets;
use crate::texts::{Word, word};
use disclosure::Lang;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Where a page finds its style sheet and fonts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stylesheet {
    /// In the page itself, which then needs no other file.
    Inline,
    /// At this prefix (such as `/assets/`), where [`crate::assets`] are served.
    Linked(String),
}

/// A link of the navigation.
#[derive(Debug, Clone)]
pub struct NavLink {
    /// What it says.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Whether this is where the reader is.
    pub current: bool,
}

/// Everything around the content of a page.
#[derive(Debug, Clone)]
pub struct PageFrame {
    /// The language of the page.
    pub lang: Lang,
    /// The page's title, also its heading unless `heading` is false.
    pub title: String,
    /// Whether the title is printed as the page's heading.
    pub heading: bool,
    /// The municipality, area or unit.
    pub place: Option<String>,
    /// The period, in words.
    pub period: Option<String>,
    /// The links of the navigation; none, no navigation.
    pub nav: Vec<NavLink>,
    /// The same page in the other language.
    pub other_language: Option<(Lang, String)>,
    /// What stands at the right of the top, for instance who is logged in and a button to leave.
    pub corner: Option<Markup>,
    /// Where the style comes from.
    pub stylesheet: Stylesheet,
    /// The content.
    pub body: Markup,
}

impl PageFrame {
    /// A page with a title and a body, and nothing else around it.
    pub fn new(lang: Lang, title: impl Into<String>, stylesheet: Stylesheet, body: Markup) -> PageFrame {
        PageFrame {
            lang,
            title: title.into(),
            heading: true,
            place: None,
            period: None,
            nav: Vec::new(),
            other_language: None,
            corner: None,
            stylesheet,
            body,
        }
    }
}

/// A whole page.
pub fn page(frame: &PageFrame) -> String {
    let PageFrame { lang, title, place, period, nav, body, .. } = frame;
    let head_title = match place {
        Some(place) => format!("{title} – {place} – Lärka"),
        None => format!("{title} – Lärka"),
    };
    let markup = html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (head_title) }
                (style(&frame.stylesheet))
            }
            body {
                a class="skip" href="#innehall" { (word(Word::Skip, *lang)) }
                header class="top" {
                    div class="top-in" {
                        p class="brand" { (mark()) span { "Lärka" } }
                        @if let Some(place) = place { p class="place" { (place) } }
                        div class="corner" {
                            @if let Some((other, href)) = &frame.other_language {
                                a href=(href) lang=(other.tag()) hreflang=(other.tag()) { (language(*other)) }
                            }
                            @if let Some(corner) = &frame.corner { (corner) }
                        }
                    }
                    @if !nav.is_empty() {
                        nav aria-label=(word(Word::Menu, *lang)) {
                            ul {
                                @for link in nav {
                                    li { a href=(link.href) aria-current=[link.current.then_some("page")] { (link.label) } }
                                }
                            }
                        }
                    }
                }
                main id="innehall" {
                    @if frame.heading {
                        @if let Some(period) = period { p class="period" { (period) } }
                        h1 { (title) }
                    }
                    (body)
                }
            }
        }
    };
    let mut out = markup.into_string();
    out.push('\n');
    out
}

fn style(stylesheet: &Stylesheet) -> Markup {
    match stylesheet {
        Stylesheet::Inline => {
            html! { link rel="icon" href="data:,"; style { (PreEscaped(assets::inline_css())) } }
        }
        Stylesheet::Linked(prefix) => {
            html! {
                link rel="stylesheet" href=(format!("{prefix}{}", assets::style_path()));
                link rel="icon" type="image/svg+xml" href=(format!("{prefix}{}", assets::icon_path()));
            }
        }
    }
}

fn language(lang: Lang) -> &'static str {
    match lang {
        Lang::Sv => "Svenska",
        Lang::En => "English",
    }
}

/// The mark beside the name: a lark's wing of three strokes.
fn mark() -> Markup {
    html! {
        svg class="mark" width="22" height="22" viewBox="0 0 22 22" aria-hidden="true" focusable="false" {
            path d="M2 18C6 17 9 14 10 9" {}
            path d="M2 18c7-1 12-5 13-13" {}
            path d="M2 18C12 18 19 12 20 3" {}
        }
    }
}
