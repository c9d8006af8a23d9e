//! What becomes of answers that are handed in to rounds of each mode.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use desk::{Admitted, HandedIn, Outcome};
use domain::Facts as _;
use domain::events::{BallotTexts, RoundBallotsFacts, RoundGroup, RoundMode};
use domain::rounds::Stage;
use eventlog::Position;
use rig::{DAY, SMALLEST, SURVEY, account, answers};
use serde_json::json;
use vault::Opened;

/// The responses by activity of all answers that count.
async fn responses(rig: &rig::Rig) -> Vec<(String, String)> {
    let all = rig.statements().await.into_iter().filter(|one| one["verb"]["id"] == domain::verbs::ANSWERED);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut found: Vec<_> =
        all.map(|one| (text(&one["object"]["id"]), text(&one["result"]["response"]))).collect();
    found.sort_unstable();
    found
}

promises! {
    async fn a_named_answer_is_statements_of_the_account_and_counts_once(rig) {
        let round = rig.round(RoundMode::Named, |_| {}).await;
        let (code, people) = rig.codes(&round).await;
        assert_eq!(people.len(), 16);
        assert_eq!(rig.desk.admit(&code, &people[0]).await.unwrap(), Admitted::Welcome(None));
        let kept = json!({ "trivs": "3", "av": ["it", "chef"], "fritt": "Lugnt." });
        assert_eq!(rig.hand_in(&code, &people[0], 1, kept.clone()).await, Outcome::Taken);
        let head = rig.log.head().await.unwrap().position;
        assert_eq!(rig.hand_in(&code, &people[0], 1, kept.clone()).await, Outcome::TakenBefore);
        assert_eq!(rig.hand_in(&code, &people[0], 1, json!({ "trivs": "1" })).await, Outcome::TakenBefore);
        assert_eq!(rig.hand_in(&code, &people[0], 2, json!({ "trivs": "1" })).await, Outcome::AnsweredAlready);
        assert_eq!(rig.log.head().await.unwrap().position, head, "nothing of it is stored");
        assert_eq!(rig.desk.admit(&code, &people[0]).await.unwrap(), Admitted::Answered(None));
        assert_eq!(rig.desk.admit(&code, &people[1]).await.unwrap(), Admitted::Welcome(None));

        let activity = |name: &str| format!("{SURVEY}/{name}");
        let expected = [("av", "it[,]chef"), ("fritt", "Lugnt."), ("trivs", "3")];
        let expected = expected.map(|(name, response)| (activity(name), response.to_owned()));
        assert_eq!(responses(&rig).await, expected);
        let all = rig.statements_of(Some(account("a0"))).await;
        assert_eq!(all.len(), 4);
        let registration = uuid::Uuid::from_bytes(round.registration).to_string();
        assert!(all.iter().all(|one| one["context"]["registration"] == registration.as_str()));
        assert_eq!(all[1]["object"]["definition"]["interactionType"], "choice");
    }

    async fn codes_that_are_guessed_lead_nowhere_and_drafts_are_not_found(rig) {
        let round = rig.round(RoundMode::Named, |_| {}).await;
        let draft = rig.round(RoundMode::Named, |round| {
            round.id = "utkast".into();
            round.registration = [6; 16];
            round.draft = true;
        }).await;
        let (code, people) = rig.codes(&round).await;
        assert_eq!((code.len(), people[0].len()), (8, 16));
        let all: HashSet<_> = people.iter().chain([&code]).collect();
        assert_eq!(all.len(), 17);
        assert!(rig.desk.find("22222222").await.unwrap().is_none());
        assert!(rig.desk.invitations(&draft.id).await.is_err());
        let found = rig.desk.find(&code).await.unwrap().unwrap();
        assert_eq!((found.round.id.as_str(), found.stage, found.smallest), ("named", Stage::Open, SMALLEST));
        assert_eq!(found.definition.questions.len(), 3);
        for wrong in ["", "2222222222222222", &code, &people[0][..15]] {
            assert_eq!(rig.desk.admit(&code, wrong).await.unwrap(), Admitted::Unknown);
            assert_eq!(rig.hand_in(&code, wrong, 1, json!({ "trivs": "1" })).await, Outcome::NotOnRoll);
        }
        // The code of somebody on one round's roll is nobody's on another's.
        let other = rig.round(RoundMode::Named, |round| {
            round.id = "annan".into();
            round.registration = [7; 16];
        }).await;
        let (other, _) = rig.codes(&other).await;
        assert_eq!(rig.desk.admit(&other, &people[0]).await.unwrap(), Admitted::Unknown);
    }

    async fn a_units_code_leads_to_its_part_of_a_round_with_a_roll(rig) {
        for mode in [RoundMode::Named, RoundMode::Unlinkable] {
            let round = rig.round(mode, |round| round.registration = rig.number()).await;
            let doors = rig.desk.ways_in(&round.id).unwrap().doors;
            let people = rig.desk.invitations(&round.id).await.unwrap();
            let units: Vec<_> = doors.iter().map(|door| door.unit.as_ref().map(|(code, _)| code.as_str())).collect();
            assert_eq!(units, [None, Some("A"), Some("B")]);
            let typed = |code: &str| code.replace('-', "");
            let found = rig.desk.find(&typed(&doors[1].code)).await.unwrap().unwrap();
            assert_eq!((found.round.id.as_str(), found.unit_name.as_deref()), (round.id.as_str(), Some("Enhet A")));
            assert!(people.iter().all(|one| one.link.starts_with(&format!("{}#", doors[0].link))));
            let (of_unit, person) = (typed(&doors[1].code), typed(&people[0].code));
            assert_eq!(rig.desk.admit(&of_unit, &person).await.unwrap(), Admitted::Welcome(None));
            assert_eq!(rig.hand_in(&of_unit, &person, 1, json!({ "trivs": "3" })).await, Outcome::Taken);
            let whole = typed(&doors[0].code);
            assert_eq!(rig.hand_in(&whole, &person, 2, json!({ "trivs": "3" })).await, Outcome::AnsweredAlready);
        }
    }

    async fn a_later_answer_replaces_all_of_the_one_before_where_the_round_says_so(rig) {
        let round = rig.round(RoundMode::Named, |round| round.again = true).await;
        let (code, people) = rig.codes(&round).await;
        assert_eq!(rig.hand_in(&code, &people[0], 1, json!({ "trivs": "3", "fritt": "Lugnt." })).await, Outcome::Taken);
        assert_eq!(rig.hand_in(&code, &people[1], 9, json!({ "trivs": "1" })).await, Outcome::Taken);
        assert_eq!(rig.hand_in(&code, &people[0], 2, json!({ "trivs": "4" })).await, Outcome::Replaced);
        assert_eq!(rig.hand_in(&code, &people[0], 1, json!({ "trivs": "3" })).await, Outcome::TakenBefore);
        assert_eq!(rig.hand_in(&code, &people[0], 2, json!({ "trivs": "4" })).await, Outcome::TakenBefore);
        assert_eq!(rig.hand_in(&code, &people[0], 3, json!({ "trivs": "2" })).await, Outcome::Replaced);
        let activity = format!("{SURVEY}/trivs");
        assert_eq!(responses(&rig).await, [(activity.clone(), "1".to_owned()), (activity, "2".to_owned())]);
    }

    async fn of_answers_that_come_at_once_one_is_taken(rig) {
        let round = rig.round(RoundMode::Pseudonymous, |_| {}).await;
        let (code, people) = rig.codes(&round).await;
        let desk = Arc::new(rig.desk.clone());
        let sent: Vec<_> = (0..12_u8).map(|form| {
            let (desk, code, token) = (Arc::clone(&desk), code.clone(), people[0].clone());
            let answers = answers(form % 6, json!({ "trivs": (form % 3 + 1).to_string() }));
            tokio::spawn(async move { desk.take(&code, HandedIn { token: Some(token), answers }).await.unwrap() })
        }).collect();
        let mut taken = 0;
        for one in sent {
            match one.await.unwrap() {
                Outcome::Taken => taken += 1,
                Outcome::TakenBefore | Outcome::AnsweredAlready => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((taken, responses(&rig).await.len()), (1, 1));
    }

    async fn a_pseudonymous_answer_names_an_agent_of_the_rounds_own_that_is_the_persons(rig) {
        let round = rig.round(RoundMode::Pseudonymous, |_| {}).await;
        let (code, people) = rig.codes(&round).await;
        let before = rig.log.head().await.unwrap().position;
        assert_eq!(rig.hand_in(&code, &people[2], 1, json!({ "trivs": "2" })).await, Outcome::Taken);
        let links = rig.log.read_kinds(&["agents_linked"], Position(0), 100).await.unwrap();
        assert_eq!(links.len(), 16, "everybody has a pseudonym");
        assert!(links.iter().all(|link| link.position <= before), "and had it before anybody answered");
        let all = rig.statements().await;
        assert_eq!(all.len(), 2);
        for statement in &all {
            let account = &statement["actor"]["account"];
            assert_eq!(account["homePage"], "https://larka.example/rounds/pseudonymous");
            assert_eq!(account["name"].as_str().unwrap().len(), 32);
            assert!(!statement.to_string().contains("\"a2\""));
        }
        let person = rig.person("a2").await;
        let organisation = rig.municipality.refresh().await.unwrap().municipality.organisation.clone();
        let facts = rig.log.read_kinds(&["statement"], Position(0), 100).await.unwrap();
        for event in facts {
            let facts = domain::StatementFacts::decode(event.schema, &event.facts).unwrap();
            assert_eq!(organisation.person_of(facts.agents[0].1), person);
        }
        assert_eq!(rig.desk.turn().await, Default::default());
        assert_eq!(rig.log.read_kinds(&["agents_linked"], Position(0), 100).await.unwrap().len(), 16, "once");
    }

    async fn guardians_answer_by_their_units_link_each_as_nobody(rig) {
        let round = rig.round(RoundMode::Guardians, |_| {}).await;
        let doors = rig.desk.ways_in(&round.id).unwrap().doors;
        assert_eq!((doors.len(), rig.desk.invitations(&round.id).await.unwrap().len()), (2, 0));
        let codes: Vec<_> = doors.iter().map(|door| door.code.replace('-', "")).collect();
        for (form, code) in [(1, &codes[0]), (2, &codes[0]), (3, &codes[1]), (1, &codes[0])] {
            let expected = if form == 1 && !rig.statements().await.is_empty() { Outcome::TakenBefore } else { Outcome::Taken };
            assert_eq!(rig.hand_in(code, "", form, json!({ "trivs": "4" })).await, expected);
        }
        let mut registrations: Vec<_> = rig.statements().await.iter().filter(|one| one["result"]["response"] == "4")
            .map(|one| one["context"]["registration"].as_str().unwrap()[..2].to_owned()).collect();
        registrations.sort_unstable();
        assert_eq!(registrations, ["08", "08", "09"]);
    }

    async fn late_answers_and_those_in_part_are_taken_as_the_round_says(rig) {
        let strict = rig.round(RoundMode::Named, |round| round.grace = 30).await;
        let lenient = rig.round(RoundMode::Pseudonymous, |round| {
            round.registration = [6; 16];
            round.partial = true;
        }).await;
        let ((strict, people), (lenient, others)) = (rig.codes(&strict).await, rig.codes(&lenient).await);
        let part = json!({ "fritt": "Hinner inte." });
        assert_eq!(rig.hand_in(&strict, &people[0], 1, part.clone()).await, Outcome::Incomplete);
        assert_eq!(rig.hand_in(&lenient, &others[0], 1, part).await, Outcome::Taken);
        assert_eq!(rig.hand_in(&strict, &people[0], 2, json!({ "trivs": "1" })).await, Outcome::Taken);
        // The second day ends at 23:00 UTC.
        rig.at(DAY + 15 * DAY / 24 + 29 * 60_000_000);
        let found = rig.desk.find(&strict).await.unwrap().unwrap();
        assert_eq!((found.stage, found.late), (Stage::Closed, true));
        assert_eq!(rig.hand_in(&strict, &people[1], 3, json!({ "trivs": "1" })).await, Outcome::Taken);
        assert_eq!(rig.hand_in(&lenient, &others[1], 3, json!({ "trivs": "1" })).await, Outcome::Closed);
        rig.at(DAY + 15 * DAY / 24 + 30 * 60_000_000);
        assert_eq!(rig.hand_in(&strict, &people[2], 4, json!({ "trivs": "1" })).await, Outcome::Closed);
        assert_eq!(rig.hand_in(&strict, &people[1], 3, json!({ "trivs": "1" })).await, Outcome::TakenBefore);
        let later = rig.with_round(RoundMode::Named, |round| {
            round.id = "senare".into();
            (round.opens, round.closes) = ("2026-03-09".parse().unwrap(), "2026-03-09".parse().unwrap());
        }).await;
        let (later, people) = rig.codes(&later).await;
        assert_eq!(rig.desk.find(&later).await.unwrap().unwrap().stage, Stage::Scheduled);
        assert_eq!(rig.hand_in(&later, &people[2], 4, json!({ "trivs": "1" })).await, Outcome::Closed);
    }

    async fn a_round_that_nobody_can_link_opens_takes_closes_and_is_counted_by_itself(rig) {
        let round = rig.round(RoundMode::Unlinkable, |_| {}).await;
        let opened = rig.municipality.snapshot().municipality.surveys.opened(&round.id).cloned().unwrap();
        assert!(opened.strata.iter().all(|stratum| stratum.people >= SMALLEST), "{opened:?}");
        let (code, people) = rig.codes(&round).await;
        for (at, token) in people.iter().enumerate().take(9) {
            let form = u8::try_from(at).unwrap();
            assert_eq!(rig.desk.admit(&code, token).await.unwrap(), Admitted::Welcome(None));
            let kept = json!({ "trivs": (at % 4 + 1).to_string(), "fritt": format!("ord {}", 9 - at) });
            assert_eq!(rig.hand_in(&code, token, form, kept.clone()).await, Outcome::Taken);
            assert_eq!(rig.hand_in(&code, token, form, kept.clone()).await, Outcome::TakenBefore);
            assert_eq!(rig.hand_in(&code, token, 100 + form, kept).await, Outcome::AnsweredAlready);
            assert_eq!(rig.desk.admit(&code, token).await.unwrap(), Admitted::Welcome(None), "it is told at the hand-in alone");
        }
        let long = json!({ "trivs": "1", "fritt": "x".repeat(9_000) });
        assert_eq!(rig.hand_in(&code, &people[10], 50, long).await, Outcome::TooLong);
        assert!(rig.statements().await.is_empty(), "nothing of it is a statement");
        assert_eq!(rig.desk.turn().await, Default::default());
        assert!(rig.municipality.snapshot().municipality.surveys.emptied(&round.id).is_none());

        rig.at(2 * DAY);
        let boxes = rig.place.copy_of_boxes().await;
        assert_eq!(rig.hand_in(&code, &people[11], 51, json!({ "trivs": "1" })).await, Outcome::Closed);
        assert_eq!(rig.desk.turn().await, Default::default());
        assert_eq!(rig.desk.turn().await, Default::default());
        // A box that is gone is not asked for any more: what is put in its place stays.
        assert!(rig.place.copy_of_boxes().await.is_empty());
        rig.place.put_back(boxes).await;
        assert_eq!(rig.desk.turn().await, Default::default());
        assert!(!rig.place.copy_of_boxes().await.is_empty());
        let stored = rig.log.read_kinds(&[RoundBallotsFacts::KIND], Position(0), 10).await.unwrap();
        assert_eq!(stored.len(), 1);
        let facts = RoundBallotsFacts::decode(stored[0].schema, &stored[0].facts).unwrap();
        assert_eq!((facts.voted, facts.answers.len()), (9, 9));
        assert!(facts.answers.is_sorted());
        let codes = facts.answers.iter().map(|one| one.codes[0].codes[0].as_str());
        assert_eq!(codes.filter(|code| *code == "1").count(), 3);
        let (event, slots) = rig.log.read_at(&[stored[0].position]).await.unwrap().remove(0);
        let texts = rig.vault.open_slots(RoundBallotsFacts::KIND, event.id, &slots).await.unwrap();
        let [Opened::Plain(texts)] = texts.as_slice() else { panic!("{texts:?}") };
        let texts = BallotTexts::decode(texts).unwrap().texts;
        assert_eq!(texts["fritt"].len(), 9);
        assert!(texts["fritt"].is_sorted());
        // Its report is there the day after.
        assert_eq!(rig.desk.find(&code).await.unwrap().unwrap().stage, Stage::Closed);
        rig.at(3 * DAY);
        assert_eq!(rig.desk.find(&code).await.unwrap().unwrap().stage, Stage::Reported);
    }

    async fn groups_of_respondents_are_told_apart_by_their_codes_and_kept_apart_in_the_box(rig) {
        let group = |id: &str, roles: &[&str]| RoundGroup {
            id: id.into(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        let two = |round: &mut domain::events::RoundFacts| {
            round.roles = vec!["Förskollärare".into(), "Lärare".into()];
            round.groups = vec![group("forskola", &["Förskollärare"]), group("skola", &["Lärare"])];
        };
        for number in 0..6 {
            rig.enlist(&format!("f{number}"), "B", "Förskollärare").await;
        }
        let round = rig.round(RoundMode::Unlinkable, two).await;
        let opened = rig.municipality.snapshot().municipality.surveys.opened(&round.id).cloned().unwrap();
        for stratum in &opened.strata {
            let own = round.groups.iter().find(|group| Some(&group.id) == stratum.group.as_ref()).unwrap();
            assert!(stratum.roles.iter().all(|role| own.roles.contains(role)), "{stratum:?}");
        }
        let (code, people) = rig.codes(&round).await;
        let mut groups = HashSet::new();
        for token in &people {
            match rig.desk.admit(&code, token).await.unwrap() {
                Admitted::Welcome(Some(group)) => groups.insert(group),
                other => panic!("{other:?}"),
            };
        }
        assert_eq!(groups, HashSet::from(["forskola".to_owned(), "skola".to_owned()]));
        // One of which there are too few is not opened: its answers would be theirs.
        let few = rig.with_round(RoundMode::Unlinkable, |round| {
            (round.id, round.registration) = ("få".into(), [7; 16]);
            round.roles = vec!["Lärare".into(), "Rektor".into()];
            round.groups = vec![group("ledare", &["Rektor"]), group("skola", &["Lärare"])];
        }).await;
        let failed = rig.desk.turn().await;
        assert!(failed.contains_key(&few.id), "{failed:?}");
        assert!(rig.municipality.snapshot().municipality.surveys.opened(&few.id).is_none());
    }

    async fn answers_that_came_otherwise_go_into_the_box_once(rig) {
        let round = rig.round(RoundMode::Unlinkable, |_| {}).await;
        for expected in [Outcome::Taken, Outcome::TakenBefore] {
            for (form, place) in [(1, Some(("A", "Lärare"))), (2, None), (3, Some(("B", "Rektor")))] {
                let answers = answers(form, json!({ "trivs": "2" }));
                assert_eq!(rig.desk.put(&round.id, place, &answers).await.unwrap(), expected);
            }
        }
        rig.at(2 * DAY);
        assert_eq!(rig.desk.turn().await, Default::default());
        let emptied = rig.municipality.snapshot().municipality.surveys.emptied(&round.id).unwrap();
        assert_eq!((emptied.answers, emptied.voted), (3, 0));
    }

    async fn a_crash_at_any_step_of_opening_and_closing_loses_and_doubles_nothing(rig) {
        let round = rig.round(RoundMode::Unlinkable, |_| {}).await;
        let (code, people) = rig.codes(&round).await;
        for (form, token) in (0..7).zip(&people) {
            assert_eq!(rig.hand_in(&code, token, form, json!({ "trivs": "4" })).await, Outcome::Taken);
        }
        let rig = rig.killed().await;
        assert_eq!(rig.desk.turn().await, Default::default());
        // Five marks were kept; the two that were in memory may answer again, and no answer is lost.
        assert_eq!(rig.hand_in(&code, &people[8], 9, json!({ "trivs": "1" })).await, Outcome::Taken);
        rig.at(2 * DAY);
        // Emptied, and killed before the box was destroyed: the key and the box are put back as they were.
        let kept = rig.place.copy_of_boxes().await;
        assert_eq!(rig.desk.turn().await, Default::default());
        rig.place.put_back(kept).await;
        let rig = rig.killed().await;
        assert_eq!(rig.desk.turn().await, Default::default());
        assert_eq!(rig.desk.turn().await, Default::default());
        let stored = rig.log.read_kinds(&[RoundBallotsFacts::KIND], Position(0), 10).await.unwrap();
        assert_eq!(stored.len(), 1);
        let facts = RoundBallotsFacts::decode(stored[0].schema, &stored[0].facts).unwrap();
        assert_eq!((facts.answers.len(), facts.voted), (8, 6));
        assert!(rig.place.copy_of_boxes().await.is_empty(), "nothing is left of the box");
    }

    async fn a_round_with_too_few_people_is_not_opened_and_says_so(rig) {
        let few = rig.with_round(RoundMode::Unlinkable, |round| round.roles = vec!["Rektor".into()]).await;
        let failed = rig.desk.turn().await;
        assert_eq!(failed[&few.id], "1 people are asked, and nothing is told of fewer than 5: it is not opened");
        let (code, people) = rig.codes(&few).await;
        assert_eq!(rig.desk.find(&code).await.unwrap().unwrap().stage, Stage::Scheduled);
        assert_eq!(rig.hand_in(&code, &people[0], 1, json!({ "trivs": "1" })).await, Outcome::Closed);
        rig.clock.advance(Duration::from_secs(3 * 86_400));
        assert_eq!(rig.desk.turn().await, Default::default());
    }

    async fn nothing_that_lies_there_ties_an_answer_to_who_gave_it(rig) {
        const FORMS: std::ops::Range<u8> = 100..111;
        let round = rig.round(RoundMode::Unlinkable, |_| {}).await;
        let (code, people) = rig.codes(&round).await;
        let words = |form: u8| format!("hemligt-ord-{form}");
        for (form, token) in FORMS.zip(&people) {
            let kept = json!({ "trivs": "2", "fritt": words(form) });
            assert_eq!(rig.hand_in(&code, token, form, kept).await, Outcome::Taken);
        }
        let open = rig.place.bytes().await;
        let within = |all: &[u8], wanted: &[u8]| all.windows(wanted.len()).any(|part| part == wanted);
        let holds = |all: &[u8], wanted: &[u8]| within(all, wanted) || within(all, hex::encode(wanted).as_bytes());
        for form in FORMS {
            assert!(!holds(&open, words(form).as_bytes()), "an answer can be read while the round is open");
        }
        rig.at(2 * DAY);
        assert_eq!(rig.desk.turn().await, Default::default());
        let closed = rig.place.bytes().await;
        for (form, token) in FORMS.zip(&people) {
            for all in [&open, &closed] {
                assert!(!holds(all, token.as_bytes()), "a personal code is stored");
                assert!(!holds(all, &[form; 16]), "a form's number is stored");
            }
        }
        let invited = rig.desk.invitations(&round.id).await.unwrap();
        let nobody = |one: &&desk::Invitation| one.name.is_empty() && one.address.is_empty();
        assert_eq!(invited.iter().filter(nobody).count(), 1, "a protected identity");
        assert_eq!(invited.iter().filter(|one| one.name.is_empty() || one.address.is_empty()).count(), 1);
        assert!(invited.iter().all(|one| one.link.contains("/s/") && one.link.contains('#')));
    }
}
