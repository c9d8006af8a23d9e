//! From one solution to others: what changes when a number changes.
//!
//! Some numbers are free, all others change with them. A number is made more or less by changing free numbers in whole steps
//! as far as all others have room. Where one has none it becomes free instead of the one that moves it; only where it is
//! moved step by step, so that whole steps stay whole. Every step is a solution, and shows what is possible of every number.

use crate::bounds::{Ends, Number, System};

/// How numbers change with the free ones.
pub(crate) struct Moves {
    place: Vec<Place>,
    /// What a step of each free number does to one that is not, in the order of those.
    changes: Vec<Vec<(Number, i64)>>,
    /// Which numbers change with a free one.
    changed_by: Vec<Vec<Number>>,
    /// How many numbers may become free to widen one.
    turns: usize,
    /// Room to add in.
    sum: Vec<(Number, i64)>,
}

/// Where a number stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It cannot change, or what it is the sum of stands somewhere.
    Nowhere,
    Free,
    Other,
}

/// Steps of more than so many are not followed.
const MOST: i64 = 1 << 20;

impl Moves {
    /// Of a system that has been solved.
    pub(crate) fn of(system: &mut System, turns: usize) -> Self {
        let many = system.len();
        let mut this = Self {
            place: vec![Place::Nowhere; many],
            changes: vec![Vec::new(); many],
            changed_by: vec![Vec::new(); many],
            turns,
            sum: Vec::new(),
        };
        let can_change = |number: Number| system.ends(number).width() > 0;
        let is_cell = |number: Number| system.parts(number).is_none();
        for number in (0..many).filter(|number| is_cell(*number) && can_change(*number)) {
            this.place[number] = Place::Free;
        }
        for sum in (0..many).filter(|number| !is_cell(*number) && !can_change(*number)) {
            let mut change = Vec::new();
            let parts = system.parts(sum).unwrap_or_default();
            parts.iter().for_each(|part| this.add(system, *part, 1, &mut change));
            this.hold(change);
        }
        for terms in system.equations() {
            let mut change = Vec::new();
            terms.iter().for_each(|(number, times)| this.add(system, *number, *times, &mut change));
            this.hold(change);
        }
        let limited = (0..many).filter(|number| system.is_limited(*number) && can_change(*number));
        for number in limited.collect::<Vec<_>>() {
            this.follow(system, number);
        }
        this
    }

    /// How many steps apart values of a number are known to be possible, once as many as are asked for have been looked for.
    pub(crate) fn width(&mut self, system: &mut System, number: Number, enough: i64) -> i64 {
        let width = |system: &System| system.seen(number).0.map_or(0, Ends::width);
        if width(system) < enough && system.ends(number).width() > 0 {
            self.follow(system, number);
            for sign in [1, -1] {
                while width(system) < enough && self.widens(system, number, sign) {}
            }
        }
        width(system)
    }

    /// What a change of a number is by the free ones, so many times; not yet in order.
    fn add(&self, system: &System, number: Number, times: i64, change: &mut Vec<(Number, i64)>) {
        match self.place[number] {
            Place::Free => change.push((number, times)),
            Place::Other => {
                change.extend(self.changes[number].iter().map(|(free, own)| (*free, own * times)))
            }
            Place::Nowhere if system.ends(number).width() > 0 => {
                let parts = system.parts(number).unwrap_or_default();
                parts.iter().for_each(|part| self.add(system, *part, times, change));
            }
            Place::Nowhere => (),
        }
    }

    /// A sum is looked at by itself from now on.
    fn follow(&mut self, system: &mut System, number: Number) {
        if self.place[number] == Place::Nowhere {
            system.add_up(number);
            let mut change = Vec::new();
            self.add(system, number, 1, &mut change);
            self.keep(number, added(change));
        }
    }

    /// Of free numbers that may change only together one is free no longer: of those that change one by one the one that
    /// fewest others change with; without such, all are.
    fn hold(&mut self, change: Vec<(Number, i64)>) {
        let mut change = added(change);
        let single = change.iter().enumerate().filter(|(_, (_, times))| times.abs() == 1);
        let Some((at, _)) = single.min_by_key(|(_, (free, _))| self.changed_by[*free].len()) else {
            return change.iter().for_each(|(free, _)| self.bind(*free, Vec::new()));
        };
        let (number, own) = change.remove(at);
        change.iter_mut().for_each(|(_, times)| *times *= -own);
        self.bind(number, change);
    }

    /// A free number changes with others from now on.
    fn bind(&mut self, number: Number, change: Vec<(Number, i64)>) {
        for other in std::mem::take(&mut self.changed_by[number]) {
            let mut own = std::mem::take(&mut self.changes[other]);
            if let Ok(at) = own.binary_search_by_key(&number, |(free, _)| *free) {
                let (_, times) = own.remove(at);
                self.add_to(other, &mut own, times, &change);
            }
            self.changes[other] = own;
        }
        self.keep(number, change);
    }

    fn keep(&mut self, number: Number, change: Vec<(Number, i64)>) {
        change.iter().for_each(|(free, _)| self.changed_by[*free].push(number));
        self.place[number] = Place::Other;
        self.changes[number] = change;
    }

    /// Adds so many times of what changes another to what changes a number.
    fn add_to(&mut self, number: Number, own: &mut Vec<(Number, i64)>, times: i64, more: &[(Number, i64)]) {
        let mut sum = std::mem::take(&mut self.sum);
        sum.clear();
        let mut rest = &own[..];
        for (free, step) in more {
            let before = rest.iter().take_while(|(before, _)| before < free).count();
            sum.extend_from_slice(&rest[..before]);
            rest = &rest[before..];
            match rest.first() {
                Some((same, before)) if same == free => {
                    rest = &rest[1..];
                    match before + step * times {
                        0 => self.drop_from(*free, number),
                        both => sum.push((*free, both)),
                    }
                }
                _ => {
                    sum.push((*free, step * times));
                    self.changed_by[*free].push(number);
                }
            }
        }
        sum.extend_from_slice(rest);
        self.sum = std::mem::replace(own, sum);
    }

    /// A number changes with a free one no longer.
    fn drop_from(&mut self, free: Number, number: Number) {
        let changed = &mut self.changed_by[free];
        if let Some(at) = changed.iter().position(|other| *other == number) {
            changed.swap_remove(at);
        }
    }

    /// Whether a number can be more than is known, or less.
    fn widens(&mut self, system: &mut System, number: Number, sign: i64) -> bool {
        let (seen, value) = system.seen(number);
        let mut left = match seen {
            Some(seen) if sign > 0 => seen.high + 1 - value,
            Some(seen) => value - (seen.low - 1),
            None => 1,
        };
        for turn in 0..self.turns {
            let own = [(number, 1)];
            let change = if self.place[number] == Place::Free { &own[..] } else { &self.changes[number] };
            // Another first each time, so that none comes back again and again.
            let (before, after) = change.split_at(turn % change.len().max(1));
            let ways = after.iter().chain(before).map(|(free, times)| (*free, sign * times));
            let ways = || ways.clone().filter(|(free, gain)| room(system, *free, gain.signum()) > 0);
            // The one that most have room for.
            let Some((blocked, free, gain)) = ways()
                .map(|(free, gain)| (self.blocked(system, free, gain.signum()), free, gain))
                .min_by_key(|way| way.0)
            else {
                return false;
            };
            if blocked == 0 {
                let steps = self.steps(system, free, gain.signum()).min((left + gain.abs() - 1) / gain.abs());
                left -= steps * gain.abs();
                self.go(system, free, gain.signum() * steps);
                if left <= 0 {
                    return true;
                }
            } else {
                let mut ways = [(free, gain)].into_iter().chain(ways());
                let turns =
                    ways.clone().find_map(|(free, gain)| self.turns(system, free, gain.signum(), true));
                let turns = turns
                    .or_else(|| ways.find_map(|(free, gain)| self.turns(system, free, gain.signum(), false)));
                match turns {
                    Some((other, free)) if self.turn(other, free) => (),
                    _ => return false,
                }
            }
        }
        false
    }

    /// How many have no room for a step of a free number.
    fn blocked(&self, system: &System, free: Number, sign: i64) -> usize {
        let is_blocked = |number: &&Number| {
            let step = self.step(**number, free);
            room(system, **number, step * sign) < step.abs()
        };
        self.changed_by[free].iter().filter(is_blocked).count()
    }

    /// What a step of a free number does to one that changes with it.
    fn step(&self, number: Number, free: Number) -> i64 {
        let change = &self.changes[number];
        change.binary_search_by_key(&free, |(free, _)| *free).map_or(0, |at| change[at].1)
    }

    /// How many whole steps a free number can go.
    fn steps(&self, system: &System, free: Number, sign: i64) -> i64 {
        let mut steps = room(system, free, sign);
        for number in &self.changed_by[free] {
            let step = self.step(*number, free);
            steps = steps.min(room(system, *number, step * sign) / step.abs().max(1));
            if steps == 0 {
                break;
            }
        }
        steps
    }

    fn go(&self, system: &mut System, free: Number, by: i64) {
        system.more(free, by);
        for number in &self.changed_by[free] {
            system.more(*number, self.step(*number, free) * by);
        }
    }

    /// The first number without room for a step of a free one, and the free one that it can be instead of: that one where it
    /// is moved step by step; or else the first that moves it so, which then makes up for it.
    fn turns(
        &self,
        system: &System,
        free: Number,
        sign: i64,
        step_by_step: bool,
    ) -> Option<(Number, Number)> {
        let of = |number: &Number| {
            let step = self.step(*number, free);
            if room(system, *number, step * sign) >= step.abs() {
                return None;
            }
            let instead = match step_by_step {
                true => (step.abs() == 1).then_some(free),
                false => {
                    self.changes[*number].iter().find(|(_, step)| step.abs() == 1).map(|(free, _)| *free)
                }
            };
            instead.map(|instead| (*number, instead))
        };
        self.changed_by[free].iter().filter_map(of).min()
    }

    /// Another number becomes free instead of a free one. Whether that can be followed.
    fn turn(&mut self, other: Number, free: Number) -> bool {
        let mut change = std::mem::take(&mut self.changes[other]);
        let sign = self.turned(other, free, &mut change);
        change.push((other, sign));
        change.sort_unstable();
        let followed = change.iter().all(|(_, times)| times.abs() < MOST);
        self.place[other] = Place::Free;
        self.bind(free, change);
        followed
    }

    /// What a free number changes by, of what changes another, and by what with that one itself.
    fn turned(&mut self, other: Number, free: Number, change: &mut Vec<(Number, i64)>) -> i64 {
        let mut sign = 1;
        for (number, times) in change.iter() {
            self.drop_from(*number, other);
            if *number == free {
                sign = *times;
            }
        }
        change.retain(|(number, _)| *number != free);
        change.iter_mut().for_each(|(_, times)| *times *= -sign);
        sign
    }
}

/// What changes a number, each once and in order.
fn added(mut change: Vec<(Number, i64)>) -> Vec<(Number, i64)> {
    change.sort_unstable();
    change.dedup_by(|next, one| {
        let same = next.0 == one.0;
        one.1 += if same { next.1 } else { 0 };
        same
    });
    change.retain(|(_, times)| *times != 0);
    change
}

/// How far a number can go.
fn room(system: &System, number: Number, sign: i64) -> i64 {
    let (ends, (_, value)) = (system.ends(number), system.seen(number));
    if sign > 0 { ends.high - value } else { value - ends.low }
}
