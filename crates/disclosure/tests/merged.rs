//! What is no figure: no rule looks at it, and none is shown.

#![allow(clippy::unwrap_used)]

mod made;

use disclosure::*;
use made::*;

/// A municipality of three schools, the last of which is none of whose answers anybody knows.
fn table(merged: bool) -> ResultTable {
    let groups = [(None, 100), (Some(0), 40), (Some(0), 30), (Some(0), 3)];
    let counts: [&[u64]; 4] = [&[20, 30, 20], &[10, 10, 10], &[8, 8, 8], &[1, 1, 0]];
    let figures = counts.iter().zip(groups).enumerate();
    let mut figures: Vec<Figure> =
        figures.map(|(place, (counts, (_, base)))| figure(place, base, counts)).collect();
    figures[3].withheld = if merged { Withheld::Merged } else { Withheld::Nothing };
    table_of(vec![section("answers", Measure::Likert, 3, figures)], groups)
}

fn table_of(sections: Vec<Section>, groups: [(Option<usize>, u64); 4]) -> ResultTable {
    made::table(ReportKind::Survey, populations(groups), sections)
}

#[test]
fn what_is_no_figure_is_hidden_and_hides_nothing() {
    let gate = Gate::new(Preset::default());
    // A group of three is too small, and the distribution of the smallest beside it is hidden for its sake.
    assert_eq!(shown(&gate.apply(table(false)).unwrap(), "answers"), ["full", "full", "summary", "hidden"]);
    let released = gate.apply(table(true)).unwrap();
    assert_eq!(shown(&released, "answers"), ["full", "full", "full", "hidden"]);
    let figure = released.sections()[0].figure(3, 0);
    assert_eq!(figure, Some(&Shown::Hidden(Reason::Merged)));
    assert_eq!((Reason::Merged.code(), released.populations()[3].base), ("merged", None));
}

#[test]
fn the_others_are_decided_as_if_it_were_not_there() {
    let gate = Gate::new(Preset::default());
    let mut without = table(true);
    without.sections[0].figures.pop();
    let (with, without) = (gate.apply(table(true)).unwrap(), gate.apply(without).unwrap());
    assert_eq!(with.sections()[0].figures()[..3], without.sections()[0].figures()[..]);
}
