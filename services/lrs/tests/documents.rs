//! Documents that tools keep: states, activity profiles, agent profiles. And Persons.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use lrs::Limits;
use rig::documents::*;
use rig::*;
use serde_json::{Value, json};

promises! {
    async fn any_bytes_come_back_as_they_came_with_their_type(rig) {
        let all: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        let large: Vec<u8> = (0..300_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
        for (n, (bytes, kind)) in [
            (all, "image/x-made-up; a=\"b c\""),
            (large, "application/octet-stream"),
            (Vec::new(), "text/plain"),
            (b"{\"not\": json".to_vec(), "application/json"),
            ("å".as_bytes().to_vec(), "Text/HTML;charset=utf-8"),
        ].into_iter().enumerate() {
            for uri in everywhere(&format!("id {n} å/&?")) {
                put(&rig, "2.0.0", &uri, &[("Content-Type", kind), NEW], bytes.clone()).await.expect(204);
                for version in VERSIONS {
                    let given = ask(&rig, version, Method::GET, &uri, &[], "").await.expect(200);
                    assert_eq!(given.header("content-type"), Some(kind));
                    assert!(given.body == bytes, "{uri}");
                }
            }
        }
        let [untyped, ..] = everywhere("untyped");
        put(&rig, "2.0.0", &untyped, &[], "x").await.expect(204);
        assert_eq!(get(&rig, &untyped).await.header("content-type"), Some("application/octet-stream"));
    }

    async fn the_etag_is_the_sha1_of_the_content_and_the_date_is_when_it_was_stored(rig) {
        for version in VERSIONS {
            for uri in everywhere(version) {
                let stored = put(&rig, version, &uri, &[NEW], "abc").await.expect(204);
                assert_eq!(stored.header("etag"), Some(sha1_of_abc()));
                let given = ask(&rig, version, Method::GET, &uri, &[], "").await.expect(200);
                assert_eq!(given.header("etag"), Some(sha1_of_abc()));
                assert_eq!(given.header("last-modified"), Some("Thu, 15 Jan 2026 08:00:00 GMT"));
                let head = ask(&rig, version, Method::HEAD, &uri, &[], "").await.expect(200);
                assert!(head.body.is_empty());
                for header in ["etag", "last-modified", "content-type"] {
                    assert_eq!(head.header(header), given.header(header));
                }
                assert_eq!(head.header("content-length"), Some("3"));
            }
        }
        rig.clock.advance(Duration::from_secs(61));
        let [uri, ..] = everywhere("1.0.3");
        put(&rig, "1.0.3", &uri, &[], "abcd").await.expect(204);
        let given = get(&rig, &uri).await.expect(200);
        assert_eq!(given.header("last-modified"), Some("Thu, 15 Jan 2026 08:01:01 GMT"));
        assert_ne!(given.header("etag"), Some(sha1_of_abc()));
    }

    async fn whoever_stored_a_document_is_told_the_etag_that_a_reader_gets(rig) {
        for version in VERSIONS {
            for uri in everywhere(version) {
                let mut known = put(&rig, version, &uri, &[NEW, JSON], r#"{"a":1}"#).await.expect(204);
                for round in 0..3 {
                    let tag = known.header("etag").unwrap().to_owned();
                    let given = ask(&rig, version, Method::GET, &uri, &[], "").await.expect(200);
                    assert_eq!(given.header("etag"), Some(tag.as_str()), "{uri}");
                    let (method, body) = match round {
                        0 => (Method::PUT, r#"{"a":2}"#.to_owned()),
                        1 => (Method::POST, r#"{"b":3}"#.to_owned()),
                        // Sealed beside the other work.
                        _ => (Method::POST, format!(r#"{{"c":"{}"}}"#, "x".repeat(200_000))),
                    };
                    known = ask(&rig, version, method, &uri, &[("If-Match", &tag), JSON], body).await.expect(204);
                }
                let stale = sha1_of_abc();
                let refused = put(&rig, version, &uri, &[("If-Match", stale)], "x").await.expect(412);
                assert_eq!(refused.header("etag"), None);
            }
        }
        let uri = state_of("anna", "a", "blind");
        let blind = put(&rig, "1.0.3", &uri, &[], "abc").await.expect(204);
        assert_eq!(blind.header("etag"), Some(sha1_of_abc()));
        assert_eq!(delete(&rig, &uri).await.expect(204).header("etag"), None);
    }

    async fn a_reader_who_has_the_document_already_is_told_so(rig) {
        let [uri, ..] = everywhere("s");
        put(&rig, "2.0.0", &uri, &[], "abc").await.expect(204);
        for known in [sha1_of_abc(), "*", "\"x\", W/\"a9993e364706816aba3e25717850c26c9cd0d89d\""] {
            let answer = ask(&rig, "2.0.0", Method::GET, &uri, &[("If-None-Match", known)], "").await.expect(304);
            assert_eq!(answer.header("etag"), Some(sha1_of_abc()));
            assert!(answer.body.is_empty());
        }
        ask(&rig, "2.0.0", Method::GET, &uri, &[("If-None-Match", "\"x\"")], "").await.expect(200);
        ask(&rig, "2.0.0", Method::GET, &uri, &[("If-Match", "\"x\"")], "").await.expect(412);
        let [missing, ..] = everywhere("none");
        ask(&rig, "2.0.0", Method::GET, &missing, &[("If-Match", "\"x\"")], "").await.expect(404);
    }

    async fn a_put_without_a_condition_follows_the_rules_of_its_version(rig) {
        let [state, activity_profile, agent_profile] = everywhere("s");
        // 1.0.3: states need none, profiles need one even where nothing is.
        put(&rig, "1.0.3", &state, &[], "a").await.expect(204);
        put(&rig, "1.0.3", &state, &[], "b").await.expect(204);
        for uri in [&activity_profile, &agent_profile] {
            put(&rig, "1.0.3", uri, &[], "a").await.expect(400);
            get(&rig, uri).await.expect(404);
            put(&rig, "1.0.3", uri, &[NEW], "b").await.expect(204);
            put(&rig, "1.0.3", uri, &[], "c").await.expect(409);
        }
        // 2.0: nothing is replaced without one, states neither.
        for uri in [&state, &activity_profile, &agent_profile] {
            let refused = put(&rig, "2.0.0", uri, &[], "c").await.expect(409);
            assert!(refused.json()["error"].as_str().unwrap().contains("If-Match"), "says what to do");
            assert_eq!(get(&rig, uri).await.text(), "b", "nothing is changed");
        }
        for uri in everywhere("t") {
            put(&rig, "2.0.0", &uri, &[], "a").await.expect(204);
        }
    }

    async fn a_condition_that_fails_is_412_and_changes_nothing(rig) {
        for version in VERSIONS {
            for uri in everywhere(version) {
                for fails in [("If-Match", sha1_of_abc()), ("If-Match", "*")] {
                    for method in [Method::PUT, Method::POST, Method::DELETE] {
                        ask(&rig, version, method, &uri, &[fails, JSON], "{}").await.expect(412);
                    }
                }
                get(&rig, &uri).await.expect(404);
                put(&rig, version, &uri, &[NEW, JSON], "{}").await.expect(204);
                let tag = get(&rig, &uri).await.header("etag").unwrap().to_owned();
                let weak = format!("W/{tag}");
                let list = format!("\"x\", {tag}");
                for fails in [
                    ("If-Match", sha1_of_abc()), ("If-Match", "\"1234\""), ("If-Match", weak.as_str()),
                    ("If-None-Match", "*"), ("If-None-Match", tag.as_str()), ("If-None-Match", list.as_str()),
                ] {
                    for method in [Method::PUT, Method::POST, Method::DELETE] {
                        let body = json!({ "changed": true }).to_string();
                        ask(&rig, version, method, &uri, &[fails, JSON], body).await.expect(412);
                    }
                    assert_eq!(get(&rig, &uri).await.expect(200).text(), "{}");
                }
                put(&rig, version, &uri, &[("If-Match", &list)], "abc").await.expect(204);
                // As some clients send what they reckoned themselves.
                let bare = sha1_of_abc().trim_matches('"');
                put(&rig, version, &uri, &[("If-Match", bare), JSON], "{}").await.expect(204);
                ask(&rig, version, Method::POST, &uri, &[("If-Match", &tag), JSON], "{\"a\":1}").await.expect(204);
                ask(&rig, version, Method::DELETE, &uri, &[("If-Match", "*")], "").await.expect(204);
                get(&rig, &uri).await.expect(404);
                ask(&rig, version, Method::POST, &uri, &[NEW, JSON], "{\"b\":1}").await.expect(204);
                put(&rig, version, &uri, &[("If-Match", "no \"tag")], "c").await.expect(400);
                assert_eq!(get(&rig, &uri).await.text(), "{\"b\":1}");
            }
        }
    }

    async fn post_merges_json_objects_at_the_top_level_only(rig) {
        for uri in everywhere("s") {
            post(&rig, &uri, &json!({ "car": { "make": "Ford", "model": "Escape" }, "x": 1 })).await.expect(204);
            let charset = ("Content-Type", "Application/JSON; charset=utf-8");
            let body = r#"{"car":{"make":"Volvo"},"long":12345678901234567890.10,"n":"\u0000"}"#;
            ask(&rig, "1.0.3", Method::POST, &uri, &[charset], body).await.expect(204);
            let given = get(&rig, &uri).await.expect(200);
            assert_eq!(given.header("content-type"), Some("application/json"));
            assert_eq!(given.text(), r#"{"car":{"make":"Volvo"},"x":1,"long":12345678901234567890.10,"n":"\u0000"}"#);
        }
    }

    async fn post_refuses_what_cannot_be_merged_and_changes_nothing(rig) {
        for version in VERSIONS {
            for uri in everywhere(version) {
                // Nothing there yet.
                for (kind, body) in [
                    ("text/plain", "{}"), ("not/json", "{}"), ("application/json", "{}["),
                    ("application/json", "[1]"), ("application/json", ""), ("application/json", "{\"a\":\"\\ud800\"}"),
                ] {
                    ask(&rig, version, Method::POST, &uri, &[("Content-Type", kind)], body).await.expect(400);
                }
                ask(&rig, version, Method::POST, &uri, &[], "{}").await.expect(400);
                get(&rig, &uri).await.expect(404);
                put(&rig, version, &uri, &[NEW, ("Content-Type", "text/plain")], "{}").await.expect(204);
                ask(&rig, version, Method::POST, &uri, &[JSON], "{\"a\":1}").await.expect(400);
                put(&rig, version, &uri, &[("If-Match", "*"), JSON], "[1]").await.expect(204);
                ask(&rig, version, Method::POST, &uri, &[JSON], "{\"a\":1}").await.expect(400);
                assert_eq!(get(&rig, &uri).await.text(), "[1]");
            }
        }
    }

    async fn deleting_is_204_whether_or_not_there_was_anything(rig) {
        for uri in everywhere("s") {
            let head = rig.log.head().await.unwrap().position;
            delete(&rig, &uri).await.expect(204);
            assert_eq!(rig.log.head().await.unwrap().position, head, "nothing happened");
            post(&rig, &uri, &json!({ "a": 1 })).await.expect(204);
            delete(&rig, &uri).await.expect(204);
            get(&rig, &uri).await.expect(404);
            delete(&rig, &uri).await.expect(204);
            // What comes after is a new document: nothing of the old one is merged.
            put(&rig, "2.0.0", &uri, &[NEW, JSON], "{}").await.expect(204);
            delete(&rig, &uri).await.expect(204);
            post(&rig, &uri, &json!({ "b": 1 })).await.expect(204);
            assert_eq!(get(&rig, &uri).await.text(), "{\"b\":1}");
        }
    }

    async fn documents_are_apart_by_everything_that_names_them(rig) {
        let registration = |number| ("registration", id(number));
        let base = |name: &str, about: &str, id: &str, more: &[(&str, String)]| {
            let agent = agent(name).to_string();
            let activity = activity(about);
            let mut parameters = vec![("activityId", activity.as_str()), ("agent", &agent), ("stateId", id)];
            parameters.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
            at("activities/state", &parameters)
        };
        let uris = [
            base("anna", "a", "s", &[]), base("bo", "a", "s", &[]), base("anna", "b", "s", &[]),
            base("anna", "a", "S", &[]), base("anna", "a", "s", &[registration(1)]),
            base("anna", "a", "s", &[registration(2)]),
            at("activities/profile", &[("activityId", &activity("a")), ("profileId", "s")]),
            at("agents/profile", &[("agent", &agent("anna").to_string()), ("profileId", "s")]),
        ];
        for (n, uri) in uris.iter().enumerate() {
            get(&rig, uri).await.expect(404);
            put(&rig, "2.0.0", uri, &[], n.to_string()).await.expect(204);
        }
        for (n, uri) in uris.iter().enumerate() {
            assert_eq!(get(&rig, uri).await.expect(200).text(), n.to_string());
        }
        // An address and its hash are one agent.
        let by = |agent: Value| at("agents/profile", &[("agent", &agent.to_string()), ("profileId", "m")]);
        let mbox = by(json!({ "mbox": "mailto:abc@larkby.example", "name": "Any" }));
        put(&rig, "2.0.0", &mbox, &[], "x").await.expect(204);
        use sha1::Digest as _;
        let hash = hex::encode(sha1::Sha1::digest("mailto:abc@larkby.example"));
        assert_eq!(get(&rig, &by(json!({ "mbox_sha1sum": hash }))).await.expect(200).text(), "x");
        assert_eq!(get(&rig, &by(json!({ "mbox": "mailto:abc@larkby.example" }))).await.text(), "x");
    }

    async fn lists_have_what_is_there_and_was_stored_since(rig) {
        let agent = agent("anna").to_string();
        let activity = activity("a");
        let all = |more: &[(&str, &str)]| {
            let mut parameters = vec![("activityId", activity.as_str()), ("agent", agent.as_str())];
            parameters.extend(more);
            at("activities/state", &parameters)
        };
        assert_eq!(ids(&rig, &all(&[])).await, [""; 0]);
        let (one, two) = (id(1), id(2));
        let first = ("registration", one.as_str());
        let second = ("registration", two.as_str());
        for (id, registration) in [("a", None), ("b", Some(first)), ("a", Some(first)), ("c", Some(second))] {
            let mut parameters = vec![("stateId", id)];
            parameters.extend(registration);
            post(&rig, &all(&parameters), &json!({})).await.expect(204);
        }
        assert_eq!(ids(&rig, &all(&[])).await, ["a", "b", "c"], "each id once");
        assert_eq!(ids(&rig, &all(&[first])).await, ["a", "b"]);
        assert_eq!(ids(&rig, &all(&[second])).await, ["c"]);

        rig.clock.advance(Duration::from_secs(10));
        post(&rig, &all(&[("stateId", "b"), first]), &json!({ "x": 1 })).await.expect(204);
        let list = get(&rig, &all(&[])).await.expect(200);
        assert_eq!(list.header("last-modified"), Some("Thu, 15 Jan 2026 08:00:10 GMT"));
        assert!(list.header("etag").is_some());
        assert_eq!(list.header("content-type"), Some("application/json"));
        // Exclusive, and in any time zone.
        assert_eq!(ids(&rig, &all(&[("since", "2026-01-15T08:00:09.999999Z")])).await, ["b"]);
        assert_eq!(ids(&rig, &all(&[("since", "2026-01-15T09:00:10+01:00")])).await, [""; 0]);
        assert_eq!(ids(&rig, &all(&[("since", "2026-01-15T07:59:59Z"), second])).await, ["c"]);
        let head = ask(&rig, "2.0.0", Method::HEAD, &all(&[]), &[], "").await.expect(200);
        assert!(head.body.is_empty());

        delete(&rig, &all(&[("stateId", "b"), first])).await.expect(204);
        assert_eq!(ids(&rig, &all(&[])).await, ["a", "c"]);
        for [_, activity_profile, agent_profile] in [everywhere("p"), everywhere("q")] {
            post(&rig, &activity_profile, &json!({})).await.expect(204);
            post(&rig, &agent_profile, &json!({})).await.expect(204);
        }
        assert_eq!(ids(&rig, &at("activities/profile", &[("activityId", &activity)])).await, ["p", "q"]);
        assert_eq!(ids(&rig, &at("agents/profile", &[("agent", &agent)])).await, ["p", "q"]);
        assert_eq!(ids(&rig, &at("activities/profile", &[("activityId", "https://e.org/none")])).await, [""; 0]);
    }

    async fn deleting_states_together_takes_those_of_the_context_and_no_others(rig) {
        let registered = |name: &str, id: &str, number| {
            format!("{}&registration={}", state_of(name, "a", id), rig::id(number))
        };
        let all = |name: &str| {
            let agent = agent(name).to_string();
            at("activities/state", &[("activityId", &activity("a")), ("agent", &agent)])
        };
        for uri in [
            state_of("anna", "a", "x"), registered("anna", "x", 1), registered("anna", "y", 1), registered("anna", "y", 2),
            state_of("bo", "a", "x"), state_of("anna", "b", "x"),
        ] {
            post(&rig, &uri, &json!({})).await.expect(204);
        }
        delete(&rig, &format!("{}&registration={}", all("anna"), id(1))).await.expect(204);
        for (uri, status) in [
            (registered("anna", "x", 1), 404), (registered("anna", "y", 1), 404),
            (registered("anna", "y", 2), 200), (state_of("anna", "a", "x"), 200),
        ] {
            get(&rig, &uri).await.expect(status);
        }
        // A condition speaks of one document.
        ask(&rig, "2.0.0", Method::DELETE, &all("anna"), &[("If-Match", "*")], "").await.expect(400);
        delete(&rig, &all("anna")).await.expect(204);
        delete(&rig, &all("anna")).await.expect(204);
        delete(&rig, &all("nobody")).await.expect(204);
        assert_eq!(ids(&rig, &all("anna")).await, [""; 0]);
        get(&rig, &registered("anna", "y", 2)).await.expect(404);
        for uri in [state_of("bo", "a", "x"), state_of("anna", "b", "x")] {
            get(&rig, &uri).await.expect(200);
        }
    }

    async fn parameters_are_checked_before_anything_is_done(rig) {
        let agent_ok = agent("anna").to_string();
        let activity_ok = activity("a");
        let good = [("activityId", activity_ok.as_str()), ("agent", agent_ok.as_str()), ("stateId", "s")];
        for version in VERSIONS {
            for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE] {
                for bad in [
                    ("activityId", "no iri"), ("agent", "not JSON"), ("agent", "true"), ("agent", "{}"),
                    ("agent", r#"{"objectType":"Group","mbox":"mailto:a@e.org"}"#),
                    ("registration", "true"), ("unknown", "x"), ("StateId", "s"), ("profileId", "s"),
                    ("since", "2026-01-15T08:00:00Z"), ("method", "GET"),
                ] {
                    let mut parameters: Vec<_> = good.into_iter().filter(|(name, _)| *name != bad.0).collect();
                    parameters.push(bad);
                    let uri = at("activities/state", &parameters);
                    let answer = ask(&rig, version, method.clone(), &uri, &[JSON], "{}").await.expect(400);
                    assert!(!answer.text().contains("anna"), "{}", answer.text());
                }
                for missing in ["activityId", "agent"] {
                    let parameters: Vec<_> = good.into_iter().filter(|(name, _)| *name != missing).collect();
                    let uri = at("activities/state", &parameters);
                    ask(&rig, version, method.clone(), &uri, &[JSON], "{}").await.expect(400);
                }
                let twice = format!("{}&stateId=t", at("activities/state", &good));
                ask(&rig, version, method.clone(), &twice, &[JSON], "{}").await.expect(400);
                let broken = format!("{}&registration=%zz", at("activities/state", &good));
                ask(&rig, version, method, &broken, &[JSON], "{}").await.expect(400);
            }
            let profiles = [("activities/profile", good[0]), ("agents/profile", good[1])];
            for (resource, of) in profiles {
                for method in [Method::PUT, Method::POST, Method::DELETE] {
                    ask(&rig, version, method, &at(resource, &[of]), &[JSON], "{}").await.expect(400);
                }
                let both = at(resource, &[of, ("profileId", "p"), ("since", "2026-01-15T08:00:00Z")]);
                ask(&rig, version, Method::GET, &both, &[], "").await.expect(400);
                let bad = at(resource, &[of, ("since", "yesterday")]);
                ask(&rig, version, Method::GET, &bad, &[], "").await.expect(400);
            }
            for method in [Method::PUT, Method::POST] {
                let uri = at("activities/state", &good[..2]);
                ask(&rig, version, method, &uri, &[JSON], "{}").await.expect(400);
            }
            let uri = at("activities/state", &good);
            let patched = ask(&rig, version, Method::PATCH, &uri, &[], "").await.expect(405);
            assert_eq!(patched.header("allow"), Some("GET, HEAD, PUT, POST, DELETE"));
        }
        assert_eq!(rig.log.head().await.unwrap().position.0, 0);
    }

    async fn lists_of_profiles_begin_after_the_instant_that_is_asked_for(rig) {
        let person = agent("anna").to_string();
        let of = [("activities/profile", ("activityId", activity("a"))), ("agents/profile", ("agent", person))];
        for (resource, (name, value)) in &of {
            put(&rig, "2.0.0", &at(resource, &[(name, value), ("profileId", "a")]), &[NEW], "x").await.expect(204);
        }
        rig.clock.advance(Duration::from_secs(10));
        for (resource, (name, value)) in &of {
            put(&rig, "2.0.0", &at(resource, &[(name, value), ("profileId", "b")]), &[NEW], "x").await.expect(204);
            let since = |since: &str| at(resource, &[(name, value), ("since", since)]);
            assert_eq!(ids(&rig, &at(resource, &[(name, value)])).await, ["a", "b"]);
            assert_eq!(ids(&rig, &since("2026-01-15T07:59:59Z")).await, ["a", "b"]);
            assert_eq!(ids(&rig, &since("2026-01-15T08:00:09.999999Z")).await, ["b"]);
            assert_eq!(ids(&rig, &since("2026-01-15T09:00:11+01:00")).await, [""; 0]);
        }
    }

    async fn the_alternate_syntax_of_1_0_3_reaches_documents(rig) {
        let [_, activity_profile, _] = everywhere("s");
        let (resource, form) = activity_profile.split_once('?').unwrap();
        let mean = async |method: &str, more: &str| {
            let headers = [("Content-Type", "application/x-www-form-urlencoded")];
            let uri = format!("{resource}?method={method}");
            ask(&rig, "1.0.3", Method::POST, &uri, &headers, format!("{form}{more}")).await
        };
        mean("PUT", "&content=%7B%22a%22%3A1%7D").await.expect(400);
        mean("PUT", "&If-None-Match=*&Content-Type=text%2Fplain&content=abc").await.expect(204);
        mean("PUT", "&If-None-Match=*&content=x").await.expect(412);
        let given = mean("GET", "").await.expect(200);
        assert_eq!((given.text().as_str(), given.header("content-type")), ("abc", Some("text/plain")));
        assert_eq!(given.header("etag"), Some(sha1_of_abc()));
        mean("DELETE", "").await.expect(204);
        mean("GET", "").await.expect(404);
        mean("POST", "&content=%7B%22a%22%3A1%7D").await.expect(204);
        mean("POST", "&content=%7B%22b%22%3A2%7D").await.expect(204);
        assert_eq!(mean("GET", "").await.json(), json!({ "a": 1, "b": 2 }));
    }

    async fn strangers_and_those_without_the_scope_are_kept_out(rig) {
        let mut rig = rig;
        let methods = [Method::GET, Method::PUT, Method::POST, Method::DELETE];
        let people = at("agents", &[("agent", &agent("anna").to_string())]);
        for uri in everywhere("s").iter().chain([&people]) {
            let bare = Request::builder().uri(uri).header("X-Experience-API-Version", "2.0.0");
            rig.send(bare.body(Body::empty()).unwrap()).await.expect(401);
            let unversioned = Request::builder().uri(uri).header("Authorization", &rig.all);
            rig.send(unversioned.body(Body::empty()).unwrap()).await.expect(400);
        }
        let [state, activity_profile, agent_profile] = everywhere("s");
        for (scopes, uri, reads, writes) in [
            (&["state"][..], &state, true, true),
            (&["state"], &activity_profile, false, false),
            (&["profile"], &state, false, false),
            (&["profile"], &agent_profile, true, true),
            (&["profile"], &activity_profile, true, true),
            (&["all/read"], &state, true, false),
            (&["all/read"], &agent_profile, true, false),
            (&["statements/read", "statements/write"], &state, false, false),
        ] {
            rig.all = rig.credential(scopes).await;
            for method in methods.clone() {
                let may = if method == Method::GET { reads } else { writes };
                let answer = ask(&rig, "2.0.0", method, uri, &[JSON, ("If-Match", "\"x\"")], "{}").await;
                assert_eq!(answer.status == 403, !may, "{scopes:?} {uri}: {}", answer.text());
            }
        }
        rig.all = rig.credential(&["state"]).await;
        get(&rig, &people).await.expect(200);
        rig.all = rig.credential(&["statements/write"]).await;
        get(&rig, &people).await.expect(403);
    }

    async fn a_person_is_given_for_every_agent_known_or_not(rig) {
        let mut asked = agent("anna");
        asked["name"] = "Anna".into();
        for version in VERSIONS {
            let uri = at("agents", &[("agent", &asked.to_string())]);
            let given = ask(&rig, version, Method::GET, &uri, &[], "").await.expect(200);
            let account = &asked["account"];
            assert_eq!(given.json(), json!({ "objectType": "Person", "name": ["Anna"], "account": [account] }));
            assert!(given.header("etag").is_some());
            assert_eq!(given.header("content-type"), Some("application/json"));
            let head = ask(&rig, version, Method::HEAD, &uri, &[], "").await.expect(200);
            assert!(head.body.is_empty());
            let post = ask(&rig, version, Method::POST, &uri, &[], "").await.expect(405);
            assert_eq!(post.header("allow"), Some("GET, HEAD"));
            ask(&rig, version, Method::GET, "/xapi/agents", &[], "").await.expect(400);
            let group = json!({ "objectType": "Group", "mbox": "mailto:a@e.org" }).to_string();
            for bad in [&[("agent", group.as_str())][..], &[("agent", "x")], &[("agent", "{\"mbox\":\"mailto:a@e.org\"}"), ("x", "y")]] {
                ask(&rig, version, Method::GET, &at("agents", bad), &[], "").await.expect(400);
            }
        }
        assert_eq!(rig.log.head().await.unwrap().position.0, 0);
    }
}

#[tokio::test]
async fn a_document_over_the_limit_is_413_also_where_a_merge_makes_it_so() {
    let rig = Rig::sqlite_with(Limits { body_bytes: 100, ..Limits::default() }).await;
    let [uri, ..] = everywhere("s");
    put(&rig, "2.0.0", &uri, &[JSON], "x".repeat(101)).await.expect(413);
    get(&rig, &uri).await.expect(404);
    post(&rig, &uri, &json!({ "a": "x".repeat(60) })).await.expect(204);
    post(&rig, &uri, &json!({ "b": "x".repeat(60) })).await.expect(413);
    assert_eq!(get(&rig, &uri).await.json(), json!({ "a": "x".repeat(60) }));
}

#[tokio::test]
async fn a_store_that_is_gone_is_503() {
    let rig = Rig::sqlite().await;
    let [uri, ..] = everywhere("s");
    put(&rig, "2.0.0", &uri, &[], "x").await.expect(204);
    rig.log.close().await;
    put(&rig, "2.0.0", &uri, &[("If-Match", "*")], "y").await.expect(503);
    get(&rig, &uri).await.expect(503);
}
