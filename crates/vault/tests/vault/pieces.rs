//! Cutting texts by their people: whatever the spans, the text comes back.

use std::ops::Range;

use proptest::prelude::*;
use vault::{AgentId, Pieces, Span, VaultError, join, split};

fn agent(n: u8) -> AgentId {
    AgentId([n; 16])
}

/// Spans that lie apart or one within the other, over the characters of a text.
fn spans_in(text: &str, cuts: &[(u16, u16, u8)]) -> Vec<Span> {
    let borders: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut spans: Vec<Span> = Vec::new();
    for (a, b, who) in cuts {
        let place = |n: &u16| borders[usize::from(*n) % borders.len()];
        let (start, end) = (place(a).min(place(b)), place(a).max(place(b)));
        let fits = |other: &Range<usize>| {
            end <= other.start
                || other.end <= start
                || (start <= other.start && other.end <= end)
                || (other.start <= start && end <= other.end)
        };
        if start < end && spans.iter().all(|span| fits(&span.range)) {
            spans.push(Span { range: start..end, agent: agent(who % 6), tag: *who });
        }
    }
    spans
}

fn joined(pieces: &Pieces, erased: &[AgentId]) -> Result<(String, Vec<(usize, u8)>), VaultError> {
    let others: Vec<_> = pieces
        .others
        .iter()
        .map(|(who, piece)| (!erased.contains(who)).then_some(piece.as_slice()))
        .collect();
    let mut replaced = Vec::new();
    let text = join(&pieces.rest, &others, |index, tag| {
        replaced.push((index, tag));
        "\u{1}".to_owned()
    })?;
    Ok((text, replaced))
}

/// What a text looks like to a reader who may not see some people, worked out the slow way.
fn expected(text: &str, spans: &[Span], erased: &[AgentId]) -> String {
    let gone: Vec<_> =
        spans.iter().filter(|span| erased.contains(&span.agent)).map(|span| &span.range).collect();
    let outermost: Vec<_> = gone
        .iter()
        .enumerate()
        .filter(|(n, range)| {
            !gone.iter().enumerate().any(|(m, other)| {
                m != *n
                    && other.start <= range.start
                    && range.end <= other.end
                    && (*other != **range || m < *n)
            })
        })
        .map(|(_, range)| (*range).clone())
        .collect();
    let mut out = String::new();
    for (at, character) in text.char_indices() {
        match outermost.iter().find(|range| range.contains(&at)) {
            Some(range) if range.start == at => out.push('\u{1}'),
            Some(_) => {}
            None => out.push(character),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_text_cut_and_joined_is_the_same_text(
        text in "[a-zåäö𝄞{}\"]{0,60}",
        cuts in prop::collection::vec(any::<(u16, u16, u8)>(), 0..12),
        keep in prop::collection::vec(0u8..6, 0..3),
    ) {
        let spans = spans_in(&text, &cuts);
        let keep: Vec<_> = keep.into_iter().map(agent).collect();
        let pieces = split(&text, &spans, &keep).unwrap();
        prop_assert!(pieces.others.iter().all(|(who, _)| !keep.contains(who)));
        prop_assert_eq!(joined(&pieces, &[]).unwrap(), (text, Vec::new()));
    }

    #[test]
    fn without_some_people_only_their_outermost_spans_are_replaced(
        text in "[a-zåäö𝄞{}\"]{1,60}",
        cuts in prop::collection::vec(any::<(u16, u16, u8)>(), 0..12),
        erased in prop::collection::vec(1u8..6, 0..4),
    ) {
        let spans = spans_in(&text, &cuts);
        let erased: Vec<_> = erased.into_iter().map(agent).collect();
        let pieces = split(&text, &spans, &[agent(0)]).unwrap();
        let (shown, replaced) = joined(&pieces, &erased).unwrap();
        let expected = expected(&text, &spans, &erased);
        prop_assert_eq!(&shown, &expected);
        prop_assert_eq!(replaced.len(), expected.matches('\u{1}').count());
        for (index, tag) in replaced {
            prop_assert_eq!(pieces.others[index].0, agent(tag % 6));
        }
    }

    #[test]
    fn a_piece_holds_nobody_elses_bytes(
        cuts in prop::collection::vec(any::<(u16, u16, u8)>(), 0..12),
    ) {
        // A text in which every character says who owns it, given spans that lie apart.
        let spans = spans_in(&"x".repeat(60), &cuts);
        let mut owners = [0; 60];
        let mut ordered = spans.clone();
        ordered.sort_by_key(|span| std::cmp::Reverse(span.range.len()));
        for span in &ordered {
            owners[span.range.clone()].fill(span.agent.0[0]);
        }
        // Two spans of the very same range: whichever is inner, skip the case.
        prop_assume!(spans.iter().enumerate().all(|(n, a)| spans[..n].iter().all(|b| a.range != b.range)));
        let text: String = owners.iter().map(|owner| char::from(b'0' + owner)).collect();
        let pieces = split(&text, &spans, &[agent(0)]).unwrap();
        for (who, piece) in &pieces.others {
            prop_assert!(piece.iter().all(|byte| *byte == b'0' + who.0[0]));
        }
        let rest: Vec<_> = text.bytes().filter(|byte| *byte == b'0').collect();
        prop_assert!(pieces.rest.ends_with(&rest));
    }

    #[test]
    fn pieces_of_nonsense_are_refused_and_never_panic(
        rest in prop::collection::vec(any::<u8>(), 0..40),
        others in prop::collection::vec(prop::option::of(prop::collection::vec(any::<u8>(), 0..10)), 0..4),
    ) {
        let others: Vec<_> = others.iter().map(Option::as_deref).collect();
        let _ = join(&rest, &others, |_, _| String::new());
    }
}

#[test]
fn spans_that_cross_or_leave_the_text_are_refused() {
    let span = |range: Range<usize>, who| Span { range, agent: agent(who), tag: 0 };
    for spans in [
        vec![span(0..3, 1), span(2..5, 2)],
        vec![span(0..9, 1)],
        vec![span(1..2, 1)], // inside the first character
    ] {
        assert!(matches!(split("åbcde", &spans, &[]), Err(VaultError::Invalid(_))), "{spans:?}");
    }
    assert!(split("åbcde", &[span(2..2, 1), span(0..6, 2)], &[]).is_ok());
}

#[test]
fn a_piece_of_another_text_is_refused() {
    let span = |range: Range<usize>, who| Span { range, agent: agent(who), tag: 0 };
    let pieces = split("abcdef", &[span(1..3, 1), span(4..5, 2)], &[]).unwrap();
    let (one, two) = (pieces.others[0].1.as_slice(), pieces.others[1].1.as_slice());
    assert_eq!(join(&pieces.rest, &[Some(one), Some(two)], |_, _| String::new()).unwrap(), "abcdef");
    for others in [vec![], vec![Some(one)], vec![Some(two), Some(one)], vec![Some(one), Some(one)]] {
        let joined = join(&pieces.rest, &others, |_, _| String::new());
        assert!(matches!(joined, Err(VaultError::Damaged { .. })), "{others:?}");
    }
}
