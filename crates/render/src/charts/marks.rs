//! The marks of a row, and where they lie. Horizontal places are thousandths of a per cent of the drawing's width.

use super::frame::{Frame, Mark, Part, Row};
use crate::number::whole_percent;
use disclosure::Ratio;
use maud::{Markup, html};

/// The width that bars may take: all of it.
const BAR: u64 = 100_000;
/// Parts narrower than this have no number on them: on a phone it would not fit.
const LABELLED: u64 = 7_000;
const LINE: u32 = 21;
const BAR_HEIGHT: u32 = 20;
const GAP: u32 = 11;
/// From the top of a bar to the foot of the type on it.
const ON_BAR: u32 = 15;

/// `part` of `of` as a place within `width`.
fn share(part: u64, of: u64, width: u64) -> u64 {
    let place = u128::from(part) * u128::from(width) / u128::from(of.max(1));
    u64::try_from(place).unwrap_or(width).min(width)
}

fn at(place: u64) -> String {
    format!("{}.{:02}%", place / 1000, place % 1000 / 10)
}

/// Draws from the top down.
pub(super) struct Pen {
    y: u32,
    frame: Frame,
}

/// The height of a row with its label.
pub(super) fn height(row: &Row, frame: &Frame) -> u32 {
    LINE * lines(row, frame).len() as u32 + BAR_HEIGHT + GAP
}

/// A label in lines that leave room for what stands at its right.
fn lines(row: &Row, frame: &Frame) -> Vec<String> {
    let taken = row.right.chars().count().max(frame.room) + 1 + row.depth * 2;
    wrap(&row.label, frame.wrap.saturating_sub(taken).max(16))
}

impl Pen {
    pub(super) fn new(frame: &Frame) -> Pen {
        Pen { frame: frame.clone(), y: 0 }
    }

    pub(super) fn height(&self) -> u32 {
        self.y
    }

    pub(super) fn next(&mut self) {
        self.y += BAR_HEIGHT + GAP;
    }

    pub(super) fn hatch_id(&self) -> String {
        format!("{}-h", self.frame.id)
    }

    fn hatch(&self) -> String {
        format!("url(#{}-h)", self.frame.id)
    }

    pub(super) fn label(&mut self, row: &Row) -> Markup {
        let indent = row.depth * 14;
        let lines = lines(row, &self.frame);
        let class = if row.tree && row.depth == 0 { "label strong" } else { "label" };
        let baseline = |line: usize| self.y + LINE * (line as u32 + 1) - 7;
        let markup = html! {
            @for (place, line) in lines.iter().enumerate() {
                text class=(class) x=(indent) y=(baseline(place)) { (line) }
            }
            @if !row.right.is_empty() {
                text class="right" x="100%" y=(baseline(lines.len().saturating_sub(1))) text-anchor="end" { (row.right) }
            }
        };
        self.y += LINE * lines.len() as u32;
        markup
    }

    pub(super) fn stack(&self, parts: &[Part], total: u64, tick: Option<u64>) -> Markup {
        let mut done = 0;
        html! {
            @for part in parts.iter().filter(|part| part.count > 0) {
                @let from = share(done, total, BAR);
                @let to = share({ done += part.count; done }, total, BAR);
                (self.part(part, from, to - from, total))
            }
            @if let Some(tick) = tick {
                (self.line(share(tick, total, BAR), "tick"))
            }
        }
    }

    pub(super) fn diverging(
        &self,
        left: &[Part],
        middle: u64,
        right: &[Part],
        apart: u64,
        total: u64,
        scale: &Scale,
    ) -> Markup {
        let mut x = scale
            .middle()
            .saturating_sub(scale.width(2 * left.iter().map(|part| part.count).sum::<u64>() + middle, total));
        let mut marks = Vec::new();
        let middle = [Part { count: middle, class: "mid-answer" }];
        for part in left.iter().chain(&middle).chain(right).filter(|part| part.count > 0) {
            let width = scale.width(2 * part.count, total);
            marks.push(self.part(part, x, width, total));
            x += width;
        }
        if apart > 0 {
            let part = Part { count: apart, class: "apart" };
            marks.push(self.part(&part, scale.apart(), scale.width(2 * apart, total), total));
        }
        html! { @for mark in &marks { (mark) } (self.line(scale.middle(), "mid")) }
    }

    /// Where the right side would end by a figure from outside.
    pub(super) fn reference(&self, middle: u64, line: u64, total: u64, scale: &Scale) -> Markup {
        let place = scale.middle() + scale.width(middle, total) + line * scale.per_whole / Scale::PRECISION;
        self.line(place.min(BAR), "reference")
    }

    pub(super) fn bar(
        &self,
        part: u64,
        of: u64,
        interval: Option<(Ratio, Ratio)>,
        limit: Option<u64>,
    ) -> Markup {
        let place = |ratio: Ratio| {
            let thousandths = ratio.round(5).scaled.clamp(0, 100_000);
            u64::try_from(thousandths * i128::from(BAR) / 100_000).unwrap_or(0)
        };
        html! {
            rect class="track" x="0" y=(self.y) width=(at(BAR)) height=(BAR_HEIGHT) {}
            rect class="bar" x="0" y=(self.y) width=(at(share(part, of, BAR))) height=(BAR_HEIGHT) {}
            @if let Some(limit) = limit { (self.line(share(limit, 100, BAR), "limit")) }
            @if let Some((low, high)) = interval {
                @let middle = self.y + BAR_HEIGHT / 2;
                line class="interval" x1=(at(place(low))) x2=(at(place(high))) y1=(middle) y2=(middle) {}
                @for end in [low, high] {
                    line class="interval" x1=(at(place(end))) x2=(at(place(end))) y1=(middle - 5) y2=(middle + 5) {}
                }
            }
        }
    }

    /// A row without a mark of its own: hidden, or not applicable.
    pub(super) fn words(&self, mark: &Mark) -> Markup {
        match mark {
            Mark::Words(words) => html! { text class="reason" x="0" y=(self.y + ON_BAR) { (words) } },
            Mark::Hatched(reason) => html! {
                rect class="hidden" x="0" y=(self.y) width=(at(BAR)) height=(BAR_HEIGHT) fill=(self.hatch()) {}
                @if !reason.is_empty() {
                    rect class="hatch-ground" x="6" y=(self.y + 2) width=(8 + reason.chars().count() * 6) height=(BAR_HEIGHT - 4) {}
                    text class="reason on-hatch" x="10" y=(self.y + ON_BAR) { (reason) }
                }
            },
            _ => html! {},
        }
    }

    /// A thin line across a row's mark.
    pub(super) fn line(&self, x: u64, class: &str) -> Markup {
        let x = at(x);
        html! { line class=(class) x1=(x) x2=(x) y1=(self.y - 4) y2=(self.y + BAR_HEIGHT + 4) {} }
    }

    fn part(&self, part: &Part, x: u64, width: u64, total: u64) -> Markup {
        let hatched = matches!(part.class, "unknown" | "apart");
        html! {
            @if hatched {
                rect class=(part.class) x=(at(x)) y=(self.y) width=(at(width)) height=(BAR_HEIGHT) fill=(self.hatch()) {}
            } @else {
                rect class=(part.class) x=(at(x)) y=(self.y) width=(at(width)) height=(BAR_HEIGHT) {}
            }
            @if width >= LABELLED && let Some(percent) = whole_percent(part.count, total) {
                @if hatched {
                    rect class="hatch-ground" x=(at(x + width / 2)) y=(self.y + 2) width="22" height=(BAR_HEIGHT - 4)
                        transform="translate(-11)" {}
                }
                text class=(if hatched { "on on-hatch".to_owned() } else { format!("on on-{}", part.class) })
                    x=(at(x + width / 2)) y=(self.y + ON_BAR) text-anchor="middle" { (percent) }
            }
        }
    }
}

/// The common scale of diverging rows: widths are in half shares, so that a middle answer splits evenly.
pub(super) struct Scale {
    left: u64,
    right: u64,
    per_whole: u64,
}

impl Scale {
    const PRECISION: u64 = 1_000_000;
    const APART_GAP: u64 = 2_500;

    /// The scale at which the widest row just fits.
    pub(super) fn fit<'a>(marks: impl Iterator<Item = &'a Mark>) -> Scale {
        let (mut widest_left, mut widest_right, mut widest_apart) = (0, 0, 0);
        for mark in marks {
            if let Mark::Diverging { left, middle, right, apart, total, line } = mark {
                let side = |parts: &[Part]| parts.iter().map(|part| 2 * part.count).sum::<u64>() + middle;
                let of = |half: u64| share(half, 2 * total, Scale::PRECISION);
                widest_left = widest_left.max(of(side(left)));
                widest_right = widest_right.max(of(side(right)));
                // A line from outside has its room too.
                let line =
                    line.map_or(0, |line| line.saturating_add(share(*middle, 2 * total, Scale::PRECISION)));
                widest_right = widest_right.max(line.min(Scale::PRECISION));
                widest_apart = widest_apart.max(of(2 * apart));
            }
        }
        let room = BAR - if widest_apart > 0 { Scale::APART_GAP } else { 0 };
        let whole = (widest_left + widest_right + widest_apart).max(1);
        let per_whole = room * Scale::PRECISION / whole;
        let place = |wide: u64| wide * per_whole / Scale::PRECISION;
        Scale { left: place(widest_left), right: place(widest_right), per_whole }
    }

    fn width(&self, half_shares: u64, total: u64) -> u64 {
        share(half_shares, 2 * total, self.per_whole)
    }

    fn middle(&self) -> u64 {
        self.left
    }

    fn apart(&self) -> u64 {
        self.left + self.right + Scale::APART_GAP
    }
}

/// Lines of at most `width` characters and of much the same length, broken at spaces; a longer word has a line of
/// its own.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let lines = fill(text, width);
    let even = (1..width)
        .rev()
        .map(|narrower| fill(text, narrower))
        .take_while(|even| even.len() == lines.len())
        .last();
    even.unwrap_or(lines)
}

fn fill(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_break_into_lines_of_much_the_same_length() {
        assert_eq!(wrap("kort", 20), ["kort"]);
        assert_eq!(
            wrap("Delta i samhället med digital teknik", 34),
            ["Delta i samhället", "med digital teknik"]
        );
        assert_eq!(wrap("Personuppgiftsbehandling", 10), ["Personuppgiftsbehandling"]);
    }

    #[test]
    fn the_widest_diverging_row_just_fits() {
        let part = |count| vec![Part { count, class: "p1" }];
        let row = |left, right, apart| Mark::Diverging {
            left: part(left),
            middle: 0,
            right: part(right),
            apart,
            total: 100,
            line: None,
        };
        let rows = [row(60, 30, 10), row(10, 80, 0)];
        let scale = Scale::fit(rows.iter());
        let end = scale.apart() + scale.width(2 * 10, 100);
        assert!(end <= BAR && BAR - end < 10, "{end}");
        assert_eq!(scale.width(2 * 60, 100), scale.middle());
    }

    #[test]
    fn a_line_from_outside_has_its_place_at_the_right_and_its_room() {
        let part = |count| vec![Part { count, class: "p1" }];
        let row = |line| Mark::Diverging {
            left: part(40),
            middle: 20,
            right: part(40),
            apart: 0,
            total: 100,
            line,
        };
        // Where 40 of 100 end is the end of the right side.
        let same = Scale::fit([row(None), row(Some(400_000))].iter());
        assert_eq!(same.width(20, 100) + 400_000 * same.per_whole / Scale::PRECISION, same.right);
        // Beyond it everything is drawn smaller.
        let wide = Scale::fit([row(Some(900_000))].iter());
        let end = wide.middle() + wide.width(20, 100) + 900_000 * wide.per_whole / Scale::PRECISION;
        assert!(end <= BAR && BAR - end < 10, "{end}");
    }
}
