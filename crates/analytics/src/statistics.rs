//! The indicators of the reports; nothing here is rounded for the eye.
//!
//! Counts, shares, means, variances, indexes, Cronbach's alpha and Cliff's delta are exact. What needs a root is worked out
//! in floating point and held to twelve decimals ([`Ratio`] in units of 10^-12): addition, multiplication, division and
//! root are defined to the last bit, so every machine finds the same.

mod compare;
mod indexes;
mod intervals;
mod sample;

pub use compare::{
    Difference, MeanDifference, PairedChange, cohens_h, newcombe, paired_change, welch, welch_of,
};
pub use indexes::{Alpha, cronbachs_alpha, hme, mean_of_items, mean_of_parts, mean_of_persons, rescaled};
pub use intervals::{mean_interval, wilson};
pub use sample::Sample;

use disclosure::{Ratio, Share};

/// Whether a survey response is usable: at least half of the required items that were shown are answered.
pub fn is_usable(answered: u64, shown: u64) -> bool {
    2 * answered >= shown
}

/// Answers out of pupils, where guardians answer by one link for all: how many were asked is not known, so it is an
/// estimate, may exceed 1, and has no interval. `None` where there are no pupils.
pub fn estimated_rate(answers: u64, pupils: u64) -> Option<Ratio> {
    Ratio::new(answers.into(), pupils.into())
}

/// Item non-response: who was shown the item and skipped it, out of who was shown it. "Don't know" is an
/// answer. `None` where nobody was shown it.
pub fn item_non_response(sent: u64, not_shown: u64, skipped: u64) -> Option<Share> {
    let of = sent.checked_sub(not_shown).filter(|&shown| shown > 0)?;
    Some(Share { part: skipped, of })
}

/// Whether "don't know" belongs to the base of the share positive. Printed with the figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositiveBase {
    /// All who answered the item, "don't know" among them.
    WithDontKnow,
    /// Those who took a stand.
    WithoutDontKnow,
}

/// Share positive: of `answered`, among whom `dont_know` took no stand.
pub fn share_positive(positive: u64, answered: u64, dont_know: u64, base: PositiveBase) -> Share {
    match base {
        PositiveBase::WithDontKnow => Share { part: positive, of: answered },
        PositiveBase::WithoutDontKnow => Share { part: positive, of: answered.saturating_sub(dont_know) },
    }
}

/// The net promoter score of answers from 0 to 10, each with how often it was given: the share of 9 and 10 minus that of
/// 0 to 6, between -1 and 1. `None` where nobody answered.
pub fn net_promoter_score(counted: impl IntoIterator<Item = (u8, u64)>) -> Option<Ratio> {
    let (mut net, mut of) = (0i128, 0i128);
    for (answer, count) in counted {
        of += i128::from(count);
        net += match answer {
            9.. => i128::from(count),
            7 | 8 => 0,
            _ => -i128::from(count),
        };
    }
    Ratio::new(net, of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: i128, denominator: i128) -> Ratio {
        Ratio::new(numerator, denominator).unwrap()
    }

    #[test]
    fn a_response_rate_is_of_usable_answers_and_at_least_half_of_the_required_items_make_one() {
        assert!(is_usable(10, 20) && is_usable(11, 21) && is_usable(0, 0));
        assert!(!is_usable(9, 20) && !is_usable(10, 21));
        // 60 asked, 42 sent, 40 of them usable.
        assert_eq!(Share { part: 40, of: 60 }.ratio().unwrap().round_percent(1).to_text(','), "66,7");
    }

    #[test]
    fn an_estimated_rate_may_exceed_one() {
        assert_eq!(estimated_rate(30, 24), Some(ratio(5, 4)));
        assert_eq!(estimated_rate(3, 0), None);
    }

    #[test]
    fn item_non_response_is_out_of_those_who_were_shown_the_item() {
        assert_eq!(item_non_response(50, 2, 3), Some(Share { part: 3, of: 48 }));
        assert_eq!(item_non_response(2, 2, 0), None);
    }

    #[test]
    fn share_positive_names_its_base() {
        let share = |base| share_positive(14 + 18, 14 + 18 + 6 + 2 + 5, 5, base).ratio();
        assert_eq!(share(PositiveBase::WithDontKnow), Some(ratio(32, 45))); // 71,1 %
        assert_eq!(share(PositiveBase::WithoutDontKnow), Some(ratio(4, 5))); // 80,0 %
    }

    #[test]
    fn a_net_promoter_score_leaves_seven_and_eight_out_of_its_parts_and_in_its_base() {
        let answers = [10, 9, 9, 8, 7, 7, 6, 3, 10, 0].map(|answer| (answer, 1));
        assert_eq!(net_promoter_score(answers).unwrap().round_percent(0).to_text(','), "10");
        assert_eq!(net_promoter_score([]), None);
    }
}
