//! One person has one answer in a round, by whichever ways they come: the pages, a file, statements of tools.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::io::{Cursor, Read};

use desk::files::{FileError, Source, Terms, Told};
use desk::{Admitted, Outcome};
use domain::events::{Hours, RoundFacts, RoundMode};
use lrs::Sender;
use rig::{Rig, SURVEY};
use serde_json::{Value, json};
use uuid::Uuid;
use xapi::Version;

struct Text(String);

impl Source for Text {
    fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.0.clone().into_bytes())))
    }
}

/// A long table: who answered what, when.
fn table(rows: &[(&str, &str, &str)]) -> Text {
    let row = |(who, answer, time): &(&str, &str, &str)| {
        format!("{who}@larkby.example,trivs,{answer},2026-03-{time}\n")
    };
    Text(format!("respondent,question,answer,time\n{}", rows.iter().map(row).collect::<String>()))
}

async fn file(rig: &Rig, round: &RoundFacts, rows: &[(&str, &str, &str)], dry_run: bool) -> Value {
    let terms = Terms { respondent: Some("respondent".into()), dry_run, ..Terms::default() };
    let Told { json, .. } = rig.desk.take_file(&round.id, &terms, &table(rows)).await.unwrap();
    json
}

/// Says beforehand and afterwards what becomes of a file: new, replaced, before, and not taken.
async fn taken(rig: &Rig, round: &RoundFacts, rows: &[(&str, &str, &str)]) -> [u64; 4] {
    let dry = file(rig, round, rows, true).await;
    let done = file(rig, round, rows, false).await;
    let counts = |told: &Value| {
        let [new, replaced, before] =
            ["new", "replaced", "before"].map(|name| told["answers"][name].as_u64().unwrap());
        [new, replaced, before, told["not_taken"].as_u64().unwrap()]
    };
    assert_eq!(counts(&dry), counts(&done), "the dry run says what comes of it: {dry} {done}");
    counts(&done)
}

/// A tool says what somebody answered.
async fn tool(rig: &Rig, round: &RoundFacts, who: &str, answer: &str) {
    tool_at(rig, round, who, answer, "2026-03-02T08:00:00Z").await;
}

/// The same, when it says that it happened.
async fn tool_at(rig: &Rig, round: &RoundFacts, who: &str, answer: &str, timestamp: &str) {
    let statement = json!({
        "timestamp": timestamp,
        "id": Uuid::from_bytes(rig.number()).to_string(),
        "actor": { "mbox": format!("mailto:{who}@larkby.example") },
        "verb": { "id": domain::verbs::ANSWERED },
        "object": { "id": format!("{SURVEY}/trivs") },
        "result": { "response": answer },
        "context": { "registration": Uuid::from_bytes(round.registration).to_string() },
    });
    let limits = xapi::Limits::default();
    let parsed = xapi::parse::statement(statement.to_string().as_bytes(), Version::V2_0_0, &limits).unwrap();
    let sender = Sender { credential: Some([4; 16]), ..Sender::default() };
    rig.lrs.ingest().post(vec![parsed], sender, Version::V2_0_0).await.unwrap();
}

/// What was answered to the first question, of all answers that count.
async fn said(rig: &Rig) -> Vec<String> {
    let all = rig.statements().await.into_iter().filter(|one| one["verb"]["id"] == domain::verbs::ANSWERED);
    let mut all: Vec<_> = all.map(|one| one["result"]["response"].as_str().unwrap().to_owned()).collect();
    all.sort_unstable();
    all
}

async fn answered_once(rig: Rig, mode: RoundMode) {
    let round = rig.round(mode, |_| {}).await;
    let (code, people) = rig.codes(&round).await;
    // The page, then a file.
    assert_eq!(rig.hand_in(&code, &people[0], 1, json!({ "trivs": "1" })).await, Outcome::Taken);
    assert_eq!(taken(&rig, &round, &[("a0", "2", "02 10:00:00")]).await, [0, 0, 0, 1]);
    // A file, then the page and another file.
    assert_eq!(
        taken(&rig, &round, &[("a1", "2", "02 10:00:00"), ("a4", "2", "02 10:00:00")]).await,
        [2, 0, 0, 0]
    );
    assert_eq!(rig.desk.admit(&code, &people[1]).await.unwrap(), Admitted::Answered(None));
    assert_eq!(rig.hand_in(&code, &people[1], 2, json!({ "trivs": "1" })).await, Outcome::AnsweredAlready);
    let again = [("a1", "2", "02 10:00:00"), ("a4", "3", "02 10:00:00"), ("a5", "3", "02 10:00:00")];
    assert_eq!(taken(&rig, &round, &again).await, [1, 0, 1, 1]);
    // A tool, then the page and a file.
    tool(&rig, &round, "a2", "4").await;
    assert_eq!(rig.desk.admit(&code, &people[2]).await.unwrap(), Admitted::Answered(None));
    assert_eq!(rig.hand_in(&code, &people[2], 3, json!({ "trivs": "1" })).await, Outcome::AnsweredAlready);
    assert_eq!(
        taken(&rig, &round, &[("a2", "2", "02 10:00:00"), ("b7", "2", "02 10:00:00")]).await,
        [1, 0, 0, 1]
    );
    // Before it opened, after it closed, and whoever is not asked.
    let wrong = [("a6", "2", "01 23:59:59"), ("a7", "2", "04 00:00:00"), ("nobody", "2", "02 10:00:00")];
    assert_eq!(taken(&rig, &round, &wrong).await, [0, 0, 0, 3]);
    assert_eq!(said(&rig).await, ["1", "2", "2", "2", "3", "4"]);
}

promises! {
    async fn what_a_tool_says_of_another_minute_than_the_rounds_is_no_answer_in_it(rig) {
        let round = rig.round(RoundMode::Named, |round| {
            round.hours = Some(Hours { opens: 8 * 60, closes: 16 * 60 });
        }).await;
        let (code, people) = rig.codes(&round).await;
        tool_at(&rig, &round, "a0", "4", "2026-03-02T06:59:59Z").await;
        tool_at(&rig, &round, "a1", "4", "2026-03-02T07:00:00Z").await;
        assert_eq!(rig.desk.admit(&code, &people[0]).await.unwrap(), Admitted::Welcome(None));
        assert_eq!(rig.desk.admit(&code, &people[1]).await.unwrap(), Admitted::Answered(None));
        assert_eq!(rig.hand_in(&code, &people[0], 1, json!({ "trivs": "1" })).await, Outcome::Taken);
        assert_eq!(rig.hand_in(&code, &people[1], 2, json!({ "trivs": "1" })).await, Outcome::AnsweredAlready);
        // The page's own statements say the minute in which they were taken.
        let all = rig.statements().await;
        let taken = all.iter().find(|one| one["result"]["response"] == "1").unwrap();
        assert_eq!(taken["timestamp"], "2026-03-02T08:00:00.000000Z");
    }

    async fn who_has_answered_a_named_round_by_one_way_has_answered_by_all(rig) {
        answered_once(rig, RoundMode::Named).await;
    }

    async fn who_has_answered_a_pseudonymous_round_by_one_way_has_answered_by_all(rig) {
        answered_once(rig, RoundMode::Pseudonymous).await;
    }

    async fn the_later_answer_stands_by_whichever_way_it_came_where_the_round_says_so(rig) {
        let round = rig.round(RoundMode::Named, |round| {
            round.again = true;
            round.grace = 30;
        }).await;
        let (code, people) = rig.codes(&round).await;
        // The page at nine by Swedish clocks; a file that was filled in before, and after.
        assert_eq!(rig.hand_in(&code, &people[0], 1, json!({ "trivs": "1", "fritt": "borta" })).await, Outcome::Taken);
        assert_eq!(taken(&rig, &round, &[("a0", "2", "02 08:30:00")]).await, [0, 0, 0, 1]);
        assert_eq!(taken(&rig, &round, &[("a0", "3", "02 23:00:00")]).await, [0, 1, 0, 0]);
        assert_eq!(taken(&rig, &round, &[("a0", "3", "02 23:00:00")]).await, [0, 0, 1, 0]);
        assert_eq!(said(&rig).await, ["3"]);
        // A file, then the page the day after.
        assert_eq!(taken(&rig, &round, &[("a1", "2", "02 10:00:00")]).await, [1, 0, 0, 0]);
        rig.at(rig::DAY);
        assert_eq!(rig.hand_in(&code, &people[1], 2, json!({ "trivs": "4" })).await, Outcome::Replaced);
        assert_eq!(said(&rig).await, ["3", "4"]);
        // What a tool has said is replaced too.
        tool(&rig, &round, "a2", "1").await;
        assert_eq!(rig.hand_in(&code, &people[2], 3, json!({ "trivs": "2" })).await, Outcome::Replaced);
        tool(&rig, &round, "a3", "1").await;
        assert_eq!(taken(&rig, &round, &[("a3", "2", "03 22:00:00")]).await, [0, 1, 0, 0]);
        assert_eq!(said(&rig).await, ["2", "2", "3", "4"]);
        // Within the minutes of grace, and after them.
        assert_eq!(taken(&rig, &round, &[("a4", "2", "04 00:29:59"), ("a5", "2", "04 00:30:00")]).await, [1, 0, 0, 1]);
    }

    async fn guardians_answers_come_from_files_by_unit_and_keep_neither_who_nor_when(rig) {
        let round = rig.round(RoundMode::Guardians, |_| {}).await;
        let marks = ["203.0.113.77", "hemligtmarke", "vardnadshavare@"];
        let row = |number: usize, unit: &str| format!(
            "\"{number}\";\"2026-03-02 11:22:33\";\"hemligtmarke{number}\";\"203.0.113.77\";\"vardnadshavare@x.example\";\"{unit}\";\"{}\";\"ord {number}\"\r\n", 1 + number % 4);
        let heading = "\"id\";\"submitdate\";\"token\";\"ipaddr\";\"email\";\"skola\";\"trivs\";\"fritt\"\r\n";
        let units = ["A", "A", "B", "C"];
        let rows: String = units.iter().zip(1..).map(|(unit, number)| row(number, unit)).collect();
        let text = Text(format!("{heading}{rows}"));
        let mut terms = Terms { unit: Some("skola".into()), ..Terms::default() };
        let refused = rig.desk.take_file(&round.id, &terms, &text).await;
        assert!(matches!(refused, Err(FileError::Refused(all)) if all.len() == 3), "the file names people");
        terms.drop_identities = true;
        for (new, before) in [(3, 0), (0, 3)] {
            let Told { json, .. } = rig.desk.take_file(&round.id, &terms, &text).await.unwrap();
            let counts = (json["answers"]["new"].as_u64(), json["answers"]["before"].as_u64());
            assert_eq!((counts, &json["not_taken"]), ((Some(new), Some(before)), &json!(1)), "{json}");
            assert_eq!((&json["why_not"][0]["at"], &json["times_kept"]), (&json!("place"), &json!(false)), "{json}");
        }
        let all = rig.statements().await;
        let by = |registration: [u8; 16]| {
            let registration = Uuid::from_bytes(registration).to_string();
            all.iter().filter(|one| one["context"]["registration"] == registration.as_str() && one["object"]["id"] == format!("{SURVEY}/trivs").as_str()).count()
        };
        assert_eq!((by([8; 16]), by([9; 16])), (2, 1), "each under the registration of its unit's link");
        assert!(all.iter().all(|one| one["timestamp"] == "2026-03-01T23:00:00.000000Z"), "{all:?}");
        let bytes = rig.place.bytes().await;
        for mark in marks {
            let found = bytes.windows(mark.len()).any(|part| part == mark.as_bytes());
            assert!(!found && !all.iter().any(|one| one.to_string().contains(mark)), "{mark} is kept");
        }
        let named = Terms { respondent: Some("email".into()), ..Terms::default() };
        assert!(matches!(rig.desk.take_file(&round.id, &named, &text).await, Err(FileError::Asked(_))));
    }
}
