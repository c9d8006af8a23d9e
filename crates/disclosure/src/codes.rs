//! What is said of a hidden figure: by how many are behind it alone, whatever it is hidden for.

use crate::primary::{fewest, is_few};
use crate::{Figure, Preset, Reason};

/// What a figure lacks by itself to be shown with at least `k` people; the neutral reason where it lacks nothing.
pub(crate) fn reason(preset: &Preset, k: u64, figure: &Figure) -> Reason {
    let (base, answered) = (i128::from(figure.base), i128::from(figure.answered));
    if is_few(k.into(), answered, base) {
        Reason::SmallGroup
    } else if answered < fewest(preset, base) {
        Reason::LowRate
    } else {
        Reason::Protected
    }
}

/// The code of a figure of which nothing is shown: its reason, but where the group's size and that would say almost exactly
/// how many have answered, the neutral one. Where that is so depends on the group's size alone.
pub(crate) fn code(preset: &Preset, figure: &Figure) -> Reason {
    said(preset, figure.base.into(), reason(preset, preset.k_summary, figure))
}

fn said(preset: &Preset, base: i128, reason: Reason) -> Reason {
    let narrow = |reason| {
        let (low, high) = exactly(preset, base, reason);
        high - low < 2
    };
    let is_small = base < preset.k_summary.into();
    if !is_small && (narrow(reason) || narrow(Reason::Protected)) { Reason::Protected } else { reason }
}

/// The fewest and the most of a group of this size who have answered, where all that is shown is this code.
pub(crate) fn range(preset: &Preset, base: i128, code: Reason) -> (i128, i128) {
    let all = [Reason::SmallGroup, Reason::LowRate, Reason::Protected];
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
        // Not said of a figure that a rule looks at.
        Reason::Merged => (0, base),
    }
}
