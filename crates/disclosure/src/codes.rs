//! What the code of a hidden figure says of those behind it.

use crate::primary::fewest;
use crate::{Preset, Reason};

/// The code that is shown for a reason: where the group's size and the code together would say almost exactly how many have
/// answered, the neutral one. That depends on the group's size alone, so the neutral code then says nothing.
pub(crate) fn said(preset: &Preset, base: i128, reason: Reason) -> Reason {
    let narrow = |reason| {
        let (low, high) = exactly(preset, base, reason);
        high - low < 2
    };
    let is_small = base < preset.k_summary.into();
    if !is_small && (narrow(reason) || narrow(Reason::Protected)) { Reason::Protected } else { reason }
}

/// The fewest and the most of so many people who have answered, where all of them are hidden with this code.
pub(crate) fn range(preset: &Preset, base: i128, reason: Reason) -> (i128, i128) {
    let all = [Reason::SmallGroup, Reason::LowRate, Reason::Protected];
    let code = said(preset, base, reason);
    let may_be = all.into_iter().filter(|other| said(preset, base, *other) == code);
    let ranges = may_be.map(|reason| exactly(preset, base, reason)).filter(|(low, high)| low <= high);
    let range = ranges.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
    range.unwrap_or((0, base))
}

/// The same by the reason itself.
fn exactly(preset: &Preset, base: i128, reason: Reason) -> (i128, i128) {
    let k = i128::from(preset.k_summary);
    let enough = fewest(preset, base).max(k);
    match reason {
        Reason::SmallGroup if base < k => (0, base),
        Reason::SmallGroup => (0, k - 1),
        Reason::LowRate => (k, enough - 1),
        Reason::Protected => (enough, base),
    }
}
