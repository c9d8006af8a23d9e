//! Sealing and opening slots and texts.

use eventlog::Slot;
use vault::{Binding, Envelope, Opened, Owner, Period, Span, Text, VaultError};

use crate::samples::Samples;
use crate::support::{EVENT, INSTANCE, Place, QUARTER, mbox, on_both, one};

on_both!(
    what_is_sealed_opens,
    a_class_needs_nobody,
    a_changed_byte_or_another_place_is_refused,
    several_owners_open_together,
    a_text_comes_back_byte_for_byte,
    a_text_without_one_of_its_people_says_so,
);

fn binding(slot: u16) -> Binding<'static> {
    Binding { event: EVENT, kind: "statement", slot }
}

async fn what_is_sealed_opens(place: Place) {
    let vault = place.open().await;
    let handle = one(&vault, "a").await;
    let mut samples = Samples::new(7);
    let mut plains: Vec<Vec<u8>> = (0..50).map(|_| samples.statement().text.into_bytes()).collect();
    plains.push(Vec::new());
    plains.push(vec![0; 300_000]);
    let slots: Vec<_> = (0..)
        .zip(&plains)
        .map(|(n, plain)| vault.seal(&binding(n), &Owner::Agent(&handle), plain).unwrap())
        .collect();
    drop(vault);
    let opened = place.open().await.open_slots("statement", EVENT, &slots).await.unwrap();
    assert_eq!(opened, plains.into_iter().map(Opened::Plain).collect::<Vec<_>>());
}

async fn a_class_needs_nobody(place: Place) {
    let vault = place.open().await;
    let slot = vault.seal(&binding(3), &Owner::Class(&vault.class(12)), b"a comment").unwrap();
    assert_eq!((slot.owner, slot.period), (None, 12));
    vault.ratchet().await.unwrap();
    drop(vault);
    let opened = place.open().await.open_slots("statement", EVENT, &[slot]).await.unwrap();
    assert_eq!(opened, [Opened::Plain(b"a comment".to_vec())]);
}

async fn a_changed_byte_or_another_place_is_refused(place: Place) {
    let vault = place.open().await;
    let handles = vault.resolve(&[mbox("a"), mbox("b")], QUARTER).await.unwrap();
    let class = vault.class(7);
    for owner in [Owner::Agent(&handles[0]), Owner::Several(&handles), Owner::Class(&class)] {
        let slot = vault.seal(&binding(1), &owner, br#"{"name":"somebody","name":"somebody else"}"#).unwrap();
        let refused = async |kind: &str, event, slot: Slot| {
            match vault.open_slots(kind, event, &[slot]).await {
                Err(VaultError::Damaged { .. }) => true,
                // A body that names owners who never were cannot be opened either.
                Ok(opened) => opened == [Opened::Erased],
                Err(error) => panic!("{error}"),
            }
        };
        assert!(!refused("statement", EVENT, slot.clone()).await);
        for byte in 0..slot.body.len() {
            for bit in [0x01, 0x80] {
                let mut changed = slot.clone();
                changed.body[byte] ^= bit;
                assert!(refused("statement", EVENT, changed).await, "byte {byte}");
            }
        }
        for length in 0..slot.body.len() {
            let body = slot.body[..length].to_vec();
            assert!(refused("statement", EVENT, Slot { body, ..slot.clone() }).await, "length {length}");
        }
        for byte in 0..EVENT.len() {
            let mut event = EVENT;
            event[byte] ^= 1;
            assert!(refused("statement", event, slot.clone()).await, "event byte {byte}");
        }
        assert!(refused("statemens", EVENT, slot.clone()).await);
        assert!(refused("", EVENT, slot.clone()).await);
        assert!(refused("statement", EVENT, Slot { number: 2, ..slot.clone() }).await);
        // With keys for the other quarter and the other agent, so that it is not for want of a key.
        let next = Period(QUARTER.0 + 1);
        vault.resolve(&[mbox("a"), mbox("b")], next).await.unwrap();
        assert!(refused("statement", EVENT, Slot { period: next.0, ..slot.clone() }).await);
        let other = Some(handles[1].agent().0).filter(|_| slot.owner != Some(handles[1].agent().0));
        let other = other.or(Some(handles[0].agent().0));
        assert!(refused("statement", EVENT, Slot { owner: other, ..slot.clone() }).await);
    }

    // The same keys in another instance.
    let slot = vault.seal(&binding(1), &Owner::Class(&class), b"text").unwrap();
    drop(vault);
    assert!(matches!(place.try_open([1; 16]).await, Err(VaultError::KeyFile { .. })));
    assert_ne!(INSTANCE, [1; 16]);
    assert_eq!(slot.number, 1);
}

async fn several_owners_open_together(place: Place) {
    let vault = place.open().await;
    let handles = vault.resolve(&[mbox("a"), mbox("b"), mbox("c")], QUARTER).await.unwrap();
    let slots = [
        vault.seal(&binding(0), &Owner::Several(&handles), b"a certificate").unwrap(),
        vault.seal(&binding(1), &Owner::Several(&handles[..2]), b"a signature").unwrap(),
        vault.seal(&binding(2), &Owner::Several(&handles[..1]), b"alone").unwrap(),
    ];
    let plain = |text: &str| Opened::Plain(text.as_bytes().to_vec());
    let opened = vault.open_slots("statement", EVENT, &slots).await.unwrap();
    assert_eq!(opened, [plain("a certificate"), plain("a signature"), plain("alone")]);
    assert!(vault.seal(&binding(0), &Owner::Several(&[]), b"").is_err());
    let later = vault.resolve(&[mbox("b")], Period(QUARTER.0 + 1)).await.unwrap().remove(0);
    assert!(vault.seal(&binding(0), &Owner::Several(&[handles[0].clone(), later]), b"").is_err());

    vault.erase(&[handles[2].agent()]).await.unwrap();
    let opened = vault.open_slots("statement", EVENT, &slots).await.unwrap();
    assert_eq!(opened, [Opened::Erased, plain("a signature"), plain("alone")]);
}

async fn a_text_comes_back_byte_for_byte(place: Place) {
    let vault = place.open().await;
    let mut samples = Samples::new(11);
    let mut sealed = Vec::new();
    for n in 0..200u8 {
        let sample = samples.statement();
        let people: Vec<_> = (0..sample.agents.len()).map(|i| mbox(&format!("p{i}"))).collect();
        let handles = vault.resolve(&people, QUARTER).await.unwrap();
        let spans: Vec<_> = sample
            .agents
            .iter()
            .zip(&handles)
            .map(|(range, handle)| Span { range: range.clone(), agent: handle.agent(), tag: 0 })
            .collect();
        let slots =
            vault.seal_text("statement", [n; 16], &sample.text, &spans, &handles[..1], &handles).unwrap();
        assert_eq!(slots.len(), handles.len());
        sealed.push((sample.text, slots));
    }
    vault.drop_caches();
    let envelopes: Vec<_> = (0u8..)
        .zip(&sealed)
        .map(|(n, (_, slots))| Envelope { event: [n; 16], kind: "statement", slots })
        .collect();
    let texts = vault.open_texts(&envelopes, |_, _| unreachable!("nobody was erased")).await.unwrap();
    for ((text, _), opened) in sealed.iter().zip(texts) {
        assert_eq!(opened, Text::Plain { text: text.clone(), erased: Vec::new() });
    }
}

async fn a_text_without_one_of_its_people_says_so(place: Place) {
    let vault = place.open().await;
    let text = r#"{"actor":{"mbox":"a"},"object":{"mbox":"b"},"context":{"instructor":{"mbox":"c"},"team":{"mbox":"b"}}}"#;
    let handles = vault.resolve(&[mbox("a"), mbox("b"), mbox("c")], QUARTER).await.unwrap();
    let span = |needle: &str, from: usize, who: usize, tag| {
        let start = from + text[from..].find(needle).unwrap();
        Span { range: start..start + needle.len(), agent: handles[who].agent(), tag }
    };
    let spans = [
        span(r#"{"mbox":"a"}"#, 0, 0, 0),
        span(r#"{"mbox":"b"}"#, 0, 1, 0),
        span(r#"{"mbox":"c"}"#, 0, 2, 0),
        span(r#"{"mbox":"b"}"#, 60, 1, 1),
    ];
    let slots = vault.seal_text("statement", EVENT, text, &spans, &handles[..1], &handles).unwrap();
    assert_eq!(slots.len(), 3);
    let envelope = [Envelope { event: EVENT, kind: "statement", slots: &slots }];
    vault.erase(&[handles[1].agent()]).await.unwrap();
    let opened = vault.open_texts(&envelope, |_, tag| format!("<{tag}>")).await.unwrap();
    let expected =
        r#"{"actor":{"mbox":"a"},"object":<0>,"context":{"instructor":{"mbox":"c"},"team":<1>}}"#.to_owned();
    assert_eq!(opened, [Text::Plain { text: expected, erased: vec![handles[1].agent()] }]);
    vault.erase(&[handles[0].agent()]).await.unwrap();
    assert_eq!(vault.open_texts(&envelope, |_, _| String::new()).await.unwrap(), [Text::Erased]);

    let without = vault.seal_text("statement", EVENT, text, &spans, &handles[..1], &handles[..2]);
    assert!(matches!(without, Err(VaultError::Invalid(_))));
}
