//! Chance from a seed: one independent stream per concern and index, and arithmetic that gives the same
//! bits on every platform (no logarithms or exponentials from the system's library).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What a stream of chance is for; each concern has streams of its own, so that drawing more for one never
/// moves another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Concern {
    Units = 1,
    Person = 2,
    Copies = 3,
    Sheets = 4,
    Choice = 5,
    Study = 6,
    Practice = 7,
    References = 8,
    Ids = 9,
    Today = 10,
}

/// A stream of chance.
#[derive(Clone, Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream `index` of `concern` under `seed`.
    pub(crate) fn of(seed: u64, concern: Concern, index: u64) -> Dice {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(concern as u64).to_le_bytes());
        key[16..24].copy_from_slice(b"larkbyke");
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(index);
        Dice(rng)
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number in `0..n`; 0 for `n` = 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// A number in `from..=to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below((to.saturating_sub(from) + 1) as usize) as u64
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// True with the given probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// About normally distributed, mean 0, deviation 1 (a sum of six uniform numbers).
    pub(crate) fn normal(&mut self) -> f64 {
        let sum: f64 = (0..6).map(|_| self.unit()).sum();
        (sum - 3.0) * std::f64::consts::SQRT_2
    }

    /// An index drawn by weight; 0 where all weights are 0.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> usize {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        let mut last = 0;
        for (index, weight) in weights.enumerate() {
            if weight > 0.0 {
                last = index;
                if left < weight {
                    return index;
                }
                left -= weight;
            }
        }
        last
    }

    /// One of the things.
    pub(crate) fn one<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }

    /// The things in a random order.
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let other = self.below(last + 1);
            things.swap(last, other);
        }
    }

    /// Sets the stream to its `index`-th block of 16 bytes and gives it as the bits of a random UUID.
    pub(crate) fn uuid_at(&mut self, index: u64) -> u128 {
        let word = u128::from(index) * 4;
        if self.0.get_word_pos() != word {
            self.0.set_word_pos(word);
        }
        version_four((u128::from(self.bits()) << 64) | u128::from(self.bits()))
    }
}

/// Sets the version and variant bits of a random UUID (RFC 9562, 5.4), and makes two of its hexadecimal
/// digits letters, so that no run of its digits can be taken for a personal number.
pub(crate) fn version_four(bits: u128) -> u128 {
    let letters = (0xa_u128 << 96) | (0xa_u128 << 24);
    (bits & !(0xf000_u128 << 64) & !(0b11_u128 << 62)) | (0x4000_u128 << 64) | (0b10_u128 << 62) | letters
}

/// Mixes numbers into 64 well-spread bits: for what must be recomputable from its indices alone.
pub(crate) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |state, part| {
        let mut z = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// A random UUID's bits, from indices alone.
pub(crate) fn uuid_of(parts: &[u64]) -> u128 {
    let high = mix(parts);
    version_four((u128::from(high) << 64) | u128::from(mix(&[high, parts.len() as u64])))
}

/// 64 bits as a number in [0, 1).
pub(crate) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// 64 bits as a bell-shaped number, mean 0, deviation 1.
pub(crate) fn bell(bits: u64) -> f64 {
    let sum: f64 = (0..4).map(|part| ((bits >> (16 * part)) & 0xffff) as f64 / 65536.0).sum();
    (sum - 2.0) * 1.732_050_807_568_877_2
}

/// e to the power of `x`, near enough, and the same everywhere: only products.
pub(crate) fn exp(x: f64) -> f64 {
    let mut power = 1.0 + x.clamp(-30.0, 30.0) / 4096.0;
    for _ in 0..12 {
        power *= power;
    }
    power
}

/// The logistic curve: a number in (0, 1).
pub(crate) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streams_values_do_not_depend_on_what_other_streams_drew() {
        let mut first = Dice::of(1, Concern::Person, 7);
        let mut noise = Dice::of(1, Concern::Person, 8);
        noise.bits();
        let mut again = Dice::of(1, Concern::Person, 7);
        assert_eq!(first.bits(), again.bits());
        assert_ne!(Dice::of(2, Concern::Person, 7).bits(), Dice::of(1, Concern::Person, 7).bits());
        assert_ne!(Dice::of(1, Concern::Sheets, 7).bits(), Dice::of(1, Concern::Person, 7).bits());
    }

    #[test]
    fn a_uuid_is_the_same_whether_reached_in_order_or_by_a_jump() {
        let mut dice = Dice::of(3, Concern::Ids, 0);
        let in_order: Vec<u128> = (0..9).map(|index| dice.uuid_at(index)).collect();
        let mut jumping = Dice::of(3, Concern::Ids, 0);
        for index in [8_u64, 0, 5] {
            assert_eq!(jumping.uuid_at(index), in_order[index as usize]);
        }
        assert!(in_order.iter().all(|bits| (bits >> 76) & 0xf == 4 && (bits >> 62) & 0b11 == 0b10));
    }

    #[test]
    fn the_bell_and_the_normal_have_mean_zero_and_deviation_one() {
        let mut dice = Dice::of(1, Concern::Study, 0);
        let normals: Vec<f64> = (0..20_000).map(|_| dice.normal()).collect();
        let bells: Vec<f64> = (0..20_000).map(|index| bell(mix(&[index]))).collect();
        for sample in [normals, bells] {
            let mean = sample.iter().sum::<f64>() / sample.len() as f64;
            let variance = sample.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / sample.len() as f64;
            assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.05, "mean {mean}, variance {variance}");
        }
    }
}
