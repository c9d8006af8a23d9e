//! Answers in a round that nobody is to be linked in: none that says who gave it is stored, or kept, whatever way it comes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use base64::Engine as _;
use domain::events::{Code, RoundFacts, RoundMode, Scale, SurveyFacts, SurveyItem, kind};
use domain::{Facts as _, Text};
use eventlog::{Append, Position};
use lrs::Wanted;
use rig::*;
use serde_json::{Value, json};
use uuid::Uuid;

const SURVEY: &str = "https://larkby.example/enkater/arbetsmiljo";
const ITEM: &str = "https://larkby.example/enkater/arbetsmiljo/stress";
const LINKED: &str = "11111111-0000-4000-8000-000000000001";
const BOXED: &str = "11111111-0000-4000-8000-000000000002";

/// Registers a survey with one question.
async fn survey(rig: &Rig) {
    let code = |code: &str| Code {
        code: code.into(),
        label: Text::new(code, code),
        score: None,
        positive: false,
        dont_know: false,
    };
    let item = SurveyItem {
        name: "stress".into(),
        activity: ITEM.into(),
        text: Text::new("Hur ofta?", "How often?"),
        scale: "ofta".into(),
        reverse: false,
        required: true,
        feeds: None,
        several: false,
        ranked: false,
        groups: Vec::new(),
    };
    let facts = SurveyFacts {
        id: SURVEY.into(),
        version: "1".into(),
        title: Text::new("Arbetsmiljö", "Work"),
        definition_sha256: [7; 32],
        scales: vec![Scale { id: "ofta".into(), codes: vec![code("1"), code("2")] }],
        items: vec![item],
        indexes: Vec::new(),
        instrument: None,
        question_set: None,
        groups: Vec::new(),
    };
    append(rig, facts.event([101; 16])).await;
}

/// Registers a round of it.
async fn round(rig: &Rig, mode: RoundMode, registration: &str) {
    let facts = RoundFacts {
        id: registration.into(),
        survey: SURVEY.into(),
        version: "1".into(),
        title: Text::new("Våren", "Spring"),
        mode,
        registration: registration.parse::<Uuid>().unwrap().into_bytes(),
        opens: "2026-01-10".parse().unwrap(),
        closes: "2026-01-30".parse().unwrap(),
        unit: "K".into(),
        roles: Vec::new(),
        without_dont_know: false,
        guardians: None,
        hours: None,
        draft: false,
        again: false,
        grace: 0,
        partial: false,
        groups: Vec::new(),
    };
    append(rig, facts.event(registration.parse::<Uuid>().unwrap().into_bytes())).await;
}

async fn append(rig: &Rig, event: eventlog::NewEvent) {
    rig.log.append(Append { events: vec![event], ..Append::default() }).await.unwrap();
    rig.municipality.refresh().await.unwrap();
}

/// Anna's answer under a registration.
fn answer(number: u32, registration: &str) -> Value {
    let mut answer = statement(number, "anna", "a");
    answer["verb"]["id"] = "http://adlnet.gov/expapi/verbs/answered".into();
    answer["object"]["id"] = ITEM.into();
    answer["result"] = json!({ "response": "1" });
    answer["context"] = json!({ "registration": registration });
    answer
}

#[track_caller]
fn is_refused(answer: Answer, statement: u64) {
    let told = answer.expect(400).json();
    assert_eq!(
        (told["statement"].as_u64(), told["path"].as_str()),
        (Some(statement), Some("/context/registration"))
    );
    let said = format!("{} {}", told["error"], told["expected"]);
    assert!(said.contains("nobody is to be linked") && said.contains("the survey's own page"), "{said}");
    assert!(!said.contains("anna"), "{said}");
}

async fn stored(rig: &Rig) -> usize {
    rig.log.read_kinds(&[kind::STATEMENT, kind::STATEMENT_REFUSED], Position(0), 1_000).await.unwrap().len()
}

promises! {
    async fn an_answer_that_says_who_gave_it_is_refused_alone_and_in_a_batch(rig) {
        survey(&rig).await;
        round(&rig, RoundMode::Named, LINKED).await;
        round(&rig, RoundMode::Unlinkable, BOXED).await;
        for version in ["1.0.3", "2.0.0"] {
            is_refused(rig.post_as(version, answer(1, BOXED).to_string()).await, 0);
            is_refused(rig.put_as(version, &id(1), answer(1, BOXED).to_string()).await, 0);
            let batch = json!([answer(2, LINKED), statement(3, "bo", "a"), answer(4, BOXED), answer(5, LINKED)]);
            is_refused(rig.post_as(version, batch.to_string()).await, 2);
        }
        // Whatever is said of it, by whomever it is to be done.
        let mut other = answer(6, BOXED);
        other["verb"]["id"] = VERB.into();
        is_refused(rig.post(&other).await, 0);
        let mut sub = answer(7, BOXED);
        sub["object"] = json!({ "objectType": "SubStatement", "actor": agent("bo"), "verb": sub["verb"], "object": sub["object"] });
        is_refused(rig.post(&sub).await, 0);
        let context = sub.as_object_mut().unwrap().remove("context").unwrap();
        sub["object"]["context"] = context;
        is_refused(rig.post(&sub).await, 0);
        assert_eq!(stored(&rig).await, 0);
    }

    async fn what_is_no_answer_in_such_a_round_is_stored_as_ever(rig) {
        survey(&rig).await;
        round(&rig, RoundMode::Named, LINKED).await;
        round(&rig, RoundMode::Unlinkable, BOXED).await;
        let mut other = answer(1, BOXED);
        other["object"]["id"] = activity("a").into();
        let mut none = answer(2, BOXED);
        none.as_object_mut().unwrap().remove("context");
        rig.post(&json!([other, none, answer(3, LINKED), answer(4, "11111111-0000-4000-8000-000000000009")])).await.expect(200);
        assert_eq!(stored(&rig).await, 4);
    }

    async fn it_is_not_kept_either_and_what_was_kept_before_is_not_replayed(rig) {
        survey(&rig).await;
        let rules = |about: &str| json!({ "activities": { "allow": [about] }, "keep": true, "keep_invalid": true });
        let wanted = Wanted { name: "Lärplattformen".into(), scopes: vec!["all".into()], rules: Some(rules(&activity("a"))), ..Wanted::default() };
        let made = rig.lrs.create_credential(wanted, None).await.unwrap();
        let pair = format!("{}:{}", made.credential.key, *made.secret);
        let tool = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
        let post = async |sent: &Value| rig.post_by(&tool, "2.0.0", sent).await;
        let mut broken = answer(2, BOXED);
        broken.as_object_mut().unwrap().remove("verb");
        // Before there is such a round nothing is known of it.
        post(&answer(1, BOXED)).await.expect(403);
        assert_eq!(stored(&rig).await, 1);
        round(&rig, RoundMode::Unlinkable, BOXED).await;

        is_refused(post(&answer(3, BOXED)).await, 0);
        is_refused(post(&json!([statement(4, "bo", "b"), answer(5, BOXED)])).await, 1);
        is_refused(post(&json!([statement(6, "bo", "a"), broken])).await, 1);
        assert_eq!(stored(&rig).await, 1);

        rig.lrs.set_credential_rules(&made.credential.key, &rules("https://larkby.example/"), None).await.unwrap();
        let replayed = rig.lrs.replay_kept(&made.credential.key, false, None).await.unwrap();
        assert_eq!((replayed.stored, replayed.refused), (0, 1));
    }
}
