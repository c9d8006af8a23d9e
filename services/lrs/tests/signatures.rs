//! Signed statements: verified as they come, or refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rig::attachments::*;
use rig::*;
use serde_json::{Value, json};
use testkit::signing::{Algorithm, TestKey};

promises! {
    async fn signed_statements_are_verified_by_every_algorithm(rig) {
        let key = TestKey::one();
        let mut number = 0;
        for version in BOTH {
            for algorithm in Algorithm::ALL {
                for certificate in [None, Some(key.certificate(3))] {
                    number += 1;
                    let mut header = json!({ "alg": algorithm.name() });
                    if let Some(certificate) = certificate {
                        header["x5c"] = json!([STANDARD.encode(certificate)]);
                    }
                    let sent = statement(number, "anna", "a");
                    let jws = compact(&header, &sent.to_string(), &key, algorithm);
                    let (sent, signature) = signed(&sent, &jws);
                    post(&rig, version, &sent, &[signature]).await.expect(200);
                    let given = rig.get(&[("statementId", &id(number)), ("attachments", "true")]).await.expect(200);
                    assert_eq!(parts(&given)[1].1, jws);
                }
            }
        }
    }

    async fn malformed_signatures_are_400_and_say_why(rig) {
        let (key, other) = (TestKey::one(), TestKey::two());
        let sent = statement(1, "anna", "a");
        let text = sent.to_string();
        let by = |header: Value, payload: &str| compact(&header, payload, &key, Algorithm::Rs256);
        let plain = json!({ "alg": "RS256" });
        let refused = [
            by(json!({ "alg": "HS256" }), &text),
            by(json!({ "alg": "none" }), &text),
            by(plain.clone(), &text.replacen('"', "'", 1)),
            by(plain.clone(), &statement(1, "bo", "a").to_string()),
            by(plain.clone(), &statement(2, "anna", "a").to_string()),
            by(json!({ "alg": "RS256", "x5c": [STANDARD.encode(other.certificate(3))] }), &text),
            by(json!({ "alg": "RS512", "x5c": [STANDARD.encode(key.certificate(3))] }), &text),
            by(json!({ "alg": "RS256", "x5c": ["x"] }), &text),
            b"no signature".to_vec(),
        ];
        for version in BOTH {
            for (number, jws) in refused.iter().enumerate() {
                let (sent, signature) = signed(&sent, jws);
                let answer = post(&rig, version, &sent, &[signature]).await;
                assert_eq!(answer.status, 400, "{version} {number}");
                assert_eq!(answer.json()["path"], "/attachments");
                assert!(!answer.text().contains("anna"));
            }
            // Another type, and no signature at all.
            let (mut typed, signature) = signed(&sent, &by(plain.clone(), &text));
            typed["attachments"][0]["contentType"] = "text/plain".into();
            post(&rig, version, &typed, &[signature]).await.expect(400);
            let (mut absent, _) = signed(&sent, &by(plain.clone(), &text));
            absent["attachments"][0]["fileUrl"] = "https://larkby.example/underskrift".into();
            post(&rig, version, &absent, &[]).await.expect(400);
            rig.post_as(version, absent.to_string()).await.expect(400);
        }
        assert!(rig.ids(&[]).await.is_empty());
    }
}
