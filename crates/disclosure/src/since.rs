//! What has changed between two released reports: differences of what both show, and of nothing else.

use crate::{
    Identity, Item, ItemGroup, Measure, Ratio, Reason, Released, ReleasedSection, Share, Shown, ShownFigure,
    Text, Value, ValueKind,
};

/// A mean as two reports show it: its size, deviation and of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// The mean.
    pub mean: Ratio,
    /// The standard deviation, where it is shown.
    pub deviation: Option<Ratio>,
    /// How many were scored.
    pub n: u64,
}

/// How differences are computed: the later first.
#[derive(Debug, Clone, Copy)]
pub struct Differences {
    /// Of shares that stand for more people than answered.
    pub shares: fn(Share, Share) -> Vec<Value>,
    /// Of shares that are of all people.
    pub rates: fn(Share, Share) -> Vec<Value>,
    /// Of means.
    pub means: fn(Spread, Spread) -> Vec<Value>,
}

impl Released {
    /// This report's changes since an earlier one of the same kind, as a report. A figure of which either does not show
    /// all is hidden, for the reason that it has there; what either does not have is left out.
    pub fn since(&self, earlier: &Released, differences: &Differences, identity: Identity) -> Released {
        let place_then = |place: usize| {
            let now = self.populations().get(place)?;
            earlier
                .populations()
                .iter()
                .position(|then| (then.geometry, &then.code) == (now.geometry, &now.code))
        };
        let places: Vec<Option<usize>> = (0..self.populations().len()).map(place_then).collect();
        let sections: Vec<ReleasedSection> = self
            .sections()
            .iter()
            .filter_map(|now| changed(now, earlier.section(now.id())?, &places, differences))
            .collect();
        let (from, to) = (&earlier.identity().as_of, &self.identity().as_of);
        let period = Text::new(format!("Ändring {from} – {to}"), format!("Change {from} – {to}"));
        self.with_sections(period, sections, identity)
    }
}

/// A section's changes; none for what is a comparison itself.
fn changed(
    now: &ReleasedSection,
    then: &ReleasedSection,
    places: &[Option<usize>],
    differences: &Differences,
) -> Option<ReleasedSection> {
    let (parts, values) = match now.measure() {
        Measure::Levels { .. } => (bands(now, then), vec![ValueKind::ShareChange, ValueKind::CohensH]),
        Measure::Likert | Measure::Choices => (
            whole(now, then),
            vec![ValueKind::ShareChange, ValueKind::CohensH, ValueKind::MeanChange, ValueKind::HedgesG],
        ),
        Measure::Index => (whole(now, then), vec![ValueKind::MeanChange, ValueKind::HedgesG]),
        Measure::ResponseRate | Measure::Coverage => (whole(now, then), vec![ValueKind::ShareChange]),
        Measure::SelfVsDemonstrated | Measure::Change | Measure::PairedChange | Measure::PairedChoices => {
            return None;
        }
    };
    if parts.is_empty() || now.id().starts_with("earlier-") {
        return None;
    }
    let mut figures = Vec::new();
    for (item, part) in parts.iter().enumerate() {
        for (place, before) in places.iter().enumerate() {
            let other = before.and_then(|before| then.figure(before, part.then));
            let Some((one, other)) = now.figure(place, part.now).zip(other) else { continue };
            figures.push(ShownFigure {
                population: place,
                item,
                shown: difference(now.measure(), part, one, other, differences),
            });
        }
    }
    let title = Text::new(
        format!("Ändring: {}", now.title().sv),
        format!("Change: {}", now.title().get(crate::Lang::En)),
    );
    let items = parts.into_iter().map(|part| part.item).collect();
    Some(ReleasedSection::of_changes(format!("change-{}", now.id()), title, items, figures, values))
}

/// What of a section is compared: an item of both, of levels a band of it.
struct Part {
    item: Item,
    now: usize,
    then: usize,
    bands: Option<(usize, usize)>,
}

fn whole(now: &ReleasedSection, then: &ReleasedSection) -> Vec<Part> {
    let same = |(place, item): (usize, &Item)| {
        let then = then.items().iter().position(|other| other.code == item.code)?;
        Some(Part { item: Item { target: None, ..item.clone() }, now: place, then, bands: None })
    };
    now.items().iter().enumerate().filter_map(same).collect()
}

fn bands(now: &ReleasedSection, then: &ReleasedSection) -> Vec<Part> {
    let of = |part: Part| {
        let band = |(place, category): (usize, &crate::Category)| {
            let other = then.categories().iter().position(|other| other.code == category.code)?;
            let item = Item {
                code: format!("{}/{}", part.item.code, category.code),
                label: category.label.clone(),
                group: Some(ItemGroup { code: part.item.code.clone(), label: part.item.label.clone() }),
                target: None,
            };
            Some(Part { item, now: part.now, then: part.then, bands: Some((place, other)) })
        };
        now.categories().iter().enumerate().filter_map(band).collect::<Vec<_>>()
    };
    whole(now, then).into_iter().flat_map(of).collect()
}

fn difference(measure: Measure, part: &Part, now: &Shown, then: &Shown, differences: &Differences) -> Shown {
    let rate = matches!(measure, Measure::ResponseRate | Measure::Coverage);
    let hides = |shown: &Shown| match shown {
        Shown::Summary(_) if rate => None,
        shown => shown.reason(),
    };
    if let Some(reason) = hides(now).or_else(|| hides(then)) {
        return Shown::Hidden(reason);
    }
    let (Some(base), Some(answered)) = (now.base(), now.answered()) else {
        return Shown::Hidden(Reason::Protected);
    };
    let mut values = Vec::new();
    if rate {
        let share = |shown: &Shown| Some(Share { part: shown.answered()?, of: shown.base()? });
        values.extend(share(now).zip(share(then)).map(|(now, then)| (differences.rates)(now, then)));
    } else if let Some((one, other)) = part.bands {
        let share = |shown: &Shown, band: usize| {
            Some(Share { part: *shown.counts()?.get(band)?, of: shown.answered()? })
        };
        values.extend(
            share(now, one).zip(share(then, other)).map(|(now, then)| (differences.shares)(now, then)),
        );
    } else {
        values.extend(now.positive().zip(then.positive()).map(|(now, then)| (differences.shares)(now, then)));
        values.extend(spread(now).zip(spread(then)).map(|(now, then)| (differences.means)(now, then)));
    }
    Shown::of_change(base, answered, values.into_iter().flatten().collect())
}

fn spread(shown: &Shown) -> Option<Spread> {
    let score = shown.score()?;
    let deviation = shown.value(ValueKind::Deviation).map(|value| value.number);
    Some(Spread { mean: score.mean()?, deviation, n: score.n })
}
