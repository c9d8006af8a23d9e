//! Where one file of the lake ends and the next begins: a pure function of the position, so that a lake
//! written in any number of steps is the lake written in one.

/// Positions of a full block. A full block is never written again.
pub(crate) const SEGMENT: u64 = 65_536;

/// Below this many positions the end of the log is one file, written anew at every step.
const SMALLEST: u64 = 4_096;

/// A range of positions that one file of each table covers, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Block {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// The blocks of a lake that ends at `position`, ascending, without gaps or overlap: full segments, then
/// what is left in halves of a segment, quarters and so on, then the remainder. A row is thus written
/// about six times while the log grows event by event, not once for every step.
pub(crate) fn blocks(position: u64) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut first = 1;
    let mut size = SEGMENT;
    while size >= SMALLEST {
        while position + 1 - first >= size {
            blocks.push(Block { first, last: first + size - 1 });
            first += size;
        }
        size /= 2;
    }
    if first <= position {
        blocks.push(Block { first, last: position });
    }
    blocks
}

/// The first position after the last full segment: from there on, rows may be written again.
pub(crate) fn tail_start(position: u64) -> u64 {
    position / SEGMENT * SEGMENT + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_segment_is_one_block() {
        assert_eq!(blocks(0), []);
        assert_eq!(blocks(1), [Block { first: 1, last: 1 }]);
        assert_eq!(blocks(SEGMENT), [Block { first: 1, last: SEGMENT }]);
    }

    proptest! {
        #[test]
        fn blocks_cover_every_position_once(position in 0u64..1_000_000) {
            let mut next = 1;
            for block in blocks(position) {
                prop_assert_eq!(block.first, next);
                prop_assert!(block.last >= block.first);
                next = block.last + 1;
            }
            prop_assert_eq!(next, position + 1);
            prop_assert!(blocks(position).len() as u64 <= position / SEGMENT + 6);
        }

        #[test]
        fn what_ends_before_a_position_is_of_that_position_or_of_none_later(
            position in 0u64..300_000,
            more in 0u64..300_000,
        ) {
            let now = blocks(position);
            let later = blocks(position + more);
            prop_assert!(later.iter().filter(|block| block.last <= position).all(|block| now.contains(block)));
        }

        #[test]
        fn full_segments_never_change_as_the_log_grows(position in 0u64..500_000, more in 0u64..200_000) {
            let before: Vec<_> =
                blocks(position).into_iter().filter(|b| b.last < tail_start(position)).collect();
            prop_assert_eq!(&blocks(position + more)[..before.len()], &before[..]);
        }
    }
}
