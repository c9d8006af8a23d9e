//! Chance, from the operating system.

use crate::BallotError;

/// A number below `end`, each as likely. `end` is at least 1.
pub(crate) fn below(end: usize) -> Result<usize, BallotError> {
    let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
    // The largest multiple: what is past it would favour the first numbers.
    let fair = u64::MAX - u64::MAX % end;
    loop {
        let drawn = getrandom::u64().map_err(|error| BallotError::Chance(error.to_string()))?;
        if drawn < fair {
            return Ok(usize::try_from(drawn % end).unwrap_or(0));
        }
    }
}

/// Puts items in an order by chance.
///
/// # Errors
/// [`BallotError::Chance`]: the system gives no randomness.
pub fn shuffle<T>(items: &mut [T]) -> Result<(), BallotError> {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last + 1)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_of_three_comes_about_as_often() {
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut items = [0, 1, 2];
            shuffle(&mut items).unwrap();
            *seen.entry(items).or_insert(0_u32) += 1;
        }
        assert_eq!(seen.len(), 6);
        // Eight standard deviations of 29 around 1,000.
        assert!(seen.values().all(|times| times.abs_diff(1_000) < 232), "{seen:?}");
    }
}
