//! What becomes of each request of a batch: a pure function of what the locked database said.

use std::collections::HashMap;

use crate::clock::Micros;
use crate::event::{Append, AppendError, Expected, Head, Key, Position};

/// What the database knows about the keys of a batch, read under the lock.
#[derive(Debug, Default, Clone)]
pub(crate) struct Known {
    /// Dedupe keys that are in the log, and where.
    pub(crate) dedupe: HashMap<Key, Position>,
    /// Versions of the streams that exist.
    pub(crate) streams: HashMap<Key, u64>,
}

/// An event that will be stored, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Index of the request in the batch.
    pub(crate) request: usize,
    /// Index of the event in the request.
    pub(crate) event: usize,
    pub(crate) position: Position,
    pub(crate) stored: Micros,
    /// The version it gives its stream.
    pub(crate) stream_version: Option<u64>,
}

/// What becomes of a batch.
#[derive(Debug)]
pub(crate) struct Decision {
    /// In the order of positions.
    pub(crate) placed: Vec<Placed>,
    /// For each request why nothing of it is stored, or `None` where all of it is.
    pub(crate) refused: Vec<Option<AppendError>>,
    /// The head after the batch, but for its hash.
    pub(crate) head: Head,
}

/// Decides each request in the order they came. One that is stored is there for those after it: of two
/// with the same dedupe key the later one meets the former's position.
pub(crate) fn decide<'a>(
    head: &Head,
    mut known: Known,
    now: Micros,
    requests: impl Iterator<Item = &'a Append>,
) -> Decision {
    let mut after = *head;
    let mut placed = Vec::new();
    let mut refused = Vec::new();
    let earliest = now.0.max(head.stored.0 + 1).max(head.promised.0 + 1);
    for (index, request) in requests.enumerate() {
        if let Err(error) = admit(request, &known, after.fence) {
            refused.push(Some(error));
            continue;
        }
        refused.push(None);
        for (event_index, event) in request.events.iter().enumerate() {
            after.position.0 += 1;
            after.stored = Micros(earliest.max(after.stored.0 + 1));
            if let Some(key) = event.dedupe {
                known.dedupe.insert(key, after.position);
            }
            let stream_version = event.stream.map(|(key, _)| {
                let version = known.streams.entry(key).or_insert(0);
                *version += 1;
                *version
            });
            placed.push(Placed {
                request: index,
                event: event_index,
                position: after.position,
                stored: after.stored,
                stream_version,
            });
        }
        after.fence += u64::from(request.raise_fence);
    }
    Decision { placed, refused, head: after }
}

fn admit(request: &Append, known: &Known, fence: u64) -> Result<(), AppendError> {
    let exists: Vec<(usize, Position)> = request
        .events
        .iter()
        .enumerate()
        .filter_map(|(index, event)| Some((index, *known.dedupe.get(&event.dedupe?)?)))
        .collect();
    if !exists.is_empty() {
        return Err(AppendError::Exists(exists));
    }
    if request.fence.is_some_and(|sealed_under| sealed_under < fence) {
        return Err(AppendError::Fenced(fence));
    }
    let mut within: HashMap<Key, u64> = HashMap::new();
    for (index, event) in request.events.iter().enumerate() {
        let Some((key, expected)) = event.stream else { continue };
        let version = within.entry(key).or_insert_with(|| known.streams.get(&key).copied().unwrap_or(0));
        if let Expected::Version(wanted) = expected
            && wanted != *version
        {
            return Err(AppendError::WrongVersion { index, actual: *version });
        }
        *version += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::NewEvent;

    fn head() -> Head {
        Head { position: Position(7), stored: Micros(1_000), hash: [0; 32], fence: 2, promised: Micros(900) }
    }

    fn event(dedupe: Option<u8>) -> NewEvent {
        NewEvent {
            id: [9; 16],
            kind: "statement",
            schema: 1,
            credential: None,
            dedupe: dedupe.map(|b| [b; 16]),
            stream: None,
            facts: Vec::new(),
            slots: Vec::new(),
        }
    }

    fn of(events: Vec<NewEvent>) -> Append {
        Append { events, fence: None, raise_fence: false }
    }

    fn run(known: Known, now: i64, requests: &[Append]) -> Decision {
        decide(&head(), known, Micros(now), requests.iter())
    }

    #[test]
    fn stored_is_after_the_clock_the_last_event_and_the_promise() {
        let one = |head: Head, now| {
            decide(&head, Known::default(), Micros(now), [of(vec![event(None)])].iter()).placed[0].stored.0
        };
        assert_eq!(one(head(), 5_000), 5_000);
        assert_eq!(one(head(), 10), 1_001);
        assert_eq!(one(Head { promised: Micros(6_000), ..head() }, 5_000), 6_001);
    }

    #[test]
    fn a_refused_request_leaves_no_gap_and_takes_no_neighbour_with_it() {
        let known = Known { dedupe: HashMap::from([([5; 16], Position(3))]), ..Known::default() };
        let requests =
            [of(vec![event(Some(1))]), of(vec![event(Some(2)), event(Some(5))]), of(vec![event(Some(3))])];
        let decision = run(known, 5_000, &requests);
        assert_eq!(decision.refused[1], Some(AppendError::Exists(vec![(1, Position(3))])));
        let positions: Vec<u64> = decision.placed.iter().map(|p| p.position.0).collect();
        assert_eq!(positions, [8, 9]);
        assert_eq!(decision.head.position, Position(9));
        // Nothing of the refused request counts: its other key is still free.
        assert_eq!(run(Known::default(), 1, &[requests[1].clone()]).refused, [None]);
    }

    #[test]
    fn of_two_requests_with_one_key_in_a_batch_the_later_meets_the_former() {
        let decision = run(Known::default(), 1, &[of(vec![event(Some(1))]), of(vec![event(Some(1))])]);
        assert_eq!(decision.refused, [None, Some(AppendError::Exists(vec![(0, Position(8))]))]);
    }

    #[test]
    fn a_raised_fence_stops_the_requests_after_it_in_the_same_batch() {
        let fenced = Append { fence: Some(2), ..of(vec![event(None)]) };
        let raising = Append { raise_fence: true, ..of(vec![event(None)]) };
        let decision = run(Known::default(), 1, &[fenced.clone(), raising, fenced]);
        assert_eq!(decision.refused, [None, None, Some(AppendError::Fenced(3))]);
        assert_eq!(decision.head.fence, 3);
    }

    #[test]
    fn of_racing_writes_to_one_stream_one_wins() {
        let write = |expected| of(vec![NewEvent { stream: Some(([4; 16], expected)), ..event(None) }]);
        let known = Known { streams: HashMap::from([([4; 16], 2)]), ..Known::default() };
        let requests = [write(Expected::Version(2)), write(Expected::Version(2)), write(Expected::Any)];
        let decision = run(known, 1, &requests);
        assert_eq!(decision.refused[1], Some(AppendError::WrongVersion { index: 0, actual: 3 }));
        let versions: Vec<_> = decision.placed.iter().map(|p| p.stream_version).collect();
        assert_eq!(versions, [Some(3), Some(4)]);
    }
}
