//! What a ballot box promises, in files and in PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use std::collections::HashSet;
use std::sync::Arc;

use ballot::{Ballot, BallotError, RoundId, Submission, Taken, Terms, Voter};
use world::{World, number, on_both};

const ROUND: RoundId = RoundId([1; 16]);
const TERMS: Terms = Terms { smallest: 5, longest: 200 };

fn voters(count: u32) -> Vec<Voter> {
    (0..count).map(|one| Voter(number(b"voter", one))).collect()
}

fn ballot(voter: Voter, form: u32, answer: &[u8]) -> Ballot<'_> {
    Ballot { submission: Submission(number(b"form", form)), voter: Some(voter), answer }
}

on_both! {
    async fn an_answer_counts_once_however_often_it_is_sent(world) {
        let urns = world.open().await;
        let roll = voters(8);
        urns.begin(ROUND, TERMS, roll.clone()).await.unwrap();
        assert!(matches!(urns.begin(ROUND, TERMS, vec![]).await, Err(BallotError::Exists)));
        for _ in 0..2 {
            let taken = urns.cast(ROUND, ballot(roll[0], 0, b"ja")).await.unwrap();
            assert!(taken == Taken::Now || taken == Taken::Before);
        }
        assert!(matches!(urns.cast(ROUND, ballot(roll[0], 1, b"nej")).await, Err(BallotError::Voted)));
        let stranger = Voter([9; 16]);
        assert!(matches!(urns.cast(ROUND, ballot(stranger, 2, b"ja")).await, Err(BallotError::NotOnRoll)));
        let nobody = Ballot { voter: None, ..ballot(stranger, 2, b"ja") };
        assert!(matches!(urns.cast(ROUND, nobody).await, Err(BallotError::NotOnRoll)));
        let long = urns.cast(ROUND, ballot(roll[1], 3, &[b'x'; 201])).await;
        assert!(matches!(long, Err(BallotError::TooLong { length: 201, longest: 200 })));
        assert_eq!(urns.cast(ROUND, ballot(roll[1], 3, b"nej")).await.unwrap(), Taken::Now);
        assert!(matches!(urns.cast(RoundId([2; 16]), ballot(roll[2], 4, b"ja")).await, Err(BallotError::Unknown)));
        assert!(matches!(urns.empty(ROUND).await, Err(BallotError::Open)));
        assert!(matches!(urns.destroy(ROUND).await, Err(BallotError::Open)));

        urns.close(ROUND).await.unwrap();
        assert!(matches!(urns.cast(ROUND, ballot(roll[3], 5, b"ja")).await, Err(BallotError::Closed)));
        let emptied = urns.empty(ROUND).await.unwrap();
        assert_eq!(emptied.answers, [b"ja".to_vec(), b"nej".to_vec()]);
        assert_eq!(emptied.voted.iter().collect::<HashSet<_>>(), roll[..2].iter().collect());
        assert_eq!((emptied.on_roll, urns.turnout(ROUND).await.unwrap()), (8, (2, 8)));
        assert_eq!(urns.empty(ROUND).await.unwrap(), emptied, "until it is destroyed");
    }

    async fn of_nodes_that_make_a_box_at_once_one_does_and_its_key_opens_it(world) {
        let one = Arc::new(world.open().await);
        // Files are one process's.
        let other = if world.postgres.is_some() { Arc::new(world.open().await) } else { Arc::clone(&one) };
        let nodes = [one, other];
        for number in 1..=20 {
            let round = RoundId([number; 16]);
            let begun = (0..6).map(|one| {
                let urns = Arc::clone(&nodes[one % 2]);
                tokio::spawn(async move { urns.begin(round, TERMS, vec![]).await })
            });
            let mut made = 0;
            for begun in begun.collect::<Vec<_>>() {
                match begun.await.unwrap() {
                    Ok(()) => made += 1,
                    Err(BallotError::Exists) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            assert_eq!((made, world.keys(round).len()), (1, 1));
            let form = Ballot { submission: Submission([number; 16]), voter: None, answer: b"ja" };
            nodes[0].cast(round, form).await.unwrap();
            nodes[0].close(round).await.unwrap();
            assert_eq!(nodes[0].empty(round).await.unwrap().answers, [b"ja".to_vec()]);
            nodes[0].destroy(round).await.unwrap();
            assert!(world.keys(round).is_empty());
        }
    }

    async fn of_many_forms_that_one_person_sends_at_once_one_is_taken(world) {
        let urns = Arc::new(world.open().await);
        let roll = voters(4);
        urns.begin(ROUND, TERMS, roll.clone()).await.unwrap();
        let sent: Vec<_> = (0..64)
            .map(|form| {
                let (urns, voter) = (Arc::clone(&urns), roll[form as usize % 4]);
                // Each has sixteen forms, of which every two are the same.
                tokio::spawn(async move { urns.cast(ROUND, ballot(voter, form % 32, &form.to_le_bytes())).await })
            })
            .collect();
        let mut now = 0;
        for one in sent {
            match one.await.unwrap() {
                Ok(Taken::Now) => now += 1,
                Ok(Taken::Before) | Err(BallotError::Voted) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(now, 4);
        urns.close(ROUND).await.unwrap();
        assert_eq!(urns.empty(ROUND).await.unwrap().answers.len(), 4);
    }

    async fn a_crash_loses_no_answer_and_fewer_marks_than_the_smallest_group(world) {
        let roll = voters(40);
        let urns = world.open().await;
        urns.begin(ROUND, TERMS, roll.clone()).await.unwrap();
        for (form, voter) in (0..).zip(&roll[..23]) {
            urns.cast(ROUND, ballot(*voter, form, &[form as u8])).await.unwrap();
        }
        // Marks rest a while after others were kept.
        while urns.turnout(ROUND).await.unwrap().0 <= 23 - 5 {
            tokio::task::yield_now().await;
        }
        // Nothing is said to it: memory is gone.
        drop(urns);
        let urns = world.open().await;
        let (voted, on_roll) = urns.turnout(ROUND).await.unwrap();
        assert!((19..=23).contains(&voted) && on_roll == 40, "{voted} of {on_roll}");
        // Who sends the same form again is told so, marked or not.
        for (form, voter) in (0..).zip(&roll[..23]) {
            assert_eq!(urns.cast(ROUND, ballot(*voter, form, &[form as u8])).await.unwrap(), Taken::Before);
        }
        urns.close(ROUND).await.unwrap();
        let emptied = urns.empty(ROUND).await.unwrap();
        assert_eq!(emptied.answers, (0..23).map(|form| vec![form]).collect::<Vec<_>>());
        assert_eq!(emptied.voted.len(), 23);
    }

    async fn of_many_at_once_all_are_taken_and_each_counts_once(world) {
        let (urns, roll) = (Arc::new(world.open().await), voters(300));
        urns.begin(ROUND, TERMS, roll.clone()).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for (form, voter) in (0..).zip(roll) {
            // Each is pressed twice, and every tenth sends another form beside; some requests are given up.
            for (form, given_up) in [(form, false), (form, form % 7 == 0), (form + 1_000 * u32::from(form % 10 == 0), false)] {
                let urns = Arc::clone(&urns);
                tasks.spawn(async move {
                    let answer = form.to_be_bytes();
                    let cast = urns.cast(ROUND, ballot(voter, form, &answer));
                    if given_up {
                        tokio::select! { biased; _ = cast => {}, () = tokio::task::yield_now() => {} }
                        return None;
                    }
                    match cast.await {
                        Ok(taken) => Some((voter, taken)),
                        Err(BallotError::Voted) => None,
                        Err(error) => panic!("{error}"),
                    }
                });
            }
        }
        let told: HashSet<Voter> = tasks.join_all().await.into_iter().flatten().map(|(voter, _)| voter).collect();
        assert_eq!(told.len(), 300, "everybody is told once at least that their answer is in");
        urns.close(ROUND).await.unwrap();
        let emptied = urns.empty(ROUND).await.unwrap();
        assert_eq!((emptied.answers.len(), emptied.voted.len()), (300, 300));
    }

    async fn without_a_roll_whoever_has_a_form_may_answer_and_a_box_grows(world) {
        let urns = world.open().await;
        urns.begin(ROUND, TERMS, vec![]).await.unwrap();
        for form in 0..1_300_u32 {
            let one = Ballot { voter: None, ..ballot(Voter([0; 16]), form, b"") };
            assert_eq!(urns.cast(ROUND, Ballot { answer: &form.to_be_bytes(), ..one }).await.unwrap(), Taken::Now);
        }
        drop(urns);
        let urns = world.open().await;
        urns.close(ROUND).await.unwrap();
        let emptied = urns.empty(ROUND).await.unwrap();
        assert_eq!(emptied.answers, (0..1_300_u32).map(|form| form.to_be_bytes().to_vec()).collect::<Vec<_>>());
        assert_eq!((emptied.voted.len(), emptied.on_roll), (0, 0));
    }

    async fn nothing_can_be_read_while_it_is_open_and_nothing_is_left_when_it_is_destroyed(world) {
        let urns = world.open().await;
        let roll = voters(12);
        urns.begin(ROUND, TERMS, roll.clone()).await.unwrap();
        for (form, voter) in (0..).zip(&roll) {
            urns.cast(ROUND, ballot(*voter, form, b"Rektorn lyssnar aldrig")).await.unwrap();
        }
        assert!(!world.bytes().await.windows(6).any(|bytes| bytes == b"lyssna"));
        assert_eq!(urns.rounds().await.unwrap(), [ROUND]);
        urns.close(ROUND).await.unwrap();
        assert_eq!(urns.empty(ROUND).await.unwrap().answers.len(), 12);
        // Cut off after the key was gone: once more finishes it.
        std::fs::remove_file(world.key(ROUND)).unwrap();
        assert!(matches!(urns.empty(ROUND).await, Err(BallotError::KeyFile { .. })));
        urns.destroy(ROUND).await.unwrap();
        urns.destroy(ROUND).await.unwrap();
        assert_eq!(urns.rounds().await.unwrap(), []);
        assert!(matches!(urns.cast(ROUND, ballot(roll[0], 0, b"ja")).await, Err(BallotError::Unknown)));
        assert_eq!(world.rows(ROUND).await, (vec![], vec![]));
        assert!(world.keys(ROUND).is_empty());
    }
}

#[tokio::test]
async fn a_box_that_cannot_be_read_is_not_made_anew_and_keeps_its_key() {
    let world = World::files();
    world.open().await.begin(ROUND, TERMS, vec![]).await.unwrap();
    let key = std::fs::read(world.key(ROUND)).unwrap();
    std::fs::write(world.file(ROUND, "terms.json"), "{").unwrap();
    let again = world.open().await.begin(ROUND, TERMS, vec![]).await;
    assert!(matches!(again, Err(BallotError::File { .. })), "{again:?}");
    assert_eq!(std::fs::read(world.key(ROUND)).unwrap(), key);
}

#[tokio::test]
async fn a_ballot_cut_off_by_a_crash_is_a_free_place() {
    let world = World::files();
    let urns = world.open().await;
    urns.begin(ROUND, TERMS, vec![]).await.unwrap();
    for form in 0..3 {
        let one = Ballot { voter: None, ..ballot(Voter([0; 16]), form, b"ja") };
        urns.cast(ROUND, one).await.unwrap();
    }
    drop(urns);
    world.spoil_one(ROUND);
    let urns = world.open().await;
    urns.close(ROUND).await.unwrap();
    assert_eq!(urns.empty(ROUND).await.unwrap().answers.len(), 2);
}

#[tokio::test]
async fn two_nodes_take_ballots_of_one_round_and_one_closes_it_for_both() {
    let world = World::postgres().await;
    let (one, other) = (world.open().await, world.open().await);
    let roll = voters(30);
    one.begin(ROUND, TERMS, roll.clone()).await.unwrap();
    for (form, voter) in (0..).zip(&roll[..24]) {
        let node = if form % 2 == 0 { &one } else { &other };
        node.cast(ROUND, ballot(*voter, form, &[form as u8])).await.unwrap();
    }
    // Marks of the other node are known here once it has kept them.
    let known = &roll[1];
    assert!(matches!(one.cast(ROUND, ballot(*known, 90, b"")).await, Err(BallotError::Voted)));
    one.close(ROUND).await.unwrap();
    assert!(matches!(other.cast(ROUND, ballot(roll[25], 91, b"")).await, Err(BallotError::Closed)));
    other.close(ROUND).await.unwrap();
    let emptied = other.empty(ROUND).await.unwrap();
    assert_eq!((emptied.answers.len(), emptied.voted.len()), (24, 24));
}
