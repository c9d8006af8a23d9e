//! All charts, as SVG that fits any width: horizontal measures are shares of the width, vertical ones pixels, so one
//! drawing serves a phone, a desk and a sheet of paper, with type of one size. Colours are classes (`style.css`).
//!
//! Each drawing has `role="img"`, a title and a description that says the finding; whoever places it puts its table
//! beneath. Rows keep the order they come in.

mod columns;
mod frame;
mod marks;

pub(crate) use columns::columns;
pub(crate) use frame::{Frame, Mark, Part, Row};
use marks::Pen;
use maud::{Markup, PreEscaped, Render, html};

/// Level bands: one hue in four even steps, then those without a known level.
pub(crate) const LEVELS: [&str; 4] = ["l1", "l2", "l3", "l4"];

/// Answers on the negative side, the strongest first.
pub(crate) const NEGATIVE: [&str; 3] = ["n1", "n2", "n3"];
/// Answers on the positive side, the strongest first.
pub(crate) const POSITIVE: [&str; 3] = ["p1", "p2", "p3"];

/// Drawings are at most this many pixels tall, so that none is cut where a sheet of paper ends; several stand one
/// below the other without a seam.
const TALLEST: u32 = 860;

/// A chart: one picture, or several to be set one below the other.
#[derive(Debug, Clone)]
pub(crate) struct Drawing(pub(crate) Vec<Picture>);

/// A part of a chart that is not cut where a sheet of paper ends.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    frame: Frame,
    /// In pixels.
    pub(crate) height: u32,
    hatch: String,
    body: Vec<Markup>,
}

/// Stacked parts of a whole, one bar per row.
pub(crate) fn stack(frame: &Frame, rows: &[Row]) -> Drawing {
    drawing(frame, rows, |pen, mark| match mark {
        Mark::Stack { parts, total, tick } => pen.stack(parts, *total, *tick),
        other => pen.words(other),
    })
}

/// Diverging bars around a common middle, all rows to one scale.
pub(crate) fn diverging(frame: &Frame, rows: &[Row]) -> Drawing {
    let scale = marks::Scale::fit(rows.iter().map(|row| &row.mark));
    drawing(frame, rows, |pen, mark| match mark {
        Mark::Diverging { left, middle, right, apart, total, line } => {
            let drawn = pen.diverging(left, *middle, right, *apart, *total, &scale);
            html! { (drawn) @if let Some(line) = line { (pen.reference(*middle, *line, *total, &scale)) } }
        }
        other => pen.words(other),
    })
}

/// Bars from zero to 100 %; `limit` is a whole percentage that is marked by a thin line.
pub(crate) fn bars(frame: &Frame, rows: &[Row], limit: Option<u64>) -> Drawing {
    drawing(frame, rows, |pen, mark| match mark {
        Mark::Bar { part, of, interval } => pen.bar(*part, *of, *interval, limit),
        other => pen.words(other),
    })
}

fn drawing(frame: &Frame, rows: &[Row], draw: impl Fn(&Pen, &Mark) -> Markup) -> Drawing {
    let height: u32 = rows.iter().map(|row| marks::height(row, frame)).sum();
    let pieces = height.div_ceil(TALLEST).max(1) as usize;
    let in_each = rows.len().div_ceil(pieces).max(1);
    let piece = |(place, rows): (usize, &[Row])| {
        let mut frame = frame.clone();
        if pieces > 1 {
            frame.id = format!("{}-{}", frame.id, place + 1);
            frame.title = format!("{} ({}/{pieces})", frame.title, place + 1);
        }
        let mut pen = Pen::new(&frame);
        let mut said = None;
        let mut body = Vec::new();
        for row in rows {
            body.push(pen.label(row));
            match &row.mark {
                // Where several rows in a row are hidden for one reason, it is said once.
                Mark::Hatched(reason) if said == Some(reason) => {
                    body.push(draw(&pen, &Mark::Hatched(String::new())))
                }
                mark => body.push(draw(&pen, mark)),
            }
            said = match &row.mark {
                Mark::Hatched(reason) => Some(reason),
                _ => None,
            };
            pen.next();
        }
        Picture { height: pen.height(), hatch: pen.hatch_id(), body, frame }
    };
    Drawing(rows.chunks(in_each).enumerate().map(piece).collect())
}

impl Render for Drawing {
    fn render(&self) -> Markup {
        html! { @for picture in &self.0 { (picture.svg("100%", None)) } }
    }
}

impl Picture {
    /// What it says to whoever does not see it.
    pub(crate) fn alt(&self) -> String {
        format!("{}: {}", self.frame.title, self.frame.desc)
    }

    /// As a file of its own, so many pixels wide, with its style in it.
    pub(crate) fn alone(&self, width: u32, style: &str) -> String {
        self.svg(&width.to_string(), Some(style)).into_string()
    }

    fn svg(&self, width: &str, style: Option<&str>) -> Markup {
        let Frame { id, title, desc, .. } = &self.frame;
        html! {
            svg xmlns="http://www.w3.org/2000/svg" id=(id) class="drawing" role="img"
                aria-labelledby=(format!("{id}-t {id}-d")) width=(width) height=(self.height) {
                title id=(format!("{id}-t")) { (title) }
                desc id=(format!("{id}-d")) { (desc) }
                @if let Some(style) = style { style { (PreEscaped(style)) } }
                defs {
                    pattern id=(self.hatch) width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                        rect class="hatch-ground" width="7" height="7" {}
                        rect class="hatch-line" width="1.2" height="7" {}
                    }
                }
                @for part in &self.body { (part) }
            }
        }
    }
}
