//! The parser against the committed corpus.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use serde_json::value::RawValue;
use xapi::{AgentRole, ContextRole, Identifier, Limits, Object, Statement, Version, equal, output, parse};

/// A line of the corpus.
struct Line {
    what: String,
    versions: Vec<Version>,
    path: Option<String>,
    text: String,
}

fn corpus(lines: &'static str) -> Vec<Line> {
    let read = |line: &'static str| {
        let fields: std::collections::HashMap<String, &RawValue> = serde_json::from_str(line).unwrap();
        let string =
            |name: &str| fields.get(name).map(|raw| serde_json::from_str::<String>(raw.get()).unwrap());
        let versions: Vec<String> = serde_json::from_str(fields["versions"].get()).unwrap();
        Line {
            what: string("what").unwrap(),
            versions: versions.iter().map(|v| Version::of_number(v).unwrap()).collect(),
            path: string("path"),
            text: string("text").unwrap_or_else(|| fields["statement"].get().to_owned()),
        }
    };
    lines.lines().map(read).collect()
}

fn valid() -> Vec<Line> {
    corpus(include_str!("corpus/valid.jsonl"))
}

fn parsed(text: &str, version: Version) -> Result<Statement, parse::Invalid> {
    parse::statement(text.as_bytes(), version, &Limits::default())
}

#[test]
fn valid_statements_are_read_and_kept_as_they_came() {
    for line in valid() {
        for version in line.versions {
            let statement = parsed(&line.text, version).unwrap_or_else(|e| panic!("{}: {e}", line.what));
            assert_eq!(statement.text, line.text, "{}", line.what);
        }
    }
}

#[test]
fn invalid_statements_are_refused_where_the_fault_is_and_without_a_word_of_theirs() {
    for line in corpus(include_str!("corpus/invalid.jsonl")) {
        for version in line.versions {
            let invalid = parsed(&line.text, version).expect_err(&line.what);
            assert_eq!(Some(&invalid.path), line.path.as_ref(), "{}: {invalid}", line.what);
            let said = invalid.to_string();
            for theirs in ["kalle", "anna", "Kalle", "svenska", "example", "yesterday", "quiz"] {
                assert!(!said.contains(theirs), "{}: {said}", line.what);
            }
        }
    }
}

#[test]
fn a_batch_is_split_into_the_texts_that_came() {
    for version in Version::ALL {
        let lines: Vec<_> = valid().into_iter().filter(|l| l.versions.contains(&version)).collect();
        let texts: Vec<_> =
            lines.iter().map(|l| l.text.as_str()).filter(|t| !t.contains("6f1c2f9a")).collect();
        let batch = format!(" [ {} ]\n", texts.join(" ,\n"));
        let statements = parse::statements(batch.as_bytes(), version, &Limits::default()).unwrap();
        assert_eq!(statements.iter().map(|s| &s.text).collect::<Vec<_>>(), texts);
        for statement in statements {
            assert_eq!(parsed(&statement.text, version).unwrap(), statement, "ranges are the text's own");
        }
        assert_eq!(parse::statements(b"[]", version, &Limits::default()), Ok(Vec::new()));
    }
}

#[test]
fn a_fault_in_a_batch_names_the_statement() {
    let good = &valid()[0].text;
    let batch = format!("[{good},{good},{}]", good.replace("http://adlnet", "adlnet"));
    let invalid = parse::statements(batch.as_bytes(), Version::V2_0_0, &Limits::default()).unwrap_err();
    assert_eq!((invalid.statement, invalid.path.as_str()), (2, "/verb/id"));
    for (batch, statement) in
        [(format!("[{good} {good}]"), 1), (format!("[{good},]"), 1), (format!("[{good}"), 1)]
    {
        let invalid = parse::statements(batch.as_bytes(), Version::V2_0_0, &Limits::default()).unwrap_err();
        assert_eq!((invalid.statement, invalid.path.as_str()), (statement, ""), "{batch}");
    }
}

#[test]
fn a_batch_is_told_apart_into_statements_and_what_is_none() {
    let version = Version::V1_0_3;
    let read = |text: &str| parse::each(text.as_bytes(), version, &Limits::default());
    let of_version = |line: &Line| line.versions.contains(&version) && read(&line.text).is_ok();
    let lines: Vec<Line> = valid().into_iter().chain(corpus(include_str!("corpus/invalid.jsonl"))).collect();
    let lines: Vec<&Line> = lines.iter().filter(|line| of_version(line)).collect();
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    let each = read(&format!("[ {} ]", texts.join(" , "))).unwrap();
    assert_eq!(each.len(), lines.len());
    for (n, (one, line)) in each.iter().zip(&lines).enumerate() {
        match one {
            Ok(statement) => assert_eq!((line.path.as_deref(), &statement.text), (None, &line.text)),
            Err(none) => {
                assert_eq!(
                    (none.why.statement, Some(&none.why.path)),
                    (n, line.path.as_ref()),
                    "{}",
                    line.what
                );
                assert_eq!(none.text, line.text);
            }
        }
    }
    assert!(each.iter().any(Result::is_ok) && each.iter().any(Result::is_err));
    for whole in ["[{]", "", "[{} {}]", "[1,]"] {
        assert!(read(whole).is_err(), "{whole}");
    }
}

#[test]
fn everybody_who_is_identified_in_what_is_no_statement_is_found() {
    let text = r#"{"id":"6F1C2F9A-3b57-4a55-9a0e-0c2f8f4f7d10","actor":{"mbox":"mailto:a@skola.example","openid":"https://b.example/"},
        "actors":[{"mbox":"mailto:a@skola.example"},{"account":{"homePage":"https://c.example","name":"c"}}],
        "context":{"extensions":{"x":{"mbox_sha1sum":"B00B00B00B00B00B00B00B00B00B00B00B00B00B","mbox":"nobody"}}}}"#;
    let [Err(none)] = &parse::each(text.as_bytes(), Version::V2_0_0, &Limits::default()).unwrap()[..] else {
        panic!("no statement")
    };
    assert_eq!(none.id, xapi::lexical::uuid("6f1c2f9a-3b57-4a55-9a0e-0c2f8f4f7d10"));
    assert_eq!(none.people.len(), 4);
    for person in [
        Identifier::Mbox("mailto:a@skola.example".into()),
        Identifier::OpenId("https://b.example/".into()),
        Identifier::MboxSha1sum("b00b00b00b00b00b00b00b00b00b00b00b00b00b".into()),
        Identifier::Account { home_page: "https://c.example".into(), name: "c".into() },
    ] {
        assert!(none.people.contains(&person), "{person:?}");
    }
}

#[test]
fn iris_are_read_leniently_where_that_is_asked_for() {
    let lenient = Limits { iris: xapi::Iris::Lenient, ..Limits::default() };
    let good = &valid()[0].text;
    for version in Version::ALL {
        let odd = good.replace("http://adlnet.gov/expapi/verbs/completed", "klar 1");
        assert_ne!(&odd, good);
        assert!(parsed(&odd, version).is_err());
        assert_eq!(parse::statement(odd.as_bytes(), version, &lenient).unwrap().verb, "klar 1");
        let empty = good.replace("http://adlnet.gov/expapi/verbs/completed", " ");
        assert!(parse::statement(empty.as_bytes(), version, &lenient).is_err());
    }
}

#[test]
fn the_same_id_twice_in_a_batch_is_refused_in_2_0() {
    let text = valid()[1].text.clone();
    let batch = format!("[{text},{text}]");
    let invalid = parse::statements(batch.as_bytes(), Version::V2_0_0, &Limits::default()).unwrap_err();
    assert_eq!((invalid.statement, invalid.path.as_str()), (1, "/id"));
    assert!(parse::statements(batch.as_bytes(), Version::V1_0_3, &Limits::default()).is_ok());
}

proptest::proptest! {
    #[test]
    fn no_damage_to_a_statement_makes_anything_panic(line in 0usize..38, at in proptest::prelude::any::<proptest::sample::Index>(),
        with in "[\\[\\]{}:,\"\\\\0-9a-zå]{0,3}", cut in 0usize..4)
    {
        let text = &valid()[line].text;
        let mut bytes = text.as_bytes().to_vec();
        let at = at.index(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, with.bytes());
        for version in Version::ALL {
            if let Ok(statement) = parse::statement(&bytes, version, &Limits::default()) {
                proptest::prop_assert!(equal::same(&statement, &statement, version));
                proptest::prop_assert_eq!(statement.text.as_bytes(), &bytes[..]);
                let _ = (statement.cuts(), output::ids(&statement.text));
            }
        }
    }
}

#[test]
fn limits_hold() {
    let text = &valid()[0].text;
    let within = |limits: &Limits| {
        parse::statements(format!("[{text},{text}]").as_bytes(), Version::V2_0_0, limits).is_ok()
    };
    assert!(within(&Limits { bytes: 2 * text.len() + 3, statements: 2, depth: 2, ..Limits::default() }));
    assert!(!within(&Limits { bytes: 2 * text.len() + 2, statements: 2, depth: 2, ..Limits::default() }));
    assert!(!within(&Limits { bytes: 2 * text.len() + 3, statements: 1, depth: 2, ..Limits::default() }));
    assert!(!within(&Limits { bytes: 2 * text.len() + 3, statements: 2, depth: 1, ..Limits::default() }));
    assert!(parse::statement(b"{\"\xff\":1}", Version::V2_0_0, &Limits::default()).is_err());
}

#[test]
fn nothing_of_an_agent_is_left_when_its_ranges_are_cut_out() {
    for line in valid() {
        for version in &line.versions {
            let statement = parsed(&line.text, *version).unwrap();
            let mut rest = String::new();
            let mut at = 0;
            for (range, owner) in statement.cuts() {
                assert!(
                    at <= range.start && range.start < range.end,
                    "{}: sorted, apart and not empty",
                    line.what
                );
                assert!(owner < statement.agents.len());
                rest.push_str(&statement.text[at..range.start]);
                at = range.end;
            }
            rest.push_str(&statement.text[at..]);
            for agent in &statement.agents {
                let shown = match &agent.identifier {
                    Identifier::Mbox(text) | Identifier::MboxSha1sum(text) | Identifier::OpenId(text) => text,
                    Identifier::Account { name, .. } => &format!("\"name\":\"{name}\""),
                };
                assert!(!rest.contains(shown.as_str()), "{}: {rest}", line.what);
            }
        }
    }
}

#[test]
fn agents_are_found_wherever_they_stand() {
    let roles = |what: &str| {
        let line = valid().into_iter().find(|l| l.what == what).unwrap();
        parsed(&line.text, Version::V2_0_0).unwrap().agents.iter().map(|a| a.role).collect::<Vec<_>>()
    };
    use AgentRole::*;
    assert_eq!(roles("the smallest"), [Actor]);
    assert_eq!(roles("an anonymous group with members"), [ActorMember; 3]);
    assert_eq!(
        roles("an identified group with members as actor, object and team"),
        [Actor, ActorMember, ActorMember, Object, Team, TeamMember]
    );
    assert_eq!(roles("a SubStatement"), [Actor, SubActorMember, SubInstructor]);
    assert_eq!(roles("an authority of two"), [Actor, AuthorityMember, AuthorityMember]);
    assert_eq!(
        roles("relations of agents and groups"),
        [Actor, SubActorMember, SubContextAgent, ContextAgent, ContextAgent, ContextGroupMember]
    );
    for role in AgentRole::ALL {
        assert_eq!(AgentRole::from_code(role.code()), Some(role));
    }
}

#[test]
fn facts_are_read_from_the_text() {
    let find = |what: &str| {
        let line = valid().into_iter().find(|l| l.what == what).unwrap();
        parsed(&line.text, Version::V1_0_3).unwrap()
    };
    let quiz = find("a quiz question");
    let result = quiz.result.as_ref().unwrap();
    assert_eq!(
        (result.success, result.completion, result.response.as_deref()),
        (Some(false), Some(true), Some("a"))
    );
    assert_eq!((result.score.scaled, result.score.max), (Some(500_000), Some(10_000_000)));
    assert_eq!(result.duration.as_ref().unwrap().centiseconds, Some(6125));
    assert_eq!(
        quiz.context_activities.iter().map(|(role, _)| *role).collect::<Vec<_>>(),
        [ContextRole::Parent, ContextRole::Grouping, ContextRole::Category]
    );
    assert!(quiz.text[quiz.definitions[0].1.clone()].starts_with("{\"type\":"));
    assert!(quiz.text[quiz.verb_display.clone().unwrap()].contains("svarade"));
    assert_eq!(
        quiz.object.activity().and_then(|a| a.definition.clone()),
        Some(quiz.definitions[0].1.clone())
    );
    let long = find("every result");
    assert_eq!(long.result.unwrap().duration.unwrap().centiseconds, None);
    let voiding = find("a voiding statement");
    assert_eq!(voiding.voids(), voiding.refers_to());
    assert_eq!(find("a reference").voids(), None);
    assert_eq!(find("a reference").refers_to(), voiding.voids(), "an upper-case UUID is the same UUID");
    let sub = find("a SubStatement");
    assert_eq!(sub.context_activities, [(ContextRole::SubParent, "http://e.example/p".to_owned())]);
    assert!(
        matches!(&sub.object, Object::SubStatement(s) if s.verb == "http://e.example/planned" && s.object.activity().is_some())
    );
    let odd = find("white space, escapes and long numbers");
    assert_eq!(odd.actor().unwrap().identifier, Identifier::Mbox("mailto:anna@skola.example".into()));
    assert_eq!(odd.verb, "http://e.example/v");
}

#[test]
fn every_answer_is_a_valid_statement_equal_to_the_one_that_came() {
    for line in valid() {
        for version in line.versions {
            let statement = parsed(&line.text, version).unwrap();
            let additions = output::Additions {
                id: "6f1c2f9a-3b57-4a55-9a0e-0c2f8f4f7d10".parse().unwrap(),
                stored: 1_772_353_800_123_456,
                authority: Some(r#"{"mbox":"mailto:lrs@skola.example"}"#),
                received: version,
                answer: version,
            };
            let exact = parsed(&output::exact(&line.text, &additions), version).unwrap();
            assert!(equal::same(&statement, &exact, version), "{}", line.what);
            assert!(exact.id.is_some() && exact.timestamp.is_some() && exact.version.is_some());
            let ids =
                parsed(&output::ids(&exact.text), version).unwrap_or_else(|e| panic!("{}: {e}", line.what));
            let identified =
                |s: &Statement| s.agents.iter().map(|a| a.identifier.clone()).collect::<Vec<_>>();
            if !exact.agents.iter().any(|a| a.members.is_some()) {
                assert_eq!(identified(&ids), identified(&exact), "{}", line.what);
            }
            let languages = output::Languages::parse("en");
            let canonical =
                output::Canonical { definition: &|_| None, display: &|_| None, languages: &languages };
            let canonical = parsed(&output::canonical(&exact.text, &canonical), version).unwrap();
            assert!(equal::same(&statement, &canonical, version), "{}", line.what);
        }
    }
}
