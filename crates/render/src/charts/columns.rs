//! Counts over time as columns from zero, to a common scale, with the highest at the top and both ends named.

use maud::{Markup, html};

use super::frame::Frame;
use crate::number::count;

/// From the top of the drawing to that of the highest column.
const TOP: u32 = 22;
const HIGHEST: u32 = 72;
/// From the foot of the columns to the foot of the type beneath.
const BENEATH: u32 = 19;

/// One column for each value, in their order; `most` says what the highest comes to. There is at least one value.
pub(crate) fn columns(frame: &Frame, values: &[(String, u64)], most: &str) -> Markup {
    let highest = values.iter().map(|(_, value)| *value).max().unwrap_or(0);
    let step = 100_000 / (values.len().max(1) as u64);
    let place = |place: u64| format!("{}.{:02}%", place / 1000, place % 1000 / 10);
    let (title, desc) = (format!("{}-t", frame.id), format!("{}-d", frame.id));
    let foot = TOP + HIGHEST;
    html! {
        svg xmlns="http://www.w3.org/2000/svg" id=(frame.id) class="drawing" role="img"
            aria-labelledby=(format!("{title} {desc}")) width="100%" height=(foot + BENEATH + 5) {
            title id=(title) { (frame.title) }
            desc id=(desc) { (frame.desc) }
            rect class="track" x="0" y=(TOP) width="100%" height=(HIGHEST) {}
            @for (number, (_, value)) in (0_u64..).zip(values) {
                @let height = height(*value, highest);
                @if height > 0 {
                    rect class="bar" x=(place(number * step + step / 10)) y=(foot - height)
                        width=(place(step - step / 5)) height=(height) {}
                }
            }
            text class="right" x="100%" y=(TOP - 7) text-anchor="end" { (most) " " (count(highest)) }
            @if let (Some((first, _)), Some((last, _))) = (values.first(), values.last()) {
                text class="label" x="0" y=(foot + BENEATH) { (first) }
                text class="label" x="100%" y=(foot + BENEATH) text-anchor="end" { (last) }
            }
        }
    }
}

/// Whatever is more than nothing is seen.
fn height(value: u64, highest: u64) -> u32 {
    let exact = u128::from(value) * u128::from(HIGHEST) / u128::from(highest.max(1));
    u32::try_from(exact).unwrap_or(HIGHEST).max(u32::from(value > 0) * 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_on_zero_and_what_is_more_than_nothing_is_seen() {
        assert_eq!([0, 1, 50, 100].map(|value| height(value, 100)), [0, 2, 36, 72]);
        assert_eq!([height(1, 1_000_000), height(u64::MAX, u64::MAX), height(0, 0)], [2, 72, 0]);
        let values = [("08".to_owned(), 0), ("09".to_owned(), 4), ("10".to_owned(), 2)];
        let drawn = columns(&Frame::new("c", "Title", "Finding"), &values, "at most").into_string();
        assert_eq!(drawn.matches("class=\"bar\"").count(), 2, "{drawn}");
        assert!(drawn.contains("at most 4") && drawn.contains(">08<") && drawn.contains(">10<"), "{drawn}");
        let none =
            columns(&Frame::new("c", "Title", "Finding"), &[("08".to_owned(), 0)], "at most").into_string();
        assert!(!none.contains("class=\"bar\""), "{none}");
    }
}
