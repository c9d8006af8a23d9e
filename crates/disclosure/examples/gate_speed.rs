//! How long the gate takes: made-up organisations of so many groups, 21 items of eight levels each, all of it decided. The
//! time of 500 groups, what 100,000 take of the time of 10,000, and a municipality's own with crosses; or of so many groups.
//!
//!     gate_speed [GROUPS...]

#[path = "../tests/made/mod.rs"]
mod made;

use std::error::Error;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use disclosure::{Atom, Axis, Category, Gate, LevelKind, Measure, Nested, Population, Preset, ReportKind};
use disclosure::{Figure, Item, ResultTable, Role, Section, Text};

const ITEMS: usize = 21;
const LEVELS: usize = 8;

/// Numbers that look like chance, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

/// A group with the parts that it has, and where everybody stands.
struct Organisation {
    populations: Vec<Population>,
    people: Vec<Vec<usize>>,
}

impl Organisation {
    /// So many groups, ten parts each but for schools; of schools two to 60 people, of others at times one or more who are in
    /// none of their parts, and at times somebody who is in two schools.
    fn of(groups: usize, dice: &mut Dice) -> Self {
        let parents: Vec<Option<usize>> =
            (0..groups).map(|group| group.checked_sub(1).map(|before| before / 10)).collect();
        let mut populations = made::populations(parents.iter().map(|parent| (*parent, 0)));
        let path = |group: usize| {
            let mut path: Vec<usize> = std::iter::successors(Some(group), |group| parents[*group]).collect();
            path.reverse();
            path
        };
        let is_school = |group: usize| group * 10 + 1 >= groups;
        let mut people = Vec::new();
        for group in 0..groups {
            let many = if is_school(group) {
                2 + dice.below(59)
            } else {
                [0, 0, 1, 1, 2, 7][dice.below(6) as usize]
            };
            for _ in 0..many {
                let mut places = path(group);
                if is_school(group) && group + 1 < groups && dice.below(150) == 0 {
                    places.extend(path(group + 1));
                    places.sort_unstable();
                    places.dedup();
                }
                people.push(places);
            }
        }
        for place in people.iter().flatten() {
            populations[*place].base += 1;
        }
        Self { populations, people }
    }

    fn roll(&self) -> Vec<Atom> {
        let mut people = self.people.clone();
        people.sort_unstable();
        let kinds = people.chunk_by(|one, next| one == next);
        kinds.map(|kind| Atom { populations: kind[0].clone(), people: kind.len() as u64 }).collect()
    }

    /// For each item counts of levels, of who has one; `known` of a hundred have.
    fn levels(&self, known: u64, dice: &mut Dice) -> Vec<Vec<Option<usize>>> {
        let level = |dice: &mut Dice| {
            let level = dice.below(4) + dice.below(3) + dice.below(3);
            (dice.below(100) < known).then_some(level.min(LEVELS as u64 - 1) as usize)
        };
        let any: Vec<bool> = self.people.iter().map(|_| dice.below(100) < 80).collect();
        (0..ITEMS).map(|_| any.iter().map(|any| level(dice).filter(|_| *any)).collect()).collect()
    }

    fn section(
        &self,
        id: &str,
        measure: Measure,
        many: usize,
        of: impl Fn(usize, usize) -> Option<usize>,
    ) -> Section {
        let item = |item: usize| Item {
            code: format!("{item}"),
            label: Text::sv("svar"),
            group: None,
            target: None,
        };
        let category =
            |code: usize| Category { code: code.to_string(), label: Text::sv("nivå"), role: Role::Level };
        let mut section = Section::new(id, Text::sv("Nivåer"), measure, (0..ITEMS).map(item).collect());
        let square = measure == Measure::SelfVsDemonstrated;
        section.categories = (0..many).map(category).collect();
        for item in 0..ITEMS {
            let mut counts = vec![vec![0; if square { many * many } else { many }]; self.populations.len()];
            for (person, places) in self.people.iter().enumerate() {
                if let Some(category) = of(item, person) {
                    places.iter().for_each(|place| counts[*place][category] += 1);
                }
            }
            section.figures.extend(counts.into_iter().enumerate().map(|(place, counts)| Figure {
                item,
                ..made::figure(place, self.populations[place].base, &counts)
            }));
        }
        section
    }

    fn table(&self, sections: Vec<Section>) -> ResultTable {
        let table = made::table(ReportKind::Competence, self.populations.clone(), sections);
        ResultTable { rolls: vec![self.roll()], ..table }
    }
}

const DEMONSTRATED: Measure = Measure::Levels { kind: LevelKind::Demonstrated };

/// Levels alone.
fn levels(groups: usize) -> ResultTable {
    let mut dice = Dice(groups as u64);
    let organisation = Organisation::of(groups, &mut dice);
    let levels = organisation.levels(75, &mut dice);
    organisation.table(vec![
        organisation.section("levels", DEMONSTRATED, LEVELS, |item, person| levels[item][person]),
    ])
}

/// Four bands each way, their coverage, and both beside each other.
fn crosses(groups: usize) -> ResultTable {
    let mut dice = Dice(groups as u64);
    let organisation = Organisation::of(groups, &mut dice);
    let [own, shown] = [60, 45].map(|known| organisation.levels(known, &mut dice));
    let band = |level: Option<usize>| level.map(|level| level / 2);
    let part = |id: &str, kind, of: &[Vec<Option<usize>>]| {
        let rate = Section { categories: Vec::new(), ..coverage(&organisation, id, of) };
        let bands =
            organisation.section(id, Measure::Levels { kind }, 4, |item, person| band(of[item][person]));
        let within = vec![Nested { section: rate.id.clone(), axis: Axis::Whole }];
        [rate, Section { within, ..bands }]
    };
    let both = organisation.section("both", Measure::SelfVsDemonstrated, 4, |item, person| {
        Some(band(own[item][person])? * 4 + band(shown[item][person])?)
    });
    let within = [("own", Axis::Rows), ("shown", Axis::Columns)];
    let within = within.map(|(section, axis)| Nested { section: section.into(), axis }).to_vec();
    let parts = [part("own", LevelKind::SelfAssessed, &own), part("shown", LevelKind::Demonstrated, &shown)];
    organisation.table(parts.into_iter().flatten().chain([Section { within, ..both }]).collect())
}

/// Of how many anything is known.
fn coverage(organisation: &Organisation, id: &str, of: &[Vec<Option<usize>>]) -> Section {
    let any = Item { code: "any".into(), label: Text::sv("någon"), group: None, target: None };
    let mut section = Section::new(format!("{id}-coverage"), Text::sv("Kända"), Measure::Coverage, vec![any]);
    let mut known = vec![0; organisation.populations.len()];
    for (person, places) in organisation.people.iter().enumerate() {
        if of.iter().any(|levels| levels[person].is_some()) {
            places.iter().for_each(|place| known[*place] += 1);
        }
    }
    let of = |(place, known)| Figure::of(place, 0, organisation.populations[place].base, known);
    section.figures = known.into_iter().enumerate().map(of).collect();
    section
}

/// The processor's time of this thread where the system tells (what others do on the machine is not in it), or the time.
fn clock(started: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let spent = told.and_then(|told| told.split(' ').next()?.parse().ok());
    spent.map_or_else(|| started.elapsed(), Duration::from_nanos)
}

/// The best of some, and how many figures are shown in full.
fn took(times: usize, table: &ResultTable, preset: &str) -> Result<(Duration, usize, usize), Box<dyn Error>> {
    let gate = Gate::new(Preset::named(preset).ok_or("a preset of that name")?);
    let mut best = (Duration::MAX, 0, 0);
    for _ in 0..times {
        let table = table.clone();
        let started = Instant::now();
        let before = clock(started);
        let released = gate.apply(table)?;
        let took = clock(started).saturating_sub(before);
        let figures = || released.sections().iter().flat_map(|section| section.figures());
        let full = figures().filter(|figure| matches!(figure.shown, disclosure::Shown::Full(_))).count();
        best = (took.min(best.0), full, figures().count());
    }
    Ok(best)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let mut groups: Vec<usize> =
        std::env::args().skip(1).map(|groups| groups.parse()).collect::<Result<_, _>>()?;
    for preset in ["default", "gavle"].into_iter().filter(|_| groups.is_empty()) {
        for (name, table) in [("500 groups, levels", levels(500)), ("73 groups, crosses", crosses(73))] {
            let (took, full, all) = took(5, &table, preset)?;
            let took = took.as_secs_f64() * 1e3;
            writeln!(out, "{preset}: {name}: {took:.0} ms, {full} of {all} figures in full")?;
        }
    }
    let mut times = Vec::new();
    if groups.is_empty() {
        groups = vec![10_000, 100_000];
    }
    for groups in groups {
        let (took, full, all) = took(1, &levels(groups), "default")?;
        let took = took.as_secs_f64();
        writeln!(out, "default: {groups} groups, levels: {took:.2} s, {full} of {all} figures in full")?;
        times.push(took);
    }
    if let [small, large] = times[..] {
        writeln!(out, "the larger takes {:.1} times as long", large / small)?;
    }
    Ok(())
}
