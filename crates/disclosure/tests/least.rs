//! How much is hidden beside the least that would do: in small organisations every choice of what else to hide is tried.

#![allow(clippy::unwrap_used)]
#![allow(clippy::print_stdout, reason = "the middle and the worst are to be seen")]

mod made;

use disclosure::*;
use made::*;

const CASES: u64 = 60;
/// Populations of the largest.
const MOST: usize = 12;

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

/// A whole of areas with schools, some with people in none of their parts: parents, and counts of three answers.
fn organisation(dice: &mut Dice) -> Vec<(Option<usize>, [u64; 3])> {
    let areas = 2 + dice.below(2) as usize;
    let mut groups: Vec<(Option<usize>, [u64; 3])> = vec![(None, [0; 3])];
    groups.extend((0..areas).map(|_| (Some(0), [0; 3])));
    for area in 1..=areas {
        let schools = (1 + dice.below(3) as usize).min((MOST - groups.len()) / (areas + 1 - area));
        groups.extend((0..schools).map(|_| (Some(area), [0; 3])));
    }
    for group in 0..groups.len() {
        let people = if group > areas { 2 + dice.below(18) } else { [0, 0, 0, 1, 6][dice.below(5) as usize] };
        for _ in 0..people {
            let answer = (dice.below(2) + dice.below(2)) as usize;
            let mut place = Some(group);
            while let Some(one) = place {
                groups[one].1[answer] += 1;
                place = groups[one].0;
            }
        }
    }
    groups
}

/// Which groups are hidden, where some are in any case.
fn hidden(groups: &[(Option<usize>, [u64; 3])], before: u32) -> u32 {
    let preset = Preset { k_summary: 5, k_full: 5, ..Preset::default() };
    let figure = |(place, (_, counts)): (usize, &(Option<usize>, [u64; 3]))| {
        let is_hidden = before >> place & 1 == 1;
        let withheld = if is_hidden { Withheld::All } else { Withheld::Nothing };
        Figure { withheld, ..figure(place, counts.iter().sum(), counts) }
    };
    let figures = groups.iter().enumerate().map(figure).collect();
    let populations = populations(groups.iter().map(|(parent, counts)| (*parent, counts.iter().sum())));
    let table = table(ReportKind::Survey, populations, vec![section("answers", Measure::Likert, 3, figures)]);
    let shown = shown(&Gate::new(preset).apply(table).unwrap(), "answers");
    shown.iter().enumerate().filter(|(_, how)| **how != "full").map(|(place, _)| 1 << place).sum()
}

#[test]
fn what_is_hidden_is_at_most_half_as_much_again_as_has_to_be() {
    let mut dice = Dice(7);
    let mut ratios: Vec<f64> = Vec::new();
    for _ in 0..CASES {
        let groups = organisation(&mut dice);
        let found = hidden(&groups, 0);
        // A choice is safe where nothing else has to be hidden beside it.
        let is_safe = |choice: &u32| hidden(&groups, *choice) == *choice;
        let least = (0..found.count_ones()).find(|many| {
            (0..1_u32 << groups.len())
                .filter(|choice| choice.count_ones() == *many)
                .any(|choice| is_safe(&choice))
        });
        let least = least.unwrap_or(found.count_ones());
        if least > 0 {
            ratios.push(f64::from(found.count_ones()) / f64::from(least));
        }
    }
    ratios.sort_by(f64::total_cmp);
    let (middle, worst) = (ratios[ratios.len() / 2], ratios[ratios.len() - 1]);
    println!(
        "{} organisations in which something is hidden: {middle:.2} times the least, at worst {worst:.2}",
        ratios.len()
    );
    assert!(ratios.len() > 20 && middle <= 1.5, "{ratios:?}");
}
