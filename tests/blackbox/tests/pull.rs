//! Statements that are asked of other stores over xAPI.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blackbox::imports::{VOIDED, counts, import, import_told, kept, voiding, written};
use blackbox::other::{Other, Reply, Since, Store};
use blackbox::samples::{id, statement};
use blackbox::{Instance, promises, until};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const LLAMA: &str = "Bilagan från förr.\n\t\"Den\" \\ stod där.";

fn sha2(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

fn attachment(usage: &str, content_type: &str, content: &[u8]) -> Value {
    json!({ "usageType": usage, "display": { "sv": "Bilaga" }, "contentType": content_type, "length": content.len(),
        "sha2": sha2(content) })
}

/// A statement that happened and was stored at these minutes of a year.
fn at(number: u32, year: u32, happened: u32, stored: u32) -> Value {
    let instant = |minute: u32| {
        format!("{year}-05-{:02}T{:02}:{:02}:00.000Z", 1 + minute / 1_440, minute / 60 % 24, minute % 60)
    };
    let mut statement = kept(number, "anna", 1);
    statement["timestamp"] = instant(happened).into();
    statement["stored"] = instant(stored).into();
    statement
}

/// 250 that were stored an hour after they happened, in the order in which they did.
fn first() -> Vec<Value> {
    (0..250).map(|number| at(number, 2024, number, number + 60)).collect()
}

/// Five that are stored later than these, about something that happened long before.
fn late() -> Vec<Value> {
    let late = |number| {
        let mut late = at(number, 2024, number, number + 60);
        late["timestamp"] = at(number, 2021, number, 0)["timestamp"].take();
        late
    };
    (300..305).map(late).collect()
}

/// Pulls twice, and adds those that come late in between: the answers.
fn pulled_twice(instance: &Instance, key: &str, source: Vec<Value>, since: Since) -> ([Value; 2], Other) {
    let user = written(instance, "user", "a:b");
    let (other, store) = Store::start(source, since).unwrap();
    let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap(), "--page", "100"];
    let (code, before) = import(instance, &arguments, key);
    assert_eq!(
        (code, counts(&before), &before["from_start"]),
        (Some(0), [250, 250, 0, 0], &Value::Null),
        "{before}"
    );
    store.statements.lock().unwrap().extend(late());
    let (code, after) = import(instance, &arguments, key);
    assert_eq!((code, &after["stored"], &after["agrees"]), (Some(0), &json!(5), &json!(true)), "{after}");
    assert_eq!(after["counts"]["statements"], json!({ "source": 255, "here": 255 }));
    ([before, after], other)
}

promises! {
    async fn a_source_by_the_standard_is_gone_on_with(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let ([_, after], other) = pulled_twice(&instance, &key, first(), Since::Stored);
        assert_eq!((&after["from_start"], &after["read"]), (&Value::Null, &json!(6)), "{after}");
        // From a minute before what was reached, to which it stands.
        let (target, _) = other.seen().into_iter().rfind(|(target, _)| !target.contains("until=")).unwrap();
        assert!(target.contains("since=2024-05-01T05%3A08%3A00"), "{target}");
    }

    async fn nothing_is_lost_of_a_source_whose_since_is_about_when_something_happened(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let ([_, after], _) = pulled_twice(&instance, &key, first(), Since::Happened);
        assert_eq!(after["read"], 255);
        assert!(after["from_start"].as_str().is_some_and(|why| why.contains("since is not about")), "{after}");
    }

    async fn where_nothing_shows_what_since_is_about_all_is_read(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let at_once = (0..250).map(|number| at(number, 2024, number, number)).collect();
        let ([_, after], _) = pulled_twice(&instance, &key, at_once, Since::Happened);
        assert_eq!(after["read"], 255);
        assert!(after["from_start"].as_str().is_some_and(|why| why.contains("no statement shows")), "{after}");
    }

    async fn a_source_whose_lists_are_in_another_order_is_read_whole(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let backwards = (0..250).map(|number| at(number, 2024, number, 600 - number)).collect();
        let ([_, after], _) = pulled_twice(&instance, &key, backwards, Since::Happened);
        assert!(after["from_start"].as_str().is_some_and(|why| why.contains("order")), "{after}");
    }

    async fn a_source_that_fails_with_since_is_read_whole_and_with_attachments(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let status = if instance.backend() == blackbox::Backend::Sqlite { 500 } else { 400 };
        let ([_, after], _) = pulled_twice(&instance, &key, first(), Since::Fails(status));
        assert!(after["from_start"].as_str().is_some_and(|why| why.contains(&status.to_string())), "{after}");
        assert_eq!((&after["attachments"], &after["read"]), (&json!(true), &json!(255)));
    }

    async fn a_source_that_gives_nothing_for_a_while_is_gone_on_with_where_it_was(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "a:b");
        let (other, store) = Store::start(first(), Since::Stored).unwrap();
        let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap(), "--page", "100"];
        assert_eq!(import(&instance, &arguments, &key).0, Some(0));
        // A wrong secret, one that may not read, one who asks too much; and one that fails with and without since.
        for status in [401, 403, 429, 501] {
            *store.fails.lock().unwrap() = Some((0, status));
            let (code, answer, said) = import_told(&instance, &arguments, &key);
            assert_eq!((code, answer), (Some(1), Value::Null), "{said}");
            assert!(said.lines().last().unwrap().contains(&status.to_string()), "{said}");
            assert_eq!(said.contains("from the start"), status == 501, "{said}");
        }
        *store.fails.lock().unwrap() = None;
        store.statements.lock().unwrap().extend(late());
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, &answer["read"], &answer["from_start"]), (Some(0), &json!(6), &Value::Null), "{answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 255, "here": 255 }));
    }

    async fn a_source_that_has_lost_what_it_had_does_not_agree(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "a:b");
        let (other, store) = Store::start(first(), Since::Stored).unwrap();
        let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap()];
        assert_eq!(import(&instance, &arguments, &key).0, Some(0));
        let all = std::mem::take(&mut *store.statements.lock().unwrap());
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, &answer["read"], &answer["agrees"]), (Some(2), &json!(0), &json!(false)), "{answer}");
        assert_eq!((&answer["gone"], answer["from_start"].is_string()), (&json!(id(249)), true), "{answer}");
        // What it gives is compared, and nothing else.
        assert_eq!(answer["counts"]["statements"], json!({ "source": 0, "here": 0 }));
        *store.statements.lock().unwrap() = all;
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, &answer["read"], &answer["gone"]), (Some(0), &json!(250), &Value::Null), "{answer}");
    }

    async fn what_was_voided_meanwhile_is_not_missed(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "a:b");
        let (other, store) = Store::start(first(), Since::Stored).unwrap();
        let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap()];
        assert_eq!(import(&instance, &arguments, &key).0, Some(0));
        // The very one that it ended with: it is in no list any more.
        let mut voiding = at(400, 2024, 400, 460);
        voiding["verb"]["id"] = VOIDED.into();
        voiding["object"] = json!({ "objectType": "StatementRef", "id": id(249) });
        store.voided.lock().unwrap().push(id(249));
        store.statements.lock().unwrap().push(voiding);
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, &answer["gone"], &answer["stored"]), (Some(0), &Value::Null, &json!(1)), "{answer}");
        assert_eq!(answer["counts"]["voided"], json!({ "source": 1, "here": 1 }));
    }

    async fn a_source_that_fails_steadily_is_told_of_and_gone_on_with_once_it_is_mended(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "a:b");
        let (other, store) = Store::start(first(), Since::Stored).unwrap();
        let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap(), "--page", "100"];
        *store.fails.lock().unwrap() = Some((100, 500));
        let (code, answer, said) = import_told(&instance, &arguments, &key);
        assert_eq!((code, answer), (Some(1), Value::Null), "{said}");
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[0].contains("500") && lines[0].contains("asked again in 1 s (2 of 5)"), "{said}");
        assert!(lines[lines.len() - 1].contains("500") && lines[lines.len() - 1].contains("pull again later"), "{said}");
        *store.fails.lock().unwrap() = None;
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, &answer["stored"], &answer["from_start"]), (Some(0), &json!(250), &Value::Null), "{answer}");
        assert!(answer["read"].as_u64().unwrap() < 260, "it went on: {answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 250, "here": 250 }));
    }

    async fn another_larka_is_pulled_with_attachments_and_voided_statements_and_later_what_is_new(instance) {
        let source = Instance::fresh(instance.backend()).await.unwrap();
        let server = source.start().await.unwrap();
        let (key, _) = instance.credential("all").unwrap();
        let user = format!("{}:{}\n", server.credential.0, server.credential.1);
        let user = written(&instance, "user", &user);
        let mut with = statement(&id(1), "anna", "a");
        with["attachments"] = json!([attachment("https://larkby.example/bilaga", "text/plain", LLAMA.as_bytes())]);
        let parts = [
            ("application/json".to_owned(), String::new(), with.to_string()),
            ("text/plain".to_owned(), sha2(LLAMA.as_bytes()), LLAMA.to_owned()),
        ];
        let mut body = String::new();
        for (content_type, hash, content) in &parts {
            let hash = if hash.is_empty() { String::new() } else { format!("\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {hash}") };
            body.push_str(&format!("--b\r\nContent-Type: {content_type}{hash}\r\n\r\n{content}\r\n"));
        }
        body.push_str("--b--\r\n");
        let sent = server.xapi(Method::POST, "statements", "2.0.0").header("Content-Type", "multipart/mixed; boundary=b").body(body);
        assert_eq!(sent.send().await.unwrap().status(), 200);
        let mut more: Vec<Value> = (2..20).map(|number| statement(&id(number), "bo", "b")).collect();
        // From a device that had no network.
        more[0]["timestamp"] = "2026-01-15T08:00:00Z".into();
        server.post(&more.into()).await.unwrap().error_for_status().unwrap();
        let mut voiding = voiding(20, 1, 2);
        voiding.as_object_mut().unwrap().remove("version");
        server.post(&voiding).await.unwrap().error_for_status().unwrap();

        let url = format!("{}/xapi", server.address);
        let arguments = ["--pull", &url, "--user", user.to_str().unwrap(), "--page", "7"];
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, counts(&answer)), (Some(0), [20, 20, 0, 0]), "{answer}");
        assert_eq!(answer["counts"]["voided"], json!({ "source": 1, "here": 1 }));
        let target = instance.start().await.unwrap();
        assert_eq!(target.ids(&[]).await.unwrap().len(), 19);
        let given = target.get(&[("voidedStatementId", &id(1)), ("attachments", "true")]).await.unwrap();
        assert!(given.text().await.unwrap().contains(LLAMA));
        let there = server.statement(&id(2)).await.unwrap();
        let told = instance.run_json(&["statement", "provenance", &id(2)]).unwrap();
        assert_eq!(told["original"]["stored"], there["stored"]);
        assert_eq!(told["original"]["authority"], there["authority"]);
        assert_eq!(target.statement(&id(2)).await.unwrap()["timestamp"], there["timestamp"]);

        // Later: only what is new is stored, and everything is counted. One that had come before is voided meanwhile.
        let mut late = statement(&id(31), "bo", "b");
        late["verb"]["id"] = VOIDED.into();
        late["object"] = json!({ "objectType": "StatementRef", "id": id(3) });
        server.post(&json!([statement(&id(30), "cia", "c"), late])).await.unwrap().error_for_status().unwrap();
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, &answer["stored"], &answer["from_start"]), (Some(0), &json!(2), &Value::Null), "{answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 22, "here": 22 }));
        assert_eq!(answer["counts"]["voided"], json!({ "source": 2, "here": 2 }));
    }

    async fn the_habits_of_other_stores_are_borne(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "nyckel:hem:lighet");
        // Twelve statements, with three digits or nine; three a page, of which the last comes again on the next.
        let stored = |number: u32| {
            let digits = if number.is_multiple_of(2) { "123" } else { "123456789" };
            format!("2024-05-01T10:00:{number:02}.{digits}Z")
        };
        let kept = move |number: u32| { let mut kept = kept(number, "anna", 1); kept["stored"] = stored(number).into(); kept };
        let mut busy = 0;
        let other = Other::start(move |number, target| {
            let json = |value: Value| Reply::With(200, vec![], value.to_string());
            if target.starts_with("/data/xAPI/about") {
                return json(json!({ "version": ["0.9", "1.0.0", "1.0.3", "0.95"] }));
            }
            if target.contains("attachments=true") {
                return Reply::With(400, vec![], "{}".into());
            }
            if number % 4 == 1 && busy < 3 {
                busy += 1;
                return match busy {
                    1 => Reply::With(429, vec![("Retry-After", "0".into())], String::new()),
                    2 => Reply::With(503, vec![("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT".into())], String::new()),
                    _ => Reply::With(502, vec![], String::new()),
                };
            }
            let from = target.split_once("from=").and_then(|(_, from)| from.parse::<u32>().ok()).unwrap_or(1);
            let mut page: Vec<Value> = (from..=12.min(from + 2)).map(kept).collect();
            page.push(page[0].clone());
            // Its own idea of where it is: behind a proxy it knows neither scheme nor port.
            let more = if from >= 11 { String::new() } else { format!("https://127.0.0.1/data/xAPI/statements?from={}", from + 2) };
            json(json!({ "statements": page, "more": more }))
        })
        .unwrap();
        let url = format!("{}/data/xAPI/", other.address);
        let arguments = ["--pull", &url, "--user", user.to_str().unwrap(), "--page", "3"];
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, &answer["stored"], &answer["aside"]), (Some(0), &json!(12), &json!(0)), "{answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 12, "here": 12 }));
        assert_eq!(answer["counts"]["last_stored"]["here"], "2024-05-01T10:00:12.123000Z");
        assert_eq!(answer["attachments"], json!(false));
        let seen = other.seen();
        let basic = format!("basic {}", STANDARD.encode("nyckel:hem:lighet").to_lowercase());
        assert!(seen.iter().all(|(_, headers)| headers.contains(&basic)));
        assert!(seen.iter().skip(1).all(|(_, headers)| headers.contains("x-experience-api-version: 1.0.3")));
        assert_eq!(instance.sound_statements().await.unwrap(), 12);

        // What comes again shows no order that could be gone on with.
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, &answer["stored"]), (Some(0), &json!(0)), "{answer}");
        assert!(answer["from_start"].as_str().is_some_and(|why| why.contains("order")), "{answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 12, "here": 12 }));
        assert!(!other.seen().iter().any(|(target, _)| target.contains("since=")));
        assert!(!instance.said().contains("lighet"));
    }

    async fn what_was_set_aside_is_not_forgotten_by_later_pulls(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "a:b");
        let here = written(&instance, "statements.jsonl", &kept(1, "anna", 2).to_string());
        assert_eq!(import(&instance, &[here.to_str().unwrap()], &key).0, Some(0));
        // Another statement under that id at first, then nothing of it, then the one that is here.
        let mut wrong = kept(1, "anna", 2);
        wrong["result"] = json!({ "completion": false });
        let (other, store) = Store::start(vec![wrong, kept(2, "anna", 9)], Since::Stored).unwrap();
        let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap()];
        for expected in [[2, 1, 0, 1], [1, 0, 1, 0]] {
            let (code, answer) = import(&instance, &arguments, &key);
            assert_eq!((code, counts(&answer)), (Some(2), expected), "{answer}");
            assert_eq!(answer["counts"]["statements"], json!({ "source": 2, "here": 1 }));
            assert_eq!(answer["counts"]["missing"], json!([id(1)]));
        }
        let mut mended = kept(1, "anna", 2);
        mended["stored"] = kept(1, "anna", 10)["stored"].clone();
        store.statements.lock().unwrap()[0] = mended;
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, counts(&answer)), (Some(0), [2, 0, 2, 0]), "{answer}");
    }

    async fn a_voided_statement_is_taken_without_attachments_and_only_404_says_that_there_is_none(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "a:b");
        let other = Other::start(|_, target| {
            let body = if target.ends_with("/about") {
                json!({ "version": ["1.0.3"] })
            } else if !target.contains("voidedStatementId=") {
                json!({ "statements": [voiding(2, 1, 3), voiding(4, 3, 4)], "more": "" })
            } else if target.contains(&id(3)) {
                return Reply::With(404, vec![], String::new());
            } else if target.contains("attachments=true") {
                return Reply::With(400, vec![], String::new());
            } else {
                kept(1, "anna", 2)
            };
            Reply::With(200, vec![], body.to_string())
        })
        .unwrap();
        let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap()];
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, counts(&answer)), (Some(0), [3, 3, 0, 0]), "{answer}");
        assert_eq!(answer["counts"]["voided"], json!({ "source": 1, "here": 1 }));
    }

    async fn a_pull_that_is_killed_goes_on_from_what_was_reached(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "a:b");
        let other = Other::start(|number, target| {
            if target.ends_with("/about") {
                return Reply::With(200, vec![], json!({ "version": ["1.0.3"] }).to_string());
            }
            let after = target.split_once("after=").and_then(|(_, after)| after.parse::<u32>().ok()).unwrap_or(0);
            // The third page is never given to whoever asks first.
            if after == 4 && number < 5 {
                return Reply::Never;
            }
            let page: Vec<Value> = (after + 1..=after + 2).map(|number| kept(number, "anna", number)).collect();
            let more = if after == 8 { String::new() } else { format!("/statements?after={}", after + 2) };
            Reply::With(200, vec![], json!({ "statements": page, "more": more }).to_string())
        })
        .unwrap();
        let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap()];
        let all = [&["import", "statements"], &arguments[..], &["--credential", &key]].concat();
        let mut child = instance.command(&all).spawn().unwrap();
        until("the third page is asked for", || async { (other.seen().len() >= 4).then_some(()) }).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!(code, Some(0), "{answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 10, "here": 10 }));
        let (target, _) = other.seen().into_iter().find(|(target, _)| target.contains("since=") && !target.contains("until=")).unwrap();
        assert!(target.contains("since=2024-03-04T08%3A29%3A00.123"), "{target}");
        assert_eq!(instance.sound_statements().await.unwrap(), 10);
        assert_eq!(instance.number("SELECT count(*) FROM event WHERE kind = 'import_run'").await.unwrap(), 2);
    }
}

#[tokio::test]
async fn what_cannot_be_pulled_is_said_in_a_line() {
    let instance = Instance::fresh(blackbox::Backend::Sqlite).await.unwrap();
    let (key, _) = instance.credential("all").unwrap();
    let user = written(&instance, "user", "a:b");
    let said = |url: &str, user: &str| {
        let arguments = ["import", "statements", "--pull", url, "--user", user, "--credential", &key];
        let output = instance.run(&arguments).unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let user = user.to_str().unwrap();
    let refusing = Other::start(|_, _| Reply::With(401, vec![], String::new())).unwrap();
    assert!(said(&refusing.address, user).contains("401"));
    let leading = Other::start(|_, target| {
        let body = match target.ends_with("/about") {
            true => json!({ "version": ["1.0.3"] }),
            false => json!({ "statements": [], "more": "http://elsewhere.example/statements" }),
        };
        Reply::With(200, vec![], body.to_string())
    })
    .unwrap();
    assert!(said(&leading.address, user).contains("another host"));
    assert_eq!(leading.seen().len(), 2, "and is not asked");
    let circling =
        Other::start(|_, _| Reply::With(200, vec![], json!({ "statements": [], "more": "/x" }).to_string()))
            .unwrap();
    assert!(said(&circling.address, user).contains("same page"));
    // The next page is gone, however often the list is asked for anew.
    let gone = Other::start(|_, target| {
        let body = match target {
            "/about" => json!({ "version": ["1.0.3"] }),
            "/gone" => return Reply::With(404, vec![], String::new()),
            _ => json!({ "statements": [kept(1, "anna", 2)], "more": "/gone" }),
        };
        Reply::With(200, vec![], body.to_string())
    })
    .unwrap();
    assert!(said(&gone.address, user).contains("404"));
    let lists = gone
        .seen()
        .into_iter()
        .filter(|(target, _)| target.starts_with("/statements") && !target.contains("until="));
    assert_eq!(lists.count(), 2, "once from the start, and once from what was reached");
    let hiding = Other::start(|_, target| {
        if target.contains("voidedStatementId=") {
            return Reply::With(403, vec![], String::new());
        }
        let body = json!({ "version": ["1.0.3"], "statements": [voiding(2, 1, 3)] });
        Reply::With(200, vec![], body.to_string())
    })
    .unwrap();
    assert!(said(&hiding.address, user).contains("403"));
    let moved = Other::start(|_, _| {
        Reply::With(302, vec![("Location", "http://elsewhere.example/".into())], String::new())
    })
    .unwrap();
    assert!(said(&moved.address, user).contains("redirects"));
    let wrong = Other::start(|_, _| Reply::With(200, vec![], "<html>".into())).unwrap();
    assert!(said(&wrong.address, user).contains("list of statements"));
    assert!(said("http://a:b@127.0.0.1:1/", user).contains("--user"));
    assert!(said("http://127.0.0.1:1/xapi", user).contains("does not answer"));
    let without = ["import", "statements", "--pull", &moved.address, "--user", user, "--credential", &key];
    let output = instance.run(&[&without[..], &["--overlap", "0"]].concat()).unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("--overlap"));
    let empty = written(&instance, "empty", "no colon");
    assert!(said("http://127.0.0.1:1/xapi", empty.to_str().unwrap()).contains("key:secret"));
}

#[tokio::test]
async fn what_is_not_public_is_pulled_only_by_setting_and_link_local_never() {
    let instance = Instance::fresh(blackbox::Backend::Sqlite).await.unwrap();
    let (key, _) = instance.credential("all").unwrap();
    let user = written(&instance, "user", "a:b");
    let (other, _) = Store::start(first(), Since::Stored).unwrap();
    let named = other.address.replace("http://127.0.0.1", "https://localhost");
    let said = |url: &str, setting: &str| {
        let arguments =
            ["import", "statements", "--pull", url, "--user", user.to_str().unwrap(), "--credential", &key];
        let output = instance.command(&arguments).arg(setting).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    for url in [&other.address, "http://lrs.example/xapi", "https://10.0.0.1/xapi", &named] {
        assert!(said(url, "--reach-private=false").contains("reach-private"), "{url}");
    }
    for setting in ["--reach-private", "--reach-private=false"] {
        assert!(said("https://169.254.169.254/", setting).contains("never"), "{setting}");
    }
    assert_eq!(other.seen(), []);
    // A proxy would look the name up, and may lead anywhere.
    let (proxy, _) = Store::start(vec![], Since::Stored).unwrap();
    for (setting, goes_by_it) in [("--reach-private", false), ("--reach-by-proxy", true)] {
        let url = "http://lrs.invalid/xapi";
        let arguments =
            ["import", "statements", "--pull", url, "--user", user.to_str().unwrap(), "--credential", &key];
        let mut command = instance.command(&arguments);
        command.arg(setting).env("http_proxy", &proxy.address).env_remove("no_proxy").env_remove("NO_PROXY");
        assert_eq!(command.output().unwrap().status.success(), goes_by_it, "{setting}");
        assert_eq!(!proxy.seen().is_empty(), goes_by_it, "{setting}");
        let numbered = instance
            .command(&arguments.map(|one| if one == url { "http://169.254.169.254/" } else { one }))
            .arg(setting)
            .output()
            .unwrap();
        assert!(String::from_utf8(numbered.stderr).unwrap().contains("never"), "{setting}");
    }
}
